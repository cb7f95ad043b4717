/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUDIT_HASH_H
#define PATRONUS_AUDIT_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The hashes of RFC 9162, section 2.1.1: SHA-256, with a leading byte that keeps leaves and nodes apart, so that no record can pass for
 * a node.
 */

#define AUDIT_HASH_LEN	32
#define AUDIT_HASH_HEX	(2 * AUDIT_HASH_LEN)

struct audit_hash {
	uint8_t	b[AUDIT_HASH_LEN];
};

/* SHA-256 of plain bytes. */
void	 audit_hash_bytes(const void *, size_t len, struct audit_hash *ret);
/* Of a record, without its line feed: SHA-256(0x00 || record). */
void	 audit_hash_leaf(const void *record, size_t len, struct audit_hash *ret);
/* SHA-256(0x01 || left || right).  ret may be one of the others. */
void	 audit_hash_node(const struct audit_hash *left, const struct audit_hash *right, struct audit_hash *ret);
bool	 audit_hash_equal(const struct audit_hash *, const struct audit_hash *);

#endif
