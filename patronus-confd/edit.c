/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Every edit that brings something new builds it apart first, below copies of its parents; only when nothing is wrong
 * with it does it take its place in the document.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "build.h"
#include "document_tree.h"
#include "edit.h"
#include "node.h"
#include "path.h"
#include "print.h"
#include "problem.h"
#include "schema.h"
#include "schema_node.h"
#include "secret.h"
#include "stamp.h"
#include "strset.h"

/* --- the tree under our hands --- */

static void
drop(struct document *d, struct lyd_node *node)
{
	if (document_tree(d) == node)
		document_set_tree(d, node->next);
	lyd_free_tree(node);
}

/* The tree changes below these steps, of which the last may not be there yet. */
static void
touch(struct document *d, const struct path *p)
{
	unsigned i;

	document_touch(d);
	for (i = 0; i + 1 < p->n && p->nodes[i] != NULL; i++)
		stamp_clear(p->nodes[i]);
}

/* Drop every instance of what the last step names: the entry with its key, else all. */
static void
drop_all(struct document *d, const struct path *p)
{
	const struct place *last = path_last(p);
	struct lyd_node *first, *n, *next;

	if (last->key != NULL) {
		if (path_node(p) != NULL)
			drop(d, path_node(p));
		return;
	}
	first = p->n > 1 ? (path_parent(p) != NULL ? lyd_child(path_parent(p)) : NULL) : document_tree(d);
	LY_LIST_FOR_SAFE(first, next, n)
		if (n->schema == last->s->node)
			drop(d, n);
}

static int
insert(struct document *d, struct lyd_node *parent, struct lyd_node *node)
{
	struct lyd_node *top = document_tree(d);

	if (parent != NULL)
		return lyd_insert_child(parent, node) == LY_SUCCESS ? 0 : -ENOMEM;
	if (lyd_insert_sibling(top, node, &top) != LY_SUCCESS)
		return -ENOMEM;
	document_set_tree(d, top);
	return 0;
}

/* The containers above the last step that are not there yet; entries of lists are (path_resolve checked). */
static int
make_parents(struct document *d, struct path *p)
{
	const struct lysc_node *node;
	unsigned i;

	for (i = 0; i + 1 < p->n; i++) {
		if (p->nodes[i] != NULL)
			continue;
		node = p->steps[i].s->node;
		if (lyd_new_inner(i > 0 ? p->nodes[i - 1] : NULL, node->module, node->name, 0, &p->nodes[i]) != LY_SUCCESS)
			return -ENOMEM;
		if (i == 0 && insert(d, NULL, p->nodes[i]) != 0)
			return -ENOMEM;
	}
	return 0;
}

/* --- building apart --- */

struct scratch {
	struct builder	 builder;
	struct lyd_node	*top;		/* first of what was built, with the copies of its parents */
	struct lyd_node	*parent;	/* copy of the last parent; NULL at the top */
};

static int
scratch_init(struct scratch *s, const struct document *d, struct problems *problems)
{
	memset(s, 0, sizeof(*s));
	s->builder.schema = document_schema(d);
	s->builder.problems = problems;
	s->builder.arena = arena_new(0);
	return s->builder.arena != NULL ? 0 : -ENOMEM;
}

static void
scratch_fini(struct scratch *s)
{
	lyd_free_all(s->top);
	arena_free(s->builder.arena);
}

/* Parents without their other members: enough to build below. */
static int
scratch_parents(struct scratch *s, const struct path *p)
{
	const struct place *step;
	struct lyd_node *node;
	LY_ERR error;
	unsigned i;

	for (i = 0; i + 1 < p->n; i++) {
		step = &p->steps[i];
		if (step->key != NULL)
			error = lyd_new_list(s->parent, step->s->node->module, step->s->node->name, 0, &node, step->key);
		else
			error = lyd_new_inner(s->parent, step->s->node->module, step->s->node->name, 0, &node);
		if (error != LY_SUCCESS)
			return -ENOMEM;
		if (s->top == NULL)
			s->top = node;
		s->parent = node;
	}
	return 0;
}

static int
scratch_build(struct scratch *s, const struct path *p, struct node *value)
{
	const struct place *last = path_last(p);
	unsigned before = problems_count(s->builder.problems);

	if (scratch_parents(s, p) != 0)
		return -ENOMEM;
	if (last->key != NULL)
		(void)build_entry(&s->builder, last->up, last->s, last->key, value, s->parent, &s->top);
	else
		build_node(&s->builder, last->up, last->s, value, s->parent, &s->top);
	if (s->builder.error != 0)
		return s->builder.error;
	return problems_count(s->builder.problems) == before ? 0 : -EINVAL;
}

/* The entry after which a replacement must stand so that the order stays; NULL: it comes first, or order is nothing. */
static struct lyd_node *
entry_before(const struct lyd_node *node)
{
	if (node == NULL || node->prev->next == NULL || node->prev->schema != node->schema)
		return NULL;
	return node->prev;
}

/* Put an entry of an ordered list after another, or first. */
static void
put_after(struct document *d, struct lyd_node *entry, struct lyd_node *after)
{
	struct lyd_node *first;

	if (after != NULL) {
		(void)lyd_insert_after(after, entry);
		return;
	}
	first = document_first(lyd_parent(entry) != NULL ? lyd_child(lyd_parent(entry)) : document_tree(d), entry->schema);
	if (first == entry)
		return;
	(void)lyd_insert_before(first, entry);
	if (document_tree(d) == first)
		document_set_tree(d, entry);
}

/* What was built takes the place of what was there. */
static int
splice(struct document *d, struct path *p, struct scratch *s)
{
	const struct place *last = path_last(p);
	struct lyd_node *old = path_node(p), *after = entry_before(old), *n, *next;
	struct lyd_node *first = s->parent != NULL ? lyd_child(s->parent) : s->top;
	bool keep_order = last->key != NULL && last->s->is_ordered && old != NULL;

	touch(d, p);
	if (make_parents(d, p) != 0)
		return -ENOMEM;
	drop_all(d, p);
	LY_LIST_FOR_SAFE(first, next, n) {
		if (n->schema != last->s->node)
			continue;
		if (s->top == n)
			s->top = next;
		lyd_unlink_tree(n);
		if (insert(d, path_parent(p), n) != 0) {
			lyd_free_tree(n);
			return -ENOMEM;
		}
		if (keep_order)
			put_after(d, n, after);
	}
	return 0;
}

/* --- the edits --- */

static int
replace_document(struct document *d, enum document_format format, const char *body, size_t len, struct problems *problems)
{
	struct document *new = NULL;
	int error = document_load(document_schema(d), format, body, len, problems, &new);

	if (error != 0)
		return error;
	document_swap(d, new);
	document_free(new);
	return 0;
}

static int
check_flags(bool is_there, unsigned flags)
{
	if ((flags & EDIT_CREATE) && is_there)
		return -EEXIST;
	return (flags & EDIT_REPLACE) && !is_there ? -ENOENT : 0;
}

static bool
is_key_leaf(const struct place *last)
{
	return last->s->parent != NULL && last->s->parent->key == last->s;
}

/* Build value and put it where p says. */
static int
put_value(struct document *d, struct path *p, struct scratch *s, struct node *value)
{
	int error;

	if (is_key_leaf(path_last(p))) {
		place_problem(path_last(p), s->builder.problems, 0, "key", "make a new one and delete the old",
		    "the name of a %s cannot change", path_last(p)->s->parent->item);
		return -ENOTSUP;
	}
	error = scratch_build(s, p, value);
	return error != 0 ? error : splice(d, p, s);
}

int
edit_put(struct document *d, const char *path, enum document_format format, const char *body, size_t len, unsigned flags,
    bool *ret_created, struct problems *problems)
{
	struct scratch s;
	struct node *value;
	struct path p;
	bool is_there;
	int error = path_resolve(&p, d, path, problems);

	if (error != 0)
		return error;
	is_there = p.n == 0 || (path_node(&p) != NULL && !(path_node(&p)->flags & LYD_DEFAULT));
	error = check_flags(is_there, flags);
	if (error != 0)
		return error;
	if (ret_created != NULL)
		*ret_created = !is_there;
	if (p.n == 0)
		return replace_document(d, format, body, len, problems);
	error = scratch_init(&s, d, problems);
	if (error != 0)
		return error;
	error = document_read(format, body, len, s.builder.arena, problems, &value);
	if (error == 0)
		error = put_value(d, &p, &s, value);
	scratch_fini(&s);
	return error;
}

/* --- merge patch --- */

static struct node *nodes_of(struct arena *, const struct lyd_node *inner);

static enum node_style
style_of(const struct schema_node *s)
{
	if (s->kind != NULL)
		return NODE_QUOTED;
	switch (s->type->basetype) {
	case LY_TYPE_BOOL:
		return NODE_BOOL;
	case LY_TYPE_UINT8:
	case LY_TYPE_UINT16:
	case LY_TYPE_UINT32:
		return NODE_NUMBER;
	default:
		return NODE_QUOTED;
	}
}

static struct node *
node_of_item(struct arena *arena, const struct lyd_node *n)
{
	const char *text;

	if (n->schema->nodetype & (LYS_CONTAINER | LYS_LIST))
		return nodes_of(arena, n);
	text = lyd_get_value(n);
	if (schema_node_of(n)->is_secret)
		return secret_node(arena, text);
	return node_scalar(arena, style_of(schema_node_of(n)), text, strlen(text), 0);
}

/* Unordered lists become maps by key, so that a patch can name an entry. */
static bool
add_item(struct arena *arena, struct node *map, const struct lyd_node *n)
{
	const struct schema_node *s = schema_node_of(n);
	struct node *item = node_of_item(arena, n), *list;

	if (item == NULL)
		return false;
	if (!(n->schema->nodetype & (LYS_LIST | LYS_LEAFLIST))) {
		item->name = n->schema->name;
		node_append(map, item);
		return true;
	}
	list = map->last != NULL && strcmp(map->last->name, n->schema->name) == 0 ? map->last :
	    node_member(map, n->schema->name);
	if (list == NULL) {
		list = node_new(arena, s->is_ordered || n->schema->nodetype == LYS_LEAFLIST ? NODE_SEQ : NODE_MAP, 0);
		if (list == NULL)
			return false;
		list->name = n->schema->name;
		node_append(map, list);
	}
	if (list->kind == NODE_MAP)
		item->name = lyd_get_value(lyd_child(n));
	node_append(list, item);
	return true;
}

static struct node *
nodes_of_siblings(struct arena *arena, const struct lyd_node *first)
{
	struct node *map = node_new(arena, NODE_MAP, 0);
	const struct lyd_node *n;

	if (map == NULL)
		return NULL;
	LY_LIST_FOR(first, n)
		if (!(n->flags & LYD_DEFAULT) && !add_item(arena, map, n))
			return NULL;
	return map;
}

static struct node *
nodes_of(struct arena *arena, const struct lyd_node *inner)
{
	return nodes_of_siblings(arena, lyd_child(inner));
}

/* The current value of the last step as nodes that a patch can be merged into. */
static struct node *
current_value(struct arena *arena, const struct document *d, const struct path *p)
{
	const struct place *last = path_last(p);
	struct node *map, *member;

	if (p->n == 0)
		return nodes_of_siblings(arena, document_tree(d));
	if (path_node(p) == NULL)
		return node_new(arena, NODE_MAP, 0);
	if (last->key != NULL || last->s->node->nodetype == LYS_CONTAINER)
		return nodes_of(arena, path_node(p));
	map = nodes_of_siblings(arena, p->n > 1 ? lyd_child(path_parent(p)) : document_tree(d));
	member = map != NULL ? node_member(map, last->s->node->name) : NULL;
	return member != NULL ? member : node_new(arena, NODE_MAP, 0);
}

/* The whole document is built anew from what the patch makes of it. */
static int
patch_document(struct document *d, struct scratch *s, const struct node *merged)
{
	unsigned before = problems_count(s->builder.problems);
	struct lyd_node *old;

	if (merged->kind != NODE_MAP) {
		problems_add(s->builder.problems, "", "", merged->line, "type", "", "a configuration is a mapping of sections");
		return -EINVAL;
	}
	build_members(&s->builder, NULL, NULL, merged, NULL, &s->top);
	if (s->builder.error != 0)
		return s->builder.error;
	if (problems_count(s->builder.problems) != before)
		return -EINVAL;
	document_touch(d);
	old = document_tree(d);
	document_set_tree(d, s->top);
	s->top = old;
	return 0;
}

static int
patch_value(struct document *d, struct path *p, struct scratch *s, struct node *patch)
{
	struct node *value = patch;
	int error;

	if (patch->kind == NODE_MAP) {
		value = current_value(s->builder.arena, d, p);
		if (value == NULL)
			return -ENOMEM;
		if (value->kind == NODE_MAP) {
			error = node_merge(s->builder.arena, value, patch);
			if (error != 0)
				return error;
		} else {
			value = patch;
		}
	}
	return p->n == 0 ? patch_document(d, s, value) : put_value(d, p, s, value);
}

int
edit_patch(struct document *d, const char *path, enum document_format format, const char *body, size_t len,
    struct problems *problems)
{
	struct scratch s;
	struct node *patch;
	struct path p;
	int error = path_resolve(&p, d, path, problems);

	if (error != 0)
		return error;
	if (p.n > 0 && path_last(&p)->key != NULL && path_node(&p) == NULL) {
		place_problem(path_last(&p), problems, 0, "not-found", "", "there is no %s \"%.100s\"", path_last(&p)->s->item,
		    path_last(&p)->key);
		return -ENOENT;
	}
	error = scratch_init(&s, d, problems);
	if (error != 0)
		return error;
	error = document_read(format, body, len, s.builder.arena, problems, &patch);
	if (error == 0)
		error = patch_value(d, &p, &s, patch);
	scratch_fini(&s);
	return error;
}

int
edit_delete(struct document *d, const char *path, struct problems *problems)
{
	struct path p;
	int error = path_resolve(&p, d, path, problems);

	if (error != 0)
		return error;
	if (p.n == 0) {
		document_touch(d);
		lyd_free_all(document_tree(d));
		document_set_tree(d, NULL);
		return 0;
	}
	if (path_node(&p) == NULL || (path_node(&p)->flags & LYD_DEFAULT)) {
		place_problem(path_last(&p), problems, 0, "not-found", "", "is not set");
		return -ENOENT;
	}
	if (is_key_leaf(path_last(&p))) {
		place_problem(path_last(&p), problems, 0, "key", "delete the whole entry", "the name of a %s cannot be removed",
		    path_last(&p)->s->parent->item);
		return -ENOTSUP;
	}
	touch(d, &p);
	drop_all(d, &p);
	return 0;
}

/* --- lists --- */

/* The key in the body, or one that is made and added to it; NULL with a problem, or without memory. */
static const char *
key_for(const struct path *p, struct scratch *s, struct node *body)
{
	const struct place *list = path_last(p);
	struct strset keys;
	struct lyd_node *n;
	const char *key;

	strset_init(&keys);
	/* The others matter only where a name is made. */
	LY_LIST_FOR(node_member(body, list->s->key->node->name) == NULL ? path_node(p) : NULL, n)
		if (n->schema == list->s->node && strset_add(&keys, lyd_get_value(lyd_child(n)), 0) < 0)
			s->builder.error = -ENOMEM;
	key = build_key(&s->builder, list, body, &keys);
	strset_fini(&keys);
	return key;
}

static int
append_value(struct document *d, struct path *p, struct scratch *s, struct node *body, char **ret_key)
{
	struct place *last = &p->steps[p->n - 1];
	int error;

	if (body->kind != NODE_MAP) {
		place_problem(last, s->builder.problems, body->line, "type", "", "an entry is a mapping of members");
		return -EINVAL;
	}
	last->key = key_for(p, s, body);
	if (last->key == NULL)
		return s->builder.error != 0 ? s->builder.error : -EINVAL;
	if (path_node(p) != NULL && path_find_entry(path_node(p), last->s, last->key) != NULL)
		return -EEXIST;
	p->nodes[p->n - 1] = NULL;
	error = scratch_build(s, p, body);
	if (error != 0)
		return error;
	*ret_key = strdup(last->key);
	if (*ret_key == NULL)
		return -ENOMEM;
	error = splice(d, p, s);
	if (error != 0)
		free(*ret_key);
	return error;
}

int
edit_append(struct document *d, const char *path, enum document_format format, const char *body, size_t len, char **ret_key,
    struct problems *problems)
{
	struct scratch s;
	struct node *value;
	struct path p;
	int error = path_resolve(&p, d, path, problems);

	if (error != 0)
		return error;
	if (p.n == 0 || path_last(&p)->s->node->nodetype != LYS_LIST || path_last(&p)->key != NULL)
		return -ENOTSUP;
	error = scratch_init(&s, d, problems);
	if (error != 0)
		return error;
	error = document_read(format, body, len, s.builder.arena, problems, &value);
	if (error == 0)
		error = append_value(d, &p, &s, value, ret_key);
	scratch_fini(&s);
	return error;
}

/* The last of the other entries of a list, or NULL. */
static struct lyd_node *
last_other(const struct lyd_node *entry)
{
	struct lyd_node *first = lyd_first_sibling(entry), *n = first->prev;

	while (n != first && (n->schema != entry->schema || n == entry))
		n = n->prev;
	return n->schema == entry->schema && n != entry ? n : NULL;
}

/* The entry that the moved one is put after; *ret_after is NULL when it comes first. */
static int
find_place(const struct path *p, enum edit_place place, const char *ref, struct lyd_node **ret_after, struct problems *problems)
{
	struct lyd_node *entry = path_node(p), *at = ref != NULL ? path_find_entry(entry, path_last(p)->s, ref) : NULL;

	*ret_after = place == EDIT_AFTER ? at : place == EDIT_LAST ? last_other(entry) : NULL;
	if (place == EDIT_BEFORE && at != NULL && (*ret_after = entry_before(at)) == entry)
		*ret_after = entry_before(entry);
	if ((place == EDIT_BEFORE || place == EDIT_AFTER) && at == NULL) {
		place_problem(path_last(p), problems, 0, "unknown-reference", "", "there is no %s \"%.100s\" to move to",
		    path_last(p)->s->item, ref != NULL ? ref : "");
		return -EINVAL;
	}
	return 0;
}

int
edit_move(struct document *d, const char *path, enum edit_place place, const char *ref, struct problems *problems)
{
	struct lyd_node *after;
	struct path p;
	int error = path_resolve(&p, d, path, problems);

	if (error != 0)
		return error;
	if (p.n == 0 || path_last(&p)->key == NULL || !path_last(&p)->s->is_ordered || place == EDIT_PLACE_INVALID)
		return -ENOTSUP;
	if (path_node(&p) == NULL) {
		place_problem(path_last(&p), problems, 0, "not-found", "", "there is no %s \"%.100s\"", path_last(&p)->s->item,
		    path_last(&p)->key);
		return -ENOENT;
	}
	if (ref != NULL && strcmp(ref, path_last(&p)->key) == 0)
		return 0;
	error = find_place(&p, place, ref, &after, problems);
	if (error != 0)
		return error;
	touch(d, &p);
	put_after(d, path_node(&p), after);
	return 0;
}

/* --- reading --- */

static int
print_value(const struct document *d, const struct path *p, enum document_format format, unsigned flags, struct buf *b)
{
	const struct schema *schema = document_schema(d);
	const struct place *last = path_last(p);
	const struct lyd_node *top = p->n == 1 ? document_tree(d) : NULL;
	unsigned print_flags = (flags & DOCUMENT_FULL ? PRINT_FULL : 0) | (flags & DOCUMENT_WITHOUT_LISTS ? PRINT_WITHOUT_LISTS : 0);

	if (last->key != NULL && format == DOCUMENT_YAML)
		print_yaml(schema, path_node(p), NULL, print_flags, b);
	else if (last->key != NULL)
		print_json(schema, path_node(p), NULL, print_flags, b);
	else if (format == DOCUMENT_YAML)
		print_yaml_value(schema, last->s, path_parent(p), top, print_flags, b);
	else
		print_json_value(schema, last->s, path_parent(p), top, print_flags, b);
	return buf_failed(b) ? -ENOMEM : 0;
}

/* Lists and containers are always there, maybe empty; a leaf when it is set or has a default. */
static bool
is_readable(const struct path *p)
{
	const struct schema_node *s;

	if (p->n == 0 || path_node(p) != NULL)
		return true;
	s = path_last(p)->s;
	if (path_last(p)->key != NULL || s->is_presence)
		return false;
	return s->node->nodetype != LYS_LEAF || s->dflt != NULL;
}

int
edit_get(const struct document *d, const char *path, enum document_format format, unsigned flags, struct buf *b)
{
	struct problems *problems = problems_new();
	struct document *full = NULL;
	struct path p;
	int error;

	if (problems == NULL)
		return -ENOMEM;
	if (flags & DOCUMENT_FULL) {
		full = document_dup_full(d);
		if (full == NULL) {
			problems_free(problems);
			return -ENOMEM;
		}
		d = full;
	}
	error = path_resolve(&p, d, path, problems);
	problems_free(problems);
	if (error == 0 && !is_readable(&p))
		error = -ENOENT;
	if (error == 0)
		error = p.n == 0 ? document_print(d, format, flags, b) : print_value(d, &p, format, flags, b);
	document_free(full);
	return error;
}

/* Written in JSON as it is (RFC 8259, 7). */
static bool
is_literal(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < 0x20 || *text == '"' || *text == '\\')
			return false;
	return true;
}

int
edit_find(const struct document *d, const char *path, const char *text, struct buf *b)
{
	struct problems *problems = problems_new();
	struct path p;
	int error = problems != NULL ? path_resolve(&p, d, path, problems) : -ENOMEM;

	problems_free(problems);
	if (error != 0)
		return error;
	if (p.n == 0 || path_last(&p)->s->node->nodetype != LYS_LIST || path_last(&p)->key != NULL || !is_literal(text) ||
	    (path_node(&p) != NULL && !stamp_fits(path_node(&p))))
		return -ENOTSUP;
	print_json_with(document_schema(d), path_last(&p)->s, path_parent(&p), p.n == 1 ? document_tree(d) : NULL, text, b);
	return buf_failed(b) ? -ENOMEM : 0;
}

bool
edit_exists(const struct document *d, const char *path)
{
	struct problems *problems = problems_new();
	struct path p;
	bool is_there;

	is_there = problems != NULL && path_resolve(&p, d, path, problems) == 0 &&
	    (p.n == 0 || (path_node(&p) != NULL && !(path_node(&p)->flags & LYD_DEFAULT)));
	problems_free(problems);
	return is_there;
}

int
edit_etag(const struct document *d, const char *path, char ret[33])
{
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	struct buf b;
	int error;

	buf_init(&b, 0);
	error = edit_get(d, path, DOCUMENT_JSON, 0, &b);
	if (error == 0 && EVP_Digest(b.data, b.len, hash, &n, EVP_sha256(), NULL) != 1)
		error = -ENOMEM;
	if (error == 0)
		str_hex(hash, 16, ret);
	buf_fini(&b);
	return error;
}
