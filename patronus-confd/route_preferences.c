/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How a user wants the pages: each has his own, and nobody another's. */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "ipc/ids.h"

#include "body.h"
#include "confd.h"
#include "digest.h"
#include "jsondoc.h"
#include "node.h"
#include "preferences.h"
#include "problem.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "session.h"

#define BODY_MAX	8192u	/* with blanks */

static void
etag_of(const char *text, char ret[DIGEST_STRLEN])
{
	if (digest_hex(text, strlen(text), ret) != 0)
		fatalx("preferences", "no memory");
	ret[32] = '\0';
}

static void
reply_with(struct request *req, const char *text)
{
	char etag[DIGEST_STRLEN];

	etag_of(text, etag);
	reply_text(req, 200, "application/json", text, strlen(text), &(struct reply_extra){ .etag = etag });
}

/* What was kept of the caller; false, answered, when he is nobody of the configuration or it cannot be read. */
static bool
read_kept(struct request *req, char kept[PREFERENCES_MAX + 1])
{
	if (session_role(req->confd, req->user) == NULL)
		reply_problem(req, PROBLEM_PERMISSION, "%s is not a user of the configuration and has no preferences", req->user);
	else if (preferences_get(req->confd->preferences, req->user, kept) != 0)
		reply_problem(req, PROBLEM_INTERNAL, "preferences cannot be read");
	else
		return (true);
	return (false);
}

void
preferences_show(struct request *req)
{
	char kept[PREFERENCES_MAX + 1];

	if (read_kept(req, kept))
		reply_with(req, kept);
}

/* Two tabs that change the same: the second one hears of it, and gets what the first one made. */
static bool
check_precondition(struct request *req, const char *kept)
{
	char etag[DIGEST_STRLEN], members[PREFERENCES_MAX + 32];
	const char *match = req->in->if_match;
	struct buf b;

	etag_of(kept, etag);
	if (match[0] == '\0')
		reply_problem(req, PROBLEM_PRECONDITION, "If-Match is missing");
	else if (strcmp(match, "*") == 0 || route_etag_listed(match, etag))
		return (true);
	else {
		buf_init(&b, sizeof(members));
		buf_printf(&b, ",\"current\":%s", kept);
		buf_putc(&b, '\0');
		if (buf_failed(&b))
			fatalx("preferences", "no memory");
		reply_problem_with(req, PROBLEM_STALE, (const char *)b.data, &(struct reply_extra){ .etag = etag }, "the preferences are not as If-Match says");
		buf_fini(&b);
	}
	return (false);
}

/* The body as it stands, or merged into what was kept (RFC 7396).  NULL with problems. */
static const struct node *
read_wanted(struct request *req, const char *kept, struct problems *problems)
{
	const struct bytes *body = &req->in->body;
	struct arena *arena = req->message.arena;
	struct node *given = NULL, *map = NULL;

	if (jsondoc_read_up_to(BODY_MAX, (const char *)body->data, body->len, arena, problems, &given) != 0)
		return (NULL);
	if (given->kind != NODE_MAP) {
		problems_add(problems, "", NULL, given->line, "type", "", "the body must be an object");
		return (NULL);
	}
	if (req->in->method == MGMT_PUT)
		return (given);
	if (jsondoc_read(kept, strlen(kept), arena, problems, &map) != 0)
		return (NULL);
	if (node_merge(arena, map, given) != 0)
		fatalx("preferences", "no memory");
	return (map);
}

static void
keep(struct request *req, const char *kept, const struct node *wanted, struct problems *problems)
{
	struct buf b;

	buf_init(&b, PREFERENCES_MAX + 1);
	if (!preferences_check(wanted, &b, problems))
		reply_problems(req, PROBLEM_VALIDATION, problems, "these are no preferences; nothing was changed");
	else {
		buf_putc(&b, '\0');
		if (buf_failed(&b))
			reply_problem(req, PROBLEM_TOO_LARGE, "preferences have at most %d bytes", PREFERENCES_MAX);
		else if (strcmp(kept, (const char *)b.data) != 0 && preferences_put(req->confd->preferences, req->user, (const char *)b.data) != 0)
			reply_problem(req, PROBLEM_INTERNAL, "preferences cannot be kept");
		else
			reply_with(req, (const char *)b.data);
	}
	buf_fini(&b);
}

/* PUT replaces all, PATCH what it names; null is as usual again. */
void
preferences_change(struct request *req)
{
	char kept[PREFERENCES_MAX + 1];
	const struct node *wanted;
	enum document_format format;
	struct problems *problems;

	if (!body_format(req, &format) || !read_kept(req, kept) || !check_precondition(req, kept))
		return;
	if (format != DOCUMENT_JSON) {
		reply_problem(req, PROBLEM_MEDIA_TYPE, "the Content-Type must be application/json");
		return;
	}
	if ((problems = problems_new()) == NULL)
		fatalx("preferences", "no memory");
	if ((wanted = read_wanted(req, kept, problems)) == NULL)
		reply_problems(req, PROBLEM_SYNTAX, problems, "the body cannot be read");
	else
		keep(req, kept, wanted, problems);
	problems_free(problems);
}
