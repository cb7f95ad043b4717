/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PROVE_RULESET_H
#define PATRONUS_FWD_PROVE_RULESET_H

#include <stdint.h>

#include "ipc/msg.h"

struct buf;

/* The rules of the stand-in, and of a second table that has every packet traced before anything else sees it. */

/* 0 or the kernel's first -errno. */
int	 ruleset_load(int fd, const struct bytes *);
/* family: of the table, NFPROTO_INET or NFPROTO_BRIDGE. */
int	 ruleset_trace(int fd, uint8_t family);
/* All rules of table patronus with their handles. */
int	 ruleset_dump(int fd, uint8_t family, struct buf *ret);

#endif
