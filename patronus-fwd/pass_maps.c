/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "deal.h"
#include "mem.h"
#include "pass.h"
#include "rule_boxes.h"

/*
 * The rules of a chain are dealt into groups, from first to last.  A group is of one shape: the same fields, all exact or not.  A rule goes into
 * the nearest group behind it that has its shape and where it meets no rule, when it meets none of those in between either: what it
 * overtakes can then not have decided the same packet.  Groups that are large enough become maps, the others stay rules.
 */

struct member {
	struct ir_rule	 *rule;
	struct member	 *next;
	struct rule_boxes what;
};

struct group {
	struct group	 *next;
	struct group	 *previous;
	struct member	 *first;
	struct member	**tail;
	struct deal_shape shape;
	uint32_t	  number;
	unsigned	  n;
	uint32_t	  n_boxes;
	struct boxes	  boxes;
};

struct maps {
	struct ir	*ir;
	struct arena	*scratch;
	struct group	*first;
	struct group	*last;
	struct boxes_budget budget;
	unsigned	 min;
};

/* --- groups */
static bool
meets(struct maps *m, const struct group *g, const struct rule_boxes *r)
{
	unsigned i;

	for (i = 0; i < r->n; i++)
		if (boxes_meet(&g->boxes, &r->boxes[i], &m->budget))
			return true;
	return false;
}

static struct group *
find_group(struct maps *m, const struct rule_boxes *r)
{
	struct deal_shape shape = deal_shape_of(r);
	struct group *g;
	unsigned i;

	if (r->dims == 0)
		return NULL;
	for (g = m->last, i = 0; g != NULL && i < DEAL_LOOK_BACK; g = g->previous, i++) {
		if (meets(m, g, r))
			return NULL;
		if (deal_shape_equal(&g->shape, &shape))
			return g;
	}
	return NULL;
}

static struct group *
new_group(struct maps *m, const struct rule_boxes *r)
{
	struct group *g = mem_alloc(m->scratch, 1, sizeof(*g));

	g->tail = &g->first;
	g->shape = deal_shape_of(r);
	g->number = m->last != NULL ? m->last->number + 1 : 0;
	g->previous = m->last;
	if (m->last != NULL)
		m->last->next = g;
	else
		m->first = g;
	m->last = g;
	boxes_init(&g->boxes, r->dims);
	return g;
}

static void
deal(struct maps *m, struct ir_rule *rule)
{
	struct member *e = mem_alloc(m->scratch, 1, sizeof(*e));
	struct group *g;
	unsigned i;

	e->rule = rule;
	rule_boxes_make(&e->what, rule, m->scratch);
	g = find_group(m, &e->what);
	if (g == NULL)
		g = new_group(m, &e->what);
	for (i = 0; i < e->what.n; i++)
		boxes_add(&g->boxes, &e->what.boxes[i]);
	*g->tail = e;
	g->tail = &e->next;
	rule->group = g->number;
	g->n++;
	g->n_boxes += e->what.n;
}

/* --- maps */
static bool
is_map(const struct maps *m, const struct group *g)
{
	return deal_is_map(&g->shape, g->n, m->min);
}

/* "map.pair.lan.wan.v4-saddr-daddr-protocol-dport"; sets of ranges are of another kind, which the name tells. */
static const char *
map_name(struct maps *m, const struct ir_chain *c, const struct rule_boxes *r)
{
	static const char *const names[BOX_DIMS] = { "iif", "oif", "saddr", "daddr", "protocol", "sport", "dport", "type" };
	const char *name = mem_printf(m->ir->arena, "map.%s.%s", c->name, r->family == NFPROTO_IPV4 ? "v4" : r->family == NFPROTO_IPV6 ? "v6" : "all");
	const char *base;
	unsigned d, n;

	for (d = 0; d < BOX_DIMS; d++)
		if ((r->dims & 1u << d) != 0)
			name = mem_printf(m->ir->arena, "%s-%s", name, names[d]);
	if (!r->is_exact)
		name = mem_printf(m->ir->arena, "%s-ranges", name);
	for (base = name, n = 2; ir_set_find(m->ir, name) != NULL; n++)
		name = mem_printf(m->ir->arena, "%s.%u", base, n);
	return name;
}

static struct ir_set *
map_new(struct maps *m, const struct ir_chain *c, const struct rule_boxes *r)
{
	uint8_t fields[BOX_DIMS];
	struct ir_set *set;
	unsigned d, n;

	for (d = 0, n = 0; d < BOX_DIMS; d++)
		if ((r->dims & 1u << d) != 0)
			fields[n++] = r->fields[d];
	set = ir_set_new(m->ir, map_name(m, c, r), (uint8_t)(IR_SET_VERDICT | (r->is_exact ? 0 : IR_SET_INTERVAL)), fields, n);
	set->path = "/firewall/rules";
	set->is_look_up = true;
	return set;
}

static bool
same_rest(const struct ir_chain *c, const struct ir_origin *o, const struct rule_boxes *r)
{
	return c->n == 1 && c->first->origin == o && c->first->n == r->n_rest && memcmp(c->first->stmts, r->rest, r->n_rest * sizeof(r->rest[0])) == 0;
}

const char *
pass_rest_name(struct arena *a, const char *id)
{
	char *name = mem_join(a, "rule.", id), *colon;

	/* nft(8) knows no colon in a name. */
	if ((colon = strchr(name, ':')) != NULL)
		*colon = '.';
	return name;
}

/* What is left of the rule, in a chain of its own.  Parts of one rule that end alike have one. */
static struct ir_chain *
rest_chain(struct maps *m, const struct member *e, struct ir_chain *of)
{
	struct ir_rule *rule = e->rule;
	struct ir_chain *c;
	const char *name, *base;
	unsigned n;

	base = name = pass_rest_name(m->ir->arena, rule->origin->id);
	for (n = 2; (c = ir_chain_find(m->ir, name)) != NULL; n++) {
		if (same_rest(c, rule->origin, &e->what)) {
			m->ir->n_rules--;
			rule->origin->n_rules--;
			return c;
		}
		name = mem_printf(m->ir->arena, "%s.%u", base, n);
	}
	c = ir_chain_new(m->ir, name);
	c->is_rest = true;
	c->of = of;
	rule->n = (uint16_t)e->what.n_rest;
	memcpy(rule->stmts, e->what.rest, e->what.n_rest * sizeof(e->what.rest[0]));
	ir_rule_append(c, rule);
	return c;
}

static struct ir_set *
put_map(struct maps *m, struct ir_chain *c, const struct group *g)
{
	const struct rule_boxes *r = &g->first->what;
	struct ir_draft d = { .n = 0 };
	const struct member *e;
	struct ir_origin *o;
	struct ir_set *set;
	struct ir_elem *elem;
	struct ir_stmt *s;
	struct ir_chain *chain;
	unsigned i;

	set = map_new(m, c, r);
	ir_set_reserve(m->ir, set, g->n_boxes);
	for (e = g->first; e != NULL; e = e->next) {
		chain = rest_chain(m, e, c);
		for (i = 0; i < e->what.n; i++) {
			elem = ir_set_add(m->ir, set);
			rule_boxes_key(&e->what, &e->what.boxes[i], elem);
			elem->chain = chain->name;
		}
		chain->n_leads += e->what.n;
		chain->is_variable = chain->is_variable || e->what.is_variable;
	}
	ir_set_seal(m->ir, set);
	if (r->family != NFPROTO_UNSPEC)
		ir_match_u8(&d, IR_NFPROTO, r->family);
	s = ir_put(&d, IR_VMAP);
	for (i = 0; i < BOX_DIMS && s->field == IR_FIELD_INVALID; i++)
		s->field = (r->dims & 1u << i) != 0 ? r->fields[i] : IR_FIELD_INVALID;
	s->set = set;
	o = ir_origin_new(m->ir, mem_printf(m->ir->arena, "look-up:%s", set->name), "", IR_ACTION_NONE);
	o->is_generated = true;
	ir_rule_add(m->ir, c, o, &d)->group = g->number;
	return set;
}

static void
rebuild(struct maps *m, struct ir_chain *c)
{
	const struct member *e;
	const struct group *g;

	c->first = c->last = NULL;
	c->n = 0;
	for (g = m->first; g != NULL; g = g->next) {
		if (is_map(m, g)) {
			c->deal->groups[g->number].set = put_map(m, c, g);
			continue;
		}
		for (e = g->first; e != NULL; e = e->next)
			ir_rule_append(c, e->rule);
	}
}

/* What is remembered of the groups. */
static struct deal *
deal_new(const struct maps *m, const struct ir_chain *c)
{
	struct deal *d = mem_alloc(m->ir->arena, 1, sizeof(*d));
	const struct group *g;
	struct deal_group *k;
	unsigned i;

	d->n = m->last->number + 1;
	d->groups = mem_alloc(m->ir->arena, d->n, sizeof(*d->groups));
	for (g = m->first; g != NULL; g = g->next) {
		k = &d->groups[g->number];
		k->shape = g->shape;
		k->n = g->n;
		k->n_boxes = g->n_boxes;
		k->first = g->first->rule->origin->made;
		for (i = 0; i < g->boxes.n_by; i++)
			k->span[i] = g->boxes.by[i].span;
		d->n_boxes += g->n_boxes;
		d->has_map = d->has_map || is_map(m, g);
	}
	d->n_rules = c->n;
	d->n_asked = m->budget.n_asked;
	d->most = m->budget.most;
	return d;
}

static void
treat(struct ir *ir, struct ir_chain *c, unsigned min)
{
	struct maps m = { .ir = ir, .budget = { .left = DEAL_BUDGET }, .min = min };
	struct ir_rule *r;
	struct group *g;

	m.scratch = arena_new(0);
	if (m.scratch == NULL)
		fatalx("pass", "out of memory");
	for (r = c->first; r != NULL; r = r->next)
		deal(&m, r);
	c->deal = deal_new(&m, c);
	if (c->deal->has_map)
		rebuild(&m, c);
	for (g = m.first; g != NULL; g = g->next)
		boxes_fini(&g->boxes);
	arena_discard(m.scratch);
}

void
pass_maps(struct ir *ir, unsigned min)
{
	struct ir_chain *c, *last;

	/* Chains that the pass makes itself come behind the last of now. */
	for (c = ir->chains, last = NULL; c != NULL; c = c->next)
		last = c;
	for (c = ir->chains; c != NULL; c = c == last ? NULL : c->next)
		if (c->n >= min && c->n > 0 && c->family == NFPROTO_INET)
			treat(ir, c, min);
}

void
passes(struct ir *ir)
{
	pass_maps(ir, DEAL_MAP_MIN);
	pass_elements(ir);
}
