/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_DEAL_H
#define PATRONUS_FWD_DEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "rule_boxes.h"

/*
 * How pass_maps() has dealt the rules of a chain into groups: what must be known of it to put one rule in or to take one out and to end where
 * dealing all of them would (graft.c).
 */

struct ir_set;

#define DEAL_LOOK_BACK	32		/* groups that a rule may overtake */
#define DEAL_BUDGET	(20u << 20)	/* comparisons for a chain, so that a commit ends */
#define DEAL_MAP_MIN	8		/* rules that are worth a look-up */

/* The fields that a rule looks at. */
struct deal_shape {
	uint16_t	 dims;		/* as in struct rule_boxes */
	uint8_t		 family;
	bool		 is_exact;
	uint8_t		 fields[BOX_DIMS];
};

/* Rules of one shape. */
struct deal_group {
	const struct ir_set	*set;	/* their look-up; NULL: they are rules of the chain */
	struct deal_shape	 shape;
	uint32_t		 n;	/* rules */
	uint32_t		 n_boxes;
	uint32_t		 first;	/* which rule of the policy its first one was made for */
	box_value		 span[2];	/* of the widest box, in the dimensions that it is searched by */
};

struct deal {
	struct deal_group	*groups;	/* in the order in which they began */
	uint32_t		 n;
	uint32_t		 n_rules;
	uint32_t		 n_boxes;
	bool			 has_map;
	uint64_t		 n_asked;	/* whether a box meets a group, so often, */
	uint64_t		 most;		/* and no more comparisons than these could be needed for that */
};

struct deal_shape deal_shape_of(const struct rule_boxes *);
bool		 deal_shape_equal(const struct deal_shape *, const struct deal_shape *);
/* May so many rules of the shape be a look-up? */
bool		 deal_is_map(const struct deal_shape *, unsigned n, unsigned min);

#endif
