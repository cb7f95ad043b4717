/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_REACH_H
#define PATRONUS_CONFD_REACH_H

#include <stdbool.h>

#include "rights.h"

/*
 * Rights on the difference of two documents: what counts is what changes, not by which call or in how many steps it was asked for.
 */

struct document;
struct problems;

/* Where somebody's rights end. */
struct breach {
	enum right	 right;		/* that is missing there */
	char		 path[1024];
	bool		 is_hidden;	/* he may not even read it: the path is not told */
};

/*
 * The first place that is not the same in a and b and where he does not have the right: true and *ret; false when there is none.  The order
 * of a list belongs to the list.  No memory counts as a breach.
 */
bool	 reach_breach(const struct rights *, enum right, const struct document *a, const struct document *b, struct breach *ret);

/*
 * Nobody gives or takes what he does not have: every user and every role that is not the same in a and b must have no more rights, before and
 * after, than the caller.  False with problems.
 */
bool	 reach_grants(const struct rights *, const struct document *a, const struct document *b, struct problems *);

/* Is there somebody left who may do everything, if there was?  False with a problem. */
bool	 reach_keeps_admin(const struct document *a, const struct document *b, struct problems *);

#endif
