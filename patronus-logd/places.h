/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_PLACES_H
#define PATRONUS_LOGD_PLACES_H

#include "feed.h"

/*
 * How far each receiver of syslog is, on disk: a small file in the working directory that is replaced whole.  A line for each:
 *
 *   NAME RECORD HEAD EVENT
 */

#define PLACES_FILE	"syslog.places"
#define PLACES_MAX	8
#define PLACES_NAME	65

struct places {
	struct {
		char			name[PLACES_NAME];
		struct feed_place	place;
	} of[PLACES_MAX];
	unsigned n;
};

/* What is no such file has no receivers.  0, -EBADMSG for a file that is none, or -errno. */
int	 places_load(struct places *ret);
int	 places_store(const struct places *);
/* NULL when it is not there. */
const struct feed_place *places_find(const struct places *, const char *name);

#endif
