/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "patronus-confd/document.h"
#include "patronus-confd/document_tree.h"
#include "patronus-confd/nodes.h"
#include "patronus-confd/problem.h"

static struct arena	*arena;
static struct problems	*problems;

static int
setup(void **state)
{
	(void)state;
	arena = arena_new(0);
	problems = problems_new();
	return arena == NULL || problems == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
	(void)state;
	arena_free(arena);
	problems_free(problems);
	return 0;
}

static void
assert_same(const struct node *a, const struct node *b)
{
	const struct node *x, *y;

	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->style, b->style);
	assert_int_equal(a->line, b->line);
	assert_int_equal(a->n, b->n);
	assert_int_equal(a->len, b->len);
	assert_true((a->name == NULL) == (b->name == NULL));
	if (a->name != NULL)
		assert_string_equal(a->name, b->name);
	if (a->text != NULL)
		assert_string_equal(a->text, b->text);
	for (x = a->first, y = b->first; x != NULL && y != NULL; x = x->next, y = y->next)
		assert_same(x, y);
	assert_true(x == NULL && y == NULL);
}

static int
unpack(const struct buf *b, struct node **ret)
{
	struct problems *mine = problems_new();
	int error = nodes_unpack(b->data, b->len, arena, mine, ret);

	problems_free(mine);
	return error;
}

/* Everything that the readers make, lines and styles and problems with it. */
static void
test_what_was_packed_comes_back(void **state)
{
	static const struct {
		enum document_format	 format;
		const char		*text;
		int			 error;
	} texts[] = {
		{ DOCUMENT_YAML, "a: 1\nb: [x, 'y', \"z\"]\nc:\n  d: { e: null, f: yes }\n  g: |\n    two\n    lines\n", 0 },
		{ DOCUMENT_YAML, "", 0 },
		{ DOCUMENT_YAML, "- a\n- {}\n- []\n", 0 },
		{ DOCUMENT_JSON, "{\"a\": 1.5e3, \"b\": [true, null, \"\"],\n \"\": \"\\u00e9\"}", 0 },
		{ DOCUMENT_YAML, "a: 1\na: 2\nb: &x 3\n", -EINVAL },
		{ DOCUMENT_YAML, "a: [", -EINVAL },
		{ DOCUMENT_JSON, "{\"a\": 1, \"a\": 2}", -EINVAL },
	};
	struct node *made, *back;
	struct problems *again;
	struct buf b;
	size_t i;
	unsigned k;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		(void)teardown(state);
		(void)setup(state);
		again = problems_new();
		assert_int_equal(document_read(texts[i].format, texts[i].text, strlen(texts[i].text), arena, problems, &made), texts[i].error);
		buf_init(&b, 0);
		nodes_pack(made, problems, &b);
		assert_false(buf_failed(&b));
		assert_int_equal(document_read(DOCUMENT_NODES, (const char *)b.data, b.len, arena, again, &back), texts[i].error);
		assert_true((made == NULL) == (back == NULL));
		if (made != NULL)
			assert_same(made, back);
		assert_int_equal(problems_count(again), problems_count(problems));
		for (k = 0; k < problems_count(again); k++) {
			assert_string_equal(problems_get(again, k)->text, problems_get(problems, k)->text);
			assert_string_equal(problems_get(again, k)->code, problems_get(problems, k)->code);
			assert_int_equal(problems_get(again, k)->line, problems_get(problems, k)->line);
		}
		problems_free(again);
		buf_fini(&b);
	}
}

static void
pack(const char *yaml, struct buf *b)
{
	struct node *root;

	assert_int_equal(document_read(DOCUMENT_YAML, yaml, strlen(yaml), arena, problems, &root), 0);
	buf_init(b, 0);
	nodes_pack(root, problems, b);
}

/* A byte less, a byte more, and every byte another one: refused, or a tree that packs to the same bytes. */
static void
test_any_other_bytes(void **state)
{
	struct problems *mine;
	struct node *root;
	struct buf b, again;
	uint8_t kept;
	size_t i;
	unsigned v;
	int error;

	(void)state;
	pack("system: { hostname: edge1 }\nlist: [a, b]\n", &b);
	for (i = 0; i < b.len; i++)
		assert_int_equal(nodes_unpack(b.data, i, arena, problems, &root), -EPROTO);
	for (i = 0; i < b.len; i++) {
		kept = b.data[i];
		for (v = 0; v < 256; v++) {
			b.data[i] = (uint8_t)v;
			mine = problems_new();
			error = nodes_unpack(b.data, b.len, arena, mine, &root);
			assert_true(error == 0 || error == -EPROTO);
			buf_init(&again, 0);
			if (error == 0)
				nodes_pack(root, mine, &again);
			if (error == 0 && b.data[i] == v)
				assert_memory_equal(again.data, b.data, b.len);
			buf_fini(&again);
			problems_free(mine);
		}
		b.data[i] = kept;
	}
	buf_put8(&b, 0);
	assert_int_equal(unpack(&b, &root), -EPROTO);
	buf_fini(&b);
}

/* What only a reader gone bad would send. */
static void
test_a_reader_is_not_believed(void **state)
{
	struct node *root, map = { .kind = NODE_MAP, .line = 1 }, a = { .kind = NODE_NULL, .name = "same" }, twin = a, *deep;
	struct buf b;
	unsigned i;

	(void)state;
	node_append(&map, &a);
	node_append(&map, &twin);
	buf_init(&b, 0);
	nodes_pack(&map, problems, &b);
	assert_int_equal(unpack(&b, &root), -EPROTO);
	buf_reset(&b);
	/* One level more than a reader makes. */
	root = deep = node_new(arena, NODE_SEQ, 1);
	for (i = 0; i < NODE_DEPTH_MAX; i++) {
		node_append(deep, node_new(arena, NODE_SEQ, 1));
		deep = deep->first;
	}
	nodes_pack(root, problems, &b);
	assert_int_equal(unpack(&b, &root), -EPROTO);
	buf_reset(&b);
	/* Neither a tree nor a reason. */
	nodes_pack(NULL, problems, &b);
	assert_int_equal(unpack(&b, &root), -EPROTO);
	buf_reset(&b);
	/* A text that ends inside, and one that is not UTF-8. */
	nodes_pack(&(struct node){ .kind = NODE_SCALAR, .text = "a\0b", .len = 3 }, problems, &b);
	assert_int_equal(unpack(&b, &root), -EPROTO);
	buf_reset(&b);
	nodes_pack(&(struct node){ .kind = NODE_SCALAR, .text = "\xff", .len = 1 }, problems, &b);
	assert_int_equal(unpack(&b, &root), -EPROTO);
	buf_fini(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_what_was_packed_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(test_any_other_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_a_reader_is_not_believed, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
