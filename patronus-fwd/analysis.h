/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_ANALYSIS_H
#define PATRONUS_FWD_ANALYSIS_H

#include <stdint.h>

#include "ir.h"
#include "policy.h"

/*
 * Which rules can never decide anything, and what proves it: earlier ones, what zones block of sources, or what every policy lets through before
 * its rules.  Pure, over the form that compile() makes of the policy (no passes), with all schedules running.  What is said is certain: a rule is
 * called shadowed only when no packet can come to it.  Not every rule of which that is true is found: conditions on marks, states, code points and
 * the like, and groups of more than 64 addresses, hide nothing behind them.
 */

struct arena;

enum analysis_kind {
	ANALYSIS_NOTHING = 0,
	ANALYSIS_SHADOWED,	/* and something else is done with at least some of its packets */
	ANALYSIS_REDUNDANT,	/* and the same is done with them */
	ANALYSIS_PARTLY		/* a part that can be named: a pair of zones, a family, one of its values */
};

struct analysis_finding {
	const char		*id;
	const char		*path;
	bool			 is_scheduled;	/* it is not in force all the time */
	enum analysis_kind	 kind;
	bool			 is_undecided;	/* it took too long */
	const struct ir_origin	**witnesses;
	uint32_t		 n_witnesses;
};

/* One for each rule of the policy, in their order; memory is the arena's, origins are the form's. */
struct analysis_finding *analysis_make(const struct fw_policy *, const struct ir *, struct arena *);
/* The same of the rules between ports of bridges, with the ports that bridges have now. */
struct analysis_finding *analysis_bridge(const struct fw_policy *, const struct ir *, struct arena *);

#endif
