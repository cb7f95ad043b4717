/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_GRAFTING_H
#define PATRONUS_FWD_GRAFTING_H

#include <stdbool.h>
#include <stdint.h>

#include "deal.h"
#include "ir.h"
#include "rule_boxes.h"

/* A graft at work (graft.c), and what must hold for it (grafting.c). */

struct arena;

#define MEETINGS_MAX	64

/* A kernel rule of the rule at hand, and its group. */
struct part {
	const struct ir_rule	*rule;		/* of the form of that rule alone */
	struct rule_boxes	 what;
	struct deal_shape	 shape;
	uint32_t		 group;
};

/* Another rule of the chain that a part meets. */
struct meeting {
	uint32_t		 part;
	uint32_t		 group;		/* of the other one */
	uint32_t		 made;
	struct box		 box;		/* with which it does */
};

struct graft {
	struct ir		*ir;
	struct arena		*scratch;
	struct arena		*others;	/* boxes of other rules, for a while */
	struct ir_chain		*chain;
	struct ir_origin	*origin;
	uint32_t		 made;
	struct part		*parts;
	uint32_t		 n;
	struct meeting		 meetings[MEETINGS_MAX];
	uint32_t		 n_meetings;
};

/* Of two forms: all but what is in them, */
bool	 grafting_same_kind(const struct ir_set *, const struct ir_set *);
/* and that too. */
bool	 grafting_same_set(const struct ir_set *, const struct ir_set *);
/* The sets of the rule alone are there, made before it or, in their order, for it; and none else was made for it. */
bool	 grafting_has_sets(const struct graft *, const struct ir *alone);
/* The first set from here on that was made for that rule, or NULL. */
const struct ir_set *grafting_next_made(const struct ir_set *, uint32_t made);
/* The rule that an element of a look-up leads to. */
const struct ir_origin *grafting_elem_origin(const struct ir *, const struct ir_elem *);
/* Where dealing would put the parts; false when they would begin groups, or others would be dealt otherwise behind them. */
bool	 grafting_find_groups(struct graft *);
/* Where the parts are. */
bool	 grafting_locate(struct graft *);
/* The parts of the rule as it was have been located: are those of what it is dealt into the same groups, and nobody else is dealt otherwise? */
bool	 grafting_may_stay(struct graft *from, struct graft *to);
/* Nobody is dealt otherwise when they are gone. */
bool	 grafting_may_leave(struct graft *);

#endif
