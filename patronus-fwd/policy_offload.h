/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_OFFLOAD_H
#define PATRONUS_FWD_POLICY_OFFLOAD_H

#include "policy.h"

#define POLICY_OFFLOAD_DEVICES	256	/* of one flowtable (NFT_NETDEVICE_MAX) */

/* Between which interfaces packets of connections that stand go past the rules. */
struct policy_offload {
	bool		 is_hardware;
	uint32_t	*interfaces;	/* indices; of those in a zone whose link is there */
	uint32_t	*links;		/* their numbers: a link that comes again under its name is another one */
	uint32_t	 n;
};

#endif
