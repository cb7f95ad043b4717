/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "net/rtnlwalk.h"
#include "actual.h"
#include "desired.h"
#include "flip.h"
#include "plan.h"
#include "plan_steps.h"
#include "view.h"

/* A prefix of which routes of ours change. */
struct change {
	const struct op	*op;		/* one of them */
	uint32_t	 least;		/* of their metrics, also of those that go */
};

/* One family of one change. */
struct flip {
	const struct plan	 *in;
	uint8_t			  phase;
	uint8_t			  family;
	const struct actual	 *actual;
	struct view		  after;
	struct change		 *changes;	/* sorted by place */
	size_t			  nchanges;
	struct change		 *widest;	/* those of them that are in no other, sorted by place */
	size_t			  nwidest;
	struct plan		 *out;
	uint32_t		  nops;		/* of the plan's */
	uint32_t		  first, end;	/* of the shadow's operations in out */
};

/* --- prefixes that change --- */

/* By address, then the wider first: what is in a prefix follows it. */
static int
compare_places(const struct prefix *a, const struct prefix *b)
{
	int n = memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes));

	return n != 0 ? n : a->len < b->len ? -1 : a->len > b->len;
}

static int
compare_changes(const void *a, const void *b)
{
	return compare_places(&((const struct change *)a)->op->prefix, &((const struct change *)b)->op->prefix);
}

static void *
room(struct plan *p, size_t n, size_t size)
{
	void *ret = arena_alloc(p->arena, n + 1, size);

	if (ret == NULL)
		fatalx("netd", "out of memory for a change of routes");
	return ret;
}

static bool
is_mine(const struct flip *f, const struct op *op)
{
	return op->phase == f->phase && op_is_route(op) && op->prefix.addr.family == f->family;
}

static struct change
change_of(const struct op *op)
{
	return (struct change){ .op = op, .least = op->was != NULL && op->was->metric < op->metric ? op->was->metric : op->metric };
}

/* Another route to the same prefix. */
static void
change_join(struct change *c, const struct change *other)
{
	if (other->least < c->least)
		c->least = other->least;
	/* The one that says what asks for it. */
	if (other->op->path[0] != '\0')
		c->op = other->op;
}

static void
find_changes(struct flip *f)
{
	struct change *c;
	size_t n = 0, i;
	uint32_t k;

	c = f->changes = room(f->out, f->in->n, sizeof(*c));
	f->widest = room(f->out, f->in->n, sizeof(*c));
	f->nchanges = f->nwidest = 0;
	for (k = 0; k < f->in->n; k++)
		if (is_mine(f, &f->in->ops[k]))
			c[n++] = change_of(&f->in->ops[k]);
	qsort(c, n, sizeof(*c), compare_changes);
	for (i = 0; i < n; i++) {
		if (f->nchanges > 0 && prefix_equal(&c[f->nchanges - 1].op->prefix, &c[i].op->prefix)) {
			change_join(&c[f->nchanges - 1], &c[i]);
			continue;
		}
		c[f->nchanges++] = c[i];
		if (f->nwidest == 0 || !prefix_covers(&f->widest[f->nwidest - 1].op->prefix, &c[i].op->prefix))
			f->widest[f->nwidest++] = c[i];
	}
}

/* The last of the list that is at the place of p or before it; NULL: none. */
static const struct prefix *
last_before(const struct change *list, size_t n, const struct prefix *p)
{
	size_t low = 0, high = n, mid;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (compare_places(&list[mid].op->prefix, p) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low > 0 ? &list[low - 1].op->prefix : NULL;
}

/* Whether a prefix that stays as it is lies in one that changes. */
static bool
is_inside(const struct flip *f, const struct prefix *p)
{
	const struct prefix *wide = last_before(f->widest, f->nwidest, p), *same = last_before(f->changes, f->nchanges, p);

	return wide != NULL && prefix_covers(wide, p) && !prefix_equal(same, p);
}

/* --- the shadow table --- */

static struct op *
shadow_op(struct plan *out, enum op_kind kind, const char *path, const struct prefix *p, uint8_t type, uint32_t metric)
{
	char text[PREFIX_STRLEN];
	struct op *op;

	op = plan_add(out, kind, path, "", "route %s of the shadow table", prefix_format(p, text, sizeof(text)));
	op->prefix = *p;
	op->table = RTNLWALK_SHADOW;
	op->type = type;
	op->metric = metric;
	return op;
}

static bool
is_plain_ours(const struct route *r)
{
	return plan_route_is_ours(r) && !r->is_complex;
}

/* A route to prefix that leads where r does, as well as one next hop can: for the moment that a shadow lives. */
static void
add_copy(struct flip *f, const char *path, const struct prefix *prefix, const struct route *r, uint32_t metric)
{
	bool has_way = r != NULL && r->type == RTN_UNICAST && r->oif != 0 && !r->is_opaque;
	uint8_t type = r == NULL || r->type == RTN_THROW ? RTN_UNREACHABLE : has_way ? RTN_UNICAST : RTN_BLACKHOLE;
	struct op *op;

	if (r != NULL && (r->type == RTN_UNREACHABLE || r->type == RTN_PROHIBIT))
		type = r->type;
	op = shadow_op(f->out, OP_SHADOW_ADD, path, prefix, type, metric);
	if (!has_way)
		return;
	op->via = r->via;
	op->index = r->oif;
	op->prefsrc = r->prefsrc;
	op->is_onlink = r->via.family != ADDR_NONE;
}

/*
 * Of a prefix that changes, a route of somebody else.  The main table tells it exactly, but only when it comes before all of ours that
 * change: else it may tell one of those.
 */
static void
add_theirs(struct flip *f, const struct change *c, const struct route *r)
{
	if (r->tos != 0 || r->metric < c->least)
		shadow_op(f->out, OP_SHADOW_ADD, c->op->path, &r->destination, RTN_THROW, r->metric)->tos = r->tos;
	else if (r->metric != FLIP_STAND_IN)
		add_copy(f, c->op->path, &r->destination, r, r->metric);
}

/* Where the main table is to be asked: what stays as it is there. */
static void
add_throws(struct flip *f)
{
	const struct route *r, *before = NULL;
	size_t i, n, at;

	for (i = 0; i < f->after.n; i++) {
		r = f->after.routes[i];
		if (r->destination.addr.family != f->family || (before != NULL && prefix_equal(&before->destination, &r->destination)))
			continue;
		before = r;
		if (is_inside(f, &r->destination))
			shadow_op(f->out, OP_SHADOW_ADD, "", &r->destination, RTN_THROW, r->metric);
	}
	for (i = 0; i < f->nchanges; i++) {
		at = view_at(&f->after, &f->changes[i].op->prefix, &n);
		for (; n > 0; n--, at++)
			if (!is_plain_ours(f->after.routes[at]))
				add_theirs(f, &f->changes[i], f->after.routes[at]);
	}
}

/* Those on a link first: they may connect us with the next hops of the others. */
static void
add_ours(struct flip *f, bool is_on_link)
{
	const struct route *r;
	struct op *op;
	size_t i, n, at;

	for (i = 0; i < f->nchanges; i++) {
		at = view_at(&f->after, &f->changes[i].op->prefix, &n);
		for (; n > 0; n--, at++) {
			r = f->after.routes[at];
			if (!is_plain_ours(r) || (r->via.family == ADDR_NONE) != is_on_link || r->metric == FLIP_STAND_IN)
				continue;
			op = shadow_op(f->out, OP_SHADOW_ADD, f->changes[i].op->path, &r->destination, r->type, r->metric);
			op->via = r->via;
			op->index = r->oif;
		}
	}
}

/* Which route stands in for a prefix that changes: the last of its own, or else what covers it. */
static const struct route *
last_resort(const struct flip *f, const struct prefix *p)
{
	size_t n, at = view_at(&f->after, p, &n);

	if (n > 0 && f->after.routes[at + n - 1]->metric == FLIP_STAND_IN)
		return f->after.routes[at + n - 1];
	return view_cover(&f->after, p);
}

static void
fill(struct flip *f)
{
	size_t i;

	f->first = f->out->n;
	add_throws(f);
	add_ours(f, true);
	add_ours(f, false);
	for (i = 0; i < f->nchanges; i++)
		add_copy(f, f->changes[i].op->path, &f->changes[i].op->prefix, last_resort(f, &f->changes[i].op->prefix), FLIP_STAND_IN);
	f->end = f->out->n;
}

static int
compare_removals(const void *a, const void *b)
{
	const struct op *x = a, *y = b;

	if (x->prefix.len != y->prefix.len)
		return x->prefix.len < y->prefix.len ? -1 : 1;
	if (x->tos != y->tos)
		return x->tos < y->tos ? -1 : 1;
	return x->metric > y->metric ? -1 : x->metric < y->metric;
}

/*
 * The removals of the shadow's routes, the last operations of the plan: the widest prefix first, and of one prefix
 * what lookups take last.  Whoever still reads the shadow finds the right way in what is left of it, or nothing, and
 * goes on to the main table.
 */
static void
sort_removals(struct plan *p, uint32_t from)
{
	if (p->n > from)
		qsort(p->ops + from, p->n - from, sizeof(p->ops[0]), compare_removals);
}

static void
flush(struct flip *f)
{
	uint32_t from = f->out->n, i;
	struct op op;

	for (i = f->first; i < f->end; i++) {
		op = f->out->ops[i];
		op.kind = OP_SHADOW_REMOVE;
		plan_push(f->out, &op);
	}
	sort_removals(f->out, from);
}

/* --- the rule, and the main table behind it --- */

static void
rule_op(struct plan *out, enum op_kind kind, uint8_t family)
{
	plan_add(out, kind, "", "", "rule of the shadow table for %s", family == ADDR_V4 ? "IPv4" : "IPv6")->prefix.addr.family = family;
}

static void
remove_main(struct plan *out, const struct route *r, const char *path)
{
	char text[PREFIX_STRLEN];
	struct op *op;

	op = plan_add(out, OP_ROUTE_REMOVE, path, "", "route %s", prefix_format(&r->destination, text, sizeof(text)));
	op->prefix = r->destination;
	op->table = r->table;
	op->metric = r->metric;
	op->type = r->type;
	op->tos = r->tos;
	if (r->is_complex)
		return;
	op->via = r->via;
	op->index = r->oif;
}

/* Somebody's joke with our protocol, which privd lets us replace but not remove. */
static bool
is_to_replace(const struct op *op)
{
	return op->kind == OP_ROUTE_REPLACE && !plan_route_is_removable(op->was);
}

/* Nobody looks: to take away and to add costs less than to replace, for which privd has to ask whose it is. */
static void
change_main(struct flip *f)
{
	const struct op *op;
	struct op add;
	uint32_t i;
	int pass;

	for (i = 0; i < f->in->n; i++)
		if (is_mine(f, &f->in->ops[i]) && f->in->ops[i].was != NULL && !is_to_replace(&f->in->ops[i]))
			remove_main(f->out, f->in->ops[i].was, f->in->ops[i].path);
	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < f->in->n; i++) {
			op = &f->in->ops[i];
			if (!is_mine(f, op) || op->kind == OP_ROUTE_REMOVE || (op->via.family == ADDR_NONE) != (pass == 0))
				continue;
			add = *op;
			if (!is_to_replace(op))
				add.kind = OP_ROUTE_ADD;
			plan_push(f->out, &add);
		}
}

/* --- both families --- */

static void
prepare(struct flip *f)
{
	uint32_t i;

	for (i = 0; i < f->in->n; i++)
		f->nops += is_mine(f, &f->in->ops[i]);
	if (f->nops < 2)
		return;
	view_of(&f->after, f->out->arena, f->actual, f->in);
	find_changes(f);
	fill(f);
}

/* The one message that everybody sees. */
static void
turn(struct flip *f)
{
	uint32_t i;

	for (i = 0; f->nops == 1 && i < f->in->n; i++)
		if (is_mine(f, &f->in->ops[i]))
			plan_push(f->out, &f->in->ops[i]);
	if (f->nops > 1)
		rule_op(f->out, OP_RULE_ADD, f->family);
}

static void
turn_back(struct flip *f)
{
	rule_op(f->out, OP_RULE_REMOVE, f->family);
}

/* Each step for both: privd waits for lookups under way between rules and what follows them, and so does it only twice. */
static void
change_routes(const struct plan *in, uint8_t phase, const struct actual *actual, struct plan *ret)
{
	static void (*const steps[])(struct flip *) = { prepare, turn, change_main, turn_back, flush };
	struct flip families[] = { { .family = ADDR_V4 }, { .family = ADDR_V6 } }, *f;
	size_t i;

	for (f = families; f < families + 2; f++)
		*f = (struct flip){ .in = in, .phase = phase, .actual = actual, .out = ret, .family = f->family };
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		for (f = families; f < families + 2; f++)
			if (i < 2 || f->nops > 1)
				steps[i](f);
}

void
flip_expand(const struct plan *in, uint8_t phase, const struct actual *actual, struct plan *ret)
{
	bool is_done = false;
	uint32_t i;

	for (i = 0; i < in->n; i++) {
		if (in->ops[i].phase != phase)
			continue;
		if (!op_is_route(&in->ops[i]))
			plan_push(ret, &in->ops[i]);
		else if (!is_done) {
			is_done = true;
			change_routes(in, phase, actual, ret);
		}
	}
}

/* --- what was left --- */

static bool
is_shadow(const struct route *r)
{
	return r->table == RTNLWALK_SHADOW && plan_route_is_ours(r) && plan_route_is_removable(r);
}

bool
flip_is_left(const struct actual *a)
{
	uint32_t i;

	for (i = 0; i < a->nroutes; i++)
		if (is_shadow(&a->routes[i]))
			return true;
	return a->nrules > 0;
}

static int
compare_shadows(const void *a, const void *b)
{
	const struct route *x = *(const struct route *const *)a, *y = *(const struct route *const *)b;

	return view_compare(&x->destination, x->metric, &y->destination, y->metric);
}

static bool
is_same_way(const struct route *a, const struct route *b)
{
	return a->metric == b->metric && a->tos == b->tos && a->type == b->type && a->is_complex == b->is_complex &&
	    (a->type != RTN_UNICAST || (a->oif == b->oif && addr_equal(&a->via, &b->via)));
}

/* Our routes to a prefix: is r one of them? */
static bool
is_among(const struct route *const *routes, size_t n, const struct route *r)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (plan_route_is_ours(routes[i]) && is_same_way(routes[i], r))
			return true;
	return false;
}

/* A route of somebody else with the same key: r is a copy of it. */
static bool
is_copy(const struct route *const *routes, size_t n, const struct route *r)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!is_plain_ours(routes[i]) && routes[i]->metric == r->metric && routes[i]->tos == r->tos)
			return true;
	return false;
}

static void
readd_main(struct plan *out, const struct route *r)
{
	char text[PREFIX_STRLEN];
	struct op *op;

	op = plan_add(out, OP_ROUTE_ADD, "", "", "route %s", prefix_format(&r->destination, text, sizeof(text)));
	op->prefix = r->destination;
	op->via = r->via;
	op->index = r->oif;
	op->table = RT_TABLE_MAIN;
	op->metric = r->metric;
	op->type = r->type;
}

enum redo {
	REDO_REMOVE,
	REDO_ADD_ON_LINK,
	REDO_ADD,
};

/* The shadow's routes to one prefix, the last of which is the stand-in: the main table becomes so. */
static void
redo_prefix(const struct view *now, const struct route *const *shadows, size_t n, enum redo step, struct plan *ret)
{
	size_t nmain, at = view_at(now, &shadows[0]->destination, &nmain), i;
	const struct route *r;

	for (i = 0; step == REDO_REMOVE && i < nmain; i++) {
		r = now->routes[at + i];
		if (is_plain_ours(r) && plan_route_is_removable(r) && !is_among(shadows, n - 1, r))
			remove_main(ret, r, "");
	}
	for (i = 0; step != REDO_REMOVE && i + 1 < n; i++)
		if (shadows[i]->type != RTN_THROW && (shadows[i]->via.family == ADDR_NONE) == (step == REDO_ADD_ON_LINK) &&
		    !is_among(now->routes + at, nmain, shadows[i]) && !is_copy(now->routes + at, nmain, shadows[i]))
			readd_main(ret, shadows[i]);
}

static void
redo(const struct actual *a, const struct route *const *shadows, size_t n, struct plan *ret)
{
	enum redo step;
	struct view now;
	size_t i, end;

	view_of(&now, ret->arena, a, NULL);
	for (step = REDO_REMOVE; step <= REDO_ADD; step++)
		for (i = 0; i < n; i = end) {
			for (end = i + 1; end < n && prefix_equal(&shadows[end]->destination, &shadows[i]->destination); end++)
				continue;
			if (shadows[end - 1]->metric == FLIP_STAND_IN)
				redo_prefix(&now, shadows + i, end - i, step, ret);
		}
}

static void
recover(const struct actual *a, uint8_t family, struct plan *ret)
{
	const struct route **shadows = room(ret, a->nroutes, sizeof(shadows[0]));
	uint32_t i, from, nrules = 0;
	struct op *op;
	size_t n = 0, k;

	for (i = 0; i < a->nroutes; i++)
		if (is_shadow(&a->routes[i]) && a->routes[i].destination.addr.family == family)
			shadows[n++] = &a->routes[i];
	qsort(shadows, n, sizeof(shadows[0]), compare_shadows);
	for (i = 0; i < a->nrules; i++)
		nrules += a->rules[i].family == family;
	if (nrules > 0)
		redo(a, shadows, n, ret);
	for (i = 0; i < nrules; i++)
		rule_op(ret, OP_RULE_REMOVE, family);
	from = ret->n;
	for (k = 0; k < n; k++) {
		op = shadow_op(ret, OP_SHADOW_REMOVE, "", &shadows[k]->destination, shadows[k]->type, shadows[k]->metric);
		op->via = shadows[k]->via;
		op->index = shadows[k]->oif;
		op->tos = shadows[k]->tos;
	}
	sort_removals(ret, from);
}

void
flip_recover(const struct actual *a, struct plan *ret)
{
	recover(a, ADDR_V4, ret);
	recover(a, ADDR_V6, ret);
}
