/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Data trees as the generated C structs, and those in wire form.  The generator and the schema come from the same modules:
 * the fields of a record are the children of its schema node, in the same order.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "encode.h"
#include "ipc/codec.h"
#include "net/addr.h"
#include "schema.h"
#include "schema_node.h"

#define ENCODED_MAX	(64u << 20)

struct encoder {
	struct arena	*arena;
	int		 error;
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
	const char *copy;
	bool ok = true;

	switch ((enum field_kind)kind) {
	case FIELD_BOOL:
		*(bool *)out = strcmp(text, "true") == 0;
		break;
	case FIELD_ENUM:
		ok = fill_enum(f, f->kind == FIELD_LIST ? f->elem_max : f->max, text, out);
		break;
	case FIELD_STRING:
		copy = arena_strdup(e->arena, text);
		if (copy == NULL)
			return fail(e, -ENOMEM, s, text);
		memcpy(out, &copy, sizeof(copy));
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
fill_list(struct encoder *e, const struct schema_node *s, const struct lyd_node *first, size_t n, const struct field *f,
    uint8_t *base)
{
	size_t size = codec_kind_size(f->elem, f->rec), i = 0;
	struct list list = { NULL, (uint32_t)n };
	const struct lyd_node *item;
	uint8_t *out;

	if (n == 0)
		return;
	list.items = arena_alloc(e->arena, n, size);
	if (list.items == NULL) {
		e->error = -ENOMEM;
		return;
	}
	for (item = first; item != NULL && i < n && e->error == 0; item = item->next) {
		if (item->schema != s->node)
			continue;
		out = (uint8_t *)list.items + size * i++;
		if (f->elem == FIELD_RECORD)
			fill_record(e, s, item, f->rec, out);
		else
			(void)fill_value(e, s, f, f->elem, lyd_get_value(item), out);
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

/* n instances of s, the first of them given (NULL when there is none). */
static void
fill_field(struct encoder *e, const struct schema_node *s, const struct lyd_node *first, size_t n, const struct field *f,
    uint8_t *base)
{
	const char *text;

	if (f->kind == FIELD_LIST) {
		fill_list(e, s, first, n, f, base);
	} else if (f->kind == FIELD_RECORD) {
		fill_inner(e, s, first, f, base);
	} else {
		text = first != NULL ? lyd_get_value(first) : s->dflt;
		if (text == NULL)
			return;
		if (fill_value(e, s, f, f->kind, text, base + f->offset) && f->has != FIELD_NO_HAS)
			*(bool *)(base + f->has) = true;
	}
}

#define CHILDREN_MAX	64

static void
fill_record(struct encoder *e, const struct schema_node *s, const struct lyd_node *data, const struct record *r, uint8_t *base)
{
	const struct lyd_node *first[CHILDREN_MAX] = { NULL }, *n;
	uint32_t count[CHILDREN_MAX] = { 0 }, i;

	if (s->nchildren != r->nfields || s->nchildren > CHILDREN_MAX) {
		(void)fail(e, -EPROTO, s, r->name);
		return;
	}
	LY_LIST_FOR(data != NULL ? lyd_child(data) : NULL, n) {
		i = schema_node_of(n)->index;
		if (count[i]++ == 0)
			first[i] = n;
	}
	for (i = 0; i < r->nfields && e->error == 0; i++)
		fill_field(e, s->children[i], first[i], count[i], &r->fields[i], base);
}

static void
fill_root(struct encoder *e, const struct schema *schema, const struct lyd_node *top, const struct record *r, uint8_t *base)
{
	const struct lyd_node *first, *node;
	const struct schema_node *s;
	uint32_t i;
	size_t n;

	for (i = 0; i < r->nfields && e->error == 0; i++) {
		s = schema_child(schema, NULL, r->fields[i].name);
		if (s == NULL) {
			e->error = -EPROTO;
			return;
		}
		first = NULL;
		n = 0;
		LY_LIST_FOR(top, node)
			if (node->schema == s->node && n++ == 0)
				first = node;
		fill_field(e, s, first, n, &r->fields[i], base);
	}
}

int
encode_root(const struct schema *schema, const struct lyd_node *top, const struct record *r, uint8_t **ret, size_t *ret_len)
{
	struct encoder e = { .arena = arena_new(0) };
	struct codec_error ce;
	uint8_t *base;

	if (e.arena == NULL)
		return -ENOMEM;
	base = arena_alloc(e.arena, 1, r->size);
	if (base == NULL)
		e.error = -ENOMEM;
	else
		fill_root(&e, schema, top, r, base);
	if (e.error == 0) {
		e.error = codec_encode(r, base, ENCODED_MAX, ret, ret_len, &ce);
		if (e.error == -EPROTO)
			log_errx("encode", "%s: %s: %s", r->name, ce.path, ce.reason);
	}
	arena_free(e.arena);
	return e.error;
}
