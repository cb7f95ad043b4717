/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a rule of iptables does, with the options behind its target. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"

#include "import/iptables.h"

struct target {
	struct iptables		*it;
	struct chain_rule	*r;
	const char		*name;
	unsigned		 at;
};

/* The value of an option behind the target; NULL when it is not there. */
static const char *
value_of(const struct target *t, const char *option)
{
	unsigned i;

	for (i = t->at; i + 1 < t->it->nwords; i++)
		if (strcmp(t->it->word[i], option) == 0)
			return t->it->word[i + 1];
	return NULL;
}

static bool
has_option(const struct target *t, const char *option)
{
	unsigned i;

	for (i = t->at; i < t->it->nwords; i++)
		if (strcmp(t->it->word[i], option) == 0)
			return true;
	return false;
}

static void
refuse(const struct target *t, const char *why)
{
	t->r->verdict = VERDICT_NOTHING;
	entry_note(t->it->d, t->r->entry, OUTCOME_REFUSED, "target %.32s: %s", t->name, why);
}

static void
do_accept(const struct target *t)
{
	t->r->verdict = VERDICT_ACCEPT;
	t->r->deed.action = "accept";
}

static void
do_drop(const struct target *t)
{
	t->r->verdict = VERDICT_DROP;
	t->r->deed.action = "drop";
}

static void
do_return(const struct target *t)
{
	t->r->verdict = VERDICT_RETURN;
	/* In a chain with a policy it is that. */
	t->r->deed.action = "drop";
}

static void
do_reject(const struct target *t)
{
	static const struct {
		const char	*option;
		const char	*with;
		bool		 is_exact;
	} rows[] = {
		{ "icmp-port-unreachable", "port-unreachable", true }, { "icmp-host-unreachable", "host-unreachable", true },
		{ "icmp-net-unreachable", "no-route", true }, { "icmp-proto-unreachable", "port-unreachable", false },
		{ "icmp-net-prohibited", "admin-prohibited", false }, { "icmp-host-prohibited", "admin-prohibited", false },
		{ "icmp-admin-prohibited", "admin-prohibited", true }, { "tcp-reset", NULL, true },
		{ "icmp6-no-route", "no-route", true }, { "icmp6-adm-prohibited", "admin-prohibited", true },
		{ "icmp6-addr-unreachable", "host-unreachable", true }, { "icmp6-port-unreachable", "port-unreachable", true },
	};
	const char *with = value_of(t, "--reject-with");
	size_t i;

	t->r->verdict = VERDICT_REJECT;
	t->r->deed.action = "reject";
	t->r->deed.reject_with = "port-unreachable";
	for (i = 0; with != NULL && i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].option, with) == 0) {
			t->r->deed.reject_with = rows[i].with;
			if (!rows[i].is_exact)
				entry_note(t->it->d, t->r->entry, OUTCOME_CHANGED, "the sender is told %s instead of %s", rows[i].with, with);
			return;
		}
	if (with != NULL)
		entry_note(t->it->d, t->r->entry, OUTCOME_CHANGED, "the sender is told port-unreachable instead of %.40s", with);
}

static void
do_log(const struct target *t)
{
	const char *prefix = value_of(t, "--log-prefix");

	if (prefix == NULL)
		prefix = value_of(t, "--nflog-prefix");
	t->r->verdict = VERDICT_CONTINUE;
	t->r->deed.action = "continue";
	t->r->deed.log = true;
	t->r->deed.log_text = prefix;
}

static void
do_mark(const struct target *t)
{
	const char *text = value_of(t, "--set-xmark");
	bool is_connection = strcmp(t->name, "CONNMARK") == 0;
	uint32_t value, mask;

	if (text == NULL)
		text = value_of(t, "--set-mark");
	/* (mark & ~mask) ^ value: what is outside of the mask would be turned over. */
	if (text == NULL || !iptables_mark(text, &value, &mask) || (value & ~mask) != 0) {
		t->it->marks_lost = true;
		refuse(t, "only a value and its mask can be set; rules that ask for marks are refused, or drop more");
		return;
	}
	if (t->r->m.lost != NULL)
		t->it->marks_lost = true;
	t->r->verdict = VERDICT_CONTINUE;
	t->r->deed.action = "continue";
	if (is_connection) {
		t->r->deed.set_cmark = value;
		t->r->deed.set_cmark_mask = mask;
	} else {
		t->r->deed.set_mark = value;
		t->r->deed.set_mark_mask = mask;
		t->it->used_marks |= mask;
	}
}

static void
do_dscp(const struct target *t)
{
	const char *text = value_of(t, "--set-dscp");
	uint32_t value, mask;

	if (text == NULL || !iptables_mark(text, &value, &mask) || value > 63) {
		refuse(t, "a code point is a number here");
		return;
	}
	t->r->verdict = VERDICT_CONTINUE;
	t->r->deed.action = "continue";
	t->r->deed.set_dscp = arena_printf(t->it->d->arena, "%u", value);
}

/* "192.0.2.1", "192.0.2.1-192.0.2.9", "192.0.2.1:80-90", "[2001:db8::1]:80". */
static bool
parse_to(const char *text, struct nat_target *ret)
{
	char copy[160], *addr = copy, *ports = NULL, *dash, *end;
	uint64_t n;

	if (str_copy(copy, text, sizeof(copy)) >= sizeof(copy))
		return false;
	if (copy[0] == '[') {
		addr = copy + 1;
		if ((end = strchr(addr, ']')) == NULL)
			return false;
		*end++ = '\0';
		ports = *end == ':' ? end + 1 : NULL;
	} else if ((end = strchr(copy, ':')) != NULL && strchr(end + 1, ':') == NULL) {
		*end = '\0';
		ports = end + 1;
	}
	if ((dash = strchr(addr, '-')) != NULL)
		*dash++ = '\0';
	if (addr[0] != '\0' && addr_parse(addr, &ret->to) != 0)
		return false;
	if (dash != NULL && addr_parse(dash, &ret->to_last) != 0)
		return false;
	if (ports == NULL)
		return true;
	if ((end = strchr(ports, '/')) != NULL)
		return false;
	if ((dash = strchr(ports, '-')) != NULL)
		*dash++ = '\0';
	if (str_u64(ports, 1, 65535, &n) != 0)
		return false;
	ret->port = ret->port_last = (unsigned)n;
	if (dash != NULL && str_u64(dash, 1, 65535, &n) != 0)
		return false;
	ret->port_last = (unsigned)n;
	return true;
}

static void
do_translate(const struct target *t)
{
	struct nat_target *nat = &t->r->nat;
	const char *ports = value_of(t, "--to-ports"), *to;
	bool is_source = strcmp(t->name, "SNAT") == 0;
	char text[32];

	t->r->verdict = VERDICT_TRANSLATE;
	nat->random = has_option(t, "--random") || has_option(t, "--random-fully");
	nat->persistent = has_option(t, "--persistent");
	if (strcmp(t->name, "MASQUERADE") == 0) {
		nat->kind = TRANSLATE_MASQUERADE;
		nat->port = ports != NULL;
		return;
	}
	if (strcmp(t->name, "REDIRECT") == 0) {
		nat->kind = TRANSLATE_REDIRECT;
		(void)snprintf(text, sizeof(text), ":%.30s", ports != NULL ? ports : "");
		if (ports != NULL && !parse_to(text, nat))
			refuse(t, "such ports");
		t->it->is_translated[t->it->family == ADDR_V6] = true;
		return;
	}
	nat->kind = is_source ? TRANSLATE_SOURCE : TRANSLATE_DESTINATION;
	if (!is_source)
		t->it->is_translated[t->it->family == ADDR_V6] = true;
	to = value_of(t, is_source ? "--to-source" : "--to-destination");
	if (to == NULL || !parse_to(to, nat) || nat->to.family == ADDR_NONE)
		refuse(t, "only an address or a range of addresses, with one range of ports");
}

static void
do_no_tracking(const struct target *t)
{
	if (strcmp(t->name, "CT") == 0 && !has_option(t, "--notrack")) {
		refuse(t, "helpers, zones and events of connection tracking are not imported");
		return;
	}
	t->it->has_untracked = true;
	t->r->verdict = VERDICT_CONTINUE;
	t->r->deed.action = "no-tracking";
}

static void
do_queue(const struct target *t)
{
	do_drop(t);
	entry_note(t->it->d, t->r->entry, OUTCOME_CHANGED, "what went to a program is dropped: set the action queue by hand when the program runs here");
}

/* It changes nothing about who may pass. */
static void
do_harmless(const struct target *t)
{
	refuse(t, "has no place here; packets go on as before");
}

static void
do_set(const struct target *t)
{
	t->it->sets_lost = true;
	refuse(t, "rules do not change groups here; rules that ask for sets are refused, or drop more");
}

static void
do_netmap(const struct target *t)
{
	refuse(t, "use one-to-one");
}

static const struct {
	const char	*name;
	void		(*take)(const struct target *);
} targets[] = {
	{ "ACCEPT", do_accept }, { "DROP", do_drop }, { "REJECT", do_reject }, { "RETURN", do_return },
	{ "LOG", do_log }, { "NFLOG", do_log }, { "ULOG", do_log },
	{ "MARK", do_mark }, { "CONNMARK", do_mark }, { "DSCP", do_dscp },
	{ "SNAT", do_translate }, { "DNAT", do_translate }, { "MASQUERADE", do_translate }, { "REDIRECT", do_translate }, { "NETMAP", do_netmap },
	{ "NOTRACK", do_no_tracking }, { "CT", do_no_tracking },
	{ "NFQUEUE", do_queue }, { "QUEUE", do_queue },
	{ "SET", do_set },
	{ "TCPMSS", do_harmless }, { "TCPOPTSTRIP", do_harmless }, { "CLASSIFY", do_harmless }, { "TTL", do_harmless }, { "HL", do_harmless },
	{ "CHECKSUM", do_harmless }, { "TRACE", do_harmless }, { "AUDIT", do_harmless }, { "SECMARK", do_harmless },
	{ "CONNSECMARK", do_harmless }, { "TEE", do_harmless }, { "IDLETIMER", do_harmless }, { "LED", do_harmless }, { "TOS", do_harmless },
	{ "ECN", do_harmless }, { "RATEEST", do_harmless },
};

void
iptables_target(struct iptables *it, struct chain_rule *r, const char *name, unsigned at)
{
	struct target t = { .it = it, .r = r, .name = name, .at = at };
	const struct chain *own = policy_chain(it->now, name, false);
	size_t i;

	if (r->verdict != VERDICT_INVALID)
		return;
	if (own != NULL) {
		r->verdict = VERDICT_JUMP;
		r->target = own->name;
		return;
	}
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		if (strcmp(targets[i].name, name) == 0) {
			targets[i].take(&t);
			return;
		}
	/* Nobody knows what it does: it may drop. */
	do_drop(&t);
	entry_note(it->d, r->entry, OUTCOME_CHANGED, "target %.32s is not known here: what it took is dropped", name);
}
