/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "conf/kind.h"

static const struct conf_kind kinds[] = {
	{ .name = "address", .kind = FIELD_ADDR },
	{ .name = "ip-address", .kind = FIELD_ADDR },
	{ .name = "ip-address-no-zone", .kind = FIELD_ADDR },
	{ .name = "ipv4-address", .kind = FIELD_ADDR, .is_v4 = true },
	{ .name = "ipv4-address-no-zone", .kind = FIELD_ADDR, .is_v4 = true },
	{ .name = "interface-address", .kind = FIELD_PREFIX },
	{ .name = "network", .kind = FIELD_PREFIX, .is_network = true },
	{ .name = "ip-prefix", .kind = FIELD_PREFIX, .is_network = true },
	{ .name = "host-or-network", .kind = FIELD_PREFIX, .is_host_allowed = true, .is_network = true },
	{ .name = "mac-address", .kind = FIELD_MAC },
	{ .name = "ports", .kind = FIELD_PORTS },
	{ .name = "rate", .kind = FIELD_RATE },
};

const struct conf_kind *
conf_kind_find(const char *typedef_name)
{
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, typedef_name) == 0)
			return &kinds[i];
	return NULL;
}
