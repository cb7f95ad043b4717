/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_QUERY_PACKET_H
#define PATRONUS_FWD_QUERY_PACKET_H

#include <stdbool.h>

/* The packet, or the frame, that a question is about, by its words. */

struct explain_frame;
struct explain_packet;
struct query;

#define QUERY_PACKET_TERMS	"source destination protocol source-port port icmp-type dscp length"
/* What routed packets alone have, and frames. */
#define QUERY_ROUTED_TERMS	"from to mark state"
#define QUERY_FRAME_TERMS	"in-port out-port source-mac destination-mac ethertype vlan arp-operation"

/* false: q->why says which word is wrong. */
bool	 query_read_packet(struct query *, struct explain_packet *ret);
/* The same of what goes from port to port; ret has frame and both links. */
bool	 query_read_frame(struct query *, struct explain_packet *ret, struct explain_frame *frame);

#endif
