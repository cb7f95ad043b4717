/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "actual.h"
#include "desired.h"
#include "plan.h"
#include "view.h"

int
view_compare(const struct prefix *a, uint32_t metric, const struct prefix *b, uint32_t other_metric)
{
	int n;

	if (a->addr.family != b->addr.family)
		return a->addr.family < b->addr.family ? -1 : 1;
	if (a->len != b->len)
		return a->len < b->len ? -1 : 1;
	n = memcmp(a->addr.bytes, b->addr.bytes, sizeof(a->addr.bytes));
	if (n != 0)
		return n;
	return metric < other_metric ? -1 : metric > other_metric;
}

static int
compare_routes(const void *a, const void *b)
{
	const struct route *x = *(const struct route *const *)a, *y = *(const struct route *const *)b;

	return view_compare(&x->destination, x->metric, &y->destination, y->metric);
}

static int
compare_pointers(const void *a, const void *b)
{
	const struct route *x = *(const struct route *const *)a, *y = *(const struct route *const *)b;

	return x < y ? -1 : x > y;
}

static void *
room(struct arena *arena, size_t n, size_t size)
{
	void *ret = arena_alloc(arena, n + 1, size);

	if (ret == NULL)
		fatalx("netd", "out of memory for routes");
	return ret;
}

/* What the plan takes away, sorted to be looked up. */
static const struct route **
going(struct arena *arena, const struct plan *plan, size_t *ret_n)
{
	const struct route **gone = room(arena, plan->n, sizeof(gone[0]));
	size_t n = 0;
	uint32_t i;

	for (i = 0; i < plan->n; i++)
		if (op_is_route(&plan->ops[i]) && plan->ops[i].was != NULL)
			gone[n++] = plan->ops[i].was;
	qsort(gone, n, sizeof(gone[0]), compare_pointers);
	*ret_n = n;
	return gone;
}

static void
add_coming(struct view *v, struct arena *arena, const struct plan *plan)
{
	const struct op *op;
	struct route *r;
	uint32_t i;

	for (i = 0; i < plan->n; i++) {
		op = &plan->ops[i];
		if (!op_is_route(op) || op->kind == OP_ROUTE_REMOVE)
			continue;
		r = room(arena, 1, sizeof(*r));
		memset(r, 0, sizeof(*r));
		r->destination = op->prefix;
		r->via = op->via;
		r->oif = op->index;
		r->table = op->table;
		r->metric = op->metric;
		r->type = op->type;
		r->protocol = RTPROT_PATRONUS;
		v->routes[v->n++] = r;
	}
}

void
view_of(struct view *v, struct arena *arena, const struct actual *actual, const struct plan *plan)
{
	static const struct plan nothing;
	const struct route **gone, *r;
	size_t ngone;
	uint32_t i;

	if (plan == NULL)
		plan = &nothing;
	gone = going(arena, plan, &ngone);
	v->routes = room(arena, actual->nroutes + plan->n, sizeof(v->routes[0]));
	v->n = 0;
	for (i = 0; i < actual->nroutes; i++) {
		r = &actual->routes[i];
		if (r->table == RT_TABLE_MAIN && (ngone == 0 || bsearch(&r, gone, ngone, sizeof(gone[0]), compare_pointers) == NULL))
			v->routes[v->n++] = r;
	}
	add_coming(v, arena, plan);
	qsort(v->routes, v->n, sizeof(v->routes[0]), compare_routes);
}

size_t
view_at(const struct view *v, const struct prefix *p, size_t *ret_n)
{
	size_t low = 0, high = v->n, mid, n = 0;

	while (low < high) {
		mid = low + (high - low) / 2;
		if (view_compare(&v->routes[mid]->destination, v->routes[mid]->metric, p, 0) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	while (low + n < v->n && prefix_equal(&v->routes[low + n]->destination, p))
		n++;
	*ret_n = n;
	return low;
}

const struct route *
view_cover(const struct view *v, const struct prefix *p)
{
	struct prefix q = *p;
	size_t at, n, i;

	while (q.len > 0) {
		q.len--;
		q = prefix_network(&q);
		at = view_at(v, &q, &n);
		/* Routes for one TOS serve only some. */
		for (i = 0; i < n; i++)
			if (v->routes[at + i]->tos == 0)
				return v->routes[at + i];
	}
	return NULL;
}
