/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"
#include "net/addr.h"

#include "body.h"
#include "collection.h"
#include "confd.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "route_common.h"
#include "store.h"
#include "temporary.h"

/* Members of groups for a time: who may let somebody in without a commit, and take him out again. */

#define BODY_MAX	(1u << 20)
#define LIFE_MIN_S	1
#define LIFE_MAX_S	(31ull * 86400)

void
temporary_show(struct request *req)
{
	static const struct collection of = { .list = "entries", .key = "id", .members = "id group address owner reason since until left" };
	struct buf b;

	temporary_tick(req->confd->temporary);
	buf_init(&b, BODY_MAX);
	buf_puts(&b, "{\"entries\":[");
	temporary_print(req->confd->temporary, &req->rights, &b);
	buf_puts(&b, "]}");
	if (!collection_is_asked(req) || buf_failed(&b)) {
		reply_json(req, 200, &b, NULL);
		return;
	}
	collection_reply(req, &of, (const char *)b.data, b.len, NULL);
	buf_fini(&b);
}

static bool
may_grant(struct request *req, const char *group)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "/firewall/groups/%.63s", group);
	if (strchr(group, '/') == NULL && rights_may(&req->rights, RIGHT_GRANT, path))
		return (true);
	reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"grant\"", NULL, "the role %s may not let anybody into this group",
	    user_role_name(req->rights.role));
	return (false);
}

struct waiting {
	struct request	*req;
	uint64_t	 id;
};

static void
reply_failure(struct request *req, int error, const char *text)
{
	if (error == -EAGAIN)
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "the daemon is restarting");
	else if (text[0] != '\0')
		reply_problem(req, PROBLEM_APPLY_FAILED, "%s", text);
	else
		reply_error(req, error, NULL);
}

static void
on_granted(int error, const char *text, void *arg)
{
	struct waiting w = *(struct waiting *)arg;
	const struct store_temporary *e = temporary_find(w.req->confd->temporary, w.id);
	char location[64];
	struct buf b;

	free(arg);
	if (error != 0 || e == NULL) {
		reply_failure(w.req, error != 0 ? error : -EAGAIN, text);
		return;
	}
	buf_init(&b, 4096);
	temporary_print_one(w.req->confd->temporary, e, &b);
	(void)snprintf(location, sizeof(location), "/api/v1/temporary-members/%016llx", (unsigned long long)w.id);
	reply_json(w.req, 201, &b, &(struct reply_extra){ .location = location });
}

/* Is it one that the group takes, for so long?  Answered when it is not. */
static bool
check(struct request *req, const struct store_temporary *e, uint64_t life_s)
{
	uint64_t minutes = 0;

	if (!temporary_is_allowed(req->confd, e->group, &minutes))
		reply_problem(req, PROBLEM_VALIDATION, "the group \"%.63s\" takes no members for a time: give it \"temporary\" in the configuration "
		    "(firewall/groups/%.63s/temporary)", e->group, e->group);
	else if (life_s > minutes * 60)
		reply_problem(req, PROBLEM_VALIDATION, "the group \"%s\" takes members for at most %llu minutes; ask for less, or raise its "
		    "temporary.maximum", e->group, (unsigned long long)minutes);
	else if (e->reason[0] == '\0')
		reply_problem(req, PROBLEM_VALIDATION, "say why, in \"reason\"");
	else
		return (true);
	return (false);
}

void
temporary_create(struct request *req)
{
	const char *group = NULL, *address = NULL, *reason = NULL;
	uint64_t life_s = 0;
	const struct body_member members[] = {
		{ .name = "group", .ret_text = &group, .is_required = true },
		{ .name = "address", .ret_text = &address, .is_required = true },
		{ .name = "expires-in", .ret_number = &life_s, .min = LIFE_MIN_S, .max = LIFE_MAX_S, .is_required = true },
		{ .name = "reason", .ret_text = &reason, .is_required = true },
		{ .name = NULL },
	};
	struct store_temporary e = { .id = 0 };
	struct waiting *w;
	struct prefix p;
	int error;

	if (!body_object(req, members) || !may_grant(req, group) || !route_check_comment(req, reason))
		return;
	if (prefix_parse_host(address, &p) != 0) {
		reply_problem(req, PROBLEM_VALIDATION, "\"%.64s\" is no address and no network", address);
		return;
	}
	p = prefix_network(&p);
	if (p.len == addr_len(&p.addr) * 8)
		(void)addr_format(&p.addr, e.address, sizeof(e.address));
	else
		(void)prefix_format(&p, e.address, sizeof(e.address));
	(void)str_copy(e.group, group, sizeof(e.group));
	(void)str_copy(e.reason, reason, sizeof(e.reason));
	(void)str_copy(e.author, req->user, sizeof(e.author));
	(void)str_copy(e.origin, req->from, sizeof(e.origin));
	if (!check(req, &e, life_s))
		return;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		fatalx("groups", "no memory");
	w->req = req;
	error = temporary_grant(req->confd->temporary, &e, life_s * 1000, on_granted, w, &w->id);
	if (error == 0)
		return;
	free(w);
	if (error == -ENOSPC)
		reply_problem(req, PROBLEM_CONFLICT, "%u members for a time are the most there can be; revoke some", TEMPORARY_MAX);
	else
		reply_error(req, error, NULL);
}

static void
on_revoked(int error, const char *text, void *arg)
{
	struct request *req = arg;

	if (error == 0)
		reply_empty(req, 204, NULL);
	else
		reply_failure(req, error, text);
}

void
temporary_remove(struct request *req)
{
	const struct store_temporary *e;
	uint8_t bytes[8];
	uint64_t id = 0;
	unsigned i;
	int error;

	if (str_unhex(req->segment[1], bytes, sizeof(bytes)) == 0)
		for (i = 0; i < sizeof(bytes); i++)
			id = id << 8 | bytes[i];
	if ((e = temporary_find(req->confd->temporary, id)) == NULL) {
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no member for a time \"%.32s\" any more", req->segment[1]);
		return;
	}
	if (!may_grant(req, e->group))
		return;
	if ((error = temporary_revoke(req->confd->temporary, id, req->user, req->from, on_revoked, req)) != 0)
		reply_error(req, error, NULL);
}
