/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PASS_H
#define PATRONUS_FWD_PASS_H

#include "ir.h"

/*
 * Passes: from a form to one that means the same and costs a packet less.  Each is a function of the form alone and rewrites it in place;
 * tests/proof holds them to the meaning.
 */

/*
 * Rules that look at the same fields, and of which a packet can match one at most, become one look-up: a verdict map from what they look at to
 * chain rule.ID, which has what is left of the rule: further matches, log, rate, counter, verdict.  Rules change places only where no
 * packet could tell.  min: rules that are worth a map.
 */
void	 pass_maps(struct ir *, unsigned min);
/* The name of the chain with what is left of a rule, by the id of its origin; when it is taken, others have ".2" and so on behind it. */
const char *pass_rest_name(struct arena *, const char *id);

/*
 * What a look-up leads to goes into its element where that is a counter and a verdict, and one element alone leads there: the kernel then has
 * neither chain nor rule for it.
 */
void	 pass_elements(struct ir *);
/* The chain is such a rule: elements that lead to it do what it says. */
bool	 pass_is_plain(const struct ir_chain *);

/* All of them, in their order. */
void	 passes(struct ir *);

#endif
