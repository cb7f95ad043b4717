/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "net/nl.h"

#define RECV_SIZE	(256 * 1024)
#define SNDBUF_SIZE	(160 * 1024 * 1024)	/* one NFT_BATCH and its overhead */
#define RCVBUF_SIZE	(64 * 1024 * 1024)	/* the echo of a large batch */
#define WAIT_MS		5000
#define DUMP_TRIES	8

static int	sockets[NL_SOCKET_MAX] = { -1, -1, -1 };
static uint8_t	recv_buf[RECV_SIZE] __attribute__((aligned(8)));

static int
socket_open(int protocol)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int fd, sndbuf = SNDBUF_SIZE, rcvbuf = RCVBUF_SIZE, one = 1, error;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (fd == -1)
		return -errno;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &sndbuf, sizeof(sndbuf)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &rcvbuf, sizeof(rcvbuf)) == 0 &&
	    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)) == 0 &&
	    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) == 0)
		return fd;
	error = -errno;
	(void)close(fd);
	return error;
}

int
nl_init(void)
{
	sockets[NL_ROUTE] = socket_open(NETLINK_ROUTE);
	sockets[NL_NETFILTER] = socket_open(NETLINK_NETFILTER);
	return sockets[NL_ROUTE] < 0 ? sockets[NL_ROUTE] : sockets[NL_NETFILTER] < 0 ? sockets[NL_NETFILTER] : 0;
}

int
nl_fd(enum nl_socket s)
{
	return sockets[s];
}

int
nl_recv(enum nl_socket s, bool wait, const uint8_t **ret, size_t *ret_len)
{
	struct pollfd p = { .fd = sockets[s], .events = POLLIN };
	ssize_t n;

	if (wait && poll(&p, 1, WAIT_MS) != 1)
		return -ETIMEDOUT;
	do
		n = recv(sockets[s], recv_buf, sizeof(recv_buf), MSG_DONTWAIT | MSG_TRUNC);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return -errno;
	if ((size_t)n > sizeof(recv_buf))
		return -EMSGSIZE;
	*ret = recv_buf;
	*ret_len = (size_t)n;
	return 0;
}

int
nl_send(enum nl_socket s, const void *data, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	const uint8_t *stale;
	size_t n;
	int error;

	while ((error = nl_recv(s, false, &stale, &n)) == 0 || error == -ENOBUFS || error == -EMSGSIZE)
		continue;
	if (sendto(sockets[s], data, len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) == -1)
		return -errno;
	return 0;
}

/* --- what the kernel says beside a number --- */

static char	text[160];

const char *
nl_text(void)
{
	return text;
}

void
nl_text_clear(void)
{
	text[0] = '\0';
}

void
nl_text_keep(const struct nl_msg *m)
{
	struct nl_reader r;
	struct nl_attr a;

	text[0] = '\0';
	if ((m->flags & NLM_F_ACK_TLVS) && nlattr_reader_init(&r, m, sizeof(struct nlmsgerr)) == 0 &&
	    nlattr_find(r, NLMSGERR_ATTR_MSG, &a) && nlattr_str(&a) != NULL)
		(void)str_copy(text, nlattr_str(&a), sizeof(text));
}

uint32_t
nl_offset(const struct nl_msg *m)
{
	struct nl_reader r;
	struct nl_attr a;

	if ((m->flags & NLM_F_ACK_TLVS) == 0 || nlattr_reader_init(&r, m, sizeof(struct nlmsgerr)) != 0 || !nlattr_find(r, NLMSGERR_ATTR_OFFS, &a))
		return (0);
	return (nlattr_u32(&a));
}

static int
error_of(const struct nl_msg *m)
{
	int32_t error;

	if (m->len < sizeof(error))
		return -EPROTO;
	memcpy(&error, m->data, sizeof(error));
	if (error != 0 && m->type == NLMSG_ERROR)
		nl_text_keep(m);
	return error <= 0 ? error : -EPROTO;
}

int
nl_ask(enum nl_socket s, const void *data, size_t len, nl_each *each, void *arg)
{
	const uint8_t *raw;
	size_t raw_len, at;
	struct nl_reader r;
	struct nl_msg m;
	int error;

	error = nl_send(s, data, len);
	while (error == 0) {
		error = nl_recv(s, true, &raw, &raw_len);
		if (error != 0)
			break;
		nlmsg_reader_init(&r, raw, raw_len);
		for (at = 0; nlmsg_next(&r, &m) == 1; at = r.at) {
			if (m.type == NLMSG_ERROR)
				return error_of(&m);
			if (each != NULL && (error = each(&m, raw + at, r.at - at, arg)) != 0)
				return error;
		}
	}
	return error;
}

int
nl_request(enum nl_socket s, const void *data, size_t len)
{
	return nl_ask(s, data, len, NULL, NULL);
}

/* One pass over a dump: 0, -EINTR when it is inconsistent, or an error. */
static int
dump_once(enum nl_socket s, const void *data, size_t len, nl_each *each, void *arg)
{
	const uint8_t *raw;
	size_t raw_len, at;
	struct nl_reader r;
	struct nl_msg m;
	bool is_torn = false;
	int error;

	error = nl_send(s, data, len);
	while (error == 0) {
		error = nl_recv(s, true, &raw, &raw_len);
		if (error != 0)
			break;
		nlmsg_reader_init(&r, raw, raw_len);
		for (at = 0; nlmsg_next(&r, &m) == 1; at = r.at) {
			is_torn = is_torn || (m.flags & NLM_F_DUMP_INTR);
			if (m.type == NLMSG_ERROR)
				return error_of(&m);
			if (m.type == NLMSG_DONE)
				return is_torn ? -EINTR : error_of(&m);
			error = each(&m, raw + at, r.at - at, arg);
			if (error != 0)
				return error;
		}
	}
	return error;
}

int
nl_dump(enum nl_socket s, const void *data, size_t len, nl_each *each, void (*restart)(void *), void *arg)
{
	int i, error = -EINTR;

	for (i = 0; i < DUMP_TRIES && error == -EINTR; i++) {
		if (i > 0 && restart != NULL)
			restart(arg);
		error = dump_once(s, data, len, each, arg);
	}
	return error;
}
