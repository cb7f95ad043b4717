/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_INPROC_H
#define PATRONUS_TESTS_INPROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "peer.h"

/*
 * privd's receiving side in this process, from the objects of the program: a channel whose other end the test holds, in a network
 * namespace of its own.  What a request does, it does to the kernel.
 */

struct inproc {
	struct peer	peer;
	int		fd;		/* the daemon's end */
};

/* Needs root.  dir is an existing directory for state, run and etc. */
int		 inproc_init(const char *dir);
void		 inproc_remove(const char *dir);	/* the directories, when they are empty */
void		 inproc_open(struct inproc *, uint8_t role);
void		 inproc_close(struct inproc *);
/* Let privd receive all that was sent; drops what it answers.  *ret_errors counts answers that are failures. */
enum peer_verdict inproc_serve(struct inproc *, const char **ret_why, unsigned *ret_replies, unsigned *ret_errors);

uint32_t	 inproc_random(uint32_t below);
void		 inproc_seed(uint64_t);

#endif
