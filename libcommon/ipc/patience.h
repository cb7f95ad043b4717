/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_PATIENCE_H
#define PATRONUS_IPC_PATIENCE_H

#include <stddef.h>
#include <sys/types.h>

struct msghdr;

/*
 * Whole datagrams over a socket whose other end matters: what it says of a moment (no memory, no room, a signal) is not its end, and is
 * tried again after a while.
 */

/* tries: at most so many, 0: as long as there is an other end.  0, or -errno. */
int	 patience_sendmsg(int fd, const struct msghdr *, unsigned tries);
/* As recvmsg(), which it calls until something comes, or the end. */
ssize_t	 patience_recvmsg(int fd, struct msghdr *, int flags);
/* One of exactly len bytes, within that time.  0, -ETIMEDOUT, or -EPIPE when none will come. */
int	 patience_recv(int fd, void *data, size_t len, int timeout_ms);

#endif
