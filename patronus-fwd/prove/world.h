/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PROVE_WORLD_H
#define PATRONUS_FWD_PROVE_WORLD_H

#include <stdbool.h>

/* A stand-in for the box in a network namespace of the process' own, through which one packet is really sent. */

struct prove_rep;
struct prove_req;

struct world_sockets {
	int	route;
	int	rules;		/* nf_tables */
	int	traces;		/* of NFNLGRP_NFTRACE */
	int	frames;		/* all that any link sends or gets */
	int	own4;		/* packets of the box itself */
	int	own6;		/* -1: without IPv6 */
	bool	has_forward6;	/* IPv6 is forwarded */
};

/* What rep points to stays until the process ends. */
void	 world_run(const struct world_sockets *, const struct prove_req *, struct prove_rep *);

#endif
