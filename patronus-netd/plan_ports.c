/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ports of a box that nobody has configured (docs/adr/0223).  A port that is down tells nothing of its cable, and the first start asks
 * people to plug one: so each is brought up once, without IPv6 and so without any address.  When the first interface is configured, those
 * that stay over go down again, and IPv6 is as it was.
 */
#include <linux/if_arp.h>
#include <string.h>

#include "ipc/ids.h"
#include "actual.h"
#include "desired.h"
#include "memory.h"
#include "plan.h"
#include "plan_steps.h"

static bool
has_addresses(const struct actual *a, uint32_t index)
{
	uint32_t i;

	for (i = 0; i < a->naddrs; i++)
		if (a->addrs[i].index == index)
			return true;
	return false;
}

/* A socket of the box, or of the container that it lives in: nothing that somebody has built or joined. */
static bool
is_port(const struct link *l)
{
	return l->type == ARPHRD_ETHER && l->master == 0 && (l->kind[0] == '\0' || strcmp(l->kind, "veth") == 0);
}

static void
plan_ipv6(const struct planner *p, const struct link *l, const char *name, enum op_kind kind, uint32_t value)
{
	struct op *op;

	if ((l->sysctls.has & 1u << SYSCTL_IP6_DISABLE) == 0 || l->sysctls.values[SYSCTL_IP6_DISABLE] == value)
		return;
	op = plan_add(p->plan, kind, "", plan_text(p->plan, "is %u, not %u", !value, value), "disable_ipv6 of %s", name);
	op->sysctl = SYSCTL_IP6_DISABLE;
	op->value = value;
	op->index = l->index;
	op->text = plan_text(p->plan, "%s", l->name);
}

static void
plan_up(const struct planner *p, enum op_kind kind, const char *detail, const struct link *l)
{
	struct op *op = plan_add(p->plan, kind, "", detail, "port %s", l->name);

	op->index = l->index;
	op->set_up = true;
	op->is_up = kind == OP_PORT_UP;
}

/* Once: whom it cannot be done to, or who is taken down again, is left alone. */
static void
wake(const struct planner *p)
{
	const struct link *l;

	for (l = p->actual->links; l < p->actual->links + p->actual->nlinks; l++) {
		if (!is_port(l) || (l->flags & IFF_UP) != 0 || memory_port_has(p->memory, l->index) || has_addresses(p->actual, l->index))
			continue;
		plan_ipv6(p, l, l->name, OP_SYSCTL_SET, 1);
		plan_up(p, OP_PORT_UP, "is down; it comes up so that its cable is seen", l);
	}
}

static bool
wants_ipv6(const struct desired *d, const struct want_link *w)
{
	uint32_t i;

	for (i = 0; i < d->nsysctls; i++)
		if (d->sysctls[i].id == SYSCTL_IP6_DISABLE && strcmp(d->sysctls[i].interface, w->name) == 0)
			return true;
	return false;
}

/* Addresses that somebody gave it meanwhile are a use of it. */
static void
settle(const struct planner *p)
{
	const struct want_link *w;
	const struct link *l;
	bool was_without_ipv6;
	uint32_t i, index;

	for (i = 0; memory_port_get(p->memory, i, &index, &was_without_ipv6); i++) {
		l = actual_link(p->actual, index);
		if (l == NULL)
			continue;
		w = desired_link_by_index(p->desired, index);
		if (w == NULL && (l->flags & IFF_UP) != 0 && !has_addresses(p->actual, index))
			plan_up(p, OP_PORT_DOWN, "is up for the first start alone", l);
		if (!was_without_ipv6 && (w == NULL || !wants_ipv6(p->desired, w)))
			plan_ipv6(p, l, w != NULL ? w->name : l->name, OP_SYSCTL_WIDEN, 0);
	}
}

void
plan_ports(const struct planner *p)
{
	if (p->desired->nlinks == 0)
		wake(p);
	else
		settle(p);
}
