/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/socket.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "access.h"
#include "confd.h"
#include "events.h"
#include "mgmt.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "session.h"

struct connection {
	struct mgmt	*mgmt;
	struct channel	*channel;	/* NULL: free */
	struct origin	*origin;
	uint32_t	 uid;
	uint64_t	 since_ms;
};

struct mgmt {
	struct confd		*confd;
	int			 fd;		/* of the listener, or -1 */
	struct event		*ev_accept;
	struct event		*ev_again;	/* accepts again: set while it is paused */
	bool			 is_short;	/* of descriptors or memory, which has been said */
	struct connection	 local[MGMT_CONNECTIONS];
	struct connection	 httpd;
};

static struct mgmt *current;

static void	 on_accept(evutil_socket_t, short, void *);
static void	 on_again(evutil_socket_t, short, void *);
static void	 on_request(struct channel *, struct message *, void *);
static void	 on_subscribe(struct channel *, struct message *, void *);
static void	 on_unsubscribe(struct channel *, struct message *, void *);
static void	 on_httpd_request(struct channel *, struct message *, void *);
static void	 on_httpd_subscribe(struct channel *, struct message *, void *);
static void	 on_httpd_unsubscribe(struct channel *, struct message *, void *);
static void	 on_local_close(struct channel *, int, void *);
static void	 start_stream(struct request *);

static const struct channel_dispatch local_table[] = {
	{ MSG_MGMT_REQUEST, CHANNEL_PHASE_READY, on_request },
	{ MSG_MGMT_SUBSCRIBE, CHANNEL_PHASE_READY, on_subscribe },
	{ MSG_MGMT_UNSUBSCRIBE, CHANNEL_PHASE_READY, on_unsubscribe },
	{ 0, 0, NULL }
};

const struct channel_dispatch mgmt_httpd_table[] = {
	{ MSG_MGMT_REQUEST, CHANNEL_PHASE_READY, on_httpd_request },
	{ MSG_MGMT_SUBSCRIBE, CHANNEL_PHASE_READY, on_httpd_subscribe },
	{ MSG_MGMT_UNSUBSCRIBE, CHANNEL_PHASE_READY, on_httpd_unsubscribe },
	{ 0, 0, NULL }
};

static const struct channel_ops local_ops = { .table = local_table, .on_close = on_local_close };

/* Subscribing is asked for as GET /events: the same identification and the same rights. */
static const struct route events_route = { MGMT_GET, "/events", RIGHT_STATE_READ, start_stream };

struct mgmt *
mgmt_new(struct confd *confd)
{
	struct mgmt *m;
	unsigned i;

	if ((m = calloc(1, sizeof(*m))) == NULL)
		return (NULL);
	m->confd = confd;
	m->fd = -1;
	m->httpd.mgmt = m;
	for (i = 0; i < MGMT_CONNECTIONS; i++)
		m->local[i].mgmt = m;
	return (m);
}

void
mgmt_set_current(struct mgmt *m)
{
	current = m;
}

/* Requests that are still under way answer to nobody. */
static void
connection_end(struct connection *c)
{
	if (c->channel == NULL)
		return;
	events_drop(c->mgmt->confd->events, c);
	c->origin->answer = NULL;
	origin_unref(c->origin);
	c->origin = NULL;
	c->channel = NULL;
}

void
mgmt_free(struct mgmt *m)
{
	struct channel *ch;
	unsigned i;

	if (m == NULL)
		return;
	for (i = 0; i < MGMT_CONNECTIONS; i++) {
		ch = m->local[i].channel;
		connection_end(&m->local[i]);
		channel_free(ch);
	}
	connection_end(&m->httpd);
	if (m->ev_accept != NULL)
		event_free(m->ev_accept);
	if (m->ev_again != NULL)
		event_free(m->ev_again);
	if (m->fd != -1)
		(void)close(m->fd);
	free(m);
}

int
mgmt_listen(struct mgmt *m, int fd)
{
	if (m->ev_accept != NULL)
		event_free(m->ev_accept);
	if (m->fd != -1)
		(void)close(m->fd);
	m->fd = fd;
	m->ev_accept = event_new(m->confd->base, fd, EV_READ | EV_PERSIST, on_accept, m);
	if (m->ev_again == NULL)
		m->ev_again = evtimer_new(m->confd->base, on_again, m);
	if (m->ev_accept == NULL || m->ev_again == NULL || event_add(m->ev_accept, NULL) == -1)
		return (-ENOMEM);
	return (0);
}

/* --- connections of the local socket --- */

/* A place for one more; whoever has not said hello for too long loses his. */
static struct connection *
make_room(struct mgmt *m, uint32_t uid)
{
	struct connection *c, *place = NULL;
	uint64_t now = clock_mono_ms();
	unsigned i, mine = 0;

	for (i = 0; i < MGMT_CONNECTIONS; i++) {
		c = &m->local[i];
		if (c->channel != NULL && !channel_is_ready(c->channel) && now - c->since_ms > MGMT_HELLO_MS)
			on_local_close(c->channel, 0, c);
		if (c->channel == NULL)
			place = c;
		else if (c->uid == uid)
			mine++;
	}
	return (uid == 0 || mine < MGMT_PER_UID ? place : NULL);
}

static void
answer(struct origin *o, const struct frame_header *request, const struct mgmt_rep *rep)
{
	struct connection *c = o->arg;
	int error = 0;

	if (request->type != MSG_MGMT_SUBSCRIBE)
		error = channel_reply(c->channel, request, rep, NULL, 0);
	else if (rep->status >= 400)
		error = channel_reply_error(c->channel, request, rep->status == 401 ? EACCES : rep->status == 403 ? EPERM :
		    rep->status == 400 ? EINVAL : EAGAIN, 0, "status %u", rep->status);
	if (error == -EPROTO || error == -ENOMEM)
		(void)channel_reply_error(c->channel, request, EIO, 0, "the answer cannot be sent");
}

static int
connection_begin(struct connection *c, struct channel *ch, bool is_local, uint32_t uid)
{
	if ((c->origin = origin_new(c->mgmt->confd, is_local, uid)) == NULL)
		return (-ENOMEM);
	c->origin->answer = answer;
	c->origin->arg = c;
	c->channel = ch;
	c->uid = uid;
	c->since_ms = clock_mono_ms();
	return (0);
}

int
mgmt_adopt(struct mgmt *m, int fd, uint32_t uid)
{
	struct connection *c = make_room(m, uid);
	struct channel *ch;

	if (c == NULL) {
		(void)close(fd);
		return (-ENOBUFS);
	}
	if ((ch = channel_new(m->confd->base, fd, "client", ROLE_CONFD, ROLE_CTL, &local_ops, c)) == NULL)
		return (-ENOMEM);
	channel_set_client(ch, MGMT_QUEUE_MAX);
	if (connection_begin(c, ch, true, uid) != 0) {
		channel_free(ch);
		return (-ENOMEM);
	}
	return (0);
}

/* Who waits goes on waiting; to ask again at once would be a busy loop. */
static void
pause_accepting(struct mgmt *m)
{
	static const struct timeval a_while = { 0, 100000 };

	if (!m->is_short)
		log_warn("mgmt", "cannot accept a connection");
	m->is_short = true;
	if (event_add(m->ev_again, &a_while) == 0)
		(void)event_del(m->ev_accept);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	struct mgmt *m = arg;

	(void)fd;
	(void)what;
	if (event_add(m->ev_accept, NULL) == -1)
		fatalx("mgmt", "cannot accept connections");
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct mgmt *m = arg;
	struct ucred who;
	socklen_t len = sizeof(who);
	int fd;

	(void)what;
	if ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) == -1) {
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_accepting(m);
		return;
	}
	m->is_short = false;
	/* The kernel says who connected, at the time of connect(2): nothing that the peer sends can change it. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == -1 || len != sizeof(who)) {
		log_warn("mgmt", "cannot tell who connected");
		(void)close(fd);
		return;
	}
	if (mgmt_adopt(m, fd, who.uid) == -ENOBUFS)
		log_warnx("mgmt", "too many connections of uid %u", who.uid);
}

static void
on_local_close(struct channel *ch, int error, void *arg)
{
	(void)error;
	connection_end(arg);
	channel_free(ch);
}

/* --- requests --- */

static void
take_request(struct connection *c, struct channel *ch, struct message *m)
{
	struct message kept;

	if (c->channel != ch)
		return;
	channel_keep(ch, m, &kept);
	request_start(c->origin, &kept);
}

static void
on_request(struct channel *ch, struct message *m, void *arg)
{
	take_request(arg, ch, m);
}

static void
on_httpd_request(struct channel *ch, struct message *m, void *arg)
{
	(void)arg;
	take_request(&current->httpd, ch, m);
}

void
mgmt_httpd(struct mgmt *m, struct channel *ch)
{
	connection_end(&m->httpd);
	if (ch != NULL && connection_begin(&m->httpd, ch, false, 0) != 0)
		fatalx("mgmt", "no memory");
}

/* --- streams --- */

static void
take_subscribe(struct connection *c, struct channel *ch, struct message *m)
{
	const struct mgmt_subscribe_req *ask = m->body;
	struct mgmt_req *in = arena_alloc(m->arena, 1, sizeof(*in));
	struct request *req = calloc(1, sizeof(*req));

	if (in == NULL || req == NULL || c->channel != ch) {
		free(req);
		return;
	}
	*in = (struct mgmt_req){ .method = MGMT_GET, .path = "/events", .query = "", .content_type = "", .accept = "", .if_match = "",
	    .if_none_match = "", .workspace = "", .csrf = "", .idempotency_key = "", .token = ask->token, .origin = ask->origin, .local = "" };
	channel_keep(ch, m, &req->message);
	req->in = in;
	req->origin = c->origin;
	c->origin->refs++;
	req->confd = c->mgmt->confd;
	req->route = &events_route;
	req->rest = "";
	req->token = in->token;
	session_identify(req, start_stream);
}

/*
 * What the caller may hear of, as bits: each topic tells of a part of the configuration by name, and so is for who may read that state
 * wholly.
 */
static uint32_t
allowed_topics(const struct rights *rights)
{
	static const struct {
		enum topic	 topic;
		enum right	 right;
		const char	*path;
	} needs[] = {
		{ TOPIC_COUNTERS, RIGHT_STATE_READ, "/firewall" },
		{ TOPIC_LOG, RIGHT_LOGS_READ, "/firewall" },
		{ TOPIC_COMMITS, RIGHT_STATE_READ, "" },
		{ TOPIC_DRIFT, RIGHT_STATE_READ, "" },
		{ TOPIC_STATUS, RIGHT_STATE_READ, NULL },
		{ TOPIC_INTERFACES, RIGHT_STATE_READ, "/interfaces" },
		{ TOPIC_PROGRESS, RIGHT_STATE_READ, "" },
	};
	uint32_t mask = 0;
	size_t i;

	for (i = 0; i < sizeof(needs) / sizeof(needs[0]); i++)
		if (needs[i].path == NULL || rights_extent(rights, needs[i].right, needs[i].path) == EXTENT_EVERYTHING)
			mask |= 1u << needs[i].topic;
	return (mask);
}

static void
start_stream(struct request *req)
{
	const struct mgmt_subscribe_req *ask = req->message.body;
	struct mgmt_subscribe_rep rep = { 0 };
	struct connection *c = req->origin->arg;
	int error;

	if (!access_check(req))
		return;
	if (req->origin->answer == NULL) {
		request_free(req);
		return;
	}
	error = events_subscribe(req->confd->events, c, ask->topics, allowed_topics(&req->rights), ask->last_id, ask->token, req->user, &rep.stream);
	if (error == -EINVAL)
		reply_problem(req, PROBLEM_SYNTAX, "there is no such topic");
	else if (error == -EACCES)
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"state:read\"", NULL, "the role %s may not hear of these topics",
		    user_role_name(req->rights.role));
	else if (error != 0)
		reply_problem(req, PROBLEM_UNAVAILABLE, "there are too many streams");
	else {
		if (channel_reply(c->channel, &req->message.header, &rep, NULL, 0) == 0)
			events_replay(req->confd->events, rep.stream);
		request_free(req);
	}
}

static void
on_subscribe(struct channel *ch, struct message *m, void *arg)
{
	take_subscribe(arg, ch, m);
}

static void
on_httpd_subscribe(struct channel *ch, struct message *m, void *arg)
{
	(void)arg;
	take_subscribe(&current->httpd, ch, m);
}

static void
on_unsubscribe(struct channel *ch, struct message *m, void *arg)
{
	struct connection *c = arg;
	const struct mgmt_unsubscribe_req *u = m->body;

	if (c->channel == ch)
		events_unsubscribe(c->mgmt->confd->events, c, u->stream);
}

static void
on_httpd_unsubscribe(struct channel *ch, struct message *m, void *arg)
{
	(void)arg;
	on_unsubscribe(ch, m, &current->httpd);
}

int
mgmt_send_event(void *listener, uint32_t stream, uint64_t id, const char *topic, const char *data, size_t len)
{
	struct connection *c = listener;
	struct mgmt_event_req ev = { .stream = stream, .id = id, .topic = topic,
	    .data = { .data = (const uint8_t *)data, .len = (uint32_t)len } };
	struct mgmt_unsubscribe_req end = { .stream = stream };

	if (c->channel == NULL)
		return (-EPIPE);
	if (strcmp(topic, "end") == 0)
		return (channel_send(c->channel, MSG_MGMT_UNSUBSCRIBE, 0, &end, NULL, 0));
	return (channel_send(c->channel, MSG_MGMT_EVENT, 0, &ev, NULL, 0));
}
