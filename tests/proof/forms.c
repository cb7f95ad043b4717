/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms that are proven, and faults that must be found. */
#include <string.h>

#include "base/arena.h"

#include "addrlist.h"
#include "case.h"
#include "compile.h"
#include "ir_field.h"
#include "ir_list.h"
#include "pass.h"

static struct ir *
straight(const struct fw_policy *p)
{
	return compile(p, NULL);
}

static struct ir *
optimised(const struct fw_policy *p)
{
	struct ir *ir = compile(p, NULL);

	passes(ir);
	return ir;
}

/* Whatever can be a map is one, since random policies are small. */
static struct ir *
all_maps(const struct fw_policy *p)
{
	struct ir *ir = compile(p, NULL);

	pass_maps(ir, 2);
	return ir;
}

/* And what can be in an element is. */
static struct ir *
all_elements(const struct fw_policy *p)
{
	struct ir *ir = compile(p, NULL);

	pass_maps(ir, 1);
	pass_elements(ir);
	return ir;
}

/* A base that some day was right: without its first interval, and with what lies between that and the next one. */
static void
age(struct ir *ir, struct ir_list *l)
{
	struct addrlist *base;
	struct addrlist_draft d;
	uint8_t key[IR_VALUE_MAX];
	uint32_t i;

	if (l->wanted->n == 0)
		return;
	addrlist_draft_init(&d, l->wanted->len);
	for (i = 1; i < l->wanted->n; i++)
		addrlist_draft_add(&d, addrlist_first(l->wanted, i), addrlist_last(l->wanted, i));
	if (addrlist_after(key, addrlist_last(l->wanted, 0), l->wanted->len))
		addrlist_draft_add(&d, key, key);
	base = addrlist_make(&d);
	(void)ir_list_place_on(ir, l, base, 0);
	addrlist_unref(base);
}

/* What is written in a rule, as a group. */
static void
name_addresses(struct policy_endpoint *e, const char *id, const char *end, struct arena *a)
{
	struct policy_addresses *criteria = arena_alloc(a, e->n + 1, sizeof(*criteria));
	unsigned i;

	if (e->n > 0)
		memcpy(criteria, e->criteria, e->n * sizeof(*criteria));
	e->criteria = criteria;
	for (i = 0; i < e->n; i++)
		if (e->criteria[i].name == NULL) {
			e->criteria[i].name = arena_printf(a, "group.%s-%s-%u", id, end, i);
			e->criteria[i].path = "";
		}
}

/* Each group is a long list, of which something has been added and taken away since it was loaded. */
static struct ir *
all_lists(const struct fw_policy *p)
{
	struct arena *a = arena_new(0);
	struct fw_policy policy = *p;
	struct ir_list *l;
	struct ir *ir;
	uint32_t i;

	policy.list_min = 1;
	policy.rules = arena_alloc(a, p->n_rules + 1, sizeof(*p->rules));
	for (i = 0; i < p->n_rules; i++) {
		policy.rules[i] = p->rules[i];
		name_addresses(&policy.rules[i].source, p->rules[i].id, "source", a);
		name_addresses(&policy.rules[i].destination, p->rules[i].id, "destination", a);
	}
	ir = compile(&policy, NULL);
	arena_free(a);
	pass_maps(ir, 2);
	for (l = ir->lists; l != NULL; l = l->next)
		age(ir, l);
	ir_rehash(ir);
	return ir;
}

/* --- faults */
static bool
is_configured(const struct ir_rule *r)
{
	return strchr(r->origin->id, ':') == NULL;
}

/* One rule's deed turned around. */
static struct ir *
wrong_deed(const struct fw_policy *p)
{
	struct ir *ir = straight(p);
	struct ir_chain *c;
	struct ir_stmt *s;
	struct ir_rule *r;

	for (c = ir->chains; c != NULL; c = c->next) {
		for (r = c->first; r != NULL; r = r->next) {
			s = &r->stmts[r->n - 1];
			if (!is_configured(r) || (s->kind != IR_ACCEPT && s->kind != IR_DROP))
				continue;
			s->kind = s->kind == IR_ACCEPT ? IR_DROP : IR_ACCEPT;
			return ir;
		}
	}
	return ir;
}

/* One element's deed turned around. */
static struct ir *
wrong_element(const struct fw_policy *p)
{
	struct ir *ir = all_elements(p);
	struct ir_set *s;
	uint32_t i;

	for (s = ir->sets; s != NULL; s = s->next)
		for (i = 0; i < s->n; i++)
			if (s->elems[i].rule != NULL && is_configured(s->elems[i].rule)) {
				s->elems[i].rule->stmts[1].kind = s->elems[i].rule->stmts[1].kind == IR_ACCEPT ? IR_DROP : IR_ACCEPT;
				return ir;
			}
	return ir;
}

/* Two neighbours of different rules change places, in each chain. */
static struct ir *
wrong_order(const struct fw_policy *p)
{
	struct ir *ir = straight(p);
	struct ir_chain *c;
	struct ir_rule *a, *b;

	for (c = ir->chains; c != NULL; c = c->next) {
		a = c->first;
		b = a != NULL ? a->next : NULL;
		if (b == NULL || a->origin == b->origin || !is_configured(a) || !is_configured(b))
			continue;
		a->next = b->next;
		b->next = a;
		c->first = b;
		if (c->last == b)
			c->last = a;
	}
	return ir;
}

/* Intervals end one too early. */
static struct ir *
wrong_edge(const struct fw_policy *p)
{
	struct ir *ir = straight(p);
	struct ir_chain *c;
	struct ir_rule *r;
	unsigned i;

	for (c = ir->chains; c != NULL; c = c->next)
		for (r = c->first; r != NULL; r = r->next)
			for (i = 0; i < r->n; i++)
				if (r->stmts[i].kind == IR_MATCH && r->stmts[i].cmp == IR_RANGE)
					r->stmts[i].match.hi[ir_field_info(r->stmts[i].field)->len - 1]--;
	return ir;
}

const struct form forms[] = {
	{ "straight", straight, false },
	{ "optimised", optimised, false },
	{ "all-maps", all_maps, false },
	{ "all-elements", all_elements, false },
	{ "all-lists", all_lists, false },
	{ "wrong-deed", wrong_deed, true },
	{ "wrong-element", wrong_element, true },
	{ "wrong-order", wrong_order, true },
	{ "wrong-edge", wrong_edge, true },
};
const unsigned n_forms = sizeof(forms) / sizeof(forms[0]);
