/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "boxes.h"
#include "mem.h"

#define BIT(n)	(1u << (n))

void
box_init(struct box *b)
{
	memset(b->lo, 0, sizeof(b->lo));
	memset(b->hi, 0xff, sizeof(b->hi));
	b->family = NFPROTO_UNSPEC;
	b->is_free = false;
}

bool
box_meets(const struct box *a, const struct box *b)
{
	unsigned i;

	if (a->family != NFPROTO_UNSPEC && b->family != NFPROTO_UNSPEC && a->family != b->family)
		return false;
	for (i = 0; i < BOX_DIMS; i++)
		if (a->lo[i] > b->hi[i] || b->lo[i] > a->hi[i])
			return false;
	return true;
}

void
box_clamp(struct box *b)
{
	static const box_value bounds[BOX_DIMS] = {
		[BOX_PROTOCOL] = UINT8_MAX, [BOX_SPORT] = UINT16_MAX, [BOX_DPORT] = UINT16_MAX, [BOX_TYPE] = UINT8_MAX
	};
	box_value bound;
	unsigned i;

	for (i = 0; !b->is_free && i < BOX_DIMS; i++) {
		bound = (i == BOX_SADDR || i == BOX_DADDR) && b->family == NFPROTO_IPV4 ? UINT32_MAX : bounds[i];
		if (bound != 0 && b->hi[i] > bound)
			b->hi[i] = bound;
	}
}

unsigned
box_subtract(const struct box *a, const struct box *b, struct box ret[BOX_PARTS])
{
	struct box left = *a;
	unsigned n = 0, i;

	if (left.family == NFPROTO_UNSPEC && b->family != NFPROTO_UNSPEC) {
		ret[n] = left;
		ret[n].family = b->family == NFPROTO_IPV4 ? NFPROTO_IPV6 : NFPROTO_IPV4;
		box_clamp(&ret[n++]);
		left.family = b->family;
		box_clamp(&left);
	}
	for (i = 0; i < BOX_DIMS; i++) {
		if (left.lo[i] < b->lo[i]) {
			ret[n] = left;
			ret[n++].hi[i] = b->lo[i] - 1;
			left.lo[i] = b->lo[i];
		}
		if (left.hi[i] > b->hi[i]) {
			ret[n] = left;
			ret[n++].lo[i] = b->hi[i] + 1;
			left.hi[i] = b->hi[i];
		}
	}
	return n;
}

void
boxes_init(struct boxes *s, unsigned dims)
{
	/* Those that tell most apart come first. */
	static const uint8_t order[] = { BOX_DADDR, BOX_SADDR, BOX_DPORT, BOX_SPORT, BOX_TYPE, BOX_OIF, BOX_IIF, BOX_PROTOCOL };
	unsigned i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < sizeof(order) && s->n_by < 2; i++)
		if ((dims & BIT(order[i])) != 0)
			s->by[s->n_by++].dim = order[i];
	if (s->n_by == 0)
		s->by[s->n_by++].dim = BOX_PROTOCOL;
}

void
boxes_fini(struct boxes *s)
{
	unsigned i;
	uint32_t k;

	for (i = 0; i < s->n_by; i++) {
		for (k = 0; k < s->by[i].n; k++)
			free(s->by[i].leaves[k]);
		free(s->by[i].leaves);
	}
	memset(s, 0, sizeof(*s));
}

/* A place in an index; behind the last of a leaf is before the first of the next one. */
struct place {
	uint32_t	leaf;
	uint32_t	at;
};

/* The first whose lo is not below value, or the end of the leaf before it. */
static struct place
lower_bound(const struct box_index *x, box_value value)
{
	struct place p = { 0, 0 };
	uint32_t low, high, middle;

	/* The last leaf that begins below it. */
	for (low = 0, high = x->n; low < high;) {
		middle = low + (high - low) / 2;
		if (x->leaves[middle]->lo[0] < value)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return p;
	p.leaf = low - 1;
	for (low = 0, high = x->leaves[p.leaf]->n; low < high;) {
		middle = low + (high - low) / 2;
		if (x->leaves[p.leaf]->lo[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	p.at = low;
	return p;
}

static void
leaf_put(struct box_index *x, uint32_t at, struct box_leaf *leaf)
{
	if (x->n == x->cap) {
		x->cap = x->cap == 0 ? 16 : x->cap * 2;
		x->leaves = mem_resize(x->leaves, x->cap, sizeof(*x->leaves));
	}
	memmove(x->leaves + at + 1, x->leaves + at, (x->n - at) * sizeof(*x->leaves));
	x->leaves[at] = leaf;
	x->n++;
}

/* The upper half of a full leaf into one of its own. */
static void
leaf_split(struct box_index *x, uint32_t at)
{
	struct box_leaf *leaf = x->leaves[at], *upper = mem_new(1, sizeof(*upper));

	upper->n = leaf->n / 2;
	leaf->n -= upper->n;
	memcpy(upper->lo, leaf->lo + leaf->n, upper->n * sizeof(upper->lo[0]));
	memcpy(upper->items, leaf->items + leaf->n, upper->n * sizeof(struct box *));
	leaf_put(x, at + 1, upper);
}

static void
index_add(struct box_index *x, struct box *b)
{
	box_value lo = b->lo[x->dim];
	struct box_leaf *leaf;
	struct place p;

	if (x->n == 0)
		leaf_put(x, 0, mem_new(1, sizeof(*leaf)));
	p = lower_bound(x, lo);
	if (x->leaves[p.leaf]->n == BOX_LEAF) {
		leaf_split(x, p.leaf);
		p = lower_bound(x, lo);
	}
	leaf = x->leaves[p.leaf];
	memmove(leaf->lo + p.at + 1, leaf->lo + p.at, (leaf->n - p.at) * sizeof(leaf->lo[0]));
	memmove(leaf->items + p.at + 1, leaf->items + p.at, (leaf->n - p.at) * sizeof(struct box *));
	leaf->lo[p.at] = lo;
	leaf->items[p.at] = b;
	leaf->n++;
	if (b->hi[x->dim] - lo > x->span)
		x->span = b->hi[x->dim] - lo;
}

void
boxes_add(struct boxes *s, struct box *b)
{
	unsigned i;

	for (i = 0; i < s->n_by; i++)
		index_add(&s->by[i], b);
}

/* What may meet a box. */
struct range {
	const struct box_index	*x;
	struct place		 at;
	uint32_t		 n;
};

/* Whatever meets b in this dimension begins at most a span before it, and not behind its end. */
static struct range
candidates(const struct box_index *x, const struct box *b)
{
	box_value lo = b->lo[x->dim], hi = b->hi[x->dim];
	struct range r = { .x = x };
	struct place end = { x->n, 0 };
	uint32_t i;

	r.at = lower_bound(x, lo > x->span ? lo - x->span : 0);
	if (hi != (box_value)-1)
		end = lower_bound(x, hi + 1);
	for (i = r.at.leaf; i < end.leaf; i++)
		r.n += x->leaves[i]->n;
	r.n += end.at;
	r.n -= r.at.at;
	return r;
}

/* Of the index that leaves fewest. */
static struct range
best_candidates(const struct boxes *s, const struct box *b)
{
	struct range first, second;

	first = candidates(&s->by[0], b);
	if (s->n_by == 1 || first.n == 0)
		return first;
	second = candidates(&s->by[1], b);
	return second.n < first.n ? second : first;
}

/* There must be one more. */
static struct box *
range_next(struct range *r)
{
	while (r->at.at == r->x->leaves[r->at.leaf]->n)
		r->at = (struct place){ r->at.leaf + 1, 0 };
	r->n--;
	return r->x->leaves[r->at.leaf]->items[r->at.at++];
}

box_value
box_value_of(const uint8_t *p, unsigned len)
{
	box_value v;
	unsigned i;

	for (v = 0, i = 0; i < len; i++)
		v = v << 8 | p[i];
	return v;
}

bool
boxes_meet(const struct boxes *s, const struct box *b, struct boxes_budget *budget)
{
	struct range r = best_candidates(s, b);

	budget->n_asked++;
	budget->most += r.n;
	if (r.n > budget->left)
		return true;
	while (r.n > 0) {
		budget->left--;
		if (box_meets(range_next(&r), b))
			return true;
	}
	return false;
}

uint32_t
boxes_meeting(const struct boxes *s, const struct box *b, struct box **ret, uint32_t max)
{
	struct range r = best_candidates(s, b);
	struct box *item;
	uint32_t n = 0;

	while (r.n > 0) {
		item = range_next(&r);
		if (box_meets(item, b) && n++ < max)
			ret[n - 1] = item;
	}
	return n;
}
