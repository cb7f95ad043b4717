/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/netfilter.h>
#include <string.h>

#include "base/log.h"
#include "ipc/msg.h"
#include "ipc/privcall.h"

#include "ir.h"
#include "nft_encode.h"
#include "probe.h"
#include "problems.h"

static const struct feature {
	uint8_t		 kind;		/* enum ir_kind */
	const char	*what;
	const char	*option;	/* of the kernel's configuration */
} features[] = {
	{ IR_QUEUE, "queues to programs", "CONFIG_NFT_QUEUE" },
	{ IR_SYNPROXY, "protection from SYN floods", "CONFIG_NFT_SYNPROXY" },
	{ IR_CONNECTIONS, "limits of connections", "CONFIG_NFT_CONNLIMIT" },
	{ IR_CONNECTIONS_METER, "limits of connections", "CONFIG_NFT_CONNLIMIT" },
	{ IR_CHOOSE, "sharing connections out", "CONFIG_NFT_NUMGEN and CONFIG_NFT_HASH" },
};

#define N_FEATURES	(sizeof(features) / sizeof(features[0]))

static enum { UNKNOWN, PRESENT, ABSENT } known[N_FEATURES];

static const struct feature *
feature_of(uint8_t kind)
{
	size_t i;

	for (i = 0; i < N_FEATURES; i++)
		if (features[i].kind == kind)
			return &features[i];
	return NULL;
}

/* A statement by itself, in a chain that will not be. */
static void
put_question(struct nft_batch *b, struct ir *ir, const struct ir_stmt *s)
{
	struct ir_draft d = { .n = 0 };

	*ir_put(&d, (enum ir_kind)s->kind) = *s;
	if (s->kind == IR_CONNECTIONS_METER)
		nft_put_set(b, s->set);
	(void)ir_rule_add(ir, ir_chain_get(ir, "probe"), ir_origin_new(ir, "probe", "", IR_ACTION_NONE), &d);
	nft_put_rule(b, ir_chain_get(ir, "probe")->first, NFT_APPEND, 0);
}

/* true also when nobody can say. */
static bool
ask(const struct ir_stmt *s)
{
	struct nft_batch_req req = { .generation = 0 };
	struct ir *ir = ir_new();
	struct nft_batch b;
	struct privcall_error e = { .error = 0 };
	struct message m;
	uint32_t question;
	int r;

	nft_batch_init(&b);
	nft_put_table(&b, NFPROTO_INET);
	nft_put_chain(&b, ir_chain_get(ir, "probe"));
	put_question(&b, ir, s);
	question = b.n - 1;
	nft_put_chain_delete(&b, NFPROTO_INET, "there-is-no-such-chain");
	req.messages.data = b.out.data;
	req.messages.len = (uint32_t)b.out.len;
	r = privcall(MSG_NFT_BATCH, &req, &m, &e);
	if (r == 0)
		message_fini(&m);
	r = r != 0 && nft_batch_message(&b, e.offset) == question ? r : 0;
	nft_batch_fini(&b);
	ir_free(ir);
	return r != -ENOENT && r != -EOPNOTSUPP;
}

/* NULL: the kernel can do it. */
static const struct feature *
lacks(const struct ir_stmt *s)
{
	const struct feature *f = feature_of(s->kind);

	if (f == NULL)
		return NULL;
	if (known[f - features] == UNKNOWN)
		known[f - features] = ask(s) ? PRESENT : ABSENT;
	return known[f - features] == ABSENT ? f : NULL;
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

unsigned
probe_check(const struct ir *ir, struct problems *problems)
{
	const struct ir_origin *last = NULL;
	const struct feature *f;
	const struct ir_chain *c;
	const struct ir_rule *r;
	unsigned n = 0;

	for (c = ir->chains; c != NULL; c = c->next) {
		for (r = c->first; r != NULL; r = r->next) {
			(void)find_lack(r, &f);
			if (f == NULL || r->origin == last)
				continue;
			last = r->origin;
			problems_add(problems, r->origin->path, "kernel-lacks", "this kernel has no %s: remove the rule, or run a kernel with %s", f->what,
			    f->option);
			n++;
		}
	}
	return n;
}

unsigned
probe_close(struct ir *ir)
{
	const struct feature *f;
	const struct ir_chain *c;
	struct ir_rule *r;
	uint16_t at;
	unsigned n = 0;

	for (c = ir->chains; c != NULL; c = c->next) {
		for (r = c->first; r != NULL; r = r->next) {
			at = find_lack(r, &f);
			if (f == NULL)
				continue;
			log_errx("probe", "%s needs %s, which this kernel does not have: it drops what it matches (%s)", r->origin->path, f->what, f->option);
			ir_rule_end(ir, r, at, c->is_nat ? IR_RETURN : IR_DROP);
			n++;
		}
	}
	return n;
}
