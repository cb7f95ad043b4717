/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Boxes, what is left of them, rules as boxes, and who covers what; against the plain way of going through all values of a small world. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "boxes.h"
#include "cover.h"
#include "ir.h"
#include "rule_boxes.h"

#define WORLD	12	/* values of each of three dimensions that are tried */

static struct box
box_of(uint8_t family, unsigned daddr_lo, unsigned daddr_hi, unsigned dport_lo, unsigned dport_hi)
{
	struct box b;

	box_init(&b);
	b.family = family;
	b.lo[BOX_DADDR] = daddr_lo;
	b.hi[BOX_DADDR] = daddr_hi;
	b.lo[BOX_DPORT] = dport_lo;
	b.hi[BOX_DPORT] = dport_hi;
	return b;
}

static bool
has(const struct box *b, uint8_t family, unsigned daddr, unsigned dport)
{
	return (b->family == NFPROTO_UNSPEC || b->family == family) && daddr >= b->lo[BOX_DADDR] && daddr <= b->hi[BOX_DADDR] &&
	    dport >= b->lo[BOX_DPORT] && dport <= b->hi[BOX_DPORT];
}

static struct box
random_box(void)
{
	static const uint8_t families[] = { NFPROTO_UNSPEC, NFPROTO_IPV4, NFPROTO_IPV6 };
	unsigned a = (unsigned)random() % WORLD, p = (unsigned)random() % WORLD;

	return box_of(families[random() % 3], a, a + (unsigned)random() % WORLD, p, p + (unsigned)random() % WORLD);
}

/* In how many of the boxes is the point? */
static unsigned
count(const struct box *boxes, unsigned n, uint8_t family, unsigned daddr, unsigned dport)
{
	unsigned i, found = 0;

	for (i = 0; i < n; i++)
		found += has(&boxes[i], family, daddr, dport) ? 1 : 0;
	return found;
}

static void
each_point(void (*check)(uint8_t, unsigned, unsigned, void *), void *arg)
{
	static const uint8_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	unsigned f, a, p;

	for (f = 0; f < 2; f++)
		for (a = 0; a < 2 * WORLD; a++)
			for (p = 0; p < 2 * WORLD; p++)
				check(families[f], a, p, arg);
}

struct difference {
	struct box	a, b, parts[BOX_PARTS];
	unsigned	n;
};

static void
check_difference(uint8_t family, unsigned daddr, unsigned dport, void *arg)
{
	const struct difference *d = arg;
	bool is_left = has(&d->a, family, daddr, dport) && !has(&d->b, family, daddr, dport);

	assert_int_equal(count(d->parts, d->n, family, daddr, dport), is_left ? 1 : 0);
}

static void
test_subtract(void **state)
{
	struct difference d;
	unsigned i;

	(void)state;
	for (i = 0; i < 300; i++) {
		do {
			d.a = random_box();
			d.b = random_box();
		} while (!box_meets(&d.a, &d.b));
		box_clamp(&d.a);
		d.n = box_subtract(&d.a, &d.b, d.parts);
		each_point(check_difference, &d);
	}
}

/* Of all addresses of IPv4 nothing is left behind the last one. */
static void
test_bounds(void **state)
{
	struct box all, half[2], parts[BOX_PARTS];

	(void)state;
	box_init(&all);
	all.family = NFPROTO_IPV4;
	box_clamp(&all);
	half[0] = box_of(NFPROTO_IPV4, 0, INT32_MAX, 0, UINT16_MAX);
	half[1] = box_of(NFPROTO_IPV4, (unsigned)INT32_MAX + 1, UINT32_MAX, 0, UINT16_MAX);
	assert_int_equal(box_subtract(&all, &half[0], parts), 1);
	assert_int_equal(box_subtract(&parts[0], &half[1], parts), 0);
}

static void
test_index(void **state)
{
	struct box boxes[200], *found[200], b;
	struct boxes s;
	unsigned i, k, n, meeting;
	struct boxes_budget budget;

	(void)state;
	boxes_init(&s, 1u << BOX_DADDR | 1u << BOX_DPORT);
	for (i = 0; i < 200; i++) {
		boxes[i] = random_box();
		boxes_add(&s, &boxes[i]);
	}
	for (i = 0; i < 200; i++) {
		b = random_box();
		for (k = 0, n = 0; k < 200; k++)
			n += box_meets(&boxes[k], &b) ? 1 : 0;
		budget = (struct boxes_budget){ .left = 1000 };
		assert_int_equal(boxes_meet(&s, &b, &budget), n > 0);
		meeting = boxes_meeting(&s, &b, found, 200);
		assert_int_equal(meeting, n);
		for (k = 0; k < n; k++)
			assert_true(box_meets(found[k], &b));
		assert_int_equal(boxes_meeting(&s, &b, found, 1), n);
	}
	/* Who is asked too much says yes. */
	b = box_of(NFPROTO_UNSPEC, 0, 4 * WORLD, 0, 4 * WORLD);
	budget = (struct boxes_budget){ .left = 3 };
	assert_true(boxes_meet(&s, &b, &budget));
	assert_int_equal(budget.n_asked, 1);
	assert_int_equal(budget.most, 200);
	boxes_fini(&s);
}

/* --- who covers what */

struct covering {
	const struct box	*pieces;
	unsigned		 n;
	const struct box	*asked;
	bool			 is_whole;
};

static void
check_whole(uint8_t family, unsigned daddr, unsigned dport, void *arg)
{
	struct covering *c = arg;

	if (has(c->asked, family, daddr, dport) && count(c->pieces, c->n, family, daddr, dport) == 0)
		c->is_whole = false;
}

static void
test_cover(void **state)
{
	struct ir_origin origins[8];
	const struct ir_origin *witnesses[COVER_WITNESSES];
	struct box pieces[8], named[8], asked;
	struct covering c;
	struct arena *arena;
	struct cover *cover;
	unsigned i, k, n, whole = 0;

	(void)state;
	for (i = 0; i < 400; i++) {
		arena = arena_new(0);
		cover = cover_new(arena);
		for (k = 0; k < 8; k++) {
			pieces[k] = random_box();
			cover_add(cover, &pieces[k], 1u << BOX_DADDR | 1u << BOX_DPORT, &origins[k]);
		}
		asked = random_box();
		c = (struct covering){ .pieces = pieces, .n = 8, .asked = &asked, .is_whole = true };
		each_point(check_whole, &c);
		assert_int_equal(cover_ask(cover, &asked, witnesses, &n), c.is_whole ? COVER_WHOLLY : COVER_NOT);
		whole += c.is_whole ? 1 : 0;
		/* The witnesses do it alone, and none of them is too much. */
		for (k = 0; k < n; k++)
			named[k] = pieces[witnesses[k] - origins];
		for (k = 0; c.is_whole && k < n; k++) {
			c = (struct covering){ .pieces = named, .n = n, .asked = &asked, .is_whole = true };
			each_point(check_whole, &c);
			assert_true(c.is_whole);
			named[k] = box_of(NFPROTO_IPV4, 9999, 9999, 9999, 9999);
			each_point(check_whole, &c);
			assert_false(c.is_whole);
			named[k] = pieces[witnesses[k] - origins];
			c.is_whole = true;
		}
		cover_free(cover);
		arena_free(arena);
	}
	assert_true(whole > 20);
}

/* --- rules as boxes */

static void
put_u8(struct ir_draft *d, enum ir_field field, uint8_t value)
{
	ir_match_u8(d, field, value);
}

static void
test_rules(void **state)
{
	static const uint8_t net[4] = { 192, 0, 2, 0 }, low[2] = { 0, 80 }, high[2] = { 0, 90 };
	struct ir *ir = ir_new();
	struct ir_draft d = { .n = 0 };
	struct ir_origin *o = ir_origin_new(ir, "web", "/firewall/rules/web", IR_ACTION_ACCEPT);
	struct arena *arena = arena_new(0);
	struct rule_boxes r;
	struct ir_rule *rule;

	(void)state;
	put_u8(&d, IR_NFPROTO, NFPROTO_IPV4);
	ir_match_prefix(&d, IR_SADDR4, IR_PREFIX, net, 24);
	put_u8(&d, IR_L4PROTO, IPPROTO_TCP);
	ir_match(&d, IR_DPORT, IR_RANGE, low, high);
	ir_match_prefix(&d, IR_DADDR4, IR_NOT_PREFIX, net, 24);
	ir_put(&d, IR_COUNTER);
	ir_put(&d, IR_ACCEPT);
	rule = ir_rule_add(ir, ir_chain_get(ir, "pair.lan.wan"), o, &d);
	rule_boxes_make(&r, rule, arena);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.dims, 1u << BOX_SADDR | 1u << BOX_PROTOCOL | 1u << BOX_DPORT);
	assert_int_equal(r.family, NFPROTO_IPV4);
	assert_int_equal(r.boxes[0].family, NFPROTO_IPV4);
	assert_true(r.boxes[0].lo[BOX_SADDR] == 0xc0000200 && r.boxes[0].hi[BOX_SADDR] == 0xc00002ff);
	assert_true(r.boxes[0].lo[BOX_DPORT] == 80 && r.boxes[0].hi[BOX_DPORT] == 90);
	assert_false(r.is_exact);
	/* What no box says is left: not that network, the counter, the verdict. */
	assert_int_equal(r.n_rest, 3);
	assert_int_equal(r.rest[0].cmp, IR_NOT_PREFIX);
	arena_free(arena);
	ir_free(ir);
}

/* Ports say nothing without a protocol that has them. */
static void
test_ports_alone(void **state)
{
	static const uint8_t port[2] = { 0, 80 };
	struct ir *ir = ir_new();
	struct ir_draft d = { .n = 0 };
	struct ir_origin *o = ir_origin_new(ir, "web", "", IR_ACTION_ACCEPT);
	struct arena *arena = arena_new(0);
	struct rule_boxes r;

	(void)state;
	ir_match(&d, IR_DPORT, IR_EQ, port, NULL);
	ir_put(&d, IR_ACCEPT);
	rule_boxes_make(&r, ir_rule_add(ir, ir_chain_get(ir, "c"), o, &d), arena);
	assert_int_equal(r.dims, 0);
	assert_int_equal(r.n_rest, 2);
	arena_free(arena);
	ir_free(ir);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subtract),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_cover),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_ports_alone),
	};

	srandom(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
