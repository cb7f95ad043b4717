/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <endian.h>
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
	const uint8_t *p = data;
	uint64_t h, w;

	/* In one order of bytes, so that a name is the same on every machine. */
	h = hash_u64(len, seed);
	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		h = hash_u64(le64toh(w), h);
	}
	if (len > 0) {
		w = 0;
		memcpy(&w, p, len);
		h = hash_u64(le64toh(w), h);
	}
	return h;
}

uint64_t
hash_string(const char *s)
{
	return hash_bytes(s, strlen(s), HASH_SEED);
}
