/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_USER_ROLE_H
#define PATRONUS_CONFD_USER_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Roles: named lists of rules that allow or deny verbs in a part of the configuration.  The built-in ones are const tables of the same
 * shape as those of the document, so that one function decides about all of them (docs/adr/0106).
 *
 * Which rule decides about a verb at a path: of those that name the verb and whose path is the same or above, the one with most steps; of
 * equally many the one that has a name where the other has "*", from the left; then the role's own before that of the role it builds upon;
 * then deny before allow.  No rule: denied.
 */

struct document;
struct schema;

enum right {
	RIGHT_INVALID = 0,
	RIGHT_PUBLIC,		/* before any session: sign in, claim */
	RIGHT_SESSION,		/* everybody who has one, about himself */
	/* Verbs of the configuration: the answer depends on the path. */
	RIGHT_CONFIG_READ,
	RIGHT_CONFIG_EDIT,
	RIGHT_COMMIT,
	RIGHT_HISTORY_READ,
	RIGHT_RESTORE,
	RIGHT_SECRETS_WRITE,
	RIGHT_STATE_READ,
	RIGHT_LOGS_READ,
	RIGHT_GRANT,		/* let members into a group for a time */
	/* Verbs of the whole box. */
	RIGHT_AUDIT_READ,
	RIGHT_DIAGNOSTICS,
	RIGHT_SESSIONS_ADMIN,
	RIGHT_USERS_ADMIN,
	RIGHT_BACKUPS,
	RIGHT_MAX
};
#define RIGHT_VERB_FIRST	RIGHT_CONFIG_READ
#define RIGHT_WHOLE_FIRST	RIGHT_AUDIT_READ
#define RIGHT_BIT(right)	(1u << (right))

/* What the API calls it ("configuration:edit") and what a rule does ("edit"). */
const char	*right_name(enum right);
const char	*right_verb(enum right);

#define USER_ROLE_NAME_LEN	33
#define USER_ROLE_STEPS	16	/* of a path */
#define USER_ROLE_RULES	64	/* of its own */

struct role_rule {
	uint32_t	 verbs;		/* bits of enum right */
	bool		 is_deny;
	bool		 is_own;	/* else of the role it builds upon */
	const char	*name;		/* of an own rule */
	const char	*path;		/* as it was written */
	unsigned	 nsteps;
	const char	*step[USER_ROLE_STEPS];
};

struct user_role;

/* Every name of a built-in role; NULL after the last. */
const char	*user_role_builtin(unsigned i);
/* A role by its name, of the built-in ones or of a document; to be freed.  NULL: there is none. */
struct user_role	*user_role_load(const struct document *, const char *name);
void		 user_role_free(struct user_role *);
const char	*user_role_name(const struct user_role *);
const char	*user_role_base(const struct user_role *);	/* "" for none */
unsigned	 user_role_count(const struct user_role *);
const struct role_rule *user_role_rule(const struct user_role *, unsigned i);

/* The rule that decides about one verb at a path ("/firewall/rules/web-in", "" is everything); NULL: none, and so denied. */
const struct role_rule *user_role_decide(const struct user_role *, enum right, const char *path);
/*
 * May it be done?  Verbs that stand on others need them too: who may edit may read, who commits, restores or sets a secret may edit.  *ret
 * (may be NULL) becomes the verb that was decisive.
 */
bool		 user_role_may(const struct user_role *, enum right, const char *path, enum right *ret);

enum extent {
	EXTENT_NOTHING = 0,	/* neither there nor anywhere below */
	EXTENT_SOMETHING,		/* it depends on where */
	EXTENT_EVERYTHING
};

/* How far a right reaches at a path and below; SOMETHING may also be said where it is one of the others. */
enum extent user_role_extent(const struct user_role *, enum right, const char *path);
/* Does a include all that b does, at every path?  When not, *ret_right and ret_path (may be NULL) say what b has more. */
bool		 user_role_covers(const struct user_role *a, const struct user_role *b, enum right *ret_right, char ret_path[256]);

#endif
