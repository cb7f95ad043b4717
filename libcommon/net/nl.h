/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_NL_H
#define PATRONUS_NET_NL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/nlmsg.h"

/* The netlink sockets of a process that may use them (privd), one per protocol, opened once; requests, acknowledgements, dumps. */

struct buf;

enum nl_socket {
	NL_INVALID = 0,
	NL_ROUTE,
	NL_NETFILTER,
	NL_SOCKET_MAX
};

int	 nl_init(void);
int	 nl_fd(enum nl_socket);

/* Throw away what is still queued (the rest of a dump that failed), then send; 0 or -errno. */
int	 nl_send(enum nl_socket, const void *, size_t);
/* The messages of one datagram: *ret_len bytes at *ret, valid until the next call; -EAGAIN when there is none. */
int	 nl_recv(enum nl_socket, bool wait, const uint8_t **ret, size_t *ret_len);

/* One message with NLM_F_ACK; 0 or the kernel's -errno. */
int	 nl_request(enum nl_socket, const void *, size_t);

/* What the kernel said about its last refusal ("" when nothing). */
const char *nl_text(void);
void	 nl_text_clear(void);
/* In a loop of one's own over answers: keep the text of an error message. */
void	 nl_text_keep(const struct nl_msg *);
/* Of an error message: where in the message that it is about the bad attribute begins; 0: the kernel does not say. */
uint32_t nl_offset(const struct nl_msg *);

/* Called for each message of a dump; not 0 ends it. */
typedef int nl_each(const struct nl_msg *, const uint8_t *raw, size_t raw_len, void *arg);
/* A question with NLM_F_ACK: each is called for what is not the acknowledgement. */
int	 nl_ask(enum nl_socket, const void *, size_t, nl_each *, void *arg);
/* One dump request; again from the start when the kernel says that it changed meanwhile (restart is called then, may be NULL). */
int	 nl_dump(enum nl_socket, const void *, size_t, nl_each *, void (*restart)(void *arg), void *arg);

#endif
