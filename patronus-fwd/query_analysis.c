/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules that can never decide anything, with those that prove it; and those to which nothing has come. */
#include <string.h>

#include "base/buf.h"
#include "conf/generated.h"

#include "analysis.h"
#include "compile.h"
#include "evidence.h"
#include "fwd.h"
#include "mem.h"
#include "policy_bridge.h"
#include "query.h"

#define NAMED_MAX	6	/* witnesses in a sentence */

static const char *
names_of(const struct analysis_finding *f, struct arena *a)
{
	const char *text;
	struct buf b;
	uint32_t i;

	buf_init(&b, 800);
	for (i = 0; i < f->n_witnesses && i < NAMED_MAX; i++)
		buf_printf(&b, "%s\"%.80s\"", i == 0 ? "" : i + 1 == f->n_witnesses ? " and " : ", ", f->witnesses[i]->id);
	if (f->n_witnesses > NAMED_MAX)
		buf_printf(&b, " and %u more", f->n_witnesses - NAMED_MAX);
	text = buf_failed(&b) ? "others" : mem_strdup(a, b.len > 0 ? (const char *)b.data : "");
	buf_fini(&b);
	return text;
}

static bool
has_witness(const struct analysis_finding *f, const char *id)
{
	uint32_t i;

	for (i = 0; i < f->n_witnesses && strcmp(f->witnesses[i]->id, id) != 0; i++)
		;
	return i < f->n_witnesses;
}

static bool
has_generated(const struct analysis_finding *f)
{
	uint32_t i;

	for (i = 0; i < f->n_witnesses && !f->witnesses[i]->is_generated; i++)
		;
	return i < f->n_witnesses;
}

static const char *
sentence(const struct analysis_finding *f, struct arena *a)
{
	const char *names = names_of(f, a), *verb = f->n_witnesses == 1 ? "decides" : "decide";
	const char *what = strncmp(f->path, "/firewall/bridge-rules/", 23) == 0 ? "frame" : "packet";
	/* Nothing comes before what is built in. */
	const char *advice = !has_generated(f) ? "move it before them, or remove it" :
	    has_witness(f, "bogon:drop") ? "block-bogons or block-private of its zone blocks the senders; let them in by firewall bogons except, or remove it" :
	    "that comes before all rules";

	switch (f->kind) {
	case ANALYSIS_SHADOWED:
		return mem_printf(a, "no %s comes to it: %s %s all that it matches; %s", what, names, verb, advice);
	case ANALYSIS_REDUNDANT:
		return mem_printf(a, "it can go: %s %s all that it matches, and the same way", names, verb);
	case ANALYSIS_PARTLY:
		return mem_printf(a, "a part of it is never reached: %s %s that", names, verb);
	case ANALYSIS_NOTHING:
		break;
	}
	return "";
}

static void
describe(const struct analysis_finding *f, struct state_finding *s, struct arena *a)
{
	static const uint8_t kinds[] = {
		[ANALYSIS_NOTHING] = STATE_FINDING_FINDING_INVALID, [ANALYSIS_SHADOWED] = STATE_FINDING_FINDING_SHADOWED,
		[ANALYSIS_REDUNDANT] = STATE_FINDING_FINDING_REDUNDANT, [ANALYSIS_PARTLY] = STATE_FINDING_FINDING_PARTLY
	};
	uint32_t i;

	s->rule = f->id;
	s->path = f->path;
	s->finding = kinds[f->kind];
	s->witnesses.items = mem_alloc(a, f->n_witnesses, sizeof(*s->witnesses.items));
	for (i = 0; i < f->n_witnesses; i++)
		s->witnesses.items[s->witnesses.n++] = mem_strdup(a, f->witnesses[i]->id);
	s->text = sentence(f, a);
}

/* As long as a rule is in force: one that is only in a candidate was never counted. */
static void
describe_never_hit(const struct fwd *f, const struct analysis_finding *r, struct state_firewall_analysis *s, struct arena *a)
{
	struct evidence_sum sum = evidence_get(f->evidence, r->id);
	struct state_finding *d;

	if (sum.since_ms == 0 || sum.packets != 0)
		return;
	d = &s->findings.items[s->findings.n++];
	*d = (struct state_finding){ .rule = r->id, .path = r->path, .finding = STATE_FINDING_FINDING_NEVER_HIT, .has_since = true,
	    .since = sum.since_ms, .text = mem_strdup(a, "nothing has come to it since it is counted") };
}

static void
describe_all(const struct fwd *f, const struct analysis_finding *found, uint32_t n, struct state_firewall_analysis *s, struct arena *a)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		s->undecided += found[i].is_undecided ? 1 : 0;
		if (found[i].kind != ANALYSIS_NOTHING)
			describe(&found[i], &s->findings.items[s->findings.n++], a);
		describe_never_hit(f, &found[i], s, a);
	}
}

int
query_analysis(struct query *q, void **ret)
{
	struct state_firewall_analysis *s = mem_alloc(q->arena, 1, sizeof(*s));
	const struct fw_policy *policy;
	uint32_t n_bridge;
	struct ir *ir;
	int error;

	if ((error = query_check_terms(q, "")) != 0 || (policy = query_policy(q, &error)) == NULL)
		return error;
	ir = compile(policy, NULL);
	n_bridge = policy->bridge != NULL ? policy->bridge->n_rules : 0;
	s->rules = policy->n_rules + n_bridge;
	s->findings.items = mem_alloc(q->arena, 2 * s->rules, sizeof(*s->findings.items));
	describe_all(q->fwd, analysis_make(policy, ir, q->arena), policy->n_rules, s, q->arena);
	describe_all(q->fwd, analysis_bridge(policy, ir, q->arena), n_bridge, s, q->arena);
	ir_free(ir);
	*ret = s;
	return 0;
}
