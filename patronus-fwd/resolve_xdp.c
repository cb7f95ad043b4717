/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "links.h"
#include "mem.h"
#include "policy_xdp.h"
#include "resolver.h"

/* What is dropped in drivers: where, whom, and how much is too much. */

static void
resolve_links(struct resolver *s, const struct conf_xdp *c, struct policy_xdp *x)
{
	const struct policy_interface *i;
	uint32_t n;

	x->links.items = mem_alloc(s->arena, c->interfaces.n, sizeof(*x->links.items));
	x->sets.items = mem_alloc(s->arena, c->interfaces.n, sizeof(*x->sets.items));
	for (n = 0; n < c->interfaces.n; n++) {
		i = names_get(&s->interfaces, c->interfaces.items[n]);
		if (i == NULL) {
			if (names_get(&s->all_interfaces, c->interfaces.items[n]) == NULL)
				resolver_unknown(s, "/firewall/xdp/interfaces", "interface", c->interfaces.items[n]);
			continue;
		}
		x->links.items[x->links.n++] = i->ifname;
		if (links_uses_sets(s->links, i->ifname))
			x->sets.items[x->sets.n++] = i->ifname;
	}
}

void
resolve_xdp(struct resolver *s)
{
	const struct conf_xdp *c = s->firewall->xdp;
	struct policy_xdp *x;
	struct conf_endpoint source = { .not = NULL };

	if (c == NULL || !c->enabled)
		return;
	s->policy->xdp = x = mem_alloc(s->arena, 1, sizeof(*x));
	resolve_links(s, c, x);
	source.group.items = c->drop.items;
	source.group.n = c->drop.n;
	resolve_endpoint(s, &x->source, &source, "/firewall/xdp/drop");
	if (c->source_limit != NULL)
		x->source_rate = (struct policy_rate){ c->source_limit->rate, c->source_limit->burst };
	if (c->connection_limit != NULL) {
		x->open_rate = (struct policy_rate){ c->connection_limit->per_source, c->connection_limit->per_source_burst };
		x->total_rate = (struct policy_rate){ c->connection_limit->total, c->connection_limit->total_burst };
	}
}
