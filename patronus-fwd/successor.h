/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_SUCCESSOR_H
#define PATRONUS_FWD_SUCCESSOR_H

#include <stdint.h>

#include "conf_bytes.h"
#include "ir.h"

struct arena;
struct links;
struct live;

/* A revision of which only rules, only groups or only port forwards differ from one that was compiled. */
struct succession {
	const struct conf_bytes	*old;
	const struct conf_bytes	*next;
	struct conf_change	 change;
	const struct conf_fwd	*frame;		/* of the next one: all but the rules and the port forwards */
	const struct links	*links;
	const struct live	*live;
	int64_t			 now;		/* seconds since 1970 */
};

/*
 * The form of the next revision from the form of the old one, as it was compiled: what compiling and passing all of it would make, to the last byte.
 * NULL when that has to be done.  *ret_policy: as the frame is resolved, with some of the rules.
 */
struct ir	*successor(const struct succession *, struct ir *, struct arena *scratch, const struct fw_policy **ret_policy);

#endif
