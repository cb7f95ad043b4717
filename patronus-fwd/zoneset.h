/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_ZONESET_H
#define PATRONUS_FWD_ZONESET_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct fw_policy;

/* Zone sets: one bit for each zone of the policy. */
uint64_t *zoneset_new(struct arena *, const struct fw_policy *);
void	 zoneset_add(uint64_t *, uint32_t zone);
void	 zoneset_add_all(uint64_t *, const struct fw_policy *);
bool	 zoneset_has(const uint64_t *, uint32_t zone);
bool	 zoneset_equal(const uint64_t *, const uint64_t *, const struct fw_policy *);
uint32_t zoneset_count(const uint64_t *, const struct fw_policy *);

#endif
