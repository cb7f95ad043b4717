/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One rule, its addresses and its service, from what a match asks. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "node.h"

#include "import/draft.h"

#define DESCRIPTION_MAX	200
#define LOG_TEXT_MAX	48
#define RANGES_MAX	256
#define ICMP		1
#define TCP		6
#define ICMPV6		58

/* As yang/patronus-types.yang has them. */
static const struct {
	uint8_t		 number;
	const char	*name;
} protocols[] = {
	{ TCP, "tcp" }, { 17, "udp" }, { 132, "sctp" }, { ICMP, "icmp" }, { ICMPV6, "icmpv6" }, { 2, "igmp" }, { 47, "gre" }, { 50, "esp" },
	{ 51, "ah" }, { 89, "ospf" }, { 103, "pim" }, { 112, "vrrp" },
};

static const struct {
	uint8_t		 bit;
	const char	*name;
} states[] = {
	{ MATCH_NEW, "new" }, { MATCH_ESTABLISHED, "established" }, { MATCH_RELATED, "related" }, { MATCH_INVALID, "invalid" },
	{ MATCH_UNTRACKED, "untracked" },
};

/* In the order of the bits of the header. */
static const char *const flags[] = { "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr" };

/* --- addresses --- */

static void
put_addresses(struct draft *d, struct node *side, const struct match_addrs *a)
{
	struct node *list = draft_list(d, side, "addresses");
	char text[PREFIX_STRLEN];
	unsigned i, j;

	for (i = 0; i < a->n; i++) {
		for (j = 0; j < i && !prefix_equal(&a->items[i], &a->items[j]); j++)
			;
		if (j < i)
			continue;
		if (a->items[i].len == addr_len(&a->items[i].addr) * 8)
			draft_text(d, list, NULL, "%s", addr_format(&a->items[i].addr, text, sizeof(text)));
		else
			draft_text(d, list, NULL, "%s", prefix_format(&a->items[i], text, sizeof(text)));
	}
}

static void
put_names(struct draft *d, struct node *side, const char *name, const char *const *group, unsigned n)
{
	struct node *list = n > 0 ? draft_list(d, side, name) : NULL;
	unsigned i, j;

	for (i = 0; i < n; i++) {
		for (j = 0; j < i && strcmp(group[i], group[j]) != 0; j++)
			;
		if (j == i)
			draft_text(d, list, NULL, "%s", group[i]);
	}
}

void
draft_side(struct draft *d, struct node *rule, const char *name, const struct match_side *s)
{
	struct node *side, *not;

	bool has_not = s->not.n > 0 || s->nnot_groups > 0 || s->nnot_networks > 0;

	if (!s->has_addrs && s->ngroups == 0 && s->nnetworks == 0 && !has_not)
		return;
	side = draft_map(d, rule, name);
	if (s->has_addrs)
		put_addresses(d, side, &s->addrs);
	put_names(d, side, "group", s->group, s->ngroups);
	put_names(d, side, "interfaces", s->network, s->nnetworks);
	if (!has_not)
		return;
	not = draft_map(d, side, "not");
	if (s->not.n > 0)
		put_addresses(d, not, &s->not);
	put_names(d, not, "group", s->not_group, s->nnot_groups);
	put_names(d, not, "interfaces", s->not_network, s->nnot_networks);
}

/* --- services --- */

static void
put_ranges(struct draft *d, struct node *service, const char *name, const struct match_ports *ports)
{
	struct node *list = ports != NULL ? draft_list(d, service, name) : NULL;
	unsigned at = 0, lo, hi, n = 0;

	while (list != NULL && match_ports_next(ports, &at, &lo, &hi) && n++ < RANGES_MAX)
		draft_text(d, list, NULL, lo == hi ? "%u" : "%u-%u", lo, hi);
	if (n > RANGES_MAX)
		draft_fail(d, "a rule has more than 256 ranges of ports");
}

static void
put_protocols(struct draft *d, struct node *service, const struct match *m)
{
	struct node *names = NULL, *numbers = NULL;
	size_t j;
	unsigned i;

	for (i = 0; i < m->nprotocols; i++) {
		for (j = 0; j < sizeof(protocols) / sizeof(protocols[0]) && protocols[j].number != m->protocols[i]; j++)
			;
		if (j < sizeof(protocols) / sizeof(protocols[0])) {
			if (names == NULL)
				names = draft_list(d, service, "protocol");
			draft_text(d, names, NULL, "%s", protocols[j].name);
		} else {
			if (numbers == NULL)
				numbers = draft_list(d, service, "protocol-number");
			draft_number(d, numbers, NULL, m->protocols[i]);
		}
	}
}

/* Several types stand with blanks between. */
static void
put_types(struct draft *d, struct node *list, const char *types)
{
	size_t len;

	for (; *types != '\0'; types += len + (types[len] == ' ')) {
		len = strcspn(types, " ");
		draft_text(d, list, NULL, "%.*s", (int)len, types);
	}
}

/* "tcp", "udp-53", "tcp-80-443", "icmp-echo-request": what a person would call it. */
static void
service_name(const struct match *m, char *ret, size_t size)
{
	unsigned i, at = 0, lo, hi, n;
	struct buf b;
	size_t j;

	buf_init(&b, 256);
	for (i = 0; i < m->nprotocols; i++) {
		for (j = 0; j < sizeof(protocols) / sizeof(protocols[0]) && protocols[j].number != m->protocols[i]; j++)
			;
		if (j < sizeof(protocols) / sizeof(protocols[0]))
			buf_printf(&b, "%s-", protocols[j].name);
		else
			buf_printf(&b, "protocol-%u-", m->protocols[i]);
	}
	if (m->icmp != NULL)
		buf_puts(&b, m->icmp);
	for (n = 0; m->dports != NULL && n < 4 && match_ports_next(m->dports, &at, &lo, &hi); n++)
		buf_printf(&b, lo == hi ? "%u-" : "%u-%u-", lo, hi);
	for (at = n = 0; m->sports != NULL && n < 4 && match_ports_next(m->sports, &at, &lo, &hi); n++)
		buf_printf(&b, n == 0 ? "from-%u-" : "%u-", lo);
	(void)snprintf(ret, size, "%s", buf_failed(&b) || b.len == 0 ? "service" : (const char *)b.data);
	buf_fini(&b);
}

static bool
same_ports(const struct match_ports *a, const struct match_ports *b)
{
	return a == b || (a != NULL && b != NULL && memcmp(a, b, sizeof(*a)) == 0);
}

/* Those that were made, so that equal ones are one. */
struct known_service {
	const char		*name;
	struct match		 m;
	struct known_service	*next;
};

static const char *
find_service(const struct draft *d, const struct match *m)
{
	const struct known_service *k;

	for (k = d->known_services; k != NULL; k = k->next)
		if (k->m.nprotocols == m->nprotocols && memcmp(k->m.protocols, m->protocols, m->nprotocols) == 0 &&
		    same_ports(k->m.sports, m->sports) && same_ports(k->m.dports, m->dports) &&
		    (k->m.icmp == m->icmp || (k->m.icmp != NULL && m->icmp != NULL && strcmp(k->m.icmp, m->icmp) == 0)))
			return k->name;
	return NULL;
}

const char *
draft_service(struct draft *d, const struct match *m)
{
	struct known_service *k;
	struct node *service;
	const char *name;
	char text[64];

	if (m->nprotocols == 0 && m->icmp == NULL)
		return NULL;
	if ((name = find_service(d, m)) != NULL)
		return name;
	service_name(m, text, sizeof(text));
	name = draft_key(d, "services", text);
	if ((k = arena_alloc(d->arena, 1, sizeof(*k))) == NULL) {
		draft_fail(d, NULL);
		return name;
	}
	*k = (struct known_service){ .name = name, .m = *m, .next = d->known_services };
	d->known_services = k;
	service = draft_map(d, d->services, NULL);
	draft_text(d, service, "name", "%s", name);
	/* A type says its protocol. */
	if (m->icmp == NULL)
		put_protocols(d, service, m);
	else
		put_types(d, draft_list(d, service, "icmp-type"), m->icmp);
	put_ranges(d, service, "ports", m->dports);
	put_ranges(d, service, "source-ports", m->sports);
	return name;
}

/* --- rules --- */

struct zone_list {
	struct draft	*d;
	struct node	*list;
	bool		 is_whole;
};

static void
add_zone(const char *zone, bool is_whole, void *arg)
{
	struct zone_list *l = arg;

	draft_text(l->d, l->list, NULL, "%s", zone);
	l->is_whole &= is_whole;
}

/* "from" or "to", and the interfaces when a zone has others beside. */
static void
put_zones(struct draft *d, struct node *rule, const char *name, const char *interfaces, uint64_t links, bool may_any)
{
	struct zone_list l = { .d = d, .is_whole = true };
	struct node *list;
	unsigned i;

	l.list = draft_list(d, rule, name);
	if (links == MATCH_ANY_LINK && may_any) {
		draft_text(d, l.list, NULL, "any");
		return;
	}
	links &= draft_links_all(d);
	draft_each_zone(d, links, add_zone, &l);
	if (l.is_whole)
		return;
	list = draft_list(d, rule, interfaces);
	for (i = 0; i < d->nlinks; i++)
		if ((links & (1ull << i)) != 0)
			draft_text(d, list, NULL, "%s", d->links[i].name);
}

static void
put_local(struct draft *d, struct node *rule, const char *name)
{
	draft_text(d, draft_list(d, rule, name), NULL, "local");
}

static void
put_way(struct draft *d, struct node *rule, enum draft_hook hook, const struct match *m)
{
	if (hook == DRAFT_OUTPUT)
		put_local(d, rule, "from");
	else
		put_zones(d, rule, "from", "in-interface", m->in, hook == DRAFT_INPUT || hook == DRAFT_LEAVING);
	if (hook == DRAFT_INPUT)
		put_local(d, rule, "to");
	else
		put_zones(d, rule, "to", "out-interface", m->out, hook == DRAFT_OUTPUT || hook == DRAFT_ARRIVING);
}

static void
put_flags(struct draft *d, struct node *rule, const struct match *m)
{
	struct node *map = draft_map(d, rule, "tcp-flags"), *set = NULL, *clear = NULL;
	unsigned i;

	for (i = 0; i < 8; i++) {
		if ((m->flags_mask & (1u << i)) == 0)
			continue;
		if ((m->flags & (1u << i)) != 0) {
			if (set == NULL)
				set = draft_list(d, map, "set");
			draft_text(d, set, NULL, "%s", flags[i]);
		} else {
			if (clear == NULL)
				clear = draft_list(d, map, "clear");
			draft_text(d, clear, NULL, "%s", flags[i]);
		}
	}
}

static void
put_limits(struct draft *d, struct node *rule, const struct match *m)
{
	struct node *map;

	if (m->limit.rate != NULL) {
		map = draft_map(d, rule, "limit");
		draft_text(d, map, "rate", "%s", m->limit.rate);
		if (m->limit.burst > 0)
			draft_number(d, map, "burst", m->limit.burst);
		if (m->limit.per != NULL)
			draft_text(d, map, "per", "%s", m->limit.per);
	}
	if (m->connections.rate != NULL) {
		map = draft_map(d, rule, "connections");
		draft_number(d, map, "maximum", m->connections.burst);
		if (m->connections.per != NULL)
			draft_text(d, map, "per", "%s", m->connections.per);
	}
}

static void
put_conditions(struct draft *d, struct node *rule, const struct match *m)
{
	const char *service = draft_service(d, m);
	struct node *list;
	size_t i;

	draft_side(d, rule, "source", &m->source);
	draft_side(d, rule, "destination", &m->destination);
	if (service != NULL)
		draft_text(d, rule, "service", "%s", service);
	if (m->family != ADDR_NONE)
		draft_text(d, rule, "family", m->family == ADDR_V4 ? "ipv4" : "ipv6");
	if (m->mac != NULL)
		draft_text(d, draft_list(d, rule, "source-mac"), NULL, "%s", m->mac);
	if (m->source.mac_group != NULL)
		draft_text(d, draft_list(d, rule, "source-mac-group"), NULL, "%s", m->source.mac_group);
	if (m->dscp != NULL)
		draft_text(d, draft_list(d, rule, "dscp"), NULL, "%s", m->dscp);
	if (m->mark_mask != 0)
		draft_text(d, rule, "mark", "0x%x/0x%x", m->mark, m->mark_mask);
	if (m->cmark_mask != 0)
		draft_text(d, rule, "connection-mark", "0x%x/0x%x", m->cmark, m->cmark_mask);
	if (m->states != 0) {
		list = draft_list(d, rule, "state");
		for (i = 0; i < sizeof(states) / sizeof(states[0]); i++)
			if ((m->states & states[i].bit) != 0)
				draft_text(d, list, NULL, "%s", states[i].name);
	}
	if (m->length != NULL)
		draft_text(d, draft_list(d, rule, "length"), NULL, "%s", m->length);
	if (m->flags_mask != 0)
		put_flags(d, rule, m);
	if (m->schedule != NULL)
		draft_text(d, rule, "schedule", "%s", m->schedule);
	put_limits(d, rule, m);
}

static void
put_deed(struct draft *d, struct node *rule, const struct deed *deed)
{
	struct node *set;

	if (deed->set_mark_mask != 0 || deed->set_cmark_mask != 0 || deed->set_dscp != NULL) {
		set = draft_map(d, rule, "set");
		if (deed->set_mark_mask != 0)
			draft_text(d, set, "mark", "0x%x/0x%x", deed->set_mark, deed->set_mark_mask);
		if (deed->set_cmark_mask != 0)
			draft_text(d, set, "connection-mark", "0x%x/0x%x", deed->set_cmark, deed->set_cmark_mask);
		if (deed->set_dscp != NULL)
			draft_text(d, set, "dscp", "%s", deed->set_dscp);
	}
	if (deed->log)
		draft_flag(d, rule, "log", true);
	if (deed->log && deed->log_text != NULL && deed->log_text[0] != '\0')
		draft_text(d, rule, "log-text", "%s", draft_line(d, deed->log_text, LOG_TEXT_MAX));
	draft_text(d, rule, "action", "%s", deed->action);
	if (deed->reject_with != NULL)
		draft_text(d, rule, "reject-with", "%s", deed->reject_with);
}

/* Can a packet come this way at all?  Says why not. */
static bool
may_match(struct draft *d, struct entry *e, enum draft_hook hook, const struct match *m)
{
	uint64_t all = draft_links_all(d);
	bool needs_in = hook != DRAFT_OUTPUT && (hook != DRAFT_INPUT || m->in != MATCH_ANY_LINK) &&
	    (hook != DRAFT_LEAVING || m->in != MATCH_ANY_LINK);
	bool needs_out = hook != DRAFT_INPUT && (hook != DRAFT_OUTPUT || m->out != MATCH_ANY_LINK) &&
	    (hook != DRAFT_ARRIVING || m->out != MATCH_ANY_LINK);

	if ((m->source.has_addrs && m->source.addrs.n == 0) || (m->destination.has_addrs && m->destination.addrs.n == 0)) {
		entry_note(d, e, OUTCOME_DONE, "no packet can match it");
		return false;
	}
	if ((!needs_in || (m->in & all) != 0) && (!needs_out || (m->out & all) != 0))
		return true;
	entry_note(d, e, OUTCOME_CHANGED, "no interface that it means is known; what has no zone is dropped: add the interfaces and import again");
	return false;
}

const char *
draft_rule(struct draft *d, struct entry *e, enum draft_section section, enum draft_hook hook, const char *name, const char *description,
    const struct match *m, const struct deed *deed)
{
	static const char *const titles[] = { NULL, "pre-rules", "rules", "post-rules" };
	struct node *const lists[] = { NULL, d->pre_rules, d->rules, d->post_rules };
	struct node *rule;
	const char *key;

	if (!may_match(d, e, hook, m))
		return NULL;
	if (++d->nrules > DRAFT_RULES)
		draft_fail(d, "it becomes more than 20000 rules");
	if (d->failed)
		return NULL;
	key = draft_key(d, "rules", name);
	rule = draft_map(d, lists[section], NULL);
	draft_text(d, rule, "id", "%s", key);
	if (description != NULL && description[0] != '\0')
		draft_text(d, rule, "description", "%s", draft_line(d, description, DESCRIPTION_MAX));
	if (deed->is_disabled)
		draft_flag(d, rule, "enabled", false);
	put_way(d, rule, hook, m);
	put_conditions(d, rule, m);
	put_deed(d, rule, deed);
	entry_object(d, e, "firewall.%s[%s]", titles[section], key);
	return key;
}
