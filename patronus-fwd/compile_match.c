/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "compile.h"
#include "hash.h"
#include "ir_field.h"
#include "live.h"
#include "mem.h"
#include "zoneset.h"

/*
 * Selectors (addresses, services) to kernel matches.  A rule for both families and several services becomes as few kernel rules as it
 * can: services with the same ports share one, addresses of one family exclude the other.
 */

#define TRANSPORT_STMTS	3	/* protocol, source ports, ports */

/* Protocols with equal ports, or a list of ICMP types. */
struct transport {
	uint8_t		 protocols[16];
	unsigned	 n_protocols;
	struct ports	*ports;
	uint32_t	 n_ports;
	struct ports	*source_ports;
	uint32_t	 n_source_ports;
	bool		 is_icmp;
	struct ir_stmt	 stmts[TRANSPORT_STMTS];	/* what put_transport() wrote the first time */
	unsigned	 n_stmts;
};

struct transports {
	struct transport *items;
	unsigned	  n;
};

static int
ports_order(const void *a, const void *b)
{
	const struct ports *x = a, *y = b;

	return x->low != y->low ? (x->low > y->low) - (x->low < y->low) : (x->high > y->high) - (x->high < y->high);
}

/* Sorted, and overlapping or touching ranges made one. */
static uint32_t
ports_normalise(struct ports *p, uint32_t n)
{
	uint32_t i, k;

	if (n == 0)
		return 0;
	qsort(p, n, sizeof(*p), ports_order);
	for (i = 1, k = 0; i < n; i++) {
		if (p[i].low <= (uint32_t)p[k].high + 1) {
			if (p[i].high > p[k].high)
				p[k].high = p[i].high;
		} else {
			p[++k] = p[i];
		}
	}
	return k + 1;
}

static struct ports *
ports_join(struct arena *a, const struct ports *x, uint32_t nx, const struct ports *y, uint32_t ny)
{
	struct ports *p;

	p = mem_alloc(a, nx + ny, sizeof(*p));
	if (nx > 0)
		memcpy(p, x, nx * sizeof(*p));
	if (ny > 0)
		memcpy(p + nx, y, ny * sizeof(*p));
	return p;
}

static bool
ports_equal(const struct ports *x, uint32_t nx, const struct ports *y, uint32_t ny)
{
	return nx == ny && (nx == 0 || memcmp(x, y, nx * sizeof(*x)) == 0);
}

/* An ICMP type is kept where ports are. */
static void
transport_set(struct arena *a, struct transport *t, const struct policy_service *s)
{
	struct ports type = { .low = s->type, .high = s->type };

	memset(t, 0, sizeof(*t));
	t->protocols[0] = s->protocol;
	t->n_protocols = 1;
	t->is_icmp = s->protocol == IPPROTO_ICMP || s->protocol == IPPROTO_ICMPV6;
	t->ports = s->has_type ? ports_join(a, &type, 1, NULL, 0) : ports_join(a, s->ports, s->n_ports, NULL, 0);
	t->n_ports = ports_normalise(t->ports, s->has_type ? 1 : s->n_ports);
	t->source_ports = ports_join(a, s->source_ports, s->n_source_ports, NULL, 0);
	t->n_source_ports = ports_normalise(t->source_ports, s->n_source_ports);
}

/* Add the ports of t to a transport of the same protocol with the same source ports. */
static bool
join_ports(struct arena *a, struct transports *all, const struct transport *t)
{
	struct transport *o;
	unsigned i;

	for (i = 0; i < all->n; i++) {
		o = &all->items[i];
		if (o->protocols[0] != t->protocols[0] ||
		    !ports_equal(o->source_ports, o->n_source_ports, t->source_ports, t->n_source_ports))
			continue;
		if (o->n_ports == 0)	/* it has all of them already */
			return true;
		if (t->n_ports == 0) {
			o->n_ports = 0;
			return true;
		}
		o->ports = ports_join(a, o->ports, o->n_ports, t->ports, t->n_ports);
		o->n_ports = ports_normalise(o->ports, o->n_ports + t->n_ports);
		return true;
	}
	return false;
}

static bool
has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

/* Make protocols with equal ports one transport. */
static void
join_protocols(struct transports *all)
{
	struct transport *a, *b;
	unsigned i, k;

	for (i = 0; i < all->n; i++) {
		a = &all->items[i];
		for (k = i + 1; k < all->n; k++) {
			b = &all->items[k];
			if (a->is_icmp || b->is_icmp || a->n_protocols == sizeof(a->protocols) ||
			    !ports_equal(a->ports, a->n_ports, b->ports, b->n_ports) ||
			    !ports_equal(a->source_ports, a->n_source_ports, b->source_ports, b->n_source_ports))
				continue;
			a->protocols[a->n_protocols++] = b->protocols[0];
			memmove(b, b + 1, (all->n - k - 1) * sizeof(*b));
			all->n--;
			k--;
		}
	}
}

static struct transports *
transports_make(struct arena *a, const struct compile_selector *sel)
{
	struct transports *all = mem_alloc(a, 1, sizeof(*all));
	struct transport t;
	uint32_t i;

	all->items = mem_alloc(a, sel->n_services, sizeof(*all->items));
	for (i = 0; i < sel->n_services; i++) {
		transport_set(a, &t, &sel->services[i]);
		if (!join_ports(a, all, &t))
			all->items[all->n++] = t;
	}
	join_protocols(all);
	return all;
}

static struct transports *
transports_get(struct compiler *c, const struct compile_selector *sel)
{
	struct compile_memo *m;

	if (!sel->lasts || sel->n_services == 0)
		return transports_make(c->scratch, sel);
	m = &c->memos[hash_u64((uintptr_t)sel->services, sel->n_services) % COMPILE_MEMOS];
	if (m->services != sel->services || m->n != sel->n_services)
		*m = (struct compile_memo){ sel->services, sel->n_services, transports_make(c->scratch, sel) };
	return m->transports;
}

/* --- matches */
static void
put_numbers(struct compiler *c, struct ir_draft *d, enum ir_field field, const struct ports *p, uint32_t n)
{
	struct ir_elem *elems;
	bool is_interval;
	uint32_t i;
	unsigned len;

	if (n == 0)
		return;
	len = ir_field_info((uint8_t)field)->len;
	elems = mem_alloc(c->scratch, n, sizeof(*elems));
	for (i = 0, is_interval = false; i < n; i++) {
		elems[i].lo[0] = (uint8_t)(len == 2 ? p[i].low >> 8 : p[i].low);
		elems[i].hi[0] = (uint8_t)(len == 2 ? p[i].high >> 8 : p[i].high);
		elems[i].lo[1] = len == 2 ? (uint8_t)p[i].low : 0;
		elems[i].hi[1] = len == 2 ? (uint8_t)p[i].high : 0;
		is_interval |= p[i].low != p[i].high;
	}
	if (n == 1)
		ir_match(d, field, is_interval ? IR_RANGE : IR_EQ, elems[0].lo, is_interval ? elems[0].hi : NULL);
	else
		ir_match_set(d, field, IR_IN_SET, ir_set_intern(c->ir, len == 1 ? "types" : "ports",
		    is_interval ? IR_SET_INTERVAL : 0, (uint8_t)field, elems, n));
}

static void
put_protocols(struct compiler *c, struct ir_draft *d, const struct transport *t)
{
	struct ir_elem *elems;
	unsigned i;

	if (t->n_protocols == 1) {
		ir_match_u8(d, IR_L4PROTO, t->protocols[0]);
		return;
	}
	elems = mem_alloc(c->scratch, t->n_protocols, sizeof(*elems));
	for (i = 0; i < t->n_protocols; i++)
		elems[i].lo[0] = t->protocols[i];
	ir_match_set(d, IR_L4PROTO, IR_IN_SET, ir_set_intern(c->ir, "protocols", 0, IR_L4PROTO, elems, t->n_protocols));
}

static void
put_transport(struct compiler *c, struct ir_draft *d, struct transport *t)
{
	unsigned first = d->n;

	if (t->n_stmts > 0) {
		assert(d->n + t->n_stmts <= IR_STMT_MAX);
		memcpy(d->stmts + d->n, t->stmts, t->n_stmts * sizeof(t->stmts[0]));
		d->n += t->n_stmts;
		return;
	}
	put_protocols(c, d, t);
	if (t->is_icmp) {
		put_numbers(c, d, t->protocols[0] == IPPROTO_ICMP ? IR_ICMP_TYPE : IR_ICMP6_TYPE, t->ports, t->n_ports);
	} else if (has_ports(t->protocols[0])) {
		put_numbers(c, d, IR_SPORT, t->source_ports, t->n_source_ports);
		put_numbers(c, d, IR_DPORT, t->ports, t->n_ports);
	}
	t->n_stmts = d->n - first;
	memcpy(t->stmts, d->stmts + first, t->n_stmts * sizeof(t->stmts[0]));
}

static uint8_t
prefix_family(const struct prefix *p)
{
	return p->addr.family == ADDR_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

static uint32_t
count_family(struct compiler *c, const struct policy_addresses *a, uint8_t family, bool *ret_has_networks)
{
	const struct addrlist *l = compile_list(c, a, family);
	uint32_t i, n;

	*ret_has_networks = false;
	if (l != NULL)
		return l->n;
	for (i = 0, n = 0; i < a->n; i++) {
		if (prefix_family(&a->items[i]) != family)
			continue;
		n++;
		*ret_has_networks |= a->items[i].len != (family == NFPROTO_IPV4 ? 32 : 128);
	}
	return n;
}

static void
fill_elem(struct ir_elem *e, const struct prefix *p)
{
	struct prefix net;
	unsigned i, len;

	net = prefix_network(p);
	len = addr_len(&net.addr);
	memcpy(e->lo, net.addr.bytes, len);
	for (i = 0; i < len; i++) {
		if (net.len >= 8 * (i + 1))
			e->hi[i] = e->lo[i];
		else if (net.len <= 8 * i)
			e->hi[i] = 0xff;
		else
			e->hi[i] = (uint8_t)(e->lo[i] | 0xff >> (net.len - 8 * i));
	}
}

static struct ir_elem *
collect_elems(struct compiler *c, const struct policy_addresses *a, uint8_t family, uint32_t n)
{
	struct ir_elem *elems;
	uint32_t i, k;

	elems = mem_alloc(c->scratch, n, sizeof(*elems));
	for (i = 0, k = 0; i < a->n && k < n; i++)
		if (prefix_family(&a->items[i]) == family)
			fill_elem(&elems[k++], &a->items[i]);
	return elems;
}

/*
 * Sets of groups and networks keep their name when their content changes, so that only elements change in the kernel and the rules keep
 * their counters.  Sets of hosts alone are hash tables: the name tells, since the kind of a set cannot change.
 */
static const struct ir_set *
address_set(struct compiler *c, const struct policy_addresses *a, uint8_t family, uint8_t field, uint32_t n, bool has_networks)
{
	struct ir_elem *elems;
	struct ir_set *s;
	const char *name;
	uint32_t i;

	if (a->name == NULL) {
		elems = collect_elems(c, a, family, n);
		return ir_set_intern(c->ir, family == NFPROTO_IPV4 ? "addresses4" : "addresses6",
		    has_networks ? IR_SET_INTERVAL : 0, field, elems, n);
	}
	name = mem_printf(c->ir->arena, "%s.%s%d", a->name, has_networks ? "net" : "host", family == NFPROTO_IPV4 ? 4 : 6);
	s = ir_set_find(c->ir, name);
	if (s != NULL)
		return s;
	elems = collect_elems(c, a, family, n);
	s = ir_set_new(c->ir, name, has_networks ? IR_SET_INTERVAL : 0, &field, 1);
	s->path = mem_strdup(c->ir->arena, a->path);
	for (i = 0; i < n; i++)
		*ir_set_add(c->ir, s) = elems[i];
	ir_set_seal(c->ir, s);
	return s;
}

/* Of content that changes by itself: an interval tree for each family, whatever is in it now. */
static const struct ir_set *
live_set(struct compiler *c, const struct policy_addresses *a, uint8_t family, uint8_t field)
{
	const char *name = mem_printf(c->ir->arena, "%s.%s%d", a->name, a->is_timed ? "timed" : "live", family == NFPROTO_IPV4 ? 4 : 6);
	struct ir_set *s = ir_set_find(c->ir, name);
	struct ir_elem *e;
	unsigned len;
	uint32_t i;

	if (s != NULL)
		return s;
	s = ir_set_new(c->ir, name, IR_SET_INTERVAL | IR_SET_LIVE | (a->is_timed ? IR_SET_TIMED : 0), &field, 1);
	s->path = mem_strdup(c->ir->arena, a->path);
	len = ir_set_keylen(s);
	for (i = 0; i < a->n_ranges; i++) {
		if (a->ranges[i].family != family)
			continue;
		e = ir_set_add(c->ir, s);
		memcpy(e->lo, a->ranges[i].lo, len);
		memcpy(e->hi, a->ranges[i].hi, len);
		e->expires_ms = a->ranges[i].expires_ms;
	}
	ir_set_seal(c->ir, s);
	return s;
}

/* *halves: a bit for each list that is still to come, which half of it. */
static void
put_addresses(struct compiler *c, struct ir_draft *d, const struct policy_addresses *a, uint8_t family, bool is_source, unsigned *halves)
{
	enum ir_field field;
	bool has_networks;
	uint32_t i, n;

	if (family == NFPROTO_IPV4)
		field = is_source ? IR_SADDR4 : IR_DADDR4;
	else
		field = is_source ? IR_SADDR6 : IR_DADDR6;
	if (a->is_live && compile_list(c, a, family) == NULL) {
		ir_match_set(d, field, a->is_not ? IR_NOT_IN_SET : IR_IN_SET, live_set(c, a, family, (uint8_t)field));
		return;
	}
	n = count_family(c, a, family, &has_networks);
	if (n == 0 && a->is_not)	/* no address of this family is one of them */
		return;
	if (compile_list(c, a, family) != NULL) {
		compile_in_list(c, d, a, (uint8_t)field, (*halves & 1) != 0);
		*halves >>= 1;
		return;
	}
	if (a->name == NULL && n == 1) {
		for (i = 0; prefix_family(&a->items[i]) != family; i++)
			;
		ir_match_prefix(d, field, a->is_not ? IR_NOT_PREFIX : IR_PREFIX, a->items[i].addr.bytes, a->items[i].len);
	} else {
		ir_match_set(d, field, a->is_not ? IR_NOT_IN_SET : IR_IN_SET, address_set(c, a, family, (uint8_t)field, n, has_networks));
	}
}

static void
put_endpoint(struct compiler *c, struct ir_draft *d, const struct policy_endpoint *e, uint8_t family, bool is_source, unsigned *halves)
{
	unsigned i;

	for (i = 0; e != NULL && i < e->n; i++)
		put_addresses(c, d, &e->criteria[i], family, is_source, halves);
}

/* How many of the criteria are lists that a rule has to ask for. */
static unsigned
count_lists(struct compiler *c, const struct policy_endpoint *e, uint8_t family)
{
	const struct addrlist *l;
	unsigned i, n;

	for (i = 0, n = 0; e != NULL && i < e->n; i++) {
		l = compile_list(c, &e->criteria[i], family);
		n += l != NULL && (l->n > 0 || !e->criteria[i].is_not);
	}
	return n;
}

/* Do the addresses have everything of the family? */
static bool
is_everything(struct compiler *c, const struct policy_addresses *a, uint8_t family)
{
	static const uint8_t none[IR_VALUE_MAX];
	const struct addrlist *l = compile_list(c, a, family);
	uint8_t after[IR_VALUE_MAX];
	uint32_t i;

	if (l != NULL)
		return l->n == 1 && memcmp(l->first, none, l->len) == 0 && !addrlist_after(after, l->last, l->len);
	for (i = 0; i < a->n; i++)
		if (prefix_family(&a->items[i]) == family && a->items[i].len == 0)
			return true;
	return false;
}

/* Can an address of this family meet every criterion of the endpoint? */
static bool
endpoint_has(struct compiler *c, const struct policy_endpoint *e, uint8_t family)
{
	const struct policy_addresses *a;
	bool ignored;
	unsigned i;

	for (i = 0; e != NULL && i < e->n; i++) {
		a = &e->criteria[i];
		if (!a->is_live && (a->is_not ? is_everything(c, a, family) : count_family(c, a, family, &ignored) == 0))
			return false;
	}
	return true;
}

static uint8_t
transport_family(const struct transport *t)
{
	if (t == NULL || !t->is_icmp)
		return NFPROTO_UNSPEC;
	return t->protocols[0] == IPPROTO_ICMP ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

static const struct transport just_tcp = { .protocols = { IPPROTO_TCP }, .n_protocols = 1 };

/* Flags are TCP's: what else the rule names cannot have them. */
static bool
narrow_to_tcp(const struct transport *t, struct transport *ret)
{
	*ret = just_tcp;
	if (t == NULL)
		return true;
	if (memchr(t->protocols, IPPROTO_TCP, t->n_protocols) == NULL)
		return false;
	*ret = *t;
	ret->protocols[0] = IPPROTO_TCP;
	ret->n_protocols = 1;
	ret->n_stmts = 0;
	return true;
}

static struct compile_part *
part_new(struct compile_parts *parts)
{
	struct compile_part *p;

	if (parts->n == parts->cap) {
		parts->cap = parts->cap == 0 ? 8 : parts->cap * 2;
		parts->items = mem_resize(parts->items, parts->cap, sizeof(*parts->items));
	}
	p = &parts->items[parts->n++];
	p->draft.n = 0;
	return p;
}

static void
put_length(struct ir_draft *d, const struct ports *p)
{
	uint8_t lo[4] = { 0, 0, (uint8_t)(p->low >> 8), (uint8_t)p->low }, hi[4] = { 0, 0, (uint8_t)(p->high >> 8), (uint8_t)p->high };

	ir_match(d, IR_LENGTH, p->low == p->high ? IR_EQ : IR_RANGE, lo, p->low == p->high ? NULL : hi);
}

static void
put_dscp(struct ir_draft *d, uint8_t family, uint8_t dscp)
{
	static const uint8_t mask4[] = { 0xfc }, mask6[] = { 0x0f, 0xc0 };
	uint8_t value4[] = { (uint8_t)(dscp << 2) }, value6[] = { (uint8_t)(dscp >> 2), (uint8_t)(dscp << 6) };

	if (family == NFPROTO_IPV4)
		ir_match_masked(d, IR_TOS4, value4, mask4);
	else
		ir_match_masked(d, IR_TOS6, value6, mask6);
}

/* What one part stands for. */
struct choice {
	struct transport	*transport;	/* NULL: all */
	uint8_t			 family;	/* NFPROTO_UNSPEC: both */
	const uint8_t		*dscp;		/* NULL: all */
	const struct ports	*length;	/* NULL: all */
	unsigned		 halves;	/* of lists, see put_addresses() */
};

static void
add_part(struct compiler *c, struct compile_parts *parts, const struct compile_selector *sel, const struct choice *o)
{
	struct transport *t = o->transport;
	unsigned halves = o->halves;
	struct compile_part *p;

	p = part_new(parts);
	p->family = o->family != NFPROTO_UNSPEC ? o->family : transport_family(t);
	p->is_tcp = t != NULL && t->n_protocols == 1 && t->protocols[0] == IPPROTO_TCP;
	p->has_no_tcp = t != NULL && memchr(t->protocols, IPPROTO_TCP, t->n_protocols) == NULL;
	if (sel->conditions != NULL && !compile_links(c, &p->draft, sel->conditions)) {
		parts->n--;
		return;
	}
	if (p->family != NFPROTO_UNSPEC) {
		ir_match_u8(&p->draft, IR_NFPROTO, p->family);
		put_endpoint(c, &p->draft, sel->source, p->family, true, &halves);
		put_endpoint(c, &p->draft, sel->destination, p->family, false, &halves);
	}
	if (o->dscp != NULL)
		put_dscp(&p->draft, p->family, *o->dscp);
	if (o->length != NULL)
		put_length(&p->draft, o->length);
	if (t != NULL)
		put_transport(c, &p->draft, t);
	if (sel->conditions != NULL)
		compile_conditions(c, &p->draft, sel->conditions);
}

/* A part for each half of each list. */
static void
add_halves(struct compiler *c, struct compile_parts *parts, const struct compile_selector *sel, struct choice *o)
{
	unsigned n = 0;

	if (o->family != NFPROTO_UNSPEC)
		n = count_lists(c, sel->source, o->family) + count_lists(c, sel->destination, o->family);
	for (o->halves = 0; o->halves < 1u << n; o->halves++)
		add_part(c, parts, sel, o);
}

/* A part for each code point and range of lengths. */
static void
add_parts(struct compiler *c, struct compile_parts *parts, const struct compile_selector *sel, struct transport *t, uint8_t family)
{
	const struct policy_conditions *p = sel->conditions;
	struct choice o = { .transport = t, .family = family };
	struct transport tcp;
	uint32_t i, k;
	uint8_t only;

	if (p != NULL && p->tcp_flags.mask != 0) {
		if (!narrow_to_tcp(t, &tcp))
			return;
		o.transport = &tcp;
	}
	only = transport_family(o.transport);
	if (only != NFPROTO_UNSPEC && family != NFPROTO_UNSPEC && only != family)
		return;
	for (i = 0; i < (p != NULL && p->n_dscp > 0 ? p->n_dscp : 1); i++) {
		o.dscp = p != NULL && p->n_dscp > 0 ? &p->dscp[i] : NULL;
		for (k = 0; k < (p != NULL && p->n_lengths > 0 ? p->n_lengths : 1); k++) {
			o.length = p != NULL && p->n_lengths > 0 ? &p->lengths[k] : NULL;
			add_halves(c, parts, sel, &o);
		}
	}
}

static bool
splits_families(const struct compile_selector *sel)
{
	return sel->splits_families || sel->is_v4_only || sel->is_v6_only || (sel->source != NULL && sel->source->n > 0) ||
	    (sel->destination != NULL && sel->destination->n > 0) ||
	    (sel->conditions != NULL && (sel->conditions->family != NFPROTO_UNSPEC || sel->conditions->n_dscp > 0));
}

static bool
has_family(struct compiler *c, const struct compile_selector *sel, uint8_t family)
{
	if ((sel->is_v4_only && family != NFPROTO_IPV4) || (sel->is_v6_only && family != NFPROTO_IPV6))
		return false;
	if (sel->conditions != NULL && sel->conditions->family != NFPROTO_UNSPEC && sel->conditions->family != family)
		return false;
	return endpoint_has(c, sel->source, family) && endpoint_has(c, sel->destination, family);
}

struct compile_parts *
compile_select(struct compiler *c, const struct compile_selector *sel)
{
	static const uint8_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	struct compile_parts *parts = &c->parts;
	struct transports *all;
	unsigned f, i;
	bool splits;

	parts->n = 0;
	all = transports_get(c, sel);
	splits = splits_families(sel);
	for (f = 0; f < (splits ? 2 : 1); f++) {
		if (splits && !has_family(c, sel, families[f]))
			continue;
		for (i = 0; i < all->n; i++)
			add_parts(c, parts, sel, &all->items[i], splits ? families[f] : NFPROTO_UNSPEC);
		if (all->n == 0)
			add_parts(c, parts, sel, NULL, splits ? families[f] : NFPROTO_UNSPEC);
	}
	return parts;
}

bool
compile_zones(struct compiler *c, struct ir_draft *d, enum ir_field field, const uint64_t *zones)
{
	const struct fw_policy *p;
	struct ir_elem *elems;
	uint32_t i, n;

	p = c->policy;
	elems = mem_alloc(c->scratch, p->n_interfaces, sizeof(*elems));
	for (i = 0, n = 0; i < p->n_interfaces; i++)
		if (p->interfaces[i].zone != POLICY_LOCAL && zoneset_has(zones, p->interfaces[i].zone))
			memcpy(elems[n++].lo, p->interfaces[i].ifname, strnlen(p->interfaces[i].ifname, IR_VALUE_MAX - 1));
	if (n == 0)
		return false;
	if (n == 1)
		ir_match(d, field, IR_EQ, elems[0].lo, NULL);
	else
		ir_match_set(d, field, IR_IN_SET, ir_set_intern(c->ir, "interfaces", 0, (uint8_t)field, elems, n));
	return true;
}

void
compile_log(struct ir_draft *d, const char *prefix)
{
	struct ir_stmt *s;

	s = ir_put(d, IR_LOG);
	s->log.prefix = prefix;
	s->log.group = COMPILE_LOG_GROUP;
}

void
compile_limit(struct ir_draft *d, const struct rate *r, uint32_t burst, bool is_over)
{
	struct ir_stmt *s;

	s = ir_put(d, IR_LIMIT);
	s->limit.rate = r->count;
	s->limit.seconds = r->seconds;
	s->limit.burst = burst;
	s->limit.is_over = is_over;
}

struct ir_origin *
compile_origin(struct compiler *c, const char *id, enum ir_action action)
{
	struct ir_origin *o;

	o = ir_origin_new(c->ir, id, "", action);
	o->is_generated = true;
	return o;
}

struct ir_zones
compile_zone_name(struct compiler *c, const char *name)
{
	return ir_zones_copy(c->ir, &name, 1);
}
