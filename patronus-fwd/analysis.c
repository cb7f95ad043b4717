/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "analysis.h"
#include "cover.h"
#include "mem.h"
#include "names.h"
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
	    kind == IR_SET_HELPER || kind == IR_SET_TIMEOUT;
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
look_at(struct analyser *s, const struct ir_rule *rule)
{
	struct seen *e = names_get(&s->rules, rule->origin->id);
	struct rule_boxes r;
	unsigned i;

	rule_boxes_make(&r, rule, s->scratch);
	for (i = 0; i < r.n && e != NULL; i++)
		ask(s, e, &r.boxes[i], rule->origin);
	/* What is not in force all the time hides nothing. */
	if (e == NULL || e->finding->rule->schedule != NULL || !decides(s->ir, r.rest, r.n_rest))
		return;
	for (i = 0; i < r.n; i++)
		cover_add(s->cover, &r.boxes[i], r.dims, rule->origin);
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
walk_pair(struct analyser *s, const char *from, const char *to)
{
	static const char *const kinds[] = { "pre", "pair" };
	unsigned i;

	if ((s->scratch = arena_new(0)) == NULL)
		fatalx("analysis", "out of memory");
	s->cover = cover_new(s->scratch);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		walk(s, ir_chain_find(s->ir, mem_printf(s->scratch, "%s.%s.%s", kinds[i], from, to)), 0);
	cover_free(s->cover);
	arena_free(s->scratch);
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

struct analysis_finding *
analysis_make(const struct fw_policy *p, const struct ir *ir, struct arena *a)
{
	struct analysis_finding *all = mem_alloc(a, p->n_rules, sizeof(*all));
	struct seen *seen = mem_alloc(a, p->n_rules, sizeof(*seen));
	struct analyser s = { .policy = p, .ir = ir, .arena = a };
	uint32_t i, k;

	for (i = 0; i < p->n_rules; i++) {
		all[i].rule = &p->rules[i];
		seen[i].finding = &all[i];
		names_put(a, &s.rules, p->rules[i].id, &seen[i]);
	}
	for (i = 0; i < p->n_zones; i++)
		for (k = 0; k < p->n_zones; k++)
			walk_pair(&s, p->zones[i].name, p->zones[k].name);
	for (i = 0; i < p->n_rules; i++) {
		all[i].kind = kind_of(&seen[i]);
		if (all[i].kind == ANALYSIS_NOTHING)
			all[i].n_witnesses = 0;
	}
	return all;
}
