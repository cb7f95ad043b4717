/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_SCHEMA_NODE_H
#define PATRONUS_CONFD_SCHEMA_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libyang/libyang.h>

/*
 * What the document engine needs to know about a node of the schema, found out once: it hangs on the priv pointer of
 * the compiled node.
 */

struct conf_kind;
struct schema;

struct schema_node {
	const struct lysc_node		*node;
	const struct lysc_type		*type;		/* of leaves and leaf-lists */
	const struct conf_kind		*kind;		/* of its typedef, or NULL */
	const char			*item;		/* px:item, else the node's name */
	const char			*make_key;	/* px:make-key, or NULL */
	const char			*json;		/* ,"name": as it is printed */
	size_t				 json_len;
	const char			*dflt;		/* canonical default of a leaf, or NULL */
	const struct schema_node	*parent;	/* NULL at the top */
	const struct schema_node	*key;		/* of a list */
	const struct schema_node	*target;	/* the list whose keys this refers to, or NULL */
	const struct lysc_type_enum	*builtin;	/* names that are always there, beside target; or NULL */
	const struct lysc_type_enum	*reserved;	/* of a list: builtin names that its keys may not have */
	const struct lysc_node		*choice;	/* the choice this is a case of, or NULL */
	struct schema_node		**children;	/* data nodes in the order of the schema */
	uint32_t			 nchildren;
	uint32_t			 index;		/* among the children of its parent */
	uint32_t			 min;		/* elements */
	uint32_t			 max;		/* elements; 0: no bound */
	bool				 is_ordered;	/* by the user */
	bool				 is_one_or_many;
	bool				 is_mandatory;	/* leaf */
	bool				 is_presence;
	bool				 is_needy;	/* a container without presence in which something must be */
	bool				 is_checked;	/* its values need no check but those of value.c and judge.c */
	bool				 is_secret;
	bool				 has_secret;	/* is one, or has one below */
	bool				 is_multiline;
	uint32_t			 secret_min;	/* bytes of its value */
	uint32_t			 secret_max;
};

/* The annotation of a data node's schema, and of a compiled node. */
static inline const struct schema_node *
schema_node_of(const struct lyd_node *data)
{
	return data->schema->priv;
}

const struct schema_node *schema_child(const struct schema *, const struct schema_node *parent, const char *name);
/* The i-th child; of the top level with parent NULL.  NULL after the last. */
const struct schema_node *schema_child_at(const struct schema *, const struct schema_node *parent, uint32_t i);
const struct schema_node *schema_find_node(const struct schema *, const char *path);
/* An enumeration's name is one of these? */
bool	 schema_enum_has(const struct lysc_type_enum *, const char *name);

#endif
