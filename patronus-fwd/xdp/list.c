/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "xdp/list.h"

#define SLOTS_MAX	(4u << 20)
#define PER_GROUP	64	/* networks of 24 bits */

#define PART_BITS	10	/* the first ones of an address of IPv4 */
#define PARTS		(1u << PART_BITS)

struct range {
	uint64_t	first[2];
	uint64_t	last[2];
};

struct v4_prefix {
	uint32_t	address;
	uint32_t	len;
};

/* In the order of their first bits: what a part of them touches stays in the processor's caches. */
struct v4_prefixes {
	struct v4_prefix	*items;
	uint32_t		 n;
	uint32_t		 next[PARTS];	/* while they are put in: the place of the next of each part */
};

/* --- IPv4 */

static uint32_t
v4_number(const struct addr *a)
{
	return (uint32_t)a->bytes[0] << 24 | (uint32_t)a->bytes[1] << 16 | (uint32_t)a->bytes[2] << 8 | a->bytes[3];
}

/* Bits from..from+n-1 of 64. */
static uint64_t
bits(unsigned from, unsigned n)
{
	return (n == 64 ? ~0ull : (1ull << n) - 1) << from;
}

/* Networks of 24 bits and shorter prefixes go into all, the others' networks into some. */
static void
v4_mark(struct xdp_group *groups, const struct v4_prefix *p)
{
	uint32_t a = p->address, first, i;

	if (p->len > 24) {
		groups[a >> 14].some |= 1ull << (a >> 8 & (PER_GROUP - 1));
		return;
	}
	a = p->len == 0 ? 0 : a & ~0u << (32 - p->len);
	if (p->len >= 18) {
		groups[a >> 14].all |= bits(a >> 8 & (PER_GROUP - 1), 1u << (24 - p->len));
		return;
	}
	first = a >> 14;
	for (i = 0; i < 1u << (18 - p->len); i++)
		groups[first + i].all = ~0ull;
}

/* Each network that has a block gets its number; how many there are. */
static uint32_t
v4_rank(struct xdp_group *groups)
{
	uint32_t i, n = 0;

	for (i = 0; i < XDP_GROUPS; i++) {
		groups[i].some &= ~groups[i].all;
		groups[i].base = n;
		n += (uint32_t)__builtin_popcountll(groups[i].some);
	}
	return n;
}

static const struct xdp_group *
v4_find(const struct xdp_list *l, uint32_t a, uint64_t *ret_bit, uint32_t *ret_slot)
{
	const struct xdp_group *g = &l->groups[a >> 14];

	*ret_bit = 1ull << (a >> 8 & (PER_GROUP - 1));
	*ret_slot = g->base + (uint32_t)__builtin_popcountll(g->some & (*ret_bit - 1));
	return g;
}

static void
v4_fill(struct xdp_list *l, const struct v4_prefix *p)
{
	uint32_t a = p->address, slot, n, i;
	uint64_t bit;

	if (p->len <= 24 || (v4_find(l, a, &bit, &slot)->some & bit) == 0)
		return;
	n = 1u << (32 - p->len);
	a &= ~(n - 1);
	if (n <= 64)
		l->slots[slot].bits[a >> 6 & 3] |= bits(a & 63, n);
	else
		for (i = 0; i < n / 64; i++)
			l->slots[slot].bits[(a >> 6 & 3) + i] = ~0ull;
}

/* --- IPv6 */

static uint64_t
number64(const uint8_t *b)
{
	uint64_t n = 0;
	unsigned i;

	for (i = 0; i < 8; i++)
		n = n << 8 | b[i];
	return n;
}

static bool
is_less(const uint64_t a[2], const uint64_t b[2])
{
	return a[0] < b[0] || (a[0] == b[0] && a[1] < b[1]);
}

/* The low n bits of 128. */
static void
mask_make(unsigned n, uint64_t ret[2])
{
	ret[0] = n <= 64 ? 0 : n == 128 ? ~0ull : (1ull << (n - 64)) - 1;
	ret[1] = n >= 64 ? ~0ull : (1ull << n) - 1;
}

static struct range
range_of(const struct prefix *p)
{
	uint64_t host[2];
	struct range r;
	unsigned i;

	mask_make(128u - p->len, host);
	r.first[0] = number64(p->addr.bytes);
	r.first[1] = number64(p->addr.bytes + 8);
	for (i = 0; i < 2; i++) {
		r.first[i] &= ~host[i];
		r.last[i] = r.first[i] | host[i];
	}
	return r;
}

static int
range_compare(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return is_less(x->first, y->first) ? -1 : is_less(y->first, x->first);
}

/* The address before it; not of the first one. */
static void
step_back(uint64_t a[2])
{
	a[0] -= a[1] == 0;
	a[1]--;
}

/* Sorted ranges that do not touch; their number. */
static uint32_t
ranges_merge(struct range *r, uint32_t n)
{
	uint64_t before[2];
	uint32_t i, k = 0;

	for (i = 1; i < n; i++) {
		memcpy(before, r[i].first, sizeof(before));
		if ((before[0] | before[1]) != 0)
			step_back(before);
		if (is_less(r[k].last, before))
			r[++k] = r[i];
		else if (is_less(r[k].last, r[i].last))
			memcpy(r[k].last, r[i].last, sizeof(before));
	}
	return n > 0 ? k + 1 : 0;
}

/* How many there are when none leaves its bucket. */
static uint64_t
ranges_count(const struct range *r, uint32_t n)
{
	uint64_t count = 0;
	uint32_t i;

	for (i = 0; i < n; i++)
		count += (r[i].last[0] >> 48) - (r[i].first[0] >> 48) + 1;
	return count;
}

static void
buckets_fill(struct xdp_list *l, const struct range *r, uint32_t n)
{
	struct xdp_bucket *buckets = (struct xdp_bucket *)&l->slots[l->nblocks];
	uint32_t slot = l->nblocks + l->nbuckets, i, top;
	union xdp_slot *s;

	for (i = 0; i < n; i++)
		for (top = (uint32_t)(r[i].first[0] >> 48); top <= r[i].last[0] >> 48; top++, slot++) {
			s = &l->slots[slot];
			memcpy(s->range.first, r[i].first, sizeof(s->range.first));
			memcpy(s->range.last, r[i].last, sizeof(s->range.last));
			if (top > r[i].first[0] >> 48) {
				s->range.first[0] = (uint64_t)top << 48;
				s->range.first[1] = 0;
			}
			if (top < r[i].last[0] >> 48) {
				s->range.last[0] = (uint64_t)top << 48 | ((1ull << 48) - 1);
				s->range.last[1] = ~0ull;
			}
			if (buckets[top].end == 0)
				buckets[top].begin = slot;
			buckets[top].end = slot + 1;
		}
}

/* --- both */

static void
each(const struct xdp_prefixes *lists, unsigned n, uint8_t family, void (*act)(void *, const struct prefix *), void *arg)
{
	const struct prefix *p;
	unsigned i;

	for (i = 0; i < n; i++)
		for (p = lists[i].items; p < lists[i].items + lists[i].n; p++)
			if (p->addr.family == family)
				act(arg, p);
}

static void
act_count(void *n, const struct prefix *p)
{
	(void)p;
	(*(uint32_t *)n)++;
}

static uint32_t
part_of(const struct prefix *p)
{
	return v4_number(&p->addr) >> (32 - PART_BITS);
}

static void
act_part(void *counts, const struct prefix *p)
{
	((uint32_t *)counts)[part_of(p)]++;
}

static void
act_v4(void *prefixes, const struct prefix *p)
{
	struct v4_prefixes *to = prefixes;

	to->items[to->next[part_of(p)]++] = (struct v4_prefix){ v4_number(&p->addr), p->len };
}

static void
act_range(void *next, const struct prefix *p)
{
	*(*(struct range **)next)++ = range_of(p);
}

static int
v4_collect(const struct xdp_prefixes *lists, unsigned n, struct v4_prefixes *ret)
{
	uint32_t counts[PARTS] = { 0 }, i;

	memset(ret, 0, sizeof(*ret));
	each(lists, n, ADDR_V4, act_part, counts);
	for (i = 0; i < PARTS; i++) {
		ret->next[i] = ret->n;
		ret->n += counts[i];
	}
	if (ret->n == 0)
		return 0;
	if ((ret->items = calloc(ret->n, sizeof(*ret->items))) == NULL)
		return -ENOMEM;
	each(lists, n, ADDR_V4, act_v4, ret);
	return 0;
}

/* How many slots they need. */
static int
v4_groups_make(struct xdp_list *l, const struct v4_prefixes *v4)
{
	uint32_t i;

	if (v4->n == 0)
		return 0;
	if ((l->groups = calloc(XDP_GROUPS, sizeof(*l->groups))) == NULL)
		return -ENOMEM;
	for (i = 0; i < v4->n; i++)
		v4_mark(l->groups, &v4->items[i]);
	l->nblocks = v4_rank(l->groups);
	return 0;
}

static int
v6_collect(const struct xdp_prefixes *lists, unsigned n, struct range **ret, uint32_t *ret_n)
{
	struct range *r, *next;
	uint32_t count = 0, i;

	*ret = NULL;
	*ret_n = 0;
	each(lists, n, ADDR_V6, act_count, &count);
	if (count == 0)
		return 0;
	if ((r = next = calloc(count, sizeof(*r))) == NULL)
		return -ENOMEM;
	each(lists, n, ADDR_V6, act_range, &next);
	for (i = 1; i < count && !is_less(r[i].first, r[i - 1].first); i++)
		continue;
	if (i < count)
		qsort(r, count, sizeof(*r), range_compare);
	*ret_n = ranges_merge(r, count);
	*ret = r;
	return 0;
}

static int
slots_make(struct xdp_list *l, const struct v4_prefixes *v4, const struct range *r, uint32_t nranges)
{
	uint64_t slots;
	uint32_t i;

	l->nbuckets = nranges > 0 ? XDP_BUCKETS / XDP_PER_SLOT : 0;
	slots = ranges_count(r, nranges) + l->nblocks + l->nbuckets;
	if (slots > SLOTS_MAX)
		return -E2BIG;
	if ((l->slots = calloc(slots + 1, sizeof(*l->slots))) == NULL)
		return -ENOMEM;
	l->nranges = (uint32_t)slots - l->nblocks - l->nbuckets;
	for (i = 0; i < v4->n; i++)
		v4_fill(l, &v4->items[i]);
	if (nranges > 0)
		buckets_fill(l, r, nranges);
	return 0;
}

static int
fill(struct xdp_list *l, const struct xdp_prefixes *lists, unsigned n)
{
	struct v4_prefixes v4;
	struct range *r = NULL;
	uint32_t nranges;
	int error;

	if ((error = v4_collect(lists, n, &v4)) == 0 && (error = v4_groups_make(l, &v4)) == 0 &&
	    (error = v6_collect(lists, n, &r, &nranges)) == 0)
		error = slots_make(l, &v4, r, nranges);
	free(v4.items);
	free(r);
	return error;
}

static uint64_t
digest_of(const struct xdp_list *l)
{
	const uint32_t sizes[] = { l->groups != NULL, l->nblocks, l->nbuckets, l->nranges };
	uint64_t h = hash_bytes(sizes, sizeof(sizes), HASH_SEED);

	if (l->groups != NULL)
		h = hash_bytes(l->groups, XDP_GROUPS * sizeof(*l->groups), h);
	return hash_bytes(l->slots, xdp_list_slots(l) * sizeof(*l->slots), h);
}

int
xdp_list_new(const struct xdp_prefixes *lists, unsigned n, struct xdp_list **ret)
{
	struct xdp_list *l = calloc(1, sizeof(*l));
	int error;

	if (l == NULL)
		return -ENOMEM;
	error = fill(l, lists, n);
	if (error != 0) {
		xdp_list_free(l);
		return error;
	}
	l->digest = digest_of(l);
	*ret = l;
	return 0;
}

void
xdp_list_free(struct xdp_list *l)
{
	if (l == NULL)
		return;
	free(l->groups);
	free(l->slots);
	free(l);
}

uint32_t
xdp_list_slots(const struct xdp_list *l)
{
	return l->nblocks + l->nbuckets + l->nranges;
}

static bool
has_v4(const struct xdp_list *l, uint32_t a)
{
	const struct xdp_group *g;
	uint64_t bit;
	uint32_t slot;

	if (l->groups == NULL)
		return false;
	g = v4_find(l, a, &bit, &slot);
	if (g->all & bit)
		return true;
	return (g->some & bit) != 0 && (l->slots[slot].bits[a >> 6 & 3] >> (a & 63) & 1) != 0;
}

static bool
has_v6(const struct xdp_list *l, const uint64_t a[2])
{
	const struct xdp_bucket *b;
	const union xdp_slot *s;
	uint32_t begin, end, middle, top = (uint32_t)(a[0] >> 48);

	if (l->nbuckets == 0)
		return false;
	b = &l->slots[l->nblocks + top / XDP_PER_SLOT].buckets[top % XDP_PER_SLOT];
	for (begin = b->begin, end = b->end; begin < end;) {
		middle = begin + (end - begin) / 2;
		s = &l->slots[middle];
		if (is_less(a, s->range.first))
			end = middle;
		else if (is_less(s->range.last, a))
			begin = middle + 1;
		else
			return true;
	}
	return false;
}

bool
xdp_list_has(const struct xdp_list *l, const struct addr *a)
{
	const uint64_t v6[2] = { number64(a->bytes), number64(a->bytes + 8) };

	return a->family == ADDR_V4 ? has_v4(l, v4_number(a)) : a->family == ADDR_V6 && has_v6(l, v6);
}
