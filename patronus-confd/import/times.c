/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Times of day and days of the week, as xt_time and the hour of nftables have them: each day for itself, the last second included. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

#include "import/draft.h"

static bool
put_days(struct draft *d, struct node *window, const char *days)
{
	static const char *const names[] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };
	struct node *list = draft_list(d, window, "days");
	size_t len, i;

	for (; *days != '\0'; days += len + (days[len] != '\0')) {
		if ((len = strcspn(days, ", ")) == 0)
			continue;
		for (i = 0; i < 7 && (len < 3 || len > strlen(names[i]) || strncasecmp(days, names[i], len) != 0); i++)
			;
		if (i == 7)
			return false;
		draft_text(d, list, NULL, "%s", names[i]);
	}
	return true;
}

static bool
put_window(struct draft *d, struct node *windows, const char *name, const char *days, const char *from, const char *to)
{
	struct node *w = draft_map(d, windows, NULL);

	draft_text(d, w, "name", "%s", name);
	if (from != NULL)
		draft_text(d, w, "from", "%s", from);
	if (to != NULL)
		draft_text(d, w, "to", "%s", to);
	return days == NULL || put_days(d, w, days);
}

/* Seconds of "08:30" or "08:30:15"; -1 when it is none. */
static int
seconds_of(const char *t)
{
	size_t len = strlen(t);
	int h, m, s = 0;

	if ((len != 5 && len != 8) || strspn(t, "0123456789:") != len || t[2] != ':' || (len == 8 && t[5] != ':'))
		return -1;
	h = (t[0] - '0') * 10 + t[1] - '0';
	m = (t[3] - '0') * 10 + t[4] - '0';
	if (len == 8)
		s = (t[6] - '0') * 10 + t[7] - '0';
	return h > 23 || m > 59 || s > 59 || h < 0 || m < 0 || s < 0 ? -1 : h * 3600 + m * 60 + s;
}

const char *
draft_daily(struct draft *d, const char *from, const char *to, const char *days, bool is_utc)
{
	int begin = from != NULL ? seconds_of(from) : 0, end = to != NULL ? seconds_of(to) : 86399;
	const char *last = NULL, *key;
	struct node *schedule, *windows;
	bool ok;

	if (begin < 0 || end < 0)
		return NULL;
	/* Ours ends before the second that it names. */
	if (end + 1 < 86400)
		last = arena_printf(d->arena, "%02d:%02d:%02d", (end + 1) / 3600, (end + 1) / 60 % 60, (end + 1) % 60);
	key = draft_key(d, "schedules", "time");
	schedule = draft_map(d, d->schedules, NULL);
	draft_text(d, schedule, "name", "%s", key);
	if (is_utc)
		draft_text(d, schedule, "time-zone", "UTC");
	windows = draft_list(d, schedule, "windows");
	if (begin <= end)
		ok = put_window(d, windows, "window", days, from, last);
	else
		ok = put_window(d, windows, "late", days, from, NULL) && put_window(d, windows, "early", days, NULL, last);
	return ok ? key : NULL;
}
