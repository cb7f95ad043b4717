/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "asset.h"

static int
compare(const void *path, const void *item)
{
	const struct asset *a = item;

	return strcmp(path, a->path);
}

const struct asset *
asset_find(const char *path)
{
	if (nassets == 0)
		return NULL;
	return bsearch(strcmp(path, "/") == 0 ? "/index.html" : path, assets, nassets, sizeof(assets[0]), compare);
}

static struct span
trim(struct span s)
{
	while (s.len > 0 && (*s.at == ' ' || *s.at == '\t')) {
		s.at++;
		s.len--;
	}
	while (s.len > 0 && (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t'))
		s.len--;
	return s;
}

/* The next item of a comma-separated list; false at its end. */
static bool
next_item(struct span *list, struct span *ret)
{
	const char *end;

	if (list->at == NULL || list->len == 0)
		return false;
	end = memchr(list->at, ',', list->len);
	ret->at = list->at;
	ret->len = end != NULL ? (size_t)(end - list->at) : list->len;
	list->len -= end != NULL ? ret->len + 1 : ret->len;
	list->at += end != NULL ? ret->len + 1 : ret->len;
	*ret = trim(*ret);
	return true;
}

/* ";q=0", ";q=0.0", ...: explicitly not wanted. */
static bool
is_refused(struct span params)
{
	const char *q = params.at, *end = params.at + params.len;

	while (q < end && (*q == ';' || *q == ' ' || *q == '\t'))
		q++;
	if (end - q < 3 || (*q != 'q' && *q != 'Q') || q[1] != '=')
		return false;
	for (q += 2; q < end; q++)
		if (*q != '0' && *q != '.')
			return false;
	return true;
}

bool
asset_accepts(struct span list, const char *coding)
{
	struct span item, params;
	const char *semicolon;

	while (next_item(&list, &item)) {
		params = (struct span){ item.at + item.len, 0 };
		semicolon = item.len > 0 ? memchr(item.at, ';', item.len) : NULL;
		if (semicolon != NULL) {
			params.at = semicolon;
			params.len = item.len - (size_t)(semicolon - item.at);
			item.len = (size_t)(semicolon - item.at);
			item = trim(item);
		}
		if (span_is(item, coding))
			return !is_refused(params);
	}
	return false;
}

bool
asset_matches(struct span list, const char *etag)
{
	struct span item;

	while (next_item(&list, &item)) {
		if (item.len == 1 && *item.at == '*')
			return true;
		if (item.len > 2 && strncmp(item.at, "W/", 2) == 0) {
			item.at += 2;
			item.len -= 2;
		}
		if (item.len == strlen(etag) && memcmp(item.at, etag, item.len) == 0)
			return true;
	}
	return false;
}

void
asset_reply(const struct asset *a, const struct http_request *r, struct http_reply *ret)
{
	static char etag[80];
	struct span wanted = r->fields[HTTP_ACCEPT_ENCODING];
	const struct asset_body *body = &a->plain;

	memset(ret, 0, sizeof(*ret));
	if (a->br.data != NULL && asset_accepts(wanted, "br")) {
		body = &a->br;
		ret->encoding = "br";
	} else if (a->gzip.data != NULL && asset_accepts(wanted, "gzip")) {
		body = &a->gzip;
		ret->encoding = "gzip";
	}
	ret->status = 200;
	ret->content_type = a->type;
	ret->cache = a->immutable ? "public, max-age=31536000, immutable" : "no-store";
	/* The tag stands for the plain form; other codings of it are only equivalent. */
	(void)snprintf(etag, sizeof(etag), "%s%s", ret->encoding != NULL ? "W/" : "", a->etag);
	ret->etag = etag;
	ret->vary = a->br.data != NULL || a->gzip.data != NULL;
	ret->head_only = r->method == HTTP_HEAD;
	ret->body = body->data;
	ret->len = body->len;
	if (asset_matches(r->fields[HTTP_IF_NONE_MATCH], a->etag)) {
		ret->status = 304;
		ret->encoding = NULL;
	}
}
