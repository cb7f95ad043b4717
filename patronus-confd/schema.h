/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_SCHEMA_H
#define PATRONUS_CONFD_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The compiled schema: the YANG modules that are built into this program, and what their extensions say about each
 * node.  One per process; documents refer to it and must be freed before it.
 */

struct ly_ctx;
struct lysc_node;
struct memos;
struct record;
struct schema;

struct schema	*schema_new(void);		/* NULL, logged, when the built-in modules do not compile */
void		 schema_free(struct schema *);
struct ly_ctx	*schema_ctx(const struct schema *);
/* What entries of lists look like, for all documents of this schema; NULL when there was no memory for it. */
struct memos	*schema_memos(const struct schema *);

/* Who gets which subtree: NULL ends the list of owners ("fwd", "netd"), in the order of commits. */
const char	*schema_owner(unsigned i);
/* The root record of an owner (struct conf_OWNER), or NULL. */
const struct record *schema_owner_record(const char *owner);
/* Is the top-level section part of what this owner gets (owner or reader)? */
bool		 schema_is_owned(const struct schema *, const char *owner, const char *section);
/* The i-th top-level section ("system", "interfaces", ...) in canonical order, or NULL. */
const char	*schema_section(const struct schema *, unsigned i);

/*
 * The node an API path ("/firewall/rules/web-in/to", below /configuration) leads to; list keys are skipped without
 * being looked up.  NULL when the schema has no such path.
 */
const struct lysc_node *schema_find(const struct schema *, const char *path);

/*
 * Whether a search of libyang's, which ended with that LY_ERR, has found something.  One that had no memory has not found that there is nothing,
 * which would read as a user without a role or a switch at its default: it ends the process (docs/adr/0109).
 */
bool		 schema_has_found(int error);

/* Documents for clients, made when the program was built. */
const char	*schema_openapi(size_t *ret_len);	/* GET /openapi.json */
const char	*schema_forms(size_t *ret_len);		/* GET /schema */

#endif
