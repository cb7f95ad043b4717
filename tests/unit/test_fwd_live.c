/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Ranges that overlap and end at different times, against a table of every address; members for a time. */
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "ipc/msg.h"

#include "live.h"

#define FOREVER	UINT64_MAX

static struct live_range
range(uint8_t lo, uint8_t hi, uint64_t end)
{
	return (struct live_range){ .family = NFPROTO_IPV4, .lo = { 192, 0, 2, lo }, .hi = { 192, 0, 2, hi }, .expires_ms = end };
}

static uint64_t
later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* 0: it is no member; what ends never is told as FOREVER. */
static void
paint(const struct live_ranges *r, uint64_t ends[256])
{
	uint32_t i;
	unsigned a;

	memset(ends, 0, 256 * sizeof(*ends));
	for (i = 0; i < r->n; i++)
		for (a = r->items[i].lo[3]; a <= r->items[i].hi[3]; a++)
			ends[a] = later(ends[a], r->items[i].expires_ms == 0 ? FOREVER : r->items[i].expires_ms);
}

static void
overlaps_are_resolved(void **state)
{
	uint64_t want[256], have[256];
	unsigned round, i, n, lo, hi;

	(void)state;
	srandom(4711);
	for (round = 0; round < 20000; round++) {
		struct arena *a = arena_new(0);
		struct live_ranges r = { 0 };

		for (i = 0, n = (unsigned)random() % 12; i < n; i++) {
			lo = (unsigned)random() % 256;
			hi = lo + (unsigned)random() % (round % 2 == 0 ? 256 - lo : 3);
			struct live_range one = range((uint8_t)lo, (uint8_t)(hi > 255 ? 255 : hi), (uint64_t)random() % 4 * 1000);

			live_ranges_add(a, &r, &one);
		}
		paint(&r, want);
		live_ranges_flatten(a, &r);
		paint(&r, have);
		assert_memory_equal(want, have, sizeof(want));
		for (i = 1; i < r.n; i++)
			assert_true(memcmp(r.items[i - 1].hi, r.items[i].lo, 16) < 0);
		arena_free(a);
	}
}

static void
the_whole_of_a_family_is_a_range(void **state)
{
	struct live_range all = { .family = NFPROTO_IPV6, .expires_ms = 5 }, one = { .family = NFPROTO_IPV6 };
	struct live_ranges r = { 0 };
	struct arena *a = arena_new(0);

	(void)state;
	memset(all.hi, 0xff, sizeof(all.hi));
	memset(one.lo, 0xff, sizeof(one.lo));
	memset(one.hi, 0xff, sizeof(one.hi));
	live_ranges_add(a, &r, &all);
	live_ranges_add(a, &r, &one);
	live_ranges_flatten(a, &r);
	assert_int_equal(r.n, 2);
	assert_int_equal(r.items[0].hi[15], 0xfe);
	assert_int_equal(r.items[1].expires_ms, 0);
	arena_free(a);
}

static struct ipc_temporary
entry(uint64_t id, const char *group, uint64_t left_ms)
{
	return (struct ipc_temporary){ .id = id, .group = group, .address = { .family = ADDR_V4, .bytes = { 192, 0, 2, (uint8_t)id } }, .length = 32,
	    .left_ms = left_ms };
}

static void
an_end_stays_where_it_is(void **state)
{
	struct ipc_temporary all[2] = { entry(1, "a", 5000), entry(2, "b", 9000) };
	struct live_ranges r = { 0 };
	struct arena *a = arena_new(0);
	struct live *l = live_new();
	uint32_t generation;

	(void)state;
	assert_int_equal(live_temporary_set(l, all, 2, 1000), 0);
	assert_int_equal(live_next_end(l), 6000);
	/* Told again later, a little off; and once really moved. */
	all[0].left_ms = 4100;
	assert_int_equal(live_temporary_set(l, all, 2, 2000), 0);
	assert_int_equal(live_next_end(l), 6000);
	all[0].left_ms = 2000;
	assert_int_equal(live_temporary_set(l, all, 2, 2000), 0);
	assert_int_equal(live_next_end(l), 4000);
	live_restore(l);
	assert_int_equal(live_next_end(l), 6000);
	generation = live_generation(l);
	assert_false(live_purge(l, 5999));
	assert_int_equal(live_generation(l), generation);
	assert_true(live_purge(l, 6000));
	assert_int_not_equal(live_generation(l), generation);
	assert_int_equal(live_last_end(l), 6000);
	live_add_temporary(l, "a", a, &r);
	assert_int_equal(r.n, 0);
	live_add_temporary(l, "b", a, &r);
	assert_int_equal(r.n, 1);
	live_free(l);
	arena_free(a);
}

static void
what_cannot_be_is_refused(void **state)
{
	struct ipc_temporary bad = entry(1, "a", 1000);
	struct live *l = live_new();

	(void)state;
	assert_int_equal(live_temporary_set(l, &bad, 1, 0), 0);
	bad.length = 33;
	assert_int_equal(live_temporary_set(l, &bad, 1, 0), -EINVAL);
	bad = entry(1, "a", UINT64_MAX);
	assert_int_equal(live_temporary_set(l, &bad, 1, 5), -EINVAL);
	bad = entry(1, "a", 1000);
	bad.address.family = ADDR_NONE;
	assert_int_equal(live_temporary_set(l, &bad, 1, 0), -EINVAL);
	assert_int_equal(live_next_end(l), 1000);
	live_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(overlaps_are_resolved),
		cmocka_unit_test(the_whole_of_a_family_is_a_range),
		cmocka_unit_test(an_end_stays_where_it_is),
		cmocka_unit_test(what_cannot_be_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
