/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_BESIDE_H
#define PATRONUS_FWD_BESIDE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Two policies at once (docs/adr/0224).  A packet passes a hook when each base chain of it lets it through: while ways change, what judges packets in
 * the coming policy stands in a table of its own beside ours, which stays as it is.  Such tables have the number of their revision in their name.
 * They outlive this process, and go when the ways are those of the policy that is in force.
 */

struct apply;
struct diff;
struct ir;
struct problems;

/* Whether packets are judged otherwise when next is in force and stands alone; the difference is that from what is in force. */
bool	 beside_turns(struct apply *, struct ir *next, const struct diff *);
/* What judges packets in next stands beside what is in force, unless that is next already.  0 or -errno with problems. */
int	 beside_put(struct apply *, struct ir *next, uint32_t number, struct problems *);
/* What is in force stands alone.  0 or -errno. */
int	 beside_remove(struct apply *, struct problems *);

#endif
