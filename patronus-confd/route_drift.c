/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/msg.h"

#include "body.h"
#include "collection.h"
#include "confd.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "route_common.h"
#include "standing.h"

/* Differences between the box and its configuration: what stands, and what somebody makes of it. */

#define BODY_MAX	(8u << 20)
#define LIFE_MIN_S	60
#define LIFE_MAX_S	(10ull * 366 * 86400)
#define REPAIR_MS	15000

void
drift_list(struct request *req)
{
	static const struct collection of = { .list = "differences", .key = "id",
	    .members = "id owner path object detail class action stands since acceptance" };
	struct buf b;

	buf_init(&b, BODY_MAX);
	standing_print(req->confd->standing, &b);
	if (!collection_is_asked(req) || buf_failed(&b)) {
		reply_json(req, 200, &b, NULL);
		return;
	}
	collection_reply(req, &of, (const char *)b.data, b.len, NULL);
	buf_fini(&b);
}

/* Whoever may commit what asks for the object may say what becomes of it. */
static bool
may(struct request *req, const struct standing_item *i)
{
	const char *path = i->path[0] != '\0' ? i->path : "/drift";

	if (rights_may(&req->rights, RIGHT_COMMIT, path))
		return (true);
	reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"commit\"", NULL, "the role %s may not commit %s",
	    user_role_name(req->rights.role), rights_may(&req->rights, RIGHT_CONFIG_READ, path) ? path : "what this is about");
	return (false);
}

/* The difference that the path names, if it stands and the caller may; NULL, answered, otherwise. */
static const struct standing_item *
find(struct request *req)
{
	const struct standing_item *i = standing_find(req->confd->standing, req->segment[1]);

	if (i == NULL)
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no difference \"%.32s\" any more", req->segment[1]);
	return (i != NULL && may(req, i) ? i : NULL);
}

void
drift_accept(struct request *req)
{
	const char *comment = NULL;
	uint64_t life_s = 0;
	const struct body_member members[] = {
		{ .name = "comment", .ret_text = &comment, .is_required = true },
		{ .name = "expires-in", .ret_number = &life_s, .min = LIFE_MIN_S, .max = LIFE_MAX_S },
		{ .name = NULL },
	};
	const struct standing_item *i;
	int error;

	if (!body_object(req, members) || !route_check_comment(req, comment) || (i = find(req)) == NULL)
		return;
	if (comment[0] == '\0') {
		reply_problem(req, PROBLEM_VALIDATION, "say why, in \"comment\"");
		return;
	}
	error = standing_accept(req->confd->standing, i, req->user, req->from, comment, life_s != 0 ? clock_wall_ms() + life_s * 1000 : 0);
	if (error == -EPERM)
		reply_problem(req, PROBLEM_CONFLICT, "a difference of the firewall cannot be accepted: what is in force must be what the "
		    "revision says; repair it, or write it into the configuration");
	else if (error == -ENOSPC)
		reply_problem(req, PROBLEM_CONFLICT, "too many differences are accepted; take some back");
	else if (error != 0)
		reply_error(req, error, NULL);
	else
		reply_empty(req, 204, NULL);
}

void
drift_take_back(struct request *req)
{
	const struct standing_item *i = standing_accepted(req->confd->standing, req->segment[1]);
	int error;

	if (i != NULL && !may(req, i))
		return;
	error = standing_take_back(req->confd->standing, req->segment[1], req->user, req->from);
	if (error == -ENOENT)
		reply_problem(req, PROBLEM_NOT_FOUND, "no difference \"%.32s\" is accepted", req->segment[1]);
	else if (error != 0)
		reply_error(req, error, NULL);
	else
		reply_empty(req, 204, NULL);
}

struct repair {
	struct request	*req;
	char		 object[257];
};

static void
on_repaired(struct channel *ch, struct message *m, int error, void *arg)
{
	struct repair *r = arg;
	struct request *req = r->req;

	(void)ch;
	if (m == NULL)
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "the daemon is restarting");
	else if (error != 0)
		reply_problem(req, error == -ENOENT ? PROBLEM_NOT_FOUND : PROBLEM_CONFLICT, "%s", ((const struct ipc_error_req *)m->body)->text);
	else {
		daemon_audit(req->user, req->from, "drift", r->object, "repaired", "%s", "");
		reply_empty(req, 204, NULL);
	}
	free(r);
}

/* What was accepted is not any more: the repair is the last word. */
void
drift_repair(struct request *req)
{
	const struct standing_item *i = find(req);
	struct drift_repair_req ask = { .by = req->user };
	struct standing_item copy;
	struct repair *r;
	struct owner *o;
	int error = 0;

	if (i == NULL)
		return;
	copy = *i;
	o = owners_by_name(&req->confd->owners, copy.owner);
	if (standing_accepted(req->confd->standing, copy.id) != NULL)
		error = standing_take_back(req->confd->standing, copy.id, req->user, req->from);
	if (error != 0) {
		reply_error(req, error, NULL);
		return;
	}
	if ((r = calloc(1, sizeof(*r))) == NULL)
		fatalx("drift", "no memory");
	r->req = req;
	memcpy(r->object, copy.object, sizeof(r->object));
	ask.object = copy.object;
	ask.detail = copy.detail;
	if (o == NULL || o->channel == NULL ||
	    channel_call(o->channel, MSG_DRIFT_REPAIR, 0, &ask, NULL, 0, REPAIR_MS, on_repaired, r) != 0) {
		free(r);
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "the daemon is restarting");
	}
}
