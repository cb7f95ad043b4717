/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_HEALTH_H
#define PATRONUS_CONFD_HEALTH_H

#include <stdbool.h>

/*
 * Health checks of a commit: what management.health-checks of the new configuration says must work from the box.  They run twice: once
 * before anything is applied, so that a commit is not blamed for what did not work before, and once in the new state.  fetchd makes them.
 */

struct buf;
struct document;
struct event_base;
struct health;
struct problems;

/* NULL when the configuration has none that is enabled. */
struct health	*health_new(struct event_base *, const struct document *);
/* Nothing may be running. */
void		 health_free(struct health *);
/* All of them side by side, once, before the change.  on_end is called later, or before this returns. */
void		 health_run_before(struct health *, void (*on_end)(void *), void *arg);
/* The same in the new state; each may try again as often as it says. */
void		 health_run_after(struct health *, void (*on_end)(void *), void *arg);
/* on_step hears of each check that has ended, with its place; before on_end. */
void		 health_watch(struct health *, void (*on_step)(const struct health *, unsigned i, void *), void *arg);
/* May the commit be kept?  A problem for each check that says no. */
bool		 health_is_good(const struct health *, struct problems *);
/* JSON array: {"name", "state": "passed|failed|failed-before|skipped", "tries", "took-us", "text"}. */
void		 health_print(const struct health *, struct buf *);
/* One of them, as an object; while the first run is under way its state is that of the first run. */
void		 health_print_one(const struct health *, unsigned i, struct buf *);

#endif
