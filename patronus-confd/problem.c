/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "problem.h"
#include "record_json.h"

struct problems {
	struct arena	*arena;
	unsigned	 n;
	unsigned	 operation;
	unsigned	 operation_line;
	struct problem	 items[PROBLEMS_MAX];
};

struct problems *
problems_new(void)
{
	struct problems *p = calloc(1, sizeof(*p));

	if (p == NULL)
		return NULL;
	p->arena = arena_new(0);
	if (p->arena == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
problems_free(struct problems *p)
{
	if (p == NULL)
		return;
	arena_free(p->arena);
	free(p);
}

/*
 * A copy that a terminal can show: what a document says is quoted in its problems, and control characters (C0, C1, DEL)
 * would be commands there.
 */
static const char *
printable(struct problems *p, const char *text)
{
	char *copy = arena_strdup(p->arena, text), *c;

	for (c = copy; c != NULL && *c != '\0'; c++) {
		if ((unsigned char)*c < 0x20 || *c == 0x7f) {
			*c = '?';
		} else if ((unsigned char)c[0] == 0xc2 && (unsigned char)c[1] >= 0x80 && (unsigned char)c[1] < 0xa0) {
			*c++ = '?';
			*c = '?';
		}
	}
	return copy;
}

/* "/firewall/rules/web-in" -> "firewall.rules.web-in" */
static const char *
path_of_pointer(struct problems *p, const char *pointer)
{
	char *path, *c;

	path = arena_strdup(p->arena, *pointer == '/' ? pointer + 1 : pointer);
	for (c = path; c != NULL && *c != '\0'; c++)
		if (*c == '/')
			*c = '.';
	return path;
}

static const char *__attribute__((format(printf, 2, 0)))
vtext(struct problems *p, const char *fmt, va_list ap)
{
	struct buf b;
	const char *text;

	buf_init(&b, 0);
	buf_vprintf(&b, fmt, ap);
	text = buf_failed(&b) ? NULL : printable(p, (const char *)b.data);
	buf_fini(&b);
	return text != NULL ? text : "out of memory";
}

static bool
is_known(const struct problems *p, const struct problem *new)
{
	unsigned i;

	for (i = 0; i < p->n; i++)
		if (strcmp(p->items[i].pointer, new->pointer) == 0 && p->items[i].operation == new->operation && strcmp(p->items[i].code, new->code) == 0 &&
		    strcmp(p->items[i].text, new->text) == 0)
			return true;
	return false;
}

void
problems_add(struct problems *p, const char *pointer, const char *path, unsigned line, const char *code,
    const char *remedy, const char *fmt, ...)
{
	struct problem *new;
	va_list ap;

	if (p->n == PROBLEMS_MAX)
		return;
	new = &p->items[p->n];
	new->pointer = printable(p, pointer);
	new->path = path != NULL ? printable(p, path) : path_of_pointer(p, new->pointer != NULL ? new->pointer : "");
	new->code = arena_strdup(p->arena, code);
	new->remedy = printable(p, remedy != NULL ? remedy : "");
	new->line = p->operation != 0 ? p->operation_line : line;
	new->operation = p->operation;
	va_start(ap, fmt);
	new->text = vtext(p, fmt, ap);
	va_end(ap);
	if (new->pointer == NULL || new->path == NULL || new->code == NULL || new->remedy == NULL) {
		*new = (struct problem){ .pointer = "", .path = "", .code = "internal", .text = "out of memory", .remedy = "" };
		p->n++;
		return;
	}
	if (!is_known(p, new))
		p->n++;
}

void
problems_in_operation(struct problems *p, unsigned operation, unsigned line)
{
	p->operation = operation;
	p->operation_line = line;
}

unsigned
problems_count(const struct problems *p)
{
	return p->n;
}

const struct problem *
problems_get(const struct problems *p, unsigned i)
{
	return i < p->n ? &p->items[i] : NULL;
}

bool
problems_below(const struct problems *p, const char *pointer)
{
	size_t len = strlen(pointer);
	unsigned i;

	for (i = 0; i < p->n; i++)
		if (strncmp(p->items[i].pointer, pointer, len) == 0 &&
		    (p->items[i].pointer[len] == '\0' || p->items[i].pointer[len] == '/'))
			return true;
	return false;
}

void
problems_sort(struct problems *p)
{
	struct problem item;
	unsigned i, j;

	/* Insertion keeps the order of those on one line; there are few. */
	for (i = 1; i < p->n; i++) {
		item = p->items[i];
		for (j = i; j > 0 && p->items[j - 1].line > item.line; j--)
			p->items[j] = p->items[j - 1];
		p->items[j] = item;
	}
}

static void
print_member(struct buf *b, const char *name, const char *value)
{
	buf_printf(b, "\"%s\":", name);
	record_json_string(value, strlen(value), b);
	buf_putc(b, ',');
}

void
problems_print_json(const struct problems *p, struct buf *b)
{
	unsigned i;

	buf_putc(b, '[');
	for (i = 0; i < p->n; i++) {
		buf_puts(b, i > 0 ? ",{" : "{");
		print_member(b, "pointer", p->items[i].pointer);
		print_member(b, "path", p->items[i].path);
		print_member(b, "code", p->items[i].code);
		print_member(b, "text", p->items[i].text);
		print_member(b, "remedy", p->items[i].remedy);
		if (p->items[i].operation > 0)
			buf_printf(b, "\"operation\":%u,", p->items[i].operation - 1);
		buf_printf(b, "\"line\":%u}", p->items[i].line);
	}
	buf_putc(b, ']');
}

void
problems_print_text(const struct problems *p, const char *file, struct buf *b)
{
	const struct problem *item;
	unsigned i;

	for (i = 0; i < p->n; i++) {
		item = &p->items[i];
		if (file != NULL)
			buf_printf(b, "%s:", file);
		if (item->line > 0)
			buf_printf(b, file != NULL ? "%u:" : "line %u:", item->line);
		if (file != NULL || item->line > 0)
			buf_putc(b, ' ');
		if (item->path[0] != '\0')
			buf_printf(b, "%s: ", item->path);
		buf_printf(b, "%s%s%s\n", item->text, item->remedy[0] != '\0' ? "; " : "", item->remedy);
	}
}
