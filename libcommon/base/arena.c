/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/heap.h"

#ifdef PATRONUS_SANITIZED
#define IS_PACKED	false	/* each item alone in its block: the sanitizer sees a step past its end */
#else
#define IS_PACKED	true
#endif
#define ARENA_BLOCK	4096
#define ARENA_FDS	8

struct block {
	struct block	*next;
	size_t		 size;
	size_t		 used;
	_Alignas(max_align_t) unsigned char data[];
};

struct arena {
	struct block	*blocks;
	size_t		 used;
	size_t		 max;
	int		 fds[ARENA_FDS];
	unsigned	 nfds;
	bool		 is_starved;
};

struct arena *
arena_new(size_t max)
{
	struct arena *a;

	a = heap_new(1, sizeof(*a));
	if (a != NULL)
		a->max = max;
	return a;
}

static void
release(struct arena *a, bool wipes)
{
	struct block *b;
	unsigned i;

	if (a == NULL)
		return;
	while ((b = a->blocks) != NULL) {
		a->blocks = b->next;
		/* Under the sanitizer a block is as large as its item, and used is rounded up. */
		if (wipes)
			heap_wipe(b, sizeof(*b) + (b->used < b->size ? b->used : b->size));
		else
			free(b);
	}
	for (i = 0; i < a->nfds; i++)
		if (a->fds[i] != -1)
			(void)close(a->fds[i]);
	free(a);
}

void
arena_free(struct arena *a)
{
	/* A message may have brought a password. */
	release(a, true);
}

void
arena_discard(struct arena *a)
{
	release(a, false);
}

static struct block *
block_new(struct arena *a, size_t need)
{
	struct block *b;
	size_t size;

	/* Blocks grow with the arena, so that a large document costs few of them. */
	size = !IS_PACKED ? 0 : a->used < ARENA_BLOCK ? ARENA_BLOCK : a->used;
	if (size > (1u << 20))
		size = 1u << 20;
	if (size < need)
		size = need;
	b = heap_new(1, sizeof(*b) + size);
	if (b == NULL) {
		a->is_starved = true;
		return NULL;
	}
	b->size = size;
	b->next = a->blocks;
	a->blocks = b;
	return b;
}

void *
arena_alloc(struct arena *a, size_t n, size_t size)
{
	struct block *b;
	size_t exact, need;
	void *p;

	if (__builtin_mul_overflow(n, size, &exact) || exact > SIZE_MAX / 2)
		return NULL;
	need = (exact + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (need == 0)
		need = _Alignof(max_align_t);
	if (a->max != 0 && need > a->max - a->used)
		return NULL;
	b = a->blocks;
	if (b == NULL || !IS_PACKED || need > b->size - b->used) {
		b = block_new(a, IS_PACKED ? need : exact);
		if (b == NULL)
			return NULL;
	}
	p = b->data + b->used;
	b->used += need;
	a->used += need;
	return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *p;

	if (len == SIZE_MAX)
		return NULL;
	p = arena_alloc(a, len + 1, 1);
	if (p != NULL && len > 0)
		memcpy(p, s, len);
	return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return NULL;
	p = arena_alloc(a, (size_t)n + 1, 1);
	if (p == NULL)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return p;
}

int
arena_add_fd(struct arena *a, int fd)
{
	if (a->nfds == ARENA_FDS)
		return -1;
	a->fds[a->nfds++] = fd;
	return 0;
}

int
arena_take_fd(struct arena *a, unsigned n)
{
	int fd;

	if (n >= a->nfds)
		return -1;
	fd = a->fds[n];
	a->fds[n] = -1;
	return fd;
}

size_t
arena_used(const struct arena *a)
{
	return a->used;
}

bool
arena_is_starved(const struct arena *a)
{
	return a->is_starved;
}
