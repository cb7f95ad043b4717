/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IR_COPY_H
#define PATRONUS_FWD_IR_COPY_H

#include "ir.h"

/*
 * The form as it was when it had been built: without handles, nothing is counted, and its lists are as if nothing were in force.  It has memory of its own
 * but for what never changes, and either may be freed first.  Of the old form numbers are written, nothing else.
 */
struct ir	*ir_copy(struct ir *);

#endif
