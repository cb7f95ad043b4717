/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "xdp/list.h"

#define LISTS	40
#define ASKED	800

/* xorshift64*: the same lists in every run. */
static uint64_t	state_ = 0x2545f4914f6cdd1dull;

static uint64_t
random64(void)
{
	state_ ^= state_ >> 12;
	state_ ^= state_ << 25;
	state_ ^= state_ >> 27;
	return state_ * 0x2545f4914f6cdd1dull;
}

/* Few values, so that prefixes and addresses meet. */
static struct addr
random_addr(bool is_v6)
{
	static const uint8_t bytes[] = { 0, 1, 0x20, 0x7f, 0x80, 0xfe, 0xff };
	struct addr a = { .family = is_v6 ? ADDR_V6 : ADDR_V4 };
	unsigned i;

	for (i = 0; i < (is_v6 ? 16u : 4u); i++)
		a.bytes[i] = random64() % 4 == 0 ? (uint8_t)random64() : bytes[random64() % sizeof(bytes)];
	return a;
}

static bool
is_in(const struct prefix *items, uint32_t n, const struct addr *a)
{
	struct prefix p;
	uint32_t i;

	for (i = 0; i < n; i++) {
		p = prefix_network(&items[i]);
		if (prefix_contains(&p, a))
			return true;
	}
	return false;
}

/* An address at, or just beside, an end of a prefix. */
static struct addr
edge(const struct prefix *p)
{
	struct addr a = prefix_network(p).addr;
	unsigned len = addr_len(&a), i;
	int step = (int)(random64() % 3) - 1;

	if (random64() % 2 == 0)
		for (i = p->len; i < len * 8; i++)
			a.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	for (i = len; step != 0 && i-- > 0;) {
		a.bytes[i] = (uint8_t)(a.bytes[i] + step);
		if (a.bytes[i] != (step > 0 ? 0 : 0xff))
			break;
	}
	return a;
}

static void
check(const struct prefix *items, uint32_t n)
{
	const struct xdp_prefixes parts[] = { { items, n / 3 }, { items + n / 3, n - n / 3 } };
	struct xdp_list *l;
	struct addr a;
	unsigned i;

	assert_int_equal(xdp_list_new(parts, 2, &l), 0);
	for (i = 0; i < ASKED; i++) {
		a = n > 0 && random64() % 2 == 0 ? edge(&items[random64() % n]) : random_addr(random64() % 2);
		assert_int_equal(xdp_list_has(l, &a), is_in(items, n, &a));
	}
	xdp_list_free(l);
}

static void
test_any_list(void **state)
{
	static struct prefix items[300];
	unsigned k, i, n, shortest;

	(void)state;
	for (k = 0; k < LISTS; k++) {
		n = (unsigned)(random64() % (sizeof(items) / sizeof(items[0])));
		shortest = (unsigned)(random64() % 33);
		for (i = 0; i < n; i++) {
			items[i].addr = random_addr(random64() % 3 == 0);
			items[i].len = (uint8_t)(shortest + random64() % (addr_len(&items[i].addr) * 8 + 1 - shortest));
		}
		check(items, n);
	}
}

static void
test_whole_families(void **state)
{
	struct prefix p[3];

	(void)state;
	assert_int_equal(prefix_parse("0.0.0.0/0", &p[0]), 0);
	assert_int_equal(prefix_parse("::/0", &p[1]), 0);
	assert_int_equal(prefix_parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128", &p[2]), 0);
	check(p, 0);
	check(p, 1);
	check(p + 1, 2);
	check(p, 3);
}

static void
test_sizes(void **state)
{
	const struct xdp_prefixes none = { NULL, 0 };
	struct xdp_prefixes one;
	struct prefix p[4];
	struct xdp_list *l, *other;

	(void)state;
	assert_int_equal(xdp_list_new(&none, 1, &l), 0);
	assert_int_equal(xdp_list_slots(l), 0);
	assert_null(l->groups);
	xdp_list_free(l);
	/* Two halves of a network of 24 bits share a block, a whole one needs none; IPv6 that touches becomes one range. */
	assert_int_equal(prefix_parse("192.0.2.0/25", &p[0]), 0);
	assert_int_equal(prefix_parse("192.0.2.128/25", &p[1]), 0);
	assert_int_equal(prefix_parse("2001:db8::/33", &p[2]), 0);
	assert_int_equal(prefix_parse("2001:db8:8000::/33", &p[3]), 0);
	one = (struct xdp_prefixes){ p, 4 };
	assert_int_equal(xdp_list_new(&one, 1, &l), 0);
	assert_int_equal(l->nblocks, 1);
	assert_int_equal(l->nranges, 1);
	/* In another order it is the same. */
	p[0] = p[3];
	assert_int_equal(prefix_parse("192.0.2.0/25", &p[3]), 0);
	assert_int_equal(xdp_list_new(&one, 1, &other), 0);
	assert_int_equal(l->digest, other->digest);
	xdp_list_free(other);
	one.n = 3;
	assert_int_equal(xdp_list_new(&one, 1, &other), 0);
	assert_int_not_equal(l->digest, other->digest);
	xdp_list_free(other);
	xdp_list_free(l);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_list),
		cmocka_unit_test(test_whole_families),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
