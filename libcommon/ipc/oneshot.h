/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_ONESHOT_H
#define PATRONUS_IPC_ONESHOT_H

#include <stdint.h>

/*
 * The one conversation of a helper that privd started for somebody: HELLO both ways, one question, one answer.  Whatever else comes ends
 * it.
 */

struct oneshot {
	uint8_t		 self;		/* enum role */
	uint8_t		 peer;		/* who may ask */
	uint16_t	 type;		/* what */
	unsigned	 lifetime_ms;
	/* Fills rep; what it points to must live until oneshot_serve() returns. */
	void		(*answer)(const void *req, void *rep);
	void		*rep;		/* struct NAME_rep, zeroed */
	/*
	 * FRAME_FDS_MAX of them, -1 behind the last; NULL: none come and none go.  answer() finds those of the question here and owns them, and
	 * those that it leaves here go with the answer, and stay open.
	 */
	int		*fds;
};

/* Blocks.  0 when the answer was sent, or -errno. */
int	 oneshot_serve(int fd, const struct oneshot *);
/*
 * The other side of it, blocking too: as self, ask peer.  The descriptors at fds go with the question and stay open.  0 and *ret (the caller calls
 * message_fini), or -errno.
 */
struct message;
int	 oneshot_ask(int fd, const struct oneshot *, const void *req, struct message *ret);

#endif
