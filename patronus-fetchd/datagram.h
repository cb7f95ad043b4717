/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_DATAGRAM_H
#define PATRONUS_FETCHD_DATAGRAM_H

#include <stddef.h>
#include <stdint.h>

struct resolved;

/*
 * Syslog in datagrams (RFC 5426): one message each, without the count that stands before it in a stream.
 */

/* A connected socket, or -errno. */
int	 datagram_open(const struct resolved *);
/*
 * Send the frames from *at on.  0 when all are sent; -EAGAIN: wait until the socket is writable; else -errno, -EBADMSG for what is no frame.
 * A message that is too long for a datagram is sent as far as it fits.
 */
int	 datagram_send(int fd, const uint8_t *frames, size_t len, size_t *at);
/* The message of the frame at *at, which moves behind it.  0 or -EBADMSG. */
int	 datagram_frame(const uint8_t *frames, size_t len, size_t *at, const uint8_t **ret, size_t *ret_len);

#endif
