/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_XDP_ARRAYS_H
#define PATRONUS_FWD_XDP_ARRAYS_H

#include <stdbool.h>
#include <stdint.h>

#include "xdp/list.h"
#include "xdp/shared.h"

/*
 * The arrays of a program in the kernel, mapped here.  Writing to them is all that a change of a list or of a rate needs: no system call, and no
 * moment at which a packet meets half of one.
 */

struct xdp_arrays {
	union xdp_state		*state;
	struct xdp_group	*groups;
	union xdp_slot		*pool;
	uint32_t		 nslots;
	uint32_t		 start[2];	/* the run of each half */
	uint32_t		 n[2];
	uint64_t		 digest;	/* of the list in force; 0: none was put there yet */
	uint64_t		 swapped_us;
	uint64_t		 answers_us;	/* when what is answered was exchanged */
};

/* Arrays of nslots as xdp_answer() gave them; the descriptors stay the caller's.  0 or -errno. */
int	 xdp_arrays_map(struct xdp_arrays *, int state, int groups, int pool, uint32_t nslots);
void	 xdp_arrays_unmap(struct xdp_arrays *);
/*
 * The list in force instead of the one that was; nothing when it is the same.  -ENOSPC when both do not fit beside each other: another program with a
 * larger pool has to take over.
 */
int	 xdp_arrays_swap(struct xdp_arrays *, const struct xdp_list *);
void	 xdp_arrays_rates(struct xdp_arrays *, const struct xdp_rate rates[XDP_METERS]);
/* What is answered instead of what was: at most XDP_ANSWERS; the first that fits decides. */
void	 xdp_arrays_answers(struct xdp_arrays *, const struct xdp_answer_entry *, uint32_t n);
bool	 xdp_arrays_answers_are(const struct xdp_arrays *, const struct xdp_answer_entry *, uint32_t n);
/* Sums over the processors. */
void	 xdp_arrays_counts(const struct xdp_arrays *, struct xdp_count ret[XDP_REASONS]);
/* How many slots a pool should have for such a list: room to exchange it, as far as that is cheap. */
uint32_t xdp_arrays_room(uint32_t nslots);

#endif
