/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/oneshot.h"

struct line {
	int			 fd;
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
	uint64_t now;
	int n;

	for (;;) {
		n = frame_recv(l->fd, l->frame, &h, NULL);
		if (n == 0)
			n = assembler_add(&l->assembler, &h, l->frame + FRAME_HEADER_LEN, NULL, ret, NULL);
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
greet(struct line *l, const struct oneshot *o)
{
	struct frame_header h = { .type = MSG_HELLO };
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = o->self };
	const struct hello_req *theirs;
	struct message m;
	int error;

	error = msg_send_sync(l->fd, &h, &hello, NULL, (int)o->lifetime_ms);
	if (error == 0)
		error = receive(l, &m);
	if (error != 0)
		return error;
	theirs = m.body;
	if (m.header.type != MSG_HELLO || theirs->role != o->peer || theirs->protocol != hello.protocol)
		error = -EPROTO;
	message_fini(&m);
	return error;
}

static int
converse(struct line *l, const struct oneshot *o)
{
	struct frame_header h = { .type = o->type, .flags = FRAME_REPLY };
	struct message m;
	int error;

	error = greet(l, o);
	if (error == 0)
		error = receive(l, &m);
	if (error != 0)
		return error;
	if (m.header.type != o->type || m.header.flags != 0) {
		message_fini(&m);
		return -EPROTO;
	}
	o->answer(m.body, o->rep);
	h.id = m.header.id;
	error = msg_send_sync(l->fd, &h, o->rep, NULL, (int)o->lifetime_ms);
	message_fini(&m);
	return error;
}

int
oneshot_serve(int fd, const struct oneshot *o)
{
	struct line *l = calloc(1, sizeof(*l));
	int error;

	if (l == NULL)
		return -ENOMEM;
	l->fd = fd;
	l->deadline_ms = clock_mono_ms() + o->lifetime_ms;
	assembler_init(&l->assembler);
	error = converse(l, o);
	assembler_fini(&l->assembler);
	explicit_bzero(l->frame, sizeof(l->frame));
	free(l);
	return error;
}
