/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Random batches made from the walkers' own policy, valid and damaged, sent to privd's receiving side, which sends what it accepts to
 * the kernel of this network namespace.  The caller compares what somebody else owns there before and after.
 *
 *	property nft|rtnl COUNT SEED LINK...		indexes of links, the first of them ours
 *
 * Prints: made ACCEPTED-BY-THE-WALKER APPLIED-BY-THE-KERNEL.
 */
#include <errno.h>
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "inproc.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "net/nftexpr.h"
#include "net/nftwalk.h"
#include "net/nlmsg.h"
#include "net/policy.h"
#include "net/rtnlwalk.h"

#define BATCH_MAX	60000

static uint32_t	links[8];
static unsigned	nlinks;

static void	attrs_make(struct buf *, const struct policy *, unsigned depth);

/* --- values: from small pools, so that messages meet what is there, also what is somebody else's */

static const char *
name_pick(void)
{
	static const char *const pool[] = { "in", "out", "fw", "s1", "s2", "lo", "own0", "for0", "x" };

	return pool[inproc_random(sizeof(pool) / sizeof(pool[0]))];
}

static void
bytes_make(uint8_t *out, uint32_t len)
{
	static const uint8_t pool4[][4] = { { 192, 0, 2, 1 }, { 192, 0, 2, 7 }, { 198, 51, 100, 0 }, { 198, 51, 100, 1 }, { 203, 0, 113, 0 }, { 0 } };
	static const uint8_t pool6[][16] = { { 0x20, 1, 0xd, 0xb8, [15] = 1 }, { 0x20, 1, 0xd, 0xb8, [15] = 7 }, { 0x20, 1, 0xd, 0xb8, 0, 1 } };
	uint32_t i;

	if (len == 4)
		memcpy(out, pool4[inproc_random(6)], 4);
	else if (len == 16)
		memcpy(out, pool6[inproc_random(3)], 16);
	else
		for (i = 0; i < len; i++)
			out[i] = (uint8_t)inproc_random(256);
}

static uint32_t
number_make(const struct policy_attr *p)
{
	uint32_t span = p->max - p->min;

	if (inproc_random(3) == 0)
		return p->min + (span < 4 ? inproc_random(span + 1) : inproc_random(4));
	return p->min + (span == UINT32_MAX ? inproc_random(UINT32_MAX) : inproc_random(span + 1));
}

static void
data_make(struct buf *b, unsigned depth)
{
	uint8_t value[16];
	uint32_t len = inproc_random(2) ? 4 : 1u << inproc_random(5);

	(void)depth;
	bytes_make(value, len);
	nlattr_put(b, NFTA_DATA_VALUE, value, len);
}

/* A name and what belongs to it. */
static void
expr_make(struct buf *b, bool is_state, unsigned depth)
{
	static const char *const state[] = { "counter", "limit", "connlimit", "quota" };
	const char *const *all = nftwalk_expressions();
	const struct policy *p;
	unsigned n = 0;
	const char *name;
	size_t nest;

	while (all[n] != NULL)
		n++;
	name = is_state ? state[inproc_random(4)] : all[inproc_random(n)];
	p = nftexpr_by_name(name);
	nlattr_put_str(b, NFTA_EXPR_NAME, name);
	nest = nlattr_begin(b, NFTA_EXPR_DATA);
	if (strcmp(name, "notrack") != 0)
		attrs_make(b, p, depth + 1);
	nlattr_end(b, nest);
}

static void
nest_make(struct buf *b, uint16_t type, const struct policy *p, unsigned depth)
{
	size_t nest = nlattr_begin(b, type);

	if (p == &nftexpr_policy || p == &nftexpr_state_policy)
		expr_make(b, p == &nftexpr_state_policy, depth);
	else if (p == &nftexpr_data_policy && inproc_random(4) != 0)
		data_make(b, depth);
	else
		attrs_make(b, p, depth + 1);
	nlattr_end(b, nest);
}

static void
attr_make(struct buf *b, uint16_t type, const struct policy_attr *p, unsigned depth)
{
	uint8_t bytes[256];
	uint32_t v = number_make(p), len;
	uint16_t be16 = (uint16_t)(v << 8 | (v >> 8 & 0xff));
	size_t nest;

	switch ((enum policy_kind)p->kind) {
	case POLICY_U8:
		nlattr_put_u8(b, type, (uint8_t)v);
		break;
	case POLICY_U16:
	case POLICY_BE16:
		be16 = p->kind == POLICY_BE16 ? be16 : (uint16_t)v;
		nlattr_put(b, type, &be16, sizeof(be16));
		break;
	case POLICY_U32:
		/* Links and tables that are there. */
		nlattr_put_u32(b, type, p->max == INT32_MAX ? links[inproc_random(nlinks)] : type == RTA_TABLE && p->max == UINT32_MAX ?
		    (inproc_random(3) == 0 ? RTNLWALK_SHADOW : RT_TABLE_MAIN) : v);
		break;
	case POLICY_BE32:
		nlattr_put_be32(b, type, v);
		break;
	case POLICY_BE64:
		nlattr_put_be64(b, type, inproc_random(40));
		break;
	case POLICY_BITS32:
		nlattr_put_u32(b, type, inproc_random(UINT32_MAX) & p->max);
		break;
	case POLICY_BEBITS32:
		nlattr_put_be32(b, type, inproc_random(2) ? 0 : inproc_random(UINT32_MAX) & p->max);
		break;
	case POLICY_BYTES:
		len = p->max < sizeof(bytes) ? p->max : 32;
		len = p->min == 4 && len == 16 ? (inproc_random(2) ? 4 : 16) : p->min + inproc_random(len - p->min + 1);
		bytes_make(bytes, len);
		nlattr_put(b, type, bytes, len);
		break;
	case POLICY_NAME:
		nlattr_put_str(b, type, p->check != NULL ? (inproc_random(2) ? "filter" : "nat") : name_pick());
		break;
	case POLICY_NUMBERED:
		nlattr_put_str(b, type, p->text);
		break;
	case POLICY_NEST:
		nest_make(b, type, p->nested, depth);
		break;
	case POLICY_LIST:
		nest = nlattr_begin(b, type);
		for (len = inproc_random(4); len > 0; len--)
			nest_make(b, (uint16_t)p->min, p->nested, depth + 1);
		nlattr_end(b, nest);
		break;
	case POLICY_CUSTOM:
	case POLICY_REFUSED:
	case POLICY_KIND_MAX:
		break;
	}
}

static void
attrs_make(struct buf *b, const struct policy *p, unsigned depth)
{
	uint16_t i;

	for (i = 0; i < p->n && depth < POLICY_DEPTH_MAX; i++)
		if (p->attrs[i].kind != POLICY_REFUSED && (p->attrs[i].is_required || inproc_random(depth == 0 ? 2 : 3) == 0))
			attr_make(b, i, &p->attrs[i], depth);
}

/* --- messages --- */

/* What the data of a named object is depends on its type, which the check of the message knows. */
static void
object_make(struct buf *b)
{
	static const char *const helpers[] = { "ftp", "tftp", "sip", "RAS", "Q.931", "snmp" };
	bool is_helper = inproc_random(2) == 0;
	size_t data, times;
	uint16_t i;

	nlattr_put_str(b, NFTA_OBJ_TABLE, NFTWALK_TABLE);
	nlattr_put_str(b, NFTA_OBJ_NAME, name_pick());
	nlattr_put_be32(b, NFTA_OBJ_TYPE, is_helper ? NFT_OBJECT_CT_HELPER : NFT_OBJECT_CT_TIMEOUT);
	data = nlattr_begin(b, NFTA_OBJ_DATA);
	if (is_helper) {
		nlattr_put_str(b, NFTA_CT_HELPER_NAME, helpers[inproc_random(6)]);
		nlattr_put_u8(b, NFTA_CT_HELPER_L4PROTO, inproc_random(2) ? IPPROTO_TCP : IPPROTO_UDP);
	} else {
		nlattr_put(b, NFTA_CT_TIMEOUT_L3PROTO, "\0\1", 2);
		nlattr_put_u8(b, NFTA_CT_TIMEOUT_L4PROTO, inproc_random(2) ? IPPROTO_TCP : IPPROTO_UDP);
		times = nlattr_begin(b, NFTA_CT_TIMEOUT_DATA);
		for (i = 1; i < 12; i++)
			if (inproc_random(3) == 0)
				nlattr_put_be32(b, i, 1 + inproc_random(100));
		nlattr_end(b, times);
	}
	nlattr_end(b, data);
}

static void
flowtable_make(struct buf *b)
{
	static const char *const devices[] = { "lo", "dummy0", "eth0", "there-is-none" };
	size_t hook, list;
	uint32_t i;

	nlattr_put_str(b, NFTA_FLOWTABLE_TABLE, NFTWALK_TABLE);
	nlattr_put_str(b, NFTA_FLOWTABLE_NAME, name_pick());
	hook = nlattr_begin(b, NFTA_FLOWTABLE_HOOK);
	nlattr_put_be32(b, NFTA_FLOWTABLE_HOOK_NUM, 0);
	nlattr_put_be32(b, NFTA_FLOWTABLE_HOOK_PRIORITY, 0);
	list = nlattr_begin(b, NFTA_FLOWTABLE_HOOK_DEVS);
	for (i = inproc_random(4); i > 0; i--)
		nlattr_put_str(b, NFTA_DEVICE_NAME, devices[inproc_random(4)]);
	nlattr_end(b, list);
	nlattr_end(b, hook);
	nlattr_put_be32(b, NFTA_FLOWTABLE_FLAGS, inproc_random(4));
}

static void
nft_make(struct buf *b)
{
	static const uint16_t types[] = { NFT_MSG_NEWTABLE, NFT_MSG_NEWCHAIN, NFT_MSG_NEWCHAIN, NFT_MSG_DELCHAIN, NFT_MSG_NEWRULE, NFT_MSG_NEWRULE,
	    NFT_MSG_NEWRULE, NFT_MSG_DELRULE, NFT_MSG_NEWSET, NFT_MSG_NEWSET, NFT_MSG_DELSET, NFT_MSG_NEWSETELEM, NFT_MSG_DELSETELEM,
	    NFT_MSG_NEWOBJ, NFT_MSG_DELOBJ, NFT_MSG_NEWFLOWTABLE, NFT_MSG_DELFLOWTABLE, NFT_MSG_DELTABLE };
	uint16_t msg = types[inproc_random(inproc_random(8) == 0 ? 18 : 17)], type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | msg);
	bool is_new = msg == NFT_MSG_NEWTABLE || msg == NFT_MSG_NEWCHAIN || msg == NFT_MSG_NEWRULE || msg == NFT_MSG_NEWSET ||
	    msg == NFT_MSG_NEWSETELEM || msg == NFT_MSG_NEWOBJ || msg == NFT_MSG_NEWFLOWTABLE;
	struct nfgenmsg g = { .nfgen_family = NFPROTO_INET };
	size_t at = nlmsg_begin(b, type, NLM_F_REQUEST | (is_new ? NLM_F_CREATE : 0), 1, &g, sizeof(g));

	if (msg == NFT_MSG_NEWOBJ)
		object_make(b);
	else if (msg == NFT_MSG_NEWFLOWTABLE)
		flowtable_make(b);
	else
		attrs_make(b, nftwalk_policy(type), 0);
	nlmsg_end(b, at);
}

static size_t
rtnl_head(struct buf *b, uint16_t type, uint16_t flags)
{
	bool is_v6 = inproc_random(3) == 0;
	uint8_t family = is_v6 ? AF_INET6 : AF_INET;
	struct ifaddrmsg addr = { .ifa_family = family, .ifa_prefixlen = is_v6 ? 64 : 24, .ifa_index = links[inproc_random(nlinks)] };
	struct rtmsg route = { .rtm_family = family, .rtm_dst_len = inproc_random(8) == 0 ? 0 : is_v6 ? 64 : 24, .rtm_table = RT_TABLE_MAIN,
	    .rtm_protocol = RTNLWALK_PROTOCOL, .rtm_scope = inproc_random(2) ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE,
	    .rtm_type = (uint8_t)(inproc_random(3) != 0 ? RTN_UNICAST : inproc_random(2) ? RTN_BLACKHOLE : RTN_THROW) };
	struct fib_rule_hdr rule = { .family = family, .action = FR_ACT_TO_TBL };
	/* Taking a link down takes everybody's routes with it, which the policy grants for links that are configured: ours alone here. */
	struct ifinfomsg link = { .ifi_index = (int)links[0], .ifi_flags = inproc_random(2), .ifi_change = 1 };

	switch (type) {
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return nlmsg_begin(b, type, flags, 1, &addr, sizeof(addr));
	case RTM_NEWRULE:
	case RTM_DELRULE:
		return nlmsg_begin(b, type, flags, 1, &rule, sizeof(rule));
	case RTM_NEWLINK:
		return nlmsg_begin(b, type, flags, 1, &link, sizeof(link));
	default:
		return nlmsg_begin(b, type, flags, 1, &route, sizeof(route));
	}
}

static void
rtnl_make(struct buf *b)
{
	static const uint16_t types[] = { RTM_NEWADDR, RTM_DELADDR, RTM_NEWROUTE, RTM_DELROUTE, RTM_NEWRULE, RTM_DELRULE, RTM_NEWLINK };
	uint16_t type = types[inproc_random(7)], flags = NLM_F_REQUEST;
	size_t at;

	if (type == RTM_NEWADDR || type == RTM_NEWROUTE || type == RTM_NEWRULE)
		flags |= (uint16_t)(NLM_F_CREATE | (type == RTM_NEWROUTE && inproc_random(2) ? NLM_F_REPLACE : NLM_F_EXCL));
	at = rtnl_head(b, type, flags);
	attrs_make(b, rtnlwalk_policy(type), 0);
	nlmsg_end(b, at);
}

/* Bytes of a good batch, changed; or the name of our table, somebody else's. */
static void
damage(struct buf *b)
{
	static const char *const names[] = { "foreigns", "patronuS", "filterxx" };
	uint32_t i, n = 1 + inproc_random(4);
	uint8_t *p;

	if (b->len == 0)
		return;
	if (inproc_random(3) == 0 && (p = memmem(b->data, b->len, "patronus", 8)) != NULL)
		memcpy(p, names[inproc_random(3)], 8);
	else
		for (i = 0; i < n; i++)
			b->data[inproc_random((uint32_t)b->len)] = (uint8_t)(inproc_random(2) ? inproc_random(256) : inproc_random(4));
}

/* Damage may have hit the index of a link: by the policy that link may be changed then, so such a batch proves nothing. */
static bool
is_about_other_links(const struct buf *b)
{
	struct nl_reader r;
	struct nl_msg m;
	struct ifinfomsg h;

	nlmsg_reader_init(&r, b->data, b->len);
	while (nlmsg_next(&r, &m) == 1) {
		if ((m.type != RTM_NEWLINK && m.type != RTM_SETLINK) || m.len < sizeof(h))
			continue;
		memcpy(&h, m.data, sizeof(h));
		if (h.ifi_index != (int)links[0])
			return true;
	}
	return false;
}

int
main(int argc, char **argv)
{
	char dir[] = "/tmp/patronus-property-XXXXXX";
	bool is_nft = argc > 1 && strcmp(argv[1], "nft") == 0;
	unsigned count, i, k, accepted = 0, applied = 0, replies, errors;
	struct frame_header h = { .id = 1 };
	const char *why = NULL;
	struct refusal refusal;
	struct inproc p;
	struct buf b;
	uint32_t n;

	if (argc < 5 || geteuid() != 0)
		return 2;
	count = (unsigned)strtoul(argv[2], NULL, 10);
	inproc_seed(strtoull(argv[3], NULL, 10));
	for (i = 4; i < (unsigned)argc && nlinks < 8; i++)
		links[nlinks++] = (uint32_t)strtoul(argv[i], NULL, 10);
	if (mkdtemp(dir) == NULL || inproc_init(dir) != 0)
		return 2;
	inproc_open(&p, is_nft ? ROLE_FWD : ROLE_NETD);
	for (i = 0; i < count; i++) {
		buf_init(&b, BATCH_MAX);
		for (k = 1 + inproc_random(3); k > 0; k--)
			is_nft ? nft_make(&b) : rtnl_make(&b);
		if (inproc_random(3) == 0)
			damage(&b);
		if (!buf_failed(&b) && b.len > 0 && (is_nft || !is_about_other_links(&b))) {
			struct nft_batch_req nft = { .messages = { b.data, (uint32_t)b.len } };
			struct rtnl_batch_req rtnl = { .messages = { b.data, (uint32_t)b.len } };

			h.type = is_nft ? MSG_NFT_BATCH : MSG_RTNL_BATCH;
			if (msg_send_sync(p.fd, &h, is_nft ? (void *)&nft : (void *)&rtnl, NULL, 1000) != 0 ||
			    inproc_serve(&p, &why, &replies, &errors) != PEER_OK || replies != 1) {
				(void)printf("FAIL batch %u: %s\n", i, why != NULL ? why : "no answer");
				return 1;
			}
			accepted += (is_nft ? nftwalk_batch : rtnlwalk_batch)(b.data, b.len, &n, &refusal) == 0;
			applied += errors == 0;
		}
		buf_fini(&b);
	}
	inproc_close(&p);
	inproc_remove(dir);
	(void)printf("%u %u %u\n", count, accepted, applied);
	return 0;
}
