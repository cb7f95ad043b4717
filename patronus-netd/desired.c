/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "desired.h"

struct want_link *
desired_link(const struct desired *d, const char *name)
{
	uint32_t i;

	for (i = 0; i < d->nlinks; i++)
		if (strcmp(d->links[i].name, name) == 0)
			return &d->links[i];
	return NULL;
}

struct want_link *
desired_link_by_index(const struct desired *d, uint32_t index)
{
	uint32_t i;

	for (i = 0; index != 0 && i < d->nlinks; i++)
		if (d->links[i].index == index)
			return &d->links[i];
	return NULL;
}

bool
desired_link_wants(const struct want_link *l, const struct prefix *p)
{
	uint32_t i;

	for (i = 0; i < l->naddrs; i++)
		if (prefix_equal(&l->addrs[i], p))
			return true;
	return false;
}
