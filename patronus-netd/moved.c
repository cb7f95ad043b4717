/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "actual.h"
#include "forecast.h"
#include "moved.h"
#include "plan.h"
#include "view.h"

/* Where packets go: the index of a link, or */
#define NOWHERE		0u
#define HERE		UINT32_MAX
#define SEVERAL		0x80000000u	/* and the first of several links */

#define DEPTH_MAX	130	/* prefixes one in another: a length each */

/* A prefix and where it leads. */
struct span {
	struct prefix	 prefix;
	uint32_t	 metric;
	uint32_t	 way;
};

struct spans {
	struct span	*items;
	size_t		 n;
};

/* A family's whole space: from each first up to the next one it is one way. */
struct stretch {
	struct addr	 first;
	uint32_t	 way;
};

struct map {
	struct stretch	*items;
	size_t		 n;
};

/* What the box takes for itself comes before the main table, however long its prefixes are. */
struct world {
	struct map	 here;
	struct map	 main;
};

/* No route changes where these go. */
static const struct prefix fixed[] = {
	{ { ADDR_V4, { 0 } }, 8 }, { { ADDR_V4, { 127 } }, 8 }, { { ADDR_V4, { 224 } }, 3 },
	{ { ADDR_V6, { 0 } }, 127 }, { { ADDR_V6, { 0xfe, 0x80 } }, 10 }, { { ADDR_V6, { 0xff } }, 8 }
};
#define NFIXED	(sizeof(fixed) / sizeof(fixed[0]))

static void *
room(struct arena *arena, size_t n, size_t size)
{
	void *ret = arena_alloc(arena, n + 1, size);

	if (ret == NULL)
		fatalx("netd", "out of memory for ways");
	return ret;
}

/* --- addresses as numbers --- */

static int
compare(const struct addr *a, const struct addr *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

/* false: there is none after it. */
static bool
step_up(struct addr *a)
{
	unsigned i = addr_len(a);

	while (i > 0 && ++a->bytes[i - 1] == 0)
		i--;
	return i > 0;
}

static struct addr
before(const struct addr *a)
{
	struct addr ret = *a;
	unsigned i = addr_len(a);

	while (i > 0 && ret.bytes[i - 1]-- == 0)
		i--;
	return ret;
}

static bool
behind(const struct prefix *p, struct addr *ret)
{
	unsigned bit;

	*ret = p->addr;
	for (bit = p->len; bit < addr_len(ret) * 8; bit++)
		ret->bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return step_up(ret);
}

/* How many bits the number of addresses from one to the other has. */
static unsigned
distance_bits(const struct addr *from, const struct addr *to)
{
	unsigned len = addr_len(from), i, bits = 0;
	int d, borrow = 0;

	for (i = len; i > 0; i--) {
		d = to->bytes[i - 1] - from->bytes[i - 1] - borrow;
		borrow = d < 0;
		for (d &= 0xff; d > 0; d >>= 1)
			bits = bits > (len - i) * 8 ? bits + 1 : (len - i) * 8 + 1;
	}
	return bits;
}

/* --- what there is --- */

static int
compare_spans(const void *a, const void *b)
{
	const struct span *x = a, *y = b;
	int n = compare(&x->prefix.addr, &y->prefix.addr);

	if (n != 0 || x->prefix.len != y->prefix.len)
		return n != 0 ? n : x->prefix.len < y->prefix.len ? -1 : 1;
	return x->metric < y->metric ? -1 : x->metric > y->metric;
}

static uint32_t
way_of(const struct route *r)
{
	if (r->is_complex || r->is_opaque)
		return r->oif | SEVERAL;
	return r->type == RTN_UNICAST ? r->oif : NOWHERE;
}

/* Routes for one TOS serve only some, and one that is dead serves nobody. */
static void
main_spans(const struct actual *a, uint8_t family, struct spans *ret)
{
	const struct route *r;
	uint32_t i;

	for (i = 0; i < a->nroutes; i++) {
		r = &a->routes[i];
		if (r->table == RT_TABLE_MAIN && r->destination.addr.family == family && r->tos == 0 && (r->flags & RTNH_F_DEAD) == 0)
			ret->items[ret->n++] = (struct span){ prefix_network(&r->destination), r->metric, way_of(r) };
	}
}

/* The local table is what the addresses make of it. */
static void
here_spans(const struct actual *a, uint8_t family, struct spans *ret)
{
	const struct link *l;
	struct prefix p;
	uint32_t i;

	for (i = 0; i < NFIXED; i++)
		if (fixed[i].addr.family == family)
			ret->items[ret->n++] = (struct span){ fixed[i], 0, HERE };
	for (i = 0; i < a->naddrs; i++) {
		p = a->addrs[i].prefix;
		l = actual_link(a, a->addrs[i].index);
		if (p.addr.family != family || l == NULL || (l->flags & IFF_UP) == 0)
			continue;
		p.len = (uint8_t)(addr_len(&p.addr) * 8);
		ret->items[ret->n++] = (struct span){ p, 0, HERE };
	}
}

static void
map_put(struct map *m, const struct addr *first, uint32_t way)
{
	if (m->n > 0 && compare(&m->items[m->n - 1].first, first) == 0)
		m->n--;
	if (m->n == 0 || m->items[m->n - 1].way != way)
		m->items[m->n++] = (struct stretch){ *first, way };
}

/* A prefix ends: what it lies in goes on. */
static void
map_end(struct map *m, const struct span *const *open, unsigned *n)
{
	struct addr next;

	(*n)--;
	if (behind(&open[*n]->prefix, &next))
		map_put(m, &next, *n > 0 ? open[*n - 1]->way : NOWHERE);
}

static void
map_of(struct spans *s, uint8_t family, struct arena *arena, struct map *ret)
{
	const struct span *open[DEPTH_MAX];
	struct addr first = { .family = family };
	unsigned n = 0;
	size_t i;

	ret->items = room(arena, 2 * s->n, sizeof(ret->items[0]));
	ret->n = 0;
	map_put(ret, &first, NOWHERE);
	if (s->n > 0)
		qsort(s->items, s->n, sizeof(s->items[0]), compare_spans);
	for (i = 0; i < s->n; i++) {
		while (n > 0 && !prefix_covers(&open[n - 1]->prefix, &s->items[i].prefix))
			map_end(ret, open, &n);
		/* Of several to one prefix the first is the one of least metric. */
		if (n > 0 && prefix_equal(&open[n - 1]->prefix, &s->items[i].prefix))
			continue;
		open[n++] = &s->items[i];
		map_put(ret, &s->items[i].prefix.addr, s->items[i].way);
	}
	while (n > 0)
		map_end(ret, open, &n);
}

static void
world_of(const struct actual *a, uint8_t family, struct arena *arena, struct world *ret)
{
	struct spans s = { .items = room(arena, (size_t)a->nroutes + a->naddrs + NFIXED, sizeof(struct span)) };

	here_spans(a, family, &s);
	map_of(&s, family, arena, &ret->here);
	s.n = 0;
	main_spans(a, family, &s);
	map_of(&s, family, arena, &ret->main);
}

/* --- what there will be --- */

/* Routes by the view, which takes many at a time; then what links and addresses do to them. */
static void
after_plan(const struct actual *now, const struct plan *plan, struct arena *arena, struct actual *ret)
{
	struct actual routed = *now;
	struct plan rest;
	struct view v;
	size_t i;

	view_of(&v, arena, now, plan);
	routed.routes = room(arena, v.n, sizeof(routed.routes[0]));
	for (i = 0; i < v.n; i++)
		routed.routes[i] = *v.routes[i];
	routed.nroutes = (uint32_t)v.n;
	plan_init(&rest, arena);
	for (i = 0; i < plan->n; i++)
		if (!op_is_route(&plan->ops[i]))
			plan_push(&rest, &plan->ops[i]);
	forecast_make(&routed, &rest, arena, ret);
}

static bool
changes_ways(const struct plan *plan)
{
	const struct op *op;
	uint32_t i;

	for (i = 0; i < plan->n; i++) {
		op = &plan->ops[i];
		if (op_is_route(op) || op->kind == OP_ADDR_ADD || op->kind == OP_ADDR_REMOVE || (op_is_link(op) && op->set_up))
			return true;
	}
	return false;
}

/* --- what lies between --- */

struct ranges {
	struct ipc_range *items;
	uint32_t	 n;
};

static uint32_t
way_at(const struct world *w, const size_t *at)
{
	return w->here.items[at[0]].way == HERE ? HERE : w->main.items[at[1]].way;
}

/* Where the map goes on, when that is before *ret, or that is not there. */
static void
sooner(const struct map *m, size_t at, struct addr *ret, bool *ret_is_there)
{
	if (at + 1 < m->n && (!*ret_is_there || compare(&m->items[at + 1].first, ret) < 0)) {
		*ret = m->items[at + 1].first;
		*ret_is_there = true;
	}
}

static void
add(struct ranges *to, const struct addr *first, const struct addr *last)
{
	struct ipc_range *was = to->n > 0 ? &to->items[to->n - 1] : NULL;
	struct addr next;

	if (was != NULL) {
		next = was->last;
		if (step_up(&next) && addr_equal(&next, first)) {
			was->last = *last;
			return;
		}
	}
	to->items[to->n++] = (struct ipc_range){ *first, *last };
}

static void
compare_worlds(const struct world *now, const struct world *then, uint8_t family, struct ranges *ret)
{
	const struct map *maps[4] = { &now->here, &now->main, &then->here, &then->main };
	struct addr from = { .family = family }, next = from, last, end = from;
	bool is_there = true;
	size_t at[4] = { 0 };
	unsigned i;

	memset(end.bytes, 0xff, addr_len(&end));
	while (is_there) {
		for (i = 0, is_there = false; i < 4; i++)
			sooner(maps[i], at[i], &next, &is_there);
		last = is_there ? before(&next) : end;
		if (way_at(now, at) != way_at(then, at + 2))
			add(ret, &from, &last);
		for (i = 0; is_there && i < 4; i++)
			at[i] += at[i] + 1 < maps[i]->n && compare(&maps[i]->items[at[i] + 1].first, &next) == 0;
		from = next;
	}
}

/* Ranges become one where the way from one to the next has no more bits. */
static void
join(struct ranges *r, unsigned bits)
{
	uint32_t i, n = 0;

	for (i = 1; i < r->n; i++)
		if (distance_bits(&r->items[n].last, &r->items[i].first) <= bits)
			r->items[n].last = r->items[i].last;
		else
			r->items[++n] = r->items[i];
	r->n = n + 1;
}

static void
add_family(const struct actual *now, const struct actual *then, uint8_t family, struct arena *arena, uint32_t max, struct ranges *ret)
{
	struct world a, b;
	struct ranges all;
	unsigned bits;

	world_of(now, family, arena, &a);
	world_of(then, family, arena, &b);
	all.items = room(arena, a.here.n + a.main.n + b.here.n + b.main.n, sizeof(all.items[0]));
	all.n = 0;
	compare_worlds(&a, &b, family, &all);
	for (bits = 1; all.n > max; bits++)
		join(&all, bits);
	memcpy(&ret->items[ret->n], all.items, all.n * sizeof(all.items[0]));
	ret->n += all.n;
}

uint32_t
moved_ranges(const struct actual *now, const struct plan *plan, struct arena *arena, uint32_t max, struct ipc_range **ret)
{
	struct ranges r = { .items = room(arena, 2 * (size_t)max, sizeof(struct ipc_range)) };
	struct actual then;

	*ret = r.items;
	if (!changes_ways(plan))
		return 0;
	after_plan(now, plan, arena, &then);
	add_family(now, &then, ADDR_V4, arena, max, &r);
	add_family(now, &then, ADDR_V6, arena, max, &r);
	return r.n;
}
