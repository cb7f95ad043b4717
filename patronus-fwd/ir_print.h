/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IR_PRINT_H
#define PATRONUS_FWD_IR_PRINT_H

#include "ir.h"

const char	*ir_action_name(uint8_t action);
/* The whole table as text: one line per rule; stable, for people and goldens. */
void		 ir_print(const struct ir *, struct buf *);
void		 ir_print_rule(const struct ir_rule *, struct buf *);
void		 ir_print_object(const struct ir_object *, struct buf *);
void		 ir_print_flowtable(const struct ir_flowtable *, struct buf *);
void		 ir_print_elem(const struct ir_set *, const struct ir_elem *, struct buf *);

#endif
