/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>
#include <string.h>

#include "conf/builtin.h"
#include "conf/generated.h"

const struct conf_builtin *
conf_builtin_service(const char *name)
{
	const struct conf_builtin *b;

	for (b = conf_builtin_services; b->name != NULL; b++)
		if (strcmp(b->name, name) == 0)
			return b;
	return NULL;
}

uint8_t
conf_protocol_ip_number(uint8_t protocol)
{
	return protocol < CONF_PROTOCOL_MAX ? conf_protocol_numbers[protocol] : 0;
}
