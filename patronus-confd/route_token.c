/* SPDX-License-Identifier: GPL-3.0-or-later */
/* API tokens and sessions: who has which, and their ends.  authd keeps them; what roles and scopes mean is judged here. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "access.h"
#include "body.h"
#include "confd.h"
#include "document.h"
#include "events.h"
#include "node.h"
#include "query.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "route_common.h"
#include "session.h"
#include "snapshot.h"

#define LIFE_MIN_S	60
#define LIFE_MAX_S	(400 * 86400)
#define WORDS_MAX	32	/* scopes, or networks, of one token */
#define WORDS_BYTES	512
#define NAME_MAX_BYTES	64

static void
ask_authd(struct request *req, uint16_t type, const void *ask, channel_reply_handler *then)
{
	struct channel *authd = session_authd(req);

	if (authd != NULL && channel_call(authd, type, 0, ask, NULL, 0, SESSION_CALL_MS, then, req) != 0)
		route_reply_no_authd(req);
}

static void
print_member(struct buf *b, const char *name, const char *text)
{
	buf_printf(b, ",\"%s\":", name);
	record_json_string(text, strlen(text), b);
}

static void
print_time(struct buf *b, const char *name, uint64_t ms)
{
	char when[32];

	if (ms != 0)
		buf_printf(b, ",\"%s\":\"%s\"", name, clock_rfc3339(ms, when));
}

/* "a b" as ["a","b"]. */
static void
print_words(struct buf *b, const char *name, const char *words)
{
	const char *between = "";
	size_t len;

	buf_printf(b, ",\"%s\":[", name);
	for (;; words += len) {
		words += strspn(words, " ");
		len = strcspn(words, " ");
		if (len == 0)
			break;
		buf_puts(b, between);
		record_json_string(words, len, b);
		between = ",";
	}
	buf_putc(b, ']');
}

/* Whose are asked for: one's own, or with all=true everybody's.  false, answered, when he may not. */
static bool
read_whose(struct request *req, const char **ret)
{
	bool all = false;

	if (!query_flag(req, "all", false, &all))
		return (false);
	*ret = all ? "" : req->user;
	return (!all || access_right(req, RIGHT_SESSIONS_ADMIN));
}

/* --- making a token --- */

/* Strings of a JSON array as words; false, answered, when they cannot be. */
static bool
join_words(struct request *req, const struct node *list, const char *name, char ret[WORDS_BYTES + 1])
{
	const struct node *n;
	size_t at = 0;

	ret[0] = '\0';
	for (n = list != NULL ? list->first : NULL; n != NULL; n = n->next) {
		if (n->kind != NODE_SCALAR || n->style != NODE_QUOTED || n->len == 0 || strpbrk(n->text, " \t\n\r") != NULL ||
		    at + n->len + 1 > WORDS_BYTES) {
			reply_problem(req, PROBLEM_VALIDATION, "\"%s\" must be a list of words, not longer than %d bytes together", name, WORDS_BYTES);
			return (false);
		}
		at += (size_t)snprintf(ret + at, WORDS_BYTES + 1 - at, "%s%s", at > 0 ? " " : "", n->text);
	}
	return (true);
}

static bool
check_scopes(struct request *req, const struct node *list)
{
	const struct node *n;

	for (n = list != NULL ? list->first : NULL; n != NULL; n = n->next)
		if (!scope_is_valid(req->confd->schema, n->text, n->len)) {
			reply_problem(req, PROBLEM_VALIDATION, "there is no scope \"%.64s\"; there are SECTION:read, SECTION:write, configuration:read, "
			    "configuration:write, commit, state:read, logs:read, history:read, audit:read, users:admin, secrets:write and backups", n->text);
			return (false);
		}
	if (list != NULL && list->first != NULL)
		return (true);
	reply_problem(req, PROBLEM_VALIDATION, "a token without scopes could do nothing");
	return (false);
}

/* For whom and as which role; false, answered, when that may not be. */
static bool
check_user(struct request *req, struct auth_token_create_req *ask)
{
	const struct document *doc = req->confd->running->doc;
	struct user_role *theirs, *cap;
	bool covers;

	if (strcmp(ask->user, req->user) != 0 && !access_right(req, RIGHT_USERS_ADMIN))
		return (false);
	if ((ask->role = session_role(req->confd, ask->user)) == NULL) {
		reply_problem(req, PROBLEM_VALIDATION, "there is no user \"%.64s\" who may sign in; say whose token it is with \"user\"", ask->user);
		return (false);
	}
	if (ask->cap[0] == '\0')
		ask->cap = ask->role;
	theirs = user_role_load(doc, ask->role);
	cap = user_role_load(doc, ask->cap);
	covers = user_role_covers(theirs, cap, NULL, NULL);
	user_role_free(theirs);
	user_role_free(cap);
	if (!covers)
		reply_problem(req, PROBLEM_VALIDATION, "the role %s of \"%.64s\" does not include the role \"%.32s\"", ask->role, ask->user, ask->cap);
	return (covers && access_over(req, ask->user));
}

static void
on_created(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_token_create_rep *rep = m != NULL && error == 0 ? m->body : NULL;
	char location[64];
	struct buf b;

	(void)ch;
	if (rep == NULL)
		route_reply_no_authd(req);
	else if (rep->verdict == AUTH_REFUSED)
		reply_problem(req, PROBLEM_VALIDATION, "%s", rep->text);
	else if (rep->verdict != AUTH_ACCEPTED)
		route_reply_verdict(req, rep->verdict, 0, "");
	else {
		daemon_audit(req->user, req->from, "token", rep->id, "made", "%s", "");
		(void)snprintf(location, sizeof(location), "/api/v1/tokens/%s", rep->id);
		buf_init(&b, 1024);
		buf_printf(&b, "{\"id\":\"%s\",\"token\":\"%s\"}", rep->id, rep->token);
		reply_json(req, 201, &b, &(struct reply_extra){ .location = location });
	}
}

void
token_create(struct request *req)
{
	struct auth_token_create_req ask = { .user = req->user, .cap = "" };
	const struct node *scopes = NULL, *networks = NULL;
	uint64_t life_s = 0;
	const struct body_member members[] = {
		{ .name = "name", .ret_text = &ask.name, .is_required = true },
		{ .name = "user", .ret_text = &ask.user },
		{ .name = "role", .ret_text = &ask.cap },
		{ .name = "scopes", .ret_list = &scopes, .max = WORDS_MAX, .is_required = true },
		{ .name = "networks", .ret_list = &networks, .max = WORDS_MAX },
		{ .name = "expires-in", .ret_number = &life_s, .min = LIFE_MIN_S, .max = LIFE_MAX_S, .is_required = true },
		{ .name = NULL },
	};
	char scope_words[WORDS_BYTES + 1], network_words[WORDS_BYTES + 1];

	if (!body_object(req, members))
		return;
	if (strlen(ask.name) > NAME_MAX_BYTES || strlen(ask.user) > 64 || strlen(ask.cap) > 32) {
		reply_problem(req, PROBLEM_VALIDATION, "a name has at most %d bytes", NAME_MAX_BYTES);
		return;
	}
	if (!check_user(req, &ask) || !join_words(req, scopes, "scopes", scope_words) || !check_scopes(req, scopes) ||
	    !join_words(req, networks, "networks", network_words))
		return;
	ask.scopes = scope_words;
	ask.networks = network_words;
	ask.expires_ms = clock_wall_ms() + life_s * 1000;
	ask_authd(req, MSG_AUTH_TOKEN_CREATE, &ask, on_created);
}

/* --- lists --- */

static void
print_token(struct buf *b, const struct auth_token_info *t)
{
	buf_printf(b, "{\"id\":\"%s\"", t->id);
	print_member(b, "name", t->name);
	print_member(b, "user", t->user);
	print_member(b, "role", t->cap);
	print_words(b, "scopes", t->scopes);
	print_words(b, "networks", t->networks);
	print_time(b, "created-at", t->created_ms);
	print_time(b, "expires-at", t->expires_ms);
	print_time(b, "used-at", t->used_ms);
	if (t->used_from[0] != '\0')
		print_member(b, "used-from", t->used_from);
	buf_putc(b, '}');
}

static void
on_tokens(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_tokens_rep *rep = m != NULL && error == 0 ? m->body : NULL;
	struct buf b;
	uint32_t i;

	(void)ch;
	if (rep == NULL) {
		route_reply_no_authd(req);
		return;
	}
	buf_init(&b, 8 << 20);
	buf_puts(&b, "{\"tokens\":[");
	for (i = 0; i < rep->tokens.n; i++) {
		buf_puts(&b, i > 0 ? "," : "");
		print_token(&b, &rep->tokens.items[i]);
	}
	buf_puts(&b, "]}");
	reply_json(req, 200, &b, NULL);
}

void
token_list(struct request *req)
{
	struct auth_tokens_req ask;

	if (read_whose(req, &ask.user))
		ask_authd(req, MSG_AUTH_TOKENS, &ask, on_tokens);
}

static void
on_sessions(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_sessions_rep *rep = m != NULL && error == 0 ? m->body : NULL;
	const struct auth_session_info *s;
	struct buf b;
	uint32_t i;

	(void)ch;
	if (rep == NULL) {
		route_reply_no_authd(req);
		return;
	}
	buf_init(&b, 8 << 20);
	buf_puts(&b, "{\"sessions\":[");
	for (i = 0; i < rep->sessions.n; i++) {
		s = &rep->sessions.items[i];
		buf_printf(&b, "%s{\"id\":\"%s\",\"current\":%s", i > 0 ? "," : "", s->id, strcmp(s->id, req->id) == 0 ? "true" : "false");
		print_member(&b, "user", s->user);
		print_member(&b, "source", s->source);
		print_time(&b, "created-at", s->created_ms);
		print_time(&b, "used-at", s->used_ms);
		print_time(&b, "expires-at", s->expires_ms);
		buf_putc(&b, '}');
	}
	buf_puts(&b, "]}");
	reply_json(req, 200, &b, NULL);
}

void
session_list(struct request *req)
{
	struct auth_sessions_req ask;

	if (read_whose(req, &ask.user))
		ask_authd(req, MSG_AUTH_SESSIONS, &ask, on_sessions);
}

/* --- ends --- */

/*
 * Somebody else's may be ended by who has the right.  No fresh second factor is asked for: to end something is what one does in a hurry,
 * it gives nobody anything, and whoever it was can sign in again.
 */
static const char *
whose_to_end(const struct request *req)
{
	return (rights_check(&req->rights, RIGHT_SESSIONS_ADMIN) ? "" : req->user);
}

/* Nothing that was believed of it holds any more, and its streams end. */
static void
forget(struct request *req, const char *what)
{
	const char *token = sessions_token_of(req->confd->sessions, req->segment[1]);

	if (token != NULL) {
		events_end(req->confd->events, token, NULL);
		sessions_forget(req->confd->sessions, token);
	}
	daemon_audit(req->user, req->from, what, req->segment[1], "ended", "%s", "");
}

static void
reply_ended(struct request *req, uint8_t verdict, const char *what)
{
	if (verdict == AUTH_REFUSED) {
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no %s \"%.32s\" of yours", what, req->segment[1]);
		return;
	}
	forget(req, what);
	if (verdict == AUTH_ACCEPTED)
		reply_empty(req, 204, &(struct reply_extra){ .session_end = strcmp(req->segment[1], req->id) == 0 });
	else
		reply_problem(req, PROBLEM_INTERNAL, "it has ended, but that cannot be written down: it could come back with a restart");
}

static void
on_ended(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;

	(void)ch;
	if (m == NULL || error != 0)
		route_reply_no_authd(req);
	else if (req->route->handler == session_revoke)
		reply_ended(req, ((const struct auth_session_end_rep *)m->body)->verdict, "session");
	else
		reply_ended(req, ((const struct auth_token_revoke_rep *)m->body)->verdict, "token");
}

/* ask: the same for a session and for a token, but for its type. */
static void
end(struct request *req, uint16_t type, const void *ask, const char *what)
{
	if (strlen(req->segment[1]) > 16)
		reply_ended(req, AUTH_REFUSED, what);
	else
		ask_authd(req, type, ask, on_ended);
}

void
session_revoke(struct request *req)
{
	end(req, MSG_AUTH_SESSION_END, &(struct auth_session_end_req){ .id = req->segment[1], .user = whose_to_end(req) }, "session");
}

void
token_revoke(struct request *req)
{
	end(req, MSG_AUTH_TOKEN_REVOKE, &(struct auth_token_revoke_req){ .id = req->segment[1], .user = whose_to_end(req) }, "token");
}
