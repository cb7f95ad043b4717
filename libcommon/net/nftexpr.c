/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_log.h>
#include <linux/netfilter/nf_tables.h>
#include <stdbool.h>
#include <string.h>

#include "net/nftexpr.h"
#include "net/nftwalk.h"
#include "net/nlmsg.h"

#define REG		{ .kind = POLICY_BE32, .max = NFT_REG32_15 }
#define REG_REQUIRED	{ .kind = POLICY_BE32, .max = NFT_REG32_15, .is_required = true }
#define BE32(lo, hi)	{ .kind = POLICY_BE32, .min = lo, .max = hi }
#define BE32_REQ(lo, hi) { .kind = POLICY_BE32, .min = lo, .max = hi, .is_required = true }
#define BITS(bits)	{ .kind = POLICY_BEBITS32, .max = bits }
#define BE64		{ .kind = POLICY_BE64 }
#define OBJECT_NAME	{ .kind = POLICY_NAME, .max = NFT_NAME_MAXLEN - 1 }
#define DATA_REQUIRED	{ .kind = POLICY_NEST, .nested = &nftexpr_data_policy, .is_required = true }
#define DATA		{ .kind = POLICY_NEST, .nested = &nftexpr_data_policy }
#define NAT_FLAGS	0x7f	/* NF_NAT_RANGE_* */

/* --- data --- */

static int
verdict_check(struct policy_walk *w, const struct nl_attr *a)
{
	/* Not NF_QUEUE, NF_STOLEN or an errno in the upper half: kernels have fallen by those. */
	switch ((int32_t)nlattr_be32(a)) {
	case NF_DROP:
	case NF_ACCEPT:
	case NFT_CONTINUE:
	case NFT_BREAK:
	case NFT_JUMP:
	case NFT_GOTO:
	case NFT_RETURN:
		return 0;
	default:
		return policy_refuse(w, a->offset, a->type, "verdict that is not allowed");
	}
}

static const struct policy_attr verdict_attrs[] = {
	[NFTA_VERDICT_CODE] = { .kind = POLICY_BE32, .max = UINT32_MAX, .is_required = true, .check = verdict_check },
	[NFTA_VERDICT_CHAIN] = OBJECT_NAME,
};
static const struct policy verdict_policy = POLICY(verdict_attrs);

static const struct policy_attr data_attrs[] = {
	[NFTA_DATA_VALUE] = { .kind = POLICY_BYTES, .min = 1, .max = NFT_DATA_VALUE_MAXLEN },
	[NFTA_DATA_VERDICT] = { .kind = POLICY_NEST, .nested = &verdict_policy },
};
const struct policy nftexpr_data_policy = POLICY(data_attrs);

/* --- expressions --- */

/* What may be written into a packet's metadata: not its security mark. */
static int
meta_check(struct policy_walk *w, const struct nl_reader *r)
{
	struct nl_attr key, sreg;

	if (!nlattr_find(*r, NFTA_META_SREG, &sreg) || !nlattr_find(*r, NFTA_META_KEY, &key))
		return 0;
	if (w->is_narrow)
		return policy_refuse(w, sreg.offset, sreg.type, "metadata that may not be set");
	switch (nlattr_be32(&key)) {
	case NFT_META_MARK:
	case NFT_META_PRIORITY:
	case NFT_META_NFTRACE:
	case NFT_META_PKTTYPE:
		return 0;
	default:
		return policy_refuse(w, key.offset, key.type, "metadata that may not be set");
	}
}

static const struct policy_attr meta_attrs[] = {
	[NFTA_META_DREG] = REG, [NFTA_META_KEY] = BE32_REQ(0, NFT_META_SDIFNAME), [NFTA_META_SREG] = REG,
};
static const struct policy meta_policy = { meta_attrs, sizeof(meta_attrs) / sizeof(meta_attrs[0]), meta_check };

static int
ct_check(struct policy_walk *w, const struct nl_reader *r)
{
	struct nl_attr key, sreg;

	if (!nlattr_find(*r, NFTA_CT_SREG, &sreg) || !nlattr_find(*r, NFTA_CT_KEY, &key))
		return 0;
	switch (nlattr_be32(&key)) {
	case NFT_CT_MARK:
	case NFT_CT_LABELS:
	case NFT_CT_ZONE:
	case NFT_CT_EVENTMASK:
		return 0;
	default:
		return policy_refuse(w, key.offset, key.type, "conntrack field that may not be set");
	}
}

static const struct policy_attr ct_attrs[] = {
	[NFTA_CT_DREG] = REG, [NFTA_CT_KEY] = BE32_REQ(0, NFT_CT_ID), [NFTA_CT_DIRECTION] = { .kind = POLICY_U8, .max = 1 },
	[NFTA_CT_SREG] = REG,
};
static const struct policy ct_policy = { ct_attrs, sizeof(ct_attrs) / sizeof(ct_attrs[0]), ct_check };

/* Another MAC address in a frame that is forwarded is another receiver. */
static int
payload_check(struct policy_walk *w, const struct nl_reader *r)
{
	struct nl_attr sreg;

	if (!w->is_narrow || !nlattr_find(*r, NFTA_PAYLOAD_SREG, &sreg))
		return 0;
	return policy_refuse(w, sreg.offset, sreg.type, "payload that may not be set");
}

static const struct policy_attr payload_attrs[] = {
	[NFTA_PAYLOAD_DREG] = REG, [NFTA_PAYLOAD_SREG] = REG,
	[NFTA_PAYLOAD_BASE] = BE32_REQ(NFT_PAYLOAD_LL_HEADER, NFT_PAYLOAD_INNER_HEADER),
	[NFTA_PAYLOAD_OFFSET] = BE32_REQ(0, 255), [NFTA_PAYLOAD_LEN] = BE32_REQ(1, 64),
	[NFTA_PAYLOAD_CSUM_TYPE] = BE32(0, NFT_PAYLOAD_CSUM_SCTP), [NFTA_PAYLOAD_CSUM_OFFSET] = BE32(0, 255),
	[NFTA_PAYLOAD_CSUM_FLAGS] = BITS(NFT_PAYLOAD_L4CSUM_PSEUDOHDR),
};
static const struct policy_attr cmp_attrs[] = {
	[NFTA_CMP_SREG] = REG_REQUIRED, [NFTA_CMP_OP] = BE32_REQ(NFT_CMP_EQ, NFT_CMP_GTE), [NFTA_CMP_DATA] = DATA_REQUIRED,
};
static const struct policy_attr bitwise_attrs[] = {
	[NFTA_BITWISE_SREG] = REG_REQUIRED, [NFTA_BITWISE_DREG] = REG_REQUIRED, [NFTA_BITWISE_LEN] = BE32_REQ(1, 64),
	[NFTA_BITWISE_MASK] = DATA, [NFTA_BITWISE_XOR] = DATA,
	[NFTA_BITWISE_OP] = BE32(NFT_BITWISE_BOOL, NFT_BITWISE_RSHIFT), [NFTA_BITWISE_DATA] = DATA,
};
static const struct policy_attr byteorder_attrs[] = {
	[NFTA_BYTEORDER_SREG] = REG_REQUIRED, [NFTA_BYTEORDER_DREG] = REG_REQUIRED, [NFTA_BYTEORDER_OP] = BE32_REQ(0, NFT_BYTEORDER_HTON),
	[NFTA_BYTEORDER_LEN] = BE32_REQ(1, 64), [NFTA_BYTEORDER_SIZE] = BE32_REQ(2, 8),
};
static const struct policy_attr range_attrs[] = {
	[NFTA_RANGE_SREG] = REG_REQUIRED, [NFTA_RANGE_OP] = BE32_REQ(0, NFT_RANGE_NEQ), [NFTA_RANGE_FROM_DATA] = DATA_REQUIRED,
	[NFTA_RANGE_TO_DATA] = DATA_REQUIRED,
};
static const struct policy_attr lookup_attrs[] = {
	[NFTA_LOOKUP_SET] = OBJECT_NAME, [NFTA_LOOKUP_SREG] = REG_REQUIRED, [NFTA_LOOKUP_DREG] = REG,
	[NFTA_LOOKUP_SET_ID] = BE32(0, UINT32_MAX), [NFTA_LOOKUP_FLAGS] = BITS(NFT_LOOKUP_F_INV),
};
static const struct policy_attr immediate_attrs[] = {
	[NFTA_IMMEDIATE_DREG] = REG_REQUIRED, [NFTA_IMMEDIATE_DATA] = DATA_REQUIRED,
};
static const struct policy_attr counter_attrs[] = {
	[NFTA_COUNTER_BYTES] = BE64, [NFTA_COUNTER_PACKETS] = BE64,
};
static const struct policy_attr fib_attrs[] = {
	[NFTA_FIB_DREG] = REG_REQUIRED, [NFTA_FIB_RESULT] = BE32_REQ(NFT_FIB_RESULT_OIF, NFT_FIB_RESULT_ADDRTYPE),
	[NFTA_FIB_FLAGS] = BITS(0x3f),
};
static const struct policy_attr limit_attrs[] = {
	[NFTA_LIMIT_RATE] = BE64, [NFTA_LIMIT_UNIT] = BE64, [NFTA_LIMIT_BURST] = BE32(0, UINT32_MAX),
	[NFTA_LIMIT_TYPE] = BE32(0, NFT_LIMIT_PKT_BYTES), [NFTA_LIMIT_FLAGS] = BITS(NFT_LIMIT_F_INV),
};
/* To our reader only: no kernel log lines, nobody else's group. */
static const struct policy_attr log_attrs[] = {
	[NFTA_LOG_GROUP] = { .kind = POLICY_BE16, .min = NFTWALK_GROUP, .max = NFTWALK_GROUP, .is_required = true },
	[NFTA_LOG_PREFIX] = { .kind = POLICY_NAME, .max = NF_LOG_PREFIXLEN - 1 },
	[NFTA_LOG_SNAPLEN] = BE32(0, 65535), [NFTA_LOG_QTHRESHOLD] = { .kind = POLICY_BE16, .max = UINT16_MAX },
};
static const struct policy_attr nat_attrs[] = {
	[NFTA_NAT_TYPE] = BE32_REQ(NFT_NAT_SNAT, NFT_NAT_DNAT), [NFTA_NAT_FAMILY] = BE32_REQ(NFPROTO_IPV4, NFPROTO_IPV6),
	[NFTA_NAT_REG_ADDR_MIN] = REG, [NFTA_NAT_REG_ADDR_MAX] = REG, [NFTA_NAT_REG_PROTO_MIN] = REG,
	[NFTA_NAT_REG_PROTO_MAX] = REG, [NFTA_NAT_FLAGS] = BITS(NAT_FLAGS),
};
static const struct policy_attr masq_attrs[] = {
	[NFTA_MASQ_FLAGS] = BITS(NAT_FLAGS), [NFTA_MASQ_REG_PROTO_MIN] = REG, [NFTA_MASQ_REG_PROTO_MAX] = REG,
};
static const struct policy_attr redir_attrs[] = {
	[NFTA_REDIR_REG_PROTO_MIN] = REG, [NFTA_REDIR_REG_PROTO_MAX] = REG, [NFTA_REDIR_FLAGS] = BITS(NAT_FLAGS),
};
static const struct policy_attr reject_attrs[] = {
	[NFTA_REJECT_TYPE] = BE32_REQ(0, NFT_REJECT_ICMPX_UNREACH), [NFTA_REJECT_ICMP_CODE] = { .kind = POLICY_U8, .max = 255 },
};
static const struct policy_attr dynset_attrs[] = {
	[NFTA_DYNSET_SET_NAME] = { .kind = POLICY_NAME, .max = NFT_NAME_MAXLEN - 1, .is_required = true },
	[NFTA_DYNSET_SET_ID] = BE32(0, UINT32_MAX), [NFTA_DYNSET_OP] = BE32_REQ(0, NFT_DYNSET_OP_DELETE),
	[NFTA_DYNSET_SREG_KEY] = REG_REQUIRED, [NFTA_DYNSET_SREG_DATA] = REG, [NFTA_DYNSET_TIMEOUT] = BE64,
	[NFTA_DYNSET_EXPR] = { .kind = POLICY_NEST, .nested = &nftexpr_state_policy },
	[NFTA_DYNSET_FLAGS] = BITS(NFT_DYNSET_F_INV | NFT_DYNSET_F_EXPR),
	[NFTA_DYNSET_EXPRESSIONS] = { .kind = POLICY_LIST, .min = NFTA_LIST_ELEM, .nested = &nftexpr_state_policy },
};
static const struct policy_attr connlimit_attrs[] = {
	[NFTA_CONNLIMIT_COUNT] = BE32_REQ(0, UINT32_MAX), [NFTA_CONNLIMIT_FLAGS] = BITS(NFT_CONNLIMIT_F_INV),
};
static const struct policy_attr numgen_attrs[] = {
	[NFTA_NG_DREG] = REG_REQUIRED, [NFTA_NG_MODULUS] = BE32_REQ(1, UINT32_MAX), [NFTA_NG_TYPE] = BE32_REQ(0, NFT_NG_RANDOM),
	[NFTA_NG_OFFSET] = BE32(0, UINT32_MAX),
};
static const struct policy_attr hash_attrs[] = {
	[NFTA_HASH_SREG] = REG, [NFTA_HASH_DREG] = REG_REQUIRED, [NFTA_HASH_LEN] = BE32(1, 64),
	[NFTA_HASH_MODULUS] = BE32_REQ(1, UINT32_MAX), [NFTA_HASH_SEED] = BE32(0, UINT32_MAX),
	[NFTA_HASH_OFFSET] = BE32(0, UINT32_MAX), [NFTA_HASH_TYPE] = BE32(0, NFT_HASH_SYM),
};
static const struct policy_attr objref_attrs[] = {
	[NFTA_OBJREF_IMM_TYPE] = BE32(1, NFT_OBJECT_MAX), [NFTA_OBJREF_IMM_NAME] = OBJECT_NAME, [NFTA_OBJREF_SET_SREG] = REG,
	[NFTA_OBJREF_SET_NAME] = OBJECT_NAME, [NFTA_OBJREF_SET_ID] = BE32(0, UINT32_MAX),
};
static const struct policy_attr synproxy_attrs[] = {
	[NFTA_SYNPROXY_MSS] = { .kind = POLICY_BE16, .max = UINT16_MAX }, [NFTA_SYNPROXY_WSCALE] = { .kind = POLICY_U8, .max = 14 },
	[NFTA_SYNPROXY_FLAGS] = BITS(0x1f),
};
static const struct policy_attr flow_attrs[] = {
	[NFTA_FLOW_TABLE_NAME] = { .kind = POLICY_NAME, .max = NFT_NAME_MAXLEN - 1, .is_required = true },
};
static const struct policy_attr exthdr_attrs[] = {
	[NFTA_EXTHDR_DREG] = REG, [NFTA_EXTHDR_SREG] = REG, [NFTA_EXTHDR_TYPE] = { .kind = POLICY_U8, .max = 255, .is_required = true },
	[NFTA_EXTHDR_OFFSET] = BE32(0, 255), [NFTA_EXTHDR_LEN] = BE32(0, 255), [NFTA_EXTHDR_FLAGS] = BITS(NFT_EXTHDR_F_PRESENT),
	[NFTA_EXTHDR_OP] = BE32(0, NFT_EXTHDR_OP_SCTP),
};
static const struct policy_attr rt_attrs[] = {
	[NFTA_RT_DREG] = REG_REQUIRED, [NFTA_RT_KEY] = BE32_REQ(0, NFT_RT_XFRM),
};
static const struct policy_attr socket_attrs[] = {
	[NFTA_SOCKET_KEY] = BE32_REQ(0, NFT_SOCKET_WILDCARD), [NFTA_SOCKET_DREG] = REG_REQUIRED,
};
static const struct policy_attr quota_attrs[] = {
	[NFTA_QUOTA_BYTES] = BE64, [NFTA_QUOTA_FLAGS] = BITS(NFT_QUOTA_F_INV), [NFTA_QUOTA_CONSUMED] = BE64,
};
static const struct policy_attr queue_attrs[] = {
	[NFTA_QUEUE_NUM] = { .kind = POLICY_BE16, .max = UINT16_MAX },
	[NFTA_QUEUE_TOTAL] = { .kind = POLICY_BE16, .min = 1, .max = UINT16_MAX },
	[NFTA_QUEUE_FLAGS] = { .kind = POLICY_BE16, .max = 3 },
};
static const struct policy_attr none_attrs[] = { [0] = { .kind = POLICY_REFUSED } };

static const struct policy payload_policy = { payload_attrs, sizeof(payload_attrs) / sizeof(payload_attrs[0]), payload_check };

#define EXPR(name)	static const struct policy name##_policy = POLICY(name##_attrs)
EXPR(cmp); EXPR(bitwise); EXPR(byteorder); EXPR(range); EXPR(lookup); EXPR(immediate); EXPR(fib); EXPR(limit);
EXPR(log); EXPR(nat); EXPR(masq); EXPR(redir); EXPR(reject); EXPR(dynset); EXPR(connlimit); EXPR(numgen); EXPR(hash);
EXPR(objref); EXPR(synproxy); EXPR(flow); EXPR(exthdr); EXPR(rt); EXPR(socket); EXPR(quota); EXPR(queue); EXPR(none);
const struct policy nftexpr_counter_policy = POLICY(counter_attrs);

/* By the kernel's names.  The order is that of nftwalk_expressions(). */
static const char *const names[] = {
	"meta", "payload", "cmp", "bitwise", "byteorder", "range", "lookup", "immediate", "counter", "ct", "fib", "limit",
	"log", "nat", "masq", "redir", "reject", "dynset", "connlimit", "numgen", "hash", "objref", "notrack", "synproxy",
	"flow_offload", "exthdr", "rt", "socket", "quota", "queue", NULL,
};
static const struct policy *const policies[] = {
	&meta_policy, &payload_policy, &cmp_policy, &bitwise_policy, &byteorder_policy, &range_policy, &lookup_policy,
	&immediate_policy, &nftexpr_counter_policy, &ct_policy, &fib_policy, &limit_policy, &log_policy, &nat_policy, &masq_policy,
	&redir_policy, &reject_policy, &dynset_policy, &connlimit_policy, &numgen_policy, &hash_policy, &objref_policy,
	&none_policy, &synproxy_policy, &flow_policy, &exthdr_policy, &rt_policy, &socket_policy, &quota_policy, &queue_policy,
};
_Static_assert(sizeof(names) / sizeof(names[0]) == sizeof(policies) / sizeof(policies[0]) + 1, "a name for each policy");

const char *const *
nftwalk_expressions(void)
{
	return names;
}

const struct policy *
nftexpr_by_name(const char *name)
{
	size_t i;

	for (i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return policies[i];
	return NULL;
}

static bool
is_among(const char *name, const char *const *list)
{
	for (; *list != NULL; list++)
		if (strcmp(*list, name) == 0)
			return true;
	return false;
}

/* The name decides what the data may be. */
static int
expr_check(struct policy_walk *w, const struct nl_reader *r)
{
	static const char *const narrow[] = {
		"meta", "payload", "cmp", "bitwise", "range", "lookup", "immediate", "counter", "limit", "log", NULL
	};
	const struct policy *p;
	struct nl_attr name, data;
	struct nl_reader nested;

	if (!nlattr_find(*r, NFTA_EXPR_NAME, &name))
		return policy_refuse(w, r->base, NFTA_EXPR_NAME, "required attribute is missing");
	p = !w->is_narrow || is_among(nlattr_str(&name), narrow) ? nftexpr_by_name(nlattr_str(&name)) : NULL;
	if (p == NULL)
		return policy_refuse(w, name.offset, name.type, "expression that is not allowed");
	if (!nlattr_find(*r, NFTA_EXPR_DATA, &data)) {
		nested = (struct nl_reader){ .base = r->base };
		return policy_walk_attrs(w, nested, p);
	}
	if (w->depth >= POLICY_DEPTH_MAX)
		return policy_refuse(w, data.offset, data.type, "nested too deep");
	nlattr_reader_nested(&nested, &data);
	w->depth++;
	if (policy_walk_attrs(w, nested, p) != 0)
		return -EPERM;
	w->depth--;
	return 0;
}

/* Elements of sets hold state: counters and limits, nothing that acts. */
static int
state_check(struct policy_walk *w, const struct nl_reader *r)
{
	static const char *const stateful[] = { "counter", "limit", "connlimit", "quota", NULL };
	struct nl_attr name;

	if (nlattr_find(*r, NFTA_EXPR_NAME, &name) && is_among(nlattr_str(&name), stateful))
		return expr_check(w, r);
	return policy_refuse(w, r->base, NFTA_EXPR_NAME, "expression that is not allowed here");
}

static const struct policy_attr expr_attrs[] = {
	[NFTA_EXPR_NAME] = { .kind = POLICY_NAME, .max = 31, .is_required = true },
	[NFTA_EXPR_DATA] = { .kind = POLICY_CUSTOM },
};
const struct policy nftexpr_policy = { expr_attrs, sizeof(expr_attrs) / sizeof(expr_attrs[0]), expr_check };
const struct policy nftexpr_state_policy = { expr_attrs, sizeof(expr_attrs) / sizeof(expr_attrs[0]), state_check };
