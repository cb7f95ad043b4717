/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BASE_ARENA_H
#define PATRONUS_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory that is freed all at once.  Everything that belongs to one message, one document or one compilation lives in
 * one arena.  Memory is zeroed.  Not thread-safe.
 */

struct arena;

/* max bounds the bytes handed out (0: no bound).  NULL when out of memory. */
struct arena	*arena_new(size_t max);
void		 arena_free(struct arena *);
/* The same for what holds no secret: it is not overwritten, which takes longer than anything else for large ones. */
void		 arena_discard(struct arena *);

/* n items of size bytes each, aligned for any type; NULL when over the bound or out of memory. */
void		*arena_alloc(struct arena *, size_t n, size_t size);
/* A NUL-terminated copy of len bytes. */
char		*arena_strndup(struct arena *, const char *, size_t len);
char		*arena_strdup(struct arena *, const char *);
char		*arena_printf(struct arena *, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The arena closes fd when it is freed; arena_take_fd gives the n-th of them to the caller (-1 when there is none). */
int		 arena_add_fd(struct arena *, int fd);
int		 arena_take_fd(struct arena *, unsigned n);

size_t		 arena_used(const struct arena *);
/* Whether NULL came for want of memory, and not because of the bound. */
bool		 arena_is_starved(const struct arena *);

#endif
