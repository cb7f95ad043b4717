/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_MOVED_H
#define PATRONUS_NETD_MOVED_H

#include <stdint.h>

/*
 * The addresses to which packets go another way once a plan is done: out through another link, to the box itself, or nowhere, where they
 * went somewhere else before.  Another router on the same link is the same way, because rules judge links.  Pure.
 */

struct actual;
struct arena;
struct ipc_range;
struct plan;

/*
 * Sorted ranges that do not touch, IPv4 first, in the arena; their number.  When a family has more than max of them, those with the least
 * between them are made one.  What no route leads anywhere (loopback, multicast, link-local) is in none.
 */
uint32_t moved_ranges(const struct actual *, const struct plan *, struct arena *, uint32_t max, struct ipc_range **ret);

#endif
