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
#define LINES_TYPE		"application/x-ndjson"
#define METHODS			"GET, HEAD, OPTIONS"

struct stream {
	TAILQ_ENTRY(stream)	 link;
	struct conn		*conn;		/* NULL: gone while confd was asked */
	uint32_t		 id;		/* confd's number; 0 until it has answered */
	uint64_t		 dropped;	/* events that did not fit since the last one that did */
	bool			 is_lines;	/* one JSON object a line instead of server-sent events */
	bool			 head_only;
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

void
stream_put_line(struct buf *out, uint64_t id, const char *topic, const uint8_t *data, size_t len)
{
	size_t i;

	buf_puts(out, "{");
	if (id != 0)
		buf_printf(out, "\"id\": %llu, ", (unsigned long long)id);
	buf_printf(out, "\"event\": \"%s\"", topic);
	if (len > 0)
		buf_puts(out, ", \"data\": ");
	/* In JSON a line ends only between tokens, where a blank says the same. */
	for (i = 0; i < len; i++)
		buf_putc(out, data[i] == '\n' || data[i] == '\r' ? ' ' : (char)data[i]);
	buf_puts(out, "}\n");
}

static void
put_event(struct stream *s, uint64_t id, const char *topic, const uint8_t *data, size_t len)
{
	if (s->is_lines)
		stream_put_line(conn_out(s->conn), id, topic, data, len);
	else
		stream_put(conn_out(s->conn), id, topic, data, len);
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
	put_event(s, 0, "gap", (const uint8_t *)text, (size_t)n);
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
	struct http_reply r = { .status = 200, .content_type = s->is_lines ? LINES_TYPE : "text/event-stream", .no_length = true };

	http_reply_put(conn_out(s->conn), &r);
	if (!s->is_lines)
		buf_puts(conn_out(s->conn), ": connected\n\n");
	conn_set_known(s->conn);
	conn_stream(s->conn);
}

/* HEAD: the head that a GET would get; the subscription ends at once. */
static void
answer_head(struct stream *s, uint32_t id)
{
	struct http_reply r = { .status = 200, .content_type = s->is_lines ? LINES_TYPE : "text/event-stream", .no_length = true,
	    .head_only = true, .keep_alive = !conn_is_last(s->conn) };
	struct conn *c = s->conn;

	unsubscribe(id);
	http_reply_put(conn_out(c), &r);
	stream_free(s);
	conn_done(c);
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
	bool head_only;

	(void)ch;
	if (error == 0 && m != NULL) {
		rep = m->body;
		if (c != NULL && rep->stream != 0 && s->head_only) {
			answer_head(s, rep->stream);
			return;
		}
		if (c != NULL && rep->stream != 0) {
			s->id = rep->stream;
			open_stream(s);
			return;
		}
		if (c == NULL)
			unsubscribe(rep->stream);
		error = -EIO;
	}
	head_only = s->head_only;
	stream_free(s);
	if (c == NULL)
		return;
	http_reply_problem(
	    conn_out(c), status_of(error), !conn_is_last(c), head_only, status_of(error) == 503 ? 1 : 0, NULL);
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

static enum conn_next
answer_options(struct conn *c)
{
	struct http_reply reply = { .status = 204, .allow = METHODS, .keep_alive = !conn_is_last(c) };

	http_reply_put(conn_out(c), &reply);
	return CONN_REPLIED;
}

enum conn_next
stream_request(struct conn *c, const struct http_request *r, const char *token)
{
	struct channel *ch = daemon_channel(ROLE_CONFD, PEER_MAIN);
	char topics[TOPICS_MAX + 1];
	struct mgmt_subscribe_req req = { .topics = topics, .token = token, .origin = conn_peer(c),
	    .last_id = last_id(r->fields[HTTP_LAST_EVENT_ID]) };
	struct stream *s;

	if (r->method == HTTP_OPTIONS)
		return answer_options(c);
	if (r->method != HTTP_GET && r->method != HTTP_HEAD)
		return refuse_request(c, r, 405, METHODS);
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
	s->is_lines = span_has_token(r->fields[HTTP_ACCEPT], LINES_TYPE);
	s->head_only = r->method == HTTP_HEAD;
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
	put_event(s, e->id, e->topic, e->data.data, e->data.len);
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
		if (s->is_lines)
			stream_put_line(conn_out(s->conn), 0, "alive", NULL, 0);
		else
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
