/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_APPLY_H
#define PATRONUS_FWD_APPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "ir.h"
#include "verify.h"

/*
 * The table in the kernel and what we know of it.  A change sends only what differs; the whole table is sent when nothing of ours is
 * there, or when somebody else has changed it.  The ruleset's generation tells whether that has happened: it counts every transaction
 * of the namespace, so transactions that left our table alone are followed through the event socket.
 */

struct problems;

struct apply {
	struct ir	*ir;		/* what is, or should be, in the kernel; NULL before the first commit */
	struct ir	*previous;	/* what was in force before the last change, until apply_forget() */
	uint32_t	 generation;	/* up to which the kernel is known to have it */
	bool		 is_trusted;	/* it has been read back, or its echo was right */
	bool		 is_touched;	/* somebody else changed our table, or we may have missed that */
	bool		 has_handles;
	bool		 is_behind;	/* somebody else's transaction came between ours: the generation is the one before it */
	bool		 is_alone;	/* no table stands beside it (beside.h), for certain, */
	bool		 must_be_alone;	/* and none shall */
	uint32_t	 n_own_events;	/* transactions of ours that the event socket has not told of yet */
	uint32_t	 n_full;	/* for tests: how often everything was sent, */
	uint32_t	 n_batches;	/* batches, */
	uint32_t	 n_dumps;	/* and dumps of rules */
	uint8_t		*kept;		/* waits to be stored; NULL: nothing does */
	size_t		 kept_len;
	uint64_t	 encode_us;	/* of the last change */
	uint64_t	 kernel_us;
};

void	 apply_init(struct apply *);
void	 apply_fini(struct apply *);
/*
 * Bring next into force; it becomes the apply's when that was done, and stays the caller's otherwise.  0 or -errno with problems.
 */
int	 apply_commit(struct apply *, struct ir *next, struct problems *);
/* Before the first commit: whether the kernel has just that. */
bool	 apply_is_there(struct apply *, struct ir *);
/* What was in force before is not needed any more. */
void	 apply_forget(struct apply *);
/* Compare the kernel with what should be there, and with nothing beside it.  The number of differences, or -errno when it cannot be read. */
int	 apply_verify(struct apply *, verify_report *, void *arg);
/*
 * Send everything anew, counters included, if our table differs; what stands beside and should not goes.  is_seen_only: -ESTALE instead when the
 * ruleset is not what apply_verify() looked at any more, because what somebody did since would be undone and nobody told.
 */
int	 apply_repair(struct apply *, bool is_seen_only, struct problems *);
/*
 * The batch that makes the whole table, as last known good: made while its revision is in force, and given to the parent later, since a
 * burst of commits needs to be stored once.  Making another one replaces it.  Storing is nothing to do when none waits.
 */
int	 apply_keep(struct apply *);
int	 apply_store(struct apply *);
/* An event: a transaction ended in this generation, and it touched our table or not.  true: look at the kernel. */
bool	 apply_event(struct apply *, uint32_t generation, bool touches_ours);
/* Events were lost. */
void	 apply_events_lost(struct apply *);

#endif
