/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sandbox/caps.h"

#include "prove/netns.h"
#include "prove/world.h"

#define RECEIVE_BUFFER	(1 << 20)

static bool
sysctl_set(int sysctl, const char *name, const char *value)
{
	int fd = sysctl != -1 ? openat(sysctl, name, O_WRONLY | O_CLOEXEC) : -1;
	bool is_done = fd != -1 && write(fd, value, 1) == 1;

	if (fd != -1)
		(void)close(fd);
	return is_done;
}

/* IPv4 has this for each link (world.c); IPv6 for all of them only, and no message says it. */
static bool
forward6(int sysctl)
{
	return sysctl_set(sysctl, "net/ipv6/conf/all/forwarding", "1");
}

/* Where there is br_netfilter it shows frames to rules of packets, and cuts them to the length of these, in each new namespace. */
static void
leave_frames_alone(int sysctl)
{
	(void)sysctl_set(sysctl, "net/bridge/bridge-nf-call-iptables", "0");
	(void)sysctl_set(sysctl, "net/bridge/bridge-nf-call-ip6tables", "0");
	(void)sysctl_set(sysctl, "net/bridge/bridge-nf-call-arptables", "0");
}

static int
netlink(int protocol)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), size = RECEIVE_BUFFER;

	/* As much of it as is allowed. */
	if (fd != -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	return fd;
}

static bool
sockets_open(struct world_sockets *s)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int group = NFNLGRP_NFTRACE, one = 1;

	s->route = netlink(NETLINK_ROUTE);
	s->rules = netlink(NETLINK_NETFILTER);
	s->traces = netlink(NETLINK_NETFILTER);
	s->frames = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
	s->own4 = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	s->own6 = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	/*
	 * A new link queues nothing until the kernel's next look at links.  What the kernel says by itself is from number 0, and not told to a socket
	 * that has no other number yet.
	 */
	return s->route != -1 && s->rules != -1 && s->traces != -1 && s->frames != -1 && s->own4 != -1 &&
	    setsockopt(s->frames, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof(one)) == 0 &&
	    bind(s->traces, (struct sockaddr *)&any, sizeof(any)) == 0 &&
	    setsockopt(s->traces, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)) == 0;
}

int
netns_enter(int sysctl, struct world_sockets *ret, const char **ret_what)
{
	static const int keep[] = { CAP_NET_ADMIN, CAP_NET_RAW };
	const unsigned n = sizeof(keep) / sizeof(keep[0]);
	int error = 0;

	*ret_what = "this kernel or container lets no network namespace be made";
	/* Of whoever makes a user namespace the capabilities in it are, and in nothing outside. */
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		error = -errno;
	if (error == 0) {
		*ret_what = "its sockets cannot be opened";
		ret->has_forward6 = forward6(sysctl);
		leave_frames_alone(sysctl);
		error = sockets_open(ret) ? 0 : -errno;
	}
	if (sysctl != -1)
		(void)close(sysctl);
	if (error == 0) {
		*ret_what = "its capabilities cannot be cut";
		error = caps_lock(keep, n);
	}
	return error != 0 ? error : caps_set(keep, n);
}
