/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IR_PRINT_H
#define PATRONUS_FWD_IR_PRINT_H

#include "ir.h"

/* Facts about fields, and the form as text. */

struct ir_field_info {
	const char	*name;		/* in printed text */
	const char	*type;		/* of a set of them, in printed text */
	uint8_t		 like;		/* the field that stands for the type */
	uint8_t		 len;		/* bytes of its value */
	uint8_t		 datatype;	/* the number nft(8) knows its type by, in sets */
	bool		 is_host_order;
};

const struct ir_field_info *ir_field_info(uint8_t field);
const char	*ir_action_name(uint8_t action);
/* The whole table as text: one line per rule; stable, for people and goldens. */
void		 ir_print(const struct ir *, struct buf *);
void		 ir_print_rule(const struct ir_rule *, struct buf *);
void		 ir_print_elem(const struct ir_set *, const struct ir_elem *, struct buf *);

#endif
