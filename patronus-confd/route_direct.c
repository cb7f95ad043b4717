/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A write without a workspace: a transaction of one edit that is judged, tried at the owners, applied and kept.  What would disrupt
 * something, or could cut the caller off, is not done unless the caller says how: with a time to confirm, or by force.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "commit.h"
#include "confd.h"
#include "edits.h"
#include "problem.h"
#include "query.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "snapshot.h"
#include "transaction.h"
#include "workspace.h"

struct direct {
	struct confd	*confd;
	struct request	*req;		/* gone once it is answered */
	struct edit	 edit;		/* its texts are the request's */
	bool		 is_new;
	char		*key;		/* of an entry that was appended */
	char		 workspace[17];
	uint64_t	 confirm_s;
	bool		 is_forced;
	const char	*comment;
	uint64_t	 validate_us;
};

static void	 on_rehearsed(const struct outcome_info *, void *);
static void	 on_committed(const struct outcome_info *, void *);

static void
direct_free(struct direct *d)
{
	struct workspaces *ws = d->confd->workspaces;
	struct workspace *w = workspace_find(ws, d->workspace);

	if (w != NULL)
		workspace_free(ws, w);
	free(d->key);
	free(d);
}

/* Nothing is different afterwards: the same text is there. */
static bool
is_unchanged(const struct request *req, const struct workspace *w, const struct edit *e)
{
	char before[33] = "", after[33] = "";

	return (e->kind != EDIT_KIND_MOVE && e->kind != EDIT_KIND_APPEND &&
	    edit_etag(req->confd->running->doc, e->path, before) == edit_etag(workspace_document(w), e->path, after) &&
	    strcmp(before, after) == 0);
}

/* The edit in a workspace of its own, judged; false, answered, when it cannot be. */
static bool
make_edit(struct direct *d, struct workspace *w)
{
	struct request *req = d->req;
	struct problems *problems = problems_new();
	uint64_t began = clock_mono_us();
	int error;

	if (problems == NULL)
		fatalx("direct", "no memory");
	error = workspace_edit(req->confd->workspaces, w, req->role, &d->edit, &d->is_new, &d->key, problems);
	if (error == 0 && !is_unchanged(req, w, &d->edit))
		error = route_check_workspace(req->confd, w, problems);
	d->validate_us = clock_mono_us() - began;
	if (error != 0)
		route_reply_edit_error(req, error, problems);
	problems_free(problems);
	return (error == 0);
}

/* Nobody is asked when nothing changes. */
static void
rehearse(struct direct *d, struct workspace *w)
{
	struct request *req = d->req;

	if (is_unchanged(req, w, &d->edit)) {
		route_reply_edit(req, req->confd->running->doc, &d->edit, false, d->key, NULL);
		direct_free(d);
		return;
	}
	w->is_busy = true;
	if (transaction_dry_run(req->confd->transaction, w->doc, workspace_owners(req->confd->workspaces, w), on_rehearsed, d) == 0)
		return;
	w->is_busy = false;
	reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "too many validations wait");
	direct_free(d);
}

void
route_direct(struct request *req, const struct edit *e)
{
	struct direct *d;
	struct workspace *w;
	uint64_t confirm_s;
	bool is_forced;
	int error = 0;

	if (!query_number(req, "confirm-timeout", CONFIRM_MIN_S, CONFIRM_MAX_S, 0, &confirm_s) ||
	    !query_flag(req, "force", &is_forced) || !route_check_comment(req, query_text(req, "comment")) || route_is_held(req))
		return;
	if ((w = workspace_new(req->confd->workspaces, req->user, NULL, &error)) == NULL) {
		route_reply_no_room(req, error);
		return;
	}
	if ((d = calloc(1, sizeof(*d))) == NULL)
		fatalx("direct", "no memory");
	*d = (struct direct){ .confd = req->confd, .req = req, .edit = *e, .is_new = e->kind == EDIT_KIND_APPEND,
	    .confirm_s = confirm_s, .is_forced = is_forced, .comment = query_text(req, "comment") };
	(void)str_copy(d->workspace, w->id, sizeof(d->workspace));
	if (make_edit(d, w))
		rehearse(d, w);
	else
		direct_free(d);
}

/* Would somebody notice?  Ours is the text: quotes within a value are escaped. */
static bool
is_disruptive(const struct buf *impacts)
{
	static const char *const words[] = { "\"impact\":\"restart\"", "\"impact\":\"disconnect\"" };
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (impacts->len > 0 && memmem(impacts->data, impacts->len, words[i], strlen(words[i])) != NULL)
			return (true);
	return (false);
}

/* May it be done without a question?  Answered when not. */
static bool
is_agreed(struct direct *d, const struct outcome_info *info, const struct commit_order *order)
{
	bool cuts = order->forced != NULL && (order->is_forced_always || info->impacts->len > 0);
	struct buf members;

	if (d->confirm_s > 0 || d->is_forced || (!cuts && !is_disruptive(info->impacts)))
		return (true);
	buf_init(&members, 4 << 20);
	buf_puts(&members, ",\"impact\":[");
	buf_put(&members, info->impacts->data, info->impacts->len);
	buf_puts(&members, "]");
	buf_putc(&members, '\0');
	reply_problem_with(d->req, PROBLEM_DISRUPTIVE, buf_failed(&members) ? "" : (const char *)members.data, NULL,
	    "%s; say ?confirm-timeout=SECONDS, or ?force=true", cuts ? order->forced : "the change would interrupt something");
	buf_fini(&members);
	return (false);
}

static void
commit(struct direct *d, struct workspace *w, const struct outcome_info *info)
{
	struct request *req = d->req;
	struct commit_order order = { .doc = w->doc, .author = req->user, .origin = req->from, .comment = d->comment != NULL ? d->comment : "",
	    .confirm_s = (unsigned)d->confirm_s, .started_us = req->since_us, .validate_us = d->validate_us, .on_end = on_committed,
	    .arg = d };

	route_guard(req, w, &order);
	if (!is_agreed(d, info, &order)) {
		direct_free(d);
		return;
	}
	if (d->is_forced) {
		order.forced = NULL;
		order.is_forced_always = false;
	}
	order.mask = workspace_owners(req->confd->workspaces, w);
	/* Another commit may have come in between: then this one stands on what does not run any more. */
	if (w->base == req->confd->running && transaction_commit(req->confd->transaction, &order) == 0) {
		w->is_busy = true;
		return;
	}
	reply_problem(req, PROBLEM_HELD, "another commit is being applied");
	direct_free(d);
}

static void
on_rehearsed(const struct outcome_info *info, void *arg)
{
	struct direct *d = arg;
	struct workspace *w = workspace_find(d->confd->workspaces, d->workspace);

	w->doc = snapshot_release(info->target);
	w->is_busy = false;
	if (info->outcome == OUTCOME_DONE) {
		commit(d, w, info);
		return;
	}
	route_reply_failure(d->req, info);
	direct_free(d);
}

static void
on_committed(const struct outcome_info *info, void *arg)
{
	struct direct *d = arg;
	struct request *req = d->req;
	struct workspace *w = workspace_find(req->confd->workspaces, d->workspace);
	char link[96];

	w->is_busy = false;
	if (info->outcome != OUTCOME_DONE) {
		w->doc = snapshot_release(info->target);
		route_reply_failure(req, info);
		direct_free(d);
		return;
	}
	workspace_committed(req->confd->workspaces, w, info->commit->number);
	(void)snprintf(link, sizeof(link), "</api/v1/commits/%u>; rel=\"urn:patronus:commit\"", info->commit->number);
	if (info->commit->state == COMMIT_STATE_AWAITING_CONFIRM)
		route_reply_commit(req, 202, info->commit);
	else
		route_reply_edit(req, req->confd->running->doc, &d->edit, d->is_new, d->key, link);
	free(d->key);
	free(d);
}
