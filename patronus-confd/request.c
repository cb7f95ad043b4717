/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"

#include "access.h"
#include "body.h"
#include "confd.h"
#include "document.h"
#include "idempotency.h"
#include "parse.h"
#include "query.h"
#include "rate.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "session.h"

static int	 split_path(struct request *);
static void	 dispatch(struct request *);
static void	 no_route(struct request *, char allow[ROUTE_ALLOW]);
static bool	 in_rate(struct request *, const char *policy, const char *principal);

struct origin *
origin_new(struct confd *confd, bool is_local, uint32_t uid)
{
	struct origin *o;

	if ((o = calloc(1, sizeof(*o))) == NULL)
		return (NULL);
	o->refs = 1;
	o->confd = confd;
	o->is_local = is_local;
	o->uid = uid;
	return (o);
}

void
origin_unref(struct origin *o)
{
	if (o != NULL && --o->refs == 0)
		free(o);
}

void
request_free(struct request *req)
{
	while (req->nsights > 0)
		document_free(req->sights[--req->nsights]);
	user_role_free(req->rights.role);
	origin_unref(req->origin);
	if (req->is_parsed)
		message_fini(&req->parsed);
	message_fini(&req->message);
	explicit_bzero(req->csrf, sizeof(req->csrf));
	free(req);
}

void
request_start(struct origin *origin, struct message *m)
{
	struct request *req;
	char allow[ROUTE_ALLOW];
	unsigned depth, i;

	if ((req = calloc(1, sizeof(*req))) == NULL)
		fatalx("request", "no memory");
	req->message = *m;
	memset(m, 0, sizeof(*m));
	req->in = req->message.body;
	req->origin = origin;
	origin->refs++;
	req->confd = origin->confd;
	req->since_us = clock_mono_us();
	req->rest = "";
	req->token = req->in->token;
	if (split_path(req) != 0) {
		reply_problem(req, PROBLEM_NOT_FOUND, "the path is not one of this API");
		return;
	}
	req->route = route_find(req->in->method, req->segment, req->nsegments, allow, &depth);
	/* What is left belongs to the handler, in one piece: keys may hold anything but a slash. */
	req->rest = req->in->path;
	for (i = 0; i < depth; i++)
		req->rest += 1 + strlen(req->segment[i]);
	if (req->route == NULL) {
		no_route(req, allow);
		return;
	}
	if (!query_check(req, route_query(req->route)))
		return;
	if (req->route->right == RIGHT_PUBLIC) {
		(void)str_copy(req->from, origin->is_local ? "local" : req->in->origin, sizeof(req->from));
		if (in_rate(req, "sign-ins", session_source(req)))
			req->route->handler(req);
		return;
	}
	session_identify(req, dispatch);
}

/* The path has no such method: what it has, or that there is no such path. */
static void
no_route(struct request *req, char allow[ROUTE_ALLOW])
{
	struct reply_extra extra = { .allow = allow };

	if (allow[0] != '\0' && strcmp(req->segment[0], "configuration") == 0)
		config_allow(req, req->rest, allow);
	if (allow[0] == '\0')
		reply_problem(req, PROBLEM_NOT_FOUND, "the path is not one of this API");
	else if (req->in->method == MGMT_OPTIONS)
		reply_empty(req, 204, &extra);
	else
		reply_problem_with(req, PROBLEM_METHOD, "", &extra, "this path knows %s", allow);
}

/* One request of this principal more; false, answered, when there were too many. */
static bool
in_rate(struct request *req, const char *policy, const char *principal)
{
	struct rate_verdict verdict;

	if (req->origin->is_local || !rate_take(req->confd, policy, principal, &verdict))
		return (true);
	(void)str_copy(req->rate_policy, verdict.policy, sizeof(req->rate_policy));
	(void)str_copy(req->rate, verdict.rate, sizeof(req->rate));
	if (verdict.retry_after_s == 0)
		return (true);
	reply_problem_with(req, PROBLEM_RATE, "", &(struct reply_extra){ .retry_after_s = verdict.retry_after_s },
	    "too many requests; management.web.rate-limit.%s is the bound", policy);
	return (false);
}

/* "/a/b": no empty segment, no "." or "..", no control character. */
static int
split_path(struct request *req)
{
	const char *at = req->in->path;
	size_t len;

	if (at[0] != '/' || str_has_control(at, strlen(at)))
		return (-EINVAL);
	while (*at == '/') {
		at++;
		len = strcspn(at, "/");
		if (len == 0 || (len == 1 && at[0] == '.') || (len == 2 && at[0] == '.' && at[1] == '.') ||
		    req->nsegments == REQUEST_SEGMENTS)
			return (-EINVAL);
		if ((req->segment[req->nsegments++] = arena_strndup(req->message.arena, at, len)) == NULL)
			return (-ENOMEM);
		at += len;
	}
	return (0);
}

/* --- documents from outside --- */

bool
parse_reply(struct request *req, int error, struct message *m)
{
	if (error == -EBADMSG) {
		reply_problem(req, PROBLEM_SYNTAX, "the document is more than its reader could take; nothing was changed");
		return (false);
	}
	if (error != 0) {
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "too many documents are being read");
		return (false);
	}
	req->parsed = *m;
	memset(m, 0, sizeof(*m));
	req->is_parsed = true;
	return (true);
}

static void
on_parsed(int error, struct message *m, void *arg)
{
	struct mgmt_req *in = ((struct request *)arg)->message.body;
	struct request *req = arg;

	if (!parse_reply(req, error, m))
		return;
	in->body = ((const struct parse_rep *)req->parsed.body)->nodes;
	req->route->handler(req);
}

/*
 * YAML, and a whole document in whatever form: taken apart by a process of its own.  What else comes is a small JSON object for the strict
 * reader of this one.
 */
static bool
is_document(struct request *req)
{
	const struct mgmt_req *in = req->in;

	if (in->body.len == 0 || in->method == MGMT_GET || in->method == MGMT_DELETE)
		return (false);
	return (body_is_yaml(req) || (in->method == MGMT_PUT && strcmp(in->path, "/configuration") == 0));
}

static void
handle(struct request *req)
{
	const struct mgmt_req *in = req->in;
	int error;

	if (!is_document(req)) {
		req->route->handler(req);
		return;
	}
	error = parse_start(req->confd->base, &(struct parse_req){ .format = body_is_yaml(req) ? PARSE_YAML : PARSE_JSON, .text = in->body }, on_parsed,
	    req);
	if (error != 0)
		on_parsed(error, NULL, req);
}

/* The caller is known: may he, and did he mean it? */
static void
dispatch(struct request *req)
{
	const struct mgmt_req *in = req->in;
	size_t len;

	if (!in_rate(req, "requests", req->user))
		return;
	if (!access_check(req))
		return;
	/*
	 * Cross-site request forgery: a page of somebody else has the cookie sent, but cannot know this value.  No
	 * browser sends an API token by itself.
	 */
	len = strlen(req->csrf);
	if (!req->origin->is_local && !req->rights.is_scoped && in->method != MGMT_GET &&
	    (len == 0 || strlen(in->csrf) != len || !str_equal_ct(in->csrf, req->csrf, len))) {
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"Patronus-CSRF\"", NULL,
		    "the header Patronus-CSRF is missing or not the session's");
		return;
	}
	if (in->method == MGMT_POST && in->idempotency_key[0] != '\0' && (route_flags(req->route) & ROUTE_ONCE) == 0 && !idempotency_begin(req))
		return;
	handle(req);
}
