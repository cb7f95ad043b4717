/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "net/addr.h"
#include "net/countries.h"

bool
countries_is_code(const char code[2])
{
	unsigned i;

	for (i = 0; i < 2; i++)
		if ((code[i] < 'A' || code[i] > 'Z') && (code[i] < '0' || code[i] > '9'))
			return false;
	return memcmp(code, "ZZ", 2) != 0;	/* reserved; databases say it of addresses that are nobody's */
}

static bool
is_sound(const uint8_t *p, uint32_t n, unsigned len)
{
	unsigned size = 2 * len + 2;
	uint32_t i;

	if (n > COUNTRIES_MAX)
		return false;
	for (i = 0; i < n; i++, p += size)
		if (memcmp(p, p + len, len) > 0 || !countries_is_code((const char *)p + 2 * len) ||
		    (i > 0 && memcmp(p - size + len, p, len) >= 0))
			return false;
	return true;
}

bool
countries_are_sound(const struct countries *c)
{
	return is_sound(c->v4, c->n4, 4) && is_sound(c->v6, c->n6, 16);
}

const char *
countries_find(const struct countries *c, const struct addr *a)
{
	unsigned len = addr_len(a), size = 2 * len + 2;
	const uint8_t *all = a->family == ADDR_V4 ? c->v4 : c->v6, *p;
	uint32_t low = 0, high = a->family == ADDR_V4 ? c->n4 : c->n6, middle;

	if (len == 0)
		return NULL;
	while (low < high) {
		middle = low + (high - low) / 2;
		p = all + (size_t)middle * size;
		if (memcmp(a->bytes, p, len) < 0)
			high = middle;
		else if (memcmp(a->bytes, p + len, len) > 0)
			low = middle + 1;
		else
			return (const char *)p + 2 * len;
	}
	return NULL;
}
