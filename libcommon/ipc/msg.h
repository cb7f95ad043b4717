/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IPC_MSG_H
#define PATRONUS_IPC_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ipc/codec.h"
#include "ipc/frame.h"

/*
 * Messages: the .def files beside this header list each message once; this header turns them into
 *   enum msg_type		MSG_NFT_BATCH, ...	numbers on the wire, grouped by channel
 *   struct nft_batch_req, struct nft_batch_rep	what a request and its reply carry
 *   msg_specs[]		the table of them all
 * See priv.def for how a line reads.
 */

/* --- types */
#define CALL(TYPE, name, max_len, REQ, REP)	MSG_##TYPE,
enum msg_type {
	MSG_INVALID = 0,
#include "ipc/common.def"
	MSG_PRIV_FIRST = 0x100 - 1,
#include "ipc/priv.def"
	MSG_CONF_FIRST = 0x200 - 1,
#include "ipc/conf.def"
	MSG_AUTH_FIRST = 0x300 - 1,
#include "ipc/auth.def"
	MSG_LOG_FIRST = 0x400 - 1,
#include "ipc/logging.def"
	MSG_MGMT_FIRST = 0x500 - 1,
#include "ipc/mgmt.def"
	MSG_FETCH_FIRST = 0x600 - 1,
#include "ipc/fetch.def"
	MSG_TYPE_MAX
};
#undef CALL

/* --- structs */
#include "ipc/structs.h"

struct msg_spec {
	uint16_t		 type;
	const char		*name;
	uint32_t		 max_len;	/* encoded bytes, all frames together */
	const struct record	*req;
	const struct record	*rep;
};

/* NULL for a type that no .def file lists. */
const struct msg_spec	*msg_spec(uint16_t type);
const char		*msg_name(uint16_t type);
/* Every spec, for fuzzers and tests; *ret_n of them. */
const struct msg_spec	*msg_specs_all(size_t *ret_n);
/* What HELLO carries: two programs with another hash were not built together. */
uint64_t		 msg_protocol_hash(void);

/*
 * A received message.  body is the decoded struct (req or rep of its spec; struct ipc_error with FRAME_ERROR) in
 * arena; descriptors belong to the arena until arena_take_fd().
 */
struct message {
	struct frame_header	 header;	/* of the first frame; len is the whole length */
	const struct msg_spec	*spec;
	struct arena		*arena;
	void			*body;
	unsigned		 nfds;
};

void	 message_fini(struct message *);

/*
 * Puts frames together to messages, one stream of frames at a time.  Refuses a message that is longer than its spec allows, of a type that
 * is not listed, or whose frames are interleaved.
 */
struct assembler {
	struct frame_header	 first;
	uint8_t			*data;		/* all frames so far */
	size_t			 len;
	size_t			 cap;
	int			 fds[FRAME_FDS_MAX];
	bool			 pending;
};

void	 assembler_init(struct assembler *);
void	 assembler_fini(struct assembler *);
/*
 * Add one received frame; fds become the assembler's.  1 and *ret when a message is whole, 0 when frames are missing,
 * -EPROTO (err says why, may be NULL) or -ENOMEM.
 */
int	 assembler_add(struct assembler *, const struct frame_header *, const uint8_t *payload, const int *fds,
	    struct message *ret, struct codec_error *err);

/* Encode the body for header->type and flags; malloc'd.  0, -EPROTO, -EFBIG or -ENOMEM. */
int	 msg_encode(const struct frame_header *, const void *body, uint8_t **ret_data, size_t *ret_len);
/*
 * Blocking send of a whole message on a socket that may be non-blocking; waits at most timeout_ms for room.
 */
int	 msg_send_sync(int fd, const struct frame_header *, const void *body, const int *fds, int timeout_ms);

/* A sealed memfd with these bytes, or -errno; memfd_map maps one received (checks seals and size <= max; *ret NULL when empty). */
int	 memfd_sealed(const char *name, const void *data, size_t len);
int	 memfd_map(int fd, size_t max, const uint8_t **ret, size_t *ret_len);
void	 memfd_unmap(const uint8_t *, size_t len);

#endif
