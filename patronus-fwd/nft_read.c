/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>

#include "net/policy.h"

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
	[NFT_MSG_NEWOBJ] =	{ NFT_OBJECT_NAMED, false },
	[NFT_MSG_DELOBJ] =	{ NFT_OBJECT_NAMED, true },
	[NFT_MSG_NEWFLOWTABLE] =	{ NFT_OBJECT_FLOWTABLE, false },
	[NFT_MSG_DELFLOWTABLE] =	{ NFT_OBJECT_FLOWTABLE, true },
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
	ret->family = g.nfgen_family;
	/* The table's name is attribute 1 of every object, also of those that we do not make. */
	if (ret->object != NFT_OBJECT_GENERATION && (g.nfgen_family == NFPROTO_INET || g.nfgen_family == NFPROTO_BRIDGE) &&
	    nlattr_find(ret->attrs, NFTA_RULE_TABLE, &table) && nlattr_str(&table) != NULL) {
		ret->is_ours = strcmp(nlattr_str(&table), NFT_TABLE) == 0;
		ret->is_beside = ret->object == NFT_OBJECT_TABLE && g.nfgen_family == NFPROTO_INET && policy_is_numbered(nlattr_str(&table), NFT_TABLE);
	}
	return true;
}

const char *
nft_read_text(const struct nft_message *m, uint16_t type)
{
	struct nl_attr a;

	return nlattr_find(m->attrs, type, &a) ? nlattr_str(&a) : NULL;
}

const char *
nft_read_beside(struct nl_reader *r, bool *ret_is_owned)
{
	struct nft_message n;
	struct nl_attr flags;
	const char *name;
	struct nl_msg m;

	while (nlmsg_next(r, &m) == 1)
		if (nft_read(&m, &n) && n.is_beside && (name = nft_read_text(&n, NFTA_TABLE_NAME)) != NULL) {
			*ret_is_owned = nlattr_find(n.attrs, NFTA_TABLE_FLAGS, &flags) && (nlattr_be32(&flags) & NFT_TABLE_F_OWNER) != 0;
			return name;
		}
	return NULL;
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

static bool
read_counter(const struct nl_attr *expr, uint64_t *packets, uint64_t *bytes)
{
	struct nl_reader r, nested;
	struct nl_attr a, data;

	nlattr_reader_nested(&r, expr);
	if (!nlattr_find(r, NFTA_EXPR_NAME, &a) || nlattr_str(&a) == NULL || strcmp(nlattr_str(&a), "counter") != 0 ||
	    !nlattr_find(r, NFTA_EXPR_DATA, &data))
		return false;
	nlattr_reader_nested(&nested, &data);
	if (nlattr_find(nested, NFTA_COUNTER_PACKETS, &a))
		*packets = nlattr_be64(&a);
	if (nlattr_find(nested, NFTA_COUNTER_BYTES, &a))
		*bytes = nlattr_be64(&a);
	return true;
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
	ret->family = m->family;
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
		(void)read_counter(&expr, &ret->packets, &ret->bytes);
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

/* --- elements */
bool
nft_read_elems(const struct nft_message *m, struct nl_reader *ret)
{
	struct nl_attr list;

	if (m->object != NFT_OBJECT_ELEMS || !nlattr_find(m->attrs, NFTA_SET_ELEM_LIST_ELEMENTS, &list))
		return false;
	nlattr_reader_nested(ret, &list);
	return true;
}

static bool
read_value(struct nl_reader attrs, uint16_t type, struct nl_attr *ret)
{
	struct nl_reader key;
	struct nl_attr a;

	if (!nlattr_find(attrs, type, &a))
		return false;
	nlattr_reader_nested(&key, &a);
	return nlattr_find(key, NFTA_DATA_VALUE, ret);
}

static void
read_verdict(struct nl_reader attrs, struct nft_elem *ret)
{
	struct nl_reader data, verdict;
	struct nl_attr a;

	if (!nlattr_find(attrs, NFTA_SET_ELEM_DATA, &a))
		return;
	nlattr_reader_nested(&data, &a);
	if (!nlattr_find(data, NFTA_DATA_VERDICT, &a))
		return;
	nlattr_reader_nested(&verdict, &a);
	if (nlattr_find(verdict, NFTA_VERDICT_CODE, &a))
		ret->verdict = nlattr_be32(&a);
	if (nlattr_find(verdict, NFTA_VERDICT_CHAIN, &a))
		ret->chain = nlattr_str(&a);
}

bool
nft_read_elem(const struct nl_attr *elem, struct nft_elem *ret)
{
	struct nl_reader attrs;
	struct nl_attr a;

	memset(ret, 0, sizeof(*ret));
	ret->id = "";
	nlattr_reader_nested(&attrs, elem);
	if (!read_value(attrs, NFTA_SET_ELEM_KEY, &ret->key))
		return false;
	ret->has_last = read_value(attrs, NFTA_SET_ELEM_KEY_END, &ret->last) && ret->last.len == ret->key.len;
	ret->is_end = nlattr_find(attrs, NFTA_SET_ELEM_FLAGS, &a) && (nlattr_be32(&a) & NFT_SET_ELEM_INTERVAL_END) != 0;
	read_verdict(attrs, ret);
	if (nlattr_find(attrs, NFTA_SET_ELEM_USERDATA, &a))
		ret->id = read_comment(&a);
	ret->has_counter = nlattr_find(attrs, NFTA_SET_ELEM_EXPR, &a) && read_counter(&a, &ret->packets, &ret->bytes);
	return true;
}

void
nft_read_counts(const uint8_t *data, size_t len, nft_count *on_count, void *arg)
{
	struct nl_reader r, list;
	struct nft_message n;
	struct nl_attr elem;
	struct nft_rule k;
	struct nft_elem e;
	struct nl_msg m;

	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1) {
		if (!nft_read(&m, &n) || !n.is_ours)
			continue;
		if (nft_read_counters(&n, &k))
			on_count(k.id, k.packets, k.bytes, arg);
		else if (nft_read_elems(&n, &list))
			while (nlattr_next(&list, &elem) == 1)
				if (nft_read_elem(&elem, &e) && e.id[0] != '\0')
					on_count(e.id, e.packets, e.bytes, arg);
	}
}
