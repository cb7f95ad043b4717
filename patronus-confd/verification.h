/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_VERIFICATION_H
#define PATRONUS_CONFD_VERIFICATION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Is the kernel as the running revision says?  Not asked of fwd: its part is compiled anew by patronus-recheck and compared with what privd
 * reads.  The other owners read their part back themselves.
 */

struct buf;
struct confd;

struct verification {
	uint32_t	 revision;
	bool		 is_verified;
	struct buf	*json;		/* the whole answer; NULL with an error */
	int		 error;		/* -EAGAIN: a process is away; -EBUSY: one is under way; or -errno */
};

/* Called once; the buffer is the verification's until then only. */
typedef void verification_end(const struct verification *, void *arg);

/* One at a time.  0, or -errno, and on_end is not called. */
int	 verification_start(struct confd *, verification_end *on_end, void *arg);

#endif
