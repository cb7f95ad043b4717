/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_APPLY_LIST_H
#define PATRONUS_FWD_APPLY_LIST_H

#include "apply.h"

/*
 * Bases of long lists come into the kernel in many transactions, before the one that makes rules look into them: packets never see half a
 * list, and each transaction is short.  One that nothing looks into yet is nobody's, and may be deleted at any time.
 */

struct message;
struct nft_batch;

/* apply.c: one transaction; -ESTALE is not a problem yet. */
int	 apply_send(struct apply *, const struct nft_batch *, uint32_t generation, bool echo, struct message *ret, struct problems *);

/* Whether bases of next have to be loaded that are not in have (NULL: none are). */
bool	 apply_lists_differ(const struct ir *next, const struct ir *have);
/* Load those; after a failure none of them is there. */
int	 apply_lists_load(struct apply *, const struct ir *next, const struct ir *have, struct problems *);
/* Load those that nothing in the kernel looks into: whatever else is there under their name was not finished. */
int	 apply_lists_ensure(struct apply *, const struct ir *next, struct problems *);
/* Delete the bases that nothing looks into, except those of next. */
void	 apply_lists_sweep(struct apply *, const struct ir *next, const uint8_t *sets, size_t len);
/* Messages that empty the table, bases of next excepted; from dumps of its chains and sets. */
void	 apply_lists_clear(struct nft_batch *, const struct ir *next, const uint8_t *chains, size_t chains_len, const uint8_t *sets,
	    size_t sets_len);

#endif
