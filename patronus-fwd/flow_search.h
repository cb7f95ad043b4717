/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_FLOW_SEARCH_H
#define PATRONUS_FWD_FLOW_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/msg.h"

#include "flow.h"

/*
 * One page of the table of connections: filtered, sorted, and from where the last page ended.  The table is read once and never held as
 * more than the page: it may have millions of entries.
 */

struct arena;
struct flow_search;

#define FLOW_SEARCH_LIMIT	100
#define FLOW_SEARCH_LIMIT_MAX	500

/* What only the box knows: the zone of an address, NULL when it cannot be said. */
struct flow_places {
	const char	*(*zone)(const struct addr *, void *arg);
	void		*arg;
};

/*
 * Terms as the API has them: filter[member] with one value or several behind commas, sort, limit, cursor.  NULL, and why in *ret_why, when they are
 * not understood.
 */
struct flow_search	*flow_search_new(const struct query_term *, uint32_t n, const struct flow_places *, struct arena *, const char **ret_why);
bool			 flow_search_has_filter(const struct flow_search *);
/* The filters alone, of one connection. */
bool			 flow_search_takes(const struct flow_search *, const struct flow *);
/* Once: goes through a dump of connections. */
void			 flow_search_run(struct flow_search *, const uint8_t *, size_t len);
uint32_t		 flow_search_total(const struct flow_search *);		/* in the dump */
uint32_t		 flow_search_matched(const struct flow_search *);
/* The i-th of the page, in order; NULL behind its end. */
const struct flow	*flow_search_get(const struct flow_search *, uint32_t i);
/* Where the next page begins; NULL: this was the last. */
const char		*flow_search_next(const struct flow_search *);
/* Of TCP the kernel's state, of the others whether somebody answered. */
const char		*flow_state_name(const struct flow *);
/* Where the two sides are: the zone of who opened it, and of who answers. */
const char		*flow_search_from(const struct flow_search *, const struct flow *);
const char		*flow_search_to(const struct flow_search *, const struct flow *);

#endif
