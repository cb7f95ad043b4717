/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <libyang/libyang.h>

#include "document.h"
#include "path.h"
#include "place.h"
#include "problem.h"
#include "schema_node.h"
#include "usage.h"

struct search {
	const struct place	*entry;
	usage_each		*fn;
	void			*arg;
};

static void
walk(const struct lyd_node *n, const struct search *search)
{
	struct place steps[PLACE_STEPS];
	const struct place *place;

	for (; n != NULL; n = n->next) {
		if (schema_node_of(n)->target == search->entry->s && (n->flags & LYD_DEFAULT) == 0 &&
		    strcmp(lyd_get_value(n), search->entry->key) == 0 && (place = place_of_data(n, steps)) != NULL)
			search->fn(place, search->arg);
		walk(lyd_child(n), search);
	}
}

int
usage_find(const struct document *d, const char *path, struct problems *problems, usage_each *fn, void *arg)
{
	struct search search = { .fn = fn, .arg = arg };
	struct path p;
	int error;

	if ((error = path_resolve(&p, d, path, problems)) != 0)
		return (error);
	search.entry = path_last(&p);
	if (search.entry == NULL || search.entry->key == NULL) {
		problems_add(problems, path, NULL, 0, "no-entry", "say an entry of a list, as /firewall/groups/NAME", "only entries of lists are referred to");
		return (-EINVAL);
	}
	if (path_node(&p) == NULL) {
		place_problem(search.entry, problems, 0, "not-found", "", "it is not there");
		return (-ENOENT);
	}
	walk(document_tree(d), &search);
	return (0);
}

/* --- all entries of a list --- */

struct names {
	const struct schema_node	*target;
	const char			**items;	/* as often as they are referred to */
	size_t				 n;
	size_t				 cap;
	bool				 failed;
};

static void
names_add(struct names *all, const char *name)
{
	const char **more;

	if (all->n == all->cap) {
		all->cap = all->cap == 0 ? 256 : all->cap * 2;
		if ((more = reallocarray(all->items, all->cap, sizeof(*more))) == NULL) {
			all->failed = true;
			return;
		}
		all->items = more;
	}
	all->items[all->n++] = name;
}

static void
collect(const struct lyd_node *n, struct names *all)
{
	for (; n != NULL && !all->failed; n = n->next) {
		if (schema_node_of(n)->target == all->target && (n->flags & LYD_DEFAULT) == 0)
			names_add(all, lyd_get_value(n));
		collect(lyd_child(n), all);
	}
}

static int
by_name(const void *a, const void *b)
{
	return (strcmp(*(const char *const *)a, *(const char *const *)b));
}

int
usage_counts(const struct document *d, const char *path, struct problems *problems, usage_count *fn, void *arg)
{
	struct names all = { .n = 0 };
	const struct place *list;
	struct path p;
	size_t i, first;
	int error;

	if ((error = path_resolve(&p, d, path, problems)) != 0)
		return (error);
	if ((list = path_last(&p)) == NULL || list->key != NULL || list->s->key == NULL) {
		problems_add(problems, path, NULL, 0, "no-list", "say a list, as /firewall/groups", "only entries of lists are referred to");
		return (-EINVAL);
	}
	all.target = list->s;
	collect(document_tree(d), &all);
	if (all.n > 0)
		qsort(all.items, all.n, sizeof(*all.items), by_name);
	for (i = 0, first = 0; i < all.n && !all.failed; i++)
		if (i + 1 == all.n || strcmp(all.items[i], all.items[i + 1]) != 0) {
			fn(all.items[i], (unsigned)(i + 1 - first), arg);
			first = i + 1;
		}
	free(all.items);
	return (all.failed ? -ENOMEM : 0);
}
