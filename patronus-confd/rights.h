/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_RIGHTS_H
#define PATRONUS_CONFD_RIGHTS_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Who may do what, by const tables: role x right, and what sections and scopes stand for.  A right is asked for every request before
 * its handler runs; a section for every read and edit of the configuration and, on the difference itself, for every commit.
 */

struct schema;

enum user_role {
	USER_ROLE_NONE = 0,	/* no session */
	USER_ROLE_ADMIN,
	USER_ROLE_OPERATOR,
	USER_ROLE_READ_ONLY,
	USER_ROLE_AUDITOR,
	USER_ROLE_MAX
};

enum right {
	RIGHT_INVALID = 0,
	RIGHT_PUBLIC,		/* before any session: sign in, claim */
	RIGHT_SESSION,		/* everybody who has one, about himself */
	RIGHT_CONFIG_READ,
	RIGHT_CONFIG_EDIT,
	RIGHT_COMMIT,
	RIGHT_HISTORY_READ,
	RIGHT_STATE_READ,
	RIGHT_USERS_ADMIN,
	RIGHT_SECRETS_WRITE,
	RIGHT_BACKUPS,
	RIGHT_MAX
};

/* What one caller may do: all that his role includes, or with an API token what its scopes leave of that. */
struct rights {
	enum user_role	 role;
	bool		 is_scoped;	/* he came with an API token */
	char		 scopes[513];	/* its scopes, divided by blanks: "firewall:write commit" */
};

/* What problem+json calls `needed`: "configuration:edit". */
const char	*right_name(enum right);
const char	*user_role_name(enum user_role);
/* USER_ROLE_NONE for a name that is none. */
enum user_role	 user_role_parse(const char *);
/* Does a include all that b does? */
bool		 user_role_covers(enum user_role a, enum user_role b);

bool	 rights_check(const struct rights *, enum right);
/* May he read, or change, anything below the top-level section?  NULL or "": the whole document. */
bool	 rights_section_read(const struct rights *, const char *section);
bool	 rights_section_edit(const struct rights *, const char *section);
/* Does a change of this section need a fresh second factor from those who have one? */
bool	 rights_section_is_guarded(const char *section);

/* Is this a scope: one of the table, or "SECTION:read" or "SECTION:write" of a section of the schema? */
bool	 scope_is_valid(const struct schema *, const char *scope, size_t len);
/* The i-th scope of the table; NULL after the last. */
const char *scope_at(size_t i);

#endif
