/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/str.h"
#include "ipc/codec.h"
#include "ipc/codec_marks.h"
#include "ipc/codec_splice.h"
#include "net/addr.h"

struct decoder {
	struct cursor		 in;
	struct arena		*arena;
	struct codec_marks	*marks;		/* or NULL */
	const char		*reason;
	char			 path[sizeof(((struct codec_error *)0)->path)];	/* grows from the inside out */
	int			 error;
};

struct encoder {
	struct buf			 out;
	const struct codec_splice	*splices;
	size_t				 n_splices;
	const char			*reason;
	char				 path[sizeof(((struct codec_error *)0)->path)];
};

size_t
codec_kind_size(enum field_kind k, const struct record *rec)
{
	switch (k) {
	case FIELD_U8:
	case FIELD_ENUM:
		return sizeof(uint8_t);
	case FIELD_BOOL:
		return sizeof(bool);
	case FIELD_U16:
		return sizeof(uint16_t);
	case FIELD_U32:
		return sizeof(uint32_t);
	case FIELD_U64:
	case FIELD_I64:
		return sizeof(uint64_t);
	case FIELD_STRING:
		return sizeof(char *);
	case FIELD_ADDR:
		return sizeof(struct addr);
	case FIELD_PREFIX:
		return sizeof(struct prefix);
	case FIELD_MAC:
		return sizeof(struct mac);
	case FIELD_PORTS:
		return sizeof(struct ports);
	case FIELD_RATE:
		return sizeof(struct rate);
	case FIELD_RECORD:
		return rec != NULL ? rec->size : 0;
	case FIELD_BYTES:
	case FIELD_LIST:
	case FIELD_INVALID:
	case FIELD_KIND_MAX:
		break;
	}
	return 0;
}

/* The least bytes one item can take on the wire: bounds what a count may claim. */
static size_t
kind_wire_min(uint8_t k)
{
	switch (k) {
	case FIELD_U16:
	case FIELD_STRING:
		return 2;
	case FIELD_U32:
	case FIELD_PORTS:
	case FIELD_BYTES:
	case FIELD_LIST:
		return 4;
	case FIELD_U64:
	case FIELD_I64:
	case FIELD_RATE:
		return 8;
	case FIELD_MAC:
		return 6;
	default:
		return 1;
	}
}

/* Put a field's name in front of the path of what failed inside it. */
static void
path_prepend(char *path, size_t size, const char *name)
{
	char inner[sizeof(((struct codec_error *)0)->path)];

	(void)str_copy(inner, path, sizeof(inner));
	(void)snprintf(path, size, "%s%s%s", name, inner[0] != '\0' ? "." : "", inner);
}

/* One of the four units (net/addr.h), or nothing at all. */
static bool
rate_is_valid(const struct rate *r)
{
	switch (r->seconds) {
	case 0:
		return r->count == 0;
	case 1:
	case 60:
	case 3600:
	case 86400:
		return r->count != 0;
	default:
		return false;
	}
}

/* Whether a FIELD_OPTIONAL has a value: by its has_ member, or by the value that stands for "absent". */
static bool
is_present(const struct field *f, const uint8_t *base)
{
	const void *p;

	if (f->has != FIELD_NO_HAS)
		return *(const bool *)(base + f->has);
	switch (f->kind) {
	case FIELD_RECORD:
	case FIELD_STRING:
		memcpy(&p, base + f->offset, sizeof(p));
		return p != NULL;
	case FIELD_ADDR:
	case FIELD_PREFIX:
	case FIELD_ENUM:
		return base[f->offset] != 0;	/* family, or value, comes first */
	case FIELD_RATE:
		return ((const struct rate *)(const void *)(base + f->offset))->seconds != 0;
	default:
		return true;
	}
}

static void
error_fill(struct codec_error *e, size_t offset, const char *path, const char *reason)
{
	if (e == NULL)
		return;
	e->offset = (uint32_t)offset;
	e->reason = reason;
	(void)str_copy(e->path, path, sizeof(e->path));
}

/* --- decoding --- */

static bool
refuse(struct decoder *d, const char *reason)
{
	if (d->reason == NULL)
		d->reason = reason;
	return false;
}

static bool
no_memory(struct decoder *d)
{
	/* Over the bound is the sender's doing. */
	d->error = arena_is_starved(d->arena) ? -ENOMEM : -EPROTO;
	return refuse(d, d->error == -ENOMEM ? "out of memory" : "over the bound of the message");
}

static bool	 decode_record(struct decoder *, const struct record *, void *);

static bool
decode_number(struct decoder *d, const struct field *f, uint8_t kind, void *out)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t v;
	bool ok;

	if (kind == FIELD_U16) {
		ok = cursor_u16(&d->in, &u16);
		v = ok ? u16 : 0;
	} else if (kind == FIELD_U32) {
		ok = cursor_u32(&d->in, &u32);
		v = ok ? u32 : 0;
	} else if (kind == FIELD_U64 || kind == FIELD_I64) {
		ok = cursor_u64(&d->in, &v);
	} else {
		ok = cursor_u8(&d->in, &u8);
		v = ok ? u8 : 0;
	}
	if (!ok)
		return refuse(d, "ends early");
	if (kind == FIELD_BOOL && v > 1)
		return refuse(d, "neither true nor false");
	if (kind == FIELD_ENUM && v > f->max)
		return refuse(d, "no such value");
	if (kind != FIELD_I64 && kind != FIELD_ENUM && kind != FIELD_BOOL && f->max != 0 && v > f->max)
		return refuse(d, "over its maximum");
	switch (kind) {
	case FIELD_U16:
		u16 = (uint16_t)v;
		memcpy(out, &u16, sizeof(u16));
		break;
	case FIELD_U32:
		u32 = (uint32_t)v;
		memcpy(out, &u32, sizeof(u32));
		break;
	case FIELD_U64:
	case FIELD_I64:
		memcpy(out, &v, sizeof(v));
		break;
	case FIELD_BOOL:
		*(bool *)out = v != 0;
		break;
	default:
		*(uint8_t *)out = (uint8_t)v;
	}
	return true;
}

static bool
decode_string(struct decoder *d, uint32_t max, const char **out)
{
	const uint8_t *p;
	uint16_t len;

	if (!cursor_u16(&d->in, &len) || !cursor_bytes(&d->in, &p, len))
		return refuse(d, "ends early");
	if (len > max)
		return refuse(d, "string over its maximum");
	if (!str_is_utf8((const char *)p, len))
		return refuse(d, "string is not UTF-8");
	*out = arena_strndup(d->arena, (const char *)p, len);
	return *out != NULL || no_memory(d);
}

static bool
decode_bytes(struct decoder *d, uint32_t max, struct bytes *out)
{
	const uint8_t *p;
	uint32_t len;
	uint8_t *copy;

	if (!cursor_u32(&d->in, &len) || !cursor_bytes(&d->in, &p, len))
		return refuse(d, "ends early");
	if (len > max)
		return refuse(d, "bytes over their maximum");
	copy = arena_alloc(d->arena, len, 1);
	if (copy == NULL)
		return no_memory(d);
	if (len > 0)
		memcpy(copy, p, len);
	out->data = copy;
	out->len = len;
	return true;
}

static bool
decode_addr(struct decoder *d, struct addr *out)
{
	const uint8_t *p;
	uint8_t family;

	if (!cursor_u8(&d->in, &family))
		return refuse(d, "ends early");
	if (family != ADDR_NONE && family != ADDR_V4 && family != ADDR_V6)
		return refuse(d, "no such address family");
	out->family = family;
	if (!cursor_bytes(&d->in, &p, addr_len(out)))
		return refuse(d, "ends early");
	if (addr_len(out) > 0)
		memcpy(out->bytes, p, addr_len(out));
	return true;
}

static bool
decode_prefix(struct decoder *d, struct prefix *out)
{
	if (!decode_addr(d, &out->addr))
		return false;
	if (!cursor_u8(&d->in, &out->len))
		return refuse(d, "ends early");
	if (out->len > 8 * addr_len(&out->addr))
		return refuse(d, "prefix length over the address");
	return true;
}

static bool
decode_ports(struct decoder *d, struct ports *out)
{
	if (!cursor_u16(&d->in, &out->low) || !cursor_u16(&d->in, &out->high))
		return refuse(d, "ends early");
	return out->low <= out->high || refuse(d, "lowest port over the highest");
}

static bool
decode_rate(struct decoder *d, struct rate *out)
{
	if (!cursor_u32(&d->in, &out->count) || !cursor_u32(&d->in, &out->seconds))
		return refuse(d, "ends early");
	return rate_is_valid(out) || refuse(d, "rate without a unit of time");
}

static bool	 decode_list(struct decoder *, const struct field *, struct list *);

static bool
decode_value(struct decoder *d, const struct field *f, uint8_t kind, void *out)
{
	const uint8_t *p;

	switch (kind) {
	case FIELD_STRING:
		return decode_string(d, f->kind == FIELD_LIST ? f->elem_max : f->max, out);
	case FIELD_BYTES:
		return decode_bytes(d, f->max, out);
	case FIELD_ADDR:
		return decode_addr(d, out);
	case FIELD_PREFIX:
		return decode_prefix(d, out);
	case FIELD_MAC:
		if (!cursor_bytes(&d->in, &p, 6))
			return refuse(d, "ends early");
		memcpy(out, p, 6);
		return true;
	case FIELD_PORTS:
		return decode_ports(d, out);
	case FIELD_RATE:
		return decode_rate(d, out);
	case FIELD_LIST:
		return decode_list(d, f, out);
	case FIELD_RECORD:
		return decode_record(d, f->rec, out);
	case FIELD_INVALID:
	case FIELD_KIND_MAX:
		return refuse(d, "field without a kind");
	default:
		return decode_number(d, f, kind, out);
	}
}

static bool
is_marked(const struct codec_marks *m, const struct record *rec)
{
	const struct record *const *r;

	for (r = m->recs; *r != NULL && *r != rec; r++)
		;
	return *r != NULL;
}

/* Room for a list of so many items, when its items are to be marked. */
static bool
marks_open(struct decoder *d, const struct field *f, uint32_t n, uint32_t **ret)
{
	struct codec_marks *m = d->marks;
	uint32_t cap, *at;

	*ret = NULL;
	if (m == NULL || m->nlists == CODEC_LISTS || f->rec == NULL || !is_marked(m, f->rec))
		return true;
	if (m->cap - m->n < n + 1) {
		cap = m->n + n + 1;
		at = heap_checked(reallocarray(m->at, cap, sizeof(*at)));
		if (at == NULL) {
			d->error = -ENOMEM;
			return refuse(d, "out of memory");
		}
		m->at = at;
		m->cap = cap;
	}
	m->lists[m->nlists].rec = f->rec;
	m->lists[m->nlists].max = f->max;
	m->lists[m->nlists].first = m->n;
	m->lists[m->nlists++].n = n;
	*ret = m->at + m->n;
	m->n += n + 1;
	return true;
}

void
codec_marks_fini(struct codec_marks *m)
{
	free(m->at);
	memset(m, 0, sizeof(*m));
}

static bool
decode_list(struct decoder *d, const struct field *f, struct list *out)
{
	struct field item = *f;
	size_t size = codec_kind_size(f->elem, f->rec);
	uint8_t *items;
	uint32_t n, i, *at;

	if (!cursor_u32(&d->in, &n))
		return refuse(d, "ends early");
	if (n > f->max)
		return refuse(d, "list over its maximum");
	if (n > cursor_left(&d->in) / kind_wire_min(f->elem))
		return refuse(d, "list longer than its bytes");
	if (size == 0)
		return refuse(d, "list of a kind without a size");
	items = arena_alloc(d->arena, n, size);
	if (items == NULL)
		return no_memory(d);
	if (!marks_open(d, f, n, &at))
		return false;
	item.max = f->elem_max;
	for (i = 0; i < n; i++) {
		if (at != NULL)
			at[i] = (uint32_t)d->in.at;
		if (!decode_value(d, f->elem == FIELD_STRING ? f : &item, f->elem, items + i * size))
			return false;
	}
	if (at != NULL)
		at[n] = (uint32_t)d->in.at;
	out->items = items;
	out->n = n;
	return true;
}

static bool
decode_field(struct decoder *d, const struct field *f, uint8_t *base)
{
	uint8_t has = 1;
	void *rec;

	if (f->flags & FIELD_OPTIONAL) {
		if (!cursor_u8(&d->in, &has))
			return refuse(d, "ends early");
		if (has > 1)
			return refuse(d, "neither absent nor present");
		if (f->has != FIELD_NO_HAS)
			*(bool *)(base + f->has) = has != 0;
		if (has == 0)
			return true;
	}
	if (f->kind != FIELD_RECORD) {
		if (!decode_value(d, f, f->kind, base + f->offset))
			return false;
		/* There is one encoding of each value: digests of configurations rely on it. */
		return (f->flags & FIELD_OPTIONAL) == 0 || is_present(f, base) || refuse(d, "present, but empty");
	}
	rec = arena_alloc(d->arena, 1, f->rec->size);
	if (rec == NULL)
		return no_memory(d);
	memcpy(base + f->offset, &rec, sizeof(rec));
	return decode_record(d, f->rec, rec);
}

static bool
decode_record(struct decoder *d, const struct record *r, void *out)
{
	uint32_t i;

	for (i = 0; i < r->nfields; i++) {
		if (decode_field(d, &r->fields[i], out))
			continue;
		path_prepend(d->path, sizeof(d->path), r->fields[i].name);
		return false;
	}
	return true;
}

int
codec_decode(const struct record *r, const void *data, size_t len, struct arena *arena, void **ret_msg,
    struct codec_error *ret_error)
{
	return codec_decode_marked(r, data, len, arena, ret_msg, NULL, ret_error);
}

int
codec_decode_first(const struct record *r, const void *data, size_t len, struct arena *arena, void **ret_msg, size_t *ret_len)
{
	struct decoder d = { .in = { data, len, 0 }, .arena = arena };
	void *msg;

	msg = arena_alloc(arena, 1, r->size);
	if (msg == NULL)
		return -ENOMEM;
	if (!decode_record(&d, r, msg))
		return d.error != 0 ? d.error : -EPROTO;
	*ret_msg = msg;
	*ret_len = d.in.at;
	return 0;
}

int
codec_decode_marked(const struct record *r, const void *data, size_t len, struct arena *arena, void **ret_msg, struct codec_marks *marks,
    struct codec_error *ret_error)
{
	struct decoder d = { .in = { data, len, 0 }, .arena = arena, .marks = marks };
	void *msg;

	msg = arena_alloc(arena, 1, r->size);
	if (msg == NULL)
		return -ENOMEM;
	if (decode_record(&d, r, msg) && cursor_left(&d.in) != 0)
		(void)refuse(&d, "bytes are left over");
	if (d.reason != NULL) {
		error_fill(ret_error, d.in.at, d.path, d.reason);
		return d.error != 0 ? d.error : -EPROTO;
	}
	*ret_msg = msg;
	return 0;
}

/* --- encoding --- */

static bool
fail(struct encoder *e, const char *reason)
{
	if (e->reason == NULL)
		e->reason = reason;
	return false;
}

static bool	 encode_record(struct encoder *, const struct record *, const void *);

static bool
encode_string(struct encoder *e, uint32_t max, const char *s)
{
	size_t n = s != NULL ? strlen(s) : 0;

	if (n > max || n > UINT16_MAX)
		return fail(e, "string over its maximum");
	if (n > 0 && !str_is_utf8(s, n))
		return fail(e, "string is not UTF-8");
	buf_put16(&e->out, (uint16_t)n);
	buf_put(&e->out, s, n);
	return true;
}

static bool
encode_addr(struct encoder *e, const struct addr *a)
{
	if (a->family != ADDR_NONE && addr_len(a) == 0)
		return fail(e, "no such address family");
	buf_put8(&e->out, a->family);
	buf_put(&e->out, a->bytes, addr_len(a));
	return true;
}

static bool
encode_number(struct encoder *e, const struct field *f, uint8_t kind, const void *in)
{
	uint16_t u16;
	uint32_t u32;
	uint64_t v;

	if (kind == FIELD_U16) {
		memcpy(&u16, in, sizeof(u16));
		v = u16;
	} else if (kind == FIELD_U32) {
		memcpy(&u32, in, sizeof(u32));
		v = u32;
	} else if (kind == FIELD_U64 || kind == FIELD_I64) {
		memcpy(&v, in, sizeof(v));
	} else if (kind == FIELD_BOOL) {
		v = *(const bool *)in ? 1 : 0;
	} else {
		v = *(const uint8_t *)in;
	}
	if (kind == FIELD_ENUM ? v > f->max : (kind != FIELD_I64 && kind != FIELD_BOOL && f->max != 0 && v > f->max))
		return fail(e, "over its maximum");
	if (kind == FIELD_U16)
		buf_put16(&e->out, (uint16_t)v);
	else if (kind == FIELD_U32)
		buf_put32(&e->out, (uint32_t)v);
	else if (kind == FIELD_U64 || kind == FIELD_I64)
		buf_put64(&e->out, v);
	else
		buf_put8(&e->out, (uint8_t)v);
	return true;
}

static bool	 encode_list(struct encoder *, const struct field *, const struct list *);

static bool
encode_value(struct encoder *e, const struct field *f, uint8_t kind, const void *in)
{
	const struct bytes *b = in;
	const struct prefix *p = in;
	const struct ports *ports = in;
	const struct rate *rate = in;

	switch (kind) {
	case FIELD_STRING:
		return encode_string(e, f->kind == FIELD_LIST ? f->elem_max : f->max, *(const char *const *)in);
	case FIELD_BYTES:
		if (b->len > f->max)
			return fail(e, "bytes over their maximum");
		buf_put32(&e->out, b->len);
		buf_put(&e->out, b->data, b->len);
		return true;
	case FIELD_ADDR:
		return encode_addr(e, in);
	case FIELD_PREFIX:
		if (!encode_addr(e, &p->addr))
			return false;
		if (p->len > 8 * addr_len(&p->addr))
			return fail(e, "prefix length over the address");
		buf_put8(&e->out, p->len);
		return true;
	case FIELD_MAC:
		buf_put(&e->out, in, 6);
		return true;
	case FIELD_PORTS:
		if (ports->low > ports->high)
			return fail(e, "lowest port over the highest");
		buf_put16(&e->out, ports->low);
		buf_put16(&e->out, ports->high);
		return true;
	case FIELD_RATE:
		if (!rate_is_valid(rate))
			return fail(e, "rate without a unit of time");
		buf_put32(&e->out, rate->count);
		buf_put32(&e->out, rate->seconds);
		return true;
	case FIELD_LIST:
		return encode_list(e, f, in);
	case FIELD_RECORD:
		return encode_record(e, f->rec, in);
	case FIELD_INVALID:
	case FIELD_KIND_MAX:
		return fail(e, "field without a kind");
	default:
		return encode_number(e, f, kind, in);
	}
}

/* The items that are encoded already; NULL: they are not. */
static const struct codec_splice *
find_splice(const struct encoder *e, const struct list *l)
{
	size_t i;

	for (i = 0; i < e->n_splices; i++)
		if (e->splices[i].list == l)
			return &e->splices[i];
	return NULL;
}

static bool
encode_list(struct encoder *e, const struct field *f, const struct list *l)
{
	const struct codec_splice *s = find_splice(e, l);
	struct field item = *f;
	size_t size = codec_kind_size(f->elem, f->rec);
	uint32_t i;

	if (l->n > f->max)
		return fail(e, "list over its maximum");
	if (size == 0)
		return fail(e, "list of a kind without a size");
	item.max = f->elem_max;
	buf_put32(&e->out, l->n);
	if (s != NULL)
		buf_put(&e->out, s->data, s->len);
	for (i = 0; s == NULL && i < l->n; i++)
		if (!encode_value(e, f->elem == FIELD_STRING ? f : &item, f->elem,
		    (const uint8_t *)l->items + i * size))
			return false;
	return true;
}

static bool
encode_field(struct encoder *e, const struct field *f, const uint8_t *base)
{
	const void *rec;

	if (f->flags & FIELD_OPTIONAL) {
		bool has = is_present(f, base);

		buf_put8(&e->out, has);
		if (!has)
			return true;
	}
	if (f->kind != FIELD_RECORD)
		return encode_value(e, f, f->kind, base + f->offset);
	memcpy(&rec, base + f->offset, sizeof(rec));
	if (rec == NULL)
		return fail(e, "record is missing");
	return encode_record(e, f->rec, rec);
}

static bool
encode_record(struct encoder *e, const struct record *r, const void *in)
{
	uint32_t i;

	for (i = 0; i < r->nfields; i++) {
		if (encode_field(e, &r->fields[i], in))
			continue;
		path_prepend(e->path, sizeof(e->path), r->fields[i].name);
		return false;
	}
	return true;
}

int
codec_encode(const struct record *r, const void *msg, size_t max_len, uint8_t **ret_data, size_t *ret_len,
    struct codec_error *ret_error)
{
	return codec_encode_spliced(r, msg, NULL, 0, max_len, ret_data, ret_len, ret_error);
}

int
codec_encode_spliced(const struct record *r, const void *msg, const struct codec_splice *splices, size_t n, size_t max_len, uint8_t **ret_data,
    size_t *ret_len, struct codec_error *ret_error)
{
	struct encoder e = { .splices = splices, .n_splices = n };
	int error = 0;

	buf_init(&e.out, max_len);
	if (!encode_record(&e, r, msg))
		error = -EPROTO;
	else if (buf_failed(&e.out)) {
		e.reason = e.out.starved ? "out of memory" : "message over its maximum";
		error = e.out.starved ? -ENOMEM : -EFBIG;
	}
	if (error != 0) {
		error_fill(ret_error, e.out.len, e.path, e.reason);
		buf_fini(&e.out);
		return error;
	}
	*ret_data = buf_take(&e.out, ret_len);
	return *ret_data != NULL ? 0 : -ENOMEM;
}

static uint64_t
hash_bytes(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ b[i]) * 0x100000001b3ull;	/* FNV-1a */
	return h;
}

uint64_t
codec_hash(const struct record *r, uint64_t h)
{
	const struct field *f;
	uint32_t i;

	h = hash_bytes(h, r->name, strlen(r->name) + 1);
	for (i = 0; i < r->nfields; i++) {
		f = &r->fields[i];
		h = hash_bytes(h, f->name, strlen(f->name) + 1);
		h = hash_bytes(h, &f->kind, sizeof(f->kind));
		h = hash_bytes(h, &f->elem, sizeof(f->elem));
		h = hash_bytes(h, &f->flags, sizeof(f->flags));
		h = hash_bytes(h, &f->max, sizeof(f->max));
		h = hash_bytes(h, &f->elem_max, sizeof(f->elem_max));
		if (f->rec != NULL)
			h = codec_hash(f->rec, h);
	}
	return h;
}
