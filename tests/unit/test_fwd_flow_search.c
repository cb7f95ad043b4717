/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of a table of connections: filters, order, and cursors that neither leave out nor repeat. */
#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "net/nlmsg.h"

#include "flow_search.h"

#define N	1000

static struct buf dump;

static void
put_end(uint16_t type, unsigned host, bool is_reply, uint8_t protocol, uint16_t sport, uint16_t dport)
{
	uint8_t lan[4] = { 192, 0, 2, (uint8_t)host }, wan[4] = { 203, 0, 113, (uint8_t)(host % 7) };
	size_t tuple = nlattr_begin(&dump, type), nest = nlattr_begin(&dump, CTA_TUPLE_IP);
	uint16_t s = htons(sport), d = htons(dport);

	nlattr_put(&dump, CTA_IP_V4_SRC, is_reply ? wan : lan, 4);
	nlattr_put(&dump, CTA_IP_V4_DST, is_reply ? lan : wan, 4);
	nlattr_end(&dump, nest);
	nest = nlattr_begin(&dump, CTA_TUPLE_PROTO);
	nlattr_put_u8(&dump, CTA_PROTO_NUM, protocol);
	nlattr_put(&dump, CTA_PROTO_SRC_PORT, is_reply ? &d : &s, 2);
	nlattr_put(&dump, CTA_PROTO_DST_PORT, is_reply ? &s : &d, 2);
	nlattr_end(&dump, nest);
	nlattr_end(&dump, tuple);
}

static void
put_counters(uint16_t type, uint64_t bytes)
{
	size_t nest = nlattr_begin(&dump, type);

	nlattr_put_be64(&dump, CTA_COUNTERS_PACKETS, 1);
	nlattr_put_be64(&dump, CTA_COUNTERS_BYTES, bytes);
	nlattr_end(&dump, nest);
}

/* Number n of a table in which ids are mixed and many sort keys are the same. */
static void
put_flow(unsigned n)
{
	struct nfgenmsg g = { .nfgen_family = AF_INET };
	uint8_t protocol = n % 3 == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	uint16_t port = (uint16_t)(n % 2 == 0 ? 443 : 8000 + n % 20);
	size_t at = nlmsg_begin(&dump, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, 0, 0, &g, sizeof(g)), nest, tcp;

	put_end(CTA_TUPLE_ORIG, n % 200, false, protocol, (uint16_t)(1024 + n), port);
	put_end(CTA_TUPLE_REPLY, n % 200, true, protocol, (uint16_t)(1024 + n), port);
	nlattr_put_be32(&dump, CTA_ID, n * 2654435761u);
	nlattr_put_be32(&dump, CTA_MARK, n % 5);
	nlattr_put_be32(&dump, CTA_TIMEOUT, n % 10);
	put_counters(CTA_COUNTERS_ORIG, n % 50 * 100);
	put_counters(CTA_COUNTERS_REPLY, 7);
	if (protocol == IPPROTO_TCP) {
		nest = nlattr_begin(&dump, CTA_PROTOINFO);
		tcp = nlattr_begin(&dump, CTA_PROTOINFO_TCP);
		nlattr_put_u8(&dump, CTA_PROTOINFO_TCP_STATE, n % 4 == 0 ? TCP_CONNTRACK_TIME_WAIT : TCP_CONNTRACK_ESTABLISHED);
		nlattr_end(&dump, tcp);
		nlattr_end(&dump, nest);
	}
	nlmsg_end(&dump, at);
}

static const char *
zone_of(const struct addr *a, void *arg)
{
	(void)arg;
	return a->bytes[0] == 192 ? "lan" : a->bytes[3] == 6 ? NULL : "wan";
}

static const struct flow_places places = { .zone = zone_of };

static struct flow_search *
search(struct arena *a, const struct query_term *terms, uint32_t n)
{
	const char *why = NULL;
	struct flow_search *s = flow_search_new(terms, n, &places, a, &why);

	if (s == NULL)
		fail_msg("%s", why);
	flow_search_run(s, dump.data, dump.len);
	assert_int_equal(flow_search_total(s), N);
	return s;
}

static void
test_filters(void **state)
{
	static const struct {
		const char	*name;
		const char	*value;
		unsigned	 n;
	} cases[] = {
		{ "filter[protocol]", "udp", 334 }, { "filter[protocol]", "17", 334 }, { "filter[protocol]", "tcp,udp", N },
		{ "filter[state]", "time-wait", 166 }, { "filter[state]", "unreplied", 334 }, { "filter[state]", "nonsense", 0 },
		{ "filter[source]", "192.0.2.7", 5 }, { "filter[source]", "192.0.2.0/29", 40 }, { "filter[destination]", "192.0.2.7", 0 },
		{ "filter[address]", "203.0.113.6", 140 }, { "filter[destination-port]", "443", 500 }, { "filter[destination-port]", "8001,8003", 100 },
		{ "filter[port]", "8000-8005", 150 }, { "filter[mark]", "0", 200 }, { "filter[mark]", "1-2", 400 }, { "filter[bytes]", "4907", 20 },
		{ "filter[to]", "wan", 860 }, { "filter[to]", "", 140 }, { "filter[from]", "wan", 0 }, { "filter[id]", "2654435761", 1 },
	};
	struct arena *a;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct query_term t = { cases[i].name, cases[i].value };

		a = arena_new(0);
		if (flow_search_matched(search(a, &t, 1)) != cases[i].n)
			fail_msg("%s=%s: %u", t.name, t.value, flow_search_matched(search(a, &t, 1)));
		arena_free(a);
	}
}

static void
test_two_filters(void **state)
{
	struct query_term t[] = { { "filter[protocol]", "tcp" }, { "filter[source]", "192.0.2.0/29" } };
	struct arena *a = arena_new(0);

	(void)state;
	assert_int_equal(flow_search_matched(search(a, t, 2)), 26);
	arena_free(a);
}

static uint64_t
bytes_of(const struct flow *f)
{
	return f->bytes[0] + f->bytes[1];
}

/* All pages, one after another, have each connection once and in order. */
static void
pages(const char *sort, bool is_down)
{
	struct query_term t[] = { { "sort", sort }, { "limit", "37" }, { "cursor", "" } };
	static bool seen[N];
	uint64_t last = is_down ? UINT64_MAX : 0;
	char cursor[200] = "";
	const struct flow *f;
	struct flow_search *s;
	struct arena *a;
	unsigned i, all = 0;

	memset(seen, 0, sizeof(seen));
	do {
		a = arena_new(0);
		t[2].value = cursor;
		s = search(a, t, cursor[0] != '\0' ? 3 : 2);
		for (i = 0; (f = flow_search_get(s, i)) != NULL; i++, all++) {
			assert_false(seen[f->original.source_port - 1024]);
			seen[f->original.source_port - 1024] = true;
			assert_true(is_down ? bytes_of(f) <= last : bytes_of(f) >= last);
			last = bytes_of(f);
		}
		(void)snprintf(cursor, sizeof(cursor), "%s", flow_search_next(s) != NULL ? flow_search_next(s) : "");
		arena_free(a);
	} while (cursor[0] != '\0');
	assert_int_equal(all, N);
}

static void
test_pages(void **state)
{
	(void)state;
	pages("bytes", false);
	pages("-bytes", true);
}

static void
test_nonsense(void **state)
{
	static const struct query_term cases[] = {
		{ "filter[color]", "red" }, { "filter[source]", "nowhere" }, { "filter[port]", "x" }, { "filter[port]", "9-8" }, { "sort", "color" },
		{ "limit", "0" }, { "limit", "501" }, { "cursor", "abc" }, { "cursor", "0123456789abcdef.00.1" }, { "other", "1" },
	};
	struct arena *a = arena_new(0);
	const char *why;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		why = NULL;
		assert_null(flow_search_new(&cases[i], 1, &places, a, &why));
		assert_non_null(why);
	}
	arena_free(a);
}

/* A cursor of another search would leave out what it does not know. */
static void
test_foreign_cursor(void **state)
{
	struct query_term t[] = { { "sort", "-bytes" }, { "limit", "10" } }, other[] = { { "sort", "bytes" }, { "cursor", "" } };
	struct arena *a = arena_new(0);
	const char *why = NULL;

	(void)state;
	other[1].value = flow_search_next(search(a, t, 2));
	assert_non_null(other[1].value);
	assert_null(flow_search_new(other, 2, &places, a, &why));
	assert_string_equal(why, "the cursor is not of this search");
	arena_free(a);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_two_filters),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_nonsense),
		cmocka_unit_test(test_foreign_cursor),
	};
	unsigned i;
	int r;

	buf_init(&dump, 0);
	for (i = 0; i < N; i++)
		put_flow(i);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&dump);
	return r;
}
