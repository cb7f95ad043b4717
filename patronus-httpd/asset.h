/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_ASSET_H
#define PATRONUS_HTTPD_ASSET_H

#include "assets.h"
#include "http_reply.h"
#include "http_request.h"

/* Serving of the embedded web app: exact paths only, so there is nothing to traverse. */

/* NULL when there is no such path; "/" is "/index.html". */
const struct asset	*asset_find(const char *path);
/* Is this content coding acceptable (RFC 9110 section 12.5.3)?  q=0 says no; an absent field says no too. */
bool			 asset_accepts(struct span accept_encoding, const char *coding);
/* Does a list of entity tags name this one (weak comparison)? */
bool			 asset_matches(struct span if_none_match, const char *etag);
/* The reply to a GET or HEAD; pieces of it live in static memory until the next call. */
void			 asset_reply(const struct asset *, const struct http_request *, struct http_reply *ret);

#endif
