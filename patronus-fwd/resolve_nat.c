/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <string.h>

#include "mem.h"
#include "policy_nat.h"
#include "problems.h"
#include "resolver.h"

/* Translation of addresses. */

/* Zones are where the packets come from here, not networks. */
static void
resolve_senders(struct resolver *s, struct policy_endpoint *e, const struct conf_endpoint *c, const char *path)
{
	struct conf_endpoint source;

	if (c == NULL)
		return;
	source = *c;
	if (source.zones.n > 0)
		e->zones = resolver_zone_set(s, source.zones.items, source.zones.n, path);
	source.zones.n = 0;
	resolve_endpoint(s, e, &source, path);
}

static void
resolve_masquerade(struct resolver *s, const struct conf_masquerade *c)
{
	struct policy_masquerade *m;
	const char *path;
	uint32_t zone;

	path = resolver_path(s, "/nat/masquerade", c->name);
	if (path == NULL || !resolver_zone(s, c->zone, path, &zone))
		return;
	m = &s->policy->masquerades[s->policy->n_masquerades];
	m->name = c->name;
	m->path = path;
	m->zone = zone;
	m->has_random_ports = c->random_ports;
	s->policy->n_masquerades++;
	resolve_senders(s, &m->source, c->source, m->path);
}

/* --- certain addresses */
static void
check_pool(struct resolver *s, const struct policy_source_nat *n)
{
	if (n->is_exempt) {
		if (n->first.family != ADDR_NONE || n->last.family != ADDR_NONE)
			problems_add(s->problems, n->path, "exempt-with-address", "who is exempt gets no address: remove to, or the action exempt");
		return;
	}
	if (n->first.family == ADDR_NONE)
		problems_add(s->problems, n->path, "no-address", "to is missing: give the address that senders get, or the action exempt");
	else if (n->last.family != n->first.family || memcmp(n->first.bytes, n->last.bytes, addr_len(&n->first)) > 0)
		problems_add(s->problems, n->path, "bad-pool", "to-last must be of the family of to, and not come before it");
}

static void
resolve_source_nat(struct resolver *s, const struct conf_source_nat *c)
{
	struct policy_source_nat *n;
	const char *path;
	uint32_t zone;

	path = resolver_path(s, "/nat/source-nat", c->id);
	if (path == NULL || !resolver_zone(s, c->zone, path, &zone))
		return;
	n = &s->policy->source_nats[s->policy->n_source_nats++];
	n->id = c->id;
	n->path = path;
	n->zone = zone;
	resolve_senders(s, &n->source, c->source, path);
	resolve_endpoint(s, &n->destination, c->destination, path);
	n->services = resolve_services(s, c->service.items, c->service.n, path, &n->n_services);
	n->is_exempt = c->action == CONF_SOURCE_NAT_ACTION_EXEMPT;
	n->first = c->to;
	n->last = c->to_last.family != ADDR_NONE || n->is_exempt ? c->to_last : c->to;
	n->is_persistent = c->persistent;
	n->has_random_ports = c->random_ports;
	check_pool(s, n);
}

static void
resolve_one_to_one(struct resolver *s, const struct conf_one_to_one *c)
{
	struct policy_one_to_one *o;
	const char *path;
	uint32_t zone;

	path = resolver_path(s, "/nat/one-to-one", c->name);
	if (path == NULL || !resolver_zone(s, c->zone, path, &zone))
		return;
	o = &s->policy->one_to_ones[s->policy->n_one_to_ones++];
	o->name = c->name;
	o->path = path;
	o->zone = zone;
	o->inner = c->inner;
	o->outer = c->outer;
	if (o->inner.addr.family != o->outer.addr.family || o->inner.len != o->outer.len)
		problems_add(s->problems, path, "sizes-differ", "inner and outer must be of one family and one prefix length");
}

/* The box's own IPv4 addresses in the zone. */
static void
find_called(struct resolver *s, struct policy_forward *f)
{
	const struct policy_interface *i;
	uint32_t n, k, total;

	for (n = 0, total = 0; n < s->policy->n_interfaces; n++)
		total += s->policy->interfaces[n].n_addresses;
	f->addresses = mem_alloc(s->arena, total, sizeof(*f->addresses));
	for (n = 0; n < s->policy->n_interfaces; n++) {
		i = &s->policy->interfaces[n];
		for (k = 0; i->zone == f->zone && k < i->n_addresses; k++)
			if (i->addresses[k].addr.family == ADDR_V4)
				f->addresses[f->n_addresses++] = i->addresses[k].addr;
	}
}

#define SHIFT_MAX	512	/* a kernel rule for each port */

static void
check_shift(struct resolver *s, const struct policy_forward *f)
{
	const struct ports *p;
	uint32_t i, k, n;

	for (i = 0, n = 0; f->shifts_ports && i < f->n_services; i++) {
		for (k = 0; k < f->services[i].n_ports; k++) {
			p = &f->services[i].ports[k];
			n += (uint32_t)(p->high - p->low) + 1;
			if (f->to_port + (uint32_t)(p->high - p->low) > UINT16_MAX)
				problems_add(s->problems, f->path, "port-too-high", "the range %u-%u would end above 65535; give a lower to-port", p->low,
				    p->high);
		}
		if (f->services[i].n_ports == 0)
			n = SHIFT_MAX + 1;
	}
	if (n > SHIFT_MAX)
		problems_add(s->problems, f->path, "too-many-ports", "shift-ports is for at most %u ports; forward the range to the same ports, or "
		    "split it", SHIFT_MAX);
}

static void
check_forward(struct resolver *s, const struct policy_forward *f, const char *zone)
{
	const struct policy_service *p;
	uint32_t i;

	if (f->is_hairpin && f->n_addresses == 0)
		problems_add(s->problems, f->path, "hairpin-without-address",
		    "hairpin needs to know the address that is called: give one, or an interface of the zone \"%s\" a fixed IPv4 address",
		    zone);
	if (f->shifts_ports && f->to_port == 0)
		problems_add(s->problems, f->path, "shift-without-port", "shift-ports needs to-port: where the first port of a range goes");
	check_shift(s, f);
	for (i = 0; f->to_port != 0 && i < f->n_services; i++) {
		p = &f->services[i];
		if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP && p->protocol != IPPROTO_SCTP)
			problems_add(s->problems, f->path, "port-without-meaning",
			    "to-port needs services of tcp, udp or sctp; one of these services has no ports");
	}
}

static void
resolve_forward(struct resolver *s, const struct conf_port_forward *c)
{
	struct policy_forward *f;
	const char *path;
	uint32_t zone;

	path = resolver_path(s, "/nat/port-forwards", c->id);
	if (path == NULL || !resolver_zone(s, c->zone, path, &zone))
		return;
	f = &s->policy->forwards[s->policy->n_forwards];
	f->id = c->id;
	f->path = path;
	s->policy->n_forwards++;
	f->zone = zone;
	resolve_endpoint(s, &f->source, c->source, f->path);
	f->services = resolve_services(s, c->service.items, c->service.n, f->path, &f->n_services);
	f->to = c->to;
	f->to_port = c->has_to_port ? c->to_port : 0;
	f->shifts_ports = c->shift_ports;
	f->others = c->balance.items;
	f->n_others = c->balance.n;
	f->choice = c->balance_by == CONF_PORT_FORWARD_BALANCE_BY_RANDOM ? POLICY_BY_CHANCE :
	    c->balance_by == CONF_PORT_FORWARD_BALANCE_BY_SOURCE ? POLICY_BY_SOURCE : POLICY_BY_TURN;
	f->is_hairpin = c->hairpin;
	f->is_logged = c->log;
	if (c->address.family == ADDR_V4) {
		f->addresses = mem_alloc(s->arena, 1, sizeof(*f->addresses));
		f->addresses[0] = c->address;
		f->n_addresses = 1;
	} else {
		find_called(s, f);
	}
	check_forward(s, f, c->zone);
}

void
resolve_nat(struct resolver *s, const struct conf_nat *nat)
{
	uint32_t i;

	if (nat == NULL)
		return;
	s->policy->masquerades = mem_alloc(s->arena, nat->masquerade.n, sizeof(*s->policy->masquerades));
	for (i = 0; i < nat->masquerade.n; i++)
		if (nat->masquerade.items[i].enabled)
			resolve_masquerade(s, &nat->masquerade.items[i]);
	s->policy->source_nats = mem_alloc(s->arena, nat->source_nat.n, sizeof(*s->policy->source_nats));
	for (i = 0; i < nat->source_nat.n; i++)
		if (nat->source_nat.items[i].enabled)
			resolve_source_nat(s, &nat->source_nat.items[i]);
	s->policy->one_to_ones = mem_alloc(s->arena, nat->one_to_one.n, sizeof(*s->policy->one_to_ones));
	for (i = 0; i < nat->one_to_one.n; i++)
		if (nat->one_to_one.items[i].enabled)
			resolve_one_to_one(s, &nat->one_to_one.items[i]);
	s->policy->forwards = mem_alloc(s->arena, nat->port_forwards.n, sizeof(*s->policy->forwards));
	for (i = 0; i < nat->port_forwards.n; i++)
		if (nat->port_forwards.items[i].enabled)
			resolve_forward(s, &nat->port_forwards.items[i]);
}
