/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/channel.h"
#include "ipc/ids.h"

#include "document.h"
#include "problem.h"
#include "record_json.h"
#include "rollout.h"
#include "snapshot.h"

#define IMPACTS_MAX	(512 << 10)
#define PLAN_MAX	(64 << 10)
#define PATIENCE	3	/* attempts of going back that wait for who judges */

/* One outstanding request. */
struct call {
	struct rollout	*rollout;
	struct owner	*owner;
};

/* The phases in which one owner comes after another. */
static const struct {
	enum commit_phase	 does;
	enum rollout_phase	 then;
} serial[] = {
	[ROLLOUT_BESIDE] = { COMMIT_BESIDE, ROLLOUT_APPLYING },
	[ROLLOUT_APPLYING] = { COMMIT_APPLY, ROLLOUT_REMOVING },
	[ROLLOUT_REMOVING] = { COMMIT_REMOVE, ROLLOUT_SETTLING },
	[ROLLOUT_SETTLING] = { COMMIT_APPLY, ROLLOUT_VERIFYING },
};

static void	 on_timer(evutil_socket_t, short, void *);
static void	 prepare(struct rollout *);
static void	 abort_prepared(struct rollout *);
static void	 step(struct rollout *);
static void	 finish(struct rollout *);
static void	 on_reply(struct channel *, struct message *, int, void *);

void
rollout_init(struct rollout *r, struct event_base *base, struct owners *owners)
{
	unsigned i;

	memset(r, 0, sizeof(*r));
	r->base = base;
	r->owners = owners;
	buf_init(&r->impacts, IMPACTS_MAX);
	for (i = 0; i < OWNERS_MAX; i++)
		buf_init(&r->plans[i], PLAN_MAX);
	r->problems = problems_new();
	r->timer = evtimer_new(base, on_timer, r);
	if (r->problems == NULL || r->timer == NULL)
		fatalx("rollout", "no memory");
}

void
rollout_fini(struct rollout *r)
{
	unsigned i;

	event_free(r->timer);
	problems_free(r->problems);
	buf_fini(&r->impacts);
	for (i = 0; i < OWNERS_MAX; i++)
		buf_fini(&r->plans[i]);
	snapshot_unref(r->target);
}

/* Nothing has been asked of anybody yet. */
static void
begin(struct rollout *r)
{
	unsigned i;

	r->failed = r->lost = 0;
	r->absent = 0;
	r->turns = 0;
	r->is_both = false;
	r->waiting = 0;
	r->error = 0;
	r->has_touched = r->has_failed = r->has_effect = false;
	r->prepare_us = r->apply_us = r->read_back_us = 0;
	problems_free(r->problems);
	if ((r->problems = problems_new()) == NULL)
		fatalx("rollout", "no memory");
	buf_reset(&r->impacts);
	for (i = 0; i < OWNERS_MAX; i++)
		buf_reset(&r->plans[i]);
}

static void
wait_for_owners(struct rollout *r)
{
	static const struct timeval wait = { ROLLOUT_WAIT_MS / 1000, (ROLLOUT_WAIT_MS % 1000) * 1000 };

	r->phase = ROLLOUT_WAITING;
	(void)event_add(r->timer, &wait);
}

/* A rehearsal asks who was restarted under it once more: nothing has been changed, and what it refused was nobody's fault. */
static bool
begin_again(struct rollout *r)
{
	uint32_t lost = r->lost;

	if (r->mode != ROLLOUT_DRY_RUN || r->phase != ROLLOUT_PREPARING || lost == 0 || lost != r->failed || r->is_again)
		return false;
	r->is_again = true;
	abort_prepared(r);
	begin(r);
	/* The channel that ended may still be its owner's. */
	if (owners_away(r->owners, r->mask) == 0 && (lost & ~r->restarted) == 0)
		prepare(r);
	else
		wait_for_owners(r);
	return true;
}

void
rollout_start(struct rollout *r, enum rollout_mode mode, struct snapshot *target, uint32_t number, uint32_t mask)
{
	struct snapshot *old = r->target;

	r->target = snapshot_ref(target);
	snapshot_unref(old);
	r->mode = mode;
	r->number = number;
	r->mask = mask;
	r->restarted = 0;
	r->is_again = false;
	begin(r);
	if (owners_away(r->owners, mask) == 0)
		prepare(r);
	else
		wait_for_owners(r);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct rollout *r = arg;
	uint32_t away = owners_away(r->owners, r->mask);

	(void)fd;
	(void)what;
	if (r->phase != ROLLOUT_WAITING)
		return;
	if (r->mode == ROLLOUT_RETURN) {
		r->failed |= away;
		r->absent = away;
		prepare(r);
		return;
	}
	r->error = -EAGAIN;
	finish(r);
}

void
rollout_owner_ready(struct rollout *r, const struct owner *o)
{
	r->restarted |= owners_bit(r->owners, o);
	if (r->phase != ROLLOUT_WAITING || owners_away(r->owners, r->mask) != 0)
		return;
	(void)event_del(r->timer);
	prepare(r);
}

static void
fail(struct rollout *r, const struct owner *o, const char *code, const char *text)
{
	r->failed |= owners_bit(r->owners, o);
	r->has_failed = true;
	r->error = -EREMOTEIO;
	problems_add(r->problems, "", NULL, 0, code, "", "%s: %s", o->name, text);
}

/* Send one request to one owner. */
static void
request(struct rollout *r, struct owner *o, uint16_t type, const void *req, const int *fds, unsigned nfds)
{
	struct call *call;
	int error;

	if ((call = calloc(1, sizeof(*call))) == NULL)
		fatalx("rollout", "no memory");
	call->rollout = r;
	call->owner = o;
	r->waiting++;
	error = o->channel == NULL ? -EPIPE :
	    channel_call(o->channel, type, r->number, req, fds, nfds, ROLLOUT_CALL_MS, on_reply, call);
	if (error == 0)
		return;
	r->waiting--;
	free(call);
	r->lost |= error == -EPIPE ? owners_bit(r->owners, o) : 0;
	fail(r, o, "owner-lost", strerror(-error));
}

static void
prepare_one(struct rollout *r, struct owner *o)
{
	struct conf_prepare_req req = { .revision = r->number, .dry_run = r->mode == ROLLOUT_DRY_RUN,
	    .restore = r->mode == ROLLOUT_RETURN };
	uint8_t *data;
	size_t len;
	int error, fd;

	if ((error = document_encode(r->target->doc, o->name, &data, &len)) != 0) {
		fail(r, o, "encode", strerror(-error));
		return;
	}
	fd = memfd_sealed(o->name, data, len);
	free(data);
	if (fd < 0) {
		fail(r, o, "encode", strerror(-fd));
		return;
	}
	request(r, o, MSG_CONF_PREPARE, &req, &fd, 1);
	(void)close(fd);
}

static void
prepare(struct rollout *r)
{
	unsigned i;
	int error;

	r->phase = ROLLOUT_PREPARING;
	r->since_us = clock_mono_us();
	r->is_sending = true;
	for (i = 0; i < r->owners->n; i++)
		if ((r->mask & ~r->failed & (1u << i)) != 0)
			prepare_one(r, &r->owners->owner[i]);
	/* The owners compile in their own processes while this one writes its journal. */
	if (r->on_preparing != NULL && r->mode == ROLLOUT_COMMIT && r->error == 0 && (error = r->on_preparing(r, r->arg)) != 0) {
		r->error = error;
		r->failed = r->mask;
	}
	r->is_sending = false;
	step(r);
}

/* Whether packets go where the target sends them cannot be said: somebody who does that has not done it. */
static bool
are_ways_unknown(const struct rollout *r)
{
	uint32_t ways = owners_that(r->owners, false);
	unsigned i;

	for (i = 0; i < r->owners->n; i++)
		if ((ways & ~r->mask & (1u << i)) != 0 && r->owners->owner[i].is_stale)
			return (true);
	return ((ways & r->failed) != 0);
}

/*
 * Going back, who judges has failed under way: a way that turns now would meet another policy than its own.  The next attempt waits for it.  Who
 * was away from the beginning is waited for no longer, and who fails again and again neither: a way to the box counts more.
 */
static bool
must_stay(const struct rollout *r)
{
	uint32_t lost = owners_that(r->owners, true) & r->mask & r->failed & ~r->absent;
	unsigned i;

	for (i = 0; i < r->owners->n; i++)
		if ((lost & (1u << i)) != 0 && r->owners->owner[i].failures < PATIENCE)
			return (true);
	return (false);
}

/* Going back, ways that are not known may turn as well. */
static bool
do_both_turn(const struct rollout *r)
{
	uint32_t turns = r->mask & ~r->failed & r->turns;

	return ((turns & owners_that(r->owners, true)) != 0 &&
	    ((turns & owners_that(r->owners, false)) != 0 || (r->mode == ROLLOUT_RETURN && are_ways_unknown(r))));
}

static void
apply_one(struct rollout *r, struct owner *o, enum commit_phase phase)
{
	struct conf_commit_req req = { .revision = r->number, .phase = (uint8_t)phase, .is_apart = are_ways_unknown(r) };

	r->has_touched = true;
	if (o->judges && phase == COMMIT_APPLY)
		o->is_apart = req.is_apart;
	r->is_sending = true;
	request(r, o, MSG_CONF_COMMIT, &req, NULL, 0);
	r->is_sending = false;
}

static void
verify(struct rollout *r)
{
	struct conf_verify_req req = { .revision = r->number };
	unsigned i;

	r->phase = ROLLOUT_VERIFYING;
	r->since_us = clock_mono_us();
	r->is_sending = true;
	for (i = 0; i < r->owners->n; i++)
		if ((r->mask & ~r->failed & (1u << i)) != 0)
			request(r, &r->owners->owner[i], MSG_CONF_VERIFY, &req, NULL, 0);
	r->is_sending = false;
}

static bool
has_turn(const struct rollout *r, const struct owner *o)
{
	switch (r->phase) {
	case ROLLOUT_BESIDE:
		return (o->judges && r->is_both);
	case ROLLOUT_APPLYING:
		return (o->judges ? !r->is_both : !must_stay(r));
	case ROLLOUT_REMOVING:
		return (o->removes && !must_stay(r));
	case ROLLOUT_SETTLING:
		return (o->judges && r->is_both && !are_ways_unknown(r));
	case ROLLOUT_IDLE:
	case ROLLOUT_WAITING:
	case ROLLOUT_PREPARING:
	case ROLLOUT_JUDGING:
	case ROLLOUT_VERIFYING:
		break;
	}
	return (false);
}

/* The next owner of a serial phase, or NULL at its end. */
static struct owner *
next_owner(struct rollout *r)
{
	struct owner *o;

	while (r->next < r->owners->n) {
		o = &r->owners->owner[r->next++];
		if ((r->mask & ~r->failed & owners_bit(r->owners, o)) != 0 && has_turn(r, o))
			return (o);
	}
	return (NULL);
}

/* Who has no part in a later revision is still at this one. */
static void
note_revision(struct rollout *r)
{
	unsigned i;

	for (i = 0; i < r->owners->n; i++)
		if ((r->mask & ~r->failed & (1u << i)) != 0)
			r->owners->owner[i].revision = r->number;
}

/* Those that had no turn are not at the target, and get another. */
static void
end_serial(struct rollout *r)
{
	uint32_t left = 0;

	if (r->phase == ROLLOUT_APPLYING && must_stay(r))
		left = r->mask & owners_that(r->owners, false) & ~r->failed;
	else if (r->phase == ROLLOUT_SETTLING && r->is_both && are_ways_unknown(r))
		left = r->mask & owners_that(r->owners, true) & ~r->failed;
	if (left != 0) {
		r->failed |= left;
		r->error = -EREMOTEIO;
	}
	r->next = 0;
	if (r->phase == ROLLOUT_SETTLING) {
		r->apply_us = clock_mono_us() - r->since_us;
		verify(r);
	} else {
		r->phase = serial[r->phase].then;
	}
}

/* All answers of what was sent are in: what comes next? */
static void
step(struct rollout *r)
{
	struct owner *o;

	while (r->waiting == 0 && !r->is_sending && r->phase != ROLLOUT_IDLE) {
		if (r->error != 0 && r->mode != ROLLOUT_RETURN) {
			if (!begin_again(r))
				finish(r);
			return;
		}
		switch (r->phase) {
		case ROLLOUT_PREPARING:
			r->prepare_us = clock_mono_us() - r->since_us;
			r->phase = ROLLOUT_JUDGING;
			if (r->on_prepared != NULL && r->mode != ROLLOUT_RETURN && r->on_prepared(r, r->arg))
				return;
			break;
		case ROLLOUT_JUDGING:
			if (r->mode == ROLLOUT_DRY_RUN) {
				finish(r);
				return;
			}
			r->is_both = do_both_turn(r);
			r->phase = ROLLOUT_BESIDE;
			r->next = 0;
			r->since_us = clock_mono_us();
			break;
		case ROLLOUT_BESIDE:
		case ROLLOUT_APPLYING:
		case ROLLOUT_REMOVING:
		case ROLLOUT_SETTLING:
			if ((o = next_owner(r)) != NULL)
				apply_one(r, o, serial[r->phase].does);
			else
				end_serial(r);
			break;
		case ROLLOUT_VERIFYING:
			r->read_back_us = clock_mono_us() - r->since_us;
			note_revision(r);
			finish(r);
			return;
		case ROLLOUT_IDLE:
		case ROLLOUT_WAITING:
			return;
		}
	}
}

void
rollout_go_on(struct rollout *r)
{
	if (r->phase == ROLLOUT_JUDGING)
		step(r);
}

/* Owners that prepared what will not be committed forget it. */
static void
abort_prepared(struct rollout *r)
{
	struct conf_abort_req req = { .revision = r->number };
	struct owner *o;
	unsigned i;

	for (i = 0; i < r->owners->n; i++) {
		o = &r->owners->owner[i];
		if ((r->mask & (1u << i)) != 0 && o->channel != NULL)
			(void)channel_send(o->channel, MSG_CONF_ABORT, r->number, &req, NULL, 0);
	}
}

/*
 * Who does not have what should run?  After a commit that failed: all that took part.  After going back: who refused or was away, also
 * when that was everybody.  And who was restarted meanwhile in any case, because what it had answered went with the old process.
 */
static void
mark_stale(struct rollout *r)
{
	uint32_t stale = r->failed | r->restarted;
	unsigned i;

	if (r->mode == ROLLOUT_DRY_RUN || (r->mode == ROLLOUT_COMMIT && !r->has_touched))
		return;
	if (r->mode == ROLLOUT_COMMIT && r->error != 0)
		stale = r->mask;
	for (i = 0; i < r->owners->n; i++)
		if ((r->mask & (1u << i)) != 0)
			r->owners->owner[i].is_stale = (stale & (1u << i)) != 0;
}

static void
finish(struct rollout *r)
{
	(void)event_del(r->timer);
	if ((r->phase == ROLLOUT_PREPARING || r->phase == ROLLOUT_JUDGING) && (r->error != 0 || r->mode == ROLLOUT_DRY_RUN))
		abort_prepared(r);
	mark_stale(r);
	r->phase = ROLLOUT_IDLE;
	r->on_end(r, r->arg);
}

static void
add_problems(struct rollout *r, const struct owner *o, const struct ipc_problem *items, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		problems_add(r->problems, items[i].path, NULL, 0, items[i].code, "", "%s", items[i].text);
	if (n > 0) {
		r->failed |= owners_bit(r->owners, o);
		r->error = -EREMOTEIO;
	}
}

static void
add_impacts(struct rollout *r, const struct ipc_impact *items, uint32_t n)
{
	static const char *const names[] = { "", "hot", "reload", "restart", "disconnect" };
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (items[i].impact > IMPACT_DISCONNECT)
			continue;
		if (r->impacts.len > 0)
			buf_putc(&r->impacts, ',');
		buf_puts(&r->impacts, "{\"owner\":");
		record_json_string(items[i].owner, strlen(items[i].owner), &r->impacts);
		buf_printf(&r->impacts, ",\"impact\":\"%s\",\"object\":", names[items[i].impact]);
		record_json_string(items[i].object, strlen(items[i].object), &r->impacts);
		buf_puts(&r->impacts, ",\"text\":");
		record_json_string(items[i].text, strlen(items[i].text), &r->impacts);
		buf_putc(&r->impacts, '}');
	}
}

static void
take_reply(struct rollout *r, struct owner *o, const struct message *m)
{
	const struct conf_prepare_rep *prep;
	const struct conf_commit_rep *done;
	const struct conf_verify_rep *seen;

	switch (m->header.type) {
	case MSG_CONF_PREPARE:
		prep = m->body;
		add_problems(r, o, prep->problems.items, prep->problems.n);
		add_impacts(r, prep->impacts.items, prep->impacts.n);
		r->has_effect |= prep->impacts.n > 0;
		r->turns |= prep->turns ? owners_bit(r->owners, o) : 0;
		buf_puts(&r->plans[o - r->owners->owner], prep->diff);
		break;
	case MSG_CONF_COMMIT:
		done = m->body;
		add_problems(r, o, done->problems.items, done->problems.n);
		break;
	case MSG_CONF_VERIFY:
		seen = m->body;
		add_problems(r, o, seen->problems.items, seen->problems.n);
		break;
	default:
		fail(r, o, "protocol", "answered with another message");
	}
}

static void
on_reply(struct channel *ch, struct message *m, int error, void *arg)
{
	struct call *call = arg;
	struct rollout *r = call->rollout;
	struct owner *o = call->owner;

	(void)ch;
	free(call);
	/* The channel is freed, and with it all of us: an owner that ended is another error. */
	if (error == -ECANCELED)
		return;
	r->waiting--;
	if (m == NULL && error != -ETIMEDOUT)
		r->lost |= owners_bit(r->owners, o);
	if (m == NULL)
		fail(r, o, "owner-lost", error == -ETIMEDOUT ? "did not answer in time" : "was restarted");
	else if (error != 0)
		fail(r, o, "owner-failed", ((const struct ipc_error_req *)m->body)->text);
	else
		take_reply(r, o, m);
	step(r);
}
