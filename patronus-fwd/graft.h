/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_GRAFT_H
#define PATRONUS_FWD_GRAFT_H

#include <stdbool.h>
#include <stdint.h>

#include "ir.h"

/*
 * One rule of the policy changes in a form that passes() has been through, and the form becomes what compiling and passing all of the new policy
 * would have made, to the last byte.  Rules are given as compile_alone() made them; port forwards are such rules as well.
 *
 * false: that cannot be told from this rule alone.  The form is of no use any more then, and everything is compiled.
 */

/* The rule number `made` (from 1 on, in the order of the policy) is not there any more, and those behind it have one number less. */
bool	 graft_remove(struct ir *, const struct ir *old, uint32_t made);
/* It is there, and what had this number and those behind it have one more. */
bool	 graft_add(struct ir *, const struct ir *next, uint32_t made);
bool	 graft_change(struct ir *, const struct ir *old, const struct ir *next, uint32_t made);
/*
 * It changes and is dealt to where it is.  Several that are taken one after the other, from the first to the last, may have changed at once: sets have what
 * they look up afterwards.
 */
bool	 graft_stay(struct ir *, const struct ir *old, const struct ir *next, uint32_t made);
/* A set has the elements of next, which is of another form, when it had those of old.  No rule is dealt by either. */
bool	 graft_set(struct ir *, const struct ir_set *old, const struct ir_set *next);

#endif
