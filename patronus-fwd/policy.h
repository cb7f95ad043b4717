/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_H
#define PATRONUS_FWD_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

/*
 * The policy: what the configuration means, with every name resolved.  Zones are numbers, interfaces kernel names, services protocols and
 * ports, groups addresses.  policy_from_conf() makes it; the compiler reads nothing else.
 */

struct arena;
struct conf_fwd;

#define POLICY_LOCAL	0	/* the zone that is the box itself */

enum policy_action {
	POLICY_ACTION_INVALID = 0,
	POLICY_ACCEPT,
	POLICY_DROP,
	POLICY_REJECT,
	POLICY_ACTION_MAX
};

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
	uint32_t	*interfaces;	/* indices */
	uint32_t	 n_interfaces;
};

/* Addresses of which one must hold. */
struct policy_addresses {
	const char	*name;		/* "group.admins", "net.lan"; NULL: written in place */
	const char	*path;
	struct prefix	*items;
	uint32_t	 n;
};

#define POLICY_CRITERIA	3

/* All criteria must hold. */
struct policy_endpoint {
	struct policy_addresses	 criteria[POLICY_CRITERIA];
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
	struct rate		 rate;		/* count 0: no limit */
	uint32_t		 burst;
	uint8_t			 per;		/* enum policy_share */
	uint8_t			 action;	/* enum policy_action */
	bool			 is_logged;
};

struct policy_masquerade {
	const char		*name;
	const char		*path;
	uint32_t		 zone;
	struct policy_endpoint	 source;
};

struct policy_forward {
	const char		*id;
	const char		*path;
	uint32_t		 zone;
	struct addr		*addresses;	/* that are called; none: whichever the box has */
	uint32_t		 n_addresses;
	struct policy_endpoint	 source;
	struct policy_service	*services;
	uint32_t		 n_services;
	struct addr		 to;
	uint16_t		 to_port;	/* 0: as called */
	bool			 is_hairpin;
	bool			 is_logged;
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
	struct policy_rule	*rules;
	uint32_t		 n_rules;
	struct policy_masquerade *masquerades;
	uint32_t		 n_masquerades;
	struct policy_forward	*forwards;
	uint32_t		 n_forwards;
	struct policy_access	 web;
	struct policy_access	 ssh;
	bool			 guards_access;	/* management comes before the rules */
	bool			 drops_spoofed;
	bool			 drops_outgoing;	/* what no rule from local accepts */
	bool			 logs_unmatched;
	bool			 logs_invalid;
	bool			 logs_spoofed;
	struct rate		 log_rate;
};

/* Zone sets: one bit for each zone of the policy. */
uint64_t *zoneset_new(struct arena *, const struct fw_policy *);
void	 zoneset_add(uint64_t *, uint32_t zone);
void	 zoneset_add_all(uint64_t *, const struct fw_policy *);
bool	 zoneset_has(const uint64_t *, uint32_t zone);
bool	 zoneset_equal(const uint64_t *, const uint64_t *, const struct fw_policy *);
uint32_t zoneset_count(const uint64_t *, const struct fw_policy *);

struct problems;
struct links;

/*
 * The policy of a configuration, or NULL when problems were found.  It lives in the arena and borrows the strings of conf.  links may be
 * NULL when no interface is matched by hardware.
 */
struct fw_policy *policy_from_conf(const struct conf_fwd *, const struct links *, struct arena *, struct problems *);

#endif
