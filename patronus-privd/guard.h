/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_PRIVD_GUARD_H
#define PATRONUS_PRIVD_GUARD_H

/*
 * Never open: before privd does anything else there is a ruleset.  When the table is already in the kernel (privd was restarted) it is
 * left alone; otherwise the last known good one is loaded, or, without one that the walker and the kernel accept, the guard: drop
 * everything but loopback, replies, and IPv6 neighbour discovery.
 */

/* state is the path of STATE.  0, or -errno: then privd must not go on. */
int	 guard_load(const char *state);

#endif
