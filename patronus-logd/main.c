/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-logd: the only writer of the logs.  Everybody sends, and nobody can change what is written.  patronus.log holds what processes
 * say, audit.log what people did, with a tree over it whose heads authd signs (ledger.h).  confd alone reads the audit log back.
 */
#include <errno.h>
#include <event2/event.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "desk.h"
#include "ipc/ids.h"
#include "ledger.h"
#include "record.h"
#include "relay.h"
#include "review.h"
#include "signer.h"

#define LOG_NAME	"patronus.log"
#define LOG_ROTATE	(16u << 20)
#define LOG_KEEP	7
#define AUDIT_ROTATE	(64u << 20)
#define RECORD_MAX	(1u << 16)
#define BURST		2000		/* lines of one process at once ... */
#define RATE		500		/* ... and a second later this many more; the rest is counted */
#define AUDIT_SYNC_MS	5		/* acts that arrive together share one fsync */
#define LOG_SYNC_S	1

/* What one process may still say, and what it has lost. */
struct talker {
	uint64_t	credit;
	uint64_t	last_ms;
	uint64_t	lost;
};

static struct logfile	 log_file;
static struct ledger	 ledger;
static struct talker	 talkers[ROLE_MAX];
static struct event	*audit_sync, *log_sync;
static struct buf	 line;

/* The line is one of patronus.log or of the audit log; both have a number for it. */
static void
append(struct logfile *f)
{
	bool was_lost = f->lost > 0;
	int error;

	if (buf_failed(&line))
		error = -EFBIG;
	else if (f == &ledger.log)
		error = ledger_append(&ledger, (const char *)line.data, line.len);
	else if ((error = logfile_append(f, (const char *)line.data, line.len)) == 0)
		f->seq++;
	if (error != 0 && !was_lost)
		log_errx("log", "%s: records are being lost: %s", f->name, strerror(-error));
	buf_reset(&line);
}

/* Say first what could not be said before. */
static void
append_lost(struct logfile *f, const char *who, uint64_t *lost, const char *why)
{
	uint64_t n = *lost, before = f->lost;

	if (n == 0)
		return;
	record_lost(&line, f->seq + 1, clock_wall_ms(), who, n, why);
	append(f);
	if (lost == &f->lost)
		*lost = f->lost > before ? n : 0;	/* its own failure is not one more */
	else if (f->lost == before)
		*lost = 0;
}

static bool
may_talk(struct talker *t)
{
	uint64_t now = clock_mono_ms();

	if (t->last_ms == 0)
		t->credit = BURST * 1000ull;
	else
		t->credit += (now - t->last_ms) * RATE;
	if (t->credit > BURST * 1000ull)
		t->credit = BURST * 1000ull;
	t->last_ms = now;
	if (t->credit < 1000) {
		t->lost++;
		return false;
	}
	t->credit -= 1000;
	return true;
}

static void
on_line(struct channel *c, struct message *m, void *arg)
{
	static const struct timeval later = { LOG_SYNC_S, 0 };
	uint8_t role = channel_peer_role(c);
	const char *who = role_name(role);

	(void)arg;
	if (role >= ROLE_MAX || !may_talk(&talkers[role]))
		return;
	append_lost(&log_file, "logd", &log_file.lost, "the file could not be written");
	append_lost(&log_file, who, &talkers[role].lost, "too many at once");
	record_line(&line, log_file.seq + 1, clock_wall_ms(), who, m->body);
	append(&log_file);
	relay_wake();
	if (!event_pending(log_sync, EV_TIMEOUT, NULL))
		(void)event_add(log_sync, &later);
}

static void
on_audit(struct channel *c, struct message *m, void *arg)
{
	static const struct timeval soon = { 0, AUDIT_SYNC_MS * 1000 };

	(void)arg;
	append_lost(&ledger.log, "logd", &ledger.log.lost, "the file could not be written");
	record_audit(&line, ledger.log.seq + 1, clock_wall_ms(), role_name(channel_peer_role(c)), m->body);
	append(&ledger.log);
	if (!event_pending(audit_sync, EV_TIMEOUT, NULL))
		(void)event_add(audit_sync, &soon);
}

static void
on_log_sync(evutil_socket_t fd, short what, void *arg)
{
	int error;

	(void)fd;
	(void)what;
	(void)arg;
	error = logfile_sync(&log_file);
	if (error != 0)
		log_errx("log", "%s: cannot be synced: %s", log_file.name, strerror(-error));
}

static void
on_audit_sync(evutil_socket_t fd, short what, void *arg)
{
	int error;

	(void)fd;
	(void)what;
	(void)arg;
	error = ledger_sync(&ledger);
	if (error != 0)
		log_errx("log", "the audit log cannot be synced: %s", strerror(-error));
	signer_wake();
	relay_wake();
}

static void
on_sync(struct channel *c, struct message *m, void *arg)
{
	const struct audit_sync_rep rep = { 0 };

	on_audit_sync(-1, 0, arg);
	if (ledger.log.is_dirty)
		(void)channel_reply_error(c, &m->header, -EIO, 0, "the audit log cannot be synced");
	else
		(void)channel_reply(c, &m->header, &rep, NULL, 0);
}

static const struct channel_dispatch table[] = {
	{ MSG_LOG_LINE, CHANNEL_PHASE_READY, on_line },
	{ MSG_LOG_AUDIT, CHANNEL_PHASE_READY, on_audit },
	{ 0, 0, NULL }
};

static const struct channel_dispatch confd_table[] = {
	{ MSG_LOG_LINE, CHANNEL_PHASE_READY, on_line },
	{ MSG_LOG_AUDIT, CHANNEL_PHASE_READY, on_audit },
	{ MSG_AUDIT_SYNC, CHANNEL_PHASE_READY, on_sync },
	{ MSG_AUDIT_STATE, CHANNEL_PHASE_READY, desk_on_state },
	{ MSG_AUDIT_LIST, CHANNEL_PHASE_READY, desk_on_list },
	{ MSG_AUDIT_HEADS, CHANNEL_PHASE_READY, desk_on_heads },
	{ MSG_AUDIT_PROOF, CHANNEL_PHASE_READY, desk_on_proof },
	{ MSG_AUDIT_CONSISTENCY, CHANNEL_PHASE_READY, desk_on_consistency },
	{ MSG_AUDIT_EXPORT, CHANNEL_PHASE_READY, desk_on_export },
	{ MSG_LOG_RECEIVERS, CHANNEL_PHASE_READY, relay_on_receivers },
	{ MSG_LOG_PACKET, CHANNEL_PHASE_READY, relay_on_packet },
	{ MSG_STATE_GET, CHANNEL_PHASE_READY, relay_on_state },
	{ 0, 0, NULL }
};

static const struct channel_ops ops = { .table = table };
static const struct channel_ops confd_ops = { .table = confd_table };
static const struct channel_ops authd_ops = { .table = table, .on_ready = signer_ready };
static const struct channel_ops fetchd_ops = { .table = table, .on_ready = relay_fetchd_ready };

static const struct daemon_peer peers[] = {
	{ .role = ROLE_PRIVD, .purpose = PEER_MAIN, .ops = &ops },
	{ .role = ROLE_CONFD, .purpose = PEER_MAIN, .ops = &confd_ops },
	{ .role = ROLE_AUTHD, .purpose = PEER_MAIN, .ops = &authd_ops },
	{ .role = ROLE_NETD, .purpose = PEER_MAIN, .ops = &ops },
	{ .role = ROLE_FWD, .purpose = PEER_MAIN, .ops = &ops },
	{ .role = ROLE_HTTPD, .purpose = PEER_MAIN, .ops = &ops },
	{ .role = ROLE_FETCHD, .purpose = PEER_MAIN, .ops = &fetchd_ops },
	{ .role = ROLE_INVALID }
};

/* logd's own lines go to its own file; what goes wrong with the file itself goes to stderr, which privd keeps. */
static void
own_line(enum log_level level, const char *subsystem, const char *text, void *arg)
{
	struct log_line_req r = {
		.time_ms = clock_wall_ms(), .level = (uint8_t)level, .subsystem = subsystem, .text = text
	};
	static bool inside;

	(void)arg;
	if (inside || log_file.fd == -1 || log_file.lost > 0)
		return;
	inside = true;
	if (line.len == 0) {
		record_line(&line, log_file.seq + 1, clock_wall_ms(), "logd", &r);
		append(&log_file);
	}
	inside = false;
}

static int
start(struct daemon *d)
{
	int error;

	buf_init(&line, RECORD_MAX);
	error = logfile_open(&log_file, LOG_NAME, LOG_ROTATE, LOG_KEEP);
	if (error != 0)
		return error;
	log_set_sink(own_line, NULL);
	error = ledger_open(&ledger, AUDIT_ROTATE);
	if (error != 0) {
		log_errx("audit", "the audit log cannot be opened: %s", strerror(-error));
		return error;
	}
	desk_init(&ledger);
	audit_sync = event_new(d->base, -1, 0, on_audit_sync, NULL);
	log_sync = event_new(d->base, -1, 0, on_log_sync, NULL);
	if (audit_sync == NULL || log_sync == NULL || signer_init(d->base, &ledger) != 0 || review_init(d->base, &ledger) != 0 ||
	    relay_init(d->base, &ledger, &log_file, LOG_KEEP) != 0)
		return -ENOMEM;
	signer_wake();
	return 0;
}

static void
stop(struct daemon *d)
{
	(void)d;
	relay_fini();
	(void)logfile_sync(&log_file);
	ledger_close(&ledger);
}

int
main(int argc, char **argv)
{
	struct daemon d = { .name = "logd", .role = ROLE_LOGD, .peers = peers, .start = start, .stop = stop };

	return daemon_main(&d, argc, argv);
}
