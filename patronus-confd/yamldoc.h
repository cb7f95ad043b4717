/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_YAMLDOC_H
#define PATRONUS_CONFD_YAMLDOC_H

#include <stddef.h>

struct arena;
struct node;
struct problems;

/*
 * Read one YAML document into nodes that live in the arena.  0; -EINVAL with a problem that has the line: not UTF-8,
 * over NODE_BYTES_MAX or NODE_DEPTH_MAX, anchors, aliases, tags, merge keys, duplicate keys, more than one document,
 * keys that are not scalars or are words that YAML 1.1 takes for booleans; or -ENOMEM.
 * *ret is NULL when nothing could be read; with -EINVAL it may be what could be understood, so that the schema's
 * problems can be told in the same run.
 */
int	 yamldoc_read(const char *data, size_t len, struct arena *, struct problems *, struct node **ret);

#endif
