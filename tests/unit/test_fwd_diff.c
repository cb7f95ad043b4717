/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Differences between two forms: a model of the kernel's chain carries them out, on random sequences of rules, and must end with the new
 * sequence in which every unchanged rule that did not move is the old one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "diff.h"
#include "ir.h"

#define RULES_MAX	12
#define ROUNDS		20000

static struct ir *
make(const unsigned *ids, const unsigned *versions, unsigned n)
{
	struct ir *ir;
	struct ir_draft d;
	struct ir_chain *c;
	char id[16];
	unsigned i;

	ir = ir_new();
	c = ir_chain_get(ir, "c");
	for (i = 0; i < n; i++) {
		(void)snprintf(id, sizeof(id), "r%u", ids[i]);
		d.n = 0;
		ir_match_u8(&d, IR_L4PROTO, (uint8_t)versions[i]);
		ir_put(&d, IR_ACCEPT);
		ir_rule_add(ir, c, ir_origin_new(ir, id, "", IR_ACTION_ACCEPT), &d);
	}
	return ir;
}

/* --- a chain as the kernel has it: handles in order */
struct model {
	uint64_t	handles[2 * RULES_MAX];
	uint64_t	hashes[2 * RULES_MAX];
	unsigned	n;
	uint64_t	next;
};

static unsigned
position(const struct model *m, uint64_t handle)
{
	unsigned i;

	for (i = 0; i < m->n; i++)
		if (m->handles[i] == handle)
			return i;
	fail_msg("no rule has the handle %llu", (unsigned long long)handle);
	return 0;
}

static void
carry_out(struct model *m, const struct change *c)
{
	unsigned at;

	if (c->kind == CHANGE_RULE_ADD) {
		at = c->old != NULL ? position(m, c->old->handle) : m->n;
		memmove(&m->handles[at + 1], &m->handles[at], (m->n - at) * sizeof(m->handles[0]));
		memmove(&m->hashes[at + 1], &m->hashes[at], (m->n - at) * sizeof(m->hashes[0]));
		m->n++;
	} else {
		at = position(m, c->old->handle);
	}
	if (c->kind == CHANGE_RULE_REMOVE) {
		m->n--;
		memmove(&m->handles[at], &m->handles[at + 1], (m->n - at) * sizeof(m->handles[0]));
		memmove(&m->hashes[at], &m->hashes[at + 1], (m->n - at) * sizeof(m->hashes[0]));
		return;
	}
	m->handles[at] = m->next++;
	m->hashes[at] = c->rule->hash;
	c->rule->handle = m->handles[at];
}

static void
fill(struct model *m, struct ir *ir)
{
	struct ir_rule *r;

	memset(m, 0, sizeof(*m));
	m->next = 1;
	for (r = ir_chain_get(ir, "c")->first; r != NULL; r = r->next) {
		r->handle = m->next++;
		m->handles[m->n] = r->handle;
		m->hashes[m->n++] = r->hash;
	}
}

static void
check(const struct model *m, struct ir *ir)
{
	const struct ir_rule *r;
	unsigned i;

	for (r = ir_chain_get(ir, "c")->first, i = 0; r != NULL; r = r->next, i++) {
		assert_true(i < m->n);
		assert_true(m->hashes[i] == r->hash);
		assert_true(m->handles[i] == r->handle);
	}
	assert_int_equal(i, m->n);
}

static unsigned
random_sequence(unsigned *ids, unsigned *versions)
{
	unsigned i, k, n, swap;

	for (i = 0; i < RULES_MAX; i++)
		ids[i] = i;
	for (i = RULES_MAX - 1; i > 0; i--) {
		/* Mostly in order, so that there is something to keep. */
		k = random() % 4 != 0 ? i : (unsigned)random() % (i + 1);
		swap = ids[i];
		ids[i] = ids[k];
		ids[k] = swap;
	}
	n = (unsigned)random() % (RULES_MAX + 1);
	for (i = 0; i < n; i++)
		versions[i] = random() % 5 == 0;
	return n;
}

static void
test_random(void **state)
{
	unsigned ids[RULES_MAX], versions[RULES_MAX], n, round, i;
	struct ir *old, *next;
	struct model m;
	struct diff d;

	(void)state;
	srandom(1);
	for (round = 0; round < ROUNDS; round++) {
		n = random_sequence(ids, versions);
		old = make(ids, versions, n);
		n = random_sequence(ids, versions);
		next = make(ids, versions, n);
		fill(&m, old);
		diff_make(&d, old, next);
		assert_false(d.is_impossible);
		for (i = 0; i < d.n; i++)
			carry_out(&m, &d.items[i]);
		check(&m, next);
		diff_fini(&d);
		ir_free(old);
		ir_free(next);
	}
}

static void
expect(const unsigned *a, unsigned na, const unsigned *b, unsigned nb, unsigned changes)
{
	static const unsigned versions[RULES_MAX];
	struct ir *old, *next;
	struct diff d;

	old = make(a, versions, na);
	next = make(b, versions, nb);
	diff_make(&d, old, next);
	assert_int_equal(d.n, changes);
	diff_fini(&d);
	ir_free(old);
	ir_free(next);
}

/* No more is touched than must be. */
static void
test_least(void **state)
{
	static const unsigned all[] = { 0, 1, 2, 3, 4, 5 }, moved[] = { 5, 0, 1, 2, 3, 4 }, without[] = { 0, 1, 3, 4, 5 };

	(void)state;
	expect(all, 6, all, 6, 0);
	expect(all, 6, without, 5, 1);
	expect(without, 5, all, 6, 1);
	expect(all, 6, moved, 6, 2);	/* taken out, put in */
	expect(all, 6, all, 0, 6);
}

/* --- sets */
static struct ir *
make_set(const uint8_t (*ranges)[2], unsigned n)
{
	static const uint8_t field = IR_SADDR4;
	struct ir_elem *e;
	struct ir_set *s;
	struct ir *ir;
	unsigned i;

	ir = ir_new();
	s = ir_set_new(ir, "s", IR_SET_INTERVAL, &field, 1);
	for (i = 0; i < n; i++) {
		e = ir_set_add(ir, s);
		e->lo[3] = ranges[i][0];
		e->hi[3] = ranges[i][1];
	}
	ir_set_seal(ir, s);
	return ir;
}

static void
test_intervals_merge(void **state)
{
	static const uint8_t ranges[][2] = { { 20, 30 }, { 1, 4 }, { 5, 9 }, { 25, 40 }, { 50, 50 }, { 2, 3 }, { 255, 255 } };
	struct ir *ir;
	struct ir_set *s;

	(void)state;
	ir = make_set(ranges, 7);
	s = ir_set_find(ir, "s");
	assert_int_equal(s->n, 4);
	assert_true(s->elems[0].lo[3] == 1 && s->elems[0].hi[3] == 9);
	assert_true(s->elems[1].lo[3] == 20 && s->elems[1].hi[3] == 40);
	assert_true(s->elems[2].lo[3] == 50 && s->elems[3].lo[3] == 255);
	ir_free(ir);
}

static void
test_elements(void **state)
{
	static const uint8_t a[][2] = { { 1, 4 }, { 10, 20 }, { 30, 30 } }, b[][2] = { { 1, 4 }, { 10, 21 }, { 40, 40 } };
	struct ir *old, *next;
	struct diff d;
	unsigned i, removed, added;

	(void)state;
	old = make_set(a, 3);
	next = make_set(b, 3);
	diff_make(&d, old, next);
	for (i = 0, removed = 0, added = 0; i < d.n; i++) {
		if (d.items[i].kind == CHANGE_ELEM_REMOVE) {
			assert_int_equal(added, 0);	/* room first */
			removed++;
		} else {
			assert_int_equal(d.items[i].kind, CHANGE_ELEM_ADD);
			added++;
		}
	}
	assert_int_equal(removed, 2);
	assert_int_equal(added, 2);
	diff_fini(&d);
	ir_free(old);
	ir_free(next);
}

/* What cannot be told apart is not changed in place: one of them would be lost. */
static void
test_two_of_one_name(void **state)
{
	struct ir *old = make((unsigned[]){ 1, 1 }, (unsigned[]){ 1, 2 }, 2), *next = make((unsigned[]){ 3, 1, 1 }, (unsigned[]){ 9, 1, 3 }, 3);
	struct diff d;

	(void)state;
	diff_make(&d, old, next);
	assert_true(d.is_impossible);
	diff_fini(&d);
	ir_free(old);
	ir_free(next);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_intervals_merge),
		cmocka_unit_test(test_elements),
		cmocka_unit_test(test_two_of_one_name)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
