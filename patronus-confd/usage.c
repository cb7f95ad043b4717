/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
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
