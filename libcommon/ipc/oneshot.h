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
};

/* Blocks.  0 when the answer was sent, or -errno. */
int	 oneshot_serve(int fd, const struct oneshot *);

#endif
