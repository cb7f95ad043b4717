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

/* Attributes by their type, each looked at once: tables of connections are long.  The first of a type counts. */
static void
gather(struct nl_reader r, struct nl_attr *ret, uint16_t max)
{
	struct nl_attr a;

	memset(ret, 0, (max + 1u) * sizeof(*ret));
	while (nlattr_next(&r, &a) == 1)
		if (a.type <= max && ret[a.type].data == NULL)
			ret[a.type] = a;
}

static bool
gather_nest(const struct nl_attr *nest, struct nl_attr *ret, uint16_t max)
{
	struct nl_reader r;

	if (nest->data == NULL)
		return false;
	nlattr_reader_nested(&r, nest);
	gather(r, ret, max);
	return true;
}

static bool
read_addr(const struct nl_attr *v4, const struct nl_attr *v6, struct addr *ret)
{
	const struct nl_attr *a = v4->data != NULL ? v4 : v6;

	if (a->data == NULL || a->len != (a == v4 ? 4 : 16))
		return false;
	ret->family = a == v4 ? ADDR_V4 : ADDR_V6;
	memcpy(ret->bytes, a->data, a->len);
	return true;
}

static uint16_t
read_port(const struct nl_attr *a)
{
	return a->data != NULL ? nlattr_be16(a) : 0;
}

static uint32_t
read_u32(const struct nl_attr *a)
{
	return a->data != NULL ? nlattr_be32(a) : 0;
}

static uint8_t
read_u8(const struct nl_attr *a)
{
	return a->data != NULL ? nlattr_u8(a) : 0;
}

static void
read_icmp(const struct nl_attr *proto, struct flow *f, struct flow_end *e)
{
	bool is_v4 = f->protocol == IPPROTO_ICMP;

	e->source_port = e->destination_port = read_port(&proto[is_v4 ? CTA_PROTO_ICMP_ID : CTA_PROTO_ICMPV6_ID]);
	f->icmp_type = read_u8(&proto[is_v4 ? CTA_PROTO_ICMP_TYPE : CTA_PROTO_ICMPV6_TYPE]);
	f->icmp_code = read_u8(&proto[is_v4 ? CTA_PROTO_ICMP_CODE : CTA_PROTO_ICMPV6_CODE]);
}

/* Of ICMP the last tuple read says type and code. */
static bool
read_end(const struct nl_attr *nest, struct flow *f, struct flow_end *e)
{
	struct nl_attr tuple[CTA_TUPLE_PROTO + 1], ip[CTA_IP_V6_DST + 1], proto[CTA_PROTO_ICMPV6_CODE + 1];

	if (!gather_nest(nest, tuple, CTA_TUPLE_PROTO) || !gather_nest(&tuple[CTA_TUPLE_IP], ip, CTA_IP_V6_DST) ||
	    !gather_nest(&tuple[CTA_TUPLE_PROTO], proto, CTA_PROTO_ICMPV6_CODE) ||
	    !read_addr(&ip[CTA_IP_V4_SRC], &ip[CTA_IP_V6_SRC], &e->source) ||
	    !read_addr(&ip[CTA_IP_V4_DST], &ip[CTA_IP_V6_DST], &e->destination) || e->source.family != e->destination.family ||
	    proto[CTA_PROTO_NUM].data == NULL)
		return false;
	f->protocol = nlattr_u8(&proto[CTA_PROTO_NUM]);
	if (f->protocol == IPPROTO_ICMP || f->protocol == IPPROTO_ICMPV6) {
		read_icmp(proto, f, e);
	} else {
		e->source_port = read_port(&proto[CTA_PROTO_SRC_PORT]);
		e->destination_port = read_port(&proto[CTA_PROTO_DST_PORT]);
	}
	return true;
}

static bool
read_counters(const struct nl_attr *nest, uint64_t *ret_packets, uint64_t *ret_bytes)
{
	struct nl_attr a[CTA_COUNTERS_BYTES + 1];

	if (!gather_nest(nest, a, CTA_COUNTERS_BYTES) || a[CTA_COUNTERS_PACKETS].data == NULL || a[CTA_COUNTERS_BYTES].data == NULL)
		return false;
	*ret_packets = nlattr_be64(&a[CTA_COUNTERS_PACKETS]);
	*ret_bytes = nlattr_be64(&a[CTA_COUNTERS_BYTES]);
	return true;
}

static uint8_t
read_tcp_state(const struct nl_attr *nest)
{
	struct nl_attr info[CTA_PROTOINFO_TCP + 1], tcp[CTA_PROTOINFO_TCP_STATE + 1];

	if (!gather_nest(nest, info, CTA_PROTOINFO_TCP) || !gather_nest(&info[CTA_PROTOINFO_TCP], tcp, CTA_PROTOINFO_TCP_STATE))
		return 0;
	return read_u8(&tcp[CTA_PROTOINFO_TCP_STATE]);
}

static void
read_master(const struct nl_attr *nest, struct flow *f)
{
	struct flow master = { .protocol = 0 };

	f->has_master = nest->data != NULL && read_end(nest, &master, &f->master);
	f->master_protocol = master.protocol;
}

bool
flow_read(const struct nl_msg *m, struct flow *ret)
{
	struct nl_attr a[CTA_ZONE + 1];
	struct nl_reader attrs;

	memset(ret, 0, sizeof(*ret));
	if (m->type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) || nlattr_reader_init(&attrs, m, sizeof(struct nfgenmsg)) != 0)
		return false;
	gather(attrs, a, CTA_ZONE);
	if (!read_end(&a[CTA_TUPLE_REPLY], ret, &ret->reply) || !read_end(&a[CTA_TUPLE_ORIG], ret, &ret->original))
		return false;
	ret->mark = read_u32(&a[CTA_MARK]);
	ret->status = read_u32(&a[CTA_STATUS]);
	ret->id = read_u32(&a[CTA_ID]);
	ret->timeout = read_u32(&a[CTA_TIMEOUT]);
	ret->tcp_state = read_tcp_state(&a[CTA_PROTOINFO]);
	read_master(&a[CTA_TUPLE_MASTER], ret);
	ret->has_zone = a[CTA_ZONE].data != NULL;
	ret->zone = read_port(&a[CTA_ZONE]);
	ret->has_counters = read_counters(&a[CTA_COUNTERS_ORIG], &ret->packets[0], &ret->bytes[0]) &&
	    read_counters(&a[CTA_COUNTERS_REPLY], &ret->packets[1], &ret->bytes[1]);
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
