/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "ipc/msg.h"
#include "net/addrdb.h"

#include "live.h"
#include "mem.h"

#define SAME_END_MS	1500	/* what clocks and the way from confd make of one end */
#define LEFT_MAX_MS	(366ull * 86400 * 1000)
#define GROUP_MAX	64
/*
 * Of all lists and names together: the last known good ruleset has them, and is one transaction of 64 MiB.  An interval is 40 bytes of it, of IPv6 64:
 * 1,600,000 of IPv4, 1,000,000 of IPv6.
 */
#define CONTENT_BYTES_MAX	64000000u
#define BYTES_V4		40u
#define BYTES_V6		64u

struct entry {
	uint64_t		 id;
	char			 group[GROUP_MAX];
	struct live_range	 range;
};

struct entries {
	struct entry	*items;
	uint32_t	 n;
};

/* Of a list or a name. */
struct content {
	struct content	*next;
	char		*name;
	uint8_t		*data;		/* n4 times 8 bytes, n6 times 32 */
	uint32_t	 n4;
	uint32_t	 n6;
};

/* Of its own. */
struct database {
	struct addrdb	 db;
	uint8_t		*data;
};

struct live {
	struct database	 said[ADDRDB_KIND_MAX];
	struct database	 said_before[ADDRDB_KIND_MAX];
	struct content	*contents;
	struct content	*old;		/* what the last one replaced; without data: nothing */
	struct entries	 temporary;
	struct entries	 before;
	uint32_t	 generation;
	uint64_t	 ended_ms;
};

static void
content_free(struct content *c)
{
	if (c == NULL)
		return;
	free(c->name);
	free(c->data);
	free(c);
}

static struct content *
content_cut(struct content **at)
{
	struct content *c = *at;

	if (c != NULL)
		*at = c->next;
	return c;
}

struct live *
live_new(void)
{
	struct live *l = mem_new(1, sizeof(*l));

	l->generation = 1;
	return l;
}

void
live_free(struct live *l)
{
	unsigned i;

	if (l == NULL)
		return;
	while (l->contents != NULL)
		content_free(content_cut(&l->contents));
	content_free(l->old);
	for (i = 0; i < ADDRDB_KIND_MAX; i++) {
		free(l->said[i].data);
		free(l->said_before[i].data);
	}
	free(l->temporary.items);
	free(l->before.items);
	free(l);
}

uint32_t
live_generation(const struct live *l)
{
	return l != NULL ? l->generation : 0;
}

/* --- members for a time */

static bool
range_of(const struct addr *a, uint8_t len, struct live_range *ret)
{
	unsigned i, bytes = addr_len(a);

	if (bytes == 0 || len > bytes * 8)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->family = a->family == ADDR_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
	for (i = 0; i < bytes; i++) {
		uint8_t host = (uint8_t)(len >= 8 * (i + 1) ? 0 : len <= 8 * i ? 0xff : 0xff >> (len - 8 * i));

		ret->lo[i] = (uint8_t)(a->bytes[i] & ~host);
		ret->hi[i] = a->bytes[i] | host;
	}
	return true;
}

static const struct entry *
entry_find(const struct entries *all, uint64_t id)
{
	uint32_t i;

	for (i = 0; i < all->n; i++)
		if (all->items[i].id == id)
			return &all->items[i];
	return NULL;
}

static bool
entry_fill(const struct live *l, const struct ipc_temporary *t, uint64_t now_ms, struct entry *ret)
{
	const struct entry *known = entry_find(&l->temporary, t->id);
	uint64_t end;

	ret->id = t->id;
	if (t->left_ms > LEFT_MAX_MS || !range_of(&t->address, t->length, &ret->range) ||
	    str_copy(ret->group, t->group, sizeof(ret->group)) >= sizeof(ret->group))
		return false;
	ret->range.expires_ms = now_ms + t->left_ms;
	end = known != NULL ? known->range.expires_ms : 0;
	if (known != NULL && end + SAME_END_MS > ret->range.expires_ms && ret->range.expires_ms + SAME_END_MS > end)
		ret->range.expires_ms = end;
	return true;
}

int
live_temporary_set(struct live *l, const struct ipc_temporary *t, uint32_t n, uint64_t now_ms)
{
	struct entries next = { mem_new(n + 1, sizeof(struct entry)), 0 };
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (!entry_fill(l, &t[i], now_ms, &next.items[next.n])) {
			free(next.items);
			return -EINVAL;
		}
		if (next.items[next.n].range.expires_ms > now_ms)
			next.n++;
		else
			l->ended_ms = now_ms;
	}
	free(l->before.items);
	l->before = l->temporary;
	l->temporary = next;
	l->generation++;
	return 0;
}

void
live_restore(struct live *l)
{
	struct entries swap = l->temporary;

	l->temporary = l->before;
	l->before = swap;
	l->generation++;
}

bool
live_purge(struct live *l, uint64_t now_ms)
{
	uint32_t i, n = 0;

	for (i = 0; i < l->temporary.n; i++) {
		if (l->temporary.items[i].range.expires_ms > now_ms)
			l->temporary.items[n++] = l->temporary.items[i];
		else if (l->temporary.items[i].range.expires_ms > l->ended_ms)
			l->ended_ms = l->temporary.items[i].range.expires_ms;
	}
	if (n == l->temporary.n)
		return false;
	l->temporary.n = n;
	l->generation++;
	return true;
}

uint64_t
live_next_end(const struct live *l)
{
	uint64_t next = 0;
	uint32_t i;

	for (i = 0; i < l->temporary.n; i++)
		if (next == 0 || l->temporary.items[i].range.expires_ms < next)
			next = l->temporary.items[i].range.expires_ms;
	return next;
}

uint64_t
live_last_end(const struct live *l)
{
	return l != NULL ? l->ended_ms : 0;
}

void
live_add_temporary(const struct live *l, const char *group, struct arena *a, struct live_ranges *to)
{
	uint32_t i;

	for (i = 0; l != NULL && i < l->temporary.n; i++)
		if (strcmp(l->temporary.items[i].group, group) == 0)
			live_ranges_add(a, to, &l->temporary.items[i].range);
}

/* --- content of lists and names */

static struct content **
content_find(const struct live *l, const char *name)
{
	struct content *const *at;

	for (at = &l->contents; *at != NULL && strcmp((*at)->name, name) != 0; at = &(*at)->next)
		;
	return (struct content **)(uintptr_t)at;
}

/* First and last of each, and the next one after that with a gap. */
static bool
is_sorted(const struct bytes *b, unsigned len)
{
	const uint8_t *p;

	if (b->len % (2 * len) != 0)
		return false;
	for (p = b->data; p != NULL && p < b->data + b->len; p += 2 * len)
		if (memcmp(p, p + len, len) > 0 || (p > b->data && memcmp(p - len, p, len) >= 0))
			return false;
	return true;
}

/* In place of the one with its name. */
static void
content_place(struct live *l, struct content *c)
{
	struct content **at = content_find(l, c->name);

	content_free(l->old);
	if ((l->old = content_cut(at)) == NULL) {
		l->old = mem_new(1, sizeof(*l->old));
		l->old->name = strdup(c->name);
	}
	l->old->next = NULL;
	l->generation++;
	if (c->n4 + c->n6 == 0) {
		content_free(c);
		return;
	}
	c->next = l->contents;
	l->contents = c;
}

int
live_content_set(struct live *l, const struct ipc_content *from)
{
	uint64_t total = (uint64_t)from->v4.len / 8 * BYTES_V4 + (uint64_t)from->v6.len / 32 * BYTES_V6;
	struct content *c;

	if (!is_sorted(&from->v4, 4) || !is_sorted(&from->v6, 16))
		return -EINVAL;
	for (c = l->contents; c != NULL; c = c->next)
		total += strcmp(c->name, from->name) == 0 ? 0 : (uint64_t)c->n4 * BYTES_V4 + (uint64_t)c->n6 * BYTES_V6;
	if (total > CONTENT_BYTES_MAX)
		return -E2BIG;
	c = mem_new(1, sizeof(*c));
	c->name = strdup(from->name);
	c->n4 = from->v4.len / 8;
	c->n6 = from->v6.len / 32;
	c->data = mem_new((size_t)from->v4.len + from->v6.len + 1, 1);
	if (c->n4 > 0)
		memcpy(c->data, from->v4.data, from->v4.len);
	if (c->n6 > 0)
		memcpy(c->data + from->v4.len, from->v6.data, from->v6.len);
	content_place(l, c);
	return 0;
}

void
live_content_back(struct live *l)
{
	struct content *c = l->old;

	l->old = NULL;
	if (c != NULL)
		content_place(l, c);
}

void
live_add_content(const struct live *l, const char *kind, const char *name, struct arena *a, struct live_ranges *to)
{
	struct live_range r = { .expires_ms = 0 };
	char full[GROUP_MAX + 256];
	const struct content *c;
	const uint8_t *p;
	uint32_t i;

	if (l == NULL || (size_t)snprintf(full, sizeof(full), "%s%s", kind, name) >= sizeof(full) || (c = *content_find(l, full)) == NULL)
		return;
	live_ranges_reserve(a, to, c->n4 + c->n6);
	for (i = 0, p = c->data; i < c->n4 + c->n6; i++) {
		unsigned len = i < c->n4 ? 4 : 16;

		r.family = i < c->n4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
		memcpy(r.lo, p, len);
		memcpy(r.hi, p + len, len);
		live_ranges_add(a, to, &r);
		p += 2 * len;
	}
}

/* --- databases */

int
live_database_set(struct live *l, const struct addrdb *from)
{
	size_t len4 = from->n4 * addrdb_range_len(from->kind, 4), len6 = from->n6 * addrdb_range_len(from->kind, 16);
	struct database next = { .db = *from };

	if (!addrdb_is_sound(from))
		return -EINVAL;
	next.data = mem_new(len4 + len6 + 1, 1);
	if (len4 > 0)
		memcpy(next.data, from->v4, len4);
	if (len6 > 0)
		memcpy(next.data + len4, from->v6, len6);
	next.db.v4 = next.data;
	next.db.v6 = next.data + len4;
	free(l->said_before[from->kind].data);
	l->said_before[from->kind] = l->said[from->kind];
	l->said[from->kind] = next;
	l->generation++;
	return 0;
}

void
live_database_back(struct live *l, enum addrdb_kind kind)
{
	struct database swap = l->said[kind];

	l->said[kind] = l->said_before[kind];
	l->said_before[kind] = swap;
	l->generation++;
}

void
live_database_settle(struct live *l, enum addrdb_kind kind)
{
	free(l->said_before[kind].data);
	l->said_before[kind] = (struct database){ .data = NULL };
}

static void
add_said(const uint8_t *p, uint32_t n, unsigned len, unsigned value_len, const uint8_t *value, struct arena *a, struct live_ranges *to)
{
	struct live_range r = { .family = len == 4 ? NFPROTO_IPV4 : NFPROTO_IPV6 };

	for (; n > 0; n--, p += 2 * len + value_len) {
		if (memcmp(p + 2 * len, value, value_len) != 0)
			continue;
		memcpy(r.lo, p, len);
		memcpy(r.hi, p + len, len);
		live_ranges_add(a, to, &r);
	}
}

void
live_add_said(const struct live *l, enum addrdb_kind kind, const uint8_t *value, struct arena *a, struct live_ranges *to)
{
	const struct addrdb *db;

	if (l == NULL)
		return;
	db = &l->said[kind].db;
	add_said(db->v4, db->n4, 4, addrdb_value_len(kind), value, a, to);
	add_said(db->v6, db->n6, 16, addrdb_value_len(kind), value, a, to);
}

/* Nothing was told yet: nothing is known. */
static const uint8_t *
said_of(const struct live *l, enum addrdb_kind kind, const struct addr *addr)
{
	return l->said[kind].data != NULL ? addrdb_find(&l->said[kind].db, addr) : NULL;
}

const char *
live_country_of(const struct live *l, const struct addr *addr, struct arena *a)
{
	const uint8_t *code = said_of(l, ADDRDB_COUNTRIES, addr);

	return code != NULL ? mem_printf(a, "%.2s", (const char *)code) : NULL;
}

uint32_t
live_system_of(const struct live *l, const struct addr *addr)
{
	const uint8_t *number = said_of(l, ADDRDB_SYSTEMS, addr);

	return number != NULL ? addrdb_system_number(number) : 0;
}

/* --- ranges */

void
live_ranges_add(struct arena *a, struct live_ranges *to, const struct live_range *r)
{
	if (to->n == to->cap)
		to->items = mem_grow(a, to->items, to->n, sizeof(*to->items), &to->cap);
	to->items[to->n++] = *r;
}

void
live_ranges_reserve(struct arena *a, struct live_ranges *to, uint32_t n)
{
	struct live_range *items;

	if (n <= to->cap - to->n)
		return;
	items = mem_alloc(a, (size_t)to->n + n, sizeof(*items));
	if (to->n > 0)
		memcpy(items, to->items, to->n * sizeof(*items));
	to->items = items;
	to->cap = to->n + n;
}

/* Addresses of one family stand together, IPv4 in the first four bytes. */
static int
compare(const struct live_range *x, const uint8_t *x_addr, const struct live_range *y, const uint8_t *y_addr)
{
	return x->family != y->family ? (x->family > y->family) - (x->family < y->family) : memcmp(x_addr, y_addr, sizeof(x->lo));
}

static int
by_address(const void *a, const void *b)
{
	const struct live_range *x = a, *y = b;

	return compare(x, x->lo, y, y->lo);
}

static int
by_end(const void *a, const void *b)
{
	const struct live_range *x = a, *y = b;

	return (x->expires_ms < y->expires_ms) - (x->expires_ms > y->expires_ms);
}

static unsigned
length(const struct live_range *r)
{
	return r->family == NFPROTO_IPV4 ? 4 : 16;
}

/* One further; false after the last of all. */
static bool
step_up(uint8_t *addr, unsigned len)
{
	unsigned i;

	for (i = len; i > 0 && ++addr[i - 1] == 0; i--)
		;
	return i > 0;
}

static void
step_down(uint8_t *addr, unsigned len)
{
	unsigned i;

	for (i = len; i > 0 && addr[i - 1]-- == 0; i--)
		;
}

/* Sorted ones that overlap become one. */
static void
join(struct live_ranges *r)
{
	uint32_t i, n = 0;

	for (i = 1; i < r->n; i++) {
		if (compare(&r->items[i], r->items[i].lo, &r->items[n], r->items[n].hi) > 0)
			r->items[++n] = r->items[i];
		else if (memcmp(r->items[i].hi, r->items[n].hi, sizeof(r->items[n].hi)) > 0)
			memcpy(r->items[n].hi, r->items[i].hi, sizeof(r->items[n].hi));
	}
	r->n = r->n > 0 ? n + 1 : 0;
}

/* The first of sorted, disjoint ranges that does not end before r begins. */
static uint32_t
first_near(const struct live_ranges *in, const struct live_range *r)
{
	uint32_t low = 0, high = in->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (compare(&in->items[middle], in->items[middle].hi, r, r->lo) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* What of r is in none of the sorted, disjoint ranges. */
static void
subtract(struct arena *a, const struct live_range *from, const struct live_ranges *in, struct live_ranges *to)
{
	struct live_range r = *from, piece;
	const struct live_range *c;
	uint32_t i;

	for (i = first_near(in, &r); i < in->n && compare(&in->items[i], in->items[i].lo, &r, r.hi) <= 0; i++) {
		c = &in->items[i];
		if (memcmp(c->lo, r.lo, sizeof(r.lo)) > 0) {
			piece = r;
			memcpy(piece.hi, c->lo, sizeof(piece.hi));
			step_down(piece.hi, length(&r));
			live_ranges_add(a, to, &piece);
		}
		if (memcmp(c->hi, r.hi, sizeof(r.hi)) >= 0)
			return;
		memcpy(r.lo, c->hi, sizeof(r.lo));
		(void)step_up(r.lo, length(&r));
	}
	live_ranges_add(a, to, &r);
}

static void
insert(struct arena *a, struct live_ranges *to, const struct live_range *r)
{
	uint32_t at = first_near(to, r);

	live_ranges_add(a, to, r);
	memmove(&to->items[at + 1], &to->items[at], (to->n - 1 - at) * sizeof(*to->items));
	to->items[at] = *r;
}

/* Those that stay are made one; of the others, from the one that ends last, what is left beside all before it. */
void
live_ranges_flatten(struct arena *a, struct live_ranges *r)
{
	struct live_ranges stay = { 0 }, timed = { 0 }, all = { 0 };
	uint32_t i, k, n;

	for (i = 0; i < r->n && r->items[i].expires_ms == 0; i++)
		;
	if (i == r->n) {		/* usual, and perhaps a million */
		if (r->n > 0)
			qsort(r->items, r->n, sizeof(*r->items), by_address);
		join(r);
		return;
	}
	for (i = 0; i < r->n; i++)
		live_ranges_add(a, r->items[i].expires_ms == 0 ? &stay : &timed, &r->items[i]);
	if (stay.n > 0)
		qsort(stay.items, stay.n, sizeof(*stay.items), by_address);
	join(&stay);
	if (timed.n > 0)
		qsort(timed.items, timed.n, sizeof(*timed.items), by_end);
	for (i = 0; i < timed.n; i++) {
		struct live_ranges beside = { 0 }, left = { 0 };

		subtract(a, &timed.items[i], &stay, &beside);
		for (k = 0; k < beside.n; k++)
			subtract(a, &beside.items[k], &all, &left);
		for (k = 0; k < left.n; k++)
			insert(a, &all, &left.items[k]);
	}
	for (i = 0, n = all.n; i < stay.n; i++)
		live_ranges_add(a, &all, &stay.items[i]);
	if (n > 0 && all.n > n)
		qsort(all.items, all.n, sizeof(*all.items), by_address);
	*r = all;
}
