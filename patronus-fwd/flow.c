/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <string.h>

#include "base/buf.h"
#include "net/nlmsg.h"

#include "flow.h"

static bool
read_addr(struct nl_reader r, uint16_t v4, uint16_t v6, struct addr *ret)
{
	struct nl_attr a;

	if (nlattr_find(r, v4, &a) && a.len == 4)
		ret->family = ADDR_V4;
	else if (nlattr_find(r, v6, &a) && a.len == 16)
		ret->family = ADDR_V6;
	else
		return false;
	memcpy(ret->bytes, a.data, a.len);
	return true;
}

static uint16_t
read_port(struct nl_reader r, uint16_t type)
{
	struct nl_attr a;

	return nlattr_find(r, type, &a) ? nlattr_be16(&a) : 0;
}

static uint8_t
read_u8(struct nl_reader r, uint16_t type)
{
	struct nl_attr a;

	return nlattr_find(r, type, &a) ? nlattr_u8(&a) : 0;
}

static void
read_icmp(struct nl_reader r, struct flow *f, struct flow_end *e)
{
	bool is_v4 = f->protocol == IPPROTO_ICMP;

	e->source_port = e->destination_port = read_port(r, is_v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID);
	f->icmp_type = read_u8(r, is_v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE);
	f->icmp_code = read_u8(r, is_v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE);
}

/* Of ICMP the last tuple read says type and code. */
static bool
read_end(struct nl_reader attrs, uint16_t type, struct flow *f, struct flow_end *e)
{
	struct nl_reader tuple, ip, proto;
	struct nl_attr a;

	if (!nlattr_find(attrs, type, &a))
		return false;
	nlattr_reader_nested(&tuple, &a);
	if (!nlattr_find(tuple, CTA_TUPLE_IP, &a))
		return false;
	nlattr_reader_nested(&ip, &a);
	if (!nlattr_find(tuple, CTA_TUPLE_PROTO, &a))
		return false;
	nlattr_reader_nested(&proto, &a);
	if (!read_addr(ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC, &e->source) || !read_addr(ip, CTA_IP_V4_DST, CTA_IP_V6_DST, &e->destination) ||
	    e->source.family != e->destination.family || !nlattr_find(proto, CTA_PROTO_NUM, &a))
		return false;
	f->protocol = nlattr_u8(&a);
	if (f->protocol == IPPROTO_ICMP || f->protocol == IPPROTO_ICMPV6) {
		read_icmp(proto, f, e);
	} else {
		e->source_port = read_port(proto, CTA_PROTO_SRC_PORT);
		e->destination_port = read_port(proto, CTA_PROTO_DST_PORT);
	}
	return true;
}

static uint32_t
read_u32(struct nl_reader r, uint16_t type)
{
	struct nl_attr a;

	return nlattr_find(r, type, &a) ? nlattr_be32(&a) : 0;
}

bool
flow_read(const struct nl_msg *m, struct flow *ret)
{
	struct nl_reader attrs;
	struct nl_attr a;

	memset(ret, 0, sizeof(*ret));
	if (m->type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) || nlattr_reader_init(&attrs, m, sizeof(struct nfgenmsg)) != 0 ||
	    !read_end(attrs, CTA_TUPLE_REPLY, ret, &ret->reply) || !read_end(attrs, CTA_TUPLE_ORIG, ret, &ret->original))
		return false;
	ret->mark = read_u32(attrs, CTA_MARK);
	ret->status = read_u32(attrs, CTA_STATUS);
	ret->id = read_u32(attrs, CTA_ID);
	ret->has_zone = nlattr_find(attrs, CTA_ZONE, &a);
	ret->zone = ret->has_zone ? nlattr_be16(&a) : 0;
	return true;
}

/* --- the end of one */
static void
put_be16(struct buf *b, uint16_t type, uint16_t value)
{
	uint16_t be = htons(value);

	nlattr_put(b, type, &be, sizeof(be));
}

static void
put_proto(struct buf *b, const struct flow *f)
{
	bool is_v4 = f->protocol == IPPROTO_ICMP;

	nlattr_put_u8(b, CTA_PROTO_NUM, f->protocol);
	if (!is_v4 && f->protocol != IPPROTO_ICMPV6) {
		put_be16(b, CTA_PROTO_SRC_PORT, f->original.source_port);
		put_be16(b, CTA_PROTO_DST_PORT, f->original.destination_port);
		return;
	}
	put_be16(b, is_v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID, f->original.source_port);
	nlattr_put_u8(b, is_v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE, f->icmp_type);
	nlattr_put_u8(b, is_v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE, f->icmp_code);
}

void
flow_put_delete(struct buf *b, const struct flow *f)
{
	bool is_v4 = f->original.source.family == ADDR_V4;
	struct nfgenmsg g = { .nfgen_family = is_v4 ? AF_INET : AF_INET6, .version = NFNETLINK_V0 };
	size_t at, tuple, nest;

	at = nlmsg_begin(b, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, 0, &g, sizeof(g));
	tuple = nlattr_begin(b, CTA_TUPLE_ORIG);
	nest = nlattr_begin(b, CTA_TUPLE_IP);
	nlattr_put(b, is_v4 ? CTA_IP_V4_SRC : CTA_IP_V6_SRC, f->original.source.bytes, addr_len(&f->original.source));
	nlattr_put(b, is_v4 ? CTA_IP_V4_DST : CTA_IP_V6_DST, f->original.destination.bytes, addr_len(&f->original.destination));
	nlattr_end(b, nest);
	nest = nlattr_begin(b, CTA_TUPLE_PROTO);
	put_proto(b, f);
	nlattr_end(b, nest);
	nlattr_end(b, tuple);
	nlattr_put_be32(b, CTA_ID, f->id);
	if (f->has_zone)
		put_be16(b, CTA_ZONE, f->zone);
	nlmsg_end(b, at);
}
