/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_WATCH_H
#define PATRONUS_NETD_WATCH_H

/*
 * The kernel's events about links, addresses and routes.  They only say that it is time to look: what is there is
 * always read whole, so a lost event (ENOBUFS) costs nothing but that same look.
 */

struct event_base;
struct watch;

/* on_change is called a moment after the first of a burst of events. */
struct watch	*watch_new(struct event_base *, void (*on_change)(void *arg), void *arg);
void		 watch_free(struct watch *);
/* Look in delay_ms even if nothing happens until then. */
void		 watch_again(struct watch *, unsigned delay_ms);

#endif
