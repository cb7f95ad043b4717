/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_COVER_H
#define PATRONUS_FWD_COVER_H

#include <stdint.h>

#include "boxes.h"

/*
 * What earlier rules decide, as boxes with who decides them: is all of another box among it, and who proves that?  Bounded: a question that
 * would take too long is answered with "don't know".
 */

struct arena;
struct cover;
struct ir_origin;

#define COVER_WITNESSES	64

enum cover_answer {
	COVER_NOT = 0,
	COVER_WHOLLY,
	COVER_UNKNOWN
};

struct cover	*cover_new(struct arena *);
void		 cover_free(struct cover *);	/* what the arena does not have */
/* dims: in which of them the box is bounded. */
void		 cover_add(struct cover *, const struct box *, unsigned dims, const struct ir_origin *);
/* Who decides it, in the order in which they were added: a set of which none can be left out. */
enum cover_answer cover_ask(const struct cover *, const struct box *, const struct ir_origin *ret[COVER_WITNESSES], unsigned *ret_n);

#endif
