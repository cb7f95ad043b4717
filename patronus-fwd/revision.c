/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "conf/generated.h"

#include "compile.h"
#include "live.h"
#include "mem.h"
#include "pass.h"
#include "policy.h"
#include "problems.h"
#include "revision.h"
#include "schedule.h"
#include "successor.h"
#include "xdp/plan.h"

#define REMARKS_MAX	8192

static bool
needs_links(const struct conf_fwd *conf)
{
	const struct conf_interface_match *m;
	uint32_t i;

	for (i = 0; i < conf->interfaces.n; i++) {
		m = conf->interfaces.items[i].match;
		if (m != NULL && m->name == NULL)
			return true;
	}
	return false;
}

static void
note_interfaces(struct revision *r, const struct fw_policy *p)
{
	struct revision_interface *ri;
	const struct policy_interface *i;
	uint32_t n;

	for (n = 0; n < p->n_interfaces; n++) {
		i = &p->interfaces[n];
		if (names_get(&r->interfaces, i->ifname) != NULL)
			continue;
		ri = mem_alloc(r->arena, 1, sizeof(*ri));
		ri->ifname = mem_strdup(r->arena, i->ifname);
		ri->name = mem_strdup(r->arena, i->name);
		ri->zone = i->zone != POLICY_LOCAL ? mem_strdup(r->arena, p->zones[i->zone].name) : NULL;
		ri->action = p->zones[i->zone].action == POLICY_REJECT ? IR_ACTION_REJECT : IR_ACTION_DROP;
		names_put(r->arena, &r->interfaces, ri->ifname, ri);
	}
}

static void
keep_drift(struct revision *r, const struct conf_drift *c)
{
	if (c == NULL)
		return;
	r->drift = *c;
	r->drift_areas = c->areas != NULL ? *c->areas : (struct conf_drift_areas){ 0 };
	r->drift.areas = &r->drift_areas;
}

static void
note_schedules(struct revision *r, const struct fw_policy *p, int64_t now)
{
	struct schedule *s;
	uint32_t i;

	r->schedules = mem_alloc(r->arena, p->n_schedules, sizeof(*r->schedules));
	r->was_active = mem_alloc(r->arena, p->n_schedules, sizeof(*r->was_active));
	r->n_schedules = p->n_schedules;
	for (i = 0; i < p->n_schedules; i++) {
		s = &r->schedules[i];
		*s = p->schedules[i];
		s->name = mem_strdup(r->arena, s->name);
		s->windows = mem_alloc(r->arena, s->n, sizeof(*s->windows));
		memcpy(s->windows, p->schedules[i].windows, s->n * sizeof(*s->windows));
		r->was_active[i] = schedule_is_active(s, now);
	}
}

bool
revision_is_due(const struct revision *r, int64_t utc)
{
	uint32_t i;

	for (i = 0; i < r->n_schedules; i++)
		if (schedule_is_active(&r->schedules[i], utc) != r->was_active[i])
			return true;
	return false;
}

static int
keep_assertions(struct revision *r, const struct conf_fwd *conf, struct arena *scratch, struct problems *problems)
{
	const struct assertion *all;
	uint32_t before = problems->n;

	if (conf->firewall == NULL)
		return 0;
	all = assertions_from_conf(conf->firewall, scratch, problems, &r->n_assertions);
	r->assertions = assertions_copy(all, r->n_assertions, r->arena);
	return problems->n == before ? 0 : -EINVAL;
}

/* --- from a base */
struct base {
	const struct revision	*revision;	/* NULL: there is none */
	struct ir		*ir;
};

/* Interfaces have the names in the kernel that they had. */
static bool
same_places(const struct journey_places *p, const struct fw_policy *policy)
{
	uint32_t i;

	if (p->n != policy->n_interfaces)
		return false;
	for (i = 0; i < p->n; i++)
		if (strcmp(p->items[i].ifname, policy->interfaces[i].ifname) != 0 || strcmp(p->items[i].name, policy->interfaces[i].name) != 0)
			return false;
	return true;
}

static bool
same_times(const struct revision *base, const struct fw_policy *policy, int64_t now)
{
	uint32_t i;

	if (base->n_schedules != policy->n_schedules)
		return false;
	for (i = 0; i < policy->n_schedules; i++)
		if (schedule_is_active(&policy->schedules[i], now) != base->was_active[i])
			return false;
	return true;
}

/* What looks at every packet, or does not any more, says which connections may go past the rules, and whether those that do are looked at again. */
static bool
decides_offload(const struct ir *ir, unsigned list)
{
	return ir->offload != NULL && (list == CONF_LIST_PRE || list == CONF_LIST_GROUPS);
}

/* The form, and in the policy all but most of its rules; false: everything is to be compiled. */
static bool
succeed(struct revision *r, const struct base *b, const uint8_t *data, size_t len, struct succession *q, struct arena *scratch,
    const struct fw_policy **ret_policy)
{
	const struct revision *base = b->revision;

	if (base == NULL || b->ir == NULL || base->is_altered || base->xdp != NULL || buf_failed(&base->remarks) ||
	    (base->has_live && base->live_generation != live_generation(q->live)) ||
	    !conf_bytes_compare(&base->conf, data, len, scratch, &r->conf, &q->change))
		return false;
	q->old = &base->conf;
	q->next = &r->conf;
	q->frame = decides_offload(b->ir, q->change.list) ? NULL : conf_bytes_frame(&r->conf, scratch);
	r->ir = q->frame != NULL ? successor(q, b->ir, scratch, ret_policy) : NULL;
	if (r->ir != NULL && same_places(&base->places, *ret_policy) && same_times(base, *ret_policy, q->now)) {
		buf_put(&r->remarks, base->remarks.data, base->n_remarks);
		r->has_live = base->has_live;
		r->is_successor = true;
		return true;
	}
	ir_free(r->ir);
	r->ir = NULL;
	conf_bytes_fini(&r->conf);
	return false;
}

/* --- from nothing */
static int
compile_all(struct revision *r, const uint8_t *data, size_t len, struct succession *q, struct arena *scratch, struct problems *problems,
    const struct fw_policy **ret_policy)
{
	struct codec_error e;
	struct fw_policy *policy;
	struct conf_fwd *conf;
	int error;

	error = conf_bytes_new(&r->conf, data, len, scratch, &conf, &e);
	if (error != 0) {
		log_errx("conf", "revision %u cannot be read: byte %u, %s: %s", r->number, e.offset, e.path, e.reason);
		return error;
	}
	q->frame = conf;
	keep_drift(r, conf->drift);
	policy = policy_with_live(conf, q->links, q->live, scratch, problems);
	if (policy == NULL)
		return -EINVAL;
	if ((error = keep_assertions(r, conf, scratch, problems)) != 0)
		return error;
	policy_set_time(policy, q->now);
	r->ir = compile(policy, &r->remarks);
	passes(r->ir);
	r->has_live = policy->has_live;
	*ret_policy = policy;
	return 0;
}

static int
build(struct revision *r, const struct base *b, const uint8_t *data, size_t len, const struct links *links, const struct live *live,
    struct arena *scratch, struct problems *problems)
{
	struct succession q = { .links = links, .live = live, .now = (int64_t)(clock_wall_ms() / 1000) };
	const struct fw_policy *policy = NULL;
	int error;

	if (succeed(r, b, data, len, &q, scratch, &policy)) {
		keep_drift(r, q.frame->drift);
		error = keep_assertions(r, q.frame, scratch, problems);
	} else {
		error = compile_all(r, data, len, &q, scratch, problems, &policy);
	}
	if (error != 0)
		return error;
	r->n_remarks = (uint32_t)r->remarks.len;
	note_schedules(r, policy, q.now);
	r->ir->ended_ms = live_last_end(live);
	note_interfaces(r, policy);
	r->places = journey_places_of(policy, r->arena);
	r->live_generation = live_generation(live);
	if ((error = xdp_plan_new(policy->xdp, scratch, &r->xdp)) != 0) {
		problems_add(problems, "/firewall/xdp/drop", "too-large", "the lists cannot be held: %s; give fewer addresses", strerror(-error));
		return -EINVAL;
	}
	r->is_bound = needs_links(q.frame) || policy->n_schedules > 0 || r->has_live || r->xdp != NULL || policy->bridge != NULL || r->ir->offload != NULL;
	return 0;
}

int
revision_new(uint32_t number, const uint8_t *data, size_t len, const struct links *links, const struct live *live,
    struct problems *problems, struct revision **ret)
{
	return revision_next(NULL, NULL, number, data, len, links, live, problems, ret);
}

int
revision_next(const struct revision *base, struct ir *ir, uint32_t number, const uint8_t *data, size_t len, const struct links *links,
    const struct live *live, struct problems *problems, struct revision **ret)
{
	const struct base b = { base, ir };
	struct revision *r;
	struct arena *scratch;
	int error;

	r = mem_new(1, sizeof(*r));
	r->number = number;
	r->arena = arena_new(0);
	scratch = arena_new(0);
	if (r->arena == NULL || scratch == NULL)
		fatalx("conf", "out of memory");
	buf_init(&r->remarks, REMARKS_MAX);
	error = build(r, &b, data, len, links, live, scratch, problems);
	arena_discard(scratch);	/* nothing in it is secret */
	if (error == 0)
		*ret = r;
	else
		revision_free(r);
	return error;
}

void
revision_free(struct revision *r)
{
	if (r == NULL)
		return;
	ir_free(r->ir);
	xdp_plan_free(r->xdp);
	arena_free(r->arena);
	buf_fini(&r->remarks);
	conf_bytes_fini(&r->conf);
	free(r);
}
