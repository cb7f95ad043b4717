/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "compile.h"
#include "mem.h"
#include "policy_nat.h"
#include "zoneset.h"

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

/* --- port forwards */
static void
put_target(struct ir_draft *d, const struct addr *to, uint16_t port)
{
	struct ir_stmt *s;

	s = ir_put(d, IR_DNAT);
	s->nat.family = NFPROTO_IPV4;
	memcpy(s->nat.addr, to->bytes, 4);
	memcpy(s->nat.last, to->bytes, 4);
	s->nat.port = port;
}

/*
 * The first of n hosts gets one of n, the second one of the n - 1 that are left, the last all the rest.  A hash does not change from rule to
 * rule: there each asks for its own number.
 */
static void
put_choice(struct ir_draft *d, uint8_t choice, uint32_t i, uint32_t n)
{
	struct ir_stmt *s;

	if (i + 1 == n)
		return;
	s = ir_put(d, IR_CHOOSE);
	s->choice.draw = choice == POLICY_BY_SOURCE ? IR_DRAW_SOURCE : choice == POLICY_BY_CHANCE ? IR_DRAW_CHANCE : IR_DRAW_TURN;
	s->choice.modulus = choice == POLICY_BY_SOURCE ? n : n - i;
	s->choice.value = choice == POLICY_BY_SOURCE ? i : 0;
}

struct forwarding {
	const struct policy_forward	*forward;
	struct ir_origin		*origin;
	uint64_t			*zone;
};

/* A kernel rule for each host; false when the zone has no interface. */
static bool
put_targets(struct compiler *c, const struct forwarding *w, const struct ir_draft *part, uint16_t port)
{
	const struct policy_forward *f = w->forward;
	uint32_t i;
	struct ir_draft d;

	for (i = 0; i <= f->n_others; i++) {
		d.n = 0;
		/* With hairpin everybody who calls the outer address is meant, through whichever interface. */
		if (!f->is_hairpin && !compile_zones(c, &d, IR_IIF_NAME, w->zone))
			return false;
		append(&d, part);
		put_called(c, &d, f);
		put_choice(&d, f->choice, i, f->n_others + 1);
		if (f->is_logged)
			compile_log(&d, w->origin->id);
		ir_put(&d, IR_COUNTER);
		put_target(&d, i == 0 ? &f->to : &f->others[i - 1], port);
		ir_rule_add(c->ir, ir_chain_get(c->ir, "port-forwards"), w->origin, &d);
	}
	return true;
}

static void
put_service(struct compiler *c, const struct forwarding *w, const struct policy_service *services, uint32_t n, uint16_t port)
{
	struct compile_selector sel = { .source = &w->forward->source, .services = services, .n_services = n, .is_v4_only = true };
	struct compile_parts *parts;
	unsigned i;

	parts = compile_select(c, &sel);
	for (i = 0; i < parts->n; i++)
		if (!put_targets(c, w, &parts->items[i].draft, port))
			return;
}

/* Each port by itself, for the kernel cannot count along. */
static void
put_shifted(struct compiler *c, const struct forwarding *w)
{
	const struct policy_forward *f = w->forward;
	struct policy_service one;
	struct ports port;
	uint32_t i, k, n;

	for (i = 0; i < f->n_services; i++) {
		for (k = 0; k < f->services[i].n_ports; k++) {
			for (n = 0; n <= (uint32_t)(f->services[i].ports[k].high - f->services[i].ports[k].low); n++) {
				one = f->services[i];
				port.low = port.high = (uint16_t)(f->services[i].ports[k].low + n);
				one.ports = &port;
				one.n_ports = 1;
				put_service(c, w, &one, 1, (uint16_t)(f->to_port + n));
			}
		}
	}
}

void
compile_port_forward(struct compiler *c, const struct policy_forward *f)
{
	struct forwarding w = { .forward = f };

	w.zone = zoneset_new(c->scratch, c->policy);
	zoneset_add(w.zone, f->zone);
	w.origin = ir_origin_new(c->ir, mem_printf(c->ir->arena, "port-forward:%s", f->id), f->path, IR_ACTION_TRANSLATE);
	w.origin->is_generated = true;
	w.origin->from = compile_zone_name(c, f->is_hairpin ? "any" : c->policy->zones[f->zone].name);
	w.origin->is_logged = f->is_logged;
	if (f->shifts_ports)
		put_shifted(c, &w);
	else
		put_service(c, &w, f->services, f->n_services, f->to_port);
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
	ir_set_seal(c->ir, same);
	for (i = 0; i < c->policy->n_forwards; i++) {
		f = &c->policy->forwards[i];
		if (!f->is_hairpin)
			continue;
		o = ir_origin_new(c->ir, mem_printf(c->ir->arena, "hairpin:%s", f->id), f->path, IR_ACTION_TRANSLATE);
		o->is_generated = true;
		for (n = 0; n <= f->n_others; n++) {
			d.n = 0;
			ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV4);
			ir_match(&d, IR_DADDR4, IR_EQ, n == 0 ? f->to.bytes : f->others[n - 1].bytes, NULL);
			ir_match_u32(&d, IR_CT_STATUS, IR_ANY_BIT, IR_CT_DNAT);
			ir_put(&d, IR_COUNTER);
			ir_put(&d, IR_MASQUERADE);
			ir_rule_add(c->ir, ir_chain_get(c->ir, "hairpin"), o, &d);
		}
	}
	d.n = 0;
	ir_put(&d, IR_VMAP)->set = same;
	d.stmts[0].field = IR_IIF_NAME;
	ir_rule_add(c->ir, ir_chain_get(c->ir, "masquerading"), compile_origin(c, "masquerade:hairpin", IR_ACTION_NONE), &d);
}

/* --- senders */

/* Out through the zone, in from the source's zones; false when there is no such interface. */
static bool
put_way(struct compiler *c, struct ir_draft *d, uint32_t zone, const struct policy_endpoint *source)
{
	uint64_t *out;

	out = zoneset_new(c->scratch, c->policy);
	zoneset_add(out, zone);
	return compile_zones(c, d, IR_OIF_NAME, out) && (source->zones == NULL || compile_zones(c, d, IR_IIF_NAME, source->zones));
}

static struct ir_origin *
translation(struct compiler *c, const char *kind, const char *name, const char *path, uint32_t zone)
{
	struct ir_origin *o;

	o = ir_origin_new(c->ir, mem_printf(c->ir->arena, "%s:%s", kind, name), path, IR_ACTION_TRANSLATE);
	o->is_generated = true;
	o->to = compile_zone_name(c, c->policy->zones[zone].name);
	return o;
}

static void
put_source_nat(struct compiler *c, const struct policy_source_nat *n)
{
	struct compile_selector sel = {
		.source = &n->source, .destination = &n->destination, .services = n->services, .n_services = n->n_services,
		.is_v4_only = n->first.family == ADDR_V4, .is_v6_only = n->first.family == ADDR_V6
	};
	struct compile_parts *parts;
	struct ir_origin *o;
	struct ir_draft d;
	struct ir_stmt *s;
	unsigned i;

	o = translation(c, "source-nat", n->id, n->path, n->zone);
	parts = compile_select(c, &sel);
	for (i = 0; i < parts->n; i++) {
		d.n = 0;
		if (!put_way(c, &d, n->zone, &n->source))
			return;
		append(&d, &parts->items[i].draft);
		ir_put(&d, IR_COUNTER);
		s = ir_put(&d, n->is_exempt ? IR_ACCEPT : IR_SNAT);
		if (!n->is_exempt) {
			s->nat.family = n->first.family == ADDR_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
			memcpy(s->nat.addr, n->first.bytes, sizeof(s->nat.addr));
			memcpy(s->nat.last, n->last.bytes, sizeof(s->nat.last));
			s->nat.is_persistent = n->is_persistent && memcmp(s->nat.addr, s->nat.last, sizeof(s->nat.addr)) != 0;
			s->nat.is_random = n->has_random_ports;
		}
		ir_rule_add(c->ir, ir_chain_get(c->ir, "masquerading"), o, &d);
	}
}

static void
set_network(struct ir_nat *n, const struct prefix *p)
{
	struct prefix net = prefix_network(p);
	unsigned i;

	n->family = net.addr.family == ADDR_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	memcpy(n->addr, net.addr.bytes, sizeof(n->addr));
	memcpy(n->last, net.addr.bytes, sizeof(n->last));
	for (i = net.len; i < 8 * addr_len(&net.addr); i++)
		n->last[i / 8] |= (uint8_t)(0x80 >> i % 8);
	n->is_network = net.len < 8 * addr_len(&net.addr);
}

static void
put_one_to_one(struct compiler *c, const struct policy_one_to_one *m, bool is_inbound)
{
	const struct prefix *from = is_inbound ? &m->outer : &m->inner;
	bool is_v4 = from->addr.family == ADDR_V4;
	struct ir_draft d = { .n = 0 };
	struct ir_stmt *s;
	uint64_t *zone;

	zone = zoneset_new(c->scratch, c->policy);
	zoneset_add(zone, m->zone);
	if (!compile_zones(c, &d, is_inbound ? IR_IIF_NAME : IR_OIF_NAME, zone))
		return;
	ir_match_u8(&d, IR_NFPROTO, is_v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	ir_match_prefix(&d, is_inbound ? (is_v4 ? IR_DADDR4 : IR_DADDR6) : is_v4 ? IR_SADDR4 : IR_SADDR6, IR_PREFIX, from->addr.bytes, from->len);
	ir_put(&d, IR_COUNTER);
	s = ir_put(&d, is_inbound ? IR_DNAT : IR_SNAT);
	set_network(&s->nat, is_inbound ? &m->inner : &m->outer);
	ir_rule_add(c->ir, ir_chain_get(c->ir, is_inbound ? "port-forwards" : "masquerading"),
	    translation(c, is_inbound ? "one-to-one-in" : "one-to-one", m->name, m->path, m->zone), &d);
}

static void
put_masquerade(struct compiler *c, const struct policy_masquerade *m)
{
	struct compile_selector sel = { .source = &m->source, .is_v4_only = true };
	struct compile_parts *parts;
	struct ir_origin *o;
	struct ir_draft d;
	unsigned i;

	o = translation(c, "masquerade", m->name, m->path, m->zone);
	parts = compile_select(c, &sel);
	for (i = 0; i < parts->n; i++) {
		d.n = 0;
		if (!put_way(c, &d, m->zone, &m->source))
			return;
		append(&d, &parts->items[i].draft);
		ir_put(&d, IR_COUNTER);
		ir_put(&d, IR_MASQUERADE)->nat.is_random = m->has_random_ports;
		ir_rule_add(c->ir, ir_chain_get(c->ir, "masquerading"), o, &d);
	}
}

/* As each rule has, what rewrites destinations has a number; it stands in one chain. */
static void
count(struct ir *ir)
{
	ir->making = ++ir->n_made;
	ir->n_rewriting++;
}

void
compile_nat(struct compiler *c)
{
	const struct fw_policy *p = c->policy;
	uint32_t i;

	ir_chain_base(c->ir, "port-forwards", IR_HOOK_PREROUTING, true, NF_IP_PRI_NAT_DST, false);
	ir_chain_base(c->ir, "masquerading", IR_HOOK_POSTROUTING, true, NF_IP_PRI_NAT_SRC, false);
	for (i = 0; i < p->n_forwards; i++) {
		count(c->ir);
		compile_port_forward(c, &p->forwards[i]);
	}
	for (i = 0; i < p->n_one_to_ones; i++) {
		count(c->ir);
		put_one_to_one(c, &p->one_to_ones[i], true);
	}
	c->ir->making = 0;
	put_hairpins(c);
	for (i = 0; i < p->n_source_nats; i++)
		put_source_nat(c, &p->source_nats[i]);
	for (i = 0; i < p->n_one_to_ones; i++)
		put_one_to_one(c, &p->one_to_ones[i], false);
	for (i = 0; i < p->n_masquerades; i++)
		put_masquerade(c, &p->masquerades[i]);
}
