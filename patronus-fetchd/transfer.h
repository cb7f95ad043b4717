/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_TRANSFER_H
#define PATRONUS_FETCHD_TRANSFER_H

#include <stdint.h>

#include <curl/curl.h>

/*
 * libcurl in the event loop.  A transfer is an easy handle with the options that hold for every one of ours: no proxy, no redirect, no
 * environment, certificates checked, addresses that were resolved and judged before.
 */

struct event_base;
struct place;
struct resolved;
struct transfer;

/* result is CURLE_OK or what went wrong; text explains it to people ("" when nothing did). */
typedef void transfer_end(struct transfer *, CURLcode result, const char *text, void *arg);

/* Before confinement: what the library loads, it loads here.  0 or -errno. */
int		 transfer_init(struct event_base *);
void		 transfer_fini(void);

/* For scheme://host:port of the place, over the given addresses alone.  NULL when out of memory. */
struct transfer	*transfer_new(const char *url, const struct place *, const struct resolved *);
/* For options of the caller's own. */
CURL		*transfer_curl(struct transfer *);
/* on_end is called once, later. */
int		 transfer_start(struct transfer *, transfer_end *on_end, void *arg);
/* Ends what is under way without a call of on_end. */
void		 transfer_free(struct transfer *);

#endif
