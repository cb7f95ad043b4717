/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "node.h"
#include "place.h"
#include "problem.h"
#include "schema_node.h"

static size_t
add(char *ret, size_t at, const char *before, const char *text, const char *after)
{
	int n;

	if (at >= PLACE_LEN)
		return at;
	n = snprintf(ret + at, PLACE_LEN - at, "%s%s%s", before, text, after);
	return at + (n > 0 ? (size_t)n : 0);
}

static size_t
write_pointer(const struct place *p, char *ret)
{
	size_t at;

	if (p == NULL)
		return 0;
	at = write_pointer(p->up, ret);
	at = add(ret, at, "/", p->s->node->name, "");
	if (p->key != NULL)
		at = add(ret, at, "/", p->key, "");
	return at;
}

static size_t
write_path(const struct place *p, char *ret)
{
	size_t at;

	if (p == NULL)
		return 0;
	at = write_path(p->up, ret);
	at = add(ret, at, at > 0 ? "." : "", p->s->node->name, "");
	if (p->key != NULL && p->s->is_ordered)
		at = add(ret, at, "[", p->key, "]");
	else if (p->key != NULL)
		at = add(ret, at, ".", p->key, "");
	return at;
}

void
place_pointer(const struct place *p, char ret[PLACE_LEN])
{
	ret[0] = '\0';
	(void)write_pointer(p, ret);
}

void
place_path(const struct place *p, char ret[PLACE_LEN])
{
	ret[0] = '\0';
	(void)write_path(p, ret);
}

const struct place *
place_of_data(const struct lyd_node *data, struct place steps[PLACE_STEPS])
{
	const struct lyd_node *up;
	size_t n = 0, i;

	for (up = data; up != NULL; up = lyd_parent(up))
		n++;
	if (n > PLACE_STEPS)
		return NULL;
	for (up = data, i = n; i-- > 0; up = lyd_parent(up)) {
		steps[i].up = i > 0 ? &steps[i - 1] : NULL;
		steps[i].s = schema_node_of(up);
		steps[i].key = NULL;
		if (up->schema->nodetype == LYS_LIST && lyd_child(up) != NULL)
			steps[i].key = lyd_get_value(lyd_child(up));
	}
	return n > 0 ? &steps[n - 1] : NULL;
}

/* The entry with this key in either shape of a list. */
static const struct node *
find_entry(const struct node *list, const struct place *p)
{
	const struct node *n;
	const char *key;

	if (list->kind == NODE_MAP)
		return node_member(list, p->key);
	if (list->kind != NODE_SEQ || p->s->key == NULL)
		return NULL;
	for (n = list->first; n != NULL; n = n->next) {
		key = node_member_text(n, p->s->key->node->name);
		if (key != NULL && strcmp(key, p->key) == 0)
			return n;
	}
	return NULL;
}

static const struct node *
find_source(const struct place *p, const struct node *source, unsigned *line)
{
	const struct node *at;

	at = p->up != NULL ? find_source(p->up, source, line) : source;
	at = at != NULL ? node_member(at, p->s->node->name) : NULL;
	if (at != NULL)
		*line = at->line;
	if (at != NULL && p->key != NULL) {
		at = find_entry(at, p);
		if (at != NULL)
			*line = at->line;
	}
	return at;
}

unsigned
place_line(const struct place *p, const struct node *source, const char *value)
{
	const struct node *at, *n;
	unsigned line = 0;

	if (source == NULL || p == NULL)
		return 0;
	at = find_source(p, source, &line);
	if (at == NULL || value == NULL || at->kind != NODE_SEQ)
		return line;
	for (n = at->first; n != NULL; n = n->next)
		if (n->kind == NODE_SCALAR && strcmp(n->text, value) == 0)
			return n->line;
	return line;
}

static void __attribute__((format(printf, 7, 0)))
report(const char *pointer, const char *path, struct problems *problems, unsigned line, const char *code,
    const char *remedy, const char *fmt, va_list ap)
{
	char text[1024];

	if (vsnprintf(text, sizeof(text), fmt, ap) < 0)
		text[0] = '\0';
	/* A cut in the middle of a character would not be UTF-8. */
	while (!str_is_utf8(text, strlen(text)))
		text[strlen(text) - 1] = '\0';
	problems_add(problems, pointer, path, line, code, remedy, "%s", text);
}

void
place_problem(const struct place *p, struct problems *problems, unsigned line, const char *code, const char *remedy,
    const char *fmt, ...)
{
	char pointer[PLACE_LEN], path[PLACE_LEN];
	va_list ap;

	place_pointer(p, pointer);
	place_path(p, path);
	va_start(ap, fmt);
	report(pointer, path, problems, line, code, remedy, fmt, ap);
	va_end(ap);
}

void
place_problem_at(const struct place *p, const char *member, struct problems *problems, unsigned line, const char *code,
    const char *remedy, const char *fmt, ...)
{
	char pointer[PLACE_LEN], path[PLACE_LEN];
	va_list ap;
	size_t n;

	place_pointer(p, pointer);
	place_path(p, path);
	n = strlen(path);
	(void)add(pointer, strlen(pointer), "/", member, "");
	(void)add(path, n, n > 0 ? "." : "", member, "");
	va_start(ap, fmt);
	report(pointer, path, problems, line, code, remedy, fmt, ap);
	va_end(ap);
}
