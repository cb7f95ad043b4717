/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What YANG cannot say of the rules of a role: their paths are those of the schema, and some verbs are about the whole box. */
#include <stdio.h>
#include <string.h>

#include "base/str.h"

#include "document.h"
#include "judge.h"
#include "place.h"
#include "problem.h"
#include "user_role.h"
#include "schema_node.h"
#include "value.h"

struct roles {
	const struct document	*doc;
	const struct node	*source;
	struct problems		*problems;
	char			 role[USER_ROLE_NAME_LEN];
	char			 rule[PLACE_LEN];	/* its pointer */
	const char		*path;
	bool			 is_fine;
};

static void
complain(struct roles *r, const char *member, const char *value, const char *code, const char *remedy, const char *text)
{
	struct place steps[PLACE_STEPS];
	const struct lyd_node *node;
	char pointer[PLACE_LEN + 16];

	(void)snprintf(pointer, sizeof(pointer), "%s/%s", r->rule, member);
	node = document_find(r->doc, pointer);
	if (node == NULL)
		node = document_find(r->doc, r->rule);
	if (node != NULL)
		place_problem(place_of_data(node, steps), r->problems, place_line(place_of_data(node, steps), r->source, value), code, remedy, "%s",
		    text);
	else
		problems_add(r->problems, pointer, NULL, 0, code, remedy, "%s", text);
	r->is_fine = false;
}

/* The step that the schema does not know, in words. */
static void
unknown_step(struct roles *r, const struct schema_node *up, const char *step)
{
	const struct schema_node *s;
	struct nearest near;
	char text[320], remedy[160];
	uint32_t i;

	nearest_init(&near, step);
	for (i = 0; (s = schema_child_at(document_schema(r->doc), up, i)) != NULL; i++)
		nearest_try(&near, s->node->name);
	if (up != NULL)
		(void)snprintf(text, sizeof(text), "%s has no \"%.100s\"", up->node->name, step);
	else
		(void)snprintf(text, sizeof(text), "there is no section \"%.100s\"", step);
	(void)nearest_remedy(&near, remedy, sizeof(remedy));
	complain(r, "path", NULL, "unknown-path", remedy, text);
}

static void
check_path(struct roles *r)
{
	const struct schema_node *s = NULL, *next;
	const char *at = r->path;
	bool is_key = false;
	unsigned n = 0;
	char step[256];
	size_t len;

	for (;; at += len) {
		at += strspn(at, "/");
		if ((len = strcspn(at, "/")) == 0)
			return;
		if (++n > USER_ROLE_STEPS || len >= sizeof(step)) {
			complain(r, "path", NULL, "unknown-path", "", "the schema has no path as long as that");
			return;
		}
		if (is_key) {
			is_key = false;
			continue;
		}
		(void)str_copy(step, at, len + 1);
		if ((next = schema_child(document_schema(r->doc), s, step)) == NULL) {
			unknown_step(r, s, step);
			return;
		}
		s = next;
		is_key = s->node->nodetype == LYS_LIST;
	}
}

static void
check_verb(const char *verb, void *arg)
{
	struct roles *r = arg;
	char text[160];
	unsigned i;

	for (i = RIGHT_WHOLE_FIRST; i < RIGHT_MAX; i++) {
		if (strcmp(right_verb((enum right)i), verb) != 0 || strcmp(r->path, "/") == 0)
			continue;
		(void)snprintf(text, sizeof(text), "\"%s\" is about the whole box and not about a part of the configuration", verb);
		complain(r, "verbs", verb, "whole-box", "put it into a rule with the path /", text);
	}
}

static void
check_rule(const char *name, void *arg)
{
	struct roles *r = arg;
	char path[PLACE_LEN + 16];

	(void)snprintf(r->rule, sizeof(r->rule), "/roles/%s/rules/%.100s", r->role, name);
	(void)snprintf(path, sizeof(path), "%s/path", r->rule);
	if ((r->path = document_value(r->doc, path)) == NULL)
		return;
	check_path(r);
	(void)snprintf(path, sizeof(path), "%s/verbs", r->rule);
	document_each(r->doc, path, check_verb, r);
}

static void
check_role(const char *name, void *arg)
{
	struct roles *r = arg;
	char path[64];

	(void)str_copy(r->role, name, sizeof(r->role));
	(void)snprintf(path, sizeof(path), "/roles/%s/rules", r->role);
	document_each(r->doc, path, check_rule, r);
}

bool
judge_roles(const struct document *doc, const struct node *source, struct problems *problems)
{
	struct roles r = { .doc = doc, .source = source, .problems = problems, .is_fine = true };

	document_each(doc, "/roles", check_role, &r);
	return (r.is_fine);
}
