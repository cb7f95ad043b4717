/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <linux/if.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "net/nlmsg.h"
#include "net/rtnlwalk.h"
#include "desired.h"
#include "encode.h"
#include "plan.h"

static void
put_addr(struct buf *b, uint16_t type, const struct addr *a)
{
	nlattr_put(b, type, a->bytes, addr_len(a));
}

static size_t
encode_link(struct buf *b, uint16_t type, uint16_t flags, uint32_t sequence, const struct op *op)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = (int)op->index };
	size_t at;

	if (op->set_up) {
		ifi.ifi_flags = op->is_up ? IFF_UP : 0;
		ifi.ifi_change = IFF_UP;
	}
	at = nlmsg_begin(b, type, flags, sequence, &ifi, sizeof(ifi));
	if (op->mtu != 0)
		nlattr_put_u32(b, IFLA_MTU, op->mtu);
	return at;
}

/* The broadcast address of an IPv4 network that has one. */
static void
put_broadcast(struct buf *b, const struct prefix *p)
{
	struct addr a = p->addr;
	unsigned i;

	if (a.family != ADDR_V4 || p->len > 30)
		return;
	for (i = p->len; i < 32; i++)
		a.bytes[i / 8] |= (uint8_t)(0x80 >> (i % 8));
	put_addr(b, IFA_BROADCAST, &a);
}

static size_t
encode_addr(struct buf *b, uint16_t type, uint16_t flags, uint32_t sequence, const struct op *op)
{
	struct ifaddrmsg ifa = {
		.ifa_family = op->prefix.addr.family == ADDR_V4 ? AF_INET : AF_INET6,
		.ifa_prefixlen = op->prefix.len, .ifa_index = op->index,
	};
	size_t at = nlmsg_begin(b, type, flags, sequence, &ifa, sizeof(ifa));

	put_addr(b, IFA_LOCAL, &op->prefix.addr);
	put_addr(b, IFA_ADDRESS, &op->prefix.addr);
	if (op->kind == OP_ADDR_ADD) {
		put_broadcast(b, &op->prefix);
		nlattr_put_u8(b, IFA_PROTO, IFAPROT_PATRONUS);
	}
	return at;
}

/* IPv4 alone has scopes; IPv6 ignores them. */
static uint8_t
route_scope(const struct op *op)
{
	if (op->kind == OP_ROUTE_REMOVE || op->kind == OP_SHADOW_REMOVE)
		return RT_SCOPE_NOWHERE;
	return op->type == RTN_UNICAST && op->via.family == ADDR_NONE ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

static size_t
encode_route(struct buf *b, uint16_t type, uint16_t flags, uint32_t sequence, const struct op *op)
{
	struct rtmsg rtm = {
		.rtm_family = op->prefix.addr.family == ADDR_V4 ? AF_INET : AF_INET6, .rtm_dst_len = op->prefix.len,
		.rtm_table = op->table < 256 ? (uint8_t)op->table : RT_TABLE_UNSPEC, .rtm_protocol = RTPROT_PATRONUS,
		.rtm_scope = route_scope(op), .rtm_type = op->type, .rtm_tos = op->tos,
		.rtm_flags = op->is_onlink ? RTNH_F_ONLINK : 0,
	};
	size_t at = nlmsg_begin(b, type, flags, sequence, &rtm, sizeof(rtm));

	if (op->prefix.len > 0)
		put_addr(b, RTA_DST, &op->prefix.addr);
	if (op->via.family != ADDR_NONE)
		put_addr(b, RTA_GATEWAY, &op->via);
	/* IPv6 hangs what leads nowhere on the loopback link; there is nothing to say about it. */
	if (op->index != 0 && op->type == RTN_UNICAST)
		nlattr_put_u32(b, RTA_OIF, op->index);
	if (op->metric != 0)
		nlattr_put_u32(b, RTA_PRIORITY, op->metric);
	if (op->kind == OP_SHADOW_ADD && op->prefsrc.family != ADDR_NONE)
		put_addr(b, RTA_PREFSRC, &op->prefsrc);
	nlattr_put_u32(b, RTA_TABLE, op->table);
	return at;
}

static size_t
encode_rule(struct buf *b, uint16_t type, uint16_t flags, uint32_t sequence, const struct op *op)
{
	struct fib_rule_hdr h = { .family = op->prefix.addr.family == ADDR_V4 ? AF_INET : AF_INET6, .action = FR_ACT_TO_TBL };
	size_t at = nlmsg_begin(b, type, flags, sequence, &h, sizeof(h));

	nlattr_put_u32(b, FRA_PRIORITY, RTNLWALK_PRIORITY);
	nlattr_put_u32(b, FRA_TABLE, RTNLWALK_SHADOW);
	nlattr_put_u8(b, FRA_PROTOCOL, RTPROT_PATRONUS);
	return at;
}

static const struct {
	uint16_t	type;
	uint16_t	flags;
	size_t		(*encode)(struct buf *, uint16_t type, uint16_t flags, uint32_t sequence, const struct op *);
} encoders[OP_KIND_MAX] = {
	[OP_RULE_ADD]		= { RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, encode_rule },
	[OP_RULE_REMOVE]	= { RTM_DELRULE, 0, encode_rule },
	[OP_SHADOW_ADD]		= { RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, encode_route },
	[OP_SHADOW_REMOVE]	= { RTM_DELROUTE, 0, encode_route },
	[OP_LINK_SET]		= { RTM_NEWLINK, 0, encode_link },
	[OP_LINK_DOWN]		= { RTM_NEWLINK, 0, encode_link },
	[OP_PORT_UP]		= { RTM_NEWLINK, 0, encode_link },
	[OP_PORT_DOWN]		= { RTM_NEWLINK, 0, encode_link },
	[OP_ADDR_ADD]		= { RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, encode_addr },
	[OP_ADDR_REMOVE]	= { RTM_DELADDR, 0, encode_addr },
	[OP_ROUTE_ADD]		= { RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, encode_route },
	[OP_ROUTE_REPLACE]	= { RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, encode_route },
	[OP_ROUTE_REMOVE]	= { RTM_DELROUTE, 0, encode_route },
};

int
encode_op(const struct op *op, uint32_t sequence, struct buf *ret)
{
	size_t at;

	if (op->kind >= OP_KIND_MAX || encoders[op->kind].encode == NULL)
		return -EINVAL;
	at = encoders[op->kind].encode(ret, encoders[op->kind].type, NLM_F_REQUEST | NLM_F_ACK | encoders[op->kind].flags,
	    sequence, op);
	nlmsg_end(ret, at);
	return buf_failed(ret) ? -ENOMEM : 0;
}
