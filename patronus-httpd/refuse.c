/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "http_reply.h"
#include "refuse.h"

#define RETRY_AFTER_S	1	/* a daemon that was killed serves again within that */

enum conn_next
refuse_request(struct conn *c, const struct http_request *r, unsigned status, const char *allow)
{
	/* A body that nobody reads must not be taken for the next request. */
	if (r->content_length > 0)
		conn_set_last(c);
	http_reply_problem(
	    conn_out(c), status, !conn_is_last(c), r->method == HTTP_HEAD, status == 503 ? RETRY_AFTER_S : 0, allow);
	return CONN_REPLIED;
}

void
refuse_connection(struct conn *c, unsigned status)
{
	http_reply_problem(
	    conn_out(c), status, false, false, 0, status == 405 ? "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" : NULL);
}
