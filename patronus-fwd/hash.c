/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <endian.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"

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

/* --- under a key */
struct secret {
	uint64_t	key[2];
	uint64_t	number;
};

static const struct secret *
secret(void)
{
	static struct secret s;

	/* 0 has no number that could be multiplied by. */
	while ((s.number & 1) == 0)
		if (getrandom(&s, sizeof(s), 0) != sizeof(s))
			fatal("hash", "getrandom");
	return &s;
}

uint64_t
hash_secret_key(void)
{
	return secret()->number;
}

static inline uint64_t
turn(uint64_t x, unsigned by)
{
	return x << by | x >> (64 - by);
}

static inline void
sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = turn(v[1], 13) ^ v[0];
	v[3] = turn(v[3], 16) ^ v[2];
	v[0] = turn(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = turn(v[1], 17) ^ v[2];
	v[3] = turn(v[3], 21) ^ v[0];
	v[2] = turn(v[2], 32);
}

static inline void
sip_word(uint64_t v[4], uint64_t w)
{
	v[3] ^= w;
	sip_round(v);
	sip_round(v);
	v[0] ^= w;
}

/* The seed is a word in front of the data; otherwise as its authors say (Aumasson, Bernstein 2012). */
uint64_t
hash_secret(const void *data, size_t len, uint64_t seed)
{
	const uint64_t *key = secret()->key;
	uint64_t v[4] = { key[0] ^ 0x736f6d6570736575ull, key[1] ^ 0x646f72616e646f6dull, key[0] ^ 0x6c7967656e657261ull,
	    key[1] ^ 0x7465646279746573ull }, w;
	const uint8_t *p = data;
	uint64_t last = (uint64_t)len << 56;
	unsigned i;

	sip_word(v, seed);
	for (; len >= sizeof(w); p += sizeof(w), len -= sizeof(w)) {
		memcpy(&w, p, sizeof(w));
		sip_word(v, le64toh(w));
	}
	for (i = 0; i < len; i++)
		last |= (uint64_t)p[i] << (8 * i);
	sip_word(v, last);
	v[2] ^= 0xff;
	for (i = 0; i < 4; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
