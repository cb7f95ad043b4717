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

__extension__ typedef unsigned __int128 product;

/* Both halves of a product of 64 bits by 64. */
static inline uint64_t
fold(uint64_t a, uint64_t b)
{
	product p = (product)a * b;

	return (uint64_t)p ^ (uint64_t)(p >> 64);
}

uint64_t
hash_quick(const void *data, size_t len, uint64_t seed)
{
	const uint8_t *p = data;
	uint64_t h = seed ^ (len * 0xbf58476d1ce4e5b9ull), w[2];

	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(w, p, sizeof(w));
		h = fold(w[0] ^ h, w[1] ^ 0x94d049bb133111ebull);
	}
	if (len > 0) {
		w[0] = w[1] = 0;
		memcpy(w, p, len);
		h = fold(w[0] ^ h, w[1] ^ 0x94d049bb133111ebull);
	}
	return fold(h ^ 0xff51afd7ed558ccdull, HASH_SEED);
}

uint64_t
hash_string(const char *s)
{
	return hash_bytes(s, strlen(s), HASH_SEED);
}
