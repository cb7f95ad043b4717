/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The planner of netd: what is desired and what there is, both in a small language, and the operations that must come out.
 *
 *   want:	link NAME KERNEL [down] [mtu=N] ADDRESS...	route NAME DEST [via ADDR] [on IFACE] [metric=N]
 *	forwarding 0|1
 *   have:	link INDEX KERNEL [down] [mtu=N] [kind=K] [mac=M] [path=P]
 *		addr INDEX PREFIX [proto=N]			route DEST [via ADDR] dev INDEX [proto=N] [metric=N] [complex]
 */
#include <linux/if_arp.h>
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
#include "ipc/ids.h"
#include "actual.h"
#include "bind.h"
#include "desired.h"
#include "memory.h"
#include "forecast.h"
#include "plan.h"
#include "plan_steps.h"
#include "problems.h"

#define ITEMS	16
#define NOW	"link 2 eth0\nlink 3 eth1\n"

struct world {
	struct arena		*arena;
	struct desired		 desired;
	struct actual		 actual;
	struct memory		*memory;
	struct plan		 plan;
	struct problems		*problems;
	struct want_link	 wlinks[ITEMS];
	struct prefix		 waddrs[ITEMS][ITEMS];
	struct want_route	 wroutes[ITEMS];
	struct want_sysctl	 wsysctls[ITEMS];
	struct link		 links[ITEMS];
	struct address		 addrs[ITEMS];
	struct route		 routes[ITEMS];
};

/* --- the language --- */

static bool
starts(const char *word, const char *with, const char **ret_rest)
{
	size_t n = strlen(with);

	if (strncmp(word, with, n) != 0)
		return false;
	*ret_rest = word + n;
	return true;
}

static void
read_want_link(struct world *w, char **save)
{
	struct want_link *l = &w->wlinks[w->desired.nlinks];
	const char *rest;
	char *word;

	l->addrs = w->waddrs[w->desired.nlinks++];
	l->name = strtok_r(NULL, " ", save);
	l->match.name = strtok_r(NULL, " ", save);
	l->path = arena_printf(w->arena, "/interfaces/%s", l->name);
	l->description = "";
	l->enabled = true;
	while ((word = strtok_r(NULL, " ", save)) != NULL)
		if (strcmp(word, "down") == 0)
			l->enabled = false;
		else if (starts(word, "mtu=", &rest))
			l->mtu = (uint32_t)atoi(rest);
		else
			assert_int_equal(prefix_parse(word, &l->addrs[l->naddrs++]), 0);
}

static void
read_want_route(struct world *w, char **save)
{
	struct want_route *r = &w->wroutes[w->desired.nroutes++];
	const char *rest;
	char *word;

	r->name = strtok_r(NULL, " ", save);
	r->path = arena_printf(w->arena, "/routing/static/%s", r->name);
	r->type = RTN_UNICAST;
	assert_int_equal(prefix_parse(strtok_r(NULL, " ", save), &r->destination), 0);
	if (r->destination.addr.family == ADDR_V6)
		r->metric = 1024;
	while ((word = strtok_r(NULL, " ", save)) != NULL)
		if (strcmp(word, "via") == 0)
			assert_int_equal(addr_parse(strtok_r(NULL, " ", save), &r->via), 0);
		else if (strcmp(word, "on") == 0)
			r->interface = strtok_r(NULL, " ", save);
		else if (starts(word, "metric=", &rest))
			r->metric = (uint32_t)atoi(rest);
		else
			fail_msg("want route: %s", word);
}

static void
read_link(struct world *w, char **save)
{
	struct link *l = &w->links[w->actual.nlinks++];
	const char *rest;
	char *word;

	l->index = (uint32_t)atoi(strtok_r(NULL, " ", save));
	(void)snprintf(l->name, sizeof(l->name), "%s", strtok_r(NULL, " ", save));
	l->flags = IFF_UP;
	l->type = ARPHRD_ETHER;
	l->mtu = 1500;
	l->min_mtu = 68;
	l->max_mtu = 9000;
	l->kind = l->path = "";
	while ((word = strtok_r(NULL, " ", save)) != NULL)
		if (strcmp(word, "down") == 0)
			l->flags = 0;
		else if (starts(word, "mtu=", &rest))
			l->mtu = (uint32_t)atoi(rest);
		else if (starts(word, "kind=", &rest))
			l->kind = rest;
		else if (starts(word, "path=", &rest))
			l->path = rest;
		else if (starts(word, "alt=", &rest))
			l->altnames[l->naltnames++] = rest;
		else if (starts(word, "perm=", &rest)) {
			assert_int_equal(mac_parse(rest, &l->perm_mac), 0);
			l->has_perm_mac = true;
		} else if (starts(word, "mac=", &rest)) {
			assert_int_equal(mac_parse(rest, &l->mac), 0);
			l->has_mac = true;
		} else
			fail_msg("link: %s", word);
}

static void
read_addr(struct world *w, char **save)
{
	struct address *a = &w->addrs[w->actual.naddrs++];
	const char *rest;
	char *word;

	a->index = (uint32_t)atoi(strtok_r(NULL, " ", save));
	assert_int_equal(prefix_parse(strtok_r(NULL, " ", save), &a->prefix), 0);
	while ((word = strtok_r(NULL, " ", save)) != NULL)
		if (starts(word, "proto=", &rest)) {
			a->has_proto = true;
			a->proto = (uint8_t)atoi(rest);
		} else
			fail_msg("addr: %s", word);
}

static void
read_route(struct world *w, char **save)
{
	struct route *r = &w->routes[w->actual.nroutes++];
	const char *rest;
	char *word;

	r->table = RT_TABLE_MAIN;
	r->type = RTN_UNICAST;
	r->protocol = RTPROT_BOOT;
	assert_int_equal(prefix_parse(strtok_r(NULL, " ", save), &r->destination), 0);
	if (r->destination.addr.family == ADDR_V6)
		r->metric = 1024;
	while ((word = strtok_r(NULL, " ", save)) != NULL)
		if (strcmp(word, "via") == 0)
			assert_int_equal(addr_parse(strtok_r(NULL, " ", save), &r->via), 0);
		else if (strcmp(word, "dev") == 0)
			r->oif = (uint32_t)atoi(strtok_r(NULL, " ", save));
		else if (strcmp(word, "complex") == 0)
			r->is_complex = true;
		else if (starts(word, "proto=", &rest))
			r->protocol = (uint8_t)atoi(rest);
		else if (starts(word, "metric=", &rest))
			r->metric = (uint32_t)atoi(rest);
		else if (starts(word, "table=", &rest))
			r->table = (uint32_t)atoi(rest);
		else
			fail_msg("route: %s", word);
}

/* As feat_forwarding.c says it. */
static void
read_forwarding(struct world *w, char **save)
{
	uint32_t value = (uint32_t)atoi(strtok_r(NULL, " ", save));

	w->wsysctls[w->desired.nsysctls++] = (struct want_sysctl){ .id = SYSCTL_IP_FORWARD, .widens = value != 0, .path = "/routing",
	    .value = value };
	w->actual.sysctls.has |= 1u << SYSCTL_IP_FORWARD;
	w->actual.sysctls.values[SYSCTL_IP_FORWARD] = !value;
}

static void
read_lines(struct world *w, const char *text, bool is_want)
{
	char *copy = arena_strdup(w->arena, text), *lines = NULL, *save = NULL, *line, *kind;

	for (line = strtok_r(copy, "\n", &lines); line != NULL; line = strtok_r(NULL, "\n", &lines)) {
		kind = strtok_r(line, " ", &save);
		if (strcmp(kind, "link") == 0)
			(is_want ? read_want_link : read_link)(w, &save);
		else if (strcmp(kind, "route") == 0)
			(is_want ? read_want_route : read_route)(w, &save);
		else if (strcmp(kind, "forwarding") == 0 && is_want)
			read_forwarding(w, &save);
		else if (strcmp(kind, "addr") == 0 && !is_want)
			read_addr(w, &save);
		else
			fail_msg("line: %s", kind);
	}
}

static struct world *
world_new(const char *want, const char *have)
{
	struct world *w = calloc(1, sizeof(*w));

	assert_non_null(w);
	w->arena = arena_new(0);
	w->memory = memory_new();
	w->problems = calloc(1, sizeof(*w->problems));
	problems_init(w->problems, w->arena);
	w->desired.arena = w->actual.arena = w->arena;
	w->desired.links = w->wlinks;
	w->desired.routes = w->wroutes;
	w->desired.sysctls = w->wsysctls;
	w->actual.links = w->links;
	w->actual.addrs = w->addrs;
	w->actual.routes = w->routes;
	read_lines(w, want, true);
	read_lines(w, have, false);
	return w;
}

static void
world_free(struct world *w)
{
	memory_free(w->memory);
	free(w->problems);
	arena_free(w->arena);
	free(w);
}

static void
make_plan(struct world *w, bool must_exist)
{
	struct planner p = { .desired = &w->desired, .actual = &w->actual, .memory = w->memory, .plan = &w->plan,
	    .problems = w->problems };

	bind_links(&w->desired, &w->actual, must_exist, w->problems);
	plan_init(&w->plan, w->arena);
	plan_interfaces(&p);
	plan_routes(&p);
	plan_forwarding(&p);
	plan_system(&p);
	plan_sort(&w->plan);
}

static void
expect_plan(struct world *w, const char *what, const char *expected)
{
	struct buf b;

	buf_init(&b, 0);
	buf_puts(&b, "");
	plan_format(&w->plan, &b);
	assert_false(buf_failed(&b));
	if (strcmp((const char *)b.data, expected) != 0)
		fail_msg("%s: expected\n%sgot\n%s", what, expected, (const char *)b.data);
	buf_fini(&b);
}

/* --- plans --- */

static const struct {
	const char	*what;
	const char	*want;
	const char	*have;
	const char	*plan;
} plans[] = {
	{ "nothing to do",
	  "link lan eth1 192.0.2.1/25\nroute d 0.0.0.0/0 via 192.0.2.2",
	  NOW "addr 3 192.0.2.1/25 proto=158\nroute 0.0.0.0/0 via 192.0.2.2 dev 3 proto=158", "" },
	{ "everything is missing",
	  "link wan eth0 198.51.100.2/24 2001:db8:51::2/64\nroute d 0.0.0.0/0 via 198.51.100.1\nroute e ::/0 via 2001:db8:51::1",
	  "link 2 eth0 down\n",
	  "~ link wan (eth0): is down\n+ address 198.51.100.2/24 on wan\n+ address 2001:db8:51::2/64 on wan\n"
	  "+ route 0.0.0.0/0 via 198.51.100.1\n+ route ::/0 via 2001:db8:51::1\n" },
	{ "foreign addresses and routes stay",
	  "link lan eth1 192.0.2.1/25",
	  NOW "addr 3 192.0.2.1/25 proto=158\naddr 3 198.18.9.1/24\naddr 3 198.18.9.2/24 proto=0\naddr 2 203.0.113.1/24 proto=2\n"
	  "route 198.18.0.0/24 via 192.0.2.9 dev 3\nroute 198.18.1.0/24 via 192.0.2.9 dev 3 table=100", "" },
	{ "ours that nobody wants go, also from links that are not configured",
	  "link lan eth1 192.0.2.1/25",
	  NOW "addr 3 192.0.2.1/25 proto=158\naddr 3 192.0.2.7/25 proto=158\naddr 2 203.0.113.1/24 proto=158\n"
	  "route 198.18.0.0/24 via 192.0.2.9 dev 3 proto=158\nroute 198.18.1.0/24 via 192.0.2.9 dev 3 proto=158 table=100",
	  "- route 198.18.0.0/24 via 192.0.2.9\n- route 198.18.1.0/24 via 192.0.2.9\n"
	  "- address 192.0.2.7/25 on lan\n- address 203.0.113.1/24 on eth0\n" },
	{ "another prefix length: the new one first",
	  "link lan eth1 192.0.2.1/25", NOW "addr 3 192.0.2.1/24 proto=158",
	  "+ address 192.0.2.1/25 on lan\n- address 192.0.2.1/24 on lan\n" },
	{ "somebody else's equal address serves", "link lan eth1 192.0.2.1/25", NOW "addr 3 192.0.2.1/25 proto=0", "" },
	{ "an address moves to another link",
	  "link wan eth0 192.0.2.1/25\nlink lan eth1", NOW "addr 3 192.0.2.1/25 proto=158",
	  "+ address 192.0.2.1/25 on wan\n- address 192.0.2.1/25 on lan\n" },
	{ "a link that is switched off has no addresses and no routes",
	  "link lan eth1 down 192.0.2.1/25\nroute r 203.0.113.0/24 via 192.0.2.9",
	  NOW "addr 3 192.0.2.1/25 proto=158\nroute 203.0.113.0/24 via 192.0.2.9 dev 3 proto=158",
	  "- route 203.0.113.0/24 via 192.0.2.9\n~ link lan (eth1): is up, but not enabled\n- address 192.0.2.1/25 on lan\n" },
	{ "mtu and state in one message", "link lan eth1 mtu=1400", "link 3 eth1 down\n",
	  "~ link lan (eth1): is down; mtu is 1500, not 1400\n" },
	{ "mtu alone", "link lan eth1 mtu=9000", NOW, "~ link lan (eth1): mtu is 1500, not 9000\n" },
	{ "no mtu wanted: what the link has is right", "link lan eth1", "link 3 eth1 mtu=9000\n", "" },
	{ "another next hop replaces",
	  "link lan eth1 192.0.2.1/25\nroute r 203.0.113.0/24 via 192.0.2.9",
	  NOW "addr 3 192.0.2.1/25 proto=158\nroute 203.0.113.0/24 via 192.0.2.8 dev 3 proto=158",
	  "~ route 203.0.113.0/24 via 192.0.2.9: was 203.0.113.0/24 via 192.0.2.8\n" },
	{ "the right next hop on the wrong link replaces",
	  "link lan eth1 192.0.2.1/25\nroute r 203.0.113.0/24 via 192.0.2.9",
	  NOW "addr 3 192.0.2.1/25 proto=158\nroute 203.0.113.0/24 via 192.0.2.9 dev 2 proto=158",
	  "~ route 203.0.113.0/24 via 192.0.2.9: was 203.0.113.0/24 via 192.0.2.9\n" },
	{ "several next hops under our protocol are replaced",
	  "link lan eth1 192.0.2.1/25\nroute r 203.0.113.0/24 via 192.0.2.9",
	  NOW "addr 3 192.0.2.1/25 proto=158\nroute 203.0.113.0/24 proto=158 complex",
	  "~ route 203.0.113.0/24 via 192.0.2.9: was 203.0.113.0/24 on ?\n" },
	{ "another metric is another route",
	  "link lan eth1 192.0.2.1/25\nroute r 203.0.113.0/24 via 192.0.2.9 metric=10",
	  NOW "addr 3 192.0.2.1/25 proto=158\nroute 203.0.113.0/24 via 192.0.2.9 dev 3 proto=158",
	  "+ route 203.0.113.0/24 via 192.0.2.9 metric 10\n- route 203.0.113.0/24 via 192.0.2.9\n" },
	{ "somebody else's equal route serves",
	  "link lan eth1 192.0.2.1/25\nroute r 203.0.113.0/24 via 192.0.2.9",
	  NOW "addr 3 192.0.2.1/25 proto=158\nroute 203.0.113.0/24 via 192.0.2.9 dev 3 proto=4", "" },
	{ "routes on a link come before those that they carry",
	  "link wan eth0\nroute far 203.0.113.0/24 via 198.51.100.9\nroute near 198.51.100.9/32 on wan", NOW,
	  "+ route 198.51.100.9/32 on eth0\n+ route 203.0.113.0/24 via 198.51.100.9\n" },
	{ "a next hop that a foreign address connects",
	  "link lan eth1\nroute r 203.0.113.0/24 via 198.18.0.9", NOW "addr 2 198.18.0.1/24",
	  "+ route 203.0.113.0/24 via 198.18.0.9\n" },
	{ "routes wait for their link", "link lan eth9 192.0.2.1/25\nroute r 203.0.113.0/24 via 192.0.2.9\nroute s 198.18.0.0/24 on lan", NOW,
	  "" },
	{ "the longest prefix leads to the next hop",
	  "link wan eth0 192.0.2.1/24\nlink lan eth1 192.0.2.129/26\nroute r 203.0.113.0/24 via 192.0.2.130",
	  NOW "addr 2 192.0.2.1/24 proto=158\naddr 3 192.0.2.129/26 proto=158\nroute 203.0.113.0/24 via 192.0.2.130 dev 3 proto=158", "" },
};

static void
plans_come_out(void **state)
{
	struct world *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
		w = world_new(plans[i].want, plans[i].have);
		make_plan(w, false);
		expect_plan(w, plans[i].what, plans[i].plan);
		if (w->problems->n > 0)
			fail_msg("%s: %s", plans[i].what, w->problems->items[0].text);
		world_free(w);
	}
}

/* --- problems --- */

static const struct {
	const char	*want;
	const char	*have;
	const char	*path;
	const char	*code;
	const char	*text;
	const char	*plan;
} faults[] = {
	{ "link lan eth9", NOW, "/interfaces/lan", "no-such-link", "there is no link with the name \"eth9\"; did you mean \"eth0\"?", "" },
	{ "link lan enp3s0f1", NOW, "/interfaces/lan", "no-such-link",
	  "there is no link with the name \"enp3s0f1\"; this box has eth0, eth1", "" },
	{ "link wan eth0\nlink lan eth0", NOW, "/interfaces/lan", "link-taken", "eth0 is already the link of interface \"wan\"", "" },
	{ "link lan eth1 mtu=9001", NOW, "/interfaces/lan/mtu", "mtu-range", "eth1 can carry packets of 68 to 9000 bytes, not 9001", "" },
	{ "link lan eth1 192.0.2.1/25\nroute r 203.0.113.0/24 via 198.18.0.1", NOW "addr 3 192.0.2.1/25 proto=158", "/routing/static/r/via",
	  "unreachable-next-hop",
	  "198.18.0.1 is in no network that is connected to this box; give the interface, or an address in its network", "" },
	{ "link lan eth1 192.0.2.1/25\nroute r 0.0.0.0/0 via 192.0.2.9",
	  NOW "addr 3 192.0.2.1/25 proto=158\nroute 0.0.0.0/0 via 192.0.2.8 dev 3 proto=16", "/routing/static/r", "foreign-route",
	  "a route to 0.0.0.0/0 with metric 0 that is not ours (protocol 16, eth1) is in the way; remove it, or give this one "
	  "another metric", "" },
};

static void
problems_name_their_place(void **state)
{
	struct world *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		w = world_new(faults[i].want, faults[i].have);
		make_plan(w, true);
		assert_int_equal(w->problems->n, 1);
		assert_string_equal(w->problems->items[0].path, faults[i].path);
		assert_string_equal(w->problems->items[0].code, faults[i].code);
		assert_string_equal(w->problems->items[0].text, faults[i].text);
		expect_plan(w, faults[i].code, faults[i].plan);
		world_free(w);
	}
}

/* --- what becomes of a connection to the box --- */

#define BOX	"link 2 eth0\nlink 3 eth1\naddr 2 198.51.100.2/24 proto=158\naddr 3 192.0.2.1/25 proto=158\n" \
		"addr 3 2001:db8:2::1/64 proto=158\nroute 192.0.2.0/25 dev 3 proto=2\nroute 198.51.100.0/24 dev 2 proto=2\n" \
		"route 2001:db8:2::/64 dev 3 proto=2 metric=256\nroute 0.0.0.0/0 via 198.51.100.1 dev 2 proto=158\n"
#define WAN	"link wan eth0 198.51.100.2/24\n"
#define LAN	"link lan eth1 192.0.2.1/25 2001:db8:2::1/64\n"
#define DEFAULT	"route out 0.0.0.0/0 via 198.51.100.1\n"

static const struct {
	const char		*want;
	const char		*source;
	const char		*local;
	enum flow_verdict	 verdict;
	const char		*link;
	const char		*path;
	const char		*text;
} flows[] = {
	{ WAN LAN DEFAULT, "192.0.2.10", "192.0.2.1", FLOW_KEPT, "eth1", "", "" },
	{ WAN LAN DEFAULT, "2001:db8:2::10", "2001:db8:2::1", FLOW_KEPT, "eth1", "", "" },
	{ WAN LAN DEFAULT, "203.0.113.9", "198.51.100.2", FLOW_KEPT, "eth0", "", "" },
	{ WAN LAN DEFAULT, "127.0.0.1", "127.0.0.1", FLOW_KEPT, "lo", "", "" },
	{ WAN LAN DEFAULT, "192.0.2.1", "192.0.2.1", FLOW_KEPT, "lo", "", "" },
	/* Another address beside it; an MTU; a route elsewhere. */
	{ WAN "link lan eth1 192.0.2.1/25 192.0.2.7/25 mtu=1400\n" DEFAULT "route lab 203.0.113.0/24 via 192.0.2.9", "192.0.2.10", "192.0.2.1",
	  FLOW_KEPT, "eth1", "", "" },
	{ WAN "link lan eth1 192.0.2.7/25\n" DEFAULT, "192.0.2.10", "192.0.2.1", FLOW_CUT, "eth1", "/interfaces/lan/addresses",
	  "address 192.0.2.1 is removed" },
	{ WAN "link lan eth1 192.0.2.1/25\n" DEFAULT, "2001:db8:2::10", "2001:db8:2::1", FLOW_CUT, "eth1", "/interfaces/lan/addresses",
	  "address 2001:db8:2::1 is removed" },
	{ WAN "link lan eth1 down 192.0.2.1/25\n" DEFAULT, "192.0.2.10", "192.0.2.1", FLOW_CUT, "eth1", "/interfaces/lan",
	  "link eth1 goes down" },
	{ WAN LAN, "203.0.113.9", "198.51.100.2", FLOW_CUT, "eth0", "/routing/static", "there is no route back to 203.0.113.9 any more" },
	{ WAN LAN "route out 0.0.0.0/0 via 198.51.100.7", "203.0.113.9", "198.51.100.2", FLOW_CUT, "eth0", "/routing/static",
	  "the way back to 203.0.113.9 gets another next hop" },
	{ WAN LAN DEFAULT "route lab 203.0.113.0/24 via 192.0.2.9", "203.0.113.9", "198.51.100.2", FLOW_CUT, "eth0", "/routing/static",
	  "the way back to 203.0.113.9 changes from eth0 to eth1" },
	/* A wider prefix on the same link connects as well, with the same address. */
	{ WAN "link lan eth1 192.0.2.1/24\n" DEFAULT, "192.0.2.10", "192.0.2.1", FLOW_KEPT, "eth1", "", "" },
	/* The address stays, its network does not. */
	{ WAN "link lan eth1 192.0.2.1/32\n" DEFAULT, "192.0.2.10", "192.0.2.1", FLOW_CUT, "eth1", "/routing/static",
	  "the way back to 192.0.2.10 changes from eth1 to eth0" },
	{ WAN LAN DEFAULT, "2001:db8:99::1", "2001:db8:2::1", FLOW_UNKNOWN, "", "",
	  "the way back to 2001:db8:99::1 is not in the main table as one next hop" },
	{ WAN LAN DEFAULT, "192.0.2.10", "192.0.2.5", FLOW_UNKNOWN, "", "", "it is not connected to an address of this box" },
};

static void
flows_are_foretold(void **state)
{
	struct ipc_flow f = { .protocol = 6, .source_port = 40000, .local_port = 8443, .link = "" };
	struct actual after;
	struct ipc_verdict v;
	struct world *w;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
		w = world_new(flows[i].want, BOX);
		make_plan(w, false);
		forecast_make(&w->actual, &w->plan, w->arena, &after);
		assert_int_equal(addr_parse(flows[i].source, &f.source), 0);
		assert_int_equal(addr_parse(flows[i].local, &f.local), 0);
		v = forecast_flow(&w->actual, &after, &w->plan, &f);
		if (v.verdict != flows[i].verdict || strcmp(v.link, flows[i].link) != 0 || strcmp(v.path, flows[i].path) != 0 ||
		    strcmp(v.text, flows[i].text) != 0)
			fail_msg("flow %zu from %s: %u \"%s\" \"%s\" \"%s\"", i, flows[i].source, v.verdict, v.link, v.path, v.text);
		world_free(w);
	}
}

/* --- binding --- */

static void
mac_binds_hardware_only(void **state)
{
	struct world *w = world_new("link lan x",
	    "link 2 eth0 mac=00:00:5e:00:53:01\nlink 3 eth1 mac=00:00:5e:00:53:02\n"
	    "link 4 eth1.7 kind=vlan mac=00:00:5e:00:53:02\nlink 5 br0 kind=bridge mac=00:00:5e:00:53:02\n");

	(void)state;
	w->wlinks[0].match = (struct want_match){ .has_mac = true, .mac = { { 0, 0, 0x5e, 0, 0x53, 2 } } };
	make_plan(w, true);
	assert_int_equal(w->problems->n, 0);
	assert_int_equal(w->wlinks[0].index, 3);
	world_free(w);
}

static void
permanent_mac_outlives_a_changed_one(void **state)
{
	struct world *w = world_new("link lan x",
	    "link 2 eth0 perm=00:00:5e:00:53:01 mac=00:00:5e:00:53:99\nlink 3 eth1 perm=00:00:5e:00:53:02 mac=00:00:5e:00:53:01\n");

	(void)state;
	w->wlinks[0].match = (struct want_match){ .has_mac = true, .mac = { { 0, 0, 0x5e, 0, 0x53, 1 } } };
	make_plan(w, true);
	assert_int_equal(w->wlinks[0].index, 2);
	world_free(w);
}

/* Pain 15: a wrong guess would put a network into the wrong zone. */
static void
two_matches_are_refused(void **state)
{
	struct world *w = world_new("link lan x 192.0.2.1/25", "link 2 eth0 mac=00:00:5e:00:53:01\nlink 3 eth1 mac=00:00:5e:00:53:01\n");

	(void)state;
	w->wlinks[0].match = (struct want_match){ .has_mac = true, .mac = { { 0, 0, 0x5e, 0, 0x53, 1 } } };
	make_plan(w, false);
	assert_int_equal(w->problems->n, 1);
	assert_string_equal(w->problems->items[0].code, "ambiguous-link");
	assert_int_equal(w->wlinks[0].index, 0);
	expect_plan(w, "ambiguous", "");
	world_free(w);
}

static void
path_and_altname_bind(void **state)
{
	struct world *w = world_new("link wan x\nlink lan enp0s9", "link 2 eth0 path=pci-0000:00:08.0\nlink 3 eth1 path=pci-0000:00:09.0 alt=enp0s9\n");

	(void)state;
	w->wlinks[0].match = (struct want_match){ .path = "pci-0000:00:08.0" };
	make_plan(w, true);
	assert_int_equal(w->problems->n, 0);
	assert_int_equal(w->wlinks[0].index, 2);
	assert_int_equal(w->wlinks[1].index, 3);
	assert_string_equal(w->wlinks[1].kernel_name, "eth1");
	world_free(w);
}

/* --- what narrows comes before what widens --- */

/* Before the firewall: "1 ..."; after it: "2 ...". */
static void
phases_text(const struct world *w, struct buf *b)
{
	uint32_t i;

	buf_puts(b, "");
	for (i = 0; i < w->plan.n; i++) {
		buf_printf(b, "%u ", w->plan.ops[i].phase);
		op_format(&w->plan.ops[i], b);
		buf_putc(b, '\n');
	}
}

#define ONE	"link lan eth1 192.0.2.1/25\n"
#define THERE	NOW "addr 3 192.0.2.1/25 proto=158\n"

static const struct {
	const char	*what;
	const char	*want;
	const char	*have;
	const char	*plan;
} orders[] = {
	{ "a way that ends, and nothing else leads there: before the firewall",
	  ONE, THERE "route 203.0.113.0/24 via 192.0.2.9 dev 3 proto=158\n", "1 - route 203.0.113.0/24 via 192.0.2.9\n" },
	{ "a way that ends where another one begins: after the firewall, whose new policy judges it",
	  ONE "route d 0.0.0.0/0 via 192.0.2.9",
	  THERE "route 203.0.113.0/24 via 192.0.2.9 dev 3 proto=158\nroute 0.0.0.0/0 via 192.0.2.9 dev 3 proto=158",
	  "2 - route 203.0.113.0/24 via 192.0.2.9\n" },
	{ "a new way: after the firewall",
	  ONE "route r 203.0.113.0/24 via 192.0.2.9", THERE, "2 + route 203.0.113.0/24 via 192.0.2.9\n" },
	{ "one ends, one begins: one instant, after the firewall",
	  ONE "route r 203.0.113.0/24 via 192.0.2.9", THERE "route 198.18.0.0/24 via 192.0.2.9 dev 3 proto=158\n",
	  "2 + route 203.0.113.0/24 via 192.0.2.9\n2 - route 198.18.0.0/24 via 192.0.2.9\n" },
	{ "each family has its own instant",
	  ONE "route r 2001:db8:9::/48 via 2001:db8::9 on lan", THERE "route 198.18.0.0/24 via 192.0.2.9 dev 3 proto=158\n",
	  "1 - route 198.18.0.0/24 via 192.0.2.9\n2 + route 2001:db8:9::/48 via 2001:db8::9\n" },
	{ "what routes stand on comes before them, and goes after them",
	  "link lan eth1\nlink wan eth0 198.51.100.2/24\nroute r 203.0.113.0/24 via 198.51.100.9",
	  "link 2 eth0 down\nlink 3 eth1\naddr 3 192.0.2.1/25 proto=158\nroute 203.0.113.0/24 via 192.0.2.9 dev 3 proto=158",
	  "1 ~ link wan (eth0): is down\n1 + address 198.51.100.2/24 on wan\n"
	  "2 ~ route 203.0.113.0/24 via 198.51.100.9: was 203.0.113.0/24 via 192.0.2.9\n2 - address 192.0.2.1/25 on lan\n" },
	{ "a link goes down when nothing leads there any more: it would take its routes along one by one",
	  "link lan eth1 down 192.0.2.1/25\nlink wan eth0 198.51.100.2/24\nroute d 0.0.0.0/0 via 198.51.100.9",
	  THERE "addr 2 198.51.100.2/24 proto=158\nroute 0.0.0.0/0 via 192.0.2.9 dev 3 proto=158",
	  "2 ~ route 0.0.0.0/0 via 198.51.100.9: was 0.0.0.0/0 via 192.0.2.9\n2 ~ link lan (eth1): is up, but not enabled\n"
	  "2 - address 192.0.2.1/25 on lan\n" },
	{ "forwarding: the last of all",
	  ONE "route r 203.0.113.0/24 via 192.0.2.9\nforwarding 1", THERE "addr 3 192.0.2.7/25 proto=158\n",
	  "2 + route 203.0.113.0/24 via 192.0.2.9\n2 - address 192.0.2.7/25 on lan\n2 ~ ipv4 forwarding: is 0, not 1\n" },
	{ "no forwarding: the first of all",
	  ONE "route r 203.0.113.0/24 via 192.0.2.9\nforwarding 0", NOW "route 198.18.0.0/24 via 192.0.2.9 dev 3 proto=158\n",
	  "1 ~ ipv4 forwarding: is 1, not 0\n1 + address 192.0.2.1/25 on lan\n2 + route 203.0.113.0/24 via 192.0.2.9\n"
	  "2 - route 198.18.0.0/24 via 192.0.2.9\n" },
};

static void
what_narrows_comes_first(void **state)
{
	struct world *w;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		w = world_new(orders[i].want, orders[i].have);
		make_plan(w, false);
		buf_init(&b, 0);
		phases_text(w, &b);
		if (strcmp((const char *)b.data, orders[i].plan) != 0)
			fail_msg("%s: expected\n%sgot\n%s", orders[i].what, orders[i].plan, (const char *)b.data);
		buf_fini(&b);
		world_free(w);
	}
}

/* --- memory --- */

static void
old_kernels_need_memory(void **state)
{
	struct world *w = world_new("link lan eth1", NOW "addr 3 192.0.2.1/25\naddr 3 192.0.2.2/25");

	(void)state;
	memory_address_add(w->memory, 3, &w->addrs[0].prefix);
	make_plan(w, true);
	expect_plan(w, "memory", "- address 192.0.2.1/25 on lan\n");
	memory_address_remove(w->memory, 3, &w->addrs[0].prefix);
	make_plan(w, true);
	expect_plan(w, "forgotten", "");
	world_free(w);
}

static void
mtu_goes_back_to_what_it_was(void **state)
{
	struct world *w = world_new("link lan eth1", "link 3 eth1 mtu=1400\n");

	(void)state;
	memory_mtu_before(w->memory, 3, 1480);
	memory_mtu_before(w->memory, 3, 1400);		/* the first holds */
	make_plan(w, true);
	expect_plan(w, "mtu", "~ link lan (eth1): mtu is 1400, not 1480\n");
	world_free(w);
}

static void
set_sysctl(struct sysctls *s, uint8_t id, uint32_t value)
{
	s->has |= 1u << id;
	s->values[id] = value;
}

static void
sysctls_are_set_when_they_differ(void **state)
{
	struct want_sysctl s[] = {
		{ .id = SYSCTL_IP_FORWARD, .widens = true, .path = "/routing", .value = 1 },
		{ .id = SYSCTL_IP6_ACCEPT_RA, .interface = "lan", .path = "/interfaces/lan", .value = 0 },
		{ .id = SYSCTL_RP_FILTER, .interface = "gone", .path = "/interfaces/gone", .value = 2 },
		{ .id = SYSCTL_LINK_FORWARD, .widens = true, .interface = "lan", .path = "/interfaces/lan", .value = 1 },
	};
	struct world *w = world_new("link lan eth1\nlink gone eth7", NOW);

	(void)state;
	w->desired.sysctls = s;
	w->desired.nsysctls = 4;
	make_plan(w, false);
	expect_plan(w, "a kernel that has none", "");
	set_sysctl(&w->actual.sysctls, SYSCTL_IP_FORWARD, 0);
	set_sysctl(&w->links[1].sysctls, SYSCTL_IP6_ACCEPT_RA, 1);
	set_sysctl(&w->links[1].sysctls, SYSCTL_LINK_FORWARD, 0);
	make_plan(w, false);
	expect_plan(w, "sysctls", "~ accept_ra of lan: is 1, not 0\n~ ipv4 forwarding: is 0, not 1\n");
	assert_int_equal(plan_count(&w->plan, COMMIT_APPLY), 1);	/* forwarding waits for the firewall */
	assert_int_equal(op_class(&w->plan.ops[0]), DRIFT_CRITICAL);
	assert_int_equal(op_area(&w->plan.ops[0]), DRIFT_SYSCTLS);
	set_sysctl(&w->links[1].sysctls, SYSCTL_IP6_ACCEPT_RA, 0);
	set_sysctl(&w->actual.sysctls, SYSCTL_IP_FORWARD, 1);
	make_plan(w, false);
	expect_plan(w, "that of a link alone", "~ ipv4 forwarding of lan: is 0, not 1\n");
	set_sysctl(&w->links[1].sysctls, SYSCTL_LINK_FORWARD, 1);
	make_plan(w, false);
	expect_plan(w, "sysctls again", "");
	world_free(w);
}

/* --- ports that nobody configured --- */

#define FRESH	"link 1 lo down\nlink 2 eth0 down\nlink 3 eth1 down\nlink 4 br0 down kind=bridge\nlink 5 eth2 down\nlink 6 eth3\nlink 7 eth4 down\n" \
		"addr 5 192.0.2.9/32\n"

static struct world *
fresh_world(const char *want)
{
	struct world *w = world_new(want, FRESH);

	w->links[0].type = ARPHRD_LOOPBACK;
	w->links[6].master = 4;
	return w;
}

static void
ports_wake_while_nothing_is_configured(void **state)
{
	struct world *w = fresh_world("");

	(void)state;
	set_sysctl(&w->links[1].sysctls, SYSCTL_IP6_DISABLE, 0);
	set_sysctl(&w->links[2].sysctls, SYSCTL_IP6_DISABLE, 1);
	make_plan(w, false);
	expect_plan(w, "ports", "~ disable_ipv6 of eth0: is 0, not 1\n~ port eth0: is down; it comes up so that its cable is seen\n"
	    "~ port eth1: is down; it comes up so that its cable is seen\n");
	assert_int_equal(op_class(&w->plan.ops[1]), DRIFT_INFO);
	/* Once: whoever takes it down again means it. */
	memory_port_add(w->memory, 2, false);
	memory_port_add(w->memory, 3, true);
	make_plan(w, false);
	expect_plan(w, "once", "");
	world_free(w);
}

static void
ports_settle_with_the_first_interface(void **state)
{
	struct world *w = fresh_world("link wan eth1");
	struct want_sysctl on = { .id = SYSCTL_IP6_DISABLE, .interface = "wan", .path = "/interfaces/wan", .value = 0 };
	uint32_t i;

	(void)state;
	for (i = 1; i <= 2; i++) {
		w->links[i].flags |= IFF_UP;
		set_sysctl(&w->links[i].sysctls, SYSCTL_IP6_DISABLE, 1);
		memory_port_add(w->memory, w->links[i].index, false);
	}
	memory_port_add(w->memory, 9, false);		/* pulled out */
	make_plan(w, false);
	expect_plan(w, "settled", "~ port eth0: is up for the first start alone\n~ disable_ipv6 of eth0: is 1, not 0\n~ disable_ipv6 of wan: is 1, not 0\n");
	assert_int_equal(plan_count(&w->plan, COMMIT_REMOVE), 3);
	/* An address of IPv6 switches it on by itself, and one that somebody gave a port is a use of it. */
	w->desired.sysctls = &on;
	w->desired.nsysctls = 1;
	w->addrs[0].index = 2;
	make_plan(w, false);
	expect_plan(w, "in use", "~ disable_ipv6 of wan: is 1, not 0\n~ disable_ipv6 of eth0: is 1, not 0\n");
	memory_ports_forget(w->memory);
	w->desired.nsysctls = 0;
	make_plan(w, false);
	expect_plan(w, "nothing to do with us", "");
	world_free(w);
}

static void
host_settings_are_set_when_they_differ(void **state)
{
	struct world *w = world_new("link lan eth1", NOW);

	(void)state;
	w->desired.hostname = "edge1";
	w->desired.time_zone = "UTC";
	make_plan(w, false);
	expect_plan(w, "not read", "");
	w->actual.has_host = true;
	w->actual.hostname = "edge0";
	w->actual.time_zone = "";
	make_plan(w, false);
	expect_plan(w, "host", "~ host name: is edge0, not edge1\n~ time zone: is none, not UTC\n");
	w->actual.hostname = "edge1";
	w->actual.time_zone = NULL;
	make_plan(w, false);
	expect_plan(w, "a zone that is no link", "~ time zone: is none, not UTC\n");
	assert_int_equal(op_class(&w->plan.ops[0]), DRIFT_INFO);
	w->actual.time_zone = "UTC";
	make_plan(w, false);
	expect_plan(w, "host again", "");
	world_free(w);
}

static void
the_resolver_goes_back(void **state)
{
	struct world *w = world_new("link lan eth1", NOW);

	(void)state;
	w->actual.has_host = true;
	w->actual.resolv_conf = "nameserver 192.0.2.53\n";
	/* Never changed by us: nothing to take back. */
	memory_text_set(w->memory, MEMORY_RESOLV_CONF_BEFORE, "nameserver 192.0.2.53\n");
	make_plan(w, false);
	expect_plan(w, "untouched", "");
	w->desired.resolv_conf = RESOLV_CONF_HEAD "nameserver 198.51.100.53\n";
	make_plan(w, false);
	expect_plan(w, "set", "~ resolver: has another content\n");
	w->actual.resolv_conf = w->desired.resolv_conf;
	memory_text_set(w->memory, MEMORY_RESOLV_CONF, w->desired.resolv_conf);
	make_plan(w, false);
	expect_plan(w, "there", "");
	w->actual.resolv_conf = NULL;
	make_plan(w, false);
	expect_plan(w, "a link", "~ resolver: is a link, or no text\n");
	w->actual.resolv_conf = w->desired.resolv_conf;
	w->desired.resolv_conf = NULL;
	make_plan(w, false);
	expect_plan(w, "back", "~ resolver: has another content\n");
	assert_string_equal(w->plan.ops[0].text, "nameserver 192.0.2.53\n");
	/* Back, it is none of our business whatever it says. */
	memory_text_set(w->memory, MEMORY_RESOLV_CONF, NULL);
	w->actual.resolv_conf = "nameserver 192.0.2.54\n";
	make_plan(w, false);
	expect_plan(w, "not ours", "");
	world_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans_come_out), cmocka_unit_test(flows_are_foretold), cmocka_unit_test(problems_name_their_place),
		cmocka_unit_test(mac_binds_hardware_only), cmocka_unit_test(permanent_mac_outlives_a_changed_one),
		cmocka_unit_test(two_matches_are_refused), cmocka_unit_test(path_and_altname_bind), cmocka_unit_test(what_narrows_comes_first),
		cmocka_unit_test(old_kernels_need_memory), cmocka_unit_test(mtu_goes_back_to_what_it_was),
		cmocka_unit_test(ports_wake_while_nothing_is_configured), cmocka_unit_test(ports_settle_with_the_first_interface),
		cmocka_unit_test(sysctls_are_set_when_they_differ), cmocka_unit_test(host_settings_are_set_when_they_differ),
		cmocka_unit_test(the_resolver_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
