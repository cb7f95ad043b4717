/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A write without a workspace: a transaction of one edit (or one batch) that is judged, tried at the owners, applied and kept.  What would disrupt
 * something, or could cut the caller off, is not done unless the caller says how: with a time to confirm, or by force.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "access.h"
#include "batch.h"
#include "commit.h"
#include "confd.h"
#include "diff.h"
#include "guard.h"
#include "problem.h"
#include "query.h"
#include "recorded.h"
#include "reply.h"
#include "request.h"
#include "rollout.h"
#include "route.h"
#include "route_common.h"
#include "sight.h"
#include "snapshot.h"
#include "transaction.h"
#include "workspace.h"

struct direct {
	struct confd	*confd;
	struct request	*req;		/* gone once it is answered */
	struct operation *ops;		/* their texts are the request's */
	size_t		 nops;
	bool		 is_batch;
	char		 workspace[17];
	uint32_t	 number;	/* of the commit, once it is made */
	uint64_t	 confirm_s;
	bool		 is_forced;
	bool		 is_forced_always;	/* see struct commit_order */
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
	batch_free(d->ops, d->nops);
	free(d);
}

/* Nothing is different afterwards: nobody is asked, and there is no revision. */
static bool
is_unchanged(const struct workspace *w)
{
	struct diff *diff;
	size_t n;

	if (diff_documents(w->base->doc, workspace_document(w), &diff) != 0)
		return (false);
	n = diff_count(diff);
	diff_free(diff);
	return (n == 0);
}

/* What was asked for is so. */
static void
reply_done(struct direct *d, const char *link)
{
	const struct operation *op = d->ops;
	struct buf b;

	if (!d->is_batch) {
		route_reply_edit(d->req, d->confd->running->doc, &op->edit, op->is_new || op->edit.kind == EDIT_KIND_APPEND, op->key, link);
		return;
	}
	buf_init(&b, 16u << 20);
	batch_print(d->ops, d->nops, &b);
	reply_json(d->req, 200, &b, &(struct reply_extra){ .link = link });
}

/* The edits in a workspace of their own, judged; false, answered, when it cannot be. */
static bool
make_edits(struct direct *d, struct workspace *w)
{
	struct request *req = d->req;
	struct problems *problems = problems_new();
	uint64_t began = clock_mono_us();
	int error;

	if (problems == NULL)
		fatalx("direct", "no memory");
	if (d->is_batch)
		error = batch_apply(req->confd->workspaces, w, &req->rights, d->ops, d->nops, problems);
	else
		error = workspace_edit(req->confd->workspaces, w, &req->rights, &d->ops->edit, &d->ops->is_new, &d->ops->key, problems);
	/* What is wrong with a change is for who may make it. */
	if (error == 0 && w->doc != NULL && !access_change(req, RIGHT_COMMIT, w->base->doc, w->doc)) {
		problems_free(problems);
		return (false);
	}
	if (error == 0 && w->doc != NULL)
		error = route_check_workspace(req->confd, w, problems);
	d->validate_us = clock_mono_us() - began;
	if (error != 0)
		route_reply_edit_error(req, error, problems);
	problems_free(problems);
	return (error == 0 && (workspace_guarded(req->confd->workspaces, w) == NULL || access_step_up(req)));
}

static void
rehearse(struct direct *d, struct workspace *w)
{
	struct commit_order order = { 0 };
	struct request *req = d->req;

	if (w->doc == NULL || is_unchanged(w)) {
		reply_done(d, NULL);
		direct_free(d);
		return;
	}
	route_guard(req, w, &order);
	d->is_forced_always = order.is_forced_always;
	w->is_busy = true;
	if (transaction_dry_run(req->confd->transaction, w->doc, workspace_owners(req->confd->workspaces, w), order.guard, on_rehearsed,
	    d) == 0)
		return;
	w->is_busy = false;
	guard_free(order.guard);
	reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "too many validations wait");
	direct_free(d);
}

void
route_direct(struct request *req, struct operation *ops, size_t n, bool is_batch)
{
	struct direct *d = calloc(1, sizeof(*d));
	struct workspace *w;
	int error = 0;

	if (d == NULL)
		fatalx("direct", "no memory");
	*d = (struct direct){ .confd = req->confd, .req = req, .ops = ops, .nops = n, .is_batch = is_batch,
	    .comment = query_text(req, "comment") };
	/* It commits: to write is not enough. */
	if (!access_right(req, RIGHT_COMMIT) || !query_number(req, "confirm-timeout", CONFIRM_MIN_S, CONFIRM_MAX_S, 0, &d->confirm_s) ||
	    !query_flag(req, "force", false, &d->is_forced) || !route_check_comment(req, d->comment) || route_is_held(req)) {
		direct_free(d);
		return;
	}
	if ((w = workspace_new(req->confd->workspaces, req->user, NULL, &error)) == NULL) {
		route_reply_no_room(req, error);
		direct_free(d);
		return;
	}
	(void)str_copy(d->workspace, w->id, sizeof(d->workspace));
	if (make_edits(d, w))
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
is_agreed(struct direct *d, const struct outcome_info *info)
{
	const struct buf *impacts = &info->rollout->impacts;
	const struct guard_flow *cut = guard_worry(info->guard, info->rollout->has_effect, d->is_forced_always);
	struct buf members;

	if (d->confirm_s > 0 || d->is_forced || (cut == NULL && !is_disruptive(impacts)))
		return (true);
	buf_init(&members, 4 << 20);
	buf_puts(&members, ",\"impact\":[");
	sight_impacts(d->req, (const char *)impacts->data, impacts->len, &members);
	buf_puts(&members, "]");
	if (cut != NULL && rights_reads_all(&d->req->rights)) {
		buf_puts(&members, ",\"cut\":");
		guard_print(cut, &members);
	}
	buf_putc(&members, '\0');
	reply_problem_with(d->req, PROBLEM_DISRUPTIVE, buf_failed(&members) ? "" : (const char *)members.data, NULL,
	    "%s; say ?confirm-timeout=SECONDS, or ?force=true", cut == NULL ? "the change would interrupt something" :
	    cut->verdict == FLOW_CUT ? "the change would cut your own connection" : "the change could cut your own connection");
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

	if (!is_agreed(d, info)) {
		direct_free(d);
		return;
	}
	if (!d->is_forced)
		route_guard(req, w, &order);
	order.mask = workspace_owners(req->confd->workspaces, w);
	/* Another commit may have come in between: then this one stands on what does not run any more. */
	if (w->base == req->confd->running && transaction_commit(req->confd->transaction, &order) == 0) {
		w->is_busy = true;
		return;
	}
	guard_free(order.guard);
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
on_recorded(void *arg)
{
	struct direct *d = arg;
	const struct commit *c;
	struct commit space;
	char link[96];

	c = route_commit_find(d->req, d->number, &space);
	(void)snprintf(link, sizeof(link), "</api/v1/commits/%u>; rel=\"urn:patronus:commit\"", d->number);
	if (c->state == COMMIT_STATE_AWAITING_CONFIRM)
		route_reply_commit(d->req, 202, c);
	else
		reply_done(d, link);
	batch_free(d->ops, d->nops);
	free(d);
}

static void
on_committed(const struct outcome_info *info, void *arg)
{
	struct direct *d = arg;
	struct request *req = d->req;
	struct workspace *w = workspace_find(req->confd->workspaces, d->workspace);

	w->is_busy = false;
	if (info->outcome != OUTCOME_DONE) {
		w->doc = snapshot_release(info->target);
		route_reply_failure(req, info);
		direct_free(d);
		return;
	}
	workspace_committed(req->confd->workspaces, w, info->commit->number);
	d->number = info->commit->number;
	recorded_then(on_recorded, d);
}
