/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"

#include "access.h"
#include "batch.h"
#include "body.h"
#include "collection.h"
#include "confd.h"
#include "document.h"
#include "edit.h"
#include "events.h"
#include "problem.h"
#include "query.h"
#include "reach.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "schema.h"
#include "schema_node.h"
#include "sight.h"
#include "snapshot.h"
#include "workspace.h"

/* GET, PUT, PATCH, POST and DELETE below /configuration: the running document, or a workspace's candidate. */

#define DOCUMENT_MAX	(64u << 20)

static void	 make_edit(struct request *, struct edit *);
static void	 reply_not_allowed(struct request *);

/* The workspace that the header names; false, answered, when it is not there or not the caller's. */
bool
route_find_workspace(struct request *req, struct workspace **ret)
{
	*ret = NULL;
	if (req->in->workspace[0] == '\0')
		return (true);
	*ret = workspace_find(req->confd->workspaces, req->in->workspace);
	if (*ret != NULL && workspace_may(*ret, req->user, &req->rights))
		return (true);
	reply_problem(req, PROBLEM_NOT_FOUND, "there is no workspace \"%.32s\" of yours", req->in->workspace);
	return (false);
}

/* As the caller sees it.  Seen again after an edit it is another one, so this is asked once. */
static const struct document *
document_of(struct request *req, const struct workspace *w)
{
	return (sight_document(req, RIGHT_CONFIG_READ, w != NULL ? workspace_document(w) : req->confd->running->doc));
}

/* The whole running document has its ETag from its digest; everything else from its own text, and so for who sees a part of it. */
static int
etag_of(const struct request *req, const struct workspace *w, const struct document *doc, const char *path, char ret[33])
{
	const struct snapshot *s = w == NULL ? req->confd->running : w->doc == NULL ? w->base : NULL;

	if (path[0] == '\0' && s != NULL && rights_reads_all(&req->rights)) {
		(void)str_copy(ret, s->digest, 33);
		return (0);
	}
	return (edit_etag(doc, path, ret));
}

/* The schema node of the path before its last step: an entry and its list are one node. */
static bool
is_entry(const struct schema *schema, const char *path, const struct lysc_node *node)
{
	char up[2048];
	const char *last = strrchr(path, '/');

	if (node->nodetype != LYS_LIST || last == NULL || (size_t)(last - path) >= sizeof(up))
		return (false);
	memcpy(up, path, (size_t)(last - path));
	up[last - path] = '\0';
	return (schema_find(schema, up) == node);
}

/* The members of a list's items, with blanks between. */
static const char *
members_of(struct request *req, const struct schema_node *list)
{
	const char *text;
	struct buf b;
	uint32_t i;

	buf_init(&b, 16384);
	for (i = 0; i < list->nchildren; i++)
		buf_printf(&b, i > 0 ? " %s" : "%s", list->children[i]->node->name);
	text = buf_failed(&b) ? NULL : arena_strndup(req->message.arena, (const char *)b.data, b.len);
	buf_fini(&b);
	if (text == NULL)
		fatalx("config", "no memory");
	return (text);
}

/* A list that is searched or paged, as JSON. */
static void
search_list(struct request *req, const struct workspace *w, const struct document *doc, bool full)
{
	const struct schema_node *s = schema_find_node(req->confd->schema, req->rest);
	struct collection of = { .list = NULL };
	const char *q;
	char etag[33];
	struct buf b;
	int error;

	if (req->rest[0] == '\0' || s == NULL || s->node->nodetype != LYS_LIST || is_entry(req->confd->schema, req->rest, s->node)) {
		reply_problem(req, PROBLEM_SYNTAX, "only lists are searched and paged");
		return;
	}
	of.key = s->key->node->name;
	of.members = members_of(req, s);
	buf_init(&b, DOCUMENT_MAX);
	/* What cannot be found is not read at all. */
	q = full ? NULL : query_text(req, "q");
	error = q != NULL ? edit_find(doc, req->rest, q, &b) : -ENOTSUP;
	if (error == -ENOTSUP)
		error = edit_get(doc, req->rest, DOCUMENT_JSON, full ? DOCUMENT_FULL : 0, &b);
	if (error == 0)
		error = etag_of(req, w, doc, req->rest, etag);
	if (error == 0 && buf_failed(&b))
		error = -ENOMEM;
	if (error != 0)
		reply_error(req, error, NULL);
	else
		collection_reply(req, &of, (const char *)b.data, b.len, etag);
	buf_fini(&b);
}

/* May the caller read, or change, what is at path?  False, answered, when he may not. */
static bool
may_reach(struct request *req, const char *path, bool is_write)
{
	enum right right = is_write ? RIGHT_CONFIG_EDIT : RIGHT_CONFIG_READ;
	int len = path[0] == '/' ? (int)strcspn(path + 1, "/") : 0;
	struct breach breach = { .right = right };
	char needed[96];

	/* What depends on the value or on the change is judged by that, and the whole of an API token by its scopes. */
	if (len == 0 && !req->rights.is_scoped)
		return (true);
	if (rights_extent(&req->rights, right, path) != EXTENT_NOTHING && (len > 0 || rights_scope_is_whole(&req->rights, is_write)))
		return (true);
	if (!req->rights.is_scoped) {
		(void)str_copy(breach.path, path, sizeof(breach.path));
		(void)user_role_may(req->rights.role, right, path, &breach.right);
		access_reply_breach(req, &breach);
		return (false);
	}
	(void)snprintf(needed, sizeof(needed), ",\"needed\":\"%.*s:%s\"", len > 60 ? 60 : len > 0 ? len : 13, len > 0 ? path + 1 : "configuration",
	    is_write ? "write" : "read");
	reply_problem_with(req, PROBLEM_PERMISSION, needed, NULL, "the token's role and scopes do not reach that");
	return (false);
}

void
config_get(struct request *req)
{
	bool yaml = body_wants_yaml(req);
	const struct document *doc;
	struct workspace *w;
	char etag[33];
	struct buf b;
	bool full, lists;
	int error;

	if (!query_flag(req, "full", false, &full) || !query_flag(req, "lists", true, &lists) || !may_reach(req, req->rest, false) ||
	    !route_find_workspace(req, &w))
		return;
	doc = document_of(req, w);
	if (collection_is_asked(req)) {
		search_list(req, w, doc, full);
		return;
	}
	if (!lists && yaml) {
		reply_problem(req, PROBLEM_SYNTAX, "lists=false is for JSON");
		return;
	}
	buf_init(&b, DOCUMENT_MAX);
	error = edit_get(doc, req->rest, yaml ? DOCUMENT_YAML : DOCUMENT_JSON,
	    (full ? DOCUMENT_FULL : 0) | (lists ? 0 : DOCUMENT_WITHOUT_LISTS), &b);
	if (error == 0)
		error = etag_of(req, w, doc, req->rest, etag);
	if (error == 0 && buf_failed(&b))
		error = -ENOMEM;
	if (error != 0)
		reply_error(req, error, NULL);
	else
		reply_text(req, 200, yaml ? "application/yaml" : "application/json", (const char *)b.data, b.len,
		    &(struct reply_extra){ .etag = etag });
	buf_fini(&b);
}

bool
route_etag_listed(const char *list, const char *etag)
{
	size_t len = strlen(etag);
	const char *at;

	for (at = list; (at = strchr(at, '"')) != NULL; at++) {
		if (strncmp(at + 1, etag, len) == 0 && at[1 + len] == '"' && (at == list || at[-1] != '/'))
			return (true);
		if ((at = strchr(at + 1, '"')) == NULL)
			break;
	}
	return (false);
}

static void
reply_stale(struct request *req, const struct document *doc, const char *etag)
{
	struct buf b;

	buf_init(&b, DOCUMENT_MAX);
	buf_puts(&b, ",\"current\":");
	if (edit_get(doc, req->rest, DOCUMENT_JSON, 0, &b) != 0 || buf_failed(&b))
		reply_problem(req, PROBLEM_STALE, "the object is not as If-Match says");
	else {
		buf_putc(&b, '\0');
		reply_problem_with(req, PROBLEM_STALE, (const char *)b.data, &(struct reply_extra){ .etag = etag },
		    "the object is not as If-Match says");
	}
	buf_fini(&b);
}

/*
 * Does what the caller stands on still hold?  Sets the flags of a put.  The whole document of a workspace may be replaced without:
 * that is what loading a file means, and its commit sees whether anything moved.
 */
static bool
check_preconditions(struct request *req, const struct workspace *w, unsigned *ret_flags)
{
	const char *match = req->in->if_match, *none = req->in->if_none_match;
	const struct document *doc;
	char etag[33] = "";
	int error;

	*ret_flags = 0;
	if (match[0] == '\0' && strcmp(none, "*") == 0) {
		*ret_flags = EDIT_CREATE;
		return (true);
	}
	if (match[0] == '\0' && req->rest[0] == '\0' && w != NULL && req->in->method == MGMT_PUT)
		return (true);
	if (match[0] == '\0') {
		reply_problem(req, PROBLEM_PRECONDITION, "If-Match (or If-None-Match: * for something new) is missing");
		return (false);
	}
	doc = document_of(req, w);
	error = etag_of(req, w, doc, req->rest, etag);
	if (error == -ENOENT)
		reply_problem(req, PROBLEM_STALE, "the object is not there any more");
	else if (error != 0)
		reply_error(req, error, NULL);
	else if (strcmp(match, "*") != 0 && !route_etag_listed(match, etag))
		reply_stale(req, doc, etag);
	else
		return (true);	/* no EDIT_REPLACE: a leaf that has its default is there, but not written */
	return (false);
}

/* A workspace of the caller's that no commit holds, or none: then it is a transaction of its own. */
bool
route_find_candidate(struct request *req, struct workspace **ret)
{
	if (!route_find_workspace(req, ret))
		return (false);
	if (*ret != NULL && (*ret)->is_busy) {
		reply_problem(req, PROBLEM_HELD, "the workspace is being validated or committed");
		return (false);
	}
	if (*ret != NULL && req->in->query[0] != '\0') {
		reply_problem(req, PROBLEM_SYNTAX, "an edit in a workspace takes no parameters: they belong to its commit");
		return (false);
	}
	return (true);
}

static struct edit
edit_of(const struct request *req, enum edit_kind kind)
{
	return ((struct edit){ .kind = kind, .path = req->rest, .format = DOCUMENT_JSON, .body = (const char *)req->in->body.data,
	    .len = req->in->body.len });
}

void
config_put(struct request *req)
{
	struct edit e = edit_of(req, EDIT_KIND_PUT);

	if (body_format(req, &e.format))
		make_edit(req, &e);
}

void
config_patch(struct request *req)
{
	struct edit e = edit_of(req, EDIT_KIND_PATCH);

	if (body_format(req, &e.format))
		make_edit(req, &e);
}

void
config_delete(struct request *req)
{
	struct edit e = edit_of(req, EDIT_KIND_DELETE);

	if (req->rest[0] == '\0')
		reply_problem_with(req, PROBLEM_METHOD, "", &(struct reply_extra){ .allow = "GET, HEAD, PUT, PATCH, OPTIONS" },
		    "the whole configuration cannot be removed");
	else
		make_edit(req, &e);
}

bool
route_place(const char *before, const char *after, const char *to, struct edit *e)
{
	if ((before != NULL) + (after != NULL) + (to != NULL) == 1) {
		e->ref = before != NULL ? before : after;
		e->place = before != NULL ? EDIT_BEFORE : after != NULL ? EDIT_AFTER : strcmp(to, "first") == 0 ? EDIT_FIRST :
		    strcmp(to, "last") == 0 ? EDIT_LAST : EDIT_PLACE_INVALID;
	}
	return (e->place != EDIT_PLACE_INVALID);
}

/* Where an entry shall go; false, answered, when the body does not say it. */
static bool
read_place(struct request *req, struct edit *e)
{
	const char *before = NULL, *after = NULL, *to = NULL;
	const struct body_member members[] = {
		{ .name = "before", .ret_text = &before },
		{ .name = "after", .ret_text = &after },
		{ .name = "to", .ret_text = &to },
		{ .name = NULL },
	};

	if (!body_object(req, members))
		return (false);
	if (route_place(before, after, to, e))
		return (true);
	reply_problem(req, PROBLEM_VALIDATION, "say one of {\"before\": \"id\"}, {\"after\": \"id\"}, {\"to\": \"first\"}, {\"to\": \"last\"}");
	return (false);
}

void
config_post(struct request *req)
{
	struct edit e = edit_of(req, EDIT_KIND_APPEND);
	const char *last = strrchr(req->rest, '/');
	char *path;

	if (last != NULL && strcmp(last, "/move") == 0) {
		if ((path = arena_strndup(req->message.arena, req->rest, (size_t)(last - req->rest))) == NULL)
			fatalx("config", "no memory");
		e = (struct edit){ .kind = EDIT_KIND_MOVE, .path = path, .body = "" };
		if (read_place(req, &e))
			make_edit(req, &e);
	} else if (req->rest[0] == '\0')
		reply_problem_with(req, PROBLEM_METHOD, "", &(struct reply_extra){ .allow = "GET, HEAD, PUT, PATCH, OPTIONS" },
		    "nothing can be appended to the whole configuration");
	else if (body_format(req, &e.format))
		make_edit(req, &e);
}

void
config_allow(const struct request *req, const char *path, char ret[ROUTE_ALLOW])
{
	const struct schema *schema = req->confd->schema;
	unsigned methods = 1u << MGMT_GET | 1u << MGMT_PUT | 1u << MGMT_PATCH;
	const char *last = strrchr(path, '/');
	const struct lysc_node *node;
	char entry[2048];

	if (path[0] == '\0') {
		route_allow(methods, ret);
		return;
	}
	if ((node = schema_find(schema, path)) != NULL) {
		methods |= 1u << MGMT_DELETE;
		if (node->nodetype == LYS_LIST && !is_entry(schema, path, node))
			methods |= 1u << MGMT_POST;
	} else {
		methods = 0;
		(void)str_copy(entry, path, sizeof(entry));
		entry[last - path] = '\0';
		node = strcmp(last, "/move") == 0 ? schema_find(schema, entry) : NULL;
		if (node != NULL && is_entry(schema, entry, node) && lysc_is_userordered(node))
			methods = 1u << MGMT_POST;
	}
	route_allow(methods, ret);
}

static void
reply_not_allowed(struct request *req)
{
	char allow[ROUTE_ALLOW];

	config_allow(req, req->rest, allow);
	reply_problem_with(req, PROBLEM_METHOD, "", &(struct reply_extra){ .allow = allow }, "this path knows %s", allow);
}

void
route_announce(struct request *req, const struct workspace *w)
{
	struct buf b;

	buf_init(&b, 256);
	buf_printf(&b, "{\"workspace\":\"%s\",\"changes\":%u}", w->id, w->changes);
	if (!buf_failed(&b))
		events_publish(req->confd->events, TOPIC_COMMITS, (const char *)b.data, b.len);
	buf_fini(&b);
}

static void
direct_edit(struct request *req, const struct edit *e)
{
	struct operation *op = calloc(1, sizeof(*op));

	if (op == NULL)
		fatalx("config", "no memory");
	op->edit = *e;
	route_direct(req, op, 1, false);
}

static void
make_edit(struct request *req, struct edit *e)
{
	bool needs_match = e->kind == EDIT_KIND_PUT || e->kind == EDIT_KIND_PATCH || e->kind == EDIT_KIND_DELETE;
	struct problems *problems;
	struct workspace *w;
	bool is_new = e->kind == EDIT_KIND_APPEND;
	char *key = NULL;
	int error;

	if (e->path[0] != '\0' && schema_find(req->confd->schema, e->path) == NULL) {
		reply_problem(req, PROBLEM_NOT_FOUND, "the schema has no path %.256s", e->path);
		return;
	}
	if (!may_reach(req, e->path, true))
		return;
	if (!route_find_candidate(req, &w) || (needs_match && !check_preconditions(req, w, &e->flags)))
		return;
	if (w == NULL) {
		direct_edit(req, e);
		return;
	}
	if ((problems = problems_new()) == NULL)
		fatalx("config", "no memory");
	error = workspace_edit(req->confd->workspaces, w, &req->rights, e, &is_new, &key, problems);
	if (error != 0)
		route_reply_edit_error(req, error, problems);
	else {
		route_announce(req, w);
		route_reply_edit(req, workspace_document(w), e, is_new, key, NULL);
	}
	problems_free(problems);
	free(key);
}

void
route_reply_edit_error(struct request *req, int error, const struct problems *problems)
{
	if (error == -EACCES)
		access_reply_breach(req, workspaces_breach(req->confd->workspaces));
	else if (error == -ENOTSUP)
		reply_not_allowed(req);
	else
		reply_error(req, error, problems);
}

void
route_reply_edit(struct request *req, const struct document *doc, const struct edit *e, bool is_new, const char *key, const char *link)
{
	struct reply_extra extra = { .link = link };
	char etag[33], *location;
	const char *path = e->path;
	struct buf b;

	doc = sight_document(req, RIGHT_CONFIG_READ, doc);
	if (key != NULL)
		path = arena_printf(req->message.arena, "%s/%s", e->path, key);
	location = path != NULL ? arena_printf(req->message.arena, "/api/v1/configuration%s", path) : NULL;
	if (location == NULL)
		fatalx("config", "no memory");
	if (e->kind == EDIT_KIND_DELETE || edit_etag(doc, path, etag) != 0) {
		reply_empty(req, 204, &extra);
		return;
	}
	extra.etag = etag;
	if (path[0] == '\0') {
		reply_empty(req, 204, &extra);
		return;
	}
	if (is_new)
		extra.location = location;
	buf_init(&b, DOCUMENT_MAX);
	if (edit_get(doc, path, DOCUMENT_JSON, 0, &b) != 0)
		b.failed = true;
	reply_json(req, is_new ? 201 : 200, &b, &extra);
}
