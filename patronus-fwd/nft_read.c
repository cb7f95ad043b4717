/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "hash.h"
#include "nft_encode.h"
#include "nft_read.h"

#define ATTRS_MAX	32
#define DEPTH_MAX	6

static const struct {
	uint8_t	object;
	bool	is_delete;
} messages[NFT_MSG_MAX] = {
	[NFT_MSG_NEWTABLE] =	{ NFT_OBJECT_TABLE, false },
	[NFT_MSG_DELTABLE] =	{ NFT_OBJECT_TABLE, true },
	[NFT_MSG_NEWCHAIN] =	{ NFT_OBJECT_CHAIN, false },
	[NFT_MSG_DELCHAIN] =	{ NFT_OBJECT_CHAIN, true },
	[NFT_MSG_NEWRULE] =	{ NFT_OBJECT_RULE, false },
	[NFT_MSG_DELRULE] =	{ NFT_OBJECT_RULE, true },
	[NFT_MSG_NEWSET] =	{ NFT_OBJECT_SET, false },
	[NFT_MSG_DELSET] =	{ NFT_OBJECT_SET, true },
	[NFT_MSG_NEWSETELEM] =	{ NFT_OBJECT_ELEMS, false },
	[NFT_MSG_DELSETELEM] =	{ NFT_OBJECT_ELEMS, true },
	[NFT_MSG_NEWGEN] =	{ NFT_OBJECT_GENERATION, false }
};

bool
nft_read(const struct nl_msg *m, struct nft_message *ret)
{
	struct nfgenmsg g;
	struct nl_attr table;
	uint16_t type;

	memset(ret, 0, sizeof(*ret));
	if (m->type >> 8 != NFNL_SUBSYS_NFTABLES || nlattr_reader_init(&ret->attrs, m, sizeof(g)) != 0)
		return false;
	memcpy(&g, m->data, sizeof(g));
	type = m->type & 0xff;
	if (type < NFT_MSG_MAX) {
		ret->object = messages[type].object;
		ret->is_delete = messages[type].is_delete;
	}
	ret->generation = ntohs(g.res_id);
	/* The table's name is attribute 1 of every object, also of those that we do not make. */
	if (ret->object != NFT_OBJECT_GENERATION && g.nfgen_family == NFPROTO_INET &&
	    nlattr_find(ret->attrs, NFTA_RULE_TABLE, &table) && nlattr_str(&table) != NULL)
		ret->is_ours = strcmp(nlattr_str(&table), NFT_TABLE) == 0;
	return true;
}

const char *
nft_read_text(const struct nft_message *m, uint16_t type)
{
	struct nl_attr a;

	return nlattr_find(m->attrs, type, &a) ? nlattr_str(&a) : NULL;
}

uint32_t
nft_read_generation(const struct nft_message *m)
{
	struct nl_attr a;

	return m->object == NFT_OBJECT_GENERATION && nlattr_find(m->attrs, NFTA_GEN_ID, &a) ? nlattr_be32(&a) : 0;
}

/* --- what a rule does, as a number */

/*
 * The kernel tells more than it was told: it adds defaults, leaves the mark of nests out and orders attributes its own way.  So
 * attributes are taken in the order of their types, those that are all zero are left out, and nests are looked into by this table.
 */
#define BIT(attr)	(1u << (attr))

static const struct shape {
	const char	*expr;
	uint32_t	 ignored;	/* attributes that say nothing about what the rule does */
	uint32_t	 data;		/* that hold a value or verdict */
	uint32_t	 exprs;		/* that hold a name and data */
} shapes[] = {
	{ "meta", 0, 0, 0 },
	{ "payload", 0, 0, 0 },
	{ "cmp", 0, BIT(NFTA_CMP_DATA), 0 },
	{ "counter", BIT(NFTA_COUNTER_BYTES) | BIT(NFTA_COUNTER_PACKETS), 0, 0 },
	{ "immediate", 0, BIT(NFTA_IMMEDIATE_DATA), 0 },
	{ "lookup", BIT(NFTA_LOOKUP_SET_ID), 0, 0 },
	{ "bitwise", BIT(NFTA_BITWISE_OP), BIT(NFTA_BITWISE_MASK) | BIT(NFTA_BITWISE_XOR), 0 },
	{ "range", 0, BIT(NFTA_RANGE_FROM_DATA) | BIT(NFTA_RANGE_TO_DATA), 0 },
	{ "log", BIT(NFTA_LOG_FLAGS), 0, 0 },
	{ "dynset", BIT(NFTA_DYNSET_SET_ID), 0, BIT(NFTA_DYNSET_EXPR) },
	{ NULL, 0, 0, 0 }	/* all others */
};

static uint64_t	digest_expr(const struct nl_attr *, uint64_t, unsigned depth);

static bool
is_zero(const struct nl_attr *a)
{
	uint32_t i;

	for (i = 0; i < a->len; i++)
		if (a->data[i] != 0)
			return false;
	return true;
}

static const struct shape *
shape_of(const char *expr)
{
	const struct shape *s;

	for (s = shapes; s->expr != NULL && strcmp(s->expr, expr) != 0; s++)
		;
	return s;
}

static uint64_t
digest_data(const struct nl_attr *a, uint64_t h)
{
	struct nl_reader r, v;
	struct nl_attr in;

	nlattr_reader_nested(&r, a);
	while (nlattr_next(&r, &in) == 1) {
		h = hash_u64(in.type, h);
		if (in.type != NFTA_DATA_VERDICT) {
			h = hash_bytes(in.data, in.len, h);
			continue;
		}
		nlattr_reader_nested(&v, &in);
		while (nlattr_next(&v, &in) == 1)
			if (in.type == NFTA_VERDICT_CODE || in.type == NFTA_VERDICT_CHAIN)
				h = hash_bytes(in.data, in.len, hash_u64(in.type, h));
	}
	return h;
}

static uint64_t
digest_attrs(const struct shape *s, struct nl_reader r, uint64_t h, unsigned depth)
{
	struct nl_attr attrs[ATTRS_MAX], a;
	uint32_t has;
	unsigned i;

	for (has = 0; nlattr_next(&r, &a) == 1;) {
		if (a.type < ATTRS_MAX) {
			attrs[a.type] = a;
			has |= BIT(a.type);
		}
	}
	for (has &= ~s->ignored; has != 0; has &= has - 1) {
		i = (unsigned)__builtin_ctz(has);
		if ((s->data & BIT(i)) != 0)
			h = digest_data(&attrs[i], hash_u64(i, h));
		else if ((s->exprs & BIT(i)) != 0)
			h = digest_expr(&attrs[i], hash_u64(i, h), depth + 1);
		else if (!is_zero(&attrs[i]))
			h = hash_bytes(attrs[i].data, attrs[i].len, hash_u64(i, h));
	}
	return h;
}

static uint64_t
digest_expr(const struct nl_attr *expr, uint64_t h, unsigned depth)
{
	struct nl_reader r, nested;
	struct nl_attr name, data;

	nlattr_reader_nested(&r, expr);
	if (depth > DEPTH_MAX || !nlattr_find(r, NFTA_EXPR_NAME, &name) || nlattr_str(&name) == NULL)
		return hash_u64(0, h);
	h = hash_bytes(name.data, name.len, h);
	if (!nlattr_find(r, NFTA_EXPR_DATA, &data))
		return h;
	nlattr_reader_nested(&nested, &data);
	return digest_attrs(shape_of(nlattr_str(&name)), nested, h, depth);
}

static void
read_counter(const struct nl_attr *expr, struct nft_rule *ret)
{
	struct nl_reader r, nested;
	struct nl_attr a, data;

	nlattr_reader_nested(&r, expr);
	if (!nlattr_find(r, NFTA_EXPR_NAME, &a) || nlattr_str(&a) == NULL || strcmp(nlattr_str(&a), "counter") != 0 ||
	    !nlattr_find(r, NFTA_EXPR_DATA, &data))
		return;
	nlattr_reader_nested(&nested, &data);
	if (nlattr_find(nested, NFTA_COUNTER_PACKETS, &a))
		ret->packets = nlattr_be64(&a);
	if (nlattr_find(nested, NFTA_COUNTER_BYTES, &a))
		ret->bytes = nlattr_be64(&a);
}

/* Type, length, text with its NUL; other types of user data are skipped. */
static const char *
read_comment(const struct nl_attr *a)
{
	uint32_t at, len;

	for (at = 0; a->len - at > 2; at += 2 + len) {
		len = a->data[at + 1];
		if (len > a->len - at - 2)
			break;
		if (a->data[at] == 0 && len > 0 && memchr(a->data + at + 2, '\0', len) == a->data + at + 2 + len - 1)
			return (const char *)a->data + at + 2;
		if (a->len - at - 2 - len < 2)
			break;
	}
	return "";
}

static bool
read_rule(const struct nft_message *m, struct nft_rule *ret, bool digests)
{
	struct nl_reader r;
	struct nl_attr a, expr;

	memset(ret, 0, sizeof(*ret));
	ret->id = "";
	ret->chain = nft_read_text(m, NFTA_RULE_CHAIN);
	if (m->object != NFT_OBJECT_RULE || ret->chain == NULL)
		return false;
	if (nlattr_find(m->attrs, NFTA_RULE_HANDLE, &a))
		ret->handle = nlattr_be64(&a);
	if (nlattr_find(m->attrs, NFTA_RULE_USERDATA, &a))
		ret->id = read_comment(&a);
	ret->digest = HASH_SEED;
	if (!nlattr_find(m->attrs, NFTA_RULE_EXPRESSIONS, &a))
		return true;
	nlattr_reader_nested(&r, &a);
	while (nlattr_next(&r, &expr) == 1) {
		if (digests)
			ret->digest = digest_expr(&expr, ret->digest, 0);
		read_counter(&expr, ret);
	}
	return true;
}

bool
nft_read_rule(const struct nft_message *m, struct nft_rule *ret)
{
	return read_rule(m, ret, true);
}

bool
nft_read_counters(const struct nft_message *m, struct nft_rule *ret)
{
	return read_rule(m, ret, false);
}
