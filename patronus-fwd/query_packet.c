/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words of a question as the packet or frame that it is about. */
#include <linux/if_ether.h>
#include <net/if_arp.h>
#include <netinet/in.h>
#include <string.h>

#include "base/str.h"

#include "explain.h"
#include "mem.h"
#include "nflog.h"
#include "policy_bridge.h"
#include "query.h"
#include "query_packet.h"

#define TCP_SYN		0x02
#define DEFAULT_PORT	40000
#define DEFAULT_LENGTH	60
#define VLAN_MAX	4094

/* --- words --- */

static bool
number(struct query *q, const char *name, uint64_t max, uint64_t missing, uint64_t *ret)
{
	const char *text = query_term_value(q, name);

	*ret = missing;
	if (text == NULL || str_u64(text, 0, max, ret) == 0)
		return true;
	q->why = mem_printf(q->arena, "%s must be a number from 0 to %llu", name, (unsigned long long)max);
	return false;
}

static bool
address(struct query *q, const char *name, struct addr *ret)
{
	const char *text = query_term_value(q, name);

	if (text != NULL && addr_parse(text, ret) == 0)
		return true;
	q->why = mem_printf(q->arena, "%s must be an address", name);
	return false;
}

static bool
read_protocol(struct query *q, struct explain_packet *p)
{
	const char *text = query_term_value(q, "protocol");

	if (text != NULL && nflog_protocol_number(text, &p->protocol))
		return true;
	q->why = "protocol must be tcp, udp, icmp, icmpv6 or another protocol by its name or number";
	return false;
}

static bool
read_state(struct query *q, struct explain_packet *p)
{
	static const struct {
		const char	*name;
		uint8_t		 state;
	} states[] = { { "new", IR_CT_NEW }, { "established", IR_CT_ESTABLISHED }, { "related", IR_CT_RELATED }, { "invalid", IR_CT_INVALID },
	    { "untracked", IR_CT_UNTRACKED } };
	const char *text = query_term_value(q, "state");
	size_t i;

	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		if (strcmp(text != NULL ? text : "new", states[i].name) != 0)
			continue;
		p->ct_state = states[i].state;
		return true;
	}
	q->why = "state is new, established, related, invalid or untracked";
	return false;
}

static bool
is_absent(struct query *q, const char *words, const char *why)
{
	uint32_t i;

	for (i = 0; i < q->req->terms.n; i++) {
		if (!query_has_word(words, q->req->terms.items[i].name))
			continue;
		q->why = mem_printf(q->arena, "%s is %s", q->req->terms.items[i].name, why);
		return false;
	}
	return true;
}

/* --- packets --- */

static bool
read_ip(struct query *q, struct explain_packet *p)
{
	uint64_t sport, dport, type, dscp, length;

	if (!address(q, "source", &p->source) || !address(q, "destination", &p->destination) || !read_protocol(q, p) ||
	    !number(q, "source-port", UINT16_MAX, DEFAULT_PORT, &sport) || !number(q, "port", UINT16_MAX, 0, &dport) ||
	    !number(q, "icmp-type", UINT8_MAX, p->protocol == IPPROTO_ICMPV6 ? 128 : 8, &type) ||
	    !number(q, "dscp", 63, 0, &dscp) || !number(q, "length", UINT16_MAX, DEFAULT_LENGTH, &length))
		return false;
	if (p->source.family != p->destination.family) {
		q->why = "source and destination are of two families";
		return false;
	}
	p->source_port = (uint16_t)sport;
	p->destination_port = (uint16_t)dport;
	p->icmp_type = (uint8_t)type;
	p->dscp = (uint8_t)dscp;
	p->length = (uint16_t)length;
	p->tcp_flags = p->protocol == IPPROTO_TCP ? TCP_SYN : 0;
	return true;
}

bool
query_read_packet(struct query *q, struct explain_packet *p)
{
	uint64_t mark;

	if (!is_absent(q, QUERY_FRAME_TERMS, "of a frame between ports, which in-port begins") || !read_ip(q, p) || !read_state(q, p) ||
	    !number(q, "mark", UINT32_MAX, 0, &mark))
		return false;
	p->mark = (uint32_t)mark;
	return true;
}

/* --- frames --- */

static bool
mac(struct query *q, const char *name, struct mac *ret)
{
	const char *text = query_term_value(q, name);

	if (text == NULL || mac_parse(text, ret) == 0)
		return true;
	q->why = mem_printf(q->arena, "%s must be a MAC address", name);
	return false;
}

/* Of what is in it, unless it is said, the family of its sender tells. */
static bool
read_type(struct query *q, struct explain_frame *f)
{
	const char *text = query_term_value(q, "ethertype"), *source = query_term_value(q, "source");

	if (text == NULL && source != NULL)
		text = strchr(source, ':') != NULL ? "ipv6" : "ipv4";
	if (text != NULL && (f->type = policy_bridge_type(text)) >= ETH_P_802_3_MIN && f->type != ETH_P_8021Q)
		return true;
	q->why = text == NULL ? "say what is in the frame: source, destination and protocol of a packet, or ethertype" :
	    "ethertype is arp, ipv4, ipv6, pppoe or a number from 0x0600 on; a tag is said by vlan";
	return false;
}

static bool
read_arp(struct query *q, struct explain_packet *p, struct explain_frame *f)
{
	const char *text = query_term_value(q, "arp-operation");

	if (text != NULL && strcmp(text, "request") != 0 && strcmp(text, "reply") != 0) {
		q->why = "arp-operation is request or reply";
		return false;
	}
	f->arp_operation = text != NULL && strcmp(text, "reply") == 0 ? ARPOP_REPLY : ARPOP_REQUEST;
	if (!address(q, "source", &p->source) || !address(q, "destination", &p->destination))
		return false;
	if (p->source.family == ADDR_V4 && p->destination.family == ADDR_V4)
		return true;
	q->why = "ARP is of IPv4";
	return false;
}

static bool
read_content(struct query *q, struct explain_packet *p, struct explain_frame *f)
{
	if (f->type == ETH_P_ARP)
		return is_absent(q, "protocol source-port port icmp-type dscp length", "nothing that ARP has") && read_arp(q, p, f);
	if (f->type != ETH_P_IP && f->type != ETH_P_IPV6)
		return is_absent(q, QUERY_PACKET_TERMS " arp-operation", "not known to be in such a frame");
	if (!is_absent(q, "arp-operation", "of ARP") || !read_ip(q, p))
		return false;
	if (p->source.family == (f->type == ETH_P_IP ? ADDR_V4 : ADDR_V6))
		return true;
	q->why = "ethertype and addresses are of two families";
	return false;
}

/* To everybody who asks who has an address, or is asked by a group's address; else to one. */
static struct mac
receiver_of(const struct explain_packet *p, const struct explain_frame *f)
{
	const uint8_t *to = p->destination.bytes;

	if (f->type == ETH_P_ARP && f->arp_operation == ARPOP_REQUEST)
		return (struct mac){ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } };
	if (f->type == ETH_P_IP && to[0] >> 4 == 0xe)			/* RFC 1112 section 6.4 */
		return (struct mac){ { 0x01, 0x00, 0x5e, to[1] & 0x7f, to[2], to[3] } };
	if (f->type == ETH_P_IPV6 && to[0] == 0xff)			/* RFC 2464 section 7 */
		return (struct mac){ { 0x33, 0x33, to[12], to[13], to[14], to[15] } };
	return (struct mac){ { 0x02, 0, 0, 0, 0xf0, 2 } };
}

bool
query_read_frame(struct query *q, struct explain_packet *p, struct explain_frame *f)
{
	uint64_t vlan;

	p->frame = f;
	p->in_link = query_term_value(q, "in-port");
	p->out_link = query_term_value(q, "out-port");
	p->source_mac = (struct mac){ { 0x02, 0, 0, 0, 0xf0, 1 } };
	p->has_mac = true;
	p->ct_state = IR_CT_NEW;
	if (!is_absent(q, QUERY_ROUTED_TERMS, "of packets that are routed") || !read_type(q, f) || !read_content(q, p, f) ||
	    !number(q, "vlan", VLAN_MAX, 0, &vlan))
		return false;
	f->vlan = (uint16_t)vlan;
	f->destination = receiver_of(p, f);
	return mac(q, "source-mac", &p->source_mac) && mac(q, "destination-mac", &f->destination);
}
