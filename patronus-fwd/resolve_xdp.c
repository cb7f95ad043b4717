/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "links.h"
#include "mem.h"
#include "policy_xdp.h"
#include "resolver.h"

/* What is dropped in drivers: where, whom, and how much is too much. */

static void
sets_add(struct resolver *s, struct policy_xdp *x, const char *ifname, unsigned *cap)
{
	uint32_t i;

	for (i = 0; i < x->sets.n; i++)
		if (strcmp(x->sets.items[i], ifname) == 0)
			return;
	x->sets.items = mem_grow(s->arena, x->sets.items, x->sets.n, sizeof(*x->sets.items), cap);
	x->sets.items[x->sets.n++] = ifname;
}

static void
resolve_links(struct resolver *s, const struct conf_xdp *c, struct policy_xdp *x)
{
	const struct policy_interface *i;
	const char *upper;
	unsigned cap = 0, at;
	uint32_t n;

	x->links.items = mem_alloc(s->arena, c->interfaces.n, sizeof(*x->links.items));
	for (n = 0; n < c->interfaces.n; n++) {
		i = names_get(&s->interfaces, c->interfaces.items[n]);
		if (i == NULL) {
			if (names_get(&s->all_interfaces, c->interfaces.items[n]) == NULL)
				resolver_unknown(s, "/firewall/xdp/interfaces", "interface", c->interfaces.items[n]);
			continue;
		}
		x->links.items[x->links.n++] = i->ifname;
		if (links_uses_sets(s->links, i->ifname))
			sets_add(s, x, i->ifname, &cap);
	}
	/* A driver sees frames before a VLAN or a macvlan has its part of them; the rules see of which it was. */
	for (n = 0; n < x->sets.n; n++)
		for (at = 0; (upper = links_next_upper(s->links, x->sets.items[n], &at)) != NULL;)
			sets_add(s, x, upper, &cap);
}

void
resolve_xdp(struct resolver *s)
{
	const struct conf_xdp *c = s->firewall->xdp;
	struct policy_xdp *x;
	struct conf_endpoint source = { .not = NULL };

	/* It is switched on unless somebody says otherwise; what it does, it does on these interfaces. */
	if (c == NULL || !c->enabled || c->interfaces.n == 0)
		return;
	s->policy->xdp = x = mem_alloc(s->arena, 1, sizeof(*x));
	x->has_answers = c->syn_protection;
	resolve_links(s, c, x);
	source.group.items = c->drop.items;
	source.group.n = c->drop.n;
	resolve_endpoint(s, &x->source, &source, "/firewall/xdp/drop");
	if (c->source_limit != NULL)
		x->source_rate = (struct policy_rate){ c->source_limit->rate, c->source_limit->burst };
	if (c->connection_limit != NULL) {
		x->open_rate = (struct policy_rate){ c->connection_limit->per_source, c->connection_limit->per_source_burst };
		x->target_rate = (struct policy_rate){ c->connection_limit->per_destination, c->connection_limit->per_destination_burst };
		x->total_rate = (struct policy_rate){ c->connection_limit->total, c->connection_limit->total_burst };
	}
}
