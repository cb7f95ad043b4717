/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operations as netlink messages: what is written is what was meant, and privd's walker lets it through. */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "net/nlmsg.h"
#include "net/policy.h"
#include "net/rtnlwalk.h"
#include "actual.h"
#include "encode.h"
#include "plan.h"

static struct op
make(enum op_kind kind, const char *prefix, const char *via)
{
	struct op op = { .kind = (uint8_t)kind, .index = 3, .table = RT_TABLE_MAIN, .type = RTN_UNICAST, .metric = 5 };

	if (prefix != NULL)
		assert_int_equal(prefix_parse(prefix, &op.prefix), 0);
	if (via != NULL)
		assert_int_equal(addr_parse(via, &op.via), 0);
	return op;
}

/* Every kind of operation in one batch. */
static void
write_all(struct buf *b)
{
	struct op ops[] = {
		make(OP_LINK_SET, NULL, NULL), make(OP_ADDR_ADD, "192.0.2.1/25", NULL), make(OP_ADDR_ADD, "2001:db8::1/64", NULL),
		make(OP_ADDR_ADD, "192.0.2.1/32", NULL), make(OP_ADDR_REMOVE, "192.0.2.1/25", NULL),
		make(OP_ROUTE_ADD, "0.0.0.0/0", "192.0.2.9"), make(OP_ROUTE_ADD, "::/0", "2001:db8::9"),
		make(OP_ROUTE_ADD, "198.51.100.9/32", NULL), make(OP_ROUTE_REPLACE, "203.0.113.0/24", "192.0.2.9"),
		make(OP_ROUTE_REMOVE, "203.0.113.0/24", "192.0.2.9"), make(OP_RULE_ADD, "0.0.0.0/0", NULL), make(OP_RULE_REMOVE, "::/0", NULL),
		make(OP_SHADOW_ADD, "203.0.113.0/24", "192.0.2.9"), make(OP_SHADOW_REMOVE, "203.0.113.0/24", NULL),
	};
	size_t i;

	ops[0].set_up = ops[0].is_up = true;
	ops[0].mtu = 1400;
	ops[12].table = ops[13].table = RTNLWALK_SHADOW;
	ops[12].is_onlink = true;
	ops[12].prefsrc = ops[1].prefix.addr;
	ops[13].type = RTN_THROW;
	buf_init(b, 0);
	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		assert_int_equal(encode_op(&ops[i], (uint32_t)i + 1, b), 0);
}

static void
walker_lets_everything_through(void **state)
{
	struct refusal why;
	struct buf b;
	uint32_t n = 0;

	(void)state;
	write_all(&b);
	if (rtnlwalk_batch(b.data, b.len, &n, &why) != 0)
		fail_msg("message %u, byte %u: %s", why.message, why.offset, why.reason);
	assert_int_equal(n, 14);
	buf_fini(&b);
}

/* The kernel's dumps have the layout of the requests: what was encoded reads back. */
static void
reader_reads_what_was_written(void **state)
{
	struct arena *arena = arena_new(0);
	struct actual a;
	char text[PREFIX_STRLEN];
	struct buf b;

	(void)state;
	write_all(&b);
	actual_init(&a, arena);
	assert_int_equal(actual_read(&a, b.data, b.len), 0);
	assert_int_equal(a.nlinks, 1);
	assert_int_equal(a.links[0].mtu, 1400);
	assert_int_equal(a.naddrs, 3);
	assert_true(a.addrs[0].has_proto && a.addrs[0].proto == 158 && a.addrs[0].index == 3);
	assert_string_equal(prefix_format(&a.addrs[0].prefix, text, sizeof(text)), "192.0.2.1/25");
	assert_string_equal(prefix_format(&a.addrs[1].prefix, text, sizeof(text)), "2001:db8::1/64");
	assert_int_equal(a.nroutes, 5);
	assert_true(a.routes[4].table == RTNLWALK_SHADOW && addr_equal(&a.routes[4].prefsrc, &a.addrs[0].prefix.addr));
	assert_int_equal(a.nrules, 1);
	assert_int_equal(a.rules[0].family, ADDR_V4);
	assert_true(a.routes[0].protocol == 158 && a.routes[0].oif == 3 && a.routes[0].metric == 5 && a.routes[0].table == RT_TABLE_MAIN);
	assert_int_equal(a.routes[0].destination.len, 0);
	assert_int_equal(a.routes[2].scope, RT_SCOPE_LINK);
	arena_free(arena);
	buf_fini(&b);
}

static void
others_do_not_travel(void **state)
{
	struct op op = make(OP_HOSTNAME, NULL, NULL);
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(encode_op(&op, 1, &b), -EINVAL);
	op.kind = OP_KIND_MAX;
	assert_int_equal(encode_op(&op, 1, &b), -EINVAL);
	assert_int_equal(b.len, 0);
	buf_fini(&b);
}

/* Every truncation and every changed byte: a verdict, never a read outside (the sanitizers watch). */
static void
damaged_dumps_are_survived(void **state)
{
	struct arena *arena;
	struct actual a;
	struct buf b;
	uint8_t *copy;
	size_t i;
	int error;

	(void)state;
	write_all(&b);
	for (i = 0; i < b.len; i++) {
		arena = arena_new(0);
		copy = malloc(i + 1);
		memcpy(copy, b.data, i);
		actual_init(&a, arena);
		error = actual_read(&a, copy, i);
		assert_true(error == 0 || error == -EPROTO);
		free(copy);
		copy = malloc(b.len);
		memcpy(copy, b.data, b.len);
		copy[i] ^= 0xff;
		actual_init(&a, arena);
		error = actual_read(&a, copy, b.len);
		assert_true(error == 0 || error == -EPROTO);
		free(copy);
		arena_free(arena);
	}
	buf_fini(&b);
}

/* A full table of a routing daemon comes and goes without a look; whatever could concern us is looked at. */
static void
only_some_events_are_news(void **state)
{
	static const struct {
		uint16_t	type;
		uint8_t		protocol;
		bool		is_news;
	} events[] = {
		{ RTM_NEWROUTE, 158, true }, { RTM_DELROUTE, 158, true }, { RTM_DELROUTE, RTPROT_STATIC, true }, { RTM_NEWROUTE, RTPROT_BOOT, true },
		{ RTM_NEWROUTE, RTPROT_BGP, false }, { RTM_DELROUTE, RTPROT_BIRD, false }, { RTM_NEWROUTE, RTPROT_OSPF, false },
		{ RTM_NEWLINK, 0, true }, { RTM_DELADDR, 0, true }, { RTM_NEWRULE, 0, true }, { NLMSG_DONE, 0, false },
	};
	struct rtmsg rtm = { .rtm_family = 2 };
	struct buf b, all;
	size_t i;

	(void)state;
	buf_init(&all, 0);
	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		buf_init(&b, 0);
		rtm.rtm_protocol = events[i].protocol;
		nlmsg_end(&b, nlmsg_begin(&b, events[i].type, 0, 0, &rtm, sizeof(rtm)));
		assert_int_equal(actual_is_news(b.data, b.len), events[i].is_news);
		if (!events[i].is_news)
			buf_put(&all, b.data, b.len);
		buf_fini(&b);
	}
	assert_false(actual_is_news(all.data, all.len));
	buf_fini(&all);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walker_lets_everything_through), cmocka_unit_test(reader_reads_what_was_written),
		cmocka_unit_test(others_do_not_travel), cmocka_unit_test(only_some_events_are_news), cmocka_unit_test(damaged_dumps_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
