/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_ROUTES_H
#define PATRONUS_FWD_ROUTES_H

#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

/* The kernel's routes, to find through which link an address is reached.  Only the local and the main table: policy rules are not known. */

struct arena;
struct routes;

enum routes_way {
	ROUTES_UNKNOWN = 0,	/* no route, one without a link, or several links */
	ROUTES_LOCAL,		/* an address of the box */
	ROUTES_LINK
};

/* From a dump of routes; a message that cannot be read is left out. */
struct routes	*routes_read(const uint8_t *, size_t len, struct arena *);
/* The link's number in *ret for ROUTES_LINK. */
enum routes_way	 routes_find(const struct routes *, const struct addr *, uint32_t *ret);

#endif
