/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Time zones against the C library's, and windows of schedules over weeks, midnights and clock changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "schedule.h"

#define HOUR	3600

static int64_t
utc(int year, unsigned month, unsigned day, int hour, int minute)
{
	return civil_days(year, month, day) * SCHEDULE_DAY + hour * HOUR + minute * 60;
}

/* Each zone of the table, each six hours and a bit of two years: the same offset as the C library's from the zone's own file. */
static void
offsets_are_those_of_the_tz_database(void **state)
{
	const struct timezone_name *n;
	struct timezone_rule rule;
	struct tm tm;
	time_t t, end = (time_t)utc(2031, 1, 1, 0, 0);
	unsigned zones = 0, moments = 0;
	char tz[128];

	(void)state;
	for (n = timezone_names; n->name != NULL; n++, zones++) {
		assert_true(timezone_find(n->name, &rule));
		snprintf(tz, sizeof(tz), ":%s", n->name);
		setenv("TZ", tz, 1);
		tzset();
		/* Morocco's clocks follow the moon: tz lists them by date, and the rule behind is what it says after 2087. */
		if (strcmp(n->name, "Africa/Casablanca") == 0 || strcmp(n->name, "Africa/El_Aaiun") == 0)
			continue;
		for (t = (time_t)utc(2029, 1, 1, 0, 0); t < end; t += 6 * HOUR + 7 * 60, moments++) {
			assert_non_null(localtime_r(&t, &tm));
			if (tm.tm_gmtoff != timezone_offset(&rule, t))
				fail_msg("%s at %lld: %ld, not %d", n->name, (long long)t, tm.tm_gmtoff, timezone_offset(&rule, t));
		}
	}
	printf("%u zones, %u moments\n", zones, moments);
	assert_true(zones > 300);
}

static void
the_calendar_is_that_of_the_c_library(void **state)
{
	struct civil c;
	struct tm tm;
	time_t t;

	(void)state;
	for (t = -40000 * (time_t)SCHEDULE_DAY; t < 60000 * (time_t)SCHEDULE_DAY; t += 13 * SCHEDULE_DAY + 4321) {
		assert_non_null(gmtime_r(&t, &tm));
		c = civil_of(t);
		assert_int_equal(c.year, tm.tm_year + 1900);
		assert_int_equal(c.month, tm.tm_mon + 1);
		assert_int_equal(c.day, tm.tm_mday);
		assert_int_equal(c.weekday, tm.tm_wday);
		assert_int_equal(c.seconds, tm.tm_hour * HOUR + tm.tm_min * 60 + tm.tm_sec);
	}
}

static void
wrong_rules_are_refused(void **state)
{
	static const char *const wrong[] = { "", "CE", "CET", "CET-", "CET-1CEST", "CET-1CEST,M3.5.0", "CET-1CEST,M13.5.0,M10.5.0", "CET-1CEST,M3.6.0,M10.5.0",
	    "<CET-1", "CET-1CEST,M3.5.7,M10.5.0", "CET-1CEST,J366,J1", "CET-999", "CET-1CEST,M3.5.0,M10.5.0/3x", "CET-1CEST,J0,J5" };
	struct timezone_rule r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (timezone_parse(wrong[i], &r))
			fail_msg("\"%s\" was taken", wrong[i]);
	assert_true(timezone_parse("XXX3", &r));
	assert_int_equal(r.standard, -3 * HOUR);
	assert_true(timezone_parse("EST5EDT4,J60/1:30,300/-2", &r));
	assert_int_equal(r.ends.seconds, -2 * HOUR);
	assert_false(timezone_find("Europe/Nowhere", &r));
}

static struct schedule
schedule_of(const char *zone, struct schedule_window *w, uint32_t n)
{
	struct schedule s = { .name = "s", .windows = w, .n = n };

	assert_true(timezone_find(zone, &s.zone));
	return s;
}

#define FOREVER	.first = -SCHEDULE_FOREVER, .last = SCHEDULE_FOREVER
#define WEEKDAYS	0x3e

/* schedule_next() names each change that a walk by the minute finds, and no other. */
static unsigned
check_changes(const struct schedule *s, int64_t from, int64_t to)
{
	int64_t t, expected = schedule_next(s, from);
	bool was = schedule_is_active(s, from);
	unsigned n = 0;

	for (t = from + 60 - from % 60; t < to; t += 60) {
		if (schedule_is_active(s, t) == was)
			continue;
		was = !was;
		assert_int_equal(t, expected);
		expected = schedule_next(s, t);
		n++;
	}
	return n;
}

static void
office_hours_follow_the_clock_on_the_wall(void **state)
{
	struct schedule_window w = { .days = WEEKDAYS, .from = 8 * HOUR, .to = 18 * HOUR, FOREVER };
	struct schedule s = schedule_of("Europe/Berlin", &w, 1);

	(void)state;
	/* Friday, 27 March 2026 in winter time, Monday, 30 March in summer time. */
	assert_false(schedule_is_active(&s, utc(2026, 3, 27, 6, 59)));
	assert_true(schedule_is_active(&s, utc(2026, 3, 27, 7, 0)));
	assert_false(schedule_is_active(&s, utc(2026, 3, 27, 17, 0)));
	assert_int_equal(schedule_next(&s, utc(2026, 3, 27, 17, 0)), utc(2026, 3, 30, 6, 0));
	assert_true(schedule_is_active(&s, utc(2026, 3, 30, 6, 0)));
	assert_int_equal(check_changes(&s, utc(2026, 1, 1, 0, 0), utc(2027, 1, 1, 0, 0)), 522);
}

static void
windows_reach_over_midnight(void **state)
{
	struct schedule_window w = { .days = 1u << 6, .from = 22 * HOUR, .to = 6 * HOUR, FOREVER };	/* the night after Saturday */
	struct schedule s = schedule_of("UTC", &w, 1);

	(void)state;
	assert_true(schedule_is_active(&s, utc(2026, 11, 28, 23, 0)));
	assert_true(schedule_is_active(&s, utc(2026, 11, 29, 5, 59)));
	assert_false(schedule_is_active(&s, utc(2026, 11, 29, 6, 0)));
	assert_false(schedule_is_active(&s, utc(2026, 11, 29, 23, 0)));
	/* The same times, begun when the clock goes back: two o'clock comes twice. */
	s = schedule_of("America/New_York", &w, 1);
	assert_int_equal(check_changes(&s, utc(2026, 10, 20, 0, 0), utc(2026, 11, 20, 0, 0)), 8);
}

static void
an_hour_that_comes_twice_and_one_that_does_not_come(void **state)
{
	struct schedule_window w = { .days = SCHEDULE_ALL_DAYS, .from = 2 * HOUR + 1800, .to = 3 * HOUR, FOREVER };
	struct schedule s = schedule_of("Europe/Berlin", &w, 1);

	(void)state;
	/* 29 March 2026: after 02:00 CET comes 03:00 CEST.  25 October: 02:30 comes as CEST and as CET. */
	assert_int_equal(schedule_next(&s, utc(2026, 3, 28, 12, 0)), utc(2026, 3, 30, 0, 30));
	assert_int_equal(schedule_next(&s, utc(2026, 10, 24, 12, 0)), utc(2026, 10, 25, 0, 30));
	assert_false(schedule_is_active(&s, utc(2026, 10, 25, 1, 0)));
	assert_int_equal(schedule_next(&s, utc(2026, 10, 25, 1, 0)), utc(2026, 10, 25, 1, 30));
	assert_int_equal(check_changes(&s, utc(2026, 1, 1, 0, 0), utc(2027, 1, 1, 0, 0)), 2 * 365);
}

static void
dates_bound_a_window(void **state)
{
	struct schedule_window w[2] = {
		{ .days = SCHEDULE_ALL_DAYS, .to = SCHEDULE_DAY, .first = civil_days(2026, 12, 24), .last = civil_days(2027, 1, 6) },
		{ .days = SCHEDULE_ALL_DAYS, .from = 20 * HOUR, .to = 20 * HOUR + 90, .first = civil_days(2028, 2, 29), .last = civil_days(2028, 2, 29) },
	};
	struct schedule s = schedule_of("Australia/Lord_Howe", w, 2);

	(void)state;
	assert_int_equal(schedule_next(&s, utc(2026, 6, 1, 0, 0)), utc(2026, 12, 23, 13, 0));
	assert_int_equal(schedule_next(&s, utc(2026, 12, 30, 0, 0)), utc(2027, 1, 6, 13, 0));
	assert_int_equal(schedule_next(&s, utc(2027, 3, 1, 0, 0)), utc(2028, 2, 29, 9, 0));
	assert_int_equal(schedule_next(&s, utc(2028, 2, 29, 9, 0)), utc(2028, 2, 29, 9, 1) + 30);
	assert_int_equal(schedule_next(&s, utc(2028, 3, 1, 9, 0)), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_are_those_of_the_tz_database), cmocka_unit_test(the_calendar_is_that_of_the_c_library),
		cmocka_unit_test(wrong_rules_are_refused), cmocka_unit_test(office_hours_follow_the_clock_on_the_wall),
		cmocka_unit_test(windows_reach_over_midnight), cmocka_unit_test(an_hour_that_comes_twice_and_one_that_does_not_come),
		cmocka_unit_test(dates_bound_a_window)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
