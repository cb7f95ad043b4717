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

bool
boxes_meet(const struct boxes *s, const struct box *b, uint64_t *budget)
{
	const struct box_index *x = &s->by[0];
	uint32_t first, end, other_first, other_end;

	candidates(x, b, &first, &end);
	if (s->n_by > 1) {
		candidates(&s->by[1], b, &other_first, &other_end);
		if (other_end - other_first < end - first) {
			x = &s->by[1];
			first = other_first;
			end = other_end;
		}
	}
	if (end - first > *budget)
		return true;
	for (; first < end; first++) {
		--*budget;
		if (box_meets(x->items[first], b))
			return true;
	}
	return false;
}
