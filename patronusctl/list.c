/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ipc/ids.h"

#include "api.h"
#include "ctl.h"
#include "exit.h"
#include "run.h"

/* The entries of lists that are beside the document. */

#define TEXT_MAX	(64u << 20)
#define PART		(8u << 20)
#define RANGES		200000u		/* of one answer */

/* false, told: that is no name. */
static bool
path_of(const struct ctl *c, char *ret, size_t size)
{
	if (strchr(c->args[0], '/') == NULL && snprintf(ret, size, "/lists/%s/entries", c->args[0]) < (int)size)
		return true;
	fprintf(stderr, "patronusctl: \"%s\" is no name of a list\n", c->args[0]);
	return false;
}

static int
send_parts(struct ctl *c, const char *path, const struct buf *b)
{
	char query[64];
	struct mgmt_req req = { .method = MGMT_PUT, .path = path, .query = query, .content_type = "application/octet-stream" };
	struct reply r;
	size_t at = 0;
	int code;

	do {
		size_t n = b->len - at < PART ? b->len - at : PART;

		(void)snprintf(query, sizeof(query), "offset=%zu&size=%zu", at, b->len);
		req.body = (struct bytes){ .data = b->data + at, .len = (uint32_t)n };
		if ((code = api_call(c, &req, &r)) != EXIT_OK)
			return code;
		reply_fini(&r);
		at += n;
	} while (at < b->len);
	return EXIT_OK;
}

int
run_firewall_list_upload(struct ctl *c)
{
	char path[128];
	struct buf b;
	int code;

	if (!path_of(c, path, sizeof(path)))
		return EXIT_USAGE;
	buf_init(&b, TEXT_MAX);
	if ((code = ctl_read_file(c->args[1], &b)) == EXIT_OK)
		code = send_parts(c, path, &b);
	buf_fini(&b);
	return code;
}

int
run_firewall_list_show(struct ctl *c)
{
	char path[128], query[64];
	struct mgmt_req req = { .method = MGMT_GET, .path = path, .query = query, .accept = "text/plain" };
	struct reply r;
	unsigned from = 0;
	bool is_more;
	int code;

	if (!path_of(c, path, sizeof(path)))
		return EXIT_USAGE;
	do {
		(void)snprintf(query, sizeof(query), "from=%u&limit=%u", from, RANGES);
		if ((code = api_call(c, &req, &r)) != EXIT_OK)
			return code;
		(void)fwrite(r.rep->body.data, 1, r.rep->body.len, stdout);
		is_more = r.rep->link[0] != '\0';
		from += RANGES;
		reply_fini(&r);
	} while (is_more);
	return EXIT_OK;
}

int
run_firewall_list_clear(struct ctl *c)
{
	char path[128];

	return path_of(c, path, sizeof(path)) ? api_delete(c, path) : EXIT_USAGE;
}
