/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IMPACT_H
#define PATRONUS_FWD_IMPACT_H

#include <stdint.h>

#include "ipc/msg.h"

/*
 * What a change of the ruleset does, object by object as a person knows them: a rule, a group, a port forward.  A pure function of the
 * difference.
 */

struct arena;
struct diff;
struct ir;

#define IMPACTS_MAX	100	/* of one answer */

/*
 * At most IMPACTS_MAX items in the arena, in the order of the changes; the last one says how many more there are.  old may be NULL.
 * Nothing of the firewall interrupts anybody by itself: connections that are there stay.
 */
uint32_t impact_list(const struct diff *, const struct ir *old, const struct ir *next, struct arena *, struct ipc_impact **ret);

#endif
