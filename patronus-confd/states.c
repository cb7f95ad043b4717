/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "conf/generated.h"
#include "conf/state.h"
#include "daemon/daemon.h"
#include "ipc/channel.h"
#include "ipc/ids.h"
#include "ipc/msg.h"

#include "backups.h"
#include "confd.h"
#include "contents.h"
#include "database.h"
#include "events.h"
#include "receivers.h"
#include "record_json.h"
#include "secrets.h"
#include "standing.h"
#include "states.h"
#include "tpm.h"
#include "transaction.h"
#include "trends.h"

#define DRIFT_RING	256
#define ALARM_MS	(3600ull * 1000)
#define ENDINGS_MAX	16		/* processes that are remembered to have ended */
#define ENDINGS_MS	10000		/* so near to each other they are one trouble */
#define ENDINGS_ALARM	3
#define RECORD_MAX	(64u << 20)	/* in memory */
#define EVENT_MAX	1000000		/* of MGMT_EVENT */

struct drift {
	uint64_t	time_ms;
	uint64_t	ended_ms;	/* 0: it was not */
	char		path[513];
	char		by[65];
	char		owner[17];
	char		object[257];
	char		class[17];
	char		detail[513];
	char		action[33];
};

/* A process that ends again and again: once is a record of the audit log. */
struct ending {
	char		 name[17];
	char		 how[65];
	uint64_t	 last_ms;
	unsigned	 n;		/* in a row */
};

struct states {
	struct confd	*confd;
	struct ending	 endings[ENDINGS_MAX];
	struct drift	 drift[DRIFT_RING];
	unsigned	 ndrift;	/* ever */
};

static const struct {
	const char	*name;
	const char	*owner;
} sources[] = {
	{ "interfaces", "netd" },
	{ "routes", "netd" },
	{ "firewall", "fwd" },
	{ "firewall-log", "fwd" },
	{ "syslog", "logd" },
};

struct ask {
	const struct record	*record;
	states_then		*then;
	void			*arg;
};

struct states *
states_new(struct confd *confd)
{
	struct states *ss;

	if ((ss = calloc(1, sizeof(*ss))) != NULL)
		ss->confd = confd;
	return (ss);
}

void
states_free(struct states *ss)
{
	free(ss);
}

const char *
states_owner(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (strcmp(sources[i].name, name) == 0)
			return (sources[i].owner);
	return (NULL);
}

/* --- asked --- */

static void
on_state(struct channel *ch, struct message *m, int error, void *arg)
{
	struct ask *ask = arg;
	struct state_answer answer = { .error = error };
	const struct state_get_rep *rep;
	struct codec_error why;
	void *record = NULL;

	(void)ch;
	if (m == NULL)
		answer.error = error == -ETIMEDOUT ? error : -EAGAIN;
	if (m != NULL && error == 0) {
		rep = m->body;
		if ((answer.arena = arena_new(RECORD_MAX)) == NULL)
			fatalx("states", "no memory");
		answer.error = codec_decode(ask->record, rep->record.data, rep->record.len, answer.arena, &record, &why);
		answer.record = answer.error == 0 ? record : NULL;
		if (answer.error == -EPROTO)
			log_errx("states", "%s: %s %s", ask->record->name, why.path, why.reason);
	}
	ask->then(&answer, ask->arg);
	arena_free(answer.arena);
	free(ask);
}

/* logd carries nothing out, so it is no owner. */
static struct channel *
source_channel(struct states *ss, const char *name)
{
	struct owner *o = owners_by_name(&ss->confd->owners, name);

	if (name != NULL && strcmp(name, "logd") == 0)
		return (daemon_channel(ROLE_LOGD, PEER_MAIN));
	return (o != NULL ? o->channel : NULL);
}

void
states_ask(struct states *ss, const char *name, uint32_t limit, states_then *then, void *arg)
{
	struct state_get_req req = { .name = name, .limit = limit };
	struct state_answer away = { .error = -EAGAIN };
	struct channel *ch = source_channel(ss, states_owner(name));
	struct ask *ask;

	if (ch == NULL) {
		then(&away, arg);
		return;
	}
	if ((ask = calloc(1, sizeof(*ask))) == NULL)
		fatalx("states", "no memory");
	*ask = (struct ask){ .record = conf_state_record(name), .then = then, .arg = arg };
	if (channel_call(ch, MSG_STATE_GET, 0, &req, NULL, 0, STATES_CALL_MS, on_state, ask) != 0) {
		free(ask);
		then(&away, arg);
	}
}

/* --- told --- */

static void
print_entry(const struct drift *d, struct buf *b)
{
	struct state_drift_entry entry = { .time = d->time_ms, .owner = d->owner, .path = d->path[0] != '\0' ? d->path : NULL,
	    .object = d->object, .class = d->class, .detail = d->detail, .action = d->action, .has_ended = d->ended_ms != 0,
	    .ended = d->ended_ms, .by = d->by[0] != '\0' ? d->by : NULL };

	record_json_print(conf_event_record("drift"), &entry, b);
}

static void
publish(struct states *ss, enum topic topic, const struct record *record, const void *body)
{
	struct buf b;

	buf_init(&b, EVENT_MAX);
	record_json_print(record, body, &b);
	if (!buf_failed(&b))
		events_publish(ss->confd->events, topic, (const char *)b.data, b.len);
	buf_fini(&b);
}

void
states_on_drift(struct states *ss, const struct drift_req *req)
{
	const struct drift_record *r;
	struct drift *d;
	struct buf b;
	uint32_t i;

	for (i = 0; i < req->records.n; i++) {
		r = &req->records.items[i];
		d = &ss->drift[ss->ndrift++ % DRIFT_RING];
		d->time_ms = r->time_ms;
		d->ended_ms = r->ended_ms;
		(void)str_copy(d->path, r->path, sizeof(d->path));
		(void)str_copy(d->by, r->by, sizeof(d->by));
		(void)str_copy(d->owner, r->owner, sizeof(d->owner));
		(void)str_copy(d->object, r->object, sizeof(d->object));
		(void)str_copy(d->class, r->class, sizeof(d->class));
		(void)str_copy(d->detail, r->detail, sizeof(d->detail));
		(void)str_copy(d->action, r->action, sizeof(d->action));
		log_warnx("drift", "%s: %s: %s (%s, %s)", d->owner, d->object, d->detail, d->class, d->action);
		buf_init(&b, EVENT_MAX);
		print_entry(d, &b);
		if (!buf_failed(&b))
			events_publish(ss->confd->events, TOPIC_DRIFT, (const char *)b.data, b.len);
		buf_fini(&b);
	}
}

static void
take_event(struct states *ss, enum topic topic, const struct record *record, const void *body)
{
	if (topic == TOPIC_INTERFACES)
		trends_put_interfaces(ss->confd->trends, body, clock_mono_ms());
	if (topic != TOPIC_INTERFACES || events_wanted(ss->confd->events, topic))
		publish(ss, topic, record, body);
}

/* An owner left out events of its own. */
static void
take_gap(struct states *ss, const struct event_gap *gap)
{
	enum topic topic = gap->topic != NULL ? topic_parse(gap->topic, strlen(gap->topic)) : TOPIC_INVALID;
	struct buf b;

	if (topic == TOPIC_INVALID)
		return;
	buf_init(&b, EVENT_MAX);
	record_json_print(&event_gap_record, gap, &b);
	if (!buf_failed(&b))
		events_publish_gap(ss->confd->events, topic, (const char *)b.data, b.len);
	buf_fini(&b);
}

void
states_on_event(struct states *ss, const struct event_req *req)
{
	enum topic topic = topic_parse(req->topic, strlen(req->topic));
	const struct record *record = conf_event_record(req->topic);
	struct codec_error why;
	struct arena *arena;
	void *body;

	if (record == NULL || (topic == TOPIC_INVALID && record != &event_gap_record)) {
		log_errx("states", "an owner sent the unknown topic \"%s\"", req->topic);
		return;
	}
	/* Counters come each second: nobody pays for what nobody reads. */
	if (topic == TOPIC_COUNTERS && !events_wanted(ss->confd->events, topic))
		return;
	if (topic == TOPIC_LOG)
		receivers_packet(ss->confd, req->record);
	if ((arena = arena_new(RECORD_MAX)) == NULL)
		fatalx("states", "no memory");
	if (codec_decode(record, req->record.data, req->record.len, arena, &body, &why) != 0)
		log_errx("states", "event %s: %s %s", req->topic, why.path, why.reason);
	else if (record == &event_gap_record)
		take_gap(ss, body);
	else
		take_event(ss, topic, record, body);
	arena_free(arena);
}

static void
count_ending(struct states *ss, const struct proc_event_req *req)
{
	uint64_t now = clock_mono_ms();
	struct ending *e;

	for (e = ss->endings; e->name[0] != '\0' && strcmp(e->name, req->name) != 0; e++)
		if (e == &ss->endings[ENDINGS_MAX - 1])
			return;
	(void)str_copy(e->name, req->name, sizeof(e->name));
	(void)str_copy(e->how, req->reason, sizeof(e->how));
	e->n = now - e->last_ms < ENDINGS_MS ? e->n + 1 : 1;
	e->last_ms = now;
}

void
states_on_process(struct states *ss, const struct proc_event_req *req)
{
	struct buf b;

	if (strcmp(req->state, "started") != 0)
		count_ending(ss, req);
	buf_init(&b, 4096);
	buf_puts(&b, "{\"process\":");
	record_json_string(req->name, strlen(req->name), &b);
	buf_puts(&b, ",\"state\":");
	record_json_string(req->state, strlen(req->state), &b);
	buf_puts(&b, ",\"reason\":");
	record_json_string(req->reason, strlen(req->reason), &b);
	buf_putc(&b, '}');
	if (!buf_failed(&b))
		events_publish(ss->confd->events, TOPIC_STATUS, (const char *)b.data, b.len);
	buf_fini(&b);
}

/* The i-th newest, or NULL. */
static const struct drift *
newest(const struct states *ss, unsigned i)
{
	if (i >= ss->ndrift || i >= DRIFT_RING)
		return (NULL);
	return (&ss->drift[(ss->ndrift - 1 - i) % DRIFT_RING]);
}

void
states_print_drift(const struct states *ss, struct buf *b)
{
	const struct drift *d;
	unsigned i;

	buf_puts(b, "{\"drift\":[");
	for (i = 0; (d = newest(ss, i)) != NULL; i++) {
		if (i > 0)
			buf_putc(b, ',');
		print_entry(d, b);
	}
	buf_puts(b, "]}");
}

static void
print_alarm(struct buf *b, unsigned *n, const char *source, const char *class, const char *text)
{
	if ((*n)++ > 0)
		buf_putc(b, ',');
	buf_puts(b, "{\"source\":");
	record_json_string(source, strlen(source), b);
	buf_puts(b, ",\"class\":");
	record_json_string(class, strlen(class), b);
	buf_puts(b, ",\"text\":");
	record_json_string(text, strlen(text), b);
	buf_putc(b, '}');
}

static const char *
locked_text(const struct vault_status *vault, char *buf, size_t size)
{
	const char *why = vault->protection == VAULT_TPM ? tpm_refusal() : "";

	(void)snprintf(buf, size, "the secrets are locked: %s", why[0] != '\0' ? why : "patronusctl secret unlock");
	return (buf);
}

/* Such a one has been told. */
static bool
stands_still(const struct states *ss, const struct drift *d)
{
	const struct standing_item *s;
	unsigned i;

	for (i = 0; d->ended_ms == 0 && (s = standing_open(ss->confd->standing, i)) != NULL; i++)
		if (strcmp(s->object, d->object) == 0 && strcmp(s->detail, d->detail) == 0)
			return (true);
	return (false);
}

static void
print_endings(const struct states *ss, struct buf *b, unsigned *n)
{
	uint64_t now = clock_mono_ms();
	const struct ending *e;
	char text[160];

	for (e = ss->endings; e < ss->endings + ENDINGS_MAX; e++) {
		if (e->n < ENDINGS_ALARM || now - e->last_ms >= ENDINGS_MS)
			continue;
		(void)snprintf(text, sizeof(text), "the process ended %u times in a row (%s); it is started again, each time after a longer pause", e->n,
		    e->how);
		print_alarm(b, n, e->name, "critical", text);
	}
}

void
states_print_alarms(const struct states *ss, struct buf *b)
{
	const struct owners *os = &ss->confd->owners;
	const struct standing_item *stands;
	const struct drift *d;
	uint64_t now = clock_wall_ms();
	struct vault_status vault;
	unsigned i, n = 0;
	char text[800];
	struct buf line;

	for (i = 0; i < os->n; i++) {
		if (os->owner[i].channel == NULL)
			print_alarm(b, &n, os->owner[i].name, "critical", "the daemon is away");
		else if (os->owner[i].is_stale && os->owner[i].failures > 0)
			print_alarm(b, &n, os->owner[i].name, "critical", "the daemon could not take the running configuration");
	}
	print_endings(ss, b, &n);
	vault_status(ss->confd->vault, &vault);
	if (vault.is_locked && vault.nsecrets > 0)
		print_alarm(b, &n, "confd", "warning", locked_text(&vault, text, sizeof(text)));
	if (secrets_lost(ss->confd) > 0)
		print_alarm(b, &n, "confd", "critical", "secrets of the configuration are lost: set them again (patronusctl secret list)");
	for (i = 0; backups_alarm(ss->confd->backups, i, text, sizeof(text)); i++)
		print_alarm(b, &n, "confd", "warning", text);
	for (i = 0; contents_alarm(ss->confd->contents, i, text, sizeof(text)) && n < 16; i++)
		print_alarm(b, &n, "confd", "warning", text);
	for (i = 0; i < ADDRDB_KIND_MAX; i++)
		if (database_alarm(ss->confd->databases[i], text, sizeof(text)))
			print_alarm(b, &n, "confd", "warning", text);
	for (i = 0; (stands = standing_open(ss->confd->standing, i)) != NULL && n < 16; i++) {
		buf_init(&line, sizeof(text));
		buf_printf(&line, "%s: %s (%s: patronusctl drift)", stands->object, stands->detail, stands->action);
		(void)str_copy(text, buf_failed(&line) ? stands->object : (const char *)line.data, sizeof(text));
		buf_fini(&line);
		print_alarm(b, &n, stands->owner, stands->class, text);
	}
	for (i = 0; (d = newest(ss, i)) != NULL && n < 16; i++) {
		if (strcmp(d->class, "critical") != 0 || d->time_ms + ALARM_MS < now || stands_still(ss, d))
			continue;
		buf_init(&line, sizeof(text));
		buf_printf(&line, "%s: %s (%s)", d->object, d->detail, d->action);
		(void)str_copy(text, buf_failed(&line) ? d->object : (const char *)line.data, sizeof(text));
		buf_fini(&line);
		print_alarm(b, &n, d->owner, d->class, text);
	}
}
