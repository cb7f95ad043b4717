/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

#include "body.h"
#include "collection.h"
#include "confd.h"
#include "diff.h"
#include "document.h"
#include "merge.h"
#include "node.h"
#include "problem.h"
#include "record_json.h"
#include "reach.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "secrets.h"
#include "snapshot.h"
#include "store.h"
#include "transaction.h"
#include "workspace.h"

#define CONFLICTS_MAX		(1u << 20)
#define CONFLICT_REVISIONS	16
#define RESOLUTIONS_MAX		1000

struct workspace *
route_workspace(struct request *req)
{
	struct workspace *w = workspace_find(req->confd->workspaces, req->segment[1]);

	if (w != NULL && workspace_may(w, req->user, &req->rights))
		return (w);
	reply_problem(req, PROBLEM_NOT_FOUND, "there is no workspace \"%.32s\" of yours", req->segment[1]);
	return (NULL);
}

void
route_reply_workspace(struct request *req, unsigned status, const struct workspace *w)
{
	char location[64];
	struct buf b;

	(void)snprintf(location, sizeof(location), "/api/v1/workspaces/%s", w->id);
	buf_init(&b, 4096);
	workspace_print(w, &b);
	reply_json(req, status, &b, &(struct reply_extra){ .location = status == 201 ? location : NULL });
}

void
route_reply_no_room(struct request *req, int error)
{
	if (error == -ENOBUFS)
		reply_problem_with(req, PROBLEM_RATE, "", &(struct reply_extra){ .retry_after_s = 60 },
		    "there are too many workspaces; discard some");
	else
		reply_error(req, error, NULL);
}

void
workspace_create(struct request *req)
{
	const struct body_member none[] = { { .name = NULL } };
	struct workspace *w;
	int error = 0;

	if (!body_object(req, none))
		return;
	if ((w = workspace_new(req->confd->workspaces, req->user, NULL, &error)) == NULL)
		route_reply_no_room(req, error);
	else
		route_reply_workspace(req, 201, w);
}

void
workspace_list(struct request *req)
{
	struct workspace *w;
	struct buf b;
	unsigned i, n = 0;

	buf_init(&b, 1 << 20);
	buf_puts(&b, "{\"workspaces\":[");
	for (i = 0; (w = workspace_get(req->confd->workspaces, i)) != NULL; i++) {
		if (!workspace_may(w, req->user, &req->rights))
			continue;
		if (n++ > 0)
			buf_putc(&b, ',');
		workspace_print(w, &b);
	}
	buf_puts(&b, "]}");
	if (collection_is_asked(req) && !buf_failed(&b)) {
		collection_reply(req, &(struct collection){ .list = "workspaces", .key = "id", .members = "id base owner created-at changes" },
		    (const char *)b.data, b.len, NULL);
		buf_fini(&b);
	} else
		reply_json(req, 200, &b, NULL);
}

void
workspace_show(struct request *req)
{
	struct workspace *w = route_workspace(req);

	if (w != NULL)
		route_reply_workspace(req, 200, w);
}

struct workspace *
route_free_workspace(struct request *req)
{
	struct workspace *w = route_workspace(req);

	if (w == NULL || !w->is_busy)
		return (w);
	reply_problem(req, PROBLEM_HELD, "the workspace is being validated or committed");
	return (NULL);
}

void
workspace_discard(struct request *req)
{
	struct workspace *w = route_free_workspace(req);

	if (w == NULL)
		return;
	workspace_free(req->confd->workspaces, w);
	reply_empty(req, 204, NULL);
}

/* Who made of the base what runs now: "revisions" of the answer, the newest first. */
static void
print_revisions(const struct request *req, uint32_t base, struct buf *b)
{
	struct revision *list = calloc(CONFLICT_REVISIONS, sizeof(*list));
	unsigned i, n = 0, printed = 0;

	if (list == NULL || store_list(req->confd->store, 0, CONFLICT_REVISIONS, list, &n) != 0)
		n = 0;
	buf_puts(b, ",\"revisions\":[");
	for (i = 0; i < n && list[i].number > base; i++) {
		if (list[i].state != REVISION_KEPT && list[i].state != REVISION_PENDING)
			continue;
		if (printed++ > 0)
			buf_putc(b, ',');
		route_print_revision(req, &list[i], b);
	}
	buf_putc(b, ']');
	free(list);
}

/* A choice about something that is no conflict is a mistake. */
static void
reply_unused(struct request *req, const struct merge_choice *choices, size_t n)
{
	struct problems *problems = problems_new();
	char pointer[32];
	size_t i;

	if (problems == NULL)
		fatalx("workspace", "no memory");

	for (i = 0; i < n; i++) {
		if (choices[i].was_used || choices[i].path == NULL)
			continue;
		(void)snprintf(pointer, sizeof(pointer), "/resolutions/%zu", i);
		problems_add(problems, pointer, NULL, 0, "not-found", "", "there was no conflict about %.256s", choices[i].path);
	}
	reply_problems(req, PROBLEM_VALIDATION, problems, "nothing was decided");
	problems_free(problems);
}

bool
route_rebase(struct request *req, struct workspace *w, struct merge_choice *choices, size_t n)
{
	struct buf conflicts, members;
	int error;

	buf_init(&conflicts, CONFLICTS_MAX);
	error = merge_workspace(req->confd->workspaces, w, &req->rights, choices, n, &conflicts);
	if (error == -EBUSY) {
		buf_init(&members, CONFLICTS_MAX + (64u << 10));
		buf_printf(&members, ",\"base\":%u,\"running\":%u,\"conflicts\":[", w->base->number, req->confd->running->number);
		buf_put(&members, conflicts.data, conflicts.len);
		buf_putc(&members, ']');
		print_revisions(req, w->base->number, &members);
		buf_putc(&members, '\0');
		reply_problem_with(req, PROBLEM_CONFLICT, buf_failed(&members) ? "" : (const char *)members.data, NULL,
		    "the running configuration changed the same objects since the workspace was made; "
		    "POST /workspaces/%s/resolve says whose values hold", w->id);
		buf_fini(&members);
	} else if (error == -ENOENT)
		reply_unused(req, choices, n);
	else if (error != 0)
		reply_error(req, error, NULL);
	buf_fini(&conflicts);
	return (error == 0);
}

void
workspace_rebase(struct request *req)
{
	const struct body_member none[] = { { .name = NULL } };
	struct workspace *w = route_free_workspace(req);

	if (w != NULL && body_object(req, none) && route_rebase(req, w, NULL, 0))
		route_reply_workspace(req, 200, w);
}

/* "ours" or "theirs"; false, with a problem, when it is something else. */
static bool
take_side(const char *take, const char *pointer, struct merge_choice *ret, struct problems *problems)
{
	ret->is_ours = strcmp(take, "ours") == 0;
	if (ret->is_ours || strcmp(take, "theirs") == 0)
		return (true);
	problems_add(problems, pointer, NULL, 0, "type", "", "\"take\" must be \"ours\" or \"theirs\"");
	return (false);
}

/* The array of {"path", "take"}; the number of choices. */
static size_t
read_choices(const struct node *list, struct merge_choice *ret, struct problems *problems)
{
	const struct node *item;
	const char *path, *take;
	char pointer[32];
	size_t n = 0;

	for (item = list->first; item != NULL; item = item->next) {
		const struct body_member members[] = {
			{ .name = "path", .ret_text = &path, .is_required = true },
			{ .name = "take", .ret_text = &take, .is_required = true },
			{ .name = NULL },
		};

		(void)snprintf(pointer, sizeof(pointer), "/resolutions/%zu", n);
		ret[n] = (struct merge_choice){ 0 };
		if (body_members(item, pointer, members, problems) && take_side(take, pointer, &ret[n], problems))
			ret[n].path = path;
		n++;
	}
	return (n);
}

void
workspace_resolve(struct request *req)
{
	struct workspace *w = route_free_workspace(req);
	const struct node *list = NULL;
	const char *take = NULL;
	const struct body_member members[] = {
		{ .name = "resolutions", .ret_list = &list, .max = RESOLUTIONS_MAX },
		{ .name = "take", .ret_text = &take },
		{ .name = NULL },
	};
	struct merge_choice *choices;
	struct problems *problems;
	size_t n = 0;

	if (w == NULL || !body_object(req, members))
		return;
	choices = calloc((list != NULL ? list->n : 0) + 1, sizeof(*choices));
	if (choices == NULL || (problems = problems_new()) == NULL)
		fatalx("workspace", "no memory");
	if (list != NULL)
		n = read_choices(list, choices, problems);
	if (take != NULL && take_side(take, "/take", &choices[n], problems))
		n++;
	if (problems_count(problems) > 0)
		reply_problems(req, PROBLEM_VALIDATION, problems, "the body is not what this call takes");
	else if (route_rebase(req, w, choices, n))
		route_reply_workspace(req, 200, w);
	problems_free(problems);
	free(choices);
}

int
route_check_workspace(const struct confd *confd, struct workspace *w, struct problems *problems)
{
	int error = workspace_check(w, problems);

	if (error == 0 && !reach_keeps_admin(confd->running->doc, w->doc, problems))
		error = -EINVAL;
	return (error == 0 && secrets_missing(confd, w->doc, problems) > 0 ? -EINVAL : error);
}
