/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_XDP_LIST_H
#define PATRONUS_FWD_XDP_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

#include "xdp/shared.h"

/*
 * A drop list in the form in which the program looks it up, at slot 0 of a pool of its own; see shared.h.  Host bits of prefixes do not matter, nor do
 * order, repetition and overlap.
 */

struct xdp_list {
	struct xdp_group	*groups;	/* XDP_GROUPS; NULL: nothing of IPv4 */
	union xdp_slot		*slots;		/* blocks, buckets, ranges */
	uint32_t		 nblocks;
	uint32_t		 nbuckets;	/* slots of them: all or none */
	uint32_t		 nranges;
	uint64_t		 digest;	/* of all of it */
};

/* Prefixes, borrowed. */
struct xdp_prefixes {
	const struct prefix	*items;
	uint32_t		 n;
};

/* 0 and *ret, -E2BIG when it has more than a pool can hold, or -ENOMEM. */
int	 xdp_list_new(const struct xdp_prefixes *, unsigned n, struct xdp_list **ret);
void	 xdp_list_free(struct xdp_list *);
uint32_t xdp_list_slots(const struct xdp_list *);
/* As the program does it. */
bool	 xdp_list_has(const struct xdp_list *, const struct addr *);

#endif
