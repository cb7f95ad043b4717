/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ipc/frame.h"

#define FRAME_SOCKBUF	(1 << 20)

static void
put_le(uint8_t *p, uint32_t v, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t
get_le(const uint8_t *p, unsigned n)
{
	uint32_t v = 0;
	unsigned i;

	for (i = 0; i < n; i++)
		v |= (uint32_t)p[i] << (8 * i);
	return v;
}

void
frame_header_put(uint8_t out[FRAME_HEADER_LEN], const struct frame_header *h)
{
	put_le(out, h->type, 2);
	out[2] = h->flags;
	out[3] = h->nfds;
	put_le(out + 4, h->len, 4);
	put_le(out + 8, h->id, 4);
	put_le(out + 12, h->revision, 4);
}

void
frame_header_get(const uint8_t in[FRAME_HEADER_LEN], struct frame_header *ret)
{
	ret->type = (uint16_t)get_le(in, 2);
	ret->flags = in[2];
	ret->nfds = in[3];
	ret->len = get_le(in + 4, 4);
	ret->id = get_le(in + 8, 4);
	ret->revision = get_le(in + 12, 4);
}

int
frame_pair(int ret_fds[2])
{
	int fds[2], size = FRAME_SOCKBUF, i;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) == -1)
		return -errno;
	/* Best effort: the kernel's default still holds one whole frame. */
	for (i = 0; i < 2; i++)
		(void)setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	ret_fds[0] = fds[0];
	ret_fds[1] = fds[1];
	return 0;
}

/* Where the kernel had no memory or room it has some a moment later: the frame is still to be sent, or to be had. */
static int
socket_error(int error)
{
	switch (error) {
	case EAGAIN:
	case ENOBUFS:
	case ENOMEM:
	case ETOOMANYREFS:
		return -EAGAIN;
	case ECONNRESET:
		return -EPIPE;
	default:
		return -error;
	}
}

int
frame_send(int fd, const struct frame_header *h, const void *payload, const int *fds)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)];
	} control;
	uint8_t head[FRAME_HEADER_LEN];
	struct iovec iov[2] = { { head, sizeof(head) }, { (void *)(uintptr_t)payload, h->len } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = h->len > 0 ? 2 : 1 };
	struct cmsghdr *c;
	ssize_t n;

	if (h->len > FRAME_PAYLOAD_MAX || h->nfds > FRAME_FDS_MAX)
		return -EMSGSIZE;
	frame_header_put(head, h);
	if (h->nfds > 0) {
		memset(&control, 0, sizeof(control));
		msg.msg_control = control.space;
		msg.msg_controllen = CMSG_SPACE(sizeof(int) * h->nfds);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * h->nfds);
		memcpy(CMSG_DATA(c), fds, sizeof(int) * h->nfds);
	}
	do
		n = sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n == -1 && errno == EINTR);
	return n == -1 ? socket_error(errno) : 0;
}

/* Collect passed descriptors; returns how many, or -1 when there is control data we did not ask for. */
static int
control_fds(struct msghdr *msg, int fds[FRAME_FDS_MAX])
{
	struct cmsghdr *c;
	size_t n, k;
	int count = 0, fd;
	int bad = 0;

	for (c = CMSG_FIRSTHDR(msg); c != NULL; c = CMSG_NXTHDR(msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS) {
			bad = 1;
			continue;
		}
		n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (k = 0; k < n; k++) {
			memcpy(&fd, CMSG_DATA(c) + k * sizeof(int), sizeof(fd));
			if (count < FRAME_FDS_MAX)
				fds[count++] = fd;
			else {
				(void)close(fd);
				bad = 1;
			}
		}
	}
	if (bad == 0)
		return count;
	while (count > 0)
		(void)close(fds[--count]);
	return -1;
}

int
frame_recv(int fd, uint8_t *buf, struct frame_header *ret_header, int ret_fds[FRAME_FDS_MAX])
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(int) * FRAME_FDS_MAX)];
	} control;
	struct iovec iov = { buf, FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	int nfds = 0, error = -EPROTO;

	if (ret_fds != NULL) {
		msg.msg_control = control.space;
		msg.msg_controllen = sizeof(control.space);
	}
	/* The kernel says ECONNRESET once when the peer died with unread bytes; what it had sent before is still there. */
	do
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n == -1 && (errno == EINTR || errno == ECONNRESET));
	if (n == -1)
		return socket_error(errno);
	if (ret_fds != NULL)
		nfds = control_fds(&msg, ret_fds);
	if (n == 0 && nfds == 0 && (msg.msg_flags & MSG_CTRUNC) == 0)
		return -EPIPE;
	if (n >= FRAME_HEADER_LEN && nfds >= 0 && (msg.msg_flags & (MSG_CTRUNC | MSG_TRUNC)) == 0) {
		frame_header_get(buf, ret_header);
		if (ret_header->len == (size_t)n - FRAME_HEADER_LEN && ret_header->nfds == nfds)
			return 0;
	}
	/* Less came than there is room for, and something was cut off: this process may hold no more descriptors. */
	if (ret_fds != NULL && nfds >= 0 && nfds < FRAME_FDS_MAX && (msg.msg_flags & MSG_CTRUNC) != 0)
		error = -EMFILE;
	while (nfds > 0)
		(void)close(ret_fds[--nfds]);
	return error;
}
