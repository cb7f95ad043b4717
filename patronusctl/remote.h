/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUSCTL_REMOTE_H
#define PATRONUSCTL_REMOTE_H

#include <stddef.h>

/*
 * The management API of a box that is far away: the same requests over HTTPS.  What client.h does for the local socket.
 */

struct host;
struct message;
struct mgmt_req;
struct remote;

/* NULL with the reason in ret_why.  Nothing is connected yet. */
struct remote	*remote_open(const struct host *, unsigned timeout_ms, char *ret_why, size_t size);
void		 remote_close(struct remote *);
/* 0 and *ret (its body is struct mgmt_rep), or -errno with the reason in remote_why(). */
int		 remote_call(struct remote *, const struct mgmt_req *, struct message *ret);
/* The stream of events; remote_next gives one (its body is struct mgmt_event_req), or -EPIPE at the end, or -ETIMEDOUT. */
int		 remote_subscribe(struct remote *, const char *topics);
int		 remote_next(struct remote *, int timeout_ms, struct message *ret);
const char	*remote_why(const struct remote *);

#endif
