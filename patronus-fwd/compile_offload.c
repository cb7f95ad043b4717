/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <stdio.h>
#include <string.h>

#include "compile.h"
#include "hash.h"
#include "mem.h"
#include "policy_offload.h"
#include "policy_tracking.h"
#include "policy_xdp.h"
#include "zoneset.h"

/*
 * Connections that stand are put into the flowtable where nothing is asked of each of their packets:
 *
 *   forward			behind pre-rules and before all that stands goes on
 *   offload.pairs		devices in and out that may
 *   flows.HASH			of which protocols
 *
 * The kernel leaves out by itself connections that have a helper, or whose sequence numbers are changed (SYN protection), and gives back
 * each packet that ends one, that is a fragment or has options, that is too long for its way out, or whose way has changed (nf_flow_table_ip.c).
 */

#define PAIRS_TOLD	4096
#define NAME_SIZE	160	/* two names of zones, which policy_from_conf() bounds */

struct offload {
	struct compiler		*c;
	const struct policy_offload *p;
	struct ir_offload	*told;
	unsigned		 cap;
	const char		*lacks_tcp;	/* why not; NULL: they may */
	const char		*lacks_udp;
	struct ir_origin	*origin;
	struct ir_elem		*elems;
	uint32_t		 n_elems;
	unsigned		 cap_elems;
};

/* --- what stands against it */

/* Times of the flowtable are the kernel's own, and when a connection leaves it, it gets back those of the kernel, not those that it was given. */
static void
find_times(struct offload *o)
{
	const struct policy_tracking *t = o->c->policy->tracking;
	uint32_t i;

	for (i = 0; t != NULL && i < t->n_timeouts; i++) {
		if (t->timeouts[i].protocol == IPPROTO_TCP && t->timeouts[i].seconds[CTA_TIMEOUT_TCP_ESTABLISHED] != 0)
			o->lacks_tcp = "TCP has a time of its own (firewall tracking timeouts tcp established)";
		if (t->timeouts[i].protocol == IPPROTO_UDP && t->timeouts[i].seconds[CTA_TIMEOUT_UDP_REPLIED] != 0)
			o->lacks_udp = "UDP has a time of its own (firewall tracking timeouts udp replied)";
	}
}

static bool
has_chain(const struct compiler *c, const char *kind, uint32_t from, uint32_t to)
{
	const struct policy_zone *z = c->policy->zones;
	char name[NAME_SIZE];

	return (size_t)snprintf(name, sizeof(name), "%s.%s.%s", kind, z[from].name, z[to].name) < sizeof(name) && ir_chain_find(c->ir, name) != NULL;
}

static bool
is_of_pair(const struct policy_rule *r, uint32_t a, uint32_t b)
{
	return (zoneset_has(r->from, a) && zoneset_has(r->to, b)) || (zoneset_has(r->from, b) && zoneset_has(r->to, a));
}

/* A rule of these zones that asks something of every packet, or gives its connections a time. */
static const char *
find_rule(const struct offload *o, uint32_t a, uint32_t b)
{
	const struct fw_policy *p = o->c->policy;
	const struct policy_rule *r;

	for (r = p->rules; r < p->rules + p->n_rules; r++) {
		if (r->section == POLICY_PRE && r->action != POLICY_NO_TRACKING && is_of_pair(r, a, b))
			return mem_printf(o->c->ir->arena, "rule %.63s looks at every packet", r->id);
		if (r->writes.idle_seconds != 0 && is_of_pair(r, a, b))
			return mem_printf(o->c->ir->arena, "rule %.63s gives its connections a time of their own", r->id);
	}
	return NULL;
}

/* Where drivers drop nothing, sets do so behind the place of the flowtable. */
static bool
drops_by_sets(const struct offload *o, uint32_t interface)
{
	const struct policy_xdp *x = o->c->policy->xdp;
	uint32_t i;

	for (i = 0; x != NULL && i < x->sets.n; i++)
		if (strcmp(x->sets.items[i], o->c->policy->interfaces[interface].ifname) == 0)
			return true;
	return false;
}

/* Interfaces of the zone that take part. */
static uint32_t
members(const struct offload *o, uint32_t zone, uint32_t *ret, const char **ret_why)
{
	const struct fw_policy *p = o->c->policy;
	bool by_sets = false;
	uint32_t i, n = 0;

	for (i = 0; i < o->p->n; i++) {
		if (p->interfaces[o->p->interfaces[i]].zone != zone)
			continue;
		if (drops_by_sets(o, o->p->interfaces[i]))
			by_sets = true;
		else
			ret[n++] = o->p->interfaces[i];
	}
	if (n == 0 && *ret_why == NULL)
		*ret_why = mem_printf(o->c->ir->arena, by_sets ? "packets from %.63s are dropped by sets, because its drivers cannot" :
		    "no interface of %.63s takes part", p->zones[zone].name);
	return n;
}

/* --- pairs */
static void
tell(struct offload *o, uint32_t a, uint32_t b, const char *reason, bool is_done)
{
	const struct policy_zone *z = o->c->policy->zones;
	struct ir *ir = o->c->ir;

	if (o->told->n == PAIRS_TOLD)
		return;
	o->told->pairs = mem_grow(ir->arena, o->told->pairs, o->told->n, sizeof(*o->told->pairs), &o->cap);
	o->told->pairs[o->told->n++] = (struct ir_offload_pair){ .from = mem_strdup(ir->arena, z[a].name), .to = mem_strdup(ir->arena, z[b].name),
	    .reason = reason, .is_done = is_done };
}

static void
put_key(struct offload *o, uint32_t in, uint32_t out)
{
	const struct policy_interface *p = o->c->policy->interfaces;
	struct ir_elem *e;

	o->elems = mem_grow(o->c->scratch, o->elems, o->n_elems, sizeof(*o->elems), &o->cap_elems);
	e = &o->elems[o->n_elems++];
	memset(e, 0, sizeof(*e));
	memcpy(e->lo, p[in].ifname, strnlen(p[in].ifname, IR_VALUE_MAX - 1));
	memcpy(e->lo + IR_VALUE_MAX, p[out].ifname, strnlen(p[out].ifname, IR_VALUE_MAX - 1));
}

static void
take_pair(struct offload *o, uint32_t a, uint32_t b)
{
	uint32_t *ins = mem_alloc(o->c->scratch, o->p->n, sizeof(*ins)), *outs = mem_alloc(o->c->scratch, o->p->n, sizeof(*outs)), n, m, i, k;
	const char *why = find_rule(o, a, b);

	if (why == NULL && o->lacks_tcp != NULL && o->lacks_udp != NULL)
		why = o->lacks_tcp;
	n = members(o, a, ins, &why);
	m = members(o, b, outs, &why);
	if (why != NULL) {
		tell(o, a, b, why, false);
		return;
	}
	tell(o, a, b, o->lacks_tcp != NULL ? o->lacks_tcp : o->lacks_udp, true);
	for (i = 0; i < n; i++) {
		for (k = 0; k < m; k++) {
			put_key(o, ins[i], outs[k]);
			if (a != b)
				put_key(o, outs[k], ins[i]);
		}
	}
}

/* Nothing stands between zones that have no rule. */
static void
take_pairs(struct offload *o)
{
	static const char *const kinds[] = { "pair", "pre" };
	uint32_t a, b, n = o->c->policy->n_zones;
	unsigned i;

	for (a = POLICY_LOCAL + 1; a < n; a++) {
		for (b = a; b < n; b++) {
			for (i = 0; i < 2 && !has_chain(o->c, kinds[i], a, b) && !has_chain(o->c, kinds[i], b, a); i++)
				;
			if (i < 2)
				take_pair(o, a, b);
		}
	}
}

/* --- the flowtable */

/* What is asked of packets before they are led anywhere: it may have come in by the old rules, and is looked at again when there are others. */
static uint64_t
hash_before(const struct ir *ir, uint64_t h)
{
	const struct ir_chain *c;
	const struct ir_rule *r;

	for (c = ir->chains; c != NULL; c = c->next) {
		if (c->hook != IR_HOOK_PREROUTING && strcmp(c->name, "spoofed") != 0)
			continue;
		for (r = c->first; r != NULL && !c->is_nat; r = r->next)
			h = hash_u64(r->hash, h);
	}
	return h;
}

static struct ir_flowtable *
make_table(struct offload *o)
{
	const struct policy_interface *p = o->c->policy->interfaces;
	struct ir *ir = o->c->ir;
	struct ir_flowtable *t = mem_alloc(ir->arena, 1, sizeof(*t));
	uint64_t h = hash_before(ir, hash_u64((o->lacks_tcp != NULL) | (o->lacks_udp != NULL) << 1, HASH_SEED));
	uint32_t i;

	t->is_hardware = o->p->is_hardware;
	t->devices = mem_alloc(ir->arena, o->p->n, sizeof(*t->devices));
	for (i = 0; i < o->p->n; i++) {
		if (drops_by_sets(o, o->p->interfaces[i]))
			continue;
		t->devices[t->n] = mem_strdup(ir->arena, p[o->p->interfaces[i]].ifname);
		h = hash_u64(o->p->links[i], hash_bytes(t->devices[t->n], strlen(t->devices[t->n]) + 1, h));
		t->n++;
	}
	for (i = 0; i < o->n_elems; i++)
		h = hash_bytes(o->elems[i].lo, 2 * IR_VALUE_MAX, h);
	t->name = mem_printf(ir->arena, "flows.%016llx", (unsigned long long)h);
	return t;
}

static void
put_protocol(struct offload *o, const struct ir_flowtable *t, uint8_t protocol, const char *lacks)
{
	struct ir_draft d = { .n = 0 };

	if (lacks != NULL)
		return;
	ir_match_u8(&d, IR_L4PROTO, protocol);
	ir_put(&d, IR_FLOW)->flowtable = t->name;
	ir_rule_add(o->c->ir, ir_chain_get(o->c->ir, t->name), o->origin, &d);
}

static void
put_table(struct offload *o, const char *chain)
{
	static const uint8_t both[] = { IR_IIF_NAME, IR_OIF_NAME };
	struct ir *ir = o->c->ir;
	struct ir_draft d = { .n = 0 };
	struct ir_stmt *s;
	struct ir_set *set;
	uint32_t i;

	ir->flowtable = make_table(o);
	o->origin = compile_origin(o->c, IR_OFFLOAD_ORIGIN, IR_ACTION_NONE);
	put_protocol(o, ir->flowtable, IPPROTO_TCP, o->lacks_tcp);
	put_protocol(o, ir->flowtable, IPPROTO_UDP, o->lacks_udp);
	set = ir_set_new(ir, IR_OFFLOAD_SET, IR_SET_VERDICT, both, 2);
	set->path = IR_OFFLOAD_PATH;
	for (i = 0; i < o->n_elems; i++) {
		o->elems[i].chain = ir->flowtable->name;
		*ir_set_add(ir, set) = o->elems[i];
	}
	ir_set_seal(ir, set);
	ir_match_u32(&d, IR_CT_STATE, IR_ANY_BIT, IR_CT_ESTABLISHED);
	s = ir_put(&d, IR_VMAP);
	s->field = IR_IIF_NAME;
	s->set = set;
	ir_rule_add(ir, ir_chain_get(ir, chain), o->origin, &d);
}

void
compile_offload(struct compiler *c, const char *chain)
{
	struct offload o = { .c = c, .p = c->policy->offload };

	if (o.p == NULL)
		return;
	c->ir->offload = o.told = mem_alloc(c->ir->arena, 1, sizeof(*o.told));
	o.told->is_hardware = o.p->is_hardware;
	find_times(&o);
	take_pairs(&o);
	if (o.n_elems > 0)
		put_table(&o, chain);
}
