/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What confd asks about second factors.  Who may ask for whom was judged there. */
#include <errno.h>
#include <string.h>

#include "account.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "desk_rows.h"
#include "factor.h"
#include "guard.h"
#include "ipc/ids.h"
#include "session.h"
#include "totp.h"
#include "trail.h"

/* A code by somebody who is signed in, or whom the kernel named: it counts as a guess until it is right. */
static unsigned
judge(const char *user, const char *otp, const char *source, char text[FACTOR_TEXT_MAX], uint32_t *ret_retry_s)
{
	unsigned verdict;

	if (!guard_enter(user, source, clock_mono_ms(), ret_retry_s))
		return AUTH_TOO_MANY;
	verdict = factor_check(user, otp, text);
	if (verdict == AUTH_ACCEPTED)
		guard_pass(user, source, clock_mono_ms());
	else if (verdict == AUTH_FAILED)
		guard_undo(user, source, clock_mono_ms());
	return verdict;
}

void
desk_step_up(struct channel *c, struct message *m, void *arg)
{
	const struct auth_step_up_req *r = m->body;
	char text[FACTOR_TEXT_MAX] = "";
	struct auth_step_up_rep rep = { .verdict = AUTH_REFUSED, .text = text, .fresh_s = SESSION_FRESH_S };
	const char *user = r->user;
	struct session s;

	(void)arg;
	if (r->token[0] != '\0')
		user = session_check(r->token, r->source, &s) == 0 ? s.user : ACCOUNT_NOBODY;
	if (factor_is_enrolled(user))
		rep.verdict = (uint8_t)judge(user, r->otp, r->source, text, &rep.retry_after_s);
	else
		rep.text = "there is no second factor; enrol one first";
	if (rep.verdict == AUTH_ACCEPTED && r->token[0] != '\0' && session_step_up(r->token) != 0)
		rep.verdict = AUTH_REFUSED;
	if (rep.verdict == AUTH_TOO_MANY)
		trail_too_many(user, r->source, "step-up");
	else
		trail_write(user, r->source, "step-up", rep.verdict);
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

void
desk_factor(struct channel *c, struct message *m, void *arg)
{
	const struct auth_factor_req *r = m->body;
	struct auth_factor_rep rep = { .has_factor = factor_is_enrolled(r->user), .recovery_codes = recovery_count(r->user),
		.fresh_s = SESSION_FRESH_S };

	(void)arg;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

void
desk_factor_start(struct channel *c, struct message *m, void *arg)
{
	const struct auth_factor_start_req *r = m->body;
	char secret[FACTOR_BASE32_MAX] = "";
	struct auth_factor_start_rep rep = { .verdict = AUTH_ACCEPTED, .text = "", .secret = secret, .period_s = TOTP_PERIOD_S };
	int error = factor_start(r->user, r->algorithm, r->digits, secret);

	(void)arg;
	if (error != 0) {
		rep.verdict = error == -EEXIST || error == -EINVAL ? AUTH_REFUSED : AUTH_FAILED;
		rep.text = error == -EEXIST ? "there is a second factor already; remove it first" : "there is no such second factor";
	}
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	explicit_bzero(secret, sizeof(secret));
}

void
desk_factor_confirm(struct channel *c, struct message *m, void *arg)
{
	const struct auth_factor_confirm_req *r = m->body;
	char text[FACTOR_TEXT_MAX] = "", codes[RECOVERY_TEXT_MAX] = "";
	struct auth_factor_confirm_rep rep = { .text = text, .codes = codes };

	(void)arg;
	rep.verdict = (uint8_t)factor_confirm(r->user, r->otp, text, codes);
	if (rep.verdict == AUTH_ACCEPTED) {
		/* They were opened with the password alone. */
		(void)session_end_user(r->user, r->token);
		(void)session_step_up(r->token);
	}
	trail_write(r->user, r->source, "second-factor-enrolled", rep.verdict);
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	explicit_bzero(codes, sizeof(codes));
}

void
desk_factor_remove(struct channel *c, struct message *m, void *arg)
{
	const struct auth_factor_remove_req *r = m->body;
	struct auth_factor_remove_rep rep = { .verdict = AUTH_ACCEPTED };
	int error = factor_remove(r->user);

	(void)arg;
	if (error != 0)
		rep.verdict = error == -ENOENT ? AUTH_REFUSED : AUTH_FAILED;
	if (error != 0 && error != -ENOENT)
		log_errx("login", "%s: the second factor cannot be removed: %s", r->user, strerror(-error));
	if (rep.verdict == AUTH_ACCEPTED)
		(void)session_end_user(r->user, r->token);
	trail_write(r->user, r->source, r->by_admin ? "second-factor-reset" : "second-factor-removed", rep.verdict);
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

void
desk_recovery(struct channel *c, struct message *m, void *arg)
{
	const struct auth_recovery_req *r = m->body;
	char codes[RECOVERY_TEXT_MAX] = "";
	struct auth_recovery_rep rep = { .verdict = AUTH_REFUSED, .codes = codes };

	(void)arg;
	if (factor_is_enrolled(r->user))
		rep.verdict = recovery_make(r->user, codes) == 0 ? AUTH_ACCEPTED : AUTH_FAILED;
	trail_write(r->user, r->source, "recovery-codes", rep.verdict);
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	explicit_bzero(codes, sizeof(codes));
}
