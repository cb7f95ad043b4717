/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Validation of what an edit can affect.  The document was valid before; so entries of a list that were not touched need not be
 * judged again when nothing else looks at that list: then a document with the touched entries alone has the same faults as
 * the whole one.
 */
#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "document.h"
#include "document_tree.h"
#include "judge.h"
#include "problem.h"
#include "schema.h"
#include "schema_node.h"
#include "strset.h"

#define LISTS_MAX	4	/* more lists at once: judge everything */
#define XPATH_MAX	1024	/* of an expression without its literals */

/* One list below a section, and the keys of it that were touched. */
struct touched {
	const struct schema_node	*list;
	const struct lysc_node		*node;
	struct strset			 keys;		/* in the arena */
	uint32_t			 count;		/* entries of the document */
};

struct reduction {
	const struct schema	*schema;
	struct arena		*arena;
	struct touched		 lists[LISTS_MAX];
	unsigned		 nlists;
};

/* --- does anything else look at a list? --- */

/* What an expression says between its literals (XPath 1.0, 3.7): 'http://' is a text, and no path.  False: it is too long to tell. */
static bool
without_literals(const char *xpath, char *ret, size_t size)
{
	size_t n = 0;
	char quote;

	for (; *xpath != '\0'; xpath++) {
		if (n + 1 >= size)
			return false;
		ret[n++] = *xpath;
		if (*xpath != '\'' && *xpath != '"')
			continue;
		quote = *xpath;
		if ((xpath = strchr(xpath + 1, quote)) == NULL)
			return false;
	}
	ret[n] = '\0';
	return true;
}

/* An expression that names the list, or that can reach it without naming it. */
static bool
looks_at(const char *expression, const char *name)
{
	char xpath[XPATH_MAX];

	return !without_literals(expression, xpath, sizeof(xpath)) || strstr(xpath, name) != NULL || strstr(xpath, "//") != NULL ||
	    strchr(xpath, '*') != NULL || strstr(xpath, "::") != NULL;
}

static bool
musts_look_at(const struct lysc_node *node, const char *name)
{
	struct lysc_must *musts = lysc_node_musts(node);
	struct lysc_when **whens = lysc_node_when(node);
	LY_ARRAY_COUNT_TYPE i;

	LY_ARRAY_FOR(musts, i)
		if (looks_at(lyxp_get_expr(musts[i].cond), name))
			return true;
	LY_ARRAY_FOR(whens, i)
		if (looks_at(lyxp_get_expr(whens[i]->cond), name))
			return true;
	return false;
}

static bool
somebody_looks_at(const struct schema *schema, const struct schema_node *parent, const struct schema_node *list)
{
	const struct schema_node *s;
	const struct lysc_node *node;
	uint32_t i;

	for (i = 0; (s = schema_child_at(schema, parent, i)) != NULL; i++) {
		if (s->target == list || (s->nchildren > 0 && somebody_looks_at(schema, s, list)))
			return true;
		/* Choices and cases between two data nodes have conditions, too. */
		for (node = s->node; node != NULL && (parent == NULL || node != parent->node); node = node->parent)
			if (musts_look_at(node, list->node->name))
				return true;
	}
	return false;
}

/* The entries of such a list can be judged one by one. */
static bool
is_apart(const struct schema *schema, const struct schema_node *list)
{
	const struct lysc_node_list *l = (const struct lysc_node_list *)list->node;

	return l->uniques == NULL && list->min == 0 && !somebody_looks_at(schema, NULL, list);
}

/* --- what was touched --- */

static struct touched *
touched_list(struct reduction *r, const struct lysc_node *node)
{
	unsigned i;

	for (i = 0; i < r->nlists; i++)
		if (r->lists[i].node == node)
			return &r->lists[i];
	return NULL;
}

/* The same, and added when it is new; NULL: there are too many, or it is looked at. */
static struct touched *
add_list(struct reduction *r, const struct schema_node *list)
{
	struct touched *t = touched_list(r, list->node);

	if (t != NULL)
		return t;
	if (r->nlists == LISTS_MAX || !is_apart(r->schema, list))
		return NULL;
	t = &r->lists[r->nlists++];
	*t = (struct touched){ .list = list, .node = list->node };
	strset_init(&t->keys);
	return t;
}

/* "/SECTION/LIST/KEY...": false when it is something else, or a list that is looked at; also without memory. */
static bool
add_path(struct reduction *r, const char *path)
{
	const struct schema_node *section, *list;
	struct touched *t;
	char name[2][64];
	const char *at = path, *key;
	size_t len;
	unsigned i;

	for (i = 0; i < 2; i++) {
		if (*at != '/' || (len = strcspn(at + 1, "/")) == 0 || len >= sizeof(name[i]))
			return false;
		memcpy(name[i], at + 1, len);
		name[i][len] = '\0';
		at += 1 + len;
	}
	if (*at != '/' || at[1] == '\0')
		return false;
	section = schema_child(r->schema, NULL, name[0]);
	list = section != NULL && section->node->nodetype == LYS_CONTAINER ? schema_child(r->schema, section, name[1]) : NULL;
	if (list == NULL || list->node->nodetype != LYS_LIST || list->key == NULL || (t = add_list(r, list)) == NULL)
		return false;
	key = arena_strndup(r->arena, at + 1, strcspn(at + 1, "/"));
	return key != NULL && strset_add(&t->keys, key, 0) >= 0;
}

static void
reduction_fini(struct reduction *r)
{
	unsigned i;

	for (i = 0; i < r->nlists; i++)
		strset_fini(&r->lists[i].keys);
	arena_free(r->arena);
}

/* --- the smaller document --- */

static int
copy_members(struct reduction *r, const struct lyd_node *from, struct lyd_node *to)
{
	const struct lyd_node *c;
	struct touched *t;

	LY_LIST_FOR(lyd_child(from), c) {
		if ((t = touched_list(r, c->schema)) != NULL) {
			t->count++;
			if (strset_find(&t->keys, lyd_get_value(lyd_child(c))) == NULL)
				continue;
		}
		if (lyd_dup_single(c, (struct lyd_node_inner *)to, LYD_DUP_RECURSIVE | LYD_DUP_WITH_FLAGS, NULL) != LY_SUCCESS)
			return -ENOMEM;
	}
	return 0;
}

static bool
has_touched_list(const struct reduction *r, const struct lyd_node *section)
{
	unsigned i;

	for (i = 0; i < r->nlists; i++)
		if (r->lists[i].node->parent == section->schema)
			return true;
	return false;
}

static int
reduce(struct reduction *r, const struct document *d, struct lyd_node **ret)
{
	const struct lyd_node *section;
	struct lyd_node *copy;
	uint32_t flags;
	bool split;

	LY_LIST_FOR(document_tree(d), section) {
		split = has_touched_list(r, section);
		flags = LYD_DUP_WITH_FLAGS | (split ? 0u : LYD_DUP_RECURSIVE);
		if (lyd_dup_single(section, NULL, flags, &copy) != LY_SUCCESS)
			return -ENOMEM;
		if (lyd_insert_sibling(*ret, copy, ret) != LY_SUCCESS) {
			lyd_free_tree(copy);
			return -ENOMEM;
		}
		if (split && copy_members(r, section, copy) != 0)
			return -ENOMEM;
	}
	return 0;
}

static bool
is_over_a_bound(const struct reduction *r)
{
	unsigned i;

	for (i = 0; i < r->nlists; i++)
		if (r->lists[i].list->max != 0 && r->lists[i].count > r->lists[i].list->max)
			return true;
	return false;
}

/* Valid (0), or perhaps not (-EINVAL): then everything must be looked at. */
static int
validate_reduced(struct document *d, struct reduction *r)
{
	struct problems *found = problems_new();
	struct lyd_node *tree = NULL;
	int error;

	if (found == NULL)
		return -ENOMEM;
	if ((error = reduce(r, d, &tree)) == 0)
		error = is_over_a_bound(r) ? -EINVAL : judge(r->schema, &tree, NULL, found);
	lyd_free_all(tree);
	if (error == 0 && !judge_roles(d, NULL, found))
		error = -EINVAL;
	problems_free(found);
	return error;
}

int
document_validate_touched(struct document *d, const char *const *paths, size_t n, struct problems *problems)
{
	struct reduction r = { .schema = document_schema(d), .arena = arena_new(0) };
	int error = -EINVAL;
	size_t i;

	for (i = 0; i < n && r.arena != NULL && add_path(&r, paths[i]); i++)
		;
	if (i == n)
		error = validate_reduced(d, &r);
	reduction_fini(&r);
	/* What is wrong is said by who sees everything. */
	return error == -EINVAL ? document_validate(d, problems) : error;
}
