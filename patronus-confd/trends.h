/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_TRENDS_H
#define PATRONUS_CONFD_TRENDS_H

#include <stdint.h>

/*
 * How things went lately: a value for each second of the last ten minutes and for each minute of the last day, of a bounded number of
 * lines.  In memory only; who wants more keeps it elsewhere.
 */

struct arena;
struct event_interfaces;
struct state_history;
struct trends;

#define TRENDS_MAX	512		/* lines; what would be one more is left out */
#define TRENDS_SECONDS	600
#define TRENDS_MINUTES	1440

struct trends	*trends_new(void);
void		 trends_free(struct trends *);

/*
 * The value of a line now (now_ms is monotonic); seconds that were missed since its last one have it too.  interface is "" for the box.
 */
void		 trends_put(struct trends *, const char *name, const char *interface, uint64_t now_ms, double value);
/* Counters of links: their rates are put.  A counter that went back is a new link, and no rate. */
void		 trends_put_interfaces(struct trends *, const struct event_interfaces *, uint64_t now_ms);

/* All lines with a step of 1 or 60 seconds, up to now; in the arena.  0 or -ENOMEM. */
int		 trends_tell(const struct trends *, unsigned step_s, uint64_t now_ms, struct arena *, struct state_history *ret);

#endif
