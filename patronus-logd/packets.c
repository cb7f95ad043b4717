/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "packets.h"

static struct bytes	ring[PACKETS_MAX];
static uint64_t		last;

void
packets_add(struct bytes record)
{
	struct bytes *slot = &ring[++last % PACKETS_MAX];
	uint8_t *copy = malloc(record.len > 0 ? record.len : 1);

	free((void *)(uintptr_t)slot->data);
	*slot = (struct bytes){ .data = copy, .len = copy != NULL ? record.len : 0 };
	if (copy != NULL)
		memcpy(copy, record.data, record.len);
}

uint64_t
packets_last(void)
{
	return last;
}

uint64_t
packets_first(void)
{
	return last > PACKETS_MAX ? last - PACKETS_MAX + 1 : 1;
}

struct bytes
packets_get(uint64_t number)
{
	if (number < packets_first() || number > last)
		return (struct bytes){ .data = NULL, .len = 0 };
	return ring[number % PACKETS_MAX];
}
