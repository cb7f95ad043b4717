/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "actual.h"
#include "forecast.h"
#include "plan.h"

/* --- what the kernel will have --- */

static void *
copy(struct arena *a, const void *items, size_t n, size_t room, size_t size)
{
	void *ret = arena_alloc(a, n + room + 1, size);

	if (ret == NULL)
		fatalx("netd", "out of memory for a forecast");
	if (n > 0)
		memcpy(ret, items, n * size);
	return ret;
}

static bool
is_network_of(const struct route *r, uint32_t index, const struct prefix *p)
{
	struct prefix network = prefix_network(p);

	return r->oif == index && r->protocol == RTPROT_KERNEL && prefix_equal(&r->destination, &network);
}

static void
add_route(struct actual *to, const struct route *r)
{
	uint32_t i;

	for (i = 0; i < to->nroutes; i++)
		if (to->routes[i].table == r->table && to->routes[i].tos == r->tos && to->routes[i].metric == r->metric &&
		    prefix_equal(&to->routes[i].destination, &r->destination) && to->routes[i].oif == r->oif)
			return;
	to->routes[to->nroutes++] = *r;
}

static void
add_connected(struct actual *to, uint32_t index, const struct prefix *p)
{
	struct route r = { .destination = prefix_network(p), .oif = index, .table = RT_TABLE_MAIN, .type = RTN_UNICAST,
	    .protocol = RTPROT_KERNEL, .metric = p->addr.family == ADDR_V6 ? 256 : 0 };
	const struct link *l = actual_link(to, index);

	if (l != NULL && (l->flags & IFF_UP) != 0 && r.destination.len < (p->addr.family == ADDR_V4 ? 32 : 128))
		add_route(to, &r);
}

static bool
has_network(const struct actual *a, uint32_t index, const struct prefix *p)
{
	struct prefix network = prefix_network(p), other;
	uint32_t i;

	for (i = 0; i < a->naddrs; i++) {
		other = prefix_network(&a->addrs[i].prefix);
		if (a->addrs[i].index == index && prefix_equal(&other, &network))
			return true;
	}
	return false;
}

/* With an address go the routes that leave from it, and the network it connected when it was the last of it. */
static void
remove_address(struct actual *to, uint32_t index, const struct prefix *p)
{
	uint32_t i, n;

	for (i = n = 0; i < to->naddrs; i++)
		if (to->addrs[i].index != index || !prefix_equal(&to->addrs[i].prefix, p))
			to->addrs[n++] = to->addrs[i];
	to->naddrs = n;
	for (i = n = 0; i < to->nroutes; i++)
		if (!(is_network_of(&to->routes[i], index, p) && !has_network(to, index, p)) &&
		    !(addr_equal(&to->routes[i].prefsrc, &p->addr) && to->routes[i].protocol != RTPROT_KERNEL))
			to->routes[n++] = to->routes[i];
	to->nroutes = n;
}

static void
set_link(struct actual *to, uint32_t index, bool is_up)
{
	uint32_t i, n;

	for (i = 0; i < to->nlinks; i++)
		if (to->links[i].index == index)
			to->links[i].flags = is_up ? to->links[i].flags | IFF_UP : to->links[i].flags & ~(uint32_t)IFF_UP;
	for (i = 0; is_up && i < to->naddrs; i++)
		if (to->addrs[i].index == index)
			add_connected(to, index, &to->addrs[i].prefix);
	if (is_up)
		return;
	for (i = n = 0; i < to->nroutes; i++)
		if (to->routes[i].oif != index)
			to->routes[n++] = to->routes[i];
	to->nroutes = n;
	/* IPv6 loses the addresses of a link that goes down. */
	for (i = n = 0; i < to->naddrs; i++)
		if (to->addrs[i].index != index || to->addrs[i].prefix.addr.family == ADDR_V4)
			to->addrs[n++] = to->addrs[i];
	to->naddrs = n;
}

static bool
is_route_of(const struct route *r, const struct op *op)
{
	return r->table == op->table && r->metric == op->metric && r->tos == op->tos && prefix_equal(&r->destination, &op->prefix);
}

static void
remove_route(struct actual *to, const struct op *op)
{
	uint32_t i, n;

	for (i = n = 0; i < to->nroutes; i++)
		if (!is_route_of(&to->routes[i], op) || to->routes[i].protocol == RTPROT_KERNEL)
			to->routes[n++] = to->routes[i];
	to->nroutes = n;
}

static void
put_route(struct actual *to, const struct op *op)
{
	struct route r = { .destination = op->prefix, .via = op->via, .oif = op->index, .table = op->table, .metric = op->metric,
	    .type = op->type, .tos = op->tos };

	remove_route(to, op);
	add_route(to, &r);
}

static void
do_op(struct actual *to, const struct op *op)
{
	switch ((enum op_kind)op->kind) {
	case OP_LINK_SET:
	case OP_LINK_DOWN:
	case OP_PORT_UP:
	case OP_PORT_DOWN:
		if (op->set_up)
			set_link(to, op->index, op->is_up);
		break;
	case OP_ADDR_ADD:
		to->addrs[to->naddrs++] = (struct address){ .index = op->index, .prefix = op->prefix };
		add_connected(to, op->index, &op->prefix);
		break;
	case OP_ADDR_REMOVE:
		remove_address(to, op->index, &op->prefix);
		break;
	case OP_ROUTE_ADD:
	case OP_ROUTE_REPLACE:
		put_route(to, op);
		break;
	case OP_ROUTE_REMOVE:
		remove_route(to, op);
		break;
	case OP_RULE_ADD:
	case OP_RULE_REMOVE:
	case OP_SHADOW_ADD:
	case OP_SHADOW_REMOVE:
	case OP_SYSCTL_SET:
	case OP_SYSCTL_WIDEN:
	case OP_HOSTNAME:
	case OP_TIME_ZONE:
	case OP_RESOLV_CONF:
	case OP_INVALID:
	case OP_KIND_MAX:
		break;
	}
}

void
forecast_make(const struct actual *from, const struct plan *plan, struct arena *arena, struct actual *ret)
{
	uint32_t i;

	*ret = *from;
	ret->arena = arena;
	ret->links = copy(arena, from->links, from->nlinks, 0, sizeof(*ret->links));
	/* A link that comes up may connect each of its addresses. */
	ret->addrs = copy(arena, from->addrs, from->naddrs, plan->n, sizeof(*ret->addrs));
	ret->routes = copy(arena, from->routes, from->nroutes, (size_t)from->naddrs + 2 * (size_t)plan->n, sizeof(*ret->routes));
	for (i = 0; i < plan->n; i++)
		do_op(ret, &plan->ops[i]);
}

/* --- where packets go --- */

static bool
is_better(const struct route *r, const struct route *best)
{
	if (best == NULL || r->destination.len != best->destination.len)
		return best == NULL || r->destination.len > best->destination.len;
	return r->metric < best->metric;
}

enum way_found
forecast_way(const struct actual *a, const struct addr *to, struct way *ret)
{
	const struct route *r, *best = NULL;
	uint32_t i;

	for (i = 0; i < a->nroutes; i++) {
		r = &a->routes[i];
		if (r->table == RT_TABLE_MAIN && r->tos == 0 && (r->flags & RTNH_F_DEAD) == 0 && prefix_contains(&r->destination, to) &&
		    is_better(r, best))
			best = r;
	}
	if (best == NULL || (best->type != RTN_UNICAST && !best->is_complex))
		return WAY_MISSING;
	if (best->is_complex)
		return WAY_COMPLEX;
	*ret = (struct way){ .index = best->oif, .via = best->via };
	return WAY_SIMPLE;
}

/* --- one connection --- */

static const struct address *
address_of(const struct actual *a, const struct addr *addr)
{
	uint32_t i;

	for (i = 0; i < a->naddrs; i++)
		if (addr_equal(&a->addrs[i].prefix.addr, addr))
			return &a->addrs[i];
	return NULL;
}

static bool
is_loopback(const struct addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == ADDR_V4 ? a->bytes[0] == 127 : memcmp(a->bytes, one, sizeof(one)) == 0;
}

/* The operation that takes an address away, or puts its link down. */
static const char *
path_of(const struct plan *p, enum op_kind kind, uint32_t index, const struct addr *addr)
{
	uint32_t i;

	for (i = 0; i < p->n; i++)
		if (p->ops[i].kind == kind && p->ops[i].index == index && (addr == NULL || addr_equal(&p->ops[i].prefix.addr, addr)))
			return p->ops[i].path;
	return "";
}

static struct ipc_verdict
verdict(enum flow_verdict v, const char *link, const char *path, const char *text)
{
	return (struct ipc_verdict){ .verdict = (uint8_t)v, .link = link, .rule = "", .path = path, .text = text };
}

/* The address it is connected to, and the link it comes in through. */
static bool
loses_address(const struct actual *before, const struct actual *after, struct plan *p, const struct ipc_flow *f, uint32_t index,
    struct ipc_verdict *ret)
{
	const struct link *l = actual_link(after, index);
	const struct address *mine = address_of(before, &f->local);
	char text[ADDR_STRLEN];

	if (l != NULL && (l->flags & IFF_UP) == 0)
		*ret = verdict(FLOW_CUT, l->name, path_of(p, OP_LINK_DOWN, index, NULL), plan_text(p, "link %s goes down", l->name));
	else if (mine != NULL && address_of(after, &f->local) == NULL)
		*ret = verdict(FLOW_CUT, actual_link_name(before, index), path_of(p, OP_ADDR_REMOVE, mine->index, &f->local),
		    plan_text(p, "address %s is removed", addr_format(&f->local, text, sizeof(text))));
	else
		return false;
	return true;
}

/* The box answers on the way that its routes say. */
static struct ipc_verdict
judge_way(const struct actual *before, const struct actual *after, struct plan *p, const struct ipc_flow *f)
{
	const char *link, *path = "/routing/static";
	char source[ADDR_STRLEN];
	struct way now, then;
	struct ipc_verdict ret;

	(void)addr_format(&f->source, source, sizeof(source));
	if (forecast_way(before, &f->source, &now) != WAY_SIMPLE)
		return verdict(FLOW_UNKNOWN, "", "", plan_text(p, "the way back to %s is not in the main table as one next hop", source));
	link = actual_link_name(before, now.index);
	if (loses_address(before, after, p, f, now.index, &ret))
		return ret;
	switch (forecast_way(after, &f->source, &then)) {
	case WAY_MISSING:
		return verdict(FLOW_CUT, link, path, plan_text(p, "there is no route back to %s any more", source));
	case WAY_COMPLEX:
		return verdict(FLOW_UNKNOWN, link, path, plan_text(p, "the way back to %s gets several next hops", source));
	case WAY_SIMPLE:
		break;
	}
	if (then.index != now.index)
		return verdict(FLOW_CUT, link, path, plan_text(p, "the way back to %s changes from %s to %s", source, link,
		    actual_link_name(after, then.index)));
	if (!addr_equal(&then.via, &now.via))
		return verdict(FLOW_CUT, link, path, plan_text(p, "the way back to %s gets another next hop", source));
	return verdict(FLOW_KEPT, link, "", "");
}

struct ipc_verdict
forecast_flow(const struct actual *before, const struct actual *after, struct plan *p, const struct ipc_flow *f)
{
	/* What the box says to itself goes through no link, whatever is planned. */
	if (is_loopback(&f->source) || addr_equal(&f->source, &f->local) || address_of(before, &f->source) != NULL)
		return verdict(FLOW_KEPT, "lo", "", "");
	if (address_of(before, &f->local) == NULL)
		return verdict(FLOW_UNKNOWN, "", "", "it is not connected to an address of this box");
	return judge_way(before, after, p, f);
}
