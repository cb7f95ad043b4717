/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * patronus-netd: links, addresses, routes, forwarding and the names of the box, kept as the configuration says.  It
 * has no privilege: it computes what privd then checks and does.  A restart reads, compares, and finds nothing to do.
 */
#include <event2/event.h>

#include "base/arena.h"
#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/drift.h"
#include "ipc/ids.h"
#include "actual.h"
#include "kernel.h"
#include "memory.h"
#include "netd.h"
#include "revision.h"
#include "watch.h"

#define LOOK_S	60	/* a look without any event, for what events may have missed */

static struct netd netd;

static void
on_change(void *arg)
{
	repair_run(arg);
}

static bool
send_confd(uint16_t type, const void *body)
{
	struct channel *c = daemon_channel(ROLE_CONFD, PEER_MAIN);

	return c != NULL && channel_send(c, type, 0, body, NULL, 0) == 0;
}

/* Twice a second: most sysctls, names and files change without an event. */
static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	static unsigned ticks;
	struct netd *n = arg;
	struct arena *arena = arena_new(0);
	struct actual a;

	(void)fd;
	(void)what;
	if (arena == NULL)
		fatalx("netd", "memory");
	if (kernel_read(&a, arena, KERNEL_LINKS | KERNEL_HOST) == 0) {
		if (repair_glance(n, &a) || drift_has_expired(n->drift))
			watch_again(n->watch, 0);
		if (ticks % 2 == 0)
			report_counters(n, &a);
	}
	if (++ticks % (2 * LOOK_S) == 0)
		watch_again(n->watch, 0);
	arena_free(arena);
}

static int
start(struct daemon *d)
{
	static const struct timeval half = { 0, 500000 };

	netd.daemon = d;
	d->state = &netd;
	netd.memory = memory_new();
	netd.drift = drift_new("netd", send_confd);
	kernel_read_before(netd.memory);
	apply_recover();
	netd.watch = watch_new(d->base, on_change, &netd);
	netd.tick = event_new(d->base, -1, EV_PERSIST, on_tick, &netd);
	if (netd.tick == NULL || event_add(netd.tick, &half) == -1)
		fatalx("netd", "cannot make the timer");
	return 0;
}

static void
stop(struct daemon *d)
{
	(void)d;
	event_free(netd.tick);
	watch_free(netd.watch);
	revision_free(netd.prepared);
	revision_free(netd.applied);
	drift_free(netd.drift);
	memory_free(netd.memory);
}

static const struct daemon_peer peers[] = {
	{ .role = ROLE_CONFD, .purpose = PEER_MAIN, .ops = &serve_confd_ops },
	{ .role = ROLE_INVALID },
};

int
main(int argc, char **argv)
{
	static struct daemon d = { .name = "netd", .role = ROLE_NETD, .peers = peers, .start = start, .stop = stop };

	return daemon_main(&d, argc, argv);
}
