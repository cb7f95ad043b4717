/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_POLICY_RANDOM_H
#define PATRONUS_TESTS_POLICY_RANDOM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#include "policy.h"

/*
 * Random policies and packets for proofs about the compiler.  All of it follows from srandom(): a seed is a case.
 *
 * Interface n owns 192.0.2.16n/28 and 2001:db8::n0/124, block RANDOM_BOX is the box itself.  So the destination tells where a packet leaves,
 * in the model as by the routes of a kernel.
 */

#define RANDOM_INTERFACES	4	/* at most; policies may have fewer */
#define RANDOM_BOX		RANDOM_INTERFACES
#define RANDOM_HOSTS		4	/* of a block that packets use */

struct packet {
	struct addr	source;
	struct addr	destination;
	uint8_t		protocol;
	uint8_t		icmp_type;
	uint16_t	source_port;
	uint16_t	destination_port;
	uint32_t	in;		/* interface + 1; 0: from the box */
	uint32_t	out;		/* 0: to the box */
	uint8_t		tcp_flags;
	uint8_t		dscp;
	uint8_t		mac;		/* of the sender: its last byte */
	uint16_t	length;		/* with the IP header */
	uint32_t	mark;
	uint32_t	connection_mark;
};

/*
 * What a rule may look at, one entry each.  A new field of struct policy_rule needs an entry here and nothing else: the random policies have
 * it, the reference obeys it, and the minimiser tries to do without it.
 */
struct rule_field {
	const char	*name;
	unsigned	 one_in;					/* so many rules have it */
	unsigned	 extent;					/* only when all of this is asked for */
	void		 (*make)(const struct fw_policy *, struct policy_rule *, struct arena *);
	void		 (*clear)(struct policy_rule *);		/* as if it were not written */
	bool		 (*holds)(const struct policy_rule *, const struct packet *);
	void		 (*steer)(const struct policy_rule *, struct packet *);	/* make it hold, roughly; or NULL */
};

extern const struct rule_field rule_fields[];
extern const unsigned n_rule_fields;

enum random_extent {
	RANDOM_RULES = 0x01,		/* zones, rules, defaults: always */
	RANDOM_LIMITS = 0x02,		/* rates that let so many through and then nothing for a day */
	RANDOM_ACCESS = 0x04,		/* management */
	RANDOM_FORWARDS = 0x08,
	RANDOM_SPOOFING = 0x10,		/* anti-spoofing */
	RANDOM_ALL = 0x1f,
	RANDOM_SECTIONS = 0x20,		/* pre-rules and post-rules */
	RANDOM_HEADERS = 0x40		/* rules that look at marks and at headers beside addresses and ports, and write them */
};

unsigned	 below(unsigned n);
struct fw_policy *policy_random(struct arena *, unsigned extent, unsigned n_rules_max);
struct packet	 packet_random(const struct fw_policy *);
/* As conntrack sees the first packet of a flow: one it does not start flows with is "invalid". */
bool		 packet_is_invalid(const struct packet *);
/* The block that an address is in: an interface, or RANDOM_BOX. */
uint32_t	 addr_block(const struct addr *);
struct addr	 addr_in_block(uint8_t family, uint32_t block, unsigned host);
/* Of an interface of the policy, or the box. */
uint32_t	 block_random(const struct fw_policy *);
bool		 has_ports(uint8_t protocol);

/* --- policy_judge.c: what the policy says as a person reads it, first match in order; knows nothing of chains */

struct bucket {
	const struct policy_rule *rule;
	struct addr	 key;		/* ADDR_NONE: of the rule */
	unsigned	 used;
};

struct judgement {
	uint8_t		 action;	/* enum ir_action */
	const char	*id;		/* that decided: a rule's, a generated one's, or "policy" */
	bool		 is_proxied;	/* accepted, and the box answers first */
	const char	*forward;	/* id of the port forward that translated it, or NULL */
	struct packet	 seen;		/* after translation, as the rules saw it */
};

struct judge {
	const struct fw_policy	*policy;
	struct arena		*arena;
	struct bucket		*buckets;	/* rates that were drawn on; packets are judged in order */
	unsigned		 n_buckets;
};

void		 judge_init(struct judge *, const struct fw_policy *, struct arena *);
struct judgement judge_packet(struct judge *, const struct packet *);

#endif
