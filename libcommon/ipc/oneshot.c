/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/oneshot.h"

struct line {
	int			 fd;
	bool			 takes_fds;
	uint64_t		 deadline_ms;
	struct assembler	 assembler;
	uint8_t			 frame[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
};

/* The next message: 0 or -errno. */
static int
receive(struct line *l, struct message *ret)
{
	struct pollfd p = { .fd = l->fd, .events = POLLIN };
	struct frame_header h;
	int fds[FRAME_FDS_MAX], n;
	uint64_t now;

	for (;;) {
		n = frame_recv(l->fd, l->frame, &h, l->takes_fds ? fds : NULL);
		if (n == 0)
			n = assembler_add(&l->assembler, &h, l->frame + FRAME_HEADER_LEN, l->takes_fds ? fds : NULL, ret, NULL);
		if (n == 1)
			return 0;
		if (n < 0 && n != -EAGAIN)
			return n;
		now = clock_mono_ms();
		if (now >= l->deadline_ms)
			return -ETIMEDOUT;
		if (n == -EAGAIN && poll(&p, 1, (int)(l->deadline_ms - now)) == -1 && errno != EINTR)
			return -errno;
	}
}

static int
greet(struct line *l, uint8_t self, uint8_t peer, int timeout_ms)
{
	struct frame_header h = { .type = MSG_HELLO };
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = self };
	const struct hello_req *theirs;
	struct message m;
	int error;

	error = msg_send_sync(l->fd, &h, &hello, NULL, timeout_ms);
	if (error == 0)
		error = receive(l, &m);
	if (error != 0)
		return error;
	theirs = m.body;
	if (m.header.type != MSG_HELLO || theirs->role != peer || theirs->protocol != hello.protocol)
		error = -EPROTO;
	message_fini(&m);
	return error;
}

static int
converse(struct line *l, const struct oneshot *o)
{
	struct frame_header h = { .type = o->type, .flags = FRAME_REPLY };
	struct message m;
	unsigned i;
	int error;

	error = greet(l, o->self, o->peer, (int)o->lifetime_ms);
	if (error == 0)
		error = receive(l, &m);
	if (error != 0)
		return error;
	if (m.header.type != o->type || m.header.flags != 0) {
		message_fini(&m);
		return -EPROTO;
	}
	for (i = 0; o->fds != NULL && i < FRAME_FDS_MAX; i++)
		o->fds[i] = i < m.nfds ? arena_take_fd(m.arena, i) : -1;
	o->answer(m.body, o->rep);
	h.id = m.header.id;
	while (o->fds != NULL && h.nfds < FRAME_FDS_MAX && o->fds[h.nfds] != -1)
		h.nfds++;
	error = msg_send_sync(l->fd, &h, o->rep, o->fds, (int)o->lifetime_ms);
	message_fini(&m);
	return error;
}

static struct line *
line_new(int fd, unsigned lifetime_ms, bool takes_fds)
{
	struct line *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->fd = fd;
	l->takes_fds = takes_fds;
	l->deadline_ms = clock_mono_ms() + lifetime_ms;
	assembler_init(&l->assembler);
	return l;
}

static void
line_free(struct line *l)
{
	assembler_fini(&l->assembler);
	explicit_bzero(l->frame, sizeof(l->frame));
	free(l);
}

int
oneshot_serve(int fd, const struct oneshot *o)
{
	struct line *l = line_new(fd, o->lifetime_ms, o->fds != NULL);
	int error;

	if (l == NULL)
		return -ENOMEM;
	error = converse(l, o);
	line_free(l);
	return error;
}

int
oneshot_ask(int fd, const struct oneshot *o, const void *req, struct message *ret)
{
	struct frame_header h = { .type = o->type, .id = 1 };
	struct line *l = line_new(fd, o->lifetime_ms, o->fds != NULL);
	int error;

	if (l == NULL)
		return -ENOMEM;
	while (o->fds != NULL && h.nfds < FRAME_FDS_MAX && o->fds[h.nfds] != -1)
		h.nfds++;
	error = greet(l, o->self, o->peer, (int)o->lifetime_ms);
	if (error == 0)
		error = msg_send_sync(fd, &h, req, o->fds, (int)o->lifetime_ms);
	if (error == 0)
		error = receive(l, ret);
	line_free(l);
	if (error == 0 && (ret->header.type != o->type || ret->header.flags != FRAME_REPLY)) {
		message_fini(ret);
		error = -EPROTO;
	}
	return error;
}
