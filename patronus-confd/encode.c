/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data trees as the generated C structs, and those in wire form.  The generator and the schema come from the same modules:
 * the fields of a record are the children of its schema node, in the same order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "encode.h"
#include "ipc/codec_splice.h"
#include "members.h"
#include "memo.h"
#include "net/addr.h"
#include "schema.h"
#include "schema_node.h"
#include "stamp.h"

#define ENCODED_MAX	(64u << 20)
#define LISTS_MAX	128	/* of one owner, with entries that are encoded one by one */

/* A list whose entries are encoded already: those that have not changed are copied from the last time. */
struct encoded_list {
	const struct list	*list;
	size_t			 at;		/* in entries */
	size_t			 len;
};

struct encoder {
	const struct schema	*schema;
	struct arena		*arena;
	struct buf		 entries;
	struct encoded_list	 lists[LISTS_MAX];
	size_t			 nlists;
	int			 error;
};

static void	 fill_record(struct encoder *, const struct schema_node *, const struct lyd_node *data,
		    const struct record *, uint8_t *base);

static bool
fail(struct encoder *e, int error, const struct schema_node *s, const char *text)
{
	if (e->error == 0 && error == -EPROTO)
		log_errx("encode", "%s: \"%s\" has no wire form", s->node->name, text);
	if (e->error == 0)
		e->error = error;
	return false;
}

static bool
fill_number(uint8_t kind, const char *text, uint8_t *out)
{
	unsigned long long v = strtoull(text, NULL, 10);
	uint16_t u16 = (uint16_t)v;
	uint32_t u32 = (uint32_t)v;
	uint64_t u64 = v;

	if (kind == FIELD_U8)
		*out = (uint8_t)v;
	else if (kind == FIELD_U16)
		memcpy(out, &u16, sizeof(u16));
	else if (kind == FIELD_U32)
		memcpy(out, &u32, sizeof(u32));
	else
		memcpy(out, &u64, sizeof(u64));
	return true;
}

static bool
fill_enum(const struct field *f, uint32_t max, const char *text, uint8_t *out)
{
	uint32_t i;

	for (i = 1; i <= max; i++) {
		if (strcmp(f->names[i], text) != 0)
			continue;
		*out = (uint8_t)i;
		return true;
	}
	return false;
}

/* One value in its canonical text, as a C value of the given kind at out. */
static bool
fill_value(struct encoder *e, const struct schema_node *s, const struct field *f, uint8_t kind, const char *text, void *out)
{
	bool ok = true;

	switch ((enum field_kind)kind) {
	case FIELD_BOOL:
		*(bool *)out = strcmp(text, "true") == 0;
		break;
	case FIELD_ENUM:
		ok = fill_enum(f, f->kind == FIELD_LIST ? f->elem_max : f->max, text, out);
		break;
	case FIELD_STRING:
		memcpy(out, &text, sizeof(text));	/* the tree is there for longer than the record */
		break;
	case FIELD_ADDR:
		ok = addr_parse(text, out) == 0;
		break;
	case FIELD_PREFIX:
		ok = prefix_parse_host(text, out) == 0;
		break;
	case FIELD_MAC:
		ok = mac_parse(text, out) == 0;
		break;
	case FIELD_PORTS:
		ok = ports_parse(text, out) == 0;
		break;
	case FIELD_RATE:
		ok = rate_parse(text, out) == 0;
		break;
	case FIELD_U8:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_U64:
	case FIELD_I64:
		ok = fill_number(kind, text, out);
		break;
	default:
		ok = false;
	}
	return ok || fail(e, -EPROTO, s, text);
}

static void
encode_entry(struct encoder *e, const struct schema_node *s, const struct lyd_node *entry, const struct record *r, struct memo *memo)
{
	struct codec_error ce;
	uint8_t *item, *data;
	size_t len;
	int error;

	if ((item = arena_alloc(e->arena, 1, r->size)) == NULL)
		e->error = -ENOMEM;
	else
		fill_record(e, s, entry, r, item);
	if (e->error != 0)
		return;
	if ((error = codec_encode(r, item, ENCODED_MAX, &data, &len, &ce)) != 0) {
		if (error == -EPROTO)
			log_errx("encode", "%s: %s: %s", r->name, ce.path, ce.reason);
		e->error = error;
		return;
	}
	buf_put(&e->entries, data, len);
	memo_put(memo, stamp_of(entry), data, len);
	free(data);
}

/* Entries that are in no other list: their bytes alone. */
static void
encode_entries(struct encoder *e, const struct member *m, const struct field *f, uint8_t *base)
{
	struct memo *memo = memo_of(schema_memos(e->schema), f->rec, m->s);
	struct list list = { NULL, (uint32_t)m->n };
	size_t at = e->entries.len, i, len;
	const uint8_t *known;

	for (i = 0; i < m->n && e->error == 0; i++) {
		if (memo_get(memo, stamp_of(m->items[i]), &known, &len))
			buf_put(&e->entries, known, len);
		else
			encode_entry(e, m->s, m->items[i], f->rec, memo);
	}
	memo_end(memo, m->n);
	memcpy(base + f->offset, &list, sizeof(list));
	e->lists[e->nlists++] = (struct encoded_list){ (const struct list *)(const void *)(base + f->offset), at, e->entries.len - at };
}

/* In canonical order, so that the wire form is the same for equal documents. */
static void
fill_list(struct encoder *e, const struct member *m, const struct field *f, uint8_t *base)
{
	size_t size = codec_kind_size(f->elem, f->rec), i;
	struct list list = { NULL, (uint32_t)m->n };
	uint8_t *out;

	if (m->n == 0)
		return;
	if (f->elem == FIELD_RECORD && stamp_fits(m->items[0]) && e->nlists < LISTS_MAX) {
		encode_entries(e, m, f, base);
		return;
	}
	list.items = arena_alloc(e->arena, m->n, size);
	if (list.items == NULL) {
		e->error = -ENOMEM;
		return;
	}
	for (i = 0; i < m->n && e->error == 0; i++) {
		out = (uint8_t *)list.items + size * i;
		if (f->elem == FIELD_RECORD)
			fill_record(e, m->s, m->items[i], f->rec, out);
		else
			(void)fill_value(e, m->s, f, f->elem, lyd_get_value(m->items[i]), out);
	}
	memcpy(base + f->offset, &list, sizeof(list));
}

static void
fill_inner(struct encoder *e, const struct schema_node *s, const struct lyd_node *data, const struct field *f, uint8_t *base)
{
	uint8_t *inner;

	if (data == NULL && s->is_presence)
		return;
	inner = arena_alloc(e->arena, 1, f->rec->size);
	if (inner == NULL) {
		e->error = -ENOMEM;
		return;
	}
	fill_record(e, s, data, f->rec, inner);
	memcpy(base + f->offset, &inner, sizeof(inner));
}

static void
fill_field(struct encoder *e, const struct member *m, const struct field *f, uint8_t *base)
{
	const char *text;

	if (f->kind == FIELD_LIST) {
		fill_list(e, m, f, base);
	} else if (f->kind == FIELD_RECORD) {
		fill_inner(e, m->s, m->n > 0 ? m->items[0] : NULL, f, base);
	} else {
		text = m->n > 0 ? lyd_get_value(m->items[0]) : m->s->dflt;
		if (text == NULL)
			return;
		if (fill_value(e, m->s, f, f->kind, text, base + f->offset) && f->has != FIELD_NO_HAS)
			*(bool *)(base + f->has) = true;
	}
}

static void
fill_record(struct encoder *e, const struct schema_node *s, const struct lyd_node *data, const struct record *r, uint8_t *base)
{
	struct member none = { 0 };
	struct members m;
	uint32_t i;

	if (s->nchildren != r->nfields) {
		(void)fail(e, -EPROTO, s, r->name);
		return;
	}
	if (data != NULL && members_init(&m, e->schema, data, NULL, true) != 0) {
		e->error = -ENOMEM;
		return;
	}
	for (i = 0; i < r->nfields && e->error == 0; i++) {
		none.s = s->children[i];
		fill_field(e, data != NULL ? &m.all[i] : &none, &r->fields[i], base);
	}
	if (data != NULL)
		members_fini(&m);
}

/* A root record lists some of the sections, each by its name. */
static void
fill_root(struct encoder *e, const struct lyd_node *top, const struct record *r, uint8_t *base)
{
	const struct schema_node *s;
	struct members m;
	uint32_t i;

	if (members_init(&m, e->schema, NULL, top, true) != 0) {
		e->error = -ENOMEM;
		return;
	}
	for (i = 0; i < r->nfields && e->error == 0; i++) {
		s = schema_child(e->schema, NULL, r->fields[i].name);
		if (s == NULL)
			e->error = -EPROTO;
		else
			fill_field(e, &m.all[s->index], &r->fields[i], base);
	}
	members_fini(&m);
}

/* All of it, with the entries where they belong. */
static int
put_together(const struct encoder *e, const struct record *r, const void *base, uint8_t **ret, size_t *ret_len)
{
	struct codec_splice splices[LISTS_MAX];
	struct codec_error ce;
	size_t i;
	int error;

	if (buf_failed(&e->entries))
		return e->entries.starved ? -ENOMEM : -EFBIG;
	for (i = 0; i < e->nlists; i++)
		splices[i] = (struct codec_splice){ e->lists[i].list, e->entries.data + e->lists[i].at, e->lists[i].len };
	error = codec_encode_spliced(r, base, splices, e->nlists, ENCODED_MAX, ret, ret_len, &ce);
	if (error == -EPROTO)
		log_errx("encode", "%s: %s: %s", r->name, ce.path, ce.reason);
	return error;
}

int
encode_root(const struct schema *schema, const struct lyd_node *top, const struct record *r, uint8_t **ret, size_t *ret_len)
{
	struct encoder e = { .schema = schema, .arena = arena_new(0) };
	uint8_t *base;

	if (e.arena == NULL)
		return -ENOMEM;
	buf_init(&e.entries, ENCODED_MAX);
	base = arena_alloc(e.arena, 1, r->size);
	if (base == NULL)
		e.error = -ENOMEM;
	else
		fill_root(&e, top, r, base);
	if (e.error == 0)
		e.error = put_together(&e, r, base, ret, ret_len);
	buf_fini(&e.entries);
	arena_free(e.arena);
	return e.error;
}
