/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "nodes.h"
#include "problem.h"
#include "strset.h"

#define MAGIC	0x31646f6eu	/* "nod1" */

/* --- packing --- */

static void
count(const struct node *n, unsigned *ret)
{
	for (; n != NULL && *ret <= NODES_MAX; n = n->next) {
		++*ret;
		count(n->first, ret);
	}
}

unsigned
nodes_count(const struct node *root)
{
	unsigned n = root != NULL ? 1 : 0;

	if (root != NULL)
		count(root->first, &n);
	return n;
}

static void
put_text(struct buf *b, const char *text, size_t len)
{
	buf_put32(b, (uint32_t)len);
	buf_put(b, text, len);
}

static void
put_node(struct buf *b, const struct node *n, bool has_name)
{
	const struct node *child;

	buf_put8(b, n->kind);
	buf_put8(b, n->style);
	buf_put32(b, n->line);
	if (has_name)
		put_text(b, n->name, strlen(n->name));
	if (n->kind == NODE_SCALAR) {
		put_text(b, n->text, n->len);
	} else if (n->kind == NODE_MAP || n->kind == NODE_SEQ) {
		buf_put32(b, n->n);
		for (child = n->first; child != NULL; child = child->next)
			put_node(b, child, n->kind == NODE_MAP);
	}
}

void
nodes_pack(const struct node *root, const struct problems *problems, struct buf *b)
{
	const struct problem *p;
	unsigned i;

	buf_put32(b, MAGIC);
	buf_put32(b, problems_count(problems));
	for (i = 0; i < problems_count(problems); i++) {
		p = problems_get(problems, i);
		buf_put32(b, p->line);
		put_text(b, p->code, strlen(p->code));
		put_text(b, p->text, strlen(p->text));
		put_text(b, p->remedy, strlen(p->remedy));
	}
	buf_put8(b, root != NULL);
	if (root != NULL)
		put_node(b, root, false);
}

/* --- unpacking --- */

struct unpacker {
	struct cursor	 c;
	struct arena	*arena;
	unsigned	 depth;
	unsigned	 n;
	int		 error;
};

static void *
fail(struct unpacker *u, int error)
{
	if (u->error == 0)
		u->error = error;
	return NULL;
}

static const char *
take_text(struct unpacker *u, size_t max, uint32_t *ret_len)
{
	const uint8_t *bytes;
	const char *copy;
	uint32_t len;

	if (!cursor_u32(&u->c, &len) || len > max || !cursor_bytes(&u->c, &bytes, len) || !str_is_utf8((const char *)bytes, len))
		return fail(u, -EPROTO);
	copy = arena_strndup(u->arena, (const char *)bytes, len);
	if (copy == NULL)
		return fail(u, -ENOMEM);
	*ret_len = len;
	return copy;
}

static struct node *take_node(struct unpacker *, bool has_name);

static bool
take_children(struct unpacker *u, struct node *parent)
{
	struct strset names;
	struct node *child;
	uint32_t n, i;
	int added = 1;

	if (!cursor_u32(&u->c, &n) || n > NODES_MAX || ++u->depth > NODE_DEPTH_MAX)
		return fail(u, -EPROTO) != NULL;
	strset_init(&names);
	for (i = 0; i < n && added == 1; i++) {
		child = take_node(u, parent->kind == NODE_MAP);
		if (child == NULL)
			break;
		if (parent->kind == NODE_MAP)
			added = strset_add(&names, child->name, child->line);
		node_append(parent, child);
	}
	strset_fini(&names);
	u->depth--;
	if (added != 1)
		(void)fail(u, added < 0 ? -ENOMEM : -EPROTO);
	return u->error == 0;
}

static struct node *
take_node(struct unpacker *u, bool has_name)
{
	const char *name = NULL;
	uint8_t kind, style;
	uint32_t line, len;
	struct node *n;

	if (++u->n > NODES_MAX || !cursor_u8(&u->c, &kind) || !cursor_u8(&u->c, &style) || !cursor_u32(&u->c, &line) || kind > NODE_SEQ ||
	    style > NODE_BOOL)
		return fail(u, -EPROTO);
	if (has_name && (name = take_text(u, NODE_BYTES_MAX, &len)) == NULL)
		return NULL;
	n = node_new(u->arena, kind, line);
	if (n == NULL)
		return fail(u, -ENOMEM);
	n->style = style;
	n->name = name;
	if (kind == NODE_SCALAR) {
		n->text = take_text(u, cursor_left(&u->c), &n->len);
		return n->text != NULL ? n : NULL;
	}
	return (kind != NODE_MAP && kind != NODE_SEQ) || take_children(u, n) ? n : NULL;
}

/* The codes of problems are constants of ours everywhere else: here they come from a process that is believed nothing. */
static bool
take_problems(struct unpacker *u, struct problems *problems)
{
	const char *code, *text, *remedy;
	uint32_t n, i, line, len;

	if (!cursor_u32(&u->c, &n) || n > PROBLEMS_MAX)
		return fail(u, -EPROTO) != NULL;
	for (i = 0; i < n; i++) {
		if (!cursor_u32(&u->c, &line))
			return fail(u, -EPROTO) != NULL;
		code = take_text(u, 64, &len);
		text = code != NULL ? take_text(u, 4096, &len) : NULL;
		remedy = text != NULL ? take_text(u, 4096, &len) : NULL;
		if (remedy == NULL)
			return false;
		problems_add(problems, "", "", line, code, remedy, "%s", text);
	}
	return true;
}

int
nodes_unpack(const void *data, size_t len, struct arena *arena, struct problems *problems, struct node **ret)
{
	struct unpacker u = { .c = { .data = data, .len = len }, .arena = arena };
	unsigned before = problems_count(problems);
	struct node *root = NULL;
	uint32_t magic;
	uint8_t has_root;

	*ret = NULL;
	if (!cursor_u32(&u.c, &magic) || magic != MAGIC || !take_problems(&u, problems) || !cursor_u8(&u.c, &has_root) || has_root > 1)
		return u.error != 0 ? u.error : -EPROTO;
	if (has_root == 1)
		root = take_node(&u, false);
	if (u.error == 0 && cursor_left(&u.c) > 0)
		u.error = -EPROTO;
	if (u.error != 0)
		return u.error;
	/* No tree and nothing wrong: such an answer means nothing. */
	if (root == NULL && problems_count(problems) == before)
		return -EPROTO;
	*ret = root;
	return problems_count(problems) > before ? -EINVAL : 0;
}
