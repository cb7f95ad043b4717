/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <string.h>

#include "conf/builtin.h"

#include "mem.h"
#include "problems.h"
#include "resolver.h"

/* Services to protocols, ports and types of ICMP. */

#define DEPTH_MAX	16	/* services of services, groups of groups */
#define STEPS_MAX	10000	/* of one rule, so that what refers to each other crosswise ends too */

struct services {
	struct policy_service	*items;
	uint32_t		 n;
	uint32_t		 cap;
	unsigned		 depth;
	unsigned		 steps;
};

/* By enum conf_icmp_type: the types of both versions, -1 where there is none.  IANA's registries of ICMP and ICMPv6. */
static const int16_t icmp_types[CONF_ICMP_TYPE_MAX][2] = {
	[CONF_ICMP_TYPE_INVALID] =			{ -1, -1 },
	[CONF_ICMP_TYPE_ECHO_REQUEST] =			{ 8, 128 },
	[CONF_ICMP_TYPE_ECHO_REPLY] =			{ 0, 129 },
	[CONF_ICMP_TYPE_DESTINATION_UNREACHABLE] =	{ 3, 1 },
	[CONF_ICMP_TYPE_PACKET_TOO_BIG] =		{ -1, 2 },
	[CONF_ICMP_TYPE_TIME_EXCEEDED] =		{ 11, 3 },
	[CONF_ICMP_TYPE_PARAMETER_PROBLEM] =		{ 12, 4 },
	[CONF_ICMP_TYPE_REDIRECT] =			{ 5, 137 },
	[CONF_ICMP_TYPE_ROUTER_SOLICITATION] =		{ 10, 133 },
	[CONF_ICMP_TYPE_ROUTER_ADVERTISEMENT] =		{ 9, 134 },
	[CONF_ICMP_TYPE_NEIGHBOUR_SOLICITATION] =	{ -1, 135 },
	[CONF_ICMP_TYPE_NEIGHBOUR_ADVERTISEMENT] =	{ -1, 136 },
	[CONF_ICMP_TYPE_TIMESTAMP_REQUEST] =		{ 13, -1 },
	[CONF_ICMP_TYPE_TIMESTAMP_REPLY] =		{ 14, -1 },
	[CONF_ICMP_TYPE_LISTENER_QUERY] =		{ -1, 130 },
	[CONF_ICMP_TYPE_LISTENER_REPORT] =		{ -1, 131 },
	[CONF_ICMP_TYPE_LISTENER_DONE] =		{ -1, 132 },
	[CONF_ICMP_TYPE_LISTENER_REPORT_V2] =		{ -1, 143 }
};

void
resolve_service_names(struct resolver *s)
{
	const struct conf_firewall *f = s->firewall;
	uint32_t i;

	for (i = 0; i < f->services.n; i++)
		if (names_get(&s->services, f->services.items[i].name) == NULL)
			names_put(s->arena, &s->services, f->services.items[i].name, &f->services.items[i]);
	for (i = 0; i < f->port_groups.n; i++)
		if (names_get(&s->port_groups, f->port_groups.items[i].name) == NULL)
			names_put(s->arena, &s->port_groups, f->port_groups.items[i].name, &f->port_groups.items[i]);
	for (i = 0; i < f->mac_groups.n; i++)
		if (names_get(&s->mac_groups, f->mac_groups.items[i].name) == NULL)
			names_put(s->arena, &s->mac_groups, f->mac_groups.items[i].name, &f->mac_groups.items[i]);
}

static struct policy_service *
service_add(struct resolver *s, struct services *all, uint8_t protocol)
{
	struct policy_service *p;

	if (all->n == all->cap)
		all->items = mem_grow(s->arena, all->items, all->n, sizeof(*all->items), &all->cap);
	p = &all->items[all->n++];
	memset(p, 0, sizeof(*p));
	p->protocol = protocol;
	return p;
}

static void
add_icmp_type(struct resolver *s, struct services *all, uint8_t protocol, int16_t type)
{
	struct policy_service *p;

	if (type < 0)
		return;
	p = service_add(s, all, protocol);
	p->has_type = true;
	p->type = (uint8_t)type;
}

static void
add_builtin(struct resolver *s, struct services *all, const struct conf_match *m)
{
	struct policy_service *p;

	if (m->has_range && (m->protocol == IPPROTO_ICMP || m->protocol == IPPROTO_ICMPV6)) {
		add_icmp_type(s, all, m->protocol, (int16_t)m->low);
		return;
	}
	p = service_add(s, all, m->protocol);
	if (!m->has_range)
		return;
	p->ports = mem_alloc(s->arena, 1, sizeof(*p->ports));
	p->ports[0] = (struct ports){ .low = m->low, .high = m->high };
	p->n_ports = 1;
}

/* --- groups of ports */
struct port_list {
	struct ports	*items;
	uint32_t	 n;
	uint32_t	 cap;
	unsigned	 steps;
};

static void
ports_append(struct resolver *s, struct port_list *l, const struct ports *items, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (l->n == l->cap)
			l->items = mem_grow(s->arena, l->items, l->n, sizeof(*l->items), &l->cap);
		l->items[l->n++] = items[i];
	}
}

static void
add_port_group(struct resolver *s, struct port_list *l, const char *name, const char *path, unsigned depth)
{
	const struct conf_port_group *g;
	uint32_t i;

	g = names_get(&s->port_groups, name);
	if (g == NULL) {
		resolver_unknown(s, path, "port group", name);
		return;
	}
	if (depth == DEPTH_MAX || ++l->steps > STEPS_MAX) {
		problems_add(s->problems, mem_printf(s->arena, "/firewall/port-groups/%s", name), "loop",
		    "this group holds itself, or groups in more than %d steps; take it apart", DEPTH_MAX);
		return;
	}
	ports_append(s, l, g->ports.items, g->ports.n);
	for (i = 0; i < g->groups.n; i++)
		add_port_group(s, l, g->groups.items[i], path, depth + 1);
}

static struct port_list
service_ports(struct resolver *s, const struct conf_service *c, const char *path)
{
	struct port_list l = { .items = c->ports.items, .n = c->ports.n };
	uint32_t i;

	if (c->port_group.n == 0)
		return l;
	l = (struct port_list){ .n = 0 };
	ports_append(s, &l, c->ports.items, c->ports.n);
	for (i = 0; i < c->port_group.n; i++)
		add_port_group(s, &l, c->port_group.items[i], path, 0);
	if (l.n == 0)
		problems_add(s->problems, mem_printf(s->arena, "/firewall/services/%s", c->name), "no-ports",
		    "its groups of ports are empty, which would mean every port; give a port, or remove the groups");
	return l;
}

/* --- services */
static void add_service(struct resolver *, struct services *, const char *name, const char *path);

static void
add_own(struct resolver *s, struct services *all, const struct conf_service *c, const char *path)
{
	struct policy_service *p;
	struct port_list ports;
	uint32_t i;

	ports = service_ports(s, c, path);
	for (i = 0; i < c->protocol.n; i++) {
		p = service_add(s, all, conf_protocol_ip_number(c->protocol.items[i]));
		p->ports = ports.items;
		p->n_ports = ports.n;
		p->source_ports = c->source_ports.items;
		p->n_source_ports = c->source_ports.n;
	}
	for (i = 0; i < c->protocol_number.n; i++)
		(void)service_add(s, all, c->protocol_number.items[i]);
	for (i = 0; i < c->icmp_type.n; i++) {
		if (c->icmp_type.items[i] >= CONF_ICMP_TYPE_MAX)
			continue;
		add_icmp_type(s, all, IPPROTO_ICMP, icmp_types[c->icmp_type.items[i]][0]);
		add_icmp_type(s, all, IPPROTO_ICMPV6, icmp_types[c->icmp_type.items[i]][1]);
	}
	for (i = 0; i < c->services.n; i++)
		add_service(s, all, c->services.items[i], mem_printf(s->arena, "/firewall/services/%s", c->name));
}

static void
add_service(struct resolver *s, struct services *all, const char *name, const char *path)
{
	const struct conf_builtin *b;
	const struct conf_service *c;
	uint32_t i;

	b = conf_builtin_service(name);
	for (i = 0; b != NULL && i < b->n; i++)
		add_builtin(s, all, &b->matches[i]);
	if (b != NULL)
		return;
	c = names_get(&s->services, name);
	if (c == NULL) {
		resolver_unknown(s, path, "service", name);
	} else if (all->depth == DEPTH_MAX || ++all->steps > STEPS_MAX) {
		problems_add(s->problems, path, "loop", "the service \"%s\" holds itself, or services in more than %d steps; take it apart", name,
		    DEPTH_MAX);
	} else {
		all->depth++;
		add_own(s, all, c, path);
		all->depth--;
	}
}

/* Most rules name one service, and thousands the same: it is resolved once.  A name that has a problem is looked at again, for the next path. */
static struct policy_service *
resolve_one(struct resolver *s, const char *name, const char *path, uint32_t *ret_n)
{
	struct services *all = names_get(&s->resolved, name);
	uint32_t before = s->problems->n;

	if (all == NULL) {
		all = mem_alloc(s->arena, 1, sizeof(*all));
		add_service(s, all, name, path);
		if (s->problems->n == before)
			names_put(s->arena, &s->resolved, name, all);
	}
	*ret_n = all->n;
	return all->items;
}

struct policy_service *
resolve_services(struct resolver *s, const char *const *items, uint32_t n, const char *path, uint32_t *ret_n)
{
	struct services all = { .n = 0 };
	uint32_t i;

	if (n == 1)
		return resolve_one(s, items[0], path, ret_n);
	for (i = 0; i < n; i++)
		add_service(s, &all, items[i], path);
	*ret_n = all.n;
	return all.items;
}
