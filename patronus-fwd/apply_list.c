/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/msg.h"

#include "apply_list.h"
#include "addrlist.h"
#include "nft_encode.h"
#include "nft_flowtable.h"
#include "nft_read.h"
#include "problems.h"

/*
 * Of one transaction.  While it is carried out no other one of the machine can be, and if anybody on it listens, the kernel holds a page for each
 * element until then; each transaction more costs a walk over the tree that has been built so far.
 */
#define ITEMS_AT_ONCE	65536

/*
 * What nobody else did in between is known from the generations: each transaction of ours must be the next one.  One with nothing to do is
 * none.
 */
static int
send(struct apply *a, const struct nft_batch *b, struct problems *problems)
{
	uint32_t before = a->generation;
	struct message m;
	int r;

	r = apply_send(a, b, 0, false, &m, problems);
	if (r != 0)
		return r;
	message_fini(&m);
	a->is_behind = a->is_behind || (a->generation != before && a->generation != before + 1);
	if (a->is_behind)
		a->generation = before;
	return 0;
}

static int
load(struct apply *a, const struct ir_set *s, struct problems *problems)
{
	uint32_t at, n;
	struct nft_batch b;
	int r;

	nft_batch_init(&b);
	/* It may be that nothing of ours is there. */
	nft_put_table(&b, NFPROTO_INET);
	nft_put_set(&b, s);
	for (at = 0, r = 0; r == 0 && (at < s->list->n || b.n > 0); at += n) {
		n = s->list->n - at < ITEMS_AT_ONCE ? s->list->n - at : ITEMS_AT_ONCE;
		nft_put_list(&b, s, at, n);
		r = send(a, &b, problems);
		nft_batch_reset(&b);
	}
	nft_batch_fini(&b);
	log_debug("list", "%s: %u intervals loaded", s->name, s->list->n);
	return r;
}

/* 0, -EBUSY when something looks into it, -ENOENT when it is not there, or another -errno. */
static int
drop(struct apply *a, const char *name)
{
	struct problems ignored;
	struct nft_batch b;
	struct arena *arena;
	int r;

	arena = arena_new(0);
	if (arena == NULL)
		fatalx("list", "out of memory");
	problems_init(&ignored, arena);
	nft_batch_init(&b);
	nft_put_set_delete(&b, NFPROTO_INET, name);
	r = send(a, &b, &ignored);
	nft_batch_fini(&b);
	arena_free(arena);
	return r;
}

static bool
is_new(const struct ir_list *l, const struct ir *have)
{
	return have == NULL || ir_set_find(have, l->base->name) == NULL;
}

bool
apply_lists_differ(const struct ir *next, const struct ir *have)
{
	const struct ir_list *l;

	for (l = next->lists; l != NULL; l = l->next)
		if (is_new(l, have))
			return true;
	return false;
}

int
apply_lists_load(struct apply *a, const struct ir *next, const struct ir *have, struct problems *problems)
{
	const struct ir_list *l;
	int r;

	for (l = next->lists, r = 0; l != NULL && r == 0; l = l->next)
		if (is_new(l, have))
			r = load(a, l->base, problems);
	for (l = next->lists; l != NULL && r != 0; l = l->next)
		if (is_new(l, have))
			(void)drop(a, l->base->name);
	return r;
}

int
apply_lists_ensure(struct apply *a, const struct ir *next, struct problems *problems)
{
	const struct ir_list *l;
	struct nft_batch b;
	int r;

	/* The kernel refuses to wake a table in the transaction that replaces its chains. */
	nft_batch_init(&b);
	nft_put_table_awake(&b);
	r = send(a, &b, problems);
	nft_batch_fini(&b);
	for (l = next->lists; l != NULL && r == 0; l = l->next) {
		r = drop(a, l->base->name);
		if (r == 0 || r == -ENOENT)
			r = load(a, l->base, problems);
		else if (r == -EBUSY)
			r = 0;
	}
	return r;
}

/* --- what the kernel has; there are lists in the first table alone */
static bool
next_object(struct nl_reader *r, enum nft_object object, uint16_t name_attr, struct nft_message *ret, const char **ret_name)
{
	struct nl_msg m;

	while (nlmsg_next(r, &m) == 1) {
		if (!nft_read(&m, ret) || !ret->is_ours || ret->is_delete || ret->object != object || ret->family != NFPROTO_INET)
			continue;
		*ret_name = nft_read_text(ret, name_attr);
		if (*ret_name != NULL)
			return true;
	}
	return false;
}

static bool
is_base(const struct ir *ir, const char *name)
{
	const struct ir_set *s = ir_set_find(ir, name);

	return s != NULL && s->list != NULL;
}

/* Bases have a size and are not filled by packets. */
static bool
may_be_base(const struct nft_message *m)
{
	struct nl_reader desc;
	struct nl_attr a, size;

	if (nlattr_find(m->attrs, NFTA_SET_FLAGS, &a) && (nlattr_be32(&a) & NFT_SET_EVAL) != 0)
		return false;
	if (!nlattr_find(m->attrs, NFTA_SET_DESC, &a))
		return false;
	nlattr_reader_nested(&desc, &a);
	return nlattr_find(desc, NFTA_SET_DESC_SIZE, &size);
}

void
apply_lists_sweep(struct apply *a, const struct ir *next, const uint8_t *sets, size_t len)
{
	struct nft_message m;
	struct nl_reader r;
	const char *name;

	nlmsg_reader_init(&r, sets, len);
	while (next_object(&r, NFT_OBJECT_SET, NFTA_SET_NAME, &m, &name))
		if (may_be_base(&m) && !is_base(next, name) && drop(a, name) == 0)
			log_info("list", "%s: it was not finished, and is gone", name);
}

void
apply_lists_clear(struct nft_batch *b, const struct ir *next, const uint8_t *chains, size_t chains_len, const uint8_t *sets, size_t sets_len)
{
	struct nft_message m;
	struct nl_reader r;
	const char *name;

	nlmsg_reader_init(&r, chains, chains_len);
	while (next_object(&r, NFT_OBJECT_CHAIN, NFTA_CHAIN_NAME, &m, &name))
		nft_put_rule_delete(b, NFPROTO_INET, name, 0, "");
	nlmsg_reader_init(&r, sets, sets_len);
	while (next_object(&r, NFT_OBJECT_FLOWTABLE, NFTA_FLOWTABLE_NAME, &m, &name))
		nft_put_flowtable_delete(b, name);
	nlmsg_reader_init(&r, sets, sets_len);
	while (next_object(&r, NFT_OBJECT_SET, NFTA_SET_NAME, &m, &name))
		if (!is_base(next, name))
			nft_put_set_delete(b, NFPROTO_INET, name);
	nlmsg_reader_init(&r, chains, chains_len);
	while (next_object(&r, NFT_OBJECT_CHAIN, NFTA_CHAIN_NAME, &m, &name))
		nft_put_chain_delete(b, NFPROTO_INET, name);
}
