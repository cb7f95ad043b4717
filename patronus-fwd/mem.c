/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"

#include "mem.h"

void *
mem_alloc(struct arena *a, size_t n, size_t size)
{
	void *p;

	p = arena_alloc(a, n, size);
	if (p == NULL)
		fatalx("mem", "out of memory: %zu items of %zu bytes", n, size);
	return p;
}

char *
mem_strdup(struct arena *a, const char *s)
{
	char *p;

	p = arena_strdup(a, s);
	if (p == NULL)
		fatalx("mem", "out of memory");
	return p;
}

char *
mem_join(struct arena *a, const char *head, const char *tail)
{
	size_t n = strlen(head), m = strlen(tail);
	char *p = mem_alloc(a, n + m + 1, 1);

	memcpy(p, head, n);
	memcpy(p + n, tail, m);
	return p;
}

char *
mem_printf(struct arena *a, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		fatalx("mem", "cannot format \"%s\"", fmt);
	return mem_strdup(a, text);
}

void *
mem_grow(struct arena *a, void *items, size_t n, size_t size, unsigned *cap)
{
	void *bigger;
	unsigned want;

	if (n < *cap)
		return items;
	want = *cap == 0 ? 4 : *cap * 2;
	bigger = mem_alloc(a, want, size);
	if (n > 0)
		memcpy(bigger, items, n * size);
	*cap = want;
	return bigger;
}

void *
mem_new(size_t n, size_t size)
{
	void *p;

	p = calloc(n == 0 ? 1 : n, size);
	if (p == NULL)
		fatalx("mem", "out of memory: %zu items of %zu bytes", n, size);
	return p;
}

void *
mem_resize(void *old, size_t n, size_t size)
{
	void *p;

	p = reallocarray(old, n == 0 ? 1 : n, size);
	if (p == NULL)
		fatalx("mem", "out of memory: %zu items of %zu bytes", n, size);
	return p;
}
