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

	for (i = 0; i < BOX_DIMS; i++) {
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

	for (i = 0; i < s->n_by; i++)
		free(s->by[i].items);
	memset(s, 0, sizeof(*s));
}

/* The first item whose lo is not below value. */
static uint32_t
lower_bound(const struct box_index *x, box_value value)
{
	uint32_t low, high, middle;

	for (low = 0, high = x->n; low < high;) {
		middle = low + (high - low) / 2;
		if (x->items[middle]->lo[x->dim] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void
boxes_add(struct boxes *s, struct box *b)
{
	struct box_index *x;
	uint32_t at;

	for (x = s->by; x < s->by + s->n_by; x++) {
		if (x->n == x->cap) {
			x->cap = x->cap == 0 ? 16 : x->cap * 2;
			x->items = mem_resize(x->items, x->cap, sizeof(*x->items));
		}
		at = lower_bound(x, b->lo[x->dim]);
		memmove(x->items + at + 1, x->items + at, (x->n - at) * sizeof(struct box *));
		x->items[at] = b;
		x->n++;
		if (b->hi[x->dim] - b->lo[x->dim] > x->span)
			x->span = b->hi[x->dim] - b->lo[x->dim];
	}
}

/* Whatever meets b in this dimension begins at most a span before it, and not behind its end. */
static void
candidates(const struct box_index *x, const struct box *b, uint32_t *ret_first, uint32_t *ret_end)
{
	box_value lo = b->lo[x->dim], hi = b->hi[x->dim];

	*ret_first = lower_bound(x, lo > x->span ? lo - x->span : 0);
	*ret_end = hi == (box_value)-1 ? x->n : lower_bound(x, hi + 1);
}

/* Of the index that leaves fewest. */
static const struct box_index *
best_candidates(const struct boxes *s, const struct box *b, uint32_t *ret_first, uint32_t *ret_end)
{
	uint32_t first, end;

	candidates(&s->by[0], b, ret_first, ret_end);
	if (s->n_by == 1)
		return &s->by[0];
	candidates(&s->by[1], b, &first, &end);
	if (end - first >= *ret_end - *ret_first)
		return &s->by[0];
	*ret_first = first;
	*ret_end = end;
	return &s->by[1];
}

bool
boxes_meet(const struct boxes *s, const struct box *b, uint64_t *budget)
{
	const struct box_index *x;
	uint32_t first, end;

	x = best_candidates(s, b, &first, &end);
	if (end - first > *budget)
		return true;
	for (; first < end; first++) {
		--*budget;
		if (box_meets(x->items[first], b))
			return true;
	}
	return false;
}

uint32_t
boxes_meeting(const struct boxes *s, const struct box *b, struct box **ret, uint32_t max)
{
	const struct box_index *x;
	uint32_t first, end, n = 0;

	for (x = best_candidates(s, b, &first, &end); first < end; first++)
		if (box_meets(x->items[first], b) && n++ < max)
			ret[n - 1] = x->items[first];
	return n;
}
