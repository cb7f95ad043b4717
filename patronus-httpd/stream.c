/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/str.h"
#include "cookie.h"
#include "daemon/daemon.h"
#include "http_reply.h"
#include "ipc/ids.h"
#include "refuse.h"
#include "stream.h"

#define SUBSCRIBE_TIMEOUT_MS	5000
#define TOPICS_MAX		256

struct stream {
	TAILQ_ENTRY(stream)	 link;
	struct conn		*conn;		/* NULL: gone while confd was asked */
	uint32_t		 id;		/* confd's number; 0 until it has answered */
	uint64_t		 dropped;	/* events that did not fit since the last one that did */
	char			 token[COOKIE_TOKEN_MAX + 1];
};

static TAILQ_HEAD(, stream)	 streams = TAILQ_HEAD_INITIALIZER(streams);
static unsigned			 nstreams;

static void
stream_free(struct stream *s)
{
	TAILQ_REMOVE(&streams, s, link);
	nstreams--;
	explicit_bzero(s->token, sizeof(s->token));
	free(s);
}

static void
unsubscribe(uint32_t id)
{
	struct channel *ch = daemon_channel(ROLE_CONFD, PEER_MAIN);
	struct mgmt_unsubscribe_req req = { .stream = id };

	if (ch != NULL)
		(void)channel_send(ch, MSG_MGMT_UNSUBSCRIBE, 0, &req, NULL, 0);
}

static void
on_closed(void *task)
{
	struct stream *s = task;

	s->conn = NULL;
	if (s->id == 0)
		return;		/* on_subscribed frees it */
	unsubscribe(s->id);
	stream_free(s);
}

void
stream_put(struct buf *out, uint64_t id, const char *topic, const uint8_t *data, size_t len)
{
	const uint8_t *end;
	size_t n;

	if (id != 0)
		buf_printf(out, "id: %llu\n", (unsigned long long)id);
	buf_printf(out, "event: %s\n", topic);
	/* A line feed within would end the field; a carriage return ends a line too. */
	for (;;) {
		for (end = data; end < data + len && *end != '\n' && *end != '\r'; end++)
			;
		n = (size_t)(end - data);
		buf_puts(out, "data: ");
		buf_put(out, data, n);
		buf_putc(out, '\n');
		if (n == len)
			break;
		data += n + 1;
		len -= n + 1;
	}
	buf_putc(out, '\n');
}

static void
put_gap(struct stream *s)
{
	char text[48];
	int n;

	if (s->dropped == 0)
		return;
	n = snprintf(text, sizeof(text), "{\"dropped\": %llu}", (unsigned long long)s->dropped);
	s->dropped = 0;
	stream_put(conn_out(s->conn), 0, "gap", (const uint8_t *)text, (size_t)n);
}

/* The client has caught up: tell it what it missed, also when nothing new happens. */
static void
on_drained(void *task)
{
	put_gap(task);
}

static const struct conn_task_ops task_ops = { .drained = on_drained, .closed = on_closed };

static void
open_stream(struct stream *s)
{
	struct http_reply r = { .status = 200, .content_type = "text/event-stream", .no_length = true };

	http_reply_put(conn_out(s->conn), &r);
	buf_puts(conn_out(s->conn), ": connected\n\n");
	conn_set_known(s->conn);
	conn_stream(s->conn);
}

/* confd's refusals arrive as an errno. */
static unsigned
status_of(int error)
{
	switch (error) {
	case -EACCES:
		return 401;
	case -EPERM:
		return 403;
	case -EINVAL:
		return 400;
	case -EAGAIN:
		return 429;
	default:
		return 503;
	}
}

static void
on_subscribed(struct channel *ch, struct message *m, int error, void *arg)
{
	struct stream *s = arg;
	struct conn *c = s->conn;
	const struct mgmt_subscribe_rep *rep;

	(void)ch;
	if (error == 0 && m != NULL) {
		rep = m->body;
		if (c != NULL && rep->stream != 0) {
			s->id = rep->stream;
			open_stream(s);
			return;
		}
		if (c == NULL)
			unsubscribe(rep->stream);
		error = -EIO;
	}
	stream_free(s);
	if (c == NULL)
		return;
	http_reply_problem(
	    conn_out(c), status_of(error), !conn_is_last(c), false, status_of(error) == 503 ? 1 : 0, NULL);
	conn_done(c);
}

/* topics=a,b of a query; nothing else is known here.  A comma may come encoded. */
static int
query_topics(struct span query, char *ret, size_t size)
{
	static const char name[] = "topics=";
	const size_t skip = sizeof(name) - 1;
	size_t i, n = 0;
	char ch;

	ret[0] = '\0';
	if (query.len == 0)
		return 0;
	if (query.len < skip || memcmp(query.at, name, skip) != 0)
		return -400;
	for (i = skip; i < query.len; i++) {
		ch = query.at[i];
		if (query.len - i >= 3 && strncasecmp(query.at + i, "%2c", 3) == 0) {
			ch = ',';
			i += 2;
		}
		if ((ch != ',' && ch != '-' && (ch < 'a' || ch > 'z')) || n + 1 == size)
			return -400;
		ret[n++] = ch;
	}
	ret[n] = '\0';
	return 0;
}

static uint64_t
last_id(struct span field)
{
	char text[24];
	uint64_t id;

	if (field.at == NULL || field.len >= sizeof(text))
		return 0;
	memcpy(text, field.at, field.len);
	text[field.len] = '\0';
	return str_u64(text, 0, UINT64_MAX, &id) == 0 ? id : 0;
}

static unsigned
count_session(const char *token)
{
	struct stream *s;
	unsigned n = 0;

	TAILQ_FOREACH(s, &streams, link)
		if (strcmp(s->token, token) == 0)
			n++;
	return n;
}

enum conn_next
stream_request(struct conn *c, const struct http_request *r, const char *token)
{
	struct channel *ch = daemon_channel(ROLE_CONFD, PEER_MAIN);
	char topics[TOPICS_MAX + 1];
	struct mgmt_subscribe_req req = { .topics = topics, .token = token, .origin = conn_peer(c),
	    .last_id = last_id(r->fields[HTTP_LAST_EVENT_ID]) };
	struct stream *s;

	if (r->method != HTTP_GET)
		return refuse_request(c, r, 405, "GET");
	if (query_topics(r->query, topics, sizeof(topics)) != 0)
		return refuse_request(c, r, 400, NULL);
	if (*token == '\0')
		return refuse_request(c, r, 401, NULL);
	if (count_session(token) >= STREAM_SESSION_MAX)
		return refuse_request(c, r, 429, NULL);
	if (ch == NULL || nstreams >= STREAM_MAX)
		return refuse_request(c, r, 503, NULL);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return refuse_request(c, r, 503, NULL);
	s->conn = c;
	(void)str_copy(s->token, token, sizeof(s->token));
	TAILQ_INSERT_TAIL(&streams, s, link);
	nstreams++;
	if (channel_call(ch, MSG_MGMT_SUBSCRIBE, 0, &req, NULL, 0, SUBSCRIBE_TIMEOUT_MS, on_subscribed, s) != 0) {
		stream_free(s);
		return refuse_request(c, r, 503, NULL);
	}
	conn_set_task(c, s, &task_ops);
	return CONN_WAIT;
}

static struct stream *
find(uint32_t id)
{
	struct stream *s;

	TAILQ_FOREACH(s, &streams, link)
		if (s->id == id)
			return s;
	return NULL;
}

static bool
is_topic(const char *s)
{
	if (*s == '\0')
		return false;
	for (; *s != '\0'; s++)
		if (*s != '-' && (*s < 'a' || *s > 'z'))
			return false;
	return true;
}

void
stream_on_event(struct channel *ch, struct message *m, void *arg)
{
	const struct mgmt_event_req *e = m->body;
	struct stream *s = e->stream != 0 ? find(e->stream) : NULL;

	(void)ch;
	(void)arg;
	/* One that was sent before our MGMT_UNSUBSCRIBE arrived. */
	if (s == NULL || !is_topic(e->topic))
		return;
	if (conn_unsent(s->conn) + e->data.len > STREAM_QUEUE_MAX && conn_unsent(s->conn) > 0) {
		s->dropped++;
		return;
	}
	put_gap(s);
	stream_put(conn_out(s->conn), e->id, e->topic, e->data.data, e->data.len);
	conn_push(s->conn);
}

void
stream_on_unsubscribe(struct channel *ch, struct message *m, void *arg)
{
	const struct mgmt_unsubscribe_req *u = m->body;
	struct stream *s = u->stream != 0 ? find(u->stream) : NULL;

	(void)ch;
	(void)arg;
	if (s != NULL)
		conn_free(s->conn);
}

void
stream_on_lost(void)
{
	struct stream *s, *next;

	for (s = TAILQ_FIRST(&streams); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->id != 0)
			conn_free(s->conn);
	}
}

void
stream_end_session(const char *token)
{
	struct stream *s, *next;

	for (s = TAILQ_FIRST(&streams); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->id != 0 && strcmp(s->token, token) == 0)
			conn_free(s->conn);
	}
}

static void
on_heartbeat(evutil_socket_t fd, short what, void *arg)
{
	struct stream *s, *next;

	(void)fd;
	(void)what;
	(void)arg;
	for (s = TAILQ_FIRST(&streams); s != NULL; s = next) {
		next = TAILQ_NEXT(s, link);
		if (s->id == 0 || conn_unsent(s->conn) > 0)
			continue;
		buf_puts(conn_out(s->conn), ": alive\n\n");
		conn_push(s->conn);
	}
}

void
stream_init(struct event_base *base)
{
	static const struct timeval period = { STREAM_HEARTBEAT_S, 0 };
	struct event *heartbeat = event_new(base, -1, EV_PERSIST, on_heartbeat, NULL);

	if (heartbeat == NULL || event_add(heartbeat, &period) == -1)
		fatalx("stream", "no memory");
}
