/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_ENCODE_H
#define PATRONUS_NETD_ENCODE_H

#include <stdint.h>

struct buf;
struct op;

/*
 * Append the one netlink message of an operation (op_is_rtnl).  privd walks it before it sends it.  0, -EINVAL for other
 * operations, -ENOMEM.
 */
int	encode_op(const struct op *, uint32_t sequence, struct buf *);

#endif
