/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "ipc/patience.h"

#define RETRY_MS	10

/* Whether it may do better in a moment; a wait is then behind us. */
static bool
is_passing(int error)
{
	if (error == EINTR)
		return true;
	if (error != EAGAIN && error != ENOMEM && error != ENOBUFS)
		return false;
	(void)poll(NULL, 0, RETRY_MS);
	return true;
}

int
patience_sendmsg(int fd, const struct msghdr *msg, unsigned tries)
{
	unsigned n = 0;

	while (sendmsg(fd, msg, MSG_NOSIGNAL) == -1)
		if (++n == tries || !is_passing(errno))
			return -errno;
	return 0;
}

ssize_t
patience_recvmsg(int fd, struct msghdr *msg, int flags)
{
	ssize_t n;

	do
		n = recvmsg(fd, msg, flags);
	while (n == -1 && is_passing(errno));
	return n;
}

int
patience_recv(int fd, void *data, size_t len, int timeout_ms)
{
	const uint64_t end_us = clock_mono_us() + (uint64_t)timeout_ms * 1000;
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n;

	while (clock_mono_us() < end_us) {
		if (poll(&p, 1, timeout_ms) == 0)
			break;
		n = recv(fd, data, len, MSG_DONTWAIT);
		if (n == (ssize_t)len)
			return 0;
		if (n != -1 || !is_passing(errno))
			return -EPIPE;
	}
	return -ETIMEDOUT;
}
