/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/if_ether.h>
#include <net/if_arp.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"

#include "links.h"
#include "mem.h"
#include "policy_bridge.h"
#include "problems.h"
#include "resolver.h"

/* The rules for frames between ports of bridges. */

#define IFNAME_MAX	15
#define COMBINATIONS_MAX	4096	/* of the values of one rule, each of which may be a rule in the kernel */

static void
add_ports(struct resolver *s, struct policy_links *l, const char *bridge)
{
	uint32_t cap = l->n;
	const char *port;
	unsigned at = 0;

	while ((port = links_next_port(s->links, bridge, &at)) != NULL) {
		l->items = mem_grow(s->arena, l->items, l->n, sizeof(*l->items), &cap);
		l->items[l->n++] = port;
	}
}

static void
resolve_bridges(struct resolver *s, struct policy_bridge_rule *r, const struct conf_bridge_rule *c)
{
	const struct policy_interface *f;
	uint32_t i;

	r->bridges.is_given = c->bridge.n > 0;
	for (i = 0; i < c->bridge.n; i++) {
		f = names_get(&s->interfaces, c->bridge.items[i]);
		if (f != NULL)
			add_ports(s, &r->bridges, f->ifname);
		else if (names_get(&s->all_interfaces, c->bridge.items[i]) == NULL)
			resolver_unknown(s, r->path, "interface", c->bridge.items[i]);
	}
}

static void
resolve_ports(struct resolver *s, struct policy_bridge_rule *r, struct policy_links *l, const char *const *items, uint32_t n)
{
	uint32_t i;

	l->is_given = n > 0;
	l->items = mem_alloc(s->arena, n, sizeof(*l->items));
	for (i = 0; i < n; i++) {
		l->items[l->n++] = items[i];
		if (strlen(items[i]) > IFNAME_MAX)
			problems_add(s->problems, r->path, "bad-name", "the kernel has no link names as long as \"%s\"", items[i]);
	}
}

/* "02:00:5e:00:53:01", and a mask may follow behind a slash. */
static bool
mac_match_parse(const char *text, struct policy_mac_match *ret)
{
	char value[MAC_STRLEN];
	const char *slash = strchr(text, '/');
	unsigned i;

	memset(&ret->mask, 0xff, sizeof(ret->mask));
	if (str_copy(value, text, sizeof(value)) >= sizeof(value) && slash != text + MAC_STRLEN - 1)
		return false;
	if (mac_parse(value, &ret->value) != 0 || (slash != NULL && mac_parse(slash + 1, &ret->mask) != 0))
		return false;
	for (i = 0, ret->is_whole = true; i < sizeof(ret->mask.bytes); i++) {
		if ((ret->value.bytes[i] & ~ret->mask.bytes[i]) != 0)
			return false;
		ret->is_whole = ret->is_whole && ret->mask.bytes[i] == 0xff;
	}
	return true;
}

static void
resolve_macs(struct resolver *s, struct policy_bridge_rule *r, struct policy_mac_matches *m, const char *const *items, uint32_t n)
{
	uint32_t i;

	m->items = mem_alloc(s->arena, n, sizeof(*m->items));
	for (i = 0; i < n; i++) {
		if (mac_match_parse(items[i], &m->items[m->n]))
			m->n++;
		else
			problems_add(s->problems, r->path, "bad-mac", "\"%s\" is no MAC address with only bits that its mask has", items[i]);
	}
}

/* "0x88cc" */
static bool
is_number(const char *text)
{
	const char *digits = strncmp(text, "0x", 2) == 0 ? text + 2 : "";

	return strspn(digits, "0123456789abcdefABCDEF") == 4 && digits[4] == '\0';
}

uint16_t
policy_bridge_type(const char *text)
{
	static const struct { const char *name; uint16_t type; } names[] = {
		{ "arp", ETH_P_ARP }, { "ipv4", ETH_P_IP }, { "ipv6", ETH_P_IPV6 }, { "pppoe", ETH_P_PPP_SES }
	};
	unsigned k;

	for (k = 0; k < sizeof(names) / sizeof(names[0]); k++)
		if (strcmp(names[k].name, text) == 0)
			return names[k].type;
	return is_number(text) ? (uint16_t)strtoul(text, NULL, 16) : 0;
}

static void
resolve_types(struct resolver *s, struct policy_bridge_rule *r, const struct conf_bridge_rule *c)
{
	const char *text;
	uint32_t i;

	r->types = mem_alloc(s->arena, c->ethertype.n + 1, sizeof(*r->types));
	for (i = 0; i < c->ethertype.n; i++) {
		text = c->ethertype.items[i];
		if (strcmp(text, "vlan") == 0) {
			r->is_tagged = true;
			continue;
		}
		r->types[r->n_types++] = policy_bridge_type(text);
	}
}

bool
policy_bridge_lists(const struct policy_bridge_rule *r, uint16_t type)
{
	uint32_t i;

	for (i = 0; i < r->n_types; i++)
		if (r->types[i] == type)
			return true;
	return false;
}

static void
resolve_addresses(struct resolver *s, struct policy_bridge_rule *r, struct policy_endpoint *e, struct prefix *items, uint32_t n)
{
	if (n == 0)
		return;
	e->criteria = mem_alloc(s->arena, 1, sizeof(*e->criteria));
	e->criteria[0] = (struct policy_addresses){ .path = r->path, .items = items, .n = n };
	e->n = 1;
}

static void
resolve_ip(struct resolver *s, struct policy_bridge_rule *r, const struct conf_bridge_rule *c)
{
	uint32_t i;

	r->is_ip = c->source_addresses.n > 0 || c->destination_addresses.n > 0 || c->service.n > 0;
	resolve_addresses(s, r, &r->source, c->source_addresses.items, c->source_addresses.n);
	resolve_addresses(s, r, &r->destination, c->destination_addresses.items, c->destination_addresses.n);
	r->services = resolve_services(s, (const char *const *)c->service.items, c->service.n, r->path, &r->n_services);
	for (i = 0; r->is_ip && i < r->n_types; i++)
		if (r->types[i] != ETH_P_IP && r->types[i] != ETH_P_IPV6)
			break;
	if (r->is_ip && (r->is_tagged || i < r->n_types))
		problems_add(s->problems, r->path, "not-ip", "addresses and services are of IP alone; take the other names out of ethertype");
}

static void
resolve_arp(struct resolver *s, struct policy_bridge_rule *r, const struct conf_bridge_rule_arp *c)
{
	uint32_t i;

	if (c->operation != 0)
		r->arp_operation = c->operation == CONF_BRIDGE_RULE_ARP_OPERATION_REQUEST ? ARPOP_REQUEST : ARPOP_REPLY;
	r->arp_senders = c->sender_addresses.items;
	r->n_arp_senders = c->sender_addresses.n;
	for (i = 0; i < r->n_arp_senders; i++)
		if (r->arp_senders[i].addr.family != ADDR_V4)
			problems_add(s->problems, r->path, "not-ipv4", "ARP is of IPv4 alone; take the IPv6 addresses out of sender-addresses");
	if (r->is_ip || r->is_tagged || r->n_types > (policy_bridge_lists(r, ETH_P_ARP) ? 1 : 0))
		problems_add(s->problems, r->path, "not-arp", "a packet of ARP has no addresses or services of IP, and no other ethertype; make two rules");
	r->types[0] = ETH_P_ARP;
	r->n_types = 1;
}

static uint64_t
count_masks(const struct policy_mac_matches *m)
{
	uint64_t n = 1;
	uint32_t i;

	for (i = 0; i < m->n; i++)
		n += !m->items[i].is_whole;
	return n;
}

static void
check_size(struct resolver *s, const struct policy_bridge_rule *r)
{
	uint64_t n = count_masks(&r->source_macs) * count_masks(&r->destination_macs);

	n *= (r->is_tagged ? 2 : 1) * (uint64_t)(r->n_vlans + 1) * (r->n_arp_senders + 1) * (2 * (uint64_t)r->n_services + 2);
	if (n > COMBINATIONS_MAX)
		problems_add(s->problems, r->path, "too-many", "its masks, VLANs, senders and services are too many combinations; make several rules");
}

static void
resolve_bridge_rule(struct resolver *s, struct policy_bridge *b, const struct conf_bridge_rule *c)
{
	struct policy_bridge_rule *r;
	const char *path, *taken;

	path = resolver_path(s, "/firewall/bridge-rules", c->id);
	if (path == NULL)
		return;
	taken = names_add(s->arena, &s->rule_ids, c->id, (void *)(uintptr_t)path);
	if (taken != path) {
		problems_add(s->problems, path, "duplicate", "its id is taken by %s; ids are unique over all rules", taken);
		return;
	}
	r = &b->rules[b->n_rules++];
	r->id = c->id;
	r->path = path;
	resolve_bridges(s, r, c);
	resolve_ports(s, r, &r->in, (const char *const *)c->in_port.items, c->in_port.n);
	resolve_ports(s, r, &r->out, (const char *const *)c->out_port.items, c->out_port.n);
	resolve_macs(s, r, &r->source_macs, (const char *const *)c->source_mac.items, c->source_mac.n);
	resolve_macs(s, r, &r->destination_macs, (const char *const *)c->destination_mac.items, c->destination_mac.n);
	resolve_types(s, r, c);
	r->vlans = c->vlan.items;
	r->n_vlans = c->vlan.n;
	resolve_ip(s, r, c);
	if (c->arp != NULL)
		resolve_arp(s, r, c->arp);
	check_size(s, r);
	r->is_logged = c->log;
	r->action = c->action == CONF_BRIDGE_RULE_ACTION_ACCEPT ? POLICY_ACCEPT : POLICY_DROP;
}

void
resolve_bridge(struct resolver *s)
{
	const struct conf_firewall *f = s->firewall;
	struct policy_bridge *b = mem_alloc(s->arena, 1, sizeof(*b));
	uint32_t i;

	b->drops = f->defaults != NULL && f->defaults->bridged == CONF_FIREWALL_DEFAULTS_BRIDGED_DROP;
	b->rules = mem_alloc(s->arena, f->bridge_rules.n, sizeof(*b->rules));
	for (i = 0; i < f->bridge_rules.n; i++)
		if (f->bridge_rules.items[i].enabled)
			resolve_bridge_rule(s, b, &f->bridge_rules.items[i]);
	for (i = 0; b->drops && i < s->policy->n_interfaces; i++)
		add_ports(s, &b->ports, s->policy->interfaces[i].ifname);
	if (b->n_rules > 0 || b->drops)
		s->policy->bridge = b;
}
