/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Filter rules.  Those of an interface, and floating ones that are quick, are tried in their order; floating ones that are not quick decide
 * what none of the others did, and of them the last: they become post-rules, the last one first.
 */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/pf.h"

#define CONNECTIONS_MAX	1000000

struct pf_rule {
	const struct xml	*x;
	struct entry		*e;
	struct match		 m;
	struct deed		 deed;
	const char		*lost;
	bool			 is_pass;
	bool			 is_local;	/* to the box itself */
	bool			 is_floating, is_quick;
	const char		*direction;
	char			 name[80];
};

static uint64_t
links_of(struct pf *pf, const char *list, bool *ret_unknown)
{
	const struct pf_interface *i;
	uint64_t links = 0;
	char name[64];
	size_t len;

	*ret_unknown = false;
	if (list[0] == '\0' || strcmp(list, "any") == 0)
		return MATCH_ANY_LINK;
	for (; *list != '\0'; list += len + (list[len] == ',')) {
		len = strcspn(list, ",");
		(void)snprintf(name, sizeof(name), "%.*s", (int)(len < sizeof(name) ? len : sizeof(name) - 1), list);
		if ((i = pf_interface(pf, name)) != NULL)
			links |= i->link;
		else
			*ret_unknown = true;
	}
	return links;
}

/* What a rule of pf can ask and a rule here cannot. */
static const char *
other_conditions(const struct pf_rule *r)
{
	static const struct {
		const char	*name, *what;
		bool		 pass_only;	/* it narrows what a pass lets through, and a block does not have it */
	} rows[] = {
		{ "os", "the sender's operating system", false }, { "tagged", "a tag", false }, { "dscp", "a code point", false },
		{ "vlanprio", "a priority of VLANs", false }, { "max-src-nodes", "a limit of senders", true },
		{ "max-src-conn-rate", "a rate of connections", true }, { "max-src-conn-rates", "a rate of connections", true },
		{ "tcpflags1", "TCP flags", false }, { "tcpflags2", "TCP flags", false }, { "divert-to", "a program", true },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (xml_text(r->x, rows[i].name)[0] != '\0' && (r->is_pass || !rows[i].pass_only))
			return rows[i].what;
	if (r->is_pass && strcmp(xml_text(r->x, "statetype"), "none") == 0)
		return "to pass without a state";
	return NULL;
}

/* How many connections may be there at once. */
static const char *
read_connections(struct pf *pf, struct pf_rule *r)
{
	static const struct {
		const char	*name, *per;
		bool		 is_other;	/* there only TCP is counted, and what has been answered */
	} rows[] = { { "max-src-conn", "source", true }, { "max-src-states", "source", false }, { "max", NULL, false } };
	const char *text;
	uint64_t n;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && r->is_pass; i++) {
		if ((text = xml_text(r->x, rows[i].name))[0] == '\0')
			continue;
		if (r->m.connections.rate != NULL)
			return "two limits of connections at once";
		if (str_u64(text, 1, CONNECTIONS_MAX, &n) != 0)
			return "such a number of connections";
		r->m.connections = (struct match_limit){ .rate = "", .burst = (uint32_t)n, .per = rows[i].per };
		if (rows[i].is_other)
			entry_note(pf->d, r->e, OUTCOME_CHANGED, "%s counts connections that are not established yet, and those of other protocols, too",
			    rows[i].name);
		entry_note(pf->d, r->e, OUTCOME_DONE, "what is over the limit of connections is dropped by a rule of its own");
	}
	return NULL;
}

static const char *
schedule_of(struct pf *pf, const char *name)
{
	const struct xml *list = xml_child(pf->root, "schedules"), *x;

	for (x = list != NULL ? list->first : NULL; x != NULL; x = x->next)
		if (strcmp(xml_text(x, "name"), name) == 0 && x->text[0] != '\0')
			return x->text;
	return NULL;
}

static void
read_conditions(struct pf *pf, struct pf_rule *r)
{
	const char *family = xml_text(r->x, "ipprotocol"), *sched = xml_text(r->x, "sched"), *fault;
	bool from_local = false;

	match_init(&r->m);
	r->m.family = strcmp(family, "inet6") == 0 ? ADDR_V6 : strcmp(family, "inet46") == 0 ? ADDR_NONE : ADDR_V4;
	r->lost = pf_protocol(pf, r->x, &r->m);
	if ((fault = pf_side(pf, xml_child(r->x, "source"), r->m.family, &r->m.source, &r->m.sports, &from_local)) != NULL || from_local)
		r->lost = fault != NULL ? fault : "the box's own address as sender";
	if ((fault = pf_side(pf, xml_child(r->x, "destination"), r->m.family, &r->m.destination, &r->m.dports, &r->is_local)) != NULL)
		r->lost = fault;
	if (r->m.nprotocols == 0 && (r->m.sports != NULL || r->m.dports != NULL))
		r->lost = "ports without a protocol";
	if (sched[0] != '\0' && (r->m.schedule = schedule_of(pf, sched)) == NULL)
		r->lost = "a schedule that is not imported";
	if (r->m.destination.mac_group != NULL)
		r->lost = "the MAC address of a receiver";
	if ((fault = other_conditions(r)) != NULL || (fault = read_connections(pf, r)) != NULL)
		r->lost = fault;
}

/* A rule that blocks and cannot say all that it asks blocks more. */
static bool
settle(struct pf *pf, struct pf_rule *r)
{
	if (r->lost == NULL)
		return true;
	if (r->is_pass) {
		entry_note(pf->d, r->e, OUTCOME_REFUSED, "%s cannot be said here: the rule is left out", r->lost);
		return false;
	}
	entry_note(pf->d, r->e, OUTCOME_CHANGED, "%s cannot be said here: it blocks all that comes this way; narrow the rule by hand", r->lost);
	memset(&r->m.source, 0, sizeof(r->m.source));
	memset(&r->m.destination, 0, sizeof(r->m.destination));
	r->m.nprotocols = 0;
	r->m.sports = r->m.dports = NULL;
	r->m.icmp = r->m.schedule = NULL;
	r->is_local = false;
	return true;
}

static void
put(struct pf *pf, const struct pf_rule *r, enum draft_hook hook, uint64_t links)
{
	enum draft_section section = r->is_floating && !r->is_quick ? DRAFT_POST_RULES : DRAFT_RULES_SECTION;
	struct deed over = r->deed;
	struct match m = r->m;
	char name[96];

	if (hook == DRAFT_LEAVING)
		m.out = links;
	else
		m.in = links;
	if (hook == DRAFT_ARRIVING && r->is_local)
		hook = DRAFT_INPUT;
	(void)draft_rule(pf->d, r->e, section, hook, r->name, xml_text(r->x, "descr"), &m, &r->deed);
	if (m.connections.rate == NULL)
		return;
	/* Here the next rule would decide what is over the limit. */
	m.connections.rate = NULL;
	over.action = "drop";
	(void)snprintf(name, sizeof(name), "%s-over", r->name);
	(void)draft_rule(pf->d, r->e, section, hook, name, xml_text(r->x, "descr"), &m, &over);
}

/* pf asks for the addresses of neighbours that have the MAC address: what a router hands on has its MAC address here, and is not meant. */
static const char *
narrow_to_neighbours(struct pf *pf, struct pf_rule *r, uint64_t links)
{
	struct match_side *s = &r->m.source;
	unsigned i;

	if (s->mac_group == NULL || !r->is_pass)
		return NULL;
	for (i = 0; i < DRAFT_LINKS && links != MATCH_ANY_LINK; i++) {
		if ((links & (1ull << i)) == 0)
			continue;
		if (s->nnetworks == MATCH_GROUPS)
			break;
		s->network[s->nnetworks++] = draft_link_of(pf->d, 1ull << i)->name;
	}
	return i == DRAFT_LINKS ? NULL : "a MAC address behind so many interfaces";
}

static void
put_rule(struct pf *pf, struct pf_rule *r)
{
	bool unknown;
	uint64_t links = links_of(pf, xml_text(r->x, "interface"), &unknown);
	bool is_out = strcmp(r->direction, "out") == 0, is_both = strcmp(r->direction, "any") == 0;

	if (unknown && links == 0) {
		entry_note(pf->d, r->e, OUTCOME_REFUSED, "its interface is not imported: what comes from there is dropped");
		return;
	}
	if (unknown)
		entry_note(pf->d, r->e, OUTCOME_CHANGED, "of its interfaces some are not imported: what comes from there is dropped");
	if (is_out && r->is_pass) {
		entry_note(pf->d, r->e, OUTCOME_REFUSED, "what may leave is said where it comes in; rules that block on the way out block it as well");
		return;
	}
	if (r->lost == NULL)
		r->lost = narrow_to_neighbours(pf, r, links);
	if (!settle(pf, r))
		return;
	if (!is_out)
		put(pf, r, DRAFT_ARRIVING, links);
	if ((is_out || is_both) && !r->is_pass)
		put(pf, r, DRAFT_LEAVING, links);
}

static bool
read_rule(struct pf *pf, struct xml *x, unsigned n, struct pf_rule *r)
{
	const char *type = xml_text(x, "type"), *descr = xml_text(x, "descr");

	memset(r, 0, sizeof(*r));
	r->x = x;
	r->e = pf_entry(pf, x, descr[0] != '\0' ? descr : type);
	r->is_floating = xml_flag(x, "floating");
	r->is_quick = !r->is_floating || xml_flag(x, "quick");
	r->direction = r->is_floating && xml_text(x, "direction")[0] != '\0' ? xml_text(x, "direction") : "in";
	r->is_pass = strcmp(type, "pass") == 0 || type[0] == '\0';
	r->deed = (struct deed){ .action = r->is_pass ? "accept" : strcmp(type, "reject") == 0 ? "reject" : "drop", .log = xml_flag(x, "log") };
	(void)snprintf(r->name, sizeof(r->name), "%.24s-%u", r->is_floating ? "floating" : xml_text(x, "interface"), n);
	if (xml_flag(x, "disabled")) {
		r->deed.is_disabled = true;
		entry_note(pf->d, r->e, OUTCOME_DONE, "it is switched off");
	}
	if (strcmp(type, "match") == 0) {
		entry_note(pf->d, r->e, OUTCOME_REFUSED, "rules of type match decide nothing");
		return false;
	}
	if (!r->is_pass && strcmp(type, "block") != 0 && strcmp(type, "reject") != 0)
		entry_note(pf->d, r->e, OUTCOME_CHANGED, "type \"%.20s\" is not known here: it blocks", type);
	if (xml_text(x, "gateway")[0] != '\0')
		entry_note(pf->d, r->e, OUTCOME_CHANGED, "where it goes is what the routes say: gateways of rules are not imported");
	if (xml_text(x, "dnpipe")[0] != '\0' || xml_text(x, "defaultqueue")[0] != '\0')
		entry_note(pf->d, r->e, OUTCOME_CHANGED, "queues and limiters are not imported");
	read_conditions(pf, r);
	/* Switched off and not to be said: nothing is lost. */
	if (r->deed.is_disabled && r->lost != NULL) {
		entry_note(pf->d, r->e, OUTCOME_REFUSED, "%s cannot be said here", r->lost);
		return false;
	}
	return true;
}

void
pf_read_rules(struct pf *pf)
{
	struct xml *list = xml_child(pf->root, "filter"), *x;
	struct pf_rule *rules;
	unsigned n = 0, i;
	bool *ok;

	for (x = list != NULL ? list->first : NULL; x != NULL; x = x->next)
		n += strcmp(x->name, "rule") == 0;
	if (n > DRAFT_RULES || (rules = arena_alloc(pf->d->arena, n + 1, sizeof(*rules))) == NULL ||
	    (ok = arena_alloc(pf->d->arena, n + 1, sizeof(*ok))) == NULL) {
		draft_fail(pf->d, n > DRAFT_RULES ? "it has more than 20000 rules" : NULL);
		return;
	}
	n = 0;
	for (x = list != NULL ? list->first : NULL; x != NULL && !pf->d->failed; x = x->next) {
		if (strcmp(x->name, "rule") != 0)
			continue;
		ok[n] = read_rule(pf, x, n + 1, &rules[n]);
		n++;
	}
	for (i = 0; i < n; i++)
		if (ok[i] && rules[i].is_floating && rules[i].is_quick)
			put_rule(pf, &rules[i]);
	for (i = 0; i < n; i++)
		if (ok[i] && !rules[i].is_floating)
			put_rule(pf, &rules[i]);
	for (i = n; i > 0; i--)
		if (ok[i - 1] && rules[i - 1].is_floating && !rules[i - 1].is_quick)
			put_rule(pf, &rules[i - 1]);
}
