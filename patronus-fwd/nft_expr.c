/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <assert.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

#include "base/log.h"

#include "ir_field.h"
#include "nft_expr.h"

/* Statements of the intermediate form to expressions: load a field into a register, compare, look up, act. */

enum load_kind {
	LOAD_NONE = 0,
	LOAD_META,
	LOAD_NETWORK,		/* network header at offset */
	LOAD_TRANSPORT,
	LOAD_CT,
	LOAD_CT_ORIGINAL,
	LOAD_FIB
};

struct load {
	uint8_t		kind;
	uint8_t		key;	/* meta and ct key, header offset, fib result */
	uint32_t	flags;	/* fib */
};

static const struct load loads[IR_FIELD_MAX] = {
	[IR_IIF_NAME] =		{ LOAD_META, NFT_META_IIFNAME, 0 },
	[IR_OIF_NAME] =		{ LOAD_META, NFT_META_OIFNAME, 0 },
	[IR_NFPROTO] =		{ LOAD_META, NFT_META_NFPROTO, 0 },
	[IR_L4PROTO] =		{ LOAD_META, NFT_META_L4PROTO, 0 },
	[IR_SADDR4] =		{ LOAD_NETWORK, 12, 0 },
	[IR_DADDR4] =		{ LOAD_NETWORK, 16, 0 },
	[IR_SADDR6] =		{ LOAD_NETWORK, 8, 0 },
	[IR_DADDR6] =		{ LOAD_NETWORK, 24, 0 },
	[IR_SPORT] =		{ LOAD_TRANSPORT, 0, 0 },
	[IR_DPORT] =		{ LOAD_TRANSPORT, 2, 0 },
	[IR_ICMP_TYPE] =	{ LOAD_TRANSPORT, 0, 0 },
	[IR_ICMP6_TYPE] =	{ LOAD_TRANSPORT, 0, 0 },
	[IR_CT_STATE] =		{ LOAD_CT, NFT_CT_STATE, 0 },
	[IR_CT_STATUS] =	{ LOAD_CT, NFT_CT_STATUS, 0 },
	[IR_CT_ORIG_DPORT] =	{ LOAD_CT_ORIGINAL, NFT_CT_PROTO_DST, 0 },
	[IR_FIB_REVERSE] =	{ LOAD_FIB, NFT_FIB_RESULT_OIF, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT },
	[IR_FIB_REVERSE_ANY] =	{ LOAD_FIB, NFT_FIB_RESULT_OIF, NFTA_FIB_F_SADDR | NFTA_FIB_F_PRESENT },
	[IR_FIB_DADDR_TYPE] =	{ LOAD_FIB, NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR }
};

static struct nftnl_expr *
expr_new(const char *name)
{
	struct nftnl_expr *e;

	e = nftnl_expr_alloc(name);
	if (e == NULL)
		fatalx("nft", "cannot make a %s expression", name);
	return e;
}

static struct nftnl_expr *
add(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e;

	e = expr_new(name);
	nftnl_rule_add_expr(r, e);
	return e;
}

/* The 16-byte registers and the 4-byte ones are the same memory under two numberings; the kernel tells the longest. */
static uint32_t
reg_number(unsigned words)
{
	return words % 4 == 0 ? NFT_REG_1 + words / 4 : NFT_REG32_00 + words;
}

static void
put_payload(struct nftnl_rule *r, uint32_t base, uint32_t offset, uint32_t len, uint32_t reg)
{
	struct nftnl_expr *e;

	e = add(r, "payload");
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, offset);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
}

/* len: only so many of the field's first bytes (payload). */
static void
put_load(struct nftnl_rule *r, uint8_t field, unsigned len, uint32_t reg)
{
	const struct load *l;
	struct nftnl_expr *e;

	l = &loads[field];
	switch ((enum load_kind)l->kind) {
	case LOAD_META:
		e = add(r, "meta");
		nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, l->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg);
		break;
	case LOAD_NETWORK:
		put_payload(r, NFT_PAYLOAD_NETWORK_HEADER, l->key, len, reg);
		break;
	case LOAD_TRANSPORT:
		put_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, l->key, len, reg);
		break;
	case LOAD_CT:
	case LOAD_CT_ORIGINAL:
		e = add(r, "ct");
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_KEY, l->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_CT_DREG, reg);
		if (l->kind == LOAD_CT_ORIGINAL)
			nftnl_expr_set_u8(e, NFTNL_EXPR_CT_DIR, 0);
		break;
	case LOAD_FIB:
		e = add(r, "fib");
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_DREG, reg);
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_RESULT, l->key);
		nftnl_expr_set_u32(e, NFTNL_EXPR_FIB_FLAGS, l->flags);
		break;
	case LOAD_NONE:
		fatalx("nft", "field %u cannot be loaded", field);
	}
}

static void
put_cmp(struct nftnl_rule *r, uint32_t op, const void *data, unsigned len)
{
	struct nftnl_expr *e;

	e = add(r, "cmp");
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, op);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len);
}

static void
put_mask(struct nftnl_rule *r, const void *mask, unsigned len)
{
	static const uint8_t zero[IR_VALUE_MAX];
	struct nftnl_expr *e;

	e = add(r, "bitwise");
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len);
	nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, zero, len);
}

static void
put_range(struct nftnl_rule *r, const struct ir_stmt *s, unsigned len)
{
	struct nftnl_expr *e;

	if (s->cmp == IR_RANGE) {
		put_cmp(r, NFT_CMP_GTE, s->match.lo, len);
		put_cmp(r, NFT_CMP_LTE, s->match.hi, len);
		return;
	}
	e = add(r, "range");
	nftnl_expr_set_u32(e, NFTNL_EXPR_RANGE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_RANGE_OP, NFT_RANGE_NEQ);
	nftnl_expr_set(e, NFTNL_EXPR_RANGE_FROM_DATA, s->match.lo, len);
	nftnl_expr_set(e, NFTNL_EXPR_RANGE_TO_DATA, s->match.hi, len);
}

/* A prefix of whole bytes needs no mask: only those bytes are loaded. */
static void
put_prefix(struct nftnl_rule *r, const struct ir_stmt *s, unsigned len)
{
	uint8_t mask[IR_VALUE_MAX], value[IR_VALUE_MAX];
	unsigned i;

	if (s->bits % 8 == 0) {
		put_load(r, s->field, s->bits / 8u, NFT_REG_1);
		put_cmp(r, s->cmp == IR_PREFIX ? NFT_CMP_EQ : NFT_CMP_NEQ, s->match.lo, s->bits / 8u);
		return;
	}
	memset(mask, 0, sizeof(mask));
	memset(mask, 0xff, s->bits / 8u);
	mask[s->bits / 8u] = (uint8_t)(0xff << (8 - s->bits % 8));
	for (i = 0; i < len; i++)
		value[i] = s->match.lo[i] & mask[i];
	put_load(r, s->field, len, NFT_REG_1);
	put_mask(r, mask, len);
	put_cmp(r, s->cmp == IR_PREFIX ? NFT_CMP_EQ : NFT_CMP_NEQ, value, len);
}

static struct nftnl_expr *
put_lookup(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;
	unsigned i, words;

	if (s->set->nfields == 1) {
		put_load(r, s->field, ir_field_info(s->field)->len, NFT_REG_1);
	} else {
		for (i = 0, words = 0; i < s->set->nfields; i++) {
			put_load(r, s->set->fields[i], ir_field_info(s->set->fields[i])->len, reg_number(words));
			words += (ir_field_info(s->set->fields[i])->len + 3u) / 4;
		}
	}
	e = add(r, "lookup");
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, s->set->name);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, NFT_REG_1);
	return e;
}

static void
put_match(struct nftnl_rule *r, const struct ir_stmt *s)
{
	static const uint8_t zero[IR_VALUE_MAX];
	unsigned len;

	len = ir_field_info(s->field)->len;
	switch ((enum ir_cmp)s->cmp) {
	case IR_EQ:
	case IR_NE:
		put_load(r, s->field, len, NFT_REG_1);
		put_cmp(r, s->cmp == IR_EQ ? NFT_CMP_EQ : NFT_CMP_NEQ, s->match.lo, len);
		break;
	case IR_RANGE:
	case IR_NOT_RANGE:
		put_load(r, s->field, len, NFT_REG_1);
		put_range(r, s, len);
		break;
	case IR_PREFIX:
	case IR_NOT_PREFIX:
		put_prefix(r, s, len);
		break;
	case IR_ANY_BIT:
		put_load(r, s->field, len, NFT_REG_1);
		put_mask(r, s->match.lo, len);
		put_cmp(r, NFT_CMP_NEQ, zero, len);
		break;
	case IR_IN_SET:
		put_lookup(r, s);
		break;
	case IR_NOT_IN_SET:
		nftnl_expr_set_u32(put_lookup(r, s), NFTNL_EXPR_LOOKUP_FLAGS, NFT_LOOKUP_F_INV);
		break;
	case IR_CMP_INVALID:
	case IR_CMP_MAX:
		fatalx("nft", "comparison %u", s->cmp);
	}
}

static void
set_limit(struct nftnl_expr *e, const struct ir_limit *l)
{
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_RATE, l->rate);
	nftnl_expr_set_u64(e, NFTNL_EXPR_LIMIT_UNIT, l->seconds);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_BURST, l->burst);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_TYPE, NFT_LIMIT_PKTS);
	if (l->is_over)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LIMIT_FLAGS, NFT_LIMIT_F_INV);
}

static void
put_meter(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e, *limit;

	put_load(r, s->field, ir_field_info(s->field)->len, NFT_REG_1);
	e = add(r, "dynset");
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, NFT_DYNSET_OP_UPDATE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, s->set->name);
	limit = expr_new("limit");
	set_limit(limit, &s->limit);
	nftnl_expr_add_expr(e, NFTNL_EXPR_DYNSET_EXPR, limit);
}

static void
put_verdict(struct nftnl_rule *r, int32_t code, const char *chain)
{
	struct nftnl_expr *e;

	e = add(r, "immediate");
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)code);
	if (chain != NULL)
		nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain);
}

static void
put_reject(struct nftnl_rule *r, bool is_reset)
{
	struct nftnl_expr *e;

	e = add(r, "reject");
	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, is_reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, is_reset ? 0 : NFT_REJECT_ICMPX_ADMIN_PROHIBITED);
}

static void
put_immediate(struct nftnl_rule *r, uint32_t reg, const void *data, unsigned len)
{
	struct nftnl_expr *e;

	e = add(r, "immediate");
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, reg);
	nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, data, len);
}

static void
put_dnat(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;
	uint32_t flags;
	uint16_t port;

	flags = NF_NAT_RANGE_MAP_IPS;
	put_immediate(r, NFT_REG_1, s->nat.addr, s->nat.family == NFPROTO_IPV4 ? 4 : 16);
	if (s->nat.port != 0) {
		port = htons(s->nat.port);
		put_immediate(r, NFT_REG_2, &port, sizeof(port));
		flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	}
	e = add(r, "nat");
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE, NFT_NAT_DNAT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FAMILY, s->nat.family);
	/* The kernel fills in the upper ends and dumps them: they are sent, so that what comes back is what was meant. */
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MAX, NFT_REG_1);
	if (s->nat.port != 0) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, NFT_REG_2);
		nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MAX, NFT_REG_2);
	}
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FLAGS, flags);
}

static void
put_log(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;

	e = add(r, "log");
	nftnl_expr_set_str(e, NFTNL_EXPR_LOG_PREFIX, s->log.prefix);
	nftnl_expr_set_u16(e, NFTNL_EXPR_LOG_GROUP, s->log.group);
}

static void
put_counter(struct nftnl_rule *r, const struct ir_rule *rule)
{
	struct nftnl_expr *e;

	e = add(r, "counter");
	if (rule->packets == 0 && rule->bytes == 0)
		return;
	nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_PACKETS, rule->packets);
	nftnl_expr_set_u64(e, NFTNL_EXPR_CTR_BYTES, rule->bytes);
}

static void
put_stmt(struct nftnl_rule *r, const struct ir_rule *rule, const struct ir_stmt *s)
{
	switch ((enum ir_kind)s->kind) {
	case IR_MATCH:
		put_match(r, s);
		break;
	case IR_LIMIT:
		set_limit(add(r, "limit"), &s->limit);
		break;
	case IR_METER:
		put_meter(r, s);
		break;
	case IR_COUNTER:
		put_counter(r, rule);
		break;
	case IR_LOG:
		put_log(r, s);
		break;
	case IR_ACCEPT:
		put_verdict(r, NF_ACCEPT, NULL);
		break;
	case IR_DROP:
		put_verdict(r, NF_DROP, NULL);
		break;
	case IR_RETURN:
		put_verdict(r, NFT_RETURN, NULL);
		break;
	case IR_JUMP:
		put_verdict(r, NFT_JUMP, s->chain);
		break;
	case IR_GOTO:
		put_verdict(r, NFT_GOTO, s->chain);
		break;
	case IR_VMAP:
		nftnl_expr_set_u32(put_lookup(r, s), NFTNL_EXPR_LOOKUP_DREG, NFT_REG_VERDICT);
		break;
	case IR_REJECT_TCP_RESET:
	case IR_REJECT_ADMIN:
		put_reject(r, s->kind == IR_REJECT_TCP_RESET);
		break;
	case IR_MASQUERADE:
		add(r, "masq");
		break;
	case IR_DNAT:
		put_dnat(r, s);
		break;
	case IR_KIND_INVALID:
	case IR_KIND_MAX:
		fatalx("nft", "statement %u", s->kind);
	}
}

void
nft_expr_put(struct nftnl_rule *r, const struct ir_rule *rule)
{
	unsigned i;

	for (i = 0; i < rule->n; i++)
		put_stmt(r, rule, &rule->stmts[i]);
}
