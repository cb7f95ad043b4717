/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_PROOF_WIRE_H
#define PATRONUS_TESTS_PROOF_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "policy_random.h"

/* Packets as bytes.  Each carries its number at its end, so that it is known again wherever it or an answer to it comes out. */

#define WIRE_MAX	512	/* with its header it fits into an ICMP error whole */

enum wire_kind {
	WIRE_OTHER = 0,
	WIRE_ITSELF,		/* the packet, passed on */
	WIRE_ANSWERED,		/* SYN and ACK to it */
	WIRE_REFUSED		/* a reset or "administratively prohibited" about it */
};

/* Give a random packet what it can have here: a length, no MAC address and no marks, and of TCP the flag that opens a connection. */
void		wire_settle(struct packet *);
/* The packet's length. */
size_t		wire_build(const struct packet *, uint32_t number, uint8_t ret[WIRE_MAX]);
enum wire_kind	wire_read(const uint8_t *, size_t len, uint32_t *ret_number);
/* What a raw socket of the box was given: the number at the end, or UINT32_MAX. */
uint32_t	wire_number(const uint8_t *, size_t len);

#endif
