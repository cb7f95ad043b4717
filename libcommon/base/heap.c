/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <malloc.h>

#include "base/heap.h"

/* Memory of one commit serves the next one, without a page fault for each page: heap_trim() gives it back once things are quiet. */
#define HEAP_MMAP_MIN	(16 << 20)	/* blocks from here on are mappings of their own, gone when freed */
#define HEAP_TRIM_MIN	(64 << 20)

void
heap_init(void)
{
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_MMAP_MIN);
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_TRIM_MIN);
}

void
heap_trim(void)
{
	(void)malloc_trim(0);
}
