/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <string.h>

#include "mem.h"
#include "policy_nat.h"
#include "policy_syn.h"
#include "problems.h"
#include "resolver.h"
#include "zoneset.h"

/* SYN protection: what it cannot be together with is refused, for a connection that never comes about is hard to explain. */

void
resolve_syn(struct resolver *s, struct policy_rule *r, const struct conf_rule_syn_protection *c)
{
	struct policy_syn *p = mem_alloc(s->arena, 1, sizeof(*p));

	*p = (struct policy_syn){ .mss = c->mss != 0 ? c->mss : 1460, .window_scale = c->window_scale, .has_timestamps = c->timestamps,
	    .has_selective_ack = c->selective_ack };
	r->syn = p;
}

static bool
has_tcp(const struct policy_rule *r)
{
	uint32_t i;

	for (i = 0; i < r->n_services; i++)
		if (r->services[i].protocol == IPPROTO_TCP)
			return true;
	return r->n_services == 0;
}

static bool
has_writes(const struct policy_writes *w)
{
	return w->mark.mask != 0 || w->connection_mark.mask != 0 || w->has_dscp || w->idle_seconds != 0;
}

static void
check_rule(struct resolver *s, const struct policy_rule *r)
{
	const struct policy_conditions *p = &r->conditions;

	if (r->action != POLICY_ACCEPT)
		problems_add(s->problems, r->path, "syn-protection-without-accept", "syn-protection needs the action accept: nobody else reaches a server");
	if (r->section == POLICY_PRE)
		problems_add(s->problems, r->path, "syn-protection-too-early",
		    "pre-rules see every packet, and syn-protection is about those that open a connection; move it to rules");
	if (zoneset_has(r->from, POLICY_LOCAL))
		problems_add(s->problems, r->path, "syn-protection-from-the-box",
		    "syn-protection cannot be for connections of the box itself: 'from' must name zones, and neither any nor local");
	if (!has_tcp(r))
		problems_add(s->problems, r->path, "syn-protection-without-tcp", "syn-protection needs a service of TCP; none of this rule's services is");
	if (p->states != 0 || p->connection_mark.mask != 0 || p->tcp_flags.mask != 0 || p->n_lengths > 0)
		problems_add(s->problems, r->path, "syn-protection-of-some-packets",
		    "with syn-protection a rule sees two packets of each connection: state, connection-mark, tcp-flags and length must be left out");
	if (r->rate.count != 0 || r->max_connections != 0)
		problems_add(s->problems, r->path, "syn-protection-with-limits",
		    "with syn-protection limit and connections must be left out: what is not answered for yet is no connection that could be counted");
	if (has_writes(&r->writes))
		problems_add(s->problems, r->path, "syn-protection-with-writes",
		    "with syn-protection set must be left out: the packet that it would change goes no further; let a pre-rule do it, which sees every packet");
}

/* --- translation */

static bool
admits(const struct policy_endpoint *e, const struct prefix *p)
{
	const struct policy_addresses *a;
	bool is_in;
	uint32_t i;

	for (a = e->criteria; a < e->criteria + e->n; a++) {
		if (a->is_live)		/* nobody knows what will be in it */
			continue;
		for (i = 0, is_in = false; i < a->n && !is_in; i++)
			is_in = a->is_not ? prefix_contains(&a->items[i], &p->addr) && a->items[i].len <= p->len :
			    prefix_contains(&a->items[i], &p->addr) || prefix_contains(p, &a->items[i].addr);
		if (is_in == a->is_not)
			return false;
	}
	return true;
}

static bool
admits_host(const struct policy_endpoint *e, const struct addr *a)
{
	const struct prefix host = { .addr = *a, .len = (uint8_t)(8 * addr_len(a)) };

	return admits(e, &host);
}

static bool
meets(const struct ports *a, uint32_t n, uint16_t low, uint16_t high)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (a[i].low <= high && low <= a[i].high)
			return true;
	return n == 0;
}

/* Some TCP port of the forward's, as the server sees it, is one of the rule's. */
static bool
shares_port(const struct policy_rule *r, const struct policy_forward *f)
{
	const struct policy_service *mine, *theirs;
	uint32_t k;

	for (theirs = f->services; theirs < f->services + f->n_services; theirs++) {
		if (theirs->protocol != IPPROTO_TCP)
			continue;
		for (mine = r->services; mine < r->services + r->n_services; mine++) {
			if (mine->protocol != IPPROTO_TCP)
				continue;
			if (f->to_port != 0 && !f->shifts_ports && meets(mine->ports, mine->n_ports, f->to_port, f->to_port))
				return true;
			for (k = 0; k < theirs->n_ports; k++)
				if (f->to_port == 0 && meets(mine->ports, mine->n_ports, theirs->ports[k].low, theirs->ports[k].high))
					return true;
			if (theirs->n_ports == 0 || f->shifts_ports)
				return true;
		}
	}
	return r->n_services == 0 || f->n_services == 0;
}

/* The box would open the connection to the inner address, and the caller has called another. */
static void
check_forward(struct resolver *s, const struct policy_rule *r, const struct policy_forward *f)
{
	bool leads;
	uint32_t i;

	leads = admits_host(&r->destination, &f->to);
	for (i = 0; i < f->n_others; i++)
		leads |= admits_host(&r->destination, &f->others[i]);
	if (leads && (f->is_hairpin || zoneset_has(r->from, f->zone)) && shares_port(r, f) && r->conditions.family != NFPROTO_IPV6)
		problems_add(s->problems, r->path, "syn-protection-translated",
		    "syn-protection cannot answer for a server that is called by another address: %s leads there; leave that server out of this rule", f->path);
}

static void
check_translation(struct resolver *s, const struct policy_rule *r)
{
	static const char sender[] = "syn-protection opens connections in the caller's name, but %s gives those that leave through this zone "
	    "another sender; leave the zone out of 'to'";
	const struct fw_policy *p = s->policy;
	uint32_t i;

	for (i = 0; i < p->n_forwards; i++)
		check_forward(s, r, &p->forwards[i]);
	for (i = 0; i < p->n_one_to_ones; i++)
		if (zoneset_has(r->from, p->one_to_ones[i].zone) && admits(&r->destination, &p->one_to_ones[i].inner))
			problems_add(s->problems, r->path, "syn-protection-translated",
			    "syn-protection cannot answer for a server that is called by another address: %s is in the way; leave that server out of this rule",
			    p->one_to_ones[i].path);
	for (i = 0; i < p->n_masquerades; i++)
		if (zoneset_has(r->to, p->masquerades[i].zone))
			problems_add(s->problems, r->path, "syn-protection-translated", sender, p->masquerades[i].path);
	for (i = 0; i < p->n_source_nats; i++)
		if (!p->source_nats[i].is_exempt && zoneset_has(r->to, p->source_nats[i].zone))
			problems_add(s->problems, r->path, "syn-protection-translated", sender, p->source_nats[i].path);
}

void
resolve_syn_checks(struct resolver *s)
{
	const struct policy_rule *r;

	for (r = s->policy->rules; r < s->policy->rules + s->policy->n_rules; r++) {
		if (r->syn == NULL)
			continue;
		check_rule(s, r);
		check_translation(s, r);
	}
}
