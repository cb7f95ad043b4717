/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_PROOF_WORLD_H
#define PATRONUS_TESTS_PROOF_WORLD_H

#include <stdint.h>

#include "nft_kernel.h"
#include "policy_random.h"

/*
 * A box of one process: a network namespace with tun devices as interfaces.  What is written to one has gone through the kernel's hooks when
 * the write returns; what is passed on can be read from another.
 */

/* Where a packet was seen. */
struct sighting {
	uint32_t	out;		/* tun + 1 that it left by */
	bool		is_out;
	bool		is_delivered;	/* to the box */
	bool		is_refused;	/* an answer said so */
	bool		is_answered;	/* for a server */
};

struct world {
	struct nft_kernel kernel;
	int		  tuns[RANDOM_INTERFACES];
	int		  raw[16];	/* sockets of the box, one for each protocol */
	unsigned	  n_raw;
	int		  sender4;	/* the box's own packets */
	int		  sender6;
	int		  flusher;
};

/* Commands of "ip", one on a line; exits on failure. */
void	 world_ip(const char *batch, int len);
/* 77: not allowed here; exits on any other failure. */
int	 world_open(struct world *);
/* The packet's length on the wire. */
uint32_t world_send(const struct world *, const struct packet *, uint32_t number);
void	 world_collect(const struct world *, struct sighting *, uint32_t n);
/* Forget all connections. */
void	 world_forget(const struct world *);

#endif
