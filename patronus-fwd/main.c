/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-fwd: the policy, compiled to one table of nf_tables and kept there.  It has no privilege: it encodes transactions that the
 * parent checks and sends.  Until confd has committed something, the kernel is left as it is.
 */
#include <event2/event.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/generated.h"
#include "daemon/daemon.h"
#include "daemon/drift.h"
#include "ipc/ids.h"

#include "beside.h"
#include "drivers.h"
#include "evidence.h"
#include "flowlog.h"
#include "fwd.h"
#include "links.h"
#include "live.h"
#include "logring.h"
#include "nflog.h"
#include "revision.h"
#include "watch.h"

#define SECOND_MS		1000
#define EVENTS_PER_SECOND	10000	/* to the audience, which is told how many it missed; the ring has all */

static struct fwd fwd;
static unsigned	events_left = EVENTS_PER_SECOND;
static uint64_t	events_missed;

/* --- the log */
static const struct revision_interface *
known_interface(const char *ifname)
{
	return fwd.applied != NULL && ifname != NULL ? names_get(&fwd.applied->interfaces, ifname) : NULL;
}

static const char *
link_name(uint32_t index)
{
	const char *name;

	if (index == 0)
		return NULL;
	name = links_by_index(fwd.links, index);
	if (name != NULL)
		return name;
	/* A link that came after we looked; its event is on the way. */
	fwd_links_refresh(&fwd);
	return links_by_index(fwd.links, index);
}

static const struct revision_interface *
put_interface(char *ret, size_t size, uint32_t index)
{
	const struct revision_interface *i;
	const char *ifname;

	ifname = link_name(index);
	i = known_interface(ifname);
	(void)str_copy(ret, i != NULL ? i->name : ifname != NULL ? ifname : "", size);
	return i;
}

static void
explain(const struct nflog_packet *p, struct logring_entry *e, void *arg)
{
	static const uint8_t actions[IR_ACTION_MAX] = {
		[IR_ACTION_INVALID] = STATE_ACTION_DROP, [IR_ACTION_ACCEPT] = STATE_ACTION_ACCEPT, [IR_ACTION_DROP] = STATE_ACTION_DROP,
		[IR_ACTION_REJECT] = STATE_ACTION_REJECT, [IR_ACTION_TRANSLATE] = STATE_ACTION_ACCEPT, [IR_ACTION_NONE] = STATE_ACTION_DROP,
		[IR_ACTION_CONTINUE] = STATE_ACTION_CONTINUE, [IR_ACTION_QUEUE] = STATE_ACTION_QUEUE
	};
	const struct revision_interface *in;
	const struct ir_origin *o;
	char *text;

	(void)arg;
	(void)str_copy(e->rule, p->prefix, sizeof(e->rule));
	str_clean(e->rule);
	/* A rule's own text stands behind its name, in which there is no blank. */
	text = strchr(e->rule, ' ');
	if (text != NULL)
		*text++ = '\0';
	e->text = text != NULL ? (uint8_t)(text - e->rule) : 0;
	in = put_interface(e->in_interface, sizeof(e->in_interface), p->in_index);
	(void)put_interface(e->out_interface, sizeof(e->out_interface), p->out_index);
	o = fwd.apply.ir != NULL ? ir_origin_find(fwd.apply.ir, e->rule) : NULL;
	if (o != NULL)
		e->action = actions[o->action];
	else if (strcmp(e->rule, "unmatched") == 0 && in != NULL)
		e->action = actions[in->action];
	else
		e->action = STATE_ACTION_DROP;
}

/* In the place of what is missing: what the audience was told and what it is told here is together all that was logged. */
static void
tell_missed(void)
{
	const struct event_gap gap = { .topic = "log", .dropped = events_missed };

	if (events_missed == 0)
		return;
	events_missed = 0;
	report_event("gap", &event_gap_record, &gap);
}

static void
on_entry(const struct logring_entry *e, void *arg)
{
	struct state_log_event event;
	struct arena *a;

	(void)arg;
	if (events_left == 0) {
		events_missed++;
		return;
	}
	events_left--;
	tell_missed();
	a = arena_new(0);
	if (a == NULL)
		fatalx("log", "out of memory");
	fwd_describe(&fwd, e, &event, a);
	report_event("log", &state_log_event_record, &event);
	arena_free(a);
}

static void
on_lost_entries(uint32_t n, void *arg)
{
	(void)arg;
	events_missed += n;
}

static const struct logring_ops log_ops = { .explain = explain, .on_entry = on_entry, .on_lost = on_lost_entries };

/* --- the kernel's events */
static bool
on_transaction(uint32_t generation, bool touches_ours, bool is_beside, void *arg)
{
	bool is_touched = apply_event(&fwd.apply, generation, touches_ours);

	(void)arg;
	return (is_beside && beside_event(&fwd.apply)) || is_touched;
}

static void
on_lost(void *arg)
{
	(void)arg;
	apply_events_lost(&fwd.apply);
}

static const struct watch_ops watch_ops = {
	.on_transaction = on_transaction, .on_lost = on_lost, .on_table = repair_table, .on_links = repair_links
};

/*
 * Schedules begin and end with whole seconds, so the next look is right behind one: what a window let in has nearly all of the second in which
 * it must be gone.  Asked of the wall clock each time, which may jump.
 */
static void
await_tick(void)
{
	uint64_t ms = SECOND_MS - clock_wall_ms() % SECOND_MS + 1;
	struct timeval tv = { .tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000) };

	if (event_add(fwd.tick, &tv) == -1)
		fatalx("fwd", "cannot set the timer");
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	await_tick();
	events_left = EVENTS_PER_SECOND;
	tell_missed();
	repair_schedules(&fwd);
	report_counters(&fwd);
	impact_sample(&fwd, false);
	report_evidence(&fwd, false);
	(void)apply_store(&fwd.apply);	/* says itself when it fails; the next kept revision tries again */
}

static void
on_ending(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	(void)repair_live(&fwd, "the time of a member of a group is over");
}

static bool
send_confd(uint16_t type, const void *body)
{
	struct channel *c = daemon_channel(ROLE_CONFD, PEER_MAIN);

	return c != NULL && channel_send(c, type, 0, body, NULL, 0) == 0;
}

static int
start(struct daemon *d)
{
	heap_keep();
	fwd.daemon = d;
	d->state = &fwd;
	apply_init(&fwd.apply);
	fwd.drift = drift_new("fwd", send_confd);
	fwd.live = live_new();
	fwd.drivers = drivers_new();
	fwd.evidence = evidence_new();
	fwd.flows = flowlog_new();
	fwd.flows_since_ms = clock_wall_ms();
	fwd_links_refresh(&fwd);
	fwd.watch = watch_new(d->base, &watch_ops, &fwd);
	fwd.log = logring_new(&log_ops, &fwd);
	logring_listen(fwd.log, d->base);
	revocation_start(&fwd);
	fwd.tick = event_new(d->base, -1, 0, on_tick, NULL);
	fwd.ending = event_new(d->base, -1, 0, on_ending, NULL);
	if (fwd.ending == NULL || fwd.tick == NULL)
		fatalx("fwd", "cannot make the timer");
	await_tick();
	return 0;
}

static void
stop(struct daemon *d)
{
	(void)d;
	report_evidence(&fwd, true);
	evidence_free(fwd.evidence);
	flowlog_free(fwd.flows);
	event_free(fwd.tick);
	event_free(fwd.ending);
	revocation_stop(&fwd);
	logring_free(fwd.log);
	watch_free(fwd.watch);
	revision_free(fwd.prepared);
	revision_free(fwd.applied);
	apply_fini(&fwd.apply);
	drift_free(fwd.drift);
	live_free(fwd.live);
	drivers_free(fwd.drivers);
	arena_free(fwd.links_arena);
}

static const struct daemon_peer peers[] = {
	{ .role = ROLE_CONFD, .purpose = PEER_MAIN, .ops = &serve_confd_ops },
	{ .role = ROLE_INVALID }
};

int
main(int argc, char **argv)
{
	static struct daemon d = { .name = "fwd", .role = ROLE_FWD, .peers = peers, .start = start, .stop = stop };

	return daemon_main(&d, argc, argv);
}
