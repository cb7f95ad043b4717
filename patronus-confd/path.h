/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PATH_H
#define PATRONUS_CONFD_PATH_H

#include "place.h"

/*
 * An API path, taken apart against the schema and looked up in a data tree.
 */

struct document;
struct lyd_node;

#define PATH_LEN	2048

struct path {
	char		 text[PATH_LEN];		/* keys point into it */
	struct place	 steps[PLACE_STEPS];
	struct lyd_node	*nodes[PLACE_STEPS];		/* what each step is in the tree; NULL from the first absent one */
	unsigned	 n;				/* 0: the whole document */
};

/*
 * 0, or -ENOENT when the schema has no such path or an entry of a list before the last step is not there (problems says
 * what).  A list without a key can only be the last step; its node is then the first entry.
 */
int	 path_resolve(struct path *, const struct document *, const char *text, struct problems *);

const struct place *path_last(const struct path *);
/* The node of the step before the last; NULL at the top, and when it is not there. */
struct lyd_node *path_parent(const struct path *);
struct lyd_node *path_node(const struct path *);

/* The entry of a list that has this key, or NULL; siblings is any of them, not NULL. */
struct lyd_node *path_find_entry(struct lyd_node *siblings, const struct schema_node *list, const char *key);

#endif
