/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PARSE_H
#define PATRONUS_CONFD_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Have a text from outside read by a process of its own (patronus-parse).  Two at once, the rest waits.
 */

struct event_base;
struct message;
struct parse_req;
struct request;

#define PARSE_WAITING_MAX	16

/*
 * error 0: the body of m is struct parse_rep; who keeps m copies it and clears the original.
 * -EBADMSG: the reader ended without an answer, which is the document's doing; -EAGAIN: there is none to be had now.
 */
typedef void parse_end(int error, struct message *m, void *arg);

/* What is asked must stay until on_end is called.  0, or -EAGAIN (too many wait) or -ENOMEM, and on_end is not called. */
int	 parse_start(struct event_base *, const struct parse_req *, parse_end *on_end, void *arg);

/* For the on_end of a request: its `parsed` is the answer then.  false, answered, when there is none. */
bool	 parse_reply(struct request *, int error, struct message *);

#endif
