/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"

#include "access.h"
#include "confd.h"
#include "document.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "snapshot.h"

struct role_search {
	const char	*name;
	bool		 found;
};

static void
match_role(const char *value, void *arg)
{
	struct role_search *search = arg;

	search->found |= strcmp(value, search->name) == 0;
}

bool
access_requires_factor(const struct request *req)
{
	struct role_search search = { .name = user_role_name(req->rights.role) };

	document_each(req->confd->running->doc, "/management/authentication/second-factor", match_role, &search);
	return (search.found);
}

static bool
is_root(const struct request *req)
{
	return (req->origin->is_local && req->origin->uid == 0);
}

bool
access_right(struct request *req, enum right right)
{
	const char *needed = right_name(right);
	char members[96];

	if (rights_check(&req->rights, right))
		return (true);
	if (req->in->method != MGMT_GET)
		daemon_audit(req->user, req->from, "refused", req->in->path, "permission", "needs %s", needed);
	(void)snprintf(members, sizeof(members), ",\"needed\":\"%s\"", needed);
	if (req->rights.is_scoped)
		reply_problem_with(req, PROBLEM_PERMISSION, members, NULL, "the token's role and scopes do not include %s", needed);
	else
		reply_problem_with(req, PROBLEM_PERMISSION, members, NULL, "the role %s does not include %s",
		    user_role_name(req->rights.role), needed);
	return (false);
}

/* A session that was opened with the password alone although the role requires more is good for enrolling. */
static bool
must_enrol(const struct request *req)
{
	return (!req->origin->is_local && !req->has_factor && access_requires_factor(req));
}

bool
access_check(struct request *req)
{
	unsigned flags = route_flags(req->route);

	if (must_enrol(req) && (flags & ROUTE_ENROL) == 0)
		reply_problem(req, PROBLEM_ENROLMENT, "the role %s requires a second factor: enrol one first (POST /users/me/second-factor)",
		    user_role_name(req->rights.role));
	else if (!access_right(req, req->route->right))
		return (false);
	else if (req->rights.is_scoped && (flags & ROUTE_PERSON) != 0)
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"session\"", NULL, "an API token cannot do that; sign in");
	else if ((flags & ROUTE_WHOLE) != 0 && !rights_section_read(&req->rights, NULL))
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"configuration:read\"", NULL,
		    "the token's scopes do not include configuration:read");
	else
		return ((flags & ROUTE_STEP_UP) == 0 || access_step_up(req));
	return (false);
}

bool
access_step_up(struct request *req)
{
	bool is_required;

	if (is_root(req) || req->rights.is_scoped)
		return (true);
	is_required = access_requires_factor(req);
	if (!req->has_factor && !is_required)
		return (true);
	if (req->has_factor && clock_mono_ms() < req->fresh_until_ms)
		return (true);
	if (!req->has_factor)
		reply_problem(req, PROBLEM_ENROLMENT, "the role %s requires a second factor: enrol one first",
		    user_role_name(req->rights.role));
	else
		reply_problem(req, PROBLEM_STEP_UP, "this needs the code of the second factor, given within the last minutes "
		    "(POST /session/step-up)");
	return (false);
}
