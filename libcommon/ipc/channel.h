/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_CHANNEL_H
#define PATRONUS_IPC_CHANNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "ipc/msg.h"

/*
 * A channel: one socketpair end in a libevent loop, with message dispatch by a const table.  A message that the table does
 * not list, is out of phase, or cannot be decoded is a violation: it is logged, the channel is closed and on_close called
 * with -EPROTO.  Sends are queued; a peer that lets more than CHANNEL_QUEUE_MAX bytes pile up is closed.
 */

#define CHANNEL_QUEUE_MAX	(80u << 20)

struct event_base;
struct channel;

/* The message belongs to the channel and ends with the handler, unless channel_keep() moved it. */
typedef void channel_handler(struct channel *, struct message *, void *arg);
/* A reply, or NULL when the channel closed or the time ran out (error is the negative errno; 0 with a reply).  With FRAME_ERROR body
 * is struct ipc_error_req and error its negative errno. */
typedef void channel_reply_handler(struct channel *, struct message *, int error, void *arg);

#define CHANNEL_PHASE_HELLO	0x01	/* before HELLO */
#define CHANNEL_PHASE_READY	0x02	/* after it */
#define CHANNEL_ONCE		0x80	/* a second time is a violation */

struct channel_dispatch {
	uint16_t		 type;
	uint8_t			 flags;
	channel_handler		*handler;
};

struct channel_ops {
	const struct channel_dispatch	*table;		/* ends with type 0 */
	void				(*on_ready)(struct channel *, void *arg);	/* HELLO was exchanged; may be NULL */
	/* error 0: the peer ended.  Free the channel here or later. */
	void				(*on_close)(struct channel *, int error, void *arg);
};

/*
 * Takes fd.  Sends HELLO with role self at once and expects the peer's HELLO first.  expect is the role the peer must have
 * (ROLE_INVALID: any).
 * name is for logs, borrowed.
 */
struct channel	*channel_new(struct event_base *, int fd, const char *name, uint8_t self, uint8_t expect,
		    const struct channel_ops *, void *arg);
/* Calls outstanding reply handlers with -ECANCELED; never calls on_close. */
void		 channel_free(struct channel *);
/* End it as if the peer had: outstanding reply handlers, then on_close with error (0: in good order). */
void		 channel_close(struct channel *, int error);

/*
 * For a peer that only asks: nothing more is read from it while more than CHANNEL_PAUSE bytes of answers wait for it, and it is
 * closed when they become more than queue_max.  Not for two programs that both ask: each could wait for the other.
 */
#define CHANNEL_PAUSE	(1u << 20)
void		 channel_set_client(struct channel *, size_t queue_max);

bool		 channel_is_ready(const struct channel *);
uint8_t		 channel_peer_role(const struct channel *);
void		*channel_arg(const struct channel *);
const char	*channel_name(const struct channel *);
int		 channel_fd(const struct channel *);

/* One-way.  fds are duplicated (the caller keeps its own).  0 or -errno. */
int	 channel_send(struct channel *, uint16_t type, uint32_t revision, const void *req, const int *fds, unsigned nfds);
/*
 * A request; on_reply is called exactly once, from the event loop: with -EPIPE too when the peer has ended already.  What channel_call returns
 * is a failure of ours, or -EPIPE of a channel that is closed.
 */
int	 channel_call(struct channel *, uint16_t type, uint32_t revision, const void *req, const int *fds, unsigned nfds,
	    unsigned timeout_ms, channel_reply_handler *on_reply, void *arg);
/* Answer a request, also one that was kept.  Nothing is sent when it expects no reply (id 0). */
int	 channel_reply(struct channel *, const struct frame_header *request, const void *rep, const int *fds, unsigned nfds);
int	 channel_reply_error(struct channel *, const struct frame_header *request, int error, uint32_t offset,
	    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* In a handler: the message becomes the caller's (message_fini). */
void	 channel_keep(struct channel *, struct message *from, struct message *ret);

#endif
