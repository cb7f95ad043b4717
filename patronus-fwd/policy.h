/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_H
#define PATRONUS_FWD_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

/*
 * What the configuration means, every name resolved to a number, a kernel name or addresses.  policy_from_conf() makes it; the compiler reads nothing else.
 */

struct arena;
struct conf_fwd;
struct live_range;
struct policy_forward;
struct policy_masquerade;
struct policy_one_to_one;
struct policy_source_nat;

#define POLICY_LOCAL	0	/* the zone that is the box itself */

enum policy_action {
	POLICY_ACTION_INVALID = 0,
	POLICY_ACCEPT,
	POLICY_DROP,
	POLICY_REJECT,
	POLICY_CONTINUE,	/* count, log and set; the next rule decides */
	POLICY_NO_TRACKING,	/* no connection, and the next rule decides */
	POLICY_QUEUE,		/* a program decides */
	POLICY_ACTION_MAX
};

/* Rules stand in this order, with what is right for every policy between the first two. */
enum policy_section {
	POLICY_SECTION_INVALID = 0,
	POLICY_PRE,		/* every packet */
	POLICY_MAIN,		/* what opens a connection */
	POLICY_POST,
	POLICY_SECTION_MAX
};

/* States of packets: the kernel's bits. */
enum policy_state {
	POLICY_STATE_INVALID = 0x01,
	POLICY_STATE_ESTABLISHED = 0x02,
	POLICY_STATE_RELATED = 0x04,
	POLICY_STATE_NEW = 0x08,
	POLICY_STATE_UNTRACKED = 0x40
};

/* What a rejected sender is told: the kernel's codes for ICMP and ICMPv6 alike. */
enum policy_reject { POLICY_NO_ROUTE = 0, POLICY_PORT_UNREACHABLE, POLICY_HOST_UNREACHABLE, POLICY_ADMIN_PROHIBITED };

enum policy_share {
	POLICY_PER_INVALID = 0,
	POLICY_PER_RULE,
	POLICY_PER_SOURCE,
	POLICY_PER_DESTINATION,
	POLICY_PER_MAX
};

struct policy_interface {
	const char	*name;
	const char	*ifname;	/* in the kernel */
	const char	*path;
	uint32_t	 zone;		/* POLICY_LOCAL: in none */
	struct prefix	*addresses;
	uint32_t	 n_addresses;
};

struct policy_zone {
	const char	*name;
	const char	*path;
	uint8_t		 action;	/* for what no rule decided */
	uint8_t			 blocks;	/* enum policy_bogon (policy_bogons.h) */
	uint32_t	*interfaces;	/* indices */
	uint32_t	 n_interfaces;
};

/* Addresses of which one must hold, or none. */
struct policy_addresses {
	const char	*name;		/* "group.admins", "net.lan"; NULL: written in place */
	const char	*path;
	struct prefix	*items;
	uint32_t	 n;
	bool		 is_not;
	bool		 is_live;	/* its content changes by itself, and is in ranges: items is empty */
	bool		 is_timed;	/* some of it may end by itself */
	struct live_range *ranges;	/* disjoint */
	uint32_t	 n_ranges;
};

#define POLICY_CRITERIA	12	/* groups, addresses, networks of zones and of interfaces, countries, autonomous systems; and the same negated */

/* All criteria must hold. */
struct policy_endpoint {
	struct policy_addresses	*criteria;	/* at most POLICY_CRITERIA */
	unsigned		 n;
	uint64_t		*zones;		/* masquerade only: a zone set, or NULL */
};

struct policy_service {
	uint8_t		 protocol;	/* IPPROTO_* */
	bool		 has_type;	/* ICMP */
	uint8_t		 type;
	struct ports	*ports;		/* none: all */
	uint32_t	 n_ports;
	struct ports	*source_ports;
	uint32_t	 n_source_ports;
};

/* (x & mask) == value; mask 0: everything. */
struct policy_bits {
	uint32_t	value;
	uint32_t	mask;
};

/* MAC addresses of which one must hold. */
struct policy_macs {
	const char	*name;		/* as in struct policy_addresses */
	const char	*path;
	struct mac	*items;
	uint32_t	 n;
};

/* Interfaces by their names in the kernel; one whose hardware is absent is left out. */
struct policy_links {
	bool		  is_given;
	const char	**items;
	uint32_t	  n;
};

/* What a rule asks beside addresses and services.  All must hold; of several values, one. */
struct policy_conditions {
	uint8_t			 family;	/* NFPROTO_IPV4, NFPROTO_IPV6, or NFPROTO_UNSPEC for both */
	struct policy_links	 in;
	struct policy_links	 out;
	struct policy_macs	 macs;		/* of the sender; none: all */
	uint8_t			*dscp;
	uint32_t		 n_dscp;
	struct policy_bits	 mark;
	struct policy_bits	 connection_mark;
	uint32_t		 states;	/* enum policy_state; 0: all */
	struct ports		*lengths;	/* bytes, with the IP header */
	uint32_t		 n_lengths;
	struct policy_bits	 tcp_flags;	/* as in the header's byte; only TCP */
};

/* What a rule writes before it decides. */
struct policy_writes {
	struct policy_bits	 mark;
	struct policy_bits	 connection_mark;
	bool			 has_dscp;
	uint8_t			 dscp;
	uint32_t		 idle_seconds;	/* until the connection is forgotten; 0: as the others */
};

struct policy_rule {
	const char		*id;
	const char		*path;
	uint64_t		*from;		/* zone sets */
	uint64_t		*to;
	const char		**from_names;	/* as written */
	uint32_t		 n_from_names;
	const char		**to_names;
	uint32_t		 n_to_names;
	struct policy_endpoint	 source;
	struct policy_endpoint	 destination;
	struct policy_service	*services;
	uint32_t		 n_services;	/* 0: everything */
	struct policy_conditions conditions;
	const struct schedule	*schedule;	/* NULL: always */
	bool			 is_waiting;	/* not in a window of its schedule now */
	struct rate		 rate;		/* count 0: no limit */
	uint32_t		 burst;
	uint8_t			 per;		/* enum policy_share */
	uint32_t		 max_connections;	/* 0: no limit */
	uint8_t			 connections_per;	/* enum policy_share */
	struct policy_writes	 writes;
	const struct policy_syn	*syn;		/* NULL: nobody answers for the server (policy_syn.h) */
	uint8_t			 section;	/* enum policy_section */
	uint8_t			 action;	/* enum policy_action */
	uint8_t			 reject;	/* enum policy_reject */
	bool			 resets_tcp;	/* POLICY_REJECT */
	bool			 is_logged;
	const char		*log_text;	/* NULL: none */
	struct rate		 log_rate;	/* count 0: all */
	uint16_t		 queue;
	bool			 is_queue_open;	/* while nobody listens, packets pass */
};

struct policy_access {
	uint64_t	*zones;
	uint16_t	 port;
};

struct fw_policy {
	struct policy_interface	*interfaces;
	uint32_t		 n_interfaces;
	struct policy_zone	*zones;		/* [POLICY_LOCAL] is the box */
	uint32_t		 n_zones;
	struct schedule		*schedules;
	uint32_t		 n_schedules;
	struct policy_rule	*rules;		/* of all sections, in their order */
	uint32_t		 n_rules;
	struct policy_masquerade *masquerades;
	uint32_t		 n_masquerades;
	struct policy_source_nat *source_nats;
	uint32_t		 n_source_nats;
	struct policy_one_to_one *one_to_ones;
	uint32_t		 n_one_to_ones;
	struct policy_forward	*forwards;
	uint32_t		 n_forwards;
	struct policy_bogons	*bogons;	/* NULL: no zone blocks any (policy_bogons.h) */
	struct policy_tracking	*tracking;	/* NULL: as the kernel does it (policy_tracking.h) */
	struct policy_bridge	*bridge;	/* NULL: frames between ports are not looked at (policy_bridge.h) */
	struct policy_offload	*offload;	/* NULL: every packet goes by the rules (policy_offload.h) */
	struct policy_xdp	*xdp;		/* NULL: nothing (policy_xdp.h) */
	struct policy_access	 web;
	struct policy_access	 ssh;
	bool			 has_live;	/* groups whose content changes by itself are in use */
	uint32_t		 list_min;	/* groups with as many addresses are lists (struct ir_list); 0: as usual */
	bool			 guards_access;	/* management comes before the rules */
	bool			 drops_spoofed;
	bool			 drops_outgoing;	/* what no rule from local accepts */
	bool			 logs_unmatched, logs_invalid, logs_spoofed, logs_bogons;
	struct rate		 log_rate;
};

struct problems;
struct links;
struct live;

/* Which rules wait for a window of their schedule; until then all are in force.  utc: seconds since 1970. */
void	 policy_set_time(struct fw_policy *, int64_t utc);

/*
 * The policy of a configuration, or NULL when problems were found.  It lives in the arena and borrows the strings of conf.  links may be
 * NULL when no interface is matched by hardware.
 */
struct fw_policy *policy_from_conf(const struct conf_fwd *, const struct links *, struct arena *, struct problems *);
/* The same, with what stands in groups beside the configuration. */
struct fw_policy *policy_with_live(const struct conf_fwd *, const struct links *, const struct live *, struct arena *, struct problems *);

#endif
