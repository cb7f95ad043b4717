/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Which connections go past the rules (docs/adr/0243): random policies, and for each two interfaces and protocol what they say, read rule by rule
 * without pairs, chains or sets, against what the compiled form takes into the flowtable.  Of two policies that differ, the flowtable has
 * another name when anything else may be in it.
 *
 *   proof-offload [-n POLICIES] [-s FIRST_SEED] [-f FAULT]
 *
 * With -f the form has a fault, which has to be found: pre (a pair of which a pre-rule sees every packet is in it), time (so is a protocol that has a
 * time of its own), sets (an interface that drops by sets), lost (a pair is not in it that may be), name (another content has the old name).
 */
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <netinet/in.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "compile.h"
#include "ir.h"
#include "offload.h"
#include "options.h"
#include "pass.h"
#include "policy_offload.h"
#include "policy_random.h"
#include "policy_tracking.h"
#include "policy_xdp.h"
#include "zoneset.h"

#define RULES_MAX	12

static const uint8_t protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP };

struct sums {
	unsigned long	asked;
	unsigned long	taken;
	unsigned long	by_pre, by_time, by_sets;	/* not taken, for this alone */
	unsigned long	renamed;
	unsigned long	wrong;
};

/* --- what a policy says */

/* A packet from `in` to `out`, or an answer to one. */
static bool
concerns(const struct policy_rule *r, const struct policy_interface *in, const struct policy_interface *out)
{
	return (zoneset_has(r->from, in->zone) && zoneset_has(r->to, out->zone)) || (zoneset_has(r->from, out->zone) && zoneset_has(r->to, in->zone));
}

/* What the rules say of its zones: a rule speaks of each of its packets; of none of them does any. */
static void
read_rules(const struct fw_policy *p, const struct policy_interface *in, const struct policy_interface *out, bool *ret_pre, bool *ret_time, bool *ret_any)
{
	const struct policy_rule *r;

	*ret_pre = *ret_time = *ret_any = false;
	for (r = p->rules; r < p->rules + p->n_rules; r++) {
		if (!concerns(r, in, out))
			continue;
		*ret_any = *ret_any || r->action != POLICY_NO_TRACKING;
		*ret_pre = *ret_pre || (r->section == POLICY_PRE && r->action != POLICY_NO_TRACKING);
		*ret_time = *ret_time || r->writes.idle_seconds > 0;
	}
}

static bool
takes_part(const struct fw_policy *p, const struct policy_interface *i)
{
	uint32_t k;

	for (k = 0; k < p->offload->n; k++)
		if (&p->interfaces[p->offload->interfaces[k]] == i)
			return true;
	return false;
}

static bool
drops_by_sets(const struct fw_policy *p, const struct policy_interface *i)
{
	uint32_t k;

	for (k = 0; p->xdp != NULL && k < p->xdp->sets.n; k++)
		if (strcmp(p->xdp->sets.items[k], i->ifname) == 0)
			return true;
	return false;
}

static bool
has_time(const struct fw_policy *p, uint8_t protocol)
{
	uint32_t i;

	for (i = 0; p->tracking != NULL && i < p->tracking->n_timeouts; i++)
		if (p->tracking->timeouts[i].protocol == protocol &&
		    p->tracking->timeouts[i].seconds[protocol == IPPROTO_TCP ? CTA_TIMEOUT_TCP_ESTABLISHED : CTA_TIMEOUT_UDP_REPLIED] > 0)
			return true;
	return false;
}

static bool
should_take(const struct fw_policy *p, const struct policy_interface *in, const struct policy_interface *out, uint8_t protocol, struct sums *s)
{
	bool is_pre, is_timed, is_ruled, by_sets = drops_by_sets(p, in) || drops_by_sets(p, out);

	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || !takes_part(p, in) || !takes_part(p, out))
		return false;
	read_rules(p, in, out, &is_pre, &is_timed, &is_ruled);
	if (!is_ruled)
		return false;
	is_timed = is_timed || has_time(p, protocol);
	s->by_pre += is_pre && !is_timed && !by_sets;
	s->by_time += !is_pre && is_timed && !by_sets;
	s->by_sets += !is_pre && !is_timed && by_sets;
	return !is_pre && !is_timed && !by_sets;
}

/* --- policies */
static void
random_offload(struct fw_policy *p, struct arena *a)
{
	struct policy_offload *o = arena_alloc(a, 1, sizeof(*o));
	uint32_t i;

	o->interfaces = arena_alloc(a, p->n_interfaces, sizeof(*o->interfaces));
	o->links = arena_alloc(a, p->n_interfaces, sizeof(*o->links));
	for (i = 0; i < p->n_interfaces; i++) {
		if (p->interfaces[i].zone == POLICY_LOCAL || below(6) == 0)
			continue;
		o->links[o->n] = i + 1;
		o->interfaces[o->n++] = i;
	}
	p->offload = o;
}

static void
random_sets(struct fw_policy *p, struct arena *a)
{
	struct policy_xdp *x = arena_alloc(a, 1, sizeof(*x));

	x->sets.is_given = true;
	x->sets.items = arena_alloc(a, 1, sizeof(*x->sets.items));
	x->sets.items[x->sets.n++] = p->interfaces[below(p->n_interfaces)].ifname;
	p->xdp = x;
}

static struct fw_policy *
make(unsigned seed, struct arena *a)
{
	struct fw_policy *p;
	unsigned i;

	srandom(seed);
	p = policy_random(a, RANDOM_ALL | (below(2) == 0 ? RANDOM_SECTIONS : 0) | (below(3) == 0 ? RANDOM_HEADERS : 0), RULES_MAX);
	random_offload(p, a);
	if (below(4) == 0)
		random_sets(p, a);
	for (i = 0; i < p->n_rules; i++) {
		if (below(12) == 0)
			p->rules[i].writes.idle_seconds = 60;
		else if (p->rules[i].section == POLICY_PRE && below(3) == 0)
			p->rules[i].action = POLICY_NO_TRACKING;
	}
	return p;
}

/* Something else: a rule in the other section, a link that is another, an interface less, or a protocol with a time. */
static void
change(struct fw_policy *p)
{
	switch (below(4)) {
	case 0:
		if (p->n_rules > 0)
			p->rules[below(p->n_rules)].section = POLICY_PRE;
		break;
	case 1:
		if (p->offload->n > 0)
			p->offload->links[below(p->offload->n)] += 100;
		break;
	case 2:
		p->offload->n -= p->offload->n > 0;
		break;
	case 3:
		if (p->tracking != NULL && p->tracking->n_timeouts > 0)
			p->tracking->timeouts[0].seconds[CTA_TIMEOUT_TCP_ESTABLISHED] ^= 1;
	}
}

/* --- faults */
static struct ir_set *
pairs_of(struct ir *ir)
{
	return ir->flowtable != NULL ? ir_set_find(ir, IR_OFFLOAD_SET) : NULL;
}

/* As if one thing that stands against it were not seen. */
static void
blind(struct fw_policy *p, const char *fault)
{
	uint32_t i;

	for (i = 0; strcmp(fault, "pre") == 0 && i < p->n_rules; i++)
		p->rules[i].section = p->rules[i].section == POLICY_PRE ? POLICY_MAIN : p->rules[i].section;
	if (strcmp(fault, "time") == 0 && p->tracking != NULL)
		p->tracking->n_timeouts = 0;
	if (strcmp(fault, "sets") == 0)
		p->xdp = NULL;
}

static struct ir *
form(unsigned seed, const char *fault, struct arena *a)
{
	struct fw_policy *p = make(seed, a);
	struct ir *ir;

	if (fault != NULL)
		blind(p, fault);
	ir = compile(p, NULL);
	passes(ir);
	if (fault != NULL && strcmp(fault, "lost") == 0 && pairs_of(ir) != NULL)
		pairs_of(ir)->n--;
	return ir;
}

/* --- the two, side by side */
static void
check(const struct fw_policy *p, const struct ir *ir, unsigned seed, struct sums *s)
{
	const struct policy_interface *in, *out;
	bool want, is;
	unsigned i;

	for (in = p->interfaces; in < p->interfaces + p->n_interfaces; in++) {
		for (out = p->interfaces; out < p->interfaces + p->n_interfaces; out++) {
			for (i = 0; i < sizeof(protocols); i++) {
				want = should_take(p, in, out, protocols[i], s);
				is = offload_takes(ir, in->ifname, out->ifname, protocols[i]);
				s->asked++;
				s->taken += is;
				if (want == is)
					continue;
				if (s->wrong++ < 10)
					printf("seed %u: protocol %u from %s (%s) to %s (%s): %s, and should %s\n", seed, protocols[i], in->ifname,
					    p->zones[in->zone].name, out->ifname, p->zones[out->zone].name, is ? "goes past the rules" : "does not",
					    want ? "" : "not");
			}
		}
	}
}

/* What may be in a flowtable, as one line. */
static const char *
content(const struct fw_policy *p, const struct ir *ir, struct arena *a)
{
	const char *text = "";
	uint32_t i, k, n;

	for (i = 0; i < p->offload->n; i++)
		if (!drops_by_sets(p, &p->interfaces[p->offload->interfaces[i]]))
			text = arena_printf(a, "%s %s=%u", text, p->interfaces[p->offload->interfaces[i]].ifname, p->offload->links[i]);
	for (i = 0; i < p->n_interfaces; i++)
		for (k = 0; k < p->n_interfaces; k++)
			for (n = 0; n < 2; n++)
				if (offload_takes(ir, p->interfaces[i].ifname, p->interfaces[k].ifname, protocols[n]))
					text = arena_printf(a, "%s %u>%u:%u", text, i, k, protocols[n]);
	return text;
}

/* The same policy twice, and once with something else in it: where the content differs, so does the name. */
static void
check_names(unsigned seed, const struct fw_policy *p, const struct ir *ir, bool is_planted, struct arena *a, struct sums *s)
{
	struct fw_policy *other = make(seed, a);
	struct ir *same = compile(other, NULL), *changed;
	const char *name;
	bool is_other;

	srandom(seed + 1);
	change(other);
	changed = compile(other, NULL);
	if (ir->flowtable != NULL && (same->flowtable == NULL || strcmp(same->flowtable->name, ir->flowtable->name) != 0)) {
		printf("seed %u: the same policy has another flowtable\n", seed);
		s->wrong++;
	}
	if (ir->flowtable != NULL && changed->flowtable != NULL) {
		is_other = strcmp(content(p, ir, a), content(other, changed, a)) != 0;
		name = is_planted ? ir->flowtable->name : changed->flowtable->name;
		s->renamed += is_other;
		if (is_other && strcmp(name, ir->flowtable->name) == 0) {
			printf("seed %u: %s is%s, and was%s\n", seed, name, content(other, changed, a), content(p, ir, a));
			s->wrong++;
		}
	}
	ir_free(same);
	ir_free(changed);
}

static void
run(unsigned seed, const char *fault, struct sums *s)
{
	struct arena *a = arena_new(0);
	struct fw_policy *p = make(seed, a);
	struct ir *ir = form(seed, fault, a);

	check(p, ir, seed, s);
	if (fault == NULL || strcmp(fault, "name") == 0)
		check_names(seed, p, ir, fault != NULL, a, s);
	ir_free(ir);
	arena_free(a);
}

int
main(int argc, char **argv)
{
	struct proof_options o = { .n = 1000 };
	struct sums s = { 0 };
	unsigned i;

	proof_options_read(&o, argc, argv, "pre|time|sets|lost|name");
	log_init("proof", LOG_LEVEL_WARN);
	for (i = 0; i < o.n; i++)
		run(o.first + i, o.fault, &s);
	printf("%u policies, %lu asked, %lu past the rules, not so for a pre-rule alone %lu, a time %lu, sets %lu; %lu other contents: %lu wrong\n", o.n,
	    s.asked, s.taken, s.by_pre, s.by_time, s.by_sets, s.renamed, s.wrong);
	/* A proof in which hardly anything stands in the way, or everything does, would prove nothing. */
	return s.wrong > 0 || s.taken < s.asked / 20 || s.by_pre < s.asked / 100 || s.by_time < s.asked / 100 || s.by_sets < s.asked / 200 ||
	    (o.fault == NULL && s.renamed < o.n / 20);
}
