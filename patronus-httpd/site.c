/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>
#include <strings.h>

#include "site.h"

static const char *const media_types[] = { "application/json", "application/yaml", "application/merge-patch+json" };

static bool
is_write(const struct http_request *r)
{
	return r->method != HTTP_GET && r->method != HTTP_HEAD && r->method != HTTP_OPTIONS;
}

/* Is the Origin https:// and exactly the name and port that the request was sent to? */
static bool
origin_is_ours(struct span origin, struct span host)
{
	static const char scheme[] = "https://";
	const size_t n = sizeof(scheme) - 1;

	return origin.len == n + host.len && strncasecmp(origin.at, scheme, n) == 0 &&
	    strncasecmp(origin.at + n, host.at, host.len) == 0;
}

/* Where a file comes in: first and last part of the path, as far as there is one.  No form of a page can send this type. */
static const struct {
	enum http_method	 method;
	const char		*begin;
	const char		*end;
} files[] = {
	{ HTTP_PUT, "/api/v1/autonomous-system-database", "" },
	{ HTTP_PUT, "/api/v1/backups/", "" },
	{ HTTP_PUT, "/api/v1/country-database", "" },
	{ HTTP_PUT, "/api/v1/lists/", "/entries" },
	{ HTTP_POST, "/api/v1/workspaces/", "/import" },
};

static bool
is_file(const struct http_request *r)
{
	size_t len = strcspn(r->path, "?"), begin, end, i;

	if (!span_is(r->fields[HTTP_CONTENT_TYPE], "application/octet-stream"))
		return false;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		begin = strlen(files[i].begin);
		end = strlen(files[i].end);
		if (r->method == files[i].method && len >= begin + end && strncmp(r->path, files[i].begin, begin) == 0 &&
		    strncmp(r->path + len - end, files[i].end, end) == 0)
			return true;
	}
	return false;
}

static bool
media_is_ours(struct span type)
{
	const char *end = type.len > 0 ? memchr(type.at, ';', type.len) : NULL;
	size_t i;

	if (end != NULL)
		type.len = (size_t)(end - type.at);
	while (type.len > 0 && (type.at[type.len - 1] == ' ' || type.at[type.len - 1] == '\t'))
		type.len--;
	for (i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++)
		if (span_is(type, media_types[i]))
			return true;
	return false;
}

int
site_check(const struct http_request *r)
{
	struct span site = r->fields[HTTP_SEC_FETCH_SITE], origin = r->fields[HTTP_ORIGIN];

	/* "none" is a person who typed the address: never a write. */
	if (site.at != NULL && !span_is(site, "same-origin") && (is_write(r) || !span_is(site, "none")))
		return -403;
	if (origin.at != NULL && !origin_is_ours(origin, r->fields[HTTP_HOST]))
		return -403;
	if (r->content_length > 0 && !media_is_ours(r->fields[HTTP_CONTENT_TYPE]) && !is_file(r))
		return -415;
	return 0;
}
