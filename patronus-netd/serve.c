/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What confd asks: prepare, commit in two phases, read back; and live state. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/drift.h"
#include "ipc/ids.h"
#include "actual.h"
#include "forecast.h"
#include "kernel.h"
#include "netd.h"
#include "plan.h"
#include "problems.h"
#include "revision.h"
#include "watch.h"

#define CONF_MAX	(64u << 20)
#define DIFF_MAX	60000

static struct netd *
netd_of(struct channel *c)
{
	const struct daemon *d = channel_arg(c);

	return d->state;
}

/* What an answer is made of.  Not the message's arena: that one is bounded by the length of the message. */
struct answer {
	struct arena	*arena;
	struct problems	 problems;
};

static struct answer *
answer_new(void)
{
	struct answer *a = calloc(1, sizeof(*a));

	if (a == NULL || (a->arena = arena_new(0)) == NULL)
		fatal("netd", "answer");
	problems_init(&a->problems, a->arena);
	return a;
}

static void
answer_free(struct answer *a)
{
	arena_free(a->arena);
	free(a);
}

/* --- prepare --- */

/* The configuration that came with the request. */
static int
take_revision(struct message *m, struct problems *problems, struct revision **ret)
{
	const struct conf_prepare_req *req = m->body;
	int fd = arena_take_fd(m->arena, 0), error;
	const uint8_t *data;
	size_t len;

	if (fd == -1)
		return -EPROTO;
	error = memfd_map(fd, CONF_MAX, &data, &len);
	(void)close(fd);
	if (error != 0)
		return error;
	error = revision_new(req->revision, data, len, problems, ret);
	memfd_unmap(data, len);
	return error;
}

/* What operations do to people; end follows the object, NULL: a colon and the detail. */
static const struct {
	enum ipc_impact_kind	 kind;
	const char		*end;
} deeds[OP_KIND_MAX] = {
	[OP_SYSCTL_SET] =	{ IMPACT_HOT, NULL },
	[OP_RULE_REMOVE] =	{ IMPACT_HOT, NULL },
	[OP_SHADOW_REMOVE] =	{ IMPACT_HOT, NULL },
	[OP_PORT_UP] =		{ IMPACT_HOT, NULL },
	[OP_LINK_SET] =		{ IMPACT_HOT, NULL },
	[OP_ADDR_ADD] =		{ IMPACT_HOT, " is added" },
	[OP_ROUTE_ADD] =	{ IMPACT_HOT, " is added" },
	[OP_ROUTE_REPLACE] =	{ IMPACT_HOT, NULL },
	[OP_HOSTNAME] =		{ IMPACT_HOT, NULL },
	[OP_TIME_ZONE] =	{ IMPACT_HOT, NULL },
	[OP_RESOLV_CONF] =	{ IMPACT_HOT, NULL },
	[OP_ROUTE_REMOVE] =	{ IMPACT_DISCONNECT, " is removed: what needs it ends" },
	[OP_LINK_DOWN] =	{ IMPACT_DISCONNECT, " goes down: nothing passes it any more" },
	[OP_PORT_DOWN] =	{ IMPACT_HOT, NULL },
	[OP_ADDR_REMOVE] =	{ IMPACT_DISCONNECT, " is removed: its connections end" },
	[OP_SYSCTL_WIDEN] =	{ IMPACT_HOT, NULL },
};

static struct ipc_impact
impact_of(struct plan *plan, const struct op *op)
{
	const char *end = deeds[op->kind].end;
	struct ipc_impact ret = { .owner = "netd", .object = op->object, .impact = (uint8_t)deeds[op->kind].kind };

	ret.text = end != NULL ? plan_text(plan, "%s%s", op->object, end) : plan_text(plan, "%s: %s", op->object, op->detail);
	return ret;
}

/* One item for each operation, what cuts first; the last one says how many more there are. */
static uint32_t
list_impacts(struct plan *plan, struct ipc_impact *items, uint32_t max)
{
	uint32_t i, n = 0, more = 0;
	struct ipc_impact item;
	int pass;

	for (pass = 0; pass < 2; pass++)
		for (i = 0; i < plan->n; i++) {
			item = impact_of(plan, &plan->ops[i]);
			if ((item.impact == IMPACT_DISCONNECT) != (pass == 0))
				continue;
			if (n < max)
				items[n++] = item;
			else
				more++;
		}
	if (more > 0)
		items[n - 1] = (struct ipc_impact){ .owner = "netd", .impact = IMPACT_HOT, .object = "more",
		    .text = plan_text(plan, "%u operations more", more + 1) };
	return n;
}

static void
reply_prepare(struct channel *c, struct message *m, struct plan *plan, struct problems *problems)
{
	struct conf_prepare_rep rep = { .diff = "" };
	struct ipc_impact impacts[PROBLEMS_MAX];
	struct buf diff;

	buf_init(&diff, DIFF_MAX);
	rep.problems.items = problems->items;
	rep.problems.n = problems->n;
	rep.turns = plan_turns(plan);
	if (problems->n == 0) {
		rep.impacts.items = impacts;
		rep.impacts.n = list_impacts(plan, impacts, PROBLEMS_MAX);
		plan_format(plan, &diff);
		if (buf_failed(&diff))
			rep.diff = "(too long to show)\n";
		else if (diff.len > 0)
			rep.diff = (const char *)diff.data;
	}
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	buf_fini(&diff);
}

/* At a start one broken object disables itself with an alarm, and not the box. */
static void
tell_broken(struct netd *n, struct problems *problems)
{
	uint32_t i;

	for (i = 0; i < problems->n; i++) {
		log_warnx("conf", "%s: %s", problems->items[i].path, problems->items[i].text);
		repair_note(n, problems->items[i].path, problems->items[i].text);
	}
	problems->n = 0;
}

static void
on_prepare(struct channel *c, struct message *m, void *arg)
{
	const struct conf_prepare_req *req = m->body;
	struct netd *n = netd_of(c);
	struct answer *a = answer_new();
	struct problems *problems = &a->problems;
	struct revision *r = NULL;
	struct plan plan;
	int error;

	(void)arg;
	error = take_revision(m, problems, &r);
	if (error == 0)
		error = apply_plan(n, r, a->arena, !req->restore, &plan, problems);
	if (error == 0 && req->restore)
		tell_broken(n, problems);
	if (error != 0)
		(void)channel_reply_error(c, &m->header, error, 0, "revision %u cannot be prepared: %s", req->revision,
		    strerror(-error));
	else
		reply_prepare(c, m, &plan, problems);
	if (error == 0 && problems->n == 0) {
		r->is_dry_run = req->dry_run;
		revision_free(n->prepared);
		n->prepared = r;
	} else
		revision_free(r);
	answer_free(a);
}

/* --- judge --- */

static void
on_judge(struct channel *c, struct message *m, void *arg)
{
	const struct conf_judge_req *req = m->body;
	struct netd *n = netd_of(c);
	struct revision *r = n->prepared != NULL && n->prepared->number == req->revision ? n->prepared : n->applied;
	struct conf_judge_rep rep = { .verdicts = { .n = req->flows.n } };
	struct answer *a = answer_new();
	struct actual before, after;
	struct plan plan;
	uint32_t i;
	int error;

	(void)arg;
	error = apply_forecast(n, r, a->arena, &plan, &before, &after);
	rep.verdicts.items = arena_alloc(a->arena, (size_t)req->flows.n + 1, sizeof(*rep.verdicts.items));
	if (rep.verdicts.items == NULL)
		fatal("netd", "answer");
	for (i = 0; error == 0 && i < req->flows.n; i++)
		rep.verdicts.items[i] = forecast_flow(&before, &after, &plan, &req->flows.items[i]);
	if (error != 0)
		(void)channel_reply_error(c, &m->header, error, 0, "the kernel cannot be read");
	else
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	answer_free(a);
}

/* --- commit --- */

static void
reply_commit(struct channel *c, struct message *m, int error, struct problems *problems)
{
	struct conf_commit_rep rep;

	if (error != 0 && problems->n == 0)
		problems_add(problems, "", "failed", "the network could not be changed: %s", strerror(-error));
	rep.problems.items = problems->items;
	rep.problems.n = problems->n;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static int
commit_apply(struct netd *n, struct problems *problems)
{
	bool changed;
	int error;

	error = apply_phase(n, n->prepared, COMMIT_APPLY, problems, &changed);
	/*
	 * What failed is not kept: until confd commits the previous revision again, that one is repaired towards.  What is too much
	 * meanwhile is the work of this failure and not drift.
	 */
	if (error != 0) {
		n->is_removed = false;
		return error;
	}
	revision_free(n->applied);
	n->applied = n->prepared;
	n->prepared = NULL;
	n->is_removed = false;
	drift_policy_set(n->drift, n->applied->drift);
	return 0;
}

static int
commit_remove(struct netd *n, struct problems *problems)
{
	bool changed;
	int error;

	error = apply_phase(n, n->applied, COMMIT_REMOVE, problems, &changed);
	/* With an address go its routes and, where they are not promoted, other addresses of its network. */
	if (error == 0 && changed)
		error = apply_phase(n, n->applied, 0, problems, &changed);
	if (error != 0)
		return error;
	n->is_removed = true;
	/* Whoever was brought up to see cables is down again, or has its place in the configuration. */
	if (n->applied->desired.nlinks > 0)
		kernel_forget_ports(n->memory);
	(void)snprintf(n->credit, sizeof(n->credit), "revision %u", n->applied->number);
	watch_again(n->watch, 0);
	return 0;
}

static void
on_commit(struct channel *c, struct message *m, void *arg)
{
	const struct conf_commit_req *req = m->body;
	struct netd *n = netd_of(c);
	struct revision *r = req->phase == COMMIT_APPLY ? n->prepared : n->applied;
	struct answer *a;
	int error;

	(void)arg;
	if (r == NULL || r->number != req->revision || r->is_dry_run) {
		(void)channel_reply_error(c, &m->header, ESTALE, 0, "revision %u is not %s", req->revision,
		    req->phase == COMMIT_APPLY ? "prepared" : "applied");
		return;
	}
	a = answer_new();
	error = req->phase == COMMIT_APPLY ? commit_apply(n, &a->problems) : commit_remove(n, &a->problems);
	if (error == 0)
		log_info("conf", "revision %u: %s", req->revision, req->phase == COMMIT_APPLY ? "applied" : "done");
	reply_commit(c, m, error, &a->problems);
	answer_free(a);
}

static void
on_verify(struct channel *c, struct message *m, void *arg)
{
	const struct conf_verify_req *req = m->body;
	struct netd *n = netd_of(c);
	struct conf_verify_rep rep;
	struct answer *a;
	struct plan plan;
	uint32_t i;
	int error;

	(void)arg;
	if (n->applied == NULL || n->applied->number != req->revision) {
		(void)channel_reply_error(c, &m->header, ESTALE, 0, "revision %u is not applied", req->revision);
		return;
	}
	a = answer_new();
	error = apply_plan(n, n->applied, a->arena, false, &plan, NULL);
	for (i = 0; error == 0 && i < plan.n; i++)
		problems_add(&a->problems, plan.ops[i].path, "differs", "the kernel differs: %s: %s", plan.ops[i].object,
		    plan.ops[i].detail);
	rep.problems.items = a->problems.items;
	rep.problems.n = a->problems.n;
	if (error != 0)
		(void)channel_reply_error(c, &m->header, error, 0, "the kernel cannot be read");
	else
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
	answer_free(a);
}

static void
on_abort(struct channel *c, struct message *m, void *arg)
{
	const struct conf_abort_req *req = m->body;
	struct netd *n = netd_of(c);
	struct conf_abort_rep rep = { 0 };

	(void)arg;
	if (n->prepared != NULL && n->prepared->number == req->revision) {
		revision_free(n->prepared);
		n->prepared = NULL;
	}
	if (m->header.id != 0)
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

/* The kernel holds the last known good network by itself: there is nothing to store. */
static void
on_kept(struct channel *c, struct message *m, void *arg)
{
	struct conf_kept_rep rep = { 0 };

	(void)arg;
	if (m->header.id != 0)
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_state(struct channel *c, struct message *m, void *arg)
{
	(void)arg;
	report_state(netd_of(c), c, m);
}

/* --- drift --- */

static void
on_baseline(struct channel *c, struct message *m, void *arg)
{
	struct netd *n = netd_of(c);

	(void)arg;
	drift_baseline_set(n->drift, m->body);
	watch_again(n->watch, 0);
}

static void
on_repair(struct channel *c, struct message *m, void *arg)
{
	const struct drift_repair_req *req = m->body;
	struct drift_repair_rep rep = { 0 };
	struct netd *n = netd_of(c);

	(void)arg;
	if (!drift_stands(n->drift, req->object, req->detail)) {
		(void)channel_reply_error(c, &m->header, ENOENT, 0, "%s: it is not so any more", req->object);
		return;
	}
	n->wanted = req;
	repair_run(n);
	n->wanted = NULL;
	if (drift_stands(n->drift, req->object, req->detail))
		(void)channel_reply_error(c, &m->header, EIO, 0, "%s: it cannot be repaired from here", req->object);
	else
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static void
on_ready(struct channel *c, void *arg)
{
	(void)arg;
	drift_tell(netd_of(c)->drift);
}

static const struct channel_dispatch table[] = {
	{ MSG_CONF_PREPARE, CHANNEL_PHASE_READY, on_prepare },
	{ MSG_CONF_JUDGE, CHANNEL_PHASE_READY, on_judge },
	{ MSG_CONF_COMMIT, CHANNEL_PHASE_READY, on_commit },
	{ MSG_CONF_VERIFY, CHANNEL_PHASE_READY, on_verify },
	{ MSG_CONF_ABORT, CHANNEL_PHASE_READY, on_abort },
	{ MSG_CONF_KEPT, CHANNEL_PHASE_READY, on_kept },
	{ MSG_STATE_GET, CHANNEL_PHASE_READY, on_state },
	{ MSG_DRIFT_BASELINE, CHANNEL_PHASE_READY, on_baseline },
	{ MSG_DRIFT_REPAIR, CHANNEL_PHASE_READY, on_repair },
	{ 0, 0, NULL }
};

const struct channel_ops serve_confd_ops = { .table = table, .on_ready = on_ready };
