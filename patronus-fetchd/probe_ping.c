/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ICMP echo (RFC 792, RFC 4443) over the kernel's echo sockets, which send and receive nothing else; the identifier is the kernel's.
 * privd opens the two sockets.  An answer is known by the random bytes that it brings back.
 */
#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <event2/event.h>

#include "base/log.h"
#include "ipc/ids.h"
#include "ipc/privcall.h"
#include "place.h"
#include "probe.h"
#include "resolve.h"

#define COOKIE_LEN	16
#define ECHO_LEN	8	/* the header of an echo, in both versions */

struct ping {
	uint8_t		 cookie[COOKIE_LEN];
	struct probe	*probe;
	struct ping	*next;
};

static int		 sockets[2] = { -1, -1 };	/* IPv4, IPv6 */
static struct event	*events[2];
static struct ping	*waiting;

static void
ping_stop(struct probe *p)
{
	struct ping **at, *ping = p->state;

	for (at = &waiting; *at != NULL; at = &(*at)->next)
		if (*at == ping) {
			*at = ping->next;
			break;
		}
	free(ping);
}

static void
on_echo(evutil_socket_t fd, short what, void *arg)
{
	uint8_t packet[512];
	struct ping *ping;
	ssize_t n;

	(void)what;
	(void)arg;
	while ((n = recv(fd, packet, sizeof(packet), MSG_DONTWAIT)) > 0) {
		if (n < ECHO_LEN + COOKIE_LEN || (packet[0] != ICMP_ECHOREPLY && packet[0] != ICMP6_ECHO_REPLY))
			continue;
		for (ping = waiting; ping != NULL; ping = ping->next)
			if (memcmp(ping->cookie, packet + ECHO_LEN, COOKIE_LEN) == 0)
				break;
		if (ping != NULL)
			probe_end(ping->probe, true, "it answers");
	}
}

/*
 * A new identifier, when nobody waits for answers to the old one.  Else the echo would belong to a connection that the firewall tracks
 * already, and pass a ruleset that lets nobody begin one.
 */
static void
identifier_renew(int fd)
{
	static const struct sockaddr nobody = { .sa_family = AF_UNSPEC };

	if (fd != -1 && connect(fd, &nobody, sizeof(nobody)) == -1)
		log_debug("probe", "ping: the identifier stays: %s", strerror(errno));
}

static void
ping_start(struct probe *p, const struct resolved *to)
{
	const struct sockaddr *sa = (const struct sockaddr *)&to->addr[0];
	bool is_v6 = sa->sa_family == AF_INET6;
	uint8_t packet[ECHO_LEN + COOKIE_LEN] = { is_v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO };
	struct ping *ping = calloc(1, sizeof(*ping));

	if (ping == NULL)
		fatalx("probe", "no memory");
	if (waiting == NULL)
		identifier_renew(sockets[is_v6]);
	ping->probe = p;
	ping->next = waiting;
	waiting = ping;
	p->state = ping;
	if (getrandom(ping->cookie, COOKIE_LEN, 0) != COOKIE_LEN)
		fatal("probe", "getrandom");
	memcpy(packet + ECHO_LEN, ping->cookie, COOKIE_LEN);
	if (sockets[is_v6] == -1)
		probe_end(p, false, "this box cannot ping: privd gave no socket for it");
	else if (sendto(sockets[is_v6], packet, sizeof(packet), 0, sa, (socklen_t)place_len(sa)) == -1)
		probe_end(p, false, "%s", strerror(errno));
}

const struct probe_kind_ops probe_ping = { .start = ping_start, .stop = ping_stop };

static int
socket_take(uint8_t slot)
{
	struct sock_open_req req = { .slot = slot };
	struct privcall_error why;
	int fd;

	if (privcall_take_fd(MSG_SOCK_OPEN, &req, &fd, &why) == 0)
		return fd;
	log_warnx("probe", "no socket for pings: %s", why.text);
	return -1;
}

void
probe_ping_open(void)
{
	unsigned i;

	for (i = 0; i < 2; i++) {
		if ((sockets[i] = socket_take(i == 0 ? SOCK_PING4 : SOCK_PING6)) == -1)
			continue;
		events[i] = event_new(probe_base(), sockets[i], EV_READ | EV_PERSIST, on_echo, NULL);
		if (events[i] == NULL || event_add(events[i], NULL) == -1)
			fatalx("probe", "no memory");
	}
}

void
probe_fini(void)
{
	unsigned i;

	for (i = 0; i < 2; i++)
		if (events[i] != NULL)
			event_free(events[i]);
}
