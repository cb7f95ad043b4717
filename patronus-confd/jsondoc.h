/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_JSONDOC_H
#define PATRONUS_CONFD_JSONDOC_H

#include <stddef.h>

struct arena;
struct node;
struct problems;

/*
 * Read one JSON text (RFC 8259, nothing more) into nodes that live in the arena.  0; -EINVAL with a problem that has the
 * line: not UTF-8, over NODE_BYTES_MAX or NODE_DEPTH_MAX, duplicate names, bytes after the end, NUL in a
 * string; or -ENOMEM.  Also for bodies that are not configuration.
 * *ret is NULL when nothing could be read; with -EINVAL it may be what could be understood, so that the schema's
 * problems can be told in the same run.
 */
int	 jsondoc_read(const char *data, size_t len, struct arena *, struct problems *, struct node **ret);
/* The same for a text of at most so many bytes. */
int	 jsondoc_read_up_to(size_t max, const char *data, size_t len, struct arena *, struct problems *, struct node **ret);

#endif
