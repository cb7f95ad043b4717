/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A strict reader of JSON that knows the line of everything: what a parser that takes the last of two equal names, or a
 * number that does not fit, would read differently from another is refused here.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "jsondoc.h"
#include "node.h"
#include "problem.h"
#include "strset.h"

struct reader {
	const char	*data;
	size_t		 len;
	size_t		 at;
	unsigned	 line;
	unsigned	 depth;
	struct arena	*arena;
	struct problems	*problems;
	struct buf	 text;		/* of the string that is being read */
	int		 error;
};

static struct node *read_value(struct reader *);

static void *
fail(struct reader *r, const char *code, const char *text)
{
	if (r->error == 0) {
		problems_add(r->problems, "", "", r->line, code, "", "%s", text);
		r->error = -EINVAL;
	}
	return NULL;
}

static void *
no_memory(struct reader *r)
{
	if (r->error == 0)
		r->error = -ENOMEM;
	return NULL;
}

static char
peek(const struct reader *r)
{
	return r->at < r->len ? r->data[r->at] : '\0';
}

static void
skip_space(struct reader *r)
{
	for (; r->at < r->len; r->at++) {
		if (r->data[r->at] == '\n')
			r->line++;
		else if (r->data[r->at] != ' ' && r->data[r->at] != '\t' && r->data[r->at] != '\r')
			break;
	}
}

static bool
take(struct reader *r, char c)
{
	skip_space(r);
	if (peek(r) != c)
		return false;
	r->at++;
	return true;
}

static bool
read_hex4(struct reader *r, unsigned *ret)
{
	uint8_t bytes[2];
	char hex[5] = "";

	if (r->len - r->at < 4)
		return false;
	memcpy(hex, r->data + r->at, 4);
	if (str_unhex(hex, bytes, 2) != 0)
		return false;
	*ret = (unsigned)(bytes[0] << 8 | bytes[1]);
	r->at += 4;
	return true;
}

static void
put_utf8(struct buf *b, unsigned c)
{
	if (c < 0x80) {
		buf_putc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_put8(b, (uint8_t)(0xc0 | c >> 6));
	} else if (c < 0x10000) {
		buf_put8(b, (uint8_t)(0xe0 | c >> 12));
		buf_put8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	} else {
		buf_put8(b, (uint8_t)(0xf0 | c >> 18));
		buf_put8(b, (uint8_t)(0x80 | (c >> 12 & 0x3f)));
		buf_put8(b, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_put8(b, (uint8_t)(0x80 | (c & 0x3f)));
}

/* What follows \u; a pair of surrogates is one character, a lone one is none. */
static bool
read_unicode(struct reader *r)
{
	unsigned high, low;

	if (!read_hex4(r, &high))
		return fail(r, "syntax", "\\u needs four hexadecimal digits") != NULL;
	if (high == 0)
		return fail(r, "syntax", "a string holds a NUL character") != NULL;
	if (high >= 0xd800 && high < 0xdc00) {
		if (r->len - r->at < 6 || memcmp(r->data + r->at, "\\u", 2) != 0)
			return fail(r, "syntax", "half of a surrogate pair is missing") != NULL;
		r->at += 2;
		if (!read_hex4(r, &low) || low < 0xdc00 || low > 0xdfff)
			return fail(r, "syntax", "half of a surrogate pair is missing") != NULL;
		high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	} else if (high >= 0xdc00 && high < 0xe000) {
		return fail(r, "syntax", "half of a surrogate pair is missing") != NULL;
	}
	put_utf8(&r->text, high);
	return true;
}

static bool
read_escape(struct reader *r)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p;
	char c = peek(r);

	if (r->at >= r->len)
		return fail(r, "syntax", "the text ends inside a string") != NULL;
	r->at++;
	if (c == 'u')
		return read_unicode(r);
	p = strchr(from, c);
	if (p == NULL || c == '\0')
		return fail(r, "syntax", "a string has an escape that JSON does not know") != NULL;
	buf_putc(&r->text, to[p - from]);
	return true;
}

/* The string at the cursor, unescaped, in r->text. */
static bool
read_string(struct reader *r)
{
	size_t start;

	buf_reset(&r->text);
	r->at++;
	for (;;) {
		for (start = r->at; r->at < r->len && r->data[r->at] != '"' && r->data[r->at] != '\\' &&
		    (unsigned char)r->data[r->at] >= 0x20; r->at++)
			;
		buf_put(&r->text, r->data + start, r->at - start);
		if (r->at >= r->len)
			return fail(r, "syntax", "the text ends inside a string") != NULL;
		if (r->data[r->at] == '"')
			break;
		if (r->data[r->at] != '\\')
			return fail(r, "syntax", "a string holds a control character; write it as an escape") != NULL;
		r->at++;
		if (!read_escape(r))
			return false;
	}
	r->at++;
	return !buf_failed(&r->text) || no_memory(r) != NULL;
}

static struct node *
read_number(struct reader *r)
{
	size_t start = r->at, digits;

	if (peek(r) == '-')
		r->at++;
	for (digits = r->at; peek(r) >= '0' && peek(r) <= '9'; r->at++)
		;
	if (r->at == digits || (r->data[digits] == '0' && r->at - digits > 1))
		return fail(r, "syntax", "this is not a number as JSON writes it");
	if (peek(r) == '.') {
		for (digits = ++r->at; peek(r) >= '0' && peek(r) <= '9'; r->at++)
			;
		if (r->at == digits)
			return fail(r, "syntax", "this is not a number as JSON writes it");
	}
	if (peek(r) == 'e' || peek(r) == 'E') {
		r->at++;
		if (peek(r) == '+' || peek(r) == '-')
			r->at++;
		for (digits = r->at; peek(r) >= '0' && peek(r) <= '9'; r->at++)
			;
		if (r->at == digits)
			return fail(r, "syntax", "this is not a number as JSON writes it");
	}
	return node_scalar(r->arena, NODE_NUMBER, r->data + start, r->at - start, r->line);
}

static struct node *
read_word(struct reader *r)
{
	static const char *const words[] = { "true", "false", "null" };
	size_t i, len;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		len = strlen(words[i]);
		if (r->len - r->at < len || memcmp(r->data + r->at, words[i], len) != 0)
			continue;
		r->at += len;
		if (i == 2)
			return node_new(r->arena, NODE_NULL, r->line);
		return node_scalar(r->arena, NODE_BOOL, words[i], len, r->line);
	}
	return fail(r, "syntax", r->at >= r->len ? "the text ends early" : "this is not JSON");
}

/* Equal names in one object: which one counts would depend on the reader. */
static bool
add_member(struct reader *r, struct node *map, struct strset *names, struct node *member)
{
	int added = strset_add(names, member->name, member->line);

	if (added < 0)
		return no_memory(r) != NULL;
	if (added == 0)
		problems_add(r->problems, "", "", member->line, "duplicate-key", "keep one of the two",
		    "\"%s\" is there twice (first on line %u)", member->name, strset_find(names, member->name)->value);
	else
		node_append(map, member);
	return true;
}

static struct node *
read_member(struct reader *r)
{
	struct node *value;
	const char *name;
	unsigned line;

	skip_space(r);
	line = r->line;
	if (peek(r) != '"')
		return fail(r, "syntax", "here should be a name in quotes");
	if (!read_string(r))
		return NULL;
	name = arena_strndup(r->arena, (const char *)r->text.data, r->text.len);
	if (name == NULL)
		return no_memory(r);
	if (!take(r, ':'))
		return fail(r, "syntax", "here should be a colon");
	value = read_value(r);
	if (value == NULL)
		return NULL;
	value->name = name;
	value->line = line;
	return value;
}

static struct node *
read_object(struct reader *r)
{
	struct node *map = node_new(r->arena, NODE_MAP, r->line), *member;
	struct strset names;
	bool ok;

	if (map == NULL)
		return no_memory(r);
	r->at++;
	if (take(r, '}'))
		return map;
	strset_init(&names);
	do {
		member = read_member(r);
		ok = member != NULL && add_member(r, map, &names, member);
	} while (ok && take(r, ','));
	strset_fini(&names);
	if (ok && !take(r, '}'))
		return fail(r, "syntax", "here should be a comma or a closing brace");
	return ok ? map : NULL;
}

static struct node *
read_array(struct reader *r)
{
	struct node *seq = node_new(r->arena, NODE_SEQ, r->line), *item;

	if (seq == NULL)
		return no_memory(r);
	r->at++;
	if (take(r, ']'))
		return seq;
	do {
		item = read_value(r);
		if (item == NULL)
			return NULL;
		node_append(seq, item);
	} while (take(r, ','));
	if (!take(r, ']'))
		return fail(r, "syntax", "here should be a comma or a closing bracket");
	return seq;
}

static struct node *
read_value(struct reader *r)
{
	struct node *n;
	unsigned line;
	char c;

	skip_space(r);
	line = r->line;
	c = peek(r);
	if (c == '{' || c == '[') {
		if (r->depth == NODE_DEPTH_MAX)
			return fail(r, "too-deep", "nested more than 32 levels deep");
		r->depth++;
		n = c == '{' ? read_object(r) : read_array(r);
		r->depth--;
	} else if (c == '"') {
		if (!read_string(r))
			return NULL;
		n = node_scalar(r->arena, NODE_QUOTED, (const char *)r->text.data, r->text.len, line);
	} else if (c == '-' || (c >= '0' && c <= '9')) {
		n = read_number(r);
	} else {
		n = read_word(r);
	}
	return n != NULL || r->error != 0 ? n : no_memory(r);
}

int
jsondoc_read(const char *data, size_t len, struct arena *arena, struct problems *problems, struct node **ret)
{
	return jsondoc_read_up_to(NODE_BYTES_MAX, data, len, arena, problems, ret);
}

int
jsondoc_read_up_to(size_t max, const char *data, size_t len, struct arena *arena, struct problems *problems, struct node **ret)
{
	struct reader r = { .data = data, .len = len, .line = 1, .arena = arena, .problems = problems };
	unsigned before = problems_count(problems);
	struct node *n;

	*ret = NULL;
	if (!node_check_text(data, len, max, problems))
		return -EINVAL;
	buf_init(&r.text, 0);
	buf_putc(&r.text, ' ');	/* so that there are bytes also for the empty string */
	n = read_value(&r);
	skip_space(&r);
	if (n != NULL && r.at < r.len)
		(void)fail(&r, "syntax", "something follows the end of the document");
	buf_fini(&r.text);
	if (r.error != 0)
		return r.error;
	*ret = n;
	return problems_count(problems) == before ? 0 : -EINVAL;
}
