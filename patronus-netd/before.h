/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_BEFORE_H
#define PATRONUS_NETD_BEFORE_H

#include <stddef.h>

/*
 * What the box had before us, as text that outlives this process: the way back to a configuration that names no MTU or no name server
 * must not depend on who was killed meanwhile.
 *
 *	mtu INDEX LINK VALUE
 *	port INDEX LINK 0|1		(brought up for the first start; 1: IPv6 was off on it)
 *	resolv.conf
 *	(the file, to the end)
 */

struct actual;
struct buf;
struct memory;

#define BEFORE_MAX	65536	/* as privd takes it */

/* Links that are not in actual are left out. */
void	before_print(const struct memory *, const struct actual *, struct buf *);
/*
 * Into memory goes what still holds: of links that are there under the same name and have another MTU now, or are up, and of a resolver's file that is
 * ours now (MEMORY_RESOLV_CONF).  0, or -EPROTO for text that is not ours: it is taken up to there.
 */
int	before_parse(struct memory *, const struct actual *, const char *text, size_t len);

#endif
