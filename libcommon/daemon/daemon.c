/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "sandbox/sandbox.h"

#define PRIV_FD		3	/* the one descriptor that privd gives at exec */
#define SLOTS_MAX	16

/* One channel that privd may hand us, now or again after the other side was restarted. */
struct slot {
	const struct daemon_peer	*row;
	struct channel_ops		 ops;
	struct channel			*channel;
	char				 name[16];
};

static struct {
	struct daemon	*daemon;
	struct slot	 slots[SLOTS_MAX];
	unsigned	 nslots;
	bool		 is_stopping;
	bool		 is_logging;	/* inside the log sink: what the channel logs now goes to stderr */
} self;

/* --- the channel to logd, which every daemon has --- */

static const struct channel_dispatch logd_table[] = { { 0, 0, NULL } };
static const struct channel_ops logd_ops = { .table = logd_table };
static const struct daemon_peer logd_peer = { .role = ROLE_LOGD, .purpose = PEER_MAIN, .ops = &logd_ops };

static struct slot *
slot_find(uint8_t role, uint8_t purpose)
{
	unsigned i;

	for (i = 0; i < self.nslots; i++)
		if (self.slots[i].row->role == role && self.slots[i].row->purpose == purpose)
			return &self.slots[i];
	return NULL;
}

struct channel *
daemon_channel(uint8_t role, uint8_t purpose)
{
	struct slot *s = slot_find(role, purpose);

	return s != NULL && s->channel != NULL && channel_is_ready(s->channel) ? s->channel : NULL;
}

static void
stderr_line(const char *subsystem, const char *text)
{
	char line[2300];
	int n;

	n = snprintf(line, sizeof(line), "patronus-%s: %s: %s\n", self.daemon->name, subsystem, text);
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n < sizeof(line) ? (size_t)n : sizeof(line) - 1) == -1)
		return;		/* nowhere left to say it */
}

static void
log_to_logd(enum log_level level, const char *subsystem, const char *text, void *arg)
{
	struct log_line_req line = { .time_ms = clock_wall_ms(), .level = (uint8_t)level, .subsystem = subsystem, .text = text };
	struct channel *c = self.is_logging ? NULL : daemon_channel(ROLE_LOGD, PEER_MAIN);

	(void)arg;
	self.is_logging = true;
	/* Before logd is there, and when it cannot take it, the line goes where privd's own lines go. */
	if (c == NULL || channel_send(c, MSG_LOG_LINE, 0, &line, NULL, 0) != 0)
		stderr_line(subsystem, text);
	self.is_logging = false;
}

/* As much of s as the record holds.  Nobody gets out of the audit log by being too long, or by not being text. */
static const char *
audit_text(char *buf, size_t size, const char *s)
{
	(void)str_copy(buf, s != NULL ? s : "", size);
	str_clean(buf);
	return buf;
}

void
daemon_audit(const char *actor, const char *origin, const char *action, const char *object, const char *result,
    const char *fmt, ...)
{
	struct channel *c = daemon_channel(ROLE_LOGD, PEER_MAIN);
	char who[65], from[65], act[65], what[513], how[65], detail[2048];
	struct log_audit_req a = { .time_ms = clock_wall_ms(), .detail = detail };
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	str_clean(detail);
	a.actor = audit_text(who, sizeof(who), actor);
	a.origin = audit_text(from, sizeof(from), origin);
	a.action = audit_text(act, sizeof(act), action);
	a.object = audit_text(what, sizeof(what), object);
	a.result = audit_text(how, sizeof(how), result);
	if (c == NULL || channel_send(c, MSG_LOG_AUDIT, 0, &a, NULL, 0) != 0)
		log_warnx("audit", "%s from %s: %s %s: %s (%s)", who, from, act, what, how, detail);
}

/* --- peers --- */

static void
on_peer_close(struct channel *c, int error, void *arg)
{
	unsigned i;

	/* The other side lives, and nobody makes the channel a second time while both do. */
	if (error == -ENOMEM || error == -EMFILE)
		fatalx("daemon", "channel to %s: %s", channel_name(c), strerror(-error));
	for (i = 0; i < self.nslots; i++) {
		if (self.slots[i].channel != c)
			continue;
		self.slots[i].channel = NULL;
		if (self.slots[i].row->ops->on_close != NULL)
			self.slots[i].row->ops->on_close(c, error, arg);
		break;
	}
	channel_free(c);
}

static void
slot_replace(struct slot *s, int fd)
{
	/* The old channel's end may still be on its way here: it is closed first, so that its owner hears in order. */
	if (s->channel != NULL)
		channel_close(s->channel, 0);
	s->channel = channel_new(self.daemon->base, fd, s->name, self.daemon->role, s->row->role, &s->ops, self.daemon);
	/* The other side may have ended already: then there will be another one. */
	if (s->channel == NULL)
		log_errx("daemon", "cannot make the channel to %s", s->name);
}

static void
on_peer(struct message *m)
{
	const struct peer_req *req = m->body;
	struct slot *s = slot_find(req->role, req->purpose);
	int fd = arena_take_fd(m->arena, 0);

	if (fd == -1) {
		log_errx("daemon", "privd sent a channel without a descriptor");
		return;
	}
	if (s == NULL) {
		log_errx("daemon", "privd sent a channel to %s, which is not a peer", role_name(req->role));
		(void)close(fd);
	} else if (s->row->ops == NULL)
		s->row->take(self.daemon, fd);
	else
		slot_replace(s, fd);
}

static void
on_priv_message(struct message *m, void *arg)
{
	struct daemon *d = arg;

	if (m->header.type == MSG_PEER)
		on_peer(m);
	else if (d->on_priv != NULL)
		d->on_priv(d, m);
	else
		log_errx("daemon", "privd sent %s, which is not for us", msg_name(m->header.type));
}

static void
slot_add(const struct daemon_peer *row)
{
	struct slot *s;

	if (self.nslots == SLOTS_MAX)
		fatalx("daemon", "too many peers");
	s = &self.slots[self.nslots++];
	s->row = row;
	(void)str_copy(s->name, role_name(row->role), sizeof(s->name));
	if (row->ops != NULL) {
		s->ops = *row->ops;
		s->ops.on_close = on_peer_close;
	}
}

/* --- the process --- */

static void
on_signal(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	(void)arg;
	self.is_stopping = true;
	(void)event_base_loopbreak(self.daemon->base);
}

static void
on_priv_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;	/* it only wakes the loop, which pumps after every turn */
}

static void
setup(struct daemon *d)
{
	const struct daemon_peer *row;
	struct event *term;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		fatal("daemon", "signal");
	d->base = event_base_new();
	if (d->base == NULL)
		fatalx("daemon", "cannot make the event base");
	term = evsignal_new(d->base, SIGTERM, on_signal, NULL);
	if (term == NULL || event_add(term, NULL) == -1)
		fatalx("daemon", "cannot watch for SIGTERM");
	for (row = d->peers; row->role != ROLE_INVALID; row++)
		slot_add(row);
	/* Everybody sends to logd; who also answers it has a row of its own. */
	if (d->role != ROLE_LOGD && slot_find(ROLE_LOGD, PEER_MAIN) == NULL)
		slot_add(&logd_peer);
}

/* A turn of the loop that cost much handled much: what it left in the heap is given back once things are quiet. */
#define TRIM_TURN_US	3000	/* of processor time */
static const struct timeval trim_delay = { 1, 0 };

static void
on_trim(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	heap_trim();
}

static void
run(struct daemon *d)
{
	struct event *priv, *trim;
	uint64_t before = clock_cpu_us(), now;
	int error;

	priv = event_new(d->base, PRIV_FD, EV_READ | EV_PERSIST, on_priv_readable, NULL);
	trim = evtimer_new(d->base, on_trim, NULL);
	if (priv == NULL || trim == NULL || event_add(priv, NULL) == -1)
		fatalx("daemon", "cannot watch the channel to privd");
	/* Pump once a turn: a blocking call inside a callback may have put messages aside. */
	while (!self.is_stopping) {
		error = privcall_pump(on_priv_message, d);
		if (error == -EPIPE) {
			log_info("daemon", "privd is gone");
			break;
		}
		if (error != 0)
			fatalx("daemon", "channel to privd: %s", strerror(-error));
		if (event_base_loop(d->base, EVLOOP_ONCE) == -1)
			fatalx("daemon", "event loop");
		now = clock_cpu_us();
		if (now - before > TRIM_TURN_US)
			(void)event_add(trim, &trim_delay);
		before = now;
	}
	event_free(trim);
	event_free(priv);
}

int
daemon_main(struct daemon *d, int argc, char **argv)
{
	int error;

	heap_init();
	heap_end_without_memory();
	log_init(d->name, getenv("PATRONUS_DEBUG") != NULL ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	self.daemon = d;
	d->argc = argc;
	d->argv = argv;
	setup(d);
	if (d->init != NULL && (error = d->init(d)) != 0)
		fatalx("daemon", "init: %s", strerror(-error));
	if ((error = sandbox_enter(d->role)) != 0)
		fatalx("daemon", "confinement: %s", strerror(-error));
	if ((error = privcall_init(PRIV_FD, d->role)) != 0)
		fatalx("daemon", "hello to privd: %s", strerror(-error));
	log_set_sink(log_to_logd, NULL);
	if (d->start != NULL && (error = d->start(d)) != 0)
		fatalx("daemon", "start: %s", strerror(-error));
	run(d);
	if (d->stop != NULL)
		d->stop(d);
	return 0;
}
