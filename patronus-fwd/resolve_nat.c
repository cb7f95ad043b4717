/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>

#include "mem.h"
#include "problems.h"
#include "resolver.h"

/* Translation of addresses. */

static void
resolve_masquerade(struct resolver *s, const struct conf_masquerade *c)
{
	struct policy_masquerade *m;
	struct conf_endpoint source;
	const char *path;
	uint32_t zone;

	path = resolver_path(s, "/nat/masquerade", c->name);
	if (path == NULL || !resolver_zone(s, c->zone, path, &zone))
		return;
	m = &s->policy->masquerades[s->policy->n_masquerades];
	m->name = c->name;
	m->path = path;
	m->zone = zone;
	s->policy->n_masquerades++;
	if (c->source == NULL)
		return;
	/* Zones are where the packets come from here, not networks. */
	source = *c->source;
	if (source.zones.n > 0)
		m->source.zones = resolver_zone_set(s, source.zones.items, source.zones.n, m->path);
	source.zones.n = 0;
	resolve_endpoint(s, &m->source, &source, m->path);
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

static void
check_forward(struct resolver *s, const struct policy_forward *f, const char *zone)
{
	const struct policy_service *p;
	uint32_t i;

	if (f->is_hairpin && f->n_addresses == 0)
		problems_add(s->problems, f->path, "hairpin-without-address",
		    "hairpin needs to know the address that is called: give one, or an interface of the zone \"%s\" a fixed IPv4 address",
		    zone);
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
	s->policy->forwards = mem_alloc(s->arena, nat->port_forwards.n, sizeof(*s->policy->forwards));
	for (i = 0; i < nat->port_forwards.n; i++)
		if (nat->port_forwards.items[i].enabled)
			resolve_forward(s, &nat->port_forwards.items[i]);
}
