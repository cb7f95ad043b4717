/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_XDP_H
#define PATRONUS_FWD_POLICY_XDP_H

#include "policy.h"

/* A rate with its burst; count 0: none. */
struct policy_rate {
	struct rate	rate;
	uint32_t	burst;
};

/* An entry of the table by which drivers answer SYN packets: the first that fits decides. */
struct policy_answer {
	const char		*in;	/* links, by their names in the kernel; in is NULL nowhere in the table */
	const char		*out;	/* NULL: whichever */
	struct prefix		 to;
	struct ports		 ports;
	const struct policy_syn	*syn;	/* NULL: left to the ruleset */
	const char		*rule;	/* whose it is */
};

/* A rule with SYN protection. */
struct policy_answered {
	const char	*rule;
	const char	*reason;	/* why not, or not for all of it; NULL: none */
	bool		 is_answered;	/* some of it by drivers */
};

/* What is dropped in drivers, and what they answer. */
struct policy_xdp {
	struct policy_links	 links;		/* where it is wanted */
	struct policy_links	 sets;		/* of these, where sets of nftables do it */
	struct policy_endpoint	 source;	/* one criterion: the groups; none: no list */
	struct policy_rate	 source_rate;
	struct policy_rate	 open_rate;	/* connections of one source, */
	struct policy_rate	 target_rate;	/* to one destination; what is over it has to be repeated, */
	struct policy_rate	 total_rate;	/* of all */
	bool			 has_answers;
	struct policy_answer	*answers;
	uint32_t		 n_answers;
	struct policy_answered	*answered;
	uint32_t		 n_answered;
};

#endif
