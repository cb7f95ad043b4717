/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The forms that are proven, and faults that must be found. */
#include <string.h>

#include "case.h"
#include "compile.h"
#include "ir_field.h"
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
	{ "wrong-deed", wrong_deed, true },
	{ "wrong-order", wrong_order, true },
	{ "wrong-edge", wrong_edge, true },
};
const unsigned n_forms = sizeof(forms) / sizeof(forms[0]);
