/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of one rule, as iptables-save prints them (each match's save function in the source of iptables). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/iptables.h"

#define PORTS_BAD	((struct match_ports *)NULL)

struct parser {
	struct iptables		*it;
	struct chain_rule	*r;
	unsigned		 at;		/* the word behind the option */
	bool			 is_not;
	const char		*module;	/* the last -m */
	/* What several options say together. */
	bool			 has_limit, is_above;	/* hashlimit */
	const char		*mode;
	struct match_limit	 limit;
	bool			 has_connections, connections_above;
	uint32_t		 connections_mask;
	struct match_limit	 connections;
	bool			 has_time;
	const char		*days, *time_from, *time_to, *date_from, *date_to;
	bool			 time_lost, is_local_time;
};

/* An option: what it takes, and what it does. */
struct option_row {
	const char	*name;
	const char	*module;	/* NULL: of any */
	unsigned	 nwords;
	void		(*take)(struct parser *, const char *word);
};

static void
lose(struct parser *ps, const char *what)
{
	if (ps->r->m.lost == NULL)
		ps->r->m.lost = what;
}

/* This and what the rule asks already; two values that exclude each other make a rule for nobody. */
static void
also(struct parser *ps, const struct match *m)
{
	struct match *copy;

	if (!ps->is_not) {
		if (!match_and(&ps->r->m, m, ps->it->d->arena))
			ps->r->m.in = 0;
		return;
	}
	if (match_and_not(&ps->r->m, m, ps->it->d->arena))
		return;
	if ((copy = arena_alloc(ps->it->d->arena, 1, sizeof(*copy))) == NULL || ps->r->m.nunless == MATCH_UNLESS) {
		lose(ps, "more exceptions than one rule takes");
		return;
	}
	*copy = *m;
	ps->r->m.unless[ps->r->m.nunless++] = copy;
}

/* --- links, addresses, protocols --- */

uint64_t
iptables_link(struct iptables *it, const char *word)
{
	size_t len = strlen(word);

	if (len > 0 && word[len - 1] == '+')
		return draft_links_like(it->d, word, len - 1);
	return draft_link(it->d, word);
}

static void
take_link(struct parser *ps, const char *word, bool is_in)
{
	uint64_t bits;
	struct match m;

	/* What the box says to itself is never filtered. */
	if (strcmp(word, "lo") == 0) {
		if (!ps->is_not) {
			entry_note(ps->it->d, ps->r->entry, OUTCOME_DONE, "what the box says to itself is never filtered");
			ps->r->verdict = VERDICT_NOTHING;
		}
		return;
	}
	bits = iptables_link(ps->it, word);
	match_init(&m);
	if (is_in)
		m.in = bits;
	else
		m.out = bits;
	if (word[0] != '\0' && word[strlen(word) - 1] == '+')
		entry_note(ps->it->d, ps->r->entry, OUTCOME_CHANGED, "\"%.16s\" means the interfaces that are known now", word);
	if (bits == 0 && !ps->is_not)
		ps->r->m.in = 0;
	else
		also(ps, &m);
}

static void
take_in(struct parser *ps, const char *word)
{
	take_link(ps, word, true);
}

static void
take_out(struct parser *ps, const char *word)
{
	take_link(ps, word, false);
}

/* "192.0.2.0/24", or with a mask in dots, of which only prefixes have a place. */
static bool
parse_address(const char *word, struct prefix *ret)
{
	const char *slash = strchr(word, '/');
	struct addr mask;
	struct prefix p;
	char text[ADDR_STRLEN];
	unsigned i, len = 0;

	if (slash == NULL || strchr(slash, '.') == NULL)
		return prefix_parse_host(word, ret) == 0;
	if ((size_t)(slash - word) >= sizeof(text) || addr_parse(slash + 1, &mask) != 0)
		return false;
	memcpy(text, word, (size_t)(slash - word));
	text[slash - word] = '\0';
	while (len < 32 && (mask.bytes[len / 8] & (0x80u >> (len % 8))) != 0)
		len++;
	for (i = len; i < 32; i++)
		if ((mask.bytes[i / 8] & (0x80u >> (i % 8))) != 0)
			return false;
	if (addr_parse(text, &p.addr) != 0 || p.addr.family != ADDR_V4)
		return false;
	p.len = (uint8_t)len;
	*ret = p;
	return true;
}

static void
take_address(struct parser *ps, const char *word, bool is_source)
{
	struct match m;
	struct match_side *side;
	struct prefix p;

	match_init(&m);
	side = is_source ? &m.source : &m.destination;
	side->has_addrs = true;
	if (!parse_address(word, &p) || p.addr.family != ps->it->family)
		lose(ps, "an address with such a mask");
	else if (match_addrs_add(&side->addrs, &p, ps->it->d->arena))
		also(ps, &m);
}

static void
take_source(struct parser *ps, const char *word)
{
	take_address(ps, word, true);
}

static void
take_destination(struct parser *ps, const char *word)
{
	take_address(ps, word, false);
}

static void
take_range(struct parser *ps, const char *word, bool is_source)
{
	struct addr first, last;
	struct match_side *side;
	struct match m;
	char text[2 * ADDR_STRLEN], *dash;

	match_init(&m);
	side = is_source ? &m.source : &m.destination;
	side->has_addrs = true;
	(void)str_copy(text, word, sizeof(text));
	if ((dash = strchr(text, '-')) != NULL)
		*dash = '\0';
	if (addr_parse(text, &first) != 0 || addr_parse(dash != NULL ? dash + 1 : text, &last) != 0 ||
	    !match_addrs_range(&side->addrs, &first, &last, ps->it->d->arena))
		lose(ps, "such a range of addresses");
	else
		also(ps, &m);
}

static void
take_src_range(struct parser *ps, const char *word)
{
	take_range(ps, word, true);
}

static void
take_dst_range(struct parser *ps, const char *word)
{
	take_range(ps, word, false);
}

static void
take_protocol(struct parser *ps, const char *word)
{
	static const struct {
		const char	*name;
		uint8_t		 number;
	} names[] = {
		{ "tcp", 6 }, { "udp", 17 }, { "icmp", 1 }, { "ipv6-icmp", 58 }, { "icmpv6", 58 }, { "esp", 50 }, { "ah", 51 }, { "gre", 47 },
		{ "sctp", 132 }, { "igmp", 2 }, { "ospf", 89 }, { "pim", 103 }, { "vrrp", 112 }, { "ipip", 4 }, { "ipencap", 4 }, { "ipv6", 41 },
		{ "udplite", 136 }, { "dccp", 33 }, { "l2tp", 115 }, { "all", 0 },
	};
	struct match m;
	uint64_t n = 256;
	size_t i;

	match_init(&m);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, word) == 0)
			n = names[i].number;
	if (n == 256 && str_u64(word, 0, 255, &n) != 0) {
		lose(ps, "this protocol");
		return;
	}
	if (n == 0)
		return;
	m.protocols[m.nprotocols++] = (uint8_t)n;
	also(ps, &m);
}

/* --- ports, types, flags --- */

static bool
parse_range(const char *text, size_t len, unsigned max, unsigned *lo, unsigned *hi)
{
	char word[16];
	char *colon;
	uint64_t n;

	if (len == 0 || len >= sizeof(word))
		return false;
	memcpy(word, text, len);
	word[len] = '\0';
	if ((colon = strchr(word, ':')) != NULL)
		*colon = '\0';
	*lo = 0;
	*hi = max;
	if (word[0] != '\0') {
		if (str_u64(word, 0, max, &n) != 0)
			return false;
		*lo = *hi = (unsigned)n;
	}
	if (colon != NULL) {
		*hi = max;
		if (colon[1] != '\0') {
			if (str_u64(colon + 1, 0, max, &n) != 0)
				return false;
			*hi = (unsigned)n;
		}
	}
	return *lo <= *hi;
}

static struct match_ports *
parse_ports(struct parser *ps, const char *word)
{
	struct match_ports *p = PORTS_BAD;
	unsigned lo, hi;
	size_t len;

	for (; *word != '\0'; word += len + (word[len] == ',')) {
		len = strcspn(word, ",");
		if (!parse_range(word, len, 65535, &lo, &hi))
			return PORTS_BAD;
		p = match_ports_add(ps->it->d->arena, p, lo, hi);
	}
	return p;
}

/* No rule here names port 0: a range that has it is said as all but the others. */
static void
take_ports(struct parser *ps, const char *word, bool is_source)
{
	struct match_ports *p = parse_ports(ps, word);
	bool was_not = ps->is_not;
	unsigned at = 0, lo, hi;
	struct match m;

	match_init(&m);
	if (p == PORTS_BAD) {
		lose(ps, "ports by name");
		return;
	}
	if (was_not)
		p = match_ports_invert(ps->it->d->arena, p);
	ps->is_not = p != NULL && (p->bits[0] & 1) != 0;
	if (ps->is_not)
		p = match_ports_invert(ps->it->d->arena, p);
	if (is_source)
		m.sports = p;
	else
		m.dports = p;
	if (p != NULL && match_ports_next(p, &at, &lo, &hi))
		also(ps, &m);
	else if (!ps->is_not)
		ps->r->m.in = 0;
	ps->is_not = was_not;
}

static void
take_sports(struct parser *ps, const char *word)
{
	take_ports(ps, word, true);
}

static void
take_dports(struct parser *ps, const char *word)
{
	take_ports(ps, word, false);
}

static void
take_icmp(struct parser *ps, const char *word)
{
	static const struct {
		uint8_t		 family;
		const char	*number;	/* or the name that iptables prints */
		const char	*name;
	} types[] = {
		{ ADDR_V4, "8", "echo-request" }, { ADDR_V4, "0", "echo-reply" }, { ADDR_V4, "3", "destination-unreachable" },
		{ ADDR_V4, "11", "time-exceeded" }, { ADDR_V4, "12", "parameter-problem" }, { ADDR_V4, "5", "redirect" },
		{ ADDR_V4, "10", "router-solicitation" }, { ADDR_V4, "9", "router-advertisement" }, { ADDR_V4, "13", "timestamp-request" },
		{ ADDR_V4, "14", "timestamp-reply" }, { ADDR_V6, "128", "echo-request" }, { ADDR_V6, "129", "echo-reply" },
		{ ADDR_V6, "1", "destination-unreachable" }, { ADDR_V6, "2", "packet-too-big" }, { ADDR_V6, "3", "time-exceeded" },
		{ ADDR_V6, "4", "parameter-problem" }, { ADDR_V6, "137", "redirect" }, { ADDR_V6, "133", "router-solicitation" },
		{ ADDR_V6, "134", "router-advertisement" }, { ADDR_V6, "135", "neighbour-solicitation" },
		{ ADDR_V6, "136", "neighbour-advertisement" }, { ADDR_V6, "130", "listener-query" }, { ADDR_V6, "131", "listener-report" },
		{ ADDR_V6, "132", "listener-done" }, { ADDR_V6, "143", "listener-report-v2" },
	};
	struct match m;
	size_t i;

	match_init(&m);
	if (strcmp(word, "any") == 0 || strcmp(word, "255") == 0)
		return;
	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].family == ps->it->family && strcmp(types[i].number, word) == 0)
			m.icmp = types[i].name;
	if (m.icmp == NULL)
		lose(ps, "this type or code of ICMP");
	else
		also(ps, &m);
}

static bool
parse_flags(const char *word, uint8_t *ret)
{
	static const char *const names[] = { "FIN", "SYN", "RST", "PSH", "ACK", "URG" };
	size_t len, i;

	*ret = 0;
	for (; *word != '\0'; word += len + (word[len] == ',')) {
		len = strcspn(word, ",");
		if (len == 3 && strncmp(word, "ALL", 3) == 0)
			*ret |= 0x3f;
		else if (len != 4 || strncmp(word, "NONE", 4) != 0) {
			for (i = 0; i < 6 && (len != 3 || strncmp(word, names[i], 3) != 0); i++)
				;
			if (i == 6)
				return false;
			*ret |= (uint8_t)(1u << i);
		}
	}
	return true;
}

static void
take_flags(struct parser *ps, const char *word)
{
	struct match m;

	match_init(&m);
	if (!parse_flags(word, &m.flags_mask) || !parse_flags(ps->it->word[ps->at + 1], &m.flags) || (m.flags & ~m.flags_mask) != 0)
		lose(ps, "such TCP flags");
	else
		also(ps, &m);
}

static void
take_syn(struct parser *ps, const char *word)
{
	struct match m;

	(void)word;
	match_init(&m);
	m.flags_mask = 0x17;		/* FIN, SYN, RST, ACK: SYN alone is set (iptables-extensions(8), --syn) */
	m.flags = 0x02;
	also(ps, &m);
}

/* --- states, marks, and the rest --- */

static void
take_state(struct parser *ps, const char *word)
{
	static const struct {
		const char	*name;
		uint8_t		 bit;
	} names[] = {
		{ "NEW", MATCH_NEW }, { "ESTABLISHED", MATCH_ESTABLISHED }, { "RELATED", MATCH_RELATED }, { "INVALID", MATCH_INVALID },
		{ "UNTRACKED", MATCH_UNTRACKED },
	};
	uint8_t bits = 0;
	bool is_not = ps->is_not;
	struct match m;
	size_t len, i;

	for (; *word != '\0'; word += len + (word[len] == ',')) {
		len = strcspn(word, ",");
		for (i = 0; i < 5 && (strlen(names[i].name) != len || strncmp(names[i].name, word, len) != 0); i++)
			;
		if (i == 5) {
			lose(ps, "a state of translation (SNAT, DNAT)");
			return;
		}
		bits |= names[i].bit;
	}
	match_init(&m);
	m.states = is_not ? (uint8_t)(0x1f & ~bits) : bits;
	ps->is_not = false;
	if (m.states == 0)
		ps->r->m.in = 0;
	else
		also(ps, &m);
	ps->is_not = is_not;
}

static void
take_mark(struct parser *ps, const char *word)
{
	bool is_connection = ps->module != NULL && strcmp(ps->module, "connmark") == 0;
	uint32_t value, mask;
	struct match m;

	match_init(&m);
	if (!iptables_mark(word, &value, &mask) || (value & ~mask) != 0) {
		lose(ps, "such a mark");
		return;
	}
	if (is_connection) {
		m.cmark = value;
		m.cmark_mask = mask;
		lose(ps, "a mark of the connection");
		return;
	}
	m.mark = value;
	m.mark_mask = mask;
	ps->it->used_marks |= mask;
	also(ps, &m);
}

static void
take_mac(struct parser *ps, const char *word)
{
	struct mac mac;
	struct match m;
	char text[MAC_STRLEN];

	match_init(&m);
	if (mac_parse(word, &mac) != 0) {
		lose(ps, "such a MAC address");
		return;
	}
	m.mac = arena_strdup(ps->it->d->arena, mac_format(&mac, text, sizeof(text)));
	also(ps, &m);
}

static void
take_comment(struct parser *ps, const char *word)
{
	ps->r->comment = word;
}

static void
take_length(struct parser *ps, const char *word)
{
	unsigned lo, hi;
	struct match m;

	match_init(&m);
	if (!parse_range(word, strlen(word), 65535, &lo, &hi)) {
		lose(ps, "such a length");
		return;
	}
	m.length = arena_printf(ps->it->d->arena, lo == hi ? "%u" : "%u-%u", lo, hi);
	also(ps, &m);
}

static void
take_dscp(struct parser *ps, const char *word)
{
	uint32_t value, mask;
	struct match m;

	match_init(&m);
	if (!iptables_mark(word, &value, &mask) || mask != UINT32_MAX || value > 63) {
		lose(ps, "such a code point");
		return;
	}
	m.dscp = arena_printf(ps->it->d->arena, "%u", value);
	also(ps, &m);
}

static void
take_dst_type(struct parser *ps, const char *word)
{
	struct match m;
	struct prefix p;

	match_init(&m);
	if (strcmp(word, "LOCAL") == 0) {
		m.is_dst_local = true;
		also(ps, &m);
	} else if (strcmp(word, "MULTICAST") == 0) {
		m.destination.has_addrs = true;
		(void)prefix_parse(ps->it->family == ADDR_V4 ? "224.0.0.0/4" : "ff00::/8", &p);
		if (match_addrs_add(&m.destination.addrs, &p, ps->it->d->arena))
			also(ps, &m);
	} else
		lose(ps, "this type of receiver");
}

static void
take_set(struct parser *ps, const char *word)
{
	const struct ipset *s = ipset_find(ps->it, word);
	const char *where = ps->it->word[ps->at + 1];
	struct match m;
	struct match_side *side;

	match_init(&m);
	if (s == NULL || s->group == NULL) {
		lose(ps, s == NULL ? "a set that is not in the text: add what ipset save prints before it" : "a set of this type");
		return;
	}
	if (ps->it->sets_lost || (strcmp(where, "src") != 0 && strcmp(where, "dst") != 0)) {
		lose(ps, ps->it->sets_lost ? "a set that rules change" : "a set asked in this way");
		return;
	}
	side = strcmp(where, "src") == 0 ? &m.source : &m.destination;
	side->group[side->ngroups++] = s->group;
	if (s->is_volatile && ps->is_not)
		lose(ps, "not being in a set whose entries end");
	else if (s->is_volatile)
		m.unsure = "a set whose entries end by themselves";
	if (s->addresses == NULL || s->addresses->n == 0)
		entry_note(ps->it->d, ps->r->entry, OUTCOME_DONE, "the set has no entries");
	also(ps, &m);
}

/* --- limits --- */

/* "10/sec", "3/min", "1/hour": as the schema wants them; NULL when it is none. */
static const char *
parse_rate(struct parser *ps, const char *word)
{
	static const struct {
		const char	*name;
		const char	*unit;
	} units[] = {
		{ "s", "second" }, { "sec", "second" }, { "second", "second" }, { "m", "minute" }, { "min", "minute" }, { "minute", "minute" },
		{ "h", "hour" }, { "hour", "hour" }, { "d", "day" }, { "day", "day" },
	};
	char text[32];
	char *slash;
	uint64_t n;
	size_t i;

	(void)str_copy(text, word, sizeof(text));
	if ((slash = strchr(text, '/')) == NULL)
		return NULL;
	*slash = '\0';
	if (str_u64(text, 1, 1000000, &n) != 0)
		return NULL;
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++)
		if (strcmp(units[i].name, slash + 1) == 0)
			return arena_printf(ps->it->d->arena, "%u/%s", (unsigned)n, units[i].unit);
	return NULL;
}

static void
take_limit(struct parser *ps, const char *word)
{
	ps->has_limit = true;
	if ((ps->limit.rate = parse_rate(ps, word)) == NULL)
		lose(ps, "such a rate");
}

static void
take_above(struct parser *ps, const char *word)
{
	ps->is_above = true;
	take_limit(ps, word);
}

static void
take_burst(struct parser *ps, const char *word)
{
	uint64_t n;

	if (str_u64(word, 1, 1000000, &n) == 0)
		ps->limit.burst = (uint32_t)n;
	else
		lose(ps, "such a burst");
}

static void
take_mode(struct parser *ps, const char *word)
{
	ps->mode = word;
}

static void
take_connections(struct parser *ps, const char *word)
{
	uint64_t n;

	ps->has_connections = true;
	if (str_u64(word, 1, 1000000, &n) == 0) {
		ps->connections.rate = "";
		ps->connections.burst = (uint32_t)n;
	} else
		lose(ps, "such a number of connections");
}

static void
take_connections_above(struct parser *ps, const char *word)
{
	ps->connections_above = true;
	take_connections(ps, word);
}

static void
take_connections_mask(struct parser *ps, const char *word)
{
	uint64_t n;

	ps->connections_mask = str_u64(word, 0, 128, &n) == 0 ? (uint32_t)n : 999;
}

static void
take_connections_daddr(struct parser *ps, const char *word)
{
	(void)word;
	ps->connections.per = "destination";
}

static void
ignore(struct parser *ps, const char *word)
{
	(void)ps;
	(void)word;
}

/* A limit or its opposite. */
static void
end_limit(struct parser *ps, const struct match *m, bool is_above)
{
	ps->is_not = is_above;
	also(ps, m);
	ps->is_not = false;
}

static void
end_limits(struct parser *ps)
{
	struct match m;

	if (ps->has_limit && ps->limit.rate != NULL) {
		match_init(&m);
		m.limit = ps->limit;
		/* The kernel's default burst (xt_limit, xt_hashlimit) is 5, and so is ours. */
		if (ps->mode != NULL && strcmp(ps->mode, "srcip") == 0)
			m.limit.per = "source";
		else if (ps->mode != NULL && strcmp(ps->mode, "dstip") == 0)
			m.limit.per = "destination";
		else if (ps->mode != NULL)
			lose(ps, "a limit for each combination of addresses and ports");
		end_limit(ps, &m, ps->is_above);
	}
	if (ps->has_connections && ps->connections.rate != NULL) {
		unsigned whole = ps->it->family == ADDR_V4 ? 32 : 128;

		match_init(&m);
		m.connections = ps->connections;
		if (ps->connections_mask == whole && m.connections.per == NULL)
			m.connections.per = "source";
		else if (ps->connections_mask == 0)
			m.connections.per = NULL;
		else if (ps->connections_mask != whole)
			lose(ps, "a limit of connections for each network");
		end_limit(ps, &m, ps->connections_above);
	}
}

/* --- time --- */

static void
take_time_from(struct parser *ps, const char *word)
{
	ps->has_time = true;
	ps->time_from = word;
}

static void
take_time_to(struct parser *ps, const char *word)
{
	ps->has_time = true;
	ps->time_to = word;
}

static void
take_days(struct parser *ps, const char *word)
{
	ps->has_time = true;
	ps->days = word;
	ps->time_lost |= ps->is_not;
}

static void
take_date_from(struct parser *ps, const char *word)
{
	ps->has_time = true;
	ps->date_from = word;
}

static void
take_date_to(struct parser *ps, const char *word)
{
	ps->has_time = true;
	ps->date_to = word;
}

static void
take_time_lost(struct parser *ps, const char *word)
{
	(void)word;
	ps->time_lost = true;
}

static void
take_local_time(struct parser *ps, const char *word)
{
	(void)word;
	ps->is_local_time = true;
}

static void
end_time(struct parser *ps)
{
	struct match m;

	if (!ps->has_time)
		return;
	match_init(&m);
	/* By the kernel's fixed offset, or from a date on: not what a schedule says. */
	if (!ps->time_lost && !ps->is_local_time && ps->date_from == NULL && ps->date_to == NULL)
		m.schedule = draft_daily(ps->it->d, ps->time_from, ps->time_to, ps->days, true);
	if (m.schedule == NULL)
		lose(ps, "such a time");
	else
		also(ps, &m);
}

/* --- the table --- */

static void
take_module(struct parser *ps, const char *word)
{
	static const char *const known[] = {
		"tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmp6", "multiport", "state", "conntrack", "limit", "hashlimit", "connlimit", "mac",
		"mark", "connmark", "comment", "time", "iprange", "set", "addrtype", "length", "dscp",
	};
	size_t i;

	ps->module = word;
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i], word) == 0)
			return;
	lose(ps, arena_printf(ps->it->d->arena, "match \"%.32s\"", word));
}

static void	 take_jump(struct parser *, const char *word);
static void	 take_goto(struct parser *, const char *word);

static const struct option_row rows[] = {
	{ "-s", NULL, 1, take_source }, { "--source", NULL, 1, take_source }, { "-d", NULL, 1, take_destination },
	{ "--destination", NULL, 1, take_destination }, { "-i", NULL, 1, take_in }, { "-o", NULL, 1, take_out },
	{ "-p", NULL, 1, take_protocol }, { "-m", NULL, 1, take_module },
	{ "-j", NULL, 1, take_jump }, { "-g", NULL, 1, take_goto },
	{ "--sport", NULL, 1, take_sports }, { "--dport", NULL, 1, take_dports }, { "--sports", NULL, 1, take_sports },
	{ "--dports", NULL, 1, take_dports }, { "--icmp-type", NULL, 1, take_icmp }, { "--icmpv6-type", NULL, 1, take_icmp },
	{ "--tcp-flags", NULL, 2, take_flags }, { "--syn", NULL, 0, take_syn },
	{ "--state", NULL, 1, take_state }, { "--ctstate", NULL, 1, take_state },
	{ "--limit", NULL, 1, take_limit }, { "--limit-burst", NULL, 1, take_burst },
	{ "--hashlimit-upto", NULL, 1, take_limit }, { "--hashlimit-above", NULL, 1, take_above }, { "--hashlimit-burst", NULL, 1, take_burst },
	{ "--hashlimit-mode", NULL, 1, take_mode }, { "--hashlimit-name", NULL, 1, ignore }, { "--hashlimit-htable-size", NULL, 1, ignore },
	{ "--hashlimit-htable-max", NULL, 1, ignore }, { "--hashlimit-htable-expire", NULL, 1, ignore },
	{ "--hashlimit-htable-gcinterval", NULL, 1, ignore },
	{ "--connlimit-upto", NULL, 1, take_connections }, { "--connlimit-above", NULL, 1, take_connections_above },
	{ "--connlimit-mask", NULL, 1, take_connections_mask }, { "--connlimit-saddr", NULL, 0, ignore },
	{ "--connlimit-daddr", NULL, 0, take_connections_daddr },
	{ "--mac-source", NULL, 1, take_mac }, { "--mark", NULL, 1, take_mark }, { "--comment", NULL, 1, take_comment },
	{ "--src-range", NULL, 1, take_src_range }, { "--dst-range", NULL, 1, take_dst_range }, { "--match-set", NULL, 2, take_set },
	{ "--dst-type", NULL, 1, take_dst_type }, { "--length", NULL, 1, take_length }, { "--dscp", NULL, 1, take_dscp },
	{ "--timestart", NULL, 1, take_time_from }, { "--timestop", NULL, 1, take_time_to }, { "--weekdays", NULL, 1, take_days },
	{ "--datestart", NULL, 1, take_date_from }, { "--datestop", NULL, 1, take_date_to }, { "--monthdays", NULL, 1, take_time_lost },
	{ "--kerneltz", NULL, 0, take_local_time }, { "--localtz", NULL, 0, take_local_time }, { "--utc", NULL, 0, ignore },
	{ "--contiguous", NULL, 0, take_time_lost },
};

static void
take_jump(struct parser *ps, const char *word)
{
	iptables_target(ps->it, ps->r, word, ps->at + 1);
	/* What follows is the target's. */
	ps->at = ps->it->nwords;
}

static void
take_goto(struct parser *ps, const char *word)
{
	if (ps->r->verdict == VERDICT_INVALID) {
		ps->r->verdict = VERDICT_GOTO;
		ps->r->target = word;
	}
}

static void
take_option(struct parser *ps)
{
	struct iptables *it = ps->it;
	const char *name = it->word[ps->at++];
	unsigned was;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]) && strcmp(rows[i].name, name) != 0; i++)
		;
	if (i == sizeof(rows) / sizeof(rows[0])) {
		lose(ps, arena_printf(it->d->arena, "option \"%.40s\"", name));
		while (ps->at < it->nwords && it->word[ps->at][0] != '-' && strcmp(it->word[ps->at], "!") != 0)
			ps->at++;
		return;
	}
	if (it->nwords - ps->at < rows[i].nwords) {
		draft_fail(it->d, arena_printf(it->d->arena, "line %u: %s lacks its value", it->line, name));
		return;
	}
	was = ps->at;
	rows[i].take(ps, rows[i].nwords > 0 ? it->word[ps->at] : "");
	if (ps->at == was)
		ps->at += rows[i].nwords;
}

void
iptables_rule(struct iptables *it, struct chain_rule *r)
{
	struct parser ps = { .it = it, .r = r, .at = 2, .connections_mask = it->family == ADDR_V4 ? 32 : 128 };

	while (ps.at < it->nwords && !it->d->failed) {
		ps.is_not = strcmp(it->word[ps.at], "!") == 0;
		ps.at += ps.is_not;
		if (ps.at < it->nwords)
			take_option(&ps);
	}
	ps.is_not = false;
	end_limits(&ps);
	end_time(&ps);
	/* A rule without a target counts; -i lo has said all there is. */
	if (r->verdict == VERDICT_INVALID)
		r->verdict = VERDICT_NOTHING;
}
