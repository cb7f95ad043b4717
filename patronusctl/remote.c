/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "hosts.h"
#include "remote.h"

#define BODY_MAX	(64u << 20)
#define LINE_MAX_LEN	(2u << 20)	/* of an event */
#define CONNECT_S	10

struct remote {
	CURL			*curl;
	CURLM			*multi;		/* while events are followed */
	struct host		 host;
	struct curl_slist	*headers;
	struct buf		 body;
	struct arena		*arena;		/* of the answer that is being read */
	struct mgmt_rep		*rep;
	size_t			 consumed;	/* of body, by remote_next */
	char			 why[CURL_ERROR_SIZE + HOST_TEXT];
};

static const char *const methods[] = {
	[MGMT_GET] = "GET", [MGMT_POST] = "POST", [MGMT_PUT] = "PUT", [MGMT_PATCH] = "PATCH", [MGMT_DELETE] = "DELETE",
};

const char *
remote_why(const struct remote *r)
{
	return r->why;
}

/* --- what comes --- */

static size_t
on_body(char *data, size_t size, size_t n, void *arg)
{
	struct remote *r = arg;

	buf_put(&r->body, data, size * n);
	return buf_failed(&r->body) ? 0 : size * n;
}

/* The value of a header line of that name, without blanks around it, in the answer's memory. */
static const char *
header_value(struct remote *r, const char *line, size_t len, const char *name)
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return NULL;
	line += n + 1;
	len -= n + 1;
	while (len > 0 && isspace((unsigned char)line[len - 1]))
		len--;
	while (len > 0 && isspace((unsigned char)*line)) {
		line++;
		len--;
	}
	return arena_strndup(r->arena, line, len);
}

static size_t
on_header(char *line, size_t size, size_t n, void *arg)
{
	struct remote *r = arg;
	const char *value;

	if ((value = header_value(r, line, size * n, "Content-Type")) != NULL)
		r->rep->content_type = value;
	else if ((value = header_value(r, line, size * n, "ETag")) != NULL)
		r->rep->etag = value;
	else if ((value = header_value(r, line, size * n, "Location")) != NULL)
		r->rep->location = value;
	else if ((value = header_value(r, line, size * n, "Allow")) != NULL)
		r->rep->allow = value;
	else if ((value = header_value(r, line, size * n, "Retry-After")) != NULL)
		r->rep->retry_after_s = (uint32_t)strtoul(value, NULL, 10);
	return size * n;
}

/* --- what goes --- */

static void
header_add(struct remote *r, const char *name, const char *value)
{
	struct buf b;

	if (value == NULL || value[0] == '\0')
		return;
	buf_init(&b, 4096);
	buf_printf(&b, "%s: %s", name, value);
	if (!buf_failed(&b))
		r->headers = curl_slist_append(r->headers, (const char *)b.data);
	buf_fini(&b);
}

/* Paths of the API are typed and printed without percent signs. */
static char *
url_make(struct remote *r, const char *path, const char *query)
{
	struct buf b;
	size_t len;

	buf_init(&b, 8192);
	buf_printf(&b, "%s/api/v1", r->host.url);
	for (; *path != '\0'; path++)
		if (isalnum((unsigned char)*path) || strchr("/-._~:@", *path) != NULL)
			buf_putc(&b, *path);
		else
			buf_printf(&b, "%%%02X", (unsigned char)*path);
	if (query != NULL && query[0] != '\0')
		buf_printf(&b, "?%s", query);
	buf_putc(&b, '\0');
	return (char *)buf_take(&b, &len);
}

static void
request_set(struct remote *r, const struct mgmt_req *q)
{
	curl_slist_free_all(r->headers);
	r->headers = NULL;
	header_add(r, "Content-Type", q->content_type);
	header_add(r, "Accept", q->accept);
	header_add(r, "If-Match", q->if_match);
	header_add(r, "If-None-Match", q->if_none_match);
	header_add(r, "Patronus-Workspace", q->workspace);
	header_add(r, "Idempotency-Key", q->idempotency_key);
	if (r->host.token[0] != '\0') {
		(void)curl_easy_setopt(r->curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BEARER);
		(void)curl_easy_setopt(r->curl, CURLOPT_XOAUTH2_BEARER, r->host.token);
	}
	(void)curl_easy_setopt(r->curl, CURLOPT_HTTPHEADER, r->headers);
	(void)curl_easy_setopt(r->curl, CURLOPT_CUSTOMREQUEST, methods[q->method]);
	if (q->body.len > 0 || q->method == MGMT_POST || q->method == MGMT_PUT || q->method == MGMT_PATCH) {
		(void)curl_easy_setopt(r->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.len);
		(void)curl_easy_setopt(r->curl, CURLOPT_POSTFIELDS, q->body.len > 0 ? (const char *)q->body.data : "");
	} else
		(void)curl_easy_setopt(r->curl, CURLOPT_HTTPGET, 1L);
	(void)curl_easy_setopt(r->curl, CURLOPT_CUSTOMREQUEST, methods[q->method]);
}

static int
answer_begin(struct remote *r)
{
	buf_reset(&r->body);
	r->consumed = 0;
	r->why[0] = '\0';
	if ((r->arena = arena_new(0)) == NULL || (r->rep = arena_alloc(r->arena, 1, sizeof(*r->rep))) == NULL)
		return -ENOMEM;
	r->rep->content_type = r->rep->etag = r->rep->location = r->rep->allow = r->rep->session_token = "";
	return 0;
}

static int
failure_tell(struct remote *r, CURLcode code)
{
	char text[CURL_ERROR_SIZE];

	(void)snprintf(text, sizeof(text), "%s", r->why[0] != '\0' ? r->why : curl_easy_strerror(code));
	(void)snprintf(r->why, sizeof(r->why), "%s: %s", r->host.url, text);
	return code == CURLE_OPERATION_TIMEDOUT ? -ETIMEDOUT : -EIO;
}

int
remote_call(struct remote *r, const struct mgmt_req *q, struct message *ret)
{
	char *url = url_make(r, q->path, q->query);
	long status = 0;
	CURLcode code;
	int error;

	if (url == NULL || (error = answer_begin(r)) != 0) {
		free(url);
		return -ENOMEM;
	}
	(void)curl_easy_setopt(r->curl, CURLOPT_URL, url);
	free(url);
	request_set(r, q);
	code = curl_easy_perform(r->curl);
	(void)curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
	if (code != CURLE_OK) {
		arena_free(r->arena);
		return failure_tell(r, code);
	}
	r->rep->status = (uint16_t)status;
	r->rep->body.data = r->body.len > 0 ? (const uint8_t *)arena_strndup(r->arena, (const char *)r->body.data, r->body.len) : NULL;
	r->rep->body.len = r->rep->body.data != NULL ? (uint32_t)r->body.len : 0;
	memset(ret, 0, sizeof(*ret));
	ret->arena = r->arena;
	ret->body = r->rep;
	return 0;
}

/* --- events: one JSON object a line --- */

int
remote_subscribe(struct remote *r, const char *topics)
{
	struct mgmt_req q = { .method = MGMT_GET, .accept = "application/x-ndjson" };
	char query[300], *url;

	(void)snprintf(query, sizeof(query), "topics=%s", topics);
	if ((url = url_make(r, "/events", query)) == NULL || answer_begin(r) != 0 || (r->multi = curl_multi_init()) == NULL) {
		free(url);
		return -ENOMEM;
	}
	(void)curl_easy_setopt(r->curl, CURLOPT_URL, url);
	free(url);
	request_set(r, &q);
	(void)curl_easy_setopt(r->curl, CURLOPT_TIMEOUT_MS, 0L);
	return curl_multi_add_handle(r->multi, r->curl) == CURLM_OK ? 0 : -ENOMEM;
}

/* A whole line of the body that is an event: 1; none yet: 0. */
static int
event_take(struct remote *r, struct message *ret)
{
	const char *start = (const char *)r->body.data + r->consumed, *end;
	struct mgmt_event_req *e;
	struct arena *arena;
	json_t *o;
	char *data;

	while (r->consumed < r->body.len && (end = memchr(start, '\n', r->body.len - r->consumed)) != NULL) {
		o = json_loadb(start, (size_t)(end - start), 0, NULL);
		r->consumed += (size_t)(end - start) + 1;
		start = end + 1;
		data = json_dumps(json_object_get(o, "data"), JSON_COMPACT | JSON_ENCODE_ANY);
		if (data == NULL || (arena = arena_new(0)) == NULL || (e = arena_alloc(arena, 1, sizeof(*e))) == NULL) {
			json_decref(o);		/* a sign of life, or nothing that is known here */
			free(data);
			continue;
		}
		e->topic = arena_strdup(arena, json_string_value(json_object_get(o, "event")) != NULL ?
		    json_string_value(json_object_get(o, "event")) : "");
		e->id = (uint64_t)json_integer_value(json_object_get(o, "id"));
		e->data.data = (const uint8_t *)arena_strdup(arena, data);
		e->data.len = (uint32_t)strlen(data);
		json_decref(o);
		free(data);
		*ret = (struct message){ .arena = arena, .body = e };
		ret->header.type = MSG_MGMT_EVENT;
		return 1;
	}
	return 0;
}

/* The text of what was read goes when all of it was taken. */
static void
body_trim(struct remote *r)
{
	if (r->consumed == r->body.len) {
		buf_reset(&r->body);
		r->consumed = 0;
	}
}

static int
stream_end(struct remote *r)
{
	CURLMsg *m;
	long status = 0;
	int left;

	(void)curl_easy_getinfo(r->curl, CURLINFO_RESPONSE_CODE, &status);
	while ((m = curl_multi_info_read(r->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE && m->data.result != CURLE_OK)
			return failure_tell(r, m->data.result);
	(void)snprintf(r->why, sizeof(r->why), "%s: the stream ended (status %ld)", r->host.url, status);
	return -EPIPE;
}

int
remote_next(struct remote *r, int timeout_ms, struct message *ret)
{
	uint64_t deadline_ms = timeout_ms < 0 ? UINT64_MAX : clock_mono_ms() + (uint64_t)timeout_ms;
	int running = 1;

	for (;;) {
		if (curl_multi_perform(r->multi, &running) != CURLM_OK)
			return -EIO;
		if (event_take(r, ret) == 1) {
			body_trim(r);
			return 0;
		}
		if (running == 0)
			return stream_end(r);
		if (clock_mono_ms() >= deadline_ms)
			return -ETIMEDOUT;
		(void)curl_multi_poll(r->multi, NULL, 0, 1000, NULL);
	}
}

/* --- the connection --- */

struct remote *
remote_open(const struct host *h, unsigned timeout_ms, char *ret_why, size_t size)
{
	struct remote *r = calloc(1, sizeof(*r));

	if (r == NULL || (r->curl = curl_easy_init()) == NULL) {
		(void)snprintf(ret_why, size, "%s: no memory", h->url);
		free(r);
		return NULL;
	}
	r->host = *h;
	buf_init(&r->body, BODY_MAX);
	(void)curl_easy_setopt(r->curl, CURLOPT_ERRORBUFFER, r->why);
	(void)curl_easy_setopt(r->curl, CURLOPT_PROTOCOLS_STR, "https");
	(void)curl_easy_setopt(r->curl, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(r->curl, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(r->curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
	(void)curl_easy_setopt(r->curl, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
	(void)curl_easy_setopt(r->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
	(void)curl_easy_setopt(r->curl, CURLOPT_WRITEFUNCTION, on_body);
	(void)curl_easy_setopt(r->curl, CURLOPT_WRITEDATA, r);
	(void)curl_easy_setopt(r->curl, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(r->curl, CURLOPT_HEADERDATA, r);
	if (h->ca[0] != '\0')
		(void)curl_easy_setopt(r->curl, CURLOPT_CAINFO, h->ca);
	if (h->pin[0] != '\0') {
		/* The key itself is known: nobody needs to vouch for it, and its name may be an address. */
		(void)curl_easy_setopt(r->curl, CURLOPT_PINNEDPUBLICKEY, h->pin);
		(void)curl_easy_setopt(r->curl, CURLOPT_SSL_VERIFYPEER, h->ca[0] != '\0' ? 1L : 0L);
		(void)curl_easy_setopt(r->curl, CURLOPT_SSL_VERIFYHOST, h->ca[0] != '\0' ? 2L : 0L);
	}
	return r;
}

void
remote_close(struct remote *r)
{
	if (r == NULL)
		return;
	if (r->multi != NULL) {
		(void)curl_multi_remove_handle(r->multi, r->curl);
		(void)curl_multi_cleanup(r->multi);
		arena_free(r->arena);
	}
	curl_easy_cleanup(r->curl);
	curl_slist_free_all(r->headers);
	buf_fini(&r->body);
	explicit_bzero(r->host.token, sizeof(r->host.token));
	free(r);
}
