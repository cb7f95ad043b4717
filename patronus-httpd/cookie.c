/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cookie.h"

#define ATTRIBUTES	"; Path=/; Secure; HttpOnly; SameSite=Strict"

/*
 * base64url, nothing else: a NUL, a quote or a percent sign makes it no token (CVE-2024-53704 was a cookie of NUL
 * bytes).
 */
bool
cookie_is_token(const char *s, size_t len)
{
	size_t i;

	if (len == 0 || len > COOKIE_TOKEN_MAX)
		return false;
	for (i = 0; i < len; i++)
		if (!((s[i] >= '0' && s[i] <= '9') || (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z') ||
		    s[i] == '-' || s[i] == '_'))
			return false;
	return true;
}

int
cookie_token(struct span field, char ret[COOKIE_TOKEN_MAX + 1])
{
	static const char name[] = COOKIE_NAME "=";
	const char *at = field.at, *end, *next;
	bool found = false;

	ret[0] = '\0';
	if (at == NULL)
		return 0;
	for (end = at + field.len; at < end; at = next + 1) {
		next = memchr(at, ';', (size_t)(end - at));
		if (next == NULL)
			next = end;
		while (at < next && (*at == ' ' || *at == '\t'))
			at++;
		if ((size_t)(next - at) < sizeof(name) - 1 || memcmp(at, name, sizeof(name) - 1) != 0)
			continue;
		if (found)
			return -400;
		found = true;
		at += sizeof(name) - 1;
		if (!cookie_is_token(at, (size_t)(next - at)))
			continue;
		memcpy(ret, at, (size_t)(next - at));
		ret[next - at] = '\0';
	}
	return 0;
}

int
cookie_format(const char *token, char *ret, size_t size)
{
	int n;

	if (*token == '\0')
		n = snprintf(ret, size, COOKIE_NAME "=; Max-Age=0" ATTRIBUTES);
	else if (cookie_is_token(token, strlen(token)))
		n = snprintf(ret, size, COOKIE_NAME "=%s" ATTRIBUTES, token);
	else
		return -EINVAL;
	return n < 0 || (size_t)n >= size ? -EINVAL : 0;
}
