/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "mem.h"
#include "policy.h"
#include "zoneset.h"

static uint32_t
words(const struct fw_policy *p)
{
	return (p->n_zones + 63) / 64;
}

uint64_t *
zoneset_new(struct arena *a, const struct fw_policy *p)
{
	return mem_alloc(a, words(p), sizeof(uint64_t));
}

void
zoneset_add(uint64_t *set, uint32_t zone)
{
	set[zone / 64] |= (uint64_t)1 << (zone % 64);
}

void
zoneset_add_all(uint64_t *set, const struct fw_policy *p)
{
	uint32_t i;

	for (i = 0; i < p->n_zones; i++)
		zoneset_add(set, i);
}

bool
zoneset_has(const uint64_t *set, uint32_t zone)
{
	return (set[zone / 64] >> (zone % 64) & 1) != 0;
}

bool
zoneset_equal(const uint64_t *a, const uint64_t *b, const struct fw_policy *p)
{
	return memcmp(a, b, words(p) * sizeof(*a)) == 0;
}

uint32_t
zoneset_count(const uint64_t *set, const struct fw_policy *p)
{
	uint32_t i, n;

	for (i = 0, n = 0; i < words(p); i++)
		n += (uint32_t)__builtin_popcountll(set[i]);
	return n;
}
