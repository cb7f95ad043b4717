/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUDIT_LINES_H
#define PATRONUS_AUDIT_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "audit/hash.h"
#include "audit/tree.h"

struct buf;

/*
 * The lines of an export of the audit log, beside records and heads (head.h):
 *
 *   {"audit-key":"..."}				the public key of the box, SubjectPublicKeyInfo
 *   {"audit-prefix":600,"peaks":"..."}			the tree of the records before the first one: the roots of its complete subtrees
 *   {"seq":601, ...}					records, as they are in audit.log
 *   {"audit-leaves":601,"hashes":"..."}		hashes of records as they were written, by which a changed one is found exactly
 *   {"audit-head":7,"size":1200, ...}			right after the last record that it was signed over
 *
 * Printing appends without line feed.  Parsing returns 0, -ENOENT for a line of another kind and -EBADMSG for one that is damaged.
 */

#define AUDIT_LEAVES_MAX	500	/* in one line */
#define AUDIT_LINE_MAX		65536

/* The sequence number of a record; 0 when the line is none. */
uint64_t audit_record_seq(const char *line, size_t len);

void	 audit_key_line_print(const uint8_t *der, size_t len, struct buf *);
/* ret has AUDIT_KEY_MAX bytes. */
int	 audit_key_line_parse(const char *line, size_t len, uint8_t *ret, size_t *ret_len);
void	 audit_prefix_line_print(const struct audit_tree *, struct buf *);
int	 audit_prefix_line_parse(const char *line, size_t len, struct audit_tree *ret);
void	 audit_leaves_line_print(uint64_t first, const struct audit_hash *, size_t n, struct buf *);
/* ret has AUDIT_LEAVES_MAX places. */
int	 audit_leaves_line_parse(const char *line, size_t len, uint64_t *ret_first, struct audit_hash *ret, size_t *ret_n);

#endif
