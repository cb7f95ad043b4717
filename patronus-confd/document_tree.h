/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_DOCUMENT_TREE_H
#define PATRONUS_CONFD_DOCUMENT_TREE_H

#include "document.h"

/*
 * The inside of a document, for edit.c alone: who changes the tree says so with document_touch().
 */

struct arena;
struct lysc_node;
struct node;

/* A text as nodes; as yamldoc_read() and jsondoc_read(). */
int	 document_read(enum document_format, const char *data, size_t len, struct arena *, struct problems *,
	    struct node **ret);
/* A document of nodes that something else holds; keys that are made are added to them.  As document_load(). */
int	 document_of_nodes(const struct schema *, struct node *source, struct arena *, struct problems *, struct document **ret);
void	 document_set_tree(struct document *, struct lyd_node *top);
/* A copy in which every default is a node; NULL when out of memory. */
struct document *document_dup_full(const struct document *);
void	 document_swap(struct document *, struct document *);
/* The tree changes: the lines of the text it was loaded from are no longer true. */
void	 document_touch(struct document *);
/* The first sibling of this node of the schema, found by its hash, or NULL; those of one node are neighbours. */
struct lyd_node *document_first(const struct lyd_node *siblings, const struct lysc_node *);

#endif
