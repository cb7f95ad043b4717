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
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "confd.h"
#include "document.h"
#include "events.h"
#include "reply.h"
#include "request.h"
#include "user_role.h"
#include "route.h"
#include "session.h"
#include "snapshot.h"

#define CACHED_MAX	128
#define TOKEN_MAX	65

struct cached {
	char		token[TOKEN_MAX];	/* "": free */
	char		source[65];
	char		origin[65];		/* ends of the connection of the last request */
	char		local[65];
	char		user[65];
	char		id[17];
	char		csrf[65];
	uint64_t	expires_ms;
	uint32_t	idle_s;
	bool		has_factor;
	uint64_t	fresh_until_ms;		/* monotonic */
	char		role[33];		/* API token: the user's when it was made; "": a session */
	char		cap[33];		/* API token: as which it acts */
	char		scopes[513];
	uint64_t	checked_ms;		/* monotonic */
	uint64_t	used_ms;		/* monotonic: the last request */
};

struct sessions {
	struct confd	*confd;
	struct cached	 cached[CACHED_MAX];
};

struct check {
	struct request	*req;
	void		(*then)(struct request *);
};

static void	 on_check(struct channel *, struct message *, int, void *);

struct sessions *
sessions_new(struct confd *confd)
{
	struct sessions *ss;

	if ((ss = calloc(1, sizeof(*ss))) != NULL)
		ss->confd = confd;
	return (ss);
}

void
sessions_free(struct sessions *ss)
{
	if (ss == NULL)
		return;
	explicit_bzero(ss->cached, sizeof(ss->cached));
	free(ss);
}

const char *
session_role(const struct confd *confd, const char *user)
{
	return (session_role_in(confd->running->doc, user));
}

const char *
session_role_in(const struct document *doc, const char *user)
{
	const char *enabled;
	char path[128];
	int n;

	/* A name that could leave its place in the path is nobody's. */
	if (user[0] == '\0' || strchr(user, '/') != NULL)
		return (NULL);
	n = snprintf(path, sizeof(path), "/users/%s/enabled", user);
	if (n < 0 || (size_t)n >= sizeof(path))
		return (NULL);
	enabled = document_value(doc, path);
	if (enabled == NULL || strcmp(enabled, "true") != 0)
		return (NULL);
	(void)snprintf(path, sizeof(path), "/users/%s/role", user);
	return (document_value(doc, path));
}

struct uid_search {
	const struct document	*doc;
	char			 uid[16];
	char			*ret;
	int			 found;
};

static void
match_uid(const char *key, void *arg)
{
	struct uid_search *search = arg;
	const char *value;
	char path[128];

	(void)snprintf(path, sizeof(path), "/users/%.64s/system-uid", key);
	value = document_value(search->doc, path);
	if (value != NULL && strcmp(value, search->uid) == 0 && search->found++ == 0)
		(void)str_copy(search->ret, key, 65);
}

int
session_local_user(const struct confd *confd, uint32_t uid, char ret[65])
{
	struct uid_search search = { .doc = confd->running->doc, .ret = ret };

	(void)snprintf(search.uid, sizeof(search.uid), "%u", uid);
	document_each(confd->running->doc, "/users", match_uid, &search);
	/* Two users with one uid: nobody knows who it is. */
	return (search.found == 1 ? 0 : -ENOENT);
}

static void
on_local_factor(struct channel *ch, struct message *m, int error, void *arg)
{
	struct check *check = arg;
	struct request *req = check->req;
	void (*then)(struct request *) = check->then;

	(void)ch;
	free(check);
	if (m == NULL || error != 0) {
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 },
		    "the sign-in service does not answer");
		return;
	}
	req->has_factor = ((const struct auth_factor_rep *)m->body)->has_factor;
	req->fresh_until_ms = req->origin->fresh_until_ms;
	then(req);
}

/* What a session knows already has to be asked for a user whom the kernel named. */
static void
ask_local_factor(struct request *req, void (*then)(struct request *))
{
	struct auth_factor_req ask = { .user = req->user };
	struct channel *authd = session_authd(req);
	struct check *check;

	if (authd == NULL)
		return;
	if ((check = calloc(1, sizeof(*check))) == NULL)
		fatalx("session", "no memory");
	*check = (struct check){ .req = req, .then = then };
	if (channel_call(authd, MSG_AUTH_FACTOR, 0, &ask, NULL, 0, SESSION_CALL_MS, on_local_factor, check) != 0) {
		free(check);
		reply_problem(req, PROBLEM_UNAVAILABLE, "the sign-in service does not answer");
	}
}

static void
identify_local(struct request *req, void (*then)(struct request *))
{
	const char *role = NULL;

	(void)str_copy(req->from, "local", sizeof(req->from));
	if (req->origin->uid == 0) {
		(void)str_copy(req->user, "root", sizeof(req->user));
		role = user_role_builtin(0);
	} else if (session_local_user(req->confd, req->origin->uid, req->user) == 0)
		role = session_role(req->confd, req->user);
	if ((req->rights.role = user_role_load(req->confd->running->doc, role)) == NULL)
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"session\"", NULL,
		    "uid %u is not the system-uid of any user", req->origin->uid);
	else if (req->origin->uid != 0 && (route_flags(req->route) & (ROUTE_STEP_UP | ROUTE_MAY_STEP_UP)) != 0)
		ask_local_factor(req, then);
	else
		then(req);
}

const char *
session_source(struct request *req)
{
	const char *from = req->in->origin, *colon = strrchr(from, ':');
	const char *end = colon != NULL ? colon : from + strlen(from);

	if (req->origin->is_local)
		return ("local");
	if (from[0] == '[' && end > from + 1 && end[-1] == ']')
		from++, end--;
	return (arena_strndup(req->message.arena, from, (size_t)(end - from)));
}

struct channel *
session_authd(struct request *req)
{
	struct channel *authd = daemon_channel(ROLE_AUTHD, PEER_MAIN);

	if (authd == NULL)
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 },
		    "the sign-in service is restarting");
	return (authd);
}

static struct cached *
cached_find(struct sessions *ss, const char *token)
{
	size_t len = strlen(token), i;

	if (len == 0 || len >= TOKEN_MAX)
		return (NULL);
	for (i = 0; i < CACHED_MAX; i++)
		if (strlen(ss->cached[i].token) == len && str_equal_ct(ss->cached[i].token, token, len))
			return (&ss->cached[i]);
	return (NULL);
}

/* An entry that may still be believed for this source. */
static struct cached *
cached_fresh(struct sessions *ss, const char *token, const char *source)
{
	struct cached *c = cached_find(ss, token);

	if (c == NULL || c->checked_ms == 0 || clock_mono_ms() - c->checked_ms >= SESSION_CACHE_MS || strcmp(c->source, source) != 0)
		return (NULL);
	return (c);
}

static struct cached *
cached_put(struct sessions *ss, const char *token, const char *source, const struct auth_check_rep *rep)
{
	struct cached *c = cached_find(ss, token);
	size_t i;

	/* The one that was not asked about for the longest time goes; a free one has never been. */
	if (c == NULL) {
		c = &ss->cached[0];
		for (i = 1; i < CACHED_MAX; i++)
			if (ss->cached[i].checked_ms < c->checked_ms)
				c = &ss->cached[i];
	}
	memset(c, 0, sizeof(*c));
	(void)str_copy(c->token, token, sizeof(c->token));
	(void)str_copy(c->source, source, sizeof(c->source));
	(void)str_copy(c->user, rep->user, sizeof(c->user));
	(void)str_copy(c->id, rep->id, sizeof(c->id));
	(void)str_copy(c->csrf, rep->csrf, sizeof(c->csrf));
	(void)str_copy(c->role, rep->role, sizeof(c->role));
	(void)str_copy(c->cap, rep->cap, sizeof(c->cap));
	(void)str_copy(c->scopes, rep->scopes, sizeof(c->scopes));
	c->expires_ms = rep->expires_ms;
	c->idle_s = rep->idle_s;
	c->has_factor = rep->has_factor;
	c->checked_ms = clock_mono_ms();
	c->fresh_until_ms = c->checked_ms + rep->fresh_s * 1000ull;
	return (c);
}

/* As which role an API token acts: the one it was given, while that is part of its user's.  NULL when it is not; takes his. */
static struct user_role *
cap_of(const struct document *doc, const char *name, struct user_role *theirs)
{
	struct user_role *cap;

	if (strcmp(name, user_role_name(theirs)) == 0)
		return (theirs);
	cap = user_role_load(doc, name);
	if (!user_role_covers(theirs, cap, NULL, NULL)) {
		user_role_free(cap);
		cap = NULL;
	}
	user_role_free(theirs);
	return (cap);
}

/* The role in which he comes; NULL, answered, when his session or token is worth nothing any more. */
static struct user_role *
role_of(struct request *req, const struct cached *c)
{
	const struct document *doc = req->confd->running->doc;
	const char *name = session_role(req->confd, c->user);
	struct user_role *role = user_role_load(doc, name);

	if (role == NULL) {
		reply_problem_with(req, PROBLEM_AUTHENTICATION, "", &(struct reply_extra){ .session_end = 1 },
		    "the user is no longer in the configuration");
		return (NULL);
	}
	if (c->role[0] == '\0')
		return (role);
	/* An API token ends with the role that its user had when it was made. */
	if (strcmp(c->role, name) == 0)
		role = cap_of(doc, c->cap, role);
	else {
		user_role_free(role);
		role = NULL;
	}
	if (role == NULL)
		reply_problem(req, PROBLEM_AUTHENTICATION, "the user's role has changed since the token was made");
	return (role);
}

static void
adopt(struct request *req, struct cached *c, void (*then)(struct request *))
{
	struct user_role *role = role_of(req, c);

	if (role == NULL)
		return;
	/* Signing in asks twice in one request: first for its password, then for the session that was made. */
	user_role_free(req->rights.role);
	(void)str_copy(req->user, c->user, sizeof(req->user));
	(void)str_copy(req->id, c->id, sizeof(req->id));
	(void)str_copy(req->csrf, c->csrf, sizeof(req->csrf));
	(void)str_copy(req->from, req->in->origin, sizeof(req->from));
	req->expires_ms = c->expires_ms;
	req->idle_s = c->idle_s;
	req->has_factor = c->has_factor;
	req->fresh_until_ms = c->fresh_until_ms;
	req->rights.role = role;
	req->rights.is_scoped = c->role[0] != '\0';
	(void)str_copy(req->rights.scopes, c->scopes, sizeof(req->rights.scopes));
	c->used_ms = clock_mono_ms();
	(void)str_copy(c->origin, req->in->origin, sizeof(c->origin));
	(void)str_copy(c->local, req->in->local, sizeof(c->local));
	then(req);
}

void
session_identify(struct request *req, void (*then)(struct request *))
{
	struct sessions *ss = req->confd->sessions;
	struct auth_check_req ask = { .token = req->token };
	struct channel *authd;
	struct cached *c;
	struct check *check;

	if (req->origin->is_local) {
		identify_local(req, then);
		return;
	}
	if (req->token[0] == '\0') {
		reply_problem(req, PROBLEM_AUTHENTICATION, "there is no session");
		return;
	}
	if ((ask.source = session_source(req)) == NULL)
		fatalx("session", "no memory");
	if ((c = cached_fresh(ss, req->token, ask.source)) != NULL) {
		adopt(req, c, then);
		return;
	}
	if ((authd = session_authd(req)) == NULL)
		return;
	if ((check = calloc(1, sizeof(*check))) == NULL)
		fatalx("session", "no memory");
	*check = (struct check){ .req = req, .then = then };
	if (channel_call(authd, MSG_AUTH_CHECK, 0, &ask, NULL, 0, SESSION_CALL_MS, on_check, check) != 0) {
		free(check);
		reply_problem(req, PROBLEM_UNAVAILABLE, "the sign-in service does not answer");
	}
}

static void
on_check(struct channel *ch, struct message *m, int error, void *arg)
{
	struct check *check = arg;
	struct request *req = check->req;
	void (*then)(struct request *) = check->then;
	const struct auth_check_rep *rep = m != NULL && error == 0 ? m->body : NULL;

	(void)ch;
	free(check);
	if (rep == NULL || rep->verdict == AUTH_FAILED) {
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 },
		    "the sign-in service does not answer");
	} else if (rep->verdict != AUTH_ACCEPTED) {
		sessions_forget(req->confd->sessions, req->token);
		events_end(req->confd->events, req->token, NULL);
		reply_problem_with(req, PROBLEM_AUTHENTICATION, "", &(struct reply_extra){ .session_end = 1 },
		    "the session has ended");
	} else
		adopt(req, cached_put(req->confd->sessions, req->token, session_source(req), rep), then);
}

void
sessions_forget(struct sessions *ss, const char *token)
{
	struct cached *c = cached_find(ss, token);

	if (c != NULL)
		explicit_bzero(c, sizeof(*c));
}

const char *
sessions_token_of(struct sessions *ss, const char *id)
{
	size_t i;

	for (i = 0; i < CACHED_MAX; i++)
		if (ss->cached[i].token[0] != '\0' && strcmp(ss->cached[i].id, id) == 0)
			return (ss->cached[i].token);
	return (NULL);
}

void
sessions_flush(struct sessions *ss)
{
	size_t i;

	for (i = 0; i < CACHED_MAX; i++)
		ss->cached[i].checked_ms = 0;
}

void
sessions_each(struct sessions *ss, void (*fn)(const char *user, const char *origin, const char *local, void *arg), void *arg)
{
	const struct cached *c;

	for (c = ss->cached; c < ss->cached + CACHED_MAX; c++)
		if (c->token[0] != '\0' && c->origin[0] != '\0' && sessions_is_live(ss, c->token))
			fn(c->user, c->origin, c->local, arg);
}

bool
sessions_is_live(struct sessions *ss, const char *token)
{
	const struct cached *c = cached_find(ss, token);

	/* An API token has no idle time. */
	return (c != NULL && clock_wall_ms() < c->expires_ms && (c->idle_s == 0 || clock_mono_ms() - c->used_ms < c->idle_s * 1000ull));
}
