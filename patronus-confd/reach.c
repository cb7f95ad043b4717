/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/str.h"

#include "diff.h"
#include "document.h"
#include "edit.h"
#include "members.h"
#include "place.h"
#include "problem.h"
#include "reach.h"
#include "schema_node.h"

struct reach {
	const struct rights	*rights;
	enum right		 right;
	struct breach		*ret;
};

/* --- differences --- */

static bool
stop(struct reach *r, const char *path)
{
	r->ret->right = r->right;
	(void)user_role_may(r->rights->role, r->right, path, &r->ret->right);
	(void)str_copy(r->ret->path, path, sizeof(r->ret->path));
	r->ret->is_hidden = !rights_may(r->rights, RIGHT_CONFIG_READ, path);
	return (true);
}

/* Everything that is written at a node and below it. */
static bool
walk(struct reach *r, const struct lyd_node *node, const char *path)
{
	enum extent extent = rights_extent(r->rights, r->right, path);
	const struct lyd_node *child;
	char below[PLACE_LEN];

	if (extent == EXTENT_EVERYTHING || lysc_is_key(node->schema))
		return (false);
	/* A container says nothing by itself, but one whose presence does. */
	if ((node->schema->nodetype != LYS_CONTAINER || schema_node_of(node)->is_presence) && !rights_may(r->rights, r->right, path))
		return (stop(r, path));
	LY_LIST_FOR(lyd_child(node), child) {
		if (members_is_default(child))
			continue;
		if (child->schema->nodetype == LYS_LIST)
			(void)snprintf(below, sizeof(below), "%s/%s/%s", path, child->schema->name, members_key(child));
		else
			(void)snprintf(below, sizeof(below), "%s/%s", path, child->schema->name);
		if (walk(r, child, below))
			return (true);
	}
	return (false);
}

static void
parent_of(const char *path, char ret[PLACE_LEN])
{
	const char *last = strrchr(path, '/');

	(void)str_copy(ret, path, PLACE_LEN);
	if (last != NULL)
		ret[last - path] = '\0';
}

static bool
is_breach(struct reach *r, const struct diff_change *c, const struct document *a, const struct document *b)
{
	bool is_moved = c->op == DIFF_MOVE || c->place_json != NULL;
	const struct lyd_node *node;
	char list[PLACE_LEN];

	/* Where an entry stands decides what those behind it are worth. */
	if (is_moved) {
		parent_of(c->path, list);
		if (!rights_may(r->rights, r->right, list))
			return (stop(r, list));
	}
	if (rights_extent(r->rights, r->right, c->path) == EXTENT_EVERYTHING)
		return (false);
	if (c->op == DIFF_CREATE || c->op == DIFF_DELETE) {
		node = document_find(c->op == DIFF_CREATE ? b : a, c->path);
		return (node == NULL ? stop(r, c->path) : walk(r, node, c->path));
	}
	return (!rights_may(r->rights, r->right, c->path) && stop(r, c->path));
}

bool
reach_breach(const struct rights *rights, enum right right, const struct document *a, const struct document *b, struct breach *ret)
{
	struct reach r = { .rights = rights, .right = right, .ret = ret };
	struct diff *diff;
	bool found = false;
	size_t i;

	if (rights_extent(rights, right, "") == EXTENT_EVERYTHING)
		return (false);
	if (diff_documents(a, b, &diff) != 0)
		return (stop(&r, ""));
	for (i = 0; i < diff_count(diff) && !found; i++)
		found = is_breach(&r, diff_get(diff, i), a, b);
	diff_free(diff);
	return (found);
}

/* --- grants --- */

struct grants {
	const struct rights	*rights;
	const struct document	*a, *b;
	struct problems		*problems;
	const char		*list;	/* "/users" or "/roles" */
	bool			 is_fine;
};

/* No more than he has himself; name may be that of a role that is not there, which gives nothing. */
static void
check_role(struct grants *g, const struct document *doc, const char *name, const char *pointer, const char *what)
{
	struct user_role *role = user_role_load(doc, name);
	enum right right = RIGHT_INVALID;
	char path[256];

	if (role != NULL && !user_role_covers(g->rights->role, role, &right, path)) {
		problems_add(g->problems, pointer, NULL, 0, "more-than-yours", "ask somebody who has it",
		    "%s may \"%s\" at %s, and you may not: nobody gives or takes rights that he does not have", what, right_verb(right),
		    path[0] != '\0' ? path : "/");
		g->is_fine = false;
	}
	user_role_free(role);
}

static void
check_entry(struct grants *g, const struct document *doc, const char *key, const char *pointer)
{
	char path[160], what[80];

	if (!edit_exists(doc, pointer))
		return;
	if (strcmp(g->list, "/roles") == 0) {
		(void)snprintf(what, sizeof(what), "the role \"%.32s\"", key);
		check_role(g, doc, key, pointer, what);
	} else {
		(void)snprintf(path, sizeof(path), "%s/role", pointer);
		(void)snprintf(what, sizeof(what), "the user \"%.32s\"", key);
		check_role(g, doc, document_value(doc, path), pointer, what);
	}
}

static void
check_both(const char *key, void *arg)
{
	char pointer[128], before[33] = "", after[33] = "";
	struct grants *g = arg;

	(void)snprintf(pointer, sizeof(pointer), "%s/%.64s", g->list, key);
	(void)edit_etag(g->a, pointer, before);
	(void)edit_etag(g->b, pointer, after);
	if (strcmp(before, after) == 0)
		return;
	check_entry(g, g->a, key, pointer);
	check_entry(g, g->b, key, pointer);
}

bool
reach_grants(const struct rights *rights, const struct document *a, const struct document *b, struct problems *problems)
{
	static const char *const lists[] = { "/users", "/roles" };
	struct grants g = { .rights = rights, .a = a, .b = b, .problems = problems, .is_fine = true };
	struct user_role *all = user_role_load(a, user_role_builtin(0));
	char before[33], after[33];
	bool has_all;
	size_t i;

	has_all = user_role_covers(rights->role, all, NULL, NULL);
	user_role_free(all);
	if (has_all)
		return (true);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		before[0] = after[0] = '\0';
		(void)edit_etag(a, lists[i], before);
		(void)edit_etag(b, lists[i], after);
		if (strcmp(before, after) == 0)
			continue;
		g.list = lists[i];
		document_each(a, g.list, check_both, &g);
		document_each(b, g.list, check_both, &g);
	}
	return (g.is_fine);
}

/* --- the last administrator --- */

struct admins {
	const struct document	*doc;
	unsigned		 n;
};

static void
count_admin(const char *user, void *arg)
{
	struct admins *admins = arg;
	const char *enabled, *role;
	char path[128];

	(void)snprintf(path, sizeof(path), "/users/%.64s/enabled", user);
	enabled = document_value(admins->doc, path);
	(void)snprintf(path, sizeof(path), "/users/%.64s/role", user);
	role = document_value(admins->doc, path);
	admins->n += enabled != NULL && strcmp(enabled, "true") == 0 && role != NULL && strcmp(role, user_role_builtin(0)) == 0;
}

static unsigned
admins_of(const struct document *doc)
{
	struct admins admins = { .doc = doc };

	document_each(doc, "/users", count_admin, &admins);
	return (admins.n);
}

bool
reach_keeps_admin(const struct document *a, const struct document *b, struct problems *problems)
{
	if (admins_of(a) == 0 || admins_of(b) > 0)
		return (true);
	problems_add(problems, "/users", NULL, 0, "last-administrator", "give another user the role admin first",
	    "nobody would be left who may sign in and has the role admin");
	return (false);
}
