/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "conf/generated.h"

#include "ir.h"
#include "mem.h"
#include "offload.h"
#include "probe.h"

#define NO_FLOWTABLE	"this kernel has no flowtables (CONFIG_NF_FLOW_TABLE_INET, CONFIG_NFT_FLOW_OFFLOAD): every packet goes by the rules"

/* Told when it is another one than before. */
static void
note(const char *why)
{
	static char told[256];

	if (strncmp(told, why, sizeof(told) - 1) == 0)
		return;
	(void)snprintf(told, sizeof(told), "%s", why);
	log_warnx("offload", "connections are not handed on as configured: %s", why);
}

static const char *
find_unable(const struct ir_flowtable *t)
{
	uint32_t i;

	for (i = 0; i < t->n; i++)
		if (!probe_can_offload(t->devices[i]))
			return t->devices[i];
	return NULL;
}

void
offload_fit(struct ir *ir)
{
	const char *unable;

	if (ir->flowtable == NULL)
		return;
	if (!probe_has_flowtables()) {
		ir->offload->lacks = NO_FLOWTABLE;
		note(ir->offload->lacks);
		ir_flowtable_remove(ir);
		return;
	}
	unable = ir->flowtable->is_hardware ? find_unable(ir->flowtable) : NULL;
	if (unable == NULL)
		return;
	ir->flowtable->is_hardware = false;
	ir->offload->lacks = mem_printf(ir->arena, "the driver of %.15s cannot: the kernel does it", unable);
	note(ir->offload->lacks);
}

static bool
has_protocol(const struct ir *ir, uint8_t protocol)
{
	const struct ir_chain *c = ir_chain_find(ir, ir->flowtable->name);
	const struct ir_rule *r;

	for (r = c->first; r != NULL && r->stmts[0].match.lo[0] != protocol; r = r->next)
		;
	return r != NULL;
}

bool
offload_takes(const struct ir *ir, const char *in, const char *out, uint8_t protocol)
{
	const struct ir_set *s = ir->flowtable != NULL ? ir_set_find(ir, IR_OFFLOAD_SET) : NULL;
	const char *key;
	uint32_t i;

	for (i = 0; s != NULL && i < s->n; i++) {
		key = (const char *)s->elems[i].lo;
		if (strncmp(key, in, IR_VALUE_MAX) == 0 && strncmp(key + IR_VALUE_MAX, out, IR_VALUE_MAX) == 0)
			return has_protocol(ir, protocol);
	}
	return false;
}

void
offload_remark(const struct ir *ir, struct buf *remarks)
{
	if (ir->offload != NULL && ir->offload->lacks != NULL)
		buf_printf(remarks, "flow offload: %s\n", ir->offload->lacks);
}

void
offload_state(const struct ir *ir, struct state_firewall *s, struct arena *a)
{
	const struct ir_offload_pair *p;
	struct state_flow_offload *d;
	bool has;

	if (ir == NULL || ir->offload == NULL)
		return;
	s->flow_offload_lacks = ir->offload->lacks;
	s->flow_offload.items = mem_alloc(a, ir->offload->n, sizeof(*s->flow_offload.items));
	for (p = ir->offload->pairs; p < ir->offload->pairs + ir->offload->n; p++) {
		d = &s->flow_offload.items[s->flow_offload.n++];
		has = p->is_done && ir->flowtable != NULL;
		*d = (struct state_flow_offload){ .from = p->from, .to = p->to, .reason = p->reason };
		d->place = !has ? STATE_FLOW_OFFLOAD_PLACE_RULES : ir->flowtable->is_hardware ? STATE_FLOW_OFFLOAD_PLACE_HARDWARE :
		    STATE_FLOW_OFFLOAD_PLACE_SOFTWARE;
		if (p->is_done && ir->offload->lacks != NULL)
			d->reason = ir->offload->lacks;
	}
}
