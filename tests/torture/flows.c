/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many flows with an echo each, and how long the worst of them waited.
 *
 *	flows serve ADDRESS PORT		echoes TCP and UDP
 *	flows run ADDRESS PORT NTCP NUDP	"ready" when every flow has had its first echo; then for each line that is read a line of what
 *						was since the last one: flows that are lost, the worst echo of each kind in microseconds
 *
 * Each flow sends a number, waits for it to come back, and sends the next one PERIOD_MS later.  UDP repeats a number that does not come; TCP
 * has its own repetition.  An echo that is on its way counts with the time it has waited so far.  A flow is lost when its connection is reset
 * or ends, or when a number did not come back within LOST_MS.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FLOWS_MAX	1000
#define PERIOD_MS	20
#define REPEAT_MS	20
#define LOST_MS		5000
#define TICK_MS		5

struct flow {
	int		 fd;
	bool		 is_udp, is_lost;
	uint64_t	 number, echoed;
	uint64_t	 first_us, last_us;	/* when the number was sent for the first and the last time */
	uint64_t	 next_us;		/* when the next one is due; 0: one is under way */
	size_t		 have;			/* bytes of the echo */
	char		 part[sizeof(uint64_t)];
	uint64_t	 worst_us;
};

static struct flow flows[FLOWS_MAX];
static unsigned nflows;

static uint64_t
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int
socket_make(int type, bool is_server, const char *address, const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;

	if (fd == -1 || inet_pton(AF_INET, address, &sin.sin_addr) != 1)
		err(1, "socket");
	/* Of two UDP clients that both have it, the kernel may give the second one the port of the first (udp_lib_lport_inuse()). */
	if (is_server)
		(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if ((is_server ? bind : connect)(fd, (struct sockaddr *)&sin, sizeof(sin)) == -1)
		err(1, "%s port %s", address, port);
	if (type == SOCK_STREAM)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void
watch(int epoll, int fd, uint64_t tag)
{
	struct epoll_event e = { .events = EPOLLIN, .data.u64 = tag };

	(void)fcntl(fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e) == -1)
		err(1, "epoll");
}

/* --- the server --- */

static void
echo_udp(int fd)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char data[64];
	ssize_t n;

	while ((n = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&from, &len)) > 0)
		(void)sendto(fd, data, (size_t)n, 0, (struct sockaddr *)&from, len);
}

static void
echo_tcp(int fd)
{
	char data[512];
	ssize_t n = recv(fd, data, sizeof(data), 0);

	if (n > 0)
		(void)send(fd, data, (size_t)n, MSG_NOSIGNAL);
	else if (n == 0 || errno != EAGAIN)
		(void)close(fd);
}

static void
serve(const char *address, const char *port)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), listener = socket_make(SOCK_STREAM, true, address, port);
	int udp = socket_make(SOCK_DGRAM, true, address, port);
	struct epoll_event e;
	int fd;

	if (listen(listener, FLOWS_MAX) == -1)
		err(1, "listen");
	watch(epoll, listener, (uint64_t)listener);
	watch(epoll, udp, (uint64_t)udp);
	for (;;) {
		if (epoll_wait(epoll, &e, 1, -1) != 1)
			continue;
		if ((int)e.data.u64 == udp)
			echo_udp(udp);
		else if ((int)e.data.u64 != listener)
			echo_tcp((int)e.data.u64);
		else if ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) != -1)
			watch(epoll, fd, (uint64_t)fd);
	}
}

/* --- the flows --- */

static void
lose(struct flow *f)
{
	f->is_lost = true;
	(void)close(f->fd);
}

static void
flow_send(struct flow *f, uint64_t now)
{
	f->last_us = now;
	/* To an unconnected port or through a firewall that rejects, UDP may get an error: the next repetition may do better. */
	if (send(f->fd, &f->number, sizeof(f->number), MSG_NOSIGNAL) == -1 && !f->is_udp && errno != EAGAIN)
		lose(f);
}

static void
flow_waited(struct flow *f, uint64_t now)
{
	if (now - f->first_us > f->worst_us)
		f->worst_us = now - f->first_us;
}

static void
flow_tick(struct flow *f, uint64_t now)
{
	if (f->is_lost)
		return;
	if (f->next_us != 0) {
		if (f->next_us > now)
			return;
		f->next_us = 0;
		f->number++;
		f->first_us = now;
		flow_send(f, now);
		return;
	}
	flow_waited(f, now);
	if (now - f->first_us > LOST_MS * 1000)
		lose(f);
	else if (f->is_udp && now - f->last_us >= REPEAT_MS * 1000)
		flow_send(f, now);
}

static void
flow_readable(struct flow *f, uint64_t now)
{
	uint64_t number;
	ssize_t n;

	while (!f->is_lost && (n = recv(f->fd, f->part + f->have, sizeof(f->part) - f->have, 0)) != -1) {
		if (n == 0 && !f->is_udp) {
			lose(f);
			return;
		}
		f->have += (size_t)n;
		if (f->have < sizeof(f->part))
			continue;
		f->have = 0;
		memcpy(&number, f->part, sizeof(number));
		if (number != f->number || f->next_us != 0)
			continue;	/* the second echo of a number that was repeated */
		f->echoed++;
		flow_waited(f, now);
		f->next_us = now + PERIOD_MS * 1000;
	}
	if (!f->is_lost && !f->is_udp && errno != EAGAIN)
		lose(f);
}

static void
report(void)
{
	uint64_t worst[2] = { 0, 0 }, echoed = 0;
	unsigned lost[2] = { 0, 0 };
	struct flow *f;

	for (f = flows; f < flows + nflows; f++) {
		lost[f->is_udp] += f->is_lost;
		if (!f->is_lost && f->worst_us > worst[f->is_udp])
			worst[f->is_udp] = f->worst_us;
		echoed += f->echoed;
		f->worst_us = f->echoed = 0;
	}
	printf("{\"tcp-lost\":%u,\"udp-lost\":%u,\"tcp-worst-us\":%llu,\"udp-worst-us\":%llu,\"echoes\":%llu}\n", lost[0], lost[1],
	    (unsigned long long)worst[0], (unsigned long long)worst[1], (unsigned long long)echoed);
	(void)fflush(stdout);
}

static bool
all_echoed(void)
{
	bool have_all = true;
	unsigned i;

	for (i = 0; i < nflows; i++) {
		if (flows[i].is_lost)
			errx(1, "%s flow %u never had an echo", flows[i].is_udp ? "UDP" : "TCP", i);
		have_all &= flows[i].echoed > 0;
	}
	return have_all;
}

static void
flows_open(int epoll, const char *address, const char *port, unsigned ntcp, unsigned nudp)
{
	unsigned i;

	if (ntcp + nudp > FLOWS_MAX)
		errx(2, "at most %d flows", FLOWS_MAX);
	for (i = 0; i < ntcp + nudp; i++) {
		flows[i].is_udp = i >= ntcp;
		flows[i].fd = socket_make(flows[i].is_udp ? SOCK_DGRAM : SOCK_STREAM, false, address, port);
		/* Not all at once: each at its own moment of the period. */
		flows[i].next_us = now_us() + i * PERIOD_MS * 1000 / (ntcp + nudp);
		watch(epoll, flows[i].fd, i);
	}
	nflows = ntcp + nudp;
}

static void
run(int epoll)
{
	struct pollfd fds[2] = { { .fd = epoll, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	struct epoll_event e[64];
	bool is_ready = false;
	uint64_t tick = 0;
	char line[64];
	unsigned i;
	int n, k;

	for (;;) {
		(void)poll(fds, 2, TICK_MS);
		n = epoll_wait(epoll, e, 64, 0);
		for (k = 0; k < n; k++)
			flow_readable(&flows[e[k].data.u64], now_us());
		if (now_us() - tick >= TICK_MS * 1000)
			for (tick = now_us(), i = 0; i < nflows; i++)
				flow_tick(&flows[i], tick);
		if (!is_ready && (is_ready = all_echoed())) {
			printf("ready\n");
			(void)fflush(stdout);
		}
		if (fds[1].revents != 0) {
			if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
				return;
			report();
		}
	}
}

int
main(int argc, char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);

	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		serve(argv[2], argv[3]);
	if (argc != 6 || strcmp(argv[1], "run") != 0)
		errx(2, "usage: flows serve ADDRESS PORT | flows run ADDRESS PORT NTCP NUDP");
	flows_open(epoll, argv[2], argv[3], (unsigned)strtoul(argv[4], NULL, 10), (unsigned)strtoul(argv[5], NULL, 10));
	run(epoll);
	return 0;
}
