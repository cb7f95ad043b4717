/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ir.h"
#include "ir_flowtable.h"
#include "mem.h"

bool
ir_rule_is_flow(const struct ir_rule *r)
{
	return r->n > 0 && r->stmts[r->n - 1].kind == IR_FLOW;
}

static void
copy_pairs(struct ir *ir, const struct ir_offload *from, struct ir_offload *to)
{
	uint32_t i;

	to->pairs = mem_alloc(ir->arena, from->n, sizeof(*to->pairs));
	for (i = 0; i < from->n; i++) {
		to->pairs[i] = from->pairs[i];
		to->pairs[i].from = mem_strdup(ir->arena, from->pairs[i].from);
		to->pairs[i].to = mem_strdup(ir->arena, from->pairs[i].to);
		to->pairs[i].reason = from->pairs[i].reason != NULL ? mem_strdup(ir->arena, from->pairs[i].reason) : NULL;
	}
}

void
ir_flowtable_copy(struct ir *ir, const struct ir *from)
{
	struct ir_flowtable *t;
	uint32_t i;

	if (from->offload != NULL) {
		ir->offload = mem_alloc(ir->arena, 1, sizeof(*ir->offload));
		*ir->offload = *from->offload;
		ir->offload->lacks = from->offload->lacks != NULL ? mem_strdup(ir->arena, from->offload->lacks) : NULL;
		copy_pairs(ir, from->offload, ir->offload);
	}
	if (from->flowtable == NULL)
		return;
	ir->flowtable = t = mem_alloc(ir->arena, 1, sizeof(*t));
	*t = *from->flowtable;
	t->name = mem_strdup(ir->arena, t->name);
	t->devices = mem_alloc(ir->arena, t->n, sizeof(*t->devices));
	for (i = 0; i < t->n; i++)
		t->devices[i] = mem_strdup(ir->arena, from->flowtable->devices[i]);
}
