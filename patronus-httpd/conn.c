/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <netinet/in.h>

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/clock.h"
#include "base/log.h"
#include "conn.h"
#include "net/addr.h"
#include "tls.h"

#define HANDSHAKE_MS	10000
#define HEAD_MS		10000		/* from its first byte to its last */
#define IDLE_MS		60000		/* between requests */
#define BODY_MS		30000		/* and a second more for each BODY_RATE bytes */
#define BODY_RATE	(32u << 10)
#define WRITE_MS	30000		/* without any progress */
#define LINGER_MS	2000
#define OUT_HIGH	(256u << 10)	/* more unsent than this: no further request is read */
#define OUT_KEEP	(16u << 10)	/* memory that an idle connection may keep */
#define READS_A_TURN	64
#define SCRATCH		32768

enum conn_state {
	STATE_INVALID = 0,
	STATE_HANDSHAKE,
	STATE_HEAD,
	STATE_BODY,
	STATE_WAIT,
	STATE_STREAM,
	STATE_DRAIN,		/* send what is left, then end */
	STATE_LINGER,		/* let the client read the reply before the socket goes */
};

struct conn {
	int				 fd;
	SSL				*ssl;
	struct event			*ev_read;
	struct event			*ev_write;
	enum conn_state			 state;
	bool				 is_reading;	/* ev_read is added */
	bool				 is_last;
	bool				 is_known;
	bool				 has_unread;	/* the client still sends what nobody will read */
	uint64_t			 deadline_ms;	/* of this step */
	uint64_t			 write_by_ms;	/* of the next byte; UINT64_MAX when nothing waits */
	struct buf			 in;		/* what came and could not be used yet */
	size_t				 scan_at;
	uint32_t			 body_left;
	struct buf			 out;
	size_t				 out_at;
	void				*task;
	const struct conn_task_ops	*task_ops;
	const struct conn_ops		*ops;
	struct conn_link		 link;
	char				 peer[64];
	char				 local[64];
};

static char scratch[SCRATCH];	/* one loop, one read at a time */

static void	 on_readable(evutil_socket_t, short, void *);
static void	 on_writable(evutil_socket_t, short, void *);

static void
address_text(const struct sockaddr_storage *ss, char *ret, size_t size)
{
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)ss;
	const struct sockaddr_in *sin = (const struct sockaddr_in *)ss;
	struct addr a = { 0 };
	char text[ADDR_STRLEN];
	bool is_v6 = ss->ss_family == AF_INET6;

	if (is_v6 && IN6_IS_ADDR_V4MAPPED(&sin6->sin6_addr)) {
		a.family = ADDR_V4;
		memcpy(a.bytes, sin6->sin6_addr.s6_addr + 12, 4);
	} else if (is_v6) {
		a.family = ADDR_V6;
		memcpy(a.bytes, sin6->sin6_addr.s6_addr, 16);
	} else {
		a.family = ADDR_V4;
		memcpy(a.bytes, &sin->sin_addr, 4);
	}
	(void)addr_format(&a, text, sizeof(text));
	(void)snprintf(ret, size, a.family == ADDR_V6 ? "[%s]:%u" : "%s:%u", text,
	    ntohs(is_v6 ? sin6->sin6_port : sin->sin_port));
}

static void
set_deadline(struct conn *c, unsigned ms)
{
	c->deadline_ms = clock_mono_ms() + ms;
}

struct conn *
conn_new(struct event_base *base, int fd, const struct sockaddr_storage *peer, const struct conn_ops *ops)
{
	struct conn *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)close(fd);
		return NULL;
	}
	c->fd = fd;
	c->ops = ops;
	c->state = STATE_HANDSHAKE;
	c->link.conn = c;
	buf_init(&c->in, HTTP_HEAD_MAX + 2 * SCRATCH);
	buf_init(&c->out, 0);
	address_text(peer, c->peer, sizeof(c->peer));
	set_deadline(c, HANDSHAKE_MS);
	c->write_by_ms = UINT64_MAX;
	c->ssl = tls_new(fd);
	c->ev_read = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, c);
	c->ev_write = event_new(base, fd, EV_WRITE, on_writable, c);
	if (c->ssl == NULL || c->ev_read == NULL || c->ev_write == NULL || event_add(c->ev_read, NULL) == -1) {
		c->ops = NULL;
		conn_free(c);
		return NULL;
	}
	c->is_reading = true;
	return c;
}

static void
task_closed(struct conn *c)
{
	void *task = c->task;

	c->task = NULL;
	if (task != NULL)
		c->task_ops->closed(task);
}

void
conn_free(struct conn *c)
{
	task_closed(c);
	if (c->ops != NULL && c->ops->freed != NULL)
		c->ops->freed(c);
	if (c->ssl != NULL) {
		if (SSL_is_init_finished(c->ssl))
			(void)SSL_shutdown(c->ssl);
		SSL_free(c->ssl);
		ERR_clear_error();
	}
	if (c->ev_read != NULL)
		event_free(c->ev_read);
	if (c->ev_write != NULL)
		event_free(c->ev_write);
	(void)close(c->fd);
	buf_fini(&c->in);
	buf_fini(&c->out);
	free(c);
}

/* --- events wanted --- */

static void
read_on(struct conn *c)
{
	if (!c->is_reading && event_add(c->ev_read, NULL) == 0)
		c->is_reading = true;
}

static void
read_off(struct conn *c)
{
	if (c->is_reading && event_del(c->ev_read) == 0)
		c->is_reading = false;
}

/* --- writing; false when the connection is gone --- */

static bool
linger(struct conn *c)
{
	if (!c->has_unread) {
		conn_free(c);
		return false;
	}
	/* To close now would reset the connection, and the reset could overtake the reply that says why. */
	(void)SSL_shutdown(c->ssl);
	ERR_clear_error();
	if (shutdown(c->fd, SHUT_WR) == -1) {
		conn_free(c);
		return false;
	}
	c->state = STATE_LINGER;
	set_deadline(c, LINGER_MS);
	read_on(c);
	return true;
}

static bool
sent_all(struct conn *c)
{
	c->out_at = 0;
	c->write_by_ms = UINT64_MAX;
	if (c->out.cap > OUT_KEEP) {
		buf_fini(&c->out);
		buf_init(&c->out, 0);
	} else
		buf_reset(&c->out);
	if (c->state == STATE_DRAIN)
		return linger(c);
	if (c->state == STATE_STREAM && c->task_ops->drained != NULL)
		c->task_ops->drained(c->task);
	return true;
}

static bool
flush(struct conn *c)
{
	size_t left;
	int n, e;

	if (buf_failed(&c->out)) {
		conn_free(c);
		return false;
	}
	while (c->out_at < c->out.len) {
		left = conn_unsent(c);
		ERR_clear_error();
		n = SSL_write(c->ssl, c->out.data + c->out_at, left < (1u << 30) ? (int)left : 1 << 30);
		if (n > 0) {
			c->out_at += (size_t)n;
			if (c->out_at == c->out.len && !sent_all(c))
				return false;
			c->write_by_ms = UINT64_MAX;
			continue;
		}
		if (c->write_by_ms == UINT64_MAX)
			c->write_by_ms = clock_mono_ms() + WRITE_MS;
		e = SSL_get_error(c->ssl, n);
		if (e == SSL_ERROR_WANT_WRITE && event_add(c->ev_write, NULL) == 0)
			return true;
		conn_free(c);
		return false;
	}
	return true;
}

/* --- requests --- */

/* The head cannot be read: where the next request would begin is unknown, so this is the end. */
static void
refuse(struct conn *c, unsigned status)
{
	c->is_last = true;
	c->has_unread = true;
	c->state = STATE_DRAIN;
	set_deadline(c, WRITE_MS);
	c->ops->refuse(c, status);
}

static void
after(struct conn *c, enum conn_next next, const struct http_request *r)
{
	switch (next) {
	case CONN_REPLIED:
		c->state = c->is_last ? STATE_DRAIN : STATE_HEAD;
		set_deadline(c, IDLE_MS);
		break;
	case CONN_BODY:
		c->state = STATE_BODY;
		c->body_left = r->content_length;
		set_deadline(c, BODY_MS + r->content_length / BODY_RATE * 1000);
		if (r->expect_continue)
			buf_puts(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
		break;
	case CONN_WAIT:
		c->state = STATE_WAIT;
		c->deadline_ms = UINT64_MAX;	/* the task has its own */
		break;
	case CONN_STREAM:
		c->is_last = true;
		c->state = STATE_STREAM;
		c->deadline_ms = UINT64_MAX;
		break;
	case CONN_NEXT_INVALID:
		fatalx("conn", "a request without a verdict");
	}
}

static size_t
take_head(struct conn *c, const char *data, size_t len)
{
	struct http_request r;
	bool is_new = c->scan_at == 0;
	enum conn_next next;
	int n, e;

	n = http_request_scan(data, len, &c->scan_at);
	if (n == 0) {
		if (is_new)
			set_deadline(c, HEAD_MS);
		return 0;
	}
	e = n < 0 ? n : http_request_parse(data, (size_t)n, &r);
	if (e < 0) {
		refuse(c, (unsigned)-e);
		return len;
	}
	c->scan_at = 0;
	c->is_last = !r.keep_alive;
	next = c->ops->request(c, &r);
	if (next == CONN_REPLIED && r.content_length > 0) {
		/* The body was not wanted: the reply said that the connection ends. */
		c->is_last = true;
		c->has_unread = true;
	}
	after(c, next, &r);
	return (size_t)n;
}

static size_t
take_body(struct conn *c, const char *data, size_t len)
{
	enum conn_next next;
	void *task = c->task;

	if (len > c->body_left)
		len = c->body_left;
	c->task_ops->body(task, data, len);
	c->body_left -= (uint32_t)len;
	if (c->body_left > 0)
		return len;
	next = c->task_ops->body_end(task);
	if (next == CONN_REPLIED)
		c->task = NULL;
	after(c, next, NULL);
	return len;
}

/* Use as much as can be used now; the number of bytes used. */
static size_t
process(struct conn *c, const char *data, size_t len)
{
	size_t at = 0, n;

	while (at < len && conn_unsent(c) < OUT_HIGH) {
		if (c->state == STATE_HEAD)
			n = take_head(c, data + at, len - at);
		else if (c->state == STATE_BODY)
			n = take_body(c, data + at, len - at);
		else if (c->state == STATE_DRAIN || c->state == STATE_STREAM)
			n = len - at;	/* nobody reads this any more */
		else
			break;
		if (n == 0)
			break;
		at += n;
	}
	return at;
}

static void
input(struct conn *c, const char *data, size_t len)
{
	size_t used;

	if (c->in.len == 0) {
		used = process(c, data, len);
		if (used < len)
			buf_put(&c->in, data + used, len - used);
		return;
	}
	buf_put(&c->in, data, len);
	if (buf_failed(&c->in)) {
		refuse(c, 431);
		return;
	}
	used = process(c, (const char *)c->in.data, c->in.len);
	if (used == c->in.len) {
		buf_fini(&c->in);
		buf_init(&c->in, HTTP_HEAD_MAX + 2 * SCRATCH);
	} else if (used > 0) {
		memmove(c->in.data, c->in.data + used, c->in.len - used);
		c->in.len -= used;
	}
}

static bool
wants_input(const struct conn *c)
{
	return (c->state == STATE_HEAD || c->state == STATE_BODY || c->state == STATE_STREAM) &&
	    conn_unsent(c) < OUT_HIGH;
}

/* Answer what came before and had to wait, and send.  False when the connection is gone. */
static bool
advance(struct conn *c)
{
	size_t before;
	bool moved;

	do {
		before = c->in.len;
		moved = conn_unsent(c) >= OUT_HIGH;
		if (before > 0 && wants_input(c))
			input(c, "", 0);
		if (!flush(c))
			return false;
		moved = (moved && conn_unsent(c) < OUT_HIGH) || c->in.len < before;
	} while (moved && c->in.len > 0 && wants_input(c));
	return true;
}

/*
 * Read what is there.  False when the connection is gone.  The socket is level-triggered, but what OpenSSL has taken
 * from it is not: it must be asked again, and a client that never stops must let the others in between.
 */
static bool
read_some(struct conn *c)
{
	unsigned turns;
	int n, e;

	for (turns = 0; turns < READS_A_TURN && wants_input(c); turns++) {
		ERR_clear_error();
		n = SSL_read(c->ssl, scratch, sizeof(scratch));
		if (n <= 0) {
			e = SSL_get_error(c->ssl, n);
			if (e == SSL_ERROR_WANT_READ ||
			    (e == SSL_ERROR_WANT_WRITE && event_add(c->ev_write, NULL) == 0))
				break;
			conn_free(c);
			return false;
		}
		input(c, scratch, (size_t)n);
		/* It may have been a password. */
		explicit_bzero(scratch, (size_t)n);
		if (!advance(c))
			return false;
		if (!SSL_has_pending(c->ssl))
			break;
	}
	if (turns == READS_A_TURN && wants_input(c))
		event_active(c->ev_read, EV_READ, 0);
	return true;
}

/* An answer has gone into conn_out(), or was sent: go on with what the client sent meanwhile. */
static void
resume(struct conn *c)
{
	if (!advance(c) || !wants_input(c))
		return;
	read_on(c);
	if (SSL_has_pending(c->ssl))
		(void)read_some(c);
}

static void
handshake(struct conn *c)
{
	int n, e;

	ERR_clear_error();
	n = SSL_do_handshake(c->ssl);
	if (n == 1) {
		c->state = STATE_HEAD;
		set_deadline(c, HEAD_MS);
		if (SSL_has_pending(c->ssl))
			(void)read_some(c);
		return;
	}
	e = SSL_get_error(c->ssl, n);
	if (e == SSL_ERROR_WANT_READ || (e == SSL_ERROR_WANT_WRITE && event_add(c->ev_write, NULL) == 0))
		return;
	log_debug("conn", "%s: handshake: %s", c->peer, tls_error());
	conn_free(c);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;
	ssize_t n;

	(void)what;
	switch (c->state) {
	case STATE_HANDSHAKE:
		handshake(c);
		break;
	case STATE_LINGER:
		n = recv(fd, scratch, sizeof(scratch), 0);
		if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR))
			conn_free(c);
		break;
	default:
		if (wants_input(c))
			(void)read_some(c);
		else
			read_off(c);
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *c = arg;

	(void)fd;
	(void)what;
	if (c->state == STATE_HANDSHAKE)
		handshake(c);
	else
		resume(c);
}

/* --- for tasks --- */

struct buf *
conn_out(struct conn *c)
{
	return &c->out;
}

size_t
conn_unsent(const struct conn *c)
{
	return c->out.len - c->out_at;
}

void
conn_set_task(struct conn *c, void *task, const struct conn_task_ops *ops)
{
	c->task = task;
	c->task_ops = ops;
}

void
conn_done(struct conn *c)
{
	c->task = NULL;
	after(c, CONN_REPLIED, NULL);
	resume(c);
}

void
conn_stream(struct conn *c)
{
	after(c, CONN_STREAM, NULL);
	resume(c);
}

void
conn_push(struct conn *c)
{
	(void)flush(c);
}

void
conn_set_last(struct conn *c)
{
	c->is_last = true;
}

bool
conn_is_last(const struct conn *c)
{
	return c->is_last;
}

const char *
conn_peer(const struct conn *c)
{
	return c->peer;
}

const char *
conn_local(struct conn *c)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	/* Only requests to the API want to know. */
	if (c->local[0] == '\0' && getsockname(c->fd, (struct sockaddr *)&ss, &len) == 0)
		address_text(&ss, c->local, sizeof(c->local));
	return c->local;
}

void
conn_set_known(struct conn *c)
{
	c->is_known = true;
}

bool
conn_is_known(const struct conn *c)
{
	return c->is_known;
}

bool
conn_is_idle(const struct conn *c)
{
	return c->state == STATE_HANDSHAKE || c->state == STATE_HEAD || c->state == STATE_BODY ||
	    c->state == STATE_LINGER;
}

uint64_t
conn_deadline_ms(const struct conn *c)
{
	return c->deadline_ms < c->write_by_ms ? c->deadline_ms : c->write_by_ms;
}

void
conn_expire(struct conn *c)
{
	bool is_begun = (c->state == STATE_HEAD && c->in.len > 0) || c->state == STATE_BODY;

	if (!is_begun || conn_unsent(c) > 0) {
		conn_free(c);
		return;
	}
	task_closed(c);
	refuse(c, 408);
	(void)flush(c);
}

struct conn_link *
conn_link(struct conn *c)
{
	return &c->link;
}
