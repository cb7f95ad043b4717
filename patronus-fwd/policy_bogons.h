/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_BOGONS_H
#define PATRONUS_FWD_POLICY_BOGONS_H

#include "policy.h"

/* Sources that nobody on the Internet has.  What a zone blocks of them is in its blocks. */

enum policy_bogon {
	POLICY_BOGON_RESERVED = 0x01,	/* reserved, and of the groups that were given */
	POLICY_BOGON_PRIVATE = 0x02
};

struct policy_bogons {
	struct policy_addresses	reserved;
	struct policy_addresses	private;
	struct policy_endpoint	listed;		/* n 0: no groups */
	struct policy_endpoint	except;		/* n 0: none */
};

#endif
