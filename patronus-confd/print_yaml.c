/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * YAML as a person would write it: small things on one line, {a: b}, larger ones indented by two.  Text that any reader
 * of YAML could take for something else is quoted.
 */
#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "conf/kind.h"
#include "members.h"
#include "memo.h"
#include "print.h"
#include "schema.h"
#include "schema_node.h"
#include "secret.h"
#include "stamp.h"

#define LINE_MAX_COLUMNS	100
#define FLOW_MEMBERS_MAX	3
#define INDENTS			16	/* columns at which entries are remembered */

struct printer {
	const struct schema	*schema;
	struct buf		*out;
	bool			 is_full;
};

static void	 block_members(struct printer *, const struct members *, unsigned indent, const struct schema_node *without);

/* --- scalars --- */

static bool
is_word(const char *text)
{
	static const char *const words[] = {
		"true", "false", "yes", "no", "on", "off", "y", "n", "null", "~", "=", "<<",
	};
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasecmp(text, words[i]) == 0)
			return true;
	return false;
}

/* What YAML 1.1 or 1.2 readers take for a number or a date: 010, 1e3, 0x1f, 12:30, 2026-11-20, .5 */
static bool
is_number_like(const char *text)
{
	size_t dots = 0;
	const char *p;

	if (!isdigit((unsigned char)text[0]) && strchr("+-.", text[0]) == NULL)
		return false;
	if (text[0] == '0' && (text[1] == 'x' || text[1] == 'o' || text[1] == 'b'))
		return true;
	for (p = text; *p != '\0'; p++)
		dots += *p == '.';
	if (text[strspn(text, "0123456789:")] == '\0' || text[strspn(text, "0123456789-")] == '\0')
		return true;
	return dots <= 1 && text[strspn(text, "0123456789_.eE+-")] == '\0';
}

static bool
is_plain(const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || is_word(text) || is_number_like(text))
		return false;
	if (!isalnum((unsigned char)text[0]) && text[0] != '/' && text[0] != '_')
		return false;
	if (text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ._/@+:()=;-")] != '\0')
		return false;
	return text[len - 1] != ' ' && text[len - 1] != ':' && strstr(text, ": ") == NULL;
}

/*
 * The length of a character of UTF-8 that is not written as it is, or 0: readers of YAML 1.1 take U+2028 and U+2029 for ends of lines (5.4), and
 * cut spaces beside them; marks of direction and of nothing make a person see another text than the box does.
 */
static size_t
hidden(const char *text, unsigned *ret)
{
	static const struct {
		unsigned	from, to;
	} ranges[] = { { 0x061c, 0x061c }, { 0x200b, 0x200f }, { 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfeff, 0xfeff } };
	const unsigned char *p = (const unsigned char *)text;
	size_t i, len = p[0] >= 0xc0 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : 0;
	unsigned c = len == 2 ? p[0] & 0x1fu : p[0] & 0x0fu;

	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	for (i = 0; len > 0 && i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].from && c <= ranges[i].to) {
			*ret = c;
			return len;
		}
	return 0;
}

static void
print_quoted(const char *text, struct buf *b)
{
	unsigned c = 0;
	size_t len;

	buf_putc(b, '"');
	for (; *text != '\0'; text++) {
		if ((len = hidden(text, &c)) > 0) {
			buf_printf(b, "\\u%04x", c);
			text += len - 1;
			continue;
		}
		if (*text == '"' || *text == '\\')
			buf_putc(b, '\\');
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			buf_printf(b, "\\x%02x", (unsigned char)*text);
		else
			buf_putc(b, *text);
	}
	buf_putc(b, '"');
}

static void
print_scalar(const struct schema_node *s, const char *text, struct buf *b)
{
	bool is_number = s != NULL && (s->kind != NULL ? s->kind->kind == FIELD_PORTS :
	    s->type->basetype != LY_TYPE_STRING && s->type->basetype != LY_TYPE_LEAFREF && s->type->basetype != LY_TYPE_UNION &&
	    s->type->basetype != LY_TYPE_ENUM);

	if (s != NULL && s->is_secret) {
		secret_print_yaml(text, b);
		return;
	}
	if (is_number || is_plain(text))
		buf_puts(b, text);
	else
		print_quoted(text, b);
}

/* --- on one line --- */

static bool	 flow_value(struct printer *, const struct member *, struct buf *, unsigned *left);

static bool
flow_values(const struct member *m, struct buf *b)
{
	size_t i;

	if (m->n == 1 && m->s->is_one_or_many) {
		print_scalar(m->s, lyd_get_value(m->items[0]), b);
		return true;
	}
	buf_putc(b, '[');
	for (i = 0; i < m->n && b->len < LINE_MAX_COLUMNS; i++) {
		if (i > 0)
			buf_puts(b, ", ");
		print_scalar(m->s, lyd_get_value(m->items[i]), b);
	}
	buf_putc(b, ']');
	return i == m->n;
}

/* { a: b, c: d }: false when it would be longer than a line or holds too much to be read at a glance. */
static bool
flow_members(struct printer *p, const struct members *m, const struct schema_node *without, struct buf *b, unsigned *left)
{
	bool is_first = true, ok = true;
	size_t i;

	buf_puts(b, "{");
	for (i = 0; i < m->n && ok; i++) {
		if (m->all[i].n == 0 || m->all[i].s == without)
			continue;
		buf_puts(b, is_first ? " " : ", ");
		buf_puts(b, m->all[i].s->node->name);
		buf_puts(b, ": ");
		is_first = false;
		ok = flow_value(p, &m->all[i], b, left) && b->len <= LINE_MAX_COLUMNS;
	}
	buf_puts(b, is_first ? "}" : " }");
	return ok;
}

static bool
flow_value(struct printer *p, const struct member *m, struct buf *b, unsigned *left)
{
	struct members inner;
	bool ok;

	if (m->s->node->nodetype == LYS_LIST)
		return false;
	if (m->s->node->nodetype == LYS_CONTAINER) {
		if (members_init(&inner, p->schema, m->items[0], NULL, false) != 0)
			return false;
		ok = flow_members(p, &inner, NULL, b, left);
		members_fini(&inner);
		return ok;
	}
	if ((*left)-- == 0)
		return false;
	if (m->s->node->nodetype == LYS_LEAFLIST)
		return flow_values(m, b);
	print_scalar(m->s, lyd_get_value(m->items[0]), b);
	return true;
}

/* Try all members on the line that is indented so far and starts with head characters. */
static bool
try_flow(struct printer *p, const struct members *m, const struct schema_node *without, size_t head, struct buf *b)
{
	unsigned left = FLOW_MEMBERS_MAX;

	return !p->is_full && flow_members(p, m, without, b, &left) && head + b->len <= LINE_MAX_COLUMNS;
}

/* --- on lines of their own --- */

static void
print_indent(struct printer *p, unsigned indent)
{
	static const char spaces[] = "                                ";
	size_t n;

	for (; indent > 0; indent -= (unsigned)n) {
		n = indent < sizeof(spaces) - 1 ? indent : sizeof(spaces) - 1;
		buf_put(p->out, spaces, n);
	}
}

static void
mark_default(struct printer *p, const struct lyd_node *n)
{
	if (p->is_full && members_is_default(n))
		buf_puts(p->out, "  # default");
}

/* after is what stands between the name and a value on its line; "" when there is no name. */
static void
print_values(struct printer *p, const struct member *m, unsigned indent, const char *after)
{
	struct buf b;
	size_t i;

	buf_init(&b, 0);
	if (flow_values(m, &b) && indent + strlen(m->s->node->name) + 2 + b.len <= LINE_MAX_COLUMNS) {
		buf_puts(p->out, after);
		buf_put(p->out, b.data, b.len);
		buf_putc(p->out, '\n');
	} else {
		if (after[0] != '\0')
			buf_putc(p->out, '\n');
		for (i = 0; i < m->n; i++) {
			print_indent(p, after[0] != '\0' ? indent + 2 : 0);
			buf_puts(p->out, "- ");
			print_scalar(m->s, lyd_get_value(m->items[i]), p->out);
			buf_putc(p->out, '\n');
		}
	}
	buf_fini(&b);
}

/* The members of n after "name:", on this line when they fit, else below. */
static void
print_inner(struct printer *p, const struct lyd_node *n, unsigned indent, size_t head, const struct schema_node *without,
    bool is_section)
{
	struct members m;
	struct buf b;

	buf_init(&b, 0);
	if (members_init(&m, p->schema, n, NULL, p->is_full) != 0) {
		p->out->failed = true;
		return;
	}
	if (!is_section && try_flow(p, &m, without, head, &b)) {
		buf_putc(p->out, ' ');
		buf_put(p->out, b.data, b.len);
		buf_putc(p->out, '\n');
	} else {
		buf_putc(p->out, '\n');
		block_members(p, &m, indent + 2, without);
	}
	buf_fini(&b);
	members_fini(&m);
}

/* An entry as a member of a mapping. */
static void
print_mapped(struct printer *p, const struct schema_node *s, const struct lyd_node *n, unsigned indent)
{
	struct buf b;

	buf_init(&b, 0);
	print_scalar(s->key, members_key(n), &b);
	print_indent(p, indent);
	buf_put(p->out, b.data, b.len);
	buf_putc(p->out, ':');
	print_inner(p, n, indent, indent + 1 + b.len, s->key, false);
	buf_fini(&b);
}

/* An entry in a sequence. */
static void
print_item(struct printer *p, const struct lyd_node *n, unsigned indent)
{
	struct members inner;
	size_t at = p->out->len;

	if (members_init(&inner, p->schema, n, NULL, p->is_full) != 0) {
		p->out->failed = true;
		return;
	}
	/* The first member stands after the hyphen: put it over its own indent. */
	block_members(p, &inner, indent + 2, NULL);
	if (!buf_failed(p->out) && p->out->len >= at + indent + 2)
		memcpy(p->out->data + at + indent, "- ", 2);
	members_fini(&inner);
}

static void
print_entry(struct printer *p, const struct schema_node *s, const struct lyd_node *n, unsigned indent)
{
	if (s->is_ordered)
		print_item(p, n, indent);
	else
		print_mapped(p, s, n, indent);
}

/* What entries of a list that is in no other look like at this indent; NULL: each is printed. */
static struct memo *
memo_at(const struct printer *p, const struct member *m, unsigned indent)
{
	static const char forms[INDENTS];

	return p->is_full || indent >= INDENTS || m->n == 0 || !stamp_fits(m->items[0]) ? NULL :
	    memo_of(schema_memos(p->schema), &forms[indent], m->s);
}

static void
print_list(struct printer *p, const struct member *m, unsigned indent)
{
	struct memo *memo = memo_at(p, m, indent);
	const uint8_t *known;
	uint64_t stamp;
	size_t i, at, len;

	for (i = 0; i < m->n; i++) {
		at = p->out->len;
		stamp = memo != NULL ? stamp_of(m->items[i]) : 0;
		if (memo_get(memo, stamp, &known, &len)) {
			buf_put(p->out, known, len);
			continue;
		}
		print_entry(p, m->s, m->items[i], indent);
		if (!buf_failed(p->out))
			memo_put(memo, stamp, p->out->data + at, p->out->len - at);
	}
	memo_end(memo, m->n);
}

static void
print_member(struct printer *p, const struct member *m, unsigned indent)
{
	const char *name = m->s->node->name;

	print_indent(p, indent);
	buf_puts(p->out, name);
	buf_putc(p->out, ':');
	switch (m->s->node->nodetype) {
	case LYS_LEAF:
		buf_putc(p->out, ' ');
		print_scalar(m->s, lyd_get_value(m->items[0]), p->out);
		mark_default(p, m->items[0]);
		buf_putc(p->out, '\n');
		break;
	case LYS_LEAFLIST:
		print_values(p, m, indent, " ");
		break;
	case LYS_CONTAINER:
		print_inner(p, m->items[0], indent, indent + strlen(name) + 2, NULL, m->s->parent == NULL);
		break;
	default:
		buf_putc(p->out, '\n');
		print_list(p, m, indent + 2);
	}
}

/* A container all of whose members are absent has nothing to print even in full. */
static bool
is_hollow(const struct lyd_node *n)
{
	const struct lyd_node *child;

	if (n->schema->nodetype != LYS_CONTAINER || schema_node_of(n)->is_presence)
		return false;
	LY_LIST_FOR(lyd_child(n), child)
		if (!is_hollow(child))
			return false;
	return true;
}

static void
block_members(struct printer *p, const struct members *m, unsigned indent, const struct schema_node *without)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (m->all[i].n == 0 || m->all[i].s == without || is_hollow(m->all[i].items[0]))
			continue;
		if (indent == 0 && p->out->len > 0)
			buf_putc(p->out, '\n');
		print_member(p, &m->all[i], indent);
	}
}

void
print_yaml(const struct schema *schema, const struct lyd_node *parent, const struct lyd_node *top, unsigned flags,
    struct buf *b)
{
	struct printer p = { schema, b, (flags & PRINT_FULL) != 0 };
	struct members m;

	if (members_init(&m, schema, parent, top, p.is_full) != 0) {
		b->failed = true;
		return;
	}
	block_members(&p, &m, 0, NULL);
	if (b->len == 0)
		buf_puts(b, "{}\n");
	members_fini(&m);
}

void
print_yaml_value(const struct schema *schema, const struct schema_node *s, const struct lyd_node *parent,
    const struct lyd_node *top, unsigned flags, struct buf *b)
{
	struct printer p = { schema, b, (flags & PRINT_FULL) != 0 };
	const struct member *m;
	struct members all;

	if (members_init(&all, schema, parent, top, true) != 0) {
		b->failed = true;
		return;
	}
	m = members_get(&all, s);
	if (m->n == 0)
		buf_puts(b, s->dflt != NULL ? s->dflt : s->node->nodetype == LYS_CONTAINER ? "{}" : "[]");
	else if (s->node->nodetype == LYS_LEAF)
		print_scalar(s, lyd_get_value(m->items[0]), b);
	else if (s->node->nodetype == LYS_CONTAINER)
		print_yaml(schema, m->items[0], NULL, flags, b);
	else if (s->node->nodetype == LYS_LIST)
		print_list(&p, m, 0);
	else
		print_values(&p, m, 0, "");
	if (b->len == 0 || b->data[b->len - 1] != '\n')
		buf_putc(b, '\n');
	members_fini(&all);
}
