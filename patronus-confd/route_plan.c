/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a workspace changes, and what a commit of it would do. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

#include "confd.h"
#include "diff.h"
#include "document.h"
#include "guard.h"
#include "plan.h"
#include "problem.h"
#include "query.h"
#include "record_json.h"
#include "reply.h"
#include "request.h"
#include "route.h"
#include "route_common.h"
#include "rollout.h"
#include "session.h"
#include "sight.h"
#include "snapshot.h"
#include "transaction.h"
#include "workspace.h"

#define DIFF_MAX	(15u << 20)

struct view;

/* A dry run that waits for the owners. */
struct rehearsal {
	struct request		*req;
	const struct view	*view;		/* NULL: of validate */
	struct guard		*guard;
	char			 workspace[17];
};

static void	 rehearse(struct request *, struct workspace *, const struct view *);
static void	 on_rehearsed(const struct outcome_info *, void *);

/* --- what changes --- */

/* Ways to look at a diff.  Those that ask the owners are answered after a dry run. */
static const struct view {
	const char	*name;
	void		(*print)(const struct diff *, struct buf *);
	void		(*print_plan)(const struct plan *, struct buf *);
} views[] = {
	{ "", diff_print_text, NULL },
	{ "tree", diff_print_tree, NULL },
	{ "set", diff_print_commands, NULL },
	{ "nft", NULL, plan_print_nft },
	{ "plan", NULL, plan_print_text },
};

/* The one in the query; NULL, answered, when there is none of that name. */
static const struct view *
view_of(struct request *req, bool may_ask_owners)
{
	const char *name = query_text(req, "view");
	size_t i;

	for (i = 0; i < sizeof(views) / sizeof(views[0]); i++)
		if (strcmp(name != NULL ? name : "", views[i].name) == 0 && (may_ask_owners || views[i].print != NULL))
			return (&views[i]);
	reply_problem(req, PROBLEM_SYNTAX, "view is one of tree, set, nft%s", may_ask_owners ? ", plan" : "");
	return (NULL);
}

/* All of the answer but its last brace. */
static void
print_changes(uint32_t base, const struct diff *diff, const char *text, size_t len, struct buf *out)
{
	buf_printf(out, "{\"base\":%u,\"changes\":", base);
	diff_print_json(diff, out);
	buf_puts(out, ",\"text\":");
	record_json_string(text, len, out);
}

/* plan NULL: of a view that needs none. */
static void
print_diff(uint32_t base, const struct view *view, const struct diff *diff, const struct plan *plan, struct buf *out)
{
	struct buf text;

	buf_init(&text, DIFF_MAX);
	if (view->print != NULL)
		view->print(diff, &text);
	else
		view->print_plan(plan, &text);
	if (buf_failed(&text))
		out->failed = true;
	print_changes(base, diff, (const char *)text.data, text.len, out);
	if (plan != NULL) {
		buf_putc(out, ',');
		plan_print_members(plan, out);
	}
	buf_putc(out, '}');
	buf_fini(&text);
}

static void
reply_diff(struct request *req, uint32_t base, const struct view *view, const struct document *a, const struct document *b)
{
	struct diff *diff;
	struct buf out;
	int error;

	if ((error = diff_documents(a, b, &diff)) != 0) {
		reply_error(req, error, NULL);
		return;
	}
	buf_init(&out, DIFF_MAX);
	print_diff(base, view, diff, NULL, &out);
	diff_free(diff);
	reply_json(req, 200, &out, NULL);
}

void
route_reply_diff(struct request *req, uint32_t base, const struct document *a, const struct document *b)
{
	const struct view *view = view_of(req, false);

	if (view != NULL)
		reply_diff(req, base, view, a, b);
}

void
route_reply_nft(struct request *req, uint32_t base, const struct diff *diff, const char *nft)
{
	struct buf out;

	buf_init(&out, DIFF_MAX);
	print_changes(base, diff, nft, strlen(nft), &out);
	buf_putc(&out, '}');
	reply_json(req, 200, &out, NULL);
}

void
workspace_diff(struct request *req)
{
	struct workspace *w = route_workspace(req);
	const struct view *view;

	if (w == NULL || (view = view_of(req, true)) == NULL)
		return;
	/* Without an edit there is nothing to ask the owners about. */
	if (view->print != NULL || w->doc == NULL)
		reply_diff(req, w->base->number, view->print != NULL ? view : &views[0], sight_document(req, RIGHT_CONFIG_READ, w->base->doc),
		    sight_document(req, RIGHT_CONFIG_READ, workspace_document(w)));
	else if (!rights_reads_all(&req->rights))
		reply_problem_with(req, PROBLEM_PERMISSION, ",\"needed\":\"configuration:read\"", NULL,
		    "this view is about everything that runs; who may not read all of the configuration has the views tree and set");
	else if (route_free_workspace(req) != NULL)
		rehearse(req, w, view);
}

/* The whole of validation: our own, then a dry run at every owner of what changes. */
void
workspace_validate(struct request *req)
{
	struct workspace *w = route_free_workspace(req);

	if (w == NULL)
		return;
	if (w->doc == NULL)
		reply_text(req, 200, "application/json", "{\"valid\":true,\"impact\":[]}", 26, NULL);
	else
		rehearse(req, w, NULL);
}

/* --- a dry run --- */

static void
add_session(const char *user, const char *origin, const char *local, void *arg)
{
	struct rehearsal *v = arg;

	if (v->req->origin->is_local || strcmp(origin, v->req->in->origin) != 0 || strcmp(user, v->req->user) != 0)
		guard_add(v->guard, user, origin, local, false);
}

/* The caller first, then everybody else who is signed in. */
static void
gather_sessions(struct rehearsal *v)
{
	v->guard = guard_new(&v->req->confd->owners);
	if (!v->req->origin->is_local)
		guard_add(v->guard, v->req->user, v->req->in->origin, v->req->in->local, true);
	sessions_each(v->req->confd->sessions, add_session, v);
}

static void
rehearse(struct request *req, struct workspace *w, const struct view *view)
{
	struct problems *problems;
	struct rehearsal *v;
	int error;

	if ((problems = problems_new()) == NULL || (v = calloc(1, sizeof(*v))) == NULL)
		fatalx("workspace", "no memory");
	if ((error = route_check_workspace(req->confd, w, problems)) != 0) {
		reply_error(req, error, problems);
		free(v);
	} else {
		*v = (struct rehearsal){ .req = req, .view = view };
		(void)str_copy(v->workspace, w->id, sizeof(v->workspace));
		gather_sessions(v);
		w->is_busy = true;
		if (transaction_dry_run(req->confd->transaction, w->doc, workspace_owners(req->confd->workspaces, w), v->guard, on_rehearsed,
		    v) != 0) {
			w->is_busy = false;
			guard_free(v->guard);
			free(v);
			reply_problem(req, PROBLEM_UNAVAILABLE, "too many validations wait");
		}
	}
	problems_free(problems);
}

/* What the owners would do, in the words of the view that was asked for. */
static void
reply_plan(struct request *req, const struct view *view, const struct workspace *w, const struct outcome_info *info)
{
	struct plan plan = { .running = req->confd->running->doc, .candidate = w->doc, .rollout = info->rollout, .guard = info->guard };
	struct diff *diff;
	struct buf b;
	int error;

	if ((error = diff_documents(w->base->doc, w->doc, &diff)) != 0) {
		reply_error(req, error, NULL);
		return;
	}
	plan.diff = diff;
	buf_init(&b, DIFF_MAX);
	if (!rights_reads_all(&req->rights)) {
		buf_puts(&b, "{\"valid\":true,\"impact\":[");
		sight_impacts(req, (const char *)info->rollout->impacts.data, info->rollout->impacts.len, &b);
		buf_puts(&b, "]}");
	} else if (view != NULL) {
		print_diff(w->base->number, view, diff, &plan, &b);
	} else {
		buf_puts(&b, "{\"valid\":true,");
		plan_print_members(&plan, &b);
		buf_putc(&b, '}');
	}
	diff_free(diff);
	reply_json(req, 200, &b, NULL);
}

static void
on_rehearsed(const struct outcome_info *info, void *arg)
{
	struct rehearsal *v = arg;
	struct request *req = v->req;
	const struct view *view = v->view;
	struct workspace *w = workspace_find(req->confd->workspaces, v->workspace);

	free(v);
	w->doc = snapshot_release(info->target);
	w->is_busy = false;
	switch (info->outcome) {
	case OUTCOME_UNFIT:
	case OUTCOME_REFUSED:
		reply_problems(req, PROBLEM_VALIDATION, info->problems, "%u errors; nothing was changed", problems_count(info->problems));
		break;
	case OUTCOME_UNAVAILABLE:
		reply_problem_with(req, PROBLEM_UNAVAILABLE, "", &(struct reply_extra){ .retry_after_s = 1 }, "a daemon is restarting");
		break;
	case OUTCOME_BROKEN:
	case OUTCOME_INVALID:
		reply_error(req, info->error, info->problems);
		break;
	case OUTCOME_DONE:
		reply_plan(req, view, w, info);
		break;
	}
}
