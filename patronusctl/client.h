/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_CLIENT_H
#define PATRONUSCTL_CLIENT_H

#include <stddef.h>
#include <stdint.h>

struct host;
struct message;
struct mgmt_req;
struct mgmt_rep;

/*
 * The local management socket: one request at a time, then perhaps a stream of events.
 */

struct client;

/* NULL with the reason in ret_why.  The second is of a box that is far away: the same calls then go over HTTPS. */
struct client	*client_open(const char *path, unsigned timeout_ms, char *ret_why, size_t size);
struct client	*client_open_remote(const struct host *, unsigned timeout_ms, char *ret_why, size_t size);
void		 client_close(struct client *);
/* Why the last call failed, when the errno does not say it all; "" otherwise. */
const char	*client_why(const struct client *);

/*
 * Ask and wait.  0 and *ret (message_fini; its body is struct mgmt_rep), or -errno.  Members of the request that are NULL travel as "".
 */
int		 client_call(struct client *, const struct mgmt_req *, struct message *ret);

/* Subscribe to topics ("log,drift"); 0 or -errno. */
int		 client_subscribe(struct client *, const char *topics);
/* From now on on_event hears of a topic while an answer is awaited; NULL: nobody does.  One topic in the life of a client. */
struct mgmt_event_req;
int		 client_listen(struct client *, const char *topic, void (*on_event)(const struct mgmt_event_req *, void *), void *arg);
/* The next event (its body is struct mgmt_event_req): 0, -EPIPE when the stream ended, -errno.  Waits for ever with timeout_ms -1. */
int		 client_next(struct client *, int timeout_ms, struct message *ret);

#endif
