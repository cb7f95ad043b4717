/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Probe packets, each new to connection tracking, and who of them arrives where.
 *
 *	probes send SOURCE PERIOD_US	one UDP packet to each of the addresses on standard input (one a line, an empty line ends them) every
 *					PERIOD_US, until that is closed
 *	probes catch LINK		for each line that is read one line of what arrived since the last one, by the number of its address:
 *					NUMBER COUNT FIRST_US LAST_US ... when they were sent
 *
 * Where a packet arrives is told by the catcher at that link, whatever address it is for.
 */
#include <arpa/inet.h>
#include <err.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PROBES_MAX	1024
#define MAGIC		0x70726f62u
#define PORT		7008

struct probe {
	struct iphdr	ip;
	struct udphdr	udp;
	uint32_t	magic;
	uint32_t	number;
	uint64_t	sent_us;
} __attribute__((packed));

static struct arrival {
	uint64_t	count, first_us, last_us;
} arrived[PROBES_MAX];

static uint64_t
now_us(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

/* The kernel fills in the length, the checksum of the header and the number; UDP goes without one. */
static void
send_one(int fd, in_addr_t from, in_addr_t to, uint32_t number, uint16_t port)
{
	struct probe p = { .ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP, .saddr = from, .daddr = to },
	    .udp = { .source = htons(port), .dest = htons(PORT), .len = htons(sizeof(p) - sizeof(p.ip)) }, .magic = MAGIC, .number = number,
	    .sent_us = now_us() };
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = to };

	(void)sendto(fd, &p, sizeof(p), 0, (struct sockaddr *)&sin, sizeof(sin));
}

static void
send_all(const char *source, unsigned period_us)
{
	static in_addr_t to[PROBES_MAX];
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	unsigned n = 0, i, round = 0;
	uint64_t due = now_us(), now;
	char line[64];

	while (fgets(line, sizeof(line), stdin) != NULL && line[0] != '\n') {
		line[strcspn(line, "\n")] = '\0';
		if (n == PROBES_MAX || inet_pton(AF_INET, line, &to[n++]) != 1)
			errx(2, "%s: not an address, or too many", line);
	}
	if (fd == -1)
		err(1, "socket");
	while (poll(&in, 1, 0) == 0) {
		/* A port of its own in each round: no packet belongs to a connection that was there before. */
		for (i = 0; i < n; i++)
			send_one(fd, inet_addr(source), to[i], i, (uint16_t)(1024 + round % 64000));
		round++;
		due += period_us;
		if ((now = now_us()) < due)
			(void)usleep((useconds_t)(due - now));
		else
			due = now;
	}
	(void)printf("%u\n", round);
}

static void
take(int fd)
{
	struct sockaddr_ll from;
	socklen_t len = sizeof(from);
	struct arrival *a;
	struct probe p;

	while (recvfrom(fd, &p, sizeof(p), MSG_DONTWAIT, (struct sockaddr *)&from, &len) == (ssize_t)sizeof(p)) {
		if (from.sll_pkttype == PACKET_OUTGOING || p.magic != MAGIC || p.ip.protocol != IPPROTO_UDP || p.number >= PROBES_MAX)
			continue;
		a = &arrived[p.number];
		a->first_us = a->count == 0 || p.sent_us < a->first_us ? p.sent_us : a->first_us;
		a->last_us = p.sent_us > a->last_us ? p.sent_us : a->last_us;
		a->count++;
	}
}

static void
tell(void)
{
	unsigned i;

	for (i = 0; i < PROBES_MAX; i++)
		if (arrived[i].count > 0)
			(void)printf("%u %llu %llu %llu ", i, (unsigned long long)arrived[i].count, (unsigned long long)arrived[i].first_us,
			    (unsigned long long)arrived[i].last_us);
	(void)printf("\n");
	(void)fflush(stdout);
	memset(arrived, 0, sizeof(arrived));
}

static void
catch_all(const char *link)
{
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, htons(ETH_P_IP)), size = 32 << 20;
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = (int)if_nametoindex(link) };
	struct pollfd fds[2] = { { .fd = fd, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	char line[16];

	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == -1 ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)) == -1)
		err(1, "%s", link);
	for (;;) {
		(void)poll(fds, 2, -1);
		take(fd);
		if (fds[1].revents == 0)
			continue;
		if (read(STDIN_FILENO, line, sizeof(line)) <= 0)
			return;
		tell();
	}
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "send") == 0)
		send_all(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	else if (argc == 3 && strcmp(argv[1], "catch") == 0)
		catch_all(argv[2]);
	else
		errx(2, "usage: probes send SOURCE PERIOD_US | probes catch LINK");
	return 0;
}
