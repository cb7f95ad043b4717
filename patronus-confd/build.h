/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_BUILD_H
#define PATRONUS_CONFD_BUILD_H

/*
 * From what a text says (nodes) to a data tree of the schema, gathering everything that has a wrong name, shape or type.
 */

struct arena;
struct lyd_node;
struct node;
struct place;
struct problems;
struct schema;
struct schema_node;
struct strset;

struct builder {
	const struct schema	*schema;
	struct arena		*arena;		/* of the nodes: for keys that are made */
	struct problems		*problems;
	int			 error;		/* -ENOMEM, or 0 */
};

/*
 * Each adds to the data tree: below parent, or to the top-level nodes *top when parent is NULL.  What has a problem is
 * left out, everything else is there.  Keys that are made are added to the nodes too.
 */

/* All members of a map that stands for a container, an entry or (s NULL) the whole document. */
void	 build_members(struct builder *, const struct place *, const struct schema_node *, const struct node *map,
	    struct lyd_node *parent, struct lyd_node **top);
/* One member, given its value; up is the place of its parent. */
void	 build_node(struct builder *, const struct place *up, const struct schema_node *, struct node *value,
	    struct lyd_node *parent, struct lyd_node **top);
/*
 * The key that an entry of a list carries in itself.  When it has none, one that is not among keys is made and added to
 * the body; NULL when that cannot be (a problem, or no memory).
 */
const char *build_key(struct builder *, const struct place *list, struct node *body, const struct strset *keys);
/* One entry of a list with its key; NULL when it could not be made. */
struct lyd_node *build_entry(struct builder *, const struct place *up, const struct schema_node *, const char *key,
	    struct node *body, struct lyd_node *parent, struct lyd_node **top);

#endif
