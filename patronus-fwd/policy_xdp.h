/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_XDP_H
#define PATRONUS_FWD_POLICY_XDP_H

#include "policy.h"

/* A rate with its burst; count 0: none. */
struct policy_rate {
	struct rate	rate;
	uint32_t	burst;
};

/* What is dropped in drivers. */
struct policy_xdp {
	struct policy_links	 links;		/* where it is wanted */
	struct policy_links	 sets;		/* of these, where sets of nftables do it */
	struct policy_endpoint	 source;	/* one criterion: the groups; none: no list */
	struct policy_rate	 source_rate;
	struct policy_rate	 open_rate;	/* connections of one source, */
	struct policy_rate	 target_rate;	/* to one destination; what is over it has to be repeated, */
	struct policy_rate	 total_rate;	/* of all */
};

#endif
