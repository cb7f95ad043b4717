/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "rights.h"
#include "schema.h"

#define BIT(right)	(1u << (right))

static const char *const right_names[RIGHT_MAX] = {
	[RIGHT_PUBLIC] = "public",
	[RIGHT_SESSION] = "session",
	[RIGHT_CONFIG_READ] = "configuration:read",
	[RIGHT_CONFIG_EDIT] = "configuration:edit",
	[RIGHT_COMMIT] = "commit",
	[RIGHT_HISTORY_READ] = "history:read",
	[RIGHT_STATE_READ] = "state:read",
	[RIGHT_USERS_ADMIN] = "users:admin",
	[RIGHT_SECRETS_WRITE] = "secrets:write",
	[RIGHT_BACKUPS] = "backups",
};

static const struct {
	const char	*name;
	uint32_t	 rights;
} roles[USER_ROLE_MAX] = {
	[USER_ROLE_NONE] = { "", BIT(RIGHT_PUBLIC) },
	[USER_ROLE_ADMIN] = { "admin", BIT(RIGHT_PUBLIC) | BIT(RIGHT_SESSION) | BIT(RIGHT_CONFIG_READ) | BIT(RIGHT_CONFIG_EDIT) |
	    BIT(RIGHT_COMMIT) | BIT(RIGHT_HISTORY_READ) | BIT(RIGHT_STATE_READ) | BIT(RIGHT_USERS_ADMIN) |
	    BIT(RIGHT_SECRETS_WRITE) | BIT(RIGHT_BACKUPS) },
	[USER_ROLE_OPERATOR] = { "operator", BIT(RIGHT_PUBLIC) | BIT(RIGHT_SESSION) | BIT(RIGHT_CONFIG_READ) |
	    BIT(RIGHT_CONFIG_EDIT) | BIT(RIGHT_COMMIT) | BIT(RIGHT_HISTORY_READ) | BIT(RIGHT_STATE_READ) },
	[USER_ROLE_READ_ONLY] = { "read-only", BIT(RIGHT_PUBLIC) | BIT(RIGHT_SESSION) | BIT(RIGHT_CONFIG_READ) |
	    BIT(RIGHT_STATE_READ) },
	[USER_ROLE_AUDITOR] = { "auditor", BIT(RIGHT_PUBLIC) | BIT(RIGHT_SESSION) | BIT(RIGHT_CONFIG_READ) |
	    BIT(RIGHT_HISTORY_READ) | BIT(RIGHT_STATE_READ) },
};

/*
 * Sections that need more than RIGHT_CONFIG_EDIT; those that say who may do what are guarded: a change needs a fresh second
 * factor.
 */
static const struct {
	const char	*section;
	enum right	 right;
	bool		 is_guarded;
} reserved[] = {
	{ "users", RIGHT_USERS_ADMIN, true },
	{ "management", RIGHT_USERS_ADMIN, true },
};

/* What an API token may be given beside "SECTION:read" and "SECTION:write". */
static const struct {
	const char	*name;
	uint32_t	 rights;
} scopes[] = {
	{ "configuration:read", BIT(RIGHT_CONFIG_READ) },
	{ "configuration:write", BIT(RIGHT_CONFIG_READ) | BIT(RIGHT_CONFIG_EDIT) },
	{ "commit", BIT(RIGHT_COMMIT) },
	{ "state:read", BIT(RIGHT_STATE_READ) },
	{ "history:read", BIT(RIGHT_HISTORY_READ) },
	{ "users:admin", BIT(RIGHT_USERS_ADMIN) },
	{ "secrets:write", BIT(RIGHT_SECRETS_WRITE) },
	{ "backups", BIT(RIGHT_BACKUPS) },
};
#define SCOPED_ALWAYS	(BIT(RIGHT_PUBLIC) | BIT(RIGHT_SESSION))

const char *
right_name(enum right right)
{
	return (right > RIGHT_INVALID && right < RIGHT_MAX ? right_names[right] : "");
}

const char *
user_role_name(enum user_role role)
{
	return (role < USER_ROLE_MAX ? roles[role].name : "");
}

enum user_role
user_role_parse(const char *name)
{
	unsigned i;

	if (name == NULL)
		return (USER_ROLE_NONE);
	for (i = USER_ROLE_ADMIN; i < USER_ROLE_MAX; i++)
		if (strcmp(roles[i].name, name) == 0)
			return ((enum user_role)i);
	return (USER_ROLE_NONE);
}

bool
user_role_covers(enum user_role a, enum user_role b)
{
	return (a < USER_ROLE_MAX && b < USER_ROLE_MAX && b != USER_ROLE_NONE && (roles[b].rights & ~roles[a].rights) == 0);
}

/* Cut the next word off a list divided by blanks; false after the last. */
static bool
next_scope(const char **list, const char **ret, size_t *ret_len)
{
	*list += strspn(*list, " ");
	*ret = *list;
	*ret_len = strcspn(*list, " ");
	*list += *ret_len;
	return (*ret_len > 0);
}

static bool
is_word(const char *word, size_t len, const char *text)
{
	return (strlen(text) == len && memcmp(word, text, len) == 0);
}

/* "SECTION:verb": the length of SECTION, or 0. */
static size_t
section_of(const char *word, size_t len, const char *verb)
{
	size_t n = strlen(verb);

	return (len > n && memcmp(word + len - n, verb, n) == 0 ? len - n : 0);
}

static uint32_t
scope_rights(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
		if (is_word(word, len, scopes[i].name))
			return (scopes[i].rights);
	if (section_of(word, len, ":write") > 0)
		return (BIT(RIGHT_CONFIG_READ) | BIT(RIGHT_CONFIG_EDIT));
	return (section_of(word, len, ":read") > 0 ? BIT(RIGHT_CONFIG_READ) : 0);
}

bool
scope_is_valid(const struct schema *schema, const char *scope, size_t len)
{
	size_t n = section_of(scope, len, ":read") + section_of(scope, len, ":write");
	const char *section;
	unsigned i;
	size_t j;

	for (j = 0; j < sizeof(scopes) / sizeof(scopes[0]); j++)
		if (is_word(scope, len, scopes[j].name))
			return (true);
	for (i = 0; n > 0 && (section = schema_section(schema, i)) != NULL; i++)
		if (is_word(scope, n, section))
			return (true);
	return (false);
}

const char *
scope_at(size_t i)
{
	return (i < sizeof(scopes) / sizeof(scopes[0]) ? scopes[i].name : NULL);
}

static uint32_t
scoped_rights(const struct rights *r)
{
	const char *list = r->scopes, *word;
	uint32_t rights = SCOPED_ALWAYS;
	size_t len;

	while (next_scope(&list, &word, &len))
		rights |= scope_rights(word, len);
	return (rights);
}

bool
rights_check(const struct rights *r, enum right right)
{
	if (r->role >= USER_ROLE_MAX || right <= RIGHT_INVALID || right >= RIGHT_MAX || (roles[r->role].rights & BIT(right)) == 0)
		return (false);
	return (!r->is_scoped || (scoped_rights(r) & BIT(right)) != 0);
}

/* Do the scopes of a token reach this section?  Whoever may write may read. */
static bool
is_in_scope(const struct rights *r, const char *section, bool is_write)
{
	const char *list = r->scopes, *word;
	size_t len, n, all = strlen("configuration");

	while (r->is_scoped && next_scope(&list, &word, &len)) {
		n = section_of(word, len, ":write");
		if (n == 0 && !is_write)
			n = section_of(word, len, ":read");
		if ((n == all && memcmp(word, "configuration", all) == 0) || (n > 0 && n == strlen(section) && memcmp(word, section, n) == 0))
			return (true);
	}
	return (!r->is_scoped);
}

bool
rights_section_read(const struct rights *r, const char *section)
{
	return (rights_check(r, RIGHT_CONFIG_READ) && is_in_scope(r, section != NULL ? section : "", false));
}

bool
rights_section_edit(const struct rights *r, const char *section)
{
	size_t i;

	if (section == NULL)
		section = "";
	if (!rights_check(r, RIGHT_CONFIG_EDIT) || !is_in_scope(r, section, true))
		return (false);
	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if ((section[0] == '\0' || strcmp(reserved[i].section, section) == 0) && !rights_check(r, reserved[i].right))
			return (false);
	return (true);
}

bool
rights_section_is_guarded(const char *section)
{
	size_t i;

	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(reserved[i].section, section) == 0)
			return (reserved[i].is_guarded);
	return (false);
}
