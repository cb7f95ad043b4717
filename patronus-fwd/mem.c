/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/arena.h"
#include "base/log.h"

#include "mem.h"

#ifdef PATRONUS_SANITIZED
#define LARGE	SIZE_MAX	/* none: the sanitizer sees a step past the end of what it has made itself */
#else
#define LARGE	((size_t)256 << 10)
#endif

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

static void *
checked(void *p, size_t bytes)
{
	if (p == NULL || p == MAP_FAILED)
		fatalx("mem", "out of memory: %zu bytes", bytes);
	return p;
}

/* In pages of megabytes where the machine has some: a thousand small ones less to be cleared, and to be given back. */
static void *
hugely(void *p, size_t bytes)
{
	(void)madvise(p, bytes, MADV_HUGEPAGE);
	return p;
}

void *
mem_large_new(size_t bytes)
{
	if (bytes < LARGE)
		return mem_new(bytes, 1);
	return hugely(checked(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes), bytes);
}

void
mem_large_free(void *p, size_t bytes)
{
	if (bytes < LARGE)
		free(p);
	else
		(void)munmap(p, bytes);
}

void *
mem_large_resize(void *p, size_t old, size_t bytes)
{
	void *next;

	if (old >= LARGE && bytes >= LARGE)
		return hugely(checked(mremap(p, old, bytes, MREMAP_MAYMOVE), bytes), bytes);
	next = mem_large_new(bytes);
	if (old > 0)
		memcpy(next, p, old < bytes ? old : bytes);
	mem_large_free(p, old);
	return next;
}
