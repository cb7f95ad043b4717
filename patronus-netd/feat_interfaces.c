/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Links and their addresses. */
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "conf/generated.h"
#include "desired.h"
#include "feature.h"
#include "plan_steps.h"
#include "problems.h"

static void
judge(const struct want_link *w, struct desired *d, struct problems *problems)
{
	uint32_t i, j;

	for (i = 0; i < w->naddrs; i++)
		for (j = 0; j < i; j++)
			if (addr_equal(&w->addrs[i].addr, &w->addrs[j].addr))
				problems_add(problems, arena_printf(d->arena, "%s/addresses", w->path), "duplicate-address",
				    "the same address stands here twice");
}

static void
desire_link(const struct conf_interface *c, struct want_link *w, struct desired *d, struct problems *problems)
{
	w->name = c->name;
	w->path = arena_printf(d->arena, "/interfaces/%s", c->name);
	w->description = c->description != NULL ? c->description : "";
	if (w->path == NULL)
		fatalx("netd", "out of memory");
	w->match.name = c->match->name;
	w->match.path = c->match->path;
	w->match.has_mac = c->match->has_mac;
	w->match.mac = c->match->mac;
	w->enabled = c->enabled;
	w->mtu = c->has_mtu ? c->mtu : 0;
	w->addrs = c->addresses.items;
	w->naddrs = c->addresses.n;
	judge(w, d, problems);
}

static void
desire(const struct conf_netd *conf, struct desired *d, struct problems *problems)
{
	uint32_t i;

	d->links = arena_alloc(d->arena, conf->interfaces.n + 1, sizeof(d->links[0]));
	if (d->links == NULL)
		fatalx("netd", "out of memory");
	d->nlinks = conf->interfaces.n;
	for (i = 0; i < d->nlinks; i++)
		desire_link(&conf->interfaces.items[i], &d->links[i], d, problems);
}

const struct feature feature_interfaces = { .name = "interfaces", .desire = desire, .plan = plan_interfaces };
