/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of RFC 5424: its examples, every byte in every place, and what a strict reader makes of hostile records. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "audit/hash.h"
#include "audit/received.h"
#include "base/buf.h"
#include "base/str.h"
#include "conf/generated.h"
#include "ipc/msg.h"
#include "message.h"
#include "packets.h"
#include "places.h"
#include "record.h"
#include "syslog.h"

static const struct message_from from = { .host = "edge1", .facility = SYSLOG_BY_CLASS };

static void
expect(struct buf *b, const char *text)
{
	assert_false(buf_failed(b));
	buf_putc(b, '\0');
	assert_string_equal((char *)b->data, text);
	buf_reset(b);
}

/* RFC 5424, 6.5, as far as our own header goes (no PROCID), with our enterprise number. */
static void
test_examples(void **state)
{
	static const struct syslog_header h[] = {
		{ .facility = 4, .severity = 2, .time = "2003-10-11T22:14:15.003Z", .host = "mymachine.example.com", .app = "su", .id = "ID47" },
		{ .facility = 20, .severity = 5, .time = "2003-10-11T22:14:15.003Z", .host = "mymachine.example.com", .app = "evntslog", .id = "ID47" },
		{ .facility = 23, .severity = 7, .time = "yesterday", .host = "", .app = "a b", .id = "012345678901234567890123456789012345" },
	};
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	syslog_header(&b, &h[0]);
	syslog_nothing(&b);
	syslog_text(&b, "'su root' failed for lonvick on /dev/pts/8", 42);
	expect(&b, "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - 'su root' failed for lonvick on /dev/pts/8");
	syslog_header(&b, &h[1]);
	syslog_element(&b, "exampleSDID");
	syslog_param(&b, "iut", "3", 1);
	syslog_param(&b, "eventSource", "Application", 11);
	syslog_param(&b, "eventID", "1011", 4);
	syslog_element_end(&b);
	syslog_element(&b, "examplePriority");
	syslog_param(&b, "class", "high", 4);
	syslog_element_end(&b);
	expect(&b, "<165>1 2003-10-11T22:14:15.003Z mymachine.example.com evntslog - ID47 [exampleSDID@32473 iut=\"3\" eventSource=\"Application\" "
	    "eventID=\"1011\"][examplePriority@32473 class=\"high\"]");
	syslog_header(&b, &h[2]);
	expect(&b, "<191>1 - - a_b - 01234567890123456789012345678901 ");
	buf_fini(&b);
}

static void
test_escapes(void **state)
{
	static const struct { const char *raw, *param, *text; } cases[] = {
		{ "a\"b\\c]d", "a\\\"b\\\\c\\]d", "a\"b\\c]d" },
		{ "\n", "\\\\u000a", "\\u000a" },
		{ "\x7f\x1b[2J", "\\\\u007f\\\\u001b[2J", "\\u007f\\u001b[2J" },
		{ "\xc3\xa9", "\xc3\xa9", "\xef\xbb\xbf\xc3\xa9" },
		{ "\xe2\x80\xa8", "\\\\u2028", "\xef\xbb\xbf\\u2028" },
		{ "\xc2\x85", "\\\\u0085", "\xef\xbb\xbf\\u0085" },
		{ "\xff", "\xef\xbf\xbd", "\xef\xbb\xbf\xef\xbf\xbd" },
		{ "", "", "" },
	};
	char expected[64];
	struct buf b;
	size_t i;

	(void)state;
	buf_init(&b, 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		syslog_param(&b, "n", cases[i].raw, strlen(cases[i].raw));
		(void)snprintf(expected, sizeof(expected), " n=\"%s\"", cases[i].param);
		expect(&b, expected);
		syslog_text(&b, cases[i].raw, strlen(cases[i].raw));
		(void)snprintf(expected, sizeof(expected), " %s", cases[i].text);
		expect(&b, expected);
	}
	buf_fini(&b);
}

/* Any two bytes in a value: one line, valid UTF-8, and the value ends where it should. */
static void
test_all_bytes(void **state)
{
	unsigned a, c;
	struct buf b;
	char s[4];
	size_t i;

	(void)state;
	buf_init(&b, 0);
	for (a = 0; a < 256; a++)
		for (c = 0; c < 256; c++) {
			memcpy(s, (char[]){ 'x', (char)a, (char)c, 'y' }, 4);
			buf_reset(&b);
			syslog_param(&b, "n", s, 4);
			assert_true(str_is_utf8((char *)b.data, b.len));
			for (i = 4; i < b.len - 1; i++) {
				assert_true(b.data[i] >= 0x20 && b.data[i] != 0x7f);
				if (b.data[i] == '\\')
					i++;
				else
					assert_true(b.data[i] != '"' && b.data[i] != ']');
			}
			assert_int_equal(i, b.len - 1);
			buf_reset(&b);
			syslog_text(&b, s, 4);
			assert_true(str_is_utf8((char *)b.data, b.len));
			for (i = 0; i < b.len; i++)
				assert_true(b.data[i] >= 0x20 && b.data[i] != 0x7f);
		}
	buf_fini(&b);
}

static void
test_frame(void **state)
{
	struct buf b, m;

	(void)state;
	buf_init(&b, 0);
	buf_init(&m, 0);
	buf_puts(&m, "<13>1 - - - - - -");
	syslog_frame(&b, &m);
	syslog_frame(&b, &m);
	expect(&b, "17 <13>1 - - - - - -17 <13>1 - - - - - -");
	buf_fini(&b);
	buf_fini(&m);
}

static const char *const hostile[] = { "a\nb", "\"] fake[audit@32473 index=\"1\" leaf=\"0\"", "\\", "\\\"", "]", "x\" <109>1 2026 - - - audit -",
	"{\"seq\":1,\"actor\":\"root\"}", "\xe2\x80\xa8", "caf\xc3\xa9", "\x1b[2J", "", "\\u000a", "a]b\"c\\d" };
#define HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

/* The text of the message of a record is the record, whatever is in it, and its leaf is told (A16). */
static void
test_records(void **state)
{
	struct log_audit_req r = { .time_ms = 1000, .result = "refused" };
	struct audit_received got;
	struct audit_hash leaf;
	struct buf line, b;
	size_t i, k;

	(void)state;
	buf_init(&line, 0);
	buf_init(&b, 0);
	for (i = 0; i < HOSTILE; i++)
		for (k = 0; k < HOSTILE; k++) {
			r.actor = r.detail = hostile[i];
			r.origin = r.object = hostile[k];
			r.action = "login";
			buf_reset(&line);
			buf_reset(&b);
			record_audit(&line, 7, 1000, "authd", &r);
			audit_hash_leaf(line.data, line.len - 1, &leaf);
			message_record(&b, &from, (char *)line.data, line.len - 1, &leaf);
			assert_false(buf_failed(&b));
			assert_null(memchr(b.data, '\n', b.len));
			assert_true(audit_received_parse((char *)b.data, b.len, &got));
			assert_int_equal(got.len, line.len - 1);
			assert_memory_equal(got.line, line.data, got.len);
			assert_true(got.has_leaf && audit_hash_equal(&got.leaf, &leaf));
		}
	r = (struct log_audit_req){ .time_ms = 1000, .actor = "eve", .origin = "192.0.2.10", .action = "login", .object = "a\"]\n", .result = "refused",
	    .detail = "" };
	memset(&leaf, 0xab, sizeof(leaf));
	buf_reset(&line);
	buf_reset(&b);
	record_audit(&line, 7, 1000, "authd", &r);
	message_record(&b, &from, (char *)line.data, line.len - 1, &leaf);
	expect(&b, "<108>1 1970-01-01T00:00:01Z edge1 patronus-authd - audit [audit@32473 index=\"7\" "
	    "leaf=\"abababababababababababababababababababababababababababababababab\" actor=\"eve\" origin=\"192.0.2.10\" action=\"login\" "
	    "object=\"a\\\"\\]\\\\u000a\" result=\"refused\"] {\"seq\":7,\"time\":\"1970-01-01T00:00:01Z\",\"process\":\"authd\",\"actor\":\"eve\","
	    "\"origin\":\"192.0.2.10\",\"action\":\"login\",\"object\":\"a\\\"]\\u000a\",\"result\":\"refused\",\"detail\":\"\"}");
	buf_fini(&line);
	buf_fini(&b);
}

/* No text of an event passes for a record of the audit log. */
static void
test_events(void **state)
{
	struct log_line_req r = { .time_ms = 1000, .level = 1, .subsystem = "link" };
	struct audit_received got;
	struct buf line, b;
	size_t i;

	(void)state;
	buf_init(&line, 0);
	buf_init(&b, 0);
	for (i = 0; i < HOSTILE; i++) {
		r.text = hostile[i];
		buf_reset(&line);
		buf_reset(&b);
		record_line(&line, 9, 1000, "netd", &r);
		assert_int_equal(message_event_severity((char *)line.data, line.len - 1), SYSLOG_ERROR);
		message_event(&b, &from, (char *)line.data, line.len - 1);
		assert_null(memchr(b.data, '\n', b.len));
		assert_false(audit_received_parse((char *)b.data, b.len, &got));
	}
	r.text = "carrier \"lost\"";
	buf_reset(&line);
	buf_reset(&b);
	record_line(&line, 9, 1000, "netd", &r);
	message_event(&b, &from, (char *)line.data, line.len - 1);
	expect(&b, "<27>1 1970-01-01T00:00:01Z edge1 patronus-netd - event [event@32473 index=\"9\" subsystem=\"link\"] link: carrier \"lost\"");
	buf_fini(&line);
	buf_fini(&b);
}

static void
test_packets(void **state)
{
	struct state_log_event p = { .sequence = 3, .time = 2500, .rule = "web-in", .action = STATE_ACTION_DROP, .in_interface = "wan", .protocol = "tcp",
	    .has_source_port = true, .source_port = 4711, .length = 60 };
	struct bytes got;
	uint64_t i;
	struct buf b;

	(void)state;
	assert_int_equal(addr_parse("2001:db8::1", &p.source), 0);
	buf_init(&b, 0);
	message_packet(&b, &from, &p);
	expect(&b, "<134>1 1970-01-01T00:00:02.500Z edge1 patronus-fwd - firewall [firewall@32473 index=\"3\" rule=\"web-in\" action=\"drop\" "
	    "in-interface=\"wan\" protocol=\"tcp\" source=\"2001:db8::1\" source-port=\"4711\" length=\"60\"] "
	    "drop: rule web-in: tcp from 2001:db8::1 port 4711");
	buf_fini(&b);
	/* The ring forgets the oldest. */
	for (i = 1; i <= PACKETS_MAX + 10; i++)
		packets_add((struct bytes){ .data = (uint8_t *)&i, .len = sizeof(i) });
	assert_int_equal(packets_first(), 11);
	assert_null(packets_get(10).data);
	got = packets_get(11);
	assert_int_equal(got.len, sizeof(i));
	memcpy(&i, got.data, sizeof(i));
	assert_int_equal(i, 11);
}

/* --- how far everybody is --- */

static char	dir[] = "/tmp/patronus-unit.XXXXXX";

static int
enter(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL || chdir(dir) == -1 ? -1 : 0;
}

static int
leave(void **state)
{
	(void)state;
	(void)unlink(PLACES_FILE);
	return chdir("/") == -1 || rmdir(dir) == -1 ? -1 : 0;
}

static void
write_places(const char *text)
{
	FILE *f = fopen(PLACES_FILE, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) != EOF);
	assert_int_equal(fclose(f), 0);
}

static void
test_places(void **state)
{
	static const char *const broken[] = { "a 1 2\n", "a 1 2 3", "a 1 2 x\n", "\n", "a 1 2 3\nb\n", "a -1 2 3\n", "a 99999999999999999999 1 1\n" };
	struct places p = { .n = 2, .of = { { "siem", { 12, 3, 400, 0 } }, { "nas", { 0, 0, 0, 0 } } } }, got;
	size_t i;

	(void)state;
	assert_int_equal(places_load(&got), 0);
	assert_int_equal(got.n, 0);
	assert_int_equal(places_store(&p), 0);
	assert_int_equal(places_load(&got), 0);
	assert_int_equal(got.n, 2);
	assert_memory_equal(places_find(&got, "siem"), &p.of[0].place, sizeof(p.of[0].place));
	assert_null(places_find(&got, "sie"));
	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		write_places(broken[i]);
		assert_true(places_load(&got) != 0);
		assert_int_equal(got.n, 0);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_all_bytes),
		cmocka_unit_test(test_frame),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_packets),
		cmocka_unit_test_setup_teardown(test_places, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
