/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "base/arena.h"
#include "base/log.h"
#include "daemon/drift.h"
#include "ipc/ids.h"
#include "actual.h"
#include "bind.h"
#include "feature.h"
#include "flip.h"
#include "forecast.h"
#include "kernel.h"
#include "netd.h"
#include "plan.h"
#include "problems.h"
#include "revision.h"

/*
 * One phase may need several looks: taking an address away can take routes and other addresses along, and somebody
 * may change the kernel between our reading and our writing.
 */
#define ROUNDS_MAX	5

int
apply_read(struct actual *actual, struct arena *arena, void (*left)(const struct actual *, void *), void *arg)
{
	int error;

	error = kernel_read(actual, arena, KERNEL_ALL);
	if (error != 0 || !flip_is_left(actual))
		return error;
	if (left != NULL)
		left(actual, arg);
	/* What it could not do is planned for anew. */
	(void)kernel_recover(actual);
	return kernel_read(actual, arena, KERNEL_ALL);
}

void
apply_recover(void)
{
	struct arena *arena = arena_new(0);
	struct actual actual;

	if (arena == NULL)
		fatal("netd", "arena");
	if (kernel_read(&actual, arena, KERNEL_ROUTES | KERNEL_RULES) == 0 && flip_is_left(&actual))
		(void)kernel_recover(&actual);
	arena_free(arena);
}

/* What is accepted is as it should be: a change of what is wanted makes another difference, which is not. */
static void
drop_accepted(const struct netd *n, struct plan *p)
{
	uint32_t i, kept = 0;

	for (i = 0; i < p->n; i++)
		if (!drift_is_accepted(n->drift, p->ops[i].object, p->ops[i].detail))
			p->ops[kept++] = p->ops[i];
	p->n = kept;
}

static void
plan_revision(struct netd *n, struct revision *r, struct actual *actual, bool must_exist, struct plan *ret, struct problems *problems)
{
	struct planner p = { .desired = &r->desired, .actual = actual, .memory = n->memory, .plan = ret, .problems = problems };
	int i;

	bind_links(&r->desired, actual, must_exist, problems);
	plan_init(ret, actual->arena);
	for (i = 0; features[i] != NULL; i++)
		features[i]->plan(&p);
	drop_accepted(n, ret);
	plan_sort(ret);
}

int
apply_plan(struct netd *n, struct revision *r, struct arena *arena, bool must_exist, struct plan *ret, struct problems *problems)
{
	struct actual actual;
	int error;

	error = kernel_read(&actual, arena, KERNEL_ALL);
	if (error == 0)
		plan_revision(n, r, &actual, must_exist, ret, problems);
	return error;
}

/* One look, and the first phase that has something to do.  *ret_left counts what there was; -errno when it could not be looked or done. */
static int
apply_round(struct netd *n, struct revision *r, uint8_t phase, struct problems *problems, uint32_t *ret_left)
{
	struct arena *arena = arena_new(0);
	struct actual actual;
	struct plan plan;
	int error;

	*ret_left = 0;
	if (arena == NULL)
		return -ENOMEM;
	error = apply_read(&actual, arena, NULL, NULL);
	if (error == 0) {
		plan_revision(n, r, &actual, false, &plan, NULL);
		*ret_left = plan_count(&plan, phase);
		if (phase == 0)
			phase = plan_count(&plan, COMMIT_APPLY) > 0 ? COMMIT_APPLY : COMMIT_REMOVE;
		if (*ret_left > 0)
			error = kernel_execute(&plan, phase, &actual, n->memory, problems);
	}
	arena_free(arena);
	return error;
}

int
apply_forecast(struct netd *n, struct revision *r, struct arena *arena, struct plan *ret_plan, struct actual *ret_before,
    struct actual *ret_after)
{
	int error;

	plan_init(ret_plan, arena);
	error = kernel_read(ret_before, arena, KERNEL_ALL);
	if (error != 0)
		return error;
	if (r != NULL)
		plan_revision(n, r, ret_before, false, ret_plan, NULL);
	forecast_make(ret_before, ret_plan, arena, ret_after);
	return 0;
}

int
apply_phase(struct netd *n, struct revision *r, uint8_t phase, struct problems *problems, bool *ret_changed)
{
	uint32_t left = 1;
	int error = 0, round;

	*ret_changed = false;
	for (round = 0; round < ROUNDS_MAX && left > 0; round++) {
		/* A failure may be a race: it is told when it comes again on a fresh reading. */
		error = apply_round(n, r, phase, round > 0 ? problems : NULL, &left);
		*ret_changed = *ret_changed || left > 0;
		if (error != 0 && (round > 0 || left == 0))
			break;
	}
	if (error == 0 && left > 0) {
		problems_add(problems, "", "unsettled", "somebody keeps changing what this revision sets");
		error = -EAGAIN;
	}
	return error;
}
