/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "build.h"
#include "node.h"
#include "place.h"
#include "problem.h"
#include "schema.h"
#include "schema_node.h"
#include "secret.h"
#include "strset.h"
#include "value.h"

/* A node made without a parent joins the top-level nodes. */
static void
join(struct lyd_node *node, struct lyd_node *parent, struct lyd_node **top)
{
	if (parent == NULL)
		(void)lyd_insert_sibling(*top, node, top);
}

static const char *
schema_message(const struct builder *b)
{
	const struct ly_err_item *e = ly_err_last(schema_ctx(b->schema));

	return e != NULL ? e->msg : NULL;
}

static void
report_fault(struct builder *b, const struct place *p, const struct node *n, const struct value_fault *f)
{
	place_problem(p, b->problems, n->line, f->code, f->remedy, "%s", f->text);
}

static struct lyd_node *
make_term(struct builder *b, const struct place *p, const struct node *n, struct lyd_node *parent, struct lyd_node **top)
{
	struct value_fault f;
	struct lyd_node *term;
	struct node secret;
	char buf[VALUE_LEN];
	const char *text;
	LY_ERR error;

	if (n->kind == NODE_INVALID)
		return NULL;
	if (p->s->is_secret && n->kind != NODE_NULL && (n = secret_read(p, n, b->problems, &secret)) == NULL)
		return NULL;
	text = value_read(p->s, n, buf, &f);
	if (text != NULL) {
		error = p->s->is_checked ? lyd_new_term_canon(parent, p->s->node->module, p->s->node->name, text, 0, &term) :
		    lyd_new_term(parent, p->s->node->module, p->s->node->name, text, 0, &term);
		if (error == LY_SUCCESS) {
			join(term, parent, top);
			return term;
		}
		if (error == LY_EMEM) {
			b->error = -ENOMEM;
			return NULL;
		}
		value_refused(p->s, text, schema_message(b), &f);
		ly_err_clean(schema_ctx(b->schema), NULL);
	}
	report_fault(b, p, n, &f);
	return NULL;
}

static void
build_leaflist(struct builder *b, const struct place *p, const struct node *value, struct lyd_node *parent,
    struct lyd_node **top)
{
	struct strset seen;
	struct lyd_node *term;
	struct node *n;
	int added;

	if (value->kind == NODE_SCALAR) {
		(void)make_term(b, p, value, parent, top);
		return;
	}
	if (value->kind == NODE_MAP) {
		place_problem(p, b->problems, value->line, "type", "", "is a list of values, not a mapping");
		return;
	}
	strset_init(&seen);
	for (n = value->first; n != NULL && b->error == 0; n = n->next) {
		term = make_term(b, p, n, parent, top);
		if (term == NULL)
			continue;
		added = strset_add(&seen, lyd_get_value(term), n->line);
		if (added < 0)
			b->error = -ENOMEM;
		if (added != 0)
			continue;
		place_problem(p, b->problems, n->line, "duplicate", "keep one of the two", "%.200s is there twice",
		    lyd_get_value(term));
		if (parent == NULL && *top == term)
			*top = term->next;
		lyd_free_tree(term);
	}
	strset_fini(&seen);
}

/* The next key of the form PREFIX-N that no entry has. */
static const char *
make_key(struct builder *b, const struct schema_node *s, const struct strset *keys)
{
	char text[64];
	unsigned i;

	for (i = 1; i != 0; i++) {
		(void)snprintf(text, sizeof(text), "%.40s-%u", s->make_key, i);
		if (strset_find(keys, text) == NULL)
			break;
	}
	return arena_strdup(b->arena, text);
}

const char *
build_key(struct builder *b, const struct place *list, struct node *body, const struct strset *keys)
{
	const char *name = list->s->key->node->name, *key = node_member_text(body, name);
	struct node *made;

	if (key != NULL)
		return key;
	if (node_member(body, name) != NULL) {
		place_problem_at(list, name, b->problems, node_member(body, name)->line, "type", "put it in quotes",
		    "the name of a %s is text", list->s->item);
		return NULL;
	}
	if (list->s->make_key == NULL) {
		place_problem(list, b->problems, body->line, "missing", "", "an entry here needs its %s", name);
		return NULL;
	}
	key = make_key(b, list->s, keys);
	made = key != NULL ? node_scalar(b->arena, NODE_QUOTED, key, strlen(key), body->line) : NULL;
	if (made == NULL) {
		b->error = -ENOMEM;
		return NULL;
	}
	made->name = name;
	node_append(body, made);
	return made->text;
}

static bool
is_key_allowed(struct builder *b, const struct place *entry, unsigned line)
{
	if (entry->s->reserved == NULL || !schema_enum_has(entry->s->reserved, entry->key))
		return true;
	place_problem(entry, b->problems, line, "reserved", "choose another name", "the %s \"%s\" is always there",
	    entry->s->item, entry->key);
	return false;
}

struct lyd_node *
build_entry(struct builder *b, const struct place *up, const struct schema_node *s, const char *key, struct node *body,
    struct lyd_node *parent, struct lyd_node **top)
{
	struct place p = { up, s, key };
	struct value_fault f;
	struct lyd_node *entry;
	const struct node *inner;

	inner = node_member(body, s->key->node->name);
	if (inner != NULL && inner->text != NULL && strcmp(inner->text, key) != 0) {
		place_problem(&p, b->problems, inner->line, "key-mismatch", "write the same name, or leave it out inside",
		    "this %s is called \"%.100s\" outside and \"%.100s\" inside", s->item, key, inner->text);
		return NULL;
	}
	if (!is_key_allowed(b, &p, body->line))
		return NULL;
	if (lyd_new_list(parent, s->node->module, s->node->name, 0, &entry, key) != LY_SUCCESS) {
		value_refused(s->key, key, schema_message(b), &f);
		ly_err_clean(schema_ctx(b->schema), NULL);
		report_fault(b, &p, body, &f);
		return NULL;
	}
	join(entry, parent, top);
	if (body->kind == NODE_INVALID)
		return entry;
	if (body->kind == NODE_SCALAR || body->kind == NODE_SEQ)
		place_problem(&p, b->problems, body->line, "type", "", "is a mapping of members, not a %s",
		    body->kind == NODE_SEQ ? "list" : "single value");
	else
		build_members(b, &p, s, body, entry, NULL);
	return entry;
}

static void
build_mapping(struct builder *b, const struct place *list, const struct node *map, struct lyd_node *parent,
    struct lyd_node **top)
{
	struct node *n;

	if (list->s->is_ordered) {
		place_problem(list, b->problems, map->line, "type", "start each entry with a hyphen",
		    "is a list in which the order counts, not a mapping");
		return;
	}
	for (n = map->first; n != NULL && b->error == 0; n = n->next)
		(void)build_entry(b, list->up, list->s, n->name, n, parent, top);
}

static void
build_sequence(struct builder *b, const struct place *list, const struct node *seq, struct lyd_node *parent,
    struct lyd_node **top)
{
	const char *name = list->s->key->node->name, *key;
	struct strset keys, seen;
	struct node *n;

	strset_init(&keys);
	strset_init(&seen);
	for (n = seq->first; n != NULL && list->s->make_key != NULL; n = n->next)
		if ((key = node_member_text(n, name)) != NULL && strset_add(&keys, key, n->line) < 0)
			b->error = -ENOMEM;
	for (n = seq->first; n != NULL && b->error == 0; n = n->next) {
		if (n->kind == NODE_INVALID)
			continue;
		if (n->kind != NODE_MAP) {
			place_problem(list, b->problems, n->line, "type", "", "each entry is a mapping of members");
			continue;
		}
		key = build_key(b, list, n, &keys);
		if (key == NULL)
			continue;
		if (strset_find(&seen, key) != NULL) {
			place_problem(list, b->problems, n->line, "duplicate", "give one of them another name",
			    "there are two with the name \"%.100s\" (the first on line %u)", key,
			    strset_find(&seen, key)->value);
			continue;
		}
		if (strset_add(&seen, key, n->line) < 0 || strset_add(&keys, key, n->line) < 0)
			b->error = -ENOMEM;
		(void)build_entry(b, list->up, list->s, key, n, parent, top);
	}
	strset_fini(&keys);
	strset_fini(&seen);
}

static void
build_container(struct builder *b, const struct place *p, const struct node *value, struct lyd_node *parent,
    struct lyd_node **top)
{
	struct lyd_node *inner;

	if (value->kind == NODE_SCALAR || value->kind == NODE_SEQ) {
		place_problem(p, b->problems, value->line, "type", "", "is a mapping of members, not a %s",
		    value->kind == NODE_SEQ ? "list" : "single value");
		return;
	}
	if (value->n == 0 && !p->s->is_presence)
		return;
	if (lyd_new_inner(parent, p->s->node->module, p->s->node->name, 0, &inner) != LY_SUCCESS) {
		b->error = -ENOMEM;
		return;
	}
	join(inner, parent, top);
	build_members(b, p, p->s, value, inner, NULL);
}

void
build_node(struct builder *b, const struct place *up, const struct schema_node *s, struct node *value,
    struct lyd_node *parent, struct lyd_node **top)
{
	struct place p = { up, s, NULL };

	if (value->kind == NODE_INVALID)
		return;
	if (s->max != 0 && (value->kind == NODE_SEQ || value->kind == NODE_MAP) && value->n > s->max)
		place_problem(&p, b->problems, value->line, "too-many", "", "has %u entries; there may be %u", value->n, s->max);
	else if (s->node->nodetype == LYS_LEAF)
		(void)make_term(b, &p, value, parent, top);
	else if (s->node->nodetype == LYS_LEAFLIST)
		build_leaflist(b, &p, value, parent, top);
	else if (s->node->nodetype == LYS_CONTAINER)
		build_container(b, &p, value, parent, top);
	else if (value->kind == NODE_MAP)
		build_mapping(b, &p, value, parent, top);
	else if (value->kind == NODE_SEQ)
		build_sequence(b, &p, value, parent, top);
	else if (value->kind == NODE_SCALAR)
		place_problem(&p, b->problems, value->line, "type", "", "is a list of entries, not a single value");
}

static void
report_unknown(struct builder *b, const struct place *p, const struct schema_node *parent, const struct node *n)
{
	const struct schema_node *s;
	struct nearest near;
	char remedy[320];
	uint32_t i;

	nearest_init(&near, n->name);
	for (i = 0; (s = schema_child_at(b->schema, parent, i)) != NULL; i++)
		nearest_try(&near, s->node->name);
	place_problem_at(p, n->name, b->problems, n->line, "unknown-member", nearest_remedy(&near, remedy, sizeof(remedy)),
	    parent == NULL ? "there is no section \"%.100s\"" : "there is no \"%.100s\" here", n->name);
}

/* Two cases of one choice. */
static bool
is_other_case(struct builder *b, const struct place *p, const struct schema_node *s, const struct node *map,
    const struct node *n)
{
	const struct schema_node *other;
	const struct node *m;

	for (m = map->first; s->choice != NULL && m != n; m = m->next) {
		other = schema_child(b->schema, s->parent, m->name);
		if (other == NULL || other->choice != s->choice || other->node->parent == s->node->parent)
			continue;
		place_problem_at(p, n->name, b->problems, n->line, "choice", "keep one of the two",
		    "\"%s\" and \"%s\" cannot both be given", m->name, n->name);
		return true;
	}
	return false;
}

void
build_members(struct builder *b, const struct place *p, const struct schema_node *parent, const struct node *map,
    struct lyd_node *data, struct lyd_node **top)
{
	const struct schema_node *s;
	struct node *n;

	for (n = map->first; n != NULL && b->error == 0; n = n->next) {
		s = schema_child(b->schema, parent, n->name);
		if (s == NULL)
			report_unknown(b, p, parent, n);
		else if (parent != NULL && s == parent->key)
			continue;
		else if (!is_other_case(b, p, s, map, n))
			build_node(b, p, s, n, data, top);
	}
}
