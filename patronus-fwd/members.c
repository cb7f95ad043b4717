/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "conf/generated.h"

#include "compile.h"
#include "excerpt.h"
#include "graft.h"
#include "ir_copy.h"
#include "mem.h"
#include "members.h"
#include "rule_boxes.h"

/*
 * Groups have other members.  Who may ask for one of them has its name somewhere in its bytes: these rules are compiled by themselves with what the groups
 * had and with what they have, and so is all that is no rule.  Where both are the same but for what is in sets, the sets are filled anew.  The rules of which
 * look-ups have other elements, or might have, are changed after that, where they are.
 */

#define RULES_MAX	1024	/* that may ask for the groups */
#define COST_MAX	(2u << 20)	/* comparisons of those that change: more than what compiling everything takes */

/* A rule whose look-ups have other elements. */
struct changing {
	struct ir	*old;		/* alone */
	struct ir	*next;
	uint32_t	 made;
};

struct members {
	const struct succession	*q;
	struct arena		*scratch;
	struct names		 groups;	/* with other members, of their own or by way of others */
	struct excerpt		 excerpt;	/* who may ask for them */
	const struct fw_policy	*old;
	const struct fw_policy	*next;
	struct ir		*ir;		/* what is being made */
	struct changing		 changing[CONF_ITEMS_MAX];
	uint32_t		 n_changing;
	uint64_t		 cost;
};

/* --- which groups */
static bool
put_group(struct members *m, const struct conf_group *g)
{
	if (names_get(&m->groups, g->name) != NULL)
		return false;
	names_put(m->scratch, &m->groups, g->name, (void *)g->name);
	return true;
}

static bool
has_other_member(const struct members *m, const struct conf_group *g)
{
	uint32_t i;

	for (i = 0; i < g->groups.n; i++)
		if (names_get(&m->groups, g->groups.items[i]) != NULL)
			return true;
	return false;
}

static void
find_groups(struct members *m, const struct conf_fwd *frame, uint32_t n)
{
	const struct conf_group *g = frame->firewall->groups.items;
	uint32_t i;
	bool goes_on;

	for (i = 0; i < n; i++)
		(void)put_group(m, &g[m->q->change.at + i]);
	do {
		for (i = 0, goes_on = false; i < frame->firewall->groups.n; i++)
			goes_on |= has_other_member(m, &g[i]) && put_group(m, &g[i]);
	} while (goes_on);
}

/* --- who asks for them */
static bool *
find_items(const struct members *m, unsigned list)
{
	const struct conf_bytes *b = m->q->next;
	bool *has = mem_alloc(m->scratch, conf_bytes_n(b, list) + 1, sizeof(*has));
	uint32_t i;

	for (i = 0; i < m->groups.size; i++)
		if (m->groups.items[i] != NULL)
			conf_bytes_find(b, list, m->groups.names[i], has);
	return has;
}

static bool
take_rules(struct members *m, struct conf_rule *rules, unsigned list)
{
	const struct conf_bytes *b = m->q->next;
	const struct conf_rule *r;
	const bool *has = find_items(m, list);
	uint32_t i;

	for (i = 0; i < conf_bytes_n(b, list); i++) {
		if (!has[i])
			continue;
		r = m->excerpt.n < RULES_MAX ? conf_bytes_rule(b, list, i, m->scratch) : NULL;
		if (r == NULL)
			return false;
		m->excerpt.lists[m->excerpt.n] = (uint8_t)list;
		rules[m->excerpt.n++] = *r;
	}
	return true;
}

static bool
take_forwards(struct members *m, struct conf_port_forward *forwards)
{
	const struct conf_bytes *b = m->q->next;
	const struct conf_port_forward *f;
	const bool *has = find_items(m, CONF_LIST_FORWARDS);
	uint32_t i;

	for (i = 0; i < conf_bytes_n(b, CONF_LIST_FORWARDS); i++) {
		if (!has[i])
			continue;
		f = m->excerpt.n_forwards < RULES_MAX ? conf_bytes_forward(b, i, m->scratch) : NULL;
		if (f == NULL)
			return false;
		forwards[m->excerpt.n_forwards++] = *f;
	}
	return true;
}

static bool
find_askers(struct members *m)
{
	struct conf_rule *rules = mem_alloc(m->scratch, RULES_MAX, sizeof(*rules));
	struct conf_port_forward *forwards = mem_alloc(m->scratch, RULES_MAX, sizeof(*forwards));

	m->excerpt.rules = rules;
	m->excerpt.forwards = forwards;
	m->excerpt.lists = mem_alloc(m->scratch, RULES_MAX, 1);
	return take_rules(m, rules, CONF_LIST_PRE) && take_rules(m, rules, CONF_LIST_RULES) && take_rules(m, rules, CONF_LIST_POST) &&
	    take_forwards(m, forwards);
}

/* --- what becomes of them */
/* Rules are as they were, and would be dealt as they were. */
static bool
same_rules(const struct ir_chain *a, const struct ir_chain *b, struct arena *scratch)
{
	const struct ir_rule *r, *s;
	struct rule_boxes x, y;

	if (strcmp(a->name, b->name) != 0 || a->n != b->n)
		return false;
	for (r = a->first, s = b->first; r != NULL; r = r->next, s = s->next) {
		if (r->hash != s->hash)
			return false;
		rule_boxes_make(&x, r, scratch);
		rule_boxes_make(&y, s, scratch);
		if (!rule_boxes_equal(&x, &y))
			return false;
	}
	return true;
}

/* Two lists of chains; until the one that ends them, which may be NULL. */
static bool
same_chains(const struct ir_chain *a, const struct ir_chain *a_end, const struct ir_chain *b, const struct ir_chain *b_end, struct arena *scratch)
{
	for (; a != a_end && b != b_end; a = a->next, b = b->next)
		if (!same_rules(a, b, scratch))
			return false;
	return a == a_end && b == b_end;
}

/* It has other boxes.  What meets them is found by looking at all there is. */
static bool
put_changing(struct members *m, const struct policy_rule *old, const struct policy_rule *next)
{
	const struct ir_origin *o = ir_origin_find(m->ir, old->id);
	struct changing *v = &m->changing[m->n_changing];
	const struct ir_rule *r;
	struct rule_boxes x;

	if (m->n_changing == CONF_ITEMS_MAX || o == NULL || o->made == 0 || conf_bytes_count(m->q->next, CONF_LIST_PRE, CONF_LIST_POST, old->id) != 1)
		return false;
	m->n_changing++;
	v->made = o->made;
	v->old = compile_alone(m->old, old);
	v->next = compile_alone(m->next, next);
	if (v->old == NULL || v->next == NULL)
		return false;
	for (r = v->next->chains->first; r != NULL; r = r->next) {
		rule_boxes_make(&x, r, m->scratch);
		m->cost += (uint64_t)x.n * m->ir->n_elems;
	}
	return strcmp(v->old->chains->name, v->next->chains->name) == 0 && m->cost <= COST_MAX;
}

/* The rules by themselves, each in a chain of its own number. */
static bool
compare_rules(struct members *m, const struct ir *old, const struct ir *next)
{
	const struct ir_chain *a = old->chains, *b = next->chains, *a_end, *b_end;
	uint32_t i;

	for (i = 0; i < m->next->n_rules; i++, a = a_end, b = b_end) {
		a_end = compile_apart_chain(old, i + 1);
		b_end = compile_apart_chain(next, i + 1);
		if (!same_chains(a, a_end, b, b_end, m->scratch) && !put_changing(m, &m->old->rules[i], &m->next->rules[i]))
			return false;
	}
	return true;
}

/* Sets that both have are filled anew where they differ; when that is still to be told from the old form, nothing else is there. */
static bool
fill_sets(struct members *m, const struct ir *old, const struct ir *next)
{
	const struct ir_set *s, *o;

	for (s = next->sets; s != NULL; s = s->next) {
		o = ir_set_find(old, s->name);
		if (o == NULL || o->hash == s->hash)
			continue;
		/* By a rule and by what is no rule: once. */
		if (ir_set_find(m->ir, s->name) != NULL && ir_set_find(m->ir, s->name)->hash == s->hash)
			continue;
		if (!graft_set(m->ir, o, s))
			return false;
	}
	return true;
}

static bool
change_rules(struct members *m)
{
	const struct changing *c;

	for (c = m->changing; c < m->changing + m->n_changing; c++)
		if (!graft_stay(m->ir, c->old, c->next, c->made))
			return false;
	return true;
}

static bool
graft_all(struct members *m, const struct ir *old[2], const struct ir *next[2])
{
	return same_chains(old[0]->chains, NULL, next[0]->chains, NULL, m->scratch) && compare_rules(m, old[1], next[1]) &&
	    fill_sets(m, old[0], next[0]) && fill_sets(m, old[1], next[1]) && change_rules(m);
}

/* What is no rule, and the rules. */
static bool
compile_both(const struct fw_policy *p, const struct ir *ret[2])
{
	struct fw_policy none = *p;

	none.n_rules = 0;
	ret[0] = compile(&none, NULL);
	ret[1] = compile_apart(p);
	return ret[0]->lists == NULL && ret[1] != NULL;
}

static bool
make(struct members *m, struct ir *ir)
{
	const struct ir *old[2] = { NULL, NULL }, *next[2] = { NULL, NULL };
	uint32_t i;
	bool ok;

	ok = compile_both(m->old, old) && compile_both(m->next, next) && (m->ir = ir_copy(ir)) != NULL && graft_all(m, old, next);
	for (i = 0; i < 2; i++) {
		ir_free((struct ir *)old[i]);
		ir_free((struct ir *)next[i]);
	}
	for (i = 0; i < m->n_changing; i++) {
		ir_free(m->changing[i].old);
		ir_free(m->changing[i].next);
	}
	return ok;
}

struct ir *
members_succeed(const struct succession *q, struct ir *ir, struct arena *scratch, const struct fw_policy **ret_policy)
{
	struct members *m = mem_alloc(scratch, 1, sizeof(*m));
	const struct conf_fwd *frame = conf_bytes_frame(q->old, scratch);

	m->q = q;
	m->scratch = scratch;
	if (frame == NULL || frame->firewall == NULL)
		return NULL;
	find_groups(m, frame, q->change.n_old);
	find_groups(m, q->frame, q->change.n_next);
	if (!find_askers(m) || (m->old = excerpt_resolve(&m->excerpt, frame, q, scratch)) == NULL ||
	    (m->next = excerpt_resolve(&m->excerpt, q->frame, q, scratch)) == NULL)
		return NULL;
	*ret_policy = m->next;
	if (make(m, ir))
		return m->ir;
	ir_free(m->ir);
	return NULL;
}
