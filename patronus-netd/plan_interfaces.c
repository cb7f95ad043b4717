/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/if_addr.h>
#include <stdio.h>
#include <string.h>

#include "actual.h"
#include "desired.h"
#include "memory.h"
#include "plan_steps.h"
#include "plan.h"
#include "problems.h"

#define MTU_ETHERNET	1500
#define MTU_IPV6_MIN	1280

/* --- the link itself --- */

/* Which MTU a link shall have: 0 when none of our business. */
static uint32_t
wanted_mtu(const struct planner *p, const struct want_link *w, const struct link *l)
{
	if (w->mtu != 0)
		return w->mtu;
	/* No MTU in this revision, but one in an earlier: back to what the link had. */
	return memory_mtu_get(p->memory, l->index);
}

static bool
mtu_possible(const struct planner *p, const struct want_link *w, const struct link *l)
{
	if (w->mtu == 0 || (w->mtu >= l->min_mtu && (l->max_mtu == 0 || w->mtu <= l->max_mtu)))
		return true;
	if (p->problems != NULL)
		problems_add(p->problems, plan_text(p->plan, "%s/mtu", w->path), "mtu-range",
		    "%s can carry packets of %u to %u bytes, not %u", l->name, l->min_mtu, l->max_mtu, w->mtu);
	return false;
}

static void
plan_link(const struct planner *p, const struct want_link *w, const struct link *l)
{
	bool is_up = (l->flags & IFF_UP) != 0;
	uint32_t mtu = mtu_possible(p, w, l) ? wanted_mtu(p, w, l) : 0;
	const char *detail;
	struct op *op;

	if (mtu == l->mtu)
		mtu = 0;
	if (is_up == w->enabled && mtu == 0)
		return;
	if (is_up != w->enabled && mtu != 0)
		detail = plan_text(p->plan, "is %s; mtu is %u, not %u", is_up ? "up" : "down", l->mtu, mtu);
	else if (mtu != 0)
		detail = plan_text(p->plan, "mtu is %u, not %u", l->mtu, mtu);
	else
		detail = is_up ? "is up, but not enabled" : "is down";
	/* Going down comes last: it takes the routes of the link along, and they would be torn. */
	op = plan_add(p->plan, is_up && !w->enabled ? OP_LINK_DOWN : OP_LINK_SET, w->path, detail, "link %s (%s)", w->name, l->name);
	op->index = l->index;
	op->set_up = is_up != w->enabled;
	op->is_up = w->enabled;
	op->mtu = mtu;
}

/* --- addresses --- */

bool
plan_address_is_ours(const struct memory *m, const struct address *a)
{
	/* A kernel that keeps who added an address knows best; with an older one our memory has to do. */
	if (a->has_proto)
		return a->proto == IFAPROT_PATRONUS;
	return memory_address_has(m, a->index, &a->prefix);
}

static bool
has_address(const struct actual *actual, uint32_t index, const struct prefix *prefix)
{
	uint32_t i;

	/* Somebody else's equal address serves as well: it stays theirs, and is not removed with our configuration. */
	for (i = 0; i < actual->naddrs; i++)
		if (actual->addrs[i].index == index && !actual->addrs[i].has_peer &&
		    prefix_equal(&actual->addrs[i].prefix, prefix))
			return true;
	return false;
}

static void
address_op(const struct planner *p, enum op_kind kind, const char *path, const char *detail, uint32_t index,
    const char *name, const struct prefix *prefix)
{
	char text[PREFIX_STRLEN];
	struct op *op;

	op = plan_add(p->plan, kind, path, detail, "address %s on %s", prefix_format(prefix, text, sizeof(text)), name);
	op->index = index;
	op->prefix = *prefix;
}

static void
plan_addresses(const struct planner *p, const struct want_link *w, const struct link *l)
{
	const char *path = plan_text(p->plan, "%s/addresses", w->path);
	uint32_t i;

	for (i = 0; w->enabled && i < w->naddrs; i++)
		if (!has_address(p->actual, l->index, &w->addrs[i]))
			address_op(p, OP_ADDR_ADD, path, "missing", l->index, w->name, &w->addrs[i]);
}

/*
 * Ours that no interface wants.  An interface that is not enabled wants none: the host would go on answering for the
 * addresses of a link that is down through its other links.
 */
static void
plan_unwanted(const struct planner *p, const struct address *a)
{
	const struct want_link *w = desired_link_by_index(p->desired, a->index);

	if (!plan_address_is_ours(p->memory, a) || (w != NULL && w->enabled && desired_link_wants(w, &a->prefix)))
		return;
	address_op(p, OP_ADDR_REMOVE, w != NULL ? plan_text(p->plan, "%s/addresses", w->path) : "", "not wanted", a->index,
	    w != NULL ? w->name : actual_link_name(p->actual, a->index), &a->prefix);
}

void
plan_interfaces(const struct planner *p)
{
	const struct want_link *w;
	const struct link *l;
	uint32_t i;

	for (i = 0; i < p->desired->nlinks; i++) {
		w = &p->desired->links[i];
		l = actual_link(p->actual, w->index);
		if (l == NULL)
			continue;		/* it waits for its link */
		plan_link(p, w, l);
		plan_addresses(p, w, l);
	}
	for (i = 0; i < p->actual->naddrs; i++)
		plan_unwanted(p, &p->actual->addrs[i]);
	plan_ports(p);
}
