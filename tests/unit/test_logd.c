/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/lines.h"
#include "base/str.h"
#include "logfile.h"
#include "record.h"

static char	dir[] = "/tmp/patronus-unit.XXXXXX";

static int
enter(void **state)
{
	(void)state;
	(void)memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	return mkdtemp(dir) == NULL || chdir(dir) == -1 ? -1 : 0;
}

static int
leave(void **state)
{
	char name[16];
	unsigned i;

	(void)state;
	(void)unlink("t.log");
	for (i = 0; i < 10; i++) {
		(void)snprintf(name, sizeof(name), "t.log.%u", i);
		(void)unlink(name);
	}
	return chdir("/") == -1 || rmdir(dir) == -1 ? -1 : 0;
}

/* What an independent reader of JSON makes of a string. */
static json_t *
read_back(const char *s, size_t len, struct buf *b)
{
	json_error_t e;
	json_t *j;

	buf_init(b, 0);
	record_string(b, s, len);
	assert_false(buf_failed(b));
	assert_null(memchr(b->data, '\n', b->len));
	assert_null(memchr(b->data, '\r', b->len));
	j = json_loadb((char *)b->data, b->len, JSON_DECODE_ANY | JSON_ALLOW_NUL, &e);
	if (j == NULL)
		fail_msg("no JSON: %s: %.*s", e.text, (int)b->len, b->data);
	return j;
}

/* Every byte alone and in a pair with every other: one line, and what was UTF-8 comes back unchanged. */
static void
test_all_bytes(void **state)
{
	unsigned a, c;
	struct buf b;
	char s[4];
	json_t *j;
	size_t i;

	(void)state;
	for (a = 0; a < 256; a++)
		for (c = 0; c < 256; c++) {
			s[0] = 'x';
			s[1] = (char)a;
			s[2] = (char)c;
			s[3] = 'y';
			j = read_back(s, 4, &b);
			for (i = 0; i < b.len; i++)
				assert_true(b.data[i] >= 0x20 && b.data[i] != 0x7f);
			if (a != 0 && c != 0 && str_is_utf8(s, 4)) {
				assert_int_equal(json_string_length(j), 4);
				assert_memory_equal(json_string_value(j), s, 4);
			}
			json_decref(j);
			buf_fini(&b);
		}
}

static void
test_hostile_strings(void **state)
{
	static const char *const texts[] = {
		"\"}\n{\"seq\":1,\"actor\":\"root\"", "a\r\nAccepted password for root", "\\", "\\\"", "\\u000a", "\xe2\x80\xa8\xe2\x80\xa9", "\xc2\x85",
		"\x1b[2J\x1b]0;title\x07", "\xc0\x8a", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf0\x9f\x98\x80", "\xff\xfe", "%s%n", "</script>",
		"\xc3", "\xe2\x82", "\xf0\x9f\x98",
	};
	struct buf b;
	json_t *j;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		j = read_back(texts[i], strlen(texts[i]), &b);
		if (str_is_utf8(texts[i], strlen(texts[i])))
			assert_string_equal(json_string_value(j), texts[i]);
		assert_null(strstr((char *)b.data, "\xe2\x80\xa8"));
		assert_null(strstr((char *)b.data, "\xc2\x85"));
		json_decref(j);
		buf_fini(&b);
	}
}

/* Hostile values in all fields: one line, the same fields, the same values (reliability A16). */
static void
test_records(void **state)
{
	static const char evil[] = "x\",\"actor\":\"root\"}\n{\"seq\":99}";
	struct log_audit_req a = { .time_ms = 5, .actor = evil, .origin = evil, .action = evil, .object = evil, .result = evil, .detail = evil };
	struct log_line_req l = { .time_ms = UINT64_MAX, .level = 200, .subsystem = evil, .text = evil };
	static const char *const fields[] = { "actor", "origin", "action", "object", "result", "detail" };
	struct buf b;
	json_t *j;
	size_t i;

	(void)state;
	buf_init(&b, 0);
	record_audit(&b, 7, 1000000, "confd", &a);
	assert_ptr_equal(memchr(b.data, '\n', b.len), b.data + b.len - 1);
	assert_int_equal(audit_record_seq((char *)b.data, b.len), 7);
	j = json_loadb((char *)b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		assert_string_equal(json_string_value(json_object_get(j, fields[i])), evil);
	assert_int_equal(json_integer_value(json_object_get(j, "seq")), 7);
	assert_string_equal(json_string_value(json_object_get(j, "process")), "confd");
	assert_string_equal(json_string_value(json_object_get(j, "sent")), "1970-01-01T00:00:00.005Z");
	json_decref(j);
	buf_reset(&b);
	record_line(&b, 8, 1000000, "fwd", &l);
	j = json_loadb((char *)b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(j);
	assert_string_equal(json_string_value(json_object_get(j, "text")), evil);
	assert_string_equal(json_string_value(json_object_get(j, "level")), "none");
	json_decref(j);
	buf_fini(&b);
}

static void
put(struct logfile *f, const char *text)
{
	struct log_line_req l = { .time_ms = 1000000, .level = 3, .subsystem = "t", .text = text };
	struct buf b;

	buf_init(&b, 0);
	record_line(&b, f->seq + 1, 1000000, "confd", &l);
	if (logfile_append(f, (char *)b.data, b.len) == 0)
		f->seq++;
	buf_fini(&b);
}

static unsigned
count(const char *name, uint64_t *first, uint64_t *last)
{
	FILE *in = fopen(name, "r");
	char *line = NULL;
	size_t cap = 0;
	ssize_t len;
	unsigned n = 0;
	uint64_t seq;

	assert_non_null(in);
	while ((len = getline(&line, &cap, in)) != -1) {
		seq = audit_record_seq(line, (size_t)len);
		assert_true(seq > 0 && line[len - 1] == '\n');
		if (n++ == 0)
			*first = seq;
		else
			assert_int_equal(seq, *last + 1);
		*last = seq;
	}
	free(line);
	(void)fclose(in);
	return n;
}

static void
test_restart_and_torn(void **state)
{
	static const char zeros[5000];
	static const char torn[] = "{\"seq\":4,\"time\":\"2026";
	uint64_t first, last;
	struct logfile f;
	int fd;

	(void)state;
	assert_int_equal(logfile_open(&f, "t.log", 1 << 20, 3), 0);
	assert_int_equal(f.seq, 0);
	put(&f, "one");
	put(&f, "two");
	put(&f, "three");
	assert_int_equal(logfile_sync(&f), 0);
	logfile_close(&f);
	fd = open("t.log", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, torn, sizeof(torn) - 1), sizeof(torn) - 1);
	(void)close(fd);
	assert_int_equal(logfile_open(&f, "t.log", 1 << 20, 3), 0);
	assert_int_equal(f.seq, 3);
	put(&f, "four");
	logfile_close(&f);
	assert_int_equal(count("t.log", &first, &last), 4);
	assert_int_equal(last, 4);
	/* Records whose length is on disk, and whose bytes are not; one after them that is. */
	fd = open("t.log", O_WRONLY | O_APPEND);
	assert_int_equal(write(fd, zeros, sizeof(zeros)), sizeof(zeros));
	assert_int_equal(write(fd, "\n{\"seq\":9}\n", 12), 12);
	(void)close(fd);
	assert_int_equal(logfile_open(&f, "t.log", 1 << 20, 3), 0);
	assert_int_equal(f.seq, 4);
	put(&f, "five");
	logfile_close(&f);
	assert_int_equal(count("t.log", &first, &last), 5);
	assert_int_equal(last, 5);
	/* A file that is only a torn record. */
	assert_int_equal(truncate("t.log", 5), 0);
	assert_int_equal(logfile_open(&f, "t.log", 1 << 20, 3), 0);
	assert_int_equal(f.size, 0);
	logfile_close(&f);
}

static void
test_rotation(void **state)
{
	uint64_t first, last, before;
	struct logfile f;
	unsigned i;

	(void)state;
	assert_int_equal(logfile_open(&f, "t.log", 2000, 2), 0);
	for (i = 0; i < 200; i++)
		put(&f, "a line of some length, to fill the file");
	assert_int_equal(access("t.log.1", F_OK), 0);
	assert_int_equal(access("t.log.2", F_OK), 0);
	assert_int_equal(access("t.log.3", F_OK), -1);
	(void)count("t.log.2", &first, &before);
	(void)count("t.log.1", &first, &last);
	assert_int_equal(first, before + 1);
	before = last;
	(void)count("t.log", &first, &last);
	assert_int_equal(first, before + 1);
	assert_int_equal(last, 200);
	logfile_close(&f);
	/* Rotated just before the end: the number goes on. */
	assert_int_equal(rename("t.log", "t.log.1"), 0);
	assert_int_equal(logfile_open(&f, "t.log", 2000, 2), 0);
	assert_int_equal(f.seq, 200);
	logfile_close(&f);
}

/* No room: whole records or none, counted, and it goes on when there is room again. */
static void
test_full(void **state)
{
	struct rlimit old, small;
	uint64_t first, last;
	struct logfile f;
	unsigned i;

	(void)state;
	assert_int_equal(logfile_open(&f, "t.log", 1 << 20, 1), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 1000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (i = 0; i < 50; i++)
		put(&f, "a line that at some time does not fit any more");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_true(f.lost > 0 && f.seq > 0);
	assert_int_equal(f.lost + f.seq, 50);
	assert_int_equal(count("t.log", &first, &last), f.seq);
	put(&f, "again");
	assert_int_equal(count("t.log", &first, &last), f.seq);
	logfile_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_bytes),
		cmocka_unit_test(test_hostile_strings),
		cmocka_unit_test(test_records),
		cmocka_unit_test_setup_teardown(test_restart_and_torn, enter, leave),
		cmocka_unit_test_setup_teardown(test_rotation, enter, leave),
		cmocka_unit_test_setup_teardown(test_full, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
