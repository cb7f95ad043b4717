/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_HOST_H
#define PATRONUS_NETD_HOST_H

#include <stddef.h>
#include <stdint.h>

struct actual;
struct arena;

/*
 * What the box has that no dump tells: sysctls of the whole box, its name, its time zone, its resolver's file.  privd reads them.
 */

/* Into actual, whose arena keeps the texts.  0 or -errno, logged. */
int	 host_read(struct actual *);

/* A file of privd's table, with a NUL after it, in the arena.  0, or -errno: -ENOENT when there is none, -ELOOP when it is a link. */
int	 host_file(uint8_t id, size_t max, struct arena *, const char **ret, size_t *ret_len);

#endif
