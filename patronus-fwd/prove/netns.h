/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_PROVE_NETNS_H
#define PATRONUS_FWD_PROVE_NETNS_H

#include <stddef.h>

/*
 * Before any message is read: a user namespace and a network namespace of the process' own, CAP_NET_ADMIN and CAP_NET_RAW there and nothing
 * anywhere else, and the sockets that world.c works with.  sysctl is a descriptor of /proc/sys, which is closed; -1: there is none.  0 or -errno.
 */

struct world_sockets;

int	 netns_enter(int sysctl, struct world_sockets *ret, const char **ret_what);

#endif
