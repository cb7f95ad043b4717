/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/if_ether.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>

#include "explain.h"
#include "prove_packet.h"

#define HOPS		64
#define WINDOW		64240
#define HEADER4		20
#define HEADER6		40
#define PSEUDO_MAX	40
#define ARP_LEN		28
#define TAG_LEN		4

static void
put(uint8_t *at, uint32_t value, unsigned bytes)
{
	for (; bytes > 0; bytes--, value >>= 8)
		at[bytes - 1] = (uint8_t)value;
}

/* RFC 1071, of two parts of which the first has an even length. */
static uint16_t
checksum(const uint8_t *a, size_t na, const uint8_t *b, size_t nb)
{
	uint32_t sum = 0;
	size_t i;

	for (i = 0; i < na + nb; i++)
		sum += (uint32_t)(i < na ? a[i] : b[i - na]) << ((i & 1) == 0 ? 8 : 0);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* RFC 9260, appendix A: CRC32c, least significant byte first. */
static uint32_t
crc32c(const uint8_t *p, size_t n)
{
	uint32_t crc = ~0u;
	unsigned bit;

	while (n-- > 0)
		for (crc ^= *p++, bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
	return ~crc;
}

static bool
has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP || protocol == IPPROTO_UDPLITE || protocol == IPPROTO_DCCP;
}

/* What connection tracking looks at; the rest is zeros.  Its length without the padding. */
static size_t
transport(const struct explain_packet *k, uint8_t *p)
{
	if (has_ports(k->protocol)) {
		put(p, k->source_port, 2);
		put(p + 2, k->destination_port, 2);
	}
	switch (k->protocol) {
	case IPPROTO_TCP:
		put(p + 4, 1, 4);
		p[12] = 5 << 4;
		p[13] = k->tcp_flags;
		put(p + 14, WINDOW, 2);
		return 20;
	case IPPROTO_SCTP:	/* RFC 9260 section 3.3.2: INIT, alone */
		p[12] = 1;
		put(p + 14, 20, 2);
		put(p + 16, 1, 4);
		put(p + 20, 65536, 4);
		put(p + 24, 1, 2);
		put(p + 26, 1, 2);
		return 32;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		p[0] = k->icmp_type;
		return 8;
	case IPPROTO_ESP:
	case IPPROTO_AH:
		put(p + (k->protocol == IPPROTO_AH ? 4 : 0), 256, 4);
		return 16;
	default:
		return 8;
	}
}

static void
seal(const struct explain_packet *k, uint8_t *p, size_t len)
{
	uint8_t pseudo[PSEUDO_MAX];
	size_t n = addr_len(&k->source);
	uint32_t crc;

	memcpy(pseudo, k->source.bytes, n);
	memcpy(pseudo + n, k->destination.bytes, n);
	put(pseudo + 2 * n, (uint32_t)len, 4);
	put(pseudo + 2 * n + 4, k->protocol, 4);
	n = 2 * n + 8;
	switch (k->protocol) {
	case IPPROTO_TCP:
		put(p + 16, checksum(pseudo, n, p, len), 2);
		break;
	case IPPROTO_UDP:
		put(p + 4, (uint32_t)len, 2);
		put(p + 6, checksum(pseudo, n, p, len), 2);
		break;
	case IPPROTO_ICMP:
		put(p + 2, checksum(p, len, NULL, 0), 2);
		break;
	case IPPROTO_ICMPV6:
		put(p + 2, checksum(pseudo, n, p, len), 2);
		break;
	case IPPROTO_SCTP:
		crc = crc32c(p, len);
		memcpy(p + 8, (uint8_t[]){ (uint8_t)crc, (uint8_t)(crc >> 8), (uint8_t)(crc >> 16), (uint8_t)(crc >> 24) }, 4);
		break;
	default:
		break;
	}
}

static void
head4(const struct explain_packet *k, uint8_t *p, size_t len)
{
	p[0] = 4 << 4 | HEADER4 / 4;
	p[1] = (uint8_t)(k->dscp << 2);
	put(p + 2, (uint32_t)len, 2);
	p[8] = HOPS;
	p[9] = k->protocol;
	memcpy(p + 12, k->source.bytes, 4);
	memcpy(p + 16, k->destination.bytes, 4);
	put(p + 10, checksum(p, HEADER4, NULL, 0), 2);
}

static void
head6(const struct explain_packet *k, uint8_t *p, size_t len)
{
	p[0] = (uint8_t)(6 << 4 | k->dscp >> 2);
	p[1] = (uint8_t)(k->dscp << 6);
	put(p + 4, (uint32_t)len - HEADER6, 2);
	p[6] = k->protocol;
	p[7] = HOPS;
	memcpy(p + 8, k->source.bytes, 16);
	memcpy(p + 24, k->destination.bytes, 16);
}

size_t
prove_packet(const struct explain_packet *k, uint8_t ret[PROVE_PACKET_MAX])
{
	size_t head = k->source.family == ADDR_V4 ? HEADER4 : HEADER6, len, least;

	memset(ret, 0, PROVE_PACKET_MAX);
	least = head + transport(k, ret + head);
	len = k->length < least || k->protocol == IPPROTO_SCTP ? least : k->length > PROVE_PACKET_MAX ? PROVE_PACKET_MAX : k->length;
	seal(k, ret + head, len - head);
	if (head == HEADER4)
		head4(k, ret, len);
	else
		head6(k, ret, len);
	return len;
}

/* --- frames */

/* RFC 826, of IPv4 over Ethernet. */
static size_t
arp(const struct explain_packet *k, uint8_t *p)
{
	put(p, ARPHRD_ETHER, 2);
	put(p + 2, ETH_P_IP, 2);
	p[4] = ETH_ALEN;
	p[5] = 4;
	put(p + 6, k->frame->arp_operation, 2);
	memcpy(p + 8, k->source_mac.bytes, ETH_ALEN);
	memcpy(p + 14, k->source.bytes, 4);
	if (k->frame->arp_operation == ARPOP_REPLY)
		memcpy(p + 18, k->frame->destination.bytes, ETH_ALEN);
	memcpy(p + 24, k->destination.bytes, 4);
	return ARP_LEN;
}

size_t
prove_frame_head(const struct explain_packet *k)
{
	return k->frame->vlan != 0 ? ETH_HLEN + TAG_LEN : ETH_HLEN;
}

size_t
prove_frame(const struct explain_packet *k, uint8_t ret[PROVE_FRAME_MAX])
{
	const struct explain_frame *f = k->frame;
	size_t head = prove_frame_head(k), len;

	memset(ret, 0, PROVE_FRAME_MAX);
	memcpy(ret, f->destination.bytes, ETH_ALEN);
	memcpy(ret + ETH_ALEN, k->source_mac.bytes, ETH_ALEN);
	if (f->vlan != 0) {
		put(ret + 12, ETH_P_8021Q, 2);
		put(ret + 14, f->vlan, 2);
	}
	put(ret + head - 2, f->type, 2);
	len = f->type == ETH_P_ARP ? arp(k, ret + head) : f->type == ETH_P_IP || f->type == ETH_P_IPV6 ? prove_packet(k, ret + head) : 0;
	return head + len < ETH_ZLEN ? ETH_ZLEN : head + len;
}
