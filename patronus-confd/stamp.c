/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stddef.h>

#include <libyang/libyang.h>

#include "stamp.h"

/* Of the process: enough for a change of every entry of the largest document each second for centuries. */
static uint64_t last;

bool
stamp_fits(const struct lyd_node *n)
{
	if (n->schema->nodetype != LYS_LIST)
		return false;
	for (n = lyd_parent(n); n != NULL; n = lyd_parent(n))
		if (n->schema->nodetype == LYS_LIST)
			return false;
	return true;
}

uint64_t
stamp_of(const struct lyd_node *entry)
{
	struct lyd_node *n = (struct lyd_node *)(uintptr_t)entry;

	if (n->priv == NULL)
		n->priv = (void *)(uintptr_t)++last;
	return (uintptr_t)n->priv;
}

bool
stamp_same(const struct lyd_node *a, const struct lyd_node *b)
{
	return a->schema->nodetype == LYS_LIST && a->priv != NULL && a->priv == b->priv;
}

void
stamp_clear(struct lyd_node *n)
{
	n->priv = NULL;
}

void
stamp_clear_all(struct lyd_node *first)
{
	struct lyd_node *n;

	LY_LIST_FOR(first, n) {
		if (n->schema->nodetype == LYS_LIST)
			n->priv = NULL;
		else if (n->schema->nodetype == LYS_CONTAINER)
			stamp_clear_all(lyd_child(n));
	}
}

void
stamp_copy(const struct lyd_node *from, struct lyd_node *to)
{
	for (; from != NULL && to != NULL; from = from->next, to = to->next) {
		if (from->schema->nodetype == LYS_LIST)
			to->priv = from->priv;
		else if (from->schema->nodetype == LYS_CONTAINER)
			stamp_copy(lyd_child(from), lyd_child(to));
	}
}
