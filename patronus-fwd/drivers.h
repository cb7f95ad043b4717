/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_DRIVERS_H
#define PATRONUS_FWD_DRIVERS_H

#include <stdbool.h>
#include <stdint.h>

/* The program in drivers: asked of patronus-xdp, fed through its arrays, and told from programs of others. */

struct arena;
struct drivers;
struct links;
struct problems;
struct state_firewall;
struct xdp_plan;

/* Knows again which programs are ours, also of an earlier process. */
struct drivers	*drivers_new(void);
void		 drivers_free(struct drivers *);
/*
 * As the plan says (NULL: nothing).  Programs of others are never touched; where ours cannot be, sets of nftables shall do it.  true: on other links than
 * before, so the ruleset has to be compiled anew.  The plan's list is given up.
 */
bool		 drivers_apply(struct drivers *, struct xdp_plan *, const struct links *);
/* What drivers answer, once the ruleset is in force that goes on with it; until then nothing that it was not before. */
void		 drivers_answer(struct drivers *, const struct xdp_plan *, const struct links *);
/* What is where sets do it; called after links were read. */
void		 drivers_mark(const struct drivers *, struct links *);
/* A link of the plan on which neither is, or NULL. */
const char	*drivers_missing(const struct drivers *, const struct links *);
/* plan: of the revision in force, or NULL. */
void		 drivers_state(const struct drivers *, const struct xdp_plan *, struct state_firewall *, struct arena *);

#endif
