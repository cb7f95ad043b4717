/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_MEMBERS_H
#define PATRONUS_CONFD_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The members of one inner node, grouped by schema node in the order of the schema, each group in canonical order:
 * as the user ordered it, or by key.
 */

struct lyd_node;
struct schema;
struct schema_node;

struct member {
	const struct schema_node	 *s;
	const struct lyd_node		**items;	/* n of them; NULL and 0: not there */
	size_t				  n;
};

#define MEMBERS_FEW	24

struct members {
	struct member		*all;		/* one for each child of the schema node */
	size_t			 n;
	const struct lyd_node	**items;
	struct member		 few[MEMBERS_FEW];	/* most nodes are small: nothing is allocated for them */
	const struct lyd_node	*few_items[MEMBERS_FEW];
};

/* Members below parent, or among the top-level siblings.  is_full keeps what is as its default.  0 or -ENOMEM. */
int	 members_init(struct members *, const struct schema *, const struct lyd_node *parent, const struct lyd_node *top,
	    bool is_full);
void	 members_fini(struct members *);
/* The group of one child; an empty one when the parent it belongs to is not there at all. */
const struct member *members_get(const struct members *, const struct schema_node *);
/* The key of an entry, the value of a leaf-list's item. */
const char *members_key(const struct lyd_node *);
/* Nothing in it says more than the defaults do. */
bool	 members_is_default(const struct lyd_node *);

#endif
