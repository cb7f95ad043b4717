/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "rights.h"

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

/* Sections that only the named roles may change; every other section belongs to all who hold RIGHT_CONFIG_EDIT. */
static const struct {
	const char	*section;
	uint32_t	 roles;
} reserved[] = {
	{ "users", BIT(USER_ROLE_ADMIN) },
	{ "management", BIT(USER_ROLE_ADMIN) },
};

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
rights_check(enum user_role role, enum right right)
{
	if (role >= USER_ROLE_MAX || right <= RIGHT_INVALID || right >= RIGHT_MAX)
		return (false);
	return ((roles[role].rights & BIT(right)) != 0);
}

bool
rights_section_edit(enum user_role role, const char *section)
{
	size_t i;

	if (!rights_check(role, RIGHT_CONFIG_EDIT))
		return (false);
	if (section == NULL || section[0] == '\0')
		return (role == USER_ROLE_ADMIN);
	for (i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (strcmp(reserved[i].section, section) == 0)
			return ((reserved[i].roles & BIT(role)) != 0);
	return (true);
}
