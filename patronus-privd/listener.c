/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "ipc/msg.h"
#include "child.h"
#include "listener.h"

#define ACTIVATION_FIRST	3
#define ACTIVATION_MAX		32
#define BACKLOG			1024

static struct {
	int		fd;
	uint16_t	port;
} slots[SOCK_SLOT_MAX] = { [0 ... SOCK_SLOT_MAX - 1] = { -1, 0 } };

static void
slot_set(unsigned slot, int fd, uint16_t port)
{
	struct child *httpd = child_ready(ROLE_HTTPD);
	struct listener_req req = { .slot = (uint8_t)slot, .port = port };

	if (slots[slot].fd != -1)
		(void)close(slots[slot].fd);
	slots[slot].fd = fd;
	slots[slot].port = port;
	if (httpd != NULL)
		(void)peer_notify(&httpd->peer, MSG_LISTENER, &req, fd);
}

void
listener_give(struct child *httpd)
{
	struct listener_req req;
	unsigned i;

	for (i = 0; i < SOCK_SLOT_MAX; i++) {
		req = (struct listener_req){ .slot = (uint8_t)i, .port = slots[i].port };
		if (slots[i].fd != -1)
			(void)peer_notify(&httpd->peer, MSG_LISTENER, &req, slots[i].fd);
	}
}

/* --- opening --- */

static int
socket_listen(const struct sockaddr *addr, socklen_t len)
{
	int fd, on = 1, off = 0, error;

	fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -errno;
	/* Accepted connections inherit TCP_NODELAY: httpd need not ask for it each time. */
	if ((addr->sa_family != AF_INET6 || setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)) == 0) &&
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == 0 &&
	    bind(fd, addr, len) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = -errno;
	(void)close(fd);
	return error;
}

int
listener_open(uint16_t port)
{
	struct sockaddr_in6 any6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in any4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd;

	if (slots[SOCK_WEB_LISTEN].fd != -1 && slots[SOCK_WEB_LISTEN].port == port)
		return 0;
	fd = socket_listen((struct sockaddr *)&any6, sizeof(any6));
	if (fd < 0 && fd != -EADDRINUSE)
		fd = socket_listen((struct sockaddr *)&any4, sizeof(any4));	/* a box without IPv6 */
	if (fd < 0)
		return fd;
	slot_set(SOCK_WEB_LISTEN, fd, port);
	return 0;
}

/* --- socket activation --- */

static uint16_t
port_of(int fd)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int type = 0, is_listening = 0;
	socklen_t int_len = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &int_len) == -1 || type != SOCK_STREAM ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &int_len) == -1 || !is_listening ||
	    getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return 0;
	if (ss.ss_family == AF_INET)
		return ntohs(((struct sockaddr_in *)&ss)->sin_port);
	return ss.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&ss)->sin6_port) : 0;
}

static void
activation_take(int fd, const char *name, size_t name_len)
{
	uint16_t port = port_of(fd);
	int on = 1;

	if (name_len != 3 || strncmp(name, "web", 3) != 0 || port == 0 || slots[SOCK_WEB_ACTIVATED].fd != -1) {
		log_warnx("listener", "descriptor %d of the socket activation is not a web listener", fd);
		(void)close(fd);
		return;
	}
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) == -1 || fcntl(fd, F_SETFL, O_NONBLOCK) == -1 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) == -1)
		log_warn("listener", "descriptor %d", fd);
	log_info("listener", "web listener on port %u was handed in", port);
	slot_set(SOCK_WEB_ACTIVATED, fd, port);
}

void
listener_activate(void)
{
	const char *fds = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID"), *name = getenv("LISTEN_FDNAMES");
	uint64_t n, for_pid;
	size_t len;
	uint64_t i;

	if (fds == NULL || pid == NULL || str_u64(fds, 1, ACTIVATION_MAX, &n) != 0 ||
	    str_u64(pid, 1, INT32_MAX, &for_pid) != 0 || (pid_t)for_pid != getpid())
		return;
	if (name == NULL)
		name = "";
	for (i = 0; i < n; i++) {
		len = strcspn(name, ":");
		activation_take(ACTIVATION_FIRST + (int)i, name, len);
		name += len;
		if (*name == ':')
			name++;
	}
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDNAMES");
}
