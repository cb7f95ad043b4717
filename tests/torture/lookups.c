/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the routes of this network namespace answer, all the time: lookups of the addresses on standard input, one a line, until that is closed.
 *
 * All addresses of a family are asked in one sendmsg(2), which takes some ten microseconds; a line is written when the answers are others than
 * before:
 *
 *	FAMILY MICROSECONDS PASSES ANSWER...		"-" for no way, else the link's index and the next hop in hex
 *
 * The kernel says "network unreachable" of IPv6 also when the route that it found was removed before it wrote the answer (inet6_rtm_getroute).  So
 * whether there is a way is asked by connect(2), which looks it up as a packet does, in each pass and of each address; an answer to RTM_GETROUTE
 * that says otherwise is asked for again.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define PROBES_MAX	256
#define ANSWER_MAX	48

struct question {
	struct nlmsghdr	h;
	struct rtmsg	rt;
	struct nlattr	a;
	uint8_t		to[16];
};

struct family {
	uint8_t		af;
	uint8_t		batch[PROBES_MAX * sizeof(struct question)];
	size_t		len;
	unsigned	n;
	unsigned long	passes;
	struct sockaddr_in6 to[PROBES_MAX];	/* IPv6 alone */
	bool		is_lost[PROBES_MAX];	/* connect(2) found no way in this pass */
	char		now[PROBES_MAX][ANSWER_MAX];
	char		before[PROBES_MAX][ANSWER_MAX];
};

static unsigned long n_doubtful;	/* answers "network unreachable" where connect(2) had a way */

static struct family families[] = { { .af = AF_INET }, { .af = AF_INET6 } };

static void
add(struct family *f, const char *text)
{
	uint32_t len = f->af == AF_INET ? 4 : 16;
	struct question q = { .h = { .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST, .nlmsg_seq = f->n },
	    .rt = { .rtm_family = f->af, .rtm_dst_len = (uint8_t)(8 * len) },
	    .a = { .nla_type = RTA_DST, .nla_len = (uint16_t)(sizeof(q.a) + len) } };

	if (f->n == PROBES_MAX || inet_pton(f->af, text, q.to) != 1)
		errx(2, "%s: not an address, or too many", text);
	q.h.nlmsg_len = (uint32_t)(sizeof(q) - sizeof(q.to) + len);
	memcpy(f->batch + f->len, &q, q.h.nlmsg_len);
	f->to[f->n] = (struct sockaddr_in6){ .sin6_family = AF_INET6, .sin6_port = htons(9) };
	memcpy(&f->to[f->n].sin6_addr, q.to, sizeof(q.to));
	f->len += q.h.nlmsg_len;
	f->n++;
}

static void
keep(struct family *f, const struct nlmsghdr *h)
{
	const struct rtmsg *rt = NLMSG_DATA(h);
	const struct rtattr *a = RTM_RTA(rt);
	int left = (int)RTM_PAYLOAD(h), oif = 0;
	char *to = f->now[h->nlmsg_seq], via[33] = "";
	unsigned i;

	if (h->nlmsg_type == NLMSG_ERROR || rt->rtm_type != RTN_UNICAST) {
		(void)snprintf(to, ANSWER_MAX, "-");
		return;
	}
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == RTA_OIF)
			memcpy(&oif, RTA_DATA(a), sizeof(oif));
		else if (a->rta_type == RTA_GATEWAY)
			for (i = 0; i < RTA_PAYLOAD(a) && i < 16; i++)
				(void)snprintf(via + 2 * i, 3, "%02x", ((const uint8_t *)RTA_DATA(a))[i]);
	(void)snprintf(to, ANSWER_MAX, "%d/%s", oif, via);
}

static bool
is_network_unreachable(const struct nlmsghdr *h)
{
	return h->nlmsg_type == NLMSG_ERROR && ((const struct nlmsgerr *)NLMSG_DATA(h))->error == -ENETUNREACH;
}

/* As a packet would: nothing is sent.  How many addresses have no way now. */
static unsigned
connect_all(int udp, struct family *f)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };
	unsigned i, n;

	for (i = n = 0; i < f->n; i++) {
		f->is_lost[i] = connect(udp, (const struct sockaddr *)&f->to[i], sizeof(f->to[i])) == -1;
		if (f->is_lost[i] && errno != ENETUNREACH && errno != EHOSTUNREACH)
			err(1, "connect");
		n += f->is_lost[i];
		if (connect(udp, &nobody, sizeof(nobody)) == -1)
			err(1, "connect to nobody");
	}
	return n;
}

/* Whether the pass counts. */
static bool
pass(int fd, struct family *f)
{
	static uint8_t data[1 << 16] __attribute__((aligned(8)));
	bool is_doubtful = false;
	const struct nlmsghdr *h;
	unsigned left = f->n;
	ssize_t n;

	if (send(fd, f->batch, f->len, 0) == -1)
		err(1, "send");
	while (left > 0) {
		n = recv(fd, data, sizeof(data), 0);
		if (n == -1)
			err(1, "recv");
		for (h = (const struct nlmsghdr *)data; NLMSG_OK(h, (size_t)n) && left > 0; h = NLMSG_NEXT(h, n), left--)
			if (h->nlmsg_seq < f->n) {
				keep(f, h);
				is_doubtful = is_doubtful || (f->af == AF_INET6 && is_network_unreachable(h));
			}
	}
	return !is_doubtful;
}

/* What connect(2) found counts, whatever else is said. */
static void
pass_v6(int fd, int udp, struct family *f)
{
	unsigned i;

	while (connect_all(udp, f) == 0)
		if (pass(fd, f))
			return;
		else
			n_doubtful++;
	(void)pass(fd, f);
	for (i = 0; i < f->n; i++)
		if (f->is_lost[i])
			(void)snprintf(f->now[i], ANSWER_MAX, "-");
}

static void
look(int fd, int udp, struct family *f)
{
	struct timespec ts;
	unsigned i;

	if (f->n == 0)
		return;
	if (f->af == AF_INET)
		(void)pass(fd, f);
	else
		pass_v6(fd, udp, f);
	f->passes++;
	if (memcmp(f->now, f->before, sizeof(f->now)) == 0)
		return;
	memcpy(f->before, f->now, sizeof(f->now));
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	(void)printf("%d %lld %lu", f->af == AF_INET ? 4 : 6, (long long)ts.tv_sec * 1000000 + ts.tv_nsec / 1000, f->passes);
	for (i = 0; i < f->n; i++)
		(void)printf(" %s", f->now[i]);
	(void)printf("\n");
	(void)fflush(stdout);
}

int
main(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	int fd, udp, size = 8 << 20;
	char line[128];

	/* The list ends with an empty line: what follows is silence, until the end. */
	while (fgets(line, sizeof(line), stdin) != NULL && line[0] != '\n') {
		line[strcspn(line, "\n")] = '\0';
		add(&families[strchr(line, ':') != NULL], line);
	}
	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == -1)
		err(1, "netlink");
	if ((udp = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1)
		err(1, "socket");
	while (poll(&in, 1, 0) == 0) {
		look(fd, udp, &families[0]);
		look(fd, udp, &families[1]);
	}
	(void)printf("0 0 %lu %lu\n", families[0].passes + families[1].passes, n_doubtful);
	return 0;
}
