/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_PEER_H
#define PATRONUS_PRIVD_PEER_H

#include <stdbool.h>
#include <stdint.h>

#include "grants.h"
#include "ipc/msg.h"

/*
 * One end of a channel in privd's poll loop.  Nothing is ever received with descriptors.  What a peer may send is decided at the
 * first frame, before anything is buffered.
 */

struct out;
struct child;

struct peer {
	int			 fd;			/* -1: no peer */
	uint8_t			 role;
	bool			 is_ready;		/* HELLO was exchanged and the peer was checked */
	bool			 is_log;		/* privd's own channel to logd, not a child's descriptor 3 */
	struct child		*child;			/* NULL for is_log */
	struct assembler	 assembler;
	struct out		*out, **out_tail;
	size_t			 queued;		/* bytes in out */
	struct bucket		 buckets[GRANTS_MAX];
	struct message		 held;			/* over its rate: waits, and with it everything behind it */
	bool			 is_held;
	bool			 is_full;		/* leaves a lot unread: is not listened to */
	uint64_t		 resume_us;
};

void	 peer_init(struct peer *, int fd, uint8_t role, struct child *);
void	 peer_fini(struct peer *);

/* Queue a message; fds are duplicated.  0 or -errno (-ENOBUFS: the peer does not read). */
int	 peer_send(struct peer *, const struct frame_header *, const void *body, const int *fds);
int	 peer_notify(struct peer *, uint16_t type, const void *req, int fd);	/* fd -1: none */
int	 peer_reply(struct peer *, const struct frame_header *request, const void *rep, int fd);
int	 peer_error(struct peer *, const struct frame_header *request, int error, uint32_t offset, const char *fmt, ...)
	    __attribute__((format(printf, 5, 6)));
/* What came of a request about what ("" for nothing by name): the reply, or the error (-errno).  Closes fd. */
void	 peer_answer(struct peer *, const struct frame_header *request, int error, const void *rep, int fd, const char *what);

/* What poll should wait for, and until when at most (UINT64_MAX: for ever). */
short	 peer_events(const struct peer *, uint64_t now_us, uint64_t *deadline_us);

enum peer_verdict {
	PEER_OK = 0,
	PEER_CLOSED,
	PEER_VIOLATION,		/* *ret_why says which */
};
enum peer_verdict peer_readable(struct peer *, const char **ret_why);
enum peer_verdict peer_writable(struct peer *);
/* A held message whose time has come. */
enum peer_verdict peer_resume(struct peer *, uint64_t now_us, const char **ret_why);

#endif
