/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "build.h"
#include "document.h"
#include "document_tree.h"
#include "encode.h"
#include "jsondoc.h"
#include "judge.h"
#include "memo.h"
#include "node.h"
#include "nodes.h"
#include "path.h"
#include "print.h"
#include "problem.h"
#include "schema.h"
#include "schema_node.h"
#include "stamp.h"
#include "yamldoc.h"

struct document {
	const struct schema	*schema;
	struct lyd_node		*tree;
	struct arena		*source_arena;	/* of source */
	struct node		*source;	/* what was loaded, for lines; NULL after an edit */
	const char		*asked;		/* document_has() was asked for this since the last edit; NULL: for nothing */
	bool			 has;
};

struct document *
document_new(const struct schema *schema)
{
	struct document *d = calloc(1, sizeof(*d));

	if (d != NULL)
		d->schema = schema;
	return d;
}

struct document *
document_dup(const struct document *from)
{
	struct document *d = document_new(from->schema);

	if (d == NULL)
		return NULL;
	if (from->tree != NULL && lyd_dup_siblings(from->tree, NULL, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, &d->tree) !=
	    LY_SUCCESS) {
		free(d);
		return NULL;
	}
	stamp_copy(from->tree, d->tree);
	return d;
}

void
document_touch(struct document *d)
{
	d->asked = NULL;
	arena_free(d->source_arena);
	d->source_arena = NULL;
	d->source = NULL;
}

struct document *
document_dup_full(const struct document *from)
{
	struct document *d = document_dup(from);

	if (d != NULL && lyd_new_implicit_all(&d->tree, schema_ctx(d->schema), LYD_IMPLICIT_NO_STATE, NULL) != LY_SUCCESS) {
		document_free(d);
		return NULL;
	}
	return d;
}

void
document_swap(struct document *a, struct document *b)
{
	struct document t = *a;

	*a = *b;
	*b = t;
}

void
document_free(struct document *d)
{
	if (d == NULL)
		return;
	document_touch(d);
	lyd_free_all(d->tree);
	free(d);
}

int
document_read(enum document_format format, const char *data, size_t len, struct arena *arena, struct problems *problems,
    struct node **ret)
{
	switch (format) {
	case DOCUMENT_YAML:
		return yamldoc_read(data, len, arena, problems, ret);
	case DOCUMENT_JSON:
		return jsondoc_read(data, len, arena, problems, ret);
	case DOCUMENT_NODES:
		return nodes_unpack(data, len, arena, problems, ret);
	case DOCUMENT_INVALID:
		break;
	}
	problems_add(problems, "", "", 0, "syntax", "", "neither YAML nor JSON");
	return -EINVAL;
}

/* What could be built; problems say whether it is all. */
static int
read_and_build(struct document *d, enum document_format format, const char *data, size_t len, struct problems *problems)
{
	struct builder b = { .schema = d->schema, .problems = problems };
	unsigned before = problems_count(problems);
	int error;

	d->source_arena = b.arena = arena_new(0);
	if (b.arena == NULL)
		return -ENOMEM;
	error = document_read(format, data, len, b.arena, problems, &d->source);
	if (error == -ENOMEM || d->source == NULL)
		return error;
	if (d->source->kind == NODE_SCALAR || d->source->kind == NODE_SEQ)
		problems_add(problems, "", "", d->source->line, "type", "", "a configuration is a mapping of sections");
	else
		build_members(&b, NULL, NULL, d->source, NULL, &d->tree);
	if (b.error != 0)
		return b.error;
	return problems_count(problems) > before ? -EINVAL : 0;
}

int
document_of_nodes(const struct schema *schema, struct node *source, struct arena *arena, struct problems *problems, struct document **ret)
{
	struct document *d = document_new(schema);
	struct builder b = { .schema = schema, .problems = problems, .arena = arena };
	unsigned before = problems_count(problems);

	if (d == NULL)
		return -ENOMEM;
	build_members(&b, NULL, NULL, source, NULL, &d->tree);
	if (b.error == 0 && problems_count(problems) > before) {
		problems_sort(problems);
		b.error = -EINVAL;
	}
	if (b.error != 0)
		document_free(d);
	else
		*ret = d;
	return b.error;
}

static int
load(const struct schema *schema, enum document_format format, const char *data, size_t len, bool is_judged,
    struct problems *problems, struct document **ret)
{
	struct document *d = document_new(schema);
	int error, judged = 0;

	if (d == NULL)
		return -ENOMEM;
	error = read_and_build(d, format, data, len, problems);
	if (is_judged && error != -ENOMEM && d->source != NULL)
		judged = judge(schema, &d->tree, d->source, problems);
	if (is_judged && judged != -ENOMEM && d->source != NULL && !judge_roles(d, d->source, problems))
		judged = -EINVAL;
	if (error == 0)
		error = judged;
	if (error != 0) {
		problems_sort(problems);
		document_free(d);
		return error;
	}
	*ret = d;
	return 0;
}

int
document_load(const struct schema *schema, enum document_format format, const char *data, size_t len,
    struct problems *problems, struct document **ret)
{
	return load(schema, format, data, len, false, problems, ret);
}

int
document_check(const struct schema *schema, enum document_format format, const char *data, size_t len,
    struct problems *problems, struct document **ret)
{
	return load(schema, format, data, len, true, problems, ret);
}

int
document_validate(struct document *d, struct problems *problems)
{
	int error = judge(d->schema, &d->tree, d->source, problems);

	if (error != -ENOMEM && !judge_roles(d, d->source, problems))
		error = -EINVAL;
	problems_sort(problems);
	/* A member whose "when" does not hold any more may be gone (RFC 7950, 7.21.5), wherever it was. */
	stamp_clear_all(d->tree);
	d->asked = NULL;
	if (error == 0)
		document_touch(d);	/* nobody will ask for lines */
	return error;
}

static void
print(const struct document *d, enum document_format format, unsigned flags, struct buf *b)
{
	if (format == DOCUMENT_YAML)
		print_yaml(d->schema, NULL, d->tree, flags, b);
	else
		print_json(d->schema, NULL, d->tree, flags, b);
}

int
document_print(const struct document *d, enum document_format format, unsigned flags, struct buf *b)
{
	unsigned lists = flags & DOCUMENT_WITHOUT_LISTS ? PRINT_WITHOUT_LISTS : 0;
	struct document *full;

	if (flags & DOCUMENT_FULL) {
		/* Defaults are nodes of the tree only after a validation: work on a copy that has them. */
		full = document_dup_full(d);
		if (full == NULL)
			return -ENOMEM;
		print(full, format, PRINT_FULL | lists, b);
		document_free(full);
	} else {
		print(d, format, lists, b);
	}
	return buf_failed(b) ? -ENOMEM : 0;
}

int
document_digest(const struct document *d, char ret[65])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	struct buf b;
	unsigned n = 0;
	int error;

	buf_init(&b, 0);
	error = document_print(d, DOCUMENT_YAML, 0, &b);
	if (error == 0 && EVP_Digest(b.data, b.len, hash, &n, EVP_sha256(), NULL) != 1)
		error = -ENOMEM;
	if (error == 0)
		str_hex(hash, n, ret);
	buf_fini(&b);
	return error;
}

int
document_encode(const struct document *d, const char *owner, uint8_t **ret, size_t *ret_len)
{
	const struct record *r = schema_owner_record(owner);

	if (r == NULL)
		return -ENOENT;
	return encode_root(d->schema, d->tree, r, ret, ret_len);
}

struct lyd_node *
document_first(const struct lyd_node *siblings, const struct lysc_node *schema)
{
	struct lyd_node *n;

	return siblings != NULL && schema_has_found(lyd_find_sibling_val(siblings, schema, NULL, 0, &n)) ? n : NULL;
}

/* The node an API path leads to, or NULL; *ret_s is what the schema has there. */
static const struct lyd_node *
find(const struct document *d, const char *path, const struct schema_node **ret_s)
{
	const struct lyd_node *siblings = d->tree, *n = NULL;
	const struct schema_node *s = NULL;
	char step[256];
	size_t len;

	while (*path == '/' && path[1] != '\0') {
		len = strcspn(++path, "/");
		if (len >= sizeof(step))
			return NULL;
		memcpy(step, path, len);
		step[len] = '\0';
		path += len;
		if (s != NULL && s->node->nodetype == LYS_LIST && n != NULL && n->schema == s->node &&
		    siblings != lyd_child(n)) {
			n = path_find_entry((struct lyd_node *)(uintptr_t)n, s, step);
			siblings = n != NULL ? lyd_child(n) : NULL;
			continue;
		}
		s = schema_child(d->schema, s, step);
		if (s == NULL)
			return NULL;
		n = document_first(siblings, s->node);
		if (n != NULL && s->node->nodetype == LYS_CONTAINER)
			siblings = lyd_child(n);
		else if (n == NULL)
			siblings = NULL;
	}
	*ret_s = s;
	return n;
}

const char *
document_value(const struct document *d, const char *path)
{
	const struct schema_node *s = NULL;
	const struct lyd_node *n = find(d, path, &s);

	if (s == NULL || s->node->nodetype != LYS_LEAF)
		return NULL;
	return n != NULL ? lyd_get_value(n) : s->dflt;
}

void
document_each(const struct document *d, const char *path, void (*fn)(const char *key, void *arg), void *arg)
{
	const struct schema_node *s = NULL;
	const struct lyd_node *n = find(d, path, &s);

	if (s == NULL || !(s->node->nodetype & (LYS_LIST | LYS_LEAFLIST)))
		return;
	for (; n != NULL && n->schema == s->node; n = n->next)
		fn(lyd_get_value(s->node->nodetype == LYS_LIST ? lyd_child(n) : n), arg);
}

static bool	 has_leaf_list(const struct document *, const struct lyd_node *, const char *name);

/* An entry that was looked into once is not looked into again until it changes. */
static bool
entry_has(const struct document *d, struct memo *memo, const struct lyd_node *entry, const char *name)
{
	uint64_t stamp = stamp_of(entry);
	const uint8_t *known;
	size_t len;
	bool has;

	if (memo_get(memo, stamp, &known, &len))
		return len > 0;
	has = has_leaf_list(d, lyd_child(entry), name);
	memo_put(memo, stamp, "", has);
	return has;
}

/* The entries of one list, which are in no other list; *at becomes the last of them. */
static bool
list_has(const struct document *d, const struct lyd_node **at, const char *name)
{
	struct memo *memo = memo_of(schema_memos(d->schema), name, schema_node_of(*at));
	size_t n = 1;
	bool has;

	while (!(has = entry_has(d, memo, *at, name)) && (*at)->next != NULL && (*at)->next->schema == (*at)->schema) {
		*at = (*at)->next;
		n++;
	}
	if (!has)
		memo_end(memo, n);
	return has;
}

static bool
has_leaf_list(const struct document *d, const struct lyd_node *n, const char *name)
{
	bool has = false;

	for (; n != NULL && !has; n = n->next) {
		if (n->schema->nodetype == LYS_LEAFLIST)
			has = strcmp(n->schema->name, name) == 0;
		else if (stamp_fits(n))
			has = list_has(d, &n, name);
		else
			has = has_leaf_list(d, lyd_child(n), name);
	}
	return has;
}

bool
document_has(const struct document *doc, const char *leaf_list)
{
	struct document *d = (struct document *)(uintptr_t)doc;

	if (d->asked != leaf_list) {
		d->has = has_leaf_list(d, d->tree, leaf_list);
		d->asked = leaf_list;
	}
	return d->has;
}

const struct lyd_node *
document_find(const struct document *d, const char *path)
{
	const struct schema_node *s = NULL;

	return find(d, path, &s);
}

struct lyd_node *
document_tree(const struct document *d)
{
	return d->tree;
}

void
document_set_tree(struct document *d, struct lyd_node *tree)
{
	d->tree = tree;
}

const struct schema *
document_schema(const struct document *d)
{
	return d->schema;
}
