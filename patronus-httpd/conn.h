/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_CONN_H
#define PATRONUS_HTTPD_CONN_H

#include <sys/queue.h>
#include <sys/socket.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "http_request.h"

/*
 * One client: TLS, requests in order, one coalesced write per turn.  Nothing is read while a request waits for its
 * answer, so a client that pipelines is served in order and cannot make us hoard.
 */

struct conn;
struct event_base;

/* What became of a request. */
enum conn_next {
	CONN_NEXT_INVALID = 0,
	CONN_REPLIED,		/* the reply is in conn_out() */
	CONN_BODY,		/* the task wants the body first */
	CONN_WAIT,		/* the reply comes later: conn_done() */
	CONN_STREAM,		/* the head of an endless reply is in conn_out() */
};

/* Work that goes on after the head of a request was seen.  Every task hears closed() or ends with conn_done(). */
struct conn_task_ops {
	void		(*body)(void *task, const void *data, size_t len);
	enum conn_next	(*body_end)(void *task);	/* CONN_REPLIED or CONN_WAIT */
	void		(*drained)(void *task);		/* a stream's bytes have all been written; may be NULL */
	void		(*closed)(void *task);		/* the client is gone: forget the connection */
};

struct conn_ops {
	enum conn_next	(*request)(struct conn *, const struct http_request *);
	/* The head could not be read: append a reply for status. */
	void		(*refuse)(struct conn *, unsigned status);
	void		(*freed)(struct conn *);
};

/* Takes fd.  NULL: the connection was closed. */
struct conn	*conn_new(struct event_base *, int fd, const struct sockaddr_storage *peer, const struct conn_ops *);
void		 conn_free(struct conn *);

/* Where replies are appended. */
struct buf	*conn_out(struct conn *);
size_t		 conn_unsent(const struct conn *);
void		 conn_set_task(struct conn *, void *task, const struct conn_task_ops *);
/*
 * The reply of the waiting task is in conn_out(): send it and go on.  The task is forgotten.  The connection may be
 * gone afterwards.
 */
void		 conn_done(struct conn *);
/*
 * The reply of the waiting task is a stream that goes on: its head is in conn_out().  The connection may be gone
 * afterwards.
 */
void		 conn_stream(struct conn *);
/* A stream has more in conn_out().  The connection may be gone afterwards. */
void		 conn_push(struct conn *);
/* After the present reply the connection ends. */
void		 conn_set_last(struct conn *);
bool		 conn_is_last(const struct conn *);

/* "192.0.2.10:53122", "[2001:db8::1]:443" */
const char	*conn_peer(const struct conn *);
const char	*conn_local(struct conn *);
/* A reply with a session came this way: it is the last to be dropped when there are too many. */
void		 conn_set_known(struct conn *);
bool		 conn_is_known(const struct conn *);
/* Nothing is under way: it may be dropped to make room. */
bool		 conn_is_idle(const struct conn *);
/* When the present step must be over. */
uint64_t	 conn_deadline_ms(const struct conn *);
/* The deadline has passed: answer 408 where a request was begun, and end. */
void		 conn_expire(struct conn *);

/* For the owner's list. */
struct conn_link {
	TAILQ_ENTRY(conn_link)	 entry;
	struct conn		*conn;
};
struct conn_link *conn_link(struct conn *);

#endif
