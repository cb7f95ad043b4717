/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "access.h"
#include "body.h"
#include "collection.h"
#include "confd.h"
#include "document.h"
#include "edits.h"
#include "node.h"
#include "problem.h"
#include "record_json.h"
#include "query.h"
#include "reach.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "secrets.h"
#include "schema.h"
#include "sight.h"
#include "snapshot.h"
#include "store.h"
#include "workspace.h"

#define LIMIT_MAX	500
#define SEARCH_MAX	10000
#define FAULTS_MAX	100

void
route_print_revision(const struct request *req, const struct revision *rev, struct buf *b)
{
	char when[32];

	buf_printf(b, "{\"number\":%u,\"parent\":%u", rev->number, rev->parent);
	/* A digest of the whole is a way to try out what the hidden part is. */
	if (rights_reads_all(&req->rights))
		buf_printf(b, ",\"digest\":\"%s\",\"chain\":\"%s\"", rev->digest, rev->chain);
	buf_puts(b, ",\"author\":");
	record_json_string(rev->author, strlen(rev->author), b);
	buf_puts(b, ",\"origin\":");
	record_json_string(rev->origin, strlen(rev->origin), b);
	buf_puts(b, ",\"comment\":");
	record_json_string(rev->comment, strlen(rev->comment), b);
	buf_printf(b, ",\"created-at\":\"%s\",\"state\":\"%s\"}", clock_rfc3339(rev->time_ms, when), revision_state_name(rev->state));
}

/* Searched: the newest of them all, as JSON. */
static void
search_revisions(struct request *req)
{
	static const struct collection of = { .list = "revisions", .key = "number",
	    .members = "number parent digest chain author origin comment created-at state" };
	struct revision *list = calloc(LIMIT_MAX, sizeof(*list));
	uint32_t before = 0;
	unsigned i, n = LIMIT_MAX, all = 0;
	struct buf b;
	int error = 0;

	if (list == NULL)
		fatalx("revision", "no memory");
	buf_init(&b, 32u << 20);
	buf_puts(&b, "{\"revisions\":[");
	while (n == LIMIT_MAX && all < SEARCH_MAX && (error = store_list(req->confd->store, before, LIMIT_MAX, list, &n)) == 0) {
		for (i = 0; i < n; i++, all++) {
			if (all > 0)
				buf_putc(&b, ',');
			route_print_revision(req, &list[i], &b);
			before = list[i].number;
		}
	}
	buf_puts(&b, "]}");
	free(list);
	if (error == 0 && buf_failed(&b))
		error = -ENOMEM;
	if (error != 0)
		reply_error(req, error, NULL);
	else
		collection_reply(req, &of, (const char *)b.data, b.len, NULL);
	buf_fini(&b);
}

/* Nothing but how many, and from which number: the store pages. */
static bool
is_plain(struct request *req)
{
	const char *cursor = query_text(req, "cursor");

	return (query_text(req, "q") == NULL && query_text(req, "sort") == NULL && query_text(req, "fields") == NULL &&
	    query_text(req, "count") == NULL && strstr(req->in->query, "filter") == NULL && (cursor == NULL || strchr(cursor, '.') == NULL));
}

static void
print_page(const struct request *req, const struct revision *list, unsigned n, bool has_more, struct buf *b)
{
	unsigned i;

	buf_init(b, 4 << 20);
	buf_puts(b, "{\"revisions\":[");
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(b, ',');
		route_print_revision(req, &list[i], b);
	}
	buf_putc(b, ']');
	if (has_more)
		buf_printf(b, ",\"next\":\"%u\"", list[n - 1].number);
	buf_putc(b, '}');
}

void
revision_list(struct request *req)
{
	uint64_t limit, cursor;
	struct revision *list;
	char link[96] = "";
	struct buf b;
	bool has_more;
	unsigned n;
	int error;

	if (!is_plain(req)) {
		search_revisions(req);
		return;
	}
	if (!query_number(req, "limit", 1, COLLECTION_LIMIT_MAX, COLLECTION_LIMIT, &limit) ||
	    !query_number(req, "cursor", 1, UINT32_MAX - 1, 0, &cursor))
		return;
	if ((list = calloc(limit, sizeof(*list))) == NULL)
		fatalx("revision", "no memory");
	if ((error = store_list(req->confd->store, (uint32_t)cursor, (unsigned)limit, list, &n)) != 0) {
		free(list);
		reply_error(req, error, NULL);
		return;
	}
	has_more = n == limit && list[n - 1].number > 1;
	if (has_more)
		(void)snprintf(link, sizeof(link), "</api/v1/revisions?limit=%llu&cursor=%u>; rel=\"next\"", (unsigned long long)limit,
		    list[n - 1].number);
	print_page(req, list, n, has_more, &b);
	free(list);
	reply_json(req, 200, &b, &(struct reply_extra){ .link = link });
}

/* The number in a segment; false, answered, when it is none. */
static bool
number_of(struct request *req, unsigned segment, uint32_t *ret)
{
	uint64_t number;

	if (str_u64(req->segment[segment], 0, UINT32_MAX - 1, &number) == 0) {
		*ret = (uint32_t)number;
		return (true);
	}
	reply_problem(req, PROBLEM_NOT_FOUND, "there is no revision \"%.32s\"", req->segment[segment]);
	return (false);
}

/* The document of a revision, to be freed; NULL, answered, when there is none.  Revision 0 is the empty document. */
static struct document *
document_of(struct request *req, uint32_t number)
{
	struct document *doc = NULL;
	struct problems *problems;
	char *text;
	size_t len;
	int error;

	if (number == 0)
		return (document_new(req->confd->schema));
	if ((error = store_document(req->confd->store, number, &text, &len)) == -ENOENT) {
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no revision %u, or its document was forgotten", number);
		return (NULL);
	} else if (error != 0) {
		reply_error(req, error, NULL);
		return (NULL);
	}
	if ((problems = problems_new()) == NULL)
		fatalx("revision", "no memory");
	/* A revision of an older schema says where it does not fit any more. */
	if ((error = document_load(req->confd->schema, DOCUMENT_JSON, text, len, problems, &doc)) != 0)
		reply_error(req, error, problems);
	problems_free(problems);
	free(text);
	return (error == 0 ? doc : NULL);
}

void
revision_show(struct request *req)
{
	struct revision rev;
	struct buf b;
	uint32_t number;
	int error;

	if (!number_of(req, 1, &number))
		return;
	if ((error = store_revision(req->confd->store, number, &rev)) != 0) {
		reply_error(req, error, NULL);
		return;
	}
	buf_init(&b, 16384);
	route_print_revision(req, &rev, &b);
	reply_json(req, 200, &b, NULL);
}

void
revision_configuration(struct request *req)
{
	bool yaml = body_wants_yaml(req);
	struct document *doc;
	uint32_t number;
	struct buf b;

	if (!number_of(req, 1, &number) || (doc = document_of(req, number)) == NULL)
		return;
	buf_init(&b, 64u << 20);
	if (document_print(sight_document(req, RIGHT_HISTORY_READ, doc), yaml ? DOCUMENT_YAML : DOCUMENT_JSON, 0, &b) != 0 || buf_failed(&b))
		reply_problem(req, PROBLEM_INTERNAL, "there is not enough memory for the answer");
	else
		reply_text(req, 200, yaml ? "application/yaml" : "application/json", (const char *)b.data, b.len, NULL);
	buf_fini(&b);
	document_free(doc);
}

/* Takes both. */
static void
compare(struct request *req, uint32_t base, struct document *a, struct document *b)
{
	const char *view = query_text(req, "view");

	if (rights_extent(&req->rights, RIGHT_HISTORY_READ, "") == EXTENT_EVERYTHING) {
		route_compare(req, base, a, b);
		return;
	}
	if (view != NULL && strcmp(view, "nft") == 0)
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"history:read\"", NULL,
		    "this view is about everything; who may not read all of the history has the views tree and set");
	else
		route_reply_diff(req, base, sight_document(req, RIGHT_HISTORY_READ, a), sight_document(req, RIGHT_HISTORY_READ, b));
	document_free(a);
	document_free(b);
}

void
revision_diff(struct request *req)
{
	struct document *a, *b;
	uint32_t from, to;

	if (!number_of(req, 1, &from) || !number_of(req, 3, &to) || (a = document_of(req, from)) == NULL)
		return;
	if ((b = document_of(req, to)) != NULL)
		compare(req, from, a, b);
	else
		document_free(a);
}

/* --- verification --- */

struct findings {
	struct buf	faults;		/* JSON objects with commas */
	unsigned	n;
	const char	*expected;	/* the link of `number`, as somebody wrote it down; or NULL */
	uint32_t	 number;
};

static void
on_fault(uint32_t number, const char *code, void *arg)
{
	static const struct {
		const char	*code;
		const char	*text;
	} words[] = {
		{ "chain", "this revision, or one before it, is not what it was" },
		{ "document", "its document does not have its digest" },
		{ "missing", "the newest revision is gone" },
		{ "expected", "its link is not the one that was expected" },
	};
	struct findings *f = arg;
	size_t i;

	if (f->n++ >= FAULTS_MAX)
		return;
	for (i = 0; strcmp(words[i].code, code) != 0; i++)
		;
	buf_printf(&f->faults, "%s{\"number\":%u,\"code\":\"%s\",\"text\":\"%s\"}", f->n > 1 ? "," : "", number, code, words[i].text);
}

/* ?expect=NUMBER:LINK; false, answered, when it is not that. */
static bool
read_expected(struct request *req, struct findings *f)
{
	const char *text = query_text(req, "expect");
	size_t len = text != NULL ? strcspn(text, ":") : 0;
	char number[16];
	uint64_t n;

	if (text == NULL)
		return (true);
	if (text[len] == ':' && len < sizeof(number) && strlen(text + len + 1) == DIGEST_STRLEN - 1) {
		(void)str_copy(number, text, len + 1);
		if (str_u64(number, 1, UINT32_MAX - 1, &n) == 0) {
			f->number = (uint32_t)n;
			f->expected = text + len + 1;
			return (true);
		}
	}
	reply_problem(req, PROBLEM_SYNTAX, "expect must be a revision and its link: 17:0123456789abcdef...");
	return (false);
}

/* The chain and every document, computed anew; and one link of which somebody knows what it was. */
void
revision_verify(struct request *req)
{
	struct findings f = { .n = 0 };
	struct store_verdict verdict;
	struct revision rev;
	struct buf b;
	int error;

	if (!read_expected(req, &f))
		return;
	buf_init(&f.faults, 1 << 20);
	error = store_verify(req->confd->store, &verdict, on_fault, &f);
	if (error == 0 && f.expected != NULL &&
	    (store_revision(req->confd->store, f.number, &rev) != 0 || strcmp(rev.chain, f.expected) != 0))
		on_fault(f.number, "expected", &f);
	if (error != 0 || buf_failed(&f.faults)) {
		buf_fini(&f.faults);
		reply_error(req, error != 0 ? error : -ENOMEM, NULL);
		return;
	}
	buf_init(&b, 2 << 20);
	buf_printf(&b, "{\"valid\":%s,\"revisions\":%u,\"documents\":%u,\"head\":{\"number\":%u,\"chain\":\"%s\"},\"faults\":[",
	    f.n == 0 ? "true" : "false", verdict.revisions, verdict.documents, verdict.head, verdict.chain);
	buf_put(&b, f.faults.data, f.faults.len);
	buf_puts(&b, "]}");
	buf_fini(&f.faults);
	reply_json(req, 200, &b, NULL);
}

/* --- restoring --- */

/* One section of what runs becomes as it was; 0, -EACCES, or another error of workspace_edit(). */
static int
restore_section(struct request *req, struct workspace *w, const struct document *doc, const char *section, struct problems *problems)
{
	struct edit e = { .kind = EDIT_KIND_PUT, .format = DOCUMENT_JSON, .body = "" };
	char path[80];
	struct buf b;
	int error;

	(void)snprintf(path, sizeof(path), "/%.64s", section);
	e.path = path;
	buf_init(&b, 16u << 20);
	if (edit_exists(doc, path)) {
		error = edit_get(doc, path, DOCUMENT_JSON, 0, &b);
		e.body = (const char *)b.data;
		e.len = b.len;
	} else {
		e.kind = EDIT_KIND_DELETE;
		error = edit_exists(workspace_document(w), path) ? 0 : 1;
	}
	if (error == 0)
		error = workspace_edit(req->confd->workspaces, w, &req->rights, &e, NULL, NULL, problems);
	buf_fini(&b);
	return (error == 1 ? 0 : error);
}

static bool
is_section(const struct request *req, const struct node *node)
{
	const char *section;
	unsigned i;

	if (node->kind != NODE_SCALAR || node->style != NODE_QUOTED)
		return (false);
	for (i = 0; (section = schema_section(req->confd->schema, i)) != NULL; i++)
		if (strcmp(section, node->text) == 0)
			return (true);
	return (false);
}

/* The workspace, when he may take over all that is different in it; it is gone when not. */
static void
reply_restored(struct request *req, struct workspace *w)
{
	struct breach breach;

	if (w->doc != NULL && reach_breach(&req->rights, RIGHT_RESTORE, w->base->doc, w->doc, &breach)) {
		workspace_free(req->confd->workspaces, w);
		access_reply_breach(req, &breach);
	} else
		route_reply_workspace(req, 201, w);
}

/* A section in which he may take over nothing is refused also when nothing of it has changed; false, answered. */
static bool
may_restore(struct request *req, const struct node *sections)
{
	struct breach breach = { .right = RIGHT_RESTORE };
	const struct node *n;

	for (n = sections->first; n != NULL; n = n->next) {
		(void)snprintf(breach.path, sizeof(breach.path), "/%.64s", n->text);
		if (rights_extent(&req->rights, RIGHT_RESTORE, breach.path) != EXTENT_NOTHING)
			continue;
		(void)user_role_may(req->rights.role, RIGHT_RESTORE, breach.path, &breach.right);
		access_reply_breach(req, &breach);
		return (false);
	}
	return (true);
}

/* A workspace of what runs, in which these sections are as they were.  Takes the document. */
static void
restore_sections(struct request *req, struct document *doc, const struct node *sections)
{
	struct problems *problems = problems_new();
	struct workspace *w = NULL;
	const struct node *n;
	char pointer[32];
	unsigned i = 0;
	int error = 0;

	if (problems == NULL)
		fatalx("revision", "no memory");
	for (n = sections->first; n != NULL; n = n->next, i++) {
		(void)snprintf(pointer, sizeof(pointer), "/sections/%u", i);
		if (!is_section(req, n))
			problems_add(problems, pointer, NULL, n->line, "unknown-section", "", "there is no such section");
	}
	if (problems_count(problems) > 0)
		reply_problems(req, PROBLEM_VALIDATION, problems, "the body is not what this call takes");
	else if (!may_restore(req, sections))
		;
	else if ((w = workspace_new(req->confd->workspaces, req->user, NULL, &error)) == NULL)
		route_reply_no_room(req, error);
	else {
		for (n = sections->first; n != NULL && error == 0; n = n->next)
			error = restore_section(req, w, doc, n->text, problems);
		if (error != 0) {
			workspace_free(req->confd->workspaces, w);
			route_reply_edit_error(req, error, problems);
		} else
			reply_restored(req, w);
	}
	problems_free(problems);
	document_free(doc);
}

/*
 * A workspace with that document, or with what runs and some of its sections; what it changes is compared with what runs now, so rights
 * hold for the difference.
 */
void
revision_restore(struct request *req)
{
	struct document *doc;
	struct workspace *w;
	const struct node *sections = NULL;
	const struct body_member members[] = {
		{ .name = "sections", .ret_list = &sections, .max = WORKSPACE_SECTIONS },
		{ .name = NULL },
	};
	uint32_t number;
	int error = 0;

	if (!number_of(req, 1, &number) || !body_object(req, members) || (doc = document_of(req, number)) == NULL)
		return;
	/* Secrets are not part of the history: those that are set now stay. */
	if ((error = secrets_keep(req->confd, doc)) != 0) {
		document_free(doc);
		reply_error(req, error, NULL);
		return;
	}
	if (sections != NULL) {
		restore_sections(req, doc, sections);
		return;
	}
	if ((w = workspace_new(req->confd->workspaces, req->user, doc, &error)) == NULL) {
		route_reply_no_room(req, error);
		return;
	}
	reply_restored(req, w);
}
