/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_STAMP_H
#define PATRONUS_CONFD_STAMP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Each entry of a list that is in no other list may carry a number, its stamp, on the priv pointer of its node: entries with one stamp say the
 * same, in whatever document they are.  Numbers are never given twice, and who changes an entry, or anything in it, takes its stamp away.
 */

struct lyd_node;

/* Is it an entry of a list that is in no other list? */
bool		 stamp_fits(const struct lyd_node *);
/* The stamp of such an entry; a new one when it has none. */
uint64_t	 stamp_of(const struct lyd_node *entry);
/* Both have a stamp, and the same. */
bool		 stamp_same(const struct lyd_node *, const struct lyd_node *);
/* The node, or something in it, changes; nothing where there is no stamp. */
void		 stamp_clear(struct lyd_node *);
/* All of these siblings, and what is below them. */
void		 stamp_clear_all(struct lyd_node *first);
/* to is a copy of from, with all its siblings: equal entries have equal stamps. */
void		 stamp_copy(const struct lyd_node *from, struct lyd_node *to);

#endif
