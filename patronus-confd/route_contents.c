/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#include "body.h"
#include "collection.h"
#include "confd.h"
#include "contents.h"
#include "database.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"

/* Where groups have from what the configuration does not say: lists and names. */

#define BODY_MAX	(1u << 20)

void
source_list(struct request *req)
{
	static const struct collection of = { .list = "sources", .key = "id", .members = "id kind name ipv4 ipv6 state checked next text uploaded digest" };
	struct buf b;
	unsigned i;

	buf_init(&b, BODY_MAX);
	buf_puts(&b, "{\"sources\":[");
	contents_print(req->confd->contents, &req->rights, &b);
	for (i = 0; i < ADDRDB_KIND_MAX; i++)
		database_print(req->confd->databases[i], &req->rights, b.data[b.len - 1] == '}' ? "," : "", &b);
	buf_puts(&b, "]}");
	if (!collection_is_asked(req) || buf_failed(&b)) {
		reply_json(req, 200, &b, NULL);
		return;
	}
	collection_reply(req, &of, (const char *)b.data, b.len, NULL);
	buf_fini(&b);
}

/* Whoever may commit the list may have it fetched sooner. */
void
source_refresh(struct request *req)
{
	const char *id = NULL;
	const struct body_member members[] = {
		{ .name = "id", .ret_text = &id, .is_required = true },
		{ .name = NULL },
	};
	struct database *db;
	char path[300];

	if (!body_object(req, members))
		return;
	db = databases_find(req->confd, id);
	if (db != NULL && !database_is_wanted(db))
		db = NULL;
	if (db != NULL)
		(void)str_copy(path, database_path(db), sizeof(path));
	if ((db == NULL && !contents_find(req->confd->contents, id, path, sizeof(path))) || !rights_may(&req->rights, RIGHT_STATE_READ, path)) {
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no list or name \"%.64s\" (patronusctl firewall sources tells them)", id);
	} else if (!rights_may(&req->rights, RIGHT_COMMIT, path)) {
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"commit\"", NULL, "the role %s may not commit %s",
		    user_role_name(req->rights.role), path);
	} else {
		if (db != NULL)
			database_refresh(db);
		else
			contents_refresh(req->confd->contents, id);
		reply_empty(req, 204, NULL);
	}
}
