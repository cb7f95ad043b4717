/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/str.h"
#include "http_reply.h"

#define CSP								\
	"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "	\
	"font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "		\
	"require-trusted-types-for 'script'; trusted-types 'none'"

const char http_reply_csp[] = CSP;

/* No Strict-Transport-Security: with a certificate that no browser trusts it would lock the administrator out. */
static const char security_fields[] =
    "Content-Security-Policy: " CSP "\r\n"
    "Cross-Origin-Embedder-Policy: require-corp\r\n"
    "Cross-Origin-Opener-Policy: same-origin\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Permissions-Policy: camera=(), geolocation=(), microphone=(), payment=(), usb=()\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "X-Frame-Options: DENY\r\n";

static const struct {
	unsigned	 status;
	const char	*text;
	const char	*slug;		/* of docs/api.md, for the problems httpd itself finds */
	const char	*detail;
} statuses[] = {
	{ 100, "Continue", NULL, NULL },
	{ 200, "OK", NULL, NULL },
	{ 201, "Created", NULL, NULL },
	{ 202, "Accepted", NULL, NULL },
	{ 204, "No Content", NULL, NULL },
	{ 303, "See Other", NULL, NULL },
	{ 304, "Not Modified", NULL, NULL },
	{ 400, "Bad Request", "syntax", "the request cannot be read" },
	{ 401, "Unauthorized", "authentication", "sign in first" },
	{ 403, "Forbidden", "permission", "the request did not come from this site, or the role may not do that" },
	{ 404, "Not Found", "not-found", "there is no such page" },
	{ 405, "Method Not Allowed", "method", "this page knows other methods" },
	{ 406, "Not Acceptable", "media-type", "there is no such form of it" },
	{ 408, "Request Timeout", "timeout", "the request did not arrive in time" },
	{ 409, "Conflict", "conflict", "the state has moved on" },
	{ 411, "Length Required", "syntax", "send Content-Length; chunked bodies are not read" },
	{ 412, "Precondition Failed", "stale", "If-Match does not hold" },
	{ 413, "Content Too Large", "too-large", "the body is too large" },
	{ 414, "URI Too Long", "syntax", "the address is too long" },
	{ 415, "Unsupported Media Type", "media-type", "send JSON or YAML, without a content coding" },
	{ 417, "Expectation Failed", "syntax", "only 100-continue can be expected" },
	{ 422, "Unprocessable Content", "validation", NULL },
	{ 423, "Locked", "held", "another commit is under way" },
	{ 428, "Precondition Required", "precondition", NULL },
	{ 429, "Too Many Requests", "rate", "too many requests; try again later" },
	{ 431, "Request Header Fields Too Large", "syntax", "the header is too large" },
	{ 500, "Internal Server Error", "internal", "a fault of ours; nothing was changed" },
	{ 501, "Not Implemented", "method", "there is no such method" },
	{ 502, "Bad Gateway", "apply-failed", NULL },
	{ 503, "Service Unavailable", "unavailable", "a process is restarting; try again" },
	{ 505, "HTTP Version Not Supported", "syntax", "only HTTP/1.1 is spoken here" },
};

static size_t
status_index(unsigned status)
{
	size_t i;

	for (i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (statuses[i].status == status)
			return i;
	return SIZE_MAX;
}

const char *
http_status_text(unsigned status)
{
	size_t i = status_index(status);

	return i == SIZE_MAX ? "Unknown" : statuses[i].text;
}

static void
put_date(struct buf *out)
{
	static char text[48];
	static uint64_t second;
	uint64_t now = clock_wall_ms() / 1000;
	time_t t = (time_t)now;
	struct tm tm;

	if (now != second && gmtime_r(&t, &tm) != NULL) {
		second = now;
		if (strftime(text, sizeof(text), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &tm) == 0)
			text[0] = '\0';
	}
	buf_puts(out, text);
}

static void
put_field(struct buf *out, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	buf_puts(out, name);
	buf_puts(out, value);
	buf_put(out, "\r\n", 2);
}

static void
put_number(struct buf *out, const char *name, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	put_field(out, name, text);
}

static bool
value_is_clean(const char *s)
{
	return s == NULL || !str_has_control(s, strlen(s));
}

static bool
has_body(unsigned status)
{
	return status >= 200 && status != 204 && status != 304;
}

void
http_reply_put(struct buf *out, const struct http_reply *r)
{
	char line[96];
	int n;

	if (!value_is_clean(r->content_type) || !value_is_clean(r->etag) || !value_is_clean(r->location) ||
	    !value_is_clean(r->allow) || !value_is_clean(r->cookie) || !value_is_clean(r->link) ||
	    !value_is_clean(r->count) || !value_is_clean(r->rate_policy) || !value_is_clean(r->rate)) {
		http_reply_problem(out, 500, r->keep_alive, r->head_only, 0, NULL);
		return;
	}
	n = snprintf(line, sizeof(line), "HTTP/1.1 %u %s\r\n", r->status, http_status_text(r->status));
	buf_put(out, line, (size_t)n);
	put_date(out);
	buf_put(out, security_fields, sizeof(security_fields) - 1);
	put_field(out, "Cache-Control: ", r->cache != NULL ? r->cache : "no-store");
	put_field(out, "Content-Encoding: ", r->encoding);
	put_field(out, "ETag: ", r->etag);
	put_field(out, "Location: ", r->location);
	put_field(out, "Allow: ", r->allow);
	put_field(out, "Link: ", r->link);
	put_field(out, "Patronus-Count: ", r->count);
	put_field(out, "RateLimit-Policy: ", r->rate_policy);
	put_field(out, "RateLimit: ", r->rate);
	put_field(out, "Set-Cookie: ", r->cookie);
	if (r->vary)
		buf_puts(out, "Vary: Accept-Encoding\r\n");
	if (r->retry_after_s > 0)
		put_number(out, "Retry-After: ", r->retry_after_s);
	if (!r->keep_alive)
		buf_puts(out, "Connection: close\r\n");
	if (has_body(r->status)) {
		put_field(out, "Content-Type: ", r->content_type);
		if (!r->no_length)
			put_number(out, "Content-Length: ", r->len);
	}
	buf_put(out, "\r\n", 2);
	if (has_body(r->status) && !r->head_only && r->len > 0)
		buf_put(out, r->body, r->len);
}

void
http_reply_problem(
    struct buf *out, unsigned status, bool keep_alive, bool head_only, uint32_t retry_after_s, const char *allow)
{
	struct http_reply r = { .status = status, .content_type = "application/problem+json", .keep_alive = keep_alive,
	    .head_only = head_only, .retry_after_s = retry_after_s, .allow = allow };
	size_t i = status_index(status);
	char body[512];

	if (i == SIZE_MAX || statuses[i].slug == NULL) {
		i = status_index(500);
		r.status = 500;
	}
	/* All constants: nothing of the request is repeated. */
	r.len = (size_t)snprintf(body, sizeof(body),
	    "{\"type\": \"urn:patronus:problem:%s\", \"title\": \"%s\", \"status\": %u, \"detail\": \"%s\"}\n",
	    statuses[i].slug, statuses[i].text, r.status, statuses[i].detail != NULL ? statuses[i].detail : "");
	r.body = body;
	http_reply_put(out, &r);
}
