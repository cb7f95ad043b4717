/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include "compile.h"
#include "mem.h"
#include "policy_tracking.h"
#include "zoneset.h"

/*
 * What connection tracking is told of the first packet of a connection, behind the look-up of connections and before translation: a helper that
 * comes later than a translated destination cannot keep the sequence numbers right (nf_nat_core.c, nfct_seqadj_ext_add()).
 */

static struct ir_origin *
origin_of(struct compiler *c, const char *id, const char *path)
{
	struct ir_origin *o = ir_origin_find(c->ir, id);

	if (o == NULL) {
		o = ir_origin_new(c->ir, id, path, IR_ACTION_CONTINUE);
		o->is_generated = true;
	}
	return o;
}

static void
put_object(struct ir_draft *d, enum ir_kind kind, const struct ir_object *o)
{
	ir_put(d, kind)->object = o;
	ir_put(d, IR_COUNTER);
}

/* is_output: for connections of the box itself. */
static void
put_helper(struct compiler *c, struct ir_chain *chain, const struct policy_helper *h, bool is_output)
{
	const struct compile_selector sel = { .services = &h->service, .n_services = 1 };
	const struct ir_object *o = ir_object_helper(c->ir, h->name, h->service.protocol, h->path);
	struct ir_origin *origin = origin_of(c, mem_printf(c->ir->arena, "helper:%s", h->id), h->path);
	const struct compile_parts *parts = compile_select(c, &sel);
	struct ir_draft d;
	unsigned i, k;

	for (i = 0; i < parts->n; i++) {
		d.n = 0;
		if (is_output ? !zoneset_has(h->from, POLICY_LOCAL) : !compile_zones(c, &d, IR_IIF_NAME, h->from))
			return;
		for (k = 0; k < parts->items[i].draft.n; k++)
			d.stmts[d.n++] = parts->items[i].draft.stmts[k];
		put_object(&d, IR_SET_HELPER, o);
		ir_rule_add(c->ir, chain, origin, &d);
	}
}

static void
put_timeout(struct compiler *c, struct ir_chain *chain, const struct policy_timeout *t)
{
	const char *id = t->protocol == IPPROTO_TCP ? "timeout:tcp" : t->protocol == IPPROTO_UDP ? "timeout:udp" : "timeout:icmp";
	struct ir_draft d = { .n = 0 };

	ir_match_u8(&d, IR_L4PROTO, t->protocol);
	put_object(&d, IR_SET_TIMEOUT, ir_object_timeout(c->ir, t->protocol, t->seconds, t->path));
	ir_rule_add(c->ir, chain, origin_of(c, id, t->path), &d);
}

static void
compile_hook(struct compiler *c, const struct policy_tracking *t, const char *base, enum ir_hook hook, const char *name)
{
	struct ir_chain *chain = ir_chain_get(c->ir, name);
	struct ir_draft d = { .n = 0 };
	uint32_t i;

	ir_chain_base(c->ir, base, hook, false, NF_IP_PRI_MANGLE, false);
	ir_match_u32(&d, IR_CT_STATE, IR_ANY_BIT, IR_CT_NEW);
	ir_jump(&d, IR_JUMP, name);
	ir_rule_add(c->ir, ir_chain_get(c->ir, base), compile_origin(c, mem_printf(c->ir->arena, "%s:new", base), IR_ACTION_NONE), &d);
	for (i = 0; i < t->n_timeouts; i++)
		put_timeout(c, chain, &t->timeouts[i]);
	for (i = 0; i < t->n_helpers; i++)
		put_helper(c, chain, &t->helpers[i], hook == IR_HOOK_OUTPUT);
}

void
compile_tracking(struct compiler *c)
{
	const struct policy_tracking *t = c->policy->tracking;

	if (t == NULL || t->n_helpers + t->n_timeouts == 0)
		return;
	compile_hook(c, t, "tracking", IR_HOOK_PREROUTING, "tracked");
	compile_hook(c, t, "tracking-output", IR_HOOK_OUTPUT, "tracked.local");
}

/* Each is of one protocol, and passes by the others. */
void
compile_idle_timeout(struct compiler *c, struct ir_draft *d, const struct policy_rule *r)
{
	uint32_t seconds = r->writes.idle_seconds, tcp[IR_TIMEOUTS_MAX] = { 0 }, udp[IR_TIMEOUTS_MAX] = { 0 };

	if (seconds == 0)
		return;
	tcp[CTA_TIMEOUT_TCP_ESTABLISHED] = udp[CTA_TIMEOUT_UDP_UNREPLIED] = udp[CTA_TIMEOUT_UDP_REPLIED] = seconds;
	ir_put(d, IR_SET_TIMEOUT)->object = ir_object_timeout(c->ir, IPPROTO_TCP, tcp, r->path);
	ir_put(d, IR_SET_TIMEOUT)->object = ir_object_timeout(c->ir, IPPROTO_UDP, udp, r->path);
}
