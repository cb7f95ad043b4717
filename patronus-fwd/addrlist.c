/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "hash.h"
#include "addrlist.h"
#include "mem.h"

#define KEY_MAX		16
#define DRAFT_MIN	256
#define SKIP		4096u	/* bytes that are compared at once */
#define PIECE_BITS	9	/* one key of so many to the power of two begins a piece */

/* --- drafts */
void
addrlist_draft_init(struct addrlist_draft *d, uint8_t len)
{
	memset(d, 0, sizeof(*d));
	d->len = len;
}

void
addrlist_draft_add(struct addrlist_draft *d, const uint8_t *first, const uint8_t *last)
{
	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? DRAFT_MIN : d->cap * 2;
		d->pairs = mem_large_resize(d->pairs, (size_t)d->n * 2 * d->len, (size_t)d->cap * 2 * d->len);
	}
	memcpy(d->pairs + (size_t)d->n * 2 * d->len, first, d->len);
	memcpy(d->pairs + (size_t)d->n * 2 * d->len + d->len, last, d->len);
	d->n++;
}

void
addrlist_draft_prefix(struct addrlist_draft *d, const struct prefix *p)
{
	uint8_t last[KEY_MAX];
	struct prefix net;
	unsigned i;

	if (addr_len(&p->addr) != d->len)
		return;
	net = prefix_network(p);
	for (i = 0; i < d->len; i++)
		last[i] = (uint8_t)(net.len >= 8 * (i + 1) ? net.addr.bytes[i] : net.len <= 8 * i ? 0xff : net.addr.bytes[i] | 0xff >> (net.len - 8 * i));
	addrlist_draft_add(d, net.addr.bytes, last);
}

void
addrlist_draft_fini(struct addrlist_draft *d)
{
	mem_large_free(d->pairs, (size_t)d->cap * 2 * d->len);
	memset(d, 0, sizeof(*d));
}

static bool
is_sorted(const struct addrlist_draft *d)
{
	uint32_t i;

	for (i = 1; i < d->n; i++)
		if (memcmp(d->pairs + (size_t)(i - 1) * 2 * d->len, d->pairs + (size_t)i * 2 * d->len, d->len) > 0)
			return false;
	return true;
}

/* Dealt out by one byte of their first key, in the order in which they were. */
static void
deal(const struct addrlist_draft *d, uint8_t *to, unsigned byte, const uint32_t *counts)
{
	size_t size = 2u * d->len, at[256], sum;
	const uint8_t *p;
	unsigned v;
	uint32_t i;

	for (v = 0, sum = 0; v < 256; v++) {
		at[v] = sum;
		sum += counts[v] * size;
	}
	for (i = 0, p = d->pairs; i < d->n; i++, p += size) {
		memcpy(to + at[p[byte]], p, size);
		at[p[byte]] += size;
	}
}

/* By the first key: a radix sort, a byte at a time from the last one. */
static void
sort(struct addrlist_draft *d)
{
	uint32_t counts[256], i;
	uint8_t *other, *swap;
	unsigned byte;

	if (is_sorted(d))
		return;
	other = mem_large_new((size_t)d->cap * 2 * d->len);
	for (byte = d->len; byte-- > 0;) {
		memset(counts, 0, sizeof(counts));
		for (i = 0; i < d->n; i++)
			counts[d->pairs[(size_t)i * 2 * d->len + byte]]++;
		if (counts[d->pairs[byte]] == d->n)	/* all have the same */
			continue;
		deal(d, other, byte, counts);
		swap = d->pairs;
		d->pairs = other;
		other = swap;
	}
	mem_large_free(other, (size_t)d->cap * 2 * d->len);
}

/* --- lists */
bool
addrlist_after(uint8_t *ret, const uint8_t *key, unsigned len)
{
	unsigned i;

	memmove(ret, key, len);
	for (i = len; i > 0 && ++ret[i - 1] == 0; i--)
		;
	return i > 0;
}

bool
addrlist_before(uint8_t *ret, const uint8_t *key, unsigned len)
{
	unsigned i;

	memcpy(ret, key, len);
	for (i = len; i > 0 && ret[i - 1]-- == 0; i--)
		;
	return i > 0;
}

const uint8_t *
addrlist_first(const struct addrlist *l, uint32_t i)
{
	return l->first + (size_t)i * l->len;
}

const uint8_t *
addrlist_last(const struct addrlist *l, uint32_t i)
{
	return l->last + (size_t)i * l->len;
}

/* Overlapping and touching ones become one; the number that is left. */
static uint32_t
merge(struct addrlist_draft *d)
{
	size_t size = 2u * d->len;
	uint8_t *at = d->pairs, after[KEY_MAX];
	const uint8_t *p;
	uint32_t i, n;

	for (i = 1, n = 1; i < d->n; i++) {
		p = d->pairs + i * size;
		if (!addrlist_after(after, at + d->len, d->len) || memcmp(p, after, d->len) <= 0) {
			if (memcmp(p + d->len, at + d->len, d->len) > 0)
				memcpy(at + d->len, p + d->len, d->len);
		} else {
			at += size;
			n++;
			if (at != p)
				memcpy(at, p, size);
		}
	}
	return d->n == 0 ? 0 : n;
}

/* How many addresses there are; 0: more than most. */
static uint64_t
count_hosts(const struct addrlist_draft *d, uint32_t n, uint64_t most)
{
	const uint8_t *first, *last;
	uint64_t sum;
	uint32_t i;

	for (i = 0, sum = 0; i < n && sum <= most; i++) {
		first = d->pairs + (size_t)i * 2 * d->len;
		last = first + d->len;
		if (memcmp(first, last, d->len - 2u) != 0)
			return 0;
		sum += (uint64_t)(last[d->len - 2] << 8 | last[d->len - 1]) - (uint64_t)(first[d->len - 2] << 8 | first[d->len - 1]) + 1;
	}
	return sum <= most ? sum : 0;
}

/*
 * Hosts of which some are neighbours stay hosts: the kernel finds, loads and changes those several times as fast as intervals.  Whether
 * they do depends on the addresses alone, so that the same ones are the same bytes.
 */
static uint32_t
split_hosts(struct addrlist_draft *d, uint32_t n)
{
	uint64_t hosts = count_hosts(d, n, (uint64_t)n + n / 4);
	struct addrlist_draft all;
	uint8_t key[KEY_MAX];
	uint32_t i;

	if (hosts <= n)
		return n;
	addrlist_draft_init(&all, d->len);
	for (i = 0; i < n; i++) {
		memcpy(key, d->pairs + (size_t)i * 2 * d->len, d->len);
		addrlist_draft_add(&all, key, key);
		while (memcmp(key, d->pairs + (size_t)i * 2 * d->len + d->len, d->len) != 0) {
			(void)addrlist_after(key, key, d->len);
			addrlist_draft_add(&all, key, key);
		}
	}
	addrlist_draft_fini(d);
	*d = all;
	return all.n;
}

static size_t
size_of(const struct addrlist *l)
{
	return ((size_t)l->n + 1) * l->len;
}

static void
take(struct addrlist *l, const struct addrlist_draft *d)
{
	const uint8_t *p;
	uint32_t i;

	for (i = 0, p = d->pairs; i < l->n && !l->has_ranges; i++, p += 2u * l->len)
		l->has_ranges = memcmp(p, p + l->len, l->len) != 0;
	l->first = mem_large_new(size_of(l));
	l->last = l->has_ranges ? mem_large_new(size_of(l)) : l->first;
	for (i = 0, p = d->pairs; i < l->n; i++, p += 2u * l->len) {
		memcpy(l->first + (size_t)i * l->len, p, l->len);
		if (l->has_ranges)
			memcpy(l->last + (size_t)i * l->len, p + l->len, l->len);
	}
}

/* --- pieces */
/* Any key may; which ones nobody foresees, so that no list is made of pieces of one. */
static bool
begins_piece(const struct addrlist *l, uint32_t i, uint64_t secret)
{
	const uint8_t *key = addrlist_first(l, i);
	uint64_t a, b = 0;
	uint32_t v4;

	if (l->len == sizeof(v4)) {
		memcpy(&v4, key, sizeof(v4));
		a = be32toh(v4);
	} else {
		memcpy(&a, key, sizeof(a));
		memcpy(&b, key + sizeof(a), sizeof(b));
		a = be64toh(a) * secret ^ be64toh(b);
		a ^= a >> 32;
	}
	return (a * secret) >> (64 - PIECE_BITS) == 0;
}

static uint64_t
piece_digest(const struct addrlist *l, uint32_t at, uint32_t end)
{
	uint64_t h = hash_secret(addrlist_first(l, at), (size_t)(end - at) * l->len, 0);

	return l->has_ranges ? hash_secret(addrlist_last(l, at), (size_t)(end - at) * l->len, h) : h;
}

static void
put_piece(struct addrlist *l, uint32_t *cap, uint32_t at)
{
	if (l->n_pieces > 0)
		l->pieces[l->n_pieces - 1].digest = piece_digest(l, l->pieces[l->n_pieces - 1].at, at);
	if (l->n_pieces == *cap) {
		*cap = *cap == 0 ? 2 + (l->n >> (PIECE_BITS - 1)) : *cap * 2;
		l->pieces = mem_resize(l->pieces, *cap, sizeof(*l->pieces));
	}
	l->pieces[l->n_pieces++] = (struct addrlist_piece){ .at = at };
}

static void
make_pieces(struct addrlist *l)
{
	uint64_t secret = hash_secret_key();
	uint32_t cap = 0, i;

	for (i = 0; i < l->n; i++)
		if (i == 0 || begins_piece(l, i, secret))
			put_piece(l, &cap, i);
	put_piece(l, &cap, l->n);
	l->n_pieces--;
}

struct addrlist *
addrlist_make(struct addrlist_draft *d)
{
	struct addrlist *l;

	l = mem_new(1, sizeof(*l));
	l->refs = 1;
	l->len = d->len;
	if (d->n > 0)
		sort(d);
	l->n = split_hosts(d, merge(d));
	take(l, d);
	addrlist_draft_fini(d);
	l->digest = hash_bytes(l->first, (size_t)l->n * l->len, hash_u64(l->len, HASH_SEED));
	if (l->has_ranges)
		l->digest = hash_bytes(l->last, (size_t)l->n * l->len, l->digest);
	make_pieces(l);
	return l;
}

struct addrlist *
addrlist_ref(struct addrlist *l)
{
	l->refs++;
	return l;
}

void
addrlist_unref(struct addrlist *l)
{
	if (l == NULL || --l->refs > 0)
		return;
	if (l->has_ranges)
		mem_large_free(l->last, size_of(l));
	mem_large_free(l->first, size_of(l));
	free(l->pieces);
	free(l);
}

static bool
same_piece(const struct addrlist_piece *a, const struct addrlist_piece *b)
{
	return a->digest == b->digest && a[1].at - a->at == b[1].at - b->at;
}

bool
addrlist_equal(const struct addrlist *a, const struct addrlist *b)
{
	uint32_t i;

	if (a == b)
		return true;
	if (a->digest != b->digest || a->len != b->len || a->n != b->n || a->has_ranges != b->has_ranges || a->n_pieces != b->n_pieces)
		return false;
	for (i = 0; i < a->n_pieces; i++)
		if (!same_piece(&a->pieces[i], &b->pieces[i]))
			return false;
	return true;
}

/* The first interval that does not end before the key. */
static uint32_t
find(const struct addrlist *l, const uint8_t *key)
{
	uint32_t low, high, middle;

	for (low = 0, high = l->n; low < high;) {
		middle = low + (high - low) / 2;
		if (memcmp(addrlist_last(l, middle), key, l->len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
addrlist_has(const struct addrlist *l, const uint8_t *key)
{
	uint32_t i = find(l, key);

	return i < l->n && memcmp(addrlist_first(l, i), key, l->len) <= 0;
}

/* Two lists, each with its next interval and the first piece that does not begin before it. */
struct both {
	const struct addrlist	*a;
	const struct addrlist	*b;
	uint32_t		 i;
	uint32_t		 k;
	uint32_t		 p;
	uint32_t		 q;
};

/* Pieces that begin here and are the same are passed over: lists change little from day to day. */
static void
pass_pieces(struct both *w)
{
	const struct addrlist_piece *p, *q;

	while (w->p < w->a->n_pieces && w->a->pieces[w->p].at < w->i)
		w->p++;
	while (w->q < w->b->n_pieces && w->b->pieces[w->q].at < w->k)
		w->q++;
	for (; w->p < w->a->n_pieces && w->q < w->b->n_pieces; w->p++, w->q++) {
		p = &w->a->pieces[w->p];
		q = &w->b->pieces[w->q];
		if (p->at != w->i || q->at != w->k || !same_piece(p, q))
			return;
		w->i = p[1].at;
		w->k = q[1].at;
	}
}

/* Those that are the same from here on, up to the next piece of a; false when one of them is not. */
static bool
pass_run(struct both *w)
{
	const struct addrlist *a = w->a, *b = w->b;
	uint32_t end = a->pieces[w->p + (a->pieces[w->p].at == w->i)].at, most, step;
	bool is_same;

	most = end - w->i < b->n - w->k ? end - w->i : b->n - w->k;
	for (step = 1; most > 0;) {
		if (step > most)
			step = most;
		is_same = memcmp(addrlist_first(a, w->i), addrlist_first(b, w->k), (size_t)step * a->len) == 0 &&
		    memcmp(addrlist_last(a, w->i), addrlist_last(b, w->k), (size_t)step * a->len) == 0;
		if (is_same) {
			w->i += step;
			w->k += step;
			most -= step;
			step = step * 2 > SKIP / a->len ? SKIP / a->len : step * 2;
		} else if (step == 1)
			break;
		else
			step = (step + 1) / 2;
	}
	return w->i == end;
}

/* What is left of first..last when b is taken away; *k is where b stands. */
static void
cut(struct addrlist_draft *d, const uint8_t *first, const uint8_t *last, const struct addrlist *b, uint32_t *k)
{
	uint8_t from[KEY_MAX], to[KEY_MAX];
	bool is_left = true;
	int end;

	memcpy(from, first, b->len);
	while (*k < b->n && memcmp(addrlist_last(b, *k), from, b->len) < 0)
		(*k)++;
	for (; is_left && *k < b->n && memcmp(addrlist_first(b, *k), last, b->len) <= 0; (*k)++) {
		if (memcmp(addrlist_first(b, *k), from, b->len) > 0) {
			(void)addrlist_before(to, addrlist_first(b, *k), b->len);
			addrlist_draft_add(d, from, to);
		}
		/* One that goes on may reach into the next one of a. */
		end = memcmp(addrlist_last(b, *k), last, b->len);
		if (end >= 0) {
			*k += end == 0;
			return;
		}
		is_left = addrlist_after(from, addrlist_last(b, *k), b->len);
	}
	if (is_left)
		addrlist_draft_add(d, from, last);
}

struct addrlist *
addrlist_minus(const struct addrlist *a, const struct addrlist *b, uint32_t max)
{
	struct both w = { .a = a, .b = b };
	struct addrlist_draft d;

	addrlist_draft_init(&d, a->len);
	while (w.i < a->n) {
		pass_pieces(&w);
		if (w.i == a->n || pass_run(&w))
			continue;
		cut(&d, addrlist_first(a, w.i), addrlist_last(a, w.i), b, &w.k);
		w.i++;
		if (d.n > max) {
			addrlist_draft_fini(&d);
			return NULL;
		}
	}
	return addrlist_make(&d);
}

struct addrlist *
addrlist_plus(const struct addrlist *a, const struct addrlist *b)
{
	struct addrlist_draft d;
	uint32_t i;

	addrlist_draft_init(&d, a->len);
	for (i = 0; i < a->n; i++)
		addrlist_draft_add(&d, addrlist_first(a, i), addrlist_last(a, i));
	for (i = 0; i < b->n; i++)
		addrlist_draft_add(&d, addrlist_first(b, i), addrlist_last(b, i));
	return addrlist_make(&d);
}
