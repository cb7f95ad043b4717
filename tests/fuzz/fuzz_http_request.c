/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/str.h"
#include "cookie.h"
#include "http_reply.h"
#include "http_request.h"
#include "site.h"

/*
 * Bytes of a stranger.  Nothing may crash, and what is accepted keeps the promises that the rest of httpd builds on; the first byte says how
 * the bytes are cut, because the verdict may not depend on it.
 */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
must(int ok, const char *what)
{
	if (ok)
		return;
	(void)fprintf(stderr, "broken promise: %s\n", what);
	abort();
}

static int
scan_in_pieces(const char *data, size_t len, size_t step)
{
	size_t at = 0, n = 0;
	int r = 0;

	while (r == 0 && n < len) {
		n = n + step < len ? n + step : len;
		r = http_request_scan(data, n, &at);
	}
	return r;
}

static void
check_path(const char *p)
{
	must(*p == '/', "a path begins with a slash");
	must(strstr(p, "//") == NULL, "no empty segment");
	must(strstr(p, "/./") == NULL && strstr(p, "/../") == NULL, "no dot segment");
	must(strlen(p) < 2 || strcmp(p + strlen(p) - 2, "/.") != 0, "no dot at the end");
	must(strlen(p) < 3 || strcmp(p + strlen(p) - 3, "/..") != 0, "no dots at the end");
	must(strpbrk(p, "%\\") == NULL, "nothing to decode again");
	must(str_is_utf8(p, strlen(p)) && !str_has_control(p, strlen(p)), "clean text");
}

static void
check_accepted(const char *data, size_t len, const struct http_request *r)
{
	unsigned i;
	size_t k;

	check_path(r->path);
	must(r->method > HTTP_METHOD_INVALID && r->method < HTTP_METHOD_MAX, "a method");
	must(r->content_length <= HTTP_BODY_MAX, "a bounded body");
	must(r->content_length == 0 || (r->method != HTTP_GET && r->method != HTTP_HEAD), "no body to read with");
	must(r->fields[HTTP_HOST].at != NULL && r->fields[HTTP_HOST].len > 0, "a host");
	must(r->fields[HTTP_TRANSFER_ENCODING].at == NULL, "one way to say a length");
	for (i = 1; i < HTTP_FIELD_MAX; i++) {
		struct span f = r->fields[i];

		if (f.at == NULL)
			continue;
		must(f.at >= data && f.at + f.len <= data + len, "fields lie within the bytes");
		for (k = 0; k < f.len; k++)
			must((f.at[k] >= 0x20 && f.at[k] < 0x7f) || f.at[k] == '\t', "fields are visible ASCII");
	}
	for (k = 0; k < r->query.len; k++)
		must(r->query.at[k] > 0x20 && r->query.at[k] < 0x7f, "queries are visible ASCII");
}

static void
check_cookie(const struct http_request *r)
{
	char token[COOKIE_TOKEN_MAX + 1], set[160];

	if (cookie_token(r->fields[HTTP_COOKIE], token) != 0 || *token == '\0')
		return;
	must(strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == strlen(token), "a token is base64url");
	must(cookie_format(token, set, sizeof(set)) == 0, "what came as a cookie can be one");
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct http_request r;
	const char *data = (const char *)bytes + 1;
	size_t at = 0;
	int n, e;

	if (len < 2)
		return 0;
	len--;
	n = http_request_scan(data, len, &at);
	must(n <= (int)HTTP_HEAD_MAX && n <= (int)len, "a head lies within the bytes");
	/* A byte that cannot be right ends it at once, however much comes with it: only sizes may be judged earlier in pieces. */
	e = scan_in_pieces(data, len, 1 + bytes[0] % 64);
	must(n == e || e == -414 || e == -431 || n == -414 || n == -431, "the cuts do not matter");
	if (n <= 0)
		return 0;
	e = http_request_parse(data, (size_t)n, &r);
	if (e != 0) {
		must(e <= -400 && e > -600 && strcmp(http_status_text((unsigned)-e), "Unknown") != 0, "a refusal has a status");
		return 0;
	}
	check_accepted(data, (size_t)n, &r);
	check_cookie(&r);
	e = site_check(&r);
	must(e == 0 || e == -403 || e == -415, "a verdict on the site");
	return 0;
}
