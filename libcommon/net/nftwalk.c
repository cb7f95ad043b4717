/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/if.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_cttimeout.h>
#include <linux/netfilter_bridge.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "net/nftexpr.h"
#include "net/nftwalk.h"
#include "net/nlmsg.h"

#define OUR_TABLE	{ .kind = POLICY_NUMBERED, .text = NFTWALK_TABLE, .is_required = true }
#define NAME		{ .kind = POLICY_NAME, .max = NFT_NAME_MAXLEN - 1 }
#define NAME_REQUIRED	{ .kind = POLICY_NAME, .max = NFT_NAME_MAXLEN - 1, .is_required = true }
#define BE32(lo, hi)	{ .kind = POLICY_BE32, .min = lo, .max = hi }
#define BITS(bits)	{ .kind = POLICY_BEBITS32, .max = bits }
#define BE64		{ .kind = POLICY_BE64 }
#define USERDATA	{ .kind = POLICY_BYTES, .max = NFT_USERDATA_MAXLEN }

#define FLAGS_NEW	(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO | NLM_F_REPLACE | NLM_F_EXCL | NLM_F_CREATE | NLM_F_APPEND)
#define FLAGS_DEL	(NLM_F_REQUEST | NLM_F_ACK | NLM_F_ECHO | NLM_F_NONREC)
#define SET_FLAGS	(NFT_SET_ANONYMOUS | NFT_SET_CONSTANT | NFT_SET_INTERVAL | NFT_SET_MAP | NFT_SET_TIMEOUT | NFT_SET_EVAL | \
			 NFT_SET_CONCAT | NFT_SET_EXPR)
#define CHAIN_FLAGS	NFT_CHAIN_BASE

/* --- tables: neither dormant (that would open the box) nor owned by a socket (the owner dies with it) --- */

static const struct policy_attr table_attrs[] = {
	[NFTA_TABLE_NAME] = OUR_TABLE, [NFTA_TABLE_FLAGS] = BITS(0), [NFTA_TABLE_USERDATA] = USERDATA,
};
static const struct policy_attr table_del_attrs[] = { [NFTA_TABLE_NAME] = OUR_TABLE };

/* --- chains --- */

/* What a bridge hands to the box itself, or sends for it, is the first table's: here it could be turned away before that sees it. */
static int
hook_check(struct policy_walk *w, const struct nl_attr *a)
{
	if (!w->is_narrow || nlattr_be32(a) == NF_BR_FORWARD)
		return 0;
	return policy_refuse(w, a->offset, a->type, "hook that is not allowed");
}

static const struct policy_attr hook_attrs[] = {
	[NFTA_HOOK_HOOKNUM] = { .kind = POLICY_BE32, .max = NF_INET_POST_ROUTING, .is_required = true, .check = hook_check },
	[NFTA_HOOK_PRIORITY] = { .kind = POLICY_BE32, .max = UINT32_MAX, .is_required = true },
};
static const struct policy hook_policy = POLICY(hook_attrs);

static int
chain_type_check(struct policy_walk *w, const struct nl_attr *a)
{
	const char *s = nlattr_str(a);

	if (strcmp(s, "filter") == 0 || (!w->is_narrow && (strcmp(s, "nat") == 0 || strcmp(s, "route") == 0)))
		return 0;
	return policy_refuse(w, a->offset, a->type, "chain type that is not allowed");
}

static const struct policy_attr chain_attrs[] = {
	[NFTA_CHAIN_TABLE] = OUR_TABLE, [NFTA_CHAIN_HANDLE] = BE64, [NFTA_CHAIN_NAME] = NAME,
	[NFTA_CHAIN_HOOK] = { .kind = POLICY_NEST, .nested = &hook_policy }, [NFTA_CHAIN_POLICY] = BE32(NF_DROP, NF_ACCEPT),
	[NFTA_CHAIN_TYPE] = { .kind = POLICY_NAME, .max = 15, .check = chain_type_check },
	[NFTA_CHAIN_COUNTERS] = { .kind = POLICY_NEST, .nested = &nftexpr_counter_policy },
	[NFTA_CHAIN_FLAGS] = BITS(CHAIN_FLAGS), [NFTA_CHAIN_ID] = BE32(0, UINT32_MAX), [NFTA_CHAIN_USERDATA] = USERDATA,
};
static const struct policy_attr chain_del_attrs[] = {
	[NFTA_CHAIN_TABLE] = OUR_TABLE, [NFTA_CHAIN_HANDLE] = BE64, [NFTA_CHAIN_NAME] = NAME,
};

/* --- rules; a deletion without chain or handle flushes our own table --- */

static const struct policy_attr rule_attrs[] = {
	[NFTA_RULE_TABLE] = OUR_TABLE, [NFTA_RULE_CHAIN] = NAME_REQUIRED, [NFTA_RULE_HANDLE] = BE64,
	[NFTA_RULE_EXPRESSIONS] = { .kind = POLICY_LIST, .min = NFTA_LIST_ELEM, .nested = &nftexpr_policy },
	[NFTA_RULE_POSITION] = BE64, [NFTA_RULE_USERDATA] = USERDATA,
	[NFTA_RULE_ID] = BE32(0, UINT32_MAX), [NFTA_RULE_POSITION_ID] = BE32(0, UINT32_MAX),
};
static const struct policy_attr rule_del_attrs[] = {
	[NFTA_RULE_TABLE] = OUR_TABLE, [NFTA_RULE_CHAIN] = NAME, [NFTA_RULE_HANDLE] = BE64, [NFTA_RULE_ID] = BE32(0, UINT32_MAX),
};

/* --- sets --- */

static const struct policy_attr field_attrs[] = { [NFTA_SET_FIELD_LEN] = BE32(1, 64) };
static const struct policy field_policy = POLICY(field_attrs);
static const struct policy_attr desc_attrs[] = {
	[NFTA_SET_DESC_SIZE] = BE32(0, UINT32_MAX),
	[NFTA_SET_DESC_CONCAT] = { .kind = POLICY_LIST, .min = NFTA_LIST_ELEM, .nested = &field_policy },
};
static const struct policy desc_policy = POLICY(desc_attrs);

static const struct policy_attr set_attrs[] = {
	[NFTA_SET_TABLE] = OUR_TABLE, [NFTA_SET_NAME] = NAME_REQUIRED, [NFTA_SET_FLAGS] = BITS(SET_FLAGS),
	[NFTA_SET_KEY_TYPE] = BE32(0, UINT32_MAX), [NFTA_SET_KEY_LEN] = BE32(1, 64), [NFTA_SET_DATA_TYPE] = BE32(0, UINT32_MAX),
	[NFTA_SET_DATA_LEN] = BE32(0, 64), [NFTA_SET_POLICY] = BE32(0, NFT_SET_POL_MEMORY),
	[NFTA_SET_DESC] = { .kind = POLICY_NEST, .nested = &desc_policy }, [NFTA_SET_ID] = BE32(0, UINT32_MAX),
	[NFTA_SET_TIMEOUT] = BE64, [NFTA_SET_GC_INTERVAL] = BE32(0, UINT32_MAX), [NFTA_SET_USERDATA] = USERDATA,
	[NFTA_SET_EXPR] = { .kind = POLICY_NEST, .nested = &nftexpr_state_policy },
	[NFTA_SET_EXPRESSIONS] = { .kind = POLICY_LIST, .min = NFTA_LIST_ELEM, .nested = &nftexpr_state_policy },
};
static const struct policy_attr set_del_attrs[] = {
	[NFTA_SET_TABLE] = OUR_TABLE, [NFTA_SET_NAME] = NAME, [NFTA_SET_HANDLE] = BE64,
};

static const struct policy_attr elem_attrs[] = {
	[NFTA_SET_ELEM_KEY] = { .kind = POLICY_NEST, .nested = &nftexpr_data_policy },
	[NFTA_SET_ELEM_DATA] = { .kind = POLICY_NEST, .nested = &nftexpr_data_policy },
	[NFTA_SET_ELEM_FLAGS] = BITS(NFT_SET_ELEM_INTERVAL_END | NFT_SET_ELEM_CATCHALL), [NFTA_SET_ELEM_TIMEOUT] = BE64,
	[NFTA_SET_ELEM_EXPIRATION] = BE64, [NFTA_SET_ELEM_USERDATA] = USERDATA,
	[NFTA_SET_ELEM_EXPR] = { .kind = POLICY_NEST, .nested = &nftexpr_state_policy },
	[NFTA_SET_ELEM_KEY_END] = { .kind = POLICY_NEST, .nested = &nftexpr_data_policy },
	[NFTA_SET_ELEM_EXPRESSIONS] = { .kind = POLICY_LIST, .min = NFTA_LIST_ELEM, .nested = &nftexpr_state_policy },
};
static const struct policy elem_policy = POLICY(elem_attrs);
/* Without elements a deletion empties the set. */
static const struct policy_attr elems_attrs[] = {
	[NFTA_SET_ELEM_LIST_TABLE] = OUR_TABLE, [NFTA_SET_ELEM_LIST_SET] = NAME_REQUIRED,
	[NFTA_SET_ELEM_LIST_ELEMENTS] = { .kind = POLICY_LIST, .min = NFTA_LIST_ELEM, .nested = &elem_policy },
	[NFTA_SET_ELEM_LIST_SET_ID] = BE32(0, UINT32_MAX),
};

/* --- named objects: what rules give to connections; the kernel loads a module by the name of a helper --- */

static int
helper_check(struct policy_walk *w, const struct nl_attr *a)
{
	static const char *const known[] = {
		"ftp", "tftp", "sip", "Q.931", "RAS", "irc", "pptp", "amanda", "sane", "netbios-ns", "snmp"
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(nlattr_str(a), known[i]) == 0)
			return 0;
	return policy_refuse(w, a->offset, a->type, "helper that is not allowed");
}

static const struct policy_attr helper_attrs[] = {
	[NFTA_CT_HELPER_NAME] = { .kind = POLICY_NAME, .max = 15, .is_required = true, .check = helper_check },
	[NFTA_CT_HELPER_L3PROTO] = { .kind = POLICY_BE16, .max = NFPROTO_IPV6 },
	[NFTA_CT_HELPER_L4PROTO] = { .kind = POLICY_U8, .max = 255, .is_required = true },
};
static const struct policy helper_policy = POLICY(helper_attrs);

/* Seconds, by state; the kernel multiplies them by its clock. */
#define SECONDS		BE32(1, INT32_MAX / 1000)
static const struct policy_attr time_attrs[] = {
	[1] = SECONDS, [2] = SECONDS, [3] = SECONDS, [4] = SECONDS, [5] = SECONDS, [6] = SECONDS, [7] = SECONDS, [8] = SECONDS, [9] = SECONDS,
	[10] = SECONDS, [CTA_TIMEOUT_TCP_UNACK] = SECONDS,
};
static const struct policy time_policy = POLICY(time_attrs);
static const struct policy_attr timeout_attrs[] = {
	[NFTA_CT_TIMEOUT_L3PROTO] = { .kind = POLICY_BE16, .max = NFPROTO_IPV6, .is_required = true },
	[NFTA_CT_TIMEOUT_L4PROTO] = { .kind = POLICY_U8, .max = 255, .is_required = true },
	[NFTA_CT_TIMEOUT_DATA] = { .kind = POLICY_NEST, .nested = &time_policy, .is_required = true },
};
static const struct policy timeout_policy = POLICY(timeout_attrs);

/* The type decides what the data may be. */
static int
object_check(struct policy_walk *w, const struct nl_reader *r)
{
	struct nl_reader nested;
	struct nl_attr type, data;

	if (w->is_narrow)
		return policy_refuse(w, r->base, 0, "object that is not allowed");
	if (!nlattr_find(*r, NFTA_OBJ_TYPE, &type) || !nlattr_find(*r, NFTA_OBJ_DATA, &data))
		return policy_refuse(w, r->base, NFTA_OBJ_DATA, "required attribute is missing");
	nlattr_reader_nested(&nested, &data);
	switch (nlattr_be32(&type)) {
	case NFT_OBJECT_CT_HELPER:
		return policy_walk_attrs(w, nested, &helper_policy);
	case NFT_OBJECT_CT_TIMEOUT:
		return policy_walk_attrs(w, nested, &timeout_policy);
	default:
		return policy_refuse(w, type.offset, type.type, "object that is not allowed");
	}
}

static const struct policy_attr object_attrs[] = {
	[NFTA_OBJ_TABLE] = OUR_TABLE, [NFTA_OBJ_NAME] = NAME_REQUIRED, [NFTA_OBJ_TYPE] = BE32(1, NFT_OBJECT_MAX),
	[NFTA_OBJ_DATA] = { .kind = POLICY_CUSTOM }, [NFTA_OBJ_USERDATA] = USERDATA,
};
static const struct policy_attr object_del_attrs[] = {
	[NFTA_OBJ_TABLE] = OUR_TABLE, [NFTA_OBJ_NAME] = NAME, [NFTA_OBJ_TYPE] = BE32(1, NFT_OBJECT_MAX), [NFTA_OBJ_HANDLE] = BE64,
};

/* --- flowtables: names of devices, at their ingress hook and at one priority; what is in one was put there by a rule of ours --- */

static int
devices_check(struct policy_walk *w, const struct nl_attr *a)
{
	static const struct policy_attr device = { .kind = POLICY_NAME, .max = IFNAMSIZ - 1 };
	struct nl_reader r;
	struct nl_attr item;
	int n, error = 0;

	nlattr_reader_nested(&r, a);
	while (error == 0 && (n = nlattr_next(&r, &item)) != 0) {
		if (n < 0 || item.type != NFTA_DEVICE_NAME)
			return policy_refuse(w, item.offset, a->type, "not an item of this list");
		error = policy_check_attr(w, &item, &device);
	}
	return error;
}

static const struct policy_attr flow_hook_attrs[] = {
	[NFTA_FLOWTABLE_HOOK_NUM] = { .kind = POLICY_BE32, .max = NF_NETDEV_INGRESS, .is_required = true },
	[NFTA_FLOWTABLE_HOOK_PRIORITY] = { .kind = POLICY_BE32, .max = 0, .is_required = true },
	[NFTA_FLOWTABLE_HOOK_DEVS] = { .kind = POLICY_CUSTOM, .check = devices_check },
};
static const struct policy flow_hook_policy = POLICY(flow_hook_attrs);

static int
flowtable_check(struct policy_walk *w, const struct nl_reader *r)
{
	return w->is_narrow ? policy_refuse(w, r->base, 0, "flowtable that is not allowed") : 0;
}

static const struct policy_attr flowtable_attrs[] = {
	[NFTA_FLOWTABLE_TABLE] = OUR_TABLE, [NFTA_FLOWTABLE_NAME] = NAME_REQUIRED,
	[NFTA_FLOWTABLE_HOOK] = { .kind = POLICY_NEST, .nested = &flow_hook_policy, .is_required = true },
	[NFTA_FLOWTABLE_FLAGS] = BITS(NFT_FLOWTABLE_HW_OFFLOAD | NFT_FLOWTABLE_COUNTER),
};
static const struct policy_attr flowtable_del_attrs[] = { [NFTA_FLOWTABLE_TABLE] = OUR_TABLE, [NFTA_FLOWTABLE_NAME] = NAME_REQUIRED };

/* --- conntrack deletions --- */

static const struct policy_attr ct_ip_attrs[] = {
	[CTA_IP_V4_SRC] = { .kind = POLICY_BYTES, .min = 4, .max = 4 }, [CTA_IP_V4_DST] = { .kind = POLICY_BYTES, .min = 4, .max = 4 },
	[CTA_IP_V6_SRC] = { .kind = POLICY_BYTES, .min = 16, .max = 16 }, [CTA_IP_V6_DST] = { .kind = POLICY_BYTES, .min = 16, .max = 16 },
};
static const struct policy ct_ip_policy = POLICY(ct_ip_attrs);
static const struct policy_attr ct_proto_attrs[] = {
	[CTA_PROTO_NUM] = { .kind = POLICY_U8, .max = 255, .is_required = true },
	[CTA_PROTO_SRC_PORT] = { .kind = POLICY_BE16, .max = UINT16_MAX },
	[CTA_PROTO_DST_PORT] = { .kind = POLICY_BE16, .max = UINT16_MAX },
	[CTA_PROTO_ICMP_ID] = { .kind = POLICY_BE16, .max = UINT16_MAX }, [CTA_PROTO_ICMP_TYPE] = { .kind = POLICY_U8, .max = 255 },
	[CTA_PROTO_ICMP_CODE] = { .kind = POLICY_U8, .max = 255 }, [CTA_PROTO_ICMPV6_ID] = { .kind = POLICY_BE16, .max = UINT16_MAX },
	[CTA_PROTO_ICMPV6_TYPE] = { .kind = POLICY_U8, .max = 255 }, [CTA_PROTO_ICMPV6_CODE] = { .kind = POLICY_U8, .max = 255 },
};
static const struct policy ct_proto_policy = POLICY(ct_proto_attrs);
static const struct policy_attr ct_tuple_attrs[] = {
	[CTA_TUPLE_IP] = { .kind = POLICY_NEST, .nested = &ct_ip_policy, .is_required = true },
	[CTA_TUPLE_PROTO] = { .kind = POLICY_NEST, .nested = &ct_proto_policy, .is_required = true },
	[CTA_TUPLE_ZONE] = { .kind = POLICY_BE16, .max = UINT16_MAX },
};
static const struct policy ct_tuple_policy = POLICY(ct_tuple_attrs);
static const struct policy_attr ct_attrs[] = {
	[CTA_TUPLE_ORIG] = { .kind = POLICY_NEST, .nested = &ct_tuple_policy },
	[CTA_TUPLE_REPLY] = { .kind = POLICY_NEST, .nested = &ct_tuple_policy },
	[CTA_MARK] = BE32(1, UINT32_MAX), [CTA_MARK_MASK] = BE32(1, UINT32_MAX), [CTA_ID] = BE32(0, UINT32_MAX),
	[CTA_ZONE] = { .kind = POLICY_BE16, .max = UINT16_MAX },
};

/* Without a tuple or a mark the kernel deletes every connection of the box. */
static int
ct_delete_check(struct policy_walk *w, const struct nl_reader *r)
{
	struct nl_attr a;

	if (nlattr_find(*r, CTA_TUPLE_ORIG, &a) || nlattr_find(*r, CTA_TUPLE_REPLY, &a))
		return 0;
	if (nlattr_find(*r, CTA_MARK, &a))
		return 0;
	return policy_refuse(w, r->base, 0, "neither tuple nor mark");
}

/* --- messages --- */

struct message_policy {
	uint16_t	type;
	uint16_t	flags;
	struct policy	attrs;
};

#define MESSAGE(name, f, table)	{ NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_##name, f, POLICY(table) }

static const struct message_policy nft_messages[] = {
	{ NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWOBJ, FLAGS_NEW, { object_attrs, sizeof(object_attrs) / sizeof(object_attrs[0]), object_check } },
	MESSAGE(NEWRULE, FLAGS_NEW, rule_attrs), MESSAGE(DELRULE, FLAGS_DEL, rule_del_attrs),
	MESSAGE(NEWSETELEM, FLAGS_NEW, elems_attrs), MESSAGE(DELSETELEM, FLAGS_DEL, elems_attrs),
	MESSAGE(NEWCHAIN, FLAGS_NEW, chain_attrs), MESSAGE(DELCHAIN, FLAGS_DEL, chain_del_attrs),
	MESSAGE(NEWSET, FLAGS_NEW, set_attrs), MESSAGE(DELSET, FLAGS_DEL, set_del_attrs),
	{ NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWFLOWTABLE, FLAGS_NEW,
	  { flowtable_attrs, sizeof(flowtable_attrs) / sizeof(flowtable_attrs[0]), flowtable_check } },
	{ NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELFLOWTABLE, FLAGS_DEL,
	  { flowtable_del_attrs, sizeof(flowtable_del_attrs) / sizeof(flowtable_del_attrs[0]), flowtable_check } },
	MESSAGE(DELOBJ, FLAGS_DEL, object_del_attrs), MESSAGE(NEWTABLE, FLAGS_NEW, table_attrs), MESSAGE(DELTABLE, FLAGS_DEL, table_del_attrs),
};
static const struct message_policy ct_messages[] = {
	{ NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK,
	  { ct_attrs, sizeof(ct_attrs) / sizeof(ct_attrs[0]), ct_delete_check } },
};

struct message_set {
	const struct message_policy	*messages;
	size_t				 n;
	bool				 is_nft;
};

static const struct message_policy *
message_find(const struct message_set *set, uint16_t type)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		if (set->messages[i].type == type)
			return &set->messages[i];
	return NULL;
}

const struct policy *
nftwalk_policy(uint16_t type)
{
	static const struct message_set set = { nft_messages, sizeof(nft_messages) / sizeof(nft_messages[0]), true };
	const struct message_policy *p = message_find(&set, type);

	return p != NULL ? &p->attrs : NULL;
}

static int
family_check(struct policy_walk *w, const struct nl_msg *m, bool is_nft)
{
	struct nfgenmsg g;

	if (m->len < sizeof(g))
		return policy_refuse(w, m->offset, m->type, "message too short");
	memcpy(&g, m->data, sizeof(g));
	w->is_narrow = is_nft && g.nfgen_family == NFPROTO_BRIDGE;
	if (is_nft ? g.nfgen_family != NFPROTO_INET && !w->is_narrow : g.nfgen_family != AF_INET && g.nfgen_family != AF_INET6)
		return policy_refuse(w, m->offset, m->type, "family that is not ours");
	if (g.version != NFNETLINK_V0 || g.res_id != 0)
		return policy_refuse(w, m->offset, m->type, "header that is not allowed");
	return 0;
}

static int
message_walk(struct policy_walk *w, const struct nl_msg *m, const struct message_set *set)
{
	const struct message_policy *p = message_find(set, m->type);
	struct nl_reader attrs;
	int error;

	if (p == NULL)
		return policy_refuse(w, m->offset, m->type, "message that is not allowed");
	if ((m->flags & NLM_F_REQUEST) == 0 || (m->flags & ~p->flags) != 0)
		return policy_refuse(w, m->offset, m->type, "message flags that are not allowed");
	error = family_check(w, m, set->is_nft);
	if (error != 0)
		return error;
	if (nlattr_reader_init(&attrs, m, sizeof(struct nfgenmsg)) != 0)
		return policy_refuse(w, m->offset, m->type, "message too short");
	return policy_walk_attrs(w, attrs, &p->attrs);
}

static int
batch_walk(const uint8_t *data, size_t len, const struct message_set *set, uint32_t *ret_n, struct refusal *ret)
{
	struct policy_walk w = { .ret = ret };
	struct nl_reader r;
	struct nl_msg m;
	int n, error = 0;

	memset(ret, 0, sizeof(*ret));
	nlmsg_reader_init(&r, data, len);
	while (error == 0 && (n = nlmsg_next(&r, &m)) != 0) {
		/* The sender puts messages back to back: each but the last must end on a boundary. */
		error = n < 0 ? policy_refuse(&w, m.offset, 0, "not a message") : message_walk(&w, &m, set);
		if (error == 0)
			ret->message++;
	}
	if (error == 0)
		*ret_n = ret->message;
	return error;
}

int
nftwalk_batch(const uint8_t *data, size_t len, uint32_t *ret_n, struct refusal *ret)
{
	static const struct message_set set = { nft_messages, sizeof(nft_messages) / sizeof(nft_messages[0]), true };

	return batch_walk(data, len, &set, ret_n, ret);
}

size_t
nftwalk_without_bridges(uint8_t *data, size_t len)
{
	const struct nfgenmsg *g;
	struct nl_reader r;
	struct nl_msg m;
	size_t to = 0;

	nlmsg_reader_init(&r, data, len);
	for (size_t at = 0; nlmsg_next(&r, &m) == 1; at = r.at) {
		g = (const void *)m.data;
		if (m.len < sizeof(*g) || g->nfgen_family == NFPROTO_BRIDGE)
			continue;
		memmove(data + to, data + at, r.at - at);
		to += r.at - at;
	}
	return to;
}

int
nftwalk_conntrack(const uint8_t *data, size_t len, uint32_t *ret_n, struct refusal *ret)
{
	static const struct message_set set = { ct_messages, sizeof(ct_messages) / sizeof(ct_messages[0]), false };

	return batch_walk(data, len, &set, ret_n, ret);
}
