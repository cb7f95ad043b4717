/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#include "base/buf.h"
#include "desired.h"
#include "encode.h"
#include "plan.h"

#define ATTR_IFA_PROTO	11	/* newer than Debian 12's headers */

static int
put_addr(struct nl_msg *m, int type, const struct addr *a)
{
	return nla_put(m, type, (int)addr_len(a), a->bytes);
}

static int
encode_link(struct nl_msg *m, const struct op *op)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = (int)op->index };
	int error;

	if (op->set_up) {
		ifi.ifi_flags = op->is_up ? IFF_UP : 0;
		ifi.ifi_change = IFF_UP;
	}
	error = nlmsg_append(m, &ifi, sizeof(ifi), NLMSG_ALIGNTO);
	if (error == 0 && op->mtu != 0)
		error = nla_put_u32(m, IFLA_MTU, op->mtu);
	return error;
}

/* The broadcast address of an IPv4 network that has one. */
static int
put_broadcast(struct nl_msg *m, const struct prefix *p)
{
	struct addr b = p->addr;
	unsigned i;

	if (b.family != ADDR_V4 || p->len > 30)
		return 0;
	for (i = p->len; i < 32; i++)
		b.bytes[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	return put_addr(m, IFA_BROADCAST, &b);
}

static int
encode_addr(struct nl_msg *m, const struct op *op)
{
	struct ifaddrmsg ifa = {
		.ifa_family = op->prefix.addr.family == ADDR_V4 ? AF_INET : AF_INET6,
		.ifa_prefixlen = op->prefix.len, .ifa_index = op->index,
	};
	int error;

	error = nlmsg_append(m, &ifa, sizeof(ifa), NLMSG_ALIGNTO);
	if (error == 0)
		error = put_addr(m, IFA_LOCAL, &op->prefix.addr);
	if (error == 0)
		error = put_addr(m, IFA_ADDRESS, &op->prefix.addr);
	if (error != 0 || op->kind == OP_ADDR_REMOVE)
		return error;
	error = put_broadcast(m, &op->prefix);
	return error != 0 ? error : nla_put_u8(m, ATTR_IFA_PROTO, IFAPROT_PATRONUS);
}

static uint8_t
route_scope(const struct op *op)
{
	/* IPv4 alone has scopes; IPv6 ignores them. */
	if (op->kind == OP_ROUTE_REMOVE)
		return RT_SCOPE_NOWHERE;
	return op->type == RTN_UNICAST && op->via.family == ADDR_NONE ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

static int
encode_route(struct nl_msg *m, const struct op *op)
{
	struct rtmsg rtm = {
		.rtm_family = op->prefix.addr.family == ADDR_V4 ? AF_INET : AF_INET6, .rtm_dst_len = op->prefix.len,
		.rtm_table = op->table < 256 ? (uint8_t)op->table : RT_TABLE_UNSPEC, .rtm_protocol = RTPROT_PATRONUS,
		.rtm_scope = route_scope(op), .rtm_type = op->type,
	};
	int error;

	error = nlmsg_append(m, &rtm, sizeof(rtm), NLMSG_ALIGNTO);
	if (error == 0 && op->prefix.len > 0)
		error = put_addr(m, RTA_DST, &op->prefix.addr);
	if (error == 0 && op->via.family != ADDR_NONE)
		error = put_addr(m, RTA_GATEWAY, &op->via);
	/* IPv6 hangs what leads nowhere on the loopback link; there is nothing to say about it. */
	if (error == 0 && op->index != 0 && op->type == RTN_UNICAST)
		error = nla_put_u32(m, RTA_OIF, op->index);
	if (error == 0 && op->metric != 0)
		error = nla_put_u32(m, RTA_PRIORITY, op->metric);
	if (error == 0)
		error = nla_put_u32(m, RTA_TABLE, op->table);
	return error;
}

static const struct {
	uint16_t	type;
	uint16_t	flags;
	int		(*encode)(struct nl_msg *, const struct op *);
} encoders[OP_KIND_MAX] = {
	[OP_LINK_SET]		= { RTM_NEWLINK, 0, encode_link },
	[OP_ADDR_ADD]		= { RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, encode_addr },
	[OP_ADDR_REMOVE]	= { RTM_DELADDR, 0, encode_addr },
	[OP_ROUTE_ADD]		= { RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, encode_route },
	[OP_ROUTE_REPLACE]	= { RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, encode_route },
	[OP_ROUTE_REMOVE]	= { RTM_DELROUTE, 0, encode_route },
};

int
encode_op(const struct op *op, uint32_t sequence, struct buf *ret)
{
	struct nl_msg *m;
	struct nlmsghdr *h;
	int error = -ENOMEM;

	if (op->kind >= OP_KIND_MAX || encoders[op->kind].encode == NULL)
		return -EINVAL;
	m = nlmsg_alloc_size(256);
	if (m == NULL)
		return -ENOMEM;
	h = nlmsg_put(m, 0, sequence, encoders[op->kind].type, 0, NLM_F_REQUEST | NLM_F_ACK | encoders[op->kind].flags);
	if (h != NULL && encoders[op->kind].encode(m, op) == 0) {
		/* Whole messages end aligned, so that the next one starts so. */
		buf_put(ret, h, h->nlmsg_len);
		while (ret->len % NLMSG_ALIGNTO != 0)
			buf_put8(ret, 0);
		error = buf_failed(ret) ? -ENOMEM : 0;
	}
	nlmsg_free(m);
	return error;
}
