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

static int
build(struct revision *r, const uint8_t *data, size_t len, const struct links *links, const struct live *live, struct arena *scratch,
    struct problems *problems)
{
	struct codec_error e;
	int64_t now = (int64_t)(clock_wall_ms() / 1000);
	struct fw_policy *policy;
	void *conf;
	int error;

	error = codec_decode(&conf_fwd_record, data, len, scratch, &conf, &e);
	if (error != 0) {
		log_errx("conf", "revision %u cannot be read: byte %u, %s: %s", r->number, e.offset, e.path, e.reason);
		return error;
	}
	keep_drift(r, ((const struct conf_fwd *)conf)->drift);
	policy = policy_with_live(conf, links, live, scratch, problems);
	if (policy == NULL)
		return -EINVAL;
	if ((error = keep_assertions(r, conf, scratch, problems)) != 0)
		return error;
	policy_set_time(policy, now);
	note_schedules(r, policy, now);
	r->ir = compile(policy, &r->remarks);
	passes(r->ir);
	r->ir->ended_ms = live_last_end(live);
	note_interfaces(r, policy);
	r->places = journey_places_of(policy, r->arena);
	r->live_generation = live_generation(live);
	if ((error = xdp_plan_new(policy->xdp, scratch, &r->xdp)) != 0) {
		problems_add(problems, "/firewall/xdp/drop", "too-large", "the lists cannot be held: %s; give fewer addresses", strerror(-error));
		return -EINVAL;
	}
	if (needs_links(conf) || policy->n_schedules > 0 || policy->has_live || r->xdp != NULL || policy->bridge != NULL) {
		r->conf = mem_new(len, 1);
		memcpy(r->conf, data, len);
		r->conf_len = len;
	}
	return 0;
}

int
revision_new(uint32_t number, const uint8_t *data, size_t len, const struct links *links, const struct live *live,
    struct problems *problems, struct revision **ret)
{
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
	error = build(r, data, len, links, live, scratch, problems);
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
	free(r->conf);
	free(r);
}
