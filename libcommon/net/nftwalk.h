/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_NFTWALK_H
#define PATRONUS_NET_NFTWALK_H

#include <stddef.h>
#include <stdint.h>

#include "net/policy.h"

/*
 * Our tables are two of this name, inet and bridge, and beside the first for a while one with the number of a revision behind a dot (docs/adr/0224).
 *
 * May this batch of nf_tables messages go to the kernel?  Only objects of our tables are touched, by name; only messages,
 * attributes and expressions of the policy appear.  In tables of bridges only frames that are forwarded may be looked at: no other hook, and
 * no expression that writes, answers or hands on.  What an accepted batch can do is bad filtering by our own tables, and nothing to
 * anybody else's.
 */

#define NFTWALK_TABLE	"patronus"	/* of the families inet and bridge */
#define NFTWALK_GROUP	1	/* NFLOG group of log expressions */

/* 0 and the number of messages, or -EPERM and the refusal. */
int	 nftwalk_batch(const uint8_t *, size_t len, uint32_t *ret_n, struct refusal *ret);
/* What is of bridges goes from a batch that was let through; the length of the rest. */
size_t	 nftwalk_without_bridges(uint8_t *, size_t len);
/* As nftwalk_batch() for conntrack deletions: each names a whole tuple, or a mark with a mask that is not 0. */
int	 nftwalk_conntrack(const uint8_t *, size_t len, uint32_t *ret_n, struct refusal *ret);

/* What a message of that type may carry, NULL for types that are refused: for generators. */
const struct policy	*nftwalk_policy(uint16_t type);
/* The names of all expressions that are allowed, ended by NULL: for generators and documentation. */
const char *const *nftwalk_expressions(void);

#endif
