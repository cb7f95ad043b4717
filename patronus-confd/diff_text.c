/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A diff for people: the commands that would make it, one setting a line, "-" for what goes and "+" for what comes.
 */
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "diff.h"
#include "jsondoc.h"
#include "node.h"
#include "problem.h"
#include "secret.h"

/* "/firewall/rules/web-in" -> "firewall rules web-in" */
static void
print_words(const char *path, struct buf *b)
{
	for (path++; *path != '\0'; path++)
		buf_putc(b, *path == '/' ? ' ' : *path);
}

static bool
is_bare(const char *text)
{
	return *text != '\0' && text[strspn(text,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._/@+:=-")] == '\0';
}

static void
print_scalar(const char *text, struct buf *b)
{
	if (is_bare(text)) {
		buf_puts(b, text);
		return;
	}
	buf_putc(b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_putc(b, '\\');
		buf_putc(b, *text);
	}
	buf_putc(b, '"');
}

/* The name of an entry: its first member, which is the key. */
static const char *
entry_name(const struct node *entry)
{
	return entry->kind == NODE_MAP && entry->first != NULL && entry->first->kind == NODE_SCALAR ? entry->first->text : "";
}

static void
print_line(const char *sign, const char *words, const char *value, struct buf *b)
{
	buf_printf(b, "%s set %s", sign, words);
	if (value != NULL) {
		buf_putc(b, ' ');
		buf_puts(b, value);
	}
	buf_putc(b, '\n');
}

static void
print_values(const char *sign, const char *words, const struct node *seq, struct buf *b)
{
	const struct node *n;
	struct buf value;

	buf_init(&value, 0);
	for (n = seq->first; n != NULL; n = n->next) {
		if (n != seq->first)
			buf_putc(&value, ' ');
		print_scalar(n->text, &value);
	}
	if (seq->n > 1)
		buf_printf(b, "%s set %s [ %s ]\n", sign, words, buf_failed(&value) ? "" : (const char *)value.data);
	else if (seq->n == 1)
		print_line(sign, words, (const char *)value.data, b);
	buf_fini(&value);
}

/* Everything in a value, one line for each setting.  is_entry: the first member is the key and stands in words. */
static void
print_value(const char *sign, const char *words, const struct node *value, bool is_entry, struct buf *b)
{
	const struct node *n;
	struct buf below;

	if (value->kind == NODE_SCALAR) {
		buf_init(&below, 0);
		print_scalar(value->text, &below);
		print_line(sign, words, (const char *)below.data, b);
		buf_fini(&below);
		return;
	}
	if (secret_is_node(value)) {
		buf_init(&below, 0);
		buf_printf(&below, "(secret, fingerprint %s)", node_member(value, "fingerprint")->text);
		print_line(sign, words, (const char *)below.data, b);
		buf_fini(&below);
		return;
	}
	if (value->kind == NODE_SEQ && (value->first == NULL || value->first->kind == NODE_SCALAR)) {
		print_values(sign, words, value, b);
		return;
	}
	if (value->first == NULL || (is_entry && value->n == 1))
		print_line(sign, words, NULL, b);
	for (n = value->first; n != NULL; n = n->next) {
		if (is_entry && n == value->first)
			continue;
		buf_init(&below, 0);
		buf_printf(&below, "%s %s", words, value->kind == NODE_SEQ ? entry_name(n) : n->name);
		if (!buf_failed(&below))
			print_value(sign, (const char *)below.data, n, value->kind == NODE_SEQ, b);
		buf_fini(&below);
	}
}

/* What stands at the end of the path is a list's entry when the value starts with the last word of it. */
static bool
is_entry(const char *path, const struct node *value)
{
	return value->kind == NODE_MAP && strcmp(strrchr(path, '/') + 1, entry_name(value)) == 0;
}

static void
print_side(const char *sign, const char *path, const char *json, struct buf *b)
{
	struct problems *problems = problems_new();
	struct arena *arena = arena_new(0);
	struct node *value = NULL;
	struct buf words;

	buf_init(&words, 0);
	print_words(path, &words);
	if (arena != NULL && problems != NULL && !buf_failed(&words) &&
	    jsondoc_read(json, strlen(json), arena, problems, &value) == 0)
		print_value(sign, (const char *)words.data, value, is_entry(path, value), b);
	buf_fini(&words);
	problems_free(problems);
	arena_free(arena);
}

/* "{"after":"web-in"}" -> "after web-in" */
static void
print_move(const struct diff_change *c, struct buf *b)
{
	const char *key = strchr(c->new_json, ':');

	buf_puts(b, "+ move ");
	print_words(c->path, b);
	if (strncmp(c->new_json, "{\"to\"", 5) == 0 || key == NULL)
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
			print_move(c, b);
			continue;
		}
		if (c->old_json != NULL)
			print_side("-", c->path, c->old_json, b);
		if (c->new_json != NULL)
			print_side("+", c->path, c->new_json, b);
	}
}
