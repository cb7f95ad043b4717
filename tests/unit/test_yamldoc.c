/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The readers of YAML and JSON: what they refuse, and on which line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "jsondoc.h"
#include "node.h"
#include "problem.h"
#include "yamldoc.h"

struct refusal {
	const char	*text;
	const char	*code;
	unsigned	 line;
};

static const struct refusal yaml_refusals[] = {
	{ "a: &x 1\nb: 2\n", "anchor", 1 },
	{ "a: &x {c: 1}\nb: *x\n", "alias", 2 },
	{ "a: 1\nb: *x\n", "alias", 2 },
	{ "a: 1\nb: !secret x\n", "tag", 2 },
	{ "a: !!str 1\n", "tag", 1 },
	{ "a:\n  - !x {b: 1}\n", "tag", 2 },
	{ "base: {x: 1}\nuse:\n  <<: {y: 2}\n", "merge-key", 3 },
	{ "a: 1\nb: 2\na: 3\n", "duplicate-key", 3 },
	{ "a:\n  b: 1\n  c: 2\n  b: 3\n", "duplicate-key", 4 },
	{ "a: 1\n---\nb: 2\n", "many-documents", 2 },
	{ "%YAML 1.1\n---\na: 1\n", "directive", 1 },
	{ "%TAG ! tag:x,2000:\n---\na: 1\n", "directive", 1 },
	{ "ok: 1\nno: 2\n", "doubtful-boolean", 2 },
	{ "a: 1\n\tb: 2\n", "syntax", 2 },
	{ "a: [1, 2\nb: 3\n", "syntax", 2 },
	{ "a: 1\nb: \xff\n", "encoding", 2 },
	{ "a: 1\nb: \"x\xc3\"\n", "encoding", 2 },
	{ "a: 1\nb: 2\n? [x, y]\n: 3\n", "key", 3 },
	{ "a: \"\\0\"\n", "encoding", 1 },
};

static const struct refusal json_refusals[] = {
	{ "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}", "duplicate-key", 3 },
	{ "{\"a\": 1,}", "syntax", 1 },
	{ "{\n\"a\": 01}", "syntax", 2 },
	{ "{\"a\": 1}\n{}", "syntax", 2 },
	{ "{\"a\": \"\n\"}", "syntax", 1 },
	{ "{\"a\":\n\"\\u0000\"}", "syntax", 2 },
	{ "{\"a\":\n\"\\ud800x\"}", "syntax", 2 },
	{ "{\"a\":\n\"\\x\"}", "syntax", 2 },
	{ "{\"a\":\nnul}", "syntax", 2 },
	{ "{\"a\":\n1.}", "syntax", 2 },
	{ "{\"a\":\n-}", "syntax", 2 },
	{ "{'a': 1}", "syntax", 1 },
	{ "", "syntax", 1 },
	{ "[1, 2", "syntax", 1 },
	{ "{\"a\":\n\"\xff\"}", "encoding", 2 },
};

typedef int reader(const char *, size_t, struct arena *, struct problems *, struct node **);

static void
check_refusal(reader *read, const struct refusal *r)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	const struct problem *p;
	struct node *n;
	unsigned i;

	assert_int_equal(read(r->text, strlen(r->text), arena, problems, &n), -22);
	for (i = 0; (p = problems_get(problems, i)) != NULL; i++)
		if (strcmp(p->code, r->code) == 0 && p->line == r->line)
			break;
	if (p == NULL && problems_get(problems, 0) != NULL)
		print_message("%s: got %s on line %u: %s\n", r->text, problems_get(problems, 0)->code,
		    problems_get(problems, 0)->line, problems_get(problems, 0)->text);
	assert_non_null(p);
	problems_free(problems);
	arena_free(arena);
}

static void
yaml_refuses_what_is_ambiguous(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(yaml_refusals) / sizeof(yaml_refusals[0]); i++)
		check_refusal(yamldoc_read, &yaml_refusals[i]);
}

static void
json_refuses_what_is_no_json(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(json_refusals) / sizeof(json_refusals[0]); i++)
		check_refusal(jsondoc_read, &json_refusals[i]);
}

static void
check_depth(reader *read, const char *open, const char *close, unsigned levels, bool is_refused)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct buf b;
	struct node *n;
	unsigned i;
	int error;

	buf_init(&b, 0);
	for (i = 0; i < levels; i++)
		buf_puts(&b, open);
	for (i = 0; i < levels; i++)
		buf_puts(&b, close);
	error = read((const char *)b.data, b.len, arena, problems, &n);
	assert_int_equal(error, is_refused ? -22 : 0);
	if (is_refused)
		assert_string_equal(problems_get(problems, 0)->code, "too-deep");
	buf_fini(&b);
	problems_free(problems);
	arena_free(arena);
}

static void
nesting_is_bounded(void **state)
{
	(void)state;
	check_depth(yamldoc_read, "[", "]", NODE_DEPTH_MAX, false);
	check_depth(yamldoc_read, "[", "]", NODE_DEPTH_MAX + 1, true);
	check_depth(yamldoc_read, "[", "]", 5000, true);
	check_depth(jsondoc_read, "[", "]", NODE_DEPTH_MAX, false);
	check_depth(jsondoc_read, "[", "]", NODE_DEPTH_MAX + 1, true);
	check_depth(jsondoc_read, "[", "]", 100000, true);
}

static void
size_is_bounded(void **state)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	char *text = malloc(NODE_BYTES_MAX + 1);
	struct node *n;

	(void)state;
	memset(text, '#', NODE_BYTES_MAX + 1);
	assert_int_equal(yamldoc_read(text, NODE_BYTES_MAX, arena, problems, &n), 0);
	assert_int_equal(yamldoc_read(text, NODE_BYTES_MAX + 1, arena, problems, &n), -22);
	assert_string_equal(problems_get(problems, 0)->code, "too-large");
	assert_int_equal(jsondoc_read(text, NODE_BYTES_MAX + 1, arena, problems, &n), -22);
	free(text);
	problems_free(problems);
	arena_free(arena);
}

static void
nodes_know_their_lines(void **state)
{
	static const char yaml[] = "# comment\na:\n  b: x\n  c:\n    - one\n    - two\nd: {e: 1,\n  f: \"2\"}\n";
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct node *n, *c;

	(void)state;
	assert_int_equal(yamldoc_read(yaml, strlen(yaml), arena, problems, &n), 0);
	assert_int_equal(node_member(n, "a")->line, 2);
	assert_string_equal(node_member_text(node_member(n, "a"), "b"), "x");
	c = node_member(node_member(n, "a"), "c");
	assert_int_equal(c->line, 4);
	assert_int_equal(c->n, 2);
	assert_int_equal(c->last->line, 6);
	assert_int_equal(node_member(node_member(n, "d"), "f")->line, 8);
	assert_int_equal(node_member(node_member(n, "d"), "f")->style, NODE_QUOTED);
	assert_int_equal(node_member(node_member(n, "d"), "e")->style, NODE_PLAIN);
	problems_free(problems);
	arena_free(arena);
}

static void
json_strings_are_unescaped(void **state)
{
	static const char json[] = "{\"a\": \"\\\"\\\\\\/\\n\\u00e4\\ud83d\\ude00\", \"e\": \"\", \"n\": -1.5e3, \"t\": true, \"z\": null}";
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct node *n;

	(void)state;
	assert_int_equal(jsondoc_read(json, strlen(json), arena, problems, &n), 0);
	assert_string_equal(node_member_text(n, "a"), "\"\\/\n\xc3\xa4\xf0\x9f\x98\x80");
	assert_string_equal(node_member_text(n, "e"), "");
	assert_string_equal(node_member(n, "n")->text, "-1.5e3");
	assert_int_equal(node_member(n, "n")->style, NODE_NUMBER);
	assert_int_equal(node_member(n, "t")->style, NODE_BOOL);
	assert_int_equal(node_member(n, "z")->kind, NODE_NULL);
	assert_null(node_member_text(n, "n"));
	problems_free(problems);
	arena_free(arena);
}

/* Every prefix of a valid text ends in a clean refusal or a shorter valid text, never in anything else. */
static void
cut_texts_are_refused_cleanly(void **state)
{
	static const char json[] = "{\"a\": [1, \"x\\u00e4\", {\"b\": true}], \"c\": null}";
	struct problems *problems;
	struct arena *arena;
	struct node *n;
	size_t i;

	(void)state;
	for (i = 0; i < strlen(json); i++) {
		problems = problems_new();
		arena = arena_new(0);
		assert_int_equal(jsondoc_read(json, i, arena, problems, &n), -22);
		assert_int_equal(problems_count(problems), 1);
		problems_free(problems);
		arena_free(arena);
	}
}

static void
merge_is_rfc7396(void **state)
{
	static const struct {
		const char *target, *patch, *name, *value;
	} cases[] = {
		{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "a", "c" },
		{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "b", "c" },
		{ "{\"a\":\"b\"}", "{\"a\":null}", "a", NULL },
		{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "a", "c" },
		{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":\"d\"}", "a", "d" },
		{ "{\"a\":\"d\"}", "{\"b\":null}", "a", "d" },
	};
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct node *t, *p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(jsondoc_read(cases[i].target, strlen(cases[i].target), arena, problems, &t), 0);
		assert_int_equal(jsondoc_read(cases[i].patch, strlen(cases[i].patch), arena, problems, &p), 0);
		assert_int_equal(node_merge(arena, t, p), 0);
		if (cases[i].value == NULL)
			assert_null(node_member(t, cases[i].name));
		else
			assert_string_equal(node_member_text(t, cases[i].name), cases[i].value);
	}
	assert_int_equal(jsondoc_read("{\"a\":{}}", 8, arena, problems, &t), 0);
	assert_int_equal(jsondoc_read("{\"a\":{\"bb\":{\"ccc\":null}}}", 25, arena, problems, &p), 0);
	assert_int_equal(node_merge(arena, t, p), 0);
	assert_int_equal(node_member(node_member(t, "a"), "bb")->n, 0);
	problems_free(problems);
	arena_free(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(yaml_refuses_what_is_ambiguous),
		cmocka_unit_test(json_refuses_what_is_no_json),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(size_is_bounded),
		cmocka_unit_test(nodes_know_their_lines),
		cmocka_unit_test(json_strings_are_unescaped),
		cmocka_unit_test(cut_texts_are_refused_cleanly),
		cmocka_unit_test(merge_is_rfc7396),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
