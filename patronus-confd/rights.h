/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_RIGHTS_H
#define PATRONUS_CONFD_RIGHTS_H

#include <stdbool.h>

/*
 * Who may do what: two const tables, role x right and role x section x verb.  The first is asked for every request before its
 * handler runs; the second for every edit and, on the difference itself, for every commit.
 */

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

/* What problem+json calls `needed`: "configuration:edit". */
const char	*right_name(enum right);
const char	*user_role_name(enum user_role);
/* USER_ROLE_NONE for a name that is none. */
enum user_role	 user_role_parse(const char *);

bool	 rights_check(enum user_role, enum right);
/* May this role change anything below the top-level section?  NULL or "": the whole document. */
bool	 rights_section_edit(enum user_role, const char *section);

#endif
