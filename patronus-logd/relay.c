/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "daemon/daemon.h"
#include "feed.h"
#include "ipc/ids.h"
#include "packets.h"
#include "places.h"
#include "relay.h"
#include "syslog.h"

#define CALL_MS		120000
#define BATCH		(128u << 10)	/* bytes of one request */
#define BATCH_UDP	(16u << 10)	/* a receiver's socket holds some 200 KiB, and nobody says when it is full */
#define FRAMES_MAX	(500u << 10)	/* with the message that goes over it */
#define SOON_MS		100		/* records that come together go together */
#define NEXT_UDP_MS	10
#define TICK_MS		1000
#define CHECK_MS	5000		/* is a connection that nothing is sent over still there? */
#define RETRY_MS	1000		/* at first; twice as long after each failure */
#define RETRY_MAX_MS	60000
#define TELL_FAILURES	2		/* one is a receiver that was restarted */
#define TELL_DROPS_MS	10000
#define STATE_MAX	(64u << 10)

struct receiver {
	struct log_receiver	 conf;		/* its name is ours */
	char			 name[PLACES_NAME];
	struct feed_want	 want;
	struct feed		 feed;
	struct feed_place	 settled;	/* what is before it was received */
	struct feed_place	 mark;		/* was sent at mark_ms; 0: there is none */
	uint64_t		 mark_ms;
	uint64_t		 connection;	/* 0: none */
	uint64_t		 since_ms;	/* wall clock, of the connection */
	uint64_t		 asked_ms;
	uint64_t		 not_before_ms;
	uint64_t		 told_ms;	/* of drops */
	uint64_t		 told_drops;
	uint64_t		 error_ms;	/* wall clock */
	unsigned		 failures;	/* since it worked last */
	bool			 is_asking;
	bool			 is_gone;	/* freed when the answer comes */
	char			 error[256];
};

static struct ledger		*ledger;
static const struct logfile	*events;
static unsigned			 events_keep;
static struct receiver		*receivers[PLACES_MAX];
static struct places		 places;
static bool			 places_are_lost;	/* nobody knows how far a receiver was: it gets all that is kept */
static char			 hostname[65];
static struct event		*timer;
static uint64_t			 due_ms;	/* of the timer; 0: it does not run */

/* The earliest counts. */
static void
schedule(unsigned ms)
{
	struct timeval tv = { ms / 1000, (suseconds_t)(ms % 1000) * 1000 };
	uint64_t at = clock_mono_ms() + ms;

	if (due_ms != 0 && due_ms <= at)
		return;
	due_ms = at;
	(void)event_add(timer, &tv);
}

void
relay_wake(void)
{
	if (receivers[0] != NULL)
		schedule(SOON_MS);
}

/* --- places --- */

static void
places_save(void)
{
	struct places now = { .n = 0 };
	unsigned i;
	int error;

	for (i = 0; i < PLACES_MAX && receivers[i] != NULL; i++) {
		(void)str_copy(now.of[now.n].name, receivers[i]->name, PLACES_NAME);
		now.of[now.n++].place = receivers[i]->settled;
	}
	if (now.n == places.n && memcmp(now.of, places.of, sizeof(now.of)) == 0)
		return;
	if ((error = places_store(&now)) != 0)
		log_errx("syslog", "%s cannot be written: %s", PLACES_FILE, strerror(-error));
	places = now;
}

/* --- receivers --- */

static void
receiver_free(struct receiver *r)
{
	feed_fini(&r->feed);
	free(r);
}

static struct feed_want
want_of(const struct log_receiver *c)
{
	return (struct feed_want){ .has_audit = c->audit, .has_heads = c->heads, .has_events = c->events, .has_packets = c->firewall,
	    .severity = c->severity, .from = { .host = hostname, .facility = c->facility } };
}

/* Back to what was received for certain. */
static void
rewind_to_settled(struct receiver *r)
{
	r->connection = 0;
	r->mark_ms = 0;
	feed_seek(&r->feed, &r->settled);
}

static struct receiver *
receiver_new(const struct log_receiver *c)
{
	struct receiver *r = calloc(1, sizeof(*r));
	const struct feed_place *known = places_find(&places, c->name);

	if (r == NULL)
		fatalx("syslog", "no memory");
	(void)str_copy(r->name, c->name, sizeof(r->name));
	feed_init(&r->feed, ledger, events, events_keep);
	r->settled = known != NULL ? *known : feed_now(&r->feed);
	if (known == NULL && places_are_lost)
		r->settled.record = r->settled.head = 0;
	r->settled.packet = packets_last();
	rewind_to_settled(r);
	return r;
}

static void
receiver_set(struct receiver *r, const struct log_receiver *c)
{
	struct feed_place now = feed_now(&r->feed);

	/* A class that is new begins now. */
	if (r->conf.name != NULL && ((c->audit && !r->conf.audit) || (c->heads && !r->conf.heads))) {
		r->settled.record = now.record;
		r->settled.head = now.head;
	}
	if (r->conf.name != NULL && c->events && !r->conf.events)
		r->settled.event = now.event;
	if (r->conf.name != NULL && c->firewall && !r->conf.firewall)
		r->settled.packet = now.packet;
	r->conf = *c;
	r->conf.name = r->name;
	r->want = want_of(c);
	r->not_before_ms = 0;
	r->failures = 0;
}

static bool
is_same(const struct log_receiver *a, const struct log_receiver *b)
{
	return a->transport == b->transport && a->audit == b->audit && a->heads == b->heads && a->events == b->events &&
	    a->firewall == b->firewall && a->severity == b->severity && a->facility == b->facility;
}

static struct receiver *
receiver_take(const char *name)
{
	struct receiver *r;
	unsigned i;

	for (i = 0; i < PLACES_MAX; i++)
		if ((r = receivers[i]) != NULL && strcmp(r->name, name) == 0) {
			receivers[i] = NULL;
			return r;
		}
	return NULL;
}

void
relay_on_receivers(struct channel *c, struct message *m, void *arg)
{
	const struct log_receivers_req *req = m->body;
	struct receiver *next[PLACES_MAX] = { NULL }, *r;
	unsigned i;

	(void)c;
	(void)arg;
	(void)str_copy(hostname, req->hostname, sizeof(hostname));
	for (i = 0; i < req->receivers.n; i++) {
		r = receiver_take(req->receivers.items[i].name);
		if (r == NULL)
			r = receiver_new(&req->receivers.items[i]);
		if (r->conf.name == NULL || !is_same(&r->conf, &req->receivers.items[i])) {
			receiver_set(r, &req->receivers.items[i]);
			rewind_to_settled(r);
		}
		/* Perhaps it is another place now. */
		r->not_before_ms = 0;
		next[i] = r;
	}
	for (i = 0; i < PLACES_MAX; i++)
		if (receivers[i] != NULL && receivers[i]->is_asking)
			receivers[i]->is_gone = true;
		else if (receivers[i] != NULL)
			receiver_free(receivers[i]);
	memcpy(receivers, next, sizeof(receivers));
	places_save();
	relay_wake();
}

void
relay_on_packet(struct channel *c, struct message *m, void *arg)
{
	(void)c;
	(void)arg;
	packets_add(((const struct log_packet_req *)m->body)->record);
	relay_wake();
}

/* --- sending --- */

static void
failed(struct receiver *r, const char *why)
{
	uint64_t wait = RETRY_MS;
	unsigned i;

	rewind_to_settled(r);
	for (i = 0; i < r->failures && wait < RETRY_MAX_MS; i++)
		wait *= 2;
	r->not_before_ms = clock_mono_ms() + (wait < RETRY_MAX_MS ? wait : RETRY_MAX_MS);
	r->error_ms = clock_wall_ms();
	(void)str_copy(r->error, why, sizeof(r->error));
	str_clean(r->error);
	if (++r->failures == TELL_FAILURES)
		log_warnx("syslog", "receiver \"%s\": %s; records wait for it", r->name, r->error);
}

/* What was sent is received once its connection has stood for long enough after it. */
static void
settle(struct receiver *r, uint64_t now)
{
	if (r->mark_ms != 0 && now - r->mark_ms >= RELAY_SETTLE_MS) {
		r->settled = r->mark;
		r->mark_ms = 0;
	}
	if (r->mark_ms == 0 && memcmp(&r->settled, &r->feed.at, sizeof(r->settled)) != 0) {
		r->mark = r->feed.at;
		r->mark_ms = now;
	}
}

static void
succeeded(struct receiver *r, uint64_t connection)
{
	if (r->connection != connection)
		r->since_ms = clock_wall_ms();
	if (r->failures >= TELL_FAILURES)
		log_info("syslog", "receiver \"%s\" is connected", r->name);
	r->connection = connection;
	r->failures = 0;
	settle(r, clock_mono_ms());
}

static void
tell_drops(struct receiver *r)
{
	uint64_t now = clock_mono_ms();

	if (r->feed.ndropped == r->told_drops || (r->told_ms != 0 && now - r->told_ms < TELL_DROPS_MS))
		return;
	log_warnx("syslog", "receiver \"%s\": %llu messages were dropped: they came faster than it takes them, or waited too long", r->name,
	    (unsigned long long)(r->feed.ndropped - r->told_drops));
	r->told_drops = r->feed.ndropped;
	r->told_ms = now;
}

static void
on_sent(struct channel *c, struct message *m, int error, void *arg)
{
	struct receiver *r = arg;
	const struct fetch_syslog_rep *rep;

	(void)c;
	r->is_asking = false;
	if (r->is_gone) {
		receiver_free(r);
		return;
	}
	rep = m != NULL && error == 0 ? m->body : NULL;
	if (rep != NULL && rep->is_done)
		succeeded(r, rep->connection);
	else if (rep != NULL)
		failed(r, rep->text);
	else
		failed(r, m != NULL ? ((const struct ipc_error_req *)m->body)->text : "patronus-fetchd ended before it answered");
	tell_drops(r);
	places_save();
	/* What came meanwhile. */
	if (r->failures == 0 && feed_lag(&r->feed, &r->want) > 0)
		schedule(r->conf.transport == SYSLOG_UDP ? NEXT_UDP_MS : 0);
}

static void
ask(struct receiver *r, struct channel *fetchd, struct buf *frames)
{
	struct fetch_syslog_req req = { .receiver = r->name, .connection = r->connection,
	    .frames = { .data = frames->data, .len = (uint32_t)frames->len } };

	r->asked_ms = clock_mono_ms();
	r->is_asking = true;
	if (channel_call(fetchd, MSG_FETCH_SYSLOG, 0, &req, NULL, 0, CALL_MS, on_sent, r) == 0)
		return;
	r->is_asking = false;
	failed(r, "patronus-fetchd does not take it");
}

static void
step(struct receiver *r)
{
	struct channel *fetchd = daemon_channel(ROLE_FETCHD, PEER_MAIN);
	uint64_t now = clock_mono_ms();
	struct buf frames;
	int n;

	if (r->is_asking || now < r->not_before_ms)
		return;
	if (fetchd == NULL) {
		failed(r, "patronus-fetchd is away");
		return;
	}
	buf_init(&frames, FRAMES_MAX);
	n = feed_fill(&r->feed, &r->want, r->conf.transport == SYSLOG_UDP ? BATCH_UDP : BATCH, &frames);
	if (n < 0)
		failed(r, "the log cannot be read");
	else if (frames.len > 0 || r->connection == 0 || now - r->asked_ms >= CHECK_MS)
		ask(r, fetchd, &frames);
	buf_fini(&frames);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	unsigned i;

	(void)fd;
	(void)what;
	(void)arg;
	due_ms = 0;
	for (i = 0; i < PLACES_MAX && receivers[i] != NULL; i++)
		step(receivers[i]);
	if (receivers[0] != NULL)
		schedule(TICK_MS);
}

void
relay_fetchd_ready(struct channel *c, void *arg)
{
	unsigned i;

	(void)c;
	(void)arg;
	for (i = 0; i < PLACES_MAX && receivers[i] != NULL; i++)
		receivers[i]->not_before_ms = 0;
	relay_wake();
}

/* --- telling --- */

static void
print(const struct receiver *r, struct state_syslog_receiver *ret)
{
	static const char *const transports[] = { "", "tls", "tcp", "udp" };

	*ret = (struct state_syslog_receiver){ .name = r->name, .transport = transports[r->conf.transport & 3],
	    .state = r->failures > 0 ? "failing" : r->connection != 0 ? "connected" : "connecting",
	    .has_connected_since = r->connection != 0, .connected_since = r->since_ms, .sent = r->feed.nsent, .dropped = r->feed.ndropped,
	    .lag = feed_lag(&r->feed, &r->want), .audit_record = r->feed.at.record, .last_error = r->error_ms != 0 ? r->error : NULL,
	    .has_last_error_time = r->error_ms != 0, .last_error_time = r->error_ms };
}

void
relay_on_state(struct channel *c, struct message *m, void *arg)
{
	const struct state_get_req *req = m->body;
	struct state_syslog_receiver all[PLACES_MAX];
	struct state_syslog state = { .receivers = { .items = all } };
	struct state_get_rep rep;
	uint8_t *data;
	size_t len;
	unsigned i;

	(void)arg;
	if (strcmp(req->name, "syslog") != 0) {
		(void)channel_reply_error(c, &m->header, ENOENT, 0, "there is no such state");
		return;
	}
	for (i = 0; i < PLACES_MAX && receivers[i] != NULL; i++)
		print(receivers[i], &all[state.receivers.n++]);
	if (codec_encode(conf_state_record("syslog"), &state, STATE_MAX, &data, &len, NULL) != 0) {
		(void)channel_reply_error(c, &m->header, ENOMEM, 0, "no memory");
		return;
	}
	rep.record = (struct bytes){ .data = data, .len = (uint32_t)len };
	(void)channel_reply(c, &m->header, &rep, NULL, 0);
	free(data);
}

int
relay_init(struct event_base *base, struct ledger *l, const struct logfile *f, unsigned keep)
{
	int error = places_load(&places);

	ledger = l;
	events = f;
	events_keep = keep;
	if (error != 0) {
		log_errx("syslog", "%s cannot be read: receivers get again what is kept of the audit log", PLACES_FILE);
		places_are_lost = true;
	}
	timer = evtimer_new(base, on_timer, NULL);
	return timer != NULL ? 0 : -ENOMEM;
}

void
relay_fini(void)
{
	places_save();
}
