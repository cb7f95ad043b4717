/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Drift: links that come and go, addresses and routes removed or added by hand.  What is ours is put right and reported;
 * what is not ours is not even looked at twice.
 */
#include <errno.h>
#include <linux/if_addr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "actual.h"
#include "alarms.h"
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

static void
link_gone(struct netd *n, const struct want_link *w, uint32_t index, const struct actual *actual)
{
	char object[96];

	/* Its sysctls went with it; should it come back, they are those of a new link. */
	if (actual_link(actual, index) == NULL)
		memory_link_gone(n->memory, index, w->kernel_name);
	(void)snprintf(object, sizeof(object), "interface %s", w->name);
	log_warnx("links", "%s: its link is gone", object);
	report_drift(object, "critical", "its link is gone", "reported");
}

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
		if (before[i] != 0)
			link_gone(n, &d->links[i], before[i], actual);
		is_new[i] = d->links[i].index != 0;
		if (is_new[i])
			log_info("links", "interface %s: its link is there: %s", d->links[i].name,
			    actual_link_name(actual, d->links[i].index));
	}
	free(before);
}

static void
report_new_links(struct netd *n, const bool *is_new)
{
	const struct desired *d = &n->applied->desired;
	char object[96];
	uint32_t i;

	for (i = 0; i < d->nlinks; i++) {
		if (!is_new[i])
			continue;
		(void)snprintf(object, sizeof(object), "interface %s", d->links[i].name);
		report_drift(object, "info", "its link is there", "configured");
	}
}

/* --- operations --- */

static bool
is_about_new_link(const struct desired *d, const bool *is_new, const struct op *op)
{
	const struct want_link *w = desired_link_by_index(d, op->index);

	return w != NULL && is_new[w - d->links];
}

static void
report_ops(struct netd *n, const struct plan *plan, uint8_t phase, const bool *is_new, bool failed)
{
	const struct op *op;
	uint32_t i;

	for (i = 0; i < plan->n; i++) {
		op = &plan->ops[i];
		if (op->phase != phase || is_about_new_link(&n->applied->desired, is_new, op))
			continue;
		/* A repair that keeps failing is told once. */
		if (failed && !alarms_raise(n->alarms, op->object))
			continue;
		log_warnx("drift", "%s: %s: %s", op->object, op->detail, failed ? "cannot be repaired" : "repaired");
		report_drift(op->object, failed ? "critical" : "warning", op->detail, failed ? "reported" : "repaired");
	}
}

/* An address of ours that somebody else on the wire has as well (RFC 4862, 5.4). */
static void
report_duplicates(struct netd *n, const struct actual *actual)
{
	const struct address *a;
	char text[PREFIX_STRLEN], object[128];
	uint32_t i;

	for (i = 0; i < actual->naddrs; i++) {
		a = &actual->addrs[i];
		if (!(a->flags & IFA_F_DADFAILED) || !plan_address_is_ours(n->memory, a))
			continue;
		(void)snprintf(object, sizeof(object), "address %s on %s", prefix_format(&a->prefix, text, sizeof(text)),
		    actual_link_name(actual, a->index));
		if (alarms_raise(n->alarms, object))
			report_drift(object, "critical", "another host on this network has the same address", "reported");
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

	if (apply_read(&ret->actual, arena) != 0)
		return -EIO;
	rebind(n, &ret->actual, is_new);
	plan_init(&ret->plan, arena);
	for (i = 0; features[i] != NULL; i++)
		features[i]->plan(&p);
	plan_sort(&ret->plan);
	return 0;
}

/* Whether it could be done. */
static bool
repair_phase(struct netd *n, struct look *l, uint8_t phase, const bool *is_new)
{
	bool failed;

	failed = kernel_execute(&l->plan, phase, &l->actual, n->memory, NULL) != 0;
	/* A sysctl that was changed from outside may be why (disable_ipv6). */
	if (failed)
		repair_sysctls(n, true);
	report_ops(n, &l->plan, phase, is_new, failed);
	return !failed;
}

static void
repair(struct netd *n, struct arena *arena, bool *is_new)
{
	struct look l;
	bool ok;

	ok = look(n, arena, &l, is_new) == 0;
	if (!ok) {
		retry_later(n, true);
		return;
	}
	alarms_begin(n->alarms);
	if (plan_count(&l.plan, COMMIT_APPLY) > 0) {
		ok = repair_phase(n, &l, COMMIT_APPLY, is_new);
		ok = ok && (!n->is_removed || look(n, arena, &l, is_new) == 0);
	}
	if (ok && n->is_removed && plan_count(&l.plan, COMMIT_REMOVE) > 0)
		ok = repair_phase(n, &l, COMMIT_REMOVE, is_new);
	report_new_links(n, is_new);
	report_duplicates(n, &l.actual);
	alarms_end(n->alarms);
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

/* --- sysctls: the kernel tells nobody when they change, so they are looked at --- */

static void
check_sysctl(struct netd *n, const struct want_sysctl *w, const char *instance)
{
	char object[96], detail[64];
	uint32_t value, previous;

	/* Only what we set already: the phase in which the others may be set has not come. */
	if (!memory_sysctl_get(n->memory, w->id, instance, &value) || value != w->value)
		return;
	if (kernel_sysctl_check(w, instance, &previous) != 1)
		return;
	(void)snprintf(object, sizeof(object), "%s%s%s", plan_sysctl_name(w->id), w->interface != NULL ? " of " : "",
	    w->interface != NULL ? w->interface : "");
	(void)snprintf(detail, sizeof(detail), "was %u, not %u", previous, w->value);
	log_warnx("drift", "%s: %s: repaired", object, detail);
	report_drift(object, "warning", detail, "repaired");
}

void
repair_sysctls(struct netd *n, bool all)
{
	const struct desired *d;
	const struct want_link *l;
	uint32_t i;

	if (n->applied == NULL)
		return;
	d = &n->applied->desired;
	for (i = 0; i < d->nsysctls; i++) {
		if (d->sysctls[i].interface == NULL)
			check_sysctl(n, &d->sysctls[i], "");
		else if (all && (l = desired_link(d, d->sysctls[i].interface)) != NULL && l->index != 0)
			check_sysctl(n, &d->sysctls[i], l->kernel_name);
	}
}
