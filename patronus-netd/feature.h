/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_FEATURE_H
#define PATRONUS_NETD_FEATURE_H

/*
 * A feature turns its part of the configuration into what is desired, and what is desired into operations.  A new
 * feature is one file feat_*.c and its line in features.c.
 */

struct conf_netd;
struct desired;
struct planner;
struct problems;

struct feature {
	const char	*name;
	/* Read the feature's part; everything that can be judged without the kernel is judged here. */
	void		(*desire)(const struct conf_netd *, struct desired *, struct problems *);
	/* Add the operations that are missing; desired is bound.  May be called with any actual state. */
	void		(*plan)(const struct planner *);
};

extern const struct feature feature_interfaces, feature_routes, feature_forwarding, feature_system;

/* Ends with NULL. */
extern const struct feature *const features[];

#endif
