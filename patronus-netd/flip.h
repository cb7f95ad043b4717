/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_FLIP_H
#define PATRONUS_NETD_FLIP_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Several routes change at one instant (docs/adr/0045).  The kernel takes one route at a time; so what lookups will find is written into a
 * shadow table first, one policy rule before the main table's turns them there, the main table is changed behind it, and the rule and
 * the shadow go again.  Each step for IPv4, then for IPv6.
 *
 * The shadow is also the journal.  While the rule stands the change has happened, and the shadow says what the main table has to become:
 * for every prefix that changes it holds our routes to it, and one with the metric FLIP_STAND_IN for lookups that find none of them.
 * Without the rule nothing has happened, and a shadow is left over.
 *
 * Pure.
 */

struct actual;
struct plan;

#define FLIP_STAND_IN	UINT32_MAX	/* the schema gives it to no route */

/* The operations of one phase as they are carried out: as they are planned, and where several routes of a family change, the way above. */
void	flip_expand(const struct plan *, uint8_t phase, const struct actual *, struct plan *ret);
/* Whether somebody ended in the middle of it. */
bool	flip_is_left(const struct actual *);
/* What brings that to its end: forward when the rule stands, else back. */
void	flip_recover(const struct actual *, struct plan *ret);

#endif
