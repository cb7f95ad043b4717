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
 */

#define PRIORITY	(NF_IP_PRI_RAW - 10)
#define SYN		0x02
#define SYN_MASK	0x17	/* ACK, RST, SYN, FIN */
#define METER_MS	60000
#define METER_SIZE	65536

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
meter(struct compiler *c, const char *id, const struct policy_rate *r, bool is_v4)
{
	const uint8_t field = is_v4 ? IR_SADDR4 : IR_SADDR6;
	struct ir_set *set;

	/* Elements keep the rate they were made with: another rate is another set. */
	set = ir_set_new(c->ir, mem_printf(c->ir->arena, "meter.%s.%d.%u-%u-%u", id, is_v4 ? 4 : 6, r->rate.count, r->rate.seconds, r->burst),
	    IR_SET_DYNAMIC, &field, 1);
	set->path = "/firewall/xdp";
	set->timeout_ms = METER_MS > r->rate.seconds * 1000 ? METER_MS : r->rate.seconds * 1000;
	set->size = METER_SIZE;
	ir_set_seal(set);
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

static void
put_source_rate(struct compiler *c, const char *id, const struct policy_rate *r, bool is_opening)
{
	struct ir_origin *o = compile_origin(c, mem_printf(c->ir->arena, "xdp:%s", id), IR_ACTION_DROP);
	struct ir_draft d;
	struct ir_stmt *s;
	unsigned family;

	for (family = 0; family < 2 && r->rate.count > 0; family++) {
		d.n = 0;
		ir_match_u8(&d, IR_NFPROTO, family == 0 ? NFPROTO_IPV4 : NFPROTO_IPV6);
		put_opening(&d, is_opening);
		s = ir_put(&d, IR_METER);
		s->field = family == 0 ? IR_SADDR4 : IR_SADDR6;
		s->set = meter(c, id, r, family == 0);
		s->limit = (struct ir_limit){ .rate = r->rate.count, .seconds = r->rate.seconds, .burst = r->burst, .is_over = true };
		put_drop(c, &d, o);
	}
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
	if (x->total_rate.rate.count == 0)
		return;
	d.n = 0;
	put_opening(&d, true);
	compile_limit(&d, &x->total_rate.rate, x->total_rate.burst, true);
	put_drop(c, &d, compile_origin(c, "xdp:over-total-limit", IR_ACTION_DROP));
}
