/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "document.h"
#include "problem.h"
#include "schema.h"

/*
 * What the manual shows is true.  The arguments are pages and documents: a document (.yaml), and every block ```yaml of a page, is loaded,
 * validated, and prints to a text that loads again to the same; a block ```yaml wrong has the errors that the next block shows.
 */
static char		**paths;
static int		 npaths;
static struct schema	*schema;

static char *
read_file(const char *path)
{
	struct buf b;
	char piece[4096];
	size_t n;
	FILE *f = fopen(path, "rb");

	if (f == NULL)
		fail_msg("%s cannot be read", path);
	buf_init(&b, 0);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_put(&b, piece, n);
	(void)fclose(f);
	return (char *)buf_take(&b, &n);
}

static void
problems_tell(const struct problems *p, const char *where)
{
	struct buf b;

	buf_init(&b, 0);
	problems_print_text(p, where, &b);
	print_error("%s", b.data != NULL ? (const char *)b.data : "");
	buf_fini(&b);
}

static void
assert_stable(const struct document *doc, const char *where)
{
	struct problems *p = problems_new();
	struct document *again;
	struct buf one, two;

	buf_init(&one, 0);
	buf_init(&two, 0);
	assert_int_equal(document_print(doc, DOCUMENT_YAML, 0, &one), 0);
	if (document_check(schema, DOCUMENT_YAML, (const char *)one.data, one.len, p, &again) != 0) {
		problems_tell(p, where);
		fail_msg("%s: what it prints does not load", where);
	}
	assert_int_equal(document_print(again, DOCUMENT_YAML, 0, &two), 0);
	assert_string_equal((char *)one.data, (char *)two.data);
	document_free(again);
	buf_fini(&one);
	buf_fini(&two);
	problems_free(p);
}

static void
check_right(const char *where, const char *text, size_t len)
{
	struct problems *p = problems_new();
	struct document *doc;

	if (document_check(schema, DOCUMENT_YAML, text, len, p, &doc) != 0) {
		problems_tell(p, where);
		fail_msg("%s: is not valid", where);
	}
	assert_stable(doc, where);
	document_free(doc);
	problems_free(p);
}

static void
check_wrong(const char *where, const char *text, size_t len, const char *told, size_t told_len)
{
	struct problems *p = problems_new();
	struct document *doc = NULL;
	struct buf b;

	assert_int_not_equal(document_check(schema, DOCUMENT_YAML, text, len, p, &doc), 0);
	problems_sort(p);
	buf_init(&b, 0);
	problems_print_text(p, "box.yaml", &b);
	if (b.len != told_len || memcmp(b.data, told, told_len) != 0)
		fail_msg("%s: says\n%s", where, (char *)b.data);
	buf_fini(&b);
	problems_free(p);
	document_free(doc);
}

/* The next fenced block at or after p: its info string, content and end; NULL when there is none. */
static const char *
next_block(const char *p, char info[32], const char **ret_text, size_t *ret_len)
{
	const char *start = strncmp(p, "```", 3) == 0 ? p : strstr(p, "\n```"), *text, *end;

	if (start == NULL)
		return NULL;
	start += *start == '\n' ? 4 : 3;
	text = strchr(start, '\n');
	assert_non_null(text);
	assert_true((size_t)(text - start) < 32);
	memcpy(info, start, (size_t)(text - start));
	info[text - start] = '\0';
	end = strstr(text, "\n```");
	assert_non_null(end);
	*ret_text = text + 1;
	*ret_len = (size_t)(end - text);
	return end + 4;
}

static unsigned
check_page(const char *path, const char *page)
{
	char info[32], where[512];
	const char *p = page, *text, *told;
	size_t len, told_len;
	unsigned n = 0;

	while ((p = next_block(p, info, &text, &len)) != NULL) {
		(void)snprintf(where, sizeof(where), "%s, block %u", path, n + 1);
		if (strcmp(info, "yaml") == 0)
			check_right(where, text, len);
		else if (strcmp(info, "yaml wrong") == 0) {
			p = next_block(p, info, &told, &told_len);
			assert_non_null(p);
			check_wrong(where, text, len, told, told_len);
		} else
			continue;
		n++;
	}
	return n;
}

static void
test_what_the_manual_shows(void **state)
{
	const char *dot;
	char *text;
	int i;

	(void)state;
	assert_true(npaths > 0);
	for (i = 0; i < npaths; i++) {
		text = read_file(paths[i]);
		dot = strrchr(paths[i], '.');
		if (dot != NULL && strcmp(dot, ".yaml") == 0)
			check_right(paths[i], text, strlen(text));
		else
			assert_true(check_page(paths[i], text) > 0);
		free(text);
	}
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_the_manual_shows),
	};
	int failed;

	paths = argv + 1;
	npaths = argc - 1;
	schema = schema_new();
	if (schema == NULL)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	schema_free(schema);
	return failed;
}
