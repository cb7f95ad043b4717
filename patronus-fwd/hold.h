/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_HOLD_H
#define PATRONUS_FWD_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What stands beside the policy while a commit changes it and the way to some addresses (docs/adr/0210): chains before those of the policy
 * that drop new connections to these addresses, and nothing else.  Known connections go on.
 */

struct ipc_range;
struct ir;
struct nft_batch;

/* The form that holds these ranges beside what have holds (NULL: nothing). */
struct ir	*hold_make(const struct ir *have, const struct ipc_range *, uint32_t n);
/* What a process before us held, from dumps of sets and elements; NULL: nothing. */
struct ir	*hold_read(const uint8_t *sets, size_t sets_len, const uint8_t *elems, size_t elems_len);
/* Messages that bring it into the table, or take it out. */
void		 hold_put(struct nft_batch *, const struct ir *);
void		 hold_put_delete(struct nft_batch *, const struct ir *);

#endif
