/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "conf/state.h"

static const struct record *
find(const struct conf_named *all, const char *name)
{
	for (; all->name != NULL; all++)
		if (strcmp(all->name, name) == 0)
			return all->record;
	return NULL;
}

const struct record *
conf_state_record(const char *name)
{
	return find(conf_states, name);
}

const struct record *
conf_event_record(const char *topic)
{
	return find(conf_events, topic);
}

const struct record *
conf_owner_record(const char *owner)
{
	return find(conf_owners, owner);
}
