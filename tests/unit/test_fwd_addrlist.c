/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of addresses: one form for the same addresses, and sums and differences that are right for every address of a small world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "addrlist.h"

#define WORLD	256	/* addresses: the last byte */
#define ROUNDS	2000

static struct prefix
prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse_host(text, &p), 0);
	return p;
}

static struct addrlist *
make(uint8_t len, const char *const *texts, unsigned n)
{
	struct addrlist_draft d;
	struct prefix p;
	unsigned i;

	addrlist_draft_init(&d, len);
	for (i = 0; i < n; i++) {
		p = prefix(texts[i]);
		addrlist_draft_prefix(&d, &p);
	}
	return addrlist_make(&d);
}

static void
test_one_form(void **state)
{
	static const char *const a[] = { "192.0.2.128/25", "2001:db8::1", "192.0.2.0/25", "192.0.2.7", "198.51.100.1", "198.51.100.1" };
	static const char *const b[] = { "198.51.100.1", "192.0.2.77/24" };
	static const uint8_t first[] = { 192, 0, 2, 0 }, last[] = { 192, 0, 2, 255 };
	struct addrlist *x = make(4, a, 6), *y = make(4, b, 2), *six = make(16, a, 6);

	(void)state;
	assert_int_equal(x->n, 2);
	assert_true(x->has_ranges);
	assert_memory_equal(addrlist_first(x, 0), first, 4);
	assert_memory_equal(addrlist_last(x, 0), last, 4);
	assert_true(addrlist_equal(x, y) && x->digest == y->digest);
	assert_int_equal(six->n, 1);
	assert_false(six->has_ranges || addrlist_equal(x, six));
	addrlist_unref(x);
	addrlist_unref(y);
	addrlist_unref(six);
}

/* A neighbour or two do not make intervals of a list of hosts. */
static void
test_hosts_stay_hosts(void **state)
{
	static const char *const some[] = { "192.0.2.1", "192.0.2.3", "192.0.2.4", "192.0.2.6", "192.0.2.8" };
	struct addrlist *l = make(4, some, 5);

	(void)state;
	assert_int_equal(l->n, 5);
	assert_false(l->has_ranges);
	addrlist_unref(l);
	l = make(4, some, 3);
	assert_int_equal(l->n, 2);
	assert_true(l->has_ranges);
	addrlist_unref(l);
}

static void
test_edges(void **state)
{
	static const char *const all[] = { "0.0.0.0/0", "192.0.2.1" }, *const end[] = { "255.255.255.254/31", "0.0.0.0" };
	static const char *const six[] = { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/1" };
	struct addrlist *everything = make(4, all, 2), *last = make(4, end, 2), *x = make(16, six, 2), *rest, *none = make(4, NULL, 0);
	static const uint8_t zero[16], ones[16] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };
	uint8_t key[16];

	(void)state;
	assert_int_equal(everything->n, 1);
	assert_int_equal(none->n, 0);
	assert_false(addrlist_has(none, zero));
	assert_true(addrlist_has(last, ones) && addrlist_has(last, zero));
	assert_true(addrlist_has(x, ones) && addrlist_has(x, zero));
	rest = addrlist_minus(everything, last, UINT32_MAX);
	assert_int_equal(rest->n, 1);
	assert_false(addrlist_has(rest, ones) || addrlist_has(rest, zero));
	addrlist_unref(rest);
	rest = addrlist_minus(last, everything, UINT32_MAX);
	assert_int_equal(rest->n, 0);
	addrlist_unref(rest);
	assert_false(addrlist_after(key, ones, 4) || addrlist_before(key, zero, 16));
	addrlist_unref(everything);
	addrlist_unref(last);
	addrlist_unref(x);
	addrlist_unref(none);
}

static unsigned
below(unsigned n)
{
	static uint32_t state = 1;

	state = state * 1664525u + 1013904223u;
	return (state >> 8) % n;
}

/* Random intervals, and for each address whether it is in. */
static struct addrlist *
random_list(uint8_t len, bool *has)
{
	struct addrlist_draft d;
	uint8_t first[16] = { 198, 18 }, last[16] = { 198, 18 };
	unsigned n = below(12), i, a, b;

	addrlist_draft_init(&d, len);
	memset(has, 0, WORLD * sizeof(*has));
	for (i = 0; i < n; i++) {
		a = below(WORLD);
		b = below(2) == 0 ? a : a + below(WORLD - a);
		first[len - 1] = (uint8_t)a;
		last[len - 1] = (uint8_t)b;
		addrlist_draft_add(&d, first, last);
		for (; a <= b; a++)
			has[a] = true;
	}
	return addrlist_make(&d);
}

/* No two of its intervals overlap, none touch unless all are hosts, and it has just those. */
static void
assert_list(const struct addrlist *l, const bool *has)
{
	uint8_t key[16] = { 198, 18 }, after[16];
	uint32_t i;

	for (i = 0; i < WORLD; i++) {
		key[l->len - 1] = (uint8_t)i;
		assert_int_equal(addrlist_has(l, key), has[i]);
	}
	for (i = 1; i < l->n; i++)
		assert_true(addrlist_after(after, addrlist_last(l, i - 1), l->len) &&
		    memcmp(after, addrlist_first(l, i), l->len) < (l->has_ranges ? 0 : 1));
}

static void
test_algebra(void **state)
{
	bool a[WORLD], b[WORLD], minus[WORLD], plus[WORLD];
	struct addrlist *x, *y, *m, *p;
	unsigned round, i;

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		x = random_list(round % 2 == 0 ? 4 : 16, a);
		y = random_list(x->len, b);
		/* Often nearly the same: what they share is passed over at once. */
		if (round % 3 == 0) {
			addrlist_unref(y);
			y = addrlist_ref(x);
			memcpy(b, a, sizeof(b));
		}
		m = addrlist_minus(x, y, UINT32_MAX);
		p = addrlist_plus(x, y);
		for (i = 0; i < WORLD; i++) {
			minus[i] = a[i] && !b[i];
			plus[i] = a[i] || b[i];
		}
		assert_list(x, a);
		assert_list(m, minus);
		assert_list(p, plus);
		addrlist_unref(x);
		addrlist_unref(y);
		addrlist_unref(m);
		addrlist_unref(p);
	}
}

/* Long ones, where the way over what is the same is taken in strides. */
static void
test_long(void **state)
{
	struct addrlist_draft d[2];
	struct addrlist *x, *y, *m;
	uint8_t key[4];
	uint32_t i, v;

	(void)state;
	addrlist_draft_init(&d[0], 4);
	addrlist_draft_init(&d[1], 4);
	for (i = 0; i < 100000; i++) {
		v = 0xc6120000u + (i * 7919u) % 100003u * 2;
		key[0] = (uint8_t)(v >> 24);
		key[1] = (uint8_t)(v >> 16);
		key[2] = (uint8_t)(v >> 8);
		key[3] = (uint8_t)v;
		addrlist_draft_add(&d[0], key, key);
		if (i != 12345 && i != 777)
			addrlist_draft_add(&d[1], key, key);
	}
	x = addrlist_make(&d[0]);
	y = addrlist_make(&d[1]);
	assert_int_equal(x->n, 100000);
	m = addrlist_minus(x, y, UINT32_MAX);
	assert_int_equal(m->n, 2);
	addrlist_unref(m);
	assert_null(addrlist_minus(x, y, 1));
	m = addrlist_minus(y, x, UINT32_MAX);
	assert_int_equal(m->n, 0);
	addrlist_unref(m);
	addrlist_unref(x);
	addrlist_unref(y);
}

#define ITEMS	6000	/* of a list of several pieces */

/* Each in a block of 16 keys of its own, which only the last byte tells apart. */
static void
put_block(struct addrlist_draft *d, uint32_t block, uint8_t width)
{
	uint8_t first[16] = { 198 }, last[16];
	uint32_t v = block * 16;
	unsigned len = d->len;

	first[len - 3] = (uint8_t)(v >> 16);
	first[len - 2] = (uint8_t)(v >> 8);
	first[len - 1] = (uint8_t)v;
	memcpy(last, first, len);
	last[len - 1] |= width;
	addrlist_draft_add(d, first, last);
}

/* width[i] - 1: how much further than its first key the interval of block i goes; 0: there is none. */
static struct addrlist *
blocks(uint8_t len, const uint8_t *width)
{
	struct addrlist_draft d;
	uint32_t i;

	addrlist_draft_init(&d, len);
	for (i = 0; i < ITEMS; i++)
		if (width[i] > 0)
			put_block(&d, i, width[i] - 1);
	return addrlist_make(&d);
}

/* What x has in each block and y has not: both begin at the first key, so it is what is longer. */
static void
assert_minus(const struct addrlist *x, const uint8_t *a, const struct addrlist *y, const uint8_t *b)
{
	struct addrlist *m = addrlist_minus(x, y, UINT32_MAX), *want;
	struct addrlist_draft d;
	uint8_t first[16] = { 198 }, last[16];
	uint32_t i, v;

	addrlist_draft_init(&d, x->len);
	for (i = 0; i < ITEMS; i++) {
		if (a[i] <= b[i])
			continue;
		v = i * 16;
		first[x->len - 3] = (uint8_t)(v >> 16);
		first[x->len - 2] = (uint8_t)(v >> 8);
		first[x->len - 1] = (uint8_t)(v + b[i]);
		memcpy(last, first, x->len);
		last[x->len - 1] = (uint8_t)(v + a[i] - 1);
		addrlist_draft_add(&d, first, last);
	}
	want = addrlist_make(&d);
	assert_true(addrlist_equal(m, want));
	addrlist_unref(m);
	addrlist_unref(want);
}

/* Lists of many pieces that differ here and there, at their ends too: in who is there, or only in how far it goes. */
static void
test_pieces(void **state)
{
	static uint8_t a[ITEMS], b[ITEMS];
	struct addrlist *x, *y, *same;
	unsigned round, i, most;

	(void)state;
	for (round = 0; round < 60; round++) {
		most = round % 3 == 0 ? 1 : 8;
		for (i = 0; i < ITEMS; i++)
			a[i] = (uint8_t)(below(4) == 0 ? 0 : 1 + below(most));
		memcpy(b, a, sizeof(b));
		for (i = below(4); i > 0; i--)
			b[below(ITEMS)] = (uint8_t)below(most + 1);
		if (round % 5 == 0)
			b[0] = b[ITEMS - 1] = (uint8_t)below(most + 1);
		x = blocks(round % 2 == 0 ? 4 : 16, a);
		y = blocks(x->len, b);
		same = blocks(x->len, a);
		assert_true(x->n_pieces > 1 && x->n_pieces < ITEMS / 16);
		assert_true(addrlist_equal(x, same));
		assert_int_equal(addrlist_equal(x, y), memcmp(a, b, sizeof(a)) == 0);
		assert_minus(x, a, y, b);
		assert_minus(y, b, x, a);
		assert_minus(x, a, same, a);
		addrlist_unref(x);
		addrlist_unref(y);
		addrlist_unref(same);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_form), cmocka_unit_test(test_hosts_stay_hosts), cmocka_unit_test(test_edges),
		cmocka_unit_test(test_algebra), cmocka_unit_test(test_long), cmocka_unit_test(test_pieces)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
