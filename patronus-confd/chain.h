/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_CHAIN_H
#define PATRONUS_CONFD_CHAIN_H

#include "digest.h"

/*
 * The chain of revisions: each link is a digest over the link before it and everything that is told of the revision but its state (which
 * changes when it is confirmed or left).  Who rewrites, swaps, inserts or removes a revision breaks every link after it; who computes all
 * of them anew is found by the last link that somebody wrote down elsewhere.
 */

struct revision;

/* Of nothing: 64 zeros. */
extern const char chain_start[DIGEST_STRLEN];

/* The link of a revision behind prev.  0 or -ENOMEM. */
int	 chain_link(const char *prev, const struct revision *, char ret[DIGEST_STRLEN]);

#endif
