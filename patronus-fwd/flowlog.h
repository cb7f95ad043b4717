/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_FLOWLOG_H
#define PATRONUS_FWD_FLOWLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow.h"

/*
 * Connections of the last day, as the kernel's table showed them now and then: one entry for all that differ in their client's port alone.  In
 * memory, FLOWLOG_SIZE of them at most; where there is no room the one that was not seen for longest goes.
 */

#define FLOWLOG_SIZE	16384
#define FLOWLOG_KEEP_MS	(24ull * 3600 * 1000)

struct flowlog;

struct flowlog_entry {
	struct flow	flow;		/* as last seen */
	uint64_t	first_ms;	/* wall clock; 0: an empty place */
	uint64_t	last_ms;
};

struct flowlog	*flowlog_new(void);
void		 flowlog_free(struct flowlog *);
void		 flowlog_add(struct flowlog *, const struct flow *, uint64_t now_ms);
/* One dump of the kernel's table. */
void		 flowlog_take(struct flowlog *, const uint8_t *, size_t len, uint64_t now_ms);
/* The next entry of the last day from *at on, which begins at 0; NULL at the end. */
const struct flowlog_entry *flowlog_next(const struct flowlog *, uint32_t *at, uint64_t now_ms);

#endif
