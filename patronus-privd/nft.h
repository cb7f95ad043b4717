/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_NFT_H
#define PATRONUS_PRIVD_NFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* nf_tables transactions of messages that the walker has accepted. */

/*
 * Apply all or nothing.  generation 0: whatever it is.  With echo the kernel's messages about what was made go to replies.
 * 0, or the kernel's -errno and *ret_offset of the message it refused (0 when it refused the batch as a whole, -ESTALE when the
 * generation moved).
 */
int	 nft_apply(const uint8_t *messages, size_t len, uint32_t generation, bool echo, struct buf *replies, uint32_t *ret_offset);
int	 nft_generation(uint32_t *ret);
/* 1 when table inet patronus is there, 0 when not, or -errno. */
int	 nft_table_exists(void);

#endif
