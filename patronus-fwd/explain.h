/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_EXPLAIN_H
#define PATRONUS_FWD_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

#include "ir.h"

/*
 * What the ruleset does with one packet, and which rule decides: the intermediate form is run as the kernel would run it.  Pure: what
 * only the kernel knows (routes, connections) is said by the caller.  Rates count as kept.
 */

/* What is around a packet that goes from one port of a bridge to another, or around something else. */
struct explain_frame {
	struct mac	 destination;
	uint16_t	 type;			/* of Ethernet, of what is in it, behind a tag */
	uint16_t	 vlan;			/* of its tag; 0: it has none */
	uint16_t	 arp_operation;		/* ARP: source is whose address is told, destination who is asked for */
};

struct explain_packet {
	const struct explain_frame *frame;	/* NULL: it is routed */
	const char	*in_link;		/* kernel names; NULL: from the box */
	const char	*out_link;		/* NULL: to the box, or not known yet */
	struct addr	 source;
	struct addr	 destination;
	uint8_t		 protocol;		/* IPPROTO_... */
	uint8_t		 icmp_type;
	uint16_t	 source_port;
	uint16_t	 destination_port;
	uint16_t	 called_port;		/* of the connection's first packet, before translation */
	uint8_t		 tcp_flags;
	uint8_t		 dscp;
	uint16_t	 length;		/* with the IP header */
	uint32_t	 mark;
	uint32_t	 connection_mark;
	struct mac	 source_mac;
	bool		 has_mac;		/* it came over Ethernet */
	uint8_t		 ct_state;		/* one of enum ir_ct_state */
	bool		 is_translated;		/* the connection went through a port forward */
	bool		 is_partly_known;	/* not its marks, code point, length and MAC address: */
	bool		 unknown_holds;		/* whether matches on these hold */
	struct addr	 chosen;		/* among several hosts that share connections, the one that has it; ADDR_NONE: not yet */
	bool		 is_to_box;		/* the destination is an address of the box */
	bool		 has_way_back;		/* the route to the source leaves through in_link */
	bool		 has_any_way_back;
};

struct explain_verdict {
	uint8_t			 action;	/* enum ir_action; IR_ACTION_TRANSLATE: dnat, see nat */
	const struct ir_origin	*origin;	/* of the rule that decided; NULL: the policy of the chain */
	const char		*chain;		/* base chain in which it was decided */
	struct ir_nat		 nat;
	bool			 is_limited;	/* it holds only while a rate or number of connections is kept */
	const struct ir_stmt	*sender;	/* what translates the source: IR_SNAT, IR_MASQUERADE; NULL: nothing */
	bool			 is_shared_out;	/* one of several hosts was taken; the kernel may take another */
	bool			 is_queued;	/* a program decides; taken as accepted */
	bool			 is_proxied;	/* the box answers first; who answers in turn is accepted */
	struct explain_packet	 after;		/* the packet with what rules wrote into it */
};

/* Told of each rule that held up to its statement `at`, where it decided, went elsewhere or ended. */
struct explain_trace {
	void	(*on_rule)(const struct ir_chain *, const struct ir_rule *, uint16_t at, void *arg);
	void	*arg;
};

/* Through all chains of one hook.  NONE when the form has no chain there: then it is accepted. */
void	explain_hook(const struct ir *, enum ir_hook, const struct explain_packet *, struct explain_verdict *ret);
/* The same, and trace (may be NULL) hears of the rules. */
void	explain_hook_traced(const struct ir *, enum ir_hook, const struct explain_packet *, const struct explain_trace *,
	    struct explain_verdict *ret);
/* A packet that comes in and is for the box: before routing, then input. */
void	explain_input(const struct ir *, const struct explain_packet *, struct explain_verdict *ret);

#endif
