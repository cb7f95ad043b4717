/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_COUNTRIES_H
#define PATRONUS_NET_COUNTRIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Which addresses are of which country: packed ranges, sorted, no two of which overlap.  One is its first address, its last one (in network
 * order) and two letters of ISO 3166-1.  What is kept, sent and looked up is this; nobody takes it apart into anything else.
 */

struct addr;

#define COUNTRIES_V4	10u		/* bytes of a range */
#define COUNTRIES_V6	34u
#define COUNTRIES_MAX	1000000u	/* ranges of one family */

struct countries {
	const uint8_t	*v4;
	const uint8_t	*v6;
	uint32_t	 n4;
	uint32_t	 n6;
};

/* Is it as said above?  Whoever gets it from another process asks. */
bool		 countries_are_sound(const struct countries *);
/* The two letters (no NUL), or NULL when nobody says. */
const char	*countries_find(const struct countries *, const struct addr *);
/* What no country is called by is none in a database: two capital letters or digits (A1, T1: others' own codes). */
bool		 countries_is_code(const char code[2]);

#endif
