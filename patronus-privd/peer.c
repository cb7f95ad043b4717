/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "peer.h"

#define QUEUE_MAX	(96u << 20)	/* one answer of the largest kind and some notices */
#define FRAMES_PER_TURN	32		/* then it is somebody else's turn */
#define DUPLICATES_FROM	3
#define SOCKET_BUFFER	(96 << 10)	/* bounds what a peer leaves unread there, and the descriptors in it; holds a frame */

/* A message on its way out, one frame at a time. */
struct out {
	struct out		*next;
	struct frame_header	 header;
	uint8_t			*data;
	size_t			 len;
	size_t			 at;
	int			 fd;		/* -1, or ours until sent */
};

void
peer_init(struct peer *p, int fd, uint8_t role, struct child *child)
{
	const int size = SOCKET_BUFFER;

	memset(p, 0, sizeof(*p));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	p->fd = fd;
	p->role = role;
	p->child = child;
	p->out_tail = &p->out;
	assembler_init(&p->assembler);
}

static void
out_free(struct out *o)
{
	if (o->fd != -1)
		(void)close(o->fd);
	free(o->data);
	free(o);
}

void
peer_fini(struct peer *p)
{
	struct out *o;

	if (p->fd == -1)
		return;
	while ((o = p->out) != NULL) {
		p->out = o->next;
		out_free(o);
	}
	if (p->is_held)
		message_fini(&p->held);
	assembler_fini(&p->assembler);
	(void)close(p->fd);
	memset(p, 0, sizeof(*p));
	p->fd = -1;
}

/* --- sending --- */

/* 1 when the message is gone, 0 when there is no room, or -errno. */
static int
out_pump(struct peer *p, struct out *o)
{
	struct frame_header h = o->header;
	int error;

	do {
		h.len = (uint32_t)(o->len - o->at < FRAME_PAYLOAD_MAX ? o->len - o->at : FRAME_PAYLOAD_MAX);
		h.flags = (uint8_t)(o->at + h.len < o->len ? o->header.flags | FRAME_MORE : o->header.flags);
		h.nfds = o->at == 0 && o->fd != -1 ? 1 : 0;
		error = frame_send(p->fd, &h, o->data + o->at, &o->fd);
		if (error != 0)
			return error == -EAGAIN ? 0 : error;
		o->at += h.len;
	} while (o->at < o->len);
	return 1;
}

enum peer_verdict
peer_writable(struct peer *p)
{
	struct out *o;
	int n;

	p->is_full = false;
	while ((o = p->out) != NULL) {
		n = out_pump(p, o);
		if (n <= 0)
			return n == 0 ? PEER_OK : PEER_CLOSED;
		p->out = o->next;
		if (p->out == NULL)
			p->out_tail = &p->out;
		p->queued -= o->len;
		out_free(o);
	}
	return PEER_OK;
}

int
peer_send(struct peer *p, const struct frame_header *h, const void *body, const int *fds)
{
	struct out *o;
	int error;

	if (p->fd == -1)
		return -EPIPE;
	o = calloc(1, sizeof(*o));
	error = o != NULL ? msg_encode(h, body, &o->data, &o->len) : -ENOMEM;
	if (error == -ENOMEM)
		(void)shutdown(p->fd, SHUT_RDWR);	/* it would wait for what never comes */
	if (o == NULL)
		return error;
	o->fd = -1;
	o->header = *h;
	if (error == 0 && o->len > QUEUE_MAX - p->queued)
		error = -ENOBUFS;
	if (error == 0 && h->nfds > 0) {
		o->fd = fcntl(fds[0], F_DUPFD_CLOEXEC, DUPLICATES_FROM);
		error = o->fd == -1 ? -errno : 0;
	}
	if (error != 0) {
		out_free(o);
		return error;
	}
	*p->out_tail = o;
	p->out_tail = &o->next;
	p->queued += o->len;
	/* A peer that is gone shows itself in the poll loop. */
	(void)peer_writable(p);
	return 0;
}

int
peer_notify(struct peer *p, uint16_t type, const void *req, int fd)
{
	struct frame_header h = { .type = type, .nfds = fd != -1 ? 1 : 0 };

	return peer_send(p, &h, req, &fd);
}

int
peer_reply(struct peer *p, const struct frame_header *request, const void *rep, int fd)
{
	struct frame_header h = { .type = request->type, .id = request->id, .flags = FRAME_REPLY, .nfds = fd != -1 ? 1 : 0 };

	return peer_send(p, &h, rep, &fd);
}

int
peer_error(struct peer *p, const struct frame_header *request, int error, uint32_t offset, const char *fmt, ...)
{
	struct frame_header h = { .type = request->type, .id = request->id, .flags = FRAME_REPLY | FRAME_ERROR };
	struct ipc_error_req e = { .error = error < 0 ? -error : error, .offset = offset };
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	e.text = text;
	return peer_send(p, &h, &e, NULL);
}

void
peer_answer(struct peer *p, const struct frame_header *request, int error, const void *rep, int fd, const char *what)
{
	/* Without an answer it would wait until its time runs out: that its descriptor could not be had is one, too. */
	if (error == 0)
		error = peer_reply(p, request, rep, fd);
	if (error != 0)
		(void)peer_error(p, request, error, 0, "%s%s%s", what, what[0] != '\0' ? ": " : "", strerror(-error));
	if (fd >= 0)
		(void)close(fd);
}

/* --- receiving --- */

short
peer_events(const struct peer *p, uint64_t now_us, uint64_t *deadline_us)
{
	short events = p->out != NULL || p->is_full ? POLLOUT : 0;

	if (!p->is_held)
		return p->is_full ? events : events | POLLIN;
	if (p->resume_us < *deadline_us)
		*deadline_us = p->resume_us > now_us ? p->resume_us : now_us;
	return events;
}

static enum peer_verdict
violation(const char **ret_why, const char *why)
{
	*ret_why = why;
	return PEER_VIOLATION;
}

/* May this message come at all?  Asked before a byte of it is kept. */
static enum peer_verdict
frame_check(const struct peer *p, const struct frame_header *h, const char **ret_why)
{
	if (h->flags & (FRAME_REPLY | FRAME_ERROR))
		return violation(ret_why, "answer that nobody asked for");
	if (p->is_log)
		return h->type == MSG_HELLO && !p->is_ready ? PEER_OK : violation(ret_why, "logd speaks");
	if (grant_find(p->role, h->type, p->is_ready) == NULL)
		return violation(ret_why, msg_spec(h->type) == NULL ? "unknown message" : "message that is not granted");
	return PEER_OK;
}

static enum peer_verdict
message_carry_out(struct peer *p, struct message *m, const char **ret_why)
{
	const struct grant *g;
	uint64_t now_us = clock_mono_us(), wait_us;
	bool ok;

	if (p->is_log) {
		p->is_ready = true;
		message_fini(m);
		return PEER_OK;
	}
	g = grant_find(p->role, m->header.type, p->is_ready);
	if (g == NULL) {
		message_fini(m);
		return violation(ret_why, "message that is not granted");
	}
	wait_us = bucket_take(&p->buckets[g - grants], g, now_us);
	if (wait_us > 0) {
		p->held = *m;
		p->is_held = true;
		p->resume_us = now_us + wait_us;
		return PEER_OK;
	}
	ok = grant_allows(g, m->body, ret_why) && g->handler(p, m, ret_why);
	message_fini(m);
	return ok ? PEER_OK : *ret_why != NULL ? PEER_VIOLATION : PEER_CLOSED;
}

enum peer_verdict
peer_resume(struct peer *p, uint64_t now_us, const char **ret_why)
{
	struct message m;

	if (!p->is_held || p->resume_us > now_us)
		return PEER_OK;
	m = p->held;
	p->is_held = false;
	memset(&p->held, 0, sizeof(p->held));
	return message_carry_out(p, &m, ret_why);
}

enum peer_verdict
peer_readable(struct peer *p, const char **ret_why)
{
	static uint8_t frame[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
	struct frame_header h;
	struct message m;
	struct codec_error err = { 0 };
	enum peer_verdict v;
	unsigned i;
	int n;

	/* Who leaves our answers lying asks nothing more: all descriptors under way are of one account, whoever they are for. */
	p->is_full = poll(&(struct pollfd){ .fd = p->fd, .events = POLLOUT }, 1, 0) == 0;
	for (i = 0; i < FRAMES_PER_TURN && p->fd != -1 && !p->is_held && !p->is_full; i++) {
		n = frame_recv(p->fd, frame, &h, NULL);
		if (n == -EAGAIN)
			return PEER_OK;
		if (n == -EPROTO)
			return violation(ret_why, "frame of a wrong shape");
		if (n != 0 && n != -EPIPE)
			log_errx("peer", "%s: channel: %s", role_name(p->role), strerror(-n));
		if (n != 0)
			return PEER_CLOSED;
		v = frame_check(p, &h, ret_why);
		if (v != PEER_OK)
			return v;
		n = assembler_add(&p->assembler, &h, frame + FRAME_HEADER_LEN, NULL, &m, &err);
		if (n < 0)
			return n == -ENOMEM ? PEER_CLOSED : violation(ret_why, err.reason != NULL ? err.reason : "message that cannot be kept");
		if (n == 1 && (v = message_carry_out(p, &m, ret_why)) != PEER_OK)
			return v;
	}
	return PEER_OK;
}
