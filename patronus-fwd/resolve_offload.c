/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "conf/generated.h"

#include "links.h"
#include "mem.h"
#include "policy_offload.h"
#include "resolver.h"

/* A flowtable of a link that is not there is refused by the kernel, which takes one out by itself, and tells nobody, when it goes. */
static bool
has_link(const struct resolver *s, const struct policy_interface *i, uint32_t *ret)
{
	uint32_t program;

	*ret = s->links != NULL ? links_number(s->links, i->ifname, &program) : 0;
	return s->links == NULL || *ret != 0;
}

static bool
is_chosen(const struct conf_flow_offload *c, const char *name)
{
	uint32_t i;

	for (i = 0; i < c->interfaces.n && strcmp(c->interfaces.items[i], name) != 0; i++)
		;
	return c->interfaces.n == 0 || i < c->interfaces.n;
}

static void
check_names(struct resolver *s, const struct conf_flow_offload *c)
{
	uint32_t i;

	for (i = 0; i < c->interfaces.n; i++)
		if (names_get(&s->all_interfaces, c->interfaces.items[i]) == NULL)
			resolver_unknown(s, "/firewall/flow-offload/interfaces", "interface", c->interfaces.items[i]);
}

/* Two interfaces of the configuration may be one link. */
static bool
is_taken(const struct fw_policy *p, const struct policy_offload *o, const char *ifname)
{
	uint32_t i;

	for (i = 0; i < o->n && strcmp(p->interfaces[o->interfaces[i]].ifname, ifname) != 0; i++)
		;
	return i < o->n;
}

void
resolve_offload(struct resolver *s)
{
	const struct conf_flow_offload *c = s->firewall->flow_offload;
	const struct policy_interface *i;
	struct policy_offload *o;
	uint32_t n, link;

	if (c == NULL || (c->mode != CONF_FLOW_OFFLOAD_MODE_SOFTWARE && c->mode != CONF_FLOW_OFFLOAD_MODE_HARDWARE))
		return;
	check_names(s, c);
	s->policy->offload = o = mem_alloc(s->arena, 1, sizeof(*o));
	o->is_hardware = c->mode == CONF_FLOW_OFFLOAD_MODE_HARDWARE;
	o->interfaces = mem_alloc(s->arena, s->policy->n_interfaces, sizeof(*o->interfaces));
	o->links = mem_alloc(s->arena, s->policy->n_interfaces, sizeof(*o->links));
	for (n = 0; n < s->policy->n_interfaces && o->n < POLICY_OFFLOAD_DEVICES; n++) {
		i = &s->policy->interfaces[n];
		if (i->zone == POLICY_LOCAL || !is_chosen(c, i->name) || !has_link(s, i, &link) || is_taken(s->policy, o, i->ifname))
			continue;
		o->links[o->n] = link;
		o->interfaces[o->n++] = n;
	}
}
