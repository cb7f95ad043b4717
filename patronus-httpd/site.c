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

/* A file comes in for the list of backups and for imports alone; no form of a page can send this type either. */
static bool
is_file(const struct http_request *r)
{
	static const char backups[] = "/api/v1/backups/", workspaces[] = "/api/v1/workspaces/", import[] = "/import";
	size_t len = strcspn(r->path, "?");
	bool is_backup = r->method == HTTP_PUT && strncmp(r->path, backups, sizeof(backups) - 1) == 0;
	bool is_import = r->method == HTTP_POST && strncmp(r->path, workspaces, sizeof(workspaces) - 1) == 0 && len > sizeof(import) - 1 &&
	    strncmp(r->path + len - (sizeof(import) - 1), import, sizeof(import) - 1) == 0;

	return (is_backup || is_import) && span_is(r->fields[HTTP_CONTENT_TYPE], "application/octet-stream");
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
