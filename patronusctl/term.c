/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "term.h"

static struct {
	bool	is_tty;
	bool	has_color;
} term;

void
term_init(const char *mode)
{
	const char *no = getenv("NO_COLOR"), *force = getenv("CLICOLOR_FORCE");

	term.is_tty = isatty(STDOUT_FILENO) == 1;
	if (mode != NULL && strcmp(mode, "auto") != 0)
		term.has_color = strcmp(mode, "always") == 0;
	else if (no != NULL && no[0] != '\0')
		term.has_color = false;
	else
		term.has_color = term.is_tty || (force != NULL && force[0] != '\0' && strcmp(force, "0") != 0);
}

bool
term_is_tty(void)
{
	return term.is_tty;
}

static const char *
sequence(const char *s)
{
	return term.has_color ? s : "";
}

const char *
term_bold(void)
{
	return sequence("\033[1m");
}

const char *
term_dim(void)
{
	return sequence("\033[2m");
}

const char *
term_good(void)
{
	return sequence("\033[32m");
}

const char *
term_bad(void)
{
	return sequence("\033[31m");
}

const char *
term_warn(void)
{
	return sequence("\033[33m");
}

const char *
term_plain(void)
{
	return sequence("\033[0m");
}

static const char *
scaled(uint64_t v, unsigned base, const char *const *units, char ret[24])
{
	double d = (double)v;
	size_t i = 0;

	while (d >= base && units[i + 1] != NULL) {
		d /= base;
		i++;
	}
	(void)snprintf(ret, 24, i > 0 && d < 100 ? "%.1f %s" : "%.0f %s", d, units[i]);
	return ret;
}

const char *
term_bytes(uint64_t v, char ret[24])
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", NULL };

	return scaled(v, 1000, units, ret);
}

const char *
term_bits_per_second(uint64_t v, char ret[24])
{
	static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s", NULL };

	return scaled(v, 1000, units, ret);
}

const char *
term_duration(uint64_t s, char ret[24])
{
	unsigned long long t = s;

	if (s < 60)
		(void)snprintf(ret, 24, "%llu s", t);
	else if (s < 3600)
		(void)snprintf(ret, 24, "%llu min %llu s", t / 60, t % 60);
	else if (s < 86400)
		(void)snprintf(ret, 24, "%llu h %llu min", t / 3600, t % 3600 / 60);
	else
		(void)snprintf(ret, 24, "%llu d %llu h", t / 86400, t % 86400 / 3600);
	return ret;
}

const char *
term_time(const char *rfc3339, char ret[32])
{
	struct tm tm = { 0 };
	time_t t;

	if (strptime(rfc3339, "%Y-%m-%dT%H:%M:%S", &tm) == NULL) {
		(void)snprintf(ret, 32, "%s", rfc3339);
		return ret;
	}
	t = timegm(&tm);
	if (localtime_r(&t, &tm) == NULL || strftime(ret, 32, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		(void)snprintf(ret, 32, "%s", rfc3339);
	return ret;
}
