/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/arena.h"

#include "journey.h"
#include "links.h"
#include "mem.h"
#include "policy.h"
#include "routes.h"

/* --- places --- */

struct journey_places
journey_places_of(const struct fw_policy *p, struct arena *a)
{
	struct journey_places all = { .items = mem_alloc(a, p->n_interfaces, sizeof(*all.items)) };
	const struct policy_interface *i;
	struct journey_place *to;

	for (i = p->interfaces; i < p->interfaces + p->n_interfaces; i++) {
		to = &all.items[all.n++];
		to->ifname = mem_strdup(a, i->ifname);
		to->name = mem_strdup(a, i->name);
		to->zone = i->zone != POLICY_LOCAL ? mem_strdup(a, p->zones[i->zone].name) : NULL;
		to->n_addresses = i->n_addresses;
		to->addresses = mem_alloc(a, i->n_addresses, sizeof(*to->addresses));
		memcpy(to->addresses, i->addresses, i->n_addresses * sizeof(*to->addresses));
	}
	return all;
}

bool
journey_place_is(const struct journey_place *p, const char *word)
{
	return strcmp(p->ifname, word) == 0 || strcmp(p->name, word) == 0 || (p->zone != NULL && strcmp(p->zone, word) == 0);
}

static bool
is_near(const struct journey_place *p, const struct addr *a)
{
	struct prefix network;
	uint32_t i;

	for (i = 0; i < p->n_addresses; i++) {
		network = prefix_network(&p->addresses[i]);
		if (prefix_contains(&network, a))
			return true;
	}
	return false;
}

static bool
is_box(const struct journey_places *all, const struct addr *a)
{
	uint32_t i, k;

	for (i = 0; i < all->n; i++)
		for (k = 0; k < all->items[i].n_addresses; k++)
			if (addr_equal(&all->items[i].addresses[k].addr, a))
				return true;
	return false;
}

static const struct journey_place *
by_link(const struct journey_places *all, const char *ifname)
{
	uint32_t i;

	for (i = 0; i < all->n && ifname != NULL; i++)
		if (strcmp(all->items[i].ifname, ifname) == 0)
			return &all->items[i];
	return NULL;
}

/* Where an address is: in a network of the box, else by the routes. */
static const struct journey_place *
by_address(const struct journey_places *all, const struct routes *routes, const struct links *links, const struct addr *a)
{
	uint32_t i, index;

	for (i = 0; i < all->n; i++)
		if (is_near(&all->items[i], a))
			return &all->items[i];
	if (routes == NULL || routes_find(routes, a, &index) != ROUTES_LINK)
		return NULL;
	return by_link(all, links_by_index(links, index));
}

/* Of several interfaces that a word means the one that the address is near to, else the first. */
static const struct journey_place *
by_word(const struct journey_places *all, const char *word, const struct addr *a)
{
	const struct journey_place *first = NULL;
	uint32_t i;

	for (i = 0; i < all->n; i++) {
		if (!journey_place_is(&all->items[i], word))
			continue;
		if (is_near(&all->items[i], a))
			return &all->items[i];
		if (first == NULL)
			first = &all->items[i];
	}
	return first;
}

/* --- steps --- */

struct trace {
	struct journey	*journey;
	enum ir_hook	 hook;
};

static enum ir_action
action_of(const struct ir_rule *r, uint16_t at)
{
	switch ((enum ir_kind)r->stmts[at].kind) {
	case IR_ACCEPT:
	case IR_QUEUE:
	case IR_SYNPROXY:
	case IR_SNAT:
	case IR_MASQUERADE:
		return IR_ACTION_ACCEPT;
	case IR_DROP:
		return IR_ACTION_DROP;
	case IR_REJECT:
	case IR_REJECT_TCP_RESET:
		return IR_ACTION_REJECT;
	case IR_DNAT:
		return IR_ACTION_TRANSLATE;
	case IR_JUMP:
	case IR_GOTO:
	case IR_VMAP:
		return IR_ACTION_NONE;
	default:
		return IR_ACTION_CONTINUE;
	}
}

/* A rule that held up to its last statement. */
static void
on_rule(const struct ir_chain *c, const struct ir_rule *r, uint16_t at, void *arg)
{
	struct trace *t = arg;
	struct journey *j = t->journey;

	/* Where a map leads is seen by what is found there. */
	if (r->stmts[at].kind != IR_VMAP && j->n_steps < JOURNEY_STEPS)
		j->steps[j->n_steps++] = (struct journey_step){ .hook = t->hook, .chain = c->name, .origin = r->origin,
		    .action = action_of(r, at), .is_proxied = r->stmts[at].kind == IR_SYNPROXY };
}

/* true: it goes on. */
static bool
pass(struct journey *j, const struct ir *ir, enum ir_hook hook, struct explain_verdict *v)
{
	struct trace trace = { .journey = j, .hook = hook };
	const struct explain_trace t = { .on_rule = on_rule, .arg = &trace };

	explain_hook_traced(ir, hook, &j->packet, &t, v);
	j->action = v->action;
	j->origin = v->origin;
	j->chain = v->chain;
	j->is_limited |= v->is_limited;
	j->is_proxied |= v->is_proxied;
	if (v->origin == NULL && v->chain != NULL && j->n_steps < JOURNEY_STEPS)
		j->steps[j->n_steps++] = (struct journey_step){ .hook = hook, .chain = v->chain, .action = v->action };
	if (v->action != IR_ACTION_ACCEPT && v->action != IR_ACTION_TRANSLATE)
		return false;
	j->packet = v->after;
	return true;
}

/* Another receiver, for all packets of the connection. */
static void
lead(struct journey *j, const struct explain_verdict *v)
{
	j->is_led = true;
	j->leader = v->origin;
	j->led_to = (struct addr){ .family = j->packet.destination.family };
	memcpy(j->led_to.bytes, v->nat.addr, addr_len(&j->led_to));
	j->led_port = v->nat.port != 0 ? v->nat.port : j->packet.destination_port;
	j->packet.destination = j->led_to;
	j->packet.destination_port = j->led_port;
	j->packet.is_translated = true;
}

/* --- the way --- */

static const char *
find_in(struct journey *j, const struct journey_places *all, const struct routes *routes, const struct links *links, struct arena *a)
{
	char text[ADDR_STRLEN];

	if (j->from != NULL && strcmp(j->from, "local") == 0)
		return NULL;
	j->in = j->from != NULL ? by_word(all, j->from, &j->packet.source) : by_address(all, routes, links, &j->packet.source);
	if (j->in == NULL && j->from == NULL && is_box(all, &j->packet.source))
		return NULL;
	if (j->in == NULL)
		return j->from != NULL ? mem_printf(a, "there is no zone or interface \"%s\"", j->from) :
		    mem_printf(a, "no interface leads to %s; say where it comes from", addr_format(&j->packet.source, text, sizeof(text)));
	j->packet.in_link = j->in->ifname;
	return NULL;
}

static const char *
find_out(struct journey *j, const struct journey_places *all, const struct routes *routes, const struct links *links, struct arena *a)
{
	char text[ADDR_STRLEN];

	j->packet.is_to_box = is_box(all, &j->packet.destination) || (j->to != NULL && strcmp(j->to, "local") == 0 && !j->is_led);
	if (j->packet.is_to_box) {
		j->is_routed = true;
		return NULL;
	}
	/* Whoever was led elsewhere is there, whatever was called. */
	if (j->to == NULL || j->is_led)
		j->out = by_address(all, routes, links, &j->packet.destination);
	if (j->out == NULL && j->to != NULL && strcmp(j->to, "local") != 0)
		j->out = by_word(all, j->to, &j->packet.destination);
	if (j->out == NULL)
		return j->to != NULL && !j->is_led ? mem_printf(a, "there is no zone or interface \"%s\"", j->to) :
		    mem_printf(a, "no interface leads to %s; say where it goes to", addr_format(&j->packet.destination, text, sizeof(text)));
	j->packet.out_link = j->out->ifname;
	j->is_routed = true;
	return NULL;
}

/* Addresses of the box's own are local before any rule is asked. */
static void
look_back(struct journey *j, const struct journey_places *all, const struct routes *routes, const struct links *links)
{
	const struct journey_place *back = by_address(all, routes, links, &j->packet.source);

	/* Who says through which interface it comes has said that the way back is there. */
	j->packet.has_way_back = j->in == NULL || back == NULL || back == j->in;
	j->packet.has_any_way_back = true;
}

const char *
journey_run(struct journey *j, const struct ir *ir, const struct journey_places *all, const struct routes *routes, const struct links *links,
    struct arena *a)
{
	struct explain_verdict v;
	const char *why;

	if ((why = find_in(j, all, routes, links, a)) != NULL)
		return why;
	j->packet.called_port = j->packet.destination_port;
	j->packet.is_to_box = is_box(all, &j->packet.destination);
	if (j->in == NULL) {
		if ((why = find_out(j, all, routes, links, a)) != NULL || !pass(j, ir, IR_HOOK_OUTPUT, &v))
			return why;
	} else {
		look_back(j, all, routes, links);
		if (!pass(j, ir, IR_HOOK_PREROUTING, &v))
			return NULL;
		if (v.action == IR_ACTION_TRANSLATE)
			lead(j, &v);
		if ((why = find_out(j, all, routes, links, a)) != NULL || !pass(j, ir, j->packet.is_to_box ? IR_HOOK_INPUT : IR_HOOK_FORWARD, &v))
			return why;
	}
	if (!j->packet.is_to_box) {
		/* It may translate the sender, and drops nothing: the verdict is the one from before. */
		const struct journey was = *j;

		(void)pass(j, ir, IR_HOOK_POSTROUTING, &v);
		j->sender = v.sender;
		j->sender_origin = v.sender != NULL ? v.origin : NULL;
		j->action = was.action;
		j->origin = was.origin;
		j->chain = was.chain;
	}
	return NULL;
}

/* --- from port to port --- */

static const char *
other_ports(const struct journey *j, const struct links *links, struct arena *a, unsigned *ret_n)
{
	const char *port, *names = "";
	unsigned at = 0;

	for (*ret_n = 0; (port = links_next_port(links, j->bridge, &at)) != NULL;)
		if (strcmp(port, j->packet.in_link) != 0)
			names = (*ret_n)++ == 0 ? port : mem_printf(a, "%.400s, %s", names, port);
	return names;
}

/* The bridge takes what is sent to its own address or to that of a port. */
static bool
is_own(const struct journey *j, const struct links *links, const struct mac *m)
{
	const char *name = j->bridge;
	unsigned at = 0;
	struct mac own;

	do {
		if (links_mac(links, name, &own) && memcmp(own.bytes, m->bytes, sizeof(own.bytes)) == 0)
			return true;
	} while ((name = links_next_port(links, j->bridge, &at)) != NULL);
	return false;
}

/* What a bridge forwards at all (br_handle_frame()); NULL, or why it does not. */
static const char *
is_forwarded(const struct journey *j, const struct links *links)
{
	static const uint8_t reserved[] = { 0x01, 0x80, 0xc2, 0, 0 };	/* IEEE 802.1Q, 8.6.3; without the first one, which is of STP */
	const uint8_t *to = j->packet.frame->destination.bytes;

	if ((j->packet.source_mac.bytes[0] & 1) != 0)
		return "a sender has no group address, and a bridge drops what says so";
	if (memcmp(to, reserved, sizeof(reserved)) == 0 && to[5] >= 1 && to[5] <= 0x0f)
		return "bridges do not pass on what is sent to 01:80:c2:00:00:01 to 0f";
	if (is_own(j, links, &j->packet.frame->destination))
		return "the bridge itself has that address: it does not pass the frame on but takes it in; ask without ports what becomes of the packet";
	return NULL;
}

static const char *
find_ports(struct journey *j, const struct links *links, struct arena *a)
{
	const char *names;
	unsigned n;

	j->bridge = links_bridge_of(links, j->packet.in_link);
	if (j->bridge == NULL)
		return mem_printf(a, "\"%s\" is no port of a bridge", j->packet.in_link);
	names = other_ports(j, links, a, &n);
	if (j->packet.out_link == NULL && n != 1)
		return n == 0 ? mem_printf(a, "bridge %s has no other port", j->bridge) :
		    mem_printf(a, "bridge %s has other ports: %s; say which one in out-port", j->bridge, names);
	if (j->packet.out_link == NULL)
		j->packet.out_link = names;
	if (strcmp(j->packet.in_link, j->packet.out_link) == 0)
		return "a bridge sends nothing back by the port that it came by";
	names = links_bridge_of(links, j->packet.out_link);
	return names != NULL && strcmp(names, j->bridge) == 0 ? NULL : mem_printf(a, "\"%s\" is no port of bridge %s", j->packet.out_link, j->bridge);
}

const char *
journey_bridged(struct journey *j, const struct ir *ir, const struct links *links, struct arena *a)
{
	struct explain_verdict v;
	const char *why = find_ports(j, links, a);

	if (why == NULL)
		why = is_forwarded(j, links);
	if (why == NULL)
		(void)pass(j, ir, IR_HOOK_BRIDGE_FORWARD, &v);
	return why;
}

static const char *
bridged_text(const struct journey *j, struct arena *a)
{
	const char *deed = j->action == IR_ACTION_ACCEPT ? "accepts it" : "drops it";

	if (j->chain == NULL)
		return "there are no rules for frames between ports, and it passes";
	if (j->origin == NULL)
		return "no rule decides, and frames between ports pass";
	if (strchr(j->origin->id, ':') == NULL)
		return mem_printf(a, "rule \"%s\" %s", j->origin->id, deed);
	return mem_printf(a, "no rule decides, and the default for frames between ports %s", deed);
}

const char *
journey_text(const struct journey *j, struct arena *a)
{
	static const char *const deeds[IR_ACTION_MAX] = {
		[IR_ACTION_ACCEPT] = "accepts it", [IR_ACTION_DROP] = "drops it", [IR_ACTION_REJECT] = "rejects it",
		[IR_ACTION_TRANSLATE] = "leads it elsewhere"
	};
	const char *deed = deeds[j->action] != NULL ? deeds[j->action] : "decides otherwise";
	const char *limited = j->is_limited ? ", while its limits are kept" : "";

	if (j->bridge != NULL)
		return bridged_text(j, a);
	if (j->origin == NULL)
		return mem_printf(a, "no rule decides, and chain %s %s", j->chain != NULL ? j->chain : "none", deed);
	if (j->is_proxied && j->action == IR_ACTION_ACCEPT)
		return mem_printf(a, "rule \"%s\" answers it for the server, and accepts the connection when the sender answers in turn", j->origin->id);
	if (strchr(j->origin->id, ':') == NULL)
		return mem_printf(a, "rule \"%s\" %s%s", j->origin->id, deed, limited);
	if (strcmp(j->origin->id, "default:none") == 0)
		return mem_printf(a, "its interface is in no zone, which %s", deed);
	if (strncmp(j->origin->id, "default:", 8) == 0)
		return mem_printf(a, "no rule decides, and the default of zone \"%s\" %s", j->origin->id + 8, deed);
	return mem_printf(a, "the built-in rule %s %s", j->origin->id, deed);
}
