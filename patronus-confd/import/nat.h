/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_NAT_H
#define PATRONUS_IMPORT_NAT_H

#include "import/policy.h"

/*
 * One translation of the source, and what it becomes.  What cannot be said is refused in the account.
 */
struct nat_object {
	struct match		 m;
	struct nat_target	 target;	/* TRANSLATE_INVALID: senders that are exempt */
	bool			 shifts;	/* a range of ports becomes another one, port by port */
	bool			 is_disabled;
	const char		*name;
	const char		*description;
	struct entry		*entry;
};

/* Callers of the box's address who reach an inner host; m.in says where they come from. */
void	 nat_put_forward(struct draft *, struct nat_object *);
/* Senders who get another address, or are exempt; m.out says where they leave. */
void	 nat_put_source(struct draft *, const struct nat_object *);

#endif
