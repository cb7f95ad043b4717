/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Aliases, and what rules of pf mean with addresses, ports and protocols. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/pf.h"

#define PORTS_DEPTH	16
#define NAMES_MAX	256	/* of a group */

bool
pf_word(const char **at, char *ret, size_t size)
{
	size_t len;

	*at += strspn(*at, " \t\r\n,");
	len = strcspn(*at, " \t\r\n,");
	if (len == 0)
		return false;
	if (len >= size)
		len = size - 1;
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at += strcspn(*at, " \t\r\n,");
	return true;
}

struct pf_alias *
pf_alias(struct pf *pf, const char *name)
{
	unsigned i;

	for (i = 0; i < pf->naliases; i++)
		if (strcmp(pf->aliases[i].name, name) == 0)
			return &pf->aliases[i];
	return NULL;
}

static void
add_alias(struct pf *pf, struct xml *x, const char *content)
{
	struct pf_alias *a;

	if (pf->naliases == PF_ALIASES) {
		draft_fail(pf->d, "it has more than 4096 aliases");
		return;
	}
	a = &pf->aliases[pf->naliases++];
	*a = (struct pf_alias){ .name = xml_text(x, "name"), .x = x, .content = content };
	a->entry = pf_entry(pf, x, a->name);
}

/* "WWW.example.org" in small letters; a word without a dot is an alias that is not there. */
static bool
domain_parse(const char *word, char *ret, size_t size)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
	size_t i, len = strlen(word), label = 0;
	bool has_dot = false;

	if (len >= size || len > 253)
		return false;
	for (i = 0; i < len; i++) {
		ret[i] = word[i] >= 'A' && word[i] <= 'Z' ? (char)(word[i] - 'A' + 'a') : word[i];
		if (ret[i] == '.' ? label == 0 || ret[i - 1] == '-' : strchr(letters, ret[i]) == NULL || (label == 0 && ret[i] == '-') || label == 63)
			return false;
		has_dot |= ret[i] == '.';
		label = ret[i] == '.' ? 0 : label + 1;
	}
	ret[len] = '\0';
	/* "192.0.2.300" is a mistake, and no name. */
	return has_dot && label > 0 && ret[len - 1] != '-' && strspn(ret, "0123456789.") < len;
}

/* A range of addresses, a prefix, a host, another alias, a name. */
static void
put_member(struct pf *pf, struct pf_alias *a, const char *word, struct match_addrs *addrs, struct node *groups, struct node *names)
{
	const struct pf_alias *other = pf_alias(pf, word);
	struct addr first, last;
	char text[256], *dash;
	struct prefix p;

	if (prefix_parse_host(word, &p) == 0) {
		if (!match_addrs_add(addrs, &p, pf->d->arena))
			draft_fail(pf->d, "an alias has more than 4096 addresses");
		return;
	}
	(void)str_copy(text, word, sizeof(text));
	if ((dash = strchr(text, '-')) != NULL) {
		*dash = '\0';
		if (addr_parse(text, &first) == 0 && addr_parse(dash + 1, &last) == 0 && match_addrs_range(addrs, &first, &last, pf->d->arena))
			return;
	}
	if (other != NULL && other->group != NULL && other != a) {
		draft_text(pf->d, groups, NULL, "%s", other->group);
		return;
	}
	if (domain_parse(word, text, sizeof(text)) && names != NULL && names->n < NAMES_MAX) {
		draft_text(pf->d, names, NULL, "%s", text);
		pf->d->has_domains = true;
		entry_note(pf->d, a->entry, OUTCOME_DONE, "names are asked for again and again, and may have private addresses (firewall names)");
		return;
	}
	a->is_partial = true;
	entry_note(pf->d, a->entry, OUTCOME_CHANGED, "\"%.80s\" is no address: it is left out; rules that block by this alias block more", word);
}

void
pf_describe(struct pf *pf, const struct pf_alias *a, struct node *group)
{
	const char *text = xml_text(a->x, "descr")[0] != '\0' ? xml_text(a->x, "descr") : xml_text(a->x, "description");

	if (text[0] != '\0')
		draft_text(pf->d, group, "description", "%s", draft_line(pf->d, text, 200));
}

static void
put_members(struct pf *pf, struct pf_alias *a, struct node *group)
{
	struct node *list = draft_list(pf->d, group, "addresses"), *groups = draft_list(pf->d, group, "groups"), *names = draft_list(pf->d, group, "names");
	struct match_addrs addrs = { NULL, 0 };
	const char *at = a->content;
	char word[256], text[PREFIX_STRLEN];
	unsigned i;

	while (pf_word(&at, word, sizeof(word)))
		put_member(pf, a, word, &addrs, groups, names);
	for (i = 0; i < addrs.n; i++)
		draft_text(pf->d, list, NULL, "%s", prefix_format(&addrs.items[i], text, sizeof(text)));
}

/* Those that become a group of addresses. */
static const struct kind {
	const char	*type;
	void		(*put)(struct pf *, struct pf_alias *, struct node *group);
} kinds[] = {
	{ "host", put_members }, { "network", put_members }, { "networkgroup", put_members }, { "url", pf_put_urls }, { "urltable", pf_put_urls },
	{ "geoip", pf_put_countries }, { "asn", pf_put_systems },
};

static const struct kind *
kind_of(const struct pf_alias *a)
{
	const char *type = xml_text(a->x, "type");
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].type, type) == 0)
			return &kinds[i];
	return NULL;
}

static void
put_group(struct pf *pf, struct pf_alias *a)
{
	struct node *group = draft_map(pf->d, pf->d->groups, NULL);

	draft_text(pf->d, group, "name", "%s", a->group);
	pf_describe(pf, a, group);
	entry_object(pf->d, a->entry, "firewall.groups.%s", a->group);
	kind_of(a)->put(pf, a, group);
}

/* One that holds a partial one is partial, and so is one that holds what means one family alone; as deep as they are nested. */
static void
spread_partial(struct pf *pf)
{
	struct pf_alias *other;
	bool again = true;
	const char *at;
	char word[256];
	unsigned i;

	while (again) {
		again = false;
		for (i = 0; i < pf->naliases; i++) {
			if (pf->aliases[i].is_partial || pf->aliases[i].group == NULL)
				continue;
			for (at = pf->aliases[i].content; pf_word(&at, word, sizeof(word));)
				if ((other = pf_alias(pf, word)) != NULL && (other->is_partial || other->group == NULL || other->family != ADDR_NONE))
					again = pf->aliases[i].is_partial = true;
			if (pf->aliases[i].is_partial)
				entry_note(pf->d, pf->aliases[i].entry, OUTCOME_CHANGED, "of what it holds not all is imported as it is there; rules that pass "
				    "by this alias are refused, and those that block by it block more");
		}
	}
}

void
pf_read_aliases(struct pf *pf)
{
	struct xml *x, *list = xml_child(pf->root, "aliases"), *own = xml_child(xml_child(xml_child(pf->root, "OPNsense"), "Firewall"), "Alias");
	struct pf_alias *a;
	const char *type;
	unsigned i;

	if ((pf->aliases = arena_alloc(pf->d->arena, PF_ALIASES, sizeof(*pf->aliases))) == NULL) {
		draft_fail(pf->d, NULL);
		return;
	}
	for (x = list != NULL ? list->first : NULL; x != NULL; x = x->next)
		add_alias(pf, x, xml_text(x, "address"));
	list = xml_child(own, "aliases");
	for (x = list != NULL ? list->first : NULL; x != NULL; x = x->next)
		add_alias(pf, x, xml_text(x, "content"));
	for (i = 0; i < pf->naliases && !pf->d->failed; i++) {
		a = &pf->aliases[i];
		type = xml_text(a->x, "type");
		a->is_ports = strcmp(type, "port") == 0;
		if (kind_of(a) != NULL)
			a->group = draft_key(pf->d, "groups", a->name);
		else if (strcmp(type, "mac") == 0)
			pf_put_macs(pf, a);
		else if (a->is_ports)
			entry_note(pf->d, a->entry, OUTCOME_DONE, "its ports stand in the services of the rules");
		else
			entry_note(pf->d, a->entry, OUTCOME_REFUSED, "aliases of type %.40s are not imported; rules that pass by it are refused, rules that "
			    "block by it block more", type);
	}
	for (i = 0; i < pf->naliases && !pf->d->failed; i++)
		if (pf->aliases[i].group != NULL)
			put_group(pf, &pf->aliases[i]);
	spread_partial(pf);
}

/* --- ports --- */

static bool
add_ports(struct pf *pf, const char *text, struct match_ports **ret, bool *ret_partial, unsigned depth)
{
	struct pf_alias *a = pf_alias(pf, text);
	char copy[32], word[64], *dash;
	uint64_t lo, hi;
	const char *at;

	if (a != NULL && a->is_ports && depth < PORTS_DEPTH) {
		for (at = a->content; pf_word(&at, word, sizeof(word));)
			if (!add_ports(pf, word, ret, ret_partial, depth + 1))
				*ret_partial = true;
		if (*ret == NULL)
			*ret = arena_alloc(pf->d->arena, 1, sizeof(**ret));
		return true;
	}
	if (str_copy(copy, text, sizeof(copy)) >= sizeof(copy))
		return false;
	if ((dash = strpbrk(copy, "-:")) != NULL)
		*dash++ = '\0';
	if (str_u64(copy, 1, 65535, &lo) != 0 || str_u64(dash != NULL ? dash : copy, 1, 65535, &hi) != 0 || hi < lo)
		return false;
	*ret = match_ports_add(pf->d->arena, *ret, (unsigned)lo, (unsigned)hi);
	return true;
}

bool
pf_ports(struct pf *pf, const char *text, struct match_ports **ret, bool *ret_partial)
{
	*ret = NULL;
	*ret_partial = false;
	return add_ports(pf, text, ret, ret_partial, 0);
}

/* --- sides --- */

static void
side_address(struct pf *pf, struct match_side *s, const struct prefix *p, bool is_not)
{
	if (!is_not)
		s->has_addrs = true;
	(void)match_addrs_add(is_not ? &s->not : &s->addrs, p, pf->d->arena);
}

/* The network of an interface, or ("wanip") its address. */
static const char *
side_interface(struct pf *pf, const char *word, uint8_t family, struct match_side *s, bool is_not, bool *ret_local)
{
	const struct pf_interface *i = pf_interface(pf, word);
	const struct draft_link *l;
	struct prefix p;
	char name[64];
	size_t len = strlen(word);
	bool is_own = false;

	if (i == NULL && len > 2 && len < sizeof(name) && strcmp(word + len - 2, "ip") == 0) {
		(void)str_copy(name, word, len - 1);
		i = pf_interface(pf, name);
		is_own = true;
	}
	if (i == NULL || (l = draft_link_of(pf->d, i->link)) == NULL)
		return "an address or alias that is not known";
	if (is_own) {
		if (is_not)
			return "all but an address of the box";
		/* Within its own network the box has that address: so one that changes can be said, too. */
		*ret_local = true;
	}
	if ((family == ADDR_V4 && i->has_v4) || (family == ADDR_V6 && i->has_v6)) {
		p = family == ADDR_V4 ? i->v4 : i->v6;
		if (is_own)
			p.len = (uint8_t)(addr_len(&p.addr) * 8);
		side_address(pf, s, &p, is_not);
	} else if (is_not)
		s->not_network[s->nnot_networks++] = l->name;
	else
		s->network[s->nnetworks++] = l->name;
	return NULL;
}

static const char *
side_word(struct pf *pf, const char *word, uint8_t family, struct match_side *s, bool is_not, bool *ret_local)
{
	const struct pf_alias *a = pf_alias(pf, word);
	struct prefix p;

	if (strcmp(word, "(self)") == 0 || strcmp(word, "self") == 0) {
		*ret_local = true;
		return is_not ? "all but the box itself" : NULL;
	}
	if (strcmp(word, "any") == 0)
		return is_not ? "nobody" : NULL;
	if (prefix_parse_host(word, &p) == 0) {
		side_address(pf, s, &p, is_not);
		return NULL;
	}
	if (a == NULL)
		return side_interface(pf, word, family, s, is_not, ret_local);
	if (a->mac_group != NULL) {
		s->mac_group = a->mac_group;
		return is_not ? "all but a MAC address" : a->is_partial ? "an alias that is imported in part" : NULL;
	}
	if (a->group == NULL)
		return "an alias that is not imported";
	if (a->family != ADDR_NONE && a->family != family)
		return "an alias of one family alone";
	if (is_not)
		s->not_group[s->nnot_groups++] = a->group;
	else
		s->group[s->ngroups++] = a->group;
	return a->is_partial ? "an alias that is imported in part" : NULL;
}

const char *
pf_side(struct pf *pf, const struct xml *x, uint8_t family, struct match_side *s, const struct match_ports **ret_ports, bool *ret_local)
{
	const char *words[] = { "address", "network" }, *text, *fault = NULL;
	struct match_ports *ports;
	bool is_not = xml_flag(x, "not"), is_partial;
	size_t i;

	for (i = 0; i < 2 && fault == NULL; i++)
		if ((text = xml_text(x, words[i]))[0] != '\0')
			fault = side_word(pf, text, family, s, is_not, ret_local);
	if (is_not && xml_child(x, "any") != NULL)
		fault = "nobody";
	text = xml_text(x, "port");
	if (text[0] == '\0' || strcmp(text, "any") == 0)
		return fault;
	if (!pf_ports(pf, text, &ports, &is_partial))
		return "ports that are not known";
	*ret_ports = ports;
	return fault != NULL ? fault : is_partial ? "an alias of ports that is imported in part" : NULL;
}

/* --- protocols --- */

const char *
pf_protocol(struct pf *pf, const struct xml *rule, struct match *m)
{
	static const struct {
		const char	*name;
		uint8_t		 first, second;
	} names[] = {
		{ "tcp", 6, 0 }, { "udp", 17, 0 }, { "tcp/udp", 6, 17 }, { "esp", 50, 0 }, { "ah", 51, 0 }, { "gre", 47, 0 }, { "igmp", 2, 0 },
		{ "pim", 103, 0 }, { "ospf", 89, 0 }, { "carp", 112, 0 }, { "vrrp", 112, 0 }, { "sctp", 132, 0 }, { "ipv6", 41, 0 },
	};
	static const struct {
		const char	*type, *name;
	} types[] = {
		{ "echoreq", "echo-request" }, { "echorep", "echo-reply" }, { "unreach", "destination-unreachable" }, { "timex", "time-exceeded" },
		{ "paramprob", "parameter-problem" }, { "redir", "redirect" }, { "toobig", "packet-too-big" },
	};
	const char *text = xml_text(rule, "protocol"), *type = xml_text(rule, "icmptype");
	char copy[16];
	size_t i;

	(void)pf;
	(void)str_copy(copy, text, sizeof(copy));
	for (i = 0; copy[i] != '\0'; i++)
		if (copy[i] >= 'A' && copy[i] <= 'Z')
			copy[i] = (char)(copy[i] - 'A' + 'a');
	if (copy[0] == '\0' || strcmp(copy, "any") == 0)
		return NULL;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, copy) == 0) {
			m->protocols[m->nprotocols++] = names[i].first;
			if (names[i].second != 0)
				m->protocols[m->nprotocols++] = names[i].second;
			return NULL;
		}
	if (strcmp(copy, "icmp") != 0 && strcmp(copy, "icmp6") != 0 && strcmp(copy, "ipv6-icmp") != 0)
		return "this protocol";
	m->protocols[m->nprotocols++] = strcmp(copy, "icmp") == 0 && m->family != ADDR_V6 ? 1 : 58;
	if (strcmp(copy, "icmp") == 0 && m->family == ADDR_NONE)
		m->protocols[m->nprotocols++] = 58;
	if (type[0] == '\0' || strcmp(type, "any") == 0)
		return NULL;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(types[i].type, type) == 0)
			m->icmp = types[i].name;
	return m->icmp == NULL ? "these types of ICMP" : NULL;
}
