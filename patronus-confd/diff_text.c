/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A diff for people: one setting a line, "-" for what goes and "+" for what comes; or the commands that would make it.
 */
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "diff.h"
#include "diff_value.h"
#include "node.h"
#include "secret.h"

/* "/firewall/rules/web-in" -> "firewall rules web-in" */
static void
print_words(const char *path, struct buf *b)
{
	for (path++; *path != '\0'; path++)
		buf_putc(b, *path == '/' ? ' ' : *path);
}

static void
print_line(const char *lead, const char *words, const char *value, struct buf *b)
{
	buf_printf(b, "%s %s", lead, words);
	if (value != NULL) {
		buf_putc(b, ' ');
		buf_puts(b, value);
	}
	buf_putc(b, '\n');
}

static void
print_values(const char *lead, const char *words, const struct node *seq, struct buf *b)
{
	const struct node *n;
	struct buf value;

	buf_init(&value, 0);
	for (n = seq->first; n != NULL; n = n->next) {
		if (n != seq->first)
			buf_putc(&value, ' ');
		diff_print_scalar(n->text, &value);
	}
	if (seq->n > 1)
		buf_printf(b, "%s %s [ %s ]\n", lead, words, buf_failed(&value) ? "" : (const char *)value.data);
	else if (seq->n == 1)
		print_line(lead, words, (const char *)value.data, b);
	buf_fini(&value);
}

/* Everything in a value, one line for each setting.  is_entry: the first member is the key and stands in words. */
static void
print_value(const char *lead, const char *words, const struct node *value, bool is_entry, struct buf *b)
{
	const struct node *n;
	struct buf below;

	if (value->kind == NODE_SCALAR) {
		buf_init(&below, 0);
		diff_print_scalar(value->text, &below);
		print_line(lead, words, (const char *)below.data, b);
		buf_fini(&below);
		return;
	}
	if (secret_is_node(value)) {
		buf_init(&below, 0);
		buf_printf(&below, "(secret, fingerprint %s)", node_member(value, "fingerprint")->text);
		print_line(lead, words, (const char *)below.data, b);
		buf_fini(&below);
		return;
	}
	if (value->kind == NODE_SEQ && (value->first == NULL || value->first->kind == NODE_SCALAR)) {
		print_values(lead, words, value, b);
		return;
	}
	if (value->first == NULL || (is_entry && value->n == 1))
		print_line(lead, words, NULL, b);
	for (n = value->first; n != NULL; n = n->next) {
		if (is_entry && n == value->first)
			continue;
		buf_init(&below, 0);
		buf_printf(&below, "%s %s", words, value->kind == NODE_SEQ ? diff_entry_name(n) : n->name);
		if (!buf_failed(&below))
			print_value(lead, (const char *)below.data, n, value->kind == NODE_SEQ, b);
		buf_fini(&below);
	}
}

static void
print_side(const char *lead, const char *path, const char *json, struct buf *b)
{
	struct arena *arena = arena_new(0);
	struct node *value = NULL;
	struct buf words;

	buf_init(&words, 0);
	print_words(path, &words);
	if (arena != NULL && !buf_failed(&words) && diff_read_value(json, arena, &value) == 0)
		print_value(lead, (const char *)words.data, value, diff_is_entry(path, value), b);
	buf_fini(&words);
	arena_free(arena);
}

/* "{"after":"web-in"}" -> "after web-in" */
static void
print_move(const char *lead, const struct diff_change *c, const char *place, struct buf *b)
{
	const char *key = strchr(place, ':');

	buf_printf(b, "%s ", lead);
	print_words(c->path, b);
	if (strncmp(place, "{\"to\"", 5) == 0 || key == NULL)
		buf_puts(b, " first\n");
	else
		buf_printf(b, " after %.*s\n", (int)strcspn(key + 2, "\""), key + 2);
}

void
diff_print_text(const struct diff *d, struct buf *b)
{
	const struct diff_change *c;
	size_t i;

	for (i = 0; i < diff_count(d); i++) {
		c = diff_get(d, i);
		if (c->op == DIFF_MOVE) {
			print_move("+ move", c, c->new_json, b);
			continue;
		}
		if (c->old_json != NULL)
			print_side("- set", c->path, c->old_json, b);
		if (c->new_json != NULL)
			print_side("+ set", c->path, c->new_json, b);
	}
}

void
diff_print_commands(const struct diff *d, struct buf *b)
{
	const struct diff_change *c;
	size_t i;

	for (i = 0; i < diff_count(d); i++) {
		c = diff_get(d, i);
		if (c->op == DIFF_MOVE) {
			print_move("move", c, c->new_json, b);
		} else if (c->new_json != NULL) {
			print_side("set", c->path, c->new_json, b);
			if (c->place_json != NULL)
				print_move("move", c, c->place_json, b);
		} else {
			buf_puts(b, "delete ");
			print_words(c->path, b);
			buf_putc(b, '\n');
		}
	}
}
