/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_ROLLOUT_H
#define PATRONUS_CONFD_ROLLOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "owner.h"

/*
 * Bring a set of owners to one revision: PREPARE at all of them side by side, then (after the caller's journal) COMMIT phase APPLY one
 * after another in the order of owners, COMMIT phase REMOVE at those that remove, VERIFY at all side by side.  It stops at the first phase in which
 * anybody refuses, and never undoes anything: going back is another rollout, of the previous revision.
 *
 * When both the ways of packets and what judges them turn, who judges goes first, with BESIDE, and last, with APPLY: in between both policies
 * judge (docs/adr/0224).  Going back, no way is turned without that, nor what judges left alone while it is not known where packets go.
 *
 * One rollout at a time; its memory is the caller's.
 */

struct event;
struct event_base;
struct problems;
struct rollout;
struct snapshot;

enum rollout_mode {
	ROLLOUT_INVALID = 0,
	ROLLOUT_DRY_RUN,	/* PREPARE alone, nothing is kept; an owner that ends meanwhile is asked once more */
	ROLLOUT_COMMIT,		/* all or nothing: an owner that is away is a failure */
	ROLLOUT_RETURN,		/* going back, catching up: goes on without the owners that are away or refuse; they stay stale */
};

enum rollout_phase {
	ROLLOUT_IDLE = 0,
	ROLLOUT_WAITING,	/* for owners that restart */
	ROLLOUT_PREPARING,
	ROLLOUT_JUDGING,	/* between on_prepared and rollout_go_on() */
	ROLLOUT_BESIDE,		/* only when both turn, and then who judges is left out of ROLLOUT_APPLYING */
	ROLLOUT_APPLYING,
	ROLLOUT_REMOVING,
	ROLLOUT_SETTLING,	/* APPLY at who judges, when both turn */
	ROLLOUT_VERIFYING,
};

/* How long a commit waits for an owner that is being restarted. */
#define ROLLOUT_WAIT_MS		3000
#define ROLLOUT_CALL_MS		30000

struct rollout {
	struct owners		*owners;
	struct event_base	*base;
	struct event		*timer;
	enum rollout_mode	 mode;
	enum rollout_phase	 phase;
	struct snapshot		*target;
	uint32_t		 number;	/* what the owners are told */
	uint32_t		 mask;		/* who takes part */
	uint32_t		 failed;	/* who refused or went away */
	uint32_t		 lost;		/* whose process ended before it answered */
	bool			 is_again;	/* a rehearsal that asks for the second time */
	uint32_t		 restarted;	/* who came back since it began */
	uint32_t		 absent;	/* who was away when it began to prepare */
	uint32_t		 turns;		/* who changes what packets meet */
	bool			 is_both;	/* ways and what judges turn */
	unsigned		 next;		/* index of the next owner of a serial phase */
	unsigned		 waiting;	/* outstanding replies */
	bool			 is_sending;
	bool			 has_touched;	/* a COMMIT was sent */
	bool			 has_failed;	/* an owner did not answer, or could not do what it should */
	bool			 has_effect;	/* a PREPARE said that something changes in the kernel */
	int			 error;		/* 0; -EAGAIN: an owner is away; -EREMOTEIO: refused, see problems; else ours */
	uint64_t		 since_us;
	uint64_t		 prepare_us, apply_us, read_back_us;
	struct problems		*problems;
	struct buf		 impacts;	/* JSON objects, comma between */
	struct buf		 plans[OWNERS_MAX];	/* the owners' human texts */
	/* While the owners prepare: the journal.  Not 0 ends the rollout with this error.  May be NULL. */
	int			(*on_preparing)(struct rollout *, void *arg);
	/*
	 * All have prepared, and nothing is changed yet.  True: it goes on with rollout_go_on(), later; false: at once.  Not called when
	 * going back.  May be NULL.
	 */
	bool			(*on_prepared)(struct rollout *, void *arg);
	/* Once; the fields above are the result.  Another rollout may be started in it, in the same struct. */
	void			(*on_end)(struct rollout *, void *arg);
	void			*arg;
};

void	 rollout_init(struct rollout *, struct event_base *, struct owners *);
void	 rollout_fini(struct rollout *);
/* Callbacks and arg are set by the caller before.  on_end is called later, or before this returns. */
void	 rollout_start(struct rollout *, enum rollout_mode, struct snapshot *target, uint32_t number, uint32_t mask);
void	 rollout_go_on(struct rollout *);
/* An owner's channel became ready. */
void	 rollout_owner_ready(struct rollout *, const struct owner *);

#endif
