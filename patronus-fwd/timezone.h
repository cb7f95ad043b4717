/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_TIMEZONE_H
#define PATRONUS_FWD_TIMEZONE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Time zones without files: a daemon has none.  The rule of each zone of the tz database, as its files end with it (RFC 9636 section 3.3), is
 * built in; it holds from now on, not for the past.
 */

struct timezone_switch {
	uint8_t	month;		/* 1..12; 0: a day of the year */
	uint8_t	week;		/* 1..5; 5: the last */
	uint16_t day;		/* of the week, 0 for Sunday; or of the year, 0.. */
	bool	skips_leap_day;	/* "J60" is 1 March in every year */
	int32_t	seconds;	/* after midnight, local time before the switch */
};

struct timezone_rule {
	int32_t			standard;	/* seconds east of UTC */
	int32_t			summer;
	bool			has_summer;
	struct timezone_switch	begins;		/* of summer time */
	struct timezone_switch	ends;
};

/* By its name in the tz database; false when there is none. */
bool	 timezone_find(const char *name, struct timezone_rule *ret);
/* A POSIX TZ string, such as "CET-1CEST,M3.5.0,M10.5.0/3". */
bool	 timezone_parse(const char *, struct timezone_rule *ret);
/* Seconds east of UTC at that moment (seconds since 1970). */
int32_t	 timezone_offset(const struct timezone_rule *, int64_t utc);

struct civil {
	int32_t	 year;
	uint8_t	 month;		/* 1..12 */
	uint8_t	 day;		/* 1..31 */
	uint8_t	 weekday;	/* 0 for Sunday */
	int32_t	 seconds;	/* since midnight */
};
/* The calendar without time zones. */
struct civil civil_of(int64_t seconds);
/* Days since 1970. */
int64_t	 civil_days(int32_t year, unsigned month, unsigned day);

/* Generated; the last has the name NULL. */
struct timezone_name {
	const char	*name;
	const char	*rule;
};
extern const struct timezone_name timezone_names[];

#endif
