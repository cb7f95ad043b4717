/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NETD_PLAN_STEPS_H
#define PATRONUS_NETD_PLAN_STEPS_H

#include <stdbool.h>
#include <stdint.h>

/* The planners of the features: pure functions, each adds the operations of its part. */

struct address;
struct memory;
struct planner;
struct route;

void	plan_interfaces(const struct planner *);
/* Those that nobody configured, while nobody has configured any. */
void	plan_ports(const struct planner *);
void	plan_routes(const struct planner *);
void	plan_forwarding(const struct planner *);
void	plan_system(const struct planner *);

/* "ipv4 forwarding" for an enum sysctl_id. */
const char *plan_sysctl_name(uint8_t id);

/* Ownership: only what is ours is ever changed or removed. */
bool	plan_address_is_ours(const struct memory *, const struct address *);
bool	plan_route_is_ours(const struct route *);
/* Of ours: whether privd lets it be removed. */
bool	plan_route_is_removable(const struct route *);

#endif
