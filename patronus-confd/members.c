/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "members.h"
#include "schema.h"
#include "schema_node.h"

const char *
members_key(const struct lyd_node *n)
{
	if (n->schema->nodetype == LYS_LIST)
		n = lyd_child(n);
	return n != NULL ? lyd_get_value(n) : "";
}

bool
members_is_default(const struct lyd_node *n)
{
	const struct schema_node *s = schema_node_of(n);
	const struct lyd_node *child;

	if (n->flags & LYD_DEFAULT)
		return true;
	if (n->schema->nodetype == LYS_LEAF) {
		/* Both texts are in the dictionary of the context. */
		return s->dflt != NULL && (lyd_get_value(n) == s->dflt || strcmp(lyd_get_value(n), s->dflt) == 0);
	}
	if (n->schema->nodetype != LYS_CONTAINER || s->is_presence)
		return false;
	LY_LIST_FOR(lyd_child(n), child)
		if (!members_is_default(child))
			return false;
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct lyd_node *const *x = a, *const *y = b;

	return strverscmp(members_key(*x), members_key(*y));
}

static bool
is_sorted(const struct member *m)
{
	size_t i;

	for (i = 1; i < m->n; i++)
		if (compare(&m->items[i - 1], &m->items[i]) > 0)
			return false;
	return true;
}

static size_t
count_children(const struct schema *schema, const struct schema_node *parent)
{
	size_t n = 0;

	if (parent != NULL)
		return parent->nchildren;
	while (schema_child_at(schema, NULL, (uint32_t)n) != NULL)
		n++;
	return n;
}

/* Items of one schema node are put next to each other, however they lie in the tree. */
static void
place_items(struct members *m, const struct lyd_node *first, bool is_full)
{
	const struct lyd_node *n;
	struct member *member;
	size_t i, at = 0;

	for (i = 0; i < m->n; i++) {
		m->all[i].items = m->items + at;
		at += m->all[i].n;
		m->all[i].n = 0;
	}
	LY_LIST_FOR(first, n) {
		if (!is_full && members_is_default(n))
			continue;
		member = &m->all[schema_node_of(n)->index];
		member->items[member->n++] = n;
	}
}

static bool
is_unordered(const struct schema_node *s)
{
	return (s->node->nodetype & (LYS_LIST | LYS_LEAFLIST)) != 0 && !s->is_ordered;
}

/*
 * In one go: the library keeps siblings in the order of the schema, so that those of one schema node are neighbours.  False when they
 * are not, or when there are more than few.
 */
static bool
place_neighbours(struct members *m, const struct lyd_node *first, bool is_full)
{
	const struct lyd_node *n;
	struct member *member = m->all;
	size_t at = 0, i;

	LY_LIST_FOR(first, n) {
		if (!is_full && members_is_default(n))
			continue;
		i = schema_node_of(n)->index;
		if (at == MEMBERS_FEW || m->all + i < member)
			return false;
		member = &m->all[i];
		if (member->n++ == 0)
			member->items = m->items + at;
		m->items[at++] = n;
	}
	return true;
}

/* However many there are, and however they lie. */
static int
place_any(struct members *m, const struct lyd_node *first, bool is_full)
{
	const struct lyd_node *n;
	size_t i, total = 0;

	for (i = 0; i < m->n; i++)
		m->all[i].n = 0;
	LY_LIST_FOR(first, n) {
		m->all[schema_node_of(n)->index].n++;
		total++;
	}
	if (total > MEMBERS_FEW && (m->items = calloc(total, sizeof(m->items[0]))) == NULL)
		return -ENOMEM;
	place_items(m, first, is_full);
	return 0;
}

int
members_init(struct members *m, const struct schema *schema, const struct lyd_node *parent, const struct lyd_node *top,
    bool is_full)
{
	const struct schema_node *ps = parent != NULL ? schema_node_of(parent) : NULL;
	const struct lyd_node *first = parent != NULL ? lyd_child(parent) : top;
	size_t i;

	m->n = count_children(schema, ps);
	m->items = m->few_items;
	m->all = m->n <= MEMBERS_FEW ? m->few : calloc(m->n, sizeof(m->all[0]));
	if (m->all == NULL)
		return -ENOMEM;
	for (i = 0; i < m->n; i++)
		m->all[i] = (struct member){ .s = ps != NULL ? ps->children[i] : schema_child_at(schema, NULL, (uint32_t)i) };
	if (!place_neighbours(m, first, is_full) && place_any(m, first, is_full) != 0) {
		members_fini(m);
		return -ENOMEM;
	}
	for (i = 0; i < m->n; i++)
		if (m->all[i].n > 1 && is_unordered(m->all[i].s) && !is_sorted(&m->all[i]))
			qsort(m->all[i].items, m->all[i].n, sizeof(m->all[i].items[0]), compare);
	return 0;
}

const struct member *
members_get(const struct members *m, const struct schema_node *s)
{
	static const struct member none;

	return s->index < m->n && m->all[s->index].s == s ? &m->all[s->index] : &none;
}

void
members_fini(struct members *m)
{
	if (m->all != m->few)
		free(m->all);
	if (m->items != m->few_items)
		free(m->items);
	m->all = NULL;
	m->items = NULL;
}
