/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include "compile.h"
#include "mem.h"
#include "policy_xdp.h"

/*
 * What drivers drop, for the links whose drivers do not: before anti-spoofing and connection tracking.
 *
 *   drivers (before raw prerouting)	packets of these links, to
 *   senders				lists, rates
 *   repeats				connections to a destination that has too many: those return that were asked for a moment ago
 */

#define PRIORITY	(NF_IP_PRI_RAW - 10)
#define SYN		0x02
#define SYN_MASK	0x17	/* ACK, RST, SYN, FIN */
#define METER_MS	60000
#define METER_SIZE	65536
#define REPEAT_S	10	/* as XDP_REPEAT_MS of xdp/shared.h */
#define REPEATS_SIZE	(1u << 18)	/* calls of so long: when it is full, new ones find no place until some are over */
#define NETWORK_BITS	64	/* a host of IPv6 has as many of its own: its network counts */

static void
put_drop(struct compiler *c, struct ir_draft *d, struct ir_origin *o)
{
	ir_put(d, IR_COUNTER);
	ir_put(d, IR_DROP);
	ir_rule_add(c->ir, ir_chain_get(c->ir, "senders"), o, d);
}

static void
put_list(struct compiler *c)
{
	struct compile_selector sel = { .source = &c->policy->xdp->source };
	struct ir_origin *o = compile_origin(c, "xdp:listed", IR_ACTION_DROP);
	struct compile_parts *parts;
	struct ir_draft d;
	unsigned i;

	if (c->policy->xdp->source.n == 0)
		return;
	parts = compile_select(c, &sel);
	for (i = 0; i < parts->n; i++) {
		ir_draft_copy(&d, &parts->items[i].draft);
		put_drop(c, &d, o);
	}
}

static const struct ir_set *
meter(struct compiler *c, const char *id, const struct policy_rate *r, const uint8_t *fields, unsigned nfields)
{
	bool is_v4 = fields[0] == IR_SADDR4 || fields[0] == IR_DADDR4;
	struct ir_set *set;

	/* Elements keep the rate they were made with: another rate is another set. */
	set = ir_set_new(c->ir, mem_printf(c->ir->arena, "meter.%s.%d.%u-%u-%u", id, is_v4 ? 4 : 6, r->rate.count, r->rate.seconds, r->burst),
	    IR_SET_DYNAMIC, fields, nfields);
	set->path = "/firewall/xdp";
	set->timeout_ms = nfields > 1 ? REPEAT_S * 1000 : METER_MS > r->rate.seconds * 1000 ? METER_MS : r->rate.seconds * 1000;
	set->size = nfields > 1 ? REPEATS_SIZE : METER_SIZE;
	ir_set_seal(c->ir, set);
	return set;
}

static void
put_opening(struct ir_draft *d, bool is_opening)
{
	const uint8_t value = SYN, mask = SYN_MASK;

	if (!is_opening)
		return;
	ir_match_u8(d, IR_L4PROTO, IPPROTO_TCP);
	ir_match_masked(d, IR_TCP_FLAGS, &value, &mask);
}

/* Goes on with what is over the rate of its key. */
static void
put_meter(struct compiler *c, struct ir_draft *d, const char *id, const struct policy_rate *r, const uint8_t *fields, unsigned nfields)
{
	struct ir_stmt *s = ir_put(d, IR_METER);

	s->field = fields[0];
	s->bits = fields[0] == IR_SADDR6 && nfields == 1 ? NETWORK_BITS : 0;
	s->set = meter(c, id, r, fields, nfields);
	s->limit = (struct ir_limit){ .rate = r->rate.count, .seconds = r->rate.seconds, .burst = r->burst, .is_over = true };
}

static void
put_source_rate(struct compiler *c, const char *id, const struct policy_rate *r, bool is_opening)
{
	struct ir_origin *o = compile_origin(c, mem_printf(c->ir->arena, "xdp:%s", id), IR_ACTION_DROP);
	static const uint8_t source[2] = { IR_SADDR4, IR_SADDR6 };
	struct ir_draft d;
	unsigned family;

	for (family = 0; family < 2 && r->rate.count > 0; family++) {
		d.n = 0;
		ir_match_u8(&d, IR_NFPROTO, family == 0 ? NFPROTO_IPV4 : NFPROTO_IPV6);
		put_opening(&d, is_opening);
		put_meter(c, &d, id, r, &source[family], 1);
		put_drop(c, &d, o);
	}
}

/* The first packet of a connection is within the rate of its own meter, and dropped; the same again is over it, and passes. */
static void
put_target_rate(struct compiler *c, const struct policy_rate *r)
{
	static const uint8_t call[2][4] = { { IR_SADDR4, IR_DADDR4, IR_SPORT, IR_DPORT }, { IR_SADDR6, IR_DADDR6, IR_SPORT, IR_DPORT } };
	static const struct policy_rate once = { { 1, REPEAT_S }, 1 };
	struct ir_origin *o = compile_origin(c, "xdp:not-repeated", IR_ACTION_DROP), *way = compile_origin(c, "xdp:over-destination-limit", IR_ACTION_NONE);
	struct ir_chain *repeats;
	struct ir_draft d;
	unsigned family;

	if (r->rate.count == 0)
		return;
	repeats = ir_chain_get(c->ir, "repeats");
	for (family = 0; family < 2; family++) {
		d.n = 0;
		ir_match_u8(&d, IR_NFPROTO, family == 0 ? NFPROTO_IPV4 : NFPROTO_IPV6);
		put_opening(&d, true);
		put_meter(c, &d, "over-destination-limit", r, &call[family][1], 1);
		ir_jump(&d, IR_JUMP, "repeats");
		ir_rule_add(c->ir, ir_chain_get(c->ir, "senders"), way, &d);
		d.n = 0;
		ir_match_u8(&d, IR_NFPROTO, family == 0 ? NFPROTO_IPV4 : NFPROTO_IPV6);
		put_meter(c, &d, "repeats", &once, call[family], 4);
		ir_put(&d, IR_RETURN);
		ir_rule_add(c->ir, repeats, way, &d);
	}
	d.n = 0;
	ir_put(&d, IR_COUNTER);
	ir_put(&d, IR_DROP);
	ir_rule_add(c->ir, repeats, o, &d);
}

void
compile_xdp(struct compiler *c)
{
	static const char base[] = "drivers";
	const struct policy_xdp *x = c->policy->xdp;
	struct policy_conditions on = { .family = NFPROTO_UNSPEC };
	struct ir_draft d = { .n = 0 };

	if (x == NULL || x->sets.n == 0)
		return;
	on.in = x->sets;
	on.in.is_given = true;
	ir_chain_base(c->ir, base, IR_HOOK_PREROUTING, false, PRIORITY, false);
	(void)compile_links(c, &d, &on);
	ir_jump(&d, IR_JUMP, "senders");
	ir_rule_add(c->ir, ir_chain_get(c->ir, base), compile_origin(c, "xdp:links", IR_ACTION_NONE), &d);
	(void)ir_chain_get(c->ir, "senders");
	put_list(c);
	put_source_rate(c, "over-source-limit", &x->source_rate, false);
	put_source_rate(c, "over-connection-limit", &x->open_rate, true);
	put_target_rate(c, &x->target_rate);
	if (x->total_rate.rate.count == 0)
		return;
	d.n = 0;
	put_opening(&d, true);
	compile_limit(&d, &x->total_rate.rate, x->total_rate.burst, true);
	put_drop(c, &d, compile_origin(c, "xdp:over-total-limit", IR_ACTION_DROP));
}
