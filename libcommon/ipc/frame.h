/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_FRAME_H
#define PATRONUS_IPC_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One datagram of a SOCK_SEQPACKET socketpair is one frame: a 16-byte header, little-endian, and at most
 * FRAME_PAYLOAD_MAX bytes.  A message longer than that travels as several frames of the same type and id, all but the
 * last with FRAME_MORE.  Descriptors travel with the first frame only.
 */

#define FRAME_HEADER_LEN	16
#define FRAME_PAYLOAD_MAX	65536
#define FRAME_FDS_MAX		4

#define FRAME_REPLY	0x01	/* answers the request with the same type and id */
#define FRAME_ERROR	0x02	/* a reply whose payload is struct ipc_error */
#define FRAME_MORE	0x04	/* the message goes on in the next frame */

struct frame_header {
	uint16_t	type;
	uint8_t		flags;
	uint8_t		nfds;
	uint32_t	len;		/* payload bytes of this frame */
	uint32_t	id;		/* 0: no reply is expected */
	uint32_t	revision;	/* configuration revision this belongs to; 0: none */
};

void	 frame_header_put(uint8_t out[FRAME_HEADER_LEN], const struct frame_header *);
void	 frame_header_get(const uint8_t in[FRAME_HEADER_LEN], struct frame_header *ret);

/* A socketpair as above, both ends non-blocking and close-on-exec, with room for several frames. 0 or -errno. */
int	 frame_pair(int ret_fds[2]);

/* Send one frame.  0, -EAGAIN when the peer's queue is full or the kernel has no memory for it now, -EPIPE when it is gone, or -errno. */
int	 frame_send(int fd, const struct frame_header *, const void *payload, const int *fds);

/*
 * Receive one frame into buf, which has room for FRAME_HEADER_LEN + FRAME_PAYLOAD_MAX bytes.  0 and *ret_header (the payload is
 * at buf + FRAME_HEADER_LEN), -EAGAIN, -EPIPE at the end, -EPROTO for a frame of a wrong shape (short, wrong len, fds
 * that the header does not name), -EMFILE when this process may not hold its descriptors: it is lost.  With ret_fds NULL no control data is
 * accepted: descriptors are closed by the kernel and the frame is -EPROTO.  Descriptors received with an error are closed here.
 */
int	 frame_recv(int fd, uint8_t *buf, struct frame_header *ret_header, int ret_fds[FRAME_FDS_MAX]);

#endif
