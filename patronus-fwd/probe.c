/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "base/log.h"
#include "ipc/msg.h"
#include "ipc/privcall.h"

#include "ir.h"
#include "nft_encode.h"
#include "nft_flowtable.h"
#include "nft_object.h"
#include "probe.h"
#include "problems.h"

static const struct feature {
	uint8_t		 kind;		/* enum ir_kind */
	const char	*what;
	const char	*option;	/* of the kernel's configuration */
	const char	*helper;	/* IR_SET_HELPER: the kernel's name */
} features[] = {
	{ IR_QUEUE, "queues to programs", "CONFIG_NFT_QUEUE", NULL },
	{ IR_SYNPROXY, "protection from SYN floods", "CONFIG_NFT_SYNPROXY", NULL },
	{ IR_CONNECTIONS, "limits of connections", "CONFIG_NFT_CONNLIMIT", NULL },
	{ IR_CONNECTIONS_METER, "limits of connections", "CONFIG_NFT_CONNLIMIT", NULL },
	{ IR_SET_HELPER, "helper for FTP", "CONFIG_NF_CONNTRACK_FTP", "ftp" },
	{ IR_SET_HELPER, "helper for TFTP", "CONFIG_NF_CONNTRACK_TFTP", "tftp" },
	{ IR_SET_HELPER, "helper for SIP", "CONFIG_NF_CONNTRACK_SIP", "sip" },
	{ IR_SET_HELPER, "helper for H.323", "CONFIG_NF_CONNTRACK_H323", "Q.931" },
	{ IR_SET_HELPER, "helper for H.323", "CONFIG_NF_CONNTRACK_H323", "RAS" },
	{ IR_SET_HELPER, "helper for IRC", "CONFIG_NF_CONNTRACK_IRC", "irc" },
	{ IR_SET_HELPER, "helper for PPTP", "CONFIG_NF_CONNTRACK_PPTP", "pptp" },
	{ IR_SET_HELPER, "helper for Amanda", "CONFIG_NF_CONNTRACK_AMANDA", "amanda" },
	{ IR_SET_HELPER, "helper for SANE", "CONFIG_NF_CONNTRACK_SANE", "sane" },
	{ IR_SET_HELPER, "helper for NetBIOS", "CONFIG_NF_CONNTRACK_NETBIOS_NS", "netbios-ns" },
	{ IR_SET_HELPER, "helper for SNMP", "CONFIG_NF_CONNTRACK_SNMP", "snmp" },
	{ IR_SET_TIMEOUT, "times for idle connections", "CONFIG_NF_CONNTRACK_TIMEOUT", NULL },
	{ IR_CHOOSE, "sharing connections out", "CONFIG_NFT_NUMGEN and CONFIG_NFT_HASH", NULL },
};

#define N_FEATURES	(sizeof(features) / sizeof(features[0]))

static const struct feature bridges = { IR_KIND_INVALID, "rules between ports of bridges", "CONFIG_NF_TABLES_BRIDGE", NULL };

enum knowledge { UNKNOWN, PRESENT, ABSENT };

static enum knowledge known[N_FEATURES], knows_bridges, knows_flowtables;

static const struct feature *
feature_of(const struct ir_stmt *s)
{
	size_t i;

	for (i = 0; i < N_FEATURES; i++)
		if (features[i].kind == s->kind && (features[i].helper == NULL || strcmp(features[i].helper, s->object->helper) == 0))
			return &features[i];
	return NULL;
}

/* Messages from the first one on are the question; ABSENT when one of them fails for what the kernel does not know. */
static enum knowledge
ask(struct nft_batch *b, uint8_t family, uint32_t first)
{
	struct nft_batch_req req = { .generation = 0 };
	struct privcall_error e = { .error = 0 };
	struct message m;
	uint32_t n = b->n, at;
	int r;

	nft_put_chain_delete(b, family, "there-is-no-such-chain");
	req.messages.data = b->out.data;
	req.messages.len = (uint32_t)b->out.len;
	r = privcall(MSG_NFT_BATCH, &req, &m, &e);
	if (r == 0)
		message_fini(&m);
	at = nft_batch_message(b, e.offset);
	return (r == -ENOENT || r == -EOPNOTSUPP) && at >= first && at < n ? ABSENT : PRESENT;
}

/* A statement by itself, in a chain that will not be. */
static void
put_question(struct nft_batch *b, struct ir *ir, const struct ir_stmt *s)
{
	struct ir_draft d = { .n = 0 };

	*ir_put(&d, (enum ir_kind)s->kind) = *s;
	if (s->kind == IR_CONNECTIONS_METER)
		nft_put_set(b, s->set);
	if (s->kind == IR_SET_HELPER || s->kind == IR_SET_TIMEOUT)
		nft_put_object(b, s->object);
	(void)ir_rule_add(ir, ir_chain_get(ir, "probe"), ir_origin_new(ir, "probe", "", IR_ACTION_NONE), &d);
	nft_put_rule(b, ir_chain_get(ir, "probe")->first, NFT_APPEND, 0);
}

static enum knowledge
ask_statement(const struct ir_stmt *s)
{
	struct ir *ir = ir_new();
	enum knowledge ret;
	struct nft_batch b;
	uint32_t first;

	nft_batch_init(&b);
	nft_put_table(&b, NFPROTO_INET);
	nft_put_chain(&b, ir_chain_get(ir, "probe"));
	first = b.n;
	put_question(&b, ir, s);
	ret = ask(&b, NFPROTO_INET, first);
	nft_batch_fini(&b);
	ir_free(ir);
	return ret;
}

/* The chain as it shall be: of a kernel without such tables the table fails, without their hooks the chain. */
static enum knowledge
ask_bridges(const struct ir_chain *c)
{
	enum knowledge ret;
	struct nft_batch b;

	nft_batch_init(&b);
	nft_put_table(&b, NFPROTO_BRIDGE);
	nft_put_chain(&b, c);
	ret = ask(&b, NFPROTO_BRIDGE, 0);
	nft_batch_fini(&b);
	return ret;
}

/* Of no device: one that is missing would be a lack, too. */
bool
probe_has_flowtables(void)
{
	const struct ir_flowtable t = { .name = "probe" };
	struct ir_draft d = { .n = 0 };
	struct nft_batch b;
	struct ir *ir;

	if (knows_flowtables != UNKNOWN)
		return knows_flowtables == PRESENT;
	ir = ir_new();
	nft_batch_init(&b);
	nft_put_table(&b, NFPROTO_INET);
	nft_put_chain(&b, ir_chain_get(ir, "probe"));
	nft_put_flowtable(&b, &t);
	ir_put(&d, IR_FLOW)->flowtable = t.name;
	(void)ir_rule_add(ir, ir_chain_get(ir, "probe"), ir_origin_new(ir, "probe", "", IR_ACTION_NONE), &d);
	nft_put_rule(&b, ir_chain_get(ir, "probe")->first, NFT_APPEND, 0);
	knows_flowtables = ask(&b, NFPROTO_INET, 2);
	nft_batch_fini(&b);
	ir_free(ir);
	return knows_flowtables == PRESENT;
}

/* In a table of its own: in ours the device may be in a flowtable already, and is in one at most. */
bool
probe_can_offload(const char *device)
{
	const struct ir_flowtable t = { .name = "probe", .devices = &device, .n = 1, .is_hardware = true };
	struct nft_batch b;
	bool ret;

	nft_batch_init(&b);
	b.table = NFT_TABLE ".0";
	nft_put_table(&b, NFPROTO_INET);
	nft_put_flowtable(&b, &t);
	ret = ask(&b, NFPROTO_INET, 1) == PRESENT;
	nft_batch_fini(&b);
	return ret;
}

/* A module may have come since; what the kernel can do it will not forget. */
static void
ask_again(void)
{
	size_t i;

	for (i = 0; i < N_FEATURES; i++)
		if (known[i] == ABSENT)
			known[i] = UNKNOWN;
	if (knows_bridges == ABSENT)
		knows_bridges = UNKNOWN;
	if (knows_flowtables == ABSENT)
		knows_flowtables = UNKNOWN;
}

/* NULL: the kernel can do it. */
static const struct feature *
lacks(const struct ir_stmt *s)
{
	const struct feature *f = feature_of(s);

	if (f == NULL)
		return NULL;
	if (known[f - features] == UNKNOWN)
		known[f - features] = ask_statement(s);
	return known[f - features] == ABSENT ? f : NULL;
}

static bool
lacks_bridges(const struct ir_chain *c)
{
	if (c->family != NFPROTO_BRIDGE || c->hook == IR_HOOK_NONE)
		return false;
	if (knows_bridges == UNKNOWN)
		knows_bridges = ask_bridges(c);
	return knows_bridges == ABSENT;
}

/* The first statement that the kernel cannot do. */
static uint16_t
find_lack(const struct ir_rule *r, const struct feature **ret)
{
	uint16_t i;

	*ret = NULL;
	for (i = 0; i < r->n && (*ret = lacks(&r->stmts[i])) == NULL; i++)
		;
	return i;
}

static void
refuse(const char *path, const struct feature *f, struct problems *problems)
{
	problems_add(problems, path, "kernel-lacks", "this kernel has no %s: remove the rule, or run a kernel with %s", f->what, f->option);
}

/* What only the default of bridges asks for has no path of a rule. */
static const char *
bridge_path(const struct ir_chain *c)
{
	return c->first != NULL && c->first->origin->path[0] != '\0' ? c->first->origin->path : "/firewall/defaults/bridged";
}

unsigned
probe_check(const struct ir *ir, struct problems *problems)
{
	const struct ir_origin *last = NULL;
	const struct feature *f;
	const struct ir_chain *c;
	const struct ir_rule *r;
	unsigned n = 0;

	ask_again();
	for (c = ir->chains; c != NULL; c = c->next) {
		if (lacks_bridges(c)) {
			refuse(bridge_path(c), &bridges, problems);
			n++;
			continue;
		}
		for (r = c->first; r != NULL; r = r->next) {
			(void)find_lack(r, &f);
			if (f == NULL || r->origin == last)
				continue;
			last = r->origin;
			refuse(r->origin->path, f, problems);
			n++;
		}
	}
	return n;
}

/* What cannot be said of a connection is left out; what would judge a packet drops it, and what translates leaves it as it is. */
static enum ir_kind
substitute(const struct ir_rule *r, uint16_t at)
{
	uint8_t kind = r->stmts[at].kind;

	if (kind == IR_SET_HELPER || (kind == IR_SET_TIMEOUT && r->origin->is_generated) || r->chain->is_nat)
		return IR_RETURN;
	return IR_DROP;
}

/* Frames between ports cannot be stopped by this kernel at all; everything else comes into force. */
static bool
close_bridges(struct ir *ir)
{
	const struct ir_chain *c;

	for (c = ir->chains; c != NULL && !lacks_bridges(c); c = c->next)
		;
	if (c == NULL)
		return false;
	log_errx("probe", "%s needs %s, which this kernel does not have: frames pass between all ports of bridges (%s)", bridge_path(c), bridges.what,
	    bridges.option);
	ir_bridge_remove(ir);
	return true;
}

unsigned
probe_close(struct ir *ir)
{
	const struct feature *f;
	const struct ir_chain *c;
	enum ir_kind verdict;
	struct ir_rule *r;
	uint16_t at;
	unsigned n;

	ask_again();
	n = close_bridges(ir);
	for (c = ir->chains; c != NULL; c = c->next) {
		for (r = c->first; r != NULL; r = r->next) {
			at = find_lack(r, &f);
			if (f == NULL)
				continue;
			verdict = substitute(r, at);
			log_errx("probe", "%s needs %s, which this kernel does not have: it %s (%s)", r->origin->path, f->what,
			    verdict == IR_DROP ? "drops what it matches" : "does nothing", f->option);
			if (r->stmts[at].kind == IR_SET_HELPER || r->stmts[at].kind == IR_SET_TIMEOUT)
				ir_object_remove(ir, r->stmts[at].object->name);
			ir_rule_end(ir, r, at, verdict);
			n++;
		}
	}
	return n;
}
