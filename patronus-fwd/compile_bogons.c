/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <string.h>

#include "compile.h"
#include "mem.h"
#include "policy_bogons.h"
#include "zoneset.h"

/*
 * What zones block of sources.  A good packet is looked up once, by where it came in and by all that this zone blocks; only what is found there meets the
 * chain of exceptions, at whose end it is dropped.
 *
 *   bogon	exceptions of the configuration; who has no address yet, and who gives one: a provider's server may well be in a private network
 */

#define DHCP_SERVER	67
#define DHCP_CLIENT	68

static const char chain[] = "bogon";

/* To the chain goes what comes in from these zones and is from there. */
static void
put_checks(struct compiler *c, const char *base, struct ir_origin *o, const uint64_t *zones, const struct policy_endpoint *source)
{
	struct compile_selector sel = { .source = source };
	struct compile_parts *parts;
	struct ir_draft d;
	unsigned i;

	parts = compile_select(c, &sel);
	for (i = 0; i < parts->n; i++) {
		d.n = 0;
		if (!compile_zones(c, &d, IR_IIF_NAME, zones))
			return;
		memcpy(d.stmts + d.n, parts->items[i].draft.stmts, parts->items[i].draft.n * sizeof(d.stmts[0]));
		d.n += parts->items[i].draft.n;
		ir_jump(&d, IR_JUMP, chain);
		ir_rule_add(c->ir, ir_chain_get(c->ir, base), o, &d);
	}
}

/* Zones that block just this, or what has any of it. */
static uint64_t *
zones_that_block(struct compiler *c, unsigned what, bool is_exact)
{
	uint64_t *set = zoneset_new(c->scratch, c->policy);
	unsigned blocks;
	uint32_t i;

	for (i = POLICY_LOCAL + 1; i < c->policy->n_zones; i++) {
		blocks = c->policy->zones[i].blocks;
		if (is_exact ? blocks == what : (blocks & what) != 0)
			zoneset_add(set, i);
	}
	return set;
}

static struct policy_addresses
joined(struct compiler *c, const struct policy_bogons *b)
{
	struct policy_addresses a = b->reserved;

	a.name = "bogons.all";
	a.n = b->reserved.n + b->private.n;
	a.items = mem_alloc(c->scratch, a.n, sizeof(*a.items));
	if (b->reserved.n > 0)
		memcpy(a.items, b->reserved.items, b->reserved.n * sizeof(*a.items));
	if (b->private.n > 0)
		memcpy(a.items + b->reserved.n, b->private.items, b->private.n * sizeof(*a.items));
	return a;
}

static void
put_return(struct compiler *c, struct ir_draft *d, struct ir_origin *o)
{
	ir_put(d, IR_COUNTER);
	ir_put(d, IR_RETURN);
	ir_rule_add(c->ir, ir_chain_get(c->ir, chain), o, d);
}

static void
put_except(struct compiler *c, const struct policy_endpoint *except)
{
	struct compile_selector sel = { .source = except };
	struct ir_origin *o;
	struct compile_parts *parts;
	struct ir_draft d;
	unsigned i;

	if (except->n == 0)
		return;
	o = compile_origin(c, "bogon:except", IR_ACTION_NONE);
	parts = compile_select(c, &sel);
	for (i = 0; i < parts->n; i++) {
		ir_draft_copy(&d, &parts->items[i].draft);
		put_return(c, &d, o);
	}
}

static void
put_dhcp(struct compiler *c, struct ir_origin *o, uint16_t from, uint16_t to)
{
	struct ir_draft d = { .n = 0 };

	ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV4);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_UDP);
	ir_match(&d, IR_SPORT, IR_EQ, (uint8_t[2]){ (uint8_t)(from >> 8), (uint8_t)from }, NULL);
	ir_match(&d, IR_DPORT, IR_EQ, (uint8_t[2]){ (uint8_t)(to >> 8), (uint8_t)to }, NULL);
	put_return(c, &d, o);
}

static void
put_exceptions(struct compiler *c)
{
	static const uint8_t unspecified[16];
	struct ir_draft d = { .n = 0 };
	struct ir_origin *dhcp;

	put_except(c, &c->policy->bogons->except);
	ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV6);
	ir_match(&d, IR_SADDR6, IR_EQ, unspecified, NULL);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_ICMPV6);
	put_return(c, &d, compile_origin(c, "bogon:no-address-yet", IR_ACTION_NONE));
	dhcp = compile_origin(c, "bogon:dhcp", IR_ACTION_NONE);
	put_dhcp(c, dhcp, DHCP_CLIENT, DHCP_SERVER);
	put_dhcp(c, dhcp, DHCP_SERVER, DHCP_CLIENT);
}

void
compile_bogons(struct compiler *c, const char *base)
{
	const struct policy_bogons *b = c->policy->bogons;
	struct policy_addresses kinds[3];
	struct policy_endpoint source = { .n = 1 };
	struct ir_draft d = { .n = 0 };
	struct ir_origin *check;
	unsigned i;

	if (b == NULL)
		return;
	check = compile_origin(c, "bogons:check", IR_ACTION_NONE);
	kinds[0] = b->reserved;
	kinds[1] = b->private;
	kinds[2] = joined(c, b);
	for (i = 0; i < 3; i++) {
		source.criteria = &kinds[i];
		put_checks(c, base, check, zones_that_block(c, i + POLICY_BOGON_RESERVED, true), &source);
	}
	if (b->listed.n > 0)
		put_checks(c, base, check, zones_that_block(c, POLICY_BOGON_RESERVED, false), &b->listed);
	put_exceptions(c);
	if (c->policy->logs_bogons)
		compile_log_rule(c, chain, &d, "bogon:log", chain);
	d.n = 0;
	ir_put(&d, IR_COUNTER);
	ir_put(&d, IR_DROP);
	ir_rule_add(c->ir, ir_chain_get(c->ir, chain), compile_origin(c, "bogon:drop", IR_ACTION_DROP), &d);
}
