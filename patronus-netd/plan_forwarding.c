/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ipc/ids.h"
#include "actual.h"
#include "desired.h"
#include "plan.h"
#include "plan_steps.h"

const char *
plan_sysctl_name(uint8_t id)
{
	static const char *const names[SYSCTL_ID_MAX] = {
		[SYSCTL_IP_FORWARD] = "ipv4 forwarding", [SYSCTL_IP6_FORWARD] = "ipv6 forwarding",
		[SYSCTL_IP6_ACCEPT_RA] = "accept_ra", [SYSCTL_RP_FILTER] = "rp_filter",
		[SYSCTL_ACCEPT_REDIRECTS] = "accept_redirects", [SYSCTL_SEND_REDIRECTS] = "send_redirects",
		[SYSCTL_IP6_DISABLE] = "disable_ipv6", [SYSCTL_PROMOTE_SECONDARIES] = "promote_secondaries",
		[SYSCTL_LINK_FORWARD] = "ipv4 forwarding", [SYSCTL_LINK6_FORWARD] = "ipv6 forwarding",
		[SYSCTL_CONNECTION_COUNTERS] = "counters of connections",
	};

	return id < SYSCTL_ID_MAX && names[id] != NULL ? names[id] : "?";
}

/* Forwarding of the whole box sets that of every link. */
static bool
comes_with_box(const struct planner *p, uint8_t id)
{
	uint8_t box = id == SYSCTL_LINK_FORWARD ? SYSCTL_IP_FORWARD : id == SYSCTL_LINK6_FORWARD ? SYSCTL_IP6_FORWARD : SYSCTL_INVALID;

	return box != SYSCTL_INVALID && (p->actual->sysctls.has & 1u << box) != 0 && p->actual->sysctls.values[box] != 1;
}

static void
plan_sysctl(const struct planner *p, const struct want_sysctl *w)
{
	const struct want_link *l = w->interface != NULL ? desired_link(p->desired, w->interface) : NULL;
	const struct link *link = l != NULL ? actual_link(p->actual, l->index) : NULL;
	const struct sysctls *now = link != NULL ? &link->sysctls : &p->actual->sysctls;
	struct op *op;

	if (w->interface != NULL && link == NULL)
		return;		/* it waits for its link */
	if (comes_with_box(p, w->id))
		return;
	/* What the kernel does not have needs no setting: a link without IPv6 forwards none. */
	if ((now->has & 1u << w->id) == 0 || now->values[w->id] == w->value)
		return;
	op = plan_add(p->plan, w->widens ? OP_SYSCTL_WIDEN : OP_SYSCTL_SET, w->path, plan_text(p->plan, "is %u, not %u", now->values[w->id],
	    w->value), "%s%s%s", plan_sysctl_name(w->id), w->interface != NULL ? " of " : "", w->interface != NULL ? w->interface : "");
	op->sysctl = w->id;
	op->value = w->value;
	op->index = link != NULL ? link->index : 0;
	op->text = plan_text(p->plan, "%s", link != NULL ? link->name : "");
}

void
plan_forwarding(const struct planner *p)
{
	uint32_t i;

	for (i = 0; i < p->desired->nsysctls; i++)
		plan_sysctl(p, &p->desired->sysctls[i]);
}
