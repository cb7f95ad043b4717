/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BASE_HEAP_H
#define PATRONUS_BASE_HEAP_H

#include <stddef.h>

/*
 * A daemon handles a large message now and then and is idle for the rest of the day.  With glibc's defaults the thresholds grow
 * with the largest block ever freed, and the memory of one commit stays with the process for ever: they are fixed instead.
 */
void	 heap_init(void);

/*
 * For who calls heap_trim() when things are quiet: until then the memory of one commit serves the next one, without a page fault
 * for each of its pages.
 */
void	 heap_keep(void);

/* Give back what the last large piece of work left behind.  Costs a walk over the free lists: not for every message. */
void	 heap_trim(void);

/*
 * For a daemon: from now on it ends when arenas, buffers, channels and whoever uses heap_new() get no memory, and says so; privd starts it
 * again (docs/adr/0109).  What is over a bound is refused as before.
 */
void	 heap_end_without_memory(void);
/* The same for what a library could not make; p otherwise. */
void	*heap_checked(void *p);
/* calloc(), for what has no other way on than that; NULL when out of memory, in processes that go on. */
void	*heap_new(size_t n, size_t size);

/*
 * realloc() for what may hold a secret: `used` bytes move, and the old place is cleared before it is freed.  NULL, and nothing has
 * happened, when out of memory.
 */
void	*heap_regrow(void *old, size_t used, size_t size);
/* Clear and free; NULL is fine. */
void	 heap_wipe(void *p, size_t used);

#endif
