/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <endian.h>
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#include "nflog.h"

#define ARP_IPV4	28
#define IP4_HEADER	20
#define IP6_HEADER	40
#define EXTENSIONS_MAX	8

static uint16_t
be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void
read_ports(const uint8_t *p, size_t len, struct nflog_packet *ret)
{
	if (ret->protocol != IPPROTO_TCP && ret->protocol != IPPROTO_UDP && ret->protocol != IPPROTO_SCTP &&
	    ret->protocol != IPPROTO_DCCP && ret->protocol != IPPROTO_UDPLITE)
		return;
	if (len < 4)
		return;
	ret->has_ports = true;
	ret->source_port = be16(p);
	ret->destination_port = be16(p + 2);
}

static bool
read_ip4(const uint8_t *p, size_t len, struct nflog_packet *ret)
{
	size_t header;

	if (len < IP4_HEADER)
		return false;
	header = (size_t)(p[0] & 0x0f) * 4;
	if (header < IP4_HEADER || header > len)
		return false;
	ret->len = be16(p + 2);
	ret->protocol = p[9];
	ret->source.family = ADDR_V4;
	ret->destination.family = ADDR_V4;
	memcpy(ret->source.bytes, p + 12, 4);
	memcpy(ret->destination.bytes, p + 16, 4);
	/* Only the first fragment has ports. */
	if ((be16(p + 6) & 0x1fff) == 0)
		read_ports(p + header, len - header, ret);
	return true;
}

static bool
is_extension(uint8_t next)
{
	return next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS || next == IPPROTO_FRAGMENT ||
	    next == IPPROTO_AH;
}

/* RFC 8200 section 4: headers in a chain, each telling its own length in its own unit. */
static void
read_ip6_transport(const uint8_t *p, size_t len, struct nflog_packet *ret)
{
	size_t size;
	unsigned i;
	uint8_t next;

	for (i = 0; i < EXTENSIONS_MAX && is_extension(ret->protocol) && len >= 8; i++) {
		next = p[0];
		if (ret->protocol == IPPROTO_FRAGMENT) {
			size = 8;
			if ((be16(p + 2) & 0xfff8) != 0) {
				ret->protocol = next;
				return;
			}
		} else {
			size = ret->protocol == IPPROTO_AH ? ((size_t)p[1] + 2) * 4 : ((size_t)p[1] + 1) * 8;
		}
		ret->protocol = next;
		if (size > len)
			return;
		p += size;
		len -= size;
	}
	read_ports(p, len, ret);
}

static bool
read_ip6(const uint8_t *p, size_t len, struct nflog_packet *ret)
{
	if (len < IP6_HEADER)
		return false;
	ret->len = IP6_HEADER + (uint32_t)be16(p + 4);
	ret->protocol = p[6];
	ret->source.family = ADDR_V6;
	ret->destination.family = ADDR_V6;
	memcpy(ret->source.bytes, p + 8, 16);
	memcpy(ret->destination.bytes, p + 24, 16);
	read_ip6_transport(p + IP6_HEADER, len - IP6_HEADER, ret);
	return true;
}

bool
nflog_read_ip(const uint8_t *p, size_t len, struct nflog_packet *ret)
{
	if (len == 0)
		return false;
	return p[0] >> 4 == 4 ? read_ip4(p, len, ret) : p[0] >> 4 == 6 && read_ip6(p, len, ret);
}

/* RFC 826, for Ethernet and IPv4. */
static bool
read_arp(const uint8_t *p, size_t len, struct nflog_packet *ret)
{
	if (len < ARP_IPV4 || p[4] != ETH_ALEN || p[5] != 4)
		return false;
	ret->is_arp = true;
	ret->len = ARP_IPV4;
	ret->source.family = ADDR_V4;
	ret->destination.family = ADDR_V4;
	memcpy(ret->source.bytes, p + 14, 4);
	memcpy(ret->destination.bytes, p + 24, 4);
	return true;
}

static bool
is_arp(struct nl_reader r)
{
	struct nl_attr a;

	return nlattr_find(r, NFULA_PACKET_HDR, &a) && a.len >= 2 && be16(a.data) == ETH_P_ARP;
}

static uint32_t
read_index(struct nl_reader r, uint16_t type)
{
	struct nl_attr a;

	return nlattr_find(r, type, &a) ? nlattr_be32(&a) : 0;
}

/* What the kernel calls the device of a frame is the bridge, where it knows the two apart. */
static void
read_ports_of_bridge(struct nl_reader r, struct nflog_packet *ret)
{
	uint32_t in = read_index(r, NFULA_IFINDEX_PHYSINDEV), out = read_index(r, NFULA_IFINDEX_PHYSOUTDEV);

	ret->in_index = in != 0 ? in : ret->in_index;
	ret->out_index = out != 0 ? out : ret->out_index;
}

/* Seconds and microseconds, 64 bits each. */
static uint64_t
read_time(const struct nl_attr *a)
{
	uint64_t sec, usec;

	if (a->len != sizeof(struct nfulnl_msg_packet_timestamp))
		return 0;
	memcpy(&sec, a->data, sizeof(sec));
	memcpy(&usec, a->data + sizeof(sec), sizeof(usec));
	return be64toh(sec) * 1000 + be64toh(usec) / 1000;
}

bool
nflog_read(const struct nl_msg *m, struct nflog_packet *ret)
{
	struct nl_reader r;
	struct nl_attr a;

	memset(ret, 0, sizeof(*ret));
	if (m->type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET) || nlattr_reader_init(&r, m, sizeof(struct nfgenmsg)) != 0)
		return false;
	ret->has_number = nlattr_find(r, NFULA_SEQ, &a);
	ret->number = ret->has_number ? nlattr_be32(&a) : 0;
	if (nlattr_find(r, NFULA_PREFIX, &a) && nlattr_str(&a) != NULL)
		(void)str_copy(ret->prefix, nlattr_str(&a), sizeof(ret->prefix));
	if (nlattr_find(r, NFULA_TIMESTAMP, &a))
		ret->time_ms = read_time(&a);
	ret->in_index = read_index(r, NFULA_IFINDEX_INDEV);
	ret->out_index = read_index(r, NFULA_IFINDEX_OUTDEV);
	if (m->data[0] == NFPROTO_BRIDGE)
		read_ports_of_bridge(r, ret);
	if (!nlattr_find(r, NFULA_PAYLOAD, &a))
		return false;
	return is_arp(r) ? read_arp(a.data, a.len, ret) : nflog_read_ip(a.data, a.len, ret);
}

static const struct {
	uint8_t		 number;
	const char	*name;
} protocols[] = {
	{ IPPROTO_TCP, "tcp" }, { IPPROTO_UDP, "udp" }, { IPPROTO_ICMP, "icmp" }, { IPPROTO_ICMPV6, "icmpv6" }, { IPPROTO_SCTP, "sctp" },
	{ IPPROTO_GRE, "gre" }, { IPPROTO_ESP, "esp" }, { IPPROTO_AH, "ah" }, { IPPROTO_IGMP, "igmp" }, { IPPROTO_PIM, "pim" },
	{ 89, "ospf" }, { 112, "vrrp" }
};

const char *
nflog_protocol_name(uint8_t protocol, char buf[4])
{
	unsigned i;

	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++)
		if (protocols[i].number == protocol)
			return protocols[i].name;
	(void)snprintf(buf, 4, "%u", protocol);
	return buf;
}

bool
nflog_protocol_number(const char *name, uint8_t *ret)
{
	uint64_t n;
	unsigned i;

	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		if (strcmp(protocols[i].name, name) != 0)
			continue;
		*ret = protocols[i].number;
		return true;
	}
	if (str_u64(name, 0, UINT8_MAX, &n) != 0)
		return false;
	*ret = (uint8_t)n;
	return true;
}
