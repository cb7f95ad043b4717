/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
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
#include "commit.h"
#include "confd.h"
#include "document.h"
#include "edit.h"
#include "events.h"
#include "problem.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "session.h"
#include "snapshot.h"
#include "transaction.h"
#include "workspace.h"

/* Signing in, out, and claiming a box that has no administrator.  authd decides; the role is the configuration's. */

#define PASSWORD_MAX	512

/* A claim on its way: the account at authd first, then the user in the configuration. */
struct claim {
	struct request	*req;
	char		 user[65];
	char		 token[65];
	struct document	*doc;		/* the running one with the new administrator */
	uint32_t	 base;		/* the revision it was made from */
};

static void	 on_login(struct channel *, struct message *, int, void *);
static void	 on_claim(struct channel *, struct message *, int, void *);
static void	 on_claimed(const struct outcome_info *, void *);

/* What he has somewhere, for a page that shows no more than that. */
static void
print_rights(const struct request *req, struct buf *b)
{
	const char *between = "";
	unsigned i;

	buf_puts(b, ",\"rights\":[");
	for (i = RIGHT_VERB_FIRST; i < RIGHT_MAX; i++)
		if (rights_check(&req->rights, (enum right)i)) {
			buf_printf(b, "%s\"%s\"", between, right_name((enum right)i));
			between = ",";
		}
	buf_putc(b, ']');
}

static void
reply_account(struct request *req, unsigned status, const char *user, const char *role, const char *token)
{
	uint64_t now = clock_mono_ms();
	char path[128], when[32];
	const char *full_name;
	struct buf b;

	(void)snprintf(path, sizeof(path), "/users/%.64s/full-name", user);
	full_name = document_value(req->confd->running->doc, path);
	buf_init(&b, 4096);
	buf_puts(&b, "{\"user\":");
	record_json_string(user, strlen(user), &b);
	buf_printf(&b, ",\"role\":\"%s\"", role != NULL ? role : "");
	print_rights(req, &b);
	if (full_name != NULL) {
		buf_puts(&b, ",\"full-name\":");
		record_json_string(full_name, strlen(full_name), &b);
	}
	if (req->expires_ms != 0)
		buf_printf(&b, ",\"expires-at\":\"%s\"", clock_rfc3339(req->expires_ms, when));
	if (req->idle_s != 0)
		buf_printf(&b, ",\"idle-seconds\":%u", req->idle_s);
	if (req->csrf[0] != '\0') {
		buf_puts(&b, ",\"csrf\":");
		record_json_string(req->csrf, strlen(req->csrf), &b);
	}
	if (req->rights.is_scoped) {
		buf_puts(&b, ",\"scopes\":");
		record_json_string(req->rights.scopes, strlen(req->rights.scopes), &b);
	} else if (!req->origin->is_local)
		buf_printf(&b, ",\"second-factor\":{\"enrolled\":%s,\"required\":%s,\"fresh-seconds\":%llu}", req->has_factor ? "true" : "false",
		    access_requires_factor(req) ? "true" : "false",
		    (unsigned long long)(req->fresh_until_ms > now ? (req->fresh_until_ms - now) / 1000 : 0));
	buf_putc(&b, '}');
	reply_json(req, status, &b, &(struct reply_extra){ .session_token = token });
}

/* The local socket knows its callers from the kernel: there is nothing to sign in to. */
bool
route_is_local(struct request *req)
{
	if (!req->origin->is_local)
		return (false);
	reply_problem(req, PROBLEM_PERMISSION, "the local socket knows who you are: it has no sessions");
	return (true);
}

void
route_reply_verdict(struct request *req, uint8_t verdict, uint32_t retry_after_s, const char *text)
{
	switch ((enum auth_verdict)verdict) {
	case AUTH_NEED_OTP:
		reply_problem(req, PROBLEM_SECOND_FACTOR, "the code of the second factor is missing");
		break;
	case AUTH_TOO_MANY:
		reply_problem_with(req, PROBLEM_RATE, "", &(struct reply_extra){ .retry_after_s = retry_after_s },
		    "too many tries; wait %u seconds", retry_after_s);
		break;
	case AUTH_NOT_CLAIMABLE:
		reply_problem(req, PROBLEM_CONFLICT, "this box has an administrator already");
		break;
	case AUTH_WEAK_PASSWORD:
		reply_problem(req, PROBLEM_VALIDATION, "%s", text[0] != '\0' ? text : "the password is too weak");
		break;
	case AUTH_REFUSED:
		reply_problem(req, PROBLEM_AUTHENTICATION, "%s", text[0] != '\0' ? text : "that is not right");
		break;
	case AUTH_INVALID:
	case AUTH_ACCEPTED:
	case AUTH_FAILED:
		reply_problem(req, PROBLEM_UNAVAILABLE, "the sign-in service does not work now");
		break;
	}
}

/* The call could not be made, or its answer did not come. */
void
route_reply_no_authd(struct request *req)
{
	reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 },
	    "the sign-in service does not answer");
}

/* --- sessions --- */

void
session_create(struct request *req)
{
	struct auth_login_req ask = { .otp = "" };
	const struct body_member members[] = {
		{ .name = "user", .ret_text = &ask.user, .is_required = true },
		{ .name = "password", .ret_text = &ask.password, .is_required = true },
		{ .name = "otp", .ret_text = &ask.otp },
		{ .name = NULL },
	};
	struct channel *authd;

	if (route_is_local(req) || !body_object(req, members))
		return;
	if (strlen(ask.user) > 64 || strlen(ask.password) > PASSWORD_MAX || strlen(ask.otp) > 32) {
		route_reply_verdict(req, AUTH_REFUSED, 0, "");
		return;
	}
	if ((authd = session_authd(req)) == NULL)
		return;
	if ((ask.source = session_source(req)) == NULL)
		fatalx("session", "no memory");
	(void)str_copy(req->user, ask.user, sizeof(req->user));
	if (channel_call(authd, MSG_AUTH_LOGIN, 0, &ask, NULL, 0, 4 * SESSION_CALL_MS, on_login, req) != 0)
		route_reply_no_authd(req);
}

/* The new session, as every later request will find it. */
void
route_reply_signed_in(struct request *req)
{
	reply_account(req, 201, req->user, user_role_name(req->rights.role), req->token);
}

static void
revoke_token(const char *token)
{
	struct auth_logout_req out = { .token = token };
	struct channel *authd = daemon_channel(ROLE_AUTHD, PEER_MAIN);

	if (authd != NULL)
		(void)channel_send(authd, MSG_AUTH_LOGOUT, 0, &out, NULL, 0);
}

static void
on_login(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_login_rep *rep = m != NULL && error == 0 ? m->body : NULL;
	const char *role;

	(void)ch;
	if (rep == NULL) {
		route_reply_no_authd(req);
		return;
	}
	role = session_role(req->confd, req->user);
	/* Any other verdict is on authd's record: it counts floods, and leaves out names that are nobody's. */
	if (rep->verdict == AUTH_ACCEPTED)
		daemon_audit(req->user, req->from, "login", req->user, role != NULL ? "accepted" : "refused", "%s", "");
	if (rep->verdict == AUTH_ACCEPTED && role != NULL) {
		if ((req->token = arena_strdup(req->message.arena, rep->token)) == NULL)
			fatalx("session", "no memory");
		session_identify(req, route_reply_signed_in);
		return;
	}
	/* A password outlived its user: the session that was just made is of no use. */
	if (rep->verdict == AUTH_ACCEPTED)
		revoke_token(rep->token);
	route_reply_verdict(req, rep->verdict == AUTH_ACCEPTED ? AUTH_REFUSED : rep->verdict, rep->retry_after_s, rep->text);
}

void
session_show(struct request *req)
{
	reply_account(req, 200, req->user, user_role_name(req->rights.role), NULL);
}

static void
on_logout(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;

	(void)ch;
	if (m == NULL || error != 0) {
		route_reply_no_authd(req);
		return;
	}
	daemon_audit(req->user, req->from, "logout", req->user, "done", "%s", "");
	reply_empty(req, 204, &(struct reply_extra){ .session_end = 1 });
}

void
session_delete(struct request *req)
{
	struct auth_logout_req out = { .token = req->in->token };
	struct channel *authd;

	if (route_is_local(req) || (authd = session_authd(req)) == NULL)
		return;
	sessions_forget(req->confd->sessions, req->in->token);
	events_end(req->confd->events, req->in->token, NULL);
	if (channel_call(authd, MSG_AUTH_LOGOUT, 0, &out, NULL, 0, SESSION_CALL_MS, on_logout, req) != 0)
		route_reply_no_authd(req);
}

static void
on_password(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_password_rep *rep = m != NULL && error == 0 ? m->body : NULL;
	const char *whose = req->route->right == RIGHT_USERS_ADMIN ? req->segment[1] : req->user;

	(void)ch;
	if (rep == NULL) {
		route_reply_no_authd(req);
		return;
	}
	daemon_audit(req->user, req->from, "password", whose, rep->verdict == AUTH_ACCEPTED ? "changed" : "refused", "%s", rep->text);
	if (rep->verdict != AUTH_ACCEPTED) {
		route_reply_verdict(req, rep->verdict, 60, rep->text);
		return;
	}
	/* authd ends the other sessions of this user: nothing that was believed before holds. */
	sessions_flush(req->confd->sessions);
	reply_empty(req, 204, NULL);
}

static void
set_password(struct request *req, struct auth_password_req *ask)
{
	struct channel *authd;

	ask->source = session_source(req);
	if (strlen(ask->current) > PASSWORD_MAX || strlen(ask->new_password) > PASSWORD_MAX) {
		reply_problem(req, PROBLEM_VALIDATION, "a password has at most %d bytes", PASSWORD_MAX);
		return;
	}
	if ((authd = session_authd(req)) == NULL)
		return;
	if (channel_call(authd, MSG_AUTH_PASSWORD, 0, ask, NULL, 0, 4 * SESSION_CALL_MS, on_password, req) != 0)
		route_reply_no_authd(req);
}

void
session_password(struct request *req)
{
	struct auth_password_req ask = { .user = req->user };
	const struct body_member members[] = {
		{ .name = "current", .ret_text = &ask.current, .is_required = true },
		{ .name = "new", .ret_text = &ask.new_password, .is_required = true },
		{ .name = NULL },
	};

	if (!body_object(req, members))
		return;
	if (session_role(req->confd, req->user) == NULL)
		reply_problem(req, PROBLEM_PERMISSION, "%s is not a user of the configuration and has no password", req->user);
	else
		set_password(req, &ask);
}

/* An administrator sets somebody's password; his own needs the current one. */
void
user_password(struct request *req)
{
	struct auth_password_req ask = { .user = req->segment[1], .current = "", .by_admin = true };
	const struct body_member members[] = {
		{ .name = "new", .ret_text = &ask.new_password, .is_required = true },
		{ .name = NULL },
	};

	if (!body_object(req, members))
		return;
	if (session_role(req->confd, ask.user) == NULL)
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no user \"%.64s\" who may sign in", ask.user);
	else if (strcmp(ask.user, req->user) == 0)
		reply_problem(req, PROBLEM_PERMISSION, "your own password is changed with the current one (PUT /session/password)");
	else if (access_over(req, ask.user))
		set_password(req, &ask);
}

/* --- the first administrator --- */

static void
on_claimable(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_claim_rep *rep = m != NULL && error == 0 ? m->body : NULL;

	(void)ch;
	if (rep == NULL)
		route_reply_no_authd(req);
	else if (rep->verdict == AUTH_ACCEPTED)
		reply_text(req, 200, "application/json", "{\"claimable\":true}", 18, NULL);
	else
		reply_text(req, 200, "application/json", "{\"claimable\":false}", 19, NULL);
}

void
claim_show(struct request *req)
{
	struct auth_claim_req ask = { .code = "", .user = "", .password = "", .source = session_source(req) };
	struct channel *authd = session_authd(req);

	if (authd == NULL)
		return;
	if (channel_call(authd, MSG_AUTH_CLAIM, 0, &ask, NULL, 0, SESSION_CALL_MS, on_claimable, req) != 0)
		route_reply_no_authd(req);
}

static void
claim_free(struct claim *c)
{
	if (c == NULL)
		return;
	document_free(c->doc);
	explicit_bzero(c, sizeof(*c));
	free(c);
}

/* The running document with this person as administrator; NULL, answered, when the name is not one. */
static struct document *
with_admin(struct request *req, const char *user, const char *full_name)
{
	struct document *doc = document_dup(req->confd->running->doc);
	struct problems *problems = problems_new();
	char path[80];
	struct buf body;
	int error;

	if (doc == NULL || problems == NULL)
		fatalx("claim", "no memory");
	(void)snprintf(path, sizeof(path), "/users/%.64s", user);
	buf_init(&body, 4096);
	buf_puts(&body, "{\"role\":\"admin\",\"enabled\":true");
	if (full_name != NULL) {
		buf_puts(&body, ",\"full-name\":");
		record_json_string(full_name, strlen(full_name), &body);
	}
	buf_putc(&body, '}');
	if (strchr(user, '/') != NULL || buf_failed(&body))
		error = -EINVAL;
	else if (edit_exists(doc, path))
		error = edit_patch(doc, path, DOCUMENT_JSON, (const char *)body.data, body.len, problems);
	else
		error = edit_put(doc, path, DOCUMENT_JSON, (const char *)body.data, body.len, EDIT_CREATE, NULL, problems);
	if (error == 0)
		error = document_validate(doc, problems);
	if (error != 0) {
		reply_problems(req, PROBLEM_VALIDATION, problems, "the name cannot be used");
		document_free(doc);
		doc = NULL;
	}
	buf_fini(&body);
	problems_free(problems);
	return (doc);
}

void
claim_create(struct request *req)
{
	const char *full_name = NULL;
	struct auth_claim_req ask = { 0 };
	const struct body_member members[] = {
		{ .name = "code", .ret_text = &ask.code, .is_required = true },
		{ .name = "user", .ret_text = &ask.user, .is_required = true },
		{ .name = "password", .ret_text = &ask.password, .is_required = true },
		{ .name = "full-name", .ret_text = &full_name },
		{ .name = NULL },
	};
	struct document *doc;
	struct channel *authd;
	struct claim *c;

	if (!body_object(req, members))
		return;
	if (ask.code[0] == '\0' || strlen(ask.code) > 64 || ask.user[0] == '\0' || strlen(ask.user) > 64 ||
	    strlen(ask.password) > PASSWORD_MAX) {
		route_reply_verdict(req, AUTH_REFUSED, 0, "");
		return;
	}
	if (transaction_pending(req->confd->transaction) != NULL || transaction_is_busy(req->confd->transaction)) {
		reply_problem(req, PROBLEM_CONFLICT, "a commit is under way; try again when it is kept");
		return;
	}
	if ((authd = session_authd(req)) == NULL || (doc = with_admin(req, ask.user, full_name)) == NULL)
		return;
	if ((c = calloc(1, sizeof(*c))) == NULL || (ask.source = session_source(req)) == NULL)
		fatalx("claim", "no memory");
	c->req = req;
	c->doc = doc;
	c->base = req->confd->running->number;
	(void)str_copy(c->user, ask.user, sizeof(c->user));
	if (channel_call(authd, MSG_AUTH_CLAIM, 0, &ask, NULL, 0, 4 * SESSION_CALL_MS, on_claim, c) != 0) {
		claim_free(c);
		route_reply_no_authd(req);
	}
}

/* The account was made but its user cannot be: the box stays claimable. */
static void
claim_undo(struct claim *c)
{
	struct auth_revoke_req revoke = { .user = c->user, .forget = true };
	struct channel *authd = daemon_channel(ROLE_AUTHD, PEER_MAIN);

	if (authd != NULL)
		(void)channel_send(authd, MSG_AUTH_REVOKE, 0, &revoke, NULL, 0);
	claim_free(c);
}

static void
on_claim(struct channel *ch, struct message *m, int error, void *arg)
{
	struct claim *c = arg;
	struct request *req = c->req;
	const struct auth_claim_rep *rep = m != NULL && error == 0 ? m->body : NULL;
	struct commit_order order = { .doc = c->doc, .author = c->user, .origin = req->from, .comment = "first administrator",
	    .started_us = req->since_us, .on_end = on_claimed, .arg = c };

	(void)ch;
	if (rep == NULL || rep->verdict != AUTH_ACCEPTED) {
		claim_free(c);
		if (rep == NULL)
			route_reply_no_authd(req);
		else
			route_reply_verdict(req, rep->verdict, rep->retry_after_s, rep->text);
		return;
	}
	(void)str_copy(c->token, rep->token, sizeof(c->token));
	c->doc = NULL;
	/* users is confd's own section: no owner takes part, and nothing of the kernel changes. */
	if (req->confd->running->number == c->base && transaction_commit(req->confd->transaction, &order) == 0)
		return;
	document_free(order.doc);
	claim_undo(c);
	reply_problem(req, PROBLEM_CONFLICT, "another commit came in between; claim again");
}

static void
on_claimed(const struct outcome_info *info, void *arg)
{
	struct claim *c = arg;
	struct request *req = c->req;

	if (info->outcome != OUTCOME_DONE) {
		claim_undo(c);
		reply_error(req, info->error, info->problems);
		return;
	}
	daemon_audit(c->user, req->from, "claim", c->user, "accepted", "revision %u", info->commit->number);
	if (req->origin->is_local) {
		/* There is no cookie to put the token into. */
		revoke_token(c->token);
		reply_account(req, 201, c->user, session_role(req->confd, c->user), NULL);
	} else {
		if ((req->token = arena_strdup(req->message.arena, c->token)) == NULL)
			fatalx("claim", "no memory");
		session_identify(req, route_reply_signed_in);
	}
	claim_free(c);
}
