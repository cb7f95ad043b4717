/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_LOGD_PACKETS_H
#define PATRONUS_LOGD_PACKETS_H

#include <stdint.h>

#include "ipc/codec.h"

/*
 * What the firewall logged lately, in memory alone: a ring of which each receiver has its own place.  Who is too slow finds that some are gone.
 */

#define PACKETS_MAX	4096

/* A record of struct state_log_event, copied.  What cannot be kept counts as one that is gone. */
void		 packets_add(struct bytes record);
/* The number of the newest; 0: there was none. */
uint64_t	 packets_last(void);
/* Of the oldest that is still there; packets_last() + 1 when none is. */
uint64_t	 packets_first(void);
/* Valid until the next packets_add(); without data when it is gone. */
struct bytes	 packets_get(uint64_t number);

#endif
