/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_REPLY_H
#define PATRONUS_CONFD_REPLY_H

#include <stddef.h>
#include <stdint.h>

/*
 * Every answer of the management protocol leaves through here.  Each of the functions below but reply_etag and
 * reply_location answers the request and frees it.
 */

struct buf;
struct problems;
struct request;

enum reply_problem {
	PROBLEM_INVALID = 0,
	PROBLEM_SYNTAX,			/* 400 */
	PROBLEM_AUTHENTICATION,		/* 401 */
	PROBLEM_SECOND_FACTOR,		/* 401 */
	PROBLEM_PERMISSION,		/* 403 */
	PROBLEM_STEP_UP,		/* 403 */
	PROBLEM_ENROLMENT,		/* 403 */
	PROBLEM_NOT_FOUND,		/* 404 */
	PROBLEM_METHOD,			/* 405 */
	PROBLEM_CONFLICT,		/* 409 */
	PROBLEM_DISRUPTIVE,		/* 409 */
	PROBLEM_STALE,			/* 412 */
	PROBLEM_TOO_LARGE,		/* 413 */
	PROBLEM_MEDIA_TYPE,		/* 415 */
	PROBLEM_VALIDATION,		/* 422 */
	PROBLEM_REUSED,			/* 422 */
	PROBLEM_HELD,			/* 423 */
	PROBLEM_PRECONDITION,		/* 428 */
	PROBLEM_RATE,			/* 429 */
	PROBLEM_INTERNAL,		/* 500 */
	PROBLEM_APPLY_FAILED,		/* 502 */
	PROBLEM_UNAVAILABLE,		/* 503 */
	PROBLEM_MAX
};

/* Optional parts of an answer. */
struct reply_extra {
	const char	*etag;		/* without quotes, */
	const char	*etag_text;	/* or as it was */
	const char	*location;
	const char	*allow;
	const char	*link;		/* RFC 8288 */
	const char	*count;		/* of all pages together */
	const char	*session_token;
	uint32_t	 retry_after_s;
	int		 session_end;
};

/* 204, or another status without a body. */
void	 reply_empty(struct request *, unsigned status, const struct reply_extra *);
/* The buffer's bytes; it is finished here.  500 instead when it failed. */
void	 reply_json(struct request *, unsigned status, struct buf *, const struct reply_extra *);
void	 reply_text(struct request *, unsigned status, const char *content_type, const char *text, size_t len,
	    const struct reply_extra *);

void	 reply_problem(struct request *, enum reply_problem, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* With the list of errors; problems may be NULL. */
void	 reply_problems(struct request *, enum reply_problem, const struct problems *, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));
/* With members of its own: text is JSON members with a leading comma, and extra headers. */
void	 reply_problem_with(struct request *, enum reply_problem, const char *members, const struct reply_extra *,
	    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* A negative errno of one of our own parts: 404, 422, 409 or 500 as it means. */
void	 reply_error(struct request *, int error, const struct problems *);

#endif
