/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#include "hash.h"
#include "links.h"
#include "mem.h"
#include "policy_bogons.h"
#include "problems.h"
#include "resolver.h"
#include "zoneset.h"

/* The frame of the resolution: interfaces, zones, management, options. */

#define KEY_MAX		63
#define SET_NAME_MAX	96	/* longer joined names are hashed */

void
resolver_unknown(struct resolver *s, const char *path, const char *noun, const char *name)
{
	problems_add(s->problems, path, "unknown-reference", "there is no %s \"%s\"", noun, name);
}

bool
resolver_check_key(struct resolver *s, const char *key, const char *path)
{
	const char *p;

	for (p = key; (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') || (*p == '-' && p > key); p++)
		;
	if (p > key && *p == '\0' && p - key <= KEY_MAX)
		return true;
	problems_add(s->problems, path, "bad-name", "this name is not of 1 to %d lower-case letters, digits and hyphens", KEY_MAX);
	return false;
}

const char *
resolver_path(struct resolver *s, const char *list, const char *key)
{
	size_t n = strlen(list), m = strlen(key);
	char *path;

	if (!resolver_check_key(s, key, list))
		return NULL;
	path = mem_alloc(s->arena, n + m + 2, 1);
	memcpy(path, list, n);
	path[n] = '/';
	memcpy(path + n + 1, key, m);
	if (names_add(s->arena, &s->paths, path, path) != path) {
		problems_add(s->problems, path, "duplicate", "there are two of this name");
		return NULL;
	}
	return path;
}

bool
resolver_zone(struct resolver *s, const char *name, const char *path, uint32_t *ret)
{
	const struct policy_zone *z;

	z = names_get(&s->zones, name);
	if (z == NULL) {
		resolver_unknown(s, path, "zone", name);
		return false;
	}
	*ret = (uint32_t)(z - s->policy->zones);
	return true;
}

const char *
resolver_joined(struct resolver *s, const char *kind, const char *const *items, uint32_t n)
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
		if (names_get(&s->all_interfaces, c->name) == NULL)
			names_put(s->arena, &s->all_interfaces, c->name, (void *)c);
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
	z->blocks = (uint8_t)((c->block_bogons ? POLICY_BOGON_RESERVED : 0) | (c->block_private ? POLICY_BOGON_PRIVATE : 0));
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
		if (resolver_check_key(s, s->firewall->zones.items[n].name, "/firewall/zones"))
			resolve_zone(s, &s->firewall->zones.items[n], n + 1);
}

uint64_t *
resolver_zone_set(struct resolver *s, const char *const *items, uint32_t n, const char *path)
{
	uint64_t *set;
	uint32_t i, zone;

	set = zoneset_new(s->arena, s->policy);
	for (i = 0; i < n; i++) {
		if (strcmp(items[i], "any") == 0)
			zoneset_add_all(set, s->policy);
		else if (resolver_zone(s, items[i], path, &zone))
			zoneset_add(set, zone);
	}
	return set;
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
		s->policy->web.zones = resolver_zone_set(s, m->web->zones.items, m->web->zones.n, "/management/web/zones");
	}
	if (m->ssh != NULL) {
		s->policy->ssh.port = m->ssh->port;
		s->policy->ssh.zones = resolver_zone_set(s, m->ssh->zones.items, m->ssh->zones.n, "/management/ssh/zones");
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
	p->logs_bogons = f->logging->bogons;
	if (f->logging->limit.count > 0)
		p->log_rate = f->logging->limit;
}

struct fw_policy *
policy_from_conf(const struct conf_fwd *conf, const struct links *links, struct arena *a, struct problems *problems)
{
	return policy_with_live(conf, links, NULL, a, problems);
}

struct fw_policy *
policy_with_live(const struct conf_fwd *conf, const struct links *links, const struct live *live, struct arena *a, struct problems *problems)
{
	static const struct conf_firewall empty = { .anti_spoofing = true };
	struct resolver s = { .conf = conf, .links = links, .live = live, .arena = a, .problems = problems };
	uint32_t n;

	n = problems->n;
	s.firewall = conf->firewall != NULL ? conf->firewall : &empty;
	s.policy = mem_alloc(a, 1, sizeof(*s.policy));
	resolve_options(s.policy, s.firewall);
	resolve_interfaces(&s);
	resolve_zones(&s);
	resolve_groups(&s);
	resolve_bogons(&s);
	resolve_service_names(&s);
	resolve_schedules(&s);
	resolve_tracking(&s);
	resolve_rules(&s);
	resolve_nat(&s, conf->nat);
	resolve_syn_checks(&s);
	resolve_xdp(&s);
	resolve_offload(&s);
	resolve_bridge(&s);
	resolve_answers(&s);
	resolve_management(&s, conf->management);
	return problems->n == n ? s.policy : NULL;
}
