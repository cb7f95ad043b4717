/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_KERNEL_H
#define PATRONUS_NETD_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct actual;
struct arena;
struct memory;
struct plan;
struct problems;

/*
 * The way to the kernel: reads by privd's dumps, changes by privd's checked requests.
 */

#define KERNEL_LINKS	0x1
#define KERNEL_ADDRS	0x2
#define KERNEL_ROUTES	0x4
#define KERNEL_RULES	0x8
#define KERNEL_HOST	0x10	/* sysctls of the whole box, and its texts; those of links come with the links */
#define KERNEL_ALL	0x1f

/* Read the kernel into actual (which lives in the arena).  0 or -errno, logged. */
int	kernel_read(struct actual *, struct arena *, unsigned what);

/*
 * Carry out the operations of one phase in order, several routes as one change (flip.h), and remember what was done.  Stops at the first
 * failure: 0, or -errno with the problem added (problems may be NULL) and logged.
 */
int	kernel_execute(const struct plan *, uint8_t phase, const struct actual *, struct memory *, struct problems *);
/* Bring a change of routes to its end that ended in the middle, what can be done of it.  0, or -errno when much of it could not. */
int	kernel_recover(const struct actual *);

/*
 * At start, into memory: the resolver's file as it is now, for comparing; and for the way back what an earlier process wrote down before it
 * changed it, as far as it still holds.
 */
void	kernel_read_before(struct memory *);
/* The ports of the first start are as they were before, or configured. */
void	kernel_forget_ports(struct memory *);

#endif
