/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "credential.h"

#define SCHEME	"Bearer"
#define PREFIX	"pat_"		/* of API tokens; no session's token is taken for one */

static bool
is_api_token(const char *s, size_t len)
{
	return len > sizeof(PREFIX) - 1 && memcmp(s, PREFIX, sizeof(PREFIX) - 1) == 0 && cookie_is_token(s, len);
}

static int
bearer_token(struct span field, char ret[COOKIE_TOKEN_MAX + 1])
{
	const size_t n = sizeof(SCHEME) - 1;
	size_t at = n;

	if (field.len <= n || strncasecmp(field.at, SCHEME, n) != 0 || field.at[n] != ' ')
		return -401;
	while (at < field.len && field.at[at] == ' ')
		at++;
	if (!is_api_token(field.at + at, field.len - at))
		return -401;
	memcpy(ret, field.at + at, field.len - at);
	ret[field.len - at] = '\0';
	return 0;
}

int
credential_token(const struct http_request *r, char ret[COOKIE_TOKEN_MAX + 1])
{
	struct span authorization = r->fields[HTTP_AUTHORIZATION];
	int e = cookie_token(r->fields[HTTP_COOKIE], ret);

	if (e != 0)
		return e;
	if (authorization.at != NULL)
		return *ret != '\0' ? -400 : bearer_token(authorization, ret);
	if (is_api_token(ret, strlen(ret)))
		*ret = '\0';
	return 0;
}
