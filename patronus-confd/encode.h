/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_ENCODE_H
#define PATRONUS_CONFD_ENCODE_H

#include <stddef.h>
#include <stdint.h>

struct lyd_node;
struct record;
struct schema;

/*
 * The top-level members that the root record lists, as that record in wire form (malloc'd).  Defaults are filled in.
 * 0, -EPROTO (a value does not fit the table; logged), -EFBIG or -ENOMEM.
 */
int	 encode_root(const struct schema *, const struct lyd_node *top, const struct record *, uint8_t **ret, size_t *ret_len);

#endif
