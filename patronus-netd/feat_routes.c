/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Static routes. */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "conf/generated.h"
#include "desired.h"
#include "feature.h"
#include "plan_steps.h"
#include "problems.h"

#define METRIC_IPV6_DEFAULT	1024	/* what the kernel makes of 0 */

static bool
is_link_local(const struct addr *a)
{
	return a->family == ADDR_V6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

static int
compare(const void *a, const void *b)
{
	const struct want_route *x = *(const struct want_route *const *)a, *y = *(const struct want_route *const *)b;
	int n = memcmp(&x->destination, &y->destination, sizeof(x->destination));

	return n != 0 ? n : x->metric < y->metric ? -1 : x->metric > y->metric;
}

/* Two routes with one key would replace each other for ever. */
static void
judge_keys(const struct desired *d, struct problems *problems)
{
	const struct want_route **sorted = arena_alloc(d->arena, d->nroutes + 1, sizeof(*sorted));
	uint32_t i;

	if (sorted == NULL)
		fatalx("netd", "out of memory");
	for (i = 0; i < d->nroutes; i++)
		sorted[i] = &d->routes[i];
	qsort(sorted, d->nroutes, sizeof(sorted[0]), compare);
	for (i = 1; i < d->nroutes; i++)
		if (compare(&sorted[i - 1], &sorted[i]) == 0)
			problems_add(problems, sorted[i]->path, "duplicate-route", "route \"%s\" has the same destination and metric; "
			    "give one of them another metric", sorted[i - 1]->name);
}

static void
judge(const struct want_route *w, struct desired *d, struct problems *problems)
{
	if (is_link_local(&w->via) && w->interface == NULL)
		problems_add(problems, arena_printf(d->arena, "%s/via", w->path), "incomplete",
		    "a link-local next hop exists on every link; give the interface too");
}

static void
desire_route(const struct conf_static_route *c, struct desired *d, struct problems *problems)
{
	struct want_route *w = &d->routes[d->nroutes];

	w->name = c->name;
	w->path = arena_printf(d->arena, "/routing/static/%s", c->name);
	if (w->path == NULL)
		fatalx("netd", "out of memory");
	w->destination = prefix_network(&c->destination);
	w->via = c->via;
	w->interface = c->interface;
	w->type = RTN_UNICAST;
	w->metric = c->has_metric ? c->metric : 0;
	if (w->metric == 0 && w->destination.addr.family == ADDR_V6)
		w->metric = METRIC_IPV6_DEFAULT;
	judge(w, d, problems);
	d->nroutes++;
}

static void
desire(const struct conf_netd *conf, struct desired *d, struct problems *problems)
{
	uint32_t i;

	d->routes = arena_alloc(d->arena, conf->routing->static_.n + 1, sizeof(d->routes[0]));
	if (d->routes == NULL)
		fatalx("netd", "out of memory");
	for (i = 0; i < conf->routing->static_.n; i++)
		if (conf->routing->static_.items[i].enabled)
			desire_route(&conf->routing->static_.items[i], d, problems);
	judge_keys(d, problems);
}

const struct feature feature_routes = { .name = "routes", .desire = desire, .plan = plan_routes };
