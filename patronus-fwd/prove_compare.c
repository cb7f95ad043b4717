/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "ipc/msg.h"
#include "net/nlmsg.h"

#include "mem.h"
#include "nflog.h"
#include "nft_encode.h"
#include "nft_read.h"
#include "prove.h"
#include "prove_packet.h"

#define TCP_SYN		0x02
#define TCP_RST		0x04
#define TCP_ACK		0x10
#define MACS_LEN	12
#define HOST_STRLEN	(ADDR_STRLEN + 8)

/* One message of nft trace. */
struct trace {
	uint32_t	 id;		/* of the packet */
	uint32_t	 type;		/* NFT_TRACETYPE_... */
	uint32_t	 verdict;
	uint64_t	 handle;
	const char	*chain;
	bool		 is_ours;	/* of table patronus */
	uint8_t		 family;	/* of its table */
	bool		 has_packet;
	struct nflog_packet packet;
	struct nl_attr	 head;		/* of the frame; no data: not told */
};

/* What the kernel did with the packet. */
struct outcome {
	bool		 is_seen;	/* at all */
	enum ir_hook	 hook;		/* that its traces came to */
	enum ir_action	 action;
	const char	*rule;		/* that decided; NULL: the policy of the chain */
	const char	*chain;
	bool		 is_refused;	/* an answer says so */
	bool		 is_answered;	/* as a server would */
	bool		 is_out;
	struct nflog_packet left;	/* as it left */
};

/* --- reading */

static uint32_t
number(const struct nl_reader *r, uint16_t type)
{
	struct nl_attr a;

	return nlattr_find(*r, type, &a) ? nlattr_be32(&a) : 0;
}

static const char *
text(const struct nl_reader *r, uint16_t type)
{
	struct nl_attr a;

	return nlattr_find(*r, type, &a) && nlattr_str(&a) != NULL ? nlattr_str(&a) : "";
}

static bool
trace_read(const struct nl_msg *m, struct trace *ret)
{
	struct nl_reader r, nested;
	struct nl_attr a;

	memset(ret, 0, sizeof(*ret));
	if (m->type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_TRACE) || nlattr_reader_init(&r, m, sizeof(struct nfgenmsg)) != 0)
		return false;
	ret->family = m->data[0];	/* nfgen_family */
	ret->id = number(&r, NFTA_TRACE_ID);
	ret->type = number(&r, NFTA_TRACE_TYPE);
	ret->chain = text(&r, NFTA_TRACE_CHAIN);
	ret->is_ours = strcmp(text(&r, NFTA_TRACE_TABLE), NFT_TABLE) == 0;
	if (nlattr_find(r, NFTA_TRACE_RULE_HANDLE, &a))
		ret->handle = nlattr_be64(&a);
	if (ret->type == NFT_TRACETYPE_POLICY) {
		ret->verdict = number(&r, NFTA_TRACE_POLICY);
	} else if (nlattr_find(r, NFTA_TRACE_VERDICT, &a)) {
		nlattr_reader_nested(&nested, &a);
		ret->verdict = number(&nested, NFTA_VERDICT_CODE);
	}
	if (!nlattr_find(r, NFTA_TRACE_LL_HEADER, &ret->head))
		ret->head.data = NULL;
	ret->has_packet = nlattr_find(r, NFTA_TRACE_NETWORK_HEADER, &a) && nflog_read_ip(a.data, a.len, &ret->packet);
	return true;
}

/* The comment of the rule with that handle; NULL when there is none. */
static const char *
rule_find(const struct bytes *rules, uint64_t handle, struct arena *a)
{
	struct nft_message n;
	struct nl_reader r;
	struct nft_rule rule;
	struct nl_msg m;

	nlmsg_reader_init(&r, rules->data, rules->len);
	while (nlmsg_next(&r, &m) == 1)
		if (nft_read(&m, &n) && nft_read_counters(&n, &rule) && rule.handle == handle)
			return mem_strdup(a, rule.id);
	return NULL;
}

static bool
is_packet(const struct nflog_packet *p, const struct explain_packet *k)
{
	return p->protocol == k->protocol && addr_equal(&p->source, &k->source) && addr_equal(&p->destination, &k->destination);
}

static bool
is_frame(const struct trace *t, const struct explain_packet *k)
{
	return t->head.data != NULL && t->head.len >= MACS_LEN && memcmp(t->head.data, k->frame->destination.bytes, MACS_LEN / 2) == 0 &&
	    memcmp(t->head.data + MACS_LEN / 2, k->source_mac.bytes, MACS_LEN / 2) == 0;
}

static bool
is_it(const struct prove_question *q, const struct trace *t)
{
	return q->packet->frame != NULL ? is_frame(t, q->packet) : t->has_packet && is_packet(&t->packet, q->packet);
}

/* --- what it did */

/* A verdict that ends a base chain.  What comes after routing drops nothing, and decides about senders alone. */
static void
take(struct outcome *o, const struct trace *t, const struct bytes *rules, struct arena *a)
{
	const bool is_drop = t->verdict == NF_DROP;

	if (t->type != NFT_TRACETYPE_POLICY && (t->type != NFT_TRACETYPE_RULE || t->verdict > NF_MAX_VERDICT))
		return;
	if (o->hook == IR_HOOK_POSTROUTING && !is_drop)
		return;
	o->action = is_drop ? IR_ACTION_DROP : IR_ACTION_ACCEPT;
	o->chain = mem_strdup(a, t->chain);
	o->rule = t->type == NFT_TRACETYPE_RULE ? rule_find(rules, t->handle, a) : NULL;
}

static void
follow(const struct prove_question *q, const struct prove_rep *rep, struct arena *a, struct outcome *o)
{
	const uint8_t family = q->packet->frame != NULL ? NFPROTO_BRIDGE : NFPROTO_INET;
	const struct ir_chain *c;
	struct nl_reader r;
	struct nl_msg m;
	struct trace t;
	uint32_t id = 0;

	nlmsg_reader_init(&r, rep->traces.data, rep->traces.len);
	while (nlmsg_next(&r, &m) == 1) {
		if (!trace_read(&m, &t))
			continue;
		/* What is sent to a group goes on as a copy, which has another number. */
		if ((!o->is_seen || q->packet->frame != NULL) && is_it(q, &t)) {
			o->is_seen = true;
			id = t.id;
		}
		if (!o->is_seen || t.id != id || !t.is_ours || t.family != family)
			continue;
		c = ir_chain_find(q->ir, t.chain);
		if (c != NULL && c->hook != IR_HOOK_NONE)
			o->hook = c->hook;
		take(o, &t, &rep->rules, a);
	}
}

/* A reset, or "unreachable" (type 3 of ICMP, 1 of ICMPv6), to the sender. */
static bool
is_refusal(const struct prove_frame *f, const struct nflog_packet *p, const struct addr *sender)
{
	const size_t head = p->source.family == ADDR_V4 ? 20 : 40;

	if (!addr_equal(&p->destination, sender) || f->packet.len < head + 14)
		return false;
	return p->protocol == IPPROTO_TCP ? (f->packet.data[head + 13] & TCP_RST) != 0 : p->protocol == IPPROTO_ICMP ? f->packet.data[head] == 3 :
	    p->protocol == IPPROTO_ICMPV6 && f->packet.data[head] == 1;
}

/* A SYN and ACK to the sender. */
static bool
is_answer(const struct prove_frame *f, const struct nflog_packet *p, const struct addr *sender)
{
	const size_t head = p->source.family == ADDR_V4 ? 20 : 40;

	return addr_equal(&p->destination, sender) && p->protocol == IPPROTO_TCP && f->packet.len >= head + 14 &&
	    (f->packet.data[head + 13] & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

static void
watch(const struct prove_question *q, const struct prove_rep *rep, struct outcome *o)
{
	struct nflog_packet p;
	uint32_t i;

	for (i = 0; i < rep->frames.n; i++) {
		memset(&p, 0, sizeof(p));
		if (!nflog_read_ip(rep->frames.items[i].packet.data, rep->frames.items[i].packet.len, &p))
			continue;
		if (is_refusal(&rep->frames.items[i], &p, &q->packet->source)) {
			o->is_refused = true;
		} else if (is_answer(&rep->frames.items[i], &p, &q->packet->source)) {
			o->is_answered = true;
		} else if (!o->is_out && rep->frames.items[i].link != 0 && p.protocol == q->packet->protocol) {
			o->is_out = true;
			o->left = p;
		}
	}
	if (o->action == IR_ACTION_DROP && o->is_refused)
		o->action = IR_ACTION_REJECT;
}

/* It comes out of the other port as it came in by the first. */
static void
watch_frame(const struct prove_question *q, const struct prove_rep *rep, struct arena *a, struct outcome *o)
{
	uint8_t *sent = mem_alloc(a, 1, PROVE_FRAME_MAX);
	const size_t head = prove_frame_head(q->packet), len = prove_frame(q->packet, sent) - head;
	uint32_t i;

	for (i = 0; i < rep->frames.n; i++)
		o->is_out |= rep->frames.items[i].link == 2 && rep->frames.items[i].packet.len == len &&
		    memcmp(rep->frames.items[i].packet.data, sent + head, len) == 0;
}

/* --- and what was said */

static const char *
host(const struct addr *a, bool has_port, uint16_t port, char ret[HOST_STRLEN])
{
	char address[ADDR_STRLEN];

	(void)addr_format(a, address, sizeof(address));
	if (has_port)
		(void)snprintf(ret, HOST_STRLEN, a->family == ADDR_V6 ? "[%s]:%u" : "%s:%u", address, port);
	else
		(void)snprintf(ret, HOST_STRLEN, "%s", address);
	return ret;
}

static const char *
deed(enum ir_action action)
{
	return action == IR_ACTION_ACCEPT ? "accepts it" : action == IR_ACTION_REJECT ? "rejects it" : "drops it";
}

static const char *
told(const struct outcome *o, struct arena *a)
{
	return o->rule != NULL ? mem_printf(a, "the kernel's rule %s %s", o->rule, deed(o->action)) :
	    mem_printf(a, "the policy of the kernel's chain %s %s", o->chain, deed(o->action));
}

static bool
is_on(const struct journey_place *p, const struct addr *a)
{
	uint32_t i;
	bool has_family = false;

	for (i = 0; i < p->n_addresses; i++) {
		has_family |= p->addresses[i].addr.family == a->family;
		if (addr_equal(&p->addresses[i].addr, a))
			return true;
	}
	/* One that it gets from elsewhere is not known here. */
	return !has_family;
}

/* The sender that it should have when it leaves. */
static bool
is_sender(const struct prove_question *q, const struct nflog_packet *left)
{
	const struct journey *j = q->journey;
	const struct ir_nat *n = j->sender != NULL ? &j->sender->nat : NULL;
	const size_t len = addr_len(&left->source);

	if (j->sender == NULL)
		return addr_equal(&left->source, &q->packet->source);
	if (j->sender->kind == IR_MASQUERADE)
		return is_on(j->out, &left->source);
	return memcmp(left->source.bytes, n->addr, len) >= 0 && memcmp(left->source.bytes, n->last, len) <= 0;
}

static const char *
way_differs(const struct prove_question *q, const struct outcome *o, struct arena *a)
{
	const struct journey *j = q->journey;
	char is[HOST_STRLEN], said[HOST_STRLEN];

	if (j->action == IR_ACTION_ACCEPT && j->is_proxied)
		return !o->is_answered ? "the kernel did not answer for the server" : o->is_out ? "it went on to the server at once" : NULL;
	if (j->action != IR_ACTION_ACCEPT || j->out == NULL)
		return NULL;
	if (!o->is_out)
		return "the kernel let it through, but it did not leave";
	if (!addr_equal(&o->left.destination, &j->packet.destination) ||
	    (o->left.has_ports && o->left.destination_port != j->packet.destination_port))
		return mem_printf(a, "the kernel sends it to %s instead of %s",
		    host(&o->left.destination, o->left.has_ports, o->left.destination_port, is),
		    host(&j->packet.destination, o->left.has_ports, j->packet.destination_port, said));
	if (!is_sender(q, &o->left))
		return mem_printf(a, "it leaves with the sender %s", host(&o->left.source, false, 0, is));
	return NULL;
}

static const char *
differs(const struct prove_question *q, const struct outcome *o, struct arena *a)
{
	const struct journey *j = q->journey;
	const char *said = j->origin != NULL ? j->origin->id : NULL;

	/* Without rules for frames nobody is asked. */
	if (j->bridge != NULL && j->chain == NULL)
		return o->is_out ? NULL : "it did not leave";
	if (!o->is_seen || o->chain == NULL)
		return "the kernel's rules did not see it";
	if (o->action != j->action)
		return told(o, a);
	if ((said == NULL) != (o->rule == NULL) || (said != NULL && strcmp(said, o->rule) != 0))
		return mem_printf(a, "%s, and not %s", told(o, a), said != NULL ? said : "the policy of a chain");
	if (j->bridge != NULL)
		return o->is_out == (j->action == IR_ACTION_ACCEPT) ? NULL : o->is_out ? "the kernel drops it, but it left" :
		    "the kernel let it through, but it did not leave";
	return way_differs(q, o, a);
}

/* The end of the sentence when both agree. */
static const char *
agreed(const struct prove_question *q, const struct outcome *o, struct arena *a)
{
	const struct journey *j = q->journey;
	char from[HOST_STRLEN], to[HOST_STRLEN];

	if (j->bridge != NULL && j->chain == NULL)
		return mem_printf(a, "it leaves by %s", j->packet.out_link);
	if (!o->is_out)
		return told(o, a);
	if (j->bridge != NULL)
		return mem_printf(a, "%s, and it leaves by %s", told(o, a), j->packet.out_link);
	return mem_printf(a, "%s, and it leaves from %s to %s", told(o, a), host(&o->left.source, o->left.has_ports, o->left.source_port, from),
	    host(&o->left.destination, o->left.has_ports, o->left.destination_port, to));
}

enum prove_verdict
prove_compare(const struct prove_question *q, const struct prove_rep *rep, struct arena *a, const char **ret_text)
{
	struct outcome o = { .action = IR_ACTION_INVALID };

	if (rep->error[0] != '\0') {
		*ret_text = mem_strdup(a, rep->error);
		return PROVE_IMPOSSIBLE;
	}
	follow(q, rep, a, &o);
	if (q->packet->frame != NULL)
		watch_frame(q, rep, a, &o);
	else
		watch(q, rep, &o);
	if ((*ret_text = differs(q, &o, a)) != NULL)
		return PROVE_DIFFERS;
	*ret_text = agreed(q, &o, a);
	return PROVE_PROVED;
}
