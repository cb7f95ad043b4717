/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http_request.h"

/* The verdict on whole bytes: 0 accepted, 1 more is wanted, or the status. */
static int
verdict(const char *data, size_t len, struct http_request *r)
{
	size_t at = 0;
	int n = http_request_scan(data, len, &at);

	if (n <= 0)
		return n == 0 ? 1 : -n;
	return -http_request_parse(data, (size_t)n, r);
}

#define H	"Host: fw.example\r\n"
#define E	"\r\n"
#define GET	"GET / HTTP/1.1\r\n"
#define LINE(t)	"GET " t " HTTP/1.1\r\n" H E
#define WITH(f)	GET H f "\r\n" E
#define POST(f)	"POST /api/v1/commits HTTP/1.1\r\n" H f "\r\n" E

static const struct {
	int		 status;
	const char	*name;
	const char	*bytes;
	size_t		 len;
} refused[] = {
#define R(status, name, s)	{ status, name, s, sizeof(s) - 1 }
	/* request line */
	R(400, "empty line first", "\r\n" GET H E),
	R(400, "only an empty line", "\r\n\r\n"),
	R(400, "bare LF line ends", "GET / HTTP/1.1\nHost: a\n\n"),
	R(400, "bare LF after the line", "GET / HTTP/1.1\n" H E),
	R(400, "bare LF after a field", GET "Host: a\n\r\n"),
	R(400, "bare CR in the line", "GET /\r HTTP/1.1\r\n" H E),
	R(400, "bare CR in a field", GET H "A: b\rc\r\n" E),
	R(400, "CR CR LF", GET H "A: b\r\r\n" E),
	R(400, "NUL in the line", "GET /\0 HTTP/1.1\r\n" H E),
	R(400, "NUL in a field", GET H "A: \0\r\n" E),
	R(400, "NUL in a name", GET H "A\0B: c\r\n" E),
	R(400, "HTTP/0.9", "GET /\r\n\r\n"),
	R(400, "no target", "GET HTTP/1.1\r\n" H E),
	R(400, "no version", "GET / \r\n" H E),
	R(400, "two blanks after the method", "GET  / HTTP/1.1\r\n" H E),
	R(400, "two blanks before the version", "GET /  HTTP/1.1\r\n" H E),
	R(400, "tab after the method", "GET\t/ HTTP/1.1\r\n" H E),
	R(400, "blank first", " GET / HTTP/1.1\r\n" H E),
	R(400, "blank last", "GET / HTTP/1.1 \r\n" H E),
	R(400, "blank in the target", "GET /a b HTTP/1.1\r\n" H E),
	R(400, "method with a brace", "GE{T / HTTP/1.1\r\n" H E),
	R(400, "method with a colon", "GET: / HTTP/1.1\r\n" H E),
	R(400, "method not ASCII", "G\xc3\x8bT / HTTP/1.1\r\n" H E),
	R(501, "unknown method", "BREW / HTTP/1.1\r\n" H E),
	R(501, "small letters", "get / HTTP/1.1\r\n" H E),
	R(501, "method with a prefix", "XGET / HTTP/1.1\r\n" H E),
	R(501, "method with a suffix", "GETX / HTTP/1.1\r\n" H E),
	R(501, "WebDAV", "PROPFIND / HTTP/1.1\r\n" H E),
	R(501, "HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	R(400, "OPTIONS *", "OPTIONS * HTTP/1.1\r\n" H E),
	R(400, "OPTIONS with a body", "OPTIONS / HTTP/1.1\r\n" H "Content-Length: 1\r\n" E),
	R(400, "method override", WITH("X-HTTP-Method-Override: DELETE")),
	R(400, "method override, short", WITH("x-http-method: PUT")),
	R(400, "method override, other", WITH("X-Method-Override: PUT")),
	R(400, "Idempotency-Key twice", WITH("Idempotency-Key: a\r\nIdempotency-Key: b")),
	R(405, "TRACE", "TRACE / HTTP/1.1\r\n" H E),
	R(405, "CONNECT", "CONNECT fw.example:443 HTTP/1.1\r\n" H E),
	R(505, "HTTP/1.0", "GET / HTTP/1.0\r\n" H E),
	R(505, "HTTP/2.0", "GET / HTTP/2.0\r\n" H E),
	R(505, "HTTP/0.9 spelled out", "GET / HTTP/0.9\r\n" H E),
	R(505, "HTTP/1.2", "GET / HTTP/1.2\r\n" H E),
	R(400, "http/1.1", "GET / http/1.1\r\n" H E),
	R(400, "HTTP/1.10", "GET / HTTP/1.10\r\n" H E),
	R(400, "HTTP/1", "GET / HTTP/1\r\n" H E),
	R(400, "HTTP/1,1", "GET / HTTP/1,1\r\n" H E),
	R(400, "HTTPS/1.1", "GET / HTTPS/1.1\r\n" H E),
	R(400, "TLS bytes", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
	/* target */
	R(400, "absolute form", LINE("http://fw.example/")),
	R(400, "absolute form https", LINE("https://fw.example/api/v1/status")),
	R(400, "authority form", LINE("fw.example:443")),
	R(400, "asterisk form", LINE("*")),
	R(400, "relative", LINE("api/v1/status")),
	R(400, "only a query", LINE("?a=b")),
	R(400, "fragment", LINE("/#top")),
	R(400, "encoded slash", LINE("/api%2fv1")),
	R(400, "encoded slash, capital", LINE("/api%2Fv1")),
	R(400, "encoded backslash", LINE("/api%5cv1")),
	R(400, "backslash", LINE("/api\\v1")),
	R(400, "encoded NUL", LINE("/a%00")),
	R(400, "encoded line feed", LINE("/a%0a")),
	R(400, "encoded carriage return", LINE("/a%0db")),
	R(400, "encoded tab", LINE("/a%09b")),
	R(400, "encoded DEL", LINE("/a%7f")),
	R(400, "encoded percent", LINE("/%252e%252e/a")),
	R(400, "encoded percent alone", LINE("/a%25")),
	R(400, "percent at the end", LINE("/a%")),
	R(400, "percent and one digit", LINE("/a%4")),
	R(400, "percent, no hex", LINE("/a%zz")),
	R(400, "percent u", LINE("/a%u0041")),
	R(400, "percent, sign", LINE("/a%-1")),
	R(400, "dot dot", LINE("/..")),
	R(400, "dot dot first", LINE("/../etc/passwd")),
	R(400, "dot dot between", LINE("/assets/../index.html")),
	R(400, "dot dot last", LINE("/assets/..")),
	R(400, "dot dot and slash", LINE("/assets/../")),
	R(400, "encoded dot dot", LINE("/%2e%2e/a")),
	R(400, "half encoded dot dot", LINE("/.%2e/a")),
	R(400, "dot", LINE("/.")),
	R(400, "dot between", LINE("/a/./b")),
	R(400, "encoded dot", LINE("/a/%2e/b")),
	R(400, "empty segment first", LINE("//a")),
	R(400, "empty segment between", LINE("/a//b")),
	R(400, "empty segment last", LINE("/a//")),
	R(400, "two slashes", LINE("//")),
	R(400, "path parameter", LINE("/api/v1/status;a=b")),
	R(400, "dot dot with parameter", LINE("/..;/admin")),
	R(400, "quote in the path", LINE("/\"")),
	R(400, "angle in the path", LINE("/<script>")),
	R(400, "brace in the path", LINE("/{a}")),
	R(400, "bar in the path", LINE("/a|b")),
	R(400, "caret in the path", LINE("/a^b")),
	R(400, "grave in the path", LINE("/a`b")),
	R(400, "bracket in the path", LINE("/a[0]")),
	R(400, "bytes not ASCII in the path", LINE("/gr\xc3\xbcn")),
	R(400, "encoded, no UTF-8", LINE("/%ff")),
	R(400, "overlong slash", LINE("/%c0%af")),
	R(400, "surrogate", LINE("/%ed%a0%80")),
	R(400, "truncated UTF-8", LINE("/a%c3")),
	R(400, "query with a quote", LINE("/?a=\"b\"")),
	R(400, "query with an angle", LINE("/?a=<b>")),
	R(400, "query with a fragment", LINE("/?a#b")),
	R(400, "query with a bad percent", LINE("/?a=%g1")),
	R(400, "query with a short percent", LINE("/?a=%1")),
	R(400, "query with encoded line feed", LINE("/?a=%0d%0aSet-Cookie:x")),
	R(400, "query with encoded NUL", LINE("/?a=%00")),
	R(400, "query not ASCII", LINE("/?a=\xe9")),
	/* fields */
	R(400, "obs-fold", WITH("A: b\r\n c")),
	R(400, "obs-fold with a tab", WITH("A: b\r\n\tc: d")),
	R(400, "fold after the request line", GET " X: a\r\n" H E),
	R(400, "no colon", WITH("Accept")),
	R(400, "blank before the colon", WITH("Accept : a")),
	R(400, "tab before the colon", WITH("Accept\t: a")),
	R(400, "blank in a name", WITH("Acc ept: a")),
	R(400, "empty name", WITH(": a")),
	R(400, "name in parentheses", WITH("(a): b")),
	R(400, "name with a slash", WITH("a/b: c")),
	R(400, "name with an at", WITH("a@b: c")),
	R(400, "name not ASCII", WITH("\xc3\xa4: c")),
	R(400, "value not ASCII", WITH("A: \xc3\xa4")),
	R(400, "value with DEL", WITH("A: \x7f")),
	R(400, "value with escape", WITH("A: \x1b[2J")),
	R(400, "value with vertical tab", WITH("A: \x0b")),
	R(400, "value with form feed", WITH("A: \x0c")),
	R(400, "value with 0xff", WITH("A: \xff")),
	/* Host */
	R(400, "no Host", GET E),
	R(400, "Host twice", GET H H E),
	R(400, "Host twice, other case", GET H "hOsT: other\r\n" E),
	R(400, "Host empty", GET "Host:\r\n" E),
	R(400, "Host blank", GET "Host:   \r\n" E),
	R(400, "Host with a path", GET "Host: a/b\r\n" E),
	R(400, "Host with a user", GET "Host: u@a\r\n" E),
	R(400, "Host list", GET "Host: a, b\r\n" E),
	R(400, "Host with a blank", GET "Host: a b\r\n" E),
	R(400, "Host with a quote", GET "Host: a\"\r\n" E),
	R(400, "Host with a dollar", GET "Host: $(id)\r\n" E),
	R(400, "Host only a port", GET "Host: :443\r\n" E),
	R(400, "Host, port no number", GET "Host: a:b\r\n" E),
	R(400, "Host, port signed", GET "Host: a:-1\r\n" E),
	R(400, "Host, port too long", GET "Host: a:123456\r\n" E),
	R(400, "Host, two ports", GET "Host: a:1:2\r\n" E),
	R(400, "Host, open bracket", GET "Host: [2001:db8::1\r\n" E),
	R(400, "Host, empty brackets", GET "Host: []\r\n" E),
	R(400, "Host, zone", GET "Host: [fe80::1%25eth0]\r\n" E),
	R(400, "Host, text after brackets", GET "Host: [2001:db8::1]a\r\n" E),
	/* length of the body */
	R(400, "Content-Length twice", POST("Content-Length: 1\r\nContent-Length: 1")),
	R(400, "Content-Length twice, different", POST("Content-Length: 1\r\nContent-Length: 2")),
	R(400, "Content-Length list", POST("Content-Length: 1, 1")),
	R(400, "Content-Length signed", POST("Content-Length: +1")),
	R(400, "Content-Length negative", POST("Content-Length: -1")),
	R(400, "Content-Length hex", POST("Content-Length: 0x10")),
	R(400, "Content-Length empty", POST("Content-Length:")),
	R(400, "Content-Length with a blank", POST("Content-Length: 1 0")),
	R(400, "Content-Length fraction", POST("Content-Length: 1.0")),
	R(400, "Content-Length exponent", POST("Content-Length: 1e3")),
	R(400, "Content-Length with text", POST("Content-Length: 10a")),
	R(413, "Content-Length over the limit", POST("Content-Length: 16777217")),
	R(413, "Content-Length over 32 bits", POST("Content-Length: 4294967297")),
	R(413, "Content-Length over 64 bits", POST("Content-Length: 18446744073709551617")),
	R(400, "length and coding", POST("Content-Length: 4\r\nTransfer-Encoding: chunked")),
	R(400, "coding and length", POST("Transfer-Encoding: chunked\r\nContent-Length: 4")),
	R(400, "coding twice", POST("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity")),
	R(411, "chunked", POST("Transfer-Encoding: chunked")),
	R(411, "chunked, capitals", POST("TRANSFER-ENCODING: CHUNKED")),
	R(501, "gzip, chunked", POST("Transfer-Encoding: gzip, chunked")),
	R(501, "chunked with a prefix", POST("Transfer-Encoding: xchunked")),
	R(501, "coding identity", POST("Transfer-Encoding: identity")),
	R(501, "coding empty", POST("Transfer-Encoding:")),
	R(411, "chunked with blanks", POST("Transfer-Encoding:  chunked\t")),
	R(400, "GET with a body", WITH("Content-Length: 3")),
	R(400, "HEAD with a body", "HEAD / HTTP/1.1\r\n" H "Content-Length: 3\r\n" E),
	R(411, "GET with chunks", WITH("Transfer-Encoding: chunked")),
	R(415, "coded body", POST("Content-Length: 3\r\nContent-Encoding: gzip")),
	/* others that may come once */
	R(400, "Cookie twice", WITH("Cookie: a=b\r\nCookie: c=d")),
	R(400, "Origin twice", WITH("Origin: https://a\r\nOrigin: https://b")),
	R(400, "Content-Type twice", POST("Content-Type: application/json\r\nContent-Type: text/plain")),
	R(400, "If-Match twice", WITH("If-Match: \"a\"\r\nIf-Match: \"b\"")),
	R(400, "Patronus-CSRF twice", WITH("Patronus-CSRF: a\r\nPatronus-CSRF: b")),
	R(400, "Patronus-Workspace twice", WITH("Patronus-Workspace: a\r\npatronus-workspace: b")),
	R(400, "Sec-Fetch-Site twice", WITH("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site")),
	R(417, "Expect something else", POST("Content-Length: 3\r\nExpect: 200-ok")),
	R(417, "Expect a list", POST("Content-Length: 3\r\nExpect: 100-continue, x")),
#undef R
};

static void
test_refused(void **state)
{
	static struct http_request r;
	size_t i, wrong = 0;
	int v;

	(void)state;
	assert_true(sizeof(refused) / sizeof(refused[0]) >= 120);
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		v = verdict(refused[i].bytes, refused[i].len, &r);
		if (v == refused[i].status)
			continue;
		print_error("%s: %d, not %d\n", refused[i].name, v, refused[i].status);
		wrong++;
	}
	assert_int_equal(wrong, 0);
}

static void
accept(const char *bytes, struct http_request *r)
{
	int v = verdict(bytes, strlen(bytes), r);

	if (v != 0)
		fail_msg("status %d for %s", v, bytes);
}

static void
test_accepted(void **state)
{
	static struct http_request r;

	(void)state;
	accept(GET H E, &r);
	assert_int_equal(r.method, HTTP_GET);
	assert_string_equal(r.path, "/");
	assert_true(r.keep_alive);
	assert_int_equal(r.query.len, 0);
	assert_null(r.fields[HTTP_COOKIE].at);

	accept("PUT /configuration/firewall/rules/gr%C3%BCn?full=true&x=%20%2F HTTP/1.1\r\nhost: [2001:db8::1]:8443\r\n"
	    "content-length: 0016\r\nIF-MATCH:\t \"abc\" \t\r\nX-Other:\r\n" E, &r);
	assert_int_equal(r.method, HTTP_PUT);
	assert_string_equal(r.path, "/configuration/firewall/rules/gr\xc3\xbcn");
	assert_memory_equal(r.query.at, "full=true&x=%20%2F", 18);
	assert_int_equal(r.content_length, 16);
	assert_int_equal(r.fields[HTTP_IF_MATCH].len, 5);
	assert_memory_equal(r.fields[HTTP_IF_MATCH].at, "\"abc\"", 5);

	accept("DELETE /a.b/..c/...?a;b HTTP/1.1\r\n" H "Connection: Keep-Alive, Close\r\n" E, &r);
	assert_string_equal(r.path, "/a.b/..c/...");
	assert_false(r.keep_alive);

	accept("POST /a/ HTTP/1.1\r\n" H "Content-Length: 16777216\r\nExpect: 100-Continue\r\n" E, &r);
	assert_string_equal(r.path, "/a/");
	assert_int_equal(r.content_length, HTTP_BODY_MAX);
	assert_true(r.expect_continue);
	accept("POST /a HTTP/1.1\r\n" H "Expect: 100-continue\r\n" E, &r);
	assert_false(r.expect_continue);
	accept("PATCH /a@b:c,d=e+f HTTP/1.1\r\nHost: 192.0.2.1:443\r\n" E, &r);
	assert_int_equal(r.method, HTTP_PATCH);
	accept("HEAD / HTTP/1.1\r\nHost: a_b.example\r\nContent-Length: 0\r\n" E, &r);
	assert_int_equal(r.method, HTTP_HEAD);
}

/* However the bytes are cut, the scan ends at the same place, and what follows the head is not looked at. */
static void
test_pieces(void **state)
{
	static const char bytes[] = GET H "A: b\r\n" E "\n\0GARBAGE";
	static const size_t head = sizeof(GET H "A: b\r\n" E) - 1;
	size_t step, len, at;
	int n = 0;

	(void)state;
	for (step = 1; step < sizeof(bytes); step++) {
		at = 0;
		for (len = 0; len < sizeof(bytes) - 1;) {
			len = len + step < sizeof(bytes) - 1 ? len + step : sizeof(bytes) - 1;
			n = http_request_scan(bytes, len, &at);
			if (n != 0)
				break;
			assert_true(len < head);
		}
		assert_int_equal(n, head);
	}
}

static char *
many(const char *first, const char *each, unsigned n, const char *last)
{
	size_t len = strlen(first) + strlen(each) * n + strlen(last) + 1;
	char *s = malloc(len), *p;
	unsigned i;

	assert_non_null(s);
	p = s + snprintf(s, len, "%s", first);
	for (i = 0; i < n; i++)
		p += snprintf(p, len - (size_t)(p - s), "%s", each);
	(void)snprintf(p, len - (size_t)(p - s), "%s", last);
	return s;
}

static void
test_limits(void **state)
{
	static const struct {
		int		 status;
		const char	*first, *each;
		unsigned	 n;
		const char	*last;
	} cases[] = {
		{ 0, GET H, "A: b\r\n", 99, E },
		{ 431, GET H, "A: b\r\n", 100, E },
		{ 0, GET H "A: ", "a", 16000, "\r\n" E },
		{ 431, GET H "A: ", "a", 16400, "\r\n" E },
		{ 431, GET H "A: ", "a", 16400, "" },
		{ 1, GET H "A: ", "a", 8000, "" },
		{ 0, "GET /", "a", 2047, " HTTP/1.1\r\n" H E },
		{ 414, "GET /", "a", 2048, " HTTP/1.1\r\n" H E },
		{ 0, "GET /", "%61", 1300, " HTTP/1.1\r\n" H E },
		{ 414, "GET /", "%61", 1400, " HTTP/1.1\r\n" H E },
		{ 0, "GET /?", "a", 2048, " HTTP/1.1\r\n" H E },
		{ 414, "GET /?", "a", 2049, " HTTP/1.1\r\n" H E },
		{ 414, "GET /", "a", 9000, "" },
		{ 414, "GET /", "a", 9000, " HTTP/1.1\r\n" H E },
		{ 0, GET "Host: ", "a", 255, "\r\n" E },
		{ 400, GET "Host: ", "a", 256, "\r\n" E },
	};
	static struct http_request r;
	size_t i;
	char *s;
	int v;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		s = many(cases[i].first, cases[i].each, cases[i].n, cases[i].last);
		v = verdict(s, strlen(s), &r);
		if (v != cases[i].status)
			fail_msg("limit %zu: %d, not %d", i, v, cases[i].status);
		free(s);
	}
}

static void
test_tokens(void **state)
{
	struct span s = { "gzip;q=0.5, BR , close", 22 };

	(void)state;
	assert_true(span_has_token(s, "gzip"));
	assert_true(span_has_token(s, "br"));
	assert_true(span_has_token(s, "CLOSE"));
	assert_false(span_has_token(s, "b"));
	assert_false(span_has_token((struct span){ NULL, 0 }, "a"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_tokens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
