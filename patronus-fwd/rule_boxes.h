/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_RULE_BOXES_H
#define PATRONUS_FWD_RULE_BOXES_H

#include "boxes.h"
#include "ir.h"

struct arena;

#define RULE_BOXES_MAX	64	/* lists are multiplied out up to here */

/* A rule as boxes and what cannot be said by them. */
struct rule_boxes {
	struct box	*boxes;
	uint16_t	 n;
	uint16_t	 dims;		/* a bit for each enum box_dim that is bounded */
	uint8_t		 family;
	bool		 is_exact;	/* one value in each of them */
	bool		 is_variable;	/* there may be more or fewer of the same rule, by the content of a group */
	uint8_t		 fields[BOX_DIMS];	/* enum ir_field of each bounded dimension */
	struct ir_stmt	*rest;		/* statements that are left when the boxes are looked up */
	unsigned	 n_rest;
};

/* What dimension a field has, with 1 added; 0: none. */
struct box_fields {
	uint8_t		dims[IR_FIELD_MAX];
};

/* The fields that most rules of the chain ask for, each as a dimension of its own. */
void	 box_fields_of(const struct ir_chain *, struct box_fields *ret);
/* Boxes in these dimensions, which have a point beside all values of a field for what does not have it. */
void	 rule_boxes_free(struct rule_boxes *, const struct ir_rule *, const struct box_fields *, struct arena *);
/* Memory of the boxes and the rest is the arena's.  What returns from its chain is all rest. */
void	 rule_boxes_make(struct rule_boxes *, const struct ir_rule *, struct arena *);
/* The same boxes, in their order? */
bool	 rule_boxes_equal(const struct rule_boxes *, const struct rule_boxes *);
/* A box as an element's key; of these dimensions, in their order. */
void	 rule_boxes_key(const struct rule_boxes *, const struct box *, struct ir_elem *ret);

#endif
