/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/str.h"
#include "net/addr.h"
#include "net/addrdb.h"

static const struct {
	unsigned	 value_len;
	uint32_t	 max;
} kinds[ADDRDB_KIND_MAX] = {
	[ADDRDB_COUNTRIES] = { 2, ADDRDB_MAX },
	[ADDRDB_SYSTEMS] = { 4, 900000 },	/* three times as many as there are */
};

unsigned
addrdb_value_len(enum addrdb_kind kind)
{
	return kinds[kind].value_len;
}

size_t
addrdb_range_len(enum addrdb_kind kind, unsigned addr_len)
{
	return 2 * addr_len + kinds[kind].value_len;
}

uint32_t
addrdb_max(enum addrdb_kind kind)
{
	return kinds[kind].max;
}

bool
addrdb_from_bytes(enum addrdb_kind kind, const uint8_t *v4, size_t len4, const uint8_t *v6, size_t len6, struct addrdb *ret)
{
	size_t size4 = addrdb_range_len(kind, 4), size6 = addrdb_range_len(kind, 16);

	*ret = (struct addrdb){ .kind = kind, .v4 = v4, .v6 = v6, .n4 = (uint32_t)(len4 / size4), .n6 = (uint32_t)(len6 / size6) };
	return len4 % size4 == 0 && len6 % size6 == 0;
}

bool
addrdb_is_country(const char code[2])
{
	unsigned i;

	for (i = 0; i < 2; i++)
		if ((code[i] < 'A' || code[i] > 'Z') && (code[i] < '0' || code[i] > '9'))
			return false;
	return memcmp(code, "ZZ", 2) != 0;	/* reserved; databases say it of addresses that are nobody's */
}

/* RFC 7607 and RFC 7300 reserve these two. */
static bool
is_system(uint32_t number)
{
	return number != 0 && number != UINT32_MAX;
}

void
addrdb_system_value(uint32_t number, uint8_t ret[4])
{
	unsigned i;

	for (i = 0; i < 4; i++)
		ret[i] = (uint8_t)(number >> (24 - 8 * i));
}

uint32_t
addrdb_system_number(const uint8_t value[4])
{
	return (uint32_t)value[0] << 24 | (uint32_t)value[1] << 16 | (uint32_t)value[2] << 8 | value[3];
}

bool
addrdb_system_parse(const char *text, uint8_t ret[4])
{
	uint64_t number;

	if (str_u64(strncmp(text, "AS", 2) == 0 ? text + 2 : text, 1, UINT32_MAX - 1, &number) != 0)
		return false;
	addrdb_system_value((uint32_t)number, ret);
	return true;
}

static bool
is_value(enum addrdb_kind kind, const uint8_t *value)
{
	return kind == ADDRDB_COUNTRIES ? addrdb_is_country((const char *)value) : is_system(addrdb_system_number(value));
}

static bool
is_sound(enum addrdb_kind kind, const uint8_t *p, uint32_t n, unsigned len)
{
	size_t size = addrdb_range_len(kind, len);
	uint32_t i;

	if (n > addrdb_max(kind))
		return false;
	for (i = 0; i < n; i++, p += size)
		if (memcmp(p, p + len, len) > 0 || !is_value(kind, p + 2 * len) || (i > 0 && memcmp(p - size + len, p, len) >= 0))
			return false;
	return true;
}

bool
addrdb_is_sound(const struct addrdb *db)
{
	return is_sound(db->kind, db->v4, db->n4, 4) && is_sound(db->kind, db->v6, db->n6, 16);
}

const uint8_t *
addrdb_find(const struct addrdb *db, const struct addr *a)
{
	unsigned len = addr_len(a);
	size_t size = addrdb_range_len(db->kind, len);
	const uint8_t *all = a->family == ADDR_V4 ? db->v4 : db->v6, *p;
	uint32_t low = 0, high = a->family == ADDR_V4 ? db->n4 : db->n6, middle;

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
			return p + 2 * len;
	}
	return NULL;
}
