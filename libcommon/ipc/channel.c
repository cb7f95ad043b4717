/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/queue.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

/* One frame that waits for room in the peer's queue. */
struct out_frame {
	STAILQ_ENTRY(out_frame)	 link;
	struct frame_header	 header;
	int			 fds[FRAME_FDS_MAX];
	uint8_t			 payload[];
};

struct pending_call {
	TAILQ_ENTRY(pending_call) link;
	uint32_t		 id;
	uint16_t		 type;
	uint64_t		 deadline_ms;
	channel_reply_handler	*on_reply;
	void			*arg;
};

STAILQ_HEAD(out_queue, out_frame);

struct channel {
	int				 fd;
	const char			*name;
	uint8_t				 expect;
	uint8_t				 peer;
	bool				 is_ready;
	bool				 is_closing;	/* on_close has been called, or is_freed */
	bool				 is_freed;
	bool				 is_overrun;	/* closes from the event loop */
	unsigned			 depth;		/* inside how many of our callbacks */
	const struct channel_ops	*ops;
	void				*arg;
	struct event			*ev_read;
	struct event			*ev_write;
	struct event			*ev_timer;
	struct assembler		 assembler;
	struct message			*current;	/* what the running handler may keep */
	uint64_t			 seen;		/* table rows that came once (CHANNEL_ONCE) */
	uint32_t			 next_id;
	size_t				 queued;	/* memory of what waits */
	size_t				 queue_max;
	bool				 is_client;
	bool				 is_paused;	/* ev_read is not in the loop */
	struct out_queue		 out;
	TAILQ_HEAD(, pending_call)	 calls;
	uint8_t				*frame;
};

static void	 on_readable(evutil_socket_t, short, void *);
static void	 on_writable(evutil_socket_t, short, void *);
static void	 on_timer(evutil_socket_t, short, void *);

static void
out_frame_free(struct out_frame *f)
{
	unsigned i;

	for (i = 0; i < f->header.nfds; i++)
		(void)close(f->fds[i]);
	heap_wipe(f, sizeof(*f) + f->header.len);
}

static void
out_queue_clear(struct out_queue *q)
{
	struct out_frame *f;

	while ((f = STAILQ_FIRST(q)) != NULL) {
		STAILQ_REMOVE_HEAD(q, link);
		out_frame_free(f);
	}
}

static void
channel_release(struct channel *c)
{
	out_queue_clear(&c->out);
	assembler_fini(&c->assembler);
	free(c->frame);
	free(c);
}

/* Callbacks may free the channel: its memory goes when the last of them has returned. */
static void
channel_enter(struct channel *c)
{
	c->depth++;
}

static bool
channel_leave(struct channel *c)
{
	if (--c->depth > 0 || !c->is_freed)
		return !c->is_freed;
	channel_release(c);
	return false;
}

static void
calls_cancel(struct channel *c, int error)
{
	struct pending_call *p;

	while ((p = TAILQ_FIRST(&c->calls)) != NULL) {
		TAILQ_REMOVE(&c->calls, p, link);
		p->on_reply(c, NULL, error, p->arg);
		free(p);
	}
}

static void
channel_stop(struct channel *c)
{
	if (c->fd == -1)
		return;
	event_free(c->ev_read);
	event_free(c->ev_write);
	event_free(c->ev_timer);
	(void)close(c->fd);
	c->fd = -1;
}

void
channel_free(struct channel *c)
{
	if (c == NULL || c->is_freed)
		return;
	c->is_closing = true;
	c->is_freed = true;
	channel_stop(c);
	channel_enter(c);
	calls_cancel(c, -ECANCELED);
	(void)channel_leave(c);
}

void
channel_close(struct channel *c, int error)
{
	if (c->is_closing)
		return;
	c->is_closing = true;
	channel_stop(c);
	channel_enter(c);
	calls_cancel(c, error != 0 ? error : -EPIPE);
	if (!c->is_freed && c->ops->on_close != NULL)
		c->ops->on_close(c, error == -EPIPE ? 0 : error, c->arg);
	(void)channel_leave(c);
}

static void
violation(struct channel *c, const struct frame_header *h, const char *why)
{
	log_errx("ipc", "violation by %s: %s (message %s, type %u, %u bytes)", c->name, why, msg_name(h->type), h->type, h->len);
	channel_close(c, -EPROTO);
}

struct channel *
channel_new(struct event_base *base, int fd, const char *name, uint8_t self, uint8_t expect, const struct channel_ops *ops,
    void *arg)
{
	struct hello_req hello = { .protocol = msg_protocol_hash(), .role = self };
	struct channel *c;
	int error;

	c = heap_new(1, sizeof(*c));
	if (c == NULL)
		goto fail_fd;
	c->frame = heap_regrow(NULL, 0, FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX);
	STAILQ_INIT(&c->out);
	TAILQ_INIT(&c->calls);
	assembler_init(&c->assembler);
	c->fd = fd;
	c->name = name;
	c->expect = expect;
	c->ops = ops;
	c->arg = arg;
	c->next_id = 1;
	c->queue_max = CHANNEL_QUEUE_MAX;
	c->ev_read = heap_checked(event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c));
	c->ev_write = heap_checked(event_new(base, fd, EV_WRITE, on_writable, c));
	c->ev_timer = heap_checked(event_new(base, -1, EV_PERSIST, on_timer, c));
	if (c->frame == NULL || c->ev_read == NULL || c->ev_write == NULL || c->ev_timer == NULL)
		goto fail;
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		goto fail;
	if (event_add(c->ev_read, NULL) == -1) {
		(void)heap_checked(NULL);
		goto fail;
	}
	error = channel_send(c, MSG_HELLO, 0, &hello, NULL, 0);
	if (error != 0 && error != -EPIPE)
		goto fail;
	return c;
fail:
	if (c->ev_read != NULL)
		event_free(c->ev_read);
	if (c->ev_write != NULL)
		event_free(c->ev_write);
	if (c->ev_timer != NULL)
		event_free(c->ev_timer);
	channel_release(c);
fail_fd:
	(void)close(fd);
	return NULL;
}

void
channel_set_client(struct channel *c, size_t queue_max)
{
	c->is_client = true;
	c->queue_max = queue_max;
}

bool
channel_is_ready(const struct channel *c)
{
	return c->is_ready && !c->is_closing;
}

uint8_t
channel_peer_role(const struct channel *c)
{
	return c->peer;
}

void *
channel_arg(const struct channel *c)
{
	return c->arg;
}

const char *
channel_name(const struct channel *c)
{
	return c->name;
}

int
channel_fd(const struct channel *c)
{
	return c->fd;
}

/* --- sending --- */

static size_t
out_frame_size(const struct out_frame *f)
{
	return sizeof(*f) + f->header.len;
}

/* Read again when half of what made us stop is gone. */
static int
resume(struct channel *c)
{
	if (!c->is_paused || c->queued > CHANNEL_PAUSE / 2)
		return 0;
	c->is_paused = false;
	return event_add(c->ev_read, NULL) == 0 ? 0 : -ENOMEM;
}

/* Send what is queued until the peer's queue is full.  0 or -errno. */
static int
flush(struct channel *c)
{
	struct out_frame *f;
	int error;

	while ((f = STAILQ_FIRST(&c->out)) != NULL) {
		error = frame_send(c->fd, &f->header, f->payload, f->fds);
		if (error == -EAGAIN) {
			error = resume(c);
			return error != 0 ? error : event_add(c->ev_write, NULL) == 0 ? 0 : -ENOMEM;
		}
		if (error != 0)
			return error;
		STAILQ_REMOVE_HEAD(&c->out, link);
		c->queued -= out_frame_size(f);
		out_frame_free(f);
	}
	return resume(c);
}

static int
queue_frame(struct out_queue *q, const struct frame_header *h, const uint8_t *payload, const int *fds)
{
	struct out_frame *f;
	unsigned i;

	f = heap_regrow(NULL, 0, sizeof(*f) + h->len);
	if (f == NULL)
		return -ENOMEM;
	f->header = *h;
	f->header.nfds = 0;
	for (i = 0; i < h->nfds; i++) {
		f->fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 0);
		if (f->fds[i] == -1) {
			out_frame_free(f);
			return -errno;
		}
		f->header.nfds++;
	}
	if (h->len > 0)
		memcpy(f->payload, payload, h->len);
	STAILQ_INSERT_TAIL(q, f, link);
	return 0;
}

/* All frames of a message, or none: a message that stopped half way would look like a violation of ours. */
static int
queue_message(struct channel *c, const struct frame_header *header, const uint8_t *data, size_t len, const int *fds)
{
	struct frame_header h = *header;
	struct out_queue frames = STAILQ_HEAD_INITIALIZER(frames);
	size_t at = 0, queued = 0;
	int error;

	do {
		h.len = (uint32_t)(len - at < FRAME_PAYLOAD_MAX ? len - at : FRAME_PAYLOAD_MAX);
		h.flags = at + h.len < len ? header->flags | FRAME_MORE : header->flags;
		h.nfds = at == 0 ? header->nfds : 0;
		error = queue_frame(&frames, &h, data + at, fds);
		at += h.len;
		queued += sizeof(struct out_frame) + h.len;
	} while (error == 0 && at < len);
	if (error != 0) {
		out_queue_clear(&frames);
		return error;
	}
	STAILQ_CONCAT(&c->out, &frames);
	c->queued += queued;
	return 0;
}

/* Too much is waiting for this peer: it is closed from the event loop, never under the feet of who sends. */
static int
overrun(struct channel *c)
{
	if (!c->is_overrun) {
		c->is_overrun = true;
		log_errx("ipc", "%s does not read its messages", c->name);
		event_active(c->ev_write, EV_WRITE, 0);
	}
	return -ENOBUFS;
}

static int
send_message(struct channel *c, const struct frame_header *header, const void *body, const int *fds)
{
	uint8_t *data;
	size_t len;
	int error;

	if (c->is_closing)
		return -EPIPE;
	error = msg_encode(header, body, &data, &len);
	if (error != 0) {
		log_errx("ipc", "message %s to %s cannot be encoded", msg_name(header->type), c->name);
		return error;
	}
	if (c->queued >= c->queue_max || len > c->queue_max - c->queued) {
		heap_wipe(data, len);
		return overrun(c);
	}
	error = queue_message(c, header, data, len, fds);
	heap_wipe(data, len);
	/* An error of the socket shows again when it is read: the close happens there, not under the caller's feet. */
	return error != 0 ? error : flush(c);
}

int
channel_send(struct channel *c, uint16_t type, uint32_t revision, const void *req, const int *fds, unsigned nfds)
{
	struct frame_header h = { .type = type, .nfds = (uint8_t)nfds, .revision = revision };

	return send_message(c, &h, req, fds);
}

int
channel_call(struct channel *c, uint16_t type, uint32_t revision, const void *req, const int *fds, unsigned nfds,
    unsigned timeout_ms, channel_reply_handler *on_reply, void *arg)
{
	static const struct timeval tick = { 0, 100000 };
	struct frame_header h = { .type = type, .nfds = (uint8_t)nfds, .id = c->next_id, .revision = revision };
	struct pending_call *p;
	int error;

	p = heap_new(1, sizeof(*p));
	if (p == NULL)
		return -ENOMEM;
	error = send_message(c, &h, req, fds);
	/* A peer that ended a moment before hears as much as one that ends a moment later: the loop reads its end, and that ends the call. */
	if (error != 0 && (error != -EPIPE || c->is_closing)) {
		free(p);
		return error;
	}
	if (++c->next_id == 0)
		c->next_id = 1;
	p->id = h.id;
	p->type = type;
	p->deadline_ms = clock_mono_ms() + timeout_ms;
	p->on_reply = on_reply;
	p->arg = arg;
	if (TAILQ_EMPTY(&c->calls))
		(void)event_add(c->ev_timer, &tick);
	TAILQ_INSERT_TAIL(&c->calls, p, link);
	return 0;
}

int
channel_reply(struct channel *c, const struct frame_header *request, const void *rep, const int *fds, unsigned nfds)
{
	struct frame_header h = { .type = request->type, .flags = FRAME_REPLY, .nfds = (uint8_t)nfds, .id = request->id,
	    .revision = request->revision };

	return h.id != 0 ? send_message(c, &h, rep, fds) : 0;
}

int
channel_reply_error(struct channel *c, const struct frame_header *request, int error, uint32_t offset, const char *fmt, ...)
{
	struct frame_header h = { .type = request->type, .flags = FRAME_REPLY | FRAME_ERROR, .id = request->id,
	    .revision = request->revision };
	struct ipc_error_req e = { .error = error < 0 ? -error : error, .offset = offset };
	char text[513];
	va_list ap;

	if (h.id == 0)
		return 0;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	str_clean(text);	/* it may have been cut inside a character */
	e.text = text;
	return send_message(c, &h, &e, NULL);
}

/* --- receiving --- */

static void
handle_reply(struct channel *c, struct message *m)
{
	struct pending_call *p;
	int error = 0;

	TAILQ_FOREACH(p, &c->calls, link)
		if (p->id == m->header.id && p->type == m->header.type)
			break;
	if (p == NULL) {
		/* The answer to a call that timed out; an answer to nothing at all carries an id we never gave. */
		if (m->header.id == 0 || m->header.id >= c->next_id)
			violation(c, &m->header, "answers what was never asked");
		return;
	}
	TAILQ_REMOVE(&c->calls, p, link);
	if (TAILQ_EMPTY(&c->calls))
		(void)event_del(c->ev_timer);
	if (m->header.flags & FRAME_ERROR) {
		const struct ipc_error_req *e = m->body;

		error = e->error > 0 && e->error < 4096 ? -(int)e->error : -EPROTO;
	}
	p->on_reply(c, m, error, p->arg);
	free(p);
}

static void
handle_hello(struct channel *c, struct message *m)
{
	const struct hello_req *hello = m->body;

	if (c->is_ready)
		violation(c, &m->header, "says hello twice");
	else if (hello->protocol != msg_protocol_hash())
		violation(c, &m->header, "was not built with this program");
	else if (c->expect != ROLE_INVALID && hello->role != c->expect)
		violation(c, &m->header, "is not who it should be");
	else {
		c->peer = hello->role;
		c->is_ready = true;
		if (c->ops->on_ready != NULL)
			c->ops->on_ready(c, c->arg);
	}
}

static void
handle_request(struct channel *c, struct message *m)
{
	const struct channel_dispatch *row;
	unsigned i;

	for (i = 0, row = c->ops->table; row->type != 0; row++, i++)
		if (row->type == m->header.type)
			break;
	if (row->type == 0) {
		violation(c, &m->header, "may not send this");
		return;
	}
	if ((row->flags & (c->is_ready ? CHANNEL_PHASE_READY : CHANNEL_PHASE_HELLO)) == 0 ||
	    ((row->flags & CHANNEL_ONCE) && (c->seen & (1ull << (i % 64))))) {
		violation(c, &m->header, "sends this at the wrong time");
		return;
	}
	c->seen |= 1ull << (i % 64);
	c->current = m;
	row->handler(c, m, c->arg);
	c->current = NULL;
}

static void
dispatch(struct channel *c, struct message *m)
{
	if ((m->header.flags & FRAME_REPLY) == 0 && m->header.type == MSG_HELLO)
		handle_hello(c, m);
	else if (!c->is_ready && (m->header.flags & FRAME_REPLY))
		violation(c, &m->header, "answers before its hello");
	else if (m->header.flags & FRAME_REPLY)
		handle_reply(c, m);
	else
		handle_request(c, m);
	message_fini(m);
}

void
channel_keep(struct channel *c, struct message *from, struct message *ret)
{
	*ret = *from;
	memset(from, 0, sizeof(*from));
	if (c->current == from)
		c->current = NULL;
}

/* A client that does not read its answers is not asked for more questions. */
static bool
must_pause(struct channel *c)
{
	if (!c->is_client || c->queued <= CHANNEL_PAUSE)
		return false;
	c->is_paused = true;
	(void)event_del(c->ev_read);
	return true;
}

/* Read a bounded number of frames, so that one busy peer cannot starve the others. */
#define FRAMES_A_TURN	64

/* The frame is a copy too. */
static int
take_frame(struct channel *c, const struct frame_header *h, const int *fds, struct message *m, struct codec_error *err)
{
	int n = assembler_add(&c->assembler, h, c->frame + FRAME_HEADER_LEN, fds, m, err);

	explicit_bzero(c->frame, FRAME_HEADER_LEN + h->len);
	return n;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	struct frame_header h = { 0 };
	struct codec_error err;
	struct message m;
	int fds[FRAME_FDS_MAX], n, i;

	(void)what;
	channel_enter(c);
	for (i = 0; i < FRAMES_A_TURN && !c->is_closing && !must_pause(c); i++) {
		n = frame_recv(fd, c->frame, &h, fds);
		if (n == -EAGAIN)
			break;
		if (n == 0)
			n = take_frame(c, &h, fds, &m, &err);
		else if (n == -EPROTO)
			err = (struct codec_error){ .reason = "frame of a wrong shape" };
		if (n == 1)
			dispatch(c, &m);
		else if (n == -EPROTO)
			violation(c, &h, err.reason);
		else if (n < 0)
			channel_close(c, n);
	}
	(void)channel_leave(c);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	int error;

	(void)fd;
	(void)what;
	channel_enter(c);
	error = c->is_overrun ? -ENOBUFS : flush(c);
	if (error != 0)
		channel_close(c, error);
	(void)channel_leave(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	struct pending_call *p, *next;
	uint64_t now = clock_mono_ms();

	(void)fd;
	(void)what;
	channel_enter(c);
	for (p = TAILQ_FIRST(&c->calls); p != NULL && !c->is_closing; p = next) {
		next = TAILQ_NEXT(p, link);
		if (p->deadline_ms > now)
			continue;
		TAILQ_REMOVE(&c->calls, p, link);
		p->on_reply(c, NULL, -ETIMEDOUT, p->arg);
		free(p);
		/* The callback may have made or ended other calls. */
		next = TAILQ_FIRST(&c->calls);
	}
	if (!c->is_closing && TAILQ_EMPTY(&c->calls))
		(void)event_del(c->ev_timer);
	(void)channel_leave(c);
}
