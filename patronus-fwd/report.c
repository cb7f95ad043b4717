/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What fwd tells: live state on request, counters by itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "conf/generated.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"

#include "drivers.h"
#include "evidence.h"
#include "fwd.h"
#include "live.h"
#include "logring.h"
#include "mem.h"
#include "nft_read.h"
#include "offload.h"
#include "revision.h"
#include "schedule.h"

#define STATE_MAX	(32u << 20)
#define EVENT_MAX	60000
#define COUNTERS_PER_EVENT	500
#define COUNTERS_MS	1000
#define COUNTERS_OLD_MS	3000	/* so long a summary does without a new reading */
#define EVIDENCE_PER_MESSAGE	256
#define EVIDENCE_MS	10000
#define COUNTERS_SHARE	25	/* reading them takes at most one part in so many of the time */

/* --- counters */

static void
note_evidence(struct fwd *f)
{
	const struct ir *ir = f->apply.ir;
	uint64_t now = clock_wall_ms();
	uint32_t i;

	for (i = 0; f->has_evidence && i < ir->n_origins; i++)
		if (ir->origins[i]->action != IR_ACTION_NONE)
			evidence_count(f->evidence, ir->origins[i]->id, ir->origins[i]->packets, ir->origins[i]->bytes, now);
}

/* Sums over the kernel rules, and elements of look-ups, of each origin. */
static int
read_counters(struct fwd *f)
{
	static const uint8_t what[] = { NL_DUMP_NFT_RULES, NL_DUMP_NFT_ELEMS };
	struct privcall_error e;
	struct ir *ir = f->apply.ir;
	const uint8_t *data[2];
	size_t len[2];
	uint32_t i, n;
	int error = 0;

	for (n = 0; n < (ir->inline_chains != NULL ? 2 : 1) && error == 0; n++)
		error = privcall_dump(what[n], &data[n], &len[n], NULL, &e);
	n -= error != 0;
	for (i = 0; error == 0 && i < ir->n_origins; i++)
		ir->origins[i]->packets = ir->origins[i]->bytes = 0;
	for (i = 0; i < n; i++) {
		if (error == 0)
			nft_read_counts(data[i], len[i], ir_origin_count, ir);
		privcall_dump_free(data[i], len[i]);
	}
	if (error == 0) {
		f->counters_read_ms = clock_mono_ms();
		f->counters_generation = f->apply.generation;
		note_evidence(f);
	}
	return error;
}

/* Numbers of the last look, which is made each second, are as good for a summary as new ones. */
static int
read_counters_if_old(struct fwd *f)
{
	bool is_old = f->counters_generation != f->apply.generation || clock_mono_ms() - f->counters_read_ms > COUNTERS_OLD_MS;

	return is_old ? read_counters(f) : 0;
}

void
report_event(const char *topic, const struct record *rec, const void *what)
{
	struct event_req req = { .topic = topic };
	struct channel *c;
	uint8_t *data;
	size_t len;

	c = daemon_channel(ROLE_CONFD, PEER_MAIN);
	if (c == NULL || codec_encode(rec, what, EVENT_MAX, &data, &len, NULL) != 0)
		return;
	req.record.data = data;
	req.record.len = (uint32_t)len;
	(void)channel_send(c, MSG_EVENT, 0, &req, NULL, 0);
	free(data);
}

/* Of a rule since it was told last; false: nothing has happened, and that is known. */
static bool
count(struct ir_origin *o, uint64_t passed_ms, struct event_counter *ret)
{
	uint64_t packets = o->packets - o->told_packets, bytes = o->bytes - o->told_bytes;

	o->packets_per_second = 0;
	o->bytes_per_second = 0;
	if (o->action == IR_ACTION_NONE || (packets == 0 && bytes == 0 && !o->was_busy))
		return false;
	/* A counter that began anew has no past to compare with. */
	if (o->packets < o->told_packets || o->bytes < o->told_bytes || passed_ms == 0)
		packets = bytes = 0;
	if (passed_ms != 0) {
		o->packets_per_second = (uint32_t)(packets * 1000 / passed_ms);
		o->bytes_per_second = bytes * 1000 / passed_ms;
	}
	*ret = (struct event_counter){ .id = o->id, .packets = o->packets, .bytes = o->bytes, .packets_per_second = o->packets_per_second,
	    .bytes_per_second = o->bytes_per_second };
	o->was_busy = packets != 0;
	o->told_packets = o->packets;
	o->told_bytes = o->bytes;
	return true;
}

static void
send_counters(struct ir *ir, uint64_t passed_ms)
{
	struct event_counter items[COUNTERS_PER_EVENT];
	struct event_counters e = { .rules = { .items = items } };
	uint32_t i;

	for (i = 0; i < ir->n_origins; i++) {
		if (!count(ir->origins[i], passed_ms, &items[e.rules.n]) || ++e.rules.n < COUNTERS_PER_EVENT)
			continue;
		report_event("counters", &event_counters_record, &e);
		e.rules.n = 0;
	}
	if (e.rules.n > 0)
		report_event("counters", &event_counters_record, &e);
}

void
report_counters(struct fwd *f)
{
	uint64_t start, wait_ms, now;

	if (f->apply.ir == NULL || clock_mono_ms() < f->counters_due_ms || daemon_channel(ROLE_CONFD, PEER_MAIN) == NULL)
		return;
	start = clock_mono_us();
	if (read_counters(f) == 0) {
		now = clock_mono_ms();
		send_counters(f->apply.ir, f->counters_told_ms != 0 ? now - f->counters_told_ms : 0);
		f->counters_told_ms = now;
	}
	f->counters_cost_us = clock_mono_us() - start;
	wait_ms = f->counters_cost_us * COUNTERS_SHARE / 1000;
	/* Half a period of slack, so that a timer that is a little early does not skip a turn. */
	f->counters_due_ms = clock_mono_ms() + (wait_ms > COUNTERS_MS ? wait_ms : COUNTERS_MS / 2);
}

void
report_evidence(struct fwd *f, bool is_now)
{
	struct evidence_rule rules[EVIDENCE_PER_MESSAGE];
	struct evidence_req req = { .rules = { .items = rules } };
	struct channel *c = daemon_channel(ROLE_CONFD, PEER_MAIN);
	uint64_t now = clock_mono_ms();

	if (c == NULL || !f->has_evidence || (!is_now && now < f->evidence_due_ms))
		return;
	f->evidence_due_ms = now + EVIDENCE_MS;
	if (is_now && f->apply.ir != NULL)
		(void)read_counters(f);
	while ((req.rules.n = evidence_tell(f->evidence, rules, EVIDENCE_PER_MESSAGE)) > 0)
		if (channel_send(c, MSG_EVIDENCE, 0, &req, NULL, 0) != 0)
			return;
}

void
report_adopt(const struct ir *old, struct ir *next)
{
	const struct ir_origin *o;
	uint32_t i;


	for (i = 0; old != NULL && i < next->n_origins; i++) {
		o = ir_origin_find(old, next->origins[i]->id);
		next->origins[i]->is_anew = o == NULL || o->hash != next->origins[i]->hash;
		if (o == NULL)
			continue;
		next->origins[i]->told_packets = o->told_packets;
		next->origins[i]->told_bytes = o->told_bytes;
		next->origins[i]->packets_per_second = o->packets_per_second;
		next->origins[i]->bytes_per_second = o->bytes_per_second;
		next->origins[i]->was_busy = o->was_busy;
	}
}

/* Counters are not read for this, which would make a commit wait: what came since they were read, in the last second, is not known. */
void
report_adopted(struct fwd *f)
{
	const struct ir *ir = f->apply.ir;
	uint32_t i;

	for (i = 0; i < ir->n_origins; i++)
		if (ir->origins[i]->is_anew)
			evidence_restart(f->evidence, ir->origins[i]->id);
	/* Told at the next tick: the new counter of a rule may overtake the old one, which nobody could see after a crash. */
	f->evidence_due_ms = 0;
}

/* --- state */
static void
describe_evidence(const struct fwd *f, struct state_rule *s, const char *id)
{
	struct evidence_sum sum = evidence_get(f->evidence, id);

	s->total_packets = sum.packets;
	s->total_bytes = sum.bytes;
	s->has_counted_since = sum.since_ms != 0;
	s->counted_since = sum.since_ms;
	s->has_first_hit = s->has_last_hit = sum.first_ms != 0;
	s->first_hit = sum.first_ms;
	s->last_hit = sum.last_ms;
}

static void
describe_origin(const struct fwd *f, struct state_rule *s, const struct ir_origin *o)
{
	static const uint8_t actions[IR_ACTION_MAX] = {
		[IR_ACTION_ACCEPT] = STATE_ACTION_ACCEPT, [IR_ACTION_DROP] = STATE_ACTION_DROP, [IR_ACTION_REJECT] = STATE_ACTION_REJECT,
		[IR_ACTION_CONTINUE] = STATE_ACTION_CONTINUE, [IR_ACTION_QUEUE] = STATE_ACTION_QUEUE
	};

	s->id = o->id;
	s->generated = o->is_generated;
	s->from.items = o->from.items;
	s->from.n = o->from.n;
	s->to.items = o->to.items;
	s->to.n = o->to.n;
	s->action = actions[o->action];
	s->packets = o->packets;
	s->bytes = o->bytes;
	s->packets_per_second = o->packets_per_second;
	s->bytes_per_second = o->bytes_per_second;
	describe_evidence(f, s, o->id);
}

void
report_connections(struct state_connections *s)
{
	struct privcall_error e;
	struct cursor c = { .at = 0 };

	if (privcall_dump(NL_DUMP_CT_STATS, &c.data, &c.len, NULL, &e) != 0) {
		log_warnx("state", "the connection table cannot be read: %s", e.text);
		return;
	}
	if (!cursor_u32(&c, &s->current) || !cursor_u32(&c, &s->maximum))
		log_warnx("state", "the connection table's numbers are too short");
	privcall_dump_free(c.data, c.len);
}

static void
describe_schedules(const struct revision *r, struct state_firewall *s, struct arena *a)
{
	int64_t now = (int64_t)(clock_wall_ms() / 1000), next;
	struct state_schedule *d;
	uint32_t i;

	if (r == NULL)
		return;
	s->schedules.items = mem_alloc(a, r->n_schedules, sizeof(*s->schedules.items));
	for (i = 0; i < r->n_schedules; i++) {
		d = &s->schedules.items[s->schedules.n++];
		d->name = r->schedules[i].name;
		d->active = r->was_active[i];
		next = schedule_next(&r->schedules[i], now);
		d->has_next_change = next > 0;
		d->next_change = (uint64_t)next * 1000;
	}
}

static int
by_packets(const void *a, const void *b)
{
	const struct ir_origin *x = *(struct ir_origin *const *)a, *y = *(struct ir_origin *const *)b;

	return x->packets != y->packets ? (x->packets < y->packets ? 1 : -1) : strcmp(x->id, y->id);
}

/* All rules in their order, or so many of them with the most packets. */
static void
describe_rules(const struct fwd *f, const struct ir *ir, uint32_t limit, struct state_firewall *s, struct arena *a)
{
	struct ir_origin **told = mem_alloc(a, ir->n_origins, sizeof(struct ir_origin *));
	uint32_t i, n;

	for (i = 0, n = 0; i < ir->n_origins; i++)
		if (ir->origins[i]->action != IR_ACTION_NONE)
			told[n++] = ir->origins[i];
	if (limit != 0 && n > 0)
		qsort(told, n, sizeof(*told), by_packets);
	s->rules.n = limit != 0 && limit < n ? limit : n;
	s->rules.items = mem_alloc(a, s->rules.n, sizeof(*s->rules.items));
	for (i = 0; i < s->rules.n; i++)
		describe_origin(f, &s->rules.items[i], told[i]);
}

static int
state_firewall(struct fwd *f, uint32_t limit, struct arena *a, uint8_t **ret, size_t *ret_len)
{
	struct state_firewall s = { .generation = f->apply.generation };
	const struct ir *ir = f->apply.ir;

	s.connections = mem_alloc(a, 1, sizeof(*s.connections));
	report_connections(s.connections);
	describe_schedules(f->applied, &s, a);
	offload_state(ir, &s, a);
	drivers_state(f->drivers, f->applied != NULL ? f->applied->xdp : NULL, &s, a);
	if (ir != NULL && (limit != 0 ? read_counters_if_old(f) : read_counters(f)) != 0)
		return -EIO;
	if (ir != NULL)
		describe_rules(f, ir, limit, &s, a);
	return codec_encode(&state_firewall_record, &s, STATE_MAX, ret, ret_len, NULL);
}

void
fwd_describe(const struct fwd *f, const struct logring_entry *e, struct state_log_event *s, struct arena *a)
{
	logring_describe(e, s, a);
	s->source_country = live_country_of(f->live, &e->source, a);
	s->destination_country = live_country_of(f->live, &e->destination, a);
	s->source_autonomous_system = live_system_of(f->live, &e->source);
	s->has_source_autonomous_system = s->source_autonomous_system != 0;
	s->destination_autonomous_system = live_system_of(f->live, &e->destination);
	s->has_destination_autonomous_system = s->destination_autonomous_system != 0;
}

static int
state_log(struct fwd *f, uint32_t limit, struct arena *a, uint8_t **ret, size_t *ret_len)
{
	struct state_firewall_log s = { .events = { .n = 0 } };
	const struct logring_entry *e;

	if (limit == 0 || limit > LOGRING_SIZE)
		limit = LOGRING_SIZE;
	s.events.items = mem_alloc(a, limit, sizeof(*s.events.items));
	while (s.events.n < limit && (e = logring_get(f->log, s.events.n)) != NULL)
		fwd_describe(f, e, &s.events.items[s.events.n++], a);
	return codec_encode(&state_firewall_log_record, &s, STATE_MAX, ret, ret_len, NULL);
}

void
report_state(struct fwd *f, struct channel *c, const struct message *m)
{
	const struct state_get_req *req = m->body;
	struct state_get_rep rep = { .record = { .len = 0 } };
	struct arena *a = arena_new(0);		/* that of the message has room for an answer as long as the question */
	uint8_t *data;
	size_t len;
	int r;

	if (a == NULL)
		fatalx("state", "out of memory");
	data = NULL;
	if (strcmp(req->name, "firewall") == 0)
		r = state_firewall(f, req->limit, a, &data, &len);
	else if (strcmp(req->name, "firewall-log") == 0)
		r = state_log(f, req->limit, a, &data, &len);
	else
		r = -ENOENT;
	arena_free(a);
	if (r != 0) {
		(void)channel_reply_error(c, &m->header, r, 0, "the state \"%s\" cannot be told: %s", req->name, strerror(-r));
		return;
	}
	rep.record.data = data;
	rep.record.len = (uint32_t)len;
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	free(data);
}
