/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "pass.h"

/*
 * The kernel takes ten times as long for a chain and its rule as for an element.  What several elements of a rule have counted is one sum; the
 * part of an element that goes when a group gets smaller would be missing in it, so that rules of such groups keep their chains.
 */

bool
pass_is_plain(const struct ir_chain *c)
{
	const struct ir_rule *r = c->first;

	return c->is_rest && c->n == 1 && (c->n_leads == 1 || !c->is_variable) && r->n == 2 && r->stmts[0].kind == IR_COUNTER &&
	    (r->stmts[1].kind == IR_ACCEPT || r->stmts[1].kind == IR_DROP);
}

/* Every look-up counts, whatever is in it now: that cannot change in the kernel. */
static void
treat(struct ir *ir, struct ir_set *s)
{
	struct ir_chain *c;
	uint32_t i;

	s->flags |= IR_SET_COUNTED;
	for (i = 0; i < s->n; i++) {
		c = ir_chain_find(ir, s->elems[i].chain);
		if (c == NULL || !pass_is_plain(c))
			continue;
		c->is_inline = true;
		s->elems[i].rule = c->first;
	}
	ir_set_rehash(s);
}

static void
unlist(struct ir *ir)
{
	struct ir_chain **at = &ir->chains, **to = &ir->inline_chains, *c;

	while ((c = *at) != NULL) {
		if (!c->is_inline) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		*to = c;
		to = &c->next;
		c->next = NULL;
	}
	ir->chains_tail = at;
}

void
pass_elements(struct ir *ir)
{
	struct ir_set *s;

	for (s = ir->sets; s != NULL; s = s->next)
		if (s->is_look_up)
			treat(ir, s);
	unlist(ir);
}
