/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_CARRY_H
#define PATRONUS_FWD_CARRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A rule that only moves, within its chain or to another one, is removed and added for the kernel.  Its counter goes with it: the added
 * one starts where the removed one was when the kernel was asked.
 */

struct carry;
struct diff;

/* NULL when no rule moves. */
struct carry	*carry_new(const struct diff *);
/* Which dumps tell what moves has counted. */
bool		 carry_needs_rules(const struct carry *);
bool		 carry_needs_elems(const struct carry *);
/* From such a dump to the rules that will be added. */
void		 carry_counters(struct carry *, const uint8_t *, size_t len);
void		 carry_free(struct carry *);

#endif
