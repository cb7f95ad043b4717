/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "confd_rig.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "rig_authd.h"

/* "tok-NAME" is NAME's session, with "csrf-NAME"; the password of everybody is "right". */
static void
authd_check(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct auth_check_req *req = m->body;
	struct auth_check_rep rep = { .verdict = AUTH_REFUSED, .user = "", .id = "", .csrf = "", .role = "", .cap = "", .scopes = "" };
	static char user[65];
	char csrf[70];

	rig->checks++;
	if (strncmp(req->token, "tok-", 4) == 0) {
		(void)snprintf(csrf, sizeof(csrf), "csrf-%.60s", req->token + 4);
		rep.verdict = AUTH_ACCEPTED;
		rep.user = req->token + 4;
		rep.csrf = csrf;
		rep.expires_ms = 1800000000000;
		rep.idle_s = 900;
	} else if (strncmp(req->token, "pat_", 4) == 0) {
		(void)snprintf(user, sizeof(user), "%.64s", req->token + 4);
		rep.verdict = AUTH_ACCEPTED;
		rep.user = user;
		rep.expires_ms = 1800000000000;
		rep.role = rig->token_role;
		rep.cap = rig->token_cap;
		rep.scopes = rig->token_scopes;
	}
	rep.id = "session";
	rep.has_factor = strstr(rig->factors, rep.user) != NULL && rep.user[0] != '\0';
	rep.fresh_s = rig->fresh_s;
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_login(struct channel *ch, struct message *m, void *arg)
{
	const struct auth_login_req *req = m->body;
	struct auth_login_rep rep = { .verdict = AUTH_REFUSED, .text = "", .token = "", .csrf = "" };
	char token[70], csrf[70];

	(void)arg;
	(void)snprintf(token, sizeof(token), "tok-%.60s", req->user);
	(void)snprintf(csrf, sizeof(csrf), "csrf-%.60s", req->user);
	if (strcmp(req->password, "right") == 0)
		rep = (struct auth_login_rep){ .verdict = AUTH_ACCEPTED, .text = "", .token = token, .csrf = csrf, .expires_ms = 1800000000000 };
	else if (strcmp(req->password, "often") == 0)
		rep = (struct auth_login_rep){ .verdict = AUTH_TOO_MANY, .text = "", .token = "", .csrf = "", .retry_after_s = 30 };
	else if (strcmp(req->password, "otp") == 0)
		rep.verdict = AUTH_NEED_OTP;
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_claim(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct auth_claim_req *req = m->body;
	struct auth_claim_rep rep = { .verdict = AUTH_NOT_CLAIMABLE, .text = "", .token = "", .csrf = "" };
	char token[70], csrf[70];

	(void)snprintf(token, sizeof(token), "tok-%.60s", req->user);
	(void)snprintf(csrf, sizeof(csrf), "csrf-%.60s", req->user);
	if (!rig->is_claimed && req->code[0] == '\0')
		rep.verdict = AUTH_ACCEPTED;
	else if (!rig->is_claimed && strcmp(req->code, "code") != 0)
		rep.verdict = AUTH_REFUSED;
	else if (!rig->is_claimed) {
		rep = (struct auth_claim_rep){ .verdict = AUTH_ACCEPTED, .text = "", .token = token, .csrf = csrf };
		rig->is_claimed = true;
	}
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_logout(struct channel *ch, struct message *m, void *arg)
{
	struct auth_logout_rep rep = { .verdict = AUTH_ACCEPTED };

	(void)arg;
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_password(struct channel *ch, struct message *m, void *arg)
{
	const struct auth_password_req *req = m->body;
	struct auth_password_rep rep = { .verdict = AUTH_ACCEPTED, .text = "" };

	(void)arg;
	if (!req->by_admin && strcmp(req->current, "right") != 0)
		rep.verdict = AUTH_REFUSED;
	else if (strlen(req->new_password) < 8)
		rep = (struct auth_password_rep){ .verdict = AUTH_WEAK_PASSWORD, .text = "it is too short" };
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_revoke(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct auth_revoke_req *req = m->body;

	(void)ch;
	(void)snprintf(rig->revoked, sizeof(rig->revoked), "%.50s%s", req->user, req->forget ? "!" : req->tokens ? "#" : "");
}

/* "123456" is everybody's code. */
static void
authd_step_up(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct auth_step_up_req *req = m->body;
	struct auth_step_up_rep rep = { .verdict = AUTH_REFUSED, .text = "that is no code of yours" };

	if (strcmp(req->otp, "123456") == 0) {
		rep.verdict = AUTH_ACCEPTED;
		rep.fresh_s = rig->fresh_s = 300;
	}
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_factor(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct auth_factor_req *req = m->body;
	struct auth_factor_rep rep = { .has_factor = strstr(rig->factors, req->user) != NULL, .recovery_codes = 9 };

	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_factor_start(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct auth_factor_start_req *req = m->body;
	struct auth_factor_start_rep rep = { .verdict = AUTH_ACCEPTED, .text = "", .secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", .period_s = 30 };

	if (strstr(rig->factors, req->user) != NULL)
		rep = (struct auth_factor_start_rep){ .verdict = AUTH_REFUSED, .text = "there is one already", .secret = "" };
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_factor_confirm(struct channel *ch, struct message *m, void *arg)
{
	const struct auth_factor_confirm_req *req = m->body;
	struct auth_factor_confirm_rep rep = { .verdict = AUTH_REFUSED, .text = "that is not the code", .codes = "" };

	(void)arg;
	if (strcmp(req->otp, "123456") == 0)
		rep = (struct auth_factor_confirm_rep){ .verdict = AUTH_ACCEPTED, .text = "", .codes = "AAAA-1 BBBB-2" };
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_factor_remove(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct auth_factor_remove_req *req = m->body;
	struct auth_factor_remove_rep rep = { .verdict = strstr(rig->factors, req->user) != NULL ? AUTH_ACCEPTED : AUTH_REFUSED };

	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_recovery(struct channel *ch, struct message *m, void *arg)
{
	struct auth_recovery_rep rep = { .verdict = AUTH_ACCEPTED, .codes = "CCCC-3" };

	(void)arg;
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_sessions(struct channel *ch, struct message *m, void *arg)
{
	const struct auth_sessions_req *req = m->body;
	struct auth_session_info info = { .id = "session", .user = req->user[0] != '\0' ? req->user : "somebody", .source = "192.0.2.10:53122",
	    .created_ms = 1700000000000, .used_ms = 1700000000000, .expires_ms = 1800000000000 };
	struct auth_sessions_rep rep = { .sessions = { .items = &info, .n = 1 } };

	(void)arg;
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

/* Only "session" of alice is there to end. */
static void
authd_session_end(struct channel *ch, struct message *m, void *arg)
{
	const struct auth_session_end_req *req = m->body;
	struct auth_session_end_rep rep = { .verdict = AUTH_REFUSED };

	(void)arg;
	if (strcmp(req->id, "session") == 0 && (req->user[0] == '\0' || strcmp(req->user, "alice") == 0))
		rep.verdict = AUTH_ACCEPTED;
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_token_create(struct channel *ch, struct message *m, void *arg)
{
	struct rig *rig = arg;
	const struct auth_token_create_req *req = m->body;
	struct auth_token_create_rep rep = { .verdict = AUTH_ACCEPTED, .text = "", .id = "0011223344556677", .token = "pat_alice" };

	(void)snprintf(rig->token_made, sizeof(rig->token_made), "%s|%s|%s|%s|%s|%s", req->user, req->name, req->role, req->cap, req->scopes,
	    req->networks);
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_tokens(struct channel *ch, struct message *m, void *arg)
{
	const struct auth_tokens_req *req = m->body;
	struct auth_token_info info = { .id = "0011223344556677", .user = req->user[0] != '\0' ? req->user : "somebody", .name = "backup",
	    .cap = "admin", .scopes = "commit state:read", .networks = "", .created_ms = 1700000000000, .expires_ms = 1800000000000, .used_from = "" };
	struct auth_tokens_rep rep = { .tokens = { .items = &info, .n = 1 } };

	(void)arg;
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

static void
authd_token_revoke(struct channel *ch, struct message *m, void *arg)
{
	const struct auth_token_revoke_req *req = m->body;
	struct auth_token_revoke_rep rep = { .verdict = strcmp(req->id, "0011223344556677") == 0 ? AUTH_ACCEPTED : AUTH_REFUSED };

	(void)arg;
	(void)channel_reply(ch, &m->header, &rep, NULL, 0);
}

const struct channel_dispatch rig_authd_table[] = {
	{ MSG_AUTH_STEP_UP, CHANNEL_PHASE_READY, authd_step_up },
	{ MSG_AUTH_FACTOR, CHANNEL_PHASE_READY, authd_factor },
	{ MSG_AUTH_FACTOR_START, CHANNEL_PHASE_READY, authd_factor_start },
	{ MSG_AUTH_FACTOR_CONFIRM, CHANNEL_PHASE_READY, authd_factor_confirm },
	{ MSG_AUTH_FACTOR_REMOVE, CHANNEL_PHASE_READY, authd_factor_remove },
	{ MSG_AUTH_RECOVERY, CHANNEL_PHASE_READY, authd_recovery },
	{ MSG_AUTH_SESSIONS, CHANNEL_PHASE_READY, authd_sessions },
	{ MSG_AUTH_SESSION_END, CHANNEL_PHASE_READY, authd_session_end },
	{ MSG_AUTH_TOKEN_CREATE, CHANNEL_PHASE_READY, authd_token_create },
	{ MSG_AUTH_TOKENS, CHANNEL_PHASE_READY, authd_tokens },
	{ MSG_AUTH_TOKEN_REVOKE, CHANNEL_PHASE_READY, authd_token_revoke },
	{ MSG_AUTH_CHECK, CHANNEL_PHASE_READY, authd_check },
	{ MSG_AUTH_LOGIN, CHANNEL_PHASE_READY, authd_login },
	{ MSG_AUTH_CLAIM, CHANNEL_PHASE_READY, authd_claim },
	{ MSG_AUTH_LOGOUT, CHANNEL_PHASE_READY, authd_logout },
	{ MSG_AUTH_PASSWORD, CHANNEL_PHASE_READY, authd_password },
	{ MSG_AUTH_REVOKE, CHANNEL_PHASE_READY, authd_revoke },
	{ 0, 0, NULL }
};
