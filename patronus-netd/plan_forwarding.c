/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "ipc/ids.h"
#include "actual.h"
#include "desired.h"
#include "memory.h"
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
	};

	return id < SYSCTL_ID_MAX && names[id] != NULL ? names[id] : "?";
}

/* Sysctls cannot be read from here: the plan compares with what we set, and setting the same value again changes nothing. */
static void
plan_sysctl(const struct planner *p, const struct want_sysctl *w)
{
	const struct want_link *l = w->interface != NULL ? desired_link(p->desired, w->interface) : NULL;
	const struct link *link = l != NULL ? actual_link(p->actual, l->index) : NULL;
	const char *instance = link != NULL ? link->name : "";
	uint32_t value;
	struct op *op;

	if (w->interface != NULL && link == NULL)
		return;		/* it waits for its link */
	if (memory_sysctl_get(p->memory, w->id, instance, &value) && value == w->value)
		return;
	op = plan_add(p->plan, w->widens ? OP_SYSCTL_WIDEN : OP_SYSCTL_SET, w->path, plan_text(p->plan, "set to %u", w->value),
	    "%s%s%s", plan_sysctl_name(w->id),
	    w->interface != NULL ? " of " : "", w->interface != NULL ? w->interface : "");
	op->sysctl = w->id;
	op->value = w->value;
	op->index = link != NULL ? link->index : 0;
	op->text = plan_text(p->plan, "%s", instance);
}

void
plan_forwarding(const struct planner *p)
{
	uint32_t i;

	for (i = 0; i < p->desired->nsysctls; i++)
		plan_sysctl(p, &p->desired->sysctls[i]);
}
