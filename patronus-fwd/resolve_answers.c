/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <string.h>

#include "links.h"
#include "mem.h"
#include "policy_nat.h"
#include "policy_xdp.h"
#include "resolver.h"
#include "xdp/shared.h"
#include "zoneset.h"

/*
 * What drivers answer for servers: a short table in the order of the rules, of which the first entry that fits a SYN decides.  A rule with SYN
 * protection that can be said in the table is there exactly.  Whatever else stands before it and could decide is there too, by no less than what it
 * matches, and is left to the ruleset.  So what the table has answered is what the ruleset would have.
 */

#define TRIED_MAX	256	/* entries of one rule; one that needs more is taken for everything */

struct table {
	struct resolver		*s;
	struct policy_xdp	*x;
	struct policy_answer	*wanted;	/* what rules would have answered, in their order */
	uint32_t		 nwanted;
	unsigned		 cap_wanted;
	unsigned		 cap;
};

/* What a rule is about, as entries. */
struct draft {
	struct policy_answer	 items[TRIED_MAX];
	uint32_t		 n;
	bool			 is_full;
};

static const struct prefix everything[] = { { .addr = { .family = ADDR_V4 } }, { .addr = { .family = ADDR_V6 } } };
static const struct ports all_ports = { 0, UINT16_MAX };

/* --- one rule */

static bool
has_upper(const struct resolver *s, const char *ifname)
{
	unsigned at = 0;

	return links_next_upper(s->links, ifname, &at) != NULL;
}

/* Why the table cannot have it; NULL when it can. */
static const char *
refused(const struct policy_rule *r)
{
	const struct policy_conditions *p = &r->conditions;
	uint32_t i;

	if (r->source.n > 0)
		return "it asks for the sender";
	if (r->schedule != NULL)
		return "it has a schedule";
	if (p->in.is_given || p->out.is_given || p->macs.n > 0 || p->n_dscp > 0 || p->mark.mask != 0)
		return "it has conditions beside addresses and services";
	if (r->destination.n > 1 || (r->destination.n == 1 && (r->destination.criteria[0].is_not || r->destination.criteria[0].is_live)))
		return "its destination is more than a list of addresses";
	for (i = 0; i < r->n_services; i++)
		if (r->services[i].protocol == IPPROTO_TCP && r->services[i].n_source_ports > 0)
			return "a service of it asks for the sender's port";
	return NULL;
}

static void
put(struct draft *d, const char *in, const char *out, const struct prefix *to, const struct ports *ports)
{
	if (d->n == TRIED_MAX)
		d->is_full = true;
	else
		d->items[d->n++] = (struct policy_answer){ .in = in, .out = out, .to = *to, .ports = *ports };
}

static void
put_services(struct draft *d, const char *in, const char *out, const struct prefix *to, const struct policy_service *services, uint32_t n)
{
	const struct policy_service *v;
	uint32_t i;

	if (n == 0)
		put(d, in, out, to, &all_ports);
	for (v = services; v < services + n; v++) {
		if (v->protocol != IPPROTO_TCP)
			continue;
		if (v->n_ports == 0)
			put(d, in, out, to, &all_ports);
		for (i = 0; i < v->n_ports; i++)
			put(d, in, out, to, &v->ports[i]);
	}
}

/* By the addresses where they are a plain list; otherwise everything, which is no less. */
static void
put_destinations(struct draft *d, const char *in, const char *out, const struct policy_rule *r)
{
	const struct policy_endpoint *e = &r->destination;
	bool is_plain = e->n == 1 && !e->criteria[0].is_not && !e->criteria[0].is_live;
	const struct prefix *items = is_plain ? e->criteria[0].items : everything;
	uint32_t n = is_plain ? e->criteria[0].n : 2, i;
	bool is_v4;

	for (i = 0; i < n && !d->is_full; i++) {
		is_v4 = items[i].addr.family == ADDR_V4;
		if (r->conditions.family == NFPROTO_UNSPEC || is_v4 == (r->conditions.family == NFPROTO_IPV4))
			put_services(d, in, out, &items[i], r->services, r->n_services);
	}
}

static void
draft_make(const struct table *t, const struct policy_rule *r, struct draft *d)
{
	const struct fw_policy *p = t->s->policy;
	const struct policy_interface *in, *out;
	uint32_t i;

	d->n = 0;
	d->is_full = false;
	for (in = p->interfaces; in < p->interfaces + p->n_interfaces && !d->is_full; in++) {
		for (i = 0; i < t->x->links.n && strcmp(t->x->links.items[i], in->ifname) != 0; i++)
			;
		if (i == t->x->links.n || in->zone == POLICY_LOCAL || !zoneset_has(r->from, in->zone) || has_upper(t->s, in->ifname))
			continue;
		for (out = p->interfaces; out < p->interfaces + p->n_interfaces; out++)
			if (out->zone != POLICY_LOCAL && zoneset_has(r->to, out->zone))
				put_destinations(d, in->ifname, out->ifname, r);
	}
}

/* --- the table */

static void
answer_add(struct table *t, const struct policy_answer *a)
{
	t->x->answers = mem_grow(t->s->arena, t->x->answers, t->x->n_answers, sizeof(*a), &t->cap);
	t->x->answers[t->x->n_answers++] = *a;
}

static bool
meets(const struct policy_answer *a, const struct policy_answer *b)
{
	return (a->in == NULL || b->in == NULL || strcmp(a->in, b->in) == 0) && (a->out == NULL || b->out == NULL || strcmp(a->out, b->out) == 0) &&
	    (prefix_contains(&a->to, &b->to.addr) || prefix_contains(&b->to, &a->to.addr)) && a->ports.low <= b->ports.high && b->ports.low <= a->ports.high;
}

static bool
covers(const struct policy_answer *a, const struct policy_answer *b)
{
	return (a->in == NULL || strcmp(a->in, b->in) == 0) && (a->out == NULL || (b->out != NULL && strcmp(a->out, b->out) == 0)) &&
	    prefix_covers(&a->to, &b->to) && a->ports.low <= b->ports.low && b->ports.high <= a->ports.high;
}

/*
 * What an entry that is left would take from one that is wanted is as `wanted` has it: on that link, and not more.  In a full table nobody is answered
 * behind what it has, which is as good as being left.
 */
static void
leave(struct table *t, const struct policy_answer *a, uint32_t from, const char *rule)
{
	struct policy_answer left;
	uint32_t i, k;

	for (i = from; i < t->nwanted && t->x->n_answers < XDP_ANSWERS; i++) {
		if (!meets(a, &t->wanted[i]))
			continue;
		left = *a;
		left.in = t->wanted[i].in;
		left.rule = rule;
		for (k = 0; k < t->x->n_answers && !(t->x->answers[k].syn == NULL && covers(&t->x->answers[k], &left)); k++)
			;
		if (k == t->x->n_answers)
			answer_add(t, &left);
	}
}

/* Who is called by another address is somebody else than the rules are about. */
static void
leave_translated(struct table *t)
{
	const struct fw_policy *p = t->s->policy;
	const struct policy_forward *f;
	struct policy_answer a = { .ports = all_ports };
	uint32_t i, k;

	for (i = 0; i < p->n_one_to_ones; i++) {
		a.to = p->one_to_ones[i].outer;
		leave(t, &a, 0, "translation");
	}
	for (f = p->forwards; f < p->forwards + p->n_forwards; f++)
		for (k = 0; k < f->n_addresses; k++) {
			a.to = (struct prefix){ .addr = f->addresses[k], .len = (uint8_t)(8 * addr_len(&f->addresses[k])) };
			leave(t, &a, 0, "translation");
		}
}

static const char *
taken_by(const struct table *t, const struct policy_answer *a)
{
	uint32_t i;

	for (i = 0; i < t->x->n_answers; i++)
		if (t->x->answers[i].syn == NULL && covers(&t->x->answers[i], a))
			return t->x->answers[i].rule;
	return NULL;
}

/* Its entries among those that are wanted begin at `from`; the next rule's begin there afterwards. */
static void
answer_rule(struct table *t, const struct policy_rule *r, uint32_t *from, struct policy_answered *ret)
{
	const char *other = NULL, *by;
	uint32_t n = 0;
	bool is_full = false;

	for (; *from < t->nwanted && t->wanted[*from].syn == r->syn; (*from)++) {
		if ((by = taken_by(t, &t->wanted[*from])) != NULL) {
			other = by;
		} else if (t->x->n_answers >= XDP_ANSWERS) {
			is_full = true;
		} else {
			answer_add(t, &t->wanted[*from]);
			n++;
		}
	}
	ret->is_answered = n > 0;
	if (ret->reason == NULL && is_full)
		ret->reason = "the driver's table is full";
	if (ret->reason == NULL && other != NULL)
		ret->reason = mem_printf(t->s->arena, "what stands before it may decide: %s", other);
	if (ret->reason == NULL && n == 0)
		ret->reason = "it is for no interface of firewall xdp, is about the box itself, or VLANs and macvlans stand on the interface";
}

static void
want(struct table *t, const struct policy_rule *r, struct draft *d)
{
	uint32_t i;

	if (r->syn == NULL || r->section == POLICY_PRE || r->action != POLICY_ACCEPT || refused(r) != NULL)
		return;
	draft_make(t, r, d);
	for (i = 0; !d->is_full && i < d->n; i++) {
		d->items[i].syn = r->syn;
		d->items[i].rule = r->id;
		t->wanted = mem_grow(t->s->arena, t->wanted, t->nwanted, sizeof(*t->wanted), &t->cap_wanted);
		t->wanted[t->nwanted++] = d->items[i];
	}
}

void
resolve_answers(struct resolver *s)
{
	struct policy_xdp *x = s->policy->xdp;
	struct table t = { .s = s, .x = x };
	const struct policy_rule *r, *end = s->policy->rules + s->policy->n_rules;
	const struct policy_answer anything[2] = { { .to = everything[0], .ports = all_ports }, { .to = everything[1], .ports = all_ports } };
	struct policy_answered *a;
	struct draft *d;
	uint32_t i, from = 0;

	if (x == NULL || !x->has_answers)
		return;
	d = mem_alloc(s->arena, 1, sizeof(*d));
	for (r = s->policy->rules; r < end; r++)
		want(&t, r, d);
	x->answered = mem_alloc(s->arena, s->policy->n_rules, sizeof(*x->answered));
	leave_translated(&t);
	for (r = s->policy->rules; r < end; r++) {
		if (r->syn != NULL) {
			a = &x->answered[x->n_answered++];
			*a = (struct policy_answered){ .rule = r->id, .reason = refused(r) };
			answer_rule(&t, r, &from, a);
			if (a->reason == NULL)
				continue;
		}
		if (from == t.nwanted)	/* nothing is behind it */
			continue;
		draft_make(&t, r, d);
		for (i = 0; !d->is_full && i < d->n; i++)
			leave(&t, &d->items[i], from, r->id);
		for (i = 0; d->is_full && i < 2; i++)
			leave(&t, &anything[i], from, r->id);
	}
}
