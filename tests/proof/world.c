/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wire.h"
#include "world.h"

#define SETTLE_US	1000000

static void
set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, value, strlen(value)) == -1)
		err(1, "%s", path);
	(void)close(fd);
}

/* Answers are not rationed, and nobody but the test sends. */
static void
quiet(void)
{
	set("/proc/sys/net/ipv4/ip_forward", "1");
	set("/proc/sys/net/ipv6/conf/all/forwarding", "1");
	set("/proc/sys/net/ipv4/conf/all/rp_filter", "0");
	set("/proc/sys/net/ipv4/conf/default/rp_filter", "0");
	set("/proc/sys/net/ipv4/conf/all/send_redirects", "0");
	set("/proc/sys/net/ipv4/conf/default/send_redirects", "0");
	set("/proc/sys/net/ipv4/icmp_ratemask", "0");
	set("/proc/sys/net/netfilter/nf_conntrack_checksum", "0");	/* of SCTP, which is not made here */
	set("/proc/sys/net/ipv6/icmp/ratelimit", "0");
	set("/proc/sys/net/ipv6/icmp/ratemask", "2");	/* the other errors are not counted together either */
	set("/proc/sys/net/ipv6/conf/default/addr_gen_mode", "1");
	set("/proc/sys/net/ipv6/conf/default/accept_dad", "0");
	set("/proc/sys/net/ipv6/conf/default/mldv2_unsolicited_report_interval", "1");
}

static int
tun_open(unsigned n)
{
	struct ifreq r;
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	memset(&r, 0, sizeof(r));
	(void)snprintf(r.ifr_name, sizeof(r.ifr_name), "eth%u", n);
	r.ifr_flags = IFF_TUN | IFF_NO_PI | IFF_VNET_HDR;
	if (fd == -1 || ioctl(fd, TUNSETIFF, &r) != 0)
		err(1, "tun");
	return fd;
}

void
world_ip(const char *batch, int len)
{
	int pipes[2], status;
	pid_t pid;

	if (pipe(pipes) != 0 || (pid = fork()) == -1)
		err(1, "fork");
	if (pid == 0) {
		(void)dup2(pipes[0], 0);
		(void)close(pipes[1]);
		(void)execlp("ip", "ip", "-batch", "-", (char *)NULL);
		_exit(127);
	}
	(void)close(pipes[0]);
	if (write(pipes[1], batch, (size_t)len) != len || close(pipes[1]) != 0 || waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "ip -batch");
}

static void
routes(void)
{
	char text[4096];
	unsigned i;
	int n = 0;

	for (i = 0; i < RANDOM_INTERFACES; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "link set eth%u up txqueuelen 4096\nroute add 192.0.2.%u/28 dev eth%u\n"
		    "route add 2001:db8::%02x/124 dev eth%u\n", i, 16 * i, i, 16 * i, i);
	for (i = 0; i < RANDOM_HOSTS; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "addr add 192.0.2.%u/32 dev lo\naddr add 2001:db8::%02x/128 dev lo nodad\n",
		    16 * RANDOM_BOX + 1 + i, 16 * RANDOM_BOX + 1 + i);
	world_ip(text, n);
}

static void
raw_open(struct world *w, int family, int protocol)
{
	int fd = socket(family, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol), size = 4 << 20;

	if (fd == -1 || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		err(1, "raw socket %d", protocol);
	w->raw[w->n_raw++] = fd;
}

int
world_open(struct world *w)
{
	static const int protocols[] = { IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_GRE, IPPROTO_ESP };
	unsigned i;

	memset(w, 0, sizeof(*w));
	if (access("/dev/net/tun", R_OK | W_OK) != 0 || nft_kernel_namespace() != 0 || nft_kernel_open(&w->kernel) != 0)
		return 77;
	quiet();
	for (i = 0; i < RANDOM_INTERFACES; i++)
		w->tuns[i] = tun_open(i);
	routes();
	/* New links send multicast reports, which would be counted, and new addresses are not in force at once. */
	(void)usleep(SETTLE_US);
	for (i = 0; i < sizeof(protocols) / sizeof(protocols[0]); i++) {
		raw_open(w, AF_INET, protocols[i]);
		raw_open(w, AF_INET6, protocols[i]);
	}
	raw_open(w, AF_INET, IPPROTO_ICMP);
	raw_open(w, AF_INET6, IPPROTO_ICMPV6);
	w->sender4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	w->sender6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	w->flusher = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (w->sender4 == -1 || w->sender6 == -1 || w->flusher == -1)
		err(1, "socket");
	return 0;
}

static void
send_own(const struct world *w, const struct packet *k, const uint8_t *data, size_t len)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	ssize_t n;

	memcpy(&sin.sin_addr, k->destination.bytes, 4);
	memcpy(&sin6.sin6_addr, k->destination.bytes, 16);
	if (k->source.family == ADDR_V4)
		n = sendto(w->sender4, data, len, 0, (struct sockaddr *)&sin, sizeof(sin));
	else
		n = sendto(w->sender6, data, len, 0, (struct sockaddr *)&sin6, sizeof(sin6));
	/* A packet that is dropped on its way out is an error to its sender. */
	if (n == -1 && errno != EPERM)
		err(1, "sending a packet of the box");
}

/*
 * A driver would have checked the checksum, or the kernel's GRO.  The synproxy of nftables depends on that with IPv6: it checks what is left
 * to it as if it were IPv4 (nft_synproxy_do_eval()).
 */
static void
send_to(int tun, const struct packet *k, const uint8_t *data, size_t len)
{
	const bool is_checked = k->protocol == IPPROTO_TCP && k->source.family == ADDR_V6;
	struct virtio_net_hdr h = { .flags = is_checked ? VIRTIO_NET_HDR_F_NEEDS_CSUM : 0, .csum_start = is_checked ? 40 : 0,
	    .csum_offset = is_checked ? 16 : 0 };
	struct iovec v[] = { { &h, sizeof(h) }, { (void *)data, len } };

	if (writev(tun, v, 2) != (ssize_t)(sizeof(h) + len))
		err(1, "sending a packet");
}

uint32_t
world_send(const struct world *w, const struct packet *k, uint32_t number)
{
	uint8_t data[WIRE_MAX];
	size_t len = wire_build(k, number, data);

	if (k->in == 0)
		send_own(w, k, data, len);
	else
		send_to(w->tuns[k->in - 1], k, data, len);
	return (uint32_t)len;
}

static void
collect_tun(int fd, uint32_t tun, struct sighting *s, uint32_t n)
{
	const size_t head = sizeof(struct virtio_net_hdr);
	uint8_t data[2048];
	uint32_t number;
	ssize_t len;

	while ((len = read(fd, data, sizeof(data))) > (ssize_t)head) {
		switch (wire_read(data + head, (size_t)len - head, &number)) {
		case WIRE_ITSELF:
			if (number < n) {
				s[number].out = tun + 1;
				s[number].is_out = true;
			}
			break;
		case WIRE_REFUSED:
			if (number < n)
				s[number].is_refused = true;
			break;
		case WIRE_ANSWERED:
			if (number < n)
				s[number].is_answered = true;
			break;
		case WIRE_OTHER:
			break;
		}
	}
}

void
world_collect(const struct world *w, struct sighting *s, uint32_t n)
{
	uint8_t data[2048];
	uint32_t number, i;
	ssize_t len;

	for (i = 0; i < RANDOM_INTERFACES; i++)
		collect_tun(w->tuns[i], i, s, n);
	for (i = 0; i < w->n_raw; i++) {
		while ((len = recv(w->raw[i], data, sizeof(data), 0)) > 0) {
			number = wire_number(data, (size_t)len);
			if (number < n)
				s[number].is_delivered = true;
		}
	}
}

void
world_forget(const struct world *w)
{
	struct {
		struct nlmsghdr	h;
		struct nfgenmsg	g;
	} m = { .h = { .nlmsg_len = sizeof(m), .nlmsg_type = NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE,
	    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK } };
	uint8_t reply[256];

	if (send(w->flusher, &m, sizeof(m), 0) == -1 || recv(w->flusher, reply, sizeof(reply), 0) == -1)
		err(1, "flushing connections");
}
