/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_FLOW_H
#define PATRONUS_FWD_FLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

/* Connections as the kernel dumps them: bytes from outside, read with every bound checked; and the message that ends one. */

struct buf;
struct nl_msg;

struct flow_end {
	struct addr	source;
	struct addr	destination;
	uint16_t	source_port;	/* of ICMP the identifier */
	uint16_t	destination_port;
};

struct flow {
	uint8_t		protocol;
	uint8_t		icmp_type;
	uint8_t		icmp_code;
	struct flow_end	original;	/* as it was opened */
	struct flow_end	reply;		/* as answers come, after translation */
	uint32_t	mark;
	uint32_t	status;		/* IPS_... */
	uint32_t	id;
	uint32_t	timeout;	/* seconds */
	uint8_t		tcp_state;	/* enum tcp_conntrack of the kernel */
	bool		has_master;	/* another connection announced it (a helper reads FTP, SIP, ...): */
	uint8_t		master_protocol;
	struct flow_end	master;		/* as that one was opened */
	bool		has_zone;
	uint16_t	zone;
	bool		has_counters;	/* the kernel counts (nf_conntrack_acct) */
	uint64_t	packets[2];	/* as it was opened, and of the replies */
	uint64_t	bytes[2];
};

/* false: no connection, or one that cannot be read. */
bool	 flow_read(const struct nl_msg *, struct flow *ret);
/* Its deletion, by tuple and number: another one that has the tuple by then stays. */
void	 flow_put_delete(struct buf *, const struct flow *);

#endif
