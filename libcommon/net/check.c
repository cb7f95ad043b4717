/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "net/check.h"

#define HOSTNAME_MAX	63
#define IFNAME_MAX	15
#define TIMEZONE_MAX	63

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool
check_hostname(const char *s)
{
	size_t len = strlen(s), i;

	if (len == 0 || len > HOSTNAME_MAX)
		return false;
	for (i = 0; i < len; i++) {
		if (!is_alnum(s[i]) && s[i] != '-' && s[i] != '.')
			return false;
		/* A label neither begins nor ends with a hyphen, and is not empty. */
		if ((i == 0 || s[i - 1] == '.' || i == len - 1 || s[i + 1] == '.') && !is_alnum(s[i]))
			return false;
	}
	return true;
}

bool
check_ifname(const char *s)
{
	size_t len = strlen(s), i;

	if (len == 0 || len > IFNAME_MAX || strcmp(s, ".") == 0 || strcmp(s, "..") == 0)
		return false;
	for (i = 0; i < len; i++)
		if (s[i] <= ' ' || s[i] > '~' || s[i] == '/' || s[i] == ':')
			return false;
	return true;
}

bool
check_timezone(const char *s)
{
	size_t len = strlen(s), i;

	if (len == 0 || len > TIMEZONE_MAX || s[0] == '/' || s[len - 1] == '/')
		return false;
	for (i = 0; i < len; i++) {
		if (!is_alnum(s[i]) && strchr("_+-/", s[i]) == NULL)
			return false;
		if (s[i] == '/' && s[i + 1] == '/')
			return false;
	}
	return true;
}
