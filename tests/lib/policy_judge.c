/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The slow reference: the policy read in order, one rule after another, one packet after another. */
#include <netinet/in.h>
#include <string.h>

#include "ir.h"
#include "policy_bogons.h"
#include "policy_nat.h"
#include "policy_random.h"
#include "rule_conditions.h"
#include "zoneset.h"

#define BUCKETS_MAX	4096

static const uint8_t actions[POLICY_ACTION_MAX] = {
	[POLICY_ACCEPT] = IR_ACTION_ACCEPT, [POLICY_DROP] = IR_ACTION_DROP, [POLICY_REJECT] = IR_ACTION_REJECT
};

void
judge_init(struct judge *j, const struct fw_policy *p, struct arena *arena)
{
	j->policy = p;
	j->arena = arena;
	j->buckets = arena_alloc(arena, BUCKETS_MAX, sizeof(*j->buckets));
	j->n_buckets = 0;
}

/* A day's rate is its burst, as far as a test can tell. */
static bool
draw(struct judge *j, const struct policy_rule *r, const struct packet *k)
{
	static const struct addr none;
	const struct addr *key = r->per == POLICY_PER_SOURCE ? &k->source : r->per == POLICY_PER_DESTINATION ? &k->destination : &none;
	struct bucket *b;

	if (r->rate.count == 0)
		return true;
	for (b = j->buckets; b < j->buckets + j->n_buckets; b++)
		if (b->rule == r && addr_equal(&b->key, key))
			break;
	if (b == j->buckets + j->n_buckets) {
		if (j->n_buckets == BUCKETS_MAX)
			return false;
		*b = (struct bucket){ .rule = r, .key = *key };
		j->n_buckets++;
	}
	if (b->used == r->burst)
		return false;
	b->used++;
	return true;
}

static bool
rule_holds(const struct policy_rule *r, const struct packet *k, uint32_t from, uint32_t to)
{
	unsigned i;

	if (!zoneset_has(r->from, from) || !zoneset_has(r->to, to))
		return false;
	for (i = 0; i < n_rule_fields; i++)
		if (!rule_fields[i].holds(r, k))
			return false;
	return true;
}

/* --- translation: the first port forward that is meant, for a packet from outside */
static bool
is_called(const struct policy_forward *f, const struct packet *k)
{
	uint32_t i;

	for (i = 0; i < f->n_addresses; i++)
		if (addr_equal(&f->addresses[i], &k->destination))
			return true;
	return f->n_addresses == 0 && addr_block(&k->destination) == RANDOM_BOX;
}

static const char *
translate(const struct fw_policy *p, struct packet *k)
{
	const struct policy_forward *f;
	struct policy_rule like;
	uint32_t i, zone;
	unsigned n;
	bool holds;

	if (k->in == 0 || k->source.family != ADDR_V4 || packet_is_invalid(k))
		return NULL;
	zone = p->interfaces[k->in - 1].zone;
	for (i = 0; i < p->n_forwards; i++) {
		f = &p->forwards[i];
		memset(&like, 0, sizeof(like));
		like.source = f->source;
		like.services = f->services;
		like.n_services = f->n_services;
		for (n = 0, holds = f->is_hairpin || zone == f->zone; n < n_rule_fields; n++)
			holds = holds && rule_fields[n].holds(&like, k);
		if (!holds || !is_called(f, k))
			continue;
		k->destination = f->to;
		if (f->to_port != 0)
			k->destination_port = f->to_port;
		k->out = addr_block(&f->to) + 1;
		return f->id;
	}
	return NULL;
}

/* --- verdict */
static bool
is_management(const struct policy_access *a, const struct packet *k, uint32_t from)
{
	return k->out == 0 && a->port != 0 && from != POLICY_LOCAL && zoneset_has(a->zones, from) && k->protocol == IPPROTO_TCP &&
	    k->destination_port == a->port;
}

static const char *
management(const struct fw_policy *p, const struct packet *k, uint32_t from)
{
	return is_management(&p->web, k, from) ? "management:web" : is_management(&p->ssh, k, from) ? "management:ssh" : NULL;
}

static struct judgement
unmatched(const struct judge *j, const struct packet *k, uint32_t from)
{
	const struct fw_policy *p = j->policy;

	if (k->in == 0)
		return (struct judgement){ .action = p->drops_outgoing ? IR_ACTION_DROP : IR_ACTION_ACCEPT,
		    .id = p->drops_outgoing ? "default:local" : "policy" };
	if (from == POLICY_LOCAL)
		return (struct judgement){ .action = IR_ACTION_DROP, .id = "default:none" };
	return (struct judgement){ .action = actions[p->zones[from].action],
	    .id = arena_printf(j->arena, "default:%s", p->zones[from].name) };
}

/* Before or behind what is right for every policy; what only writes goes on. */
static bool
judge_rules(struct judge *j, bool is_pre, struct packet *k, uint32_t from, uint32_t to, struct judgement *ret)
{
	const struct policy_rule *r;

	for (r = j->policy->rules; r < j->policy->rules + j->policy->n_rules; r++) {
		if ((r->section == POLICY_PRE) != is_pre || !rule_holds(r, k, from, to) || !draw(j, r, k))
			continue;
		writes_obey(&r->writes, k);
		if (r->action == POLICY_CONTINUE)
			continue;
		*ret = (struct judgement){ .action = actions[r->action], .id = r->id,
		    .is_proxied = r->syn != NULL && k->protocol == IPPROTO_TCP };
		return true;
	}
	return false;
}

static struct judgement
judge_route(struct judge *j, struct packet *k)
{
	const struct fw_policy *p = j->policy;
	struct judgement ret;
	uint32_t from, to;
	const char *id;
	bool has_pair;

	from = k->in == 0 ? POLICY_LOCAL : p->interfaces[k->in - 1].zone;
	to = k->out == 0 ? POLICY_LOCAL : p->interfaces[k->out - 1].zone;
	/* An interface that is in no zone is no zone's, and not the box either. */
	has_pair = (k->in == 0 || from != POLICY_LOCAL) && (k->out == 0 || to != POLICY_LOCAL);
	id = management(p, k, from);
	if (id != NULL && p->guards_access && !packet_is_invalid(k))
		return (struct judgement){ .action = IR_ACTION_ACCEPT, .id = id };
	if (has_pair && judge_rules(j, true, k, from, to, &ret))
		return ret;
	if (k->in != 0 && packet_is_invalid(k))
		return (struct judgement){ .action = IR_ACTION_DROP, .id = k->out == 0 ? "input:invalid" : "forward:invalid" };
	if (id != NULL && p->guards_access)
		return (struct judgement){ .action = IR_ACTION_ACCEPT, .id = id };
	if (has_pair && judge_rules(j, false, k, from, to, &ret))
		return ret;
	if (id != NULL)
		return (struct judgement){ .action = IR_ACTION_ACCEPT, .id = id };
	return unmatched(j, k, from);
}

static bool
has_source(const struct policy_addresses *a, const struct packet *k)
{
	uint32_t i;

	for (i = 0; i < a->n; i++)
		if (prefix_contains(&a->items[i], &k->source))
			return true;
	return false;
}

/* No packet of these proofs is of DHCP, or has no address yet. */
static bool
is_bogon(const struct fw_policy *p, const struct packet *k)
{
	const struct policy_bogons *b = p->bogons;
	unsigned blocks;

	if (b == NULL || k->in == 0 || p->interfaces[k->in - 1].zone == POLICY_LOCAL || (b->except.n > 0 && has_source(&b->except.criteria[0], k)))
		return false;
	blocks = p->zones[p->interfaces[k->in - 1].zone].blocks;
	if ((blocks & POLICY_BOGON_PRIVATE) != 0 && has_source(&b->private, k))
		return true;
	return (blocks & POLICY_BOGON_RESERVED) != 0 && (has_source(&b->reserved, k) || (b->listed.n > 0 && has_source(&b->listed.criteria[0], k)));
}

struct judgement
judge_packet(struct judge *j, const struct packet *k)
{
	struct judgement r;
	struct packet seen = *k;
	const char *forward;

	if (is_bogon(j->policy, k))
		return (struct judgement){ .action = IR_ACTION_DROP, .id = "bogon:drop", .seen = *k };
	if (j->policy->drops_spoofed && k->in != 0 && addr_block(&k->source) != k->in - 1)
		return (struct judgement){ .action = IR_ACTION_DROP, .id = "spoofed:drop", .seen = *k };
	forward = translate(j->policy, &seen);
	r = judge_route(j, &seen);
	r.forward = forward;
	r.seen = seen;
	return r;
}
