/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_RIGHTS_H
#define PATRONUS_CONFD_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

#include "user_role.h"

/*
 * What one caller may do: all that his role includes, or with an API token what its scopes leave of that.  A right is asked for every
 * request before its handler runs; with a path for every read and edit of the configuration and, on the difference itself, for every
 * commit.
 */

struct schema;

struct rights {
	struct user_role	*role;		/* NULL: no session */
	bool		 is_scoped;	/* he came with an API token */
	char		 scopes[513];	/* its scopes, divided by blanks: "firewall:write commit" */
};

/* Does he have it anywhere?  Of a right over the whole box: wholly. */
bool	 rights_check(const struct rights *, enum right);
/* At this path? */
bool	 rights_may(const struct rights *, enum right, const char *path);
/* How far does it reach, there and below? */
enum extent rights_extent(const struct rights *, enum right, const char *path);
/* All of the configuration: nothing is hidden from him. */
bool	 rights_reads_all(const struct rights *);
/* Has the API token the scope for all sections ("configuration:read", "configuration:write")?  True without a token. */
bool	 rights_scope_is_whole(const struct rights *, bool is_write);
/* Does a change of this section need a fresh second factor from those who have one? */
bool	 rights_section_is_guarded(const char *section);

/* Is this a scope: one of the table, or "SECTION:read" or "SECTION:write" of a section of the schema? */
bool	 scope_is_valid(const struct schema *, const char *scope, size_t len);
/* The i-th scope of the table; NULL after the last. */
const char *scope_at(size_t i);

#endif
