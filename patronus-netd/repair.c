/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Drift: links that come and go, and whatever somebody changes by hand.  What is ours is put right, or left, as the policy says, and
 * reported; what is not ours is not even looked at twice.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "daemon/drift.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "net/rtnlwalk.h"
#include "actual.h"
#include "bind.h"
#include "desired.h"
#include "feature.h"
#include "kernel.h"
#include "memory.h"
#include "netd.h"
#include "plan.h"
#include "plan_steps.h"
#include "revision.h"
#include "watch.h"

#define RETRY_FIRST_MS	1000
#define RETRY_MAX_MS	60000

/* --- links that came or went --- */

/* Bind anew; for each interface whose link came, is_new is set. */
static void
rebind(struct netd *n, const struct actual *actual, bool *is_new)
{
	struct desired *d = &n->applied->desired;
	uint32_t *before, i;

	before = calloc(d->nlinks + 1, sizeof(*before));
	if (before == NULL)
		fatal("netd", "rebind");
	for (i = 0; i < d->nlinks; i++)
		before[i] = d->links[i].index;
	bind_links(d, actual, false, NULL);
	for (i = 0; i < d->nlinks; i++) {
		if (before[i] == d->links[i].index)
			continue;
		/* Its sysctls went with it; should it come back, they are those of a new link. */
		if (before[i] != 0 && actual_link(actual, before[i]) == NULL)
			memory_link_gone(n->memory, before[i]);
		is_new[i] = d->links[i].index != 0;
		if (is_new[i])
			log_info("links", "interface %s: its link is there: %s", d->links[i].name,
			    actual_link_name(actual, d->links[i].index));
	}
	free(before);
}

static struct difference
missing_link(const struct want_link *w, char *object, size_t size)
{
	(void)snprintf(object, size, "interface %s", w->name);
	return (struct difference){ DRIFT_LINKS, DRIFT_CRITICAL, w->path, object, "its link is missing" };
}

/* Nobody but whoever pulled it can put it back. */
static void
report_links(struct netd *n, const bool *is_new)
{
	const struct want_link *w = n->applied->desired.links;
	struct difference what;
	char object[96];
	uint32_t i;

	for (i = 0; i < n->applied->desired.nlinks; i++, w++) {
		what = missing_link(w, object, sizeof(object));
		if (w->index == 0)
			drift_stand(n->drift, &what, drift_is_accepted(n->drift, what.object, what.detail) ? DRIFT_ACCEPTED : DRIFT_REPORT);
		else if (is_new[i] && drift_stands(n->drift, what.object, what.detail))
			drift_repaired(n->drift, &what, NULL);
	}
}

/* An address of ours that somebody else on the wire has as well (RFC 4862, 5.4). */
static void
report_duplicates(struct netd *n, const struct actual *actual)
{
	struct difference what = { DRIFT_ADDRESSES, DRIFT_CRITICAL, "", NULL, "another host on this network has the same address" };
	char text[PREFIX_STRLEN], object[128];
	const struct address *a;
	uint32_t i;

	for (i = 0; i < actual->naddrs; i++) {
		a = &actual->addrs[i];
		if (!(a->flags & IFA_F_DADFAILED) || !plan_address_is_ours(n->memory, a))
			continue;
		(void)snprintf(object, sizeof(object), "address %s on %s", prefix_format(&a->prefix, text, sizeof(text)),
		    actual_link_name(actual, a->index));
		what.object = object;
		drift_stand(n->drift, &what, DRIFT_REPORT);
	}
}

/*
 * A rule that looks up the shadow table, and routes in it, are made by nobody but a change of ours that is under way: this is somebody
 * else's work, or what a failure left.  It goes in any case.
 */
static void
report_left(const struct actual *actual, void *arg)
{
	struct difference what = { DRIFT_ROUTES, DRIFT_CRITICAL, "", NULL, "not wanted" };
	char text[PREFIX_STRLEN], object[160];
	const struct netd *n = arg;
	uint32_t i;

	what.object = object;
	for (i = 0; i < actual->nrules; i++) {
		(void)snprintf(object, sizeof(object), "rule %u of table %u for %s", RTNLWALK_PRIORITY, RTNLWALK_SHADOW,
		    actual->rules[i].family == ADDR_V4 ? "IPv4" : "IPv6");
		drift_repaired(n->drift, &what, NULL);
	}
	for (i = 0; i < actual->nroutes; i++) {
		if (actual->routes[i].table != RTNLWALK_SHADOW || !plan_route_is_ours(&actual->routes[i]))
			continue;
		(void)snprintf(object, sizeof(object), "route %s in table %u", prefix_format(&actual->routes[i].destination, text, sizeof(text)),
		    RTNLWALK_SHADOW);
		drift_repaired(n->drift, &what, NULL);
	}
}

/* --- operations --- */

static bool
is_about_new_link(const struct desired *d, const bool *is_new, const struct op *op)
{
	const struct want_link *w = desired_link_by_index(d, op->index);

	return w != NULL && is_new[w - d->links];
}

static struct difference
difference_of(const struct op *op)
{
	return (struct difference){ op_area(op), op_class(op), op->path, op->object, op->detail };
}

static bool
is_asked_for(const struct netd *n, const struct op *op)
{
	return n->wanted != NULL && strcmp(n->wanted->object, op->object) == 0 && strcmp(n->wanted->detail, op->detail) == 0;
}

/* What shall stay as it is, by policy or because it is accepted, leaves the plan and stands. */
static void
sort_out(struct netd *n, struct plan *plan, const bool *is_new)
{
	struct difference what;
	enum drift_fate fate;
	uint32_t i, kept = 0;

	for (i = 0; i < plan->n; i++) {
		what = difference_of(&plan->ops[i]);
		fate = is_asked_for(n, &plan->ops[i]) ? DRIFT_REPAIR : drift_judge(n->drift, &what);
		/* A link that came back is set up whole. */
		if (fate == DRIFT_REPORT && is_about_new_link(&n->applied->desired, is_new, &plan->ops[i]))
			fate = DRIFT_REPAIR;
		if (fate == DRIFT_REPAIR)
			plan->ops[kept++] = plan->ops[i];
		else if (plan->ops[i].phase == COMMIT_APPLY || n->is_removed)
			drift_stand(n->drift, &what, fate);
	}
	plan->n = kept;
}

static void
report_ops(struct netd *n, const struct plan *plan, uint8_t phase, const bool *is_new, bool failed)
{
	struct difference what;
	const struct op *op;
	uint32_t i;

	for (i = 0; i < plan->n; i++) {
		op = &plan->ops[i];
		if (op->phase != phase || op_is_port(op) || is_about_new_link(&n->applied->desired, is_new, op))
			continue;
		what = difference_of(op);
		if (failed)
			drift_stand(n->drift, &what, DRIFT_FAILED);
		else
			drift_repaired(n->drift, &what, is_asked_for(n, op) ? n->wanted->by : NULL);
	}
}

static void
retry_later(struct netd *n, bool failed)
{
	if (!failed) {
		n->retry_ms = 0;
		return;
	}
	n->retry_ms = n->retry_ms == 0 ? RETRY_FIRST_MS : n->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : n->retry_ms * 2;
	watch_again(n->watch, n->retry_ms);
}

/* What a repair sees: read anew for each phase, because the second stands on what the first did. */
struct look {
	struct actual	actual;
	struct plan	plan;
};

static int
look(struct netd *n, struct arena *arena, struct look *ret, bool *is_new)
{
	struct planner p = { .desired = &n->applied->desired, .actual = &ret->actual, .memory = n->memory, .plan = &ret->plan };
	int i;

	if (apply_read(&ret->actual, arena, report_left, n) != 0)
		return -EIO;
	rebind(n, &ret->actual, is_new);
	plan_init(&ret->plan, arena);
	for (i = 0; features[i] != NULL; i++)
		features[i]->plan(&p);
	plan_sort(&ret->plan);
	sort_out(n, &ret->plan, is_new);
	return 0;
}

/* Whether it could be done. */
static bool
repair_phase(struct netd *n, struct look *l, uint8_t phase, const bool *is_new)
{
	bool failed;

	failed = kernel_execute(&l->plan, phase, &l->actual, n->memory, NULL) != 0;
	report_ops(n, &l->plan, phase, is_new, failed);
	/* Between this look and the next glance somebody may do the same again. */
	n->glance = 0;
	return !failed;
}

static void
repair(struct netd *n, struct arena *arena, bool *is_new)
{
	struct look l;
	bool ok;

	drift_begin(n->drift);
	ok = look(n, arena, &l, is_new) == 0;
	if (!ok) {
		drift_end(n->drift, false, NULL);
		retry_later(n, true);
		return;
	}
	if (plan_count(&l.plan, COMMIT_APPLY) > 0) {
		ok = repair_phase(n, &l, COMMIT_APPLY, is_new);
		ok = ok && (!n->is_removed || look(n, arena, &l, is_new) == 0);
	}
	if (ok && n->is_removed && plan_count(&l.plan, COMMIT_REMOVE) > 0)
		ok = repair_phase(n, &l, COMMIT_REMOVE, is_new);
	report_links(n, is_new);
	report_duplicates(n, &l.actual);
	drift_end(n->drift, ok && n->is_removed, n->credit[0] != '\0' ? n->credit : NULL);
	if (n->is_removed)
		n->credit[0] = '\0';
	retry_later(n, !ok);
}

void
repair_run(struct netd *n)
{
	struct arena *arena;
	bool *is_new;

	if (n->applied == NULL)
		return;
	arena = arena_new(0);
	is_new = calloc(n->applied->desired.nlinks + 1, sizeof(*is_new));
	if (arena == NULL || is_new == NULL)
		fatal("netd", "repair");
	repair(n, arena, is_new);
	free(is_new);
	arena_free(arena);
}

/* --- what the kernel tells nobody about --- */

/* FNV-1a: no defence, a change of some numbers and words is to show. */
static uint64_t
sum(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len-- > 0)
		h = (h ^ *p++) * 0x100000001b3ull;
	return h;
}

static uint64_t
sum_text(uint64_t h, const char *text)
{
	return text == NULL ? sum(h, "", 1) : sum(h, text, strlen(text) + 1);
}

bool
repair_glance(struct netd *n, const struct actual *a)
{
	uint64_t h = 0xcbf29ce484222325ull;
	bool is_new;
	uint32_t i;

	if (n->applied == NULL)
		return false;
	for (i = 0; i < a->nlinks; i++)
		if (desired_link_by_index(&n->applied->desired, a->links[i].index) != NULL)
			h = sum(h, &a->links[i].sysctls, sizeof(a->links[i].sysctls));
	h = sum(h, &a->sysctls, sizeof(a->sysctls));
	h = sum_text(sum_text(sum_text(h, a->hostname), a->time_zone), a->resolv_conf);
	is_new = n->glance != h;
	n->glance = h;
	return is_new;
}

void
repair_note(struct netd *n, const char *path, const char *text)
{
	struct difference what = { DRIFT_SYSTEM, DRIFT_CRITICAL, path, path[0] != '\0' ? path : "configuration", text };

	drift_note(n->drift, &what);
}
