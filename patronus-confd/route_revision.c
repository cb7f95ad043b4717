/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "body.h"
#include "confd.h"
#include "document.h"
#include "problem.h"
#include "record_json.h"
#include "query.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "secrets.h"
#include "snapshot.h"
#include "store.h"
#include "workspace.h"

#define LIMIT_DEFAULT	100
#define LIMIT_MAX	500

void
route_print_revision(const struct revision *rev, struct buf *b)
{
	char when[32];

	buf_printf(b, "{\"number\":%u,\"parent\":%u,\"digest\":\"%s\",\"author\":", rev->number, rev->parent, rev->digest);
	record_json_string(rev->author, strlen(rev->author), b);
	buf_puts(b, ",\"origin\":");
	record_json_string(rev->origin, strlen(rev->origin), b);
	buf_puts(b, ",\"comment\":");
	record_json_string(rev->comment, strlen(rev->comment), b);
	buf_printf(b, ",\"created-at\":\"%s\",\"state\":\"%s\"}", clock_rfc3339(rev->time_ms, when), revision_state_name(rev->state));
}

void
revision_list(struct request *req)
{
	uint64_t limit, cursor;
	struct revision *list;
	struct buf b;
	unsigned i, n;
	int error;

	if (!query_number(req, "limit", 1, LIMIT_MAX, LIMIT_DEFAULT, &limit) ||
	    !query_number(req, "cursor", 1, UINT32_MAX - 1, 0, &cursor))
		return;
	if ((list = calloc(limit, sizeof(*list))) == NULL)
		fatalx("revision", "no memory");
	if ((error = store_list(req->confd->store, (uint32_t)cursor, (unsigned)limit, list, &n)) != 0) {
		free(list);
		reply_error(req, error, NULL);
		return;
	}
	buf_init(&b, 4 << 20);
	buf_puts(&b, "{\"revisions\":[");
	for (i = 0; i < n; i++) {
		if (i > 0)
			buf_putc(&b, ',');
		route_print_revision(&list[i], &b);
	}
	buf_putc(&b, ']');
	if (n == limit && list[n - 1].number > 1)
		buf_printf(&b, ",\"next\":\"%u\"", list[n - 1].number);
	buf_putc(&b, '}');
	free(list);
	reply_json(req, 200, &b, NULL);
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
	route_print_revision(&rev, &b);
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
	if (document_print(doc, yaml ? DOCUMENT_YAML : DOCUMENT_JSON, 0, &b) != 0 || buf_failed(&b))
		reply_problem(req, PROBLEM_INTERNAL, "there is not enough memory for the answer");
	else
		reply_text(req, 200, yaml ? "application/yaml" : "application/json", (const char *)b.data, b.len, NULL);
	buf_fini(&b);
	document_free(doc);
}

void
revision_diff(struct request *req)
{
	struct document *a, *b = NULL;
	uint32_t from, to;

	if (!number_of(req, 1, &from) || !number_of(req, 3, &to) || (a = document_of(req, from)) == NULL)
		return;
	if ((b = document_of(req, to)) != NULL)
		route_reply_diff(req, from, a, b);
	document_free(a);
	document_free(b);
}

/* A workspace with that document; what it changes is compared with what runs now, so rights hold for the difference. */
void
revision_restore(struct request *req)
{
	struct document *doc;
	struct workspace *w;
	const char *section;
	uint32_t number;
	int error = 0;

	if (!number_of(req, 1, &number) || (doc = document_of(req, number)) == NULL)
		return;
	/* Secrets are not part of the history: those that are set now stay. */
	if ((error = secrets_keep(req->confd, doc)) != 0) {
		document_free(doc);
		reply_error(req, error, NULL);
		return;
	}
	if ((w = workspace_new(req->confd->workspaces, req->user, doc, &error)) == NULL) {
		route_reply_no_room(req, error);
		return;
	}
	if ((section = workspace_forbidden(req->confd->workspaces, w, req->role)) != NULL) {
		workspace_free(req->confd->workspaces, w);
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"users:admin\"", NULL,
		    "restoring revision %u would change %s, which the role %s may not", number, section, user_role_name(req->role));
		return;
	}
	route_reply_workspace(req, 201, w);
}
