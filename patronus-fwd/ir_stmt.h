/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IR_STMT_H
#define PATRONUS_FWD_IR_STMT_H

#include <stdbool.h>
#include <stdint.h>

/* What a rule of the intermediate form consists of: matches on fields, and what is done. */

enum ir_field {
	IR_FIELD_INVALID = 0,
	IR_IIF_NAME,
	IR_OIF_NAME,
	IR_NFPROTO,		/* NFPROTO_IPV4, NFPROTO_IPV6 */
	IR_L4PROTO,
	IR_SADDR4,
	IR_DADDR4,
	IR_SADDR6,
	IR_DADDR6,
	IR_SPORT,		/* TCP, UDP, SCTP, UDP-Lite, DCCP */
	IR_DPORT,
	IR_ICMP_TYPE,
	IR_ICMP6_TYPE,
	IR_TCP_FLAGS,		/* the header's byte */
	IR_TOS4,		/* the header's byte: DSCP, ECN */
	IR_TOS6,		/* the header's first two bytes: version, traffic class, part of the flow label */
	IR_LENGTH,		/* of the packet, in network order */
	IR_MARK,
	IR_CT_MARK,
	IR_IIF_TYPE,		/* ARPHRD_ETHER, ... */
	IR_MAC_SADDR,		/* behind a match of IR_IIF_TYPE */
	IR_CT_STATE,		/* enum ir_ct_state bits */
	IR_CT_STATUS,		/* enum ir_ct_status bits */
	IR_CT_ORIG_DPORT,	/* destination port of the first packet, before translation */
	IR_FIB_REVERSE,		/* 1 when the route back to the source leaves through the interface of arrival */
	IR_FIB_REVERSE_ANY,	/* 1 when there is any route back to the source */
	IR_FIB_SADDR_TYPE,	/* RTN_LOCAL, ... */
	IR_FIB_DADDR_TYPE,
	IR_MAC_DADDR,		/* this and those below of table bridge alone */
	IR_ETHER_TYPE,		/* of what is in the frame, behind a VLAN tag */
	IR_TAG_TYPE,		/* of the frame: ETH_P_8021Q when it has a tag */
	IR_VLAN,		/* the tag's 16 bits; behind a match of IR_TAG_TYPE */
	IR_ARP_OPERATION,	/* these behind a match of IR_ETHER_TYPE */
	IR_ARP_SADDR4,		/* whose MAC address an ARP packet tells */
	IR_FIELD_MAX
};

enum ir_ct_state {
	IR_CT_INVALID = 0x01,
	IR_CT_ESTABLISHED = 0x02,
	IR_CT_RELATED = 0x04,
	IR_CT_NEW = 0x08,
	IR_CT_UNTRACKED = 0x40
};

enum ir_ct_status {
	IR_CT_CONFIRMED = 0x08,	/* it is in the table: this is not its first packet */
	IR_CT_DNAT = 0x20
};

enum ir_cmp {
	IR_CMP_INVALID = 0,
	IR_EQ,
	IR_NE,
	IR_RANGE,		/* lo <= field <= hi */
	IR_NOT_RANGE,
	IR_PREFIX,		/* the first bits of field are those of lo */
	IR_NOT_PREFIX,
	IR_ANY_BIT,		/* field & lo != 0 */
	IR_MASKED,		/* field & hi == lo */
	IR_IN_SET,
	IR_NOT_IN_SET,
	IR_CMP_MAX
};

enum ir_kind {
	IR_KIND_INVALID = 0,
	IR_MATCH,
	IR_LIMIT,		/* goes on while the rate is kept */
	IR_METER,		/* the same for each key of its dynamic set */
	IR_CONNECTIONS,		/* goes on while there are not more connections */
	IR_CONNECTIONS_METER,	/* the same for each key of its dynamic set */
	IR_COUNTER,
	IR_LOG,
	IR_ACCEPT,
	IR_DROP,
	IR_RETURN,
	IR_JUMP,
	IR_GOTO,
	IR_VMAP,		/* look the verdict up */
	IR_REJECT_TCP_RESET,
	IR_REJECT,		/* ICMP and ICMPv6 by the kernel's code for both */
	IR_SET_MARK,
	IR_SET_CT_MARK,
	IR_SET_DSCP4,
	IR_SET_DSCP6,
	IR_SET_HELPER,		/* the first packet of a connection of the object's protocol gives it to the connection; others go on */
	IR_SET_TIMEOUT,		/* the same */
	IR_NO_TRACKING,
	IR_QUEUE,
	IR_SYNPROXY,		/* answers, or opens the connection to the server; only TCP */
	IR_MASQUERADE,		/* nat.is_random alone counts */
	IR_DNAT,
	IR_SNAT,
	IR_CHOOSE,		/* goes on when the number drawn is the one */
	IR_FLOW,		/* the connection is handed on by the flowtable from now on; the packet goes on */
	IR_KIND_MAX
};

#define IR_VALUE_MAX	16	/* an interface name or an IPv6 address */
#define IR_CONCAT_MAX	7
#define IR_KEY_MAX	40	/* of a concatenation; the kernel takes 64, and groups have as many of these as they have addresses */
#define IR_STMT_MAX	48	/* per rule */

struct ir_object;
struct ir_set;

/* Values are as on the wire; bit sets and small numbers that the kernel keeps in host order are in host order (field table). */
struct ir_match {
	uint8_t		 lo[IR_VALUE_MAX];
	uint8_t		 hi[IR_VALUE_MAX];
};

struct ir_limit {
	uint32_t	 rate;
	uint32_t	 seconds;
	uint32_t	 burst;
	bool		 is_over;	/* IR_LIMIT: goes on while the rate is exceeded */
};

struct ir_nat {
	uint8_t		 addr[16];
	uint8_t		 last[16];	/* of a range, or of a network whose hosts keep their numbers; else as addr */
	uint8_t		 family;	/* NFPROTO_IPV4, NFPROTO_IPV6 */
	uint16_t	 port;		/* 0: keep */
	bool		 is_network;	/* each host to the host of the same number */
	bool		 is_random;	/* ports are */
	bool		 is_persistent;	/* a sender keeps its address of the range */
};

enum ir_draw {
	IR_DRAW_INVALID = 0,
	IR_DRAW_TURN,		/* 0, 1, ... */
	IR_DRAW_CHANCE,
	IR_DRAW_SOURCE,		/* a hash of the IPv4 source address */
	IR_DRAW_MAX
};

struct ir_choice {
	uint8_t		 draw;		/* enum ir_draw */
	uint32_t	 modulus;
	uint32_t	 value;
};

struct ir_connections {
	uint32_t	 max;
	bool		 is_over;	/* IR_CONNECTIONS: goes on while there are more */
};

/* x = (x & ~mask) | value */
struct ir_write {
	uint32_t	 value;
	uint32_t	 mask;
};

struct ir_queue {
	uint16_t	 number;
	bool		 is_open;	/* packets pass while nobody listens */
};

/* What callers are told that the server can. */
struct ir_synproxy {
	uint16_t	 mss;
	uint8_t		 window_scale;
	bool		 has_timestamps;
	bool		 has_selective_ack;
};

struct ir_log {
	const char	*prefix;
	uint16_t	 group;
};

struct ir_stmt {
	uint8_t			 kind;		/* enum ir_kind */
	uint8_t			 field;		/* IR_MATCH and the meters */
	uint8_t			 cmp;
	uint8_t			 bits;		/* IR_PREFIX; IR_METER: of the field only its first so many, a multiple of 8; 0: all */
	const struct ir_set	*set;		/* IR_IN_SET, IR_VMAP and the meters */
	union {
		struct ir_match	 match;
		struct ir_limit	 limit;		/* IR_LIMIT, IR_METER */
		struct ir_connections connections;	/* IR_CONNECTIONS, IR_CONNECTIONS_METER */
		struct ir_log	 log;
		struct ir_nat	 nat;		/* IR_MASQUERADE, IR_DNAT, IR_SNAT */
		struct ir_choice choice;
		struct ir_write	 write;		/* IR_SET_MARK, IR_SET_CT_MARK; of IR_SET_DSCP4, IR_SET_DSCP6 the value */
		struct ir_queue	 queue;
		struct ir_synproxy synproxy;
		uint8_t		 code;		/* IR_REJECT: NFT_REJECT_ICMPX_... */
		const char	*chain;		/* IR_JUMP, IR_GOTO */
		const char	*flowtable;	/* IR_FLOW: its name */
		const struct ir_object *object;	/* IR_SET_HELPER, IR_SET_TIMEOUT */
	};
};

#endif
