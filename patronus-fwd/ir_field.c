/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rule may look at: names, lengths and types of the fields of the intermediate form. */
#include "ir.h"
#include "ir_field.h"

/* Numbers of nft(8)'s data types (its enum datatypes): what `nft list` prints a set's keys by. */
enum nft_datatype {
	NFT_TYPE_NFPROTO = 2,
	NFT_TYPE_INTEGER = 4,
	NFT_TYPE_IPADDR = 7,
	NFT_TYPE_IP6ADDR = 8,
	NFT_TYPE_ETHERADDR = 9,
	NFT_TYPE_ETHERTYPE = 10,
	NFT_TYPE_ARPOP = 11,
	NFT_TYPE_INET_PROTOCOL = 12,
	NFT_TYPE_INET_SERVICE = 13,
	NFT_TYPE_ICMP_TYPE = 14,
	NFT_TYPE_TCP_FLAG = 15,
	NFT_TYPE_MARK = 19,
	NFT_TYPE_ARPHRD = 21,
	NFT_TYPE_CT_STATE = 26,
	NFT_TYPE_CT_STATUS = 28,
	NFT_TYPE_ICMP6_TYPE = 29,
	NFT_TYPE_FIB_ADDR = 38,
	NFT_TYPE_BOOLEAN = 39,
	NFT_TYPE_IFNAME = 41
};

static const struct ir_field_info fields[IR_FIELD_MAX] = {
	[IR_IIF_NAME] =		{ "iifname", "interface", IR_IIF_NAME, 16, NFT_TYPE_IFNAME, true },
	[IR_OIF_NAME] =		{ "oifname", "interface", IR_IIF_NAME, 16, NFT_TYPE_IFNAME, true },
	[IR_NFPROTO] =		{ "nfproto", "family", IR_NFPROTO, 1, NFT_TYPE_NFPROTO, true },
	[IR_L4PROTO] =		{ "l4proto", "protocol", IR_L4PROTO, 1, NFT_TYPE_INET_PROTOCOL, false },
	[IR_SADDR4] =		{ "ip saddr", "ipv4", IR_SADDR4, 4, NFT_TYPE_IPADDR, false },
	[IR_DADDR4] =		{ "ip daddr", "ipv4", IR_SADDR4, 4, NFT_TYPE_IPADDR, false },
	[IR_SADDR6] =		{ "ip6 saddr", "ipv6", IR_SADDR6, 16, NFT_TYPE_IP6ADDR, false },
	[IR_DADDR6] =		{ "ip6 daddr", "ipv6", IR_SADDR6, 16, NFT_TYPE_IP6ADDR, false },
	[IR_SPORT] =		{ "sport", "port", IR_DPORT, 2, NFT_TYPE_INET_SERVICE, false },
	[IR_DPORT] =		{ "dport", "port", IR_DPORT, 2, NFT_TYPE_INET_SERVICE, false },
	[IR_ICMP_TYPE] =	{ "icmp type", "icmp-type", IR_ICMP_TYPE, 1, NFT_TYPE_ICMP_TYPE, false },
	[IR_ICMP6_TYPE] =	{ "icmpv6 type", "icmpv6-type", IR_ICMP6_TYPE, 1, NFT_TYPE_ICMP6_TYPE, false },
	[IR_TCP_FLAGS] =	{ "tcp flags", "tcp-flags", IR_TCP_FLAGS, 1, NFT_TYPE_TCP_FLAG, false },
	[IR_TOS4] =		{ "ip tos", "tos", IR_TOS4, 1, NFT_TYPE_INTEGER, false },
	[IR_TOS6] =		{ "ip6 class", "class", IR_TOS6, 2, NFT_TYPE_INTEGER, false },
	[IR_LENGTH] =		{ "length", "length", IR_LENGTH, 4, NFT_TYPE_INTEGER, false },
	[IR_MARK] =		{ "mark", "mark", IR_MARK, 4, NFT_TYPE_MARK, true },
	[IR_CT_MARK] =		{ "ct mark", "mark", IR_MARK, 4, NFT_TYPE_MARK, true },
	[IR_IIF_TYPE] =		{ "iiftype", "link-type", IR_IIF_TYPE, 2, NFT_TYPE_ARPHRD, true },
	[IR_MAC_SADDR] =	{ "ether saddr", "mac", IR_MAC_SADDR, 6, NFT_TYPE_ETHERADDR, false },
	[IR_CT_STATE] =		{ "ct state", "ct-state", IR_CT_STATE, 4, NFT_TYPE_CT_STATE, true },
	[IR_CT_STATUS] =	{ "ct status", "ct-status", IR_CT_STATUS, 4, NFT_TYPE_CT_STATUS, true },
	[IR_CT_ORIG_DPORT] =	{ "ct original dport", "port", IR_DPORT, 2, NFT_TYPE_INET_SERVICE, false },
	[IR_FIB_REVERSE] =	{ "fib saddr iif", "fact", IR_FIB_REVERSE, 4, NFT_TYPE_BOOLEAN, true },
	[IR_FIB_REVERSE_ANY] =	{ "fib saddr", "fact", IR_FIB_REVERSE, 4, NFT_TYPE_BOOLEAN, true },
	[IR_FIB_SADDR_TYPE] =	{ "fib saddr type", "address-type", IR_FIB_DADDR_TYPE, 4, NFT_TYPE_FIB_ADDR, true },
	[IR_FIB_DADDR_TYPE] =	{ "fib daddr type", "address-type", IR_FIB_DADDR_TYPE, 4, NFT_TYPE_FIB_ADDR, true },
	[IR_MAC_DADDR] =	{ "ether daddr", "mac", IR_MAC_SADDR, 6, NFT_TYPE_ETHERADDR, false },
	[IR_ETHER_TYPE] =	{ "protocol", "ether-type", IR_ETHER_TYPE, 2, NFT_TYPE_ETHERTYPE, false },
	[IR_TAG_TYPE] =		{ "ether type", "ether-type", IR_ETHER_TYPE, 2, NFT_TYPE_ETHERTYPE, false },
	[IR_VLAN] =		{ "vlan tag", "vlan", IR_VLAN, 2, NFT_TYPE_INTEGER, false },
	[IR_ARP_OPERATION] =	{ "arp operation", "arp-operation", IR_ARP_OPERATION, 2, NFT_TYPE_ARPOP, false },
	[IR_ARP_SADDR4] =	{ "arp saddr ip", "ipv4", IR_SADDR4, 4, NFT_TYPE_IPADDR, false }
};

const struct ir_field_info *
ir_field_info(uint8_t field)
{
	return &fields[field < IR_FIELD_MAX ? field : IR_FIELD_INVALID];
}
