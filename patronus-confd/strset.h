/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_STRSET_H
#define PATRONUS_CONFD_STRSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A set of strings that belong to somebody else and outlive it; each may carry a number.  The hash is keyed per
 * process, so that a document cannot be made to collide.
 */

struct strset_slot {
	const char	*text;
	unsigned	 value;
	uint32_t	 hash;
};

#define STRSET_FEW	8

struct strset {
	struct strset_slot	*slots;
	size_t			 n;
	size_t			 size;		/* a power of two; 0: all are in few */
	struct strset_slot	 few[STRSET_FEW];	/* most sets are as small as a rule: neither hashed nor allocated */
};

void	 strset_init(struct strset *);
void	 strset_fini(struct strset *);
/* 1: added; 0: it was there (its value stays); -ENOMEM. */
int	 strset_add(struct strset *, const char *text, unsigned value);
/* NULL when it is not there. */
const struct strset_slot *strset_find(const struct strset *, const char *text);

#endif
