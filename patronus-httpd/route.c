/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "api.h"
#include "asset.h"
#include "http_reply.h"
#include "route.h"

#define RETRY_AFTER_S	1	/* a daemon that was killed serves again within that */

enum conn_next
route_problem(struct conn *c, const struct http_request *r, unsigned status, const char *allow)
{
	/* A body that nobody reads must not be taken for the next request. */
	if (r->content_length > 0)
		conn_set_last(c);
	http_reply_problem(
	    conn_out(c), status, !conn_is_last(c), r->method == HTTP_HEAD, status == 503 ? RETRY_AFTER_S : 0, allow);
	return CONN_REPLIED;
}

void
route_refuse(struct conn *c, unsigned status)
{
	http_reply_problem(
	    conn_out(c), status, false, false, 0, status == 405 ? "GET, HEAD, POST, PUT, PATCH, DELETE" : NULL);
}

static enum conn_next
serve_asset(struct conn *c, const struct http_request *r)
{
	const struct asset *a = asset_find(r->path);
	struct http_reply reply;

	if (a == NULL)
		return route_problem(c, r, 404, NULL);
	if (r->method != HTTP_GET && r->method != HTTP_HEAD)
		return route_problem(c, r, 405, "GET, HEAD");
	asset_reply(a, r, &reply);
	reply.keep_alive = !conn_is_last(c);
	http_reply_put(conn_out(c), &reply);
	return CONN_REPLIED;
}

enum conn_next
route_request(struct conn *c, const struct http_request *r)
{
	static const char prefix[] = API_PREFIX "/";

	if (strncmp(r->path, prefix, sizeof(prefix) - 1) == 0)
		return api_request(c, r);
	return serve_asset(c, r);
}
