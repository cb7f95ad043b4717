/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_COOKIE_H
#define PATRONUS_HTTPD_COOKIE_H

#include "http_request.h"

/*
 * The session's cookie.  The prefix __Host- makes browsers accept it only from this host itself, over TLS, for all
 * paths; SameSite=Strict keeps it out of requests that another site caused.
 */

#define COOKIE_NAME		"__Host-patronus"
#define COOKIE_TOKEN_MAX	64

/*
 * The token of a Cookie field.  0 with "" when there is none or it has another shape than our tokens (it is then no
 * session); -400 when the cookie is there twice: somebody planted one.
 */
int	 cookie_token(struct span field, char ret[COOKIE_TOKEN_MAX + 1]);

/* Has it the shape of a token: base64url, not too long? */
bool	 cookie_is_token(const char *, size_t len);
/* What Set-Cookie says to keep the token, or with "" to forget it.  -EINVAL for a token of a wrong shape. */
int	 cookie_format(const char *token, char *ret, size_t size);

#endif
