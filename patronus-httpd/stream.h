/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_STREAM_H
#define PATRONUS_HTTPD_STREAM_H

#include "conn.h"
#include "ipc/channel.h"

/*
 * GET /api/v1/events: server-sent events (WHATWG HTML, section 9.2), or for scripts one JSON object a line (Accept:
 * application/x-ndjson).  Each client has a bounded queue: what does not fit is dropped for it alone, and it is told so
 * with an event "gap".
 */

#define STREAM_MAX		256		/* clients at once */
#define STREAM_SESSION_MAX	16		/* of one session */
#define STREAM_QUEUE_MAX	(256u << 10)	/* bytes a client may be behind */
#define STREAM_HEARTBEAT_S	15

void		 stream_init(struct event_base *);
enum conn_next	 stream_request(struct conn *, const struct http_request *, const char *token);

/* Rows of the channel to confd. */
void		 stream_on_event(struct channel *, struct message *, void *);
void		 stream_on_unsubscribe(struct channel *, struct message *, void *);
/* confd is gone: the clients are let go, and come back with Last-Event-ID. */
void		 stream_on_lost(void);
/* A session has ended here: so do its streams. */
void		 stream_end_session(const char *token);

/* Append one event; data is JSON and may have several lines. */
void		 stream_put(struct buf *, uint64_t id, const char *topic, const uint8_t *data, size_t len);
void		 stream_put_line(struct buf *, uint64_t id, const char *topic, const uint8_t *data, size_t len);

#endif
