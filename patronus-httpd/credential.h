/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_CREDENTIAL_H
#define PATRONUS_HTTPD_CREDENTIAL_H

#include "cookie.h"
#include "http_request.h"

/*
 * Whose token a request carries: of a session in the cookie, or an API token in Authorization (RFC 6750).  The two are apart: a browser
 * sends a cookie without being asked, so a session needs its CSRF value and an API token must never come from a cookie.
 */

/*
 * 0 with the token, "" when there is none.  -400 for both at once or a cookie twice: somebody planted one.  -401 for an
 * Authorization that is no API token of ours.
 */
int	 credential_token(const struct http_request *, char ret[COOKIE_TOKEN_MAX + 1]);

#endif
