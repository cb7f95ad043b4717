/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 7951, without the prefixes of modules: the names of all sections differ. */
#include <string.h>

#include "base/buf.h"
#include "members.h"
#include "memo.h"
#include "print.h"
#include "record_json.h"
#include "schema.h"
#include "schema_node.h"
#include "secret.h"
#include "stamp.h"

void
print_json_scalar(const struct schema_node *s, const char *text, struct buf *b)
{
	if (s->is_secret) {
		secret_print_json(text, b);
		return;
	}
	switch (s->kind != NULL ? LY_TYPE_STRING : s->type->basetype) {
	case LY_TYPE_BOOL:
	case LY_TYPE_INT8:
	case LY_TYPE_INT16:
	case LY_TYPE_INT32:
	case LY_TYPE_UINT8:
	case LY_TYPE_UINT16:
	case LY_TYPE_UINT32:
		buf_puts(b, text);
		break;
	default:
		record_json_string(text, strlen(text), b);
	}
}

static void
print_item(const struct schema *schema, const struct schema_node *s, const struct lyd_node *n, unsigned flags, struct buf *b)
{
	if (s->node->nodetype & (LYS_LEAF | LYS_LEAFLIST))
		print_json_scalar(s, lyd_get_value(n), b);
	else
		print_json(schema, n, NULL, flags, b);
}

/* One that has not changed since it was printed is copied. */
static void
print_entry(const struct schema *schema, struct memo *memo, const struct lyd_node *entry, struct buf *b)
{
	uint64_t stamp = stamp_of(entry);
	size_t at = b->len, len;
	const uint8_t *known;

	if (memo_get(memo, stamp, &known, &len)) {
		buf_put(b, known, len);
		return;
	}
	print_json(schema, entry, NULL, 0, b);
	if (!buf_failed(b))
		memo_put(memo, stamp, b->data + at, b->len - at);
}

/* Is the word in what has been printed since then? */
static bool
has_word(struct buf *b, size_t since, const char *word)
{
	bool has;

	buf_putc(b, '\0');
	if (buf_failed(b))
		return true;
	has = strcasestr((const char *)b->data + since, word) != NULL;
	b->len--;
	return has;
}

/* The entries of a list that is in no other list: all, or those that have the word. */
static void
print_entries(const struct schema *schema, const struct member *m, const char *word, struct buf *b)
{
	static const char form;
	struct memo *memo = memo_of(schema_memos(schema), &form, m->s);
	bool is_first = true;
	size_t i, at, before;

	buf_putc(b, '[');
	for (i = 0; i < m->n; i++) {
		before = b->len;
		if (!is_first)
			buf_putc(b, ',');
		at = b->len;
		print_entry(schema, memo, m->items[i], b);
		if (word != NULL && !has_word(b, at, word))
			b->len = before;
		else
			is_first = false;
	}
	buf_putc(b, ']');
	memo_end(memo, m->n);
}

static void
print_member(const struct schema *schema, const struct member *m, unsigned flags, struct buf *b)
{
	size_t i;

	if (!(m->s->node->nodetype & (LYS_LIST | LYS_LEAFLIST))) {
		print_item(schema, m->s, m->items[0], flags, b);
		return;
	}
	if (flags == 0 && m->n > 0 && stamp_fits(m->items[0])) {
		print_entries(schema, m, NULL, b);
		return;
	}
	buf_putc(b, '[');
	for (i = 0; i < m->n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		print_item(schema, m->s, m->items[i], flags, b);
	}
	buf_putc(b, ']');
}

void
print_json(const struct schema *schema, const struct lyd_node *parent, const struct lyd_node *top, unsigned flags,
    struct buf *b)
{
	const struct schema_node *s;
	struct members m;
	bool is_first = true;
	size_t i;

	if (members_init(&m, schema, parent, top, (flags & PRINT_FULL) != 0) != 0) {
		b->failed = true;
		return;
	}
	buf_putc(b, '{');
	for (i = 0; i < m.n; i++) {
		if (m.all[i].n == 0 || ((flags & PRINT_WITHOUT_LISTS) && m.all[i].s->node->nodetype == LYS_LIST))
			continue;
		s = m.all[i].s;
		buf_put(b, s->json + is_first, s->json_len - is_first);		/* the comma comes first */
		is_first = false;
		print_member(schema, &m.all[i], flags, b);
	}
	buf_putc(b, '}');
	members_fini(&m);
}

void
print_json_with(const struct schema *schema, const struct schema_node *list, const struct lyd_node *parent, const struct lyd_node *top,
    const char *word, struct buf *b)
{
	struct members m;

	if (members_init(&m, schema, parent, top, true) != 0) {
		b->failed = true;
		return;
	}
	print_entries(schema, members_get(&m, list), word, b);
	members_fini(&m);
}

void
print_json_value(const struct schema *schema, const struct schema_node *s, const struct lyd_node *parent,
    const struct lyd_node *top, unsigned flags, struct buf *b)
{
	const struct member *member;
	struct members m;

	/* A leaf that is asked for by its name is shown also when it is as its default. */
	if (members_init(&m, schema, parent, top, true) != 0) {
		b->failed = true;
		return;
	}
	member = members_get(&m, s);
	if (member->n > 0)
		print_member(schema, member, flags, b);
	else if (s->node->nodetype & (LYS_LIST | LYS_LEAFLIST))
		buf_puts(b, "[]");
	else if (s->dflt != NULL)
		print_json_scalar(s, s->dflt, b);
	else
		/* A container whose presence says something is not there; every other one always is. */
		buf_puts(b, s->node->nodetype == LYS_CONTAINER && (s->node->flags & LYS_PRESENCE) == 0 ? "{}" : "null");
	members_fini(&m);
}
