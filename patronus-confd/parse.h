/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_PARSE_H
#define PATRONUS_CONFD_PARSE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Have a text from outside read by a process of its own (patronus-parse).  Two at once, the rest waits.
 */

struct event_base;
struct message;

#define PARSE_WAITING_MAX	16

/*
 * error 0: the body of m is struct parse_rep; who keeps m copies it and clears the original.
 * -EBADMSG: the reader ended without an answer, which is the document's doing; -EAGAIN: there is none to be had now.
 */
typedef void parse_end(int error, struct message *m, void *arg);

/* text must stay until on_end is called.  0, or -EAGAIN (too many wait) or -ENOMEM, and on_end is not called. */
int	 parse_start(struct event_base *, uint8_t format, const void *text, size_t len, parse_end *on_end, void *arg);

#endif
