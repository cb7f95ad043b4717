/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "daemon/daemon.h"

#include "confd.h"
#include "contents.h"
#include "listtext.h"
#include "listupload.h"
#include "query.h"
#include "reply.h"
#include "request.h"
#include "rights.h"
#include "route.h"
#include "store.h"

/* The entries of a list, as text: what it has, and what a person brings. */

#define TEXT_MAX	(16u << 20)
#define RANGES		100000u		/* of one answer */
#define RANGES_MAX	250000u

static bool
may(struct request *req, enum right right)
{
	const char *list = req->segment[1];
	char path[128];

	(void)snprintf(path, sizeof(path), "/firewall/lists/%.64s", list);
	if (!rights_may(&req->rights, RIGHT_CONFIG_READ, path) || contents_of_list(req->confd->contents, list) == NULL)
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no list \"%.64s\" (patronusctl firewall sources tells them)", list);
	else if (!rights_may(&req->rights, right, path))
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"commit\"", NULL, "the role %s may not commit %s",
		    user_role_name(req->rights.role), path);
	else
		return (true);
	return (false);
}

void
list_entries_show(struct request *req)
{
	const struct store_content *k;
	uint64_t from, limit, i, n;
	char link[160], total[24];
	struct buf b;

	if (!may(req, RIGHT_CONFIG_READ) || !query_number(req, "from", 0, UINT32_MAX, 0, &from) || !query_number(req, "limit", 1, RANGES_MAX, RANGES, &limit))
		return;
	k = contents_of_list(req->confd->contents, req->segment[1]);
	n = (uint64_t)k->n4 + k->n6;
	buf_init(&b, TEXT_MAX);
	for (i = from; i < n && i - from < limit; i++) {
		if (i < k->n4)
			listtext_print(k->v4 + i * 8, 4, &b);
		else
			listtext_print(k->v6 + (i - k->n4) * 32, 16, &b);
	}
	(void)snprintf(link, sizeof(link), "</api/v1/lists/%.64s/entries?from=%llu&limit=%llu>; rel=\"next\"", req->segment[1], (unsigned long long)i,
	    (unsigned long long)limit);
	(void)snprintf(total, sizeof(total), "%llu", (unsigned long long)n);
	if (buf_failed(&b))
		reply_problem(req, PROBLEM_INTERNAL, "the answer would be larger than 16 MiB; ask for fewer with limit");
	else
		reply_text(req, 200, "text/plain", (const char *)b.data, b.len, &(struct reply_extra){ .link = i < n ? link : NULL, .count = total });
	buf_fini(&b);
}

/* --- from a person --- */

/* done: what the audit log says of the list; NULL: there is more to come. */
static void
reply_taken(struct request *req, int error, const char *text, const char *done)
{
	if (error != 0 || done != NULL)
		daemon_audit(req->user, req->from, "list", req->segment[1], error == 0 ? done : "refused", "%s", text);
	if (error == -EAGAIN)
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "%s", text);
	else if (error != 0)
		reply_problem(req, PROBLEM_VALIDATION, "%s; what the list had is in force", text);
	else
		reply_empty(req, done != NULL ? 204 : 202, NULL);
}

static void
on_part(int error, const char *text, void *arg)
{
	reply_taken(arg, error, text, NULL);
}

static void
on_last(int error, const char *text, void *arg)
{
	reply_taken(arg, error, text, "uploaded");
}

static void
on_cleared(int error, const char *text, void *arg)
{
	reply_taken(arg, error, text, "cleared");
}

static void
refuse(struct request *req, int error)
{
	if (error == -ESTALE)
		reply_problem(req, PROBLEM_CONFLICT, "this part does not continue the one before; begin again with offset=0");
	else if (error == -EPERM)
		reply_problem(req, PROBLEM_CONFLICT, "the list is fetched; set its source to upload");
	else if (error == -EBUSY)
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "another list is being uploaded");
	else
		reply_error(req, error, NULL);
}

void
list_entries_put(struct request *req)
{
	const struct bytes *body = &req->in->body;
	struct listupload_part p = { .list = req->segment[1], .user = req->user, .data = body->data, .len = body->len };
	int error;

	if (!may(req, RIGHT_COMMIT) || !query_number(req, "offset", 0, LISTUPLOAD_MAX, 0, &p.offset) ||
	    !query_number(req, "size", 0, UINT32_MAX, p.offset + p.len, &p.size))
		return;
	if (!contents_takes_upload(req->confd->contents, p.list))
		refuse(req, -EPERM);
	else if (strcmp(req->in->content_type, "application/octet-stream") != 0)
		reply_problem(req, PROBLEM_MEDIA_TYPE, "the Content-Type must be application/octet-stream");
	else if (p.size > LISTUPLOAD_MAX)
		reply_problem(req, PROBLEM_TOO_LARGE, "a list has at most 64 MiB of text");
	else if (p.offset + p.len > p.size)
		reply_problem(req, PROBLEM_VALIDATION, "the part ends behind the %llu bytes of the text", (unsigned long long)p.size);
	else if ((error = listupload_take(req->confd->listupload, &p, p.offset + p.len == p.size ? on_last : on_part, req)) != 0)
		refuse(req, error);
}

/* Nothing is in it any more. */
void
list_entries_delete(struct request *req)
{
	struct store_content nothing = { .n4 = 0 };
	int error;

	if (may(req, RIGHT_COMMIT) && (error = contents_offer(req->confd->contents, req->segment[1], &nothing, on_cleared, req)) != 0)
		refuse(req, error);
}
