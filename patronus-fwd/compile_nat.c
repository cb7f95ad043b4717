/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "compile.h"
#include "mem.h"

/*
 * Translation.  Port forwards rewrite the destination before routing; whether the connection may pass is for the rules, which see the
 * inner address.  Masquerade rewrites the source after routing.
 */

static void
put_called(struct compiler *c, struct ir_draft *d, const struct policy_forward *f)
{
	struct ir_elem *elems;
	uint32_t i;

	if (f->n_addresses == 0) {
		ir_match_u32(d, IR_FIB_DADDR_TYPE, IR_EQ, RTN_LOCAL);
	} else if (f->n_addresses == 1) {
		ir_match(d, IR_DADDR4, IR_EQ, f->addresses[0].bytes, NULL);
	} else {
		elems = mem_alloc(c->scratch, f->n_addresses, sizeof(*elems));
		for (i = 0; i < f->n_addresses; i++)
			memcpy(elems[i].lo, f->addresses[i].bytes, 4);
		ir_match_set(d, IR_DADDR4, IR_IN_SET, ir_set_intern(c->ir, "addresses4", 0, IR_DADDR4, elems, i));
	}
}

static void
append(struct ir_draft *d, const struct ir_draft *more)
{
	memcpy(d->stmts + d->n, more->stmts, more->n * sizeof(*more->stmts));
	d->n += more->n;
}

static void
put_forward(struct compiler *c, const struct policy_forward *f)
{
	struct compile_selector sel = {
		.source = &f->source, .services = f->services, .n_services = f->n_services, .is_v4_only = true
	};
	struct compile_parts *parts;
	struct ir_origin *o;
	struct ir_draft d;
	struct ir_stmt *s;
	uint64_t *zone;
	unsigned i;

	zone = zoneset_new(c->scratch, c->policy);
	zoneset_add(zone, f->zone);
	o = ir_origin_new(c->ir, mem_printf(c->ir->arena, "port-forward:%s", f->id), f->path, IR_ACTION_TRANSLATE);
	o->is_generated = true;
	o->from = compile_zone_name(c, f->is_hairpin ? "any" : c->policy->zones[f->zone].name);
	o->is_logged = f->is_logged;
	parts = compile_select(c, &sel);
	for (i = 0; i < parts->n; i++) {
		d.n = 0;
		/* With hairpin everybody who calls the outer address is meant, through whichever interface. */
		if (!f->is_hairpin && !compile_zones(c, &d, IR_IIF_NAME, zone))
			return;
		append(&d, &parts->items[i].draft);
		put_called(c, &d, f);
		if (f->is_logged)
			compile_log(&d, o->id);
		ir_put(&d, IR_COUNTER);
		s = ir_put(&d, IR_DNAT);
		s->nat.family = NFPROTO_IPV4;
		memcpy(s->nat.addr, f->to.bytes, 4);
		s->nat.port = f->to_port;
		ir_rule_add(c->ir, ir_chain_get(c->ir, "port-forwards"), o, &d);
	}
}

/*
 * A client in the server's own network would get the answer straight from the server, from an address it never called.  So what comes
 * and leaves by one interface after a port forward also gets the box's address as source.
 */
static void
put_hairpins(struct compiler *c)
{
	static const uint8_t both[] = { IR_IIF_NAME, IR_OIF_NAME };
	const struct policy_forward *f;
	struct ir_origin *o;
	struct ir_set *same;
	struct ir_elem *e;
	struct ir_draft d;
	const char *ifname;
	uint32_t i, n;

	for (i = 0, n = 0; i < c->policy->n_forwards; i++)
		n += c->policy->forwards[i].is_hairpin;
	if (n == 0)
		return;
	same = ir_set_new(c->ir, "same-interface", IR_SET_VERDICT, both, 2);
	for (i = 0; i < c->policy->n_interfaces; i++) {
		if (c->policy->interfaces[i].zone == POLICY_LOCAL)
			continue;
		ifname = c->policy->interfaces[i].ifname;
		e = ir_set_add(c->ir, same);
		memcpy(e->lo, ifname, strnlen(ifname, IR_VALUE_MAX - 1));
		memcpy(e->lo + IR_VALUE_MAX, ifname, strnlen(ifname, IR_VALUE_MAX - 1));
		e->chain = ir_chain_get(c->ir, "hairpin")->name;
	}
	ir_set_seal(same);
	for (i = 0; i < c->policy->n_forwards; i++) {
		f = &c->policy->forwards[i];
		if (!f->is_hairpin)
			continue;
		o = ir_origin_new(c->ir, mem_printf(c->ir->arena, "hairpin:%s", f->id), f->path, IR_ACTION_TRANSLATE);
		o->is_generated = true;
		d.n = 0;
		ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV4);
		ir_match(&d, IR_DADDR4, IR_EQ, f->to.bytes, NULL);
		ir_match_u32(&d, IR_CT_STATUS, IR_ANY_BIT, IR_CT_DNAT);
		ir_put(&d, IR_COUNTER);
		ir_put(&d, IR_MASQUERADE);
		ir_rule_add(c->ir, ir_chain_get(c->ir, "hairpin"), o, &d);
	}
	d.n = 0;
	ir_put(&d, IR_VMAP)->set = same;
	d.stmts[0].field = IR_IIF_NAME;
	ir_rule_add(c->ir, ir_chain_get(c->ir, "masquerading"), compile_origin(c, "masquerade:hairpin", IR_ACTION_NONE), &d);
}

static void
put_masquerade(struct compiler *c, const struct policy_masquerade *m)
{
	struct compile_selector sel = { .source = &m->source, .is_v4_only = true };
	struct compile_parts *parts;
	struct ir_origin *o;
	struct ir_draft d;
	uint64_t *zone;
	unsigned i;

	zone = zoneset_new(c->scratch, c->policy);
	zoneset_add(zone, m->zone);
	o = ir_origin_new(c->ir, mem_printf(c->ir->arena, "masquerade:%s", m->name), m->path, IR_ACTION_TRANSLATE);
	o->is_generated = true;
	o->to = compile_zone_name(c, c->policy->zones[m->zone].name);
	parts = compile_select(c, &sel);
	for (i = 0; i < parts->n; i++) {
		d.n = 0;
		if (!compile_zones(c, &d, IR_OIF_NAME, zone) ||
		    (m->source.zones != NULL && !compile_zones(c, &d, IR_IIF_NAME, m->source.zones)))
			return;
		append(&d, &parts->items[i].draft);
		ir_put(&d, IR_COUNTER);
		ir_put(&d, IR_MASQUERADE);
		ir_rule_add(c->ir, ir_chain_get(c->ir, "masquerading"), o, &d);
	}
}

void
compile_nat(struct compiler *c)
{
	uint32_t i;

	ir_chain_base(c->ir, "port-forwards", IR_HOOK_PREROUTING, true, NF_IP_PRI_NAT_DST, false);
	ir_chain_base(c->ir, "masquerading", IR_HOOK_POSTROUTING, true, NF_IP_PRI_NAT_SRC, false);
	for (i = 0; i < c->policy->n_forwards; i++)
		put_forward(c, &c->policy->forwards[i]);
	put_hairpins(c);
	for (i = 0; i < c->policy->n_masquerades; i++)
		put_masquerade(c, &c->policy->masquerades[i]);
}
