/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "rights.h"
#include "schema.h"

#define BIT(right)	RIGHT_BIT(right)

/*
 * Sections that say who may do what, or what goes unrepaired: a change needs a fresh second factor, and of an API token another scope beside that of the
 * section.  What a role may do there, its rules say.
 */
static const char *const guarded[] = { "users", "roles", "management", "drift" };

#define SCOPE_WRITE	(BIT(RIGHT_CONFIG_READ) | BIT(RIGHT_CONFIG_EDIT) | BIT(RIGHT_RESTORE))

/* What an API token may be given beside "SECTION:read" and "SECTION:write". */
static const struct {
	const char	*name;
	uint32_t	 rights;
} scopes[] = {
	{ "configuration:read", BIT(RIGHT_CONFIG_READ) },
	{ "configuration:write", SCOPE_WRITE },
	{ "commit", BIT(RIGHT_COMMIT) },
	{ "state:read", BIT(RIGHT_STATE_READ) | BIT(RIGHT_LOGS_READ) | BIT(RIGHT_DIAGNOSTICS) },
	{ "history:read", BIT(RIGHT_HISTORY_READ) | BIT(RIGHT_AUDIT_READ) },
	{ "audit:read", BIT(RIGHT_AUDIT_READ) },
	{ "logs:read", BIT(RIGHT_LOGS_READ) },
	{ "users:admin", BIT(RIGHT_USERS_ADMIN) | BIT(RIGHT_SESSIONS_ADMIN) },
	{ "secrets:write", BIT(RIGHT_SECRETS_WRITE) },
	{ "backups", BIT(RIGHT_BACKUPS) },
	{ "grant", BIT(RIGHT_GRANT) },
};
#define SCOPED_ALWAYS	(BIT(RIGHT_PUBLIC) | BIT(RIGHT_SESSION))

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
		return (SCOPE_WRITE);
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

static bool
is_guarded(const char *section, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(guarded) / sizeof(guarded[0]); i++)
		if (is_word(section, len, guarded[i]))
			return (true);
	return (false);
}

bool
rights_section_is_guarded(const char *section)
{
	return (is_guarded(section, strlen(section)));
}

/* Do the scopes of a token reach this section ("" and 0: all of them)?  Whoever may write may read. */
static bool
is_in_scope(const struct rights *r, const char *section, size_t section_len, bool is_write)
{
	const char *list = r->scopes, *word;
	size_t len, n, all = strlen("configuration");

	while (r->is_scoped && next_scope(&list, &word, &len)) {
		n = section_of(word, len, ":write");
		if (n == 0 && !is_write)
			n = section_of(word, len, ":read");
		if ((n == all && memcmp(word, "configuration", all) == 0) || (n > 0 && n == section_len && memcmp(word, section, n) == 0))
			return (true);
	}
	return (!r->is_scoped);
}

bool
rights_scope_is_whole(const struct rights *r, bool is_write)
{
	return (is_in_scope(r, "", 0, is_write));
}

/* What the scopes of a token leave: is the right among them, and for what is in the configuration its section? */
static bool
is_scope(const struct rights *r, enum right right, const char *path)
{
	const char *section = path + (path[0] == '/');
	size_t len = strcspn(section, "/");
	bool is_write = right == RIGHT_CONFIG_EDIT || right == RIGHT_COMMIT || right == RIGHT_RESTORE || right == RIGHT_SECRETS_WRITE;

	if (!r->is_scoped)
		return (true);
	if ((scoped_rights(r) & BIT(right)) == 0)
		return (false);
	if (!is_write && right != RIGHT_CONFIG_READ)
		return (true);
	if (!is_in_scope(r, section, len, is_write))
		return (false);
	return (!is_write || (len > 0 && !is_guarded(section, len)) || (scoped_rights(r) & BIT(RIGHT_USERS_ADMIN)) != 0);
}

bool
rights_check(const struct rights *r, enum right right)
{
	enum extent extent = user_role_extent(r->role, right, "");

	if (r->is_scoped && (scoped_rights(r) & BIT(right)) == 0)
		return (false);
	if (right < RIGHT_VERB_FIRST)
		return (user_role_may(r->role, right, "", NULL));
	return (right < RIGHT_WHOLE_FIRST ? extent != EXTENT_NOTHING : extent == EXTENT_EVERYTHING);
}

bool
rights_may(const struct rights *r, enum right right, const char *path)
{
	return (user_role_may(r->role, right, path, NULL) && is_scope(r, right, path));
}

enum extent
rights_extent(const struct rights *r, enum right right, const char *path)
{
	return (is_scope(r, right, path) ? user_role_extent(r->role, right, path) : EXTENT_NOTHING);
}

bool
rights_reads_all(const struct rights *r)
{
	return (rights_extent(r, RIGHT_CONFIG_READ, "") == EXTENT_EVERYTHING);
}
