/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "ipc/msg.h"

#include "get.h"
#include "job.h"
#include "place.h"
#include "resolve.h"
#include "transfer.h"
#include "trust.h"

#define GET_MAX_S	300
#define NOT_MODIFIED	304

struct get {
	struct job		*job;
	struct place		 place;
	struct transfer		*transfer;
	struct curl_slist	*headers;
	struct buf		 data;
	bool			 is_too_long;
	char			 etag[128];
	char			 modified[64];
};

static const struct fetch_get_req *
request(const struct get *g)
{
	return job_body(g->job);
}

static void
get_end(struct get *g, uint32_t status, const char *text)
{
	struct fetch_get_rep rep = { .is_done = text[0] == '\0', .status = status, .text = text, .etag = g->etag, .modified = g->modified };

	if (rep.is_done && status != NOT_MODIFIED)
		rep.data = (struct bytes){ .data = g->data.data, .len = (uint32_t)g->data.len };
	job_end(g->job, &rep);
	transfer_free(g->transfer);
	curl_slist_free_all(g->headers);
	buf_fini(&g->data);
	free(g);
}

/* Whatever the server says of its length: not one byte more. */
static size_t
on_write(char *from, size_t size, size_t n, void *arg)
{
	struct get *g = arg;

	if (size * n > request(g)->max - g->data.len) {
		g->is_too_long = true;
		return 0;
	}
	buf_put(&g->data, from, size * n);
	return buf_failed(&g->data) ? 0 : size * n;
}

/* "ETag: "abc"\r\n" */
static void
header_take(const char *line, size_t len, const char *name, char *ret, size_t size)
{
	size_t skip = strlen(name), i;

	if (len <= skip || strncasecmp(line, name, skip) != 0)
		return;
	for (; skip < len && line[skip] == ' '; skip++)
		;
	for (; len > skip && (line[len - 1] == '\r' || line[len - 1] == '\n' || line[len - 1] == ' '); len--)
		;
	if (len - skip >= size)
		return;
	for (i = 0; i < len - skip; i++)
		if (line[skip + i] < ' ' || line[skip + i] > '~')
			return;
	memcpy(ret, line + skip, len - skip);
	ret[len - skip] = '\0';
}

static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	struct get *g = arg;

	header_take(line, size * n, "ETag:", g->etag, sizeof(g->etag));
	header_take(line, size * n, "Last-Modified:", g->modified, sizeof(g->modified));
	return size * n;
}

static void
on_end(struct transfer *t, CURLcode result, const char *text, void *arg)
{
	struct get *g = arg;
	char why[512] = "";
	long status = 0;

	(void)curl_easy_getinfo(transfer_curl(t), CURLINFO_RESPONSE_CODE, &status);
	if (g->is_too_long)
		(void)snprintf(why, sizeof(why), "it is longer than %u bytes", request(g)->max);
	else if (result != CURLE_OK)
		(void)snprintf(why, sizeof(why), "%s", text);
	else if (status != 200 && status != NOT_MODIFIED)
		(void)snprintf(why, sizeof(why), status / 100 == 3 ? "the server answered %ld, and redirects are not followed: give the place it leads to" :
		    "the server answered %ld", status);
	get_end(g, (uint32_t)status, why);
}

static void
header_add(struct get *g, const char *name, const char *value)
{
	char line[256];

	if (value[0] == '\0')
		return;
	(void)snprintf(line, sizeof(line), "%s: %s", name, value);
	g->headers = curl_slist_append(g->headers, line);
}

static const char *
get_set(struct get *g)
{
	const struct fetch_get_req *r = request(g);
	CURL *c = transfer_curl(g->transfer);

	if (trust_apply(c, r->trust) != 0)
		return "there is no certificate authority to check the server against; give one";
	header_add(g, "If-None-Match", r->etag);
	header_add(g, "If-Modified-Since", r->modified);
	(void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, g->headers);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_write);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, g);
	(void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(c, CURLOPT_HEADERDATA, g);
	(void)curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)GET_MAX_S);
	return NULL;
}

static void
on_resolved(const struct resolved *to, const char *text, void *arg)
{
	struct get *g = arg;
	const char *why;

	if (to->n == 0) {
		get_end(g, 0, text);
		return;
	}
	if ((g->transfer = transfer_new(request(g)->url, &g->place, to)) == NULL)
		fatalx("get", "no memory");
	why = get_set(g);
	if (why == NULL && transfer_start(g->transfer, on_end, g) != 0)
		why = "no memory";
	if (why != NULL)
		get_end(g, 0, why);
}

void
get_request(struct channel *ch, struct message *m, void *arg)
{
	const char *why;
	struct job *job;
	struct get *g;

	(void)arg;
	if ((job = job_new(ch, m)) == NULL)
		return;
	if ((g = calloc(1, sizeof(*g))) == NULL)
		fatalx("get", "no memory");
	g->job = job;
	buf_init(&g->data, request(g)->max);
	if (place_parse(request(g)->url, "https", &g->place, &why) != 0)
		get_end(g, 0, why);
	else
		resolve_host(g->place.host, g->place.port, on_resolved, g);
}
