/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "policy_bogons.h"
#include "policy_nat.h"
#include "policy_random.h"
#include "policy_syn.h"
#include "policy_tracking.h"
#include "rule_conditions.h"
#include "zoneset.h"

unsigned
below(unsigned n)
{
	return (unsigned)random() % n;
}

bool
has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

/* Not the first of a block: in IPv6 that is its routers' anycast address, and nobody is told of errors there. */
struct addr
addr_in_block(uint8_t family, uint32_t block, unsigned host)
{
	struct addr a = { .family = family };

	if (family == ADDR_V4)
		memcpy(a.bytes, (uint8_t[]){ 192, 0, 2, (uint8_t)(16 * block + 1 + host) }, 4);
	else
		memcpy(a.bytes, (uint8_t[]){ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)(16 * block + 1 + host) }, 16);
	return a;
}

uint32_t
addr_block(const struct addr *a)
{
	return a->bytes[addr_len(a) - 1] / 16;
}

uint32_t
block_random(const struct fw_policy *p)
{
	uint32_t n = below(p->n_interfaces + 1);

	return n == p->n_interfaces ? RANDOM_BOX : n;
}

/* --- policies */
static uint64_t *
random_zones(const struct fw_policy *p, struct arena *arena)
{
	uint64_t *set;
	uint32_t i, n;

	set = zoneset_new(arena, p);
	if (below(4) == 0)
		zoneset_add_all(set, p);
	for (i = 0, n = 1 + below(2); i < n; i++)
		zoneset_add(set, below(p->n_zones));
	return set;
}

static void
random_limit(struct policy_rule *r)
{
	r->rate = (struct rate){ 1, 86400 };
	r->burst = 1 + below(4);
	r->per = (uint8_t)(POLICY_PER_RULE + below(3));
}

/* What the configuration refuses is left out. */
static void
random_syn(struct policy_rule *r, struct arena *arena)
{
	struct policy_syn *syn = arena_alloc(arena, 1, sizeof(*syn));
	const struct policy_conditions *c = &r->conditions;

	*syn = (struct policy_syn){ 1460, 7, below(2) == 0, below(2) == 0 };
	if (r->action == POLICY_ACCEPT && !zoneset_has(r->from, POLICY_LOCAL) && r->rate.count == 0 && c->states == 0 && c->n_lengths == 0 &&
	    c->tcp_flags.mask == 0 && c->connection_mark.mask == 0 && r->writes.mark.mask == 0 && r->writes.connection_mark.mask == 0 &&
	    !r->writes.has_dscp && below(3) == 0)
		r->syn = syn;
}

static void
random_rule(struct fw_policy *p, struct policy_rule *r, unsigned number, unsigned extent, struct arena *arena)
{
	unsigned i;

	r->id = arena_printf(arena, "r%u", number);
	r->path = arena_printf(arena, "/firewall/rules/r%u", number);
	/* Often as the rule before, so that blocks come to be. */
	if (number > 0 && below(3) == 0) {
		r->from = r[-1].from;
		r->to = r[-1].to;
	} else {
		r->from = random_zones(p, arena);
		r->to = random_zones(p, arena);
	}
	for (i = 0; i < n_rule_fields; i++)
		if ((rule_fields[i].extent & ~extent) == 0 && below(rule_fields[i].one_in) == 0)
			rule_fields[i].make(p, r, arena);
	r->section = POLICY_MAIN;
	r->action = (uint8_t)(POLICY_ACCEPT + below((extent & RANDOM_HEADERS) != 0 ? 4 : 3));
	r->reject = POLICY_ADMIN_PROHIBITED;
	r->resets_tcp = true;
	if ((extent & RANDOM_HEADERS) != 0 && (r->action == POLICY_CONTINUE || below(8) == 0))
		writes_random(&r->writes);
	r->is_logged = below(4) == 0;
	if ((extent & RANDOM_LIMITS) != 0 && below(12) == 0)
		random_limit(r);
	random_syn(r, arena);
}

static struct policy_addresses *
addresses_one(struct prefix one, struct arena *arena)
{
	struct policy_addresses *a = arena_alloc(arena, 1, sizeof(*a));

	a->path = "";
	a->items = arena_alloc(arena, 1, sizeof(one));
	a->items[0] = one;
	a->n = 1;
	return a;
}

/* Of a block as a whole, or of its hosts in pairs: these touch as well. */
static struct prefix
neighbour(uint8_t family, unsigned number, bool is_pair)
{
	unsigned pairs = RANDOM_HOSTS / 2 + 1;
	struct prefix n = { addr_in_block(family, is_pair ? number / pairs : number, is_pair ? 2 * (number % pairs) : 0), 0 };

	n.len = (uint8_t)(8 * addr_len(&n.addr) - (is_pair ? 1 : 4));
	n.addr = prefix_network(&n).addr;
	return n;
}

/* Rules of the same zones that ask for nothing but networks that touch: each is a rule of its own. */
static void
random_row(struct fw_policy *p, struct arena *arena)
{
	uint8_t family = below(2) == 0 ? ADDR_V4 : ADDR_V6;
	bool is_pair = below(2) == 0, is_source = below(2) == 0;
	unsigned i, n = is_pair ? (RANDOM_HOSTS / 2 + 1) * p->n_interfaces : p->n_interfaces + 1;
	struct policy_rule *r;

	for (i = 0; i < n && i < p->n_rules; i++) {
		r = &p->rules[i];
		*r = (struct policy_rule){ .id = r->id, .path = r->path, .from = p->rules[0].from, .to = p->rules[0].to, .section = r->section,
		    .action = (uint8_t)(POLICY_ACCEPT + below(3)), .reject = r->reject, .resets_tcp = r->resets_tcp, .is_logged = r->is_logged };
		(is_source ? &r->source : &r->destination)->n = 1;
		(is_source ? &r->source : &r->destination)->criteria = addresses_one(neighbour(family, i, is_pair), arena);
	}
}

static void
random_interfaces(struct fw_policy *p, struct arena *arena)
{
	struct policy_zone *z;
	uint32_t i;

	p->n_zones = 2 + below(3);
	p->zones = arena_alloc(arena, p->n_zones, sizeof(*p->zones));
	p->n_interfaces = 1 + below(RANDOM_INTERFACES);
	p->interfaces = arena_alloc(arena, p->n_interfaces, sizeof(*p->interfaces));
	for (i = 0; i < p->n_zones; i++) {
		p->zones[i].name = i == POLICY_LOCAL ? "local" : arena_printf(arena, "z%u", i);
		p->zones[i].path = arena_printf(arena, "/firewall/zones/z%u", i);
		p->zones[i].action = below(2) == 0 ? POLICY_DROP : POLICY_REJECT;
		p->zones[i].interfaces = arena_alloc(arena, p->n_interfaces, sizeof(uint32_t));
	}
	for (i = 0; i < p->n_interfaces; i++) {
		p->interfaces[i].ifname = p->interfaces[i].name = arena_printf(arena, "eth%u", i);
		p->interfaces[i].path = "";
		p->interfaces[i].zone = below(p->n_zones);
		z = &p->zones[p->interfaces[i].zone];
		if (p->interfaces[i].zone != POLICY_LOCAL)
			z->interfaces[z->n_interfaces++] = i;
	}
}

/* What connection tracking is told decides about no packet of these. */
static void
random_tracking(struct fw_policy *p, struct arena *arena)
{
	static const struct policy_helper known[] = {
		{ .id = "ftp", .path = "/ftp", .name = "ftp", .service = { .protocol = IPPROTO_TCP } },
		{ .id = "tftp", .path = "/tftp", .name = "tftp", .service = { .protocol = IPPROTO_UDP } }
	};
	struct policy_tracking *t = arena_alloc(arena, 1, sizeof(*t));
	unsigned i;

	t->helpers = arena_alloc(arena, 2, sizeof(*t->helpers));
	for (i = 0; i < 2; i++) {
		if (below(2) == 0)
			continue;
		t->helpers[t->n_helpers] = known[i];
		t->helpers[t->n_helpers].from = random_zones(p, arena);
		t->helpers[t->n_helpers].service.ports = arena_alloc(arena, 1, sizeof(struct ports));
		t->helpers[t->n_helpers].service.ports[0] = (struct ports){ .low = 1, .high = (uint16_t)(1 + below(16)) };
		t->helpers[t->n_helpers++].service.n_ports = 1;
	}
	for (i = 0; i < 2; i++)
		if (below(2) == 0)
			t->timeouts[t->n_timeouts++] = (struct policy_timeout){ .path = "/timeouts", .protocol = i == 0 ? IPPROTO_TCP : IPPROTO_UDP,
			    .seconds = { [1] = 1 + below(100), [2] = below(100) } };
	p->tracking = t;
}

static void
random_access(const struct fw_policy *p, struct policy_access *a, struct arena *arena)
{
	uint32_t i;

	a->zones = zoneset_new(arena, p);
	for (i = POLICY_LOCAL + 1; i < p->n_zones; i++)
		if (below(2) == 0)
			zoneset_add(a->zones, i);
	a->port = (uint16_t)(1 + below(12));
}

static void
random_forward(const struct fw_policy *p, struct policy_forward *f, unsigned number, struct arena *arena)
{
	struct policy_rule like = { .id = NULL };
	uint32_t i;

	f->id = arena_printf(arena, "f%u", number);
	f->path = arena_printf(arena, "/nat/port-forwards/f%u", number);
	f->zone = 1 + below(p->n_zones - 1);
	f->n_addresses = below(3);
	f->is_hairpin = f->n_addresses > 0 && below(2) == 0;
	f->addresses = arena_alloc(arena, 2, sizeof(*f->addresses));
	for (i = 0; i < f->n_addresses; i++)
		f->addresses[i] = addr_in_block(ADDR_V4, RANDOM_BOX, i);
	/* Services with ports alone: what has none cannot be led to another port. */
	f->n_services = 1 + below(2);
	f->services = arena_alloc(arena, f->n_services, sizeof(*f->services));
	for (i = 0; i < f->n_services; i++) {
		f->services[i].protocol = below(2) == 0 ? IPPROTO_TCP : IPPROTO_UDP;
		f->services[i].ports = arena_alloc(arena, 1, sizeof(struct ports));
		f->services[i].ports[0].low = (uint16_t)(1 + below(12));
		f->services[i].ports[0].high = (uint16_t)(f->services[i].ports[0].low + below(3));
		f->services[i].n_ports = 1;
	}
	if (below(3) == 0) {
		rule_fields[0].make(p, &like, arena);
		f->source = like.source;
	}
	f->to = addr_in_block(ADDR_V4, below(p->n_interfaces), below(RANDOM_HOSTS));
	f->to_port = below(2) == 0 ? (uint16_t)(1 + below(12)) : 0;
	f->is_logged = below(4) == 0;
}

/* Networks of blocks, whole ones or pairs of their hosts, in place of those that the world has: all of a proof's addresses are bogons. */
static struct policy_addresses
random_bogons(const struct fw_policy *p, const char *name, struct arena *arena)
{
	struct policy_addresses a = { .name = name, .path = "/firewall/bogons" };
	uint32_t i;

	a.items = arena_alloc(arena, 3, sizeof(*a.items));
	a.n = below(4);
	for (i = 0; i < a.n; i++)
		a.items[i] = neighbour(below(2) == 0 ? ADDR_V4 : ADDR_V6, below(p->n_interfaces), below(2) == 0);
	return a;
}

static void
random_blocks(struct fw_policy *p, struct arena *arena)
{
	struct policy_bogons *b = arena_alloc(arena, 1, sizeof(*b));
	struct policy_endpoint *groups[2] = { &b->listed, &b->except };
	uint32_t i;

	p->bogons = b;
	for (i = POLICY_LOCAL + 1; i < p->n_zones; i++)
		p->zones[i].blocks = (uint8_t)below(4);
	b->reserved = random_bogons(p, "bogons.reserved", arena);
	b->private = random_bogons(p, "bogons.private", arena);
	for (i = 0; i < 2; i++) {
		groups[i]->criteria = arena_alloc(arena, 1, sizeof(struct policy_addresses));
		groups[i]->criteria[0] = random_bogons(p, i == 0 ? "group.listed" : "group.except", arena);
		groups[i]->n = below(2);
	}
}

struct fw_policy *
policy_random(struct arena *arena, unsigned extent, unsigned n_rules_max)
{
	struct fw_policy *p;
	uint32_t i;

	p = arena_alloc(arena, 1, sizeof(*p));
	random_interfaces(p, arena);
	p->drops_outgoing = below(2) == 0;
	p->logs_unmatched = below(2) == 0;
	p->log_rate = (struct rate){ 1, 1 };
	p->n_rules = below(n_rules_max);
	p->rules = arena_alloc(arena, p->n_rules + 1, sizeof(*p->rules));
	for (i = 0; i < p->n_rules; i++)
		random_rule(p, &p->rules[i], i, extent, arena);
	if (below(4) == 0)
		random_row(p, arena);
	for (i = 0; (extent & RANDOM_SECTIONS) != 0 && i < p->n_rules; i++)
		p->rules[i].section = (uint8_t)(i < p->n_rules / 4 ? POLICY_PRE : i < p->n_rules - p->n_rules / 4 ? POLICY_MAIN : POLICY_POST);
	for (i = 0; i < p->n_rules; i++)
		if (p->rules[i].section == POLICY_PRE)
			p->rules[i].syn = NULL;
	if ((extent & RANDOM_ACCESS) != 0) {
		p->guards_access = below(2) == 0;
		random_access(p, &p->web, arena);
		random_access(p, &p->ssh, arena);
	}
	if ((extent & RANDOM_SPOOFING) != 0) {
		p->drops_spoofed = below(3) == 0;
		p->logs_spoofed = below(2) == 0;
		p->logs_invalid = below(2) == 0;
		p->logs_bogons = below(2) == 0;
		if (below(3) == 0)
			random_blocks(p, arena);
	}
	if ((extent & RANDOM_FORWARDS) != 0 && below(2) == 0)
		p->n_forwards = 1 + below(3);
	p->forwards = arena_alloc(arena, p->n_forwards + 1, sizeof(*p->forwards));
	for (i = 0; i < p->n_forwards; i++)
		random_forward(p, &p->forwards[i], i, arena);
	if ((extent & RANDOM_FORWARDS) != 0 && below(3) == 0)
		random_tracking(p, arena);
	return p;
}

/* --- packets */
/* No errors, and none that the kernel takes for one: nobody is told that an error was rejected. */
static uint8_t
random_type(uint8_t protocol)
{
	static const uint8_t types[] = { 8, 8, 13, 17, 9, 10 }, types6[] = { 128, 128, 139, 200, 201 };

	return protocol == IPPROTO_ICMP ? types[below(sizeof(types))] : types6[below(sizeof(types6))];
}

/* A packet made for a network may have the first address of it, and so of a block. */
static void
not_the_first(struct addr *a)
{
	uint8_t *last = &a->bytes[addr_len(a) - 1];

	*last = (uint8_t)(*last + (*last % 16 == 0));
}

/* Where it really goes: its destination says so, and no packet of the box's own address comes from outside. */
static void
settle(const struct fw_policy *p, struct packet *k)
{
	uint32_t to;

	not_the_first(&k->source);
	not_the_first(&k->destination);
	to = addr_block(&k->destination);
	k->out = to >= p->n_interfaces ? 0 : to + 1;
	if (k->out == 0)
		k->destination = addr_in_block(k->destination.family, RANDOM_BOX, below(RANDOM_HOSTS));
	if (k->in == 0 && k->out == 0)
		k->in = 1 + below(p->n_interfaces);
	if (k->in != 0 && addr_block(&k->source) >= p->n_interfaces)
		k->source = addr_in_block(k->source.family, k->in - 1, below(RANDOM_HOSTS));
	else if (k->in == 0)
		k->source = addr_in_block(k->source.family, RANDOM_BOX, below(RANDOM_HOSTS));
}

static void
steer_forward(const struct policy_forward *f, struct packet *k)
{
	const struct policy_service *s = &f->services[below(f->n_services)];

	if (k->source.family != ADDR_V4)
		return;
	k->destination = f->n_addresses > 0 ? f->addresses[below(f->n_addresses)] : addr_in_block(ADDR_V4, RANDOM_BOX, below(RANDOM_HOSTS));
	k->protocol = s->protocol;
	k->destination_port = (uint16_t)(s->ports[0].low + below(2));
}

struct packet
packet_random(const struct fw_policy *p)
{
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_GRE, IPPROTO_ESP, IPPROTO_ICMP
	};
	const struct policy_rule *r;
	struct packet k = { .in = below(p->n_interfaces + 1) };
	uint8_t family = below(2) == 0 ? ADDR_V4 : ADDR_V6;
	unsigned i;

	k.source = addr_in_block(family, below(p->n_interfaces), below(RANDOM_HOSTS));
	k.destination = addr_in_block(family, block_random(p), below(RANDOM_HOSTS));
	k.protocol = protocols[below(sizeof(protocols))];
	if (k.protocol == IPPROTO_ICMP && family == ADDR_V6)
		k.protocol = IPPROTO_ICMPV6;
	k.source_port = (uint16_t)(1 + below(16));
	k.destination_port = (uint16_t)(1 + below(16));
	k.icmp_type = random_type(k.protocol);
	k.tcp_flags = (uint8_t)below(64);
	k.dscp = (uint8_t)(44 + below(4));
	k.mac = (uint8_t)below(4);
	k.length = (uint16_t)(40 + below(400));
	k.mark = below(4);
	k.connection_mark = below(4);
	/* Half of them are made for a rule, or hardly any rule would ever decide. */
	if (p->n_rules > 0 && below(2) == 0) {
		r = &p->rules[below(p->n_rules)];
		for (i = 0; i < n_rule_fields; i++)
			if (rule_fields[i].steer != NULL)
				rule_fields[i].steer(r, &k);
	}
	if (p->n_forwards > 0 && below(4) == 0)
		steer_forward(&p->forwards[below(p->n_forwards)], &k);
	settle(p, &k);
	return k;
}

/* nf_conntrack_proto_icmp.c, nf_conntrack_proto_icmpv6.c: valid_new; what has no inverse is no flow either. */
bool
packet_is_invalid(const struct packet *k)
{
	if (k->protocol == IPPROTO_ICMP)
		return k->icmp_type != 8 && k->icmp_type != 13 && k->icmp_type != 15 && k->icmp_type != 17;
	if (k->protocol == IPPROTO_ICMPV6)
		return k->icmp_type != 128 && k->icmp_type != 139;
	return false;
}
