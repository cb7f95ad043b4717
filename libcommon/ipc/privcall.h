/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_PRIVCALL_H
#define PATRONUS_IPC_PRIVCALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/msg.h"

/*
 * Blocking requests to privd on descriptor 3.  A daemon waits for its parent: what it asks for is what it lives from, and
 * nothing useful can happen before the answer.  What privd sends unasked meanwhile (PEER, LISTENER) is queued and
 * delivered by privcall_pump().  A dead parent ends the process.
 */

#define PRIVCALL_TIMEOUT_MS	20000

struct privcall_error {
	int		error;		/* positive errno */
	uint32_t	offset;
	char		text[512];
};

/* Takes the fd and says HELLO; returns after privd's HELLO. */
int	 privcall_init(int fd, uint8_t self_role);
int	 privcall_fd(void);

/*
 * One request.  0 and *ret (the caller calls message_fini), or -errno with *ret_error filled.
 * Tests replace the transport with privcall_set_fake().
 */
int	 privcall(uint16_t type, const void *req, struct message *ret, struct privcall_error *ret_error);

/* One request whose answer is a descriptor, the caller's from then on.  0 and *ret_fd, or -errno with *ret_error filled. */
int	 privcall_take_fd(uint16_t type, const void *req, int *ret_fd, struct privcall_error *ret_error);

typedef int privcall_fake(uint16_t type, const void *req, struct message *ret, struct privcall_error *ret_error, void *arg);
void	 privcall_set_fake(privcall_fake *, void *arg);

/* Hand out what came unasked; call when the fd is readable.  0, or -EPIPE when privd is gone. */
int	 privcall_pump(void (*handler)(struct message *, void *arg), void *arg);

/* A dump as mapped bytes (privcall_dump_free).  *ret NULL with length 0 when empty. */
int	 privcall_dump(uint8_t what, const uint8_t **ret, size_t *ret_len, uint32_t *ret_generation,
	    struct privcall_error *);
void	 privcall_dump_free(const uint8_t *, size_t len);

#endif
