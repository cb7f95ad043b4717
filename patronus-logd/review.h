/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_REVIEW_H
#define PATRONUS_LOGD_REVIEW_H

#include <stdint.h>

struct audit_key;
struct event_base;
struct ledger;

/*
 * The box reads its own audit log again, all of it, a little at a time: after each start and once a day.  What it finds is an alarm of
 * the ledger.
 */

struct review_done {
	uint64_t	head;		/* up to which all was well; 0: there was no head, or no review yet */
	uint64_t	size;		/* records of that head */
	uint64_t	time_ms;	/* wall clock; 0: no review has ended yet */
};

/* 0 or -ENOMEM. */
int	 review_init(struct event_base *, struct ledger *);
/* Begin now, with this key for the signatures (borrowed; NULL: as long as authd is away they are not looked at). */
void	 review_start(const struct audit_key *);
const struct review_done *review_last(void);

#endif
