/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Rules and redirects of UCI. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/nat.h"
#include "import/uci.h"

struct uci_rule {
	struct uci			*u;
	const struct uci_section	*s;
	struct match			 m;
	const char			*lost;
	bool				 is_accept;
};

bool
uci_is_for_all(const struct uci_section *s)
{
	const char *src = uci_get(s, "src");

	return src[0] == '\0' || strcmp(src, "*") == 0;
}

static void
lose(struct uci_rule *r, const char *what)
{
	if (r->lost == NULL)
		r->lost = what;
}

/* --- addresses and ports --- */

static void
read_addresses(struct uci_rule *r, const char *option, struct match_side *side)
{
	struct uci_words w = { .s = r->s, .name = option };
	struct prefix p;

	while (uci_next(&w)) {
		bool is_not = w.word[0] == '!';
		struct match_addrs *list = is_not ? &side->not : &side->addrs;

		if (w.word[is_not] == '\0' || prefix_parse_host(w.word + is_not, &p) != 0 || !match_addrs_add(list, &p, r->u->d->arena)) {
			lose(r, "an address of this kind");
			continue;
		}
		side->has_addrs |= !is_not;
	}
}

static const struct match_ports *
read_ports(struct uci_rule *r, const char *option)
{
	struct uci_words w = { .s = r->s, .name = option };
	struct match_ports *set = NULL;
	uint64_t lo, hi;
	char *dash;

	while (uci_next(&w)) {
		if ((dash = strpbrk(w.word, "-:")) != NULL)
			*dash++ = '\0';
		if (str_u64(w.word, 1, 65535, &lo) != 0 || str_u64(dash != NULL ? dash : w.word, 1, 65535, &hi) != 0 || hi < lo)
			lose(r, "ports of this kind");
		else
			set = match_ports_add(r->u->d->arena, set, (unsigned)lo, (unsigned)hi);
	}
	return set;
}

static void
read_protocols(struct uci_rule *r)
{
	static const struct {
		const char	*name;
		uint8_t		 number;
	} names[] = {
		{ "tcp", 6 }, { "udp", 17 }, { "icmp", 1 }, { "icmpv6", 58 }, { "ipv6-icmp", 58 }, { "esp", 50 }, { "ah", 51 }, { "gre", 47 }, { "igmp", 2 },
		{ "sctp", 132 }, { "ospf", 89 }, { "pim", 103 }, { "vrrp", 112 }, { "ipip", 4 }, { "udplite", 136 },
	};
	struct uci_words w = { .s = r->s, .name = "proto" };
	bool is_any = false, is_there = false, is_icmp = false;
	uint64_t n;
	size_t i;

	while (uci_next(&w)) {
		is_there = true;
		for (i = 0; w.word[i] != '\0'; i++)
			w.word[i] = (char)tolower((unsigned char)w.word[i]);
		is_any |= strcmp(w.word, "all") == 0 || strcmp(w.word, "any") == 0 || strcmp(w.word, "*") == 0;
		if (strcmp(w.word, "tcpudp") == 0 && r->m.nprotocols + 2 <= MATCH_PROTOCOLS) {
			r->m.protocols[r->m.nprotocols++] = 6;
			r->m.protocols[r->m.nprotocols++] = 17;
			continue;
		}
		for (i = 0, n = 0; i < sizeof(names) / sizeof(names[0]); i++)
			if (strcmp(names[i].name, w.word) == 0)
				n = names[i].number;
		is_icmp |= n == 1;
		if (is_any)
			continue;
		if ((n == 0 && str_u64(w.word, 1, 255, &n) != 0) || r->m.nprotocols == MATCH_PROTOCOLS)
			lose(r, "a protocol of this kind");
		else
			r->m.protocols[r->m.nprotocols++] = (uint8_t)n;
	}
	/* "icmp" means that of the family. */
	for (i = 0; is_icmp && r->m.family == ADDR_V6 && i < r->m.nprotocols; i++)
		if (r->m.protocols[i] == 1)
			r->m.protocols[i] = 58;
	if (is_icmp && r->m.family == ADDR_NONE && r->m.nprotocols < MATCH_PROTOCOLS)
		r->m.protocols[r->m.nprotocols++] = 58;
	if (is_any)
		r->m.nprotocols = 0;
	if (!is_there) {
		r->m.protocols[0] = 6;
		r->m.protocols[1] = 17;
		r->m.nprotocols = 2;
	}
}

static void
read_types(struct uci_rule *r)
{
	static const struct {
		const char	*type, *name;
	} names[] = {
		{ "echo-request", "echo-request" }, { "8", "echo-request" }, { "echo-reply", "echo-reply" }, { "ping", "echo-request" },
		{ "pong", "echo-reply" },
		{ "destination-unreachable", "destination-unreachable" }, { "packet-too-big", "packet-too-big" },
		{ "time-exceeded", "time-exceeded" }, { "parameter-problem", "parameter-problem" }, { "router-solicitation", "router-solicitation" },
		{ "router-advertisement", "router-advertisement" }, { "neighbour-solicitation", "neighbour-solicitation" },
		{ "neighbour-advertisement", "neighbour-advertisement" }, { "redirect", "redirect" }, { "130/0", "listener-query" },
		{ "131/0", "listener-report" }, { "132/0", "listener-done" }, { "143/0", "listener-report-v2" },
	};
	struct uci_words w = { .s = r->s, .name = "icmp_type" };
	bool is_there = false;
	size_t i;

	while (uci_next(&w)) {
		is_there = true;
		for (i = 0; i < sizeof(names) / sizeof(names[0]) && strcmp(names[i].type, w.word) != 0; i++)
			;
		if (i < sizeof(names) / sizeof(names[0]))
			r->m.icmp = r->m.icmp == NULL ? names[i].name : arena_printf(r->u->d->arena, "%.400s %s", r->m.icmp, names[i].name);
		else if (r->is_accept)
			entry_note(r->u->d, r->s->entry, OUTCOME_CHANGED, "type \"%.40s\" is left out", w.word);
		else
			lose(r, "a type of ICMP");
	}
	if (is_there && r->m.icmp == NULL)
		lose(r, "these types of ICMP");
	if (is_there && r->m.family == ADDR_NONE && r->m.nprotocols == 1)
		r->m.family = r->m.protocols[0] == 58 ? ADDR_V6 : ADDR_V4;
}

/* --- the rest --- */

static void
read_set(struct uci_rule *r)
{
	const char *text = uci_get(r->s, "ipset");
	bool is_not = text[0] == '!';
	const struct uci_set *set;
	char name[64];
	size_t len;

	if (text[0] == '\0')
		return;
	text += is_not + strspn(text + is_not, " ");
	len = strcspn(text, " ");
	(void)snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), text);
	set = uci_set(r->u, name);
	if (set == NULL || set->group == NULL || set->is_partial || text[len] != '\0') {
		lose(r, "a set that is not wholly known");
		return;
	}
	if (is_not && set->is_source)
		r->m.source.not_group[r->m.source.nnot_groups++] = set->group;
	else if (is_not)
		r->m.destination.not_group[r->m.destination.nnot_groups++] = set->group;
	else if (set->is_source)
		r->m.source.group[r->m.source.ngroups++] = set->group;
	else
		r->m.destination.group[r->m.destination.ngroups++] = set->group;
}

static void
read_limit(struct uci_rule *r)
{
	static const struct {
		const char	*name, *unit;
	} units[] = { { "s", "second" }, { "second", "second" }, { "sec", "second" }, { "m", "minute" }, { "minute", "minute" }, { "min", "minute" },
	    { "h", "hour" }, { "hour", "hour" }, { "d", "day" }, { "day", "day" } };
	char copy[32], *slash;
	uint64_t n;
	size_t i;

	if (uci_get(r->s, "limit")[0] == '\0')
		return;
	(void)str_copy(copy, uci_get(r->s, "limit"), sizeof(copy));
	if ((slash = strchr(copy, '/')) != NULL)
		*slash++ = '\0';
	for (i = 0; slash != NULL && i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, slash) == 0 && str_u64(copy, 1, 1000000, &n) == 0)
			r->m.limit.rate = arena_printf(r->u->d->arena, "%u/%s", (unsigned)n, units[i].unit);
	if (r->m.limit.rate == NULL)
		lose(r, "such a rate");
	if (str_u64(uci_get(r->s, "limit_burst"), 1, 1000000, &n) == 0)
		r->m.limit.burst = (uint32_t)n;
}

/* By the clock of the box, unless it says UTC. */
static void
read_time(struct uci_rule *r)
{
	const char *from = uci_get(r->s, "start_time"), *to = uci_get(r->s, "stop_time"), *days = uci_get(r->s, "weekdays");

	if (from[0] == '\0' && to[0] == '\0' && days[0] == '\0')
		return;
	if (days[0] != '!')
		r->m.schedule = draft_daily(r->u->d, from[0] != '\0' ? from : NULL, to[0] != '\0' ? to : NULL, days[0] != '\0' ? days : NULL,
		    uci_flag(r->s, "utc_time", false));
	if (r->m.schedule == NULL)
		lose(r, "such a time");
}

static void
read_others(struct uci_rule *r)
{
	static const char *const lost[] = {
		"extra", "device", "direction", "mark", "helper", "start_date", "stop_date", "monthdays", "dscp",
	};
	struct uci_words macs = { .s = r->s, .name = "src_mac" };
	const char *family = uci_get(r->s, "family");
	struct mac mac;
	char text[MAC_STRLEN];
	size_t i;

	r->m.family = strcmp(family, "ipv4") == 0 ? ADDR_V4 : strcmp(family, "ipv6") == 0 ? ADDR_V6 : ADDR_NONE;
	if (uci_next(&macs)) {
		if (mac_parse(macs.word, &mac) == 0)
			r->m.mac = arena_strdup(r->u->d->arena, mac_format(&mac, text, sizeof(text)));
		if (r->m.mac == NULL || uci_next(&macs))
			lose(r, "MAC addresses of this kind");
	}
	for (i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		if (uci_get(r->s, lost[i])[0] != '\0')
			lose(r, arena_printf(r->u->d->arena, "option %s", lost[i]));
	read_set(r);
	read_limit(r);
	read_time(r);
}

static void
read_conditions(struct uci_rule *r)
{
	match_init(&r->m);
	read_others(r);
	read_protocols(r);
	read_addresses(r, "src_ip", &r->m.source);
	read_addresses(r, "dest_ip", &r->m.destination);
	r->m.sports = read_ports(r, "src_port");
	r->m.dports = read_ports(r, "dest_port");
	read_types(r);
	if (r->m.nprotocols == 0 && (r->m.sports != NULL || r->m.dports != NULL))
		lose(r, "ports without a protocol");
}

/* The links of src or dest; false when there is no such zone. */
static bool
zone_links(const struct uci_rule *r, const char *option, uint64_t *ret)
{
	const char *name = uci_get(r->s, option);
	const struct uci_zone *z = uci_zone(r->u, name);

	*ret = z != NULL ? z->links : MATCH_ANY_LINK;
	return z != NULL ? z->links != 0 : strcmp(name, "*") == 0;
}

static void
put(const struct uci_rule *r, enum draft_hook hook, const struct deed *deed)
{
	char name[80];

	(void)snprintf(name, sizeof(name), "%.60s", uci_get(r->s, "name")[0] != '\0' ? uci_get(r->s, "name") : "rule");
	(void)draft_rule(r->u->d, r->s->entry, DRAFT_RULES_SECTION, hook, name, uci_get(r->s, "name"), &r->m, deed);
}

/* A rule that drops and cannot say all that it asks drops more; false when it accepts: then it is left out. */
static bool
settle(struct uci_rule *r)
{
	struct match all;

	if (r->lost == NULL)
		return true;
	if (r->is_accept) {
		entry_note(r->u->d, r->s->entry, OUTCOME_REFUSED, "%s cannot be said here: the rule is left out", r->lost);
		return false;
	}
	entry_note(r->u->d, r->s->entry, OUTCOME_CHANGED, "%s cannot be said here: it drops all between its zones; narrow the rule by hand", r->lost);
	match_init(&all);
	r->m = all;
	return true;
}

void
uci_put_rule(struct uci *u, const struct uci_section *s)
{
	struct uci_rule r = { .u = u, .s = s };
	const char *target = uci_get(s, "target"), *src = uci_get(s, "src"), *dest = uci_get(s, "dest");
	struct deed deed = { .action = "drop", .is_disabled = !uci_flag(s, "enabled", true), .log = uci_get(s, "log")[0] != '\0' &&
	    strcmp(uci_get(s, "log"), "0") != 0 };
	uint64_t in = MATCH_ANY_LINK, out = MATCH_ANY_LINK;

	if (strcmp(target, "ACCEPT") == 0 || strcmp(target, "accept") == 0)
		deed.action = "accept";
	else if (strcmp(target, "REJECT") == 0 || strcmp(target, "reject") == 0)
		deed.action = "reject";
	else if (strcmp(target, "DROP") != 0 && strcmp(target, "drop") != 0 && target[0] != '\0') {
		entry_note(u->d, s->entry, OUTCOME_REFUSED, "target \"%.20s\" is not imported: packets go on as before", target);
		return;
	}
	r.is_accept = deed.action[0] == 'a';
	read_conditions(&r);
	if ((src[0] != '\0' && !zone_links(&r, "src", &in)) || (dest[0] != '\0' && !zone_links(&r, "dest", &out))) {
		entry_note(u->d, s->entry, OUTCOME_REFUSED, "its zone is not here: what comes from there is dropped");
		return;
	}
	if (deed.is_disabled)
		entry_note(u->d, s->entry, r.lost != NULL ? OUTCOME_REFUSED : OUTCOME_DONE, "it is switched off");
	if ((deed.is_disabled && r.lost != NULL) || !settle(&r))
		return;
	r.m.in = in;
	r.m.out = out;
	put(&r, src[0] == '\0' ? DRAFT_OUTPUT : dest[0] == '\0' ? DRAFT_INPUT : DRAFT_FORWARD, &deed);
}

/* --- redirects --- */

/* What was forwarded is let through: fw4 accepts it behind the forwardings (ct status dnat). */
static void
accept_forwarded(struct uci *u, const struct nat_object *o)
{
	static const struct deed accept = { .action = "accept" };
	struct prefix p = { .addr = o->target.to, .len = 32 };
	unsigned at = 0, lo, hi;
	struct match m = o->m;

	if (o->is_disabled)
		return;
	memset(&m.destination, 0, sizeof(m.destination));
	m.destination.has_addrs = true;
	(void)match_addrs_add(&m.destination.addrs, &p, u->d->arena);
	if (o->target.port != 0 && m.dports != NULL && match_ports_next(m.dports, &at, &lo, &hi))
		m.dports = match_ports_add(u->d->arena, NULL, o->target.port, o->target.port + (o->shifts ? hi - lo : 0));
	(void)draft_rule(u->d, o->entry, DRAFT_POST_RULES, DRAFT_FORWARD, o->name, o->description, &m, &accept);
}

static const char *
read_redirect(struct uci_rule *r, struct nat_object *o)
{
	const char *to = uci_get(r->s, "dest_ip"), *port = uci_get(r->s, "dest_port"), *called = uci_get(r->s, "src_dip");
	unsigned at = 0, lo = 0, hi = 0;
	struct prefix p;
	uint64_t n;

	if (addr_parse(to, &o->target.to) != 0)
		return "a redirect to the box itself (give dest_ip)";
	if (called[0] != '\0' && strcmp(called, "*") != 0) {
		if (prefix_parse_host(called, &p) != 0)
			return "the address that is called";
		r->m.destination.has_addrs = true;
		(void)match_addrs_add(&r->m.destination.addrs, &p, r->u->d->arena);
	}
	r->m.dports = read_ports(r, "src_dport");
	if (r->lost != NULL)
		return r->lost;
	if (port[0] == '\0' || strcmp(port, uci_get(r->s, "src_dport")) == 0)
		return NULL;
	if (str_u64(port, 1, 65535, &n) != 0 || r->m.dports == NULL || !match_ports_next(r->m.dports, &at, &lo, &hi) || hi > lo ||
	    match_ports_next(r->m.dports, &at, &lo, &hi))
		return "ports that become others";
	o->target.port = o->target.port_last = (unsigned)n;
	return NULL;
}

void
uci_put_redirect(struct uci *u, const struct uci_section *s)
{
	struct uci_rule r = { .u = u, .s = s, .is_accept = true };
	struct nat_object o = { .entry = s->entry, .description = uci_get(s, "name"), .is_disabled = !uci_flag(s, "enabled", true) };
	const char *target = uci_get(s, "target"), *fault;
	uint64_t in;
	char name[80];

	(void)snprintf(name, sizeof(name), "%.60s", uci_get(s, "name")[0] != '\0' ? uci_get(s, "name") : "redirect");
	o.name = name;
	o.target.kind = TRANSLATE_DESTINATION;
	match_init(&r.m);
	read_others(&r);
	read_protocols(&r);
	read_addresses(&r, "src_ip", &r.m.source);
	r.m.sports = read_ports(&r, "src_port");
	fault = target[0] != '\0' && strcmp(target, "DNAT") != 0 && strcmp(target, "dnat") != 0 ? "target SNAT: use source-nat" : read_redirect(&r, &o);
	if (fault != NULL || r.lost != NULL) {
		entry_note(u->d, s->entry, OUTCOME_REFUSED, "%s cannot be said here: the port forward is left out", fault != NULL ? fault : r.lost);
		return;
	}
	if (!zone_links(&r, "src", &in)) {
		entry_note(u->d, s->entry, OUTCOME_REFUSED, "its zone is not here");
		return;
	}
	if (!uci_flag(s, "reflection", true))
		entry_note(u->d, s->entry, OUTCOME_DONE, NULL);
	else
		entry_note(u->d, s->entry, OUTCOME_CHANGED, "reflection is not imported: set hairpin by hand");
	r.m.in = in;
	r.m.family = ADDR_V4;
	o.m = r.m;
	nat_put_forward(u->d, &o);
	if (s->entry == NULL || s->entry->outcome != OUTCOME_REFUSED)
		accept_forwarded(u, &o);
}
