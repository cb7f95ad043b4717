/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The logs as one stream: what comes in which order from which place on, and what is told of records that are not kept any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/check.h"
#include "audit/lines.h"
#include "audit/received.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "feed.h"
#include "ledger.h"
#include "record.h"
#include "syslog.h"

#define ROTATE		4096u
#define EVENTS_KEEP	2

static char		 dir[] = "/tmp/patronus-unit.XXXXXX";
static struct ledger	 ledger;
static struct logfile	 events;
static const struct feed_want everything = { .has_audit = true, .has_heads = true, .has_events = true, .has_packets = true, .severity = SYSLOG_INFO,
    .from = { .host = "edge1", .facility = SYSLOG_BY_CLASS } };

static void
quiet(enum log_level level, const char *subsystem, const char *text, void *arg)
{
	(void)level;
	(void)subsystem;
	(void)text;
	(void)arg;
}

static int
enter(void **state)
{
	(void)state;
	(void)memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	log_set_sink(quiet, NULL);
	if (mkdtemp(dir) == NULL || chdir(dir) == -1)
		return -1;
	return ledger_open(&ledger, ROTATE) != 0 || logfile_open(&events, "patronus.log", ROTATE, EVENTS_KEEP) != 0 ? -1 : 0;
}

static int
leave(void **state)
{
	static const char *const names[] = { LEDGER_LOG, LEDGER_TREE, LEDGER_HEADS, "patronus.log" };
	char name[64];
	unsigned i, k;

	(void)state;
	ledger_close(&ledger);
	logfile_close(&events);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)unlink(names[i]);
		for (k = 1; k <= LEDGER_KEEP; k++) {
			(void)snprintf(name, sizeof(name), "%s.%u", names[i], k);
			(void)unlink(name);
		}
	}
	return chdir("/") == -1 || rmdir(dir) == -1 ? -1 : 0;
}

static void
write_records(unsigned n)
{
	struct log_audit_req r = { .time_ms = 1000, .actor = "alice", .origin = "", .action = "test", .object = "", .result = "done", .detail = "" };
	struct buf b;

	buf_init(&b, 0);
	for (; n > 0; n--) {
		buf_reset(&b);
		record_audit(&b, ledger.log.seq + 1, 1000, "confd", &r);
		assert_int_equal(ledger_append(&ledger, (char *)b.data, b.len), 0);
	}
	buf_fini(&b);
	assert_int_equal(ledger_sync(&ledger), 0);
}

/* As authd would, but for the signature, which nobody looks at here. */
static void
write_head(void)
{
	struct audit_head h = { .number = ledger.last.number + 1, .size = ledger.tree.size, .signature_len = 70 };
	struct buf b;

	(void)str_copy(h.time, "2026-11-28T10:00:00Z", sizeof(h.time));
	assert_int_equal(ledger_root(&ledger, h.size, &h.root), 0);
	if (ledger.last.number > 0)
		audit_head_hash(&ledger.last, &h.previous);
	buf_init(&b, 0);
	audit_head_print(&h, &b);
	assert_int_equal(ledger_add_head(&ledger, (char *)b.data, b.len), 0);
	buf_fini(&b);
}

static void
write_events(unsigned n, unsigned level)
{
	struct log_line_req r = { .time_ms = 1000, .level = (uint8_t)level, .subsystem = "link", .text = "a text of some length, so that files get full" };
	struct buf b;

	buf_init(&b, 0);
	for (; n > 0; n--) {
		buf_reset(&b);
		record_line(&b, events.seq + 1, 1000, "netd", &r);
		assert_int_equal(logfile_append(&events, (char *)b.data, b.len), 0);
		events.seq++;
	}
	buf_fini(&b);
}

/* All that the feed has, as lines of a receiver's file, in steps of so many bytes. */
static unsigned
drain(struct feed *f, const struct feed_want *w, size_t step, struct buf *ret)
{
	struct buf frames;
	unsigned n = 0;
	char *at, *end;
	size_t len;
	int got;

	buf_init(&frames, 0);
	while ((got = feed_fill(f, w, step, &frames)) > 0) {
		buf_putc(&frames, '\0');
		for (at = (char *)frames.data; *at != '\0'; at = end + len) {
			len = strtoul(at, &end, 10);
			end++;
			buf_put(ret, end, len);
			buf_putc(ret, '\n');
			n++;
		}
		buf_reset(&frames);
	}
	assert_int_equal(got, 0);
	buf_fini(&frames);
	return n;
}

static unsigned
count(const struct buf *b, const char *what)
{
	const char *at = (const char *)b->data;
	unsigned n = 0;

	for (; at != NULL && (at = strstr(at, what)) != NULL; at++)
		n++;
	return n;
}

static int
verify(const struct buf *file, unsigned *ret_heads)
{
	struct audit_check *c = audit_check_new(NULL);
	const char *at, *feed;
	uint64_t last = 0;
	int error = 0, turn;

	for (turn = 0; turn < 2; turn++)
		for (at = (const char *)file->data; error == 0 && (feed = strchr(at, '\n')) != NULL; at = feed + 1)
			error = turn == 0 ? audit_received_first(c, at, (size_t)(feed - at)) : audit_received_second(c, &last, at, (size_t)(feed - at));
	if (error == 0)
		error = audit_check_end(c);
	*ret_heads = (unsigned)audit_check_result(c)->heads;
	audit_check_free(c);
	return error;
}

static void
test_order(void **state)
{
	static const size_t steps[] = { 1, 700, 100000 };
	struct feed_place begin = { .record = 0 }, middle;
	struct buf all, part;
	struct feed f;
	unsigned heads;
	size_t i;

	(void)state;
	write_records(5);
	write_head();
	write_events(3, 3);
	write_records(5);
	write_events(2, 4);		/* debug: not wanted */
	write_head();
	feed_init(&f, &ledger, &events, EVENTS_KEEP);
	buf_init(&all, 0);
	buf_init(&part, 0);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		buf_reset(&part);
		feed_seek(&f, &begin);
		assert_int_equal(feed_lag(&f, &everything), 15);
		assert_int_equal(drain(&f, &everything, steps[i], &part), 1 + 10 + 2 + 3);
		buf_putc(&part, '\0');
		assert_int_equal(feed_lag(&f, &everything), 0);
		assert_int_equal(verify(&part, &heads), 0);
		assert_int_equal(heads, 2);
		/* The first message has a time of its own. */
		if (i > 0)
			assert_string_equal(strchr((char *)part.data, '\n'), strchr((char *)all.data, '\n'));
		else
			buf_put(&all, part.data, part.len);
	}
	/* What comes later comes, and from a place in the middle on the stream is the rest. */
	write_records(1);
	buf_reset(&part);
	assert_int_equal(drain(&f, &everything, 100000, &part), 1);
	middle = (struct feed_place){ .record = 7, .head = 1, .event = 2 };
	feed_seek(&f, &middle);
	buf_reset(&part);
	assert_int_equal(drain(&f, &everything, 100000, &part), 1 + 4 + 1 + 1);
	buf_putc(&part, '\0');
	assert_int_equal(count(&part, " audit-prefix - {\"audit-prefix\":7,"), 1);
	assert_int_equal(verify(&part, &heads), 0);
	assert_int_equal(f.ndropped, 0);
	/* Places of a log that is not there any more. */
	feed_seek(&f, &(struct feed_place){ .record = 1000, .event = 1000, .packet = 1000 });
	assert_int_equal(f.at.record, 0);
	assert_int_equal(f.at.packet, 0);
	buf_fini(&all);
	buf_fini(&part);
	feed_fini(&f);
}

static void
test_what_is_not_kept(void **state)
{
	struct feed_want audit = everything;
	struct feed_place begin = { .record = 0 };
	unsigned heads, n;
	uint64_t oldest;
	struct buf part;
	struct feed f;

	(void)state;
	audit.has_events = false;
	feed_init(&f, &ledger, &events, EVENTS_KEEP);
	feed_seek(&f, &begin);
	buf_init(&part, 0);
	write_records(20);
	assert_int_equal(drain(&f, &audit, 10000, &part), 21);
	write_records(1480);
	write_head();
	write_events(200, 3);
	assert_int_equal(logread_first(LEDGER_LOG, LEDGER_KEEP, audit_record_seq, &oldest), 0);
	assert_true(oldest > 100);
	/* The file that was read is gone meanwhile: the rest of it is read, then what is there goes on. */
	(void)drain(&f, &audit, 10000, &part);
	buf_putc(&part, '\0');
	assert_true(f.ndropped > 100 && f.ndropped <= oldest - 1 - 20);
	assert_int_equal(f.at.record, 1500);
	assert_int_equal(count(&part, " - audit [audit@"), 1500 - f.ndropped);
	/* Who has what was before sees that they are missing; who begins behind them can prove the rest. */
	assert_true(verify(&part, &heads) != 0);
	begin.record = oldest - 1;
	feed_seek(&f, &begin);
	buf_reset(&part);
	(void)drain(&f, &audit, 10000, &part);
	buf_putc(&part, '\0');
	assert_int_equal(verify(&part, &heads), 0);
	assert_int_equal(heads, 1);
	/* Events too. */
	f.ndropped = 0;
	n = drain(&f, &everything, 10000, &part);
	assert_true(n > 20 && n < 200);
	assert_int_equal(f.ndropped, 200 - n);
	buf_fini(&part);
	feed_fini(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, enter, leave),
		cmocka_unit_test_setup_teardown(test_what_is_not_kept, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
