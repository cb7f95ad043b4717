/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A case as a document that the golden tests take; what went wrong stands above it. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"

#include "case.h"
#include "policy_bogons.h"
#include "policy_nat.h"
#include "policy_syn.h"
#include "zoneset.h"

static const char *const action_names[POLICY_ACTION_MAX] = { "", "accept", "drop", "reject", "continue", "no-tracking", "queue" };
static const char *const per_names[POLICY_PER_MAX] = { "", "rule", "source", "destination" };

static void
print_zone_names(const struct fw_policy *p, const char *key, const uint64_t *zones, struct buf *b)
{
	const char *sep = "";
	uint32_t i;

	buf_printf(b, ", %s: [", key);
	for (i = 0; i < p->n_zones; i++) {
		if (zoneset_has(zones, i)) {
			buf_printf(b, "%s%s", sep, p->zones[i].name);
			sep = ", ";
		}
	}
	buf_puts(b, "]");
}

static void
print_prefixes(const struct policy_addresses *a, struct buf *b)
{
	char text[PREFIX_STRLEN];
	uint32_t i;

	for (i = 0; i < a->n; i++)
		buf_printf(b, "%s%s", i > 0 ? ", " : "", prefix_format(&a->items[i], text, sizeof(text)));
}

static void
print_endpoint(const char *key, const struct policy_endpoint *e, struct buf *b)
{
	const char *sep = "";
	unsigned i;

	if (e->n == 0)
		return;
	buf_printf(b, ", %s: {", key);
	for (i = 0; i < e->n; i++) {
		buf_puts(b, sep);
		if (e->criteria[i].name != NULL) {
			buf_printf(b, "group: %s", e->criteria[i].name + strlen("group."));
		} else {
			buf_puts(b, "addresses: [");
			print_prefixes(&e->criteria[i], b);
			buf_puts(b, "]");
		}
		sep = ", ";
	}
	buf_puts(b, "}");
}

static void
print_groups(const struct policy_endpoint *e, struct buf *b)
{
	unsigned i;

	for (i = 0; i < e->n; i++) {
		if (e->criteria[i].name == NULL)
			continue;
		buf_printf(b, "    %s: {addresses: [", e->criteria[i].name + strlen("group."));
		print_prefixes(&e->criteria[i], b);
		buf_puts(b, "]}\n");
	}
}

static void
print_ports(const char *key, const struct ports *p, uint32_t n, struct buf *b)
{
	char text[PORTS_STRLEN];
	uint32_t i;

	for (i = 0; i < n; i++)
		buf_printf(b, "%s%s%s", i > 0 ? ", " : key, ports_format(&p[i], text, sizeof(text)), i + 1 == n ? "]" : "");
}

static void
print_services(const char *rule, const struct policy_service *s, uint32_t n, struct buf *b)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		buf_printf(b, "    %s-%u: {protocol: %u", rule, i, s[i].protocol);
		if (s[i].has_type)
			buf_printf(b, ", icmp-type: %u", s[i].type);
		print_ports(", ports: [", s[i].ports, s[i].n_ports, b);
		print_ports(", source-ports: [", s[i].source_ports, s[i].n_source_ports, b);
		buf_puts(b, "}\n");
	}
}

static void
print_service_names(const char *rule, uint32_t n, struct buf *b)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		buf_printf(b, "%s%s-%u%s", i > 0 ? ", " : ", service: [", rule, i, i + 1 == n ? "]" : "");
}

static void
print_rule(const struct fw_policy *p, const struct policy_rule *r, struct buf *b)
{
	char text[32];

	buf_printf(b, "    - {id: %s", r->id);
	print_zone_names(p, "from", r->from, b);
	print_zone_names(p, "to", r->to, b);
	print_endpoint("source", &r->source, b);
	print_endpoint("destination", &r->destination, b);
	print_service_names(r->id, r->n_services, b);
	if (r->rate.count != 0)
		buf_printf(b, ", limit: {rate: %s, burst: %u, per: %s}", rate_format(&r->rate, text, sizeof(text)), r->burst, per_names[r->per]);
	if (r->syn != NULL)
		buf_printf(b, ", syn-protection: {mss: %u, window-scale: %u, timestamps: %s, selective-ack: %s}", r->syn->mss, r->syn->window_scale,
		    r->syn->has_timestamps ? "true" : "false", r->syn->has_selective_ack ? "true" : "false");
	buf_printf(b, "%s, action: %s}\n", r->is_logged ? ", log: true" : "", action_names[r->action]);
}

static void
print_frame(const struct fw_policy *p, struct buf *b)
{
	uint32_t i, k;

	buf_puts(b, "interfaces:\n");
	for (i = 0; i < p->n_interfaces; i++)
		buf_printf(b, "  %s: {match: {name: %s}}\n", p->interfaces[i].name, p->interfaces[i].ifname);
	buf_printf(b, "firewall:\n  anti-spoofing: %s\n  defaults: {outgoing: %s}\n  zones:\n", p->drops_spoofed ? "true" : "false",
	    p->drops_outgoing ? "drop" : "accept");
	for (i = POLICY_LOCAL + 1; i < p->n_zones; i++) {
		buf_printf(b, "    %s: {default-action: %s, interfaces: [", p->zones[i].name, action_names[p->zones[i].action]);
		for (k = 0; k < p->zones[i].n_interfaces; k++)
			buf_printf(b, "%s%s", k > 0 ? ", " : "", p->interfaces[p->zones[i].interfaces[k]].name);
		buf_printf(b, "]%s%s}\n", p->bogons != NULL && (p->zones[i].blocks & POLICY_BOGON_RESERVED) != 0 ? ", block-bogons: true" : "",
		    p->bogons != NULL && (p->zones[i].blocks & POLICY_BOGON_PRIVATE) != 0 ? ", block-private: true" : "");
	}
	if (p->bogons != NULL)
		buf_puts(b, "# What is reserved and private was of the proof's own making; no document says that.\n");
}

static void
print_forward(const struct fw_policy *p, const struct policy_forward *f, struct buf *b)
{
	char text[ADDR_STRLEN];

	/* The document knows one address at most; several are those of the zone's interfaces. */
	buf_printf(b, "    - {id: %s, zone: %s", f->id, p->zones[f->zone].name);
	if (f->n_addresses > 0)
		buf_printf(b, ", address: %s", addr_format(&f->addresses[0], text, sizeof(text)));
	print_endpoint("source", &f->source, b);
	print_service_names(f->id, f->n_services, b);
	buf_printf(b, ", to: %s", addr_format(&f->to, text, sizeof(text)));
	if (f->to_port != 0)
		buf_printf(b, ", to-port: %u", f->to_port);
	buf_printf(b, "%s%s}\n", f->is_hairpin ? ", hairpin: true" : "", f->is_logged ? ", log: true" : "");
}

static void
print_comment(const struct buf *text, struct buf *b)
{
	const char *line = (const char *)text->data, *end;

	for (; line != NULL && *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		buf_printf(b, "# %.*s\n", (int)(end - line), line);
	}
}

void
case_print(const struct proof_case *c, const struct buf *text, struct buf *b)
{
	const struct fw_policy *p = c->policy;
	uint32_t i;

	print_comment(text, b);
	print_frame(p, b);
	buf_puts(b, "  groups:\n    none: {}\n");
	for (i = 0; i < p->n_rules; i++) {
		print_groups(&p->rules[i].source, b);
		print_groups(&p->rules[i].destination, b);
	}
	for (i = 0; i < p->n_forwards; i++)
		print_groups(&p->forwards[i].source, b);
	buf_puts(b, "  services:\n    none: {protocol: tcp}\n");
	for (i = 0; i < p->n_rules; i++)
		print_services(p->rules[i].id, p->rules[i].services, p->rules[i].n_services, b);
	for (i = 0; i < p->n_forwards; i++)
		print_services(p->forwards[i].id, p->forwards[i].services, p->forwards[i].n_services, b);
	buf_puts(b, p->n_rules > 0 ? "  rules:\n" : "");
	for (i = 0; i < p->n_rules; i++)
		print_rule(p, &p->rules[i], b);
	buf_puts(b, p->n_forwards > 0 ? "nat:\n  port-forwards:\n" : "");
	for (i = 0; i < p->n_forwards; i++)
		print_forward(p, &p->forwards[i], b);
}
