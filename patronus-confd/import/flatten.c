/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Chains that jump to each other as one list.  What a jump asks is asked by each rule behind it; what must be asked once only, or not be so,
 * is kept in a bit of the packet's mark: one rule sets it, those behind ask for it.
 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#include "import/policy.h"

#define CHAIN_RULES_MAX	20000
#define FLATS_MAX	20000
#define STEPS_MAX	500000

struct walk {
	struct policy	*p;
	struct flats	*out;
	const struct chain *base;
	uint32_t	 guard;		/* bits of packets that are through with this table */
	unsigned	 steps;
	bool		 is_ended;
};

struct policy *
policy_new(struct draft *d, uint8_t family)
{
	struct policy *p = arena_alloc(d->arena, 1, sizeof(*p));

	if (p == NULL) {
		draft_fail(d, NULL);
		return NULL;
	}
	p->d = d;
	p->family = family;
	p->suffix = family == ADDR_V6 ? "-ipv6" : "";
	return p;
}

struct chain *
policy_chain(struct policy *p, const char *name, bool make)
{
	unsigned i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->chains[i].name, name) == 0)
			return &p->chains[i];
	if (!make)
		return NULL;
	if (p->n == POLICY_CHAINS) {
		draft_fail(p->d, "it has more than 1024 chains");
		return NULL;
	}
	p->chains[p->n].name = name;
	return &p->chains[p->n++];
}

struct chain_rule *
chain_add(struct policy *p, struct chain *c, struct entry *e)
{
	struct chain_rule *more;
	unsigned size;

	if (c->n == CHAIN_RULES_MAX)
		draft_fail(p->d, "a chain has more than 20000 rules");
	if (p->d->failed)
		return NULL;
	if (c->n == c->size) {
		size = c->size == 0 ? 8 : c->size * 2;
		if ((more = arena_alloc(p->d->arena, size, sizeof(*more))) == NULL) {
			draft_fail(p->d, NULL);
			return NULL;
		}
		if (c->n > 0)
			memcpy(more, c->rules, c->n * sizeof(*more));
		c->rules = more;
		c->size = size;
	}
	c->rules[c->n] = (struct chain_rule){ .entry = e, .number = c->n + 1 };
	match_init(&c->rules[c->n].m);
	c->rules[c->n].m.family = p->family;
	return &c->rules[c->n++];
}

/* A bit that nobody uses; 0 when there is none left. */
static uint32_t
take_bit(struct policy *p)
{
	uint32_t bit;

	for (bit = 1u << 31; bit != 0 && (*p->used_marks & bit) != 0; bit >>= 1)
		;
	*p->used_marks |= bit;
	p->own_marks |= bit;
	return bit;
}

static void
push(struct walk *w, const struct match *m, enum verdict verdict, const struct chain_rule *rule, const char *chain, const struct deed *deed)
{
	struct flats *f = w->out;
	struct flat *more;
	unsigned size;

	if (f->n == FLATS_MAX)
		draft_fail(w->p->d, "its chains become more than 20000 rules");
	if (w->p->d->failed)
		return;
	if (f->n == f->size) {
		size = f->size == 0 ? 64 : f->size * 2;
		if ((more = arena_alloc(w->p->d->arena, size, sizeof(*more))) == NULL) {
			draft_fail(w->p->d, NULL);
			return;
		}
		if (f->n > 0)
			memcpy(more, f->items, f->n * sizeof(*more));
		f->items = more;
		f->size = size;
	}
	f->items[f->n++] = (struct flat){ .m = *m, .verdict = verdict, .rule = rule, .deed = *deed, .chain = chain };
}

/* Packets that match get this bit. */
static void
push_bit(struct walk *w, const struct match *m, uint32_t bit, const struct chain_rule *rule, const char *chain)
{
	struct deed set = { .action = "continue", .set_mark = bit, .set_mark_mask = bit };

	push(w, m, VERDICT_CONTINUE, rule, chain, &set);
}

static bool
ask_bit(struct match *m, uint32_t bit, bool is_set)
{
	m->mark_mask |= bit;
	m->mark = is_set ? m->mark | bit : m->mark & ~bit;
	return true;
}

/* The box's own addresses, and those that reach everybody at a link, as far as they are known. */
static bool
local_addresses(struct policy *p, struct match_addrs *ret)
{
	const struct draft *d = p->d;
	struct prefix host;
	unsigned i, j;

	for (i = 0; i < d->nlinks; i++)
		for (j = 0; j < d->links[i].naddrs; j++) {
			host = d->links[i].addrs[j];
			if (host.addr.family != p->family)
				continue;
			host.len = (uint8_t)(addr_len(&host.addr) * 8);
			if (!match_addrs_add(ret, &host, d->arena))
				return false;
		}
	return ret->n > 0;
}

/* "To the box itself", said with addresses.  In a chain that sees nothing else it is always so, but for broadcasts. */
static bool
say_local(struct walk *w, struct match *m, enum verdict verdict)
{
	struct match here;

	if (!m->is_dst_local || w->p->is_nat)
		return true;
	m->is_dst_local = false;
	if (w->base->hook == DRAFT_FORWARD || w->base->hook == DRAFT_OUTPUT)
		return false;
	if (verdict == VERDICT_DROP || verdict == VERDICT_REJECT)
		return true;
	match_init(&here);
	here.destination.has_addrs = true;
	if (!local_addresses(w->p, &here.destination.addrs)) {
		m->lost = "addresses of the box while it has none: configure its interfaces first";
		return true;
	}
	return match_and(m, &here, w->p->d->arena);
}

/* What is asked "unless": a bit for each, set by a rule before. */
static void
say_unless(struct walk *w, struct match *m, const struct chain_rule *rule, const char *chain)
{
	struct match plain = *m, positive;
	uint32_t bit;
	unsigned i;

	plain.nunless = 0;
	plain.limit.rate = plain.connections.rate = NULL;
	for (i = 0; i < m->nunless; i++) {
		positive = plain;
		if (m->unless[i]->lost != NULL || w->p->is_nat)
			m->lost = m->unless[i]->lost != NULL ? m->unless[i]->lost : "an exception of this kind where addresses are translated";
		else if (!match_and(&positive, m->unless[i], w->p->d->arena))
			continue;	/* it never is */
		else if (positive.lost != NULL)
			m->lost = positive.lost;
		else if ((bit = take_bit(w->p)) == 0)
			m->lost = "more exceptions than marks have bits";
		else {
			push_bit(w, &positive, bit, rule, chain);
			(void)ask_bit(m, bit, false);
		}
	}
	m->nunless = 0;
}

/* Say what is asked in full; false when no packet can match. */
static bool
say(struct walk *w, struct match *m, enum verdict verdict, const struct chain_rule *rule, const char *chain)
{
	struct policy *p = w->p;

	if (w->guard != 0 && !p->is_nat)
		(void)ask_bit(m, w->guard, false);
	if (!say_local(w, m, verdict))
		return false;
	if (p->marks_lost && (m->mark_mask & ~p->own_marks) != 0) {
		m->lost = "a mark, while not all is known that sets marks";
		m->mark_mask &= p->own_marks;
		m->mark &= p->own_marks;
	}
	if (p->is_translated && (m->destination.has_addrs || m->destination.not.n > 0 || m->destination.ngroups > 0 || m->dports != NULL)) {
		m->lost = "a receiver before it is translated";
		memset(&m->destination, 0, sizeof(m->destination));
		m->dports = NULL;
	}
	/* The first bytes of whatever protocol: a rule here has ports with a protocol only. */
	if (m->nprotocols == 0 && (m->sports != NULL || m->dports != NULL)) {
		m->lost = "ports of any protocol";
		m->sports = m->dports = NULL;
	}
	say_unless(w, m, rule, chain);
	return true;
}

/* A verdict, or a log entry or mark on the way. */
static void
put_verdict(struct walk *w, struct match *m, enum verdict verdict, const struct chain_rule *rule, const char *chain)
{
	struct draft *d = w->p->d;
	struct deed deed = rule->deed;
	const char *lost;

	/* A return from the first chain is its policy. */
	if (rule->verdict == VERDICT_RETURN || rule->verdict == VERDICT_GOTO)
		deed = (struct deed){ .action = verdict == VERDICT_ACCEPT ? "accept" : "drop" };

	if (!say(w, m, verdict, rule, chain))
		return;
	lost = m->lost;
	if (verdict == VERDICT_DROP || verdict == VERDICT_REJECT) {
		if (m->unsure != NULL)
			entry_note(d, rule->entry, OUTCOME_CHANGED, "it drops also what was let go on before by %s", m->unsure);
		if (lost != NULL) {
			entry_note(d, rule->entry, OUTCOME_CHANGED, "%s cannot be said here: it drops everything else that it asks for; narrow the "
			    "rule by hand, or remove it", lost);
			m->lost = NULL;
			m->limit.rate = m->connections.rate = NULL;
		}
		push(w, m, verdict, rule, chain, &deed);
		return;
	}
	/* A log entry too many harms nobody. */
	if (lost == NULL && (verdict != VERDICT_CONTINUE || deed.set_mark_mask != 0 || deed.set_cmark_mask != 0))
		lost = m->unsure;
	if (lost != NULL)
		entry_note(d, rule->entry, OUTCOME_REFUSED, "%s cannot be said here: the rule is left out; write one that does without", lost);
	else
		push(w, m, verdict, rule, chain, &deed);
}

/* Packets that match leave the chain: those behind it are not for them. */
static void
leave(struct walk *w, struct match *cond, struct match *m, const struct chain_rule *rule, const char *chain)
{
	struct match own = rule->m;
	uint32_t bit;

	/* Exactly as a condition of the rules behind, when it is a simple one. */
	if (!own.is_dst_local && own.nunless == 0 && match_and_not(cond, &own, w->p->d->arena))
		return;
	if (own.is_dst_local && w->base->hook == DRAFT_INPUT)
		cond->unsure = "what is meant for the box itself";
	if (!say(w, m, VERDICT_CONTINUE, rule, chain))
		return;
	if (m->lost == NULL && !w->p->is_nat && (bit = take_bit(w->p)) != 0) {
		push_bit(w, m, bit, rule, chain);
		(void)ask_bit(cond, bit, false);
		return;
	}
	cond->unsure = m->lost != NULL ? m->lost : w->p->is_nat ? "an exception of this kind where addresses are translated" :
	    "more returns than marks have bits";
	entry_note(w->p->d, rule->entry, OUTCOME_CHANGED, "%s cannot be said here: what the chain accepts behind it is left out", cond->unsure);
}

/* This packet is through with the table: accept, where other tables come behind. */
static void
pass(struct walk *w, struct match *m, const struct chain_rule *rule, const char *chain)
{
	uint32_t bit;

	if (match_is_all(m)) {
		w->is_ended = true;
		return;
	}
	if (!say(w, m, VERDICT_CONTINUE, rule, chain))
		return;
	if (m->lost != NULL || (bit = take_bit(w->p)) == 0) {
		entry_note(w->p->d, rule->entry, OUTCOME_CHANGED, "%s cannot be said here: what drops behind it drops this, too",
		    m->lost != NULL ? m->lost : "more exceptions than marks have bits");
		return;
	}
	push_bit(w, m, bit, rule, chain);
	w->guard |= bit;
}

static void	 walk_chain(struct walk *, const struct chain *, struct match cond, unsigned depth);

/* What is behind a jump is for those that match. */
static void
jump(struct walk *w, const struct match *cond, struct match *m, const struct chain_rule *rule, const char *from, unsigned depth)
{
	const struct chain *to = policy_chain(w->p, rule->target, false);
	struct match once = *m;
	uint32_t bit;

	if (to == NULL) {
		entry_note(w->p->d, rule->entry, OUTCOME_REFUSED, "there is no chain \"%s\"", rule->target);
		return;
	}
	if (depth == POLICY_DEPTH) {
		draft_fail(w->p->d, "its chains jump in circles, or more than 16 deep");
		return;
	}
	entry_note(w->p->d, rule->entry, OUTCOME_DONE, "the rules of %.80s stand in its place", rule->target);
	if (!match_counts(&rule->m) && rule->m.nunless == 0) {
		walk_chain(w, to, *m, depth + 1);
		return;
	}
	if (!say(w, &once, VERDICT_CONTINUE, rule, from))
		return;
	if (once.lost != NULL || w->p->is_nat || (bit = take_bit(w->p)) == 0) {
		once = *m;
		once.lost = "what leads to this chain";
		once.nunless = 0;
		once.limit.rate = once.connections.rate = NULL;
		walk_chain(w, to, once, depth + 1);
		return;
	}
	push_bit(w, &once, bit, rule, from);
	once = *cond;
	(void)ask_bit(&once, bit, true);
	walk_chain(w, to, once, depth + 1);
}

/*
 * A limit of a chain that is reached from several places is one limit there, and would be one for each place here: it holds at the first.
 * Who drops or logs up to a rate does no harm by doing it more often.
 */
static bool
shares_limit(const struct chain_rule *r)
{
	bool is_harmless = (r->verdict == VERDICT_DROP || r->verdict == VERDICT_REJECT || (r->verdict == VERDICT_CONTINUE && r->deed.set_mark_mask == 0)) &&
	    r->m.nunless == 0;

	if (r->entry == NULL || is_harmless || !match_counts(&r->m))
		return false;
	if (r->entry->is_counted)
		return true;
	r->entry->is_counted = true;
	return false;
}

/* True when no packet that came into the chain goes on behind this rule. */
static bool
walk_rule(struct walk *w, const struct chain *c, const struct chain_rule *r, struct match *cond, unsigned depth)
{
	bool is_base = c == w->base;
	struct match m = *cond;
	enum verdict verdict = r->verdict;
	bool all = match_is_all(&r->m);

	if (verdict == VERDICT_NOTHING || !match_and(&m, &r->m, w->p->d->arena))
		return false;
	if (shares_limit(r))
		m.lost = "a limit that several places share";
	if (verdict == VERDICT_JUMP || verdict == VERDICT_GOTO) {
		jump(w, cond, &m, r, c->name, depth);
		if (verdict == VERDICT_JUMP || w->p->d->failed)
			return w->is_ended;
		verdict = VERDICT_RETURN;
		if (match_counts(&r->m)) {
			cond->unsure = "a limit of a goto";
			return false;
		}
		m = *cond;
		(void)match_and(&m, &r->m, w->p->d->arena);
	}
	if (verdict == VERDICT_RETURN && is_base)
		verdict = c->policy;
	if (verdict == VERDICT_RETURN) {
		if (!all)
			leave(w, cond, &m, r, c->name);
		return all;
	}
	if (verdict == VERDICT_ACCEPT && !w->p->is_final) {
		pass(w, &m, r, c->name);
		return all;
	}
	put_verdict(w, &m, verdict, r, c->name);
	if (verdict != VERDICT_CONTINUE && match_is_all(&m))
		w->is_ended = true;
	return all && verdict != VERDICT_CONTINUE;
}

static void
walk_chain(struct walk *w, const struct chain *c, struct match cond, unsigned depth)
{
	unsigned i;

	for (i = 0; i < c->n && !w->p->d->failed && !w->is_ended; i++) {
		if (++w->steps > STEPS_MAX)
			draft_fail(w->p->d, "its chains jump to each other too often");
		else if (walk_rule(w, c, &c->rules[i], &cond, depth))
			return;
	}
}

void
policy_flatten(struct policy *p, const struct chain *base, struct flats *ret)
{
	struct walk w = { .p = p, .out = ret, .base = base };
	struct match all;

	memset(ret, 0, sizeof(*ret));
	match_init(&all);
	all.family = p->family;
	walk_chain(&w, base, all, 0);
	ret->is_ended = w.is_ended;
}
