/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PRINT_H
#define PATRONUS_CONFD_PRINT_H

/*
 * Data trees as text, in canonical form: members in the order of the schema, lists whose order means nothing by key,
 * what is as its default left out unless PRINT_FULL is given.
 */

struct buf;
struct lyd_node;
struct schema;
struct schema_node;

#define PRINT_FULL		0x01
#define PRINT_WITHOUT_LISTS	0x02	/* JSON: containers and leaves only; a list that is itself asked for is printed */

/* The members below parent; the top-level members among the siblings of top when parent is NULL. */
void	 print_yaml(const struct schema *, const struct lyd_node *parent, const struct lyd_node *top, unsigned flags,
	    struct buf *);
void	 print_json(const struct schema *, const struct lyd_node *parent, const struct lyd_node *top, unsigned flags,
	    struct buf *);
/* A value alone: what s is among the children of parent (or in top); all entries for lists and leaf-lists. */
void	 print_json_value(const struct schema *, const struct schema_node *, const struct lyd_node *parent,
	    const struct lyd_node *top, unsigned flags, struct buf *);
/* A list that is in no other, without the entries in whose text this is not found, whatever its case; "[]" when it is not there. */
void	 print_json_with(const struct schema *, const struct schema_node *list, const struct lyd_node *parent, const struct lyd_node *top,
	    const char *word, struct buf *);
void	 print_yaml_value(const struct schema *, const struct schema_node *, const struct lyd_node *parent,
	    const struct lyd_node *top, unsigned flags, struct buf *);
/* A leaf's text as JSON: true, 80 or "text". */
void	 print_json_scalar(const struct schema_node *, const char *text, struct buf *);


#endif
