/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The rules of a hook, between pre-rules (which see each packet) and rules (which see what opens a connection).  Netfilter tries its rules
 * for each packet.  Once a chain has let through what belongs to a connection, all behind is about new ones: that is where it is cut.  A
 * chain that never does is for pre-rules as a whole.
 */
#include <stdio.h>
#include <string.h>

#include "import/policy.h"

#define FLOW	(MATCH_ESTABLISHED | MATCH_RELATED)
#define OPENS	(MATCH_NEW | MATCH_UNTRACKED)

enum cut {
	CUT_INVALID = 0,
	CUT_AT_FLOW,		/* at a rule for all links */
	CUT_BY_LINKS,		/* behind the rules that do it for some links; the others have nothing to lose */
	CUT_NOWHERE,
};

struct hook {
	struct policy		*p;
	const struct chain	*c;
	struct flats		 f;
	enum cut		 cut;
	unsigned		 at;		/* rules from here on see new connections only */
	unsigned		 first_flow;
	bool			 keeps_flow;	/* rules for flows are needed among the pre-rules */
	uint64_t		 unused[DRAFT_LINKS];	/* by link in: links out between which no connection may be */
};

static bool
is_terminal(const struct flat *f)
{
	return f->verdict == VERDICT_ACCEPT || f->verdict == VERDICT_DROP || f->verdict == VERDICT_REJECT;
}

/* "Accept what belongs to a connection", for some or all links. */
static bool
is_flow(const struct flat *f)
{
	return f->verdict == VERDICT_ACCEPT && match_is_links(&f->m) && (f->m.states & FLOW) == FLOW &&
	    (f->m.states & (MATCH_NEW | MATCH_INVALID)) == 0;
}

static bool
is_all_links(const struct hook *h, const struct match *m)
{
	uint64_t all = draft_links_all(h->p->d);

	return (m->in & all) == all && (m->out & all) == all;
}

/* May packets of connections meet this rule at all? */
static bool
sees_flow(const struct flat *f)
{
	return f->verdict != VERDICT_CONTINUE && (f->m.states == 0 || (f->m.states & FLOW) != 0);
}

/* What becomes of flows between two links behind the cut: let through (1), dropped (0), or it depends (-1). */
static int
fate(const struct hook *h, uint64_t in, uint64_t out)
{
	const struct flat *f;
	unsigned i;

	for (i = 0; i < h->at; i++)
		if (is_flow(&h->f.items[i]) && (h->f.items[i].m.in & in) != 0 && (h->f.items[i].m.out & out) != 0)
			return 1;
	for (; i < h->f.n; i++) {
		f = &h->f.items[i];
		if (!sees_flow(f) || (f->m.in & in) == 0 || (f->m.out & out) == 0)
			continue;
		if (!match_is_links(&f->m) || (f->m.states != 0 && (f->m.states & FLOW) != FLOW) || !is_terminal(f))
			return -1;
		return f->verdict == VERDICT_ACCEPT;
	}
	return h->c->policy == VERDICT_ACCEPT;
}

static bool
cut_by_links(struct hook *h)
{
	unsigned i, j, n = h->p->d->nlinks;
	unsigned nin = h->c->hook == DRAFT_OUTPUT ? 1 : n, nout = h->c->hook == DRAFT_INPUT ? 1 : n;
	int what;

	for (i = 0; i < nin; i++)
		for (j = 0; j < nout; j++) {
			what = fate(h, h->c->hook == DRAFT_OUTPUT ? MATCH_ANY_LINK : 1ull << i,
			    h->c->hook == DRAFT_INPUT ? MATCH_ANY_LINK : 1ull << j);
			if (what == -1)
				return false;
			if (what == 0)
				h->unused[i] |= 1ull << j;
		}
	return n > 0;
}

/* Where new connections begin. */
static void
find_cut(struct hook *h)
{
	unsigned i, last = 0, others = 0;
	bool any = false;

	for (i = 0; i < h->f.n; i++) {
		if (!is_flow(&h->f.items[i]))
			continue;
		if (is_all_links(h, &h->f.items[i].m)) {
			h->cut = CUT_AT_FLOW;
			h->at = i + 1;
			h->first_flow = any ? h->first_flow : i;
			h->keeps_flow = any;
			return;
		}
		if (!any)
			h->first_flow = i;
		any = true;
		last = i + 1;
	}
	h->at = last;
	for (i = h->first_flow; i < last; i++)
		others += !is_flow(&h->f.items[i]);
	h->keeps_flow = others > 0;
	if (cut_by_links(h)) {
		h->cut = CUT_BY_LINKS;
		return;
	}
	h->cut = CUT_NOWHERE;
	h->at = h->f.n;
	h->keeps_flow = true;
	memset(h->unused, 0, sizeof(h->unused));
}

/* --- rules --- */

static const char *
name_of(const struct hook *h, const struct flat *f, char *ret, size_t size)
{
	(void)snprintf(ret, size, "%.40s-%u%s", f->chain, f->rule->number, h->p->suffix);
	return ret;
}

static const char *
words_of(const struct flat *f)
{
	if (f->rule->comment != NULL)
		return f->rule->comment;
	return f->rule->entry != NULL ? f->rule->entry->text : NULL;
}

static void
put_flat(const struct hook *h, const struct flat *f, const struct match *m, enum draft_section section)
{
	char name[64];

	(void)draft_rule(h->p->d, f->rule->entry, section, h->c->hook, name_of(h, f, name, sizeof(name)), words_of(f), m, &f->deed);
}

/* A rule that sees new connections only asks for their state no more. */
static void
put_rule(const struct hook *h, const struct flat *f)
{
	struct match m = f->m;

	if (m.states != 0 && (m.states & OPENS) == 0) {
		if ((m.states & MATCH_INVALID) != 0 && f->verdict == VERDICT_ACCEPT)
			entry_note(h->p->d, f->rule->entry, OUTCOME_CHANGED, "packets that belong to no connection and open none are always dropped");
		else
			entry_note(h->p->d, f->rule->entry, OUTCOME_DONE, "such packets are decided before the rules");
		return;
	}
	m.states &= OPENS;
	/* Packets of ICMPv6 may be untracked by themselves: there the state says something. */
	if ((m.states & MATCH_NEW) != 0 && !h->p->may_be_untracked && (m.family == ADDR_V4 || (m.nprotocols == 1 && m.protocols[0] != 58)))
		m.states = 0;
	put_flat(h, f, &m, DRAFT_RULES_SECTION);
}

static void
put_pre_rule(const struct hook *h, unsigned i)
{
	const struct flat *f = &h->f.items[i];

	if (is_flow(f) && (!h->keeps_flow || (h->cut == CUT_AT_FLOW && i + 1 == h->at)))
		entry_note(h->p->d, f->rule->entry, OUTCOME_DONE, "what belongs to a connection passes before the rules");
	else
		put_flat(h, f, &f->m, DRAFT_PRE_RULES);
}

static void
drop_flow(const struct hook *h, struct entry *e, uint64_t in, uint64_t out)
{
	static const struct deed drop = { .action = "drop" };
	char name[80];
	struct match m;

	match_init(&m);
	m.family = h->p->family;
	m.states = FLOW;
	m.in = in;
	m.out = out;
	(void)snprintf(name, sizeof(name), "%.40s-no-flow%s", h->c->name, h->p->suffix);
	(void)draft_rule(h->p->d, e, DRAFT_PRE_RULES, h->c->hook, name, "The source lets no connection be here", &m, &drop);
}

/* Between these links the source had nothing that lets replies through. */
static void
drop_unused(const struct hook *h)
{
	unsigned i;

	for (i = 0; i < DRAFT_LINKS; i++) {
		if (h->unused[i] == 0)
			continue;
		if (h->c->hook == DRAFT_OUTPUT)
			drop_flow(h, h->c->entry, MATCH_ANY_LINK, h->unused[i]);
		else
			drop_flow(h, h->c->entry, 1ull << i, h->c->hook == DRAFT_INPUT ? MATCH_ANY_LINK : h->unused[i]);
	}
}

/* The last rule of a chain that sees each packet, when it is for all: flows before the rules, new connections among them. */
static bool
put_end(const struct hook *h)
{
	const struct flat *last = h->f.n > 0 ? &h->f.items[h->f.n - 1] : NULL;

	if (h->cut != CUT_NOWHERE || last == NULL || !is_terminal(last) || !match_is_all(&last->m))
		return false;
	if (last->verdict != VERDICT_ACCEPT)
		drop_flow(h, last->rule->entry, MATCH_ANY_LINK, MATCH_ANY_LINK);
	put_rule(h, last);
	return true;
}

static void
put_policy(const struct hook *h)
{
	static const struct deed accept = { .action = "accept" };
	struct draft *d = h->p->d;
	char name[80];
	struct match m;

	if (h->f.is_ended || (h->c->hook == DRAFT_OUTPUT && h->c->policy == VERDICT_ACCEPT && h->p->sends_all))
		return;
	if (h->c->policy != VERDICT_ACCEPT) {
		if (h->cut == CUT_NOWHERE)
			drop_flow(h, h->c->entry, MATCH_ANY_LINK, MATCH_ANY_LINK);
		return;
	}
	match_init(&m);
	m.family = h->p->family;
	(void)snprintf(name, sizeof(name), "%.40s-policy%s", h->c->name, h->p->suffix);
	(void)draft_rule(d, h->c->entry, DRAFT_RULES_SECTION, h->c->hook, name, "The policy of the chain", &m, &accept);
}

void
policy_put(struct policy *p, const struct chain *c)
{
	struct hook h = { .p = p, .c = c };
	unsigned i, n;

	policy_flatten(p, c, &h.f);
	if (p->d->failed)
		return;
	find_cut(&h);
	n = h.cut == CUT_NOWHERE && h.f.n > 0 && is_terminal(&h.f.items[h.f.n - 1]) && match_is_all(&h.f.items[h.f.n - 1].m) ? h.f.n - 1 : h.at;
	for (i = 0; i < n; i++)
		put_pre_rule(&h, i);
	drop_unused(&h);
	if (!put_end(&h))
		for (i = h.at; i < h.f.n; i++)
			put_rule(&h, &h.f.items[i]);
	put_policy(&h);
}

void
policy_put_before(struct policy *p, const struct chain *c)
{
	struct hook h = { .p = p, .c = c };
	unsigned i;

	policy_flatten(p, c, &h.f);
	for (i = 0; i < h.f.n && !p->d->failed; i++)
		put_flat(&h, &h.f.items[i], &h.f.items[i].m, DRAFT_PRE_RULES);
}
