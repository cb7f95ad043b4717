/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_BRIDGE_H
#define PATRONUS_FWD_POLICY_BRIDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "policy.h"

/* What becomes of frames between two ports of a bridge. */

/* (address & mask) == value. */
struct policy_mac_match {
	struct mac	 value;
	struct mac	 mask;
	bool		 is_whole;	/* the mask has all bits */
};

struct policy_mac_matches {
	struct policy_mac_match	*items;
	uint32_t		 n;	/* 0: all */
};

/* All must hold; of several values, one. */
struct policy_bridge_rule {
	const char		*id;
	const char		*path;
	struct policy_links	 bridges;	/* the ports that they have now, one of which it must come in by */
	struct policy_links	 in;
	struct policy_links	 out;
	struct policy_mac_matches source_macs;
	struct policy_mac_matches destination_macs;
	uint16_t		*types;		/* of Ethernet, as numbers */
	uint32_t		 n_types;
	bool			 is_tagged;	/* or a frame with a VLAN tag */
	uint16_t		*vlans;
	uint32_t		 n_vlans;
	bool			 is_ip;		/* the three below are looked at */
	struct policy_endpoint	 source;
	struct policy_endpoint	 destination;
	struct policy_service	*services;
	uint32_t		 n_services;
	uint16_t		 arp_operation;	/* 0: all */
	struct prefix		*arp_senders;
	uint32_t		 n_arp_senders;
	bool			 is_logged;
	uint8_t			 action;	/* POLICY_ACCEPT, POLICY_DROP */
};

struct policy_bridge {
	struct policy_bridge_rule *rules;
	uint32_t		 n_rules;
	bool			 drops;		/* what no rule decided */
	struct policy_links	 ports;		/* of the bridges that are interfaces of the configuration */
};

/* "arp", "0x88cc"; 0: it is none. */
uint16_t policy_bridge_type(const char *text);
/* Is the type among those that the rule names? */
bool	 policy_bridge_lists(const struct policy_bridge_rule *, uint16_t type);

#endif
