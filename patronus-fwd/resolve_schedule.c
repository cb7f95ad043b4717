/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "problems.h"
#include "resolver.h"
#include "schedule.h"

/* Schedules to windows of seconds and days.  The schema has bounded the digits. */

/* "08:00", "17:30:15" */
static bool
time_parse(const char *text, int32_t *ret)
{
	long part[3] = { 0, 0, 0 };
	char *end;
	int i;

	for (i = 0; i < 3; i++) {
		part[i] = strtol(text, &end, 10);
		if (end == text || (*end != ':' && *end != '\0') || part[i] < 0 || part[i] > 59)
			return false;
		if (*end == '\0')
			break;
		text = end + 1;
	}
	*ret = (int32_t)(part[0] * 3600 + part[1] * 60 + part[2]);
	return i > 0 && i < 3 && *ret <= SCHEDULE_DAY;
}

/* "2026-12-24"; a day that the month does not have is another date. */
static bool
date_parse(const char *text, int64_t *ret)
{
	struct civil c;
	char *end;
	long y, m, d;

	y = strtol(text, &end, 10);
	if (end != text + 4 || *end != '-')
		return false;
	m = strtol(text + 5, &end, 10);
	if (end != text + 7 || *end != '-' || m < 1 || m > 12)
		return false;
	d = strtol(text + 8, &end, 10);
	if (end != text + 10 || *end != '\0' || d < 1 || d > 31)
		return false;
	*ret = civil_days((int32_t)y, (unsigned)m, (unsigned)d);
	c = civil_of(*ret * SCHEDULE_DAY);
	return c.day == d && c.month == m;
}

static void
resolve_window(struct resolver *s, struct schedule_window *w, const struct conf_schedule_window *c, const char *path)
{
	uint32_t i;

	for (i = 0; i < c->days.n; i++)
		if (c->days.items[i] >= CONF_SCHEDULE_WINDOW_DAYS_SUNDAY && c->days.items[i] <= CONF_SCHEDULE_WINDOW_DAYS_SATURDAY)
			w->days |= (uint8_t)(1u << (c->days.items[i] - CONF_SCHEDULE_WINDOW_DAYS_SUNDAY));
	if (c->days.n == 0)
		w->days = SCHEDULE_ALL_DAYS;
	w->to = SCHEDULE_DAY;
	w->first = -SCHEDULE_FOREVER;
	w->last = SCHEDULE_FOREVER;
	if ((c->from != NULL && !time_parse(c->from, &w->from)) || (c->to != NULL && !time_parse(c->to, &w->to)) || w->from == SCHEDULE_DAY)
		problems_add(s->problems, path, "bad-time", "window %s: from and to are times of day, such as 08:00 and 18:00", c->name);
	if ((c->first_date != NULL && !date_parse(c->first_date, &w->first)) || (c->last_date != NULL && !date_parse(c->last_date, &w->last)))
		problems_add(s->problems, path, "bad-date", "window %s: there is no such date", c->name);
	else if (w->first > w->last)
		problems_add(s->problems, path, "never", "window %s: last-date comes before first-date", c->name);
}

void
resolve_schedules(struct resolver *s)
{
	const struct conf_firewall *f = s->firewall;
	const struct conf_schedule *c;
	struct schedule *schedule;
	const char *path, *zone, *own;
	uint32_t i, k;

	own = s->conf->system != NULL && s->conf->system->time_zone != NULL ? s->conf->system->time_zone : "UTC";
	s->policy->schedules = mem_alloc(s->arena, f->schedules.n, sizeof(*s->policy->schedules));
	for (i = 0; i < f->schedules.n; i++) {
		c = &f->schedules.items[i];
		path = resolver_path(s, "/firewall/schedules", c->name);
		if (path == NULL)
			continue;
		schedule = &s->policy->schedules[s->policy->n_schedules++];
		schedule->name = c->name;
		zone = c->time_zone != NULL ? c->time_zone : own;
		if (!timezone_find(zone, &schedule->zone))
			problems_add(s->problems, path, "unknown-time-zone", "there is no time zone \"%s\"; give a name of the tz database, such as "
			    "Europe/Berlin", zone);
		schedule->windows = mem_alloc(s->arena, c->windows.n, sizeof(*schedule->windows));
		for (k = 0; k < c->windows.n; k++)
			resolve_window(s, &schedule->windows[schedule->n++], &c->windows.items[k], path);
		names_put(s->arena, &s->schedules, c->name, schedule);
	}
}

void
policy_set_time(struct fw_policy *p, int64_t utc)
{
	uint32_t i;

	for (i = 0; i < p->n_rules; i++)
		p->rules[i].is_waiting = p->rules[i].schedule != NULL && !schedule_is_active(p->rules[i].schedule, utc);
}
