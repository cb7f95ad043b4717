/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_VIEW_H
#define PATRONUS_NETD_VIEW_H

#include <stddef.h>
#include <stdint.h>

/*
 * What the main table holds once the route operations of a plan are done, with the routes of everybody: sorted, to be asked what a lookup
 * will find.  Pure.
 */

struct actual;
struct arena;
struct plan;
struct prefix;
struct route;

struct view {
	const struct route	**routes;
	size_t			  n;
};

/* Without a plan (NULL): what it holds now.  Lives in the arena, and borrows from both. */
void	view_of(struct view *, struct arena *, const struct actual *, const struct plan *);
/* The place of the first route to exactly that prefix; *ret_n of them stand there, the one of least metric first. */
size_t	view_at(const struct view *, const struct prefix *, size_t *ret_n);
/* The route that serves the prefix when it has none of its own: the longest that is shorter and covers it.  NULL: none. */
const struct route *view_cover(const struct view *, const struct prefix *);

/* By family, length, address, metric; 0 when all are equal. */
int	view_compare(const struct prefix *, uint32_t metric, const struct prefix *, uint32_t other_metric);

#endif
