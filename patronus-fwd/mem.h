/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_MEM_H
#define PATRONUS_FWD_MEM_H

#include <stddef.h>

/*
 * Memory for compilation: out of memory ends the process (the parent starts it again, packets keep flowing under the policy in force), so
 * no pass needs a failure path for it.
 */

struct arena;

void	*mem_alloc(struct arena *, size_t n, size_t size);
char	*mem_strdup(struct arena *, const char *);
char	*mem_join(struct arena *, const char *head, const char *tail);
char	*mem_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Room for one item more in an array of the arena: doubles it when n == *cap; returns the array. */
void	*mem_grow(struct arena *, void *items, size_t n, size_t size, unsigned *cap);
/* malloc and realloc that do not fail. */
void	*mem_new(size_t n, size_t size);
void	*mem_resize(void *, size_t n, size_t size);
/*
 * What may be megabytes and goes soon: pages of its own from LARGE bytes on, which the kernel has back when it is freed, whatever the heap keeps.
 * Zeroed.  Its owner knows how many bytes it has; NULL and 0 are nothing.
 */
void	*mem_large_new(size_t bytes);
void	*mem_large_resize(void *, size_t old, size_t bytes);
void	 mem_large_free(void *, size_t bytes);

#endif
