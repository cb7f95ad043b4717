/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUDIT_HEAD_H
#define PATRONUS_AUDIT_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "audit/hash.h"
#include "audit/key.h"

struct buf;

/*
 * A signed tree head: at this time the audit log had so many records, and this was the root over them.  It is one line of JSON:
 *
 *   {"audit-head":7,"size":1200,"time":"2026-11-28T10:00:00Z","root":"...","previous":"...","signature":"..."}
 *
 * Signed is the statement, the same text without its signature: {"audit-head":7, ... ,"previous":"..."}.  Its first bytes are found in
 * nothing else that is signed on this box.  previous is the SHA-256 of the statement before (of the first: zeros), so heads are a chain.
 */

#define AUDIT_HEAD_MAX	640		/* bytes of a line */

struct audit_head {
	uint64_t		number;		/* 1, 2, ... */
	uint64_t		size;		/* of the tree: the number of the last record; not 0 */
	char			time[32];	/* RFC 3339 */
	struct audit_hash	root;
	struct audit_hash	previous;
	uint8_t			signature[AUDIT_SIGNATURE_MAX];
	size_t			signature_len;
};

void	 audit_head_statement(const struct audit_head *, struct buf *);
/* The line, without line feed. */
void	 audit_head_print(const struct audit_head *, struct buf *);
/* Exactly what audit_head_print() writes, nothing else.  0 or -EBADMSG. */
int	 audit_head_parse(const char *line, size_t len, struct audit_head *ret);
/* Does a line start as one? */
bool	 audit_head_is(const char *line, size_t len);
/* Of the statement: the previous of the next head. */
void	 audit_head_hash(const struct audit_head *, struct audit_hash *ret);
bool	 audit_head_verify(const struct audit_head *, const struct audit_key *);

#endif
