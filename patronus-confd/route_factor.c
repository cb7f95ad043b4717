/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The second factor: enrolling, removing, and giving it once more.  authd has the secrets and judges the codes. */
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
#include "qr.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "session.h"
#include "snapshot.h"

#define OTP_MAX		32
#define DIGITS_USUAL	6

/* Ask authd; the request is answered when that cannot be. */
static void
ask_authd(struct request *req, uint16_t type, const void *ask, channel_reply_handler *then)
{
	struct channel *authd = session_authd(req);

	if (authd != NULL && channel_call(authd, type, 0, ask, NULL, 0, SESSION_CALL_MS, then, req) != 0)
		route_reply_no_authd(req);
}

/* The answer, or NULL and the request is answered. */
static const void *
answer_of(struct request *req, struct message *m, int error)
{
	if (m != NULL && error == 0)
		return (m->body);
	route_reply_no_authd(req);
	return (NULL);
}

/* root is nobody's account: what is there to enrol? */
static bool
is_user(struct request *req)
{
	if (session_role(req->confd, req->user) != NULL)
		return (true);
	reply_problem(req, PROBLEM_PERMISSION, "%s is not a user of the configuration and has no second factor", req->user);
	return (false);
}

/* {"otp": "123456"} */
static bool
read_otp(struct request *req, const char **ret)
{
	const struct body_member members[] = {
		{ .name = "otp", .ret_text = ret, .is_required = true },
		{ .name = NULL },
	};

	if (!body_object(req, members))
		return (false);
	if ((*ret)[0] != '\0' && strlen(*ret) <= OTP_MAX)
		return (true);
	route_reply_verdict(req, AUTH_REFUSED, 0, "that is no code");
	return (false);
}

/* --- once more --- */

static void
on_step_up(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_step_up_rep *rep = answer_of(req, m, error);
	struct buf b;

	(void)ch;
	if (rep == NULL)
		return;
	if (rep->verdict != AUTH_ACCEPTED) {
		route_reply_verdict(req, rep->verdict, rep->retry_after_s, rep->text);
		return;
	}
	/* What was believed of this session is out of date; on the local socket the connection is the session. */
	if (req->origin->is_local)
		req->origin->fresh_until_ms = clock_mono_ms() + rep->fresh_s * 1000ull;
	else
		sessions_flush(req->confd->sessions);
	buf_init(&b, 64);
	buf_printf(&b, "{\"fresh-seconds\":%u}", rep->fresh_s);
	reply_json(req, 200, &b, NULL);
}

void
step_up_create(struct request *req)
{
	struct auth_step_up_req ask = { .user = req->user, .token = req->in->token, .source = session_source(req) };

	if (is_user(req) && read_otp(req, &ask.otp))
		ask_authd(req, MSG_AUTH_STEP_UP, &ask, on_step_up);
}

/* --- of oneself --- */

static void
on_factor(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_factor_rep *rep = answer_of(req, m, error);
	bool is_mine = req->route->right == RIGHT_SESSION;
	struct buf b;

	(void)ch;
	if (rep == NULL)
		return;
	buf_init(&b, 256);
	buf_printf(&b, "{\"enrolled\":%s,\"recovery-codes\":%u", rep->has_factor ? "true" : "false", rep->recovery_codes);
	if (is_mine)
		buf_printf(&b, ",\"required\":%s", access_requires_factor(req) ? "true" : "false");
	buf_putc(&b, '}');
	reply_json(req, 200, &b, NULL);
}

void
factor_show(struct request *req)
{
	struct auth_factor_req ask = { .user = req->user };

	if (is_user(req))
		ask_authd(req, MSG_AUTH_FACTOR, &ask, on_factor);
}

static const char *const algorithm_names[] = { [TOTP_SHA1] = "SHA1", [TOTP_SHA256] = "SHA256", [TOTP_SHA512] = "SHA512" };

static uint8_t
algorithm_parse(const char *name)
{
	uint8_t i;

	for (i = TOTP_SHA1; i <= TOTP_SHA512; i++)
		if (strcmp(name, algorithm_names[i]) == 0)
			return (i);
	return (TOTP_ALGORITHM_INVALID);
}

/* What the request asked for; the body is read again for the answer. */
static bool
read_kind(struct request *req, uint8_t *ret_algorithm, uint64_t *ret_digits)
{
	const char *algorithm = algorithm_names[TOTP_SHA1];
	const struct body_member members[] = {
		{ .name = "algorithm", .ret_text = &algorithm },
		{ .name = "digits", .ret_number = ret_digits, .min = 6, .max = 8 },
		{ .name = NULL },
	};

	*ret_digits = DIGITS_USUAL;
	if (!body_object(req, members))
		return (false);
	*ret_algorithm = algorithm_parse(algorithm);
	if (*ret_algorithm != TOTP_ALGORITHM_INVALID && *ret_digits != 7)
		return (true);
	reply_problem(req, PROBLEM_VALIDATION, "the algorithm is SHA1, SHA256 or SHA512, and a code has 6 or 8 digits");
	return (false);
}

/* The Key URI that authenticator apps read: the box is the issuer, so that one app can tell many boxes apart. */
static void
print_uri(struct request *req, const char *secret, uint8_t algorithm, unsigned digits, uint32_t period_s, char *ret, size_t size)
{
	const char *host = document_value(req->confd->running->doc, "/system/hostname");

	if (host == NULL || host[0] == '\0')
		host = "Patronus";
	/* Host names and user names have no character that a URI would write otherwise. */
	(void)snprintf(ret, size, "otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=%s&digits=%u&period=%u", host, req->user, secret, host,
	    algorithm_names[algorithm], digits, period_s);
}

static void
on_start(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_factor_start_rep *rep = answer_of(req, m, error);
	uint8_t algorithm;
	uint64_t digits;
	char uri[512];
	struct buf b;

	(void)ch;
	if (rep == NULL)
		return;
	if (rep->verdict == AUTH_REFUSED)
		reply_problem(req, PROBLEM_CONFLICT, "%s", rep->text);
	else if (rep->verdict != AUTH_ACCEPTED)
		route_reply_verdict(req, AUTH_FAILED, 0, "");
	else if (read_kind(req, &algorithm, &digits)) {
		print_uri(req, rep->secret, algorithm, (unsigned)digits, rep->period_s, uri, sizeof(uri));
		buf_init(&b, 64 << 10);
		buf_printf(&b, "{\"secret\":\"%s\",\"uri\":", rep->secret);
		record_json_string(uri, strlen(uri), &b);
		buf_puts(&b, ",\"qr\":");
		if (qr_print(uri, &b) != 0)
			buf_puts(&b, "[]");
		buf_putc(&b, '}');
		if (b.data != NULL)
			reply_text(req, 201, "application/json", (const char *)b.data, b.len, NULL);
		else
			reply_problem(req, PROBLEM_INTERNAL, "there is not enough memory for the answer");
		if (b.data != NULL)
			explicit_bzero(b.data, b.len);
		buf_fini(&b);
		explicit_bzero(uri, sizeof(uri));
	}
}

void
factor_start(struct request *req)
{
	struct auth_factor_start_req ask = { .user = req->user };
	uint64_t digits;

	if (!is_user(req) || !read_kind(req, &ask.algorithm, &digits))
		return;
	ask.digits = (uint8_t)digits;
	ask_authd(req, MSG_AUTH_FACTOR_START, &ask, on_start);
}

/* "A B C" as {"recovery-codes":["A","B","C"]}: base 32 and hyphens need no escaping. */
static void
reply_codes(struct request *req, const char *codes)
{
	struct buf b;
	size_t len;

	buf_init(&b, 4096);
	buf_puts(&b, "{\"recovery-codes\":[");
	for (; codes[0] != '\0'; codes += len) {
		codes += strspn(codes, " ");
		len = strcspn(codes, " ");
		buf_printf(&b, "%s\"%.*s\"", b.data[b.len - 1] == '[' ? "" : ",", (int)len, codes);
	}
	buf_puts(&b, "]}");
	reply_json(req, 200, &b, NULL);
}

static void
on_confirm(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_factor_confirm_rep *rep = answer_of(req, m, error);

	(void)ch;
	if (rep == NULL)
		return;
	daemon_audit(req->user, req->from, "second-factor", req->user, rep->verdict == AUTH_ACCEPTED ? "enrolled" : "refused", "%s", rep->text);
	sessions_flush(req->confd->sessions);
	if (rep->verdict == AUTH_ACCEPTED)
		reply_codes(req, rep->codes);
	else if (rep->verdict == AUTH_REFUSED)
		reply_problem(req, PROBLEM_VALIDATION, "%s", rep->text);
	else
		route_reply_verdict(req, rep->verdict, 0, rep->text);
}

void
factor_confirm(struct request *req)
{
	struct auth_factor_confirm_req ask = { .user = req->user, .token = req->in->token, .source = session_source(req) };

	if (is_user(req) && read_otp(req, &ask.otp))
		ask_authd(req, MSG_AUTH_FACTOR_CONFIRM, &ask, on_confirm);
}

static void
on_codes(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_recovery_rep *rep = answer_of(req, m, error);

	(void)ch;
	if (rep == NULL)
		return;
	if (rep->verdict == AUTH_ACCEPTED) {
		daemon_audit(req->user, req->from, "recovery-codes", req->user, "made", "%s", "");
		reply_codes(req, rep->codes);
	} else if (rep->verdict == AUTH_REFUSED)
		reply_problem(req, PROBLEM_CONFLICT, "there is no second factor that they could stand in for");
	else
		route_reply_verdict(req, rep->verdict, 0, "");
}

void
factor_codes(struct request *req)
{
	const struct body_member none[] = { { .name = NULL } };
	struct auth_recovery_req ask = { .user = req->user, .source = session_source(req) };

	if (body_object(req, none) && is_user(req))
		ask_authd(req, MSG_AUTH_RECOVERY, &ask, on_codes);
}

/* --- its end --- */

static const char *
whose(const struct request *req)
{
	return (req->route->right == RIGHT_USERS_ADMIN ? req->segment[1] : req->user);
}

static void
on_remove(struct channel *ch, struct message *m, int error, void *arg)
{
	struct request *req = arg;
	const struct auth_factor_remove_rep *rep = answer_of(req, m, error);

	(void)ch;
	if (rep == NULL)
		return;
	sessions_flush(req->confd->sessions);
	if (rep->verdict == AUTH_ACCEPTED) {
		daemon_audit(req->user, req->from, "second-factor", whose(req), "removed", "%s", "");
		reply_empty(req, 204, NULL);
	} else if (rep->verdict == AUTH_REFUSED)
		reply_problem(req, PROBLEM_NOT_FOUND, "%.64s has no second factor", whose(req));
	else
		route_reply_verdict(req, rep->verdict, 0, "");
}

void
factor_remove(struct request *req)
{
	struct auth_factor_remove_req ask = { .user = req->user, .token = req->in->token, .source = session_source(req) };

	if (is_user(req))
		ask_authd(req, MSG_AUTH_FACTOR_REMOVE, &ask, on_remove);
}

void
user_factor_show(struct request *req)
{
	struct auth_factor_req ask = { .user = req->segment[1] };

	if (session_role(req->confd, ask.user) == NULL)
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no user \"%.64s\" who may sign in", ask.user);
	else
		ask_authd(req, MSG_AUTH_FACTOR, &ask, on_factor);
}

/* An administrator takes away the second factor of somebody who has lost it; all his sessions end. */
void
user_factor_remove(struct request *req)
{
	struct auth_factor_remove_req ask = { .user = req->segment[1], .token = "", .source = session_source(req), .by_admin = true };

	if (session_role(req->confd, ask.user) == NULL)
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no user \"%.64s\" who may sign in", ask.user);
	else if (strcmp(ask.user, req->user) == 0)
		reply_problem(req, PROBLEM_PERMISSION, "your own second factor is removed with DELETE /users/me/second-factor");
	else if (access_over(req, ask.user))
		ask_authd(req, MSG_AUTH_FACTOR_REMOVE, &ask, on_remove);
}
