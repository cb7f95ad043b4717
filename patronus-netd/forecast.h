/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_FORECAST_H
#define PATRONUS_NETD_FORECAST_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

/*
 * What the kernel will have when a plan has been carried out, with what the kernel does by itself on the way: connected routes come and
 * go with addresses and links.  And what that means for a connection to the box.  Pure functions.
 */

struct actual;
struct arena;
struct ipc_flow;
struct ipc_verdict;
struct plan;

/* How packets to an address leave. */
struct way {
	uint32_t	index;		/* of the link */
	struct addr	via;		/* ADDR_NONE: the neighbour itself */
};

enum way_found {
	WAY_MISSING = 0,	/* no route, or one that refuses */
	WAY_SIMPLE,
	WAY_COMPLEX		/* several next hops, or other things that are not ours to foretell */
};

/* Lives in the arena; what did not change is shared with the first. */
void		 forecast_make(const struct actual *, const struct plan *, struct arena *, struct actual *ret);
/* The way by the main table: the longest prefix, of those the lowest metric. */
enum way_found	 forecast_way(const struct actual *, const struct addr *, struct way *ret);
/* before: as it is; after: as the plan makes it.  The texts are the plan's. */
struct ipc_verdict forecast_flow(const struct actual *before, const struct actual *after, struct plan *, const struct ipc_flow *);

#endif
