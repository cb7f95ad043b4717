/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-fetchd: the only process that talks to the world by itself.  confd asks, fetchd connects, sends, tells.  It lives in the
 * network of the box without a capability, listens to nobody, reads no file of the box, and keeps nothing: what a request needs, also
 * its secrets, comes with the request and is gone with it.  What it may not reach is place.c.
 */
#include "base/log.h"
#include "daemon/daemon.h"
#include "ipc/ids.h"
#include "get.h"
#include "job.h"
#include "probe.h"
#include "put.h"
#include "resolve.h"
#include "syslog.h"
#include "transfer.h"
#include "trust.h"

static void
on_setup(struct channel *ch, struct message *m, void *arg)
{
	(void)ch;
	(void)arg;
	resolve_setup(m->body);
}

static void
on_close(struct channel *ch, int error, void *arg)
{
	(void)error;
	(void)arg;
	jobs_orphan(ch);
}

static const struct channel_dispatch table[] = {
	{ MSG_FETCH_SETUP, CHANNEL_PHASE_READY, on_setup },
	{ MSG_FETCH_GET, CHANNEL_PHASE_READY, get_request },
	{ MSG_FETCH_RESOLVE, CHANNEL_PHASE_READY, lookup_request },
	{ MSG_FETCH_PUT, CHANNEL_PHASE_READY, put_request },
	{ MSG_FETCH_RECEIVERS, CHANNEL_PHASE_READY, syslog_receivers },
	{ MSG_FETCH_PROBE, CHANNEL_PHASE_READY, probe_request },
	{ 0, 0, NULL }
};

/* logd names a receiver, never a place. */
static const struct channel_dispatch logd_table[] = {
	{ MSG_FETCH_SYSLOG, CHANNEL_PHASE_READY, syslog_request },
	{ 0, 0, NULL }
};

static const struct channel_ops ops = { .table = table, .on_close = on_close };
static const struct channel_ops logd_ops = { .table = logd_table, .on_close = on_close };

static const struct daemon_peer peers[] = {
	{ .role = ROLE_CONFD, .purpose = PEER_MAIN, .ops = &ops },
	{ .role = ROLE_LOGD, .purpose = PEER_MAIN, .ops = &logd_ops },
	{ .role = ROLE_INVALID },
};

static int
init(struct daemon *d)
{
	resolve_init(d->base);
	syslog_init(d->base);
	probe_init(d->base);
	trust_load();
	return transfer_init(d->base);
}

static int
start(struct daemon *d)
{
	(void)d;
	probe_ping_open();
	return 0;
}

static void
stop(struct daemon *d)
{
	(void)d;
	syslog_fini();
	probe_fini();
	resolve_fini();
	transfer_fini();
}

int
main(int argc, char **argv)
{
	static struct daemon d = { .name = "fetchd", .role = ROLE_FETCHD, .peers = peers, .init = init, .start = start, .stop = stop };

	return daemon_main(&d, argc, argv);
}
