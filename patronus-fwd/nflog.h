/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_NFLOG_H
#define PATRONUS_FWD_NFLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/addr.h"
#include "net/nlmsg.h"

/* Packets that rules logged, as the kernel sends them: bytes from outside, read with every bound checked. */

struct nflog_packet {
	char		 prefix[128];	/* the rule, or the name of a check */
	uint64_t	 time_ms;	/* 0: the kernel did not tell */
	bool		 has_number;
	uint32_t	 number;	/* of the message, from 0: of those the kernel had no room for, too */
	uint32_t	 in_index;	/* 0: none; of a frame between ports the port */
	uint32_t	 out_index;
	uint8_t		 protocol;	/* above IP */
	bool		 is_arp;	/* the addresses are those it tells of */
	bool		 has_ports;
	uint16_t	 source_port;
	uint16_t	 destination_port;
	struct addr	 source;
	struct addr	 destination;
	uint32_t	 len;		/* of the IP packet */
};

/* One message: true and *ret; false when it is no packet of ours, and *ret has its number alone, if it has one. */
bool	 nflog_read(const struct nl_msg *, struct nflog_packet *ret);
/* The headers of an IP packet of which len bytes were copied; false when they are not whole. */
bool	 nflog_read_ip(const uint8_t *, size_t len, struct nflog_packet *ret);
/* "tcp", "icmpv6", "47". */
const char *nflog_protocol_name(uint8_t protocol, char buf[4]);
/* The other way round; numbers are understood too. */
bool	 nflog_protocol_number(const char *name, uint8_t *ret);

#endif
