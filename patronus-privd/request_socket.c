/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sockets that are made here, confined, and then given away. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "ipc/ids.h"
#include "net/nftwalk.h"
#include "net/nlmsg.h"
#include "listener.h"
#include "peer.h"
#include "request.h"

#define MGMT_SOCKET	"mgmt.sock"	/* in RUN, which is the working directory */
#define MGMT_BACKLOG	64
#define EVENT_RCVBUF	(4 << 20)
#define NFLOG_COPY	128
#define NFLOG_FLUSH	5		/* hundredths of a second: a live log that feels live */
#define NFLOG_BUFFER	65536
#define NFLOG_TRIES	40
#define NFLOG_WAIT_MS	5

/* Only messages of types first..last come through, and the owner cannot change that. */
static int
filter_lock(int fd, uint16_t first, uint16_t last)
{
	/* The header is in host order, BPF loads in network order: compare byte-swapped halves. */
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 5),		/* high byte on little-endian machines */
		BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 8),
		BPF_STMT(BPF_MISC | BPF_TAX, 0),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 4),
		BPF_STMT(BPF_ALU | BPF_OR | BPF_X, 0),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };
	int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog)) == -1 ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)) == -1)
		return -errno;
	return 0;
}

static int
netlink_open(int protocol)
{
	struct sockaddr_nl local = { .nl_family = AF_NETLINK };
	int fd, size = EVENT_RCVBUF, error;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
	if (fd == -1)
		return -errno;
	if (bind(fd, (struct sockaddr *)&local, sizeof(local)) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) == 0)
		return fd;
	error = -errno;
	(void)close(fd);
	return error;
}

static int
groups_join(int fd, const int *groups)
{
	for (; *groups != 0; groups++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, groups, sizeof(*groups)) == -1)
			return -errno;
	return 0;
}

static int
events_open(uint8_t what)
{
	static const int route[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,
	    RTNLGRP_IPV4_RULE, RTNLGRP_IPV6_RULE, RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, 0 };
	static const int nft[] = { NFNLGRP_NFTABLES, 0 };
	bool is_route = what == NL_SUBSCRIBE_ROUTE;
	uint16_t first = is_route ? RTM_BASE : NFNL_SUBSYS_NFTABLES << 8;
	int fd, error;

	fd = netlink_open(is_route ? NETLINK_ROUTE : NETLINK_NETFILTER);
	if (fd < 0)
		return fd;
	error = filter_lock(fd, first, is_route ? RTM_DELNETCONF : first | 0xff);
	if (error == 0)
		error = groups_join(fd, is_route ? route : nft);
	if (error == 0)
		return fd;
	(void)close(fd);
	return error;
}

bool
request_nl_subscribe(struct peer *p, struct message *m, const char **ret_why)
{
	const struct nl_subscribe_req *r = m->body;
	struct nl_subscribe_rep rep = { 0 };
	int fd = events_open(r->what);

	(void)ret_why;
	peer_answer(p, &m->header, fd < 0 ? fd : 0, &rep, fd, "");
	return true;
}

/* --- NFLOG --- */

/* A configuration message about our group; one attribute. */
static int
nflog_configure(int fd, uint16_t attr, const void *value, size_t len)
{
	struct nfgenmsg g = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFTWALK_GROUP) };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct { struct nlmsghdr h; struct nlmsgerr e; uint8_t rest[512]; } answer;
	struct buf b;
	size_t at;
	int error = 0;

	buf_init(&b, 256);
	at = nlmsg_begin(&b, NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, NLM_F_REQUEST | NLM_F_ACK, 1, &g, sizeof(g));
	nlattr_put(&b, attr, value, len);
	nlmsg_end(&b, at);
	if (buf_failed(&b))
		error = -ENOMEM;
	else if (sendto(fd, b.data, b.len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) == -1)
		error = -errno;
	else if (recv(fd, &answer, sizeof(answer), 0) < (ssize_t)(sizeof(answer.h) + sizeof(answer.e.error)))
		error = -EIO;
	buf_fini(&b);
	return error != 0 ? error : answer.h.nlmsg_type == NLMSG_ERROR ? answer.e.error : -EPROTO;
}

/* The kernel frees the group of a fwd that died only when its last reference is gone. */
static int
nflog_bind(int fd)
{
	struct nfulnl_msg_config_cmd cmd = { .command = NFULNL_CFG_CMD_BIND };
	int i, error = -EBUSY;

	for (i = 0; i < NFLOG_TRIES && error == -EBUSY; i++) {
		if (i > 0)
			(void)poll(NULL, 0, NFLOG_WAIT_MS);
		error = nflog_configure(fd, NFULA_CFG_CMD, &cmd, sizeof(cmd));
	}
	return error;
}

static int
nflog_open(void)
{
	struct nfulnl_msg_config_mode mode = { .copy_range = htonl(NFLOG_COPY), .copy_mode = NFULNL_COPY_PACKET };
	uint32_t flush = htonl(NFLOG_FLUSH), buffer = htonl(NFLOG_BUFFER);
	const uint16_t packet = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET, numbered = htons(NFULNL_CFG_F_SEQ);
	int fd, error;

	fd = netlink_open(NETLINK_NETFILTER);
	if (fd < 0)
		return fd;
	if ((error = nflog_bind(fd)) == 0 && (error = nflog_configure(fd, NFULA_CFG_MODE, &mode, sizeof(mode))) == 0 &&
	    (error = nflog_configure(fd, NFULA_CFG_TIMEOUT, &flush, sizeof(flush))) == 0 &&
	    (error = nflog_configure(fd, NFULA_CFG_NLBUFSIZ, &buffer, sizeof(buffer))) == 0 &&
	    (error = nflog_configure(fd, NFULA_CFG_FLAGS, &numbered, sizeof(numbered))) == 0 && (error = filter_lock(fd, packet, packet)) == 0)
		return fd;
	(void)close(fd);
	return error;
}

/* --- the local management socket --- */

static int
mgmt_open(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = MGMT_SOCKET };
	int fd, error;

	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -errno;
	/* Everybody may connect; who it is the kernel tells confd, which decides. */
	if ((unlink(MGMT_SOCKET) == 0 || errno == ENOENT) && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    chmod(MGMT_SOCKET, 0666) == 0 && listen(fd, MGMT_BACKLOG) == 0)
		return fd;
	error = -errno;
	(void)close(fd);
	return error;
}

/* The kernel gives echo sockets to the groups of a range; ours alone, which no process of the box but root's has. */
static int
ping_open(bool is_v6)
{
	int fd = open("/proc/sys/net/ipv4/ping_group_range", O_WRONLY | O_CLOEXEC);

	if (fd == -1 || write(fd, "0 0\n", 4) != 4)
		log_warn("socket", "ping_group_range");
	if (fd != -1)
		(void)close(fd);
	fd = is_v6 ? socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6) :
	    socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMP);
	return fd == -1 ? -errno : fd;
}

bool
request_sock_open(struct peer *p, struct message *m, const char **ret_why)
{
	const struct sock_open_req *r = m->body;
	struct sock_open_rep rep = { 0 };
	int fd = -1, error = 0;

	(void)ret_why;
	if (r->slot == SOCK_WEB_LISTEN)
		error = listener_open(r->port);
	else
		error = fd = r->slot == SOCK_NFLOG ? nflog_open() : r->slot == SOCK_MGMT_LISTEN ? mgmt_open() :
		    ping_open(r->slot == SOCK_PING6);
	peer_answer(p, &m->header, error < 0 ? error : 0, &rep, fd, "");
	return true;
}
