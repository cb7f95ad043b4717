/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "compile.h"
#include "graft.h"
#include "ir_copy.h"
#include "live.h"
#include "mem.h"
#include "problems.h"
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
	struct conf_rule	*rules[CONF_RULES_MAX];
	const struct fw_policy	*policy;
	const struct policy_rule *first;	/* of those that differ and are in force */
	uint32_t		 n_first;
};

/* --- the rules around */
static bool
step(const struct conf_bytes *b, struct place *p, bool forwards)
{
	if (forwards) {
		for (p->at++; p->list < CONF_RULE_LISTS && p->at >= conf_bytes_n(b, p->list); p->at = 0)
			p->list++;
		return p->list < CONF_RULE_LISTS;
	}
	while (p->at == 0) {
		if (p->list == 0)
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
put_rule(struct conf_firewall *f, unsigned list, const struct conf_rule *r)
{
	if (list == 0)
		f->pre_rules.items[f->pre_rules.n++] = *r;
	else if (list == 1)
		f->rules.items[f->rules.n++] = *r;
	else
		f->post_rules.items[f->post_rules.n++] = *r;
}

static bool
resolve(struct side *s, const struct succession *q, const struct place around[2], struct arena *a)
{
	struct conf_fwd conf = *q->frame;
	struct conf_firewall *f = mem_alloc(a, 1, sizeof(*f));
	struct problems problems;
	uint32_t i, n = 0;

	*f = *conf.firewall;
	conf.firewall = f;
	f->pre_rules.items = mem_alloc(a, CONF_RULES_MAX + 2, sizeof(*f->pre_rules.items));
	f->rules.items = mem_alloc(a, CONF_RULES_MAX + 2, sizeof(*f->rules.items));
	f->post_rules.items = mem_alloc(a, CONF_RULES_MAX + 2, sizeof(*f->post_rules.items));
	if (s->before != NULL)
		put_rule(f, around[0].list, s->before);
	for (i = 0; i < s->n; i++) {
		put_rule(f, q->change.list, s->rules[i]);
		n += s->rules[i]->enabled;
	}
	if (s->behind != NULL)
		put_rule(f, around[1].list, s->behind);
	problems_init(&problems, a);
	s->policy = policy_with_live(&conf, q->links, q->live, a, &problems);
	if (s->policy == NULL || s->policy->xdp != NULL || s->policy->n_rules != n + (s->before != NULL) + (s->behind != NULL))
		return false;
	s->first = s->policy->rules + (s->before != NULL);
	s->n_first = n;
	policy_set_time((struct fw_policy *)s->policy, q->now);
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

static bool
has_id(const struct policy_rule *r, uint32_t n, const char *id)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (strcmp(r[i].id, id) == 0)
			return true;
	return false;
}

/* old or next may be NULL. */
static bool
graft(struct walk *w, const struct policy_rule *old, const struct policy_rule *next)
{
	struct ir *from = old != NULL ? compile_alone(w->old->policy, old) : NULL, *to = next != NULL ? compile_alone(w->next->policy, next) : NULL;
	bool ok = (old == NULL || from != NULL) && (next == NULL || to != NULL);

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
	const struct policy_rule *o = w->old->first, *o_end = o + w->old->n_first, *n = w->next->first, *n_end = n + w->next->n_first;
	bool ok = true;

	while (ok && (o < o_end || n < n_end)) {
		if (o < o_end && n < n_end && strcmp(o->id, n->id) == 0)
			ok = graft(w, o++, n++);
		else if (o < o_end && (n == n_end || !has_id(n, (uint32_t)(n_end - n), o->id)))
			ok = graft(w, o++, NULL);
		else if (n < n_end && (o == o_end || !has_id(o, (uint32_t)(o_end - o), n->id)))
			ok = graft(w, NULL, n++);
		else		/* they change places: it comes again when it is its turn */
			ok = graft(w, o++, NULL);
	}
	return ok;
}

/* The number of the first rule that differs. */
static bool
find_made(const struct side *old, const struct ir *ir, uint32_t *ret)
{
	const struct ir_origin *o;

	*ret = ir->n_made + 1 - old->n_first;
	if (old->behind == NULL)
		return true;
	o = ir_origin_find(ir, old->behind->id);
	if (o == NULL || o->made <= old->n_first)
		return false;
	*ret = o->made - old->n_first;
	return true;
}

static bool
are_unique(const struct side *next)
{
	uint32_t i;

	for (i = 0; i < next->n_first; i++)
		if (conf_bytes_count(next->bytes, next->first[i].id) != 1)
			return false;
	return true;
}

struct ir *
successor(const struct succession *q, struct ir *ir, struct arena *scratch, const struct fw_policy **ret_policy)
{
	struct side *s = mem_alloc(scratch, 2, sizeof(*s));
	struct walk w = { .old = &s[0], .next = &s[1] };

	s[0].bytes = q->old;
	s[0].n = q->change.n_old;
	s[1].bytes = q->next;
	s[1].n = q->change.n_next;
	if (q->frame->firewall == NULL || !read_side(&s[0], q, scratch) || !read_side(&s[1], q, scratch) || goes_on(&s[0]) != goes_on(&s[1]) ||
	    !are_unique(&s[1]) || !find_made(&s[0], ir, &w.made))
		return NULL;
	w.ir = ir_copy(ir);
	if (w.ir != NULL && !graft_all(&w)) {
		ir_free(w.ir);
		w.ir = NULL;
	}
	*ret_policy = s[1].policy;
	return w.ir;
}
