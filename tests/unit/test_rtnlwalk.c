/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/nlmsg.h"
#include "net/rtnlwalk.h"

#define PROTO_ATTR	11	/* IFA_PROTO */
#define CREATE		(NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL)

static struct buf	b;
static size_t		at;

static int
begin(void **state)
{
	(void)state;
	buf_init(&b, 65536);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	buf_fini(&b);
	return 0;
}

static void
accepted(void)
{
	struct refusal why;
	uint32_t n = 0;

	nlmsg_end(&b, at);
	if (rtnlwalk_batch(b.data, b.len, &n, &why) != 0)
		fail_msg("refused at %u: %s (type %u)", why.offset, why.reason, why.attr);
	assert_int_equal(n, 1);
	b.len = 0;
}

static void
refused(const char *reason)
{
	struct refusal why = { 0 };
	uint32_t n;

	nlmsg_end(&b, at);
	if (rtnlwalk_batch(b.data, b.len, &n, &why) == 0)
		fail_msg("accepted, but should be refused: %s", reason);
	assert_string_equal(why.reason, reason);
	b.len = 0;
}

/* --- addresses --- */

static struct ifaddrmsg	addr_head;

static void
addr(uint16_t type, uint16_t flags, uint8_t proto)
{
	at = nlmsg_begin(&b, type, flags, 1, &addr_head, sizeof(addr_head));
	nlattr_put(&b, IFA_LOCAL, "\xc0\x00\x02\x01", 4);
	nlattr_put(&b, IFA_ADDRESS, "\xc0\x00\x02\x01", 4);
	if (proto != 0)
		nlattr_put_u8(&b, PROTO_ATTR, proto);
}

static void
test_address(void **state)
{
	(void)state;
	addr_head = (struct ifaddrmsg){ .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 2 };
	addr(RTM_NEWADDR, CREATE, RTNLWALK_PROTOCOL);
	accepted();
	addr(RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK, 0);
	accepted();
	addr(RTM_NEWADDR, CREATE, 0);
	refused("required attribute is missing");
	addr(RTM_NEWADDR, CREATE, 3);
	refused("value out of range");
	addr(RTM_DELADDR, NLM_F_REQUEST, 3);
	refused("value out of range");
	addr(RTM_NEWADDR, NLM_F_REQUEST | NLM_F_CREATE, RTNLWALK_PROTOCOL);
	refused("message flags that are not allowed");
	addr(RTM_NEWADDR, CREATE | NLM_F_REPLACE, RTNLWALK_PROTOCOL);
	refused("message flags that are not allowed");
	addr(RTM_NEWADDR, CREATE, RTNLWALK_PROTOCOL);
	nlattr_put_u32(&b, 10, 1);	/* IFA_TARGET_NETNSID: somebody else's namespace */
	refused("attribute that is not allowed");
	addr(RTM_NEWADDR, CREATE, RTNLWALK_PROTOCOL);
	nlattr_put_str(&b, IFA_LABEL, "a-name-that-is-too-long");
	refused("not a name");
	/* The kernel would take the first address of the subnet, or of the link. */
	at = nlmsg_begin(&b, RTM_DELADDR, NLM_F_REQUEST, 1, &addr_head, sizeof(addr_head));
	nlattr_put(&b, IFA_ADDRESS, "\xc0\x00\x02\x01", 4);
	refused("no address");
	at = nlmsg_begin(&b, RTM_DELADDR, NLM_F_REQUEST, 1, &addr_head, sizeof(addr_head));
	refused("no address");
	at = nlmsg_begin(&b, RTM_DELADDR, NLM_F_REQUEST, 1, &addr_head, sizeof(addr_head));
	nlattr_put(&b, IFA_LOCAL, "\xc0\x00\x02\x01\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	refused("no address");
	addr_head.ifa_index = 0;
	addr(RTM_NEWADDR, CREATE, RTNLWALK_PROTOCOL);
	refused("no interface");
	addr_head = (struct ifaddrmsg){ .ifa_family = AF_INET, .ifa_prefixlen = 33, .ifa_index = 2 };
	addr(RTM_NEWADDR, CREATE, RTNLWALK_PROTOCOL);
	refused("header that is not allowed");
	addr_head = (struct ifaddrmsg){ .ifa_family = AF_PACKET, .ifa_index = 2 };
	addr(RTM_NEWADDR, CREATE, RTNLWALK_PROTOCOL);
	refused("family that is not allowed");
}

/* --- routes --- */

static struct rtmsg	route_head;

static void
route(uint16_t type, uint16_t flags)
{
	at = nlmsg_begin(&b, type, flags, 1, &route_head, sizeof(route_head));
	nlattr_put(&b, RTA_DST, "\xc6\x33\x64\x00", 4);
	nlattr_put(&b, RTA_GATEWAY, "\xc0\x00\x02\x02", 4);
	nlattr_put_u32(&b, RTA_OIF, 2);
	nlattr_put_u32(&b, RTA_PRIORITY, 100);
}

static void
test_route(void **state)
{
	static const struct rtmsg good = { .rtm_family = AF_INET, .rtm_dst_len = 24, .rtm_table = RT_TABLE_MAIN,
	    .rtm_protocol = RTNLWALK_PROTOCOL, .rtm_type = RTN_UNICAST };
	struct { struct rtnexthop nh; struct nlattr a; uint8_t gw[4]; } hop = { { sizeof(hop), 0, 1, 3 }, { 8, RTA_GATEWAY }, { 192, 0, 2, 9 } };
	static const uint8_t protocols[] = { 0, RTPROT_KERNEL, RTPROT_BOOT, RTPROT_STATIC, RTPROT_DHCP, 157, 159 };
	size_t i, nest;

	(void)state;
	route_head = good;
	route(RTM_NEWROUTE, CREATE);
	accepted();
	route(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE);
	accepted();
	route(RTM_DELROUTE, NLM_F_REQUEST | NLM_F_ACK);
	accepted();
	/* Would extend what is there already. */
	route(RTM_NEWROUTE, NLM_F_REQUEST | NLM_F_CREATE);
	refused("message flags that are not allowed");
	route(RTM_NEWROUTE, CREATE | NLM_F_APPEND);
	refused("message flags that are not allowed");
	for (i = 0; i < sizeof(protocols); i++) {
		route_head = good;
		route_head.rtm_protocol = protocols[i];
		route(RTM_NEWROUTE, CREATE);
		refused("belongs to somebody else");
		route(RTM_DELROUTE, NLM_F_REQUEST);
		refused("belongs to somebody else");
	}
	route_head = good;
	at = nlmsg_begin(&b, RTM_NEWROUTE, CREATE, 1, &route_head, sizeof(route_head));
	nlattr_put(&b, RTA_DST, "\xc6\x33\x64", 3);
	refused("destination of a wrong length");
	at = nlmsg_begin(&b, RTM_NEWROUTE, CREATE, 1, &route_head, sizeof(route_head));
	nlattr_put(&b, RTA_DST, "\xc6\x33\x64\0\0\0", 6);
	refused("destination of a wrong length");
	route_head = good;
	route_head.rtm_table = RT_TABLE_LOCAL;
	route(RTM_NEWROUTE, CREATE);
	refused("header that is not allowed");
	route_head = good;
	route_head.rtm_type = RTN_LOCAL;
	route(RTM_NEWROUTE, CREATE);
	refused("route type that is not allowed");
	/* "Go on with the next rule" is for the shadow table alone: elsewhere it would skip what others put there. */
	route_head.rtm_type = RTN_THROW;
	route(RTM_NEWROUTE, CREATE);
	refused("route type that is not allowed");
	route(RTM_NEWROUTE, CREATE);
	nlattr_put_u32(&b, RTA_TABLE, 100);
	refused("route type that is not allowed");
	route(RTM_NEWROUTE, CREATE);
	nlattr_put_u32(&b, RTA_TABLE, RTNLWALK_SHADOW);
	accepted();
	route_head = good;
	route(RTM_NEWROUTE, CREATE);
	nlattr_put_u32(&b, RTA_TABLE, RT_TABLE_LOCAL);
	refused("table that is not allowed");
	route(RTM_NEWROUTE, CREATE);
	nlattr_put(&b, RTA_ENCAP, "x", 1);
	refused("attribute that is not allowed");
	route(RTM_NEWROUTE, CREATE);
	nest = nlattr_begin(&b, RTA_METRICS);
	nlattr_put_u32(&b, RTAX_MTU, 1400);
	nlattr_end(&b, nest);
	nlattr_put(&b, RTA_MULTIPATH, &hop, sizeof(hop));
	accepted();
	route(RTM_NEWROUTE, CREATE);
	nest = nlattr_begin(&b, RTA_METRICS);
	nlattr_put_u32(&b, RTAX_CC_ALGO, 1);
	nlattr_end(&b, nest);
	refused("attribute that is not allowed");
	hop.nh.rtnh_len = 200;
	route(RTM_NEWROUTE, CREATE);
	nlattr_put(&b, RTA_MULTIPATH, &hop, sizeof(hop));
	refused("not a next hop");
	hop.nh.rtnh_len = sizeof(hop);
	hop.a.nla_type = RTA_ENCAP;
	route(RTM_NEWROUTE, CREATE);
	nlattr_put(&b, RTA_MULTIPATH, &hop, sizeof(hop));
	refused("attribute that is not allowed");
}

/* --- policy rules --- */

struct rule {
	uint16_t		type;
	struct fib_rule_hdr	h;
	uint32_t		priority;
	uint32_t		table;
	uint8_t			proto;
};

static const struct rule good_rule = { RTM_NEWRULE, { .family = AF_INET6, .action = FR_ACT_TO_TBL }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW,
    RTNLWALK_PROTOCOL };

static void
rule(const struct rule *r)
{
	at = nlmsg_begin(&b, r->type, r->type == RTM_NEWRULE ? CREATE : NLM_F_REQUEST, 1, &r->h, sizeof(r->h));
	if (r->priority != 0)
		nlattr_put_u32(&b, FRA_PRIORITY, r->priority);
	if (r->table != 0)
		nlattr_put_u32(&b, FRA_TABLE, r->table);
	if (r->proto != 0)
		nlattr_put_u8(&b, FRA_PROTOCOL, r->proto);
}

static void
test_rule(void **state)
{
	static const struct {
		struct rule	 r;
		const char	*reason;
	} bad[] = {
		/* Without the protocol the kernel deletes whosever rule matches. */
		{ { RTM_DELRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW, 0 },
		  "required attribute is missing" },
		{ { RTM_DELRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW, RTPROT_KERNEL },
		  "value out of range" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW, RTPROT_STATIC },
		  "value out of range" },
		/* No place but ours: neither before the local table, nor after the main one, nor among other people's. */
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, 1, RTNLWALK_SHADOW, RTNLWALK_PROTOCOL }, "value out of range" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, 32764, RTNLWALK_SHADOW, RTNLWALK_PROTOCOL }, "value out of range" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, 32766, RTNLWALK_SHADOW, RTNLWALK_PROTOCOL }, "value out of range" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, 0, RTNLWALK_SHADOW, RTNLWALK_PROTOCOL },
		  "required attribute is missing" },
		/* No table but ours. */
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, RTNLWALK_PRIORITY, RT_TABLE_MAIN, RTNLWALK_PROTOCOL },
		  "value out of range" },
		{ { RTM_DELRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, RTNLWALK_PRIORITY, RT_TABLE_LOCAL, RTNLWALK_PROTOCOL },
		  "value out of range" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL }, RTNLWALK_PRIORITY, 0, RTNLWALK_PROTOCOL },
		  "required attribute is missing" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL, .table = RT_TABLE_MAIN }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW,
		  RTNLWALK_PROTOCOL }, "header that is not allowed" },
		/* For everybody or nobody, and a lookup. */
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL, .src_len = 24 }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW,
		  RTNLWALK_PROTOCOL }, "header that is not allowed" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL, .dst_len = 24 }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW,
		  RTNLWALK_PROTOCOL }, "header that is not allowed" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL, .tos = 16 }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW,
		  RTNLWALK_PROTOCOL }, "header that is not allowed" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_TO_TBL, .flags = FIB_RULE_INVERT }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW,
		  RTNLWALK_PROTOCOL }, "header that is not allowed" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_UNREACHABLE }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW, RTNLWALK_PROTOCOL },
		  "rule action that is not allowed" },
		{ { RTM_NEWRULE, { .family = AF_INET, .action = FR_ACT_GOTO }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW, RTNLWALK_PROTOCOL },
		  "rule action that is not allowed" },
		{ { RTM_NEWRULE, { .family = AF_PACKET, .action = FR_ACT_TO_TBL }, RTNLWALK_PRIORITY, RTNLWALK_SHADOW, RTNLWALK_PROTOCOL },
		  "family that is not allowed" },
	};
	struct rule r = good_rule;
	uint16_t type;
	size_t i;

	(void)state;
	rule(&r);
	accepted();
	r.h.family = AF_INET;
	rule(&r);
	accepted();
	r.type = RTM_DELRULE;
	rule(&r);
	accepted();
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rule(&bad[i].r);
		refused(bad[i].reason);
	}
	/* Marks, links, addresses, ports, suppressions, ...: nothing else may be in it. */
	for (type = 0; type < 64; type++) {
		if (type == FRA_PRIORITY || type == FRA_TABLE || type == FRA_PROTOCOL)
			continue;
		rule(&good_rule);
		nlattr_put_u32(&b, type, 1);
		refused("attribute that is not allowed");
	}
}

/* --- links --- */

static void
link_message(uint16_t type, uint16_t flags, int index, unsigned value, unsigned change)
{
	struct ifinfomsg h = { .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = value, .ifi_change = change };

	at = nlmsg_begin(&b, type, flags, 1, &h, sizeof(h));
}

static void
test_link(void **state)
{
	uint16_t type;

	(void)state;
	link_message(RTM_NEWLINK, NLM_F_REQUEST | NLM_F_ACK, 3, IFF_UP, IFF_UP);
	nlattr_put_u32(&b, IFLA_MTU, 1400);
	accepted();
	link_message(RTM_SETLINK, NLM_F_REQUEST, 3, 0, IFF_UP);
	accepted();
	/* Everything that is not the MTU: name, master, namespace, XDP, kind, address, ... */
	for (type = 0; type < 64; type++) {
		if (type == IFLA_MTU)
			continue;
		link_message(RTM_SETLINK, NLM_F_REQUEST, 3, 0, 0);
		nlattr_put_u32(&b, type, 1);
		refused("attribute that is not allowed");
	}
	link_message(RTM_NEWLINK, CREATE, 3, 0, 0);
	refused("message flags that are not allowed");
	link_message(RTM_NEWLINK, NLM_F_REQUEST, 0, IFF_UP, IFF_UP);
	refused("no interface");
	link_message(RTM_NEWLINK, NLM_F_REQUEST, 3, IFF_UP | IFF_PROMISC, IFF_UP | IFF_PROMISC);
	refused("link flag that may not be changed");
	link_message(RTM_NEWLINK, NLM_F_REQUEST, 3, IFF_UP, 0);
	refused("link flags without a mask");
	link_message(RTM_NEWLINK, NLM_F_REQUEST, 3, 0, 0);
	nlattr_put_u32(&b, IFLA_MTU, 20);
	refused("value out of range");
}

static void
test_messages(void **state)
{
	static const uint16_t allowed[] = { RTM_NEWLINK, RTM_SETLINK, RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE,
	    RTM_DELRULE };
	uint8_t zeros[64] = { 0 };
	struct refusal why;
	unsigned type, i, known;
	uint32_t n;

	(void)state;
	for (type = 0; type < 1024; type++) {
		for (i = 0, known = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
			known += allowed[i] == type;
		if (known)
			continue;
		at = nlmsg_begin(&b, (uint16_t)type, NLM_F_REQUEST, 1, zeros, sizeof(zeros));
		nlmsg_end(&b, at);
		assert_int_equal(rtnlwalk_batch(b.data, b.len, &n, &why), -EPERM);
		assert_string_equal(why.reason, "message that is not allowed");
		b.len = 0;
	}
}

static void
test_truncated(void **state)
{
	struct refusal why;
	uint8_t *copy;
	uint32_t n;
	size_t len;

	(void)state;
	addr_head = (struct ifaddrmsg){ .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 2 };
	addr(RTM_NEWADDR, CREATE, RTNLWALK_PROTOCOL);
	nlmsg_end(&b, at);
	for (len = 1; len < b.len; len++) {
		copy = test_malloc(len);
		memcpy(copy, b.data, len);
		assert_int_not_equal(rtnlwalk_batch(copy, len, &n, &why), 0);
		test_free(copy);
	}
}

/* What the caller compares with the kernel's dump. */
static void
test_identity(void **state)
{
	struct rtnl_addr a;
	struct rtnl_route r;
	struct nl_reader reader;
	struct nl_msg m;

	(void)state;
	addr_head = (struct ifaddrmsg){ .ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = 2 };
	addr(RTM_NEWADDR, CREATE, 4);
	nlmsg_end(&b, at);
	nlmsg_reader_init(&reader, b.data, b.len);
	assert_int_equal(nlmsg_next(&reader, &m), 1);
	assert_int_equal(rtnlwalk_addr(&m, &a), 0);
	assert_int_equal(a.protocol, 4);
	assert_int_equal(a.ifindex, 2);
	assert_memory_equal(a.local, "\xc0\x00\x02\x01", 4);
	assert_int_not_equal(rtnlwalk_route(&m, &r), 0);
	b.len = 0;
	route_head = (struct rtmsg){ .rtm_family = AF_INET6, .rtm_protocol = 9, .rtm_table = RT_TABLE_MAIN };
	at = nlmsg_begin(&b, RTM_NEWROUTE, CREATE, 1, &route_head, sizeof(route_head));
	nlmsg_end(&b, at);
	nlmsg_reader_init(&reader, b.data, b.len);
	assert_int_equal(nlmsg_next(&reader, &m), 1);
	assert_int_equal(rtnlwalk_route(&m, &r), 0);
	assert_int_equal(r.priority, 1024);	/* what the kernel makes of 0 */
	assert_int_equal(r.protocol, 9);
	assert_int_equal(r.table, RT_TABLE_MAIN);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_address), TEST(test_route), TEST(test_rule), TEST(test_link), TEST(test_messages), TEST(test_truncated),
		TEST(test_identity),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
