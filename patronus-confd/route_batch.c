/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"

#include "batch.h"
#include "body.h"
#include "confd.h"
#include "node.h"
#include "problem.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "workspace.h"

#define VALUE_MAX	(4u << 20)
#define REPLY_MAX	(16u << 20)

/* An operation as it stands in the body. */
struct spoken {
	const char		*op, *path, *if_match, *before, *after, *to;
	const struct node	*value;
};

static const struct {
	const char	*name;
	enum edit_kind	 kind;
	unsigned	 flags;
	bool		 has_value;
} verbs[] = {
	{ "create", EDIT_KIND_PUT, EDIT_CREATE, true },
	{ "put", EDIT_KIND_PUT, 0, true },
	{ "patch", EDIT_KIND_PATCH, 0, true },
	{ "delete", EDIT_KIND_DELETE, 0, false },
	{ "append", EDIT_KIND_APPEND, 0, true },
	{ "move", EDIT_KIND_MOVE, 0, false },
};

/* "/firewall/rules/web-in": as the rest of a path below /configuration, and not the whole document. */
static bool
is_path(const char *path)
{
	size_t len = strlen(path);

	return (len > 1 && len < 2048 && path[0] == '/' && path[len - 1] != '/' && strstr(path, "//") == NULL);
}

/* NULL when the arena of the message, which is as large as messages are, has no room. */
static const char *
text_of(struct request *req, const struct node *value)
{
	const char *text;
	struct buf b;

	buf_init(&b, VALUE_MAX);
	node_print_json(value, &b);
	text = buf_failed(&b) ? NULL : arena_strndup(req->message.arena, (const char *)b.data, b.len);
	buf_fini(&b);
	return (text);
}

/* What is wrong with it, in words; NULL: it is in ret. */
static const char *
understand(struct request *req, const struct spoken *s, struct operation *ret)
{
	size_t i;

	for (i = 0; i < sizeof(verbs) / sizeof(verbs[0]) && strcmp(verbs[i].name, s->op) != 0; i++)
		;
	if (i == sizeof(verbs) / sizeof(verbs[0]))
		return ("op must be create, put, patch, delete, append or move");
	if (!is_path(s->path))
		return ("path must name something below /configuration, as \"/firewall/rules/web-in\"");
	if (verbs[i].has_value != (s->value != NULL))
		return (verbs[i].has_value ? "this op needs a value" : "this op takes no value");
	ret->edit = (struct edit){ .kind = verbs[i].kind, .path = s->path, .format = DOCUMENT_JSON, .flags = verbs[i].flags, .body = "" };
	ret->if_match = s->if_match;
	if (s->value != NULL) {
		if ((ret->edit.body = text_of(req, s->value)) == NULL)
			return ("the values are too large together");
		ret->edit.len = strlen(ret->edit.body);
	}
	if (verbs[i].kind == EDIT_KIND_MOVE)
		return (route_place(s->before, s->after, s->to, &ret->edit) ? NULL : "say one of before, after and to (\"first\", \"last\")");
	return (s->before == NULL && s->after == NULL && s->to == NULL ? NULL : "only move takes before, after and to");
}

static void
read_operation(struct request *req, const struct node *node, size_t i, struct operation *ret, struct problems *problems)
{
	struct spoken s = { .op = "" };
	const struct body_member members[] = {
		{ .name = "op", .ret_text = &s.op, .is_required = true },
		{ .name = "path", .ret_text = &s.path, .is_required = true },
		{ .name = "value", .ret_any = &s.value },
		{ .name = "if-match", .ret_text = &s.if_match },
		{ .name = "before", .ret_text = &s.before },
		{ .name = "after", .ret_text = &s.after },
		{ .name = "to", .ret_text = &s.to },
		{ .name = NULL },
	};
	const char *fault;
	char pointer[32];

	(void)snprintf(pointer, sizeof(pointer), "/operations/%zu", i);
	problems_in_operation(problems, (unsigned)i + 1, node->line);
	ret->line = node->line;
	if (body_members(node, pointer, members, problems) && (fault = understand(req, &s, ret)) != NULL)
		problems_add(problems, pointer, NULL, node->line, "operation", "", "%s", fault);
	problems_in_operation(problems, 0, 0);
}

static void
apply(struct request *req, struct workspace *w, struct operation *ops, size_t n)
{
	struct problems *problems = problems_new();
	struct buf b;
	int error;

	if (problems == NULL)
		fatalx("batch", "no memory");
	if ((error = batch_apply(req->confd->workspaces, w, &req->rights, ops, n, problems)) != 0)
		route_reply_edit_error(req, error, problems);
	else {
		route_announce(req, w);
		buf_init(&b, REPLY_MAX);
		batch_print(ops, n, &b);
		reply_json(req, 200, &b, NULL);
	}
	problems_free(problems);
	batch_free(ops, n);
}

void
batch_create(struct request *req)
{
	const struct node *list = NULL, *item;
	const struct body_member members[] = {
		{ .name = "operations", .ret_list = &list, .max = BATCH_MAX, .is_required = true },
		{ .name = NULL },
	};
	struct problems *problems;
	struct operation *ops;
	struct workspace *w;
	size_t n = 0;

	if (!route_find_candidate(req, &w) || !body_object(req, members))
		return;
	ops = calloc(list->n + 1, sizeof(*ops));
	if (ops == NULL || (problems = problems_new()) == NULL)
		fatalx("batch", "no memory");
	for (item = list->first; item != NULL; item = item->next, n++)
		read_operation(req, item, n, &ops[n], problems);
	if (problems_count(problems) > 0) {
		reply_problems(req, PROBLEM_VALIDATION, problems, "the operations cannot be read; nothing was changed");
		batch_free(ops, n);
	} else if (w == NULL)
		route_direct(req, ops, n, true);
	else
		apply(req, w, ops, n);
	problems_free(problems);
}
