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
		for (i = 0; i < sizeof(known) / sizeof(known[0]) && !uci_is_type(s, known[i]); i++)
			;
		if (i < sizeof(known) / sizeof(known[0]))
			continue;
		u->is_stopped |= uci_is_type(s, "include");
		entry_note(u->d, s->entry, OUTCOME_REFUSED,
		    uci_is_type(s, "include") ? "commands that run beside are not imported: what they drop passes here" :
		    uci_is_type(s, "nat") ? "use source-nat" : "it is no part of the firewall that is imported");
	}
}

static void
each(struct uci *u, const char *type, void (*fn)(struct uci *, const struct uci_section *))
{
	const struct uci_section *s;

	for (s = u->first; s != NULL && !u->d->failed; s = s->next)
		if (uci_is_type(s, type))
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
put_offload(struct uci *u, const struct uci_section *defaults)
{
	if (!uci_flag(defaults, "flow_offloading", false))
		return;
	draft_text(u->d, u->d->offload, "mode", "%s", uci_flag(defaults, "flow_offloading_hw", false) ? "hardware" : "software");
	entry_object(u->d, defaults->entry, "firewall.flow-offload");
	entry_note(u->d, defaults->entry, OUTCOME_CHANGED, "connections that stand are handed on between zones where no rule looks at every packet");
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
		put_offload(u, defaults);
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
		defaults = uci_is_type(s, "defaults") ? s : defaults;
	if (defaults == NULL && u->first == NULL)
		draft_fail(d, "it has no section: is this /etc/config/firewall?");
	each(u, "zone", uci_read_zone);
	each(u, "ipset", uci_read_set);
	each(u, "rule", put_rules_for_all);
	each(u, "rule", put_rules_of_zones);
	each(u, "forwarding", put_forwarding);
	each(u, "redirect", uci_put_redirect);
	if (!d->failed)
		put_defaults(u, defaults);
	for (s = u->first; s != NULL; s = s->next)
		if (uci_is_type(s, "interface") && s->entry != NULL && s->entry->nobjects == 0)
			entry_note(d, s->entry, OUTCOME_REFUSED, "no zone has it");
}
