/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "daemon/daemon.h"
#include "net/addr.h"

#include "confd.h"
#include "database.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"

/* Databases about addresses: what one says of an address; one from a person. */

static const struct names {
	const char	*at;		/* the first segment of the paths that are about it */
	const char	*database_at;
	const char	*noun;		/* of a database */
	const char	*formats;
	const char	*missing;
} names[ADDRDB_KIND_MAX] = {
	[ADDRDB_COUNTRIES] = { "countries", "country-database", "countries", "tor's or MaxMind's format",
	    "let a group name countries, or set firewall/countries/lookup" },
	[ADDRDB_SYSTEMS] = { "autonomous-systems", "autonomous-system-database", "autonomous systems", "text or MaxMind's format",
	    "let a group name autonomous systems and upload a database of them, or name its place (firewall/autonomous-systems/url)" },
};

/* The route that led here names one of them. */
static struct database *
database_of(const struct request *req)
{
	unsigned i;

	for (i = 0; i + 1 < ADDRDB_KIND_MAX && strcmp(req->segment[0], names[i].at) != 0 && strcmp(req->segment[0], names[i].database_at) != 0; i++)
		;
	return (req->confd->databases[i]);
}

void
database_show(struct request *req)
{
	const struct database *db = database_of(req);
	const struct names *n = &names[database_kind(db)];
	const uint8_t *said;
	struct addrdb all;
	struct addr a;
	struct buf b;
	char *data;

	if (addr_parse(req->segment[1], &a) != 0) {
		reply_problem(req, PROBLEM_VALIDATION, "\"%.64s\" is no address", req->segment[1]);
		return;
	}
	if (database_load(db, &data, &all) != 0) {
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no database of %s: %s", n->noun, n->missing);
		return;
	}
	said = addrdb_find(&all, &a);
	buf_init(&b, 256);
	buf_printf(&b, "{\"address\":\"%s\"", req->segment[1]);
	if (said != NULL && all.kind == ADDRDB_COUNTRIES)
		buf_printf(&b, ",\"country\":\"%.2s\"", (const char *)said);
	else if (said != NULL)
		buf_printf(&b, ",\"autonomous-system\":%u", addrdb_system_number(said));
	buf_putc(&b, '}');
	free(data);
	reply_json(req, 200, &b, NULL);
}

static bool
may_replace(struct request *req, const struct database *db)
{
	if (rights_may(&req->rights, RIGHT_COMMIT, database_path(db)))
		return (true);
	reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"commit\"", NULL, "the role %s may not commit %s",
	    user_role_name(req->rights.role), database_path(db));
	return (false);
}

static void
on_taken(int error, const char *text, void *arg)
{
	struct request *req = arg;
	const struct database *db = database_of(req);
	const struct names *n = &names[database_kind(db)];

	daemon_audit(req->user, req->from, database_id(db), database_id(db), error == 0 ? "uploaded" : "refused", "%s", text);
	if (error == 0)
		reply_empty(req, 204, NULL);
	else
		reply_problem(req, PROBLEM_VALIDATION, "that is no database of %s in %s: %s", n->noun, n->formats, text);
}

void
database_put(struct request *req)
{
	const struct bytes *body = &req->in->body;
	struct database *db = database_of(req);

	if (!may_replace(req, db))
		return;
	if (strcmp(req->in->content_type, "application/octet-stream") != 0)
		reply_problem(req, PROBLEM_MEDIA_TYPE, "the Content-Type must be application/octet-stream");
	else if (database_offer(db, body->data, body->len, on_taken, req) != 0)
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "another database is being read");
}

/* The one that was uploaded. */
void
database_delete(struct request *req)
{
	struct database *db = database_of(req);

	if (!may_replace(req, db))
		return;
	database_forget(db);
	daemon_audit(req->user, req->from, database_id(db), database_id(db), "forgotten", "%s", "");
	reply_empty(req, 204, NULL);
}
