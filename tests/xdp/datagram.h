/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_XDP_DATAGRAM_H
#define PATRONUS_TESTS_XDP_DATAGRAM_H

#include <stdbool.h>
#include <stdint.h>

#include "net/addr.h"

/* Random datagrams as Ethernet frames: tagged, with options and extension headers, in fragments, cut off. */

#define FRAGMENTS_MAX	4
#define FRAME_MAX	512
#define TOTAL_MAX	320	/* of what a datagram has behind the headers of IP */

struct frame {
	uint8_t		bytes[FRAME_MAX];
	unsigned	len;
};

struct datagram {
	struct addr	source;
	struct frame	frames[FRAGMENTS_MAX];
	unsigned	n;
	bool		is_whole;	/* the stack has no reason of its own not to take it */
	bool		is_tagged;
	bool		is_fragmented;
	bool		has_options;	/* of IPv4, or extension headers */
};

/* As xorshift64* goes on from a seed: a seed is a case. */
void		datagram_seed(uint64_t);
uint64_t	random64(void);
unsigned	random_below(unsigned n);
/* The sender's hardware address has the number, behind a byte that is left to the caller (see datagram_link()). */
void		datagram_make(struct datagram *, const struct addr *source, uint32_t number);
/* A packet of TCP, which opens a connection or belongs to one. */
void		datagram_call(struct datagram *, const struct addr *source, const struct addr *destination, uint16_t port, bool is_opening, uint32_t number);
/* The Ethernet addresses of all its frames: the receiver's, and which link it is for. */
void		datagram_link(struct datagram *, const uint8_t to[6], uint8_t link);

#endif
