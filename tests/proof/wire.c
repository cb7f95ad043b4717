/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/ip_icmp.h>
#include <netinet/tcp.h>
#include <string.h>

#include "wire.h"

#define MAGIC		0x50a7f00du
#define PADDING_MIN	8	/* the mark and the number */
#define PADDING_WORDS	88	/* lengths differ, so that the bytes of a counter tell which packets it counted */

static void
put16(uint8_t *p, unsigned v)
{
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static uint32_t
get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void
put32(uint8_t *p, uint32_t v)
{
	put16(p, v >> 16);
	put16(p + 2, v & 0xffff);
}

static uint32_t
sum(const uint8_t *p, size_t n, uint32_t s)
{
	for (; n > 1; p += 2, n -= 2)
		s += (uint32_t)p[0] << 8 | p[1];
	return n > 0 ? s + ((uint32_t)p[0] << 8) : s;
}

static uint16_t
fold(uint32_t s)
{
	while (s >> 16 != 0)
		s = (s & 0xffff) + (s >> 16);
	return (uint16_t)~s;
}

/* --- building */

/* The transport header; its length.  The number goes where answers will repeat it. */
static size_t
build_transport(const struct packet *k, uint32_t number, size_t padding, uint8_t *p)
{
	switch (k->protocol) {
	case IPPROTO_TCP:
		put16(p, k->source_port);
		put16(p + 2, k->destination_port);
		put32(p + 4, number << 16);
		p[12] = 5 << 4;
		p[13] = TH_SYN;
		put16(p + 14, 1024);
		return 20;
	case IPPROTO_UDP:
		put16(p, k->source_port);
		put16(p + 2, k->destination_port);
		put16(p + 4, (unsigned)(8 + padding));
		return 8;
	case IPPROTO_SCTP:	/* RFC 9260 section 3.3.2: INIT, alone in its packet; the padding is its parameters */
		put16(p, k->source_port);
		put16(p + 2, k->destination_port);
		p[12] = 1;
		put16(p + 14, (unsigned)(20 + padding));
		put32(p + 16, number + 1);
		put32(p + 20, 65536);
		put16(p + 24, 1);
		put16(p + 26, 1);
		return 32;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		p[0] = k->icmp_type;
		put16(p + 4, number);
		return 20;	/* timestamps have three more words */
	case IPPROTO_ESP:
		put32(p, number + 256);
		put32(p + 4, 1);
		return 8;
	default:
		return 4;	/* GRE without options */
	}
}

static void
build_checksum(const struct packet *k, uint8_t *ip, uint8_t *p, size_t len)
{
	unsigned at = k->protocol == IPPROTO_TCP ? 16 : k->protocol == IPPROTO_UDP ? 6 : 2;
	uint32_t s;

	if (k->protocol != IPPROTO_TCP && k->protocol != IPPROTO_UDP && k->protocol != IPPROTO_ICMP && k->protocol != IPPROTO_ICMPV6)
		return;
	s = k->source.family == ADDR_V4 ? sum(ip + 12, 8, 0) : sum(ip + 8, 32, 0);
	s = k->protocol == IPPROTO_ICMP ? 0 : s + k->protocol + (uint32_t)len;
	put16(p + at, fold(sum(p, len, s)));
}

static size_t
build_ip(const struct packet *k, uint32_t number, uint8_t *p, size_t payload)
{
	if (k->source.family == ADDR_V4) {
		p[0] = 4 << 4 | 5;
		p[1] = (uint8_t)(k->dscp << 2);
		put16(p + 2, (unsigned)(20 + payload));
		put16(p + 4, (number + 1) & 0xffff);
		p[8] = 64;
		p[9] = k->protocol;
		memcpy(p + 12, k->source.bytes, 4);
		memcpy(p + 16, k->destination.bytes, 4);
		put16(p + 10, fold(sum(p, 20, 0)));
		return 20;
	}
	p[0] = (uint8_t)(6 << 4 | k->dscp >> 2);
	p[1] = (uint8_t)(k->dscp << 6);
	put16(p + 4, (unsigned)payload);
	p[6] = k->protocol;
	p[7] = 64;
	memcpy(p + 8, k->source.bytes, 16);
	memcpy(p + 24, k->destination.bytes, 16);
	return 40;
}

void
wire_settle(struct packet *k)
{
	uint8_t scratch[WIRE_MAX] = { 0 };

	k->length = (uint16_t)((k->source.family == ADDR_V4 ? 20 : 40) + build_transport(k, 0, 0, scratch) + PADDING_MIN + 4 * below(PADDING_WORDS));
	k->tcp_flags = TH_SYN;
	k->mac = UINT8_MAX;
	k->mark = k->connection_mark = 0;
}

size_t
wire_build(const struct packet *k, uint32_t number, uint8_t ret[WIRE_MAX])
{
	size_t ip = k->source.family == ADDR_V4 ? 20 : 40, padding, len;

	memset(ret, 0, WIRE_MAX);
	padding = k->length - ip - build_transport(k, number, 0, ret + ip);
	len = build_transport(k, number, padding, ret + ip) + padding;
	(void)build_ip(k, number, ret, len);
	put32(ret + ip + len - 8, MAGIC);
	put32(ret + ip + len - 4, number);
	build_checksum(k, ret, ret + ip, len);
	return ip + len;
}

/* --- reading */
uint32_t
wire_number(const uint8_t *p, size_t len)
{
	return len >= 8 && get32(p + len - 8) == MAGIC ? get32(p + len - 4) : UINT32_MAX;
}

static enum wire_kind
read_icmp(const uint8_t *p, size_t len, bool is_v4, uint32_t *ret)
{
	if (len < 8)
		return WIRE_OTHER;
	if ((is_v4 && p[0] == ICMP_UNREACH && p[1] == ICMP_UNREACH_FILTER_PROHIB) ||
	    (!is_v4 && p[0] == ICMP6_DST_UNREACH && p[1] == ICMP6_DST_UNREACH_ADMIN)) {
		*ret = wire_number(p + 8, len - 8);
		return *ret != UINT32_MAX ? WIRE_REFUSED : WIRE_OTHER;
	}
	/* The box answers what it was sent, with the same end. */
	if (is_v4 ? p[0] == ICMP_ECHOREPLY || p[0] == ICMP_TSTAMPREPLY || p[0] == ICMP_UNREACH : p[0] == ICMP6_ECHO_REPLY || p[0] < 5)
		return WIRE_OTHER;
	*ret = wire_number(p, len);
	return *ret != UINT32_MAX ? WIRE_ITSELF : WIRE_OTHER;
}

enum wire_kind
wire_read(const uint8_t *p, size_t len, uint32_t *ret)
{
	size_t ip = len > 0 && p[0] >> 4 == 4 ? 20 : 40;
	uint8_t protocol;

	if (len < ip + 8)
		return WIRE_OTHER;
	protocol = p[ip == 20 ? 9 : 6];
	if (protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6)
		return read_icmp(p + ip, len - ip, ip == 20, ret);
	if (protocol == IPPROTO_TCP && len >= ip + 20 && (p[ip + 13] & (TH_RST | TH_ACK)) != 0) {
		*ret = (get32(p + ip + 8) - 1) >> 16;
		return (p[ip + 13] & TH_RST) != 0 ? WIRE_REFUSED : WIRE_ANSWERED;
	}
	*ret = wire_number(p, len);
	return *ret != UINT32_MAX ? WIRE_ITSELF : WIRE_OTHER;
}
