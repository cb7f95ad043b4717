/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_SCHEDULE_H
#define PATRONUS_FWD_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#include "timezone.h"

/* When rules are in force: windows of local time.  Pure: the moment is the caller's. */

#define SCHEDULE_ALL_DAYS	0x7f
#define SCHEDULE_DAY		86400
#define SCHEDULE_FOREVER	4000000		/* days: some 10,000 years */

struct schedule_window {
	uint8_t	 days;		/* a bit for each weekday, Sunday lowest */
	int32_t	 from;		/* seconds after midnight */
	int32_t	 to;		/* up to SCHEDULE_DAY; not after from: on the next day */
	int64_t	 first;		/* days since 1970, of the day on which the window begins */
	int64_t	 last;
};

struct schedule {
	const char		*name;
	struct timezone_rule	 zone;
	struct schedule_window	*windows;
	uint32_t		 n;
};

/* utc: seconds since 1970. */
bool	 schedule_is_active(const struct schedule *, int64_t utc);
/* When that changes next; 0: not within some days before and after all windows, or never. */
int64_t	 schedule_next(const struct schedule *, int64_t utc);

#endif
