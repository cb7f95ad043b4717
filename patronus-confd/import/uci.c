/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The firewall of OpenWrt (fw4, and fw3 as far as it is the same): what belongs to a connection passes, then rules of all zones, rules of the
 * zone, forwardings, port forwards, and the policies of zones and defaults, which come into the post-rules here.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/import.h"
#include "import/uci.h"

const struct uci_zone *
uci_zone(const struct uci *u, const char *name)
{
	unsigned i;

	for (i = 0; i < u->nzones; i++)
		if (strcmp(u->zones[i].name, name) == 0)
			return &u->zones[i];
	return NULL;
}

const struct uci_set *
uci_set(const struct uci *u, const char *name)
{
	unsigned i;

	for (i = 0; i < u->nsets; i++)
		if (strcmp(u->sets[i].name, name) == 0)
			return &u->sets[i];
	return NULL;
}

static bool
is_type(const struct uci_section *s, const char *type)
{
	return strcmp(s->type, type) == 0;
}

/* --- networks and zones --- */

/* "255.255.255.0" or "24". */
static bool
give_length(struct prefix *p, const char *mask)
{
	struct addr m;
	unsigned i, len = 0;
	uint64_t n;

	if (str_u64(mask, 0, 32, &n) == 0) {
		p->len = (uint8_t)n;
		return true;
	}
	if (addr_parse(mask, &m) != 0 || m.family != ADDR_V4)
		return false;
	while (len < 32 && (m.bytes[len / 8] & (0x80u >> (len % 8))) != 0)
		len++;
	for (i = len; i < 32; i++)
		if ((m.bytes[i / 8] & (0x80u >> (i % 8))) != 0)
			return false;
	p->len = (uint8_t)len;
	return true;
}

static void
give_addresses(struct uci *u, struct draft_link *l, const struct uci_section *s)
{
	static const char *const names[] = { "ipaddr", "ip6addr" };
	struct prefix p;
	size_t i;

	for (i = 0; i < 2 && !l->is_there; i++) {
		struct uci_words w = { .s = s, .name = names[i] };

		while (uci_next(&w)) {
			bool ok = prefix_parse(w.word, &p) == 0 ||
			    (addr_parse(w.word, &p.addr) == 0 && p.addr.family == ADDR_V4 && give_length(&p, uci_get(s, "netmask")));

			if (ok && l->naddrs < DRAFT_ADDRS)
				l->addrs[l->naddrs++] = p;
			else
				entry_note(u->d, s->entry, OUTCOME_CHANGED, "address \"%.60s\" is left out", w.word);
		}
	}
}

static const struct uci_section *
network_of(const struct uci *u, const char *name)
{
	const struct uci_section *s;

	for (s = u->first; s != NULL; s = s->next)
		if (is_type(s, "interface") && strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/* A network of UCI is an interface here: that of its name, else of its device. */
static uint64_t
link_of(struct uci *u, const char *network, struct entry *e, unsigned depth)
{
	const struct uci_section *s = network_of(u, network);
	const char *device = uci_get(s, "device")[0] != '\0' ? uci_get(s, "device") : uci_get(s, "ifname");
	struct draft_link *l;
	uint64_t link;

	/* "@wan" is the device of another network: its packets are that interface's. */
	if (device[0] == '@') {
		link = depth < 8 ? link_of(u, device + 1, e, depth + 1) : 0;
		if ((l = draft_link_of(u->d, link)) != NULL)
			entry_object(u->d, s->entry, "interfaces.%s", l->name);
		return link;
	}
	link = draft_link_as(u->d, network, device[0] != '\0' ? device : network);
	if ((l = draft_link_of(u->d, link)) == NULL) {
		entry_note(u->d, e, OUTCOME_REFUSED, "network \"%.40s\" has no interface that can be here", network);
		return 0;
	}
	if (s != NULL && s->entry != NULL && s->entry->nobjects == 0) {
		entry_object(u->d, s->entry, "interfaces.%s", l->name);
		give_addresses(u, l, s);
		if (strcmp(uci_get(s, "proto"), "static") != 0)
			entry_note(u->d, s->entry, OUTCOME_CHANGED, "its address comes by \"%.20s\", which is not imported", uci_get(s, "proto"));
	} else if (s == NULL && !l->is_there)
		entry_note(u->d, e, OUTCOME_CHANGED, "say in interfaces.%s.match which hardware network \"%.40s\" is, or import network too",
		    l->name, network);
	return link;
}

/* New interfaces stand in the zone as it is named; those of the workspace where they stand. */
static void
name_zone(struct uci *u, struct uci_zone *z)
{
	const char *key = NULL;
	unsigned i;

	for (i = 0; i < u->d->nlinks; i++)
		if ((z->links & (1ull << i)) != 0 && !u->d->links[i].is_there && strcmp(u->d->links[i].zone, z->name) == 0)
			key = u->d->links[i].zone;
	for (i = 0; i < u->d->nlinks; i++) {
		if ((z->links & (1ull << i)) == 0 || u->d->links[i].is_there)
			continue;
		if (key == NULL)
			key = draft_key(u->d, "zones", z->name);
		u->d->links[i].zone = key;
	}
}

static void
read_zone(struct uci *u, const struct uci_section *s)
{
	struct uci_zone *z = &u->zones[u->nzones];
	struct uci_words networks = { .s = s, .name = "network" }, devices = { .s = s, .name = "device" };
	static const char *const lost[] = { "subnet", "extra", "extra_src", "extra_dest", "masq_dest", "family" };
	size_t i;

	if (u->nzones == UCI_ZONES) {
		draft_fail(u->d, "it has more than 64 zones");
		return;
	}
	*z = (struct uci_zone){ .name = uci_get(s, "name"), .s = s };
	u->nzones++;
	while (uci_next(&networks))
		z->links |= link_of(u, networks.word[0] == '\0' ? "x" : arena_strdup(u->d->arena, networks.word), s->entry, 0);
	while (uci_next(&devices))
		z->links |= draft_link(u->d, arena_strdup(u->d->arena, devices.word));
	name_zone(u, z);
	for (i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		if (uci_get(s, lost[i])[0] != '\0' && strcmp(uci_get(s, lost[i]), "any") != 0)
			z->links = 0;
	if (z->links == 0)
		entry_note(u->d, s->entry, OUTCOME_REFUSED, "it has no interface here, or is narrowed by something else than interfaces: what comes from it is "
		    "dropped");
	else
		entry_note(u->d, s->entry, OUTCOME_DONE, "its interfaces are its zone here");
	if (uci_flag(s, "mtu_fix", false))
		entry_note(u->d, s->entry, OUTCOME_CHANGED, "the segment size of TCP is not clamped (mtu_fix)");
}

/* --- sets --- */

static void
read_set(struct uci *u, const struct uci_section *s)
{
	struct uci_words match = { .s = s, .name = "match" }, entries = { .s = s, .name = "entry" };
	struct uci_set *set = &u->sets[u->nsets];
	struct node *group, *list;
	char text[PREFIX_STRLEN];
	unsigned n = 0;
	struct prefix p;

	if (u->nsets == UCI_SETS) {
		draft_fail(u->d, "it has more than 256 sets");
		return;
	}
	*set = (struct uci_set){ .name = uci_get(s, "name") };
	u->nsets++;
	for (; uci_next(&match); n++) {
		set->is_source = strncmp(match.word, "src_", 4) == 0;
		if (strcmp(match.word + (match.word[0] == 's' ? 4 : 5), "ip") != 0 && strcmp(match.word + (match.word[0] == 's' ? 4 : 5), "net") != 0)
			n++;
	}
	if (n != 1) {
		entry_note(u->d, s->entry, OUTCOME_REFUSED, "only sets of senders or receivers are groups here");
		return;
	}
	set->group = draft_key(u->d, "groups", set->name);
	group = draft_map(u->d, u->d->groups, NULL);
	draft_text(u->d, group, "name", "%s", set->group);
	list = draft_list(u->d, group, "addresses");
	while (uci_next(&entries) && !u->d->failed) {
		if (prefix_parse_host(entries.word, &p) == 0)
			draft_text(u->d, list, NULL, "%s", prefix_format(&p, text, sizeof(text)));
		else
			set->is_partial = true;
	}
	set->is_partial |= uci_get(s, "loadfile")[0] != '\0' || uci_get(s, "external")[0] != '\0' || strcmp(uci_get(s, "timeout"), "") != 0;
	if (set->is_partial)
		entry_note(u->d, s->entry, OUTCOME_CHANGED, "entries that are not in the text, or end by themselves, are not known; rules that accept by it "
		    "are refused, and those that drop by it drop more");
	entry_object(u->d, s->entry, "firewall.groups.%s", set->group);
}

/* --- policies --- */

static const char *
action_of(const char *policy)
{
	return strcmp(policy, "ACCEPT") == 0 || strcmp(policy, "accept") == 0 ? "accept" :
	    strcmp(policy, "REJECT") == 0 || strcmp(policy, "reject") == 0 ? "reject" : "drop";
}

static void
put_policy(struct uci *u, const struct uci_section *s, enum draft_hook hook, uint64_t in, uint64_t out, const char *action, const char *name)
{
	struct deed deed = { .action = action };
	struct match m;

	/* Whatever is not decided is dropped. */
	if (strcmp(action, "drop") == 0)
		return;
	match_init(&m);
	m.in = in;
	m.out = out;
	(void)draft_rule(u->d, s->entry, DRAFT_POST_RULES, hook, name, NULL, &m, &deed);
}

static void
put_forwarding(struct uci *u, const struct uci_section *s)
{
	static const struct deed accept = { .action = "accept" };
	const struct uci_zone *from = uci_zone(u, uci_get(s, "src")), *to = uci_zone(u, uci_get(s, "dest"));
	const char *family = uci_get(s, "family");
	struct match m;
	char name[96];

	match_init(&m);
	m.family = strcmp(family, "ipv4") == 0 ? ADDR_V4 : strcmp(family, "ipv6") == 0 ? ADDR_V6 : ADDR_NONE;
	if ((from == NULL && strcmp(uci_get(s, "src"), "*") != 0) || (to == NULL && strcmp(uci_get(s, "dest"), "*") != 0) ||
	    uci_get(s, "ipset")[0] != '\0') {
		entry_note(u->d, s->entry, OUTCOME_REFUSED, "its zones are not here");
		return;
	}
	m.in = from != NULL ? from->links : MATCH_ANY_LINK;
	m.out = to != NULL ? to->links : MATCH_ANY_LINK;
	if (!uci_flag(s, "enabled", true)) {
		entry_note(u->d, s->entry, OUTCOME_DONE, "it is switched off");
		return;
	}
	(void)snprintf(name, sizeof(name), "%.30s-to-%.30s", uci_get(s, "src"), uci_get(s, "dest"));
	(void)draft_rule(u->d, s->entry, DRAFT_RULES_SECTION, DRAFT_FORWARD, name, uci_get(s, "name"), &m, &accept);
}

static void
put_masquerade(struct uci *u, const struct uci_zone *z)
{
	struct uci_words sources = { .s = z->s, .name = "masq_src" };
	struct match_side side = { .has_addrs = false };
	struct node *item;
	const char *key;
	struct prefix p;
	unsigned i;

	if (uci_flag(z->s, "masq6", false))
		entry_note(u->d, z->s->entry, OUTCOME_CHANGED, "IPv6 is not masqueraded");
	if (!uci_flag(z->s, "masq", false) || z->links == 0)
		return;
	while (uci_next(&sources)) {
		bool is_not = sources.word[0] == '!';

		if (prefix_parse_host(sources.word + is_not, &p) != 0) {
			entry_note(u->d, z->s->entry, OUTCOME_CHANGED, "nobody is masqueraded: \"%.60s\" is no address", sources.word);
			return;
		}
		side.has_addrs |= !is_not;
		(void)match_addrs_add(is_not ? &side.not : &side.addrs, &p, u->d->arena);
	}
	for (i = 0; i < u->d->nlinks; i++) {
		bool is_same = i > 0 && (z->links & (1ull << (i - 1))) != 0 && strcmp(u->d->links[i].zone, u->d->links[i - 1].zone) == 0;

		if ((z->links & (1ull << i)) == 0 || is_same)
			continue;
		key = draft_key(u->d, "masquerade", z->name);
		item = draft_map(u->d, u->d->masquerade, NULL);
		draft_text(u->d, item, "name", "%s", key);
		draft_text(u->d, item, "zone", "%s", u->d->links[i].zone);
		draft_side(u->d, item, "source", &side);
		entry_object(u->d, z->s->entry, "nat.masquerade.%s", key);
	}
}

static void
put_zone_policies(struct uci *u, const struct uci_zone *z, const struct uci_section *defaults, bool drops)
{
	const char *input = uci_get(z->s, "input"), *output = uci_get(z->s, "output"), *forward = uci_get(z->s, "forward");
	char name[96];

	if (z->links == 0)
		return;
	if (input[0] == '\0')
		input = uci_get(defaults, "input");
	(void)snprintf(name, sizeof(name), "%.40s-input", z->name);
	put_policy(u, z->s, DRAFT_INPUT, z->links, MATCH_ANY_LINK, action_of(input), name);
	/* Only within the zone. */
	(void)snprintf(name, sizeof(name), "%.40s-forward", z->name);
	put_policy(u, z->s, DRAFT_FORWARD, z->links, z->links, action_of(forward), name);
	if (output[0] == '\0')
		output = uci_get(defaults, "output");
	(void)snprintf(name, sizeof(name), "%.40s-output", z->name);
	if (drops)
		put_policy(u, z->s, DRAFT_OUTPUT, MATCH_ANY_LINK, z->links, action_of(output), name);
}

/* --- the whole --- */

static const char *
words_of(const struct uci_section *s)
{
	return uci_get(s, "name")[0] != '\0' ? uci_get(s, "name") : s->name;
}

/* Each section is an object of the account, with its place as uci(1) writes it. */
static void
make_entries(struct uci *u)
{
	static const char *const known[] = { "defaults", "zone", "forwarding", "rule", "redirect", "ipset", "interface" };
	struct uci_section *s, *before;
	char place[160];
	unsigned n;
	size_t i;

	for (s = u->first; s != NULL; s = s->next) {
		for (n = 0, before = u->first; before != s; before = before->next)
			n += strcmp(before->type, s->type) == 0;
		if (s->name[0] != '\0')
			(void)snprintf(place, sizeof(place), "%.60s.%.60s", s->type, s->name);
		else
			(void)snprintf(place, sizeof(place), "@%.60s[%u]", s->type, n);
		s->entry = entry_add(u->d, s->line, place, words_of(s), strlen(words_of(s)));
		for (i = 0; i < sizeof(known) / sizeof(known[0]) && !is_type(s, known[i]); i++)
			;
		if (i < sizeof(known) / sizeof(known[0]))
			continue;
		u->is_stopped |= is_type(s, "include");
		entry_note(u->d, s->entry, OUTCOME_REFUSED, is_type(s, "include") ? "commands that run beside are not imported: what they drop passes here" :
		    is_type(s, "nat") ? "use source-nat" : "it is no part of the firewall that is imported");
	}
}

static void
each(struct uci *u, const char *type, void (*fn)(struct uci *, const struct uci_section *))
{
	const struct uci_section *s;

	for (s = u->first; s != NULL && !u->d->failed; s = s->next)
		if (is_type(s, type))
			fn(u, s);
}

static void
put_rules_for_all(struct uci *u, const struct uci_section *s)
{
	if (uci_is_for_all(s))
		uci_put_rule(u, s);
}

static void
put_rules_of_zones(struct uci *u, const struct uci_section *s)
{
	if (!uci_is_for_all(s))
		uci_put_rule(u, s);
}

static void
put_defaults(struct uci *u, const struct uci_section *defaults)
{
	bool drops = strcmp(action_of(uci_get(defaults, "output")), "accept") != 0;
	unsigned i;

	for (i = 0; i < u->nzones; i++)
		drops |= uci_get(u->zones[i].s, "output")[0] != '\0' && strcmp(action_of(uci_get(u->zones[i].s, "output")), "accept") != 0;
	for (i = 0; i < u->nzones; i++) {
		put_masquerade(u, &u->zones[i]);
		put_zone_policies(u, &u->zones[i], defaults, drops);
	}
	if (defaults != NULL && u->d->nlinks > 0)
		put_policy(u, defaults, DRAFT_FORWARD, MATCH_ANY_LINK, MATCH_ANY_LINK, action_of(uci_get(defaults, "forward")), "forward");
	draft_text(u->d, u->d->defaults, "action", "drop");
	draft_text(u->d, u->d->defaults, "outgoing", drops ? "drop" : "accept");
	if (defaults != NULL && (uci_flag(defaults, "syn_flood", false) || uci_flag(defaults, "synflood_protect", false)))
		entry_note(u->d, defaults->entry, OUTCOME_CHANGED, "protection against floods of SYN is not imported");
	if (defaults != NULL)
		entry_note(u->d, defaults->entry, OUTCOME_DONE, "what nothing decides is dropped; what the box sends is %s", drops ? "dropped" : "accepted");
}

void
import_uci(struct draft *d, const char *text, size_t len)
{
	struct uci *u = arena_alloc(d->arena, 1, sizeof(*u));
	const struct uci_section *s, *defaults = NULL;

	(void)len;
	if (u == NULL) {
		draft_fail(d, NULL);
		return;
	}
	u->d = d;
	uci_parse(u, text);
	if (d->failed)
		return;
	d->box = entry_add(d, 1, "the whole", "", 0);
	entry_note(d, d->box, OUTCOME_CHANGED, "as in every policy of Patronus neighbour discovery, answers to its own DHCP client and management with the "
	    "lock-out guard pass, and spoofed packets and those of no connection are dropped");
	make_entries(u);
	for (s = u->first; s != NULL; s = s->next)
		defaults = is_type(s, "defaults") ? s : defaults;
	if (defaults == NULL && u->first == NULL)
		draft_fail(d, "it has no section: is this /etc/config/firewall?");
	each(u, "zone", read_zone);
	each(u, "ipset", read_set);
	each(u, "rule", put_rules_for_all);
	each(u, "rule", put_rules_of_zones);
	each(u, "forwarding", put_forwarding);
	each(u, "redirect", uci_put_redirect);
	if (!d->failed)
		put_defaults(u, defaults);
	for (s = u->first; s != NULL; s = s->next)
		if (is_type(s, "interface") && s->entry != NULL && s->entry->nobjects == 0)
			entry_note(d, s->entry, OUTCOME_REFUSED, "no zone has it");
}
