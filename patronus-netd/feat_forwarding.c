/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The sysctls that make a router.
 *
 * Forwarding is switched on at the end of the second phase of a commit: by then fwd has applied the firewall of the same revision, and
 * the routes are there.  (privd's guard ruleset drops what is forwarded before that in any case; this is the second lock on the same
 * door.)  Switched off it would be at the start of the first.  It is never switched off by a restart: a router that stays up keeps
 * forwarding under the policy that is loaded.
 */
#include <stdbool.h>

#include "base/arena.h"
#include "base/log.h"
#include "conf/generated.h"
#include "ipc/ids.h"
#include "desired.h"
#include "feature.h"
#include "plan_steps.h"

static const struct {
	uint8_t		id;
	uint32_t	value;
} whole_box[] = {
	{ SYSCTL_ACCEPT_REDIRECTS, 0 },	/* nobody on the wire changes our routes */
	{ SYSCTL_SEND_REDIRECTS, 0 },
	{ SYSCTL_IP_FORWARD, 1 },
	{ SYSCTL_IP6_FORWARD, 1 },
}, each_link[] = {
	{ SYSCTL_IP6_ACCEPT_RA, 0 },	/* addresses and routes come from the configuration alone */
	{ SYSCTL_RP_FILTER, 2 },		/* loose (RFC 3704): the strict check is the firewall's, with its exceptions */
	{ SYSCTL_PROMOTE_SECONDARIES, 1 },	/* removing our address must not take a foreign one along */
	{ SYSCTL_LINK_FORWARD, 1 },
	{ SYSCTL_LINK6_FORWARD, 1 },
};

#define N(a)	(sizeof(a) / sizeof((a)[0]))

static bool
widens(uint8_t id, uint32_t value)
{
	return (id == SYSCTL_IP_FORWARD || id == SYSCTL_IP6_FORWARD || id == SYSCTL_LINK_FORWARD || id == SYSCTL_LINK6_FORWARD) &&
	    value != 0;
}

/* A link on which IPv6 is switched off takes no address of it. */
static bool
has_ipv6(const struct conf_interface *c)
{
	uint32_t i;

	for (i = 0; i < c->addresses.n; i++)
		if (c->addresses.items[i].addr.family == ADDR_V6)
			return true;
	return false;
}

static struct want_sysctl *
desire_link(const struct conf_interface *c, const char *path, struct want_sysctl *w)
{
	size_t j;

	for (j = 0; j < N(each_link); j++)
		*w++ = (struct want_sysctl){ .id = each_link[j].id, .interface = c->name, .path = path,
		    .widens = widens(each_link[j].id, each_link[j].value), .value = each_link[j].value };
	if (has_ipv6(c))
		*w++ = (struct want_sysctl){ .id = SYSCTL_IP6_DISABLE, .interface = c->name, .path = path };
	return w;
}

static void
desire(const struct conf_netd *conf, struct desired *d, struct problems *problems)
{
	struct want_sysctl *w;
	uint32_t i;
	size_t j;

	(void)problems;
	w = d->sysctls = arena_alloc(d->arena, N(whole_box) + 1 + (N(each_link) + 1) * (size_t)conf->interfaces.n, sizeof(*w));
	if (w == NULL)
		fatalx("netd", "out of memory");
	for (j = 0; j < N(whole_box); j++, w++)
		*w = (struct want_sysctl){ .id = whole_box[j].id, .widens = widens(whole_box[j].id, whole_box[j].value),
		    .path = "/routing", .value = whole_box[j].value };
	/* Off by default in the kernel; a connection that began without has none. */
	*w++ = (struct want_sysctl){ .id = SYSCTL_CONNECTION_COUNTERS, .path = "/system/connection-counters", .value = conf->system->connection_counters };
	for (i = 0; i < conf->interfaces.n; i++)
		w = desire_link(&conf->interfaces.items[i], d->links[i].path, w);
	d->nsysctls = (uint32_t)(w - d->sysctls);
}

const struct feature feature_forwarding = { .name = "forwarding", .desire = desire, .plan = plan_forwarding };
