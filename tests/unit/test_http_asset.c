/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "asset.h"
#include "stream.h"

#define BODY(s)	{ (const uint8_t *)(s), sizeof(s) - 1 }

/* A table of the shape that the build makes. */
const struct asset assets[] = {
	{ "/assets/a-1.js", "text/javascript", true, BODY("plain js"), BODY("gzip js"), BODY("br js"), "\"e1\"" },
	{ "/assets/b.svg", "image/svg+xml", false, BODY("plain svg"), { NULL, 0 }, { NULL, 0 }, "\"e2\"" },
	{ "/index.html", "text/html; charset=utf-8", false, BODY("page"), BODY("gzip"), { NULL, 0 }, "\"e3\"" },
};
const size_t nassets = sizeof(assets) / sizeof(assets[0]);

static struct span
text(const char *s)
{
	return (struct span){ s, s != NULL ? strlen(s) : 0 };
}

static void
test_find(void **state)
{
	static const char *const absent[] = { "", "/index.htm", "/index.html/", "/INDEX.HTML", "/assets", "/assets/", "/assets/a-1.jsx", "index.html",
		"/assets/../index.html", "/api/v1/status", "//" };
	size_t i;

	(void)state;
	assert_ptr_equal(asset_find("/"), &assets[2]);
	for (i = 0; i < nassets; i++)
		assert_ptr_equal(asset_find(assets[i].path), &assets[i]);
	for (i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_null(asset_find(absent[i]));
}

static void
test_accepts(void **state)
{
	static const struct {
		const char	*list;
		bool		 br, gzip;
	} cases[] = {
		{ NULL, false, false }, { "", false, false }, { "gzip, deflate, br", true, true }, { "br", true, false }, { "BR;q=1", true, false },
		{ "br;q=0, gzip", false, true }, { "br; q=0.0,gzip;q=0.5", false, true }, { "br;q=0.001", true, false }, { "brotli", false, false },
		{ "x-br,x-gzip", false, false }, { "identity", false, false }, { "*", false, false }, { ",,br,", true, false },
		{ "gzip;q=0.000", false, false },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (asset_accepts(text(cases[i].list), "br") != cases[i].br || asset_accepts(text(cases[i].list), "gzip") != cases[i].gzip)
			fail_msg("%s", cases[i].list);
	}
}

static void
test_reply(void **state)
{
	static struct http_request r;
	struct http_reply p;

	(void)state;
	r.method = HTTP_GET;
	asset_reply(&assets[0], &r, &p);
	assert_int_equal(p.status, 200);
	assert_memory_equal(p.body, "plain js", 8);
	assert_null(p.encoding);
	assert_true(p.vary);
	assert_string_equal(p.etag, "\"e1\"");
	assert_non_null(strstr(p.cache, "immutable"));
	r.fields[HTTP_ACCEPT_ENCODING] = text("gzip, br");
	asset_reply(&assets[0], &r, &p);
	assert_string_equal(p.encoding, "br");
	assert_int_equal(p.len, 5);
	assert_string_equal(p.etag, "W/\"e1\"");
	asset_reply(&assets[2], &r, &p);
	assert_string_equal(p.encoding, "gzip");
	assert_string_equal(p.cache, "no-store");
	asset_reply(&assets[1], &r, &p);
	assert_null(p.encoding);
	assert_false(p.vary);
	r.fields[HTTP_IF_NONE_MATCH] = text("\"x\", W/\"e1\"");
	asset_reply(&assets[0], &r, &p);
	assert_int_equal(p.status, 304);
	asset_reply(&assets[1], &r, &p);
	assert_int_equal(p.status, 200);
	r.fields[HTTP_IF_NONE_MATCH] = text("*");
	asset_reply(&assets[1], &r, &p);
	assert_int_equal(p.status, 304);
}

static void
test_stream_put(void **state)
{
	static const struct {
		const char	*data, *want;
	} cases[] = {
		{ "{}", "id: 7\nevent: log\ndata: {}\n\n" },
		{ "", "id: 7\nevent: log\ndata: \n\n" },
		{ "a\nb", "id: 7\nevent: log\ndata: a\ndata: b\n\n" },
		{ "a\rid: 9\n\nevent: x\n", "id: 7\nevent: log\ndata: a\ndata: id: 9\ndata: \ndata: event: x\ndata: \n\n" },
	};
	struct buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_init(&b, 0);
		stream_put(&b, 7, "log", (const uint8_t *)cases[i].data, strlen(cases[i].data));
		buf_putc(&b, '\0');
		assert_string_equal((char *)b.data, cases[i].want);
		buf_fini(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_accepts),
		cmocka_unit_test(test_reply),
		cmocka_unit_test(test_stream_put),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
