/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "timezone.h"

#define DAY	86400

/* --- the calendar, after Howard Hinnant's "chrono-Compatible Low-Level Date Algorithms" */
int64_t
civil_days(int32_t year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year - (month <= 2), era, doe;
	unsigned yoe, doy;

	era = (y >= 0 ? y : y - 399) / 400;
	yoe = (unsigned)(y - era * 400);
	doy = (153 * (month + (month > 2 ? -3u : 9u)) + 2) / 5 + day - 1;
	doe = (int64_t)yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

static int64_t
floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

struct civil
civil_of(int64_t seconds)
{
	int64_t days = floor_div(seconds, DAY), z = days + 719468, era = floor_div(z, 146097);
	unsigned doe = (unsigned)(z - era * 146097), yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
	struct civil c;

	c.day = (uint8_t)(doy - (153 * mp + 2) / 5 + 1);
	c.month = (uint8_t)(mp < 10 ? mp + 3 : mp - 9);
	c.year = (int32_t)((int64_t)yoe + era * 400 + (c.month <= 2));
	c.weekday = (uint8_t)((days % 7 + 11) % 7);	/* 1970 began on a Thursday */
	c.seconds = (int32_t)(seconds - days * DAY);
	return c;
}

/* --- rules */
static const char *
skip_name(const char *p)
{
	const char *start = p;

	if (*p == '<') {
		p = strchr(p, '>');
		return p != NULL ? p + 1 : NULL;
	}
	while (isalpha((unsigned char)*p))
		p++;
	return p - start >= 3 ? p : NULL;
}

/* [+-]hh[:mm[:ss]] */
static const char *
parse_time(const char *p, int32_t *ret)
{
	long part, total = 0, unit = 3600;
	int sign = 1;
	char *end;

	if (*p == '-' || *p == '+')
		sign = *p++ == '-' ? -1 : 1;
	for (; unit > 0; unit /= 60) {
		if (!isdigit((unsigned char)*p))
			return NULL;
		part = strtol(p, &end, 10);
		if (part > 167 || end - p > 3)
			return NULL;
		total += part * unit;
		p = end;
		if (*p != ':')
			break;
		p++;
	}
	*ret = (int32_t)(sign * total);
	return p;
}

static const char *
parse_number(const char *p, long min, long max, long *ret)
{
	char *end;

	if (p == NULL || !isdigit((unsigned char)*p))
		return NULL;
	*ret = strtol(p, &end, 10);
	return *ret >= min && *ret <= max ? end : NULL;
}

static const char *
expect(const char *p, char c)
{
	return p != NULL && *p == c ? p + 1 : NULL;
}

static const char *
parse_switch(const char *p, struct timezone_switch *s)
{
	long month, week, day;

	memset(s, 0, sizeof(*s));
	s->seconds = 2 * 3600;
	if (p != NULL && *p == 'M') {
		p = parse_number(p + 1, 1, 12, &month);
		p = parse_number(expect(p, '.'), 1, 5, &week);
		p = parse_number(expect(p, '.'), 0, 6, &day);
		if (p == NULL)
			return NULL;
		s->month = (uint8_t)month;
		s->week = (uint8_t)week;
	} else {
		s->skips_leap_day = p != NULL && *p == 'J';
		p = parse_number(s->skips_leap_day ? p + 1 : p, s->skips_leap_day ? 1 : 0, 365, &day);
		if (p == NULL)
			return NULL;
		day -= s->skips_leap_day ? 1 : 0;
	}
	s->day = (uint16_t)day;
	return *p == '/' ? parse_time(p + 1, &s->seconds) : p;
}

bool
timezone_parse(const char *p, struct timezone_rule *r)
{
	int32_t west;

	memset(r, 0, sizeof(*r));
	p = skip_name(p);
	if (p == NULL || (p = parse_time(p, &west)) == NULL)
		return false;
	r->standard = r->summer = -west;
	if (*p == '\0')
		return true;
	p = skip_name(p);
	if (p == NULL)
		return false;
	r->has_summer = true;
	r->summer = r->standard + 3600;
	if (*p != ',') {
		if ((p = parse_time(p, &west)) == NULL)
			return false;
		r->summer = -west;
	}
	p = parse_switch(expect(p, ','), &r->begins);
	p = parse_switch(expect(p, ','), &r->ends);
	return p != NULL && *p == '\0';
}

static bool
is_leap(int32_t y)
{
	return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

/* The moment in local time before the switch, as seconds. */
static int64_t
switch_of(const struct timezone_switch *s, int32_t year)
{
	int64_t first, day;
	unsigned weekday;

	if (s->month == 0) {
		day = civil_days(year, 1, 1) + s->day;
		return (day + (s->skips_leap_day && is_leap(year) && s->day >= 59)) * DAY + s->seconds;
	}
	first = civil_days(year, s->month, 1);
	weekday = (unsigned)((first % 7 + 11) % 7);
	day = first + (s->day + 7 - weekday) % 7 + (s->week - 1) * 7;
	if (day >= civil_days(s->month == 12 ? year + 1 : year, s->month == 12 ? 1 : s->month + 1u, 1))
		day -= 7;
	return day * DAY + s->seconds;
}

int32_t
timezone_offset(const struct timezone_rule *r, int64_t utc)
{
	int64_t begins, ends;
	int32_t year;
	bool is_summer;

	if (!r->has_summer)
		return r->standard;
	year = civil_of(utc + r->standard).year;
	begins = switch_of(&r->begins, year) - r->standard;
	ends = switch_of(&r->ends, year) - r->summer;
	/* South of the equator the year begins and ends in summer. */
	is_summer = begins < ends ? utc >= begins && utc < ends : utc >= begins || utc < ends;
	return is_summer ? r->summer : r->standard;
}

bool
timezone_find(const char *name, struct timezone_rule *ret)
{
	const struct timezone_name *n;

	for (n = timezone_names; n->name != NULL; n++)
		if (strcmp(n->name, name) == 0)
			return timezone_parse(n->rule, ret);
	return false;
}
