/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <string.h>

#include "ipc/ids.h"

#include "owner.h"

static const struct owner rows[] = {
	{ .name = "netd", .role = ROLE_NETD, .removes = true, .is_stale = true },
	{ .name = "fwd", .role = ROLE_FWD, .judges = true, .is_stale = true },
};

void
owners_init(struct owners *os)
{
	memset(os, 0, sizeof(*os));
	os->n = sizeof(rows) / sizeof(rows[0]);
	memcpy(os->owner, rows, sizeof(rows));
}

struct owner *
owners_by_role(struct owners *os, uint8_t role)
{
	unsigned i;

	for (i = 0; i < os->n; i++)
		if (os->owner[i].role == role)
			return (&os->owner[i]);
	return (NULL);
}

struct owner *
owners_by_name(struct owners *os, const char *name)
{
	unsigned i;

	for (i = 0; i < os->n; i++)
		if (strcmp(os->owner[i].name, name) == 0)
			return (&os->owner[i]);
	return (NULL);
}

uint32_t
owners_bit(const struct owners *os, const struct owner *o)
{
	return (1u << (unsigned)(o - os->owner));
}

uint32_t
owners_all(const struct owners *os)
{
	return ((1u << os->n) - 1);
}

uint32_t
owners_that(const struct owners *os, bool judge)
{
	uint32_t mask = 0;
	unsigned i;

	for (i = 0; i < os->n; i++)
		if (os->owner[i].judges == judge)
			mask |= 1u << i;
	return (mask);
}

uint32_t
owners_away(const struct owners *os, uint32_t mask)
{
	uint32_t away = 0;
	unsigned i;

	for (i = 0; i < os->n; i++)
		if ((mask & (1u << i)) != 0 && os->owner[i].channel == NULL)
			away |= 1u << i;
	return (away);
}

uint32_t
owners_at_rest(const struct owners *os, uint32_t mask)
{
	uint32_t rest = owners_away(os, mask);
	unsigned i;

	for (i = 0; i < os->n; i++)
		if (os->owner[i].is_stale)
			rest &= ~(1u << i);
	return (rest);
}
