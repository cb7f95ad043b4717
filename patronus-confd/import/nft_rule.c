/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The statements of a rule of nftables, in the form of libnftables-json(5). */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/nft.h"

#define RULES_OF_MAP	256

struct parser {
	struct nft		*nft;
	struct nft_table	*t;
	struct chain		*c;
	const struct node	*rule;
	struct chain_rule	 r;
	const struct node	*map;		/* of verdicts: {"key", "data"} */
	bool			 is_ended;	/* a verdict was said */
};

/* What a left side means. */
enum field {
	FIELD_INVALID = 0,
	FIELD_SADDR, FIELD_DADDR,
	FIELD_IN, FIELD_OUT,
	FIELD_PROTOCOL,
	FIELD_SPORT, FIELD_DPORT,
	FIELD_STATE,
	FIELD_ICMP, FIELD_ICMPV6,
	FIELD_MARK,
	FIELD_FAMILY,
	FIELD_FLAGS,
	FIELD_DST_TYPE,
};

static void
lose(struct parser *ps, const char *what)
{
	if (ps->r.m.lost == NULL)
		ps->r.m.lost = what;
}

static const char *
text_of(const struct node *n)
{
	return n != NULL && n->kind == NODE_SCALAR ? n->text : "";
}

static const char *
member(const struct node *map, const char *name)
{
	return map != NULL && map->kind == NODE_MAP ? text_of(node_member(map, name)) : "";
}

static const struct node *
child(const struct node *map, const char *name)
{
	return map != NULL && map->kind == NODE_MAP ? node_member(map, name) : NULL;
}

/* --- left sides --- */

static enum field
payload_field(struct parser *ps, const struct node *p, struct match *m)
{
	static const struct {
		const char	*protocol, *field;
		enum field	 is;
		uint8_t		 family, number;
	} rows[] = {
		{ "ip", "saddr", FIELD_SADDR, ADDR_V4, 0 }, { "ip", "daddr", FIELD_DADDR, ADDR_V4, 0 }, { "ip6", "saddr", FIELD_SADDR, ADDR_V6, 0 },
		{ "ip6", "daddr", FIELD_DADDR, ADDR_V6, 0 }, { "ip", "protocol", FIELD_PROTOCOL, ADDR_V4, 0 },
		{ "tcp", "sport", FIELD_SPORT, 0, 6 }, { "tcp", "dport", FIELD_DPORT, 0, 6 }, { "udp", "sport", FIELD_SPORT, 0, 17 },
		{ "udp", "dport", FIELD_DPORT, 0, 17 }, { "sctp", "sport", FIELD_SPORT, 0, 132 }, { "sctp", "dport", FIELD_DPORT, 0, 132 },
		{ "th", "sport", FIELD_SPORT, 0, 0 }, { "th", "dport", FIELD_DPORT, 0, 0 },
		{ "icmp", "type", FIELD_ICMP, ADDR_V4, 1 }, { "icmpv6", "type", FIELD_ICMPV6, ADDR_V6, 58 }, { "tcp", "flags", FIELD_FLAGS, 0, 6 },
	};
	size_t i;

	(void)ps;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].protocol, member(p, "protocol")) == 0 && strcmp(rows[i].field, member(p, "field")) == 0) {
			m->family = rows[i].family;
			if (rows[i].number != 0)
				m->protocols[m->nprotocols++] = rows[i].number;
			return rows[i].is;
		}
	return FIELD_INVALID;
}

/* Which field, with what asking for it asks already (a port of tcp asks for tcp). */
static enum field
field_of(struct parser *ps, const struct node *left, struct match *m)
{
	const char *key = member(child(left, "meta"), "key");

	if (child(left, "payload") != NULL)
		return payload_field(ps, child(left, "payload"), m);
	if (strcmp(member(child(left, "ct"), "key"), "state") == 0)
		return FIELD_STATE;
	if (strcmp(member(child(left, "fib"), "result"), "type") == 0) {
		const struct node *flags = child(child(left, "fib"), "flags");

		return strcmp(text_of(flags), "daddr") == 0 || (flags != NULL && flags->n == 1 && strcmp(text_of(flags->first), "daddr") == 0) ?
		    FIELD_DST_TYPE : FIELD_INVALID;
	}
	return strcmp(key, "iifname") == 0 || strcmp(key, "iif") == 0 ? FIELD_IN : strcmp(key, "oifname") == 0 || strcmp(key, "oif") == 0 ? FIELD_OUT :
	    strcmp(key, "l4proto") == 0 ? FIELD_PROTOCOL : strcmp(key, "mark") == 0 ? FIELD_MARK : strcmp(key, "nfproto") == 0 ? FIELD_FAMILY :
	    FIELD_INVALID;
}

/* --- right sides --- */

static bool
take_address(struct parser *ps, const struct node *v, struct match_addrs *list)
{
	const struct node *prefix = child(v, "prefix"), *range = child(v, "range");
	struct addr first, last;
	struct prefix p;
	uint64_t len;

	if (prefix != NULL) {
		if (addr_parse(member(prefix, "addr"), &p.addr) != 0 || str_u64(member(prefix, "len"), 0, addr_len(&p.addr) * 8, &len) != 0)
			return false;
		p.len = (uint8_t)len;
		return match_addrs_add(list, &p, ps->nft->d->arena);
	}
	if (range != NULL && range->n == 2)
		return addr_parse(text_of(range->first), &first) == 0 && addr_parse(text_of(range->last), &last) == 0 &&
		    match_addrs_range(list, &first, &last, ps->nft->d->arena);
	return prefix_parse_host(text_of(v), &p) == 0 && match_addrs_add(list, &p, ps->nft->d->arena);
}

static bool
take_port(struct parser *ps, const struct node *v, const struct match_ports **set)
{
	const struct node *range = child(v, "range");
	uint64_t lo, hi;

	if (range != NULL && range->n == 2) {
		if (str_u64(text_of(range->first), 0, 65535, &lo) != 0 || str_u64(text_of(range->last), 0, 65535, &hi) != 0 || hi < lo)
			return false;
	} else if (str_u64(text_of(v), 0, 65535, &lo) != 0)
		return false;
	else
		hi = lo;
	*set = match_ports_add(ps->nft->d->arena, *set, (unsigned)lo, (unsigned)hi);
	return true;
}

static bool
take_link(struct parser *ps, const struct node *v, uint64_t *links)
{
	const char *name = text_of(v);
	size_t len = strlen(name);

	if (len == 0)
		return false;
	if (strcmp(name, "lo") == 0)
		return true;
	if (name[len - 1] == '*') {
		entry_note(ps->nft->d, ps->r.entry, OUTCOME_CHANGED, "\"%.16s\" means the interfaces that are known now", name);
		*links |= draft_links_like(ps->nft->d, name, len - 1);
	} else
		*links |= draft_link(ps->nft->d, name);
	return true;
}

static bool
take_protocol(const struct node *v, struct match *m)
{
	static const struct {
		const char	*name;
		uint8_t		 number;
	} names[] = { { "tcp", 6 }, { "udp", 17 }, { "icmp", 1 }, { "icmpv6", 58 }, { "ipv6-icmp", 58 }, { "esp", 50 }, { "ah", 51 }, { "gre", 47 },
	    { "sctp", 132 }, { "igmp", 2 }, { "udplite", 136 }, { "dccp", 33 }, { "ospf", 89 }, { "vrrp", 112 }, { "pim", 103 } };
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i].name, text_of(v)) == 0)
			n = names[i].number;
	if ((n == 0 && str_u64(text_of(v), 1, 255, &n) != 0) || m->nprotocols == MATCH_PROTOCOLS)
		return false;
	m->protocols[m->nprotocols++] = (uint8_t)n;
	return true;
}

static bool
take_state(const struct node *v, uint8_t *states)
{
	static const struct {
		const char	*name;
		uint8_t		 bit;
	} names[] = { { "new", MATCH_NEW }, { "established", MATCH_ESTABLISHED }, { "related", MATCH_RELATED }, { "invalid", MATCH_INVALID },
	    { "untracked", MATCH_UNTRACKED } };
	size_t i;

	for (i = 0; i < 5; i++)
		if (strcmp(names[i].name, text_of(v)) == 0) {
			*states |= names[i].bit;
			return true;
		}
	return false;
}

static const char *
icmp_name(bool is_v6, const char *text)
{
	static const struct {
		bool		 is_v6;
		const char	*type, *name;
	} rows[] = {
		{ false, "echo-request", "echo-request" }, { false, "echo-reply", "echo-reply" },
		{ false, "destination-unreachable", "destination-unreachable" }, { false, "time-exceeded", "time-exceeded" },
		{ false, "parameter-problem", "parameter-problem" }, { false, "redirect", "redirect" },
		{ false, "router-advertisement", "router-advertisement" }, { false, "router-solicitation", "router-solicitation" },
		{ false, "timestamp-request", "timestamp-request" }, { false, "timestamp-reply", "timestamp-reply" },
		{ true, "echo-request", "echo-request" }, { true, "echo-reply", "echo-reply" },
		{ true, "destination-unreachable", "destination-unreachable" }, { true, "packet-too-big", "packet-too-big" },
		{ true, "time-exceeded", "time-exceeded" }, { true, "parameter-problem", "parameter-problem" },
		{ true, "nd-router-solicit", "router-solicitation" }, { true, "nd-router-advert", "router-advertisement" },
		{ true, "nd-neighbor-solicit", "neighbour-solicitation" }, { true, "nd-neighbor-advert", "neighbour-advertisement" },
		{ true, "nd-redirect", "redirect" }, { true, "mld-listener-query", "listener-query" }, { true, "mld-listener-report", "listener-report" },
		{ true, "mld-listener-done", "listener-done" }, { true, "mld-listener-reduction", "listener-done" },
		{ true, "mld2-listener-report", "listener-report-v2" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].is_v6 == is_v6 && strcmp(rows[i].type, text) == 0)
			return rows[i].name;
	return NULL;
}

/* One value of a field into what is asked; of several one must hold.  False when it cannot be said. */
static bool
take_value(struct parser *ps, enum field f, const struct node *v, struct match *m)
{
	struct prefix multicast;

	if (child(v, "elem") != NULL)
		v = child(child(v, "elem"), "val");
	switch (f) {
	case FIELD_SADDR:
		m->source.has_addrs = true;
		return take_address(ps, v, &m->source.addrs);
	case FIELD_DADDR:
		m->destination.has_addrs = true;
		return take_address(ps, v, &m->destination.addrs);
	case FIELD_IN:
		return take_link(ps, v, &m->in);
	case FIELD_OUT:
		return take_link(ps, v, &m->out);
	case FIELD_PROTOCOL:
		return take_protocol(v, m);
	case FIELD_SPORT:
		return take_port(ps, v, &m->sports);
	case FIELD_DPORT:
		return take_port(ps, v, &m->dports);
	case FIELD_STATE:
		return take_state(v, &m->states);
	case FIELD_ICMP:
	case FIELD_ICMPV6:
		return m->icmp == NULL && (m->icmp = icmp_name(f == FIELD_ICMPV6, text_of(v))) != NULL;
	case FIELD_FAMILY:
		if (m->family != ADDR_NONE)
			return false;
		m->family = strcmp(text_of(v), "ipv4") == 0 ? ADDR_V4 : strcmp(text_of(v), "ipv6") == 0 ? ADDR_V6 : ADDR_NONE;
		return m->family != ADDR_NONE;
	case FIELD_DST_TYPE:
		if (strcmp(text_of(v), "multicast") == 0 && ps->t->filter->family == ADDR_V4 && prefix_parse("224.0.0.0/4", &multicast) == 0) {
			m->destination.has_addrs = true;
			return match_addrs_add(&m->destination.addrs, &multicast, ps->nft->d->arena);
		}
		m->is_dst_local = true;
		return strcmp(text_of(v), "local") == 0;
	case FIELD_MARK:
	case FIELD_FLAGS:
	case FIELD_INVALID:
		break;
	}
	return false;
}

static struct nft_set *
set_of(const struct nft_table *t, const char *name)
{
	struct nft_set *s;

	for (s = t->sets; s != NULL; s = s->next)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/* The list of values that a right side is. */
static const struct node *
values_of(struct parser *ps, const struct node *right)
{
	const char *text = text_of(right);
	const struct nft_set *s;

	if (child(right, "set") != NULL)
		return child(right, "set");
	if (text[0] != '@')
		return right;
	if ((s = set_of(ps->t, text + 1)) == NULL || s->is_volatile || s->is_map) {
		lose(ps, s == NULL ? "a set that is not there" : "a set that packets or time change");
		return NULL;
	}
	/* An empty set matches nobody. */
	if (s->elements == NULL)
		ps->r.m.in = 0;
	return s->elements;
}

static bool
has_port_zero(const struct match_ports *p)
{
	return p != NULL && (p->bits[0] & 1) != 0;
}

static void
also(struct parser *ps, const struct match *m, bool is_not)
{
	struct match *copy;

	if (!is_not) {
		if (!match_and(&ps->r.m, m, ps->nft->d->arena))
			ps->r.m.in = 0;
		return;
	}
	if (match_and_not(&ps->r.m, m, ps->nft->d->arena))
		return;
	if ((copy = arena_alloc(ps->nft->d->arena, 1, sizeof(*copy))) == NULL || ps->r.m.nunless == MATCH_UNLESS) {
		lose(ps, "more exceptions than one rule takes");
		return;
	}
	*copy = *m;
	ps->r.m.unless[ps->r.m.nunless++] = copy;
}

/* meta mark, with or without a mask: {"&": [{"meta": ...}, 255]} */
static void
match_mark(struct parser *ps, const struct node *right, uint32_t mask, bool is_not)
{
	struct match m;
	uint64_t n;

	match_init(&m);
	if (str_u64(text_of(right), 0, UINT32_MAX, &n) != 0 || (n & ~(uint64_t)mask) != 0) {
		lose(ps, "such a mark");
		return;
	}
	m.mark = (uint32_t)n;
	m.mark_mask = mask;
	ps->nft->used_marks |= mask;
	also(ps, &m, is_not);
}

/* tcp flags & (fin | syn) == syn */
static bool
parse_flags(const struct node *v, uint8_t *ret)
{
	static const char *const names[] = { "fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr" };
	const struct node *or = child(v, "|"), *n;
	size_t i;

	if (v == NULL)
		return false;
	if (or != NULL || v->kind == NODE_SEQ) {
		for (n = or != NULL ? or->first : v->first; n != NULL; n = n->next)
			if (!parse_flags(n, ret))
				return false;
		return true;
	}
	for (i = 0; i < 8; i++)
		if (strcmp(names[i], text_of(v)) == 0) {
			*ret |= (uint8_t)(1u << i);
			return true;
		}
	return false;
}

static void
match_masked(struct parser *ps, const struct node *left, const struct node *right, bool is_not)
{
	const struct node *operands = child(left, "&");
	enum field f;
	struct match m;
	uint64_t mask;

	match_init(&m);
	if (operands == NULL || operands->kind != NODE_SEQ || operands->n != 2) {
		lose(ps, "a match that is not known");
		return;
	}
	f = field_of(ps, operands->first, &m);
	if (f == FIELD_MARK && str_u64(text_of(operands->last), 0, UINT32_MAX, &mask) == 0)
		match_mark(ps, right, (uint32_t)mask, is_not);
	else if (f == FIELD_FLAGS && parse_flags(operands->last, &m.flags_mask) && (strcmp(text_of(right), "0") == 0 || parse_flags(right, &m.flags)) &&
	    (m.flags & ~m.flags_mask) == 0)
		also(ps, &m, is_not);
	else
		lose(ps, "a match with such a mask");
}

/* The loopback: what the box says to itself is never filtered. */
static bool
is_loopback(enum field f, const struct node *right)
{
	return (f == FIELD_IN || f == FIELD_OUT) && strcmp(text_of(right), "lo") == 0;
}

static void
match_values(struct parser *ps, enum field f, struct match *m, const struct node *right, bool is_not)
{
	const struct node *values = values_of(ps, right), *v;
	struct match asked = *m;
	bool ok = true;

	if (values == NULL)
		return;
	if (f == FIELD_IN)
		asked.in = 0;
	if (f == FIELD_OUT)
		asked.out = 0;
	if (values->kind == NODE_SEQ)
		for (v = values->first; v != NULL && ok; v = v->next)
			ok = take_value(ps, f, v, &asked);
	else
		ok = take_value(ps, f, values, &asked);
	if (!ok) {
		lose(ps, "a value of this kind");
		return;
	}
	/* "tcp dport != 22" asks for tcp, and for another port. */
	if (is_not && m->nprotocols > 0)
		also(ps, m, false);
	if (f == FIELD_SPORT || f == FIELD_DPORT) {
		const struct match_ports **p = f == FIELD_SPORT ? &asked.sports : &asked.dports;

		/* No rule here names port 0. */
		if (has_port_zero(*p)) {
			if (!is_not)
				also(ps, m, false);
			*p = match_ports_invert(ps->nft->d->arena, *p);
			is_not = !is_not;
		}
	}
	if (is_not && f == FIELD_FAMILY) {
		asked.family = asked.family == ADDR_V4 ? ADDR_V6 : ADDR_V4;
		is_not = false;
	}
	if (is_not && asked.family != ADDR_NONE) {
		struct match family;

		match_init(&family);
		family.family = asked.family;
		also(ps, &family, false);
	}
	also(ps, &asked, is_not);
}

static void
take_match(struct parser *ps, const struct node *s)
{
	const struct node *left = child(s, "left"), *right = child(s, "right");
	const char *op = member(s, "op");
	bool is_not = strcmp(op, "!=") == 0;
	struct match m;
	enum field f;

	match_init(&m);
	if (left == NULL || right == NULL || (!is_not && strcmp(op, "==") != 0 && strcmp(op, "in") != 0)) {
		lose(ps, "a match that is not known");
		return;
	}
	f = field_of(ps, left, &m);
	if (is_loopback(f, right)) {
		if (!is_not)
			ps->r.m.in = 0;
		return;
	}
	if (f == FIELD_MARK)
		match_mark(ps, right, UINT32_MAX, is_not);
	else if (f == FIELD_INVALID || f == FIELD_FLAGS)
		match_masked(ps, left, right, is_not);
	else
		match_values(ps, f, &m, right, is_not);
}

/* --- statements --- */

static void
end_with(struct parser *ps, enum verdict verdict, const char *action)
{
	ps->r.verdict = verdict;
	ps->r.deed.action = action;
	ps->is_ended = true;
}

static void
take_reject(struct parser *ps, const struct node *s)
{
	const char *expr = member(s, "expr");

	end_with(ps, VERDICT_REJECT, "reject");
	ps->r.deed.reject_with = strcmp(member(s, "type"), "tcp reset") == 0 ? NULL : strcmp(expr, "admin-prohibited") == 0 ? "admin-prohibited" :
	    strcmp(expr, "host-unreachable") == 0 || strcmp(expr, "addr-unreachable") == 0 ? "host-unreachable" :
	    strcmp(expr, "no-route") == 0 || strcmp(expr, "net-unreachable") == 0 ? "no-route" : "port-unreachable";
}

static void
take_limit(struct parser *ps, const struct node *s)
{
	struct match m;
	uint64_t n, burst;

	match_init(&m);
	if (str_u64(member(s, "rate"), 1, 1000000, &n) != 0 || child(s, "rate_unit") != NULL || strcmp(member(s, "per"), "week") == 0) {
		lose(ps, "such a rate");
		return;
	}
	m.limit.rate = arena_printf(ps->nft->d->arena, "%u/%.10s", (unsigned)n, member(s, "per"));
	if (str_u64(member(s, "burst"), 1, 1000000, &burst) == 0)
		m.limit.burst = (uint32_t)burst;
	also(ps, &m, strcmp(member(s, "inv"), "true") == 0);
}

static void
take_mangle(struct parser *ps, const struct node *s)
{
	uint64_t n;

	if (strcmp(member(child(child(s, "key"), "meta"), "key"), "mark") == 0 && str_u64(text_of(child(s, "value")), 0, UINT32_MAX, &n) == 0) {
		ps->r.deed.set_mark = (uint32_t)n;
		ps->r.deed.set_mark_mask = UINT32_MAX;
		ps->nft->used_marks = UINT32_MAX;
		return;
	}
	if (strcmp(member(child(child(s, "key"), "meta"), "key"), "mark") == 0)
		ps->nft->marks_lost = true;
	entry_note(ps->nft->d, ps->r.entry, OUTCOME_REFUSED, "what it writes into packets has no place here");
}

static void
take_translation(struct parser *ps, const struct node *s, enum translation kind)
{
	struct nat_target *nat = &ps->r.nat;
	const struct node *addr = child(s, "addr"), *range = child(addr, "range"), *port = child(s, "port");
	bool ok = true;
	uint64_t n;

	end_with(ps, VERDICT_TRANSLATE, "accept");
	nat->kind = kind;
	ps->nft->is_translated |= kind == TRANSLATE_DESTINATION || kind == TRANSLATE_REDIRECT;
	if (range != NULL && range->n == 2)
		ok = addr_parse(text_of(range->first), &nat->to) == 0 && addr_parse(text_of(range->last), &nat->to_last) == 0;
	else if (addr != NULL)
		ok = addr_parse(text_of(addr), &nat->to) == 0;
	if (port != NULL && kind == TRANSLATE_MASQUERADE)
		nat->port = 1;
	else if (port != NULL) {
		ok = ok && str_u64(text_of(port), 1, 65535, &n) == 0;
		nat->port = nat->port_last = ok ? (unsigned)n : 0;
	}
	if (!ok)
		lose(ps, "a translation to such an address or port");
}

/* {"accept": null}, {"jump": {"target": "x"}} and so on; false when it is none. */
static bool
take_verdict(struct parser *ps, const char *name, const struct node *s)
{
	if (strcmp(name, "accept") == 0)
		end_with(ps, VERDICT_ACCEPT, "accept");
	else if (strcmp(name, "drop") == 0)
		end_with(ps, VERDICT_DROP, "drop");
	else if (strcmp(name, "return") == 0)
		end_with(ps, VERDICT_RETURN, "drop");
	else if (strcmp(name, "continue") == 0)
		end_with(ps, VERDICT_CONTINUE, "continue");
	else if (strcmp(name, "jump") == 0 || strcmp(name, "goto") == 0) {
		end_with(ps, name[0] == 'j' ? VERDICT_JUMP : VERDICT_GOTO, "continue");
		ps->r.target = member(s, "target");
	} else
		return false;
	return true;
}

static void
take_statement(struct parser *ps, const char *name, const struct node *s)
{
	if (take_verdict(ps, name, s) || strcmp(name, "counter") == 0)
		return;
	if (strcmp(name, "match") == 0)
		take_match(ps, s);
	else if (strcmp(name, "reject") == 0)
		take_reject(ps, s);
	else if (strcmp(name, "log") == 0) {
		ps->r.deed.log = true;
		ps->r.deed.log_text = member(s, "prefix")[0] != '\0' ? member(s, "prefix") : NULL;
	} else if (strcmp(name, "limit") == 0)
		take_limit(ps, s);
	else if (strcmp(name, "mangle") == 0)
		take_mangle(ps, s);
	else if (strcmp(name, "masquerade") == 0)
		take_translation(ps, s, TRANSLATE_MASQUERADE);
	else if (strcmp(name, "snat") == 0)
		take_translation(ps, s, TRANSLATE_SOURCE);
	else if (strcmp(name, "dnat") == 0)
		take_translation(ps, s, TRANSLATE_DESTINATION);
	else if (strcmp(name, "redirect") == 0)
		take_translation(ps, s, TRANSLATE_REDIRECT);
	else if (strcmp(name, "vmap") == 0 && ps->map == NULL)
		ps->map = s;
	else if (strcmp(name, "flow") == 0)
		nft_flow_rule(ps->nft, ps->t, ps->c, ps->rule, s, ps->r.entry);
	else if (strcmp(name, "ct helper") == 0 || strcmp(name, "notrack") == 0 || strcmp(name, "comment") == 0)
		entry_note(ps->nft->d, ps->r.entry, OUTCOME_REFUSED, "statement \"%.20s\" has no place here; packets go on as before", name);
	else {
		/* It may count, ask or drop: nobody knows. */
		lose(ps, arena_printf(ps->nft->d->arena, "statement \"%.40s\"", name));
	}
}

/* --- rules --- */

static void
add(struct parser *ps, const struct chain_rule *r)
{
	struct chain_rule *made = chain_add(ps->t->filter, ps->c, ps->r.entry);
	unsigned number;

	if (made == NULL)
		return;
	number = made->number;
	*made = *r;
	made->number = number;
	if (r->m.lost != NULL && r->deed.set_mark_mask != 0)
		ps->nft->marks_lost = true;
}

/* "ct state vmap { established : accept, related : accept }": one rule for each verdict that follows another one. */
static void
add_map(struct parser *ps)
{
	const struct node *key = child(ps->map, "key"), *data = child(ps->map, "data"), *pair, *value;
	const struct nft_set *s = text_of(data)[0] == '@' ? set_of(ps->t, text_of(data) + 1) : NULL;
	const struct node *list = s != NULL ? s->elements : child(data, "set");
	struct chain_rule plain = ps->r, states = ps->r;
	unsigned n = 0;
	struct match m;
	enum field f;

	states.m.states = 0;
	if (list == NULL || list->kind != NODE_SEQ || (s != NULL && s->is_volatile)) {
		/* Whatever it would have said: nothing is accepted by it, and all may be dropped by it. */
		lose(ps, "a map that is not known");
		end_with(ps, VERDICT_DROP, "drop");
		add(ps, &ps->r);
		return;
	}
	for (pair = list->first; pair != NULL && !ps->nft->d->failed; pair = pair->next) {
		if (pair->kind != NODE_SEQ || pair->n != 2 || ++n > RULES_OF_MAP) {
			draft_fail(ps->nft->d, "a map of verdicts that cannot be read, or with more than 256 elements");
			return;
		}
		ps->r = plain;
		match_init(&m);
		value = pair->last;
		if (value->kind != NODE_MAP || value->first == NULL || !take_verdict(ps, value->first->name, value->first)) {
			lose(ps, "a verdict that is not known");
			end_with(ps, VERDICT_DROP, "drop");
		}
		f = field_of(ps, key, &m);
		if (is_loopback(f, pair->first))
			continue;
		if (f == FIELD_INVALID || f == FIELD_FLAGS || f == FIELD_MARK)
			lose(ps, "a map of this kind");
		else
			match_values(ps, f, &m, pair->first, false);
		/* States with the same verdict are one rule, so that it is seen what lets flows through. */
		if (f == FIELD_STATE && states.m.states != 0 && states.verdict == ps->r.verdict && ps->r.verdict != VERDICT_JUMP &&
		    ps->r.verdict != VERDICT_GOTO && ps->c->n > 0) {
			ps->c->rules[ps->c->n - 1].m.states |= ps->r.m.states;
			continue;
		}
		add(ps, &ps->r);
		states = ps->r;
		states.m.states = f == FIELD_STATE ? ps->r.m.states : 0;
	}
}

void
nft_rule(struct nft *nft, struct nft_table *t, struct chain *c, const struct node *rule, struct entry *e)
{
	struct parser ps = { .nft = nft, .t = t, .c = c, .rule = rule };
	const struct node *s;

	match_init(&ps.r.m);
	ps.r.m.family = t->filter->family;
	ps.r.entry = e;
	ps.r.comment = member(rule, "comment")[0] != '\0' ? member(rule, "comment") : NULL;
	for (s = node_member(rule, "expr")->first; s != NULL && !nft->d->failed; s = s->next) {
		if (s->kind == NODE_MAP && s->first != NULL)
			take_statement(&ps, s->first->name, s->first);
		else
			lose(&ps, "a statement that is not known");
	}
	if (ps.map != NULL) {
		add_map(&ps);
		return;
	}
	if (!ps.is_ended) {
		ps.r.verdict = VERDICT_CONTINUE;
		ps.r.deed.action = "continue";
		/* It only counts. */
		if (!ps.r.deed.log && ps.r.deed.set_mark_mask == 0 && ps.r.m.lost == NULL)
			ps.r.verdict = VERDICT_NOTHING;
		else if (!ps.r.deed.log && ps.r.deed.set_mark_mask == 0)
			end_with(&ps, VERDICT_DROP, "drop");
	}
	add(&ps, &ps.r);
}
