/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections as the kernel tells them, routes, and which connections a change ends. */
#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "net/nftwalk.h"
#include "net/nlmsg.h"

#include "compile.h"
#include "flow.h"
#include "links.h"
#include "policy.h"
#include "policy_nat.h"
#include "revoke.h"
#include "routes.h"
#include "zoneset.h"

#define WAN	2
#define LAN	3

static struct addr
addr(const char *text)
{
	struct addr a;

	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* --- what the kernel would say */
static void
put_tuple(struct buf *b, uint16_t type, const struct flow *f, const struct flow_end *e)
{
	bool is_v4 = e->source.family == ADDR_V4;
	uint16_t sport = htons(e->source_port), dport = htons(e->destination_port);
	size_t tuple = nlattr_begin(b, type), nest;

	nest = nlattr_begin(b, CTA_TUPLE_IP);
	nlattr_put(b, is_v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, e->source.bytes, addr_len(&e->source));
	nlattr_put(b, is_v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, e->destination.bytes, addr_len(&e->destination));
	nlattr_end(b, nest);
	nest = nlattr_begin(b, CTA_TUPLE_PROTO);
	nlattr_put_u8(b, CTA_PROTO_NUM, f->protocol);
	if (f->protocol == IPPROTO_ICMP) {
		nlattr_put(b, CTA_PROTO_ICMP_ID, &sport, 2);
		nlattr_put_u8(b, CTA_PROTO_ICMP_TYPE, f->icmp_type);
		nlattr_put_u8(b, CTA_PROTO_ICMP_CODE, f->icmp_code);
	} else {
		nlattr_put(b, CTA_PROTO_SRC_PORT, &sport, 2);
		nlattr_put(b, CTA_PROTO_DST_PORT, &dport, 2);
	}
	nlattr_end(b, nest);
	nlattr_end(b, tuple);
}

static void
put_flow(struct buf *b, const struct flow *f)
{
	struct nfgenmsg g = { .nfgen_family = AF_INET };
	size_t at = nlmsg_begin(b, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, 0, 0, &g, sizeof(g));

	put_tuple(b, CTA_TUPLE_ORIG, f, &f->original);
	put_tuple(b, CTA_TUPLE_REPLY, f, &f->reply);
	if (f->has_master)
		put_tuple(b, CTA_TUPLE_MASTER, &(struct flow){ .protocol = f->master_protocol }, &f->master);
	nlattr_put_be32(b, CTA_STATUS, f->status);
	nlattr_put_be32(b, CTA_ID, f->id);
	nlmsg_end(b, at);
}

static void
put_route(struct buf *b, const char *prefix, uint8_t table, uint8_t type, uint32_t link, uint32_t priority)
{
	struct prefix p;
	struct rtmsg h = { .rtm_table = table, .rtm_type = type };
	size_t at;

	assert_int_equal(prefix_parse(prefix, &p), 0);
	h.rtm_family = p.addr.family == ADDR_V4 ? AF_INET : AF_INET6;
	h.rtm_dst_len = p.len;
	at = nlmsg_begin(b, RTM_NEWROUTE, 0, 0, &h, sizeof(h));
	if (p.len > 0)
		nlattr_put(b, RTA_DST, p.addr.bytes, addr_len(&p.addr));
	if (link != 0)
		nlattr_put_u32(b, RTA_OIF, link);
	if (priority != 0)
		nlattr_put_u32(b, RTA_PRIORITY, priority);
	nlmsg_end(b, at);
}

static void
put_link(struct buf *b, uint32_t index, const char *name)
{
	struct ifinfomsg h = { .ifi_index = (int)index };
	size_t at = nlmsg_begin(b, RTM_NEWLINK, 0, 0, &h, sizeof(h));

	nlattr_put_str(b, IFLA_IFNAME, name);
	nlmsg_end(b, at);
}

static struct flow
flow_of(uint8_t protocol, const char *source, const char *destination, uint16_t dport, const char *seen_as)
{
	struct flow f = { .protocol = protocol, .id = 7 };

	f.original = (struct flow_end){ addr(source), addr(destination), 40000, dport };
	f.reply = (struct flow_end){ addr(destination), addr(seen_as), dport, 40000 };
	return f;
}

/* --- tests */
static void
a_flow_is_read_and_its_end_is_allowed(void **state)
{
	struct flow f[] = {
		flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 80, "198.51.100.2"),
		flow_of(IPPROTO_UDP, "2001:db8::1", "2001:db8::2", 53, "2001:db8::1"),
		flow_of(IPPROTO_ICMP, "192.0.2.10", "203.0.113.1", 0, "198.51.100.2"),
	}, read;
	struct refusal why;
	struct nl_reader r;
	struct nl_msg m;
	struct buf b;
	uint32_t n;
	size_t i;

	(void)state;
	f[2].icmp_type = 8;
	f[2].original.destination_port = f[2].reply.destination_port = f[2].reply.source_port = f[2].original.source_port;
	for (i = 0; i < sizeof(f) / sizeof(f[0]); i++) {
		buf_init(&b, 0);
		put_flow(&b, &f[i]);
		nlmsg_reader_init(&r, b.data, b.len);
		assert_int_equal(nlmsg_next(&r, &m), 1);
		assert_true(flow_read(&m, &read));
		assert_memory_equal(&read, &f[i], sizeof(read));
		buf_reset(&b);
		flow_put_delete(&b, &read);
		assert_int_equal(nftwalk_conntrack(b.data, b.len, &n, &why), 0);
		assert_int_equal(n, 1);
		buf_fini(&b);
	}
}

static struct routes *
make_routes(struct arena *a)
{
	struct routes *s;
	struct buf b;

	buf_init(&b, 0);
	put_route(&b, "0.0.0.0/0", RT_TABLE_MAIN, RTN_UNICAST, WAN, 100);
	put_route(&b, "0.0.0.0/0", RT_TABLE_MAIN, RTN_UNICAST, 9, 200);
	put_route(&b, "192.0.2.0/25", RT_TABLE_MAIN, RTN_UNICAST, LAN, 0);
	put_route(&b, "192.0.2.64/26", RT_TABLE_MAIN, RTN_BLACKHOLE, 0, 0);
	put_route(&b, "192.0.2.1/32", RT_TABLE_LOCAL, RTN_LOCAL, LAN, 0);
	put_route(&b, "198.51.100.2/32", RT_TABLE_LOCAL, RTN_LOCAL, WAN, 0);
	put_route(&b, "203.0.113.0/24", 77, RTN_UNICAST, LAN, 0);	/* a table that is not looked at */
	s = routes_read(b.data, b.len, a);
	buf_fini(&b);
	return s;
}

static void
the_longest_route_wins(void **state)
{
	static const struct {
		const char	*to;
		enum routes_way	 way;
		uint32_t	 link;
	} cases[] = {
		{ "192.0.2.10", ROUTES_LINK, LAN }, { "203.0.113.1", ROUTES_LINK, WAN }, { "192.0.2.1", ROUTES_LOCAL, LAN },
		{ "192.0.2.70", ROUTES_UNKNOWN, 0 }, { "2001:db8::1", ROUTES_UNKNOWN, 0 },
	};
	struct arena *a = arena_new(0);
	struct routes *s = make_routes(a);
	struct addr to;
	uint32_t link;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		to = addr(cases[i].to);
		link = 0;
		assert_int_equal(routes_find(s, &to, &link), cases[i].way);
		if (cases[i].way == ROUTES_LINK)
			assert_int_equal(link, cases[i].link);
	}
	arena_free(a);
}

/* Two zones; lan may open the port on wan, hidden behind the box. */
static struct ir *
form(struct arena *a, uint16_t port, bool hides, uint32_t mark)
{
	static struct policy_interface interfaces[2] = { { .name = "wan", .ifname = "eth0", .path = "", .zone = 1 },
	    { .name = "lan", .ifname = "eth1", .path = "", .zone = 2 } };
	static uint32_t first[] = { 0 }, second[] = { 1 };
	static struct policy_zone zones[3] = {
	    { .name = "local", .path = "" }, { .name = "wan", .path = "", .action = POLICY_DROP, .interfaces = first, .n_interfaces = 1 },
	    { .name = "lan", .path = "", .action = POLICY_DROP, .interfaces = second, .n_interfaces = 1 } };
	static struct policy_masquerade masquerade = { .name = "out", .path = "", .zone = 1 };
	struct fw_policy p = { .interfaces = interfaces, .n_interfaces = 2, .zones = zones, .n_zones = 3, .n_rules = 1 };
	struct policy_rule rule = { .id = "r", .path = "/firewall/rules/r", .section = POLICY_MAIN, .action = POLICY_ACCEPT, .n_services = 1 };
	struct ports ports = { port, port };
	struct policy_service service = { .protocol = IPPROTO_TCP, .ports = &ports, .n_ports = 1 };

	rule.from = zoneset_new(a, &p);
	rule.to = zoneset_new(a, &p);
	zoneset_add(rule.from, 2);
	zoneset_add(rule.to, 1);
	rule.services = &service;
	rule.conditions.mark = (struct policy_bits){ mark, mark };
	p.rules = &rule;
	p.masquerades = &masquerade;
	p.n_masquerades = hides;
	return compile(&p, NULL);
}

static void
only_what_was_allowed_and_is_not_ends(void **state)
{
	struct arena *a = arena_new(0);
	struct ir *web = form(a, 80, true, 0), *mail = form(a, 25, true, 0), *plain = form(a, 80, false, 0), *marked = form(a, 80, true, 1);
	struct flow hidden = flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 80, "198.51.100.2");
	struct flow bare = flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 80, "192.0.2.10");
	struct flow other = flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 443, "198.51.100.2");
	struct revoke r = { .routes = make_routes(a) };
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	put_link(&b, WAN, "eth0");
	put_link(&b, LAN, "eth1");
	r.links = links_read(b.data, b.len, a);
	buf_fini(&b);
	r.before = web;
	r.now = web;
	assert_false(revoke_ends(&r, &hidden));
	r.now = mail;
	assert_true(revoke_ends(&r, &hidden));
	assert_false(revoke_ends(&r, &other));	/* no rule of ours let it in: it is somebody else's */
	assert_false(revoke_ends(&r, &bare));
	r.now = plain;
	assert_true(revoke_ends(&r, &hidden));	/* it would be translated another way */
	r.now = marked;
	assert_false(revoke_ends(&r, &hidden));	/* nobody knows what mark its packets have */
	r.before = plain;
	r.now = mail;
	assert_true(revoke_ends(&r, &bare));
	ir_free(web);
	ir_free(mail);
	ir_free(plain);
	ir_free(marked);
	arena_free(a);
}

static void
announce(struct flow *child, const struct flow *master)
{
	child->status = IPS_EXPECTED;
	child->has_master = true;
	child->master = master->original;
	child->master_protocol = master->protocol;
}

/* A child in front of its master in the table, one of the child's own, and one of a connection that stays. */
static void
what_a_connection_announced_ends_with_it(void **state)
{
	struct arena *a = arena_new(0);
	struct ir *web = form(a, 80, true, 0), *mail = form(a, 25, true, 0);
	struct flow f[] = {
		flow_of(IPPROTO_TCP, "203.0.113.1", "198.51.100.2", 2001, "203.0.113.1"),	/* of the next one */
		flow_of(IPPROTO_UDP, "192.0.2.10", "203.0.113.1", 2002, "198.51.100.2"),	/* of the third */
		flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 80, "198.51.100.2"),
		flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 443, "198.51.100.2"),
		flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 2003, "198.51.100.2"),	/* of the fourth */
		flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 2004, "198.51.100.2"),	/* as UDP is no master of TCP */
	};
	struct revoke r = { .routes = make_routes(a), .before = web, .now = mail };
	struct flow wrong = f[2];
	struct buf b, deletions;
	uint32_t seen;
	size_t i;

	(void)state;
	announce(&f[0], &f[1]);
	announce(&f[1], &f[2]);
	announce(&f[4], &f[3]);
	wrong.protocol = IPPROTO_UDP;
	announce(&f[5], &wrong);
	buf_init(&b, 0);
	put_link(&b, WAN, "eth0");
	put_link(&b, LAN, "eth1");
	r.links = links_read(b.data, b.len, a);
	buf_reset(&b);
	for (i = 0; i < sizeof(f) / sizeof(f[0]); i++)
		put_flow(&b, &f[i]);
	buf_init(&deletions, 0);
	assert_int_equal(revoke_dump(&r, b.data, b.len, &deletions, &seen), 3);
	assert_int_equal(seen, sizeof(f) / sizeof(f[0]));
	buf_reset(&b);
	flow_put_delete(&b, &f[2]);
	flow_put_delete(&b, &f[1]);
	flow_put_delete(&b, &f[0]);
	assert_int_equal(deletions.len, b.len);
	assert_memory_equal(deletions.data, b.data, b.len);
	buf_fini(&deletions);
	buf_fini(&b);
	ir_free(web);
	ir_free(mail);
	arena_free(a);
}

/* Masters that are in the table no more: one was hidden behind the box, one called by a port that was never open. */
static void
what_a_connection_announced_ends_though_that_has_ended(void **state)
{
	struct arena *a = arena_new(0);
	struct ir *web = form(a, 80, true, 0), *mail = form(a, 25, true, 0);
	struct flow gone = flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 80, "198.51.100.2");
	struct flow never = flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 443, "198.51.100.2");
	struct flow f[] = {
		flow_of(IPPROTO_UDP, "192.0.2.10", "203.0.113.1", 2002, "198.51.100.2"),	/* of the one that is gone */
		flow_of(IPPROTO_TCP, "203.0.113.1", "198.51.100.2", 2001, "203.0.113.1"),	/* of the first */
		flow_of(IPPROTO_TCP, "192.0.2.10", "203.0.113.1", 2003, "198.51.100.2"),	/* of the other */
	};
	struct revoke r = { .routes = make_routes(a), .before = web, .now = web };
	struct buf b, links, deletions;
	uint32_t seen;
	size_t i;

	(void)state;
	announce(&f[0], &gone);
	announce(&f[1], &f[0]);
	announce(&f[2], &never);
	buf_init(&links, 0);
	put_link(&links, WAN, "eth0");
	put_link(&links, LAN, "eth1");
	r.links = links_read(links.data, links.len, a);
	buf_init(&b, 0);
	for (i = 0; i < sizeof(f) / sizeof(f[0]); i++)
		put_flow(&b, &f[i]);
	buf_init(&deletions, 0);
	assert_int_equal(revoke_dump(&r, b.data, b.len, &deletions, &seen), 0);
	r.now = mail;
	assert_int_equal(revoke_dump(&r, b.data, b.len, &deletions, &seen), 2);
	buf_reset(&b);
	flow_put_delete(&b, &f[0]);
	flow_put_delete(&b, &f[1]);
	assert_int_equal(deletions.len, b.len);
	assert_memory_equal(deletions.data, b.data, b.len);
	buf_fini(&deletions);
	buf_fini(&links);
	buf_fini(&b);
	ir_free(web);
	ir_free(mail);
	arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flow_is_read_and_its_end_is_allowed), cmocka_unit_test(the_longest_route_wins),
		cmocka_unit_test(only_what_was_allowed_and_is_not_ends),
		cmocka_unit_test(what_a_connection_announced_ends_with_it),
		cmocka_unit_test(what_a_connection_announced_ends_though_that_has_ended)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
