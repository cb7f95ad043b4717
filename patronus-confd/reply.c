/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"

#include "idempotency.h"
#include "problem.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "sight.h"

#define BODY_MAX	(16u << 20)

static const struct {
	uint16_t	 status;
	const char	*slug;
	const char	*title;
} kinds[PROBLEM_MAX] = {
	[PROBLEM_SYNTAX] = { 400, "syntax", "The request cannot be read" },
	[PROBLEM_AUTHENTICATION] = { 401, "authentication", "Sign in first" },
	[PROBLEM_SECOND_FACTOR] = { 401, "second-factor", "The code of the second factor is missing" },
	[PROBLEM_PERMISSION] = { 403, "permission", "The role may not do that" },
	[PROBLEM_STEP_UP] = { 403, "step-up-required", "The second factor is asked for again" },
	[PROBLEM_ENROLMENT] = { 403, "enrolment-required", "A second factor must be enrolled first" },
	[PROBLEM_NOT_FOUND] = { 404, "not-found", "There is nothing here" },
	[PROBLEM_METHOD] = { 405, "method", "The path knows other methods" },
	[PROBLEM_CONFLICT] = { 409, "conflict", "The change is in conflict with another one" },
	[PROBLEM_DISRUPTIVE] = { 409, "disruptive", "The change needs a time to confirm it, or force" },
	[PROBLEM_STALE] = { 412, "stale", "The object has changed meanwhile" },
	[PROBLEM_TOO_LARGE] = { 413, "too-large", "The body is too large" },
	[PROBLEM_MEDIA_TYPE] = { 415, "media-type", "The body is neither JSON nor YAML" },
	[PROBLEM_VALIDATION] = { 422, "validation", "The configuration is not valid" },
	[PROBLEM_REUSED] = { 422, "idempotency", "The key was used for another request" },
	[PROBLEM_HELD] = { 423, "held", "Another commit is under way" },
	[PROBLEM_PRECONDITION] = { 428, "precondition", "The request must say what it stands on" },
	[PROBLEM_RATE] = { 429, "rate", "Too many tries" },
	[PROBLEM_INTERNAL] = { 500, "internal", "A fault of ours" },
	[PROBLEM_APPLY_FAILED] = { 502, "apply-failed", "The box refused the configuration" },
	[PROBLEM_UNAVAILABLE] = { 503, "unavailable", "A daemon is restarting" },
};

static void
send(struct request *req, unsigned status, const char *type, const void *body, size_t len, const struct reply_extra *extra)
{
	static const struct reply_extra none = { 0 };
	struct mgmt_rep rep = { .status = (uint16_t)status, .content_type = type };
	char etag[130] = "";

	if (extra == NULL)
		extra = &none;
	if (extra->etag != NULL && extra->etag[0] != '\0')
		(void)snprintf(etag, sizeof(etag), "\"%.120s\"", extra->etag);
	rep.etag = extra->etag_text != NULL ? extra->etag_text : etag;
	rep.location = extra->location != NULL ? extra->location : "";
	rep.allow = extra->allow != NULL ? extra->allow : "";
	rep.link = extra->link != NULL ? extra->link : "";
	rep.count = extra->count != NULL ? extra->count : "";
	rep.rate_policy = req->rate_policy;
	rep.rate = req->rate;
	rep.session_token = extra->session_token != NULL ? extra->session_token : "";
	rep.retry_after_s = extra->retry_after_s;
	rep.session_end = extra->session_end != 0;
	rep.body = (struct bytes){ .data = body, .len = (uint32_t)len };
	if (req->keyed != NULL)
		idempotency_end(req->confd, req->keyed, &rep);
	if (req->origin->answer != NULL)
		req->origin->answer(req->origin, &req->message.header, &rep);
	request_free(req);
}

void
reply_empty(struct request *req, unsigned status, const struct reply_extra *extra)
{
	send(req, status, "", NULL, 0, extra);
}

void
reply_text(struct request *req, unsigned status, const char *content_type, const char *text, size_t len,
    const struct reply_extra *extra)
{
	if (len > BODY_MAX) {
		reply_problem(req, PROBLEM_INTERNAL, "the answer would be larger than 16 MiB; ask for a part of it");
		return;
	}
	send(req, status, content_type, text, len, extra);
}

void
reply_json(struct request *req, unsigned status, struct buf *b, const struct reply_extra *extra)
{
	if (buf_failed(b))
		reply_problem(req, PROBLEM_INTERNAL, "there is not enough memory for the answer");
	else
		reply_text(req, status, "application/json", (const char *)b->data, b->len, extra);
	buf_fini(b);
}

static void __attribute__((format(printf, 6, 0)))
problem(struct request *req, enum reply_problem kind, const struct problems *problems, const char *members,
    const struct reply_extra *extra, const char *fmt, va_list ap)
{
	static const char sorry[] = "{\"type\":\"urn:patronus:problem:internal\",\"title\":\"A fault of ours\",\"status\":500}";
	char detail[512];
	struct buf b;

	(void)vsnprintf(detail, sizeof(detail), fmt, ap);
	buf_init(&b, BODY_MAX);
	buf_printf(&b, "{\"type\":\"urn:patronus:problem:%s\",\"title\":\"%s\",\"status\":%u,\"detail\":", kinds[kind].slug,
	    kinds[kind].title, kinds[kind].status);
	record_json_string(detail, strlen(detail), &b);
	if (problems != NULL && problems_count(problems) > 0) {
		buf_puts(&b, ",\"errors\":");
		problems_print_json(problems, &b);
	}
	buf_puts(&b, members);
	buf_putc(&b, '}');
	if (buf_failed(&b))
		send(req, 500, "application/problem+json", sorry, sizeof(sorry) - 1, NULL);
	else
		send(req, kinds[kind].status, "application/problem+json", b.data, b.len, extra);
	buf_fini(&b);
}

void
reply_problem(struct request *req, enum reply_problem kind, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem(req, kind, NULL, "", NULL, fmt, ap);
	va_end(ap);
}

void
reply_problems(struct request *req, enum reply_problem kind, const struct problems *problems, const char *fmt, ...)
{
	struct problems *seen = sight_problems(req, problems);
	va_list ap;

	va_start(ap, fmt);
	problem(req, kind, seen != NULL ? seen : problems, "", NULL, fmt, ap);
	va_end(ap);
	problems_free(seen);
}

void
reply_problem_with(struct request *req, enum reply_problem kind, const char *members, const struct reply_extra *extra,
    const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	problem(req, kind, NULL, members, extra, fmt, ap);
	va_end(ap);
}

void
reply_error(struct request *req, int error, const struct problems *problems)
{
	unsigned n = problems != NULL ? problems_count(problems) : 0;
	const char *code = n > 0 ? problems_get(problems, 0)->code : "";

	if (error == -ENOENT)
		reply_problems(req, PROBLEM_NOT_FOUND, problems, "there is no such path or object");
	else if (error == -EINVAL && n == 1 && strcmp(code, "syntax") == 0)
		reply_problems(req, PROBLEM_SYNTAX, problems, "the body cannot be read; nothing was changed");
	else if (error == -EINVAL && n == 1 && strcmp(code, "too-large") == 0)
		reply_problems(req, PROBLEM_TOO_LARGE, problems, "the document is too large; nothing was changed");
	else if (error == -EINVAL)
		reply_problems(req, PROBLEM_VALIDATION, problems, "%u error%s; nothing was changed", n, n == 1 ? "" : "s");
	else if (error == -EEXIST)
		reply_problems(req, PROBLEM_STALE, problems, "it is there already");
	else if (error == -ENOTSUP)
		reply_problems(req, PROBLEM_METHOD, problems, "the object knows no such edit");
	else if (error == -ENOSPC)
		reply_problem(req, PROBLEM_INTERNAL, "the disk is full; nothing was changed");
	else {
		log_errx("reply", "request failed: %s", strerror(-error));
		reply_problem(req, PROBLEM_INTERNAL, "%s; nothing was changed", strerror(-error));
	}
}
