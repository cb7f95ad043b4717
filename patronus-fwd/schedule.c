/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>

#include "schedule.h"

#define DAYS_AHEAD	8	/* a weekly window changes within them */

/* Does the window that begins on this day, if it does, have the local second (since that day's midnight)? */
static bool
begins_on(const struct schedule_window *w, int64_t day, int64_t second)
{
	int64_t to = w->to > w->from ? w->to : w->to + SCHEDULE_DAY;
	unsigned weekday = (unsigned)((day % 7 + 11) % 7);

	return (w->days >> weekday & 1) != 0 && day >= w->first && day <= w->last && second >= w->from && second < to;
}

bool
schedule_is_active(const struct schedule *s, int64_t utc)
{
	int64_t local = utc + timezone_offset(&s->zone, utc), day = local / SCHEDULE_DAY, second = local % SCHEDULE_DAY;
	uint32_t i;

	for (i = 0; i < s->n; i++)
		if (begins_on(&s->windows[i], day, second) || begins_on(&s->windows[i], day - 1, second + SCHEDULE_DAY))
			return true;
	return false;
}

struct search {
	const struct schedule	*schedule;
	int64_t			 after;
	bool			 was_active;
	int64_t			 best;
};

static void
try_moment(struct search *s, int64_t utc)
{
	if (utc > s->after && (s->best == 0 || utc < s->best) && schedule_is_active(s->schedule, utc) != s->was_active)
		s->best = utc;
}

/* A local time is one moment or another, as the clock was set. */
static void
try_local(struct search *s, int64_t local)
{
	try_moment(s, local - s->schedule->zone.standard);
	try_moment(s, local - s->schedule->zone.summer);
}

static void
try_days(struct search *s, const struct schedule_window *w, int64_t first, unsigned n)
{
	int64_t day;

	for (day = first; day < first + n; day++) {
		try_local(s, day * SCHEDULE_DAY + w->from);
		try_local(s, day * SCHEDULE_DAY + w->to);
		try_local(s, day * SCHEDULE_DAY);
	}
}

/* The clock is set on the hour or half of it: a window may begin or end by that alone. */
static void
try_half_hours(struct search *s)
{
	int64_t t = s->after - s->after % 1800 + 1800;
	unsigned i;

	for (i = 0; s->schedule->zone.has_summer && i < DAYS_AHEAD * 48; i++)
		try_moment(s, t + (int64_t)i * 1800);
}

int64_t
schedule_next(const struct schedule *sch, int64_t utc)
{
	struct search s = { .schedule = sch, .after = utc, .was_active = schedule_is_active(sch, utc) };
	int64_t today = (utc + sch->zone.standard) / SCHEDULE_DAY;
	const struct schedule_window *w;

	for (w = sch->windows; w < sch->windows + sch->n; w++) {
		try_days(&s, w, today - 2, DAYS_AHEAD + 3);
		if (w->first > today)
			try_days(&s, w, w->first, DAYS_AHEAD);
		if (w->last > today && w->last < SCHEDULE_FOREVER)
			try_days(&s, w, w->last - 7, DAYS_AHEAD + 2);
	}
	try_half_hours(&s);
	return s.best;
}
