/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_HTTP_REQUEST_H
#define PATRONUS_HTTPD_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The head of one HTTP/1.1 request (RFC 9112), read strictly: what two readers could understand differently is refused,
 * because that is how requests are smuggled and checks are walked around.  Pure functions over bytes: no I/O, no
 * memory.
 */

#define HTTP_HEAD_MAX		16384		/* request line and fields, with the empty line */
#define HTTP_LINE_MAX		8192		/* request line */
#define HTTP_TARGET_MAX		4096
#define HTTP_PATH_MAX		2048		/* after decoding */
#define HTTP_QUERY_MAX		2048
#define HTTP_FIELDS_MAX		100
#define HTTP_BODY_MAX		(16u << 20)

enum http_method {
	HTTP_METHOD_INVALID = 0,
	HTTP_GET,
	HTTP_HEAD,
	HTTP_POST,
	HTTP_PUT,
	HTTP_PATCH,
	HTTP_DELETE,
	HTTP_OPTIONS,
	HTTP_METHOD_MAX
};

/* The fields that mean something here; each may come once.  All others are checked for their shape and forgotten. */
enum http_field {
	HTTP_FIELD_INVALID = 0,
	HTTP_HOST,
	HTTP_CONTENT_LENGTH,
	HTTP_TRANSFER_ENCODING,
	HTTP_CONNECTION,
	HTTP_EXPECT,
	HTTP_COOKIE,
	HTTP_AUTHORIZATION,
	HTTP_ORIGIN,
	HTTP_SEC_FETCH_SITE,
	HTTP_CONTENT_TYPE,
	HTTP_CONTENT_ENCODING,
	HTTP_ACCEPT,
	HTTP_ACCEPT_ENCODING,
	HTTP_IF_MATCH,
	HTTP_IF_NONE_MATCH,
	HTTP_CSRF,
	HTTP_IDEMPOTENCY_KEY,
	HTTP_WORKSPACE,
	HTTP_LAST_EVENT_ID,
	HTTP_FIELD_MAX
};

/* A piece of the request's bytes; at is NULL when the field was not there. */
struct span {
	const char	*at;
	size_t		 len;
};

struct http_request {
	uint8_t		method;			/* enum http_method */
	bool		keep_alive;
	bool		expect_continue;
	uint32_t	content_length;		/* 0 without a body */
	struct span	query;			/* after '?', still encoded */
	struct span	fields[HTTP_FIELD_MAX];	/* values without surrounding blanks */
	char		path[HTTP_PATH_MAX + 1];	/* decoded once: UTF-8, no control bytes, plain segments */
};

/*
 * Where does the head end?  *at remembers how far was looked (0 at first).  The length of the head with its empty line,
 * 0 when bytes are missing, or the negative status to refuse with: -400 for a bare CR or LF or a NUL, -414, -431 over
 * the limits.
 */
int	 http_request_scan(const char *data, size_t len, size_t *at);

/*
 * Read a whole head of len bytes as http_request_scan() found it.  0, or the negative status to refuse with.
 * ret points into data.
 */
int	 http_request_parse(const char *data, size_t len, struct http_request *ret);

/* "GET", ...; NULL for no method. */
const char *http_method_name(uint8_t method);

/*
 * Span helpers: equal without regard to ASCII case; and is there such a token in a comma-separated list (parameters are
 * ignored)?
 */
bool	 span_is(struct span, const char *);
bool	 span_has_token(struct span, const char *);

#endif
