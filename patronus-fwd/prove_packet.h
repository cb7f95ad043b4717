/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PROVE_PACKET_H
#define PATRONUS_FWD_PROVE_PACKET_H

#include <stddef.h>
#include <stdint.h>

struct explain_packet;

#define PROVE_PACKET_MAX	1500

/* The packet as bytes, the first of a connection: its length, at least that of its headers. */
size_t	 prove_packet(const struct explain_packet *, uint8_t ret[PROVE_PACKET_MAX]);

#endif
