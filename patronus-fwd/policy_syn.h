/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_POLICY_SYN_H
#define PATRONUS_FWD_POLICY_SYN_H

#include <stdbool.h>
#include <stdint.h>

/* What the box says for a server until the caller has proved its address. */
struct policy_syn {
	uint16_t	mss;
	uint8_t		window_scale;
	bool		has_timestamps;
	bool		has_selective_ack;
};

#endif
