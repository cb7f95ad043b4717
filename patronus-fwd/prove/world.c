/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/in.h>
#include <linux/netfilter.h>	/* behind the C library's */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/msg.h"

#include "prove/links.h"
#include "prove/ruleset.h"
#include "prove/world.h"

#define FRAMES_MAX	32
#define FRAME_MAX	2048
#define TRACES_MAX	(1u << 20)
#define RULES_MAX	(32u << 20)
#define QUIET_MS	60	/* a packet is where it goes when the call that sends it returns, but for an answer that waits for its turn */
#define LOOK_MS		2000

/* What the answer points to. */
static struct {
	struct prove_frame	 frames[FRAMES_MAX];
	uint8_t			 bytes[FRAMES_MAX][FRAME_MAX];
	struct buf		 traces;
	struct buf		 rules;
	char			 error[256];
} out;

static bool
is_bridged(const struct prove_req *q)
{
	return q->bridge[0] != '\0';
}

static bool
is_v4(const struct prove_req *q)
{
	return q->packet.data[0] >> 4 == 4;
}

/* --- sending */

static int
send_in(int fd, const struct prove_req *q)
{
	union {
		struct cmsghdr	align;
		char		space[CMSG_SPACE(sizeof(uint32_t))];
	} control = { .space = { 0 } };
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = PEER_INDEX(q->in), .sll_protocol = htons(is_v4(q) ? ETH_P_IP : ETH_P_IPV6),
	    .sll_halen = MAC_LEN };
	struct ethhdr head = { .h_proto = to.sll_protocol };
	struct iovec iov[2] = { { &head, sizeof(head) }, { (void *)(uintptr_t)q->packet.data, q->packet.len } };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *c = &control.align;

	link_mac(q->in, head.h_dest);
	memcpy(head.h_source, far_mac, sizeof(head.h_source));
	if (q->mark != 0) {
		m.msg_control = control.space;
		m.msg_controllen = sizeof(control.space);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SO_MARK;
		c->cmsg_len = CMSG_LEN(sizeof(q->mark));
		memcpy(CMSG_DATA(c), &q->mark, sizeof(q->mark));
	}
	return sendmsg(fd, &m, 0) == -1 ? -errno : 0;
}

/* It has its header already. */
static int
send_frame(int fd, const struct prove_req *q)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = PEER_INDEX(q->in), .sll_halen = MAC_LEN,
	    .sll_protocol = htons((uint16_t)(q->packet.data[12] << 8 | q->packet.data[13])) };
	struct iovec iov = { (void *)(uintptr_t)q->packet.data, q->packet.len };
	struct msghdr m = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &iov, .msg_iovlen = 1 };

	return sendmsg(fd, &m, 0) == -1 ? -errno : 0;
}

/* EPERM: rules drop it on its way out. */
static int
send_own(const struct world_sockets *s, const struct prove_req *q)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };
	struct iovec iov = { (void *)(uintptr_t)q->packet.data, q->packet.len };
	struct msghdr m = { .msg_name = &sin6, .msg_namelen = sizeof(sin6), .msg_iov = &iov, .msg_iovlen = 1 };

	if (is_v4(q)) {
		memcpy(&sin.sin_addr, q->packet.data + 16, sizeof(sin.sin_addr));
		m.msg_name = &sin;
		m.msg_namelen = sizeof(sin);
	} else {
		memcpy(&sin6.sin6_addr, q->packet.data + 24, sizeof(sin6.sin6_addr));
	}
	return sendmsg(is_v4(q) ? s->own4 : s->own6, &m, 0) == -1 && errno != EPERM ? -errno : 0;
}

/* --- what comes of it */

static void
take_frame(int fd, bool is_any, struct prove_rep *rep)
{
	uint8_t data[sizeof(struct ethhdr) + FRAME_MAX];
	struct sockaddr_ll from = { .sll_family = AF_PACKET };
	struct prove_frame *f = &out.frames[rep->frames.n];
	socklen_t len = sizeof(from);
	ssize_t n = recvfrom(fd, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&from, &len);
	uint16_t protocol = ntohs(from.sll_protocol);

	/* What a link sends its peer gets. */
	if (n <= (ssize_t)sizeof(struct ethhdr) || from.sll_pkttype == PACKET_OUTGOING || (!is_any && protocol != ETH_P_IP && protocol != ETH_P_IPV6) ||
	    rep->frames.n == FRAMES_MAX || (from.sll_ifindex != 1 && from.sll_ifindex <= PEER_INDEX(0)))
		return;
	f->link = from.sll_ifindex == 1 ? 0 : (uint8_t)(from.sll_ifindex - PEER_INDEX(0));
	f->packet.len = (uint32_t)((size_t)n - sizeof(struct ethhdr));
	f->packet.data = memcpy(out.bytes[rep->frames.n], data + sizeof(struct ethhdr), f->packet.len);
	rep->frames.n++;
}

static void
take_traces(int fd)
{
	static uint8_t data[1 << 16];
	ssize_t n = recv(fd, data, sizeof(data), MSG_DONTWAIT);

	if (n > 0)
		buf_put(&out.traces, data, (size_t)n);
}

static void
look(const struct world_sockets *s, bool is_any, struct prove_rep *rep)
{
	struct pollfd p[2] = { { .fd = s->traces, .events = POLLIN }, { .fd = s->frames, .events = POLLIN } };
	uint64_t until = clock_mono_ms() + LOOK_MS;

	while (clock_mono_ms() < until && poll(p, 2, QUIET_MS) > 0) {
		if (p[0].revents != 0)
			take_traces(s->traces);
		if (p[1].revents != 0)
			take_frame(s->frames, is_any, rep);
	}
}

/* --- */

static const char *
run(const struct world_sockets *s, const struct prove_req *q, struct prove_rep *rep, int *ret_error)
{
	const uint8_t family = is_bridged(q) ? NFPROTO_BRIDGE : NFPROTO_INET;

	if (q->packet.len < 28 || q->in > q->links.n || (is_bridged(q) && q->in == 0))
		return *ret_error = -EINVAL, "the question is none";
	if (!is_bridged(q) && !is_v4(q) && (s->own6 == -1 || !s->has_forward6))
		return *ret_error = -EAFNOSUPPORT, "no IPv6 can be had here";
	if ((*ret_error = links_make(s->route, q)) != 0)
		return "the links cannot be made";
	if ((*ret_error = ruleset_load(s->rules, &q->ruleset)) != 0)
		return "the ruleset cannot be loaded";
	if ((*ret_error = ruleset_dump(s->rules, family, &out.rules)) != 0)
		return "the rules cannot be read";
	if ((*ret_error = ruleset_trace(s->rules, family)) != 0)
		return "packets cannot be traced";
	if ((*ret_error = is_bridged(q) ? send_frame(s->frames, q) : q->in != 0 ? send_in(s->frames, q) : send_own(s, q)) != 0)
		return "the packet cannot be sent";
	look(s, is_bridged(q), rep);
	return NULL;
}

void
world_run(const struct world_sockets *s, const struct prove_req *q, struct prove_rep *rep)
{
	const char *what;
	int error = 0;

	buf_init(&out.traces, TRACES_MAX);
	buf_init(&out.rules, RULES_MAX);
	rep->frames.items = out.frames;
	what = run(s, q, rep, &error);
	if (what != NULL)
		(void)snprintf(out.error, sizeof(out.error), "%s: %s", what, strerror(-error));
	rep->error = out.error;
	rep->traces = (struct bytes){ out.traces.data, (uint32_t)out.traces.len };
	rep->rules = (struct bytes){ out.rules.data, (uint32_t)out.rules.len };
}
