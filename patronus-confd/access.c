/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"

#include "access.h"
#include "confd.h"
#include "document.h"
#include "problem.h"
#include "reach.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "session.h"
#include "snapshot.h"

struct role_search {
	const char	*name;
	const char	*base;
	bool		 found;
};

static void
match_role(const char *value, void *arg)
{
	struct role_search *search = arg;

	search->found |= strcmp(value, search->name) == 0 || strcmp(value, search->base) == 0;
}

bool
access_requires_factor(const struct request *req)
{
	/* What is asked of a role is asked of those that build upon it. */
	struct role_search search = { .name = user_role_name(req->rights.role), .base = user_role_base(req->rights.role) };

	document_each(req->confd->running->doc, "/management/authentication/second-factor", match_role, &search);
	return (search.found);
}

static bool
is_root(const struct request *req)
{
	return (req->origin->is_local && req->origin->uid == 0);
}

/* The right is there, but not everywhere. */
static void
reply_part_only(struct request *req, enum right right)
{
	char members[96];

	(void)snprintf(members, sizeof(members), ",\"needed\":\"%s\"", right_name(right));
	reply_problem_with(req, PROBLEM_PERMISSION, members, NULL, "this tells of all of the configuration, and the role %s has %s for a part of it",
	    user_role_name(req->rights.role), right_name(right));
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
	else if ((flags & ROUTE_WHOLE) != 0 && !rights_scope_is_whole(&req->rights, false))
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"configuration:read\"", NULL,
		    "the token's scopes do not include configuration:read");
	else if ((flags & ROUTE_ALL) != 0 && rights_extent(&req->rights, req->route->right, "") != EXTENT_EVERYTHING)
		reply_part_only(req, req->route->right);
	else
		return ((flags & ROUTE_STEP_UP) == 0 || access_step_up(req));
	return (false);
}

bool
access_change(struct request *req, enum right right, const struct document *a, const struct document *b)
{
	struct problems *problems;
	struct breach breach;
	bool is_fine;

	if (reach_breach(&req->rights, right, a, b, &breach)) {
		access_reply_breach(req, &breach);
		return (false);
	}
	if ((problems = problems_new()) == NULL)
		fatalx("access", "no memory");
	is_fine = reach_grants(&req->rights, a, b, problems);
	if (!is_fine) {
		daemon_audit(req->user, req->from, "refused", req->in->path, "permission", "more rights than %s has", req->user);
		reply_problems(req, PROBLEM_PERMISSION, problems, "nobody gives or takes rights that he does not have");
	}
	problems_free(problems);
	return (is_fine);
}

bool
access_over(struct request *req, const char *user)
{
	struct user_role *theirs = user_role_load(req->confd->running->doc, session_role(req->confd, user));
	enum right right = RIGHT_INVALID;
	char members[96], path[256];
	bool covers = theirs == NULL || user_role_covers(req->rights.role, theirs, &right, path);

	user_role_free(theirs);
	if (covers)
		return (true);
	daemon_audit(req->user, req->from, "refused", req->in->path, "permission", "%s has more rights", user);
	(void)snprintf(members, sizeof(members), ",\"needed\":\"%s\"", right_name(right));
	reply_problem_with(req, PROBLEM_PERMISSION, members, NULL, "%s may \"%s\" at %s, and you may not: act for others who have no more rights than you",
	    user, right_verb(right), path[0] != '\0' ? path : "/");
	return (false);
}

void
access_reply_breach(struct request *req, const struct breach *breach)
{
	const char *section = breach->path + (breach->path[0] == '/');
	char members[1200], name[64];
	struct buf b;

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(section, "/"), section);
	daemon_audit(req->user, req->from, "refused", req->in->path, "permission", "needs %s at %s", right_name(breach->right), breach->path);
	buf_init(&b, sizeof(members));
	/* What a section of that kind asks for has a name of its own since there are tokens. */
	buf_printf(&b, ",\"needed\":\"%s\"", rights_section_is_guarded(name) ? right_name(RIGHT_USERS_ADMIN) : right_name(breach->right));
	if (!breach->is_hidden) {
		buf_puts(&b, ",\"path\":");
		record_json_string(breach->path, strlen(breach->path), &b);
	}
	buf_putc(&b, '\0');
	(void)str_copy(members, buf_failed(&b) ? "" : (const char *)b.data, sizeof(members));
	buf_fini(&b);
	if (breach->is_hidden)
		reply_problem_with(req, PROBLEM_PERMISSION, members, NULL, "the change reaches something that the role %s may not even read",
		    user_role_name(req->rights.role));
	else
		reply_problem_with(req, PROBLEM_PERMISSION, members, NULL, "the role %s may not %s %s (patronusctl rights %s tells why)",
		    user_role_name(req->rights.role), right_verb(breach->right), breach->path[0] != '\0' ? breach->path : "/",
		    breach->path[0] != '\0' ? breach->path : "/");
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
