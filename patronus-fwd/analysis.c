/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "analysis.h"
#include "analysis_bogons.h"
#include "cover.h"
#include "mem.h"
#include "names.h"
#include "policy_bridge.h"
#include "rule_boxes.h"

#define DEPTH_MAX	16

/* What is known of one rule while the pairs of zones are gone through. */
struct seen {
	struct analysis_finding	*finding;
	uint32_t		 n_boxes;	/* of all its kernel rules in all pairs */
	uint32_t		 n_covered;
	uint32_t		 n_other;	/* of those: by rules that do something else */
	uint32_t		 cap;
};

struct analyser {
	const struct fw_policy	*policy;
	const struct ir		*ir;
	struct arena		*arena;
	struct arena		*scratch;	/* of one pair */
	struct cover		*cover;
	const struct box_fields	*fields;	/* of frames; NULL: packets */
	struct names		 rules;		/* id -> struct seen */
};

/* --- does a rule decide all that it matches? --- */

static bool
is_verdict(uint8_t kind)
{
	return kind == IR_ACCEPT || kind == IR_DROP || kind == IR_REJECT || kind == IR_REJECT_TCP_RESET || kind == IR_QUEUE ||
	    kind == IR_SYNPROXY;
}

/* What stands behind the matches that became boxes; a rate or a further match may let a packet go on. */
static bool
is_certain(uint8_t kind)
{
	return kind == IR_COUNTER || kind == IR_LOG || kind == IR_SET_MARK || kind == IR_SET_DSCP4 || kind == IR_SET_DSCP6 ||
	    kind == IR_SET_HELPER || kind == IR_SET_TIMEOUT || kind == IR_FLOW;
}

static bool	decides_chain(const struct ir *, const char *name);

static bool
decides(const struct ir *ir, const struct ir_stmt *stmts, unsigned n)
{
	unsigned i;

	for (i = 0; i < n && is_certain(stmts[i].kind); i++)
		;
	if (i == n)
		return false;
	return is_verdict(stmts[i].kind) || ((stmts[i].kind == IR_JUMP || stmts[i].kind == IR_GOTO) && decides_chain(ir, stmts[i].chain));
}

/* The chain of a rule that became several kernel rules: what all of them do stands there once. */
static bool
decides_chain(const struct ir *ir, const char *name)
{
	const struct ir_chain *c = ir_chain_find(ir, name);

	return c != NULL && c->first != NULL && c->first->stmts[c->first->n - 1].kind != IR_JUMP && decides(ir, c->first->stmts, c->first->n);
}

/* --- findings --- */

static void
add_witness(struct analyser *s, struct seen *e, const struct ir_origin *o)
{
	struct analysis_finding *f = e->finding;
	uint32_t i;

	for (i = 0; i < f->n_witnesses; i++)
		if (f->witnesses[i] == o)
			return;
	if (f->n_witnesses == COVER_WITNESSES)
		return;
	if (f->n_witnesses == e->cap)
		f->witnesses = mem_grow(s->arena, f->witnesses, f->n_witnesses, sizeof(*f->witnesses), &e->cap);
	f->witnesses[f->n_witnesses++] = o;
}

static void
ask(struct analyser *s, struct seen *e, const struct box *b, const struct ir_origin *own)
{
	const struct ir_origin *witnesses[COVER_WITNESSES];
	bool is_other = false;
	unsigned n, i;

	e->n_boxes++;
	switch (cover_ask(s->cover, b, witnesses, &n)) {
	case COVER_UNKNOWN:
		e->finding->is_undecided = true;
		return;
	case COVER_NOT:
		return;
	case COVER_WHOLLY:
		break;
	}
	e->n_covered++;
	for (i = 0; i < n; i++) {
		is_other |= witnesses[i]->action != own->action;
		/* Of two kernel rules of one rule the first may hide the second, which proves nothing. */
		if (witnesses[i] != own)
			add_witness(s, e, witnesses[i]);
	}
	e->n_other += is_other ? 1 : 0;
}

static void
boxes_of(struct analyser *s, const struct ir_rule *rule, struct rule_boxes *ret)
{
	if (s->fields != NULL)
		rule_boxes_free(ret, rule, s->fields, s->scratch);
	else
		rule_boxes_make(ret, rule, s->scratch);
}

/* What it decides nobody behind it sees. */
static void
hide_boxes(struct analyser *s, const struct ir_rule *rule, const struct rule_boxes *r)
{
	unsigned i;

	for (i = 0; decides(s->ir, r->rest, r->n_rest) && i < r->n; i++)
		cover_add(s->cover, &r->boxes[i], r->dims, rule->origin);
}

static void
hide(struct analyser *s, const struct ir_rule *rule)
{
	struct rule_boxes r;

	boxes_of(s, rule, &r);
	hide_boxes(s, rule, &r);
}

static void
look_at(struct analyser *s, const struct ir_rule *rule)
{
	struct seen *e = names_get(&s->rules, rule->origin->id);
	struct rule_boxes r;
	unsigned i;

	boxes_of(s, rule, &r);
	for (i = 0; i < r.n && e != NULL; i++)
		ask(s, e, &r.boxes[i], rule->origin);
	/* What is not in force all the time hides nothing. */
	if (e != NULL && !e->finding->is_scheduled)
		hide_boxes(s, rule, &r);
}

/* --- chains --- */

static void
walk(struct analyser *s, const struct ir_chain *c, unsigned depth)
{
	const struct ir_rule *rule;

	if (c == NULL || depth == DEPTH_MAX)
		return;
	for (rule = c->first; rule != NULL; rule = rule->next) {
		/* A block of rules, or a schedule. */
		if (rule->n == 1 && rule->stmts[0].kind == IR_JUMP && strchr(rule->origin->id, ':') != NULL)
			walk(s, ir_chain_find(s->ir, rule->stmts[0].chain), depth + 1);
		else
			look_at(s, rule);
	}
}

static void
begin(struct analyser *s)
{
	if ((s->scratch = arena_new(0)) == NULL)
		fatalx("analysis", "out of memory");
	s->cover = cover_new(s->scratch);
}

static void
end(struct analyser *s)
{
	cover_free(s->cover);
	arena_free(s->scratch);
}

/* --- what comes before rules --- */

/*
 * The generated rules of a hook from *at on, as far as the one that looks up the chain of the pair: when there is that one.  No rule of the
 * configuration stands among them.
 */
static void
walk_before(struct analyser *s, const struct ir_rule **at, const char *dispatch)
{
	const struct ir_rule *rule, *end;

	for (end = *at; end != NULL && strcmp(end->origin->id, dispatch) != 0; end = end->next)
		;
	for (rule = *at; end != NULL && rule != end; rule = rule->next)
		hide(s, rule);
	if (end != NULL)
		*at = end->next;
}

static void
walk_pair(struct analyser *s, uint32_t from, uint32_t to)
{
	const char *a = s->policy->zones[from].name, *b = s->policy->zones[to].name;
	const char *chain = from == POLICY_LOCAL ? "output" : to == POLICY_LOCAL ? "input" : "forward";
	static const struct { const char *kind; const char *dispatch; } kinds[] = { { "pre", "pre-rules" }, { "pair", "dispatch" } };
	const struct ir_chain *base = ir_chain_find(s->ir, chain);
	const struct ir_rule *at = base != NULL ? base->first : NULL;
	unsigned i;

	begin(s);
	analysis_bogons(s->cover, s->policy, s->ir, from, s->scratch);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		walk_before(s, &at, mem_printf(s->scratch, "%s:%s", chain, kinds[i].dispatch));
		walk(s, ir_chain_find(s->ir, mem_printf(s->scratch, "%s.%s.%s", kinds[i].kind, a, b)), 0);
	}
	end(s);
}

static enum analysis_kind
kind_of(const struct seen *e)
{
	if (e->n_boxes == 0 || e->finding->is_undecided)
		return ANALYSIS_NOTHING;
	if (e->n_covered == e->n_boxes)
		return e->n_other > 0 ? ANALYSIS_SHADOWED : ANALYSIS_REDUNDANT;
	return e->n_other > 0 ? ANALYSIS_PARTLY : ANALYSIS_NOTHING;
}

/* Before the first look. */
static struct seen *
seen_new(struct analyser *s, struct analysis_finding *f, uint32_t n)
{
	struct seen *seen = mem_alloc(s->arena, n, sizeof(*seen));
	uint32_t i;

	for (i = 0; i < n; i++) {
		seen[i].finding = &f[i];
		names_put(s->arena, &s->rules, f[i].id, &seen[i]);
	}
	return seen;
}

static void
conclude(const struct seen *seen, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		seen[i].finding->kind = kind_of(&seen[i]);
		if (seen[i].finding->kind == ANALYSIS_NOTHING)
			seen[i].finding->n_witnesses = 0;
	}
}

struct analysis_finding *
analysis_make(const struct fw_policy *p, const struct ir *ir, struct arena *a)
{
	struct analysis_finding *all = mem_alloc(a, p->n_rules, sizeof(*all));
	struct analyser s = { .policy = p, .ir = ir, .arena = a };
	struct seen *seen;
	uint32_t i, k;

	for (i = 0; i < p->n_rules; i++)
		all[i] = (struct analysis_finding){ .id = p->rules[i].id, .path = p->rules[i].path, .is_scheduled = p->rules[i].schedule != NULL };
	seen = seen_new(&s, all, p->n_rules);
	for (i = 0; i < p->n_zones; i++)
		for (k = 0; k < p->n_zones; k++)
			walk_pair(&s, i, k);
	conclude(seen, p->n_rules);
	return all;
}

struct analysis_finding *
analysis_bridge(const struct fw_policy *p, const struct ir *ir, struct arena *a)
{
	const uint32_t n = p->bridge != NULL ? p->bridge->n_rules : 0;
	const struct ir_chain *c = ir_chain_find(ir, "bridged");
	struct analysis_finding *all = mem_alloc(a, n, sizeof(*all));
	struct analyser s = { .policy = p, .ir = ir, .arena = a };
	struct box_fields fields;
	struct seen *seen;
	uint32_t i;

	for (i = 0; i < n; i++)
		all[i] = (struct analysis_finding){ .id = p->bridge->rules[i].id, .path = p->bridge->rules[i].path };
	if (c == NULL)
		return all;
	seen = seen_new(&s, all, n);
	box_fields_of(c, &fields);
	s.fields = &fields;
	begin(&s);
	walk(&s, c, 0);
	end(&s);
	conclude(seen, n);
	return all;
}
