/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_NODES_H
#define PATRONUS_CONFD_NODES_H

#include <stddef.h>

#include "node.h"

/*
 * Nodes on their way from patronus-parse to confd, with what was wrong with the text: the one encoding of a tree.  Who unpacks believes
 * nothing: kinds, lengths, depth and number are bounded, texts are UTF-8 without NUL, the members of a map have names and no two the same.
 */

struct arena;
struct buf;
struct problems;

#define NODES_MAX	1000000		/* of one document */

/* How many there are, NODES_MAX + 1 at most. */
unsigned nodes_count(const struct node *root);
/* root may be NULL. */
void	 nodes_pack(const struct node *root, const struct problems *, struct buf *);
/*
 * As the reader that made them would have answered: 0, -EINVAL with the problems (*ret may be what could be understood all the same),
 * -ENOMEM; -EPROTO: these are no nodes.
 */
int	 nodes_unpack(const void *data, size_t len, struct arena *, struct problems *, struct node **ret);

#endif
