/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What random rules look at, and what that means for a packet. */
#include <netinet/in.h>
#include <string.h>

#include "policy_random.h"
#include "rule_conditions.h"

static const uint8_t protocols[] = {
	IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_GRE, IPPROTO_ESP
};

/* --- source, destination */
static void
random_addresses(const struct fw_policy *p, struct policy_addresses *a, bool is_named, struct arena *arena)
{
	static unsigned names;
	struct prefix *x;
	uint32_t i;

	a->n = below(5);
	a->name = is_named ? arena_printf(arena, "group.g%u", names++) : NULL;
	a->path = "";
	if (!is_named && a->n == 0)
		a->n = 1;
	a->items = arena_alloc(arena, a->n + 1, sizeof(*a->items));
	for (i = 0; i < a->n; i++) {
		x = &a->items[i];
		x->addr = addr_in_block(below(2) == 0 ? ADDR_V4 : ADDR_V6, block_random(p), below(RANDOM_HOSTS));
		x->len = (uint8_t)((x->addr.family == ADDR_V4 ? 32 : 128) - (below(3) == 0 ? below(6) : 0));
		if (below(20) == 0)
			x->len = 0;
	}
}

static void
random_endpoint(const struct fw_policy *p, struct policy_endpoint *e, struct arena *arena)
{
	unsigned kind;

	e->criteria = arena_alloc(arena, POLICY_CRITERIA, sizeof(*e->criteria));
	kind = below(3);
	if (kind == 0 || kind == 2)
		random_addresses(p, &e->criteria[e->n++], true, arena);
	if (kind == 1 || kind == 2)
		random_addresses(p, &e->criteria[e->n++], false, arena);
	if (below(6) == 0) {
		random_addresses(p, &e->criteria[e->n], below(2) == 0, arena);
		e->criteria[e->n++].is_not = true;
	}
}

static bool
endpoint_holds(const struct policy_endpoint *e, const struct addr *a)
{
	uint32_t i, n;

	for (i = 0; i < e->n; i++) {
		for (n = 0; n < e->criteria[i].n && !prefix_contains(&e->criteria[i].items[n], a); n++)
			;
		if ((n == e->criteria[i].n) != e->criteria[i].is_not)
			return false;
	}
	return true;
}

/* An address of the family that one of the prefixes has. */
static void
steer_addr(const struct policy_endpoint *e, struct addr *a)
{
	const struct policy_addresses *c;
	const struct prefix *x;

	if (e->n == 0 || e->criteria[0].n == 0)
		return;
	c = &e->criteria[below(e->n)];
	if (c->n == 0)
		return;
	x = &c->items[below(c->n)];
	if (x->addr.family == a->family)
		*a = x->addr;
}

static void
make_source(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	random_endpoint(p, &r->source, arena);
}

static void
clear_source(struct policy_rule *r)
{
	r->source.n = 0;
}

static bool
source_holds(const struct policy_rule *r, const struct packet *k)
{
	return endpoint_holds(&r->source, &k->source);
}

static void
steer_source(const struct policy_rule *r, struct packet *k)
{
	steer_addr(&r->source, &k->source);
}

static void
make_destination(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	random_endpoint(p, &r->destination, arena);
}

static void
clear_destination(struct policy_rule *r)
{
	r->destination.n = 0;
}

static bool
destination_holds(const struct policy_rule *r, const struct packet *k)
{
	return endpoint_holds(&r->destination, &k->destination);
}

static void
steer_destination(const struct policy_rule *r, struct packet *k)
{
	steer_addr(&r->destination, &k->destination);
}

/* --- services */
static struct ports
random_ports(void)
{
	struct ports p;

	p.low = (uint16_t)(1 + below(12));
	p.high = (uint16_t)(p.low + (below(2) == 0 ? below(4) : 0));
	return p;
}

static void
random_service(struct policy_service *s, struct arena *arena)
{
	static const uint8_t types[] = { 8, 13, 17 }, types6[] = { 128, 139 };
	uint32_t i;

	s->protocol = protocols[below(sizeof(protocols))];
	if (s->protocol == IPPROTO_ICMP || s->protocol == IPPROTO_ICMPV6) {
		s->has_type = below(3) != 0;
		s->type = s->protocol == IPPROTO_ICMP ? types[below(sizeof(types))] : types6[below(sizeof(types6))];
	} else if (has_ports(s->protocol)) {
		s->n_ports = below(4);
		s->ports = arena_alloc(arena, 4, sizeof(*s->ports));
		for (i = 0; i < s->n_ports; i++)
			s->ports[i] = random_ports();
		s->n_source_ports = below(4) == 0;
		s->source_ports = arena_alloc(arena, 1, sizeof(*s->source_ports));
		s->source_ports[0] = random_ports();
	}
}

static void
make_services(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	uint32_t i;

	(void)p;
	r->n_services = 1 + below(3);
	r->services = arena_alloc(arena, r->n_services, sizeof(*r->services));
	for (i = 0; i < r->n_services; i++)
		random_service(&r->services[i], arena);
}

static void
clear_services(struct policy_rule *r)
{
	r->n_services = 0;
}

static bool
in_range(const struct ports *p, uint32_t n, uint16_t port)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (port >= p[i].low && port <= p[i].high)
			return true;
	return n == 0;
}

static bool
service_holds(const struct policy_service *s, const struct packet *k)
{
	if (s->protocol != k->protocol)
		return false;
	if (s->protocol == IPPROTO_ICMP || s->protocol == IPPROTO_ICMPV6)
		return !s->has_type || s->type == k->icmp_type;
	return !has_ports(s->protocol) ||
	    (in_range(s->ports, s->n_ports, k->destination_port) && in_range(s->source_ports, s->n_source_ports, k->source_port));
}

static bool
services_hold(const struct policy_rule *r, const struct packet *k)
{
	uint32_t i;

	for (i = 0; i < r->n_services; i++)
		if (service_holds(&r->services[i], k))
			return true;
	return r->n_services == 0;
}

static void
steer_services(const struct policy_rule *r, struct packet *k)
{
	const struct policy_service *s;

	if (r->n_services == 0)
		return;
	s = &r->services[below(r->n_services)];
	if ((s->protocol == IPPROTO_ICMP && k->source.family != ADDR_V4) || (s->protocol == IPPROTO_ICMPV6 && k->source.family != ADDR_V6))
		return;
	k->protocol = s->protocol;
	if (s->has_type)
		k->icmp_type = s->type;
	if (has_ports(s->protocol) && s->n_ports > 0)
		k->destination_port = s->ports[below(s->n_ports)].low;
	if (has_ports(s->protocol) && s->n_source_ports > 0)
		k->source_port = s->source_ports[0].high;
}

const struct rule_field rule_fields[] = {
	{ "source", 2, RANDOM_RULES, make_source, clear_source, source_holds, steer_source },
	{ "destination", 2, RANDOM_RULES, make_destination, clear_destination, destination_holds, steer_destination },
	{ "service", 2, RANDOM_RULES, make_services, clear_services, services_hold, steer_services },
	{ "family", 8, RANDOM_RULES, make_family, clear_family, family_holds, NULL },
	{ "interfaces", 10, RANDOM_RULES, make_links, clear_links, links_hold, NULL },
	{ "state", 12, RANDOM_RULES, make_state, clear_state, state_holds, NULL },
	{ "dscp", 12, RANDOM_HEADERS, make_dscp, clear_dscp, dscp_holds, NULL },
	{ "length", 12, RANDOM_HEADERS, make_lengths, clear_lengths, lengths_hold, NULL },
	{ "tcp-flags", 12, RANDOM_HEADERS, make_flags, clear_flags, flags_hold, steer_flags },
	{ "mac", 12, RANDOM_HEADERS, make_macs, clear_macs, macs_hold, NULL },
	{ "mark", 8, RANDOM_HEADERS, make_marks, clear_marks, marks_hold, NULL },
};
const unsigned n_rule_fields = sizeof(rule_fields) / sizeof(rule_fields[0]);
