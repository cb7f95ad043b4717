/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_RTNLWALK_H
#define PATRONUS_NET_RTNLWALK_H

#include <stddef.h>
#include <stdint.h>

#include "net/policy.h"

/*
 * May these rtnetlink messages go to the kernel?  Addresses and routes carry our protocol id; links, by index, change only in MTU and
 * up/down; of policy rules there is one for each family, which looks up our shadow table just before the main one.  Creation is exclusive,
 * so that nothing that is there already is extended.
 *
 * Two things bytes cannot tell: the kernel deletes an address, and replaces a route, whoever made them.  The caller takes these apart with
 * rtnlwalk_addr() and rtnlwalk_route() and looks for the owner in the kernel's own dump.
 */

#define RTNLWALK_PROTOCOL	158	/* RTPROT_PATRONUS, IFA_PROTO, FRA_PROTOCOL */
#define RTNLWALK_SHADOW	158158	/* the table that a change of several routes goes through (docs/adr/0045) */
#define RTNLWALK_PRIORITY	32765	/* of the rule that looks it up: the place before the main table's 32766 */
#define RTNLWALK_MTU_MIN	68
#define RTNLWALK_MTU_MAX	65535

struct nl_msg;

/* 0 and the number of messages, or -EPERM and the refusal. */
int	 rtnlwalk_batch(const uint8_t *, size_t len, uint32_t *ret_n, struct refusal *ret);

/* What a message of that type may carry, NULL for types that are refused: for generators. */
const struct policy	*rtnlwalk_policy(uint16_t type);

struct rtnl_addr {
	uint8_t		 family;
	uint8_t		 prefix_len;
	uint8_t		 protocol;	/* IFA_PROTO, 0 when there is none */
	uint32_t	 ifindex;
	uint8_t		 local[16];	/* IFA_LOCAL, or IFA_ADDRESS without it */
	uint32_t	 len;		/* 4 or 16 */
};
/* An address from RTM_NEWADDR or RTM_DELADDR: 0, or -EPROTO for other messages. */
int	 rtnlwalk_addr(const struct nl_msg *, struct rtnl_addr *ret);

/* What a route is found by, and whose it is. */
struct rtnl_route {
	uint8_t		 family;
	uint8_t		 dst_len;
	uint8_t		 tos;
	uint8_t		 protocol;
	uint32_t	 table;
	uint32_t	 priority;
	uint8_t		 dst[16];
};
/* A route from RTM_NEWROUTE: 0, or -EPROTO for other messages. */
int	 rtnlwalk_route(const struct nl_msg *, struct rtnl_route *ret);

#endif
