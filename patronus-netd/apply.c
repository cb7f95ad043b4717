/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>

#include "base/arena.h"
#include "base/log.h"
#include "actual.h"
#include "bind.h"
#include "feature.h"
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
#define ROUNDS_MAX	4

static int
plan_revision(struct netd *n, struct revision *r, struct arena *arena, bool must_exist, struct actual *actual, struct plan *ret,
    struct problems *problems)
{
	struct planner p = { .desired = &r->desired, .actual = actual, .memory = n->memory, .plan = ret, .problems = problems };
	int error, i;

	error = kernel_read(actual, arena, KERNEL_ALL);
	if (error != 0)
		return error;
	bind_links(&r->desired, actual, must_exist, problems);
	plan_init(ret, arena);
	for (i = 0; features[i] != NULL; i++)
		features[i]->plan(&p);
	plan_sort(ret);
	return 0;
}

int
apply_plan(struct netd *n, struct revision *r, struct arena *arena, bool must_exist, struct plan *ret, struct problems *problems)
{
	struct actual actual;

	return plan_revision(n, r, arena, must_exist, &actual, ret, problems);
}

int
apply_forecast(struct netd *n, struct revision *r, struct arena *arena, struct plan *ret_plan, struct actual *ret_before,
    struct actual *ret_after)
{
	int error;

	plan_init(ret_plan, arena);
	error = r != NULL ? plan_revision(n, r, arena, false, ret_before, ret_plan, NULL) : kernel_read(ret_before, arena, KERNEL_ALL);
	if (error == 0)
		forecast_make(ret_before, ret_plan, arena, ret_after);
	return error;
}

int
apply_phase(struct netd *n, struct revision *r, uint8_t phase, struct problems *problems, bool *ret_changed)
{
	struct actual actual;
	struct arena *arena;
	struct plan plan;
	uint32_t left = 1;
	int error = 0, round;

	*ret_changed = false;
	for (round = 0; round < ROUNDS_MAX && left > 0; round++) {
		arena = arena_new(0);
		if (arena == NULL)
			return -ENOMEM;
		error = plan_revision(n, r, arena, false, &actual, &plan, NULL);
		left = error == 0 ? plan_count(&plan, phase) : 0;
		*ret_changed = *ret_changed || left > 0;
		if (left > 0)
			/* A failure may be a race: it is told when it comes again on a fresh reading. */
			error = kernel_execute(&plan, phase, &actual, n->memory, round > 0 ? problems : NULL);
		arena_free(arena);
		if (error != 0 && (round > 0 || left == 0))
			break;
	}
	if (error == 0 && left > 0) {
		problems_add(problems, "", "unsettled", "somebody keeps changing what this revision sets");
		error = -EAGAIN;
	}
	return error;
}
