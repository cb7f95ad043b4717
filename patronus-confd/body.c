/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/str.h"

#include "body.h"
#include "jsondoc.h"
#include "node.h"
#include "problem.h"
#include "reply.h"
#include "request.h"

/* "application/json; charset=utf-8" is "application/json". */
static bool
is_type(const char *header, const char *type)
{
	size_t len = strcspn(header, "; ");

	return (strlen(type) == len && strncasecmp(header, type, len) == 0);
}

bool
body_format(struct request *req, enum document_format *ret)
{
	const char *type = req->in->content_type;

	if (is_type(type, "application/json") || is_type(type, "application/merge-patch+json"))
		*ret = DOCUMENT_JSON;
	else if (is_type(type, "application/yaml") || is_type(type, "application/x-yaml") || is_type(type, "text/yaml"))
		*ret = DOCUMENT_YAML;
	else {
		reply_problem(req, PROBLEM_MEDIA_TYPE, "the Content-Type must be application/json or application/yaml");
		return (false);
	}
	return (true);
}

bool
body_wants_yaml(const struct request *req)
{
	return (is_type(req->in->accept, "application/yaml") || is_type(req->in->accept, "text/yaml"));
}

/* One member of the body; false, with a problem, when it is not what it should be. */
static bool
take_member(const struct node *node, const struct body_member *m, struct problems *problems)
{
	char pointer[80];

	(void)snprintf(pointer, sizeof(pointer), "/%.64s", node->name);
	if (m->name == NULL) {
		problems_add(problems, pointer, NULL, node->line, "unknown-member", "", "\"%s\" is not known here", node->name);
		return (false);
	}
	if (m->ret_text != NULL) {
		if (node->kind == NODE_SCALAR && node->style == NODE_QUOTED) {
			*m->ret_text = node->text;
			return (true);
		}
		problems_add(problems, pointer, NULL, node->line, "type", "", "\"%s\" must be a string", m->name);
		return (false);
	}
	if (node->kind == NODE_SCALAR && node->style == NODE_NUMBER && str_u64(node->text, m->min, m->max, m->ret_number) == 0)
		return (true);
	problems_add(problems, pointer, NULL, node->line, "range", "", "\"%s\" must be a number from %llu to %llu", m->name,
	    (unsigned long long)m->min, (unsigned long long)m->max);
	return (false);
}

static void
take_members(const struct node *map, const struct body_member *members, struct problems *problems)
{
	const struct body_member *m;
	const struct node *node;
	char pointer[80];

	for (node = map != NULL ? map->first : NULL; node != NULL; node = node->next) {
		for (m = members; m->name != NULL && strcmp(m->name, node->name) != 0; m++)
			;
		(void)take_member(node, m, problems);
	}
	for (m = members; m->name != NULL; m++) {
		if (!m->is_required || (map != NULL && node_member(map, m->name) != NULL))
			continue;
		(void)snprintf(pointer, sizeof(pointer), "/%s", m->name);
		problems_add(problems, pointer, NULL, 0, "missing", "", "\"%s\" is missing", m->name);
	}
}

bool
body_object(struct request *req, const struct body_member *members)
{
	const struct bytes *body = &req->in->body;
	struct problems *problems;
	struct node *map = NULL;
	int error = 0;

	if (body->len > 0 && !is_type(req->in->content_type, "application/json")) {
		reply_problem(req, PROBLEM_MEDIA_TYPE, "the Content-Type must be application/json");
		return (false);
	}
	if ((problems = problems_new()) == NULL)
		fatalx("body", "no memory");
	if (body->len > 0)
		error = jsondoc_read((const char *)body->data, body->len, req->message.arena, problems, &map);
	if (error != 0)
		reply_problems(req, PROBLEM_SYNTAX, problems, "the body cannot be read");
	else if (map != NULL && map->kind != NODE_MAP)
		reply_problem(req, PROBLEM_SYNTAX, "the body must be an object");
	else {
		take_members(map, members, problems);
		error = problems_count(problems) > 0;
		if (error != 0)
			reply_problems(req, PROBLEM_VALIDATION, problems, "the body is not what this call takes");
		problems_free(problems);
		return (error == 0);
	}
	problems_free(problems);
	return (false);
}
