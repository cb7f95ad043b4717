/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "base/arena.h"
#include "base/heap.h"
#include "base/log.h"
#include "cookie.h"
#include "credential.h"
#include "daemon/daemon.h"
#include "http_reply.h"
#include "ipc/ids.h"
#include "refuse.h"
#include "site.h"
#include "stream.h"

#define CALL_TIMEOUT_MS		120000		/* a commit of a large configuration answers when it is proven */
#define CALLS_MAX		512		/* at confd at once */
#define WAITING_MAX		256		/* whose bodies are still on their way: strangers, and as many others; they hold up nobody without a body */
#define BODY_STRANGER_MAX	(64u << 10)	/* without a session's cookie there is nothing large to say */
#define BODIES_MAX		(40u << 20)	/* all larger bodies that are held together; the others are bounded by WAITING_MAX and CALLS_MAX */
#define BODIES_UNKNOWN_MAX	(20u << 20)	/* the part of it for connections that have not shown a session yet */

/* One request on its way to confd.  Lives until confd answers, also when its client has gone. */
struct call {
	struct conn	*conn;		/* NULL: gone */
	struct arena	*arena;
	struct mgmt_req	 req;
	uint8_t		*body;
	uint32_t	 body_len;
	uint32_t	 body_room;	/* allocated */
	uint32_t	 body_cap;	/* promised by Content-Length */
	uint32_t	 reserved;	/* of it in bodies */
	bool		 is_sent;
	bool		 is_waiting;	/* for its body */
	bool		 is_known;	/* its connection has shown a session */
	bool		 head_only;
};

static unsigned	 ncalls;	/* that were sent */
static unsigned	 nwaiting[2];	/* strangers, others */
static size_t	 bodies;	/* bytes reserved by calls that have a large body */

static const struct {
	uint8_t	http;
	uint8_t	mgmt;
} methods[] = {
	{ HTTP_GET, MGMT_GET }, { HTTP_HEAD, MGMT_GET }, { HTTP_POST, MGMT_POST }, { HTTP_PUT, MGMT_PUT },
	{ HTTP_PATCH, MGMT_PATCH }, { HTTP_DELETE, MGMT_DELETE }, { HTTP_OPTIONS, MGMT_OPTIONS },
};

static void
call_free(struct call *k)
{
	ncalls -= k->is_sent;
	nwaiting[k->is_known] -= k->is_waiting;
	bodies -= k->reserved;
	if (k->body != NULL)
		explicit_bzero(k->body, k->body_len);	/* it may hold a password */
	free(k->body);
	arena_free(k->arena);
	free(k);
}

/* A field as a string of the call; NULL when it is longer than the message allows, or memory is out. */
static const char *
text(struct call *k, struct span s, size_t max)
{
	return s.len > max ? NULL : arena_strndup(k->arena, s.at != NULL ? s.at : "", s.len);
}

static bool
fill(struct call *k, const struct http_request *r, const char *token, struct conn *c)
{
	struct mgmt_req *q = &k->req;
	size_t i;

	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (methods[i].http == r->method)
			q->method = methods[i].mgmt;
	q->path = arena_strdup(k->arena, r->path + sizeof(API_PREFIX) - 1);
	q->query = text(k, r->query, 2048);
	q->content_type = text(k, r->fields[HTTP_CONTENT_TYPE], 128);
	q->accept = text(k, r->fields[HTTP_ACCEPT], 256);
	q->if_match = text(k, r->fields[HTTP_IF_MATCH], 256);
	q->if_none_match = text(k, r->fields[HTTP_IF_NONE_MATCH], 256);
	q->workspace = text(k, r->fields[HTTP_WORKSPACE], 64);
	q->csrf = text(k, r->fields[HTTP_CSRF], 64);
	q->idempotency_key = text(k, r->fields[HTTP_IDEMPOTENCY_KEY], 128);
	q->token = arena_strdup(k->arena, token);
	q->origin = arena_strdup(k->arena, conn_peer(c));
	q->local = arena_strdup(k->arena, conn_local(c));
	return q->path != NULL && q->query != NULL && q->content_type != NULL && q->accept != NULL &&
	    q->if_match != NULL && q->if_none_match != NULL && q->workspace != NULL && q->csrf != NULL &&
	    q->idempotency_key != NULL && q->token != NULL && q->origin != NULL && q->local != NULL;
}

static struct call *
call_new(struct conn *c, const struct http_request *r, const char *token)
{
	struct call *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return NULL;
	k->is_waiting = r->content_length > 0;
	k->is_known = conn_is_known(c);
	nwaiting[k->is_known] += k->is_waiting;
	k->conn = c;
	k->head_only = r->method == HTTP_HEAD;
	k->arena = arena_new(0);
	if (k->arena == NULL || !fill(k, r, token, c)) {
		call_free(k);
		return NULL;
	}
	k->body_cap = r->content_length;
	k->reserved = k->body_cap > BODY_STRANGER_MAX ? k->body_cap : 0;
	bodies += k->reserved;
	return k;
}

/* --- the answer --- */

static void
reply_put(struct conn *c, const struct mgmt_rep *rep, bool head_only)
{
	struct http_reply r = { .status = rep->status, .content_type = rep->content_type, .etag = rep->etag,
	    .location = rep->location, .allow = rep->allow, .link = rep->link, .count = rep->count,
	    .rate_policy = rep->rate_policy, .rate = rep->rate, .retry_after_s = rep->retry_after_s, .head_only = head_only,
	    .keep_alive = !conn_is_last(c), .body = rep->body.data, .len = rep->body.len };
	char cookie[160];

	if (rep->status < 200 || rep->status > 599) {
		http_reply_problem(conn_out(c), 500, r.keep_alive, head_only, 0, NULL);
		return;
	}
	if ((*rep->session_token != '\0' || rep->session_end) &&
	    cookie_format(rep->session_end ? "" : rep->session_token, cookie, sizeof(cookie)) == 0)
		r.cookie = cookie;
	http_reply_put(conn_out(c), &r);
	explicit_bzero(cookie, sizeof(cookie));
}

static void
on_reply(struct channel *ch, struct message *m, int error, void *arg)
{
	struct call *k = arg;
	struct conn *c = k->conn;
	const struct mgmt_rep *rep;

	(void)ch;
	if (m != NULL && error == 0) {
		rep = m->body;
		if (rep->session_end)
			stream_end_session(k->req.token);
	}
	if (c == NULL) {
		call_free(k);
		return;
	}
	if (m != NULL && error == 0) {
		rep = m->body;
		if (rep->status < 400 && (*k->req.token != '\0' || *rep->session_token != '\0'))
			conn_set_known(c);
		reply_put(c, rep, k->head_only);
	} else
		http_reply_problem(
		    conn_out(c), m != NULL ? 500 : 503, !conn_is_last(c), k->head_only, m != NULL ? 0 : 1, NULL);
	call_free(k);
	conn_done(c);
}

/* --- the task --- */

static void
on_body(void *task, const void *data, size_t len)
{
	struct call *k = task;
	uint32_t room;
	uint8_t *p;

	/* Memory follows what really came: a promise of 16 MiB costs nothing. */
	if (k->body_len + len > k->body_room) {
		room = k->body_room == 0 ? 16384 : k->body_room * 2;
		if (room < k->body_len + len)
			room = k->body_len + (uint32_t)len;
		if (room > k->body_cap)
			room = k->body_cap;
		p = heap_regrow(k->body, k->body_len, room);
		if (p == NULL)
			fatalx("api", "no memory for a body");
		k->body = p;
		k->body_room = room;
	}
	memcpy(k->body + k->body_len, data, len);
	k->body_len += (uint32_t)len;
}

/* 0, or -errno: nothing was sent and the call is freed. */
static int
send_call(struct call *k)
{
	struct channel *ch = daemon_channel(ROLE_CONFD, PEER_MAIN);
	int error;

	k->req.body.data = k->body;
	k->req.body.len = k->body_len;
	error = -ENOTCONN;
	if (ch != NULL && ncalls < CALLS_MAX)
		error = channel_call(ch, MSG_MGMT_REQUEST, 0, &k->req, NULL, 0, CALL_TIMEOUT_MS, on_reply, k);
	if (error != 0) {
		call_free(k);
		return error;
	}
	nwaiting[k->is_known] -= k->is_waiting;
	k->is_waiting = false;
	k->is_sent = true;
	ncalls++;
	return 0;
}

static enum conn_next
on_body_end(void *task)
{
	struct call *k = task;
	struct conn *c = k->conn;

	if (send_call(k) == 0)
		return CONN_WAIT;
	http_reply_problem(conn_out(c), 503, !conn_is_last(c), false, 1, NULL);
	return CONN_REPLIED;
}

static void
on_closed(void *task)
{
	struct call *k = task;

	k->conn = NULL;
	if (!k->is_sent)
		call_free(k);
}

static const struct conn_task_ops task_ops = { .body = on_body, .body_end = on_body_end, .closed = on_closed };

/* Anybody can make up a cookie and promise a body: that leaves room for those who are known, and for what is small. */
static bool
is_room(const struct conn *c, uint32_t len)
{
	if (len == 0)
		return ncalls < CALLS_MAX;
	if (nwaiting[conn_is_known(c)] >= WAITING_MAX)
		return false;
	return len <= BODY_STRANGER_MAX || bodies + len <= (conn_is_known(c) ? BODIES_MAX : BODIES_UNKNOWN_MAX);
}

static enum conn_next
forward(struct conn *c, const struct http_request *r, const char *token)
{
	struct call *k;

	if (*token == '\0' && r->content_length > BODY_STRANGER_MAX)
		return refuse_request(c, r, 401, NULL);
	if (daemon_channel(ROLE_CONFD, PEER_MAIN) == NULL || !is_room(c, r->content_length))
		return refuse_request(c, r, 503, NULL);
	k = call_new(c, r, token);
	if (k == NULL)
		return refuse_request(c, r, 431, NULL);
	if (r->content_length > 0) {
		conn_set_task(c, k, &task_ops);
		return CONN_BODY;
	}
	if (send_call(k) != 0)
		return refuse_request(c, r, 503, NULL);
	conn_set_task(c, k, &task_ops);
	return CONN_WAIT;
}

enum conn_next
api_request(struct conn *c, const struct http_request *r)
{
	char token[COOKIE_TOKEN_MAX + 1];
	enum conn_next next;
	int e = site_check(r);

	if (e == 0)
		e = credential_token(r, token);
	if (e != 0)
		return refuse_request(c, r, (unsigned)-e, NULL);
	if (strcmp(r->path, API_PREFIX "/events") == 0)
		next = stream_request(c, r, token);
	else
		next = forward(c, r, token);
	explicit_bzero(token, sizeof(token));
	return next;
}
