/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "compile.h"
#include "ir_list.h"
#include "mem.h"
#include "policy_nat.h"

/*
 * The frame of the table: what is right for every policy.  Essentials come before anything that a person wrote, so that no rule can
 * break neighbour discovery, path MTU discovery or the way back into the box.
 */

#define DHCP_SERVER	67
#define DHCP_CLIENT	68
#define DHCP6_CLIENT	546
#define DHCP6_SERVER	547

static const uint8_t link_local[16] = { 0xfe, 0x80 }, unspecified[16];

static void
put_port(struct ir_draft *d, enum ir_field field, uint16_t port)
{
	uint8_t be[2] = { (uint8_t)(port >> 8), (uint8_t)port };

	ir_match(d, field, IR_EQ, be, NULL);
}

/* matches, counter, verdict */
static void
finish(struct compiler *c, const char *chain, struct ir_draft *d, const char *id, enum ir_kind verdict)
{
	enum ir_action action;

	action = verdict == IR_ACCEPT ? IR_ACTION_ACCEPT : IR_ACTION_DROP;
	ir_put(d, IR_COUNTER);
	ir_put(d, verdict);
	ir_rule_add(c->ir, ir_chain_get(c->ir, chain), compile_origin(c, id, action), d);
}

static void
put_loopback(struct compiler *c, const char *chain, enum ir_field field)
{
	struct ir_draft d = { .n = 0 };

	ir_match_name(&d, field, "lo");
	finish(c, chain, &d, mem_printf(c->ir->arena, "%s:loopback", chain), IR_ACCEPT);
}

static void
put_established(struct compiler *c, const char *chain)
{
	struct ir_draft d = { .n = 0 };

	ir_match_u32(&d, IR_CT_STATE, IR_ANY_BIT, IR_CT_ESTABLISHED | IR_CT_RELATED);
	finish(c, chain, &d, mem_printf(c->ir->arena, "%s:established", chain), IR_ACCEPT);
}

void
compile_log_rule(struct compiler *c, const char *chain, struct ir_draft *d, const char *id, const char *what)
{
	struct ir_origin *o;

	o = compile_origin(c, id, IR_ACTION_NONE);
	o->is_logged = true;
	compile_limit(d, &c->policy->log_rate, 5, false);
	compile_log(d, what);
	ir_rule_add(c->ir, ir_chain_get(c->ir, chain), o, d);
}

static void
put_invalid(struct compiler *c, const char *chain)
{
	struct ir_draft d = { .n = 0 };

	if (c->policy->logs_invalid) {
		ir_match_u32(&d, IR_CT_STATE, IR_ANY_BIT, IR_CT_INVALID);
		compile_log_rule(c, chain, &d, mem_printf(c->ir->arena, "%s:invalid-log", chain), "invalid");
		d.n = 0;
	}
	ir_match_u32(&d, IR_CT_STATE, IR_ANY_BIT, IR_CT_INVALID);
	finish(c, chain, &d, mem_printf(c->ir->arena, "%s:invalid", chain), IR_DROP);
}

/*
 * What RFC 4890 section 4.4 says must not be dropped at the box itself: errors (path MTU discovery), neighbour discovery, multicast
 * listener discovery, SEND, multicast router discovery.  Before "invalid": an error about a flow that is gone belongs to no connection.
 */
static void
put_icmpv6(struct compiler *c, const char *chain)
{
	static const uint8_t types[][2] = {
		{ ICMPV6_DEST_UNREACH, ICMPV6_PARAMPROB },
		{ ICMPV6_MGM_QUERY, ICMPV6_MGM_REDUCTION },
		{ 133, 136 },	/* router and neighbour discovery, without redirects */
		{ 141, 143 },	/* inverse neighbour discovery, MLDv2 reports */
		{ 148, 149 },	/* certification path */
		{ 151, 153 }	/* multicast router discovery */
	};
	struct ir_elem elems[sizeof(types) / sizeof(types[0])];
	struct ir_draft d = { .n = 0 };
	unsigned i;

	memset(elems, 0, sizeof(elems));
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		elems[i].lo[0] = types[i][0];
		elems[i].hi[0] = types[i][1];
	}
	ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV6);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_ICMPV6);
	ir_match_set(&d, IR_ICMP6_TYPE, IR_IN_SET, ir_set_intern(c->ir, "types", IR_SET_INTERVAL, IR_ICMP6_TYPE, elems, i));
	finish(c, chain, &d, mem_printf(c->ir->arena, "%s:icmpv6", chain), IR_ACCEPT);
}

/* Its first replies go to an address the box does not have yet, which connection tracking cannot relate to the request. */
static void
put_dhcp(struct compiler *c, const char *chain, bool is_reply)
{
	struct ir_draft d = { .n = 0 };

	ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV4);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_UDP);
	put_port(&d, IR_SPORT, is_reply ? DHCP_SERVER : DHCP_CLIENT);
	put_port(&d, IR_DPORT, is_reply ? DHCP_CLIENT : DHCP_SERVER);
	finish(c, chain, &d, mem_printf(c->ir->arena, "%s:dhcp", chain), IR_ACCEPT);

	d.n = 0;
	ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV6);
	ir_match_prefix(&d, IR_SADDR6, IR_PREFIX, link_local, 10);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_UDP);
	put_port(&d, IR_SPORT, is_reply ? DHCP6_SERVER : DHCP6_CLIENT);
	put_port(&d, IR_DPORT, is_reply ? DHCP6_CLIENT : DHCP6_SERVER);
	finish(c, chain, &d, mem_printf(c->ir->arena, "%s:dhcpv6", chain), IR_ACCEPT);
}

/*
 * Reverse path by the routing table, before connection tracking spends memory on a forged source.  The kernel's expression lets
 * DHCP discovery pass by itself; duplicate address detection (RFC 4862) comes from no address at all, a DHCP offer from a network that has
 * no route yet.
 */
static void
compile_anti_spoofing(struct compiler *c)
{
	static const char base[] = "anti-spoofing", dropping[] = "spoofed";
	struct ir_draft d = { .n = 0 };

	if (!c->policy->drops_spoofed && c->policy->bogons == NULL)
		return;
	ir_chain_base(c->ir, base, IR_HOOK_PREROUTING, false, NF_IP_PRI_RAW, false);
	compile_bogons(c, base);
	if (!c->policy->drops_spoofed)
		return;
	ir_match_u32(&d, IR_FIB_REVERSE, IR_EQ, 0);
	ir_jump(&d, IR_JUMP, dropping);
	ir_rule_add(c->ir, ir_chain_get(c->ir, base), compile_origin(c, "anti-spoofing:check", IR_ACTION_NONE), &d);

	put_loopback(c, dropping, IR_IIF_NAME);
	d.n = 0;
	ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV6);
	ir_match_prefix(&d, IR_SADDR6, IR_PREFIX, link_local, 10);
	finish(c, dropping, &d, "spoofed:link-local", IR_ACCEPT);
	d.n = 0;
	ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV6);
	ir_match(&d, IR_SADDR6, IR_EQ, unspecified, NULL);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_ICMPV6);
	finish(c, dropping, &d, "spoofed:no-address-yet", IR_ACCEPT);
	d.n = 0;
	ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV4);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_UDP);
	put_port(&d, IR_SPORT, DHCP_SERVER);
	put_port(&d, IR_DPORT, DHCP_CLIENT);
	finish(c, dropping, &d, "spoofed:dhcp", IR_ACCEPT);
	d.n = 0;
	if (c->policy->logs_spoofed)
		compile_log_rule(c, dropping, &d, "spoofed:log", "spoofed");
	d.n = 0;
	finish(c, dropping, &d, "spoofed:drop", IR_DROP);
}

/* states 0: whatever they are. */
static void
put_access(struct compiler *c, const char *id, const char *path, const struct policy_access *a, uint32_t states)
{
	struct ir_draft d = { .n = 0 };
	struct ir_origin *o;

	if (a->port == 0 || !compile_zones(c, &d, IR_IIF_NAME, a->zones))
		return;
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_TCP);
	put_port(&d, IR_DPORT, a->port);
	if (states != 0)
		ir_match_u32(&d, IR_CT_STATE, IR_ANY_BIT, states);
	ir_put(&d, IR_COUNTER);
	ir_put(&d, IR_ACCEPT);
	o = ir_origin_find(c->ir, id);
	if (o == NULL) {
		o = ir_origin_new(c->ir, id, path, IR_ACTION_ACCEPT);
		o->is_generated = true;
		o->to = compile_zone_name(c, "local");
	}
	ir_rule_add(c->ir, ir_chain_get(c->ir, "input"), o, &d);
}

static void
put_management(struct compiler *c, uint32_t states)
{
	put_access(c, "management:web", "/management/web", &c->policy->web, states);
	put_access(c, "management:ssh", "/management/ssh", &c->policy->ssh, states);
}

static void
put_goto(struct compiler *c, const char *chain, const char *target)
{
	struct ir_draft d = { .n = 0 };

	ir_jump(&d, IR_GOTO, target);
	ir_rule_add(c->ir, ir_chain_get(c->ir, chain), compile_origin(c, mem_printf(c->ir->arena, "%s:%s", chain, target),
	    IR_ACTION_NONE), &d);
}

static void
put_dispatch(struct compiler *c, const char *chain, const char *id, enum ir_field field, const char *set_name)
{
	struct ir_draft d = { .n = 0 };
	const struct ir_set *set;
	struct ir_stmt *s;

	set = ir_set_find(c->ir, set_name);
	if (set == NULL || set->n == 0)
		return;
	s = ir_put(&d, IR_VMAP);
	s->field = (uint8_t)field;
	s->set = set;
	ir_rule_add(c->ir, ir_chain_get(c->ir, chain), compile_origin(c, mem_printf(c->ir->arena, "%s:%s", chain, id),
	    IR_ACTION_NONE), &d);
}

static void
put_pre_rules(struct compiler *c, const char *chain, enum ir_field field)
{
	put_dispatch(c, chain, "pre-rules", field, mem_printf(c->scratch, "pre.%s", chain));
}

static void
compile_input(struct compiler *c)
{
	static const char chain[] = "input";

	ir_chain_base(c->ir, chain, IR_HOOK_INPUT, false, NF_IP_PRI_FILTER, true);
	put_loopback(c, chain, IR_IIF_NAME);
	/* No rule of any section shuts out whom the guard lets in. */
	if (c->policy->guards_access && ir_set_find(c->ir, "pre.input") != NULL)
		put_management(c, IR_CT_NEW | IR_CT_ESTABLISHED);
	put_pre_rules(c, chain, IR_IIF_NAME);
	put_established(c, chain);
	put_icmpv6(c, chain);
	put_invalid(c, chain);
	put_dhcp(c, chain, true);
	if (c->policy->guards_access)
		put_management(c, 0);
	put_dispatch(c, chain, "dispatch", IR_IIF_NAME, "pairs.input");
	if (!c->policy->guards_access)
		put_management(c, 0);
	put_goto(c, chain, "unmatched");
}

static void
compile_forward(struct compiler *c)
{
	static const char chain[] = "forward";

	ir_chain_base(c->ir, chain, IR_HOOK_FORWARD, false, NF_IP_PRI_FILTER, true);
	put_pre_rules(c, chain, IR_IIF_NAME);
	compile_offload(c, chain);
	put_established(c, chain);
	compile_answered(c, chain);
	put_invalid(c, chain);
	put_dispatch(c, chain, "dispatch", IR_IIF_NAME, "pairs.forward");
	put_goto(c, chain, "unmatched");
}

static void
compile_output(struct compiler *c)
{
	static const char chain[] = "output";
	struct ir_draft d = { .n = 0 };

	ir_chain_base(c->ir, chain, IR_HOOK_OUTPUT, false, NF_IP_PRI_FILTER, c->policy->drops_outgoing);
	put_loopback(c, chain, IR_OIF_NAME);
	compile_syn_output(c, chain);
	put_pre_rules(c, chain, IR_OIF_NAME);
	put_established(c, chain);
	if (c->policy->drops_outgoing) {
		put_icmpv6(c, chain);
		put_dhcp(c, chain, false);
	}
	put_dispatch(c, chain, "dispatch", IR_OIF_NAME, "pairs.output");
	if (!c->policy->drops_outgoing)
		return;
	if (c->policy->logs_unmatched)
		compile_log_rule(c, chain, &d, "output:unmatched-log", "unmatched");
	d.n = 0;
	finish(c, chain, &d, "default:local", IR_DROP);
}

/* A TCP client learns it from a reset at once, everybody else from ICMP. */
static void
put_reject(struct compiler *c, struct ir_chain *chain, struct ir_origin *o)
{
	struct ir_draft d = { .n = 0 };

	ir_match_u8(&d, IR_L4PROTO, IPPROTO_TCP);
	ir_put(&d, IR_COUNTER);
	ir_put(&d, IR_REJECT_TCP_RESET);
	ir_rule_add(c->ir, chain, o, &d);
	d.n = 0;
	ir_put(&d, IR_COUNTER);
	ir_put(&d, IR_REJECT)->code = POLICY_ADMIN_PROHIBITED;
	ir_rule_add(c->ir, chain, o, &d);
}

static void
put_default(struct compiler *c, const struct policy_zone *z, struct ir_set *set)
{
	struct ir_draft d = { .n = 0 };
	struct ir_chain *chain;
	struct ir_origin *o;
	struct ir_elem *e;
	const char *ifname;
	uint32_t i;

	chain = ir_chain_get(c->ir, mem_printf(c->ir->arena, "default.%s", z->name));
	o = ir_origin_new(c->ir, mem_printf(c->ir->arena, "default:%s", z->name), z->path,
	    z->action == POLICY_REJECT ? IR_ACTION_REJECT : IR_ACTION_DROP);
	o->is_generated = true;
	o->from = compile_zone_name(c, z->name);
	o->to = compile_zone_name(c, "any");
	o->is_logged = c->policy->logs_unmatched;
	if (z->action == POLICY_REJECT) {
		put_reject(c, chain, o);
	} else {
		ir_put(&d, IR_COUNTER);
		ir_put(&d, IR_DROP);
		ir_rule_add(c->ir, chain, o, &d);
	}
	for (i = 0; i < z->n_interfaces; i++) {
		e = ir_set_add(c->ir, set);
		ifname = c->policy->interfaces[z->interfaces[i]].ifname;
		memcpy(e->lo, ifname, strnlen(ifname, IR_VALUE_MAX - 1));
		e->chain = chain->name;
	}
}

static void
compile_unmatched(struct compiler *c)
{
	static const uint8_t field = IR_IIF_NAME;
	static const char chain[] = "unmatched";
	struct ir_draft d = { .n = 0 };
	struct ir_set *set;
	uint32_t i;

	ir_chain_get(c->ir, chain);
	if (c->policy->logs_unmatched)
		compile_log_rule(c, chain, &d, "unmatched:log", "unmatched");
	set = ir_set_new(c->ir, "defaults", IR_SET_VERDICT, &field, 1);
	for (i = POLICY_LOCAL + 1; i < c->policy->n_zones; i++)
		put_default(c, &c->policy->zones[i], set);
	ir_set_seal(c->ir, set);
	put_dispatch(c, chain, "dispatch", IR_IIF_NAME, set->name);
	d.n = 0;
	finish(c, chain, &d, "default:none", IR_DROP);
}

static void
begin(struct compiler *c)
{
	c->ir = ir_new();
	c->scratch = arena_new(0);
	if (c->scratch == NULL)
		fatalx("compile", "out of memory");
	c->memos = mem_alloc(c->scratch, COMPILE_MEMOS, sizeof(*c->memos));
}

static void
end(struct compiler *c)
{
	compile_lists_free(c);
	arena_discard(c->scratch);
	free(c->parts.items);
}

/* It is of one chain, and has no list. */
static struct ir *
take_alone(struct compiler *c)
{
	end(c);
	if (c->ir->chains != NULL && c->ir->chains->n > 0 && c->ir->chains->next == NULL && c->ir->lists == NULL)
		return c->ir;
	ir_free(c->ir);
	return NULL;
}

struct ir *
compile_alone(const struct fw_policy *policy, const struct policy_rule *r)
{
	struct compiler c = { .policy = policy };

	if (!compile_is_alone(policy, r))
		return NULL;
	begin(&c);
	compile_rule_alone(&c, r);
	return take_alone(&c);
}

struct ir *
compile_forward_alone(const struct fw_policy *policy, const struct policy_forward *f)
{
	struct compiler c = { .policy = policy };

	if (f->is_hairpin)
		return NULL;
	begin(&c);
	compile_port_forward(&c, f);
	return take_alone(&c);
}

static const char *
apart_name(char ret[32], uint32_t index)
{
	(void)snprintf(ret, 32, "apart.%u", index);
	return ret;
}

const struct ir_chain *
compile_apart_chain(const struct ir *ir, uint32_t index)
{
	char name[32];

	return ir_chain_find(ir, apart_name(name, index));
}

struct ir *
compile_apart(const struct fw_policy *policy)
{
	struct compiler c = { .policy = policy };
	bool has_syn = false;
	char name[32];
	uint32_t i;

	begin(&c);
	for (i = 0; i < policy->n_rules; i++) {
		has_syn |= policy->rules[i].syn != NULL;
		compile_rule(&c, ir_chain_get(c.ir, apart_name(name, i)), &policy->rules[i]);
	}
	end(&c);
	if (!has_syn && c.ir->lists == NULL)
		return c.ir;
	ir_free(c.ir);
	return NULL;
}

struct ir *
compile(const struct fw_policy *policy, struct buf *remarks)
{
	struct compiler c = { .policy = policy, .remarks = remarks };

	begin(&c);
	compile_rules(&c);
	compile_xdp(&c);
	compile_anti_spoofing(&c);
	compile_no_tracking(&c);
	compile_tracking(&c);
	compile_input(&c);
	compile_forward(&c);
	compile_output(&c);
	compile_unmatched(&c);
	compile_nat(&c);
	compile_bridge(&c);
	end(&c);
	ir_lists_place(c.ir, NULL);
	return c.ir;
}
