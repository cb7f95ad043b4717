/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <string.h>

#include "ir_field.h"
#include "mem.h"
#include "rule_boxes.h"

#define BIT(n)	(1u << (n))
#define NO_DIM	BOX_DIMS

static unsigned
dim_of(uint8_t field)
{
	switch ((enum ir_field)field) {
	case IR_IIF_NAME:
		return BOX_IIF;
	case IR_OIF_NAME:
		return BOX_OIF;
	case IR_SADDR4:
	case IR_SADDR6:
		return BOX_SADDR;
	case IR_DADDR4:
	case IR_DADDR6:
		return BOX_DADDR;
	case IR_L4PROTO:
		return BOX_PROTOCOL;
	case IR_SPORT:
		return BOX_SPORT;
	case IR_DPORT:
		return BOX_DPORT;
	case IR_ICMP_TYPE:
	case IR_ICMP6_TYPE:
		return BOX_TYPE;
	default:
		return NO_DIM;
	}
}

/* The bits that are not looked at are the last ones; of a VLAN tag those that are no number of it come first, and nobody asks for them. */
static bool
is_run(const struct ir_stmt *s)
{
	unsigned len = ir_field_info(s->field)->len;
	box_value all = ((box_value)1 << (len * 8)) - 1, open = all & ~box_value_of(s->match.hi, len);

	return s->field == IR_VLAN || (open & (open + 1)) == 0;
}

static bool
can_be_box(const struct ir_stmt *s)
{
	if (s->cmp == IR_MASKED)
		return ir_field_info(s->field)->len < sizeof(box_value) && is_run(s);
	if (s->cmp == IR_IN_SET)
		return (s->set->flags & ~IR_SET_INTERVAL) == 0 && !s->set->is_of_list && s->set->n > 0 && s->set->n <= RULE_BOXES_MAX;
	return s->cmp == IR_EQ || s->cmp == IR_RANGE || s->cmp == IR_PREFIX;
}

static void
bound(struct box *b, unsigned dim, const struct ir_stmt *s, uint32_t i)
{
	unsigned len = ir_field_info(s->field)->len;
	const struct ir_elem *e;
	box_value mask;

	if (s->cmp == IR_IN_SET) {
		e = &s->set->elems[i];
		b->lo[dim] = box_value_of(e->lo, len);
		b->hi[dim] = (s->set->flags & IR_SET_INTERVAL) != 0 ? box_value_of(e->hi, len) : b->lo[dim];
		return;
	}
	b->lo[dim] = box_value_of(s->match.lo, len);
	b->hi[dim] = s->cmp == IR_RANGE ? box_value_of(s->match.hi, len) : b->lo[dim];
	if (s->cmp == IR_MASKED && s->field != IR_VLAN)
		b->hi[dim] |= (((box_value)1 << (len * 8)) - 1) & ~box_value_of(s->match.hi, len);
	if (s->cmp == IR_PREFIX) {
		mask = s->bits == 0 ? (box_value)-1 : ((box_value)1 << (len * 8 - s->bits)) - 1;
		b->lo[dim] &= ~mask;
		b->hi[dim] = b->lo[dim] | mask;
	}
}

/* Each box once for each value of the match. */
static bool
multiply(struct rule_boxes *r, unsigned dim, const struct ir_stmt *s, struct arena *a)
{
	uint32_t n = s->cmp == IR_IN_SET ? s->set->n : 1, i, k;
	struct box *boxes;

	if (r->n * n > RULE_BOXES_MAX)
		return false;
	if (n > 1) {
		boxes = mem_alloc(a, r->n * n, sizeof(*boxes));
		memcpy(boxes, r->boxes, r->n * sizeof(*boxes));
		r->boxes = boxes;
	}
	for (i = n; i > 0; i--) {
		for (k = 0; k < r->n; k++) {
			if (i > 1)
				r->boxes[(i - 1) * r->n + k] = r->boxes[k];
			bound(&r->boxes[(i - 1) * r->n + k], dim, s, i - 1);
		}
	}
	r->n = (uint16_t)(r->n * n);
	return true;
}

static bool
take(struct rule_boxes *r, const struct ir_stmt *s, struct arena *a)
{
	unsigned dim = dim_of(s->field), i;

	if (s->field == IR_NFPROTO && s->cmp == IR_EQ && r->family == NFPROTO_UNSPEC) {
		r->family = s->match.lo[0];
		for (i = 0; i < r->n; i++)
			r->boxes[i].family = r->family;
		return true;
	}
	/* Ports and types mean something beside their protocol alone. */
	if (dim == NO_DIM || (r->dims & BIT(dim)) != 0 || !can_be_box(s) || (dim > BOX_PROTOCOL && (r->dims & BIT(BOX_PROTOCOL)) == 0) ||
	    !multiply(r, dim, s, a))
		return false;
	r->is_variable = r->is_variable || (s->cmp == IR_IN_SET && !s->set->is_interned);
	r->dims |= (uint16_t)BIT(dim);
	r->fields[dim] = s->field;
	return true;
}

static bool
all_exact(const struct rule_boxes *r)
{
	unsigned i, d;

	for (i = 0; i < r->n; i++)
		for (d = 0; d < BOX_DIMS; d++)
			if ((r->dims & BIT(d)) != 0 && r->boxes[i].lo[d] != r->boxes[i].hi[d])
				return false;
	return true;
}

static bool
take_free(struct rule_boxes *r, const struct ir_stmt *s, const struct box_fields *fields, struct arena *a)
{
	unsigned dim = fields->dims[s->field];

	if (dim == 0 || (r->dims & BIT(dim - 1)) != 0 || !can_be_box(s) || !multiply(r, dim - 1, s, a))
		return false;
	r->dims |= (uint16_t)BIT(dim - 1);
	r->fields[dim - 1] = s->field;
	return true;
}

/* fields NULL: those of packets. */
static void
make(struct rule_boxes *r, const struct ir_rule *rule, const struct box_fields *fields, struct arena *a)
{
	unsigned i;
	bool is_match;

	memset(r, 0, sizeof(*r));
	r->rest = mem_alloc(a, rule->n, sizeof(*r->rest));
	r->boxes = mem_alloc(a, 1, sizeof(*r->boxes));
	r->n = 1;
	box_init(&r->boxes[0]);
	r->boxes[0].is_free = fields != NULL;
	/* What ends a chain does it from the chain where it stands, and not from one that a look-up leads to. */
	is_match = rule->n == 0 || rule->stmts[rule->n - 1].kind != IR_RETURN;
	for (i = 0; i < rule->n; i++) {
		is_match = is_match && rule->stmts[i].kind == IR_MATCH;
		if (!is_match || !(fields != NULL ? take_free(r, &rule->stmts[i], fields, a) : take(r, &rule->stmts[i], a)))
			r->rest[r->n_rest++] = rule->stmts[i];
	}
	r->is_exact = all_exact(r);
}

void
rule_boxes_make(struct rule_boxes *r, const struct ir_rule *rule, struct arena *a)
{
	make(r, rule, NULL, a);
}

void
rule_boxes_free(struct rule_boxes *r, const struct ir_rule *rule, const struct box_fields *fields, struct arena *a)
{
	make(r, rule, fields, a);
}

void
box_fields_of(const struct ir_chain *c, struct box_fields *ret)
{
	uint32_t n[IR_FIELD_MAX] = { 0 };
	const struct ir_rule *r;
	unsigned i, dim, most;

	for (r = c->first; r != NULL; r = r->next)
		for (i = 0; i < r->n; i++)
			if (r->stmts[i].kind == IR_MATCH)
				n[r->stmts[i].field]++;
	memset(ret, 0, sizeof(*ret));
	for (dim = 0; dim < BOX_DIMS; dim++) {
		for (i = 0, most = 0; i < IR_FIELD_MAX; i++)
			if (n[i] > n[most])
				most = i;
		if (n[most] == 0)
			return;
		ret->dims[most] = (uint8_t)(dim + 1);
		n[most] = 0;
	}
}

bool
rule_boxes_equal(const struct rule_boxes *a, const struct rule_boxes *b)
{
	unsigned i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (memcmp(a->boxes[i].lo, b->boxes[i].lo, sizeof(a->boxes[i].lo)) != 0 ||
		    memcmp(a->boxes[i].hi, b->boxes[i].hi, sizeof(a->boxes[i].hi)) != 0 || a->boxes[i].family != b->boxes[i].family)
			return false;
	return true;
}

static void
put_value(uint8_t *p, box_value v, unsigned len)
{
	unsigned i;

	for (i = len; i > 0; i--, v >>= 8)
		p[i - 1] = (uint8_t)v;
}

void
rule_boxes_key(const struct rule_boxes *r, const struct box *b, struct ir_elem *ret)
{
	unsigned d, at, len;

	for (d = 0, at = 0; d < BOX_DIMS; d++) {
		if ((r->dims & BIT(d)) == 0)
			continue;
		len = ir_field_info(r->fields[d])->len;
		put_value(ret->lo + at, b->lo[d], len);
		put_value(ret->hi + at, b->hi[d], len);
		at += (len + 3u) & ~3u;
	}
}
