/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"

#include "access.h"
#include "body.h"
#include "commit.h"
#include "confd.h"
#include "document.h"
#include "edit.h"
#include "guard.h"
#include "idempotency.h"
#include "problem.h"
#include "recorded.h"
#include "reply.h"
#include "request.h"
#include "restored.h"
#include "route.h"
#include "route_common.h"
#include "schema.h"
#include "sight.h"
#include "snapshot.h"
#include "store.h"
#include "transaction.h"
#include "workspace.h"

#define COMMENT_MAX		512

struct committing {
	struct request	*req;
	char		 workspace[17];
	uint32_t	 number;
};

static void	 commit_workspace(struct request *, struct workspace *, const char *comment, uint64_t confirm_s);
static void	 on_committed(const struct outcome_info *, void *);

void
route_print_commit(struct request *req, const struct commit *c, struct buf *b)
{
	struct commit seen = *c;
	struct buf impact;

	if (rights_reads_all(&req->rights)) {
		commit_print(c, b);
		return;
	}
	/* What it did, and to whose connection, is told in names. */
	buf_init(&impact, 1 << 20);
	if (c->impact != NULL)
		sight_impacts(req, c->impact, strlen(c->impact), &impact);
	buf_putc(&impact, '\0');
	seen.impact = buf_failed(&impact) ? NULL : (char *)impact.data;
	seen.forced = seen.cut = seen.checks = NULL;
	commit_print(&seen, b);
	buf_fini(&impact);
}

void
route_reply_commit(struct request *req, unsigned status, const struct commit *c)
{
	char location[48];
	struct buf b;

	(void)snprintf(location, sizeof(location), "/api/v1/commits/%u", c->number);
	buf_init(&b, 1 << 20);
	route_print_commit(req, c, &b);
	reply_json(req, status, &b, &(struct reply_extra){ .location = status == 201 ? location : NULL });
}

bool
route_is_held(struct request *req)
{
	const struct commit *pending = transaction_pending(req->confd->transaction);

	if (pending != NULL)
		reply_problem(req, PROBLEM_HELD, "revision %u waits for its confirmation: confirm or cancel it first",
		    pending->number);
	else if (transaction_is_busy(req->confd->transaction))
		reply_problem(req, PROBLEM_HELD, "another commit is being applied");
	else
		return (false);
	return (true);
}

bool
route_check_comment(struct request *req, const char *comment)
{
	if (comment == NULL || (strlen(comment) <= COMMENT_MAX && !str_has_control(comment, strlen(comment))))
		return (true);
	reply_problem(req, PROBLEM_VALIDATION, "the comment must be one line of at most %d bytes", COMMENT_MAX);
	return (false);
}

void
commit_create(struct request *req)
{
	const char *id = NULL, *comment = "";
	uint64_t confirm_s = 0;
	const struct body_member members[] = {
		{ .name = "workspace", .ret_text = &id, .is_required = true },
		{ .name = "comment", .ret_text = &comment },
		{ .name = "confirm-timeout", .ret_number = &confirm_s, .min = CONFIRM_MIN_S, .max = CONFIRM_MAX_S },
		{ .name = NULL },
	};
	struct workspace *w;

	if (!body_object(req, members) || !route_check_comment(req, comment))
		return;
	w = workspace_find(req->confd->workspaces, id);
	if (w == NULL || !workspace_may(w, req->user, &req->rights))
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no workspace \"%.32s\" of yours", id);
	else if (w->is_busy)
		reply_problem(req, PROBLEM_HELD, "the workspace is being validated or committed");
	else if (!route_is_held(req))
		commit_workspace(req, w, comment, confirm_s);
}

/*
 * Lock-out guard: whoever comes over the network may cut himself off with a change of what carries or filters his packets.  So his
 * connection is judged by what the owners prepare for it.
 */
void
route_guard(const struct request *req, const struct workspace *w, struct commit_order *order)
{
	static const char *const sections[] = { "interfaces", "routing", "firewall", "nat" };
	const char *guard = document_value(req->confd->running->doc, "/management/lock-out-guard");
	bool could_cut;
	char path[32];
	size_t i;

	if (req->origin->is_local || (guard != NULL && strcmp(guard, "false") == 0))
		return;
	order->is_forced_always = (w->sections & workspace_section_bit(req->confd, "/management")) != 0;
	could_cut = order->is_forced_always;
	for (i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		(void)snprintf(path, sizeof(path), "/%s", sections[i]);
		could_cut |= (w->sections & workspace_section_bit(req->confd, path)) != 0;
	}
	if (!could_cut)
		return;
	order->guard = guard_new(&req->confd->owners);
	guard_add(order->guard, req->user, req->in->origin, req->in->local, true);
}

static void
reply_unchanged(struct request *req)
{
	struct revision rev = { .number = req->confd->running->number, .state = REVISION_KEPT };
	struct commit c;

	(void)store_revision(req->confd->store, rev.number, &rev);
	commit_from_revision(&c, &rev);
	route_reply_commit(req, 200, &c);
}

static void
commit_workspace(struct request *req, struct workspace *w, const char *comment, uint64_t confirm_s)
{
	struct commit_order order = { .author = req->user, .origin = req->from, .comment = comment,
	    .request = idempotency_mark(req), .started_us = req->since_us,
	    .confirm_s = (unsigned)confirm_s, .on_end = on_committed };
	struct problems *problems;
	struct committing *c;
	int error;

	/* His rights of now, over all that the draft changes, whoever put it there. */
	if (!route_rebase(req, w, NULL, 0) || (w->doc != NULL && !access_change(req, RIGHT_COMMIT, w->base->doc, w->doc)))
		return;
	if (workspace_guarded(req->confd->workspaces, w) != NULL && !access_step_up(req))
		return;
	if (w->doc == NULL || w->changes == 0) {
		restored_committed(req->confd->restored, w->id, req->confd->running->number);
		workspace_free(req->confd->workspaces, w);
		reply_unchanged(req);
		return;
	}
	order.validate_us = clock_mono_us();
	if ((problems = problems_new()) == NULL || (c = calloc(1, sizeof(*c))) == NULL)
		fatalx("commit", "no memory");
	if ((error = route_check_workspace(req->confd, w, problems)) != 0) {
		reply_error(req, error, problems);
		problems_free(problems);
		free(c);
		return;
	}
	problems_free(problems);
	order.validate_us = clock_mono_us() - order.validate_us;
	route_guard(req, w, &order);
	order.doc = w->doc;
	order.mask = workspace_owners(req->confd->workspaces, w);
	order.arg = c;
	c->req = req;
	(void)str_copy(c->workspace, w->id, sizeof(c->workspace));
	w->is_busy = true;
	if ((error = restored_place(req->confd->restored, w->id)) != 0 || transaction_commit(req->confd->transaction, &order) != 0) {
		if (error == 0)
			restored_unplace(req->confd->restored, w->id);
		w->is_busy = false;
		guard_free(order.guard);
		free(c);
		if (error != 0)
			reply_error(req, error, NULL);
		else
			reply_problem(req, PROBLEM_HELD, "another commit is being applied");
	}
}

void
route_reply_failure(struct request *req, const struct outcome_info *info)
{
	switch (info->outcome) {
	case OUTCOME_UNFIT:
		reply_problems(req, PROBLEM_VALIDATION, info->problems, "%u error%s; nothing was changed", problems_count(info->problems),
		    problems_count(info->problems) == 1 ? "" : "s");
		break;
	case OUTCOME_REFUSED:
		reply_problems(req, PROBLEM_APPLY_FAILED, info->problems, "revision %u runs; nothing of the change is left",
		    req->confd->running->number);
		break;
	case OUTCOME_UNAVAILABLE:
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 },
		    "a daemon is restarting; nothing was changed");
		break;
	case OUTCOME_BROKEN:
	case OUTCOME_INVALID:
	case OUTCOME_DONE:
		reply_error(req, info->error, info->problems);
		break;
	}
}

const struct commit *
route_commit_find(struct request *req, uint32_t number, struct commit *space)
{
	struct revision rev = { .number = number, .state = REVISION_KEPT };
	const struct commit *found = transaction_find(req->confd->transaction, number);

	if (found != NULL)
		return found;
	(void)store_revision(req->confd->store, number, &rev);
	commit_from_revision(space, &rev);
	return space;
}

static void
on_recorded(void *arg)
{
	struct committing *c = arg;
	struct commit space;

	route_reply_commit(c->req, 201, route_commit_find(c->req, c->number, &space));
	free(c);
}

static void
on_committed(const struct outcome_info *info, void *arg)
{
	struct committing *c = arg;
	struct request *req = c->req;
	struct workspace *w = workspace_find(req->confd->workspaces, c->workspace);

	w->is_busy = false;
	if (info->outcome == OUTCOME_DONE) {
		restored_committed(req->confd->restored, w->id, info->commit->number);
		workspace_committed(req->confd->workspaces, w, info->commit->number);
		c->number = info->commit->number;
		recorded_then(on_recorded, c);
		return;
	}
	free(c);
	restored_unplace(req->confd->restored, w->id);
	w->doc = snapshot_release(info->target);
	route_reply_failure(req, info);
}

/* --- one commit --- */

/* The number in /commits/{id}; false, answered, when it is none. */
static bool
commit_number(struct request *req, uint32_t *ret)
{
	uint64_t number;

	if (str_u64(req->segment[1], 1, UINT32_MAX - 1, &number) == 0) {
		*ret = (uint32_t)number;
		return (true);
	}
	reply_problem(req, PROBLEM_NOT_FOUND, "there is no commit \"%.32s\"", req->segment[1]);
	return (false);
}

void
commit_show(struct request *req)
{
	const struct commit *c;
	struct revision rev;
	struct commit past;
	uint32_t number;

	if (!commit_number(req, &number))
		return;
	if ((c = transaction_find(req->confd->transaction, number)) == NULL &&
	    store_revision(req->confd->store, number, &rev) == 0) {
		commit_from_revision(&past, &rev);
		c = &past;
	}
	if (c == NULL)
		reply_problem(req, PROBLEM_NOT_FOUND, "there is no commit %u", number);
	else
		route_reply_commit(req, 200, c);
}

void
commit_pending(struct request *req)
{
	const struct commit *c = transaction_pending(req->confd->transaction);

	if (c == NULL)
		reply_problem(req, PROBLEM_NOT_FOUND, "no commit waits for its confirmation");
	else
		route_reply_commit(req, 200, c);
}

/* The pending commit, when it is the one of the path and the caller may decide about it; NULL, answered, otherwise. */
static const struct commit *
pending_of(struct request *req)
{
	const struct commit *c = transaction_pending(req->confd->transaction);
	uint32_t number;

	if (!commit_number(req, &number))
		return (NULL);
	if (c == NULL || c->number != number)
		reply_problem(req, PROBLEM_NOT_FOUND, "commit %u does not wait for a confirmation", number);
	else if (access_change(req, RIGHT_COMMIT, req->confd->kept->doc, req->confd->running->doc))
		return (c);	/* to keep or undo it is to change the same */
	return (NULL);
}

void
commit_confirm(struct request *req)
{
	const struct commit *c = pending_of(req);
	int error;

	if (c == NULL)
		return;
	if ((error = transaction_confirm(req->confd->transaction, req->user, req->from)) != 0)
		reply_error(req, error, NULL);
	else
		route_reply_commit(req, 200, c);
}

static void
on_cancelled(const struct outcome_info *info, void *arg)
{
	struct request *req = arg;

	if (info->outcome == OUTCOME_DONE && info->commit != NULL)
		route_reply_commit(req, 200, info->commit);
	else
		reply_problems(req, PROBLEM_APPLY_FAILED, info->problems,
		    "revision %u is on its way back, but not every daemon took it yet; it is tried again", req->confd->running->number);
}

void
commit_cancel(struct request *req)
{
	int error;

	if (pending_of(req) == NULL)
		return;
	if ((error = transaction_cancel(req->confd->transaction, req->user, req->from, on_cancelled, req)) != 0)
		reply_error(req, error, NULL);
}
