/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_NAT_H
#define PATRONUS_FWD_POLICY_NAT_H

#include "policy.h"

/* Translation of addresses and ports. */

struct policy_masquerade {
	const char		*name;
	const char		*path;
	uint32_t		 zone;
	struct policy_endpoint	 source;
	bool			 has_random_ports;
};

/* Senders get an address of a pool, or are exempt from all translation. */
struct policy_source_nat {
	const char		*id;
	const char		*path;
	uint32_t		 zone;		/* of departure */
	struct policy_endpoint	 source;
	struct policy_endpoint	 destination;
	struct policy_service	*services;
	uint32_t		 n_services;
	bool			 is_exempt;
	struct addr		 first;
	struct addr		 last;
	bool			 is_persistent;
	bool			 has_random_ports;
};

/* Of one family and length. */
struct policy_one_to_one {
	const char		*name;
	const char		*path;
	uint32_t		 zone;
	struct prefix		 inner;
	struct prefix		 outer;
};

enum policy_choice {
	POLICY_CHOICE_INVALID = 0,
	POLICY_BY_TURN,
	POLICY_BY_CHANCE,
	POLICY_BY_SOURCE,
	POLICY_CHOICE_MAX
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
	struct addr		*others;	/* among which, with the first, connections are shared out */
	uint32_t		 n_others;
	uint8_t			 choice;	/* enum policy_choice */
	uint16_t		 to_port;	/* 0: as called */
	bool			 shifts_ports;	/* of a range, the first goes to to_port, ... */
	bool			 is_hairpin;
	bool			 is_logged;
};

#endif
