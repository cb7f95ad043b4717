/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "compile.h"
#include "excerpt.h"
#include "graft.h"
#include "ir_copy.h"
#include "mem.h"
#include "policy_nat.h"
#include "members.h"
#include "successor.h"

/*
 * The rules that differ are resolved and compiled by themselves, with the two that stand around them, and are put into a copy of the form.
 */

/* Where a rule stands. */
struct place {
	unsigned	 list;
	uint32_t	 at;
	bool		 is_there;
};

/* The old or the new revision, as far as it is looked at. */
struct side {
	const struct conf_bytes	*bytes;
	uint32_t		 n;		/* rules that differ, in force or not */
	struct conf_rule	*before;	/* NULL: there is none */
	struct conf_rule	*behind;
	struct conf_rule	*rules[CONF_ITEMS_MAX];
	const struct fw_policy	*policy;
	const struct policy_rule *first;	/* of those that differ and are in force */
	const struct policy_forward *forwards;	/* first is NULL: these instead */
	uint32_t		 n_first;
};

/* --- the rules around */
static bool
step(const struct conf_bytes *b, struct place *p, bool forwards)
{
	if (forwards) {
		for (p->at++; p->list <= CONF_LIST_POST && p->at >= conf_bytes_n(b, p->list); p->at = 0)
			p->list++;
		return p->list <= CONF_LIST_POST;
	}
	while (p->at == 0) {
		if (p->list == CONF_LIST_PRE)
			return false;
		p->at = conf_bytes_n(b, --p->list);
	}
	p->at--;
	return true;
}

/* The next one in force that is compiled in its place. */
static struct conf_rule *
find_around(const struct conf_bytes *b, struct place *p, bool forwards, struct arena *a, bool *ret_ok)
{
	struct conf_rule *r;

	*ret_ok = true;
	while (step(b, p, forwards)) {
		r = conf_bytes_rule(b, p->list, p->at, a);
		if (r == NULL) {
			*ret_ok = false;
			return NULL;
		}
		if (!r->enabled || r->action == CONF_RULE_ACTION_NO_TRACKING)
			continue;
		p->is_there = true;
		return r;
	}
	return NULL;
}

/* --- a side, resolved */
static void
put_rule(struct excerpt *e, struct conf_rule *rules, unsigned list, const struct conf_rule *r)
{
	rules[e->n] = *r;
	e->lists[e->n++] = (uint8_t)list;
}

static bool
resolve(struct side *s, const struct succession *q, const struct place around[2], struct arena *a)
{
	struct conf_rule *rules = mem_alloc(a, s->n + 2, sizeof(*rules));
	struct excerpt e = { .rules = rules, .lists = mem_alloc(a, s->n + 2, 1) };
	struct fw_policy *policy;
	uint32_t i;

	if (s->before != NULL)
		put_rule(&e, rules, around[0].list, s->before);
	for (i = 0; i < s->n; i++) {
		put_rule(&e, rules, q->change.list, s->rules[i]);
		s->n_first += s->rules[i]->enabled;
	}
	if (s->behind != NULL)
		put_rule(&e, rules, around[1].list, s->behind);
	s->policy = policy = excerpt_resolve(&e, q->frame, q, a);
	if (policy == NULL)
		return false;
	s->first = policy->rules + (s->before != NULL);
	return true;
}

static bool
read_side(struct side *s, const struct succession *q, struct arena *a)
{
	struct place around[2] = { { q->change.list, q->change.at, false }, { q->change.list, 0, false } };
	bool ok;
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		s->rules[i] = conf_bytes_rule(s->bytes, q->change.list, q->change.at + i, a);
		if (s->rules[i] == NULL || s->rules[i]->action == CONF_RULE_ACTION_NO_TRACKING)
			return false;
	}
	s->before = find_around(s->bytes, &around[0], false, a, &ok);
	if (!ok)
		return false;
	/* step() goes on from the one before. */
	around[1].at = q->change.at + s->n - 1;
	s->behind = find_around(s->bytes, &around[1], true, a, &ok);
	return ok && resolve(s, q, around, a);
}

/* Does the rule behind go on in a block of the one in front of it?  Those that differ are in none. */
static bool
goes_on(const struct side *s)
{
	const struct policy_rule *last = s->policy->rules + s->policy->n_rules - 1;

	return s->behind != NULL && s->n_first == 0 && s->before != NULL && compile_joins(s->policy, s->policy->rules, last);
}

/* --- one after the other */
struct walk {
	struct ir		*ir;
	const struct side	*old;
	const struct side	*next;
	uint32_t		 made;		/* number of the rule that is at hand */
};

static const char *
id_of(const struct side *s, uint32_t i)
{
	return s->first != NULL ? s->first[i].id : s->forwards[i].id;
}

static struct ir *
alone(const struct side *s, uint32_t i)
{
	return s->first != NULL ? compile_alone(s->policy, &s->first[i]) : compile_forward_alone(s->policy, &s->forwards[i]);
}

static bool
has_id(const struct side *s, uint32_t from, const char *id)
{
	uint32_t i;

	for (i = from; i < s->n_first; i++)
		if (strcmp(id_of(s, i), id) == 0)
			return true;
	return false;
}

/* NONE: there is none of that side. */
#define NONE	UINT32_MAX

static bool
graft(struct walk *w, uint32_t old, uint32_t next)
{
	struct ir *from = old != NONE ? alone(w->old, old) : NULL, *to = next != NONE ? alone(w->next, next) : NULL;
	bool ok = (old == NONE || from != NULL) && (next == NONE || to != NULL);

	if (ok && from != NULL && to != NULL)
		ok = graft_change(w->ir, from, to, w->made++);
	else if (ok && from != NULL)
		ok = graft_remove(w->ir, from, w->made);
	else if (ok)
		ok = graft_add(w->ir, to, w->made++);
	ir_free(from);
	ir_free(to);
	return ok;
}

static bool
graft_all(struct walk *w)
{
	uint32_t o = 0, o_end = w->old->n_first, n = 0, n_end = w->next->n_first;
	bool ok = true;

	while (ok && (o < o_end || n < n_end)) {
		if (o < o_end && n < n_end && strcmp(id_of(w->old, o), id_of(w->next, n)) == 0)
			ok = graft(w, o++, n++);
		else if (o < o_end && (n == n_end || !has_id(w->next, n, id_of(w->old, o))))
			ok = graft(w, o++, NONE);
		else if (n < n_end && (o == o_end || !has_id(w->old, o, id_of(w->next, n))))
			ok = graft(w, NONE, n++);
		else		/* they change places: it comes again when it is its turn */
			ok = graft(w, o++, NONE);
	}
	return ok;
}

static bool
are_unique(const struct side *next, unsigned first, unsigned last)
{
	uint32_t i;

	for (i = 0; i < next->n_first; i++)
		if (conf_bytes_count(next->bytes, first, last, id_of(next, i)) != 1)
			return false;
	return true;
}

static struct ir *
graft_copy(struct walk *w, struct ir *ir)
{
	w->ir = ir_copy(ir);
	if (w->ir == NULL || graft_all(w))
		return w->ir;
	ir_free(w->ir);
	return NULL;
}

/* --- rules */
/* The number of the first rule that differs. */
static bool
find_made(const struct side *old, const struct ir *ir, uint32_t *ret)
{
	const struct ir_origin *o;

	*ret = ir->n_made - ir->n_rewriting + 1 - old->n_first;
	if (old->behind == NULL)
		return true;
	o = ir_origin_find(ir, old->behind->id);
	if (o == NULL || o->made <= old->n_first)
		return false;
	*ret = o->made - old->n_first;
	return true;
}

static struct side *
sides_new(const struct succession *q, struct arena *scratch)
{
	struct side *s = mem_alloc(scratch, 2, sizeof(*s));

	s[0].bytes = q->old;
	s[0].n = q->change.n_old;
	s[1].bytes = q->next;
	s[1].n = q->change.n_next;
	return s;
}

static struct ir *
succeed_rules(const struct succession *q, struct ir *ir, struct arena *scratch, const struct fw_policy **ret_policy)
{
	struct side *s = sides_new(q, scratch);
	struct walk w = { .old = &s[0], .next = &s[1] };

	if (!read_side(&s[0], q, scratch) || !read_side(&s[1], q, scratch) || goes_on(&s[0]) != goes_on(&s[1]) ||
	    !are_unique(&s[1], CONF_LIST_PRE, CONF_LIST_POST) || !find_made(&s[0], ir, &w.made))
		return NULL;
	*ret_policy = s[1].policy;
	return graft_copy(&w, ir);
}

/* --- port forwards */
static bool
read_forwards(struct side *s, const struct succession *q, struct arena *a)
{
	struct conf_port_forward *items = mem_alloc(a, s->n, sizeof(*items));
	const struct excerpt e = { .forwards = items, .n_forwards = s->n };
	const struct conf_port_forward *f;
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		f = conf_bytes_forward(s->bytes, q->change.at + i, a);
		if (f == NULL)
			return false;
		items[i] = *f;
	}
	s->policy = excerpt_resolve(&e, q->frame, q, a);
	if (s->policy == NULL)
		return false;
	s->forwards = s->policy->forwards;
	s->n_first = s->policy->n_forwards;
	return true;
}

static uint32_t
forward_made(const struct ir *ir, const char *id, struct arena *a)
{
	const struct ir_origin *o = ir_origin_find(ir, mem_join(a, "port-forward:", id));

	return o != NULL ? o->made : 0;
}

/* The number of the first one that differs: that of the one in force before it and one more, or that of the first one of all. */
static bool
find_forward_made(const struct succession *q, const struct ir *ir, struct arena *a, uint32_t *ret)
{
	const struct conf_port_forward *f;
	uint32_t i, made;

	*ret = ir->n_made - ir->n_rewriting + 1;
	for (i = q->change.at; i > 0; i--) {
		f = conf_bytes_forward(q->old, i - 1, a);
		if (f == NULL)
			return false;
		if (!f->enabled)
			continue;
		made = forward_made(ir, f->id, a);
		*ret = made + 1;
		return made != 0;
	}
	return true;
}

/* What answers for servers must not be translated, which looking at all rules tells. */
static bool
has_answers(const struct ir *ir)
{
	const struct ir_chain *c;
	const struct ir_rule *r;
	uint16_t i;

	for (c = ir->chains; c != NULL; c = c->next)
		for (r = c->first; r != NULL; r = r->next)
			for (i = 0; i < r->n; i++)
				if (r->stmts[i].kind == IR_SYNPROXY)
					return true;
	return false;
}

static struct ir *
succeed_forwards(const struct succession *q, struct ir *ir, struct arena *scratch, const struct fw_policy **ret_policy)
{
	struct side *s = sides_new(q, scratch);
	struct walk w = { .old = &s[0], .next = &s[1] };

	if (has_answers(ir) || !read_forwards(&s[0], q, scratch) || !read_forwards(&s[1], q, scratch) ||
	    !are_unique(&s[1], CONF_LIST_FORWARDS, CONF_LIST_FORWARDS) || !find_forward_made(q, ir, scratch, &w.made))
		return NULL;
	*ret_policy = s[1].policy;
	return graft_copy(&w, ir);
}

struct ir *
successor(const struct succession *q, struct ir *ir, struct arena *scratch, const struct fw_policy **ret_policy)
{
	if (q->frame->firewall == NULL)
		return NULL;
	switch ((enum conf_list)q->change.list) {
	case CONF_LIST_PRE:
	case CONF_LIST_RULES:
	case CONF_LIST_POST:
		return succeed_rules(q, ir, scratch, ret_policy);
	case CONF_LIST_GROUPS:
		return members_succeed(q, ir, scratch, ret_policy);
	case CONF_LIST_FORWARDS:
		return succeed_forwards(q, ir, scratch, ret_policy);
	case CONF_LIST_MAX:
		break;
	}
	return NULL;
}
