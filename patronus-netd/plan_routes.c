/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "net/rtnlwalk.h"
#include "actual.h"
#include "desired.h"
#include "plan.h"
#include "plan_steps.h"
#include "problems.h"
#include "view.h"

#define METRIC_IPV6	1024	/* of a route without one */

/* What became of the question through which link a route goes. */
enum way {
	WAY_NONE = 0,
	WAY_FOUND,
	WAY_WAITS,	/* its link is missing or not enabled */
	WAY_UNKNOWN,	/* nothing connects us with the next hop */
};

/*
 * What is looked up by the key of a route (destination and metric; table main, no TOS), sorted by it; and the routes that lead to next
 * hops by themselves.  A hundred thousand static routes beside a full table are compared in a moment.
 */
struct look_up {
	const struct route	**actual;
	size_t			  nactual;
	const struct want_route	**wanted;
	size_t			  nwanted;
	const struct want_route	**on_link;
	size_t			  non_link;
};

bool
plan_route_is_ours(const struct route *r)
{
	return r->protocol == RTPROT_PATRONUS;
}

/* With our protocol, but in a shape that we never make and that privd lets nobody touch: somebody's joke, and no reason to fail. */
bool
plan_route_is_removable(const struct route *r)
{
	if (r->table == RTNLWALK_SHADOW && r->type == RTN_THROW)
		return true;
	return r->table != RT_TABLE_LOCAL && r->table != RT_TABLE_UNSPEC && (r->type == RTN_UNICAST || r->type == RTN_BLACKHOLE ||
	    r->type == RTN_UNREACHABLE || r->type == RTN_PROHIBIT);
}

/* --- looking up --- */

static int
compare_actual(const void *a, const void *b)
{
	const struct route *x = *(const struct route *const *)a, *y = *(const struct route *const *)b;

	return view_compare(&x->destination, x->metric, &y->destination, y->metric);
}

static int
compare_wanted(const void *a, const void *b)
{
	const struct want_route *x = *(const struct want_route *const *)a, *y = *(const struct want_route *const *)b;

	return view_compare(&x->destination, x->metric, &y->destination, y->metric);
}

static void *
room(const struct planner *p, size_t n)
{
	void *ret = arena_alloc(p->plan->arena, n + 1, sizeof(void *));

	if (ret == NULL)
		fatalx("netd", "out of memory for a plan");
	return ret;
}

static void
look_up_init(struct look_up *l, const struct planner *p)
{
	const struct route *r;
	uint32_t i;

	memset(l, 0, sizeof(*l));
	l->actual = room(p, p->actual->nroutes);
	l->wanted = room(p, p->desired->nroutes);
	l->on_link = room(p, p->desired->nroutes);
	for (i = 0; i < p->actual->nroutes; i++) {
		r = &p->actual->routes[i];
		if (r->table == RT_TABLE_MAIN && r->tos == 0)
			l->actual[l->nactual++] = r;
	}
	for (i = 0; i < p->desired->nroutes; i++) {
		l->wanted[l->nwanted++] = &p->desired->routes[i];
		if (p->desired->routes[i].type == RTN_UNICAST && p->desired->routes[i].via.family == ADDR_NONE)
			l->on_link[l->non_link++] = &p->desired->routes[i];
	}
	qsort(l->actual, l->nactual, sizeof(l->actual[0]), compare_actual);
	qsort(l->wanted, l->nwanted, sizeof(l->wanted[0]), compare_wanted);
}

/* The first of the kernel's routes that has the key, or the place where it would be. */
static size_t
first_with_key(const struct look_up *l, const struct want_route *w)
{
	size_t low = 0, high = l->nactual, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (view_compare(&l->actual[mid]->destination, l->actual[mid]->metric, &w->destination, w->metric) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const struct want_route *
wanted_with_key(const struct look_up *l, const struct route *r)
{
	size_t low = 0, high = l->nwanted, mid;
	int n;

	while (low < high) {
		mid = low + (high - low) / 2;
		n = view_compare(&l->wanted[mid]->destination, l->wanted[mid]->metric, &r->destination, r->metric);
		if (n == 0)
			return l->wanted[mid];
		if (n < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

/* --- through which link --- */

static enum way
way_of_interface(const struct planner *p, const struct want_route *w, uint32_t *ret_oif)
{
	const struct want_link *l = desired_link(p->desired, w->interface);

	if (l == NULL || l->index == 0 || !l->enabled)
		return WAY_WAITS;
	*ret_oif = l->index;
	return WAY_FOUND;
}

/* The longest prefix wins, as it will in the kernel. */
static const struct want_link *
connecting_link(const struct desired *d, const struct addr *via)
{
	const struct want_link *best = NULL;
	uint32_t i, j;
	int best_len = -1;

	for (i = 0; i < d->nlinks; i++)
		for (j = 0; j < d->links[i].naddrs; j++)
			if (prefix_contains(&d->links[i].addrs[j], via) && d->links[i].addrs[j].len > best_len) {
				best = &d->links[i];
				best_len = d->links[i].addrs[j].len;
			}
	return best;
}

/* A route on a link connects us with what it covers, such as a next hop outside of every own network. */
static const struct want_link *
routed_link(const struct desired *d, const struct look_up *l, const struct addr *via)
{
	const struct want_route *best = NULL;
	size_t i;

	for (i = 0; i < l->non_link; i++)
		if (prefix_contains(&l->on_link[i]->destination, via) &&
		    (best == NULL || l->on_link[i]->destination.len > best->destination.len))
			best = l->on_link[i];
	return best != NULL && best->interface != NULL ? desired_link(d, best->interface) : NULL;
}

static enum way
way_of(const struct planner *p, const struct look_up *look, const struct want_route *w, uint32_t *ret_oif)
{
	const struct want_link *l;

	*ret_oif = 0;
	if (w->type != RTN_UNICAST)
		return WAY_FOUND;
	if (w->interface != NULL)
		return way_of_interface(p, w, ret_oif);
	l = connecting_link(p->desired, &w->via);
	if (l == NULL)
		l = routed_link(p->desired, look, &w->via);
	if (l != NULL) {
		if (l->index == 0 || !l->enabled)
			return WAY_WAITS;
		*ret_oif = l->index;
		return WAY_FOUND;
	}
	/* An address that is not ours may connect us as well. */
	return actual_connects(p->actual, &w->via, ret_oif) ? WAY_FOUND : WAY_UNKNOWN;
}

static void
problem_way(const struct planner *p, const struct want_route *w)
{
	char via[ADDR_STRLEN];

	if (p->problems != NULL)
		problems_add(p->problems, plan_text(p->plan, "%s/via", w->path), "unreachable-next-hop",
		    "%s is in no network that is connected to this box; give the interface, or an address in its network",
		    addr_format(&w->via, via, sizeof(via)));
}

/* --- comparing --- */

static bool
same_key(const struct want_route *w, const struct route *r)
{
	return r->table == RT_TABLE_MAIN && r->tos == 0 && r->metric == w->metric && prefix_equal(&r->destination, &w->destination);
}

static bool
same_route(const struct want_route *w, uint32_t oif, const struct route *r)
{
	if (r->type != w->type || r->is_complex)
		return false;
	return w->type != RTN_UNICAST || (r->oif == oif && addr_equal(&r->via, &w->via));
}

static const char *
route_text(const struct planner *p, const struct prefix *dest, const struct addr *via, uint32_t oif, uint8_t type, uint32_t metric)
{
	char d[PREFIX_STRLEN], v[ADDR_STRLEN], m[20] = "";

	(void)prefix_format(dest, d, sizeof(d));
	/* Two routes to one network differ in it; what the kernel gives by itself says nothing. */
	if (metric != (dest->addr.family == ADDR_V6 ? METRIC_IPV6 : 0))
		(void)snprintf(m, sizeof(m), " metric %u", metric);
	if (type != RTN_UNICAST)
		return plan_text(p->plan, "%s blackhole%s", d, m);
	if (via->family == ADDR_NONE)
		return plan_text(p->plan, "%s on %s%s", d, actual_link_name(p->actual, oif), m);
	return plan_text(p->plan, "%s via %s%s", d, addr_format(via, v, sizeof(v)), m);
}

/* --- operations --- */

static void
route_op(const struct planner *p, enum op_kind kind, const struct want_route *w, uint32_t oif, const struct route *was, const char *detail)
{
	struct op *op;

	op = plan_add(p->plan, kind, w->path, detail, "route %s", route_text(p, &w->destination, &w->via, oif, w->type, w->metric));
	op->index = oif;
	op->prefix = w->destination;
	op->via = w->via;
	op->table = RT_TABLE_MAIN;
	op->metric = w->metric;
	op->type = w->type;
	op->was = was;
}

static void
problem_foreign(const struct planner *p, const struct want_route *w, const struct route *r)
{
	char dest[PREFIX_STRLEN];

	if (p->problems != NULL)
		problems_add(p->problems, w->path, "foreign-route", "a route to %s with metric %u that is not ours (protocol %u, "
		    "%s) is in the way; remove it, or give this one another metric", prefix_format(&w->destination, dest,
		    sizeof(dest)), w->metric, r->protocol, actual_link_name(p->actual, r->oif));
}

static void
plan_one(const struct planner *p, const struct look_up *look, const struct want_route *w)
{
	const struct route *r, *ours = NULL;
	uint32_t oif;
	size_t i;
	enum way way = way_of(p, look, w, &oif);

	if (way == WAY_UNKNOWN)
		problem_way(p, w);
	if (way != WAY_FOUND)
		return;
	for (i = first_with_key(look, w); i < look->nactual && same_key(w, look->actual[i]); i++) {
		r = look->actual[i];
		if (same_route(w, oif, r))
			return;		/* there; somebody else's equal route serves as well and stays theirs */
		if (!plan_route_is_ours(r)) {
			/* A replace would take it away, an add would fail or make it a second next hop. */
			problem_foreign(p, w, r);
			return;
		}
		ours = r;
	}
	if (ours == NULL)
		route_op(p, OP_ROUTE_ADD, w, oif, NULL, "missing");
	else
		route_op(p, OP_ROUTE_REPLACE, w, oif, ours, plan_text(p->plan, "was %s", route_text(p, &ours->destination,
		    &ours->via, ours->oif, ours->type, ours->metric)));
}

/*
 * Ours, but not wanted.  One with the key of a wanted route is replaced, not removed: a removal by destination and
 * metric could take the wanted one.
 */
static bool
is_wanted(const struct planner *p, const struct look_up *look, const struct route *r)
{
	const struct want_route *w = wanted_with_key(look, r);
	uint32_t oif;

	return w != NULL && same_key(w, r) && way_of(p, look, w, &oif) == WAY_FOUND;
}

static void
plan_unwanted(const struct planner *p, const struct look_up *look, const struct route *r)
{
	enum op_kind kind = r->table == RTNLWALK_SHADOW ? OP_SHADOW_REMOVE : OP_ROUTE_REMOVE;
	struct op *op;

	if (!plan_route_is_ours(r) || !plan_route_is_removable(r) || is_wanted(p, look, r))
		return;
	op = plan_add(p->plan, kind, "", kind == OP_SHADOW_REMOVE ? "left over from a change" : "not wanted", "route %s",
	    route_text(p, &r->destination, &r->via, r->oif, r->type, r->metric));
	op->index = r->is_complex ? 0 : r->oif;
	op->prefix = r->destination;
	op->via = r->is_complex ? (struct addr){ 0 } : r->via;
	op->table = r->table;
	op->metric = r->metric;
	op->type = r->type;
	op->tos = r->tos;
	op->was = r;
}

/* Read back, an ended change has left nothing; apply.c brings one that did not end to its end before it plans. */
static void
plan_left_rule(const struct planner *p, uint8_t family)
{
	plan_add(p->plan, OP_RULE_REMOVE, "", "left over from a change", "rule of the shadow table for %s",
	    family == ADDR_V4 ? "IPv4" : "IPv6")->prefix.addr.family = family;
}

/* --- when --- */

/* Whether what the routes of a family lose is all that happens to them: nothing goes another way instead. */
static bool
only_narrows(const struct plan *plan, const struct view *after, uint8_t family)
{
	const struct route *r;
	const struct op *op;
	size_t n, at;
	uint32_t i;

	for (i = 0; i < plan->n; i++) {
		op = &plan->ops[i];
		if (!op_is_route(op) || op->prefix.addr.family != family)
			continue;
		at = view_at(after, &op->prefix, &n);
		r = n > 0 ? after->routes[at] : view_cover(after, &op->prefix);
		if (op->kind != OP_ROUTE_REMOVE || (r != NULL && r->type == RTN_UNICAST))
			return false;
	}
	return true;
}

/*
 * The routes of a family change in one phase, because they change at one instant (flip.h).  What only ends ways goes before the firewall;
 * everything else after it: a new way waits for the policy that judges what goes there.
 */
static void
set_phases(const struct planner *p)
{
	bool has_removals = false, narrows4, narrows6;
	struct view after;
	struct op *op;
	uint32_t i;

	for (i = 0; i < p->plan->n; i++)
		has_removals = has_removals || p->plan->ops[i].kind == OP_ROUTE_REMOVE;
	if (!has_removals)
		return;
	view_of(&after, p->plan->arena, p->actual, p->plan);
	narrows4 = only_narrows(p->plan, &after, ADDR_V4);
	narrows6 = only_narrows(p->plan, &after, ADDR_V6);
	for (i = 0; i < p->plan->n; i++) {
		op = &p->plan->ops[i];
		if (op_is_route(op) && (op->prefix.addr.family == ADDR_V4 ? narrows4 : narrows6))
			op->phase = COMMIT_APPLY;
	}
}

void
plan_routes(const struct planner *p)
{
	struct look_up look;
	uint32_t i;
	int pass;

	look_up_init(&look, p);
	/* Routes on a link first: they may connect us with the next hops of the others. */
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < p->desired->nroutes; i++)
			if ((p->desired->routes[i].via.family == ADDR_NONE) == (pass == 0))
				plan_one(p, &look, &p->desired->routes[i]);
	for (i = 0; i < p->actual->nroutes; i++)
		plan_unwanted(p, &look, &p->actual->routes[i]);
	for (i = 0; i < p->actual->nrules; i++)
		plan_left_rule(p, p->actual->rules[i].family);
	set_phases(p);
}
