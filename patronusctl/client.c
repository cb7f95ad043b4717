/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "client.h"
#include "remote.h"

struct client {
	struct remote		*remote;	/* of a box that is far away; then nothing else counts */
	int			 fd;
	uint32_t		 next_id;
	unsigned		 timeout_ms;
	void			(*on_event)(const struct mgmt_event_req *, void *);	/* while an answer is awaited */
	void			*on_event_arg;
	bool			 is_listening;
	struct assembler	 assembler;
	uint8_t			 frame[FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX];
};

static int
wait_readable(int fd, uint64_t deadline_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now = clock_mono_ms();
	int n;

	if (deadline_ms != UINT64_MAX && now >= deadline_ms)
		return -ETIMEDOUT;
	n = poll(&p, 1, deadline_ms == UINT64_MAX ? -1 : (int)(deadline_ms - now));
	if (n == -1)
		return errno == EINTR ? 0 : -errno;
	return n == 0 ? -ETIMEDOUT : 0;
}

static int
next_message(struct client *c, uint64_t deadline_ms, struct message *ret)
{
	struct frame_header h;
	struct codec_error err;
	int error;

	for (;;) {
		error = frame_recv(c->fd, c->frame, &h, NULL);
		if (error == -EAGAIN) {
			error = wait_readable(c->fd, deadline_ms);
			if (error != 0)
				return error;
			continue;
		}
		if (error != 0)
			return error;
		error = assembler_add(&c->assembler, &h, c->frame + FRAME_HEADER_LEN, NULL, ret, &err);
		if (error != 0)
			return error < 0 ? error : 0;
	}
}

static int
hello(struct client *c)
{
	struct frame_header h = { .type = MSG_HELLO };
	struct hello_req mine = { .protocol = msg_protocol_hash(), .role = ROLE_CTL };
	const struct hello_req *theirs;
	struct message m;
	int error;

	error = msg_send_sync(c->fd, &h, &mine, NULL, (int)c->timeout_ms);
	if (error == 0)
		error = next_message(c, clock_mono_ms() + c->timeout_ms, &m);
	if (error != 0)
		return error;
	theirs = m.body;
	if (m.header.type != MSG_HELLO || theirs->protocol != mine.protocol)
		error = -EPROTONOSUPPORT;
	message_fini(&m);
	return error;
}

static const char *
reason(int error)
{
	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		return "Patronus is not running here, or another socket is meant (--socket, PATRONUS_SOCKET)";
	case -EACCES:
	case -EPERM:
		return "you may not use this socket; try as root";
	case -EPIPE:
	case -ECONNRESET:
		return "the connection was closed at once: this user has no rights here";
	case -EPROTONOSUPPORT:
		return "patronusctl and the running Patronus are of different versions; restart Patronus";
	default:
		return strerror(-error);
	}
}

struct client *
client_open(const char *path, unsigned timeout_ms, char *ret_why, size_t size)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct client *c;
	int error = 0;

	c = calloc(1, sizeof(*c));
	if (c == NULL || str_copy(sun.sun_path, path, sizeof(sun.sun_path)) >= sizeof(sun.sun_path)) {
		(void)snprintf(ret_why, size, "%s: the path is too long", path);
		free(c);
		return NULL;
	}
	c->timeout_ms = timeout_ms;
	c->next_id = 1;
	assembler_init(&c->assembler);
	c->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	/* The connection blocks (the other end may be busy), what follows waits with a limit. */
	if (c->fd == -1 || connect(c->fd, (struct sockaddr *)&sun, sizeof(sun)) == -1)
		error = -errno;
	if (error == 0)
		error = hello(c);
	if (error == 0)
		return c;
	(void)snprintf(ret_why, size, "%s: %s", path, reason(error));
	client_close(c);
	return NULL;
}

struct client *
client_open_remote(const struct host *h, unsigned timeout_ms, char *ret_why, size_t size)
{
	struct client *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->fd = -1;
	assembler_init(&c->assembler);
	if ((c->remote = remote_open(h, timeout_ms, ret_why, size)) != NULL)
		return c;
	client_close(c);
	return NULL;
}

const char *
client_why(const struct client *c)
{
	return c->remote != NULL ? remote_why(c->remote) : "";
}

void
client_close(struct client *c)
{
	if (c == NULL)
		return;
	remote_close(c->remote);
	if (c->fd != -1)
		(void)close(c->fd);
	assembler_fini(&c->assembler);
	free(c);
}

/* The answer to request id; events that come before it go to who wants them. */
static int
wait_reply(struct client *c, uint32_t id, struct message *ret)
{
	uint64_t deadline_ms = clock_mono_ms() + c->timeout_ms;
	int error;

	for (;;) {
		error = next_message(c, deadline_ms, ret);
		if (error != 0)
			return error;
		if ((ret->header.flags & FRAME_REPLY) && ret->header.id == id)
			break;
		if (ret->header.type == MSG_MGMT_EVENT && c->on_event != NULL)
			c->on_event(ret->body, c->on_event_arg);
		message_fini(ret);
	}
	if (ret->header.flags & FRAME_ERROR) {
		error = -(int)((const struct ipc_error_req *)ret->body)->error;
		message_fini(ret);
		return error < 0 ? error : -EPROTO;
	}
	return 0;
}

static const char *
or_empty(const char *s)
{
	return s != NULL ? s : "";
}

int
client_call(struct client *c, const struct mgmt_req *r, struct message *ret)
{
	struct frame_header h = { .type = MSG_MGMT_REQUEST, .id = c->next_id++ };
	struct mgmt_req q = {
		.method = r->method, .path = or_empty(r->path), .query = or_empty(r->query),
		.content_type = or_empty(r->content_type), .accept = or_empty(r->accept), .if_match = or_empty(r->if_match),
		.if_none_match = or_empty(r->if_none_match), .workspace = or_empty(r->workspace), .csrf = "", .idempotency_key = "", .token = "",
		.origin = "", .local = "", .body = r->body,
	};
	int error;

	if (c->remote != NULL)
		return remote_call(c->remote, r, ret);
	error = msg_send_sync(c->fd, &h, &q, NULL, (int)c->timeout_ms);
	return error != 0 ? error : wait_reply(c, h.id, ret);
}

int
client_subscribe(struct client *c, const char *topics)
{
	struct frame_header h = { .type = MSG_MGMT_SUBSCRIBE, .id = c->next_id++ };
	struct mgmt_subscribe_req q = { .topics = topics, .token = "", .origin = "" };
	struct message m;
	int error;

	if (c->remote != NULL)
		return remote_subscribe(c->remote, topics);
	error = msg_send_sync(c->fd, &h, &q, NULL, (int)c->timeout_ms);
	if (error == 0)
		error = wait_reply(c, h.id, &m);
	if (error == 0)
		message_fini(&m);
	return error;
}

int
client_listen(struct client *c, const char *topic, void (*on_event)(const struct mgmt_event_req *, void *), void *arg)
{
	int error = on_event == NULL || c->is_listening ? 0 : client_subscribe(c, topic);

	if (error != 0)
		return error;
	c->is_listening = c->is_listening || on_event != NULL;
	c->on_event = on_event;
	c->on_event_arg = arg;
	return 0;
}

int
client_next(struct client *c, int timeout_ms, struct message *ret)
{
	uint64_t deadline_ms = timeout_ms < 0 ? UINT64_MAX : clock_mono_ms() + (uint64_t)timeout_ms;
	int error;

	if (c->remote != NULL)
		return remote_next(c->remote, timeout_ms, ret);
	for (;;) {
		error = next_message(c, deadline_ms, ret);
		if (error != 0 || ret->header.type == MSG_MGMT_EVENT)
			return error;
		message_fini(ret);
	}
}
