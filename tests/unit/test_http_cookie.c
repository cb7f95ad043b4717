/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cookie.h"
#include "credential.h"
#include "http_reply.h"
#include "site.h"

#define T	"abcDEF-_0123456789abcDEF-_0123456789abcDEF-"

static void
test_cookie_token(void **state)
{
#define C(v, s)	{ v, s, sizeof(s) - 1 }
	static const struct {
		const char	*want;		/* NULL: -400 */
		const char	*bytes;
		size_t		 len;
	} cases[] = {
		C("", ""), C("", "a=b"), C(T, "__Host-patronus=" T), C(T, "a=b; __Host-patronus=" T "; c=d"),
		C(T, "a=b;__Host-patronus=" T), C("", "__host-patronus=" T), C("", "patronus=" T),
		C("", "x__Host-patronus=" T), C("", "__Host-patronus" T), C("", "__Host-patronus=\"" T "\""),
		C("", "__Host-patronus=" T " "), C("", "__Host-patronus= " T), C("", "__Host-patronus=" T "%00"),
		C("", "__Host-patronus=\0\0\0\0"), C("", "__Host-patronus=" T "\0"), C("", "__Host-patronus="),
		C("", "__Host-patronus=" T T), C("", "__Host-patronus=a,b"), C("", "__Host-patronus=a=b"),
		C(NULL, "__Host-patronus=a; __Host-patronus=b"), C(NULL, "__Host-patronus=a; __Host-patronus=a"),
		C(NULL, "__Host-patronus=\0; __Host-patronus=a"),
		C("", ";;;"), C("", "; ;"), C(T, ";;__Host-patronus=" T ";;"),
	};
	char token[COOKIE_TOKEN_MAX + 1];
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		r = cookie_token((struct span){ cases[i].bytes, cases[i].len }, token);
		if (r != (cases[i].want == NULL ? -400 : 0) || (cases[i].want != NULL && strcmp(token, cases[i].want) != 0))
			fail_msg("cookie %zu: %d \"%s\"", i, r, token);
	}
	assert_int_equal(cookie_token((struct span){ NULL, 0 }, token), 0);
	assert_string_equal(token, "");
}

static void
test_cookie_format(void **state)
{
	char s[160];

	(void)state;
	assert_int_equal(cookie_format(T, s, sizeof(s)), 0);
	assert_string_equal(s, "__Host-patronus=" T "; Path=/; Secure; HttpOnly; SameSite=Strict");
	assert_int_equal(cookie_format("", s, sizeof(s)), 0);
	assert_string_equal(s, "__Host-patronus=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Strict");
	assert_int_equal(cookie_format("a;b", s, sizeof(s)), -EINVAL);
	assert_int_equal(cookie_format("a\r\nb", s, sizeof(s)), -EINVAL);
	assert_int_equal(cookie_format(T, s, 20), -EINVAL);
}

static struct span
text(const char *s)
{
	return (struct span){ s, s != NULL ? strlen(s) : 0 };
}

static void
test_site(void **state)
{
	static const struct {
		int		 want;
		uint8_t		 method;
		const char	*site, *origin, *type;
		uint32_t	 len;
	} cases[] = {
		{ 0, HTTP_GET, NULL, NULL, NULL, 0 },
		{ 0, HTTP_GET, "same-origin", NULL, NULL, 0 },
		{ 0, HTTP_GET, "none", NULL, NULL, 0 },
		{ -403, HTTP_GET, "cross-site", NULL, NULL, 0 },
		{ -403, HTTP_GET, "same-site", NULL, NULL, 0 },
		{ -403, HTTP_GET, "", NULL, NULL, 0 },
		{ -403, HTTP_GET, NULL, "https://evil.example", NULL, 0 },
		{ 0, HTTP_POST, NULL, NULL, "application/json", 5 },
		{ 0, HTTP_POST, "same-origin", "https://fw.example:8443", "application/json", 5 },
		{ 0, HTTP_POST, "Same-Origin", "HTTPS://FW.example:8443", "Application/JSON; charset=utf-8", 5 },
		{ 0, HTTP_POST, "same-origin", "https://fw.example:8443", NULL, 0 },
		{ -403, HTTP_POST, "none", NULL, "application/json", 5 },
		{ -403, HTTP_POST, "cross-site", "https://fw.example:8443", "application/json", 5 },
		{ -403, HTTP_PUT, "same-site", NULL, "application/json", 5 },
		{ -403, HTTP_POST, NULL, "null", "application/json", 5 },
		{ -403, HTTP_POST, NULL, "", "application/json", 5 },
		{ -403, HTTP_POST, NULL, "http://fw.example:8443", "application/json", 5 },
		{ -403, HTTP_POST, NULL, "https://fw.example", "application/json", 5 },
		{ -403, HTTP_DELETE, NULL, "https://fw.example:8444", NULL, 0 },
		{ -403, HTTP_PATCH, NULL, "https://fw.example:8443.evil.example", "application/json", 5 },
		{ -403, HTTP_PATCH, NULL, "https://evil.example/https://fw.example:8443", "application/json", 5 },
		{ -403, HTTP_PATCH, NULL, "https://u@fw.example:8443", "application/json", 5 },
		{ 0, HTTP_PUT, NULL, NULL, "application/yaml", 5 },
		{ 0, HTTP_PATCH, NULL, NULL, "application/merge-patch+json", 5 },
		{ -415, HTTP_POST, NULL, NULL, NULL, 5 },
		{ -415, HTTP_POST, NULL, NULL, "", 5 },
		{ -415, HTTP_POST, NULL, NULL, "text/plain", 5 },
		{ -415, HTTP_POST, NULL, NULL, "application/x-www-form-urlencoded", 5 },
		{ -415, HTTP_POST, NULL, NULL, "multipart/form-data; boundary=application/json", 5 },
		{ -415, HTTP_POST, NULL, NULL, "text/plain; application/json", 5 },
		{ -415, HTTP_DELETE, NULL, NULL, "application/jsonx", 5 },
	};
	static struct http_request r;
	size_t i;
	int v;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&r, 0, sizeof(r));
		r.method = cases[i].method;
		r.content_length = cases[i].len;
		r.fields[HTTP_HOST] = text("fw.example:8443");
		r.fields[HTTP_SEC_FETCH_SITE] = text(cases[i].site);
		r.fields[HTTP_ORIGIN] = text(cases[i].origin);
		r.fields[HTTP_CONTENT_TYPE] = text(cases[i].type);
		v = site_check(&r);
		if (v != cases[i].want)
			fail_msg("site %zu: %d, not %d", i, v, cases[i].want);
	}
}

static void
test_files(void **state)
{
	static const struct {
		int		 want;
		uint8_t		 method;
		const char	*path;
	} cases[] = {
		{ 0, HTTP_PUT, "/api/v1/backups/x.age" },
		{ 0, HTTP_PUT, "/api/v1/country-database" },
		{ 0, HTTP_PUT, "/api/v1/autonomous-system-database" },
		{ 0, HTTP_PUT, "/api/v1/lists/bad/entries" },
		{ 0, HTTP_PUT, "/api/v1/lists/bad/entries?offset=0&size=9" },
		{ 0, HTTP_POST, "/api/v1/workspaces/7/import" },
		{ -415, HTTP_POST, "/api/v1/lists/bad/entries" },
		{ -415, HTTP_PUT, "/api/v1/lists/entries" },
		{ -415, HTTP_PUT, "/api/v1/lists/bad?/entries" },
		{ -415, HTTP_POST, "/api/v1/workspaces/7" },
		{ -415, HTTP_PUT, "/api/v1/configuration/system" },
	};
	static struct http_request r;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&r, 0, sizeof(r));
		r.method = cases[i].method;
		(void)snprintf(r.path, sizeof(r.path), "%s", cases[i].path);
		r.content_length = 9;
		r.fields[HTTP_HOST] = text("fw.example:8443");
		r.fields[HTTP_CONTENT_TYPE] = text("application/octet-stream");
		if (site_check(&r) != cases[i].want)
			fail_msg("%s is not %d", cases[i].path, cases[i].want);
	}
}

static void
test_reply(void **state)
{
	struct http_reply r = { .status = 201, .content_type = "application/json", .keep_alive = true, .etag = "\"7\"",
	    .location = "/api/v1/commits/3", .cookie = "a=b", .body = "{}", .len = 2 };
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	http_reply_put(&b, &r);
	buf_putc(&b, '\0');
	assert_ptr_equal(strstr((char *)b.data, "HTTP/1.1 201 Created\r\nDate: "), b.data);
	assert_non_null(strstr((char *)b.data, "\r\nContent-Length: 2\r\n\r\n{}"));
	assert_non_null(strstr((char *)b.data, "\r\nLocation: /api/v1/commits/3\r\n"));
	assert_non_null(strstr((char *)b.data, "\r\nCache-Control: no-store\r\n"));
	assert_non_null(strstr((char *)b.data, http_reply_csp));
	assert_null(strstr((char *)b.data, "Connection:"));
	/* HEAD tells the length; 204 has neither length nor type. */
	buf_reset(&b);
	r.head_only = true;
	http_reply_put(&b, &r);
	assert_non_null(strstr((char *)b.data, "Content-Length: 2\r\n"));
	assert_memory_equal(b.data + b.len - 4, "\r\n\r\n", 4);
	buf_reset(&b);
	r.status = 204;
	http_reply_put(&b, &r);
	assert_null(strstr((char *)b.data, "Content-Length"));
	assert_null(strstr((char *)b.data, "\r\nContent-Type"));
	buf_fini(&b);
}

/* What another process sends cannot end a field and begin a reply of its own. */
static void
test_reply_split(void **state)
{
	static const char evil[] = "x\r\nSet-Cookie: a=b\r\n\r\n";
	struct http_reply r = { .status = 200, .content_type = "application/json", .body = "{}", .len = 2 };
	const char **where[] = { &r.content_type, &r.etag, &r.location, &r.allow, &r.cookie };
	const char *kept;
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(where) / sizeof(where[0]); i++) {
		buf_init(&b, 0);
		kept = *where[i];
		*where[i] = evil;
		http_reply_put(&b, &r);
		buf_putc(&b, '\0');
		assert_ptr_equal(strstr((char *)b.data, "HTTP/1.1 500 "), b.data);
		assert_null(strstr((char *)b.data, "Set-Cookie"));
		*where[i] = kept;
		buf_fini(&b);
	}
}

/* Where a token may come from: a session's from the cookie, an API token from Authorization, and never both. */
static void
test_credential(void **state)
{
#define P	"pat_abcDEF-_0123456789abcDEF-_0123456789abcDEF"
	static const struct {
		const char	*cookie, *authorization, *want;
		int		 error;
	} cases[] = {
		{ NULL, NULL, "", 0 }, { "__Host-patronus=" T, NULL, T, 0 }, { NULL, "Bearer " P, P, 0 }, { NULL, "bearer  " P, P, 0 },
		{ "a=b", "Bearer " P, P, 0 }, { "__Host-patronus=", "Bearer " P, P, 0 },
		{ "__Host-patronus=" T, "Bearer " P, NULL, -400 }, { "__Host-patronus=" T, "Basic eDp5", NULL, -400 },
		{ "__Host-patronus=" P, NULL, "", 0 }, { "__Host-patronus=" P, "Bearer " P, NULL, -400 },
		{ "__Host-patronus=" T "; __Host-patronus=" T, NULL, NULL, -400 },
		{ NULL, "Bearer " T, NULL, -401 }, { NULL, "Bearer", NULL, -401 }, { NULL, "Bearer ", NULL, -401 }, { NULL, "Bearer" P, NULL, -401 },
		{ NULL, "Bearer pat_", NULL, -401 }, { NULL, P, NULL, -401 }, { NULL, "", NULL, -401 }, { NULL, "Basic eDp5", NULL, -401 },
		{ NULL, "Bearer " P " ", NULL, -401 }, { NULL, "Bearer " P ",x", NULL, -401 }, { NULL, "Bearer PAT_abc", NULL, -401 },
		{ NULL, "Bearer " P P, NULL, -401 },
	};
	char token[COOKIE_TOKEN_MAX + 1];
	struct http_request r;
	size_t i;
	int e;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		memset(&r, 0, sizeof(r));
		if (cases[i].cookie != NULL)
			r.fields[HTTP_COOKIE] = (struct span){ cases[i].cookie, strlen(cases[i].cookie) };
		if (cases[i].authorization != NULL)
			r.fields[HTTP_AUTHORIZATION] = (struct span){ cases[i].authorization, strlen(cases[i].authorization) };
		e = credential_token(&r, token);
		if (e != cases[i].error || (e == 0 && strcmp(token, cases[i].want) != 0))
			fail_msg("case %zu: %d", i, e);
	}
#undef P
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cookie_token),
		cmocka_unit_test(test_credential),
		cmocka_unit_test(test_cookie_format),
		cmocka_unit_test(test_site),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_reply_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
