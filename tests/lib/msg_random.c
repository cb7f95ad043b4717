/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "msg_random.h"
#include "net/addr.h"

struct maker {
	struct msg_random	*rnd;
	struct arena		*arena;
	size_t			 budget;
};

void
msg_random_init(struct msg_random *r, uint64_t seed)
{
	r->state = seed;
}

uint64_t
msg_random_next(struct msg_random *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15ull);	/* splitmix64 */

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

uint32_t
msg_random_below(struct msg_random *r, uint32_t n)
{
	return n == 0 ? 0 : (uint32_t)(msg_random_next(r) % n);
}

/* A length within 0..max: the bounds one time in four, mostly short. */
static uint32_t
some_length(struct maker *m, uint32_t max)
{
	uint32_t cap = m->budget < max ? (uint32_t)m->budget : max, n;

	switch (msg_random_below(m->rnd, 8)) {
	case 0:
		n = 0;
		break;
	case 1:
		n = cap;
		break;
	case 2:
		n = cap > 0 ? msg_random_below(m->rnd, cap) : 0;
		break;
	default:
		n = msg_random_below(m->rnd, cap < 24 ? cap + 1 : 24);
	}
	m->budget -= n;
	return n;
}

/* UTF-8 of every length, and the characters that quoting gets wrong. */
static const char *const pieces[] = {
	"a", "Z", "0", "-", "/", "\\", "\"", "'", "\n", "\r", "\t", "\x01", "\x7f", ";", "$(x)", "%s", "<b>", "..", "{}", "é", "ß",
	"漢", "€", "\xef\xbb\xbf", "\xe2\x80\xae", "😀", "\xf4\x8f\xbf\xbf",
};

static char *
some_string(struct maker *m, uint32_t max)
{
	uint32_t want = some_length(m, max < 65535 ? max : 65535), at = 0;
	char *s = arena_alloc(m->arena, want + 1, 1);
	const char *p;
	size_t n;

	while (s != NULL && at < want) {
		p = pieces[msg_random_below(m->rnd, sizeof(pieces) / sizeof(pieces[0]))];
		n = strlen(p);
		if (n > want - at)
			p = "x", n = 1;
		memcpy(s + at, p, n);
		at += (uint32_t)n;
	}
	return s;
}

static bool
some_bytes(struct maker *m, uint32_t max, struct bytes *out)
{
	uint32_t i, n = some_length(m, max);
	uint8_t *p = arena_alloc(m->arena, n, 1);
	uint64_t eight;

	if (p == NULL)
		return false;
	for (i = 0; i < n; i += (uint32_t)sizeof(eight)) {
		eight = msg_random_next(m->rnd);
		memcpy(p + i, &eight, n - i < sizeof(eight) ? n - i : sizeof(eight));
	}
	out->data = p;
	out->len = n;
	return true;
}

static uint64_t
some_number(struct maker *m, const struct field *f, uint64_t limit)
{
	uint64_t max = f->max != 0 ? f->max : limit;

	switch (msg_random_below(m->rnd, 4)) {
	case 0:
		return 0;
	case 1:
		return max;
	default:
		return max == UINT64_MAX ? msg_random_next(m->rnd) : msg_random_next(m->rnd) % (max + 1);
	}
}

static void
some_addr(struct maker *m, bool may_be_none, struct addr *a)
{
	unsigned i;

	memset(a, 0, sizeof(*a));
	i = msg_random_below(m->rnd, may_be_none ? 3 : 2);
	a->family = i == 0 ? ADDR_V4 : i == 1 ? ADDR_V6 : ADDR_NONE;
	for (i = 0; i < addr_len(a); i++)
		a->bytes[i] = (uint8_t)msg_random_next(m->rnd);
}

static void
some_rate(struct maker *m, bool may_be_none, struct rate *r)
{
	static const uint32_t units[] = { 1, 60, 3600, 86400 };

	r->count = r->seconds = 0;
	if (may_be_none && msg_random_below(m->rnd, 4) == 0)
		return;
	r->count = 1 + msg_random_below(m->rnd, UINT32_MAX);
	r->seconds = units[msg_random_below(m->rnd, 4)];
}

static bool	 some_record(struct maker *, const struct record *, void *);
static bool	 some_value(struct maker *, const struct field *, uint8_t, void *);

static bool
some_list(struct maker *m, const struct field *f, struct list *l)
{
	struct field item = *f;
	size_t size = codec_kind_size(f->elem, f->rec);
	uint8_t *items;
	uint32_t i;

	l->n = some_length(m, f->max);
	items = arena_alloc(m->arena, l->n, size);
	l->items = items;
	item.max = f->elem_max;
	item.kind = f->elem;
	item.flags = 0;
	for (i = 0; items != NULL && i < l->n; i++)
		if (!some_value(m, &item, f->elem, items + i * size))
			return false;
	return items != NULL;
}

/* A scalar; optional ones without a has_ member are never the value that means absent. */
static void
some_scalar(struct maker *m, const struct field *f, uint8_t kind, void *out)
{
	bool is_bare = (f->flags & FIELD_OPTIONAL) && f->has == FIELD_NO_HAS;
	uint64_t v = 0;
	unsigned i;

	switch (kind) {
	case FIELD_U8:
		*(uint8_t *)out = (uint8_t)some_number(m, f, UINT8_MAX);
		break;
	case FIELD_U16:
		*(uint16_t *)out = (uint16_t)some_number(m, f, UINT16_MAX);
		break;
	case FIELD_U32:
		*(uint32_t *)out = (uint32_t)some_number(m, f, UINT32_MAX);
		break;
	case FIELD_U64:
		v = some_number(m, f, UINT64_MAX);
		memcpy(out, &v, sizeof(v));
		break;
	case FIELD_I64:
		v = msg_random_next(m->rnd);
		memcpy(out, &v, sizeof(v));
		break;
	case FIELD_BOOL:
		*(bool *)out = msg_random_below(m->rnd, 2) != 0;
		break;
	case FIELD_ENUM:
		*(uint8_t *)out = (uint8_t)(is_bare ? 1 + msg_random_below(m->rnd, f->max) : msg_random_below(m->rnd, f->max + 1));
		break;
	default:	/* FIELD_MAC */
		for (i = 0; i < 6; i++)
			((uint8_t *)out)[i] = (uint8_t)msg_random_next(m->rnd);
	}
}

static bool
some_value(struct maker *m, const struct field *f, uint8_t kind, void *out)
{
	bool is_bare = (f->flags & FIELD_OPTIONAL) && f->has == FIELD_NO_HAS;
	struct prefix *prefix = out;
	struct ports *ports = out;

	switch (kind) {
	case FIELD_STRING:
		*(const char **)out = some_string(m, f->max);
		return *(const char **)out != NULL;
	case FIELD_BYTES:
		return some_bytes(m, f->max, out);
	case FIELD_ADDR:
		some_addr(m, !is_bare, out);
		return true;
	case FIELD_PREFIX:
		some_addr(m, !is_bare, &prefix->addr);
		prefix->len = (uint8_t)msg_random_below(m->rnd, 8 * addr_len(&prefix->addr) + 1);
		return true;
	case FIELD_PORTS:
		ports->low = (uint16_t)msg_random_next(m->rnd);
		ports->high = (uint16_t)(ports->low + msg_random_below(m->rnd, 65536u - ports->low));
		return true;
	case FIELD_RATE:
		some_rate(m, !is_bare, out);
		return true;
	case FIELD_LIST:
		return some_list(m, f, out);
	case FIELD_RECORD:
		return some_record(m, f->rec, out);
	default:
		some_scalar(m, f, kind, out);
		return true;
	}
}

static bool
some_field(struct maker *m, const struct field *f, uint8_t *base)
{
	void *rec;

	if (f->flags & FIELD_OPTIONAL) {
		bool has = msg_random_below(m->rnd, 2) != 0;

		if (f->has != FIELD_NO_HAS)
			*(bool *)(base + f->has) = has;
		if (!has)
			return true;
	}
	if (f->kind != FIELD_RECORD)
		return some_value(m, f, f->kind, base + f->offset);
	rec = arena_alloc(m->arena, 1, f->rec->size);
	memcpy(base + f->offset, &rec, sizeof(rec));
	return rec != NULL && some_record(m, f->rec, rec);
}

static bool
some_record(struct maker *m, const struct record *r, void *out)
{
	uint32_t i;

	for (i = 0; i < r->nfields; i++)
		if (!some_field(m, &r->fields[i], out))
			return false;
	return true;
}

void *
msg_random_record(struct msg_random *rnd, const struct record *r, struct arena *arena, size_t budget)
{
	struct maker m = { rnd, arena, budget };
	void *out = arena_alloc(arena, 1, r->size);

	return out != NULL && some_record(&m, r, out) ? out : NULL;
}

int
msg_random_encoded(struct msg_random *rnd, const struct msg_spec *spec, bool is_reply, uint8_t **ret_data, size_t *ret_len)
{
	const struct record *rec = is_reply ? spec->rep : spec->req;
	size_t budget = spec->max_len < 200000 ? spec->max_len : 200000;
	struct arena *arena;
	void *body;
	int error = -EFBIG;

	/* The bounds of the fields together may be over the maximum of the message: ask for less until it fits. */
	while (error == -EFBIG && budget > 0) {
		arena = arena_new(0);
		if (arena == NULL)
			return -ENOMEM;
		body = msg_random_record(rnd, rec, arena, budget);
		error = body == NULL ? -ENOMEM : codec_encode(rec, body, spec->max_len, ret_data, ret_len, NULL);
		arena_free(arena);
		budget /= 2;
	}
	return error;
}

/* Put n bytes at offset at. */
static void
insert(uint8_t **data, size_t *len, size_t at, const uint8_t *what, size_t n)
{
	uint8_t *p = realloc(*data, *len + n);

	if (p == NULL)
		return;
	memmove(p + at + n, p + at, *len - at);
	memcpy(p + at, what, n);
	*data = p;
	*len += n;
}

void
msg_random_damage(struct msg_random *rnd, uint8_t **data, size_t *len)
{
	uint8_t junk[8], *p = *data;
	size_t at = msg_random_below(rnd, (uint32_t)*len), i;
	uint64_t r = msg_random_next(rnd);

	memcpy(junk, &r, sizeof(junk));
	switch (*len == 0 ? 4 : msg_random_below(rnd, 6)) {
	case 0:
		p[at] ^= (uint8_t)(1u << (r & 7));
		break;
	case 1:
		p[at] = junk[0];
		break;
	case 2:		/* a length, count or number that is far too large */
		for (i = at; i < *len && i < at + 4; i++)
			p[i] = 0xff;
		break;
	case 3:
		*len = at;
		break;
	case 4:
		insert(data, len, at, junk, 1 + (r >> 32) % 8);
		break;
	default:
		insert(data, len, at, junk, 1);
		(*data)[at] = (*data)[at + 1 < *len ? at + 1 : 0];
	}
}

/* --- comparison --- */

static bool	 equal_value(const struct field *, uint8_t, const uint8_t *, const uint8_t *);

static bool
equal_list(const struct field *f, const struct list *a, const struct list *b)
{
	size_t size = codec_kind_size(f->elem, f->rec);
	uint32_t i;

	if (a->n != b->n)
		return false;
	for (i = 0; i < a->n; i++)
		if (!equal_value(f, f->elem, (const uint8_t *)a->items + i * size, (const uint8_t *)b->items + i * size))
			return false;
	return true;
}

static bool
equal_value(const struct field *f, uint8_t kind, const uint8_t *a, const uint8_t *b)
{
	const struct bytes *ba = (const void *)a, *bb = (const void *)b;

	switch (kind) {
	case FIELD_STRING:
		return strcmp(*(const char *const *)(const void *)a, *(const char *const *)(const void *)b) == 0;
	case FIELD_BYTES:
		return ba->len == bb->len && (ba->len == 0 || memcmp(ba->data, bb->data, ba->len) == 0);
	case FIELD_LIST:
		return equal_list(f, (const void *)a, (const void *)b);
	case FIELD_RECORD:
		return msg_random_equal(f->rec, a, b);
	default:
		return memcmp(a, b, codec_kind_size(kind, f->rec)) == 0;
	}
}

static bool
equal_field(const struct field *f, const uint8_t *a, const uint8_t *b)
{
	const uint8_t *pa, *pb;

	if ((f->flags & FIELD_OPTIONAL) && f->has != FIELD_NO_HAS) {
		if (a[f->has] != b[f->has])
			return false;
		if (a[f->has] == 0)
			return true;
	}
	if (f->kind != FIELD_RECORD && f->kind != FIELD_STRING)
		return equal_value(f, f->kind, a + f->offset, b + f->offset);
	memcpy(&pa, a + f->offset, sizeof(pa));
	memcpy(&pb, b + f->offset, sizeof(pb));
	if (pa == NULL || pb == NULL)
		return pa == pb;
	return f->kind == FIELD_RECORD ? msg_random_equal(f->rec, pa, pb) : strcmp((const char *)pa, (const char *)pb) == 0;
}

bool
msg_random_equal(const struct record *r, const void *a, const void *b)
{
	uint32_t i;

	for (i = 0; i < r->nfields; i++)
		if (!equal_field(&r->fields[i], a, b))
			return false;
	return true;
}
