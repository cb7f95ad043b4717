/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A diff as a tree: the document around what changes, with "-" before what goes, "+" before what comes and "~" before what moves.  Entries
 * of lists are members by their key, as in a path.
 */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "diff.h"
#include "diff_value.h"
#include "node.h"
#include "secret.h"

#define DEPTH_MAX	32

static void
print_key(char sign, unsigned depth, const char *key, size_t len, struct buf *b)
{
	buf_printf(b, "%c %*s%.*s:", sign, (int)depth * 2, "", (int)len, key);
}

static bool
is_flat(const struct node *n)
{
	return n->kind == NODE_SEQ && (n->first == NULL || n->first->kind == NODE_SCALAR);
}

static void
print_flat(const struct node *seq, struct buf *b)
{
	const struct node *n;

	buf_puts(b, " [");
	for (n = seq->first; n != NULL; n = n->next) {
		buf_puts(b, n == seq->first ? "" : ", ");
		diff_print_scalar(n->text, b);
	}
	buf_puts(b, "]\n");
}

/* is_entry: the first member is the key and stands before the colon already. */
static void
print_value(char sign, unsigned depth, const struct node *value, bool is_entry, struct buf *b)
{
	const struct node *n;
	const char *key;

	if (value->kind == NODE_SCALAR) {
		buf_putc(b, ' ');
		diff_print_scalar(value->text, b);
		buf_putc(b, '\n');
		return;
	}
	if (secret_is_node(value)) {
		buf_printf(b, " (secret, fingerprint %s)\n", node_member(value, "fingerprint")->text);
		return;
	}
	if (is_flat(value)) {
		print_flat(value, b);
		return;
	}
	n = is_entry && value->first != NULL ? value->first->next : value->first;
	buf_puts(b, n == NULL ? " {}\n" : "\n");
	for (; n != NULL; n = n->next) {
		key = value->kind == NODE_SEQ ? diff_entry_name(n) : n->name;
		print_key(sign, depth + 1, key, strlen(key), b);
		print_value(sign, depth + 1, n, value->kind == NODE_SEQ, b);
	}
}

static void
print_side(char sign, unsigned depth, const char *path, const char *json, struct buf *b)
{
	struct arena *arena = arena_new(0);
	struct node *value = NULL;
	const char *key = strrchr(path, '/') + 1;

	if (arena != NULL && diff_read_value(json, arena, &value) == 0) {
		print_key(sign, depth, key, strlen(key), b);
		print_value(sign, depth, value, diff_is_entry(path, value), b);
	}
	arena_free(arena);
}

static void
print_place(unsigned depth, const struct diff_change *c, const char *place_json, struct buf *b)
{
	const char *key = strrchr(c->path, '/') + 1, *place = strchr(place_json, ':');
	bool is_move = c->op == DIFF_MOVE;

	print_key('~', depth, key, strlen(key), b);
	if (place == NULL || strncmp(place_json, "{\"to\"", 5) == 0)
		buf_puts(b, is_move ? " moves to the top\n" : " stands at the top\n");
	else
		buf_printf(b, " %s below %.*s\n", is_move ? "moves" : "stands", (int)strcspn(place + 2, "\""), place + 2);
}

/* What stands above a change and was not printed for the one before; how deep the change itself is. */
static unsigned
print_above(const char *path, const char *before, struct buf *b)
{
	const char *at = path;
	unsigned depth = 0;
	bool is_same = true;
	size_t len;

	for (; (len = strcspn(at + 1, "/")) > 0 && at[1 + len] == '/' && depth < DEPTH_MAX; at += 1 + len, depth++) {
		is_same = is_same && strncmp(path, before, (size_t)(at - path) + 1 + len) == 0 &&
		    before[(size_t)(at - path) + 1 + len] == '/';
		if (is_same)
			continue;
		print_key(' ', depth, at + 1, len, b);
		buf_putc(b, '\n');
	}
	return depth;
}

void
diff_print_tree(const struct diff *d, struct buf *b)
{
	const struct diff_change *c;
	const char *before = "";
	unsigned depth;
	size_t i;

	for (i = 0; i < diff_count(d); i++) {
		c = diff_get(d, i);
		depth = print_above(c->path, before, b);
		before = c->path;
		if (c->op == DIFF_MOVE) {
			print_place(depth, c, c->new_json, b);
			continue;
		}
		if (c->old_json != NULL)
			print_side('-', depth, c->path, c->old_json, b);
		if (c->new_json != NULL)
			print_side('+', depth, c->path, c->new_json, b);
		if (c->place_json != NULL)
			print_place(depth, c, c->place_json, b);
	}
}
