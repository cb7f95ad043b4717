/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_bridge.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/nftguard.h"
#include "net/nftwalk.h"
#include "net/nlmsg.h"

/*
 * Every rule of the policy is broken once.  A valid batch that uses what it allows is the base; the test names the one thing that it
 * changes, so that nothing else can be the reason of a refusal.
 */

#define MAX	65536
#define UNKNOWN	60	/* an attribute type that no kernel has */

static struct buf	b;
static uint8_t		table = NFPROTO_INET;	/* of the table that messages are about */

static int
begin(void **state)
{
	(void)state;
	buf_init(&b, MAX);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	table = NFPROTO_INET;
	buf_fini(&b);
	return 0;
}

static size_t
message_as(uint16_t type, uint16_t flags, uint8_t family)
{
	struct nfgenmsg g = { .nfgen_family = family };

	return nlmsg_begin(&b, type, NLM_F_REQUEST | flags, 7, &g, sizeof(g));
}

static size_t
message(uint16_t msg, uint16_t flags)
{
	return message_as((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | msg), flags, table);
}

static void
accepted(uint32_t messages)
{
	struct refusal why;
	uint32_t n = 0;

	assert_false(buf_failed(&b));
	if (nftwalk_batch(b.data, b.len, &n, &why) != 0)
		fail_msg("refused at %u: %s (type %u)", why.offset, why.reason, why.attr);
	assert_int_equal(n, messages);
}

/* at: the offset that the refusal must point at; SIZE_MAX: anywhere. */
static void
refused(size_t at, const char *reason)
{
	struct refusal why = { 0 };
	uint32_t n = 0;

	assert_false(buf_failed(&b));
	if (nftwalk_batch(b.data, b.len, &n, &why) == 0)
		fail_msg("accepted, but should be refused: %s", reason);
	if (at != SIZE_MAX)
		assert_int_equal(why.offset, at);
	assert_string_equal(why.reason, reason);
	b.len = 0;
}

/* --- a table, a chain, a set --- */

static void
put_table(const char *name)
{
	size_t at = message(NFT_MSG_NEWTABLE, NLM_F_CREATE);

	nlattr_put_str(&b, NFTA_TABLE_NAME, name);
	nlmsg_end(&b, at);
}

static void
test_empty(void **state)
{
	struct refusal why;
	uint32_t n = 9;

	(void)state;
	assert_int_equal(nftwalk_batch(NULL, 0, &n, &why), 0);
	assert_int_equal(n, 0);
}

static void
test_guard_is_allowed(void **state)
{
	(void)state;
	nftguard_build(&b);
	accepted(10);
}

static void
test_messages(void **state)
{
	static const uint16_t foreign[] = {
		NFT_MSG_GETTABLE, NFT_MSG_GETRULE, NFT_MSG_GETOBJ, NFT_MSG_GETOBJ_RESET, NFT_MSG_GETFLOWTABLE,
		NFT_MSG_NEWGEN, NFT_MSG_TRACE, 26, 255,
	};
	static const uint16_t other[] = {
		NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NLMSG_DONE, NLMSG_NOOP, NFNL_SUBSYS_IPSET << 8, NFNL_SUBSYS_CTNETLINK << 8,
		NFNL_SUBSYS_NFT_COMPAT << 8, NFNL_SUBSYS_QUEUE << 8 | 2, NFNL_SUBSYS_HOOK << 8,
	};
	size_t i, at;

	(void)state;
	put_table("patronus");
	accepted(1);
	b.len = 0;
	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		put_table("patronus");
		at = message(foreign[i], 0);
		nlattr_put_str(&b, NFTA_TABLE_NAME, "patronus");
		nlmsg_end(&b, at);
		refused(at, "message that is not allowed");
	}
	for (i = 0; i < sizeof(other) / sizeof(other[0]); i++) {
		at = message_as(other[i], 0, NFPROTO_INET);
		nlmsg_end(&b, at);
		refused(at, "message that is not allowed");
	}
}

/* What stands beside our table has a number behind a dot. */
static void
test_beside(void **state)
{
	static const char *const foreign[] = { "patronus.", "patronus.x", "patronus.7x", "patronus7", "patronus.12345678901", "patronus.7.8", "x.7" };
	size_t i;

	(void)state;
	put_table("patronus.7");
	accepted(1);
	b.len = 0;
	put_table("patronus.4294967295");
	accepted(1);
	b.len = 0;
	for (i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++) {
		put_table(foreign[i]);
		refused(SIZE_MAX, "belongs to somebody else");
	}
}

static void
test_header(void **state)
{
	static const uint8_t families[] = { NFPROTO_UNSPEC, NFPROTO_IPV4, NFPROTO_ARP, NFPROTO_NETDEV, NFPROTO_IPV6, 255 };
	struct nfgenmsg g = { .nfgen_family = NFPROTO_INET };
	size_t i, at;

	(void)state;
	for (i = 0; i < sizeof(families); i++) {
		at = message_as(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, 0, families[i]);
		nlattr_put_str(&b, NFTA_TABLE_NAME, "patronus");
		nlmsg_end(&b, at);
		refused(at, "family that is not ours");
	}
	g.version = 1;
	at = nlmsg_begin(&b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, NLM_F_REQUEST, 0, &g, sizeof(g));
	nlmsg_end(&b, at);
	refused(0, "header that is not allowed");
	g.version = 0;
	g.res_id = 10;
	at = nlmsg_begin(&b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, NLM_F_REQUEST, 0, &g, sizeof(g));
	nlmsg_end(&b, at);
	refused(0, "header that is not allowed");
	/* A message without its family header. */
	at = nlmsg_begin(&b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELTABLE, NLM_F_REQUEST, 0, NULL, 0);
	nlmsg_end(&b, at);
	refused(0, "message too short");
}

static void
test_flags(void **state)
{
	size_t at;

	(void)state;
	at = message(NFT_MSG_NEWTABLE, NLM_F_MULTI);
	nlattr_put_str(&b, NFTA_TABLE_NAME, "patronus");
	nlmsg_end(&b, at);
	refused(at, "message flags that are not allowed");
	at = message(NFT_MSG_DELTABLE, NLM_F_CREATE);
	nlattr_put_str(&b, NFTA_TABLE_NAME, "patronus");
	nlmsg_end(&b, at);
	refused(at, "message flags that are not allowed");
	put_table("patronus");
	b.data[6] = 0;		/* no NLM_F_REQUEST */
	refused(0, "message flags that are not allowed");
}

/* Somebody else's table, in every message; and no table at all. */
static void
test_ownership(void **state)
{
	static const char *const names[] = { "filter", "patronus2", "patronu", "Patronus", "" };
	static const uint16_t messages[] = {
		NFT_MSG_NEWTABLE, NFT_MSG_DELTABLE, NFT_MSG_NEWCHAIN, NFT_MSG_DELCHAIN, NFT_MSG_NEWRULE, NFT_MSG_DELRULE,
		NFT_MSG_NEWSET, NFT_MSG_DELSET, NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM, NFT_MSG_NEWOBJ, NFT_MSG_DELOBJ,
		NFT_MSG_NEWFLOWTABLE, NFT_MSG_DELFLOWTABLE,
	};
	size_t i, k, at, attr;

	(void)state;
	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		for (k = 0; k < sizeof(names) / sizeof(names[0]); k++) {
			at = message(messages[i], 0);
			attr = b.len;
			nlattr_put_str(&b, NFTA_TABLE_NAME, names[k]);		/* attribute 1 in all of them */
			nlmsg_end(&b, at);
			refused(attr, "belongs to somebody else");
		}
		/* The right name, but not ended: the kernel and we might read on differently. */
		at = message(messages[i], 0);
		attr = b.len;
		nlattr_put(&b, NFTA_TABLE_NAME, "patronus", 8);
		nlmsg_end(&b, at);
		refused(attr, "belongs to somebody else");
		at = message(messages[i], 0);
		nlattr_put(&b, NFTA_TABLE_NAME, "patronus\0x", 11);
		nlmsg_end(&b, at);
		refused(SIZE_MAX, "belongs to somebody else");
		at = message(messages[i], 0);
		nlmsg_end(&b, at);
		refused(at + NLMSG_HDRLEN + sizeof(struct nfgenmsg), "required attribute is missing");
		/* Ours first, theirs second: the kernel takes the second. */
		at = message(messages[i], 0);
		nlattr_put_str(&b, NFTA_TABLE_NAME, "patronus");
		attr = b.len;
		nlattr_put_str(&b, NFTA_TABLE_NAME, "filter");
		nlmsg_end(&b, at);
		refused(attr, "attribute given twice");
	}
}

static void
test_table(void **state)
{
	size_t at, attr;

	(void)state;
	at = message(NFT_MSG_NEWTABLE, NLM_F_CREATE);
	nlattr_put_str(&b, NFTA_TABLE_NAME, "patronus");
	nlattr_put_be32(&b, NFTA_TABLE_FLAGS, 0);
	nlattr_put(&b, NFTA_TABLE_USERDATA, "x", 1);
	nlmsg_end(&b, at);
	accepted(1);
	b.len = 0;
	/* Dormant: not filtering.  Owner: gone with a socket. */
	for (uint32_t flag = 1; flag != 0; flag <<= 1) {
		at = message(NFT_MSG_NEWTABLE, NLM_F_CREATE);
		nlattr_put_str(&b, NFTA_TABLE_NAME, "patronus");
		attr = b.len;
		nlattr_put_be32(&b, NFTA_TABLE_FLAGS, flag);
		nlmsg_end(&b, at);
		refused(attr, "flag that is not allowed");
	}
	at = message(NFT_MSG_DELTABLE, 0);
	nlattr_put_str(&b, NFTA_TABLE_NAME, "patronus");
	attr = b.len;
	nlattr_put_be64(&b, NFTA_TABLE_HANDLE, 3);
	nlmsg_end(&b, at);
	refused(attr, "attribute that is not allowed");
}

struct chain_case {
	uint32_t	hook;
	uint32_t	policy;
	uint32_t	flags;
	const char	*type;
	const char	*name;
	const char	*dev;
};

static void
put_chain(const struct chain_case *c)
{
	size_t at = message(NFT_MSG_NEWCHAIN, NLM_F_CREATE), nest;

	nlattr_put_str(&b, NFTA_CHAIN_TABLE, "patronus");
	nlattr_put_str(&b, NFTA_CHAIN_NAME, c->name);
	nest = nlattr_begin(&b, NFTA_CHAIN_HOOK);
	nlattr_put_be32(&b, NFTA_HOOK_HOOKNUM, c->hook);
	nlattr_put_be32(&b, NFTA_HOOK_PRIORITY, (uint32_t)-150);
	if (c->dev != NULL)
		nlattr_put_str(&b, NFTA_HOOK_DEV, c->dev);
	nlattr_end(&b, nest);
	nlattr_put_be32(&b, NFTA_CHAIN_POLICY, c->policy);
	nlattr_put_be32(&b, NFTA_CHAIN_FLAGS, c->flags);
	nlattr_put_str(&b, NFTA_CHAIN_TYPE, c->type);
	nlmsg_end(&b, at);
}

static void
test_chain(void **state)
{
	struct chain_case c = { NF_INET_FORWARD, NF_DROP, NFT_CHAIN_BASE, "filter", "in", NULL }, good = c;

	(void)state;
	put_chain(&c);
	c.type = "nat";
	put_chain(&c);
	c.type = "route";
	c.policy = NF_ACCEPT;
	put_chain(&c);
	accepted(3);
	b.len = 0;
	c = good;
	c.type = "evil";
	put_chain(&c);
	refused(SIZE_MAX, "chain type that is not allowed");
	c = good;
	c.hook = NF_INET_INGRESS;
	put_chain(&c);
	refused(SIZE_MAX, "value out of range");
	c = good;
	c.policy = NF_STOLEN;
	put_chain(&c);
	refused(SIZE_MAX, "value out of range");
	c = good;
	c.flags = NFT_CHAIN_HW_OFFLOAD;
	put_chain(&c);
	refused(SIZE_MAX, "flag that is not allowed");
	c.flags = NFT_CHAIN_BINDING;
	put_chain(&c);
	refused(SIZE_MAX, "flag that is not allowed");
	c = good;
	c.dev = "eth0";
	put_chain(&c);
	refused(SIZE_MAX, "attribute that is not allowed");
	c = good;
	c.name = "";
	put_chain(&c);
	refused(SIZE_MAX, "not a name");
	c.name = "a\nb";
	put_chain(&c);
	refused(SIZE_MAX, "not a printable name");
}

/* --- expressions: a minimal good one of each, by the kernel's names --- */

static void
put_data(uint16_t attr, const void *value, size_t len)
{
	size_t nest = nlattr_begin(&b, attr);

	nlattr_put(&b, NFTA_DATA_VALUE, value, len);
	nlattr_end(&b, nest);
}

static void
put_verdict(uint32_t code, const char *chain)
{
	size_t nest = nlattr_begin(&b, NFTA_IMMEDIATE_DATA), verdict = nlattr_begin(&b, NFTA_DATA_VERDICT);

	nlattr_put_be32(&b, NFTA_VERDICT_CODE, code);
	if (chain != NULL)
		nlattr_put_str(&b, NFTA_VERDICT_CHAIN, chain);
	nlattr_end(&b, verdict);
	nlattr_end(&b, nest);
}

static void
put_be16(uint16_t attr, uint16_t v)
{
	uint8_t be[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	nlattr_put(&b, attr, be, sizeof(be));
}

/* One line per attribute: kind, type, value. */
struct piece {
	char		kind;	/* 'w' be32, 'h' be16, 'b' u8, 'q' be64, 's' string, 'd' data, 'v' verdict, 0 ends */
	uint16_t	attr;
	uint32_t	value;
	const char	*text;
};

struct expr_case {
	const char	*name;
	struct piece	 pieces[8];
};

static const struct expr_case exprs[] = {
	{ "meta", { { 'w', NFTA_META_KEY, NFT_META_IIFNAME, NULL }, { 'w', NFTA_META_DREG, 1, NULL } } },
	{ "meta", { { 'w', NFTA_META_KEY, NFT_META_MARK, NULL }, { 'w', NFTA_META_SREG, 1, NULL } } },
	{ "payload", { { 'w', NFTA_PAYLOAD_DREG, 1, NULL }, { 'w', NFTA_PAYLOAD_BASE, 1, NULL }, { 'w', NFTA_PAYLOAD_OFFSET, 12, NULL },
	    { 'w', NFTA_PAYLOAD_LEN, 4, NULL } } },
	{ "cmp", { { 'w', NFTA_CMP_SREG, 1, NULL }, { 'w', NFTA_CMP_OP, 0, NULL }, { 'd', NFTA_CMP_DATA, 4, NULL } } },
	{ "bitwise", { { 'w', NFTA_BITWISE_SREG, 1, NULL }, { 'w', NFTA_BITWISE_DREG, 1, NULL }, { 'w', NFTA_BITWISE_LEN, 4, NULL },
	    { 'd', NFTA_BITWISE_MASK, 4, NULL }, { 'd', NFTA_BITWISE_XOR, 4, NULL } } },
	{ "byteorder", { { 'w', NFTA_BYTEORDER_SREG, 1, NULL }, { 'w', NFTA_BYTEORDER_DREG, 1, NULL }, { 'w', NFTA_BYTEORDER_OP, 1, NULL },
	    { 'w', NFTA_BYTEORDER_LEN, 4, NULL }, { 'w', NFTA_BYTEORDER_SIZE, 4, NULL } } },
	{ "range", { { 'w', NFTA_RANGE_SREG, 1, NULL }, { 'w', NFTA_RANGE_OP, 0, NULL }, { 'd', NFTA_RANGE_FROM_DATA, 2, NULL },
	    { 'd', NFTA_RANGE_TO_DATA, 2, NULL } } },
	{ "lookup", { { 's', NFTA_LOOKUP_SET, 0, "zone-lan" }, { 'w', NFTA_LOOKUP_SREG, 1, NULL }, { 'w', NFTA_LOOKUP_FLAGS, 1, NULL } } },
	{ "immediate", { { 'w', NFTA_IMMEDIATE_DREG, 0, NULL }, { 'v', NFTA_IMMEDIATE_DATA, NF_ACCEPT, NULL } } },
	{ "immediate", { { 'w', NFTA_IMMEDIATE_DREG, 0, NULL }, { 'v', NFTA_IMMEDIATE_DATA, (uint32_t)NFT_JUMP, "other" } } },
	{ "immediate", { { 'w', NFTA_IMMEDIATE_DREG, 1, NULL }, { 'd', NFTA_IMMEDIATE_DATA, 16, NULL } } },
	{ "counter", { { 'q', NFTA_COUNTER_BYTES, 0, NULL }, { 'q', NFTA_COUNTER_PACKETS, 0, NULL } } },
	{ "ct", { { 'w', NFTA_CT_KEY, NFT_CT_STATE, NULL }, { 'w', NFTA_CT_DREG, 1, NULL } } },
	{ "ct", { { 'w', NFTA_CT_KEY, NFT_CT_MARK, NULL }, { 'w', NFTA_CT_SREG, 1, NULL } } },
	{ "fib", { { 'w', NFTA_FIB_DREG, 1, NULL }, { 'w', NFTA_FIB_RESULT, NFT_FIB_RESULT_OIF, NULL }, { 'w', NFTA_FIB_FLAGS, 9, NULL } } },
	{ "limit", { { 'q', NFTA_LIMIT_RATE, 5, NULL }, { 'q', NFTA_LIMIT_UNIT, 1, NULL }, { 'w', NFTA_LIMIT_BURST, 5, NULL },
	    { 'w', NFTA_LIMIT_TYPE, 0, NULL }, { 'w', NFTA_LIMIT_FLAGS, 1, NULL } } },
	{ "log", { { 'h', NFTA_LOG_GROUP, 1, NULL }, { 's', NFTA_LOG_PREFIX, 0, "r:17" }, { 'w', NFTA_LOG_SNAPLEN, 128, NULL } } },
	{ "nat", { { 'w', NFTA_NAT_TYPE, 1, NULL }, { 'w', NFTA_NAT_FAMILY, NFPROTO_IPV4, NULL }, { 'w', NFTA_NAT_REG_ADDR_MIN, 1, NULL },
	    { 'w', NFTA_NAT_REG_PROTO_MIN, 2, NULL } } },
	{ "masq", { { 'w', NFTA_MASQ_FLAGS, 4, NULL } } },
	{ "masq", { { 0, 0, 0, NULL } } },
	{ "redir", { { 'w', NFTA_REDIR_REG_PROTO_MIN, 1, NULL } } },
	{ "reject", { { 'w', NFTA_REJECT_TYPE, 2, NULL }, { 'b', NFTA_REJECT_ICMP_CODE, 1, NULL } } },
	{ "dynset", { { 's', NFTA_DYNSET_SET_NAME, 0, "meter" }, { 'w', NFTA_DYNSET_OP, 0, NULL }, { 'w', NFTA_DYNSET_SREG_KEY, 1, NULL } } },
	{ "connlimit", { { 'w', NFTA_CONNLIMIT_COUNT, 10, NULL } } },
	{ "numgen", { { 'w', NFTA_NG_DREG, 1, NULL }, { 'w', NFTA_NG_MODULUS, 2, NULL }, { 'w', NFTA_NG_TYPE, 1, NULL } } },
	{ "hash", { { 'w', NFTA_HASH_SREG, 1, NULL }, { 'w', NFTA_HASH_DREG, 1, NULL }, { 'w', NFTA_HASH_LEN, 4, NULL },
	    { 'w', NFTA_HASH_MODULUS, 2, NULL } } },
	{ "objref", { { 'w', NFTA_OBJREF_IMM_TYPE, 1, NULL }, { 's', NFTA_OBJREF_IMM_NAME, 0, "c" } } },
	{ "notrack", { { 0, 0, 0, NULL } } },
	{ "synproxy", { { 'h', NFTA_SYNPROXY_MSS, 1460, NULL }, { 'b', NFTA_SYNPROXY_WSCALE, 7, NULL }, { 'w', NFTA_SYNPROXY_FLAGS, 3, NULL } } },
	{ "flow_offload", { { 's', NFTA_FLOW_TABLE_NAME, 0, "ft" } } },
	{ "exthdr", { { 'w', NFTA_EXTHDR_DREG, 1, NULL }, { 'b', NFTA_EXTHDR_TYPE, 2, NULL }, { 'w', NFTA_EXTHDR_OFFSET, 2, NULL },
	    { 'w', NFTA_EXTHDR_LEN, 2, NULL }, { 'w', NFTA_EXTHDR_OP, 1, NULL } } },
	{ "rt", { { 'w', NFTA_RT_DREG, 1, NULL }, { 'w', NFTA_RT_KEY, NFT_RT_TCPMSS, NULL } } },
	{ "socket", { { 'w', NFTA_SOCKET_KEY, NFT_SOCKET_MARK, NULL }, { 'w', NFTA_SOCKET_DREG, 1, NULL } } },
	{ "quota", { { 'q', NFTA_QUOTA_BYTES, 1000, NULL }, { 'w', NFTA_QUOTA_FLAGS, 1, NULL } } },
	{ "queue", { { 'h', NFTA_QUEUE_NUM, 0, NULL }, { 'h', NFTA_QUEUE_TOTAL, 1, NULL }, { 'h', NFTA_QUEUE_FLAGS, 1, NULL } } },
};

static void
put_piece(const struct piece *p)
{
	static const uint8_t zeros[64];
	uint8_t byte = (uint8_t)p->value;

	switch (p->kind) {
	case 'w':
		nlattr_put_be32(&b, p->attr, p->value);
		break;
	case 'h':
		put_be16(p->attr, (uint16_t)p->value);
		break;
	case 'b':
		nlattr_put(&b, p->attr, &byte, 1);
		break;
	case 'q':
		nlattr_put_be64(&b, p->attr, p->value);
		break;
	case 's':
		nlattr_put_str(&b, p->attr, p->text);
		break;
	case 'd':
		put_data(p->attr, zeros, p->value);
		break;
	default:
		put_verdict(p->value, p->text);
		break;
	}
}

/* Where the pieces of interest begin. */
struct rule_at {
	size_t	message;
	size_t	list;
	size_t	elem;
	size_t	data;
};

static struct rule_at
rule_begin(const char *expr)
{
	struct rule_at r;

	r.message = message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);
	nlattr_put_str(&b, NFTA_RULE_TABLE, "patronus");
	nlattr_put_str(&b, NFTA_RULE_CHAIN, "in");
	nlattr_put(&b, NFTA_RULE_USERDATA, "id=7", 5);
	r.list = nlattr_begin(&b, NFTA_RULE_EXPRESSIONS);
	r.elem = nlattr_begin(&b, NFTA_LIST_ELEM);
	nlattr_put_str(&b, NFTA_EXPR_NAME, expr);
	r.data = nlattr_begin(&b, NFTA_EXPR_DATA);
	return r;
}

static void
rule_end(struct rule_at r)
{
	nlattr_end(&b, r.data);
	nlattr_end(&b, r.elem);
	nlattr_end(&b, r.list);
	nlmsg_end(&b, r.message);
}

static unsigned
put_expr(const struct expr_case *c, unsigned except, size_t *ret_last)
{
	struct rule_at r = rule_begin(c->name);
	unsigned i;

	for (i = 0; i < 8 && c->pieces[i].kind != 0; i++)
		if (i != except) {
			if (ret_last != NULL)
				*ret_last = b.len;
			put_piece(&c->pieces[i]);
		}
	rule_end(r);
	return i;
}

static void
test_expressions(void **state)
{
	const char *const *name;
	bool found;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		(void)put_expr(&exprs[i], UINT32_MAX, NULL);
		accepted(1);
		b.len = 0;
	}
	/* The table above has every expression that is allowed. */
	for (name = nftwalk_expressions(); *name != NULL; name++) {
		found = false;
		for (i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++)
			found = found || strcmp(exprs[i].name, *name) == 0;
		if (!found)
			fail_msg("no case for %s", *name);
	}
}

/* Each expression with an attribute that it does not have, one given twice, one of a wrong length. */
static void
test_expression_attributes(void **state)
{
	const struct expr_case *c;
	struct rule_at r;
	size_t attr;

	(void)state;
	for (c = exprs; c < exprs + sizeof(exprs) / sizeof(exprs[0]); c++) {
		r = rule_begin(c->name);
		attr = b.len;
		nlattr_put_be32(&b, UNKNOWN, 1);
		rule_end(r);
		refused(attr, "attribute that is not allowed");
		r = rule_begin(c->name);
		attr = b.len;
		nlattr_put_be32(&b, 0, 1);
		rule_end(r);
		refused(attr, "attribute that is not allowed");
		if (c->pieces[0].kind == 0)
			continue;
		r = rule_begin(c->name);
		put_piece(&c->pieces[0]);
		attr = b.len;
		put_piece(&c->pieces[0]);
		rule_end(r);
		refused(attr, "attribute given twice");
		if (strchr("whbq", c->pieces[0].kind) == NULL)
			continue;
		r = rule_begin(c->name);
		attr = b.len;
		nlattr_put(&b, c->pieces[0].attr, "xxxxxxxxxxxxx", 13);
		rule_end(r);
		refused(attr, "wrong length");
	}
}

static void
test_expression_names(void **state)
{
	static const char *const names[] = {
		"match", "target", "dup", "fwd", "tproxy", "osf", "tunnel", "xfrm", "secmark", "last", "inner", "", "Meta", "meta2",
	};
	struct rule_at r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		r = rule_begin(names[i]);
		rule_end(r);
		refused(SIZE_MAX, names[i][0] == '\0' ? "not a name" : "expression that is not allowed");
	}
}

/* Values that are not what they should be, each in an otherwise good expression. */
static void
test_expression_values(void **state)
{
	static const struct { struct expr_case c; const char *reason; } bad[] = {
		{ { "log", { { 'h', NFTA_LOG_GROUP, 2, NULL } } }, "value out of range" },
		{ { "log", { { 's', NFTA_LOG_PREFIX, 0, "x" } } }, "required attribute is missing" },
		{ { "log", { { 'h', NFTA_LOG_GROUP, 1, NULL }, { 'w', NFTA_LOG_LEVEL, 4, NULL } } }, "attribute that is not allowed" },
		{ { "log", { { 'h', NFTA_LOG_GROUP, 1, NULL }, { 'w', NFTA_LOG_FLAGS, 1, NULL } } }, "attribute that is not allowed" },
		{ { "meta", { { 'w', NFTA_META_KEY, NFT_META_SECMARK, NULL }, { 'w', NFTA_META_SREG, 1, NULL } } }, "metadata that may not be set" },
		{ { "meta", { { 'w', NFTA_META_KEY, 200, NULL }, { 'w', NFTA_META_DREG, 1, NULL } } }, "value out of range" },
		{ { "ct", { { 'w', NFTA_CT_KEY, NFT_CT_SECMARK, NULL }, { 'w', NFTA_CT_SREG, 1, NULL } } }, "conntrack field that may not be set" },
		{ { "ct", { { 'w', NFTA_CT_KEY, NFT_CT_HELPER, NULL }, { 'w', NFTA_CT_SREG, 1, NULL } } }, "conntrack field that may not be set" },
		{ { "immediate", { { 'w', NFTA_IMMEDIATE_DREG, 0, NULL }, { 'v', 0, NF_QUEUE, NULL } } }, "verdict that is not allowed" },
		{ { "immediate", { { 'w', NFTA_IMMEDIATE_DREG, 0, NULL }, { 'v', 0, NF_STOLEN, NULL } } }, "verdict that is not allowed" },
		{ { "immediate", { { 'w', NFTA_IMMEDIATE_DREG, 0, NULL }, { 'v', 0, 0xffff0000u, NULL } } }, "verdict that is not allowed" },
		{ { "immediate", { { 'w', NFTA_IMMEDIATE_DREG, 0, NULL }, { 'v', 0, 0x00010000u, NULL } } }, "verdict that is not allowed" },
		{ { "immediate", { { 'w', NFTA_IMMEDIATE_DREG, 99, NULL }, { 'v', 0, NF_ACCEPT, NULL } } }, "value out of range" },
		{ { "nat", { { 'w', NFTA_NAT_TYPE, 2, NULL }, { 'w', NFTA_NAT_FAMILY, NFPROTO_IPV4, NULL } } }, "value out of range" },
		{ { "payload", { { 'w', NFTA_PAYLOAD_DREG, 1, NULL }, { 'w', NFTA_PAYLOAD_BASE, 9, NULL } } }, "value out of range" },
		{ { "payload", { { 'w', NFTA_PAYLOAD_LEN, 65, NULL } } }, "value out of range" },
		{ { "cmp", { { 'w', NFTA_CMP_SREG, 1, NULL }, { 'w', NFTA_CMP_OP, 6, NULL } } }, "value out of range" },
		{ { "fib", { { 'w', NFTA_FIB_FLAGS, 0x40, NULL } } }, "flag that is not allowed" },
		{ { "masq", { { 'w', NFTA_MASQ_FLAGS, 0x100, NULL } } }, "flag that is not allowed" },
		{ { "limit", { { 'w', NFTA_LIMIT_FLAGS, 2, NULL } } }, "flag that is not allowed" },
		{ { "queue", { { 'h', NFTA_QUEUE_FLAGS, 4, NULL } } }, "value out of range" },
		{ { "lookup", { { 's', NFTA_LOOKUP_SET, 0, "a\tb" } } }, "not a printable name" },
		{ { "cmp", { { 'w', NFTA_CMP_SREG, 1, NULL }, { 'w', NFTA_CMP_OP, 0, NULL } } }, "required attribute is missing" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)put_expr(&bad[i].c, UINT32_MAX, NULL);
		refused(SIZE_MAX, bad[i].reason);
	}
}

/* Every cut of a good batch is refused; no byte outside is looked at (the sanitizer watches). */
static void
test_truncated(void **state)
{
	struct refusal why;
	uint8_t *copy;
	uint32_t n;
	size_t len;

	(void)state;
	nftguard_build(&b);
	for (len = 1; len < b.len; len++) {
		copy = test_malloc(len);
		memcpy(copy, b.data, len);
		if (nftwalk_batch(copy, len, &n, &why) == 0)
			/* Only at the end of a whole message. */
			assert_true(len % 4 == 0 && n < 10);
		else
			assert_true(why.offset <= len);
		test_free(copy);
	}
}

/* Lengths that lie, in each header of a message. */
static void
test_lengths(void **state)
{
	struct refusal why;
	uint32_t n, bad;
	uint16_t bad16;
	size_t attr;

	(void)state;
	put_table("patronus");
	for (bad = 0; bad < 200; bad++) {
		/* Less by the padding of its last attribute it is still the same message. */
		if (bad <= b.len && bad > b.len - 4)
			continue;
		memcpy(b.data, &bad, sizeof(bad));
		assert_int_not_equal(nftwalk_batch(b.data, b.len, &n, &why), 0);
	}
	b.len = 0;
	put_table("patronus");
	attr = NLMSG_HDRLEN + sizeof(struct nfgenmsg);
	for (bad16 = 0; bad16 < 200; bad16++) {
		if (bad16 == 13)
			continue;
		memcpy(b.data + attr, &bad16, sizeof(bad16));
		assert_int_not_equal(nftwalk_batch(b.data, b.len, &n, &why), 0);
	}
}

static void
test_set(void **state)
{
	size_t at, desc, list, elem, attr;

	(void)state;
	at = message(NFT_MSG_NEWSET, NLM_F_CREATE);
	nlattr_put_str(&b, NFTA_SET_TABLE, "patronus");
	nlattr_put_str(&b, NFTA_SET_NAME, "zone-lan");
	nlattr_put_be32(&b, NFTA_SET_FLAGS, NFT_SET_INTERVAL | NFT_SET_CONCAT);
	nlattr_put_be32(&b, NFTA_SET_KEY_TYPE, 7);
	nlattr_put_be32(&b, NFTA_SET_KEY_LEN, 8);
	desc = nlattr_begin(&b, NFTA_SET_DESC);
	list = nlattr_begin(&b, NFTA_SET_DESC_CONCAT);
	elem = nlattr_begin(&b, NFTA_LIST_ELEM);
	nlattr_put_be32(&b, NFTA_SET_FIELD_LEN, 4);
	nlattr_end(&b, elem);
	nlattr_end(&b, list);
	nlattr_end(&b, desc);
	nlattr_put_be32(&b, NFTA_SET_ID, 1);
	nlmsg_end(&b, at);
	accepted(1);
	b.len = 0;
	/* Sets of stateful objects. */
	at = message(NFT_MSG_NEWSET, NLM_F_CREATE);
	nlattr_put_str(&b, NFTA_SET_TABLE, "patronus");
	nlattr_put_str(&b, NFTA_SET_NAME, "m");
	attr = b.len;
	nlattr_put_be32(&b, NFTA_SET_OBJ_TYPE, NFT_OBJECT_CT_HELPER);
	nlmsg_end(&b, at);
	refused(attr, "attribute that is not allowed");
	at = message(NFT_MSG_NEWSET, NLM_F_CREATE);
	nlattr_put_str(&b, NFTA_SET_TABLE, "patronus");
	nlattr_put_str(&b, NFTA_SET_NAME, "m");
	attr = b.len;
	nlattr_put_be32(&b, NFTA_SET_FLAGS, NFT_SET_OBJECT);
	nlmsg_end(&b, at);
	refused(attr, "flag that is not allowed");
}

/* A state expression in an element may count, not act. */
static void
put_element(const char *expr)
{
	size_t at = message(NFT_MSG_NEWSETELEM, NLM_F_CREATE), list, elem, nest;

	nlattr_put_str(&b, NFTA_SET_ELEM_LIST_TABLE, "patronus");
	nlattr_put_str(&b, NFTA_SET_ELEM_LIST_SET, "zone-lan");
	list = nlattr_begin(&b, NFTA_SET_ELEM_LIST_ELEMENTS);
	elem = nlattr_begin(&b, NFTA_LIST_ELEM);
	put_data(NFTA_SET_ELEM_KEY, "abcd", 4);
	put_data(NFTA_SET_ELEM_KEY_END, "abcd", 4);
	nlattr_put_be64(&b, NFTA_SET_ELEM_TIMEOUT, 1000);
	if (expr != NULL) {
		nest = nlattr_begin(&b, NFTA_SET_ELEM_EXPR);
		nlattr_put_str(&b, NFTA_EXPR_NAME, expr);
		nlattr_end(&b, nest);
	}
	nlattr_end(&b, elem);
	nlattr_end(&b, list);
	nlmsg_end(&b, at);
}

static void
test_elements(void **state)
{
	static const char *const acting[] = { "log", "immediate", "nat", "meta", "dynset", "match", "queue" };
	size_t i, at, attr;

	(void)state;
	put_element(NULL);
	put_element("counter");
	accepted(2);
	b.len = 0;
	for (i = 0; i < sizeof(acting) / sizeof(acting[0]); i++) {
		put_element(acting[i]);
		refused(SIZE_MAX, "expression that is not allowed here");
	}
	/* All elements of one set of ours. */
	at = message(NFT_MSG_DELSETELEM, 0);
	nlattr_put_str(&b, NFTA_SET_ELEM_LIST_TABLE, "patronus");
	nlattr_put_str(&b, NFTA_SET_ELEM_LIST_SET, "zone-lan");
	nlmsg_end(&b, at);
	accepted(1);
	at = message(NFT_MSG_DELSETELEM, 0);
	nlattr_put_str(&b, NFTA_SET_ELEM_LIST_TABLE, "patronus");
	attr = b.len;
	nlattr_put_str(&b, NFTA_SET_ELEM_LIST_SET, "");
	nlmsg_end(&b, at);
	refused(attr, "not a name");
}

static void
test_rule(void **state)
{
	struct rule_at r;
	size_t at, attr;

	(void)state;
	/* Flushing our own table is allowed; a rule for xtables is not. */
	at = message(NFT_MSG_DELRULE, 0);
	nlattr_put_str(&b, NFTA_RULE_TABLE, "patronus");
	nlmsg_end(&b, at);
	accepted(1);
	b.len = 0;
	at = message(NFT_MSG_NEWRULE, NLM_F_CREATE);
	nlattr_put_str(&b, NFTA_RULE_TABLE, "patronus");
	nlattr_put_str(&b, NFTA_RULE_CHAIN, "in");
	attr = b.len;
	nlattr_put_be32(&b, NFTA_RULE_COMPAT, 1);
	nlmsg_end(&b, at);
	refused(attr, "attribute that is not allowed");
	/* An implicit chain by number. */
	at = message(NFT_MSG_NEWRULE, NLM_F_CREATE);
	nlattr_put_str(&b, NFTA_RULE_TABLE, "patronus");
	nlattr_put_str(&b, NFTA_RULE_CHAIN, "in");
	attr = b.len;
	nlattr_put_be32(&b, NFTA_RULE_CHAIN_ID, 1);
	nlmsg_end(&b, at);
	refused(attr, "attribute that is not allowed");
	/* Something that is not an expression in the list. */
	r = rule_begin("counter");
	nlattr_end(&b, r.data);
	nlattr_end(&b, r.elem);
	attr = b.len;
	nlattr_put_be32(&b, 2, 1);
	nlattr_end(&b, r.list);
	nlmsg_end(&b, r.message);
	refused(attr, "not an item of this list");
}

/* What an expression holds is a counter at most: there is nothing that nests for ever. */
static void
test_depth(void **state)
{
	struct rule_at r = rule_begin("dynset");
	size_t nests[64], i, n = 0;

	(void)state;
	for (i = 0; i < 16; i++) {
		nests[n++] = nlattr_begin(&b, NFTA_DYNSET_EXPR);
		nlattr_put_str(&b, NFTA_EXPR_NAME, "counter");
		nests[n++] = nlattr_begin(&b, NFTA_EXPR_DATA);
	}
	while (n > 0)
		nlattr_end(&b, nests[--n]);
	rule_end(r);
	refused(SIZE_MAX, "attribute that is not allowed");
}

/* --- table bridge: frames that are forwarded are looked at, counted, logged, dropped; nothing else */

static void
test_bridge_chain(void **state)
{
	struct chain_case c = { NF_BR_FORWARD, NF_ACCEPT, NFT_CHAIN_BASE, "filter", "bridged", NULL };
	uint32_t hook;

	(void)state;
	table = NFPROTO_BRIDGE;
	put_table("patronus");
	put_chain(&c);
	accepted(2);
	b.len = 0;
	put_table("filter");
	refused(SIZE_MAX, "belongs to somebody else");
	for (hook = 0; hook < NF_BR_NUMHOOKS; hook++) {
		if (hook == NF_BR_FORWARD)
			continue;
		c.hook = hook;
		put_chain(&c);
		refused(SIZE_MAX, hook <= NF_INET_POST_ROUTING ? "hook that is not allowed" : "value out of range");
	}
	c.hook = NF_BR_FORWARD;
	c.type = "nat";
	put_chain(&c);
	refused(SIZE_MAX, "chain type that is not allowed");
	/* What one message is about says nothing of the next. */
	c.type = "filter";
	put_chain(&c);
	table = NFPROTO_INET;
	c.hook = NF_INET_LOCAL_IN;
	c.type = "nat";
	put_chain(&c);
	accepted(2);
}

static void
test_bridge_expressions(void **state)
{
	static const struct expr_case rewrite = { "payload", { { 'w', NFTA_PAYLOAD_SREG, 1, NULL }, { 'w', NFTA_PAYLOAD_BASE, 0, NULL },
	    { 'w', NFTA_PAYLOAD_OFFSET, 0, NULL }, { 'w', NFTA_PAYLOAD_LEN, 6, NULL } } };
	static const char looking[] = " meta payload cmp bitwise range lookup immediate counter limit log ";
	char name[32];
	size_t i;

	(void)state;
	table = NFPROTO_BRIDGE;
	for (i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		(void)put_expr(&exprs[i], UINT32_MAX, NULL);
		(void)snprintf(name, sizeof(name), " %s ", exprs[i].name);
		if (exprs[i].pieces[1].attr == NFTA_META_SREG && strcmp(exprs[i].name, "meta") == 0)
			refused(SIZE_MAX, "metadata that may not be set");
		else if (strstr(looking, name) == NULL)
			refused(SIZE_MAX, "expression that is not allowed");
		else
			accepted(1);
		b.len = 0;
	}
	(void)put_expr(&rewrite, UINT32_MAX, NULL);
	refused(SIZE_MAX, "payload that may not be set");
	put_element("quota");
	refused(SIZE_MAX, "expression that is not allowed");
	put_element("counter");
	accepted(1);
	table = NFPROTO_INET;
	b.len = 0;
	(void)put_expr(&rewrite, UINT32_MAX, NULL);
	accepted(1);
}

#define TEST(f)	cmocka_unit_test_setup_teardown(f, begin, end)

/* What is left are the messages of the other table, as they were and in their order. */
static void
test_without_bridges(void **state)
{
	const uint8_t families[] = { NFPROTO_BRIDGE, NFPROTO_INET, NFPROTO_BRIDGE, NFPROTO_BRIDGE, NFPROTO_INET };
	uint8_t want[1024];
	size_t at, n = 0, i;

	(void)state;
	for (i = 0; i < sizeof(families); i++) {
		const size_t from = b.len;

		at = message_as((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE), NLM_F_CREATE, families[i]);
		nlattr_put_str(&b, NFTA_TABLE_NAME, NFTWALK_TABLE);
		nlattr_put_be32(&b, NFTA_TABLE_FLAGS, (uint32_t)i);
		nlmsg_end(&b, at);
		if (families[i] == NFPROTO_BRIDGE)
			continue;
		memcpy(want + n, b.data + from, b.len - from);
		n += b.len - from;
	}
	assert_int_equal(nftwalk_without_bridges(b.data, b.len), n);
	assert_memory_equal(b.data, want, n);
	assert_int_equal(nftwalk_without_bridges(b.data, n), n);
	assert_int_equal(nftwalk_without_bridges(b.data, 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_empty), TEST(test_guard_is_allowed), TEST(test_messages), TEST(test_beside), TEST(test_header), TEST(test_flags),
		TEST(test_ownership), TEST(test_table), TEST(test_chain), TEST(test_expressions), TEST(test_expression_attributes),
		TEST(test_expression_names), TEST(test_expression_values), TEST(test_truncated), TEST(test_lengths), TEST(test_set),
		TEST(test_elements), TEST(test_rule), TEST(test_depth), TEST(test_bridge_chain), TEST(test_bridge_expressions),
		TEST(test_without_bridges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
