/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_HTTP_REPLY_H
#define PATRONUS_HTTPD_HTTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/*
 * Writes replies into a buffer: status line, the security fields that every reply carries, the fields of this one, and
 * the body behind them, so that one write to the socket sends it all.
 */

struct http_reply {
	unsigned	 status;
	const char	*content_type;		/* NULL: no body */
	const char	*cache;			/* Cache-Control; NULL: "no-store" */
	const char	*encoding;		/* Content-Encoding; NULL: identity */
	const char	*etag;			/* with its quotes; NULL or "": none */
	const char	*location;		/* likewise the next ones */
	const char	*allow;
	const char	*link;			/* RFC 8288: the next page */
	const char	*count;			/* of all pages together */
	const char	*rate_policy;		/* RateLimit-Policy and RateLimit */
	const char	*rate;
	const char	*cookie;		/* value of Set-Cookie */
	uint32_t	 retry_after_s;		/* 0: none */
	bool		 vary;			/* Vary: Accept-Encoding */
	bool		 head_only;		/* HEAD: the length is told, the body is not sent */
	bool		 no_length;		/* a stream: it ends with the connection */
	bool		 keep_alive;
	const void	*body;
	size_t		 len;
};

/*
 * Append the reply to out.  Values that come from another process are checked: one with a control byte makes the reply
 * a 500 (nothing that a daemon sends can split a response).
 */
void	 http_reply_put(struct buf *out, const struct http_reply *);

/* A problem document of our own (RFC 9457) for status; keep_alive as given.  allow may be NULL. */
void	 http_reply_problem(struct buf *out, unsigned status, bool keep_alive, bool head_only, uint32_t retry_after_s,
	    const char *allow);

const char *http_status_text(unsigned status);

/* The Content-Security-Policy of every reply, for tests. */
extern const char http_reply_csp[];

#endif
