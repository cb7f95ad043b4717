/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IR_FIELD_H
#define PATRONUS_FWD_IR_FIELD_H

#include <stdbool.h>
#include <stdint.h>

/* Facts about what a rule may look at (enum ir_field). */

struct ir_field_info {
	const char	*name;		/* in printed text */
	const char	*type;		/* of a set of them, in printed text */
	uint8_t		 like;		/* the field that stands for the type */
	uint8_t		 len;		/* bytes of its value */
	uint8_t		 datatype;	/* the number nft(8) knows its type by, in sets */
	bool		 is_host_order;
};

const struct ir_field_info *ir_field_info(uint8_t field);

#endif
