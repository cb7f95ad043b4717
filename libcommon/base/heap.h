/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BASE_HEAP_H
#define PATRONUS_BASE_HEAP_H

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

#endif
