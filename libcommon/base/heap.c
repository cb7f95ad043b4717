/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/heap.h"

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

void *
heap_regrow(void *old, size_t used, size_t size)
{
	void *p = malloc(size);

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
