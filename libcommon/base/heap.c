/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <malloc.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"
#include "base/log.h"

#define HEAP_MMAP_MIN	(128 * 1024)	/* blocks from here on are mappings of their own, gone when freed */
#define HEAP_TRIM_MIN	(256 * 1024)
#define HEAP_KEEP_MMAP	(16 << 20)
#define HEAP_KEEP_TRIM	(64 << 20)

void
heap_init(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_MMAP_MIN);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_TRIM_MIN);
}

void
heap_keep(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_KEEP_MMAP);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEEP_TRIM);
}

void
heap_trim(void)
{
	(void)malloc_trim(0);
}

static bool ends_without;

void
heap_end_without_memory(void)
{
	ends_without = true;
}

static void *
checked(void *p, size_t size)
{
	if (p != NULL || !ends_without)
		return p;
	ends_without = false;	/* the words about it need memory too */
	fatalx("heap", "no memory for %zu bytes", size);
}

void *
heap_checked(void *p)
{
	return checked(p, 0);
}

void *
heap_new(size_t n, size_t size)
{
	return checked(calloc(n, size), n * size);
}

void *
heap_regrow(void *old, size_t used, size_t size)
{
	void *p = checked(malloc(size), size);

	if (p == NULL)
		return NULL;
	if (used > 0)
		memcpy(p, old, used);
	heap_wipe(old, used);
	return p;
}

void
heap_wipe(void *p, size_t used)
{
	if (p == NULL)
		return;
	explicit_bzero(p, used);
	free(p);
}
