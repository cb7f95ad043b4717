/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is remembered of connections, for how long, and what goes when there is no room. */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flowlog.h"

#define NOW	(1000ull * FLOWLOG_KEEP_MS)

static struct flow
flow_of(uint32_t host, uint16_t client_port, uint16_t port)
{
	struct flow f = { .protocol = IPPROTO_TCP };

	f.original.source = (struct addr){ .family = ADDR_V4, .bytes = { 198, 18, (uint8_t)(host >> 8), (uint8_t)host } };
	f.original.destination = (struct addr){ .family = ADDR_V4, .bytes = { 203, 0, 113, 10 } };
	f.original.source_port = client_port;
	f.original.destination_port = port;
	f.reply.source = f.original.destination;
	f.reply.destination = f.original.source;
	f.reply.source_port = port;
	f.reply.destination_port = client_port;
	return f;
}

static void
add(struct flowlog *l, struct flow f, uint64_t now_ms)
{
	flowlog_add(l, &f, now_ms);
}

static unsigned
count(const struct flowlog *l, uint64_t now_ms)
{
	uint32_t at = 0;
	unsigned n = 0;

	while (flowlog_next(l, &at, now_ms) != NULL)
		n++;
	return n;
}

static void
test_clients_ports_are_one(void **state)
{
	struct flowlog *l = flowlog_new();
	const struct flowlog_entry *e;
	uint32_t at = 0;

	(void)state;
	add(l, flow_of(1, 40000, 443), NOW);
	add(l, flow_of(1, 40001, 443), NOW + 5);
	assert_int_equal(count(l, NOW + 5), 1);
	e = flowlog_next(l, &at, NOW + 5);
	assert_true(e->first_ms == NOW && e->last_ms == NOW + 5);
	assert_int_equal(e->flow.original.source_port, 40001);
	add(l, flow_of(1, 40000, 80), NOW);
	add(l, flow_of(2, 40000, 443), NOW);
	assert_int_equal(count(l, NOW + 5), 3);
	flowlog_free(l);
}

static void
test_a_day(void **state)
{
	struct flowlog *l = flowlog_new();

	(void)state;
	add(l, flow_of(1, 40000, 443), NOW);
	assert_int_equal(count(l, NOW + FLOWLOG_KEEP_MS), 1);
	assert_int_equal(count(l, NOW + FLOWLOG_KEEP_MS + 1), 0);
	flowlog_free(l);
}

/* Bounded, and what was seen last is there. */
static void
test_the_longest_unseen_goes(void **state)
{
	struct flowlog *l = flowlog_new();
	const struct flowlog_entry *e;
	uint32_t host, at = 0;
	unsigned latest = 0;

	(void)state;
	for (host = 0; host < 4 * FLOWLOG_SIZE; host++)
		add(l, flow_of(host, 40000, (uint16_t)(host >> 16 | 1)), NOW + host);
	assert_true(count(l, NOW + host) <= FLOWLOG_SIZE);
	while ((e = flowlog_next(l, &at, NOW + host)) != NULL)
		latest += e->last_ms >= NOW + 4 * FLOWLOG_SIZE - 1000;
	assert_int_equal(latest, 1000);
	flowlog_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_clients_ports_are_one),
		cmocka_unit_test(test_a_day),
		cmocka_unit_test(test_the_longest_unseen_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
