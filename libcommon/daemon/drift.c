/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/generated.h"
#include "ipc/msg.h"
#include "drift.h"

#define ITEMS_MAX	1024	/* that are kept; the others are counted */
#define TOLD_MAX	256	/* as DRIFT_STANDING takes them */

struct item {
	char		 path[513];
	char		 object[257];
	char		 detail[513];
	uint8_t		 class;		/* enum drift_class */
	uint8_t		 fate;		/* enum drift_fate */
	char		 by[65];	/* who accepted it */
	uint64_t	 found_ms;
	bool		 is_seen;
};

struct baseline {
	char		 object[257];
	char		 detail[513];
	char		 by[65];
	uint64_t	 until_ms;	/* 0: no end */
	bool		 is_over;	/* said so */
};

struct drift {
	const char	*owner;
	drift_send	*send;
	uint8_t		 by_class[DRIFT_CLASS_MAX];	/* enum conf_drift_action */
	uint8_t		 by_area[DRIFT_AREA_MAX];	/* 0: as the class says */
	struct baseline	*baselines;
	uint32_t	 nbaselines;
	struct item	*items;
	uint32_t	 n;
	uint32_t	 more;		/* that were not kept */
	uint64_t	 look_ms;
	bool		 is_changed;
};

static const char *const class_names[DRIFT_CLASS_MAX] = { "", "info", "warning", "critical" };
static const char *const fate_names[] = { "", "repaired", "reported", "accepted", "failed" };

struct drift *
drift_new(const char *owner, drift_send *send)
{
	struct drift *d = calloc(1, sizeof(*d));

	if (d == NULL || (d->items = calloc(ITEMS_MAX, sizeof(*d->items))) == NULL)
		fatal("drift", "memory");
	d->owner = owner;
	d->send = send;
	return d;
}

void
drift_free(struct drift *d)
{
	if (d == NULL)
		return;
	free(d->items);
	free(d->baselines);
	free(d);
}

/* --- what becomes of one --- */

void
drift_policy_set(struct drift *d, const struct conf_drift *c)
{
	memset(d->by_class, 0, sizeof(d->by_class));
	memset(d->by_area, 0, sizeof(d->by_area));
	if (c == NULL)
		return;
	d->by_class[DRIFT_CRITICAL] = c->critical;
	d->by_class[DRIFT_WARNING] = c->warning;
	d->by_class[DRIFT_INFO] = c->info;
	if (c->areas == NULL)
		return;
	d->by_area[DRIFT_FIREWALL] = c->areas->firewall;
	d->by_area[DRIFT_LINKS] = c->areas->links;
	d->by_area[DRIFT_ADDRESSES] = c->areas->addresses;
	d->by_area[DRIFT_ROUTES] = c->areas->routes;
	d->by_area[DRIFT_SYSCTLS] = c->areas->sysctls;
	d->by_area[DRIFT_SYSTEM] = c->areas->system;
}

void
drift_baseline_set(struct drift *d, const struct drift_baseline_set_req *req)
{
	const struct drift_baseline *from;
	struct baseline *b;
	uint32_t i;

	free(d->baselines);
	d->baselines = calloc(req->items.n + 1, sizeof(*d->baselines));
	if (d->baselines == NULL)
		fatal("drift", "memory");
	for (i = 0; i < req->items.n; i++) {
		from = &req->items.items[i];
		b = &d->baselines[i];
		(void)str_copy(b->object, from->object, sizeof(b->object));
		(void)str_copy(b->detail, from->detail, sizeof(b->detail));
		(void)str_copy(b->by, from->by, sizeof(b->by));
		b->until_ms = from->until_ms;
	}
	d->nbaselines = req->items.n;
}

static bool
is_over(const struct baseline *b)
{
	return b->until_ms != 0 && b->until_ms <= clock_wall_ms();
}

static const struct baseline *
find_baseline(const struct drift *d, const char *object, const char *detail)
{
	uint32_t i;

	for (i = 0; i < d->nbaselines; i++)
		if (strcmp(d->baselines[i].object, object) == 0 && strcmp(d->baselines[i].detail, detail) == 0 && !is_over(&d->baselines[i]))
			return &d->baselines[i];
	return NULL;
}

bool
drift_is_accepted(const struct drift *d, const char *object, const char *detail)
{
	return find_baseline(d, object, detail) != NULL;
}

bool
drift_has_expired(struct drift *d)
{
	bool ret = false;
	uint32_t i;

	for (i = 0; i < d->nbaselines; i++) {
		if (d->baselines[i].is_over || !is_over(&d->baselines[i]))
			continue;
		d->baselines[i].is_over = true;
		ret = true;
	}
	return ret;
}

enum drift_fate
drift_judge(const struct drift *d, const struct difference *what)
{
	uint8_t action = d->by_area[what->area];

	if (drift_is_accepted(d, what->object, what->detail))
		return DRIFT_ACCEPTED;
	if (action == 0)
		action = d->by_class[what->class];
	return action == CONF_DRIFT_ACTION_REPORT ? DRIFT_REPORT : DRIFT_REPAIR;
}

/* --- what is told --- */

static struct drift_record
record_of(const struct drift *d, const struct item *i)
{
	return (struct drift_record){ .time_ms = i->found_ms, .owner = d->owner, .path = i->path, .object = i->object,
	    .class = class_names[i->class], .detail = i->detail, .action = fate_names[i->fate], .by = i->by };
}

static void
tell(struct drift *d, struct drift_record *r)
{
	struct drift_req req = { .records = { r, 1 } };

	log_warnx("drift", "%s: %s: %s", r->object, r->detail, r->action);
	(void)d->send(MSG_DRIFT, &req);
}

void
drift_tell(struct drift *d)
{
	static struct drift_record records[TOLD_MAX];
	struct drift_standing_req req = { .records = { records, d->n < TOLD_MAX ? d->n : TOLD_MAX }, .total = d->n + d->more };
	uint32_t i;

	for (i = 0; i < req.records.n; i++)
		records[i] = record_of(d, &d->items[i]);
	(void)d->send(MSG_DRIFT_STANDING, &req);
}

/* --- what stands --- */

static struct item *
find(const struct drift *d, const char *object, const char *detail)
{
	uint32_t i;

	for (i = 0; i < d->n; i++)
		if (strcmp(d->items[i].object, object) == 0 && strcmp(d->items[i].detail, detail) == 0)
			return &d->items[i];
	return NULL;
}

bool
drift_stands(const struct drift *d, const char *object, const char *detail)
{
	return find(d, object, detail) != NULL;
}

void
drift_begin(struct drift *d)
{
	uint32_t i;

	d->look_ms = clock_wall_ms();
	d->more = 0;
	for (i = 0; i < d->n; i++)
		d->items[i].is_seen = false;
}

static void
fill(struct item *i, const struct drift *d, const struct difference *what)
{
	memset(i, 0, sizeof(*i));
	(void)str_copy(i->path, what->path, sizeof(i->path));
	(void)str_copy(i->object, what->object, sizeof(i->object));
	(void)str_copy(i->detail, what->detail, sizeof(i->detail));
	i->class = (uint8_t)what->class;
	i->found_ms = d->look_ms;
}

void
drift_stand(struct drift *d, const struct difference *what, enum drift_fate fate)
{
	const struct baseline *b = find_baseline(d, what->object, what->detail);
	struct item *i = find(d, what->object, what->detail);
	struct drift_record r;

	if (i == NULL && d->n == ITEMS_MAX) {
		d->more++;
		return;
	}
	if (i == NULL)
		fill(i = &d->items[d->n++], d, what);
	i->is_seen = true;
	if (i->fate == fate)
		return;
	i->fate = (uint8_t)fate;
	(void)str_copy(i->by, fate == DRIFT_ACCEPTED && b != NULL ? b->by : "", sizeof(i->by));
	d->is_changed = true;
	r = record_of(d, i);
	tell(d, &r);
}

static void
forget(struct drift *d, struct item *i)
{
	*i = d->items[--d->n];
	d->is_changed = true;
}

void
drift_repaired(struct drift *d, const struct difference *what, const char *by)
{
	struct item *stood = find(d, what->object, what->detail), once;
	struct drift_record r;

	fill(&once, d, what);
	if (stood != NULL)
		once.found_ms = stood->found_ms;
	once.fate = DRIFT_REPAIR;
	r = record_of(d, &once);
	r.by = by != NULL ? by : d->owner;
	r.ended_ms = clock_wall_ms();
	tell(d, &r);
	if (stood != NULL)
		forget(d, stood);
}

void
drift_note(struct drift *d, const struct difference *what)
{
	struct drift_record r;
	struct item once;

	fill(&once, d, what);
	once.found_ms = clock_wall_ms();
	once.fate = DRIFT_REPORT;
	r = record_of(d, &once);
	tell(d, &r);
}

void
drift_end(struct drift *d, bool is_whole, const char *credit)
{
	struct drift_record r;
	uint32_t i;

	for (i = d->n; is_whole && i-- > 0; ) {
		if (d->items[i].is_seen)
			continue;
		r = record_of(d, &d->items[i]);
		r.action = credit != NULL ? "repaired" : "gone";
		r.by = credit != NULL ? credit : "";
		r.ended_ms = clock_wall_ms();
		tell(d, &r);
		forget(d, &d->items[i]);
	}
	if (d->is_changed)
		drift_tell(d);
	d->is_changed = false;
}
