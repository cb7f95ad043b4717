/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IR_FLOWTABLE_H
#define PATRONUS_FWD_IR_FLOWTABLE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The flowtable of table inet (nft(8), "FLOWTABLES"): packets of connections that a rule has put into it pass from device to device past all chains.
 * Its name tells which connections may be in it and what is asked of every packet: where any of that changes, it is another one, and who was in the
 * old one is judged by chains again.  The chain that puts connections into it has its name.
 */

struct ir;
struct ir_rule;

struct ir_flowtable {
	const char	 *name;		/* "flows.HASH" */
	const char	**devices;	/* names of links */
	uint32_t	  n;
	bool		  is_hardware;	/* their cards shall do it */
};

/* Two zones between which connections may be let through. */
struct ir_offload_pair {
	const char	*from;
	const char	*to;
	const char	*reason;	/* why it is not done, or not for all; NULL: it is */
	bool		 is_done;
};

/* What was asked for, and what became of it. */
struct ir_offload {
	bool			 is_hardware;
	const char		*lacks;	/* why not as it was asked for; NULL: it is */
	struct ir_offload_pair	*pairs;
	uint32_t		 n;
};

#define IR_OFFLOAD_SET		"offload.pairs"		/* devices in, out: to the chain */
#define IR_OFFLOAD_ORIGIN	"forward:offload"
#define IR_OFFLOAD_PATH		"/firewall/flow-offload"

/* Does it put connections into the flowtable? */
bool	 ir_rule_is_flow(const struct ir_rule *);
/* The flowtable goes, with all that leads to it. */
void	 ir_flowtable_remove(struct ir *);
/* The flowtable and what is known of it, of another form. */
void	 ir_flowtable_copy(struct ir *, const struct ir *from);

#endif
