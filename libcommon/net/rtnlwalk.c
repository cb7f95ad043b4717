/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "net/nlmsg.h"
#include "net/rtnlwalk.h"

#define IFA_PROTO_ATTR	11	/* IFA_PROTO, Linux 5.18 */

#define ADDRESS		{ .kind = POLICY_BYTES, .min = 4, .max = 16 }
#define U32(lo, hi)	{ .kind = POLICY_U32, .min = lo, .max = hi }
#define IFNAME		{ .kind = POLICY_NAME, .max = IFNAMSIZ - 1 }
#define OURS		{ .kind = POLICY_U8, .min = RTNLWALK_PROTOCOL, .max = RTNLWALK_PROTOCOL, .is_required = true }
#define INDEX		U32(1, INT32_MAX)

#define FLAGS_CREATE	(NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL)
#define FLAGS_PLAIN	(NLM_F_REQUEST | NLM_F_ACK)

/* --- addresses --- */

static const struct policy_attr addr_attrs[] = {
	[IFA_ADDRESS] = ADDRESS, [IFA_LOCAL] = ADDRESS, [IFA_LABEL] = IFNAME,
	[IFA_BROADCAST] = { .kind = POLICY_BYTES, .min = 4, .max = 4 },
	[IFA_CACHEINFO] = { .kind = POLICY_BYTES, .min = sizeof(struct ifa_cacheinfo), .max = sizeof(struct ifa_cacheinfo) },
	[IFA_FLAGS] = { .kind = POLICY_BITS32, .max = IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_PERMANENT | IFA_F_MANAGETEMPADDR },
	[IFA_RT_PRIORITY] = U32(0, UINT32_MAX), [IFA_PROTO_ATTR] = OURS,
};

/* Whose it is the caller looks up. */
static const struct policy_attr addr_del_attrs[] = {
	[IFA_ADDRESS] = ADDRESS, [IFA_LOCAL] = ADDRESS, [IFA_LABEL] = IFNAME,
	[IFA_BROADCAST] = { .kind = POLICY_BYTES, .min = 4, .max = 4 },
	[IFA_FLAGS] = { .kind = POLICY_BITS32, .max = IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_PERMANENT | IFA_F_MANAGETEMPADDR },
	[IFA_PROTO_ATTR] = { .kind = POLICY_U8, .min = RTNLWALK_PROTOCOL, .max = RTNLWALK_PROTOCOL },
};

static int
addr_head(struct policy_walk *w, const struct nl_msg *m)
{
	struct nl_reader r;
	struct nl_attr a;
	struct ifaddrmsg h;

	memcpy(&h, m->data, sizeof(h));
	if (h.ifa_family != AF_INET && h.ifa_family != AF_INET6)
		return policy_refuse(w, m->offset, m->type, "family that is not allowed");
	if (h.ifa_index == 0 || h.ifa_index > INT32_MAX)
		return policy_refuse(w, m->offset, m->type, "no interface");
	if ((h.ifa_flags & ~(IFA_F_NODAD | IFA_F_PERMANENT)) != 0 || h.ifa_prefixlen > (h.ifa_family == AF_INET ? 32 : 128))
		return policy_refuse(w, m->offset, m->type, "header that is not allowed");
	/* Without the local address the kernel deletes whichever address of the subnet, or of the link, comes first. */
	if (m->type == RTM_DELADDR && (nlattr_reader_init(&r, m, sizeof(h)) != 0 ||
	    (!nlattr_find(r, IFA_LOCAL, &a) && (h.ifa_family == AF_INET || !nlattr_find(r, IFA_ADDRESS, &a))) ||
	    a.len != (h.ifa_family == AF_INET ? 4u : 16u)))
		return policy_refuse(w, m->offset, m->type, "no address");
	return 0;
}

/* --- routes --- */

static const struct policy_attr metrics_attrs[] = {
	[RTAX_MTU] = U32(RTNLWALK_MTU_MIN, RTNLWALK_MTU_MAX), [RTAX_ADVMSS] = U32(1, 65535), [RTAX_HOPLIMIT] = U32(1, 255),
	[RTAX_INITCWND] = U32(1, 1024), [RTAX_INITRWND] = U32(1, 1024), [RTAX_QUICKACK] = U32(0, 1),
};
static const struct policy metrics_policy = POLICY(metrics_attrs);

static const struct policy_attr nexthop_attrs[] = { [RTA_GATEWAY] = ADDRESS };
static const struct policy nexthop_policy = POLICY(nexthop_attrs);

/* A list of struct rtnexthop, each with attributes of its own. */
static int
multipath_check(struct policy_walk *w, const struct nl_attr *a)
{
	struct nl_reader r;
	struct rtnexthop nh;
	size_t at;
	int error;

	for (at = 0; at < a->len; at += (nh.rtnh_len + 3u) & ~3u) {
		if (a->len - at < sizeof(nh))
			return policy_refuse(w, a->offset, a->type, "not a next hop");
		memcpy(&nh, a->data + at, sizeof(nh));
		if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > a->len - at || nh.rtnh_ifindex <= 0 ||
		    (nh.rtnh_flags & ~RTNH_F_ONLINK) != 0)
			return policy_refuse(w, a->offset, a->type, "not a next hop");
		r = (struct nl_reader){ .data = a->data + at + sizeof(nh), .len = nh.rtnh_len - sizeof(nh),
		    .base = a->offset + sizeof(struct nlattr) + at + sizeof(nh) };
		error = policy_walk_attrs(w, r, &nexthop_policy);
		if (error != 0)
			return error;
	}
	return 0;
}

static int
table_check(struct policy_walk *w, const struct nl_attr *a)
{
	uint32_t table = nlattr_u32(a);

	/* The kernel's own table, and "any". */
	if (table == RT_TABLE_LOCAL || table == RT_TABLE_UNSPEC)
		return policy_refuse(w, a->offset, a->type, "table that is not allowed");
	return 0;
}

static const struct policy_attr route_attrs[] = {
	[RTA_DST] = ADDRESS, [RTA_GATEWAY] = ADDRESS, [RTA_OIF] = INDEX, [RTA_PRIORITY] = U32(0, UINT32_MAX), [RTA_PREFSRC] = ADDRESS,
	[RTA_METRICS] = { .kind = POLICY_NEST, .nested = &metrics_policy },
	[RTA_MULTIPATH] = { .kind = POLICY_BYTES, .min = sizeof(struct rtnexthop), .max = 4096, .check = multipath_check },
	[RTA_TABLE] = { .kind = POLICY_U32, .max = UINT32_MAX, .check = table_check }, [RTA_PREF] = { .kind = POLICY_U8, .max = 3 },
};

static bool
is_shadow(struct nl_reader r)
{
	struct nl_attr a;

	return nlattr_find(r, RTA_TABLE, &a) && nlattr_u32(&a) == RTNLWALK_SHADOW;
}

static int
route_head(struct policy_walk *w, const struct nl_msg *m)
{
	const uint16_t how = m->flags & (NLM_F_EXCL | NLM_F_REPLACE);
	struct nl_reader r;
	struct nl_attr a;
	struct rtmsg h;

	/* Neither would extend a route of somebody else. */
	if (m->type == RTM_NEWROUTE && how != NLM_F_EXCL && how != NLM_F_REPLACE)
		return policy_refuse(w, m->offset, m->type, "message flags that are not allowed");
	memcpy(&h, m->data, sizeof(h));
	if (h.rtm_family != AF_INET && h.rtm_family != AF_INET6)
		return policy_refuse(w, m->offset, m->type, "family that is not allowed");
	/* In a deletion the kernel compares it, unless it is 0. */
	if (h.rtm_protocol != RTNLWALK_PROTOCOL)
		return policy_refuse(w, m->offset, m->type, "belongs to somebody else");
	if (h.rtm_table == RT_TABLE_LOCAL || h.rtm_src_len != 0 || (h.rtm_flags & ~(unsigned)RTNH_F_ONLINK) != 0 ||
	    h.rtm_dst_len > (h.rtm_family == AF_INET ? 32 : 128))
		return policy_refuse(w, m->offset, m->type, "header that is not allowed");
	/* The kernel pads or cuts a destination of another length. */
	if (nlattr_reader_init(&r, m, sizeof(h)) != 0 ||
	    (nlattr_find(r, RTA_DST, &a) && a.len != (h.rtm_family == AF_INET ? 4u : 16u)))
		return policy_refuse(w, m->offset, m->type, "destination of a wrong length");
	if (h.rtm_type != RTN_UNICAST && h.rtm_type != RTN_BLACKHOLE && h.rtm_type != RTN_UNREACHABLE && h.rtm_type != RTN_PROHIBIT &&
	    (h.rtm_type != RTN_THROW || !is_shadow(r)))
		return policy_refuse(w, m->offset, m->type, "route type that is not allowed");
	return 0;
}

/* --- policy rules --- */

/* All there is: "from all lookup SHADOW" before the main table.  In a deletion the kernel compares each of the three. */
static const struct policy_attr rule_attrs[] = {
	[FRA_PRIORITY] = { .kind = POLICY_U32, .min = RTNLWALK_PRIORITY, .max = RTNLWALK_PRIORITY, .is_required = true },
	[FRA_TABLE] = { .kind = POLICY_U32, .min = RTNLWALK_SHADOW, .max = RTNLWALK_SHADOW, .is_required = true }, [FRA_PROTOCOL] = OURS,
};

static int
rule_head(struct policy_walk *w, const struct nl_msg *m)
{
	struct fib_rule_hdr h;

	memcpy(&h, m->data, sizeof(h));
	if (h.family != AF_INET && h.family != AF_INET6)
		return policy_refuse(w, m->offset, m->type, "family that is not allowed");
	if (h.dst_len != 0 || h.src_len != 0 || h.tos != 0 || h.table != RT_TABLE_UNSPEC || h.flags != 0 || h.res1 != 0 || h.res2 != 0)
		return policy_refuse(w, m->offset, m->type, "header that is not allowed");
	if (h.action != FR_ACT_TO_TBL)
		return policy_refuse(w, m->offset, m->type, "rule action that is not allowed");
	return 0;
}

/* --- links: by index, MTU and up/down; no name space, no XDP, no master, no kind --- */

static const struct policy_attr link_attrs[] = {
	[IFLA_MTU] = U32(RTNLWALK_MTU_MIN, RTNLWALK_MTU_MAX),
};

static int
link_head(struct policy_walk *w, const struct nl_msg *m)
{
	struct ifinfomsg h;

	memcpy(&h, m->data, sizeof(h));
	if (h.ifi_family != AF_UNSPEC || h.ifi_type != 0)
		return policy_refuse(w, m->offset, m->type, "header that is not allowed");
	if (h.ifi_index <= 0)
		return policy_refuse(w, m->offset, m->type, "no interface");
	if ((h.ifi_change & ~(unsigned)IFF_UP) != 0 || (h.ifi_flags & ~(unsigned)IFF_UP) != 0)
		return policy_refuse(w, m->offset, m->type, "link flag that may not be changed");
	/* Flags without a change mask mean all of them to the kernel. */
	if (h.ifi_flags != 0 && h.ifi_change == 0)
		return policy_refuse(w, m->offset, m->type, "link flags without a mask");
	return 0;
}

/* --- messages --- */

struct message_policy {
	uint16_t	 type;
	uint16_t	 flags;		/* allowed */
	uint16_t	 required;	/* of them */
	uint16_t	 head_len;
	int		(*head)(struct policy_walk *, const struct nl_msg *);
	struct policy	 attrs;
};

static const struct message_policy messages[] = {
	{ RTM_NEWADDR, FLAGS_CREATE, FLAGS_CREATE & ~NLM_F_ACK, sizeof(struct ifaddrmsg), addr_head, POLICY(addr_attrs) },
	{ RTM_DELADDR, FLAGS_PLAIN, NLM_F_REQUEST, sizeof(struct ifaddrmsg), addr_head, POLICY(addr_del_attrs) },
	{ RTM_NEWROUTE, FLAGS_CREATE | NLM_F_REPLACE, NLM_F_REQUEST | NLM_F_CREATE, sizeof(struct rtmsg), route_head, POLICY(route_attrs) },
	{ RTM_DELROUTE, FLAGS_PLAIN, NLM_F_REQUEST, sizeof(struct rtmsg), route_head, POLICY(route_attrs) },
	{ RTM_NEWRULE, FLAGS_CREATE, FLAGS_CREATE & ~NLM_F_ACK, sizeof(struct fib_rule_hdr), rule_head, POLICY(rule_attrs) },
	{ RTM_DELRULE, FLAGS_PLAIN, NLM_F_REQUEST, sizeof(struct fib_rule_hdr), rule_head, POLICY(rule_attrs) },
	{ RTM_NEWLINK, FLAGS_PLAIN, NLM_F_REQUEST, sizeof(struct ifinfomsg), link_head, POLICY(link_attrs) },
	{ RTM_SETLINK, FLAGS_PLAIN, NLM_F_REQUEST, sizeof(struct ifinfomsg), link_head, POLICY(link_attrs) },
};

static const struct message_policy *
message_find(uint16_t type)
{
	size_t i;

	for (i = 0; i < sizeof(messages) / sizeof(messages[0]); i++)
		if (messages[i].type == type)
			return &messages[i];
	return NULL;
}

const struct policy *
rtnlwalk_policy(uint16_t type)
{
	const struct message_policy *p = message_find(type);

	return p != NULL ? &p->attrs : NULL;
}

static int
message_walk(struct policy_walk *w, const struct nl_msg *m)
{
	const struct message_policy *p = message_find(m->type);
	struct nl_reader attrs;
	int error;

	if (p == NULL)
		return policy_refuse(w, m->offset, m->type, "message that is not allowed");
	if ((m->flags & ~p->flags) != 0 || (m->flags & p->required) != p->required)
		return policy_refuse(w, m->offset, m->type, "message flags that are not allowed");
	if (nlattr_reader_init(&attrs, m, p->head_len) != 0)
		return policy_refuse(w, m->offset, m->type, "message too short");
	error = p->head(w, m);
	return error != 0 ? error : policy_walk_attrs(w, attrs, &p->attrs);
}

int
rtnlwalk_batch(const uint8_t *data, size_t len, uint32_t *ret_n, struct refusal *ret)
{
	struct policy_walk w = { .ret = ret };
	struct nl_reader r;
	struct nl_msg m;
	int n, error = 0;

	memset(ret, 0, sizeof(*ret));
	nlmsg_reader_init(&r, data, len);
	while (error == 0 && (n = nlmsg_next(&r, &m)) != 0) {
		error = n < 0 ? policy_refuse(&w, m.offset, 0, "not a message") : message_walk(&w, &m);
		if (error == 0)
			ret->message++;
	}
	if (error == 0)
		*ret_n = ret->message;
	return error;
}

int
rtnlwalk_addr(const struct nl_msg *m, struct rtnl_addr *ret)
{
	struct nl_reader r;
	struct nl_attr a;
	struct ifaddrmsg h;

	if ((m->type != RTM_NEWADDR && m->type != RTM_DELADDR) || nlattr_reader_init(&r, m, sizeof(h)) != 0)
		return -EPROTO;
	memcpy(&h, m->data, sizeof(h));
	memset(ret, 0, sizeof(*ret));
	ret->family = h.ifa_family;
	ret->prefix_len = h.ifa_prefixlen;
	ret->ifindex = h.ifa_index;
	if (nlattr_find(r, IFA_PROTO_ATTR, &a))
		ret->protocol = nlattr_u8(&a);
	if (!nlattr_find(r, IFA_LOCAL, &a) && !nlattr_find(r, IFA_ADDRESS, &a))
		return -EPROTO;
	if (a.len != (h.ifa_family == AF_INET ? 4u : 16u))
		return -EPROTO;
	memcpy(ret->local, a.data, a.len);
	ret->len = a.len;
	return 0;
}

/* As the kernel does: host bits are not part of what a route is found by. */
static void
dst_mask(struct rtnl_route *r)
{
	unsigned i;

	for (i = r->dst_len; i < 8 * sizeof(r->dst); i++)
		r->dst[i / 8] &= (uint8_t)~(0x80 >> (i % 8));
}

int
rtnlwalk_route(const struct nl_msg *m, struct rtnl_route *ret)
{
	struct nl_reader r;
	struct nl_attr a;
	struct rtmsg h;

	if (m->type != RTM_NEWROUTE || nlattr_reader_init(&r, m, sizeof(h)) != 0)
		return -EPROTO;
	memcpy(&h, m->data, sizeof(h));
	memset(ret, 0, sizeof(*ret));
	ret->family = h.rtm_family;
	ret->dst_len = h.rtm_dst_len;
	ret->tos = h.rtm_family == AF_INET6 ? 0 : h.rtm_tos;	/* IPv6 has none there */
	ret->protocol = h.rtm_protocol;
	ret->table = nlattr_find(r, RTA_TABLE, &a) ? nlattr_u32(&a) : h.rtm_table;
	if (ret->table == RT_TABLE_UNSPEC)
		ret->table = RT_TABLE_MAIN;
	ret->priority = nlattr_find(r, RTA_PRIORITY, &a) ? nlattr_u32(&a) : 0;
	/* The kernel's default for IPv6 (IP6_RT_PRIO_USER). */
	if (h.rtm_family == AF_INET6 && ret->priority == 0)
		ret->priority = 1024;
	if (nlattr_find(r, RTA_DST, &a)) {
		if (a.len > sizeof(ret->dst))
			return -EPROTO;
		memcpy(ret->dst, a.data, a.len);
	}
	dst_mask(ret);
	return 0;
}
