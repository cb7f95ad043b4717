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

#include "confd.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "session.h"

static int	 split_path(struct request *);
static void	 dispatch(struct request *);

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
	origin_unref(req->origin);
	message_fini(&req->message);
	explicit_bzero(req->csrf, sizeof(req->csrf));
	free(req);
}

void
request_start(struct origin *origin, struct message *m)
{
	struct request *req;
	char allow[48];
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
	if (req->route == NULL) {
		if (allow[0] != '\0')
			reply_problem_with(req, PROBLEM_METHOD, "", &(struct reply_extra){ .allow = allow }, "this path knows %s", allow);
		else
			reply_problem(req, PROBLEM_NOT_FOUND, "the path is not one of this API");
		return;
	}
	/* What is left belongs to the handler, in one piece: keys may hold anything but a slash. */
	req->rest = req->in->path;
	for (i = 0; i < depth; i++)
		req->rest += 1 + strlen(req->segment[i]);
	if (req->route->right == RIGHT_PUBLIC) {
		(void)str_copy(req->from, origin->is_local ? "local" : req->in->origin, sizeof(req->from));
		req->route->handler(req);
		return;
	}
	session_identify(req, dispatch);
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

/* The caller is known: may he, and did he mean it? */
static void
dispatch(struct request *req)
{
	const struct mgmt_req *in = req->in;
	char members[96];
	size_t len;

	if (!rights_check(req->role, req->route->right)) {
		if (in->method != MGMT_GET)
			daemon_audit(req->user, req->from, "refused", in->path, "permission", "needs %s", right_name(req->route->right));
		(void)snprintf(members, sizeof(members), ",\"needed\":\"%s\"", right_name(req->route->right));
		reply_problem_with(req, PROBLEM_PERMISSION, members, NULL, "the role %s does not include %s",
		    user_role_name(req->role), right_name(req->route->right));
		return;
	}
	/* Cross-site request forgery: a page of somebody else has the cookie sent, but cannot know this value. */
	len = strlen(req->csrf);
	if (!req->origin->is_local && in->method != MGMT_GET &&
	    (len == 0 || strlen(in->csrf) != len || !str_equal_ct(in->csrf, req->csrf, len))) {
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"Patronus-CSRF\"", NULL,
		    "the header Patronus-CSRF is missing or not the session's");
		return;
	}
	req->route->handler(req);
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return (c - '0');
	if (c >= 'a' && c <= 'f')
		return (c - 'a' + 10);
	return (c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1);
}

static char *
percent_decode(struct arena *arena, const char *from, size_t len)
{
	char *text = arena_alloc(arena, 1, len + 1);
	size_t i, n = 0;
	int high, low;

	for (i = 0; text != NULL && i < len; i++) {
		if (from[i] == '%') {
			high = i + 2 < len ? hex(from[i + 1]) : -1;
			low = i + 2 < len ? hex(from[i + 2]) : -1;
			if (high < 0 || low < 0 || (high == 0 && low == 0))
				return (NULL);
			text[n++] = (char)(high << 4 | low);
			i += 2;
		} else
			text[n++] = from[i] == '+' ? ' ' : from[i];
	}
	return (text != NULL && str_is_utf8(text, n) ? text : NULL);
}

const char *
request_query(struct request *req, const char *name)
{
	const char *at = req->in->query;
	size_t len, n = strlen(name);

	for (;;) {
		len = strcspn(at, "&");
		if (len > n && memcmp(at, name, n) == 0 && at[n] == '=')
			return (percent_decode(req->message.arena, at + n + 1, len - n - 1));
		if (at[len] == '\0')
			return (NULL);
		at += len + 1;
	}
}

bool
request_query_number(struct request *req, const char *name, uint64_t min, uint64_t max, uint64_t missing, uint64_t *ret)
{
	const char *text = request_query(req, name);

	*ret = missing;
	if (text == NULL || str_u64(text, min, max, ret) == 0)
		return (true);
	reply_problem(req, PROBLEM_SYNTAX, "%s must be a number from %llu to %llu", name, (unsigned long long)min,
	    (unsigned long long)max);
	return (false);
}
