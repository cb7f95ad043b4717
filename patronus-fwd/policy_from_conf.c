/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "conf/builtin.h"
#include "conf/generated.h"

#include "hash.h"
#include "links.h"
#include "mem.h"
#include "names.h"
#include "policy.h"
#include "problems.h"

/*
 * Names to things.  confd has checked the references; they are checked again here, because what comes over a channel is only believed
 * as far as it was looked at.
 */

#define KEY_MAX		63
#define SET_NAME_MAX	96	/* longer joined names are hashed */

struct resolver {
	const struct conf_fwd		*conf;
	const struct conf_firewall	*firewall;
	const struct links		*links;
	struct arena			*arena;
	struct problems			*problems;
	struct fw_policy		*policy;
	struct names			 interfaces;	/* -> struct policy_interface */
	struct names			 zones;		/* -> struct policy_zone */
	struct names			 groups;	/* -> struct conf_group */
	struct names			 services;	/* -> struct conf_service */
	struct names			 paths;		/* of what has an id of its own */
};

static void
unknown(struct resolver *s, const char *path, const char *noun, const char *name)
{
	problems_add(s->problems, path, "unknown-reference", "there is no %s \"%s\"", noun, name);
}

/*
 * Names become parts of names in the kernel.  The schema bounds them; a peer that sends others is not believed.
 */
static bool
check_key(struct resolver *s, const char *key, const char *path)
{
	const char *p;

	for (p = key; (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || (*p == '-' && p > key); p++)
		;
	if (p > key && *p == '\0' && p - key <= KEY_MAX)
		return true;
	problems_add(s->problems, path, "bad-name", "this name is not of 1 to %d lower-case letters, digits and hyphens", KEY_MAX);
	return false;
}

/* The object's path; NULL when its name is bad or taken: counters, handles and log entries go by it. */
static const char *
object_path(struct resolver *s, const char *list, const char *key)
{
	char *path;

	if (!check_key(s, key, list))
		return NULL;
	path = mem_printf(s->arena, "%s/%s", list, key);
	if (names_get(&s->paths, path) != NULL) {
		problems_add(s->problems, path, "duplicate", "there are two of this name");
		return NULL;
	}
	names_put(s->arena, &s->paths, path, path);
	return path;
}

static bool
zone_number(struct resolver *s, const char *name, const char *path, uint32_t *ret)
{
	const struct policy_zone *z;

	z = names_get(&s->zones, name);
	if (z == NULL) {
		unknown(s, path, "zone", name);
		return false;
	}
	*ret = (uint32_t)(z - s->policy->zones);
	return true;
}

/* --- interfaces and zones */
static const char *
kernel_name(const struct resolver *s, const struct conf_interface_match *m)
{
	const char *name;

	if (m == NULL)
		return NULL;
	if (m->name != NULL) {
		name = links_by_name(s->links, m->name);
		return name != NULL ? name : m->name;
	}
	return m->has_mac ? links_by_mac(s->links, &m->mac) : m->path != NULL ? links_by_path(s->links, m->path) : NULL;
}

/* An interface whose hardware is absent carries no packets and is left out of every match. */
static void
resolve_interfaces(struct resolver *s)
{
	const struct conf_interface *c;
	struct policy_interface *i;
	const char *ifname;
	uint32_t n;

	s->policy->interfaces = mem_alloc(s->arena, s->conf->interfaces.n, sizeof(*s->policy->interfaces));
	for (n = 0; n < s->conf->interfaces.n; n++) {
		c = &s->conf->interfaces.items[n];
		ifname = kernel_name(s, c->match);
		if (ifname == NULL || names_get(&s->interfaces, c->name) != NULL)
			continue;
		if (strlen(ifname) >= IFNAMSIZ) {
			problems_add(s->problems, "/interfaces", "bad-name", "the kernel has no interface names as long as \"%s\"", ifname);
			continue;
		}
		i = &s->policy->interfaces[s->policy->n_interfaces++];
		i->name = c->name;
		i->ifname = ifname;
		i->path = mem_printf(s->arena, "/interfaces/%s", c->name);
		i->addresses = c->addresses.items;
		i->n_addresses = c->addresses.n;
		names_put(s->arena, &s->interfaces, i->name, i);
	}
}

static void
resolve_zone(struct resolver *s, const struct conf_zone *c, uint32_t number)
{
	struct policy_interface *i;
	struct policy_zone *z;
	uint32_t n;
	bool is_reject;

	z = &s->policy->zones[number];
	z->name = c->name;
	z->path = mem_printf(s->arena, "/firewall/zones/%s", c->name);
	is_reject = c->default_action == CONF_ZONE_DEFAULT_ACTION_REJECT || (c->default_action == 0 &&
	    s->firewall->defaults != NULL && s->firewall->defaults->action == CONF_FIREWALL_DEFAULTS_ACTION_REJECT);
	z->action = is_reject ? POLICY_REJECT : POLICY_DROP;
	z->interfaces = mem_alloc(s->arena, c->interfaces.n, sizeof(*z->interfaces));
	for (n = 0; n < c->interfaces.n; n++) {
		i = names_get(&s->interfaces, c->interfaces.items[n]);
		if (i == NULL)
			continue;
		if (i->zone != POLICY_LOCAL) {
			problems_add(s->problems, z->path, "interface-in-two-zones", "the interface \"%s\" is in the zone \"%s\" already",
			    i->name, s->policy->zones[i->zone].name);
			continue;
		}
		i->zone = number;
		z->interfaces[z->n_interfaces++] = (uint32_t)(i - s->policy->interfaces);
	}
	if (names_get(&s->zones, z->name) == NULL)
		names_put(s->arena, &s->zones, z->name, z);
	else
		problems_add(s->problems, z->path, "duplicate", "there is another zone \"%s\"", z->name);
}

static void
resolve_zones(struct resolver *s)
{
	uint32_t n;

	s->policy->n_zones = s->firewall->zones.n + 1;
	s->policy->zones = mem_alloc(s->arena, s->policy->n_zones, sizeof(*s->policy->zones));
	s->policy->zones[POLICY_LOCAL].name = "local";
	s->policy->zones[POLICY_LOCAL].path = "/firewall/zones";
	names_put(s->arena, &s->zones, "local", &s->policy->zones[POLICY_LOCAL]);
	for (n = 0; n < s->firewall->zones.n; n++)
		if (check_key(s, s->firewall->zones.items[n].name, "/firewall/zones"))
			resolve_zone(s, &s->firewall->zones.items[n], n + 1);
}

static uint64_t *
resolve_zone_set(struct resolver *s, const char *const *items, uint32_t n, const char *path)
{
	uint64_t *set;
	uint32_t i, zone;

	set = zoneset_new(s->arena, s->policy);
	for (i = 0; i < n; i++) {
		if (strcmp(items[i], "any") == 0)
			zoneset_add_all(set, s->policy);
		else if (zone_number(s, items[i], path, &zone))
			zoneset_add(set, zone);
	}
	return set;
}

/* --- endpoints */

/* "group.a.b": the name under which rules with the same list share a set. */
static const char *
joined_name(struct resolver *s, const char *kind, const char *const *items, uint32_t n)
{
	char name[SET_NAME_MAX];
	size_t len, left;
	uint32_t i;
	uint64_t h;

	len = str_copy(name, kind, sizeof(name));
	for (i = 0, h = HASH_SEED; i < n; i++) {
		h = hash_bytes(items[i], strlen(items[i]), h);
		left = len < sizeof(name) ? sizeof(name) - len : 0;
		if (left < strlen(items[i]) + 2) {
			len = sizeof(name);
			continue;
		}
		name[len++] = '.';
		len += str_copy(name + len, items[i], left - 1);
	}
	if (len < sizeof(name))
		return mem_strdup(s->arena, name);
	return mem_printf(s->arena, "%s.list.%016llx", kind, (unsigned long long)h);
}

static void
add_groups(struct resolver *s, struct policy_endpoint *e, const struct conf_endpoint *c, const char *path)
{
	struct policy_addresses *a;
	const struct conf_group *g;
	uint32_t i, n, total;

	a = &e->criteria[e->n++];
	a->name = joined_name(s, "group", c->group.items, c->group.n);
	a->path = mem_printf(s->arena, "/firewall/groups/%s", c->group.items[0]);
	for (i = 0, total = 0; i < c->group.n; i++) {
		g = names_get(&s->groups, c->group.items[i]);
		if (g == NULL)
			unknown(s, path, "group", c->group.items[i]);
		else
			total += g->addresses.n;
	}
	if (c->group.n == 1) {
		g = names_get(&s->groups, c->group.items[0]);
		a->items = g != NULL ? g->addresses.items : NULL;
		a->n = g != NULL ? g->addresses.n : 0;
		return;
	}
	a->items = mem_alloc(s->arena, total, sizeof(*a->items));
	for (i = 0; i < c->group.n; i++) {
		g = names_get(&s->groups, c->group.items[i]);
		for (n = 0; g != NULL && n < g->addresses.n; n++)
			a->items[a->n++] = g->addresses.items[n];
	}
}

static void
add_zone_networks(struct resolver *s, struct policy_endpoint *e, const struct conf_endpoint *c, const char *path)
{
	const struct policy_interface *i;
	struct policy_addresses *a;
	uint64_t *set;
	uint32_t k, n, total;

	set = resolve_zone_set(s, c->zones.items, c->zones.n, path);
	a = &e->criteria[e->n++];
	a->name = joined_name(s, "zone", c->zones.items, c->zones.n);
	a->path = mem_printf(s->arena, "/firewall/zones/%s", c->zones.items[0]);
	for (n = 0, total = 0; n < s->policy->n_interfaces; n++)
		total += s->policy->interfaces[n].n_addresses;
	a->items = mem_alloc(s->arena, total, sizeof(*a->items));
	for (n = 0; n < s->policy->n_interfaces; n++) {
		i = &s->policy->interfaces[n];
		if (i->zone == POLICY_LOCAL || !zoneset_has(set, i->zone))
			continue;
		for (k = 0; k < i->n_addresses; k++)
			a->items[a->n++] = prefix_network(&i->addresses[k]);
	}
}

static void
resolve_endpoint(struct resolver *s, struct policy_endpoint *e, const struct conf_endpoint *c, const char *path)
{
	struct policy_addresses *a;

	if (c == NULL)
		return;
	if (c->group.n > 0)
		add_groups(s, e, c, path);
	if (c->addresses.n > 0) {
		a = &e->criteria[e->n++];
		a->path = path;
		a->items = c->addresses.items;
		a->n = c->addresses.n;
	}
	if (c->zones.n > 0)
		add_zone_networks(s, e, c, path);
}

/* --- services */
static void
add_builtin(struct policy_service *p, const struct conf_match *m, struct arena *a)
{
	p->protocol = m->protocol;
	if (!m->has_range)
		return;
	if (m->protocol == IPPROTO_ICMP || m->protocol == IPPROTO_ICMPV6) {
		p->has_type = true;
		p->type = (uint8_t)m->low;
		return;
	}
	p->ports = mem_alloc(a, 1, sizeof(*p->ports));
	p->ports[0] = (struct ports){ .low = m->low, .high = m->high };
	p->n_ports = 1;
}

static uint32_t
count_services(struct resolver *s, const char *const *items, uint32_t n, const char *path)
{
	const struct conf_builtin *b;
	const struct conf_service *c;
	uint32_t i, total;

	for (i = 0, total = 0; i < n; i++) {
		b = conf_builtin_service(items[i]);
		c = names_get(&s->services, items[i]);
		if (b == NULL && c == NULL)
			unknown(s, path, "service", items[i]);
		total += b != NULL ? b->n : c != NULL ? c->protocol.n : 0;
	}
	return total;
}

static struct policy_service *
resolve_services(struct resolver *s, const char *const *items, uint32_t n, const char *path, uint32_t *ret_n)
{
	const struct conf_builtin *b;
	const struct conf_service *c;
	struct policy_service *all, *p;
	uint32_t i, k;

	all = mem_alloc(s->arena, count_services(s, items, n, path), sizeof(*all));
	for (i = 0, p = all; i < n; i++) {
		b = conf_builtin_service(items[i]);
		c = b == NULL ? names_get(&s->services, items[i]) : NULL;
		for (k = 0; b != NULL && k < b->n; k++)
			add_builtin(p++, &b->matches[k], s->arena);
		for (k = 0; c != NULL && k < c->protocol.n; k++, p++) {
			p->protocol = conf_protocol_ip_number(c->protocol.items[k]);
			p->ports = c->ports.items;
			p->n_ports = c->ports.n;
			p->source_ports = c->source_ports.items;
			p->n_source_ports = c->source_ports.n;
		}
	}
	*ret_n = (uint32_t)(p - all);
	return all;
}

/* --- rules */
static void
resolve_limit(struct policy_rule *r, const struct conf_rule_limit *c)
{
	static const uint8_t shares[CONF_RULE_LIMIT_PER_MAX] = {
		[CONF_RULE_LIMIT_PER_INVALID] = POLICY_PER_RULE,
		[CONF_RULE_LIMIT_PER_RULE] = POLICY_PER_RULE,
		[CONF_RULE_LIMIT_PER_SOURCE] = POLICY_PER_SOURCE,
		[CONF_RULE_LIMIT_PER_DESTINATION] = POLICY_PER_DESTINATION
	};

	r->rate = c->rate;
	r->burst = c->burst > 0 ? c->burst : 1;
	r->per = shares[c->per];
}

static void
resolve_rule(struct resolver *s, const struct conf_rule *c)
{
	struct policy_rule *r;
	const char *path;

	path = object_path(s, "/firewall/rules", c->id);
	if (path == NULL)
		return;
	r = &s->policy->rules[s->policy->n_rules++];
	r->id = c->id;
	r->path = path;
	r->from = resolve_zone_set(s, c->from.items, c->from.n, r->path);
	r->to = resolve_zone_set(s, c->to.items, c->to.n, r->path);
	r->from_names = c->from.items;
	r->n_from_names = c->from.n;
	r->to_names = c->to.items;
	r->n_to_names = c->to.n;
	resolve_endpoint(s, &r->source, c->source, r->path);
	resolve_endpoint(s, &r->destination, c->destination, r->path);
	r->services = resolve_services(s, c->service.items, c->service.n, r->path, &r->n_services);
	if (c->limit != NULL)
		resolve_limit(r, c->limit);
	r->is_logged = c->log;
	switch ((enum conf_rule_action)c->action) {
	case CONF_RULE_ACTION_ACCEPT:
		r->action = POLICY_ACCEPT;
		break;
	case CONF_RULE_ACTION_REJECT:
		r->action = POLICY_REJECT;
		break;
	case CONF_RULE_ACTION_DROP:
	case CONF_RULE_ACTION_INVALID:
	case CONF_RULE_ACTION_MAX:
		r->action = POLICY_DROP;
		break;
	}
}

static void
resolve_rules(struct resolver *s)
{
	const struct conf_firewall *f;
	uint32_t i;

	f = s->firewall;
	for (i = 0; i < f->groups.n; i++)
		if (check_key(s, f->groups.items[i].name, "/firewall/groups") &&
		    names_get(&s->groups, f->groups.items[i].name) == NULL)
			names_put(s->arena, &s->groups, f->groups.items[i].name, &f->groups.items[i]);
	for (i = 0; i < f->services.n; i++)
		if (names_get(&s->services, f->services.items[i].name) == NULL)
			names_put(s->arena, &s->services, f->services.items[i].name, &f->services.items[i]);
	s->policy->rules = mem_alloc(s->arena, f->rules.n, sizeof(*s->policy->rules));
	for (i = 0; i < f->rules.n; i++)
		if (f->rules.items[i].enabled)
			resolve_rule(s, &f->rules.items[i]);
}

/* --- translation */
static void
resolve_masquerade(struct resolver *s, const struct conf_masquerade *c)
{
	struct policy_masquerade *m;
	struct conf_endpoint source;
	const char *path;
	uint32_t zone;

	path = object_path(s, "/nat/masquerade", c->name);
	if (path == NULL || !zone_number(s, c->zone, path, &zone))
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
		m->source.zones = resolve_zone_set(s, source.zones.items, source.zones.n, m->path);
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

	path = object_path(s, "/nat/port-forwards", c->id);
	if (path == NULL || !zone_number(s, c->zone, path, &zone))
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

static void
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

/* --- the rest */
static void
resolve_management(struct resolver *s, const struct conf_management *m)
{
	s->policy->guards_access = m == NULL || m->lock_out_guard;
	if (m == NULL)
		return;
	if (m->web != NULL) {
		s->policy->web.port = m->web->port;
		s->policy->web.zones = resolve_zone_set(s, m->web->zones.items, m->web->zones.n, "/management/web/zones");
	}
	if (m->ssh != NULL) {
		s->policy->ssh.port = m->ssh->port;
		s->policy->ssh.zones = resolve_zone_set(s, m->ssh->zones.items, m->ssh->zones.n, "/management/ssh/zones");
	}
}

static void
resolve_options(struct fw_policy *p, const struct conf_firewall *f)
{
	p->drops_spoofed = f->anti_spoofing;
	p->drops_outgoing = f->defaults != NULL && f->defaults->outgoing == CONF_FIREWALL_DEFAULTS_OUTGOING_DROP;
	p->log_rate = (struct rate){ .count = 20, .seconds = 1 };
	if (f->logging == NULL)
		return;
	p->logs_unmatched = f->logging->unmatched;
	p->logs_invalid = f->logging->invalid;
	p->logs_spoofed = f->logging->spoofed;
	if (f->logging->limit.count > 0)
		p->log_rate = f->logging->limit;
}

struct fw_policy *
policy_from_conf(const struct conf_fwd *conf, const struct links *links, struct arena *a, struct problems *problems)
{
	static const struct conf_firewall empty = { .anti_spoofing = true };
	struct resolver s = { .conf = conf, .links = links, .arena = a, .problems = problems };
	uint32_t n;

	n = problems->n;
	s.firewall = conf->firewall != NULL ? conf->firewall : &empty;
	s.policy = mem_alloc(a, 1, sizeof(*s.policy));
	resolve_options(s.policy, s.firewall);
	resolve_interfaces(&s);
	resolve_zones(&s);
	resolve_rules(&s);
	resolve_nat(&s, conf->nat);
	resolve_management(&s, conf->management);
	return problems->n == n ? s.policy : NULL;
}
