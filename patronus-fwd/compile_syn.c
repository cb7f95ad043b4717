/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <netinet/tcp.h>
#include <string.h>

#include "compile.h"
#include "mem.h"
#include "policy_syn.h"
#include "policy_xdp.h"
#include "zoneset.h"

/*
 * SYN protection: the kernel's synproxy, at the place of the rule among the others (ADR 216).  The SYN comes to it as the first packet of a
 * connection, which the kernel forgets as soon as it has answered; so does the ACK of a caller who is really there.  Then the box opens the
 * connection to the server in the caller's name, and it is that connection which the table has.
 */

#define OPENING	(TH_FIN | TH_SYN | TH_RST | TH_ACK)

static void
match_flags(struct ir_draft *d, uint8_t value, uint8_t mask)
{
	ir_match_masked(d, IR_TCP_FLAGS, &value, &mask);
}

static void
put_log(struct compiler *c, struct ir_draft *d, const struct ir_origin *o, const struct policy_rule *r)
{
	if (r->log_rate.count != 0)
		compile_limit(d, &r->log_rate, 5, false);
	compile_log(d, r->log_text != NULL ? mem_printf(c->ir->arena, "%s %s", o->id, r->log_text) : o->id);
}

/*
 * Callers that wait for a server whose SYN was lost ask again with what belongs to a connection that is there: the kernel must see
 * that go by (nf_conntrack_proto_tcp.c, "Special case for SYN proxy").
 */
static void
put_asking_again(struct compiler *c, struct ir_chain *chain, struct ir_origin *o)
{
	struct ir_draft d = { .n = 0 };

	ir_match_u8(&d, IR_L4PROTO, IPPROTO_TCP);
	ir_match_u32(&d, IR_CT_STATUS, IR_ANY_BIT, IR_CT_CONFIRMED);
	match_flags(&d, 0, TH_SYN);
	ir_put(&d, IR_ACCEPT);
	ir_rule_add(c->ir, chain, o, &d);
}

static void
put_statement(struct ir_draft *d, const struct policy_syn *p)
{
	struct ir_stmt *s;

	ir_put(d, IR_COUNTER);
	s = ir_put(d, IR_SYNPROXY);
	s->synproxy = (struct ir_synproxy){ .mss = p->mss, .window_scale = p->window_scale, .has_timestamps = p->has_timestamps,
	    .has_selective_ack = p->has_selective_ack };
}

static void
put_proxy(struct compiler *c, struct ir_chain *chain, struct ir_origin *o, const struct policy_rule *r)
{
	struct ir_draft d = { .n = 0 };

	if (r->is_logged) {	/* who answered, not each SYN of a flood */
		ir_match_u8(&d, IR_L4PROTO, IPPROTO_TCP);
		match_flags(&d, 0, TH_SYN);
		put_log(c, &d, o, r);
		ir_rule_add(c->ir, chain, o, &d);
	}
	d.n = 0;
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_TCP);
	put_statement(&d, r->syn);
	ir_rule_add(c->ir, chain, o, &d);
}

/* What is not TCP. */
static void
put_others(struct compiler *c, struct ir_chain *chain, struct ir_origin *o, const struct policy_rule *r)
{
	struct ir_draft d = { .n = 0 };

	if (r->is_logged) {
		put_log(c, &d, o, r);
		ir_rule_add(c->ir, chain, o, &d);
	}
	d.n = 0;
	ir_put(&d, IR_COUNTER);
	ir_put(&d, IR_ACCEPT);
	ir_rule_add(c->ir, chain, o, &d);
}

void
compile_syn(struct compiler *c, struct ir_chain *from, struct ir_origin *o, const struct policy_rule *r, const struct compile_parts *parts)
{
	struct ir_chain *chain;
	struct ir_draft d;
	bool is_tcp = true;
	unsigned i;

	chain = ir_chain_get(c->ir, mem_printf(c->ir->arena, "syn-protection.%s", r->id));
	for (i = 0; i < parts->n; i++) {
		is_tcp &= parts->items[i].is_tcp;
		ir_draft_copy(&d, &parts->items[i].draft);
		ir_jump(&d, IR_JUMP, chain->name);
		ir_rule_add(c->ir, from, o, &d);
	}
	put_asking_again(c, chain, o);
	put_proxy(c, chain, o, r);
	if (!is_tcp)
		put_others(c, chain, o, r);
}

/* --- to the server */

static void
put_opened(struct compiler *c, struct ir_chain *chain, const struct policy_rule *r)
{
	const struct policy_conditions conditions = { .family = r->conditions.family, .out = r->conditions.out };
	const struct compile_selector sel = {
		.source = &r->source, .destination = &r->destination, .services = r->services, .n_services = r->n_services, .conditions = &conditions
	};
	struct ir_origin *o = compile_origin(c, mem_printf(c->ir->arena, "syn-protection:%s", r->id), IR_ACTION_ACCEPT);
	const struct compile_parts *parts = compile_select(c, &sel);
	const struct compile_part *p;
	struct ir_draft d;
	unsigned i;

	for (p = parts->items; p < parts->items + parts->n; p++) {
		if (p->has_no_tcp)
			continue;
		d.n = 0;
		if (!compile_zones(c, &d, IR_OIF_NAME, r->to))
			return;
		for (i = 0; i < p->draft.n; i++)
			d.stmts[d.n++] = p->draft.stmts[i];
		ir_put(&d, IR_ACCEPT);
		ir_rule_add(c->ir, chain, o, &d);
	}
}

/* It has the caller's address as sender, which nothing else that leaves the box has. */
void
compile_syn_output(struct compiler *c, const char *base)
{
	static const char name[] = "syn-protection";
	struct ir_draft d = { .n = 0 };
	const struct policy_rule *r;
	bool has_any = false;

	for (r = c->policy->rules; r < c->policy->rules + c->policy->n_rules; r++)
		has_any |= r->syn != NULL && !r->is_waiting;
	if (!has_any)
		return;
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_TCP);
	match_flags(&d, TH_SYN, OPENING);
	ir_match_u32(&d, IR_FIB_SADDR_TYPE, IR_NE, RTN_LOCAL);
	ir_jump(&d, IR_JUMP, name);
	ir_rule_add(c->ir, ir_chain_get(c->ir, base), compile_origin(c, "output:syn-protection", IR_ACTION_NONE), &d);
	for (r = c->policy->rules; r < c->policy->rules + c->policy->n_rules; r++)
		if (r->syn != NULL && !r->is_waiting)
			put_opened(c, ir_chain_get(c->ir, name), r);
}

/* --- what drivers have answered */

static void
put_answered(struct compiler *c, struct ir_chain *chain, const struct policy_answer *a)
{
	const char *id = a->syn != NULL ? mem_printf(c->ir->arena, "answered:%s", a->rule) : "answered:others";
	const uint8_t low[2] = { (uint8_t)(a->ports.low >> 8), (uint8_t)a->ports.low }, high[2] = { (uint8_t)(a->ports.high >> 8), (uint8_t)a->ports.high };
	bool is_v4 = a->to.addr.family == ADDR_V4;
	struct ir_origin *o = ir_origin_find(c->ir, id);
	struct ir_draft d = { .n = 0 };

	if (o == NULL)
		o = compile_origin(c, id, IR_ACTION_NONE);
	ir_match_name(&d, IR_IIF_NAME, a->in);
	if (a->out != NULL)
		ir_match_name(&d, IR_OIF_NAME, a->out);
	ir_match_u8(&d, IR_NFPROTO, is_v4 ? NFPROTO_IPV4 : NFPROTO_IPV6);
	if (a->to.len > 0)
		ir_match_prefix(&d, is_v4 ? IR_DADDR4 : IR_DADDR6, IR_PREFIX, a->to.addr.bytes, a->to.len);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_TCP);
	if (a->ports.low > 0 || a->ports.high < UINT16_MAX)
		ir_match(&d, IR_DPORT, a->ports.low == a->ports.high ? IR_EQ : IR_RANGE, low, a->ports.low == a->ports.high ? NULL : high);
	if (a->syn != NULL)
		put_statement(&d, a->syn);
	else
		ir_put(&d, IR_RETURN);
	ir_rule_add(c->ir, chain, o, &d);
}

/*
 * A driver answers a caller without a look at the table of connections.  Where that still has one of the same ports, which has ended, the caller's ACK
 * belongs to none: it is synproxy's all the same, which knows its own cookie and drops everything else.  The table is the driver's, entry by entry.
 */
void
compile_answered(struct compiler *c, const char *base)
{
	static const char name[] = "answered";
	const struct policy_xdp *x = c->policy->xdp;
	struct ir_draft d = { .n = 0 };
	uint32_t i;

	if (x == NULL || x->n_answers == 0)
		return;
	ir_match_u32(&d, IR_CT_STATE, IR_ANY_BIT, IR_CT_INVALID);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_TCP);
	match_flags(&d, TH_ACK, OPENING);
	ir_jump(&d, IR_JUMP, name);
	ir_rule_add(c->ir, ir_chain_get(c->ir, base), compile_origin(c, "forward:answered", IR_ACTION_NONE), &d);
	for (i = 0; i < x->n_answers; i++)
		put_answered(c, ir_chain_get(c->ir, name), &x->answers[i]);
}
