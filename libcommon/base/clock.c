/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"

static uint64_t
clock_us(clockid_t id)
{
	struct timespec ts;

	(void)clock_gettime(id, &ts);	/* cannot fail for these clocks */
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

uint64_t
clock_mono_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

uint64_t
clock_mono_ms(void)
{
	return clock_us(CLOCK_MONOTONIC) / 1000;
}

uint64_t
clock_cpu_us(void)
{
	return clock_us(CLOCK_PROCESS_CPUTIME_ID);
}

uint64_t
clock_wall_ms(void)
{
	return clock_us(CLOCK_REALTIME) / 1000;
}

/* So many digits and what stands behind them.  A state with 10,000 rules has 30,000 times: strftime(3) would be a third of it. */
static char *
put_digits(char *p, unsigned v, unsigned n, char after)
{
	unsigned i;

	for (i = n; i > 0; i--, v /= 10)
		p[i - 1] = (char)('0' + v % 10);
	p[n] = after;
	return p + n + 1;
}

const char *
clock_rfc3339(uint64_t wall_ms, char ret[32])
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;
	char *p = ret;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year > 9999 - 1900)
		memset(&tm, 0, sizeof(tm));
	p = put_digits(p, (unsigned)tm.tm_year + 1900, 4, '-');
	p = put_digits(p, (unsigned)tm.tm_mon + 1, 2, '-');
	p = put_digits(p, (unsigned)tm.tm_mday, 2, 'T');
	p = put_digits(p, (unsigned)tm.tm_hour, 2, ':');
	p = put_digits(p, (unsigned)tm.tm_min, 2, ':');
	p = put_digits(p, (unsigned)tm.tm_sec, 2, wall_ms % 1000 != 0 ? '.' : 'Z');
	if (wall_ms % 1000 != 0)
		p = put_digits(p, (unsigned)(wall_ms % 1000), 3, 'Z');
	*p = '\0';
	return ret;
}
