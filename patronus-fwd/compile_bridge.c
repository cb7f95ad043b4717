/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter_bridge.h>
#include <string.h>

#include "compile.h"
#include "mem.h"
#include "policy_bridge.h"

/*
 * Table bridge: one chain, through which frames go from port to port.  The kernel has more than one way to say that several values are allowed
 * (a set, or a rule for each), so that each criterion is a list of alternatives, and a rule of ours becomes a kernel rule for each combination.
 */

#define CHAIN		"bridged"

struct alternatives {
	struct ir_draft	*items;
	unsigned	 n;
};

struct writer {
	struct compiler	*c;
	struct ir_origin *origin;
	const struct policy_bridge_rule *rule;
	struct alternatives lists[5];	/* source and destination MAC, type, VLAN, what is inside */
};

static struct ir_draft *
alternative(struct writer *w, struct alternatives *a)
{
	(void)w;
	a->items[a->n].n = 0;
	return &a->items[a->n++];
}

static void
room(struct writer *w, struct alternatives *a, unsigned n)
{
	a->items = mem_alloc(w->c->scratch, n > 0 ? n : 1, sizeof(*a->items));
}

/* Nothing is asked: one that always holds. */
static void
settle(struct writer *w, struct alternatives *a, bool is_asked)
{
	if (a->items == NULL)
		room(w, a, 1);
	if (!is_asked)
		(void)alternative(w, a);
}

static void
put_one_of(struct writer *w, struct ir_draft *d, enum ir_field field, const char *prefix, const struct ir_elem *elems, uint32_t n)
{
	if (n == 1)
		ir_match(d, field, IR_EQ, elems[0].lo, NULL);
	else
		ir_match_set(d, field, IR_IN_SET, ir_set_intern(w->c->ir, prefix, 0, (uint8_t)field, elems, n));
}

static void
list_macs(struct writer *w, struct alternatives *a, const struct policy_mac_matches *m, enum ir_field field)
{
	struct ir_elem *elems = mem_alloc(w->c->scratch, m->n, sizeof(*elems));
	uint32_t i, n;

	room(w, a, m->n + 1);
	for (i = 0, n = 0; i < m->n; i++) {
		if (m->items[i].is_whole)
			memcpy(elems[n++].lo, m->items[i].value.bytes, sizeof(m->items[i].value.bytes));
		else
			ir_match_masked(alternative(w, a), field, m->items[i].value.bytes, m->items[i].mask.bytes);
	}
	if (n > 0)
		put_one_of(w, alternative(w, a), field, "macs", elems, n);
	settle(w, a, m->n > 0);
}

static void
put_tagged(struct ir_draft *d)
{
	static const uint8_t type[2] = { ETH_P_8021Q >> 8, ETH_P_8021Q & 0xff };

	ir_match(d, IR_TAG_TYPE, IR_EQ, type, NULL);
}

static void
put_type(struct ir_draft *d, uint16_t type)
{
	uint8_t be[2] = { (uint8_t)(type >> 8), (uint8_t)type };

	ir_match(d, IR_ETHER_TYPE, IR_EQ, be, NULL);
}

/* Where something inside is looked at, that tells the type. */
static void
list_types(struct writer *w, struct alternatives *a)
{
	const struct policy_bridge_rule *r = w->rule;
	uint32_t n = r->is_ip ? 0 : r->n_types, i;
	struct ir_elem *elems = mem_alloc(w->c->scratch, n, sizeof(*elems));

	room(w, a, 2);
	for (i = 0; i < n; i++) {
		elems[i].lo[0] = (uint8_t)(r->types[i] >> 8);
		elems[i].lo[1] = (uint8_t)r->types[i];
	}
	if (n > 0)
		put_one_of(w, alternative(w, a), IR_ETHER_TYPE, "types", elems, n);
	if (r->is_tagged)
		put_tagged(alternative(w, a));
	settle(w, a, n > 0 || r->is_tagged);
}

static void
list_vlans(struct writer *w, struct alternatives *a)
{
	static const uint8_t mask[2] = { 0x0f, 0xff };	/* without priority and DEI */
	struct ir_draft *d;
	uint32_t i;

	room(w, a, w->rule->n_vlans);
	for (i = 0; i < w->rule->n_vlans; i++) {
		const uint8_t id[2] = { (uint8_t)(w->rule->vlans[i] >> 8), (uint8_t)w->rule->vlans[i] };

		d = alternative(w, a);
		put_tagged(d);
		ir_match_masked(d, IR_VLAN, id, mask);
	}
	settle(w, a, w->rule->n_vlans > 0);
}

/* --- what is inside */

/* Each part says its family first, which here is the type of the frame. */
static void
take_part(struct ir_draft *to, const struct compile_part *p)
{
	unsigned i;

	put_type(to, p->family == NFPROTO_IPV4 ? ETH_P_IP : ETH_P_IPV6);
	for (i = 0; i < p->draft.n; i++)
		if (p->draft.stmts[i].field != IR_NFPROTO)
			to->stmts[to->n++] = p->draft.stmts[i];
}

static void
list_ip(struct writer *w, struct alternatives *a)
{
	const struct policy_bridge_rule *r = w->rule;
	struct compile_selector sel = { .source = &r->source, .destination = &r->destination, .services = r->services,
	    .n_services = r->n_services, .splits_families = true, .is_v4_only = r->n_types > 0 && !policy_bridge_lists(r, ETH_P_IPV6),
	    .is_v6_only = r->n_types > 0 && !policy_bridge_lists(r, ETH_P_IP) };
	const struct compile_parts *parts = compile_select(w->c, &sel);
	unsigned i;

	room(w, a, parts->n);
	for (i = 0; i < parts->n; i++)
		take_part(alternative(w, a), &parts->items[i]);
}

static void
list_arp(struct writer *w, struct alternatives *a)
{
	const struct policy_bridge_rule *r = w->rule;
	uint8_t operation[2] = { 0, (uint8_t)r->arp_operation };
	struct ir_draft *d;
	uint32_t i = 0;

	room(w, a, r->n_arp_senders + 1);
	do {
		d = alternative(w, a);
		if (r->arp_operation != 0)
			ir_match(d, IR_ARP_OPERATION, IR_EQ, operation, NULL);
		if (i < r->n_arp_senders)
			ir_match_prefix(d, IR_ARP_SADDR4, IR_PREFIX, r->arp_senders[i].addr.bytes, r->arp_senders[i].len);
	} while (++i < r->n_arp_senders);
}

/* --- rules */

/* false: there is none of them. */
static bool
put_links(struct writer *w, struct ir_draft *d, const struct policy_links *l, enum ir_field field)
{
	struct ir_elem *elems;
	uint32_t i;

	if (!l->is_given)
		return true;
	if (l->n == 0)
		return false;
	elems = mem_alloc(w->c->scratch, l->n, sizeof(*elems));
	for (i = 0; i < l->n; i++)
		memcpy(elems[i].lo, l->items[i], strnlen(l->items[i], IR_VALUE_MAX - 1));
	put_one_of(w, d, field, "links", elems, l->n);
	return true;
}

static void
finish(struct writer *w, struct ir_draft *d, const char *prefix, bool accepts)
{
	ir_put(d, IR_COUNTER);
	if (prefix != NULL)
		compile_log(d, prefix);
	ir_put(d, accepts ? IR_ACCEPT : IR_DROP);
	ir_rule_add(w->c->ir, ir_chain_get(w->c->ir, CHAIN), w->origin, d);
}

static void
combine(struct writer *w, const struct ir_draft *so_far, unsigned list)
{
	struct ir_draft *d;
	unsigned i, k;

	d = mem_alloc(w->c->scratch, 1, sizeof(*d));
	for (i = 0; i < w->lists[list].n; i++) {
		ir_draft_copy(d, so_far);
		for (k = 0; k < w->lists[list].items[i].n; k++)
			d->stmts[d->n++] = w->lists[list].items[i].stmts[k];
		if (list + 1 < sizeof(w->lists) / sizeof(w->lists[0]))
			combine(w, d, list + 1);
		else
			finish(w, d, w->rule->is_logged ? w->origin->id : NULL, w->rule->action == POLICY_ACCEPT);
	}
}

static void
put_rule(struct compiler *c, const struct policy_bridge_rule *r)
{
	struct writer w = { .c = c, .rule = r };
	struct ir_draft d = { .n = 0 };

	w.origin = ir_origin_new(c->ir, r->id, r->path, r->action == POLICY_ACCEPT ? IR_ACTION_ACCEPT : IR_ACTION_DROP);
	w.origin->is_logged = r->is_logged;
	if (!put_links(&w, &d, &r->bridges, IR_IIF_NAME) || !put_links(&w, &d, &r->in, IR_IIF_NAME) || !put_links(&w, &d, &r->out, IR_OIF_NAME))
		return;
	list_macs(&w, &w.lists[0], &r->source_macs, IR_MAC_SADDR);
	list_macs(&w, &w.lists[1], &r->destination_macs, IR_MAC_DADDR);
	list_types(&w, &w.lists[2]);
	list_vlans(&w, &w.lists[3]);
	if (r->is_ip)
		list_ip(&w, &w.lists[4]);
	else if (r->arp_operation != 0 || r->n_arp_senders > 0)
		list_arp(&w, &w.lists[4]);
	else
		settle(&w, &w.lists[4], false);
	combine(&w, &d, 0);
}

/* Both ways, so that a port of which we have not heard yet can talk to none that we know. */
static void
put_default(struct compiler *c, const struct policy_bridge *b)
{
	struct writer w = { .c = c };
	struct policy_links ports = b->ports;
	struct ir_draft d;
	unsigned i;

	if (!b->drops)
		return;
	ports.is_given = true;
	w.origin = compile_origin(c, "bridge:default", IR_ACTION_DROP);
	for (i = 0; i < 2; i++) {
		d.n = 0;
		if (put_links(&w, &d, &ports, i == 0 ? IR_IIF_NAME : IR_OIF_NAME))
			finish(&w, &d, NULL, false);
	}
}

void
compile_bridge(struct compiler *c)
{
	const struct policy_bridge *b = c->policy->bridge;
	uint32_t i;

	if (b == NULL)
		return;
	c->ir->family = NFPROTO_BRIDGE;
	ir_chain_base(c->ir, CHAIN, IR_HOOK_BRIDGE_FORWARD, false, NF_BR_PRI_FILTER_BRIDGED, false);
	for (i = 0; i < b->n_rules; i++)
		put_rule(c, &b->rules[i]);
	put_default(c, b);
	c->ir->family = NFPROTO_INET;
}
