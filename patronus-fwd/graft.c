/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "graft.h"
#include "grafting.h"
#include "mem.h"
#include "pass.h"

/* Out of the form and into it.  What must hold for that is in grafting.c. */

static bool
begin(struct graft *g, struct ir *ir, const struct ir *alone, uint32_t made)
{
	const struct ir_rule *r;

	memset(g, 0, sizeof(*g));
	g->ir = ir;
	g->made = made;
	g->chain = ir_chain_find(ir, alone->chains->name);
	if (g->chain == NULL)
		return false;
	g->scratch = arena_new(0);
	if (g->scratch == NULL)
		fatalx("graft", "out of memory");
	g->parts = mem_alloc(g->scratch, alone->chains->n, sizeof(*g->parts));
	for (r = alone->chains->first; r != NULL; r = r->next, g->n++) {
		g->parts[g->n].rule = r;
		rule_boxes_make(&g->parts[g->n].what, r, g->scratch);
		g->parts[g->n].shape = deal_shape_of(&g->parts[g->n].what);
	}
	return true;
}

static void
end(struct graft *g)
{
	arena_discard(g->scratch);
	arena_discard(g->others);
}

/* --- out of the form */
static void
unlist_chain(struct ir *ir, struct ir_chain *c)
{
	struct ir_chain **at = c->is_inline ? &ir->inline_chains : &ir->chains;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (!c->is_inline && ir->chains_tail == &c->next)
		ir->chains_tail = at;
	names_remove(&ir->chain_names, c->name);
}

static void
take_chains(struct graft *g)
{
	const char *base = pass_rest_name(g->scratch, g->origin->id), *name = base;
	struct ir_chain *c;
	unsigned n;

	for (n = 2; (c = ir_chain_find(g->ir, name)) != NULL; n++) {
		unlist_chain(g->ir, c);
		name = mem_printf(g->scratch, "%s.%u", base, n);
	}
}

static void
take_elems(struct graft *g, struct ir_set *s)
{
	uint32_t i, n;

	for (i = 0, n = 0; i < s->n; i++) {
		if (grafting_elem_origin(g->ir, &s->elems[i]) == g->origin) {
			g->ir->n_elems--;
			continue;
		}
		if (i != n)
			s->elems[n] = s->elems[i];
		n++;
	}
	s->n = n;
}

static struct ir_set *
set_of(const struct graft *g, const struct deal_group *k)
{
	return ir_set_find(g->ir, k->set->name);
}

static void
take_rules(struct ir_chain *c, const struct ir_origin *o)
{
	struct ir_rule **at = &c->first, *r;

	c->last = NULL;
	while ((r = *at) != NULL) {
		if (r->origin == o) {
			*at = r->next;
			c->n--;
			continue;
		}
		c->last = r;
		at = &r->next;
	}
}

/* Parts are numbered among the rules of one origin that stand together. */
static void
number_parts(struct ir_chain *c)
{
	const struct ir_rule *last = NULL;
	struct ir_rule *r;
	uint16_t part;

	for (r = c->first; r != NULL; last = r, r = r->next) {
		part = last != NULL && last->origin == r->origin ? (uint16_t)(last->part + 1) : 0;
		if (r->part == part)
			continue;
		r->part = part;
		ir_rule_rehash(r);
	}
}

static void
take_out(struct graft *g)
{
	struct deal *d = g->chain->deal;
	struct deal_group *k;
	uint32_t i;

	for (i = 0; d != NULL && i < g->n; i++) {
		k = &d->groups[g->parts[i].group];
		if (k->set != NULL)
			take_elems(g, set_of(g, k));
		k->n--;
		k->n_boxes -= g->parts[i].what.n;
		d->n_rules--;
		d->n_boxes -= g->parts[i].what.n;
	}
	take_chains(g);
	take_rules(g->chain, g->origin);
	g->ir->n_rules -= g->origin->n_rules;
}

/* --- into the form */
static struct ir_stmt *
copy_stmts(const struct graft *g, const struct ir_stmt *from, unsigned n)
{
	struct ir_stmt *stmts = mem_alloc(ir_text_arena(g->ir), n, sizeof(*stmts));
	unsigned i;

	memcpy(stmts, from, n * sizeof(*stmts));
	for (i = 0; i < n; i++) {
		if (stmts[i].set != NULL)
			stmts[i].set = ir_set_find(g->ir, stmts[i].set->name);
		if (stmts[i].kind == IR_LOG)
			stmts[i].log.prefix = mem_strdup(ir_text_arena(g->ir), stmts[i].log.prefix);
	}
	return stmts;
}

static struct ir_rule *
new_rule(const struct graft *g, const struct part *p, const struct ir_stmt *stmts, unsigned n)
{
	struct ir_rule *r = mem_alloc(g->ir->arena, 1, sizeof(*r));

	r->origin = g->origin;
	r->group = p->group;
	r->n = (uint16_t)n;
	r->stmts = copy_stmts(g, stmts, n);
	return r;
}

/* Behind the last rule of an earlier group, and of its own group behind those before it; where there is no look-up, rules stand as written. */
static void
put_rule(struct graft *g, const struct part *p)
{
	const struct deal *d = g->chain->deal;
	struct ir_rule *new = new_rule(g, p, p->rule->stmts, p->rule->n), *r, *after = NULL;

	for (r = g->chain->first; r != NULL; r = r->next) {
		if (d != NULL && d->has_map ? r->group < p->group || (r->group == p->group && r->origin->made <= g->made) :
		    r->origin->made <= g->made)
			after = r;
	}
	new->chain = g->chain;
	new->next = after != NULL ? after->next : g->chain->first;
	if (after != NULL)
		after->next = new;
	else
		g->chain->first = new;
	if (new->next == NULL)
		g->chain->last = new;
	g->chain->n++;
	new->part = UINT16_MAX;		/* until number_parts() */
}

static bool
same_stmts(const struct ir_stmt *a, const struct ir_stmt *b, unsigned n)
{
	struct ir_stmt x, y;
	unsigned i;

	for (i = 0; i < n; i++) {
		x = a[i];
		y = b[i];
		/* Both may look into sets of one name, here and in the form of the rule alone; and prefixes are texts. */
		if ((x.set == NULL) != (y.set == NULL) || (x.set != NULL && strcmp(x.set->name, y.set->name) != 0))
			return false;
		x.set = y.set = NULL;
		if (x.kind == IR_LOG && y.kind == IR_LOG && strcmp(x.log.prefix, y.log.prefix) == 0)
			x.log.prefix = y.log.prefix = NULL;
		if (memcmp(&x, &y, sizeof(x)) != 0)
			return false;
	}
	return true;
}

/* As in pass_maps.c: what is left of the rule, and parts that end alike have one. */
static struct ir_chain *
rest_chain(struct graft *g, const struct part *p)
{
	const char *base = pass_rest_name(ir_text_arena(g->ir), g->origin->id), *name = base;
	struct ir_chain *c;
	unsigned n;

	for (n = 2; (c = ir_chain_find(g->ir, name)) != NULL; n++) {
		if (c->first->n == p->what.n_rest && same_stmts(c->first->stmts, p->what.rest, p->what.n_rest)) {
			g->ir->n_rules--;
			g->origin->n_rules--;
			return c;
		}
		name = mem_printf(ir_text_arena(g->ir), "%s.%u", base, n);
	}
	c = mem_alloc(g->ir->arena, 1, sizeof(*c));
	c->family = g->chain->family;
	c->name = name;
	c->is_rest = true;
	c->of = g->chain;
	names_put(g->ir->arena, &g->ir->chain_names, c->name, c);
	ir_rule_append(c, new_rule(g, p, p->what.rest, p->what.n_rest));
	return c;
}

static bool
put_elem(struct graft *g, struct ir_set *s, const struct ir_elem *e)
{
	uint32_t low, high, middle;
	int r;

	for (low = 0, high = s->n; low < high;) {
		middle = low + (high - low) / 2;
		r = ir_elem_compare(s, &s->elems[middle], e);
		if (r == 0)
			return false;
		if (r < 0)
			low = middle + 1;
		else
			high = middle;
	}
	s->elems = mem_grow(g->ir->arena, s->elems, s->n, sizeof(*s->elems), &s->cap);
	memmove(s->elems + low + 1, s->elems + low, (s->n - low) * sizeof(*s->elems));
	s->elems[low] = *e;
	s->n++;
	g->ir->n_elems++;
	return true;
}

static bool
put_elems(struct graft *g, const struct part *p)
{
	struct ir_set *s = set_of(g, &g->chain->deal->groups[p->group]);
	struct ir_chain *c = rest_chain(g, p);
	struct ir_elem e;
	unsigned i;

	for (i = 0; i < p->what.n; i++) {
		memset(&e, 0, sizeof(e));
		rule_boxes_key(&p->what, &p->what.boxes[i], &e);
		e.chain = c->name;
		if (!put_elem(g, s, &e))
			return false;
	}
	c->n_leads += p->what.n;
	c->is_variable = c->is_variable || p->what.is_variable;
	return true;
}

/* Chains of rests stand in the order of the chains that their rules are of, of their groups, and of the rules. */
static bool
stands_before(const struct ir_chain *a, const struct ir_chain *b)
{
	const struct ir_rule *x = a->first, *y = b->first;

	if (a->of != b->of)
		return a->of->number < b->of->number;
	if (x->group != y->group)
		return x->group < y->group;
	return x->origin->made <= y->origin->made;
}

static void
list_chain(struct ir *ir, struct ir_chain *c)
{
	struct ir_chain **at, **to;

	to = at = c->is_inline ? &ir->inline_chains : &ir->chains;
	for (; *at != NULL; at = &(*at)->next)
		if (!(*at)->is_rest || stands_before(*at, c))
			to = &(*at)->next;
	c->next = *to;
	*to = c;
	if (!c->is_inline && c->next == NULL)
		ir->chains_tail = &c->next;
}

static void
put_chains(struct graft *g)
{
	const char *base = pass_rest_name(g->scratch, g->origin->id), *name = base;
	struct ir_chain *c;
	unsigned n;

	for (n = 2; (c = ir_chain_find(g->ir, name)) != NULL; n++) {
		c->is_inline = pass_is_plain(c);
		list_chain(g->ir, c);
		name = mem_printf(g->scratch, "%s.%u", base, n);
	}
}

/* What leads to chains that are not in the kernel does what their rules say. */
static void
put_inline(struct graft *g, struct ir_set *s)
{
	struct ir_chain *c;
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		if (s->elems[i].rule != NULL)
			continue;
		c = ir_chain_find(g->ir, s->elems[i].chain);
		if (c->is_inline)
			s->elems[i].rule = c->first;
	}
}

/* Parts are put where they belong in the order in which passing comes to them: by group, where there is a look-up. */
static bool
put_parts(struct graft *g)
{
	const struct deal *d = g->chain->deal;
	bool by_group = d != NULL && d->has_map;
	uint32_t i, group;

	for (group = 0; group < (by_group ? d->n : 1); group++) {
		for (i = 0; i < g->n; i++) {
			if (by_group && g->parts[i].group != group)
				continue;
			if (!by_group || d->groups[group].set == NULL)
				put_rule(g, &g->parts[i]);
			else if (!put_elems(g, &g->parts[i]))
				return false;
		}
	}
	return true;
}

/* Look-ups neither come nor go, and whether a chain is dealt stays as it is. */
static bool
are_kinds_kept(const struct graft *g)
{
	const struct deal *d = g->chain->deal;
	uint32_t i;

	if (d == NULL)
		return g->chain->n > 0 && g->chain->n < DEAL_MAP_MIN;
	for (i = 0; i < d->n; i++)
		if (d->groups[i].n == 0 || deal_is_map(&d->groups[i].shape, d->groups[i].n, DEAL_MAP_MIN) != (d->groups[i].set != NULL))
			return false;
	return d->n_rules >= DEAL_MAP_MIN;
}

static bool
put_in(struct graft *g)
{
	struct deal *d = g->chain->deal;
	struct deal_group *k;
	uint32_t i;

	for (i = 0; d != NULL && i < g->n; i++) {
		k = &d->groups[g->parts[i].group];
		k->n++;
		k->n_boxes += g->parts[i].what.n;
		d->n_rules++;
		d->n_boxes += g->parts[i].what.n;
	}
	g->origin->n_rules = g->n;
	g->ir->n_rules += g->n;
	if (!put_parts(g))
		return false;
	put_chains(g);
	return true;
}

/* What has been taken out and put in is in order again. */
static void
settle(struct graft *g)
{
	const struct deal *d = g->chain->deal;
	struct ir_set *s;
	uint32_t i;

	number_parts(g->chain);
	for (i = 0; d != NULL && i < g->n; i++) {
		if (d->groups[g->parts[i].group].set == NULL)
			continue;
		s = set_of(g, &d->groups[g->parts[i].group]);
		put_inline(g, s);
		ir_set_rehash(s);
	}
}

/* --- numbers of rules */
static void
shift_chains(struct ir_chain *c, uint32_t from, uint32_t by)
{
	uint32_t i;

	for (; c != NULL; c = c->next) {
		if (c->made >= from)
			c->made += by;
		for (i = 0; c->deal != NULL && i < c->deal->n; i++)
			if (c->deal->groups[i].first >= from)
				c->deal->groups[i].first += by;
	}
}

/* by: 1, or UINT32_MAX for one less. */
static void
shift(struct ir *ir, uint32_t from, uint32_t by, bool is_rewriting)
{
	struct ir_set *s;
	uint32_t i;

	for (i = 0; i < ir->n_origins; i++)
		if (ir->origins[i]->made >= from)
			ir->origins[i]->made += by;
	for (s = ir->sets; s != NULL; s = s->next)
		if (s->made >= from)
			s->made += by;
	shift_chains(ir->chains, from, by);
	ir->n_made += by;
	ir->n_rewriting += is_rewriting ? by : 0;
}

/* --- origins */
static void
fill_origin(struct ir *ir, struct ir_origin *o, const struct ir_origin *from)
{
	o->path = mem_strdup(ir_text_arena(ir), from->path);
	o->from = ir_zones_copy(ir, from->from.items, from->from.n);
	o->to = ir_zones_copy(ir, from->to.items, from->to.n);
	o->action = from->action;
	o->is_generated = from->is_generated;
	o->is_logged = from->is_logged;
	o->hash = from->hash;
}

/* Rules come first, and the first of something else behind them has no number; what rewrites destinations stands together somewhere behind that. */
static bool
find_place(const struct ir *ir, uint32_t made, bool is_rewriting, uint32_t *ret)
{
	uint32_t i;

	for (i = 0; !is_rewriting && i < ir->n_origins && ir->origins[i]->made != 0 && ir->origins[i]->made < made; i++)
		;
	*ret = i;
	if (!is_rewriting)
		return true;
	for (i = 0; i < ir->n_origins; i++)
		if (ir->origins[i]->made == made + 1) {
			*ret = i;
			return true;
		}
	for (i = ir->n_origins; made - 1 > ir->n_made - ir->n_rewriting && i > 0; i--)
		if (ir->origins[i - 1]->made == made - 1) {
			*ret = i;
			return true;
		}
	return false;
}

static struct ir_origin *
add_origin(struct ir *ir, const struct ir_origin *from, uint32_t made, bool is_rewriting)
{
	struct ir_origin *o = mem_alloc(ir->arena, 1, sizeof(*o));
	uint32_t at, i;

	if (!find_place(ir, made, is_rewriting, &at))
		return NULL;
	o->id = mem_strdup(ir_text_arena(ir), from->id);
	o->made = made;
	fill_origin(ir, o, from);
	ir->origins = mem_grow(ir->arena, ir->origins, ir->n_origins, sizeof(struct ir_origin *), &ir->cap_origins);
	memmove(ir->origins + at + 1, ir->origins + at, (ir->n_origins - at) * sizeof(struct ir_origin *));
	ir->origins[at] = o;
	ir->n_origins++;
	for (i = at; i < ir->n_origins; i++)
		ir->origins[i]->index = i;
	names_put(ir->arena, &ir->origin_names, o->id, o);
	return o;
}

static void
take_origin(struct ir *ir, const struct ir_origin *o)
{
	uint32_t i;

	names_remove(&ir->origin_names, o->id);
	ir->n_origins--;
	memmove(ir->origins + o->index, ir->origins + o->index + 1, (ir->n_origins - o->index) * sizeof(struct ir_origin *));
	for (i = o->index; i < ir->n_origins; i++)
		ir->origins[i]->index = i;
}

static struct ir_origin *
origin_of(const struct ir *ir, const struct ir *alone, uint32_t made)
{
	struct ir_origin *o = ir_origin_find(ir, alone->origins[0]->id);

	return o != NULL && o->made == made ? o : NULL;
}

/* --- in one place */
static bool
looks_alike(const struct graft *a, const struct graft *b)
{
	uint32_t i;

	if (a->chain != b->chain || a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!deal_shape_equal(&a->parts[i].shape, &b->parts[i].shape) || !rule_boxes_equal(&a->parts[i].what, &b->parts[i].what))
			return false;
	return true;
}

/* It stays in its groups. */
static bool
change_in_place(struct graft *from, struct graft *to, const struct ir *next)
{
	uint32_t i;

	for (i = 0; i < from->n; i++)
		to->parts[i].group = from->parts[i].group;
	take_out(from);
	to->origin = from->origin;
	fill_origin(to->ir, to->origin, next->origins[0]);
	if (!put_in(to))
		return false;
	settle(to);
	return are_kinds_kept(to);
}

enum outcome {
	DONE,
	FAILED,		/* and the form is of no use any more */
	UNTRIED
};

static enum outcome
try_in_place(struct ir *ir, const struct ir *old, const struct ir *next, uint32_t made)
{
	enum outcome outcome = UNTRIED;
	struct graft from, to;

	memset(&to, 0, sizeof(to));
	if (begin(&from, ir, old, made) && begin(&to, ir, next, made) && (from.origin = origin_of(ir, old, made)) != NULL &&
	    grafting_locate(&from) && (looks_alike(&from, &to) || grafting_may_stay(&from, &to)))
		outcome = grafting_has_sets(&to, next) && change_in_place(&from, &to, next) ? DONE : FAILED;
	end(&from);
	end(&to);
	return outcome;
}

/* Out of its groups, and from there on as if it had no packet; its number, its origin and what was made for it stay. */
static bool
take(struct ir *ir, const struct ir *old, uint32_t made)
{
	struct graft g;
	bool ok;

	ok = begin(&g, ir, old, made) && (g.origin = origin_of(ir, old, made)) != NULL && grafting_locate(&g) &&
	    (g.chain->deal == NULL || grafting_may_leave(&g));
	if (ok) {
		take_out(&g);
		settle(&g);
		ok = are_kinds_kept(&g);
	}
	end(&g);
	return ok;
}

static bool
put_into(struct graft *g, const struct ir *next)
{
	if (!grafting_has_sets(g, next) || (g->chain->deal != NULL && !grafting_find_groups(g)) || !put_in(g))
		return false;
	settle(g);
	return are_kinds_kept(g);
}

/* And back. */
static bool
put(struct ir *ir, const struct ir *next, uint32_t made)
{
	struct graft g;
	bool ok;

	ok = begin(&g, ir, next, made) && (g.origin = origin_of(ir, next, made)) != NULL;
	if (ok) {
		fill_origin(ir, g.origin, next->origins[0]);
		ok = put_into(&g, next);
	}
	end(&g);
	return ok;
}

/* --- the three of them */
bool
graft_remove(struct ir *ir, const struct ir *old, uint32_t made)
{
	const struct ir_chain *c = ir_chain_find(ir, old->chains->name);
	struct ir_origin *o;

	if (c == NULL || c->made >= made || grafting_next_made(ir->sets, made) != NULL || !take(ir, old, made))
		return false;
	o = origin_of(ir, old, made);
	take_origin(ir, o);
	shift(ir, made, UINT32_MAX, c->is_nat);
	return true;
}

bool
graft_add(struct ir *ir, const struct ir *next, uint32_t made)
{
	const struct ir_chain *c = ir_chain_find(ir, next->chains->name);
	struct graft g;
	bool ok;

	/* Chains of hooks are always there. */
	if (c == NULL || ir_origin_find(ir, next->origins[0]->id) != NULL)
		return false;
	shift(ir, made, 1, c->is_nat);
	if ((c->made == 0 && c->hook == IR_HOOK_NONE) || c->made >= made || !begin(&g, ir, next, made))
		return false;
	g.origin = add_origin(ir, next->origins[0], made, c->is_nat);
	ok = g.origin != NULL && put_into(&g, next);
	end(&g);
	return ok;
}

bool
graft_stay(struct ir *ir, const struct ir *old, const struct ir *next, uint32_t made)
{
	return try_in_place(ir, old, next, made) == DONE;
}

bool
graft_change(struct ir *ir, const struct ir *old, const struct ir *next, uint32_t made)
{
	enum outcome outcome;

	if (strcmp(old->origins[0]->id, next->origins[0]->id) != 0)
		return graft_remove(ir, old, made) && graft_add(ir, next, made);
	outcome = try_in_place(ir, old, next, made);
	if (outcome != UNTRIED)
		return outcome == DONE;
	if (strcmp(old->chains->name, next->chains->name) == 0)
		return take(ir, old, made) && put(ir, next, made);
	return graft_remove(ir, old, made) && graft_add(ir, next, made);
}

/* --- sets */
bool
graft_set(struct ir *ir, const struct ir_set *old, const struct ir_set *next)
{
	struct ir_set *s = ir_set_find(ir, next->name);

	if (s == NULL || s->list != NULL || s->is_of_list || next->is_of_list || !grafting_same_set(s, old) || !grafting_same_kind(s, next))
		return false;
	ir->n_elems += next->n - s->n;
	s->elems = mem_alloc(ir->arena, next->n, sizeof(*s->elems));
	memcpy(s->elems, next->elems, next->n * sizeof(*s->elems));
	s->n = s->cap = next->n;
	s->hash = next->hash;
	return true;
}
