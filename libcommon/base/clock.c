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

const char *
clock_rfc3339(uint64_t wall_ms, char ret[32])
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;
	size_t n;

	if (gmtime_r(&t, &tm) == NULL)
		memset(&tm, 0, sizeof(tm));
	n = strftime(ret, 32, "%Y-%m-%dT%H:%M:%S", &tm);
	if (wall_ms % 1000 != 0)
		(void)snprintf(ret + n, 32 - n, ".%03uZ", (unsigned)(wall_ms % 1000));
	else
		(void)snprintf(ret + n, 32 - n, "Z");
	return ret;
}
