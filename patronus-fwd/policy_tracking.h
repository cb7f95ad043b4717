/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_TRACKING_H
#define PATRONUS_FWD_POLICY_TRACKING_H

#include <stdint.h>

#include "ir_object.h"
#include "policy.h"

/* What connection tracking is told of connections that begin. */

/* One of the kernel's helpers, for one transport protocol. */
struct policy_helper {
	const char		*id;		/* of the configuration: "sip" */
	const char		*path;
	const char		*name;		/* the kernel's */
	uint64_t		*from;		/* zone set: where clients are, which may be the box */
	struct policy_service	 service;
};

struct policy_timeout {
	const char	*path;
	uint8_t		 protocol;
	uint32_t	 seconds[IR_TIMEOUTS_MAX];	/* as in struct ir_object */
};

struct policy_tracking {
	struct policy_helper	*helpers;
	uint32_t		 n_helpers;
	struct policy_timeout	 timeouts[4];		/* of TCP, UDP, ICMP, ICMPv6 */
	uint32_t		 n_timeouts;
};

#endif
