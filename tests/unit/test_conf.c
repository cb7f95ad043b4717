/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the generator makes of the schema: tables that the codec takes, names, builtin services; and records as JSON. */
#include <netinet/in.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "conf/builtin.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "ipc/codec.h"
#include "jsondoc.h"
#include "msg_random.h"
#include "node.h"
#include "problem.h"
#include "record_json.h"

static void
records_are_found_by_name(void **state)
{
	(void)state;
	assert_ptr_equal(conf_state_record("firewall-log"), &state_firewall_log_record);
	assert_ptr_equal(conf_state_record("interfaces"), &state_interfaces_record);
	assert_ptr_equal(conf_event_record("counters"), &event_counters_record);
	assert_ptr_equal(conf_event_record("log"), &state_log_event_record);
	assert_ptr_equal(conf_owner_record("fwd"), &conf_fwd_record);
	assert_null(conf_state_record("nothing"));
	assert_null(conf_owner_record("confd"));
}

static void
services_mean_their_packets(void **state)
{
	const struct conf_builtin *b = conf_builtin_service("dns");

	(void)state;
	assert_non_null(b);
	assert_int_equal(b->n, 2);
	assert_int_equal(b->matches[0].protocol, IPPROTO_UDP);
	assert_int_equal(b->matches[0].low, 53);
	assert_int_equal(b->matches[1].protocol, IPPROTO_TCP);
	b = conf_builtin_service("ping");
	assert_int_equal(b->matches[0].protocol, IPPROTO_ICMP);
	assert_int_equal(b->matches[0].low, 8);
	assert_int_equal(b->matches[1].protocol, IPPROTO_ICMPV6);
	assert_int_equal(b->matches[1].high, 128);
	b = conf_builtin_service("ike");
	assert_int_equal(b->n, 3);
	assert_false(b->matches[2].has_range);
	assert_int_equal(b->matches[2].protocol, IPPROTO_ESP);
	assert_null(conf_builtin_service("no-such-service"));
	assert_int_equal(conf_protocol_ip_number(CONF_PROTOCOL_SCTP), IPPROTO_SCTP);
	assert_int_equal(conf_protocol_ip_number(0), 0);
	assert_int_equal(conf_protocol_ip_number(255), 0);
}

/* Random values within the bounds of a table: encode, decode, encode again gives the same bytes; as JSON it is JSON. */
static void
check_record(const struct record *r, uint64_t seed)
{
	struct msg_random random;
	struct arena *arena = arena_new(0);
	struct problems *problems = problems_new();
	struct codec_error e = { 0 };
	uint8_t *one, *two;
	size_t one_len, two_len;
	struct node *n;
	struct buf b;
	void *msg;

	msg_random_init(&random, seed);
	msg = msg_random_record(&random, r, arena, 20000);
	assert_non_null(msg);
	if (codec_encode(r, msg, 0, &one, &one_len, &e) != 0)
		fail_msg("%s: %s: %s", r->name, e.path, e.reason);
	assert_int_equal(codec_decode(r, one, one_len, arena, &msg, &e), 0);
	assert_int_equal(codec_encode(r, msg, 0, &two, &two_len, &e), 0);
	assert_int_equal(one_len, two_len);
	assert_memory_equal(one, two, one_len);
	buf_init(&b, 0);
	record_json_print(r, msg, &b);
	if (b.len <= NODE_BYTES_MAX)
		assert_int_equal(jsondoc_read((const char *)b.data, b.len, arena, problems, &n), 0);
	buf_fini(&b);
	free(one);
	free(two);
	problems_free(problems);
	arena_free(arena);
}

static void
every_record_goes_through_the_codec(void **state)
{
	const struct conf_named *const tables[] = { conf_owners, conf_states, conf_events };
	const struct conf_named *r;
	uint64_t seed;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (r = tables[i]; r->name != NULL; r++)
			for (seed = 1; seed <= 12; seed++)
				check_record(r->record, seed);
}

static void
records_become_json(void **state)
{
	struct addr source = { 0 };
	struct state_log_event ev = { .sequence = 18446744073709551615ull, .time = 1763640000123, .rule = "a \"b\"\n",
	    .action = STATE_ACTION_DROP, .in_interface = "wan", .family = STATE_LOG_EVENT_FAMILY_IPV4, .protocol = "tcp",
	    .has_source_port = true, .source_port = 0, .length = 60 };
	struct buf b;

	(void)state;
	assert_int_equal(addr_parse("192.0.2.1", &source), 0);
	ev.source = source;
	buf_init(&b, 0);
	record_json_print(&state_log_event_record, &ev, &b);
	assert_string_equal((const char *)b.data, "{\"sequence\":18446744073709551615,\"time\":\"2025-11-20T12:00:00.123Z\","
	    "\"rule\":\"a \\\"b\\\"\\n\",\"action\":\"drop\",\"in-interface\":\"wan\",\"family\":\"ipv4\",\"protocol\":\"tcp\","
	    "\"source\":\"192.0.2.1\",\"source-port\":0,\"length\":60}");
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_found_by_name),
		cmocka_unit_test(services_mean_their_packets),
		cmocka_unit_test(every_record_goes_through_the_codec),
		cmocka_unit_test(records_become_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
