/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "daemon/daemon.h"
#include "net/addr.h"

#include "confd.h"
#include "countrydb.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"

/* The database of countries: what it says of an address; one from a person. */

void
country_show(struct request *req)
{
	struct countries c;
	const char *code;
	struct addr a;
	struct buf b;
	char *data;
	int error;

	if (addr_parse(req->segment[1], &a) != 0) {
		reply_problem(req, PROBLEM_VALIDATION, "\"%.64s\" is no address", req->segment[1]);
		return;
	}
	if ((error = countrydb_load(req->confd->countrydb, &data, &c)) != 0) {
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no database of countries: let a group name countries, or set firewall/countries/lookup");
		return;
	}
	code = countries_find(&c, &a);
	buf_init(&b, 256);
	buf_printf(&b, "{\"address\":\"%s\"", req->segment[1]);
	if (code != NULL)
		buf_printf(&b, ",\"country\":\"%.2s\"", code);
	buf_putc(&b, '}');
	free(data);
	reply_json(req, 200, &b, NULL);
}

static bool
may_replace(struct request *req)
{
	if (rights_may(&req->rights, RIGHT_COMMIT, COUNTRYDB_PATH))
		return (true);
	reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"commit\"", NULL, "the role %s may not commit " COUNTRYDB_PATH,
	    user_role_name(req->rights.role));
	return (false);
}

static void
on_taken(int error, const char *text, void *arg)
{
	struct request *req = arg;

	daemon_audit(req->user, req->from, "countries", COUNTRYDB_ID, error == 0 ? "uploaded" : "refused", "%s", text);
	if (error == 0)
		reply_empty(req, 204, NULL);
	else
		reply_problem(req, PROBLEM_VALIDATION, "that is no database of countries in tor's or MaxMind's format: %s", text);
}

void
countries_put(struct request *req)
{
	const struct bytes *body = &req->in->body;

	if (!may_replace(req))
		return;
	if (strcmp(req->in->content_type, "application/octet-stream") != 0)
		reply_problem(req, PROBLEM_MEDIA_TYPE, "the Content-Type must be application/octet-stream");
	else if (countrydb_offer(req->confd->countrydb, body->data, body->len, on_taken, req) != 0)
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "another database is being read");
}

/* The one that was uploaded. */
void
countries_delete(struct request *req)
{
	if (!may_replace(req))
		return;
	countrydb_forget(req->confd->countrydb);
	daemon_audit(req->user, req->from, "countries", COUNTRYDB_ID, "forgotten", "%s", "");
	reply_empty(req, 204, NULL);
}
