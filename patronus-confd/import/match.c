/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/arena.h"

#include "import/match.h"

void
match_init(struct match *m)
{
	memset(m, 0, sizeof(*m));
	m->in = m->out = MATCH_ANY_LINK;
}

/* --- ports --- */

struct match_ports *
match_ports_add(struct arena *arena, const struct match_ports *old, unsigned lo, unsigned hi)
{
	struct match_ports *p = arena_alloc(arena, 1, sizeof(*p));
	unsigned i;

	if (p == NULL)
		return NULL;
	if (old != NULL)
		*p = *old;
	for (i = lo; i <= hi && i <= 65535; i++)
		p->bits[i / 8] |= (uint8_t)(1u << (i % 8));
	return p;
}

struct match_ports *
match_ports_invert(struct arena *arena, const struct match_ports *old)
{
	struct match_ports *p = arena_alloc(arena, 1, sizeof(*p));
	size_t i;

	for (i = 0; p != NULL && i < sizeof(p->bits); i++)
		p->bits[i] = (uint8_t)~old->bits[i];
	return p;
}

static bool
has_port(const struct match_ports *p, unsigned i)
{
	return (p->bits[i / 8] & (1u << (i % 8))) != 0;
}

bool
match_ports_next(const struct match_ports *p, unsigned *at, unsigned *ret_lo, unsigned *ret_hi)
{
	unsigned i = *at;

	while (i <= 65535 && !has_port(p, i))
		i++;
	if (i > 65535)
		return false;
	*ret_lo = i;
	while (i < 65535 && has_port(p, i + 1))
		i++;
	*ret_hi = i;
	*at = i + 1;
	return true;
}

/* Of both; false when there is none left. */
static bool
and_ports(const struct match_ports **a, const struct match_ports *b, struct arena *arena)
{
	struct match_ports *both;
	bool any = false;
	size_t i;

	if (b == NULL)
		return true;
	if (*a == NULL) {
		*a = b;
		return true;
	}
	if ((both = arena_alloc(arena, 1, sizeof(*both))) == NULL)
		return false;
	for (i = 0; i < sizeof(both->bits); i++) {
		both->bits[i] = (*a)->bits[i] & b->bits[i];
		any |= both->bits[i] != 0;
	}
	*a = both;
	return any;
}

/* --- addresses --- */

bool
match_addrs_add(struct match_addrs *a, const struct prefix *p, struct arena *arena)
{
	struct prefix *more;

	if (a->n >= MATCH_ADDRS)
		return false;
	/* Full at each power of two; the old list may belong to another match and stays as it is. */
	if ((a->n & (a->n - 1)) == 0 || a->n < 2) {
		if ((more = arena_alloc(arena, a->n < 2 ? 2 : (size_t)a->n * 2, sizeof(*more))) == NULL)
			return false;
		if (a->n > 0)
			memcpy(more, a->items, a->n * sizeof(*more));
		a->items = more;
	}
	a->items[a->n++] = prefix_network(p);
	return true;
}

static int
compare(const struct addr *a, const struct addr *b)
{
	return memcmp(a->bytes, b->bytes, addr_len(a));
}

/* The last address of a prefix. */
static struct addr
last_of(const struct prefix *p)
{
	unsigned i, bits = addr_len(&p->addr) * 8;
	struct addr a = p->addr;

	for (i = p->len; i < bits; i++)
		a.bytes[i / 8] |= (uint8_t)(0x80u >> (i % 8));
	return a;
}

/* The one behind it; false when there is none. */
static bool
step(struct addr *a)
{
	unsigned i = addr_len(a);

	while (i-- > 0)
		if (++a->bytes[i] != 0)
			return true;
	return false;
}

bool
match_addrs_range(struct match_addrs *ret, const struct addr *first, const struct addr *last, struct arena *arena)
{
	struct prefix p = { .addr = *first, .len = 0 }, wider, net;
	struct addr end;

	if (first->family != last->family || compare(first, last) > 0)
		return false;
	do {
		p.len = (uint8_t)(addr_len(first) * 8);
		while (p.len > 0) {
			wider = p;
			wider.len--;
			net = prefix_network(&wider);
			end = last_of(&net);
			if (compare(&net.addr, &p.addr) != 0 || compare(&end, last) > 0)
				break;
			p.len--;
		}
		if (!match_addrs_add(ret, &p, arena))
			return false;
		end = last_of(&p);
		if (compare(&end, last) == 0)
			return true;
		p.addr = end;
	} while (step(&p.addr));
	return true;
}

/* What is in both lists. */
static bool
and_addrs(struct match_addrs *a, const struct match_addrs *b, struct arena *arena)
{
	struct match_addrs both = { NULL, 0 };
	unsigned i, j;

	for (i = 0; i < a->n; i++)
		for (j = 0; j < b->n; j++) {
			if (prefix_covers(&a->items[i], &b->items[j])) {
				if (!match_addrs_add(&both, &b->items[j], arena))
					return false;
			} else if (prefix_covers(&b->items[j], &a->items[i]) && !match_addrs_add(&both, &a->items[i], arena))
				return false;
		}
	*a = both;
	return both.n > 0;
}

static bool
add_all(struct match_addrs *a, const struct match_addrs *b, struct arena *arena)
{
	struct match_addrs all = { NULL, 0 };
	unsigned i;

	if (b->n == 0)
		return true;
	for (i = 0; i < a->n; i++)
		if (!match_addrs_add(&all, &a->items[i], arena))
			return false;
	for (i = 0; i < b->n; i++)
		if (!match_addrs_add(&all, &b->items[i], arena))
			return false;
	*a = all;
	return true;
}

static bool
and_side(struct match_side *a, const struct match_side *b, struct arena *arena, const char **lost)
{
	unsigned i;

	if (b->has_addrs && !a->has_addrs) {
		a->has_addrs = true;
		a->addrs = b->addrs;
	} else if (b->has_addrs && !and_addrs(&a->addrs, &b->addrs, arena))
		return false;
	if (!add_all(&a->not, &b->not, arena) || a->nnot_groups + b->nnot_groups > MATCH_GROUPS)
		*lost = "more exceptions than one rule takes";
	else
		for (i = 0; i < b->nnot_groups; i++)
			a->not_group[a->nnot_groups++] = b->not_group[i];
	/* Several groups of a rule are one or the other: two that must both hold cannot be said. */
	if ((b->ngroups > 0 && a->ngroups > 0) || b->nnetworks > 0 || b->nnot_networks > 0 || b->mac_group != NULL)
		*lost = "two sets that must both hold";
	for (i = 0; a->ngroups == 0 && i < b->ngroups; i++)
		a->group[i] = b->group[i];
	if (a->ngroups == 0)
		a->ngroups = b->ngroups;
	return true;
}

/* --- all of it --- */

static bool
and_protocols(struct match *a, const struct match *b)
{
	uint8_t both[MATCH_PROTOCOLS];
	unsigned i, j, n = 0;

	if (b->nprotocols == 0)
		return true;
	if (a->nprotocols == 0) {
		memcpy(a->protocols, b->protocols, sizeof(a->protocols));
		a->nprotocols = b->nprotocols;
		return true;
	}
	for (i = 0; i < a->nprotocols; i++)
		for (j = 0; j < b->nprotocols; j++)
			if (a->protocols[i] == b->protocols[j])
				both[n++] = a->protocols[i];
	memcpy(a->protocols, both, n);
	a->nprotocols = n;
	return n > 0;
}

/* Texts that are the same or not there; of two that differ, the words. */
static const char *
and_text(const char **a, const char *b, const char *words)
{
	if (b == NULL)
		return NULL;
	if (*a != NULL && strcmp(*a, b) != 0)
		return words;
	*a = b;
	return NULL;
}

static bool
and_bits(uint32_t *value, uint32_t *mask, uint32_t value2, uint32_t mask2)
{
	if (((*value ^ value2) & *mask & mask2) != 0)
		return false;
	*value |= value2;
	*mask |= mask2;
	return true;
}

static const char *
and_limits(struct match *a, const struct match *b)
{
	if (b->limit.rate != NULL && a->limit.rate != NULL)
		return "two limits at once";
	if (b->connections.rate != NULL && a->connections.rate != NULL)
		return "two limits of connections at once";
	if (b->limit.rate != NULL)
		a->limit = b->limit;
	if (b->connections.rate != NULL)
		a->connections = b->connections;
	return NULL;
}

static bool
and_scalars(struct match *a, const struct match *b, const char **lost)
{
	uint32_t flags = a->flags, mask = a->flags_mask;
	const char *why;

	if (a->family != ADDR_NONE && b->family != ADDR_NONE && a->family != b->family)
		return false;
	if (a->family == ADDR_NONE)
		a->family = b->family;
	a->in &= b->in;
	a->out &= b->out;
	if (a->in == 0 || a->out == 0 || !and_bits(&a->mark, &a->mark_mask, b->mark, b->mark_mask) ||
	    !and_bits(&a->cmark, &a->cmark_mask, b->cmark, b->cmark_mask) || !and_bits(&flags, &mask, b->flags, b->flags_mask))
		return false;
	a->flags = (uint8_t)flags;
	a->flags_mask = (uint8_t)mask;
	if (a->states != 0 && b->states != 0 && (a->states & b->states) == 0)
		return false;
	a->states = a->states == 0 ? b->states : b->states == 0 ? a->states : a->states & b->states;
	/* Two types of ICMP, MAC addresses or code points: no packet has both. */
	if (and_text(&a->icmp, b->icmp, "") != NULL || and_text(&a->mac, b->mac, "") != NULL || and_text(&a->dscp, b->dscp, "") != NULL)
		return false;
	if ((why = and_text(&a->length, b->length, "two ranges of lengths")) != NULL ||
	    (why = and_text(&a->schedule, b->schedule, "two times at once")) != NULL || (why = and_limits(a, b)) != NULL)
		*lost = why;
	a->is_dst_local |= b->is_dst_local;
	return true;
}

bool
match_and(struct match *a, const struct match *b, struct arena *arena)
{
	const char *lost = a->lost != NULL ? a->lost : b->lost;
	unsigned i;

	if (!and_scalars(a, b, &lost) || !and_protocols(a, b) || !and_ports(&a->sports, b->sports, arena) ||
	    !and_ports(&a->dports, b->dports, arena) || !and_side(&a->source, &b->source, arena, &lost) ||
	    !and_side(&a->destination, &b->destination, arena, &lost))
		return false;
	for (i = 0; i < b->nunless; i++)
		if (a->nunless < MATCH_UNLESS)
			a->unless[a->nunless++] = b->unless[i];
		else
			lost = "more exceptions than one rule takes";
	a->lost = lost;
	if (a->unsure == NULL)
		a->unsure = b->unsure;
	return true;
}

bool
match_counts(const struct match *m)
{
	unsigned i;

	for (i = 0; i < m->nunless; i++)
		if (match_counts(m->unless[i]))
			return true;
	return m->limit.rate != NULL || m->connections.rate != NULL;
}

static bool
is_side_all(const struct match_side *s)
{
	return !s->has_addrs && s->not.n == 0 && s->ngroups == 0 && s->nnot_groups == 0 && s->nnetworks == 0 &&
	    s->nnot_networks == 0 && s->mac_group == NULL;
}

/* Beside links, family and states. */
bool
match_is_links(const struct match *m)
{
	return is_side_all(&m->source) && is_side_all(&m->destination) && m->nprotocols == 0 && m->sports == NULL && m->dports == NULL &&
	    m->icmp == NULL && m->mac == NULL && m->mark_mask == 0 && m->cmark_mask == 0 && m->flags_mask == 0 && m->dscp == NULL &&
	    m->length == NULL && m->schedule == NULL && !match_counts(m) && m->nunless == 0 && !m->is_dst_local && m->lost == NULL;
}

bool
match_is_all(const struct match *m)
{
	return match_is_links(m) && m->in == MATCH_ANY_LINK && m->out == MATCH_ANY_LINK && m->states == 0;
}

/* "Not these senders": an exception of its own. */
static bool
except_side(struct match_side *a, const struct match_side *b, struct arena *arena)
{
	if (b->not.n > 0 || b->nnot_groups > 0 || b->mac_group != NULL || (b->has_addrs && b->ngroups > 0) || a->nnot_groups + b->ngroups > MATCH_GROUPS)
		return false;
	if (b->has_addrs)
		return add_all(&a->not, &b->addrs, arena);
	memcpy(a->not_group + a->nnot_groups, b->group, b->ngroups * sizeof(b->group[0]));
	a->nnot_groups += b->ngroups;
	return true;
}

bool
match_and_not(struct match *a, const struct match *b, struct arena *arena)
{
	struct match rest = *b;

	if (b->lost != NULL || b->unsure != NULL)
		return false;
	/* Of one family alone: what is left is the other, or all when they never meet. */
	if (b->family != ADDR_NONE && b->family != a->family) {
		if (a->family != ADDR_NONE)
			return true;
		if (match_is_all(b)) {
			a->family = b->family == ADDR_V4 ? ADDR_V6 : ADDR_V4;
			return true;
		}
		if (b->in != MATCH_ANY_LINK || b->out != MATCH_ANY_LINK)
			return false;
	}
	/* One thing alone is asked: which? */
	rest.in = MATCH_ANY_LINK;
	if (match_is_all(&rest)) {
		a->in &= ~b->in;
		return true;
	}
	rest = *b;
	rest.out = MATCH_ANY_LINK;
	if (match_is_all(&rest)) {
		a->out &= ~b->out;
		return true;
	}
	rest = *b;
	memset(&rest.source, 0, sizeof(rest.source));
	if (match_is_all(&rest))
		return except_side(&a->source, &b->source, arena);
	rest = *b;
	memset(&rest.destination, 0, sizeof(rest.destination));
	return match_is_all(&rest) && except_side(&a->destination, &b->destination, arena);
}
