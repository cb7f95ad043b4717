/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <string.h>

#include "api.h"
#include "asset.h"
#include "http_reply.h"
#include "refuse.h"
#include "route.h"

#define ASSET_METHODS	"GET, HEAD, OPTIONS"

static enum conn_next
serve_asset(struct conn *c, const struct http_request *r)
{
	const struct asset *a = asset_find(r->path);
	struct http_reply reply;

	if (a == NULL)
		return refuse_request(c, r, 404, NULL);
	if (r->method == HTTP_OPTIONS) {
		reply = (struct http_reply){ .status = 204, .allow = ASSET_METHODS, .keep_alive = !conn_is_last(c) };
		http_reply_put(conn_out(c), &reply);
		return CONN_REPLIED;
	}
	if (r->method != HTTP_GET && r->method != HTTP_HEAD)
		return refuse_request(c, r, 405, ASSET_METHODS);
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
