/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#define PENDING_MAX	32	/* messages that came unasked while we waited for a reply */

static struct {
	int			 fd;
	uint32_t		 next_id;
	uint8_t			 frame[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
	struct assembler	 assembler;
	struct message		 pending[PENDING_MAX];
	unsigned		 npending;
	privcall_fake		*fake;
	void			*fake_arg;
} priv = { .fd = -1 };

static int
wait_readable(uint64_t deadline_ms)
{
	struct pollfd p = { .fd = priv.fd, .events = POLLIN };
	uint64_t now = clock_mono_ms();
	int n;

	if (now >= deadline_ms)
		return -ETIMEDOUT;
	n = poll(&p, 1, (int)(deadline_ms - now));
	if (n == -1 && errno != EINTR)
		return -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

/* One whole message from privd: 1, 0 when there is none yet, or -errno. */
static int
receive(struct message *ret)
{
	struct frame_header h;
	struct codec_error err;
	int fds[FRAME_FDS_MAX], n;

	do {
		n = frame_recv(priv.fd, priv.frame, &h, fds);
		if (n == -EAGAIN)
			return 0;
		if (n == 0)
			n = assembler_add(&priv.assembler, &h, priv.frame + FRAME_HEADER_LEN, fds, ret, &err);
		else if (n != -EMFILE)
			return n;
	} while (n == 0);
	/* It may have been a channel. */
	if (n == -ENOMEM || n == -EMFILE)
		fatalx("priv", "a message from privd is lost: %s", strerror(-n));
	if (n == -EPROTO)
		log_errx("priv", "message from privd cannot be read: %s: %s", err.path, err.reason);
	return n;
}

static int
wait_message(uint64_t deadline_ms, struct message *ret)
{
	int n;

	while ((n = receive(ret)) == 0) {
		n = wait_readable(deadline_ms);
		if (n != 0)
			return n;
	}
	return n < 0 ? n : 0;
}

int
privcall_init(int fd, uint8_t self_role)
{
	struct frame_header h = { .type = MSG_HELLO };
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = self_role };
	const struct hello_req *theirs;
	struct message m;
	int error;

	priv.fd = fd;
	priv.next_id = 1;
	assembler_init(&priv.assembler);
	error = msg_send_sync(fd, &h, &hello, NULL, PRIVCALL_TIMEOUT_MS);
	if (error == 0)
		error = wait_message(clock_mono_ms() + PRIVCALL_TIMEOUT_MS, &m);
	if (error != 0)
		return error;
	theirs = m.body;
	if (m.header.type != MSG_HELLO || m.header.flags != 0 || theirs->protocol != hello.protocol || theirs->role != ROLE_PRIVD)
		error = -EPROTO;
	message_fini(&m);
	return error;
}

int
privcall_fd(void)
{
	return priv.fd;
}

void
privcall_set_fake(privcall_fake *fake, void *arg)
{
	priv.fake = fake;
	priv.fake_arg = arg;
}

static int
error_reply(struct message *m, struct privcall_error *ret_error)
{
	const struct ipc_error_req *e = m->body;
	int error = e->error > 0 && e->error < 4096 ? (int)e->error : EPROTO;

	if (ret_error != NULL) {
		ret_error->error = error;
		ret_error->offset = e->offset;
		(void)str_copy(ret_error->text, e->text, sizeof(ret_error->text));
	}
	message_fini(m);
	return -error;
}

static int
local_error(int error, const char *text, struct privcall_error *ret_error)
{
	if (ret_error != NULL) {
		ret_error->error = -error;
		ret_error->offset = 0;
		(void)str_copy(ret_error->text, text, sizeof(ret_error->text));
	}
	return error;
}

/* Losing one would be losing a channel for ever. */
static void
pending_push(const struct message *m)
{
	if (priv.npending == PENDING_MAX)
		fatalx("priv", "too many messages from privd wait for the end of a call");
	priv.pending[priv.npending++] = *m;
}

static bool
pending_pop(struct message *ret)
{
	if (priv.npending == 0)
		return false;
	*ret = priv.pending[0];
	priv.npending--;
	memmove(&priv.pending[0], &priv.pending[1], priv.npending * sizeof(priv.pending[0]));
	return true;
}

int
privcall(uint16_t type, const void *req, struct message *ret, struct privcall_error *ret_error)
{
	struct frame_header h = { .type = type, .id = priv.next_id++ };
	uint64_t deadline_ms = clock_mono_ms() + PRIVCALL_TIMEOUT_MS;
	struct message m;
	int error;

	if (priv.fake != NULL)
		return priv.fake(type, req, ret, ret_error, priv.fake_arg);
	if (priv.next_id == 0)
		priv.next_id = 1;
	error = msg_send_sync(priv.fd, &h, req, NULL, PRIVCALL_TIMEOUT_MS);
	/* After a time-out half a message may be on its way, and nothing can follow it. */
	if (error == -EPIPE || error == -ETIMEDOUT)
		fatalx("priv", "privd is gone or does not read");
	if (error != 0)
		return local_error(error, "cannot ask privd", ret_error);
	for (;;) {
		error = wait_message(deadline_ms, &m);
		if (error == -EPIPE)
			fatalx("priv", "privd is gone");
		if (error != 0)
			return local_error(error, "no answer from privd", ret_error);
		if ((m.header.flags & FRAME_REPLY) && m.header.id == h.id && m.header.type == type)
			break;
		if ((m.header.flags & FRAME_REPLY) == 0)
			pending_push(&m);
		else
			message_fini(&m);	/* the late answer to a request that timed out */
	}
	if (m.header.flags & FRAME_ERROR)
		return error_reply(&m, ret_error);
	*ret = m;
	return 0;
}

int
privcall_take_fd(uint16_t type, const void *req, int *ret_fd, struct privcall_error *ret_error)
{
	struct message m;
	int error = privcall(type, req, &m, ret_error);

	if (error != 0)
		return error;
	*ret_fd = arena_take_fd(m.arena, 0);
	message_fini(&m);
	return *ret_fd == -1 ? local_error(-EPROTO, "privd answered without a descriptor", ret_error) : 0;
}

int
privcall_pump(void (*handler)(struct message *, void *arg), void *arg)
{
	struct message m;
	int n;

	/* A handler may itself call privcall(), which may put more aside; what was put aside is older than what is unread. */
	for (;;) {
		if (!pending_pop(&m) && (n = receive(&m)) != 1)
			return n;
		if ((m.header.flags & FRAME_REPLY) == 0)
			handler(&m, arg);
		message_fini(&m);
	}
}

int
privcall_dump(uint8_t what, const uint8_t **ret, size_t *ret_len, uint32_t *ret_generation, struct privcall_error *err)
{
	struct nl_dump_req req = { .what = what };
	struct message m;
	const struct nl_dump_rep *rep;
	int error, fd;

	error = privcall(MSG_NL_DUMP, &req, &m, err);
	if (error != 0)
		return error;
	rep = m.body;
	if (ret_generation != NULL)
		*ret_generation = rep->generation;
	fd = arena_take_fd(m.arena, 0);
	if (fd == -1) {
		message_fini(&m);
		return local_error(-EPROTO, "dump without a descriptor", err);
	}
	(void)arena_add_fd(m.arena, fd);	/* a mapping outlives its descriptor */
	error = memfd_map(fd, 1u << 30, ret, ret_len);
	message_fini(&m);
	return error != 0 ? local_error(error, "dump cannot be mapped", err) : 0;
}

void
privcall_dump_free(const uint8_t *p, size_t len)
{
	memfd_unmap(p, len);
}
