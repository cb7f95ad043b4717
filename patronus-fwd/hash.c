/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "hash.h"

/* The finaliser of a 64-bit multiply-xorshift mixer: every input bit reaches every output bit. */
static uint64_t
mix(uint64_t x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ull;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebull;
	x ^= x >> 31;
	return x;
}

uint64_t
hash_u64(uint64_t value, uint64_t seed)
{
	return mix(value + HASH_SEED + seed * 0xff51afd7ed558ccdull);
}

uint64_t
hash_bytes(const void *data, size_t len, uint64_t seed)
{
	const uint8_t *p;
	uint64_t h, w;
	unsigned i;

	p = data;
	h = hash_u64(len, seed);
	for (; len > 0; p += i, len -= i) {
		/* Byte by byte, so that a name is the same on every machine. */
		for (i = 0, w = 0; i < 8 && i < len; i++)
			w |= (uint64_t)p[i] << (8 * i);
		h = hash_u64(w, h);
	}
	return h;
}

uint64_t
hash_string(const char *s)
{
	return hash_bytes(s, strlen(s), HASH_SEED);
}
