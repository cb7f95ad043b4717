/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_MEMO_H
#define PATRONUS_CONFD_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the entries of one list look like in one form (JSON, YAML, the wire form of a record), by their stamps (stamp.h): who writes a
 * list again makes only those anew that have changed.  A memo is a help, never the truth: it may forget anything at any time.
 */

struct memo;
struct memos;
struct schema_node;

/* All of them; NULL without memory. */
struct memos	*memos_new(void);
void		 memos_free(struct memos *);		/* NULL is fine */

/* That of a list in the form that form stands for, an address that means nothing else.  NULL: none can be had, and all must be made. */
struct memo	*memo_of(struct memos *, const void *form, const struct schema_node *list);
/* The bytes of an entry, until the next memo_put() or memo_end(); false: they must be made. */
bool		 memo_get(const struct memo *, uint64_t stamp, const uint8_t **ret, size_t *ret_len);
/* Remember them; that may fail silently. */
void		 memo_put(struct memo *, uint64_t stamp, const void *, size_t len);
/* A list of so many entries has been written: when most of what is remembered is of others, all of it goes. */
void		 memo_end(struct memo *, size_t n);

#endif
