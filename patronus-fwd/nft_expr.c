/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <assert.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_nat.h>
#include <linux/netfilter/nf_synproxy.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libnftnl/expr.h>
#include <libnftnl/rule.h>

#include "base/log.h"

#include "ir_field.h"
#include "nft_expr.h"
#include "nft_object.h"

/* Statements of the intermediate form to expressions: load a field into a register, compare, look up, act. */

enum load_kind {
	LOAD_NONE = 0,
	LOAD_META,
	LOAD_META_NETWORK_ORDER,	/* a number of the host, to be compared with ranges */
	LOAD_LINK,		/* link-layer header at offset */
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
	[IR_TCP_FLAGS] =	{ LOAD_TRANSPORT, 13, 0 },
	[IR_TOS4] =		{ LOAD_NETWORK, 1, 0 },
	[IR_TOS6] =		{ LOAD_NETWORK, 0, 0 },
	[IR_LENGTH] =		{ LOAD_META_NETWORK_ORDER, NFT_META_LEN, 0 },
	[IR_MARK] =		{ LOAD_META, NFT_META_MARK, 0 },
	[IR_CT_MARK] =		{ LOAD_CT, NFT_CT_MARK, 0 },
	[IR_IIF_TYPE] =		{ LOAD_META, NFT_META_IIFTYPE, 0 },
	[IR_MAC_SADDR] =	{ LOAD_LINK, 6, 0 },
	[IR_CT_STATE] =		{ LOAD_CT, NFT_CT_STATE, 0 },
	[IR_CT_STATUS] =	{ LOAD_CT, NFT_CT_STATUS, 0 },
	[IR_CT_ORIG_DPORT] =	{ LOAD_CT_ORIGINAL, NFT_CT_PROTO_DST, 0 },
	[IR_FIB_REVERSE] =	{ LOAD_FIB, NFT_FIB_RESULT_OIF, NFTA_FIB_F_SADDR | NFTA_FIB_F_IIF | NFTA_FIB_F_PRESENT },
	[IR_FIB_REVERSE_ANY] =	{ LOAD_FIB, NFT_FIB_RESULT_OIF, NFTA_FIB_F_SADDR | NFTA_FIB_F_PRESENT },
	[IR_FIB_SADDR_TYPE] =	{ LOAD_FIB, NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_SADDR },
	[IR_FIB_DADDR_TYPE] =	{ LOAD_FIB, NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR },
	[IR_MAC_DADDR] =	{ LOAD_LINK, 0, 0 },
	[IR_ETHER_TYPE] =	{ LOAD_META, NFT_META_PROTOCOL, 0 },
	[IR_TAG_TYPE] =		{ LOAD_LINK, 12, 0 },
	[IR_VLAN] =		{ LOAD_LINK, 14, 0 },
	[IR_ARP_OPERATION] =	{ LOAD_NETWORK, 6, 0 },
	[IR_ARP_SADDR4] =	{ LOAD_NETWORK, 14, 0 }
};

void
nft_sure(int result)
{
	if (result < 0)
		fatalx("nft", "out of memory");
}

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

static void
put_meta(struct nftnl_rule *r, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e;

	e = add(r, "meta");
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg);
}

static void
put_network_order(struct nftnl_rule *r, uint32_t reg)
{
	struct nftnl_expr *e;

	e = add(r, "byteorder");
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_DREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_OP, NFT_BYTEORDER_HTON);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_LEN, sizeof(uint32_t));
	nftnl_expr_set_u32(e, NFTNL_EXPR_BYTEORDER_SIZE, sizeof(uint32_t));
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
		put_meta(r, l->key, reg);
		break;
	case LOAD_META_NETWORK_ORDER:
		put_meta(r, l->key, reg);
		put_network_order(r, reg);
		break;
	case LOAD_LINK:
		put_payload(r, NFT_PAYLOAD_LL_HEADER, l->key, len, reg);
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
	nft_sure(nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, data, len));
}

static void
put_bitwise(struct nftnl_rule *r, const void *mask, const void *xor, unsigned len)
{
	struct nftnl_expr *e;

	e = add(r, "bitwise");
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_DREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_BITWISE_LEN, len);
	nft_sure(nftnl_expr_set(e, NFTNL_EXPR_BITWISE_MASK, mask, len));
	nft_sure(nftnl_expr_set(e, NFTNL_EXPR_BITWISE_XOR, xor, len));
}

static void
put_mask(struct nftnl_rule *r, const void *mask, unsigned len)
{
	static const uint8_t zero[IR_VALUE_MAX];

	put_bitwise(r, mask, zero, len);
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
	nft_sure(nftnl_expr_set(e, NFTNL_EXPR_RANGE_FROM_DATA, s->match.lo, len));
	nft_sure(nftnl_expr_set(e, NFTNL_EXPR_RANGE_TO_DATA, s->match.hi, len));
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

/* Of the statement's set. */
static void
put_key(struct nftnl_rule *r, const struct ir_stmt *s)
{
	unsigned i, words;

	if (s->set->nfields == 1) {
		put_load(r, s->field, ir_field_info(s->field)->len, NFT_REG_1);
		return;
	}
	for (i = 0, words = 0; i < s->set->nfields; i++) {
		put_load(r, s->set->fields[i], ir_field_info(s->set->fields[i])->len, reg_number(words));
		words += (ir_field_info(s->set->fields[i])->len + 3u) / 4;
	}
}

static struct nftnl_expr *
put_lookup(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;

	put_key(r, s);
	e = add(r, "lookup");
	nft_sure(nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, s->set->name));
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
	case IR_MASKED:
		put_load(r, s->field, len, NFT_REG_1);
		put_mask(r, s->match.hi, len);
		put_cmp(r, NFT_CMP_EQ, s->match.lo, len);
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
set_connections(struct nftnl_expr *e, const struct ir_connections *c)
{
	nftnl_expr_set_u32(e, NFTNL_EXPR_CONNLIMIT_COUNT, c->max);
	if (c->is_over)
		nftnl_expr_set_u32(e, NFTNL_EXPR_CONNLIMIT_FLAGS, NFT_CONNLIMIT_F_INV);
}

/* An element keeps its count of connections by itself: nothing renews it. */
static void
put_meter(struct nftnl_rule *r, const struct ir_stmt *s)
{
	uint8_t mask[IR_VALUE_MAX] = { 0 };
	struct nftnl_expr *e, *state;

	put_key(r, s);
	if (s->bits > 0) {
		memset(mask, 0xff, s->bits / 8u);
		put_mask(r, mask, ir_field_info(s->field)->len);
	}
	e = add(r, "dynset");
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_OP, s->kind == IR_METER ? NFT_DYNSET_OP_UPDATE : NFT_DYNSET_OP_ADD);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DYNSET_SREG_KEY, NFT_REG_1);
	nft_sure(nftnl_expr_set_str(e, NFTNL_EXPR_DYNSET_SET_NAME, s->set->name));
	state = expr_new(s->kind == IR_METER ? "limit" : "connlimit");
	if (s->kind == IR_METER)
		set_limit(state, &s->limit);
	else
		set_connections(state, &s->connections);
	nftnl_expr_add_expr(e, NFTNL_EXPR_DYNSET_EXPR, state);
}

static void
put_verdict(struct nftnl_rule *r, int32_t code, const char *chain)
{
	struct nftnl_expr *e;

	e = add(r, "immediate");
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, (uint32_t)code);
	if (chain != NULL)
		nft_sure(nftnl_expr_set_str(e, NFTNL_EXPR_IMM_CHAIN, chain));
}

static void
put_reject(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;
	bool is_reset;

	is_reset = s->kind == IR_REJECT_TCP_RESET;
	e = add(r, "reject");
	nftnl_expr_set_u32(e, NFTNL_EXPR_REJECT_TYPE, is_reset ? NFT_REJECT_TCP_RST : NFT_REJECT_ICMPX_UNREACH);
	nftnl_expr_set_u8(e, NFTNL_EXPR_REJECT_CODE, is_reset ? 0 : s->code);
}

static void
put_immediate(struct nftnl_rule *r, uint32_t reg, const void *data, unsigned len)
{
	struct nftnl_expr *e;

	e = add(r, "immediate");
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, reg);
	nft_sure(nftnl_expr_set(e, NFTNL_EXPR_IMM_DATA, data, len));
}

static void
put_set_mark(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;
	uint32_t keep;

	keep = ~s->write.mask;
	if (keep == 0) {
		put_immediate(r, NFT_REG_1, &s->write.value, sizeof(s->write.value));
	} else {
		put_load(r, s->kind == IR_SET_MARK ? IR_MARK : IR_CT_MARK, sizeof(keep), NFT_REG_1);
		put_bitwise(r, &keep, &s->write.value, sizeof(keep));
	}
	e = add(r, s->kind == IR_SET_MARK ? "meta" : "ct");
	nftnl_expr_set_u32(e, s->kind == IR_SET_MARK ? NFTNL_EXPR_META_KEY : NFTNL_EXPR_CT_KEY,
	    s->kind == IR_SET_MARK ? NFT_META_MARK : NFT_CT_MARK);
	nftnl_expr_set_u32(e, s->kind == IR_SET_MARK ? NFTNL_EXPR_META_SREG : NFTNL_EXPR_CT_SREG, NFT_REG_1);
}

/* Both headers have the six bits within their first two bytes, which a checksum of 16-bit words needs whole. */
static void
put_set_dscp(struct nftnl_rule *r, const struct ir_stmt *s)
{
	static const uint8_t keep4[] = { 0xff, 0x03 }, keep6[] = { 0xf0, 0x3f };
	struct nftnl_expr *e;
	uint8_t bits[2];
	bool is_v4;

	is_v4 = s->kind == IR_SET_DSCP4;
	bits[0] = (uint8_t)(is_v4 ? 0 : s->write.value >> 2);
	bits[1] = (uint8_t)(is_v4 ? s->write.value << 2 : s->write.value << 6);
	put_payload(r, NFT_PAYLOAD_NETWORK_HEADER, 0, sizeof(bits), NFT_REG_1);
	put_bitwise(r, is_v4 ? keep4 : keep6, bits, sizeof(bits));
	e = add(r, "payload");
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, NFT_PAYLOAD_NETWORK_HEADER);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, 0);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, sizeof(bits));
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_CSUM_TYPE, is_v4 ? NFT_PAYLOAD_CSUM_INET : NFT_PAYLOAD_CSUM_NONE);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, is_v4 ? 10 : 0);
}

static void
put_queue(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;

	e = add(r, "queue");
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_NUM, s->queue.number);
	nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_TOTAL, 1);
	if (s->queue.is_open)
		nftnl_expr_set_u16(e, NFTNL_EXPR_QUEUE_FLAGS, NFT_QUEUE_FLAG_BYPASS);
}

static void
put_synproxy(struct nftnl_rule *r, const struct ir_stmt *s)
{
	const struct ir_synproxy *p = &s->synproxy;
	struct nftnl_expr *e;

	e = add(r, "synproxy");
	nftnl_expr_set_u16(e, NFTNL_EXPR_SYNPROXY_MSS, p->mss);
	nftnl_expr_set_u8(e, NFTNL_EXPR_SYNPROXY_WSCALE, p->window_scale);
	nftnl_expr_set_u32(e, NFTNL_EXPR_SYNPROXY_FLAGS, NF_SYNPROXY_OPT_MSS | NF_SYNPROXY_OPT_WSCALE |
	    (p->has_timestamps ? NF_SYNPROXY_OPT_TIMESTAMP : 0) | (p->has_selective_ack ? NF_SYNPROXY_OPT_SACK_PERM : 0));
}

static uint32_t
nat_flags(const struct ir_nat *n)
{
	return (n->is_network ? NF_NAT_RANGE_NETMAP : 0) | (n->is_random ? NF_NAT_RANGE_PROTO_RANDOM_ALL : 0) |
	    (n->is_persistent ? NF_NAT_RANGE_PERSISTENT : 0);
}

static void
put_nat(struct nftnl_rule *r, const struct ir_stmt *s)
{
	unsigned len = s->nat.family == NFPROTO_IPV4 ? 4 : 16;
	struct nftnl_expr *e;
	uint32_t flags, last;
	uint16_t port;

	flags = NF_NAT_RANGE_MAP_IPS | nat_flags(&s->nat);
	put_immediate(r, NFT_REG_1, s->nat.addr, len);
	last = NFT_REG_1;
	if (memcmp(s->nat.addr, s->nat.last, len) != 0) {
		put_immediate(r, NFT_REG_3, s->nat.last, len);
		last = NFT_REG_3;
	}
	if (s->nat.port != 0) {
		port = htons(s->nat.port);
		put_immediate(r, NFT_REG_2, &port, sizeof(port));
		flags |= NF_NAT_RANGE_PROTO_SPECIFIED;
	}
	e = add(r, "nat");
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_TYPE, s->kind == IR_DNAT ? NFT_NAT_DNAT : NFT_NAT_SNAT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FAMILY, s->nat.family);
	/* The kernel fills in the upper ends and dumps them: they are sent, so that what comes back is what was meant. */
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MIN, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_ADDR_MAX, last);
	if (s->nat.port != 0) {
		nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MIN, NFT_REG_2);
		nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_REG_PROTO_MAX, NFT_REG_2);
	}
	nftnl_expr_set_u32(e, NFTNL_EXPR_NAT_FLAGS, flags);
}

static void
put_masquerade(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;

	e = add(r, "masq");
	if (s->nat.is_random)
		nftnl_expr_set_u32(e, NFTNL_EXPR_MASQ_FLAGS, nat_flags(&s->nat));
}

#define HASH_SEED_SOURCE	0x70617472	/* any, but always the same: the same caller, the same host */

static void
put_choice(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;

	if (s->choice.draw == IR_DRAW_SOURCE) {
		put_load(r, IR_SADDR4, 4, NFT_REG_2);
		e = add(r, "hash");
		nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_SREG, NFT_REG_2);
		nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_DREG, NFT_REG_1);
		nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_LEN, 4);
		nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_MODULUS, s->choice.modulus);
		nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_SEED, HASH_SEED_SOURCE);
		nftnl_expr_set_u32(e, NFTNL_EXPR_HASH_TYPE, NFT_HASH_JENKINS);
	} else {
		e = add(r, "numgen");
		nftnl_expr_set_u32(e, NFTNL_EXPR_NG_DREG, NFT_REG_1);
		nftnl_expr_set_u32(e, NFTNL_EXPR_NG_MODULUS, s->choice.modulus);
		nftnl_expr_set_u32(e, NFTNL_EXPR_NG_TYPE, s->choice.draw == IR_DRAW_TURN ? NFT_NG_INCREMENTAL : NFT_NG_RANDOM);
	}
	put_cmp(r, NFT_CMP_EQ, &s->choice.value, sizeof(s->choice.value));
}

static void
put_log(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e;

	e = add(r, "log");
	nft_sure(nftnl_expr_set_str(e, NFTNL_EXPR_LOG_PREFIX, s->log.prefix));
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
put_object(struct nftnl_rule *r, const struct ir_stmt *s)
{
	struct nftnl_expr *e = add(r, "objref");

	nftnl_expr_set_u32(e, NFTNL_EXPR_OBJREF_IMM_TYPE, nft_object_type(s->object));
	nft_sure(nftnl_expr_set_str(e, NFTNL_EXPR_OBJREF_IMM_NAME, s->object->name));
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
	case IR_CONNECTIONS_METER:
		put_meter(r, s);
		break;
	case IR_CONNECTIONS:
		set_connections(add(r, "connlimit"), &s->connections);
		break;
	case IR_SET_MARK:
	case IR_SET_CT_MARK:
		put_set_mark(r, s);
		break;
	case IR_SET_DSCP4:
	case IR_SET_DSCP6:
		put_set_dscp(r, s);
		break;
	case IR_SET_HELPER:
	case IR_SET_TIMEOUT:
		put_object(r, s);
		break;
	case IR_NO_TRACKING:
		add(r, "notrack");
		break;
	case IR_QUEUE:
		put_queue(r, s);
		break;
	case IR_SYNPROXY:
		put_synproxy(r, s);
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
	case IR_REJECT:
		put_reject(r, s);
		break;
	case IR_MASQUERADE:
		put_masquerade(r, s);
		break;
	case IR_DNAT:
	case IR_SNAT:
		put_nat(r, s);
		break;
	case IR_CHOOSE:
		put_choice(r, s);
		break;
	case IR_FLOW:
		nft_sure(nftnl_expr_set_str(add(r, "flow_offload"), NFTNL_EXPR_FLOW_TABLE_NAME, s->flowtable));
		break;
	case IR_KIND_INVALID:
	case IR_KIND_MAX:
		fatalx("nft", "statement %u", s->kind);
	}
}

/*
 * What stands for a statement where packets are only judged.  Marks are written, because later rules may ask for them.  A packet that is let through
 * is judged once more, by the table that counts, logs, refuses with an answer, translates and answers SYN packets.
 */
static const uint8_t judging[IR_KIND_MAX] = {
	[IR_MATCH] = IR_MATCH, [IR_LIMIT] = IR_LIMIT, [IR_METER] = IR_METER, [IR_CONNECTIONS] = IR_CONNECTIONS,
	[IR_CONNECTIONS_METER] = IR_CONNECTIONS_METER, [IR_ACCEPT] = IR_ACCEPT, [IR_DROP] = IR_DROP, [IR_RETURN] = IR_RETURN, [IR_JUMP] = IR_JUMP,
	[IR_GOTO] = IR_GOTO, [IR_VMAP] = IR_VMAP, [IR_REJECT_TCP_RESET] = IR_DROP, [IR_REJECT] = IR_DROP, [IR_SET_MARK] = IR_SET_MARK,
	[IR_SET_CT_MARK] = IR_SET_CT_MARK, [IR_QUEUE] = IR_QUEUE, [IR_SYNPROXY] = IR_ACCEPT, [IR_CHOOSE] = IR_CHOOSE
};

void
nft_expr_put(struct nftnl_rule *r, const struct ir_rule *rule, bool judges_only)
{
	struct ir_stmt s;
	unsigned i;

	for (i = 0; i < rule->n; i++) {
		s = rule->stmts[i];
		if (judges_only)
			s.kind = judging[s.kind];
		if (s.kind != IR_KIND_INVALID || !judges_only)
			put_stmt(r, rule, &s);
	}
}
