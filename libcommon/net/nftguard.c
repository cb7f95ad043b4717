/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <netinet/icmp6.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/nftguard.h"
#include "net/nftwalk.h"
#include "net/nlmsg.h"

static size_t
message_begin(struct buf *b, uint16_t msg, uint16_t flags)
{
	struct nfgenmsg g = { .nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0 };

	return nlmsg_begin(b, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | msg), NLM_F_REQUEST | flags, 0, &g, sizeof(g));
}

static void
chain(struct buf *b, const char *name, uint32_t hook)
{
	size_t at = message_begin(b, NFT_MSG_NEWCHAIN, NLM_F_CREATE), nest;

	nlattr_put_str(b, NFTA_CHAIN_TABLE, NFTWALK_TABLE);
	nlattr_put_str(b, NFTA_CHAIN_NAME, name);
	nest = nlattr_begin(b, NFTA_CHAIN_HOOK);
	nlattr_put_be32(b, NFTA_HOOK_HOOKNUM, hook);
	nlattr_put_be32(b, NFTA_HOOK_PRIORITY, 0);
	nlattr_end(b, nest);
	nlattr_put_be32(b, NFTA_CHAIN_POLICY, NF_DROP);
	nlattr_put_str(b, NFTA_CHAIN_TYPE, "filter");
	nlmsg_end(b, at);
}

/* --- rules: a begin, expressions, an end that accepts --- */

struct rule {
	size_t	message;
	size_t	list;
};

static struct rule
rule_begin(struct buf *b, const char *name)
{
	struct rule r;

	r.message = message_begin(b, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nlattr_put_str(b, NFTA_RULE_TABLE, NFTWALK_TABLE);
	nlattr_put_str(b, NFTA_RULE_CHAIN, name);
	r.list = nlattr_begin(b, NFTA_RULE_EXPRESSIONS);
	return r;
}

struct expr {
	size_t	elem;
	size_t	data;
};

static struct expr
expr_begin(struct buf *b, const char *name)
{
	struct expr e;

	e.elem = nlattr_begin(b, NFTA_LIST_ELEM);
	nlattr_put_str(b, NFTA_EXPR_NAME, name);
	e.data = nlattr_begin(b, NFTA_EXPR_DATA);
	return e;
}

static void
expr_end(struct buf *b, struct expr e)
{
	nlattr_end(b, e.data);
	nlattr_end(b, e.elem);
}

static void
expr_load(struct buf *b, const char *name, uint16_t key_attr, uint32_t key, uint16_t dreg_attr)
{
	struct expr e = expr_begin(b, name);

	nlattr_put_be32(b, key_attr, key);
	nlattr_put_be32(b, dreg_attr, NFT_REG_1);
	expr_end(b, e);
}

static void
expr_cmp(struct buf *b, uint32_t op, const void *value, size_t len)
{
	struct expr e = expr_begin(b, "cmp");
	size_t nest;

	nlattr_put_be32(b, NFTA_CMP_SREG, NFT_REG_1);
	nlattr_put_be32(b, NFTA_CMP_OP, op);
	nest = nlattr_begin(b, NFTA_CMP_DATA);
	nlattr_put(b, NFTA_DATA_VALUE, value, len);
	nlattr_end(b, nest);
	expr_end(b, e);
}

static void
expr_mask(struct buf *b, uint32_t mask)
{
	struct expr e = expr_begin(b, "bitwise");
	uint32_t zero = 0;
	size_t nest;

	nlattr_put_be32(b, NFTA_BITWISE_SREG, NFT_REG_1);
	nlattr_put_be32(b, NFTA_BITWISE_DREG, NFT_REG_1);
	nlattr_put_be32(b, NFTA_BITWISE_LEN, sizeof(mask));
	nest = nlattr_begin(b, NFTA_BITWISE_MASK);
	nlattr_put(b, NFTA_DATA_VALUE, &mask, sizeof(mask));
	nlattr_end(b, nest);
	nest = nlattr_begin(b, NFTA_BITWISE_XOR);
	nlattr_put(b, NFTA_DATA_VALUE, &zero, sizeof(zero));
	nlattr_end(b, nest);
	expr_end(b, e);
}

static void
rule_accept(struct buf *b, struct rule r)
{
	struct expr e = expr_begin(b, "immediate");
	size_t nest, verdict;

	nlattr_put_be32(b, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	nest = nlattr_begin(b, NFTA_IMMEDIATE_DATA);
	verdict = nlattr_begin(b, NFTA_DATA_VERDICT);
	nlattr_put_be32(b, NFTA_VERDICT_CODE, NF_ACCEPT);
	nlattr_end(b, verdict);
	nlattr_end(b, nest);
	expr_end(b, e);
	nlattr_end(b, r.list);
	nlmsg_end(b, r.message);
}

static void
rule_loopback(struct buf *b, const char *name, uint32_t meta_key)
{
	struct rule r = rule_begin(b, name);
	uint32_t lo = 1;	/* the loopback device is always interface 1 of its namespace */

	expr_load(b, "meta", NFTA_META_KEY, meta_key, NFTA_META_DREG);
	expr_cmp(b, NFT_CMP_EQ, &lo, sizeof(lo));
	rule_accept(b, r);
}

static void
rule_established(struct buf *b, const char *name)
{
	struct rule r = rule_begin(b, name);
	uint32_t zero = 0;

	expr_load(b, "ct", NFTA_CT_KEY, NFT_CT_STATE, NFTA_CT_DREG);
	expr_mask(b, NF_CT_STATE_BIT(IP_CT_ESTABLISHED) | NF_CT_STATE_BIT(IP_CT_RELATED));
	expr_cmp(b, NFT_CMP_NEQ, &zero, sizeof(zero));
	rule_accept(b, r);
}

/* Router and neighbour solicitations and advertisements: without them an IPv6 link is not there. */
static void
rule_neighbour(struct buf *b, const char *name)
{
	struct rule r = rule_begin(b, name);
	uint8_t proto = IPPROTO_ICMPV6, first = ND_ROUTER_SOLICIT, last = ND_NEIGHBOR_ADVERT;
	struct expr e;

	expr_load(b, "meta", NFTA_META_KEY, NFT_META_L4PROTO, NFTA_META_DREG);
	expr_cmp(b, NFT_CMP_EQ, &proto, sizeof(proto));
	e = expr_begin(b, "payload");
	nlattr_put_be32(b, NFTA_PAYLOAD_DREG, NFT_REG_1);
	nlattr_put_be32(b, NFTA_PAYLOAD_BASE, NFT_PAYLOAD_TRANSPORT_HEADER);
	nlattr_put_be32(b, NFTA_PAYLOAD_OFFSET, 0);
	nlattr_put_be32(b, NFTA_PAYLOAD_LEN, 1);
	expr_end(b, e);
	expr_cmp(b, NFT_CMP_GTE, &first, sizeof(first));
	expr_cmp(b, NFT_CMP_LTE, &last, sizeof(last));
	rule_accept(b, r);
}

void
nftguard_build(struct buf *b)
{
	size_t at = message_begin(b, NFT_MSG_NEWTABLE, NLM_F_CREATE);

	nlattr_put_str(b, NFTA_TABLE_NAME, NFTWALK_TABLE);
	nlmsg_end(b, at);
	chain(b, "guard-input", NF_INET_LOCAL_IN);
	chain(b, "guard-forward", NF_INET_FORWARD);
	chain(b, "guard-output", NF_INET_LOCAL_OUT);
	rule_loopback(b, "guard-input", NFT_META_IIF);
	rule_established(b, "guard-input");
	rule_neighbour(b, "guard-input");
	rule_loopback(b, "guard-output", NFT_META_OIF);
	rule_established(b, "guard-output");
	rule_neighbour(b, "guard-output");
}
