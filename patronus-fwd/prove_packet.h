/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PROVE_PACKET_H
#define PATRONUS_FWD_PROVE_PACKET_H

#include <stddef.h>
#include <stdint.h>

struct explain_packet;

#define PROVE_PACKET_MAX	1500
#define PROVE_FRAME_MAX	(18 + PROVE_PACKET_MAX)

/* The packet as bytes, the first of a connection: its length, at least that of its headers. */
size_t	 prove_packet(const struct explain_packet *, uint8_t ret[PROVE_PACKET_MAX]);
/* The same with its Ethernet header and tag, or ARP, or zeros of another type. */
size_t	 prove_frame(const struct explain_packet *, uint8_t ret[PROVE_FRAME_MAX]);
/* So many bytes of that come before what is in the frame. */
size_t	 prove_frame_head(const struct explain_packet *);

#endif
