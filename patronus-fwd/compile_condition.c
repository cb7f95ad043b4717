/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/if_arp.h>
#include <string.h>

#include "compile.h"
#include "mem.h"

/* What a rule asks beside addresses and services.  What has several values and fits into no set is made parts of by compile_select(). */

static void
put_links(struct compiler *c, struct ir_draft *d, enum ir_field field, const struct policy_links *l)
{
	struct ir_elem *elems;
	uint32_t i;

	if (l->n == 1) {
		ir_match_name(d, field, l->items[0]);
		return;
	}
	elems = mem_alloc(c->scratch, l->n, sizeof(*elems));
	for (i = 0; i < l->n; i++)
		memcpy(elems[i].lo, l->items[i], strnlen(l->items[i], IR_VALUE_MAX - 1));
	ir_match_set(d, field, IR_IN_SET, ir_set_intern(c->ir, "interfaces", 0, (uint8_t)field, elems, l->n));
}

bool
compile_links(struct compiler *c, struct ir_draft *d, const struct policy_conditions *p)
{
	if ((p->in.is_given && p->in.n == 0) || (p->out.is_given && p->out.n == 0))
		return false;
	if (p->in.is_given)
		put_links(c, d, IR_IIF_NAME, &p->in);
	if (p->out.is_given)
		put_links(c, d, IR_OIF_NAME, &p->out);
	return true;
}

static const struct ir_set *
mac_set(struct compiler *c, const struct policy_macs *m)
{
	static const uint8_t field = IR_MAC_SADDR;
	struct ir_elem *elems;
	struct ir_set *s;
	uint32_t i;

	s = m->name != NULL ? ir_set_find(c->ir, m->name) : NULL;
	if (s != NULL)
		return s;
	elems = mem_alloc(c->scratch, m->n, sizeof(*elems));
	for (i = 0; i < m->n; i++)
		memcpy(elems[i].lo, m->items[i].bytes, sizeof(m->items[i].bytes));
	if (m->name == NULL)
		return ir_set_intern(c->ir, "macs", 0, field, elems, m->n);
	s = ir_set_new(c->ir, m->name, 0, &field, 1);
	s->path = mem_strdup(c->ir->arena, m->path);
	for (i = 0; i < m->n; i++)
		*ir_set_add(c->ir, s) = elems[i];
	ir_set_seal(c->ir, s);
	return s;
}

static void
put_macs(struct compiler *c, struct ir_draft *d, const struct policy_macs *m)
{
	uint16_t ethernet = ARPHRD_ETHER;

	if (m->n == 0)
		return;
	ir_match(d, IR_IIF_TYPE, IR_EQ, &ethernet, NULL);
	if (m->n == 1 && m->name == NULL)
		ir_match(d, IR_MAC_SADDR, IR_EQ, m->items[0].bytes, NULL);
	else
		ir_match_set(d, IR_MAC_SADDR, IR_IN_SET, mac_set(c, m));
}

static void
put_bits(struct ir_draft *d, enum ir_field field, const struct policy_bits *b)
{
	if (b->mask == 0)
		return;
	if (b->mask == UINT32_MAX)
		ir_match(d, field, IR_EQ, &b->value, NULL);
	else
		ir_match_masked(d, field, &b->value, &b->mask);
}

void
compile_conditions(struct compiler *c, struct ir_draft *d, const struct policy_conditions *p)
{
	uint8_t value, mask;

	if (p->states != 0)
		ir_match_u32(d, IR_CT_STATE, IR_ANY_BIT, p->states);
	put_bits(d, IR_MARK, &p->mark);
	put_bits(d, IR_CT_MARK, &p->connection_mark);
	if (p->tcp_flags.mask != 0) {
		value = (uint8_t)p->tcp_flags.value;
		mask = (uint8_t)p->tcp_flags.mask;
		ir_match_masked(d, IR_TCP_FLAGS, &value, &mask);
	}
	put_macs(c, d, &p->macs);
}
