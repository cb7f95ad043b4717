/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/str.h"

#include "body.h"
#include "document_tree.h"
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
body_is_yaml(const struct request *req)
{
	const char *type = req->in->content_type;

	return (is_type(type, "application/yaml") || is_type(type, "application/x-yaml") || is_type(type, "text/yaml"));
}

bool
body_format(struct request *req, enum document_format *ret)
{
	const char *type = req->in->content_type;

	if (req->is_parsed)
		*ret = DOCUMENT_NODES;
	else if (is_type(type, "application/json") || is_type(type, "application/merge-patch+json"))
		*ret = DOCUMENT_JSON;
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

bool
body_map(struct request *req, struct node **ret)
{
	const struct bytes *body = &req->in->body;
	struct problems *problems;
	enum document_format format;
	int error;

	if (!body_format(req, &format))
		return (false);
	if ((problems = problems_new()) == NULL)
		fatalx("body", "no memory");
	error = document_read(format, (const char *)body->data, body->len, req->message.arena, problems, ret);
	if (error != 0)
		reply_problems(req, PROBLEM_SYNTAX, problems, "the body cannot be read");
	else if ((*ret)->kind != NODE_MAP) {
		reply_problem(req, PROBLEM_SYNTAX, "the body must be a mapping");
		error = -EINVAL;
	}
	problems_free(problems);
	return (error == 0);
}

/* What a member must be, in words; NULL when it is. */
static const char *
fault_of(const struct node *node, const struct body_member *m)
{
	bool is_scalar = node->kind == NODE_SCALAR;

	if (m->ret_text != NULL)
		return (is_scalar && node->style == NODE_QUOTED ? NULL : "a string");
	if (m->ret_flag != NULL)
		return (is_scalar && node->style == NODE_BOOL ? NULL : "true or false");
	if (m->ret_list != NULL)
		return (node->kind == NODE_SEQ && node->n <= m->max ? NULL : "an array that is not too long");
	if (m->ret_any != NULL)
		return (NULL);
	return (is_scalar && node->style == NODE_NUMBER && str_u64(node->text, m->min, m->max, m->ret_number) == 0 ? NULL : "a number");
}

/* One member of the body, with a problem when it is not what it should be. */
static void
take_member(const struct node *node, const char *up, const struct body_member *m, struct problems *problems)
{
	const char *fault;
	char pointer[160];

	(void)snprintf(pointer, sizeof(pointer), "%.80s/%.64s", up, node->name);
	if (m->name == NULL) {
		problems_add(problems, pointer, NULL, node->line, "unknown-member", "", "\"%s\" is not known here", node->name);
		return;
	}
	if ((fault = fault_of(node, m)) != NULL && m->ret_number != NULL)
		problems_add(problems, pointer, NULL, node->line, "range", "", "\"%s\" must be a number from %llu to %llu", m->name,
		    (unsigned long long)m->min, (unsigned long long)m->max);
	else if (fault != NULL)
		problems_add(problems, pointer, NULL, node->line, "type", "", "\"%s\" must be %s", m->name, fault);
	else if (m->ret_text != NULL)
		*m->ret_text = node->text;
	else if (m->ret_flag != NULL)
		*m->ret_flag = strcmp(node->text, "true") == 0;
	else if (m->ret_list != NULL)
		*m->ret_list = node;
	else if (m->ret_any != NULL)
		*m->ret_any = node;
}

bool
body_members(const struct node *map, const char *up, const struct body_member *members, struct problems *problems)
{
	unsigned before = problems_count(problems);
	const struct body_member *m;
	const struct node *node;
	char pointer[160];

	if (map != NULL && map->kind != NODE_MAP) {
		problems_add(problems, up, NULL, map->line, "type", "", "this must be an object");
		return (false);
	}
	for (node = map != NULL ? map->first : NULL; node != NULL; node = node->next) {
		for (m = members; m->name != NULL && strcmp(m->name, node->name) != 0; m++)
			;
		take_member(node, up, m, problems);
	}
	for (m = members; m->name != NULL; m++) {
		if (!m->is_required || (map != NULL && node_member(map, m->name) != NULL))
			continue;
		(void)snprintf(pointer, sizeof(pointer), "%.80s/%s", up, m->name);
		problems_add(problems, pointer, NULL, 0, "missing", "", "\"%s\" is missing", m->name);
	}
	return (problems_count(problems) == before);
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
		(void)body_members(map, "", members, problems);
		error = problems_count(problems) > 0;
		if (error != 0)
			reply_problems(req, PROBLEM_VALIDATION, problems, "the body is not what this call takes");
		problems_free(problems);
		return (error == 0);
	}
	problems_free(problems);
	return (false);
}
