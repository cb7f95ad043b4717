/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_BESIDE_H
#define PATRONUS_FWD_BESIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "verify.h"

/*
 * Two policies at once (docs/adr/0224).  A packet passes a hook when each base chain of it lets it through: while ways change, what judges packets in
 * the coming policy stands in a table of its own beside ours, which stays as it is.  Such tables have the number of their revision in their name.
 * They outlive this process, and go when the ways are those of the policy that is in force.  From then on one that stands there is drift, whoever made
 * it: the kernel that did not remove it, or somebody else.
 */

struct apply;
struct diff;
struct ir;
struct problems;

/* Whether packets are judged otherwise when next is in force and stands alone; the difference is that from what is in force. */
bool	 beside_turns(struct apply *, struct ir *next, const struct diff *);
/* What judges packets in next stands beside what is in force, unless that is next already.  0 or -errno with problems. */
int	 beside_put(struct apply *, struct ir *next, uint32_t number, struct problems *);
/* next is about to be in force while it is not known where packets go: what is in force until then goes on judging, beside it.  0 or -errno. */
int	 beside_keep(struct apply *, struct ir *next, uint32_t number, struct problems *);
/* What is in force stands alone, and shall until beside_put().  0 or -errno. */
int	 beside_remove(struct apply *, struct problems *);
/* The number of tables in this dump that stand beside and should not; each is told. */
uint32_t beside_verify(struct apply *, const uint8_t *tables, size_t len, verify_report *, void *arg);
/* Somebody, perhaps we ourselves, has made such a table.  true: look at the kernel. */
bool	 beside_event(struct apply *);

#endif
