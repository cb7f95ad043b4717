/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_SCHEMA_WALK_H
#define PATRONUSCTL_SCHEMA_WALK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* Paths of the configuration ("firewall/rules/web-in") in the schema as GET /schema tells it. */

/*
 * The node that a path leads to; *ret_at_list when it ends at a list whose entry is still to be named.  The root has no node: NULL with
 * *ret_children its sections.  false when the schema knows no such path.
 */
bool	 schema_walk(const json_t *schema, const char *path, const json_t **ret_node, const json_t **ret_children, bool *ret_at_list);
/*
 * Words that were typed one by one ("firewall" "rules" "web-in" "action" "drop") below the path base: joined to a path as far as they
 * are one; *ret_used of them are, the rest is a value.  false when the path is too long.
 */
bool	 schema_join(const json_t *schema, const char *base, const char *const *words, int n, char *ret, size_t size, int *ret_used);

#endif
