/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "server.h"

#define ACCEPTS_A_TURN	16
#define FDS_RESERVED	48	/* channels, listener, loop */

TAILQ_HEAD(conn_list, conn_link);

struct listener {
	int			 fd;
	struct event		*acceptable;	/* NULL: none in this slot */
};

static struct {
	struct event_base	*base;
	const struct conn_ops	*ops;
	struct listener		 listeners[SOCK_SLOT_MAX];
	struct event		*sweep;
	struct event		*again;		/* after a shortage of descriptors */
	bool			 is_accepting;
	unsigned		 max;
	unsigned		 n;
	struct conn_list	 conns;		/* oldest first */
} server;

static void
update(void)
{
	unsigned i;

	for (i = 0; i < SOCK_SLOT_MAX; i++) {
		if (server.listeners[i].acceptable == NULL)
			continue;
		if (server.is_accepting)
			(void)event_add(server.listeners[i].acceptable, NULL);
		else
			(void)event_del(server.listeners[i].acceptable);
	}
}

/*
 * Which connection can be missed most?  One that does nothing now, the oldest; one that nobody signed in on before one
 * with a session.
 */
static struct conn *
victim(void)
{
	struct conn_link *l, *known = NULL;

	TAILQ_FOREACH(l, &server.conns, entry) {
		if (!conn_is_idle(l->conn))
			continue;
		if (!conn_is_known(l->conn))
			return l->conn;
		if (known == NULL)
			known = l;
	}
	return known != NULL ? known->conn : NULL;
}

static bool
make_room(void)
{
	struct conn *c;

	if (server.n < server.max)
		return true;
	c = victim();
	if (c == NULL)
		return false;
	conn_free(c);
	return true;
}

static void
pause_accepting(void)
{
	static const struct timeval a_while = { 0, 100000 };
	unsigned i;

	for (i = 0; i < SOCK_SLOT_MAX; i++)
		if (server.listeners[i].acceptable != NULL)
			(void)event_del(server.listeners[i].acceptable);
	(void)event_add(server.again, &a_while);
}

static void
on_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
	update();
}

static void
on_acceptable(evutil_socket_t lfd, short what, void *arg)
{
	struct sockaddr_storage peer;
	struct conn *c;
	socklen_t len;
	unsigned i;
	int fd;

	(void)what;
	(void)arg;
	for (i = 0; i < ACCEPTS_A_TURN; i++) {
		if (!make_room()) {
			pause_accepting();
			return;
		}
		len = sizeof(peer);
		fd = accept4(lfd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd == -1) {
			/* Out of descriptors or memory: to ask again at once would be a busy loop. */
			if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
				pause_accepting();
			return;
		}
		c = conn_new(server.base, fd, &peer, server.ops);
		if (c == NULL)
			continue;
		TAILQ_INSERT_TAIL(&server.conns, conn_link(c), entry);
		server.n++;
	}
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct conn_link *l, *next;
	uint64_t now = clock_mono_ms();

	(void)fd;
	(void)what;
	(void)arg;
	for (l = TAILQ_FIRST(&server.conns); l != NULL; l = next) {
		next = TAILQ_NEXT(l, entry);
		if (conn_deadline_ms(l->conn) <= now)
			conn_expire(l->conn);
	}
}

void
server_init(struct event_base *base, const struct conn_ops *ops)
{
	static const struct timeval second = { 1, 0 };
	struct rlimit limit;

	server.base = base;
	server.ops = ops;
	server.max = SERVER_CONNS_MAX;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < SERVER_CONNS_MAX + FDS_RESERVED)
		server.max = limit.rlim_cur > 2 * FDS_RESERVED ? (unsigned)limit.rlim_cur - FDS_RESERVED : FDS_RESERVED;
	TAILQ_INIT(&server.conns);
	server.sweep = event_new(base, -1, EV_PERSIST, on_sweep, NULL);
	server.again = event_new(base, -1, 0, on_again, NULL);
	if (server.sweep == NULL || server.again == NULL || event_add(server.sweep, &second) == -1)
		fatalx("server", "no memory");
}

void
server_listen(uint8_t slot, int fd)
{
	struct listener *l = &server.listeners[slot];
	int on = 1;

	if (l->acceptable != NULL) {
		event_free(l->acceptable);
		(void)close(l->fd);
	}
	l->fd = fd;
	l->acceptable = event_new(server.base, fd, EV_READ | EV_PERSIST, on_acceptable, NULL);
	if (l->acceptable == NULL)
		fatalx("server", "no memory");
	/*
	 * Accepted connections inherit it.  The ticket of a new session and the first reply are two small writes:
	 * without this the second would wait for the client's delayed acknowledgement of the first, 40 ms.
	 */
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		log_warn("server", "listener: TCP_NODELAY");
	update();
}

void
server_set_accepting(bool on)
{
	server.is_accepting = on;
	update();
}

void
server_forget(struct conn *c)
{
	TAILQ_REMOVE(&server.conns, conn_link(c), entry);
	server.n--;
}

unsigned
server_nconns(void)
{
	return server.n;
}
