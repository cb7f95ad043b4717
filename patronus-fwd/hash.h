/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_HASH_H
#define PATRONUS_FWD_HASH_H

#include <stddef.h>
#include <stdint.h>

/*
 * A fast 64-bit hash to tell versions of our own data apart.  Stable over runs (it names sets), not meant against an adversary: where two
 * things must not be mixed up, their contents are compared.
 */

#define HASH_SEED	0x9e3779b97f4a7c15ull

uint64_t hash_bytes(const void *, size_t len, uint64_t seed);
uint64_t hash_u64(uint64_t, uint64_t seed);
uint64_t hash_string(const char *);
/* For what lives in memory alone: faster, and may be another one in the next version. */
uint64_t hash_quick(const void *, size_t len, uint64_t seed);
/*
 * For what others may have chosen, in memory alone: SipHash-2-4 under a key of this process, so that nobody makes two things that have one hash.
 * Those that have one may be taken for the same.
 */
uint64_t hash_secret(const void *, size_t len, uint64_t seed);
/* Numbers of the key by itself, for what nobody shall foresee. */
uint64_t hash_secret_key(void);

#endif
