/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_BIND_H
#define PATRONUS_NETD_BIND_H

#include <stdbool.h>

struct actual;
struct desired;
struct link;
struct problems;
struct want_match;

/*
 * Bind every interface of the configuration to its link.  An interface that matches two links, or the link of another
 * interface, is a problem and stays unbound: a wrong guess would put a network into the wrong zone.  One that matches none is a
 * problem when must_exist, else it waits (index 0).  problems may be NULL.
 */
void	bind_links(struct desired *, const struct actual *, bool must_exist, struct problems *);

bool	bind_matches(const struct want_match *, const struct link *);

#endif
