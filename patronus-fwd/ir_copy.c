/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "addrlist.h"
#include "deal.h"
#include "hash.h"
#include "ir_copy.h"
#include "ir_list.h"
#include "mem.h"

/*
 * Texts and statements never change, and the copy of a copy has those of the first one.  When as much has been put beside them as they were, they are copied
 * too: what is not needed any more goes then.  Chains, sets and origins of the copy stand in arrays under the numbers of the old ones, so that a pointer is
 * followed by its number.
 */

#define ZONES_KNOWN	64
#define ELEMS_MORE	8	/* a few may come without moving the others */

struct copying {
	struct ir		*to;
	const struct ir		*from;
	bool			 shares;	/* texts and statements */
	struct ir_chain		*chains;
	struct ir_set		*sets;
	struct ir_origin	*origins;
	struct ir_rule		*rules;		/* that are to come */
	struct ir_zones		 zones[ZONES_KNOWN];	/* by the address of the old ones: most rules share them */
	const char		**zones_of[ZONES_KNOWN];
};

/* --- numbers */
static uint32_t
number_chains(struct ir_chain *c, uint32_t n, uint32_t *n_rules)
{
	for (; c != NULL; c = c->next) {
		c->number = n++;
		*n_rules += c->n;
	}
	return n;
}

static uint32_t
number_sets(struct ir_set *s)
{
	uint32_t n = 0;

	for (; s != NULL; s = s->next)
		s->number = n++;
	return n;
}

static void *
chain_twin(const void *item, void *arg, const char **ret_name)
{
	struct ir_chain *c = &((const struct copying *)arg)->chains[((const struct ir_chain *)item)->number];

	*ret_name = c->name;
	return c;
}

static void *
set_twin(const void *item, void *arg, const char **ret_name)
{
	struct ir_set *s = &((const struct copying *)arg)->sets[((const struct ir_set *)item)->number];

	*ret_name = s->name;
	return s;
}

static void *
origin_twin(const void *item, void *arg, const char **ret_name)
{
	struct ir_origin *o = &((const struct copying *)arg)->origins[((const struct ir_origin *)item)->index];

	*ret_name = o->id;
	return o;
}

/* --- texts */
static bool
may_share(const struct ir_texts *t)
{
	return t != NULL && arena_used(t->arena) <= 2 * t->first;
}

static void
begin_texts(struct copying *c)
{
	struct ir_texts *t = c->from->texts;

	c->shares = may_share(t);
	if (!c->shares) {
		t = mem_new(1, sizeof(*t));
		t->arena = arena_new(0);
		if (t->arena == NULL)
			fatalx("ir", "out of memory");
	}
	t->n_forms++;
	c->to->texts = t;
}

static const char *
text(const struct copying *c, const char *s)
{
	return c->shares ? s : mem_strdup(c->to->texts->arena, s);
}

/* --- origins */
static struct ir_zones
copy_zones(struct copying *c, const struct ir_zones *from)
{
	unsigned at = (unsigned)(hash_u64((uintptr_t)from->items, HASH_SEED) % ZONES_KNOWN);

	if (from->n == 0)
		return (struct ir_zones){ .n = 0 };
	if (c->shares)
		return *from;
	if (c->zones_of[at] != from->items || c->zones[at].n != from->n) {
		c->zones[at] = ir_zones_copy(c->to, from->items, from->n);
		c->zones_of[at] = from->items;
	}
	return c->zones[at];
}

static void
copy_origins(struct copying *c)
{
	struct ir *to = c->to;
	const struct ir_origin *from;
	struct ir_origin *o;
	uint32_t i;

	c->origins = mem_alloc(to->arena, c->from->n_origins, sizeof(*c->origins));
	to->cap_origins = c->from->n_origins + ELEMS_MORE;
	to->origins = mem_alloc(to->arena, to->cap_origins, sizeof(struct ir_origin *));
	to->n_origins = c->from->n_origins;
	for (i = 0; i < to->n_origins; i++) {
		from = c->from->origins[i];
		o = to->origins[i] = &c->origins[i];
		o->id = text(c, from->id);
		o->path = from->path[0] != '\0' ? text(c, from->path) : "";
		o->from = copy_zones(c, &from->from);
		o->to = copy_zones(c, &from->to);
		o->action = from->action;
		o->is_generated = from->is_generated;
		o->is_logged = from->is_logged;
		o->n_rules = from->n_rules;
		o->hash = from->hash;
		o->index = i;
		o->made = from->made;
	}
}

/* --- sets, without what they lead to */
static void
copy_set(struct copying *c, struct ir_set *s, const struct ir_set *from)
{
	struct arena *a = c->to->arena;

	s->name = text(c, from->name);
	s->path = text(c, from->path);
	s->family = from->family;
	memcpy(s->fields, from->fields, sizeof(s->fields));
	s->nfields = from->nfields;
	s->flags = from->flags;
	s->timeout_ms = from->timeout_ms;
	s->size = from->size;
	s->n = from->n;
	s->cap = from->n + (from->is_look_up ? ELEMS_MORE : 0);
	s->elems = s->cap > 0 ? mem_alloc(a, s->cap, sizeof(*s->elems)) : NULL;
	if (s->n > 0)
		memcpy(s->elems, from->elems, s->n * sizeof(*s->elems));
	s->list = from->list != NULL ? addrlist_ref(from->list) : NULL;
	s->is_of_list = from->is_of_list;
	s->is_look_up = from->is_look_up;
	s->is_interned = from->is_interned;
	s->made = from->made;
	s->hash = from->hash;
}

static void
copy_sets(struct copying *c, uint32_t n)
{
	const struct ir_set *from;
	struct ir_set *s;

	c->sets = mem_alloc(c->to->arena, n, sizeof(*c->sets));
	for (from = c->from->sets; from != NULL; from = from->next) {
		s = &c->sets[from->number];
		copy_set(c, s, from);
		*c->to->sets_tail = s;
		c->to->sets_tail = &s->next;
	}
}

/* What is in them is shared. */
static void
copy_lists(struct copying *c)
{
	struct ir_list **at = &c->to->lists, *l;
	const struct ir_list *from;

	for (from = c->from->lists; from != NULL; from = from->next) {
		l = *at = mem_alloc(c->to->arena, 1, sizeof(*l));
		l->name = text(c, from->name);
		l->field = from->field;
		l->wanted = addrlist_ref(from->wanted);
		l->base = &c->sets[from->base->number];
		l->more = &c->sets[from->more->number];
		l->less = &c->sets[from->less->number];
		at = &l->next;
	}
}

/* --- chains */
static const char *
chain_name(const struct copying *c, const char *name)
{
	const struct ir_chain *old = c->shares ? NULL : ir_chain_find(c->from, name);

	return old != NULL ? c->chains[old->number].name : text(c, name);
}

static bool
has_object(const struct ir_stmt *s)
{
	return s->kind == IR_SET_HELPER || s->kind == IR_SET_TIMEOUT;
}

static void
copy_stmt(const struct copying *c, const struct ir_origin *from, const struct ir_origin *o, struct ir_stmt *s)
{
	if (s->set != NULL)
		s->set = &c->sets[s->set->number];
	if (s->kind == IR_JUMP || s->kind == IR_GOTO)
		s->chain = chain_name(c, s->chain);
	if (s->kind == IR_FLOW)
		s->flowtable = text(c, s->flowtable);
	if (has_object(s))
		s->object = ir_object_copy(c->to, s->object);
	if (s->kind == IR_LOG)
		s->log.prefix = s->log.prefix == from->id ? o->id : text(c, s->log.prefix);
}

/* Sets and objects are each form's own. */
static bool
has_own(const struct ir_rule *r)
{
	unsigned i;

	for (i = 0; i < r->n && r->stmts[i].set == NULL && !has_object(&r->stmts[i]); i++)
		;
	return i < r->n;
}

static struct ir_stmt *
copy_stmts(const struct copying *c, const struct ir_rule *from, const struct ir_origin *o)
{
	struct ir_stmt *stmts;
	bool is_own = has_own(from);
	unsigned i;

	if (c->shares && !is_own)
		return from->stmts;
	stmts = mem_alloc(is_own ? c->to->arena : c->to->texts->arena, from->n, sizeof(*stmts));
	memcpy(stmts, from->stmts, from->n * sizeof(*stmts));
	for (i = 0; i < from->n; i++)
		copy_stmt(c, from->origin, o, &stmts[i]);
	return stmts;
}

static void
copy_rule(const struct copying *c, struct ir_rule *r, const struct ir_rule *from)
{
	r->origin = &c->origins[from->origin->index];
	r->part = from->part;
	r->group = from->group;
	r->n = from->n;
	r->hash = from->hash;
	r->stmts = copy_stmts(c, from, r->origin);
}

static struct deal *
copy_deal(const struct copying *c, const struct deal *from)
{
	struct deal *d = mem_alloc(c->to->arena, 1, sizeof(*d));
	uint32_t i;

	*d = *from;
	d->groups = mem_alloc(c->to->arena, d->n, sizeof(*d->groups));
	memcpy(d->groups, from->groups, d->n * sizeof(*d->groups));
	for (i = 0; i < d->n; i++)
		if (d->groups[i].set != NULL)
			d->groups[i].set = &c->sets[d->groups[i].set->number];
	return d;
}

static void
copy_frame(const struct copying *c, struct ir_chain *k, const struct ir_chain *from)
{
	k->name = text(c, from->name);
	k->family = from->family;
	k->hook = from->hook;
	k->is_nat = from->is_nat;
	k->drops = from->drops;
	k->priority = from->priority;
	k->is_rest = from->is_rest;
	k->is_inline = from->is_inline;
	k->is_variable = from->is_variable;
	k->n_leads = from->n_leads;
	k->made = from->made;
	k->number = from->number;
	k->of = from->of != NULL ? &c->chains[from->of->number] : NULL;
	k->deal = from->deal != NULL ? copy_deal(c, from->deal) : NULL;
}

static void
copy_rules(struct copying *c, struct ir_chain *k, const struct ir_chain *from)
{
	const struct ir_rule *r;
	struct ir_rule *copy;

	for (r = from->first; r != NULL; r = r->next) {
		copy = c->rules++;
		copy_rule(c, copy, r);
		copy->chain = k;
		if (k->last == NULL)
			k->first = copy;
		else
			k->last->next = copy;
		k->last = copy;
	}
	k->n = from->n;
}

/* Names of all of them come first: rules jump forwards. */
static struct ir_chain **
copy_frames(const struct copying *c, struct ir_chain **at, const struct ir_chain *from)
{
	for (; from != NULL; from = from->next) {
		*at = &c->chains[from->number];
		copy_frame(c, *at, from);
		at = &(*at)->next;
	}
	return at;
}

static void
copy_chains(struct copying *c, uint32_t n)
{
	const struct ir_chain *from;

	c->chains = mem_alloc(c->to->arena, n, sizeof(*c->chains));
	c->to->chains_tail = copy_frames(c, &c->to->chains, c->from->chains);
	(void)copy_frames(c, &c->to->inline_chains, c->from->inline_chains);
	for (from = c->from->chains; from != NULL; from = from->next)
		copy_rules(c, &c->chains[from->number], from);
	for (from = c->from->inline_chains; from != NULL; from = from->next)
		copy_rules(c, &c->chains[from->number], from);
}

/* --- what elements lead to */
static void
lead(const struct copying *c, struct ir_set *s)
{
	const struct ir_chain *k;
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		if (s->elems[i].rule != NULL) {
			k = &c->chains[s->elems[i].rule->chain->number];
			s->elems[i].chain = k->name;
			s->elems[i].rule = k->first;
		} else if (s->elems[i].chain != NULL) {
			s->elems[i].chain = chain_name(c, s->elems[i].chain);
		}
	}
}

struct ir *
ir_copy(struct ir *from)
{
	struct copying c = { .from = from };
	const struct ir_object *o;
	uint32_t n_chains, n_sets, n_rules = 0;
	struct ir_set *s;

	n_chains = number_chains(from->chains, 0, &n_rules);
	n_chains = number_chains(from->inline_chains, n_chains, &n_rules);
	n_sets = number_sets(from->sets);
	c.to = ir_new();
	begin_texts(&c);
	c.to->has_bridge = from->has_bridge;
	c.rules = mem_alloc(c.to->arena, n_rules, sizeof(*c.rules));
	copy_origins(&c);
	for (o = from->objects; o != NULL; o = o->next)
		(void)ir_object_copy(c.to, o);
	ir_flowtable_copy(c.to, from);
	copy_sets(&c, n_sets);
	copy_lists(&c);
	copy_chains(&c, n_chains);
	for (s = c.to->sets; s != NULL; s = s->next)
		if ((s->flags & IR_SET_VERDICT) != 0)
			lead(&c, s);
	names_copy(c.to->arena, &c.to->chain_names, &from->chain_names, chain_twin, &c);
	names_copy(c.to->arena, &c.to->set_names, &from->set_names, set_twin, &c);
	names_copy(c.to->arena, &c.to->origin_names, &from->origin_names, origin_twin, &c);
	c.to->n_rules = from->n_rules;
	c.to->n_elems = from->n_elems;
	c.to->ended_ms = from->ended_ms;
	c.to->n_made = from->n_made;
	c.to->n_rewriting = from->n_rewriting;
	if (!c.shares)
		c.to->texts->first = arena_used(c.to->texts->arena);
	/* What the kernel has of lists now is no matter of a form that it has not. */
	ir_lists_place(c.to, NULL);
	return c.to;
}
