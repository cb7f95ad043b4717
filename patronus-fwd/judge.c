/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "ipc/ids.h"

#include "explain.h"
#include "ir.h"
#include "judge.h"
#include "mem.h"

#define TCP_SYN	0x02

/* What the ruleset does, as the end of a sentence about the connection. */
static const char *
deed(const struct explain_verdict *v, bool is_new)
{
	static const char *const deeds[IR_ACTION_MAX][2] = {
		[IR_ACTION_DROP] = { "drops its packets", "drops it when it is opened anew" },
		[IR_ACTION_REJECT] = { "rejects its packets", "rejects it when it is opened anew" },
		[IR_ACTION_TRANSLATE] = { "leads it away", "leads it to another host when it is opened anew" },
	};

	return deeds[v->action][is_new] != NULL ? deeds[v->action][is_new] : "decides otherwise";
}

static const char *
cut_text(const struct explain_verdict *v, bool is_new, struct arena *a)
{
	const struct ir_origin *o = v->origin;

	if (o == NULL)
		return mem_printf(a, "chain %s %s", v->chain, deed(v, is_new));
	if (strchr(o->id, ':') == NULL)
		return mem_printf(a, "rule \"%s\" %s", o->id, deed(v, is_new));
	if (strcmp(o->id, "default:none") == 0)
		return mem_printf(a, "its link is in no zone, which %s", deed(v, is_new));
	if (strncmp(o->id, "default:", 8) == 0)
		return mem_printf(a, "no rule accepts it, and the default of zone \"%s\" %s", o->id + 8, deed(v, is_new));
	if (strncmp(o->id, "port-forward:", 13) == 0)
		return mem_printf(a, "port forward \"%s\" %s", o->id + 13, deed(v, is_new));
	return mem_printf(a, "the built-in rule %s %s", o->id, deed(v, is_new));
}

/*
 * As one of its packets and as the one that opens it anew; what is not known of them (marks, code points, lengths, MAC addresses) may be so or
 * not, and for somebody who must not be locked out the worse counts.
 */
struct ipc_verdict
judge_flow(const struct ir *ir, const struct ipc_flow *f, struct arena *a)
{
	static const uint8_t states[] = { IR_CT_ESTABLISHED, IR_CT_NEW };
	struct explain_packet p = { .in_link = f->link, .source = f->source, .destination = f->local, .protocol = f->protocol,
	    .source_port = f->source_port, .destination_port = f->local_port, .called_port = f->local_port, .is_to_box = true,
	    .has_way_back = true, .has_any_way_back = true, .is_partly_known = true, .tcp_flags = TCP_SYN };
	struct ipc_verdict ret = { .verdict = FLOW_KEPT, .link = f->link, .rule = "", .path = "", .text = "" };
	struct explain_verdict v;
	unsigned i;

	for (i = 0; i < 2 * sizeof(states) && ret.verdict == FLOW_KEPT; i++) {
		p.ct_state = states[i / 2];
		p.unknown_holds = i % 2 != 0;
		explain_input(ir, &p, &v);
		if (v.action == IR_ACTION_ACCEPT)
			continue;
		ret.verdict = FLOW_CUT;
		ret.rule = v.origin != NULL ? v.origin->id : v.chain;
		ret.path = v.origin != NULL ? v.origin->path : "";
		ret.text = cut_text(&v, states[i / 2] == IR_CT_NEW, a);
	}
	return ret;
}
