/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who refers to an object: GET /usage. */
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"

#include "collection.h"
#include "confd.h"
#include "place.h"
#include "problem.h"
#include "query.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "sight.h"
#include "snapshot.h"
#include "usage.h"
#include "workspace.h"

#define JSON_MAX	(16u << 20)

struct listing {
	struct buf	 json;
	unsigned	 n;
};

static void
put_pointer(struct buf *b, const char *name, const struct place *p)
{
	char pointer[PLACE_LEN];

	place_pointer(p, pointer);
	buf_printf(b, "\"%s\":", name);
	record_json_string(pointer, strlen(pointer), b);
}

/* Where the name stands, and the object that it is a part of: the nearest entry of a list, else the section. */
static void
put_user(const struct place *p, void *arg)
{
	struct listing *l = arg;
	const struct place *object = p;

	while (object->up != NULL && object->key == NULL)
		object = object->up;
	buf_puts(&l->json, l->n++ > 0 ? ",{" : "{");
	put_pointer(&l->json, "path", p);
	buf_putc(&l->json, ',');
	put_pointer(&l->json, "object", object);
	buf_putc(&l->json, '}');
}

static void
put_count(const char *name, unsigned n, void *arg)
{
	struct listing *l = arg;

	buf_puts(&l->json, l->n++ > 0 ? ",{\"name\":" : "{\"name\":");
	record_json_string(name, strlen(name), &l->json);
	buf_printf(&l->json, ",\"count\":%u}", n);
}

void
usage_show(struct request *req)
{
	static const struct collection of = { .list = "users", .key = "path", .members = "path object" };
	const char *path = query_text(req, "path");
	struct problems *problems;
	struct workspace *w;
	const struct document *doc;
	struct listing l = { .n = 0 };
	bool is_list;
	int error;

	if (path == NULL) {
		reply_problem(req, PROBLEM_SYNTAX, "say of what: path=/firewall/groups/NAME");
		return;
	}
	if (!query_flag(req, "counts", false, &is_list) || !route_find_workspace(req, &w))
		return;
	if ((problems = problems_new()) == NULL)
		fatalx("usage", "no memory");
	buf_init(&l.json, JSON_MAX);
	buf_puts(&l.json, "{\"path\":");
	record_json_string(path, strlen(path), &l.json);
	/* What the caller may not read is not in the document that he sees, and so uses nothing. */
	doc = sight_document(req, RIGHT_CONFIG_READ, w != NULL ? workspace_document(w) : req->confd->running->doc);
	buf_puts(&l.json, is_list ? ",\"counts\":[" : ",\"users\":[");
	error = is_list ? usage_counts(doc, path, problems, put_count, &l) : usage_find(doc, path, problems, put_user, &l);
	buf_puts(&l.json, "]}");
	if (error != 0)
		reply_error(req, error, problems);
	else if (!is_list && collection_is_asked(req) && !buf_failed(&l.json))
		collection_reply(req, &of, (const char *)l.json.data, l.json.len, NULL);
	else {
		reply_json(req, 200, &l.json, NULL);
		problems_free(problems);
		return;
	}
	buf_fini(&l.json);
	problems_free(problems);
}
