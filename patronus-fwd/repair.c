/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When the kernel is not as it should be, or links have changed their meaning. */
#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/drift.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "ipc/privcall.h"

#include "apply_list.h"
#include "diff.h"
#include "drivers.h"
#include "fwd.h"
#include "links.h"
#include "live.h"
#include "mem.h"
#include "offload.h"
#include "probe.h"
#include "problems.h"
#include "revision.h"
#include "watch.h"

#define RETRY_MS	1000
#define TRIES		5
#define REPORTED_MAX	64	/* differences of one look that are told one by one */

/* The differences of one look. */
struct incident {
	struct arena		*arena;
	unsigned		 n;
	struct difference	 items[REPORTED_MAX];
};

static void
note_difference(const struct verify_difference *d, void *arg)
{
	struct incident *i = arg;

	if (i->n == REPORTED_MAX)
		return;
	i->items[i->n++] = (struct difference){ DRIFT_FIREWALL, d->is_idle ? DRIFT_INFO : DRIFT_CRITICAL, mem_strdup(i->arena, d->path),
	    mem_strdup(i->arena, d->object), mem_strdup(i->arena, d->detail) };
}

/* The table is one transaction: all that differs is put back, or nothing is. */
static bool
must_repair(const struct fwd *f, const struct incident *i)
{
	unsigned k;

	for (k = 0; k < i->n; k++)
		if (drift_judge(f->drift, &i->items[k]) == DRIFT_REPAIR)
			return true;
	return f->wanted != NULL;
}

int
fwd_apply(struct fwd *f, struct ir *next, struct problems *problems)
{
	bool is_long = apply_lists_differ(next, f->apply.ir);
	int r;

	if (is_long)
		watch_pause(f->watch);
	r = apply_commit(&f->apply, next, problems);
	if (is_long)
		watch_resume(f->watch);
	return r;
}

static int
repair(struct fwd *f, const struct incident *i, bool is_seen_only)
{
	struct problems problems;
	int r;

	problems_init(&problems, i->arena);
	if (f->apply.ir->lists != NULL)
		watch_pause(f->watch);
	r = apply_repair(&f->apply, is_seen_only, &problems);
	if (f->apply.ir->lists != NULL)
		watch_resume(f->watch);
	if (r == -ESTALE)
		return r;
	if (r == 0)
		log_info("drift", "the ruleset was changed by somebody else and is as configured again");
	else
		log_errx("drift", "the ruleset was changed by somebody else and cannot be repaired: %s",
		    problems.n > 0 ? problems.items[0].text : strerror(r < 0 ? -r : EIO));
	return r;
}

/* *ret_is_left: there are differences, and they shall stay.  0: none are left that shall not; else -errno, or how many. */
static int
look(struct fwd *f, struct incident *i, bool *ret_is_left)
{
	int r = -ESTALE, tries;

	*ret_is_left = false;
	for (tries = 1; r == -ESTALE && tries <= TRIES; tries++) {
		i->n = 0;
		r = apply_verify(&f->apply, note_difference, i);
		if (r <= 0)
			return r;
		*ret_is_left = !must_repair(f, i);
		/* Against somebody who goes on and on the policy counts more than the list of what he did. */
		r = *ret_is_left ? 0 : repair(f, i, tries < TRIES);
	}
	return r;
}

static void
tell(struct fwd *f, const struct incident *i, bool is_left, bool is_repaired)
{
	unsigned k;

	for (k = 0; k < i->n; k++)
		if (is_repaired)
			drift_repaired(f->drift, &i->items[k], f->wanted != NULL ? f->wanted->by : NULL);
		else
			drift_stand(f->drift, &i->items[k], is_left ? DRIFT_REPORT : DRIFT_FAILED);
	drift_end(f->drift, true, f->credit[0] != '\0' ? f->credit : NULL);
	f->credit[0] = '\0';
}

void
repair_table(void *arg)
{
	struct fwd *f = arg;
	struct incident incident = { .n = 0 };
	bool is_left;
	int r;

	if (f->apply.ir == NULL)
		return;
	if ((incident.arena = arena_new(0)) == NULL)
		fatalx("repair", "out of memory");
	drift_begin(f->drift);
	r = look(f, &incident, &is_left);
	/* What could not be read says nothing of what stood. */
	if (r >= 0 || incident.n > 0)
		tell(f, &incident, is_left, r == 0 && !is_left);
	if (r != 0)
		watch_look(f->watch, RETRY_MS);
	arena_free(incident.arena);
}

void
fwd_links_refresh(struct fwd *f)
{
	struct privcall_error e;
	const uint8_t *data;
	struct arena *a;
	size_t len;

	if (privcall_dump(NL_DUMP_LINKS, &data, &len, NULL, &e) != 0) {
		log_warnx("links", "the kernel's links cannot be read: %s", e.text);
		return;
	}
	a = arena_new(0);
	if (a == NULL)
		fatalx("links", "out of memory");
	arena_free(f->links_arena);
	f->links_arena = a;
	f->links = links_read(data, len, a);
	drivers_mark(f->drivers, f->links);
	privcall_dump_free(data, len);
}

/* A revision compiled anew, since what it means has changed; what this kernel lacks is closed in that form, too. */
static int
anew(struct fwd *f, const struct revision *old, struct problems *problems, struct revision **ret)
{
	int r = revision_new(old->number, old->conf.data, old->conf.len, f->links, f->live, problems, ret);

	if (r != 0)
		return r;
	offload_fit((*ret)->ir);
	(*ret)->is_altered = probe_close((*ret)->ir) > 0;
	(*ret)->is_kept = old->is_kept;
	return 0;
}

void
fwd_drivers(struct fwd *f, struct revision **revision)
{
	struct revision *old = *revision, *r;
	struct problems problems;
	struct arena *a;

	/* What was attached a moment ago has an event that is still under way. */
	fwd_links_refresh(f);
	if (!drivers_apply(f->drivers, old->xdp, f->links))
		return;
	fwd_links_refresh(f);
	if (!old->is_bound)
		return;
	if ((a = arena_new(0)) == NULL)
		fatalx("repair", "out of memory");
	problems_init(&problems, a);
	if (anew(f, old, &problems, &r) == 0) {
		*revision = r;
		revision_free(old);
	} else {
		log_errx("xdp", "the ruleset cannot follow: %s", problems.n > 0 ? problems.items[0].text : "unknown");
	}
	arena_free(a);
}

/* The revision that is in force, compiled anew, since what it means has changed. */
static int
compile_anew(struct fwd *f, const char *tag, const char *why)
{
	struct revision *r;
	struct problems problems;
	struct arena *a;
	int error;

	a = arena_new(0);
	if (a == NULL)
		fatalx("repair", "out of memory");
	problems_init(&problems, a);
	error = anew(f, f->applied, &problems, &r);
	if (error == 0) {
		revocation_now(f);
		fwd_drivers(f, &r);
		report_adopt(f->apply.ir, r->ir);
		error = fwd_apply(f, r->ir, &problems);
		if (error == 0) {
			report_adopted(f);
			r->ir = NULL;
			revision_free(f->applied);
			f->applied = r;
			drivers_answer(f->drivers, r->xdp, f->links);
			log_info(tag, "%s: the ruleset follows", why);
			fwd_settled(f);
		} else {
			log_errx(tag, "%s, and the ruleset cannot follow: %s", why, problems.n > 0 ? problems.items[0].text : "unknown");
			revision_free(r);
		}
	}
	arena_free(a);
	return error;
}

/* Interfaces that are matched by hardware may have another name now, or be there at last. */
void
repair_links(void *arg)
{
	struct fwd *f = arg;

	fwd_links_refresh(f);
	if (f->applied != NULL && f->applied->is_bound)
		(void)compile_anew(f, "links", "links have changed");
}

void
repair_schedules(struct fwd *f)
{
	if (f->applied != NULL && f->applied->is_bound && revision_is_due(f->applied, (int64_t)(clock_wall_ms() / 1000)))
		(void)compile_anew(f, "schedule", "a schedule begins or ends");
}

/* A form that was made before something changed in groups is made anew; one without such groups stays. */
int
repair_live(struct fwd *f, const char *why)
{
	uint64_t next, now = clock_mono_ms();
	struct timeval tv;
	int error = 0;

	(void)live_purge(f->live, now);
	if (f->applied != NULL && f->applied->is_bound && f->applied->live_generation != live_generation(f->live))
		error = compile_anew(f, "groups", why);
	if ((next = live_next_end(f->live)) == 0)
		return error;
	next = next > now ? next - now : 1;
	tv = (struct timeval){ .tv_sec = (time_t)(next / 1000), .tv_usec = (suseconds_t)(next % 1000 * 1000 + 1000) };
	(void)event_add(f->ending, &tv);
	return error;
}

/* What is in force is final: as last known good it is stored, and connections that it does not allow end. */
void
fwd_settled(struct fwd *f)
{
	if (!f->applied->is_kept)
		return;
	if (apply_keep(&f->apply) != 0)
		log_errx("apply", "the ruleset cannot be kept as last known good");
	revocation_due(f);
}
