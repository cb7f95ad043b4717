/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "auditkey.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "claim.h"
#include "daemon/daemon.h"
#include "desk.h"
#include "desk_rows.h"
#include "factor.h"
#include "guard.h"
#include "ipc/ids.h"
#include "password.h"
#include "session.h"
#include "token.h"
#include "trail.h"
#include "verify.h"

#define BUSY_RETRY_S		5

static unsigned	 epoch;		/* how many channels to confd have ended */

/* A question that waits for PAM.  confd may have been restarted meanwhile: then nobody waits for the answer. */
struct inquiry {
	struct frame_header	 request;
	unsigned		 epoch;
	char			 user[65];
	char			 source[65];
	char			 otp[33];
	char			 text[FACTOR_TEXT_MAX];
	char			 new_password[513];
};

static void
inquiry_free(struct inquiry *q)
{
	explicit_bzero(q, sizeof(*q));
	free(q);
}

static struct inquiry *
inquiry_new(const struct message *m, const char *user, const char *source)
{
	struct inquiry *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->request = m->header;
	q->epoch = epoch;
	/*
	 * What cannot be anybody's name is one stranger's, whatever was typed: no name can be made up that would count against another
	 * key of the guard.
	 */
	(void)str_copy(q->user, account_name_valid(user) ? user : ACCOUNT_NOBODY, sizeof(q->user));
	(void)str_copy(q->source, source, sizeof(q->source));
	return q;
}

void
desk_on_close(struct channel *c, int error, void *arg)
{
	(void)c;
	(void)error;
	(void)arg;
	epoch++;
}

static void
answer(const struct inquiry *q, const void *rep)
{
	struct channel *c = daemon_channel(ROLE_CONFD, PEER_MAIN);

	if (c != NULL && epoch == q->epoch)
		(void)channel_reply(c, &q->request, rep, NULL, 0);
}

/* --- login --- */

static void
login_reply(const struct inquiry *q, unsigned verdict, const char *token, const struct session *s, uint32_t retry_s)
{
	struct auth_login_rep rep = { .verdict = (uint8_t)verdict, .text = q->text, .token = token, .csrf = s != NULL ? s->csrf : "",
	    .retry_after_s = retry_s, .expires_ms = s != NULL ? s->expires_ms : 0 };

	if (verdict == AUTH_TOO_MANY)
		trail_too_many(q->user, q->source, "login");
	else
		trail_write(q->user, q->source, "login", verdict);
	answer(q, &rep);
}

/* The password is right.  The second factor, where there is one, decides. */
static unsigned
second_factor(struct inquiry *q, bool *ret_is_fresh)
{
	*ret_is_fresh = factor_is_enrolled(q->user);
	if (!*ret_is_fresh)
		return AUTH_ACCEPTED;
	return q->otp[0] == '\0' ? AUTH_NEED_OTP : factor_check(q->user, q->otp, q->text);
}

static void
login_done(unsigned verdict, void *arg)
{
	struct inquiry *q = arg;
	char token[SESSION_TOKEN_LEN + 1] = "";
	struct session s;
	bool is_fresh = false;

	if (verdict == AUTH_ACCEPTED)
		verdict = second_factor(q, &is_fresh);
	if (verdict == AUTH_ACCEPTED && session_new(q->user, q->source, token, &s) != 0)
		verdict = AUTH_FAILED;
	if (verdict == AUTH_ACCEPTED && is_fresh)
		(void)session_step_up(token);
	/* Half of a sign-in makes no network known: each would be a bucket more for guessing the other half. */
	if (verdict == AUTH_ACCEPTED)
		guard_pass(q->user, q->source, clock_mono_ms());
	else if (verdict == AUTH_NEED_OTP || verdict == AUTH_FAILED)
		guard_undo(q->user, q->source, clock_mono_ms());
	login_reply(q, verdict, verdict == AUTH_ACCEPTED ? token : "", verdict == AUTH_ACCEPTED ? &s : NULL, 0);
	explicit_bzero(token, sizeof(token));
	inquiry_free(q);
}

static void
on_login(struct channel *c, struct message *m, void *arg)
{
	const struct auth_login_req *r = m->body;
	struct inquiry *q = inquiry_new(m, r->user, r->source);
	uint32_t retry_s = 0;

	(void)arg;
	if (q == NULL) {
		(void)channel_reply_error(c, &m->header, ENOMEM, 0, "no memory");
		return;
	}
	(void)str_copy(q->otp, r->otp, sizeof(q->otp));
	if (!guard_enter(q->user, q->source, clock_mono_ms(), &retry_s)) {
		login_reply(q, AUTH_TOO_MANY, "", NULL, retry_s);
		inquiry_free(q);
		return;
	}
	if (verify_start(q->user, r->password, q->source, login_done, q) == 0)
		return;
	guard_undo(q->user, q->source, clock_mono_ms());
	login_reply(q, AUTH_TOO_MANY, "", NULL, BUSY_RETRY_S);
	inquiry_free(q);
}

/* --- the first administrator --- */

static void
claim_reply(struct channel *c, const struct message *m, unsigned verdict, const char *text, const char *token,
    const struct session *s, uint32_t retry_s)
{
	struct auth_claim_rep rep = { .verdict = (uint8_t)verdict,
		.text = text,
		.token = token,
		.csrf = s != NULL ? s->csrf : "",
		.retry_after_s = retry_s,
		.expires_ms = s != NULL ? s->expires_ms : 0 };

	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
close_claim(void)
{
	if (claim_close() != 0)
		log_errx("claim", "the claim code's file cannot be removed; it is of no use any more");
	claim_announce();
}

/* A right code and a good password: the account, then the end of the code, then a session. */
static unsigned
claim_make(const struct auth_claim_req *r, const char **ret_text, char token[SESSION_TOKEN_LEN + 1], struct session *s)
{
	char hash[PASSWORD_HASH_MAX];
	int error;

	if (!account_name_valid(r->user)) {
		*ret_text = "a user name has up to 32 lower-case letters, digits, hyphens and underscores, and starts "
			    "with a letter";
		return AUTH_WEAK_PASSWORD;
	}
	*ret_text = password_weakness(r->user, r->password);
	if (*ret_text != NULL)
		return AUTH_WEAK_PASSWORD;
	*ret_text = "";
	error = password_hash(r->password, hash);
	if (error == 0)
		error = account_set(r->user, hash);
	explicit_bzero(hash, sizeof(hash));
	if (error == 0)
		close_claim();
	if (error == 0)
		error = session_new(r->user, r->source, token, s);
	if (error != 0)
		log_errx("claim", "cannot make the account: %s", strerror(-error));
	return error == 0 ? AUTH_ACCEPTED : AUTH_FAILED;
}

static void
on_claim(struct channel *c, struct message *m, void *arg)
{
	const struct auth_claim_req *r = m->body;
	char token[SESSION_TOKEN_LEN + 1] = "";
	struct session s;
	uint32_t retry_s = 0;
	const char *text = "";
	unsigned verdict;

	(void)arg;
	if (!claim_is_open()) {
		claim_reply(c, m, AUTH_NOT_CLAIMABLE, "", "", NULL, 0);
		return;
	}
	if (r->code[0] == '\0') {
		claim_reply(c, m, AUTH_ACCEPTED, "", "", NULL, 0);
		return;
	}
	if (!guard_enter("(claim)", r->source, clock_mono_ms(), &retry_s))
		verdict = AUTH_TOO_MANY;
	else if (!claim_matches(r->code))
		verdict = AUTH_REFUSED;
	else {
		guard_pass("(claim)", r->source, clock_mono_ms());
		verdict = claim_make(r, &text, token, &s);
	}
	if (verdict == AUTH_TOO_MANY)
		trail_too_many("(claim)", r->source, "claim");
	else
		daemon_audit(verdict == AUTH_ACCEPTED ? r->user : "(claim)", r->source, "claim", "",
		    trail_verdict(verdict), "%s", text);
	claim_reply(c, m, verdict, text, token, verdict == AUTH_ACCEPTED ? &s : NULL, retry_s);
	explicit_bzero(token, sizeof(token));
}

/* --- sessions --- */

/* Of an API token: as which role and for what, too. */
static void
check_token(const struct auth_check_req *r, struct auth_check_rep *rep)
{
	const struct token *t = token_check(r->token, r->source);

	if (t == NULL)
		return;
	rep->verdict = AUTH_ACCEPTED;
	rep->user = t->user;
	rep->id = t->id;
	rep->expires_ms = t->expires_ms;
	rep->has_factor = factor_is_enrolled(t->user);
	rep->role = t->role;
	rep->cap = t->cap;
	rep->scopes = t->scopes;
}

static void
on_check(struct channel *c, struct message *m, void *arg)
{
	const struct auth_check_req *r = m->body;
	struct auth_check_rep rep = { .verdict = AUTH_REFUSED, .user = "", .id = "", .csrf = "", .role = "", .cap = "", .scopes = "" };
	struct session s;

	(void)arg;
	if (token_is_token(r->token))
		check_token(r, &rep);
	else if (session_check(r->token, r->source, &s) == 0) {
		rep.verdict = AUTH_ACCEPTED;
		rep.user = s.user;
		rep.id = s.id;
		rep.csrf = s.csrf;
		rep.expires_ms = s.expires_ms;
		rep.idle_s = SESSION_IDLE_S;
		rep.has_factor = factor_is_enrolled(s.user);
		rep.fresh_s = s.fresh_s;
	}
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_logout(struct channel *c, struct message *m, void *arg)
{
	const struct auth_logout_req *r = m->body;
	struct auth_logout_rep rep = { .verdict = AUTH_REFUSED };
	struct session s;

	(void)arg;
	if (session_check(r->token, "", &s) == 0 && session_end(r->token) == 0) {
		rep.verdict = AUTH_ACCEPTED;
		trail_write(s.user, "", "logout", AUTH_ACCEPTED);
	}
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

/* The last account is gone, as when a claim had to be undone: without a code nobody could come in. */
static void
reopen_claim(void)
{
	int error;

	if (account_any() || claim_is_open())
		return;
	error = claim_init();
	if (error != 0)
		log_errx("claim", "no claim code can be made: %s", strerror(-error));
	claim_announce();
}

static void
on_revoke(struct channel *c, struct message *m, void *arg)
{
	const struct auth_revoke_req *r = m->body;
	struct auth_revoke_rep rep = { .sessions = session_end_user(r->user, "") };
	int error = 0;

	(void)arg;
	if (r->tokens || r->forget)
		error = token_revoke_user(r->user);
	if (r->forget) {
		error = account_remove(r->user);
		if (error == 0 || error == -ENOENT)
			error = factor_remove(r->user);
		reopen_claim();
	}
	if (error != 0 && error != -ENOENT) {
		(void)channel_reply_error(c, &m->header, error, 0, "cannot forget %s", r->user);
		return;
	}
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

/* --- passwords --- */

static unsigned
password_put(const char *user, const char *password, const char **ret_text)
{
	char hash[PASSWORD_HASH_MAX];
	int error;

	*ret_text = password_weakness(user, password);
	if (*ret_text != NULL)
		return AUTH_WEAK_PASSWORD;
	*ret_text = "";
	error = password_hash(password, hash);
	if (error == 0)
		error = account_set(user, hash);
	explicit_bzero(hash, sizeof(hash));
	if (error == 0) {
		/* Whoever knew the old one has no business here any more. */
		(void)session_end_user(user, "");
		return AUTH_ACCEPTED;
	}
	*ret_text = "the password could not be stored";
	return AUTH_FAILED;
}

static void
password_reply(const struct inquiry *q, unsigned verdict, const char *text)
{
	struct auth_password_rep rep = { .verdict = (uint8_t)verdict, .text = text };

	trail_write(q->user, q->source, "password", verdict);
	answer(q, &rep);
}

static void
password_done(unsigned verdict, void *arg)
{
	struct inquiry *q = arg;
	const char *text = "";

	if (verdict == AUTH_ACCEPTED) {
		guard_pass(q->user, q->source, clock_mono_ms());
		verdict = password_put(q->user, q->new_password, &text);
	} else if (verdict == AUTH_FAILED)
		guard_undo(q->user, q->source, clock_mono_ms());
	password_reply(q, verdict, text);
	inquiry_free(q);
}

static void
on_password(struct channel *c, struct message *m, void *arg)
{
	const struct auth_password_req *r = m->body;
	struct inquiry *q = inquiry_new(m, r->user, r->source);
	uint32_t retry_s = 0;
	const char *text = "";
	unsigned verdict;

	(void)arg;
	if (q == NULL) {
		(void)channel_reply_error(c, &m->header, ENOMEM, 0, "no memory");
		return;
	}
	if (r->by_admin) {
		verdict = account_name_valid(r->user) ? password_put(r->user, r->new_password, &text) : AUTH_REFUSED;
		if (verdict == AUTH_ACCEPTED && claim_is_open())
			close_claim();
		password_reply(q, verdict, text);
		inquiry_free(q);
		return;
	}
	(void)str_copy(q->new_password, r->new_password, sizeof(q->new_password));
	if (!guard_enter(q->user, q->source, clock_mono_ms(), &retry_s)) {
		password_reply(q, AUTH_TOO_MANY, "too many tries");
		inquiry_free(q);
		return;
	}
	if (verify_start(q->user, r->current, q->source, password_done, q) == 0)
		return;
	guard_undo(q->user, q->source, clock_mono_ms());
	password_reply(q, AUTH_TOO_MANY, "too many sign-ins are under way");
	inquiry_free(q);
}

const struct channel_dispatch desk_table[] = {
	{ MSG_AUTH_LOGIN, CHANNEL_PHASE_READY, on_login },
	{ MSG_AUTH_CLAIM, CHANNEL_PHASE_READY, on_claim },
	{ MSG_AUTH_CHECK, CHANNEL_PHASE_READY, on_check },
	{ MSG_AUTH_LOGOUT, CHANNEL_PHASE_READY, on_logout },
	{ MSG_AUTH_PASSWORD, CHANNEL_PHASE_READY, on_password },
	{ MSG_AUTH_REVOKE, CHANNEL_PHASE_READY, on_revoke },
	{ MSG_AUTH_STEP_UP, CHANNEL_PHASE_READY, desk_step_up },
	{ MSG_AUTH_FACTOR, CHANNEL_PHASE_READY, desk_factor },
	{ MSG_AUTH_FACTOR_START, CHANNEL_PHASE_READY, desk_factor_start },
	{ MSG_AUTH_FACTOR_CONFIRM, CHANNEL_PHASE_READY, desk_factor_confirm },
	{ MSG_AUTH_FACTOR_REMOVE, CHANNEL_PHASE_READY, desk_factor_remove },
	{ MSG_AUTH_RECOVERY, CHANNEL_PHASE_READY, desk_recovery },
	{ MSG_AUTH_SESSIONS, CHANNEL_PHASE_READY, desk_sessions },
	{ MSG_AUTH_SESSION_END, CHANNEL_PHASE_READY, desk_session_end },
	{ MSG_AUTH_TOKEN_CREATE, CHANNEL_PHASE_READY, desk_token_create },
	{ MSG_AUTH_TOKENS, CHANNEL_PHASE_READY, desk_tokens },
	{ MSG_AUTH_TOKEN_REVOKE, CHANNEL_PHASE_READY, desk_token_revoke },
	{ MSG_AUDIT_KEY, CHANNEL_PHASE_READY, auditkey_on_key },
	{ 0, 0, NULL }
};
