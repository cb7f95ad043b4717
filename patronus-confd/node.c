/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "node.h"
#include "problem.h"
#include "record_json.h"

/* The line of the first byte that is not UTF-8; a line that is not is where it is. */
static unsigned
bad_line(const char *data, size_t len)
{
	const char *eol;
	unsigned line = 1;
	size_t n;

	for (; len > 0; line++, data += n, len -= n) {
		eol = memchr(data, '\n', len);
		n = eol != NULL ? (size_t)(eol - data) + 1 : len;
		if (!str_is_utf8(data, n))
			break;
	}
	return line;
}

bool
node_check_text(const char *data, size_t len, size_t max, struct problems *problems)
{
	if (len > max) {
		problems_add(problems, "", "", 0, "too-large", "", "the document is larger than %zu MiB", max >> 20);
		return false;
	}
	if (!str_is_utf8(data, len)) {
		problems_add(problems, "", "", bad_line(data, len), "encoding", "save the file as UTF-8",
		    "this line is not UTF-8 text");
		return false;
	}
	return true;
}

struct node *
node_new(struct arena *arena, enum node_kind kind, unsigned line)
{
	struct node *n = arena_alloc(arena, 1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->kind = (uint8_t)kind;
	n->line = line;
	return n;
}

struct node *
node_scalar(struct arena *arena, enum node_style style, const char *text, size_t len, unsigned line)
{
	struct node *n = node_new(arena, NODE_SCALAR, line);

	if (n == NULL)
		return NULL;
	n->style = (uint8_t)style;
	n->text = arena_strndup(arena, text, len);
	n->len = (uint32_t)len;
	return n->text != NULL ? n : NULL;
}

void
node_append(struct node *parent, struct node *child)
{
	child->next = NULL;
	if (parent->last != NULL)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->n++;
}

struct node *
node_member(const struct node *map, const char *name)
{
	struct node *n;

	if (map == NULL || map->kind != NODE_MAP)
		return NULL;
	for (n = map->first; n != NULL; n = n->next)
		if (strcmp(n->name, name) == 0)
			return n;
	return NULL;
}

const char *
node_member_text(const struct node *map, const char *name)
{
	const struct node *n = node_member(map, name);

	if (n == NULL || n->kind != NODE_SCALAR || (n->style != NODE_QUOTED && n->style != NODE_PLAIN))
		return NULL;
	return n->text;
}

struct node *
node_dup(struct arena *arena, const struct node *from)
{
	const struct node *child;
	struct node *n, *copy;

	n = arena_alloc(arena, 1, sizeof(*n));
	if (n == NULL)
		return NULL;
	*n = *from;
	n->first = n->last = n->next = NULL;
	n->n = 0;
	if (from->name != NULL && (n->name = arena_strdup(arena, from->name)) == NULL)
		return NULL;
	if (from->text != NULL && (n->text = arena_strndup(arena, from->text, from->len)) == NULL)
		return NULL;
	for (child = from->first; child != NULL; child = child->next) {
		copy = node_dup(arena, child);
		if (copy == NULL)
			return NULL;
		node_append(n, copy);
	}
	return n;
}

static void
unlink_member(struct node *map, const char *name)
{
	struct node **link, *prev = NULL;

	for (link = &map->first; *link != NULL; prev = *link, link = &(*link)->next) {
		if (strcmp((*link)->name, name) != 0)
			continue;
		if (map->last == *link)
			map->last = prev;
		*link = (*link)->next;
		map->n--;
		return;
	}
}

/* A patch that makes something new: members that are null are left out of it. */
static struct node *
dup_without_null(struct arena *arena, const struct node *patch)
{
	struct node *n;

	if (patch->kind != NODE_MAP)
		return node_dup(arena, patch);
	n = node_new(arena, NODE_MAP, patch->line);
	if (n == NULL || (patch->name != NULL && (n->name = arena_strdup(arena, patch->name)) == NULL))
		return NULL;
	return node_merge(arena, n, patch) == 0 ? n : NULL;
}

int
node_merge(struct arena *arena, struct node *target, const struct node *patch)
{
	const struct node *p;
	struct node *old, *new;
	int error;

	for (p = patch->first; p != NULL; p = p->next) {
		old = node_member(target, p->name);
		if (p->kind == NODE_MAP && old != NULL && old->kind == NODE_MAP) {
			error = node_merge(arena, old, p);
			if (error != 0)
				return error;
			continue;
		}
		unlink_member(target, p->name);
		if (p->kind == NODE_NULL)
			continue;
		new = dup_without_null(arena, p);
		if (new == NULL)
			return -ENOMEM;
		node_append(target, new);
	}
	return 0;
}

bool
node_is_doubtful(const char *text)
{
	static const char *const words[] = {
		"yes", "Yes", "YES", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "y", "Y", "n", "N",
		"True", "TRUE", "False", "FALSE",
	};
	size_t i;

	for (i = 0; strlen(text) <= 5 && i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

void
node_print_json(const struct node *node, struct buf *b)
{
	bool is_map = node->kind == NODE_MAP;
	const struct node *child;

	switch ((enum node_kind)node->kind) {
	case NODE_INVALID:
	case NODE_NULL:
		buf_puts(b, "null");
		return;
	case NODE_SCALAR:
		if (node->style == NODE_NUMBER || node->style == NODE_BOOL)
			buf_put(b, node->text, node->len);
		else
			record_json_string(node->text, node->len, b);
		return;
	case NODE_MAP:
	case NODE_SEQ:
		break;
	}
	buf_putc(b, is_map ? '{' : '[');
	for (child = node->first; child != NULL; child = child->next) {
		if (child != node->first)
			buf_putc(b, ',');
		if (is_map) {
			record_json_string(child->name, strlen(child->name), b);
			buf_putc(b, ':');
		}
		node_print_json(child, b);
	}
	buf_putc(b, is_map ? '}' : ']');
}
