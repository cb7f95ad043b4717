/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "line.h"

/* The words of a line, joined by "," and the filters behind ";": "show,log;match:drop". */
static void
expect(const char *text, const char *want)
{
	const char *why = NULL;
	struct buf got;
	struct line l;
	unsigned k;
	int i;

	if (line_parse(&l, text, &why) != 0) {
		assert_non_null(why);
		assert_string_equal("error", want);
		line_fini(&l);
		return;
	}
	buf_init(&got, 512);
	buf_puts(&got, "");
	for (i = 0; i < l.n; i++)
		buf_printf(&got, "%s%s", i > 0 ? "," : "", l.words[i]);
	for (k = 0; k < l.nfilters; k++)
		buf_printf(&got, ";%s%s%s", l.filters[k].name, l.filters[k].arg[0] != '\0' ? ":" : "", l.filters[k].arg);
	assert_string_equal(got.len > 0 ? (const char *)got.data : "", want);
	buf_fini(&got);
	line_fini(&l);
}

static void
test_words(void **state)
{
	(void)state;
	expect("", "");
	expect("   ", "");
	expect("show  interfaces\t wan ", "show,interfaces,wan");
	expect("set a 'b c' \"d \\\" e\" f\\ g", "set,a,b c,d \" e,f g");
	expect("set a ''", "set,a,");
	expect("set a '\\n'", "set,a,\\n");
	expect("set a \"b\\nc\\\\n\" d\\n", "set,a,b\nc\\n,dn");
	expect("set a x'y z'w", "set,a,xy zw");
	expect("# a remark", "");
	expect("set a #1", "set,a,#1");
	expect("set a 'b", "error");
	expect("set a \"b|c\"", "set,a,b|c");
	expect("$(id) `id` $HOME * ~", "$(id),`id`,$HOME,*,~");
}

static void
test_filters(void **state)
{
	(void)state;
	expect("show log | match 'a b' | count", "show,log;match:a b;count");
	expect("show log|last 3|no-more", "show,log;last:3;no-more");
	expect("show log |", "show,log;");
	expect("show log | match a b", "error");
	expect("x|a|b|c|d|e|f|g|h", "x;a;b;c;d;e;f;g;h");
	expect("x|a|b|c|d|e|f|g|h|i", "error");
}

static void
test_too_many_words(void **state)
{
	char text[2 * (LINE_WORDS + 2) + 1];
	struct line l;
	const char *why;
	int i;

	(void)state;
	for (i = 0; i < LINE_WORDS + 1; i++)
		memcpy(text + 2 * i, "a ", 3);
	assert_int_equal(line_parse(&l, text, &why), -1);
	line_fini(&l);
	text[2 * LINE_WORDS] = '\0';
	assert_int_equal(line_parse(&l, text, &why), 0);
	assert_int_equal(l.n, LINE_WORDS);
	line_fini(&l);
}

static void
expect_expanded(const char *text, const char *want)
{
	char names[128];
	const char *why;
	struct buf got;
	struct line l;
	int i;

	assert_int_equal(line_parse(&l, text, &why), 0);
	buf_init(&got, 256);
	if (!line_expand(&l, names, sizeof(names)))
		buf_puts(&got, "?");
	for (i = 0; i < l.n && got.len != 1; i++)
		buf_printf(&got, "%s%s", i > 0 ? " " : "", l.words[i]);
	assert_string_equal((const char *)got.data, want);
	buf_fini(&got);
	line_fini(&l);
}

static void
test_words_cut_short(void **state)
{
	(void)state;
	expect_expanded("sh int", "show interfaces");
	expect_expanded("sh fi ru drop", "show firewall rules drop");
	expect_expanded("hist", "history");
	expect_expanded("c", "?");
	expect_expanded("show", "show");
	expect_expanded("show interfaces pro", "show interfaces pro");
	expect_expanded("frobnicate x", "frobnicate x");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_filters),
		cmocka_unit_test(test_too_many_words),
		cmocka_unit_test(test_words_cut_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
