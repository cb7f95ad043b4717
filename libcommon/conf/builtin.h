/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONF_BUILTIN_H
#define PATRONUS_CONF_BUILTIN_H

#include <stdbool.h>
#include <stdint.h>

/*
 * What the schema says about names that are always there: builtin services and protocols.
 */

struct conf_match {
	uint8_t		protocol;	/* the number in the IP header */
	bool		has_range;	/* ports; for ICMP the type, low = high */
	uint16_t	low;
	uint16_t	high;
};

struct conf_builtin {
	const char		*name;
	const struct conf_match	*matches;	/* any of them */
	uint32_t		 n;
};

/* A builtin service ("https"), or NULL. */
const struct conf_builtin	*conf_builtin_service(const char *name);
/* The number in the IP header of an enum conf_protocol; 0 for none. */
uint8_t				 conf_protocol_ip_number(uint8_t protocol);

/* Generated; the last has the name NULL. */
extern const struct conf_builtin	conf_builtin_services[];

#endif
