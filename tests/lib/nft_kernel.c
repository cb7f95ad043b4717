/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "ipc/ids.h"
#include "net/nftwalk.h"
#include "net/nl.h"
#include "net/nlmsg.h"

#include "nft_kernel.h"

#define SOCKET_BUFFER	(256 << 20)

struct batch_edge {
	struct nlmsghdr		 h;
	struct nfgenmsg		 g;
	struct nlattr		 a;
	uint32_t		 generation;
};

int
nft_kernel_namespace(void)
{
	struct ifreq ifr = { .ifr_name = "lo" };
	int fd, r;

	if (unshare(CLONE_NEWNET) != 0)
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd == -1)
		return -errno;
	ifr.ifr_flags = IFF_UP;
	r = ioctl(fd, SIOCSIFFLAGS, &ifr) != 0 ? -errno : 0;
	(void)close(fd);
	return r;
}

int
nft_kernel_open(struct nft_kernel *k)
{
	int size = SOCKET_BUFFER, one = 1;

	memset(k, 0, sizeof(*k));
	k->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	if (k->fd == -1)
		return -errno;
	if (setsockopt(k->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) != 0 ||
	    setsockopt(k->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0 ||
	    setsockopt(k->fd, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one)) != 0 ||
	    setsockopt(k->fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one)) != 0)
		return -errno;
	return 0;
}

void
nft_kernel_close(struct nft_kernel *k)
{
	(void)close(k->fd);
}

static void
edge(struct batch_edge *e, uint16_t type, uint32_t seq, uint32_t generation)
{
	memset(e, 0, sizeof(*e));
	e->h.nlmsg_len = generation != 0 ? sizeof(*e) : NLMSG_LENGTH(sizeof(e->g));
	e->h.nlmsg_type = type;
	e->h.nlmsg_flags = NLM_F_REQUEST;
	e->h.nlmsg_seq = seq;
	e->g.res_id = htons(NFNL_SUBSYS_NFTABLES);
	e->a.nla_len = NLA_HDRLEN + sizeof(uint32_t);
	e->a.nla_type = NFNL_BATCH_GENID;
	e->generation = htonl(generation);
}

/* Sequence numbers tell which message an answer is about. */
static void
number(uint8_t *data, size_t len, uint32_t first, bool echo)
{
	struct nlmsghdr h;
	size_t at;

	for (at = 0; len - at >= sizeof(h); at += NLMSG_ALIGN(h.nlmsg_len)) {
		memcpy(&h, data + at, sizeof(h));
		h.nlmsg_seq = first++;
		if (echo && h.nlmsg_type == (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE))
			h.nlmsg_flags |= NLM_F_ECHO;
		memcpy(data + at, &h, sizeof(h));
	}
}

static uint32_t
offset_in(const struct nlmsghdr *h)
{
	struct nl_reader r;
	struct nl_msg m;

	nlmsg_reader_init(&r, (const uint8_t *)h, h->nlmsg_len);
	return nlmsg_next(&r, &m) == 1 ? nl_offset(&m) : 0;
}

/* The first error, whatever else was answered. */
static int
read_answers(struct nft_kernel *k, uint32_t first, struct buf *replies)
{
	static uint8_t data[1 << 20];
	const struct nlmsghdr *h;
	const struct nlmsgerr *e;
	ssize_t n;
	int result;
	unsigned left;

	result = 0;
	while ((n = recv(k->fd, data, sizeof(data), MSG_DONTWAIT)) > 0) {
		left = (unsigned)n;
		for (h = (const void *)data; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_ERROR) {
				e = NLMSG_DATA(h);
				if (e->error != 0 && result == 0) {
					result = e->error;
					k->n_refused = e->msg.nlmsg_seq - first;
					k->at = offset_in(h);
					k->reason = strerror(-e->error);
				}
			} else if (replies != NULL) {
				buf_put(replies, h, NLMSG_ALIGN(h->nlmsg_len));
			}
		}
	}
	return n == -1 && errno != EAGAIN ? -errno : result;
}

int
nft_kernel_batch(struct nft_kernel *k, const void *messages, size_t len, uint32_t generation, bool echo, struct buf *replies)
{
	struct batch_edge first, last;
	struct refusal refusal;
	struct iovec iov[3];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 3 };
	struct buf copy;
	uint32_t n;
	int r;

	k->n_refused = 0;
	k->at = 0;
	k->reason = NULL;
	if (nftwalk_batch(messages, len, &n, &refusal) != 0) {
		k->n_refused = refusal.message;
		k->reason = refusal.reason;
		return -EPERM;
	}
	buf_init(&copy, 0);
	buf_put(&copy, messages, len);
	k->seq += 16;
	edge(&first, NFNL_MSG_BATCH_BEGIN, k->seq, generation);
	number(copy.data, copy.len, k->seq + 1, echo);
	edge(&last, NFNL_MSG_BATCH_END, k->seq + n + 1, 0);
	iov[0] = (struct iovec){ &first, first.h.nlmsg_len };
	iov[1] = (struct iovec){ copy.data, copy.len };
	iov[2] = (struct iovec){ &last, last.h.nlmsg_len };
	r = sendmsg(k->fd, &m, 0) == -1 ? -errno : 0;
	buf_fini(&copy);
	if (r == 0)
		r = read_answers(k, k->seq + 1, replies);
	k->seq += n + 1;
	return r;
}

uint32_t
nft_kernel_offset(const void *messages, size_t len, uint32_t n)
{
	struct nlmsghdr h;
	size_t at;

	for (at = 0; n > 0 && len - at >= sizeof(h); n--) {
		memcpy(&h, (const uint8_t *)messages + at, sizeof(h));
		at += NLMSG_ALIGN(h.nlmsg_len);
	}
	return (uint32_t)at;
}

static int
request(struct nft_kernel *k, int fd, uint16_t type, uint16_t flags, uint8_t family, struct buf *ret)
{
	static uint8_t data[1 << 20];
	struct {
		struct nlmsghdr	 h;
		struct ifinfomsg g;
	} q;
	const struct nlmsghdr *h;
	unsigned left;
	ssize_t n;

	memset(&q, 0, sizeof(q));
	q.h.nlmsg_len = type == RTM_GETLINK ? sizeof(q) : NLMSG_LENGTH(sizeof(struct nfgenmsg));
	q.h.nlmsg_type = type;
	q.h.nlmsg_flags = NLM_F_REQUEST | flags;
	q.h.nlmsg_seq = ++k->seq;
	q.g.ifi_family = family;
	if (send(fd, &q, q.h.nlmsg_len, 0) == -1)
		return -errno;
	for (;;) {
		n = recv(fd, data, sizeof(data), 0);
		if (n <= 0)
			return n == 0 ? -EPIPE : -errno;
		left = (unsigned)n;
		for (h = (const void *)data; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type == NLMSG_DONE)
				return 0;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
			buf_put(ret, h, NLMSG_ALIGN(h->nlmsg_len));
			if ((flags & NLM_F_DUMP) == 0)
				return 0;
		}
	}
}

uint32_t
nft_kernel_generation(struct nft_kernel *k)
{
	const struct nlmsghdr *h;
	const struct nlattr *a;
	struct buf b;
	uint32_t generation;

	buf_init(&b, 0);
	generation = 0;
	if (request(k, k->fd, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN, 0, AF_UNSPEC, &b) == 0) {
		h = (const void *)b.data;
		a = (const void *)((const uint8_t *)NLMSG_DATA(h) + NLMSG_ALIGN(sizeof(struct nfgenmsg)));
		if (a->nla_type == NFTA_GEN_ID) {
			memcpy(&generation, (const uint8_t *)a + NLA_HDRLEN, sizeof(generation));
			generation = ntohl(generation);
		}
	}
	buf_fini(&b);
	return generation;
}

static int
dump_links(struct nft_kernel *k, struct buf *ret)
{
	int fd, r;

	fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (fd == -1)
		return -errno;
	r = request(k, fd, RTM_GETLINK, NLM_F_DUMP, AF_UNSPEC, ret);
	(void)close(fd);
	return r;
}

/* Elements are dumped set by set; as the parent does, without sets that were given a size. */
static bool
is_large(const struct nlmsghdr *set)
{
	const struct nlattr *a, *size;
	size_t off;

	for (off = NLMSG_LENGTH(sizeof(struct nfgenmsg)); off + NLA_HDRLEN <= set->nlmsg_len; off += NLA_ALIGN(a->nla_len)) {
		a = (const void *)((const uint8_t *)set + off);
		size = (const void *)((const uint8_t *)a + NLA_HDRLEN);
		if ((a->nla_type & NLA_TYPE_MASK) == NFTA_SET_DESC && a->nla_len > 2 * NLA_HDRLEN)
			return size->nla_type == NFTA_SET_DESC_SIZE;
	}
	return false;
}

static int
dump_elems(struct nft_kernel *k, struct buf *ret)
{
	uint8_t q[512];
	struct nlmsghdr *h;
	struct nfgenmsg *g;
	const struct nlmsghdr *s;
	const struct nlattr *a;
	struct buf sets;
	size_t at, off;
	int r;

	buf_init(&sets, 0);
	r = nft_kernel_dump(k, NL_DUMP_NFT_SETS, &sets);
	for (at = 0; r == 0 && at < sets.len; at += NLMSG_ALIGN(s->nlmsg_len)) {
		s = (const void *)(sets.data + at);
		if (is_large(s) || (s->nlmsg_type & 0xff) != NFT_MSG_NEWSET)
			continue;
		memset(q, 0, sizeof(q));
		h = (void *)q;
		g = NLMSG_DATA(h);
		h->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSETELEM;
		h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
		h->nlmsg_seq = ++k->seq;
		h->nlmsg_len = NLMSG_LENGTH(sizeof(*g));
		g->nfgen_family = ((const struct nfgenmsg *)NLMSG_DATA(s))->nfgen_family;
		for (off = NLMSG_LENGTH(sizeof(*g)); off + NLA_HDRLEN <= s->nlmsg_len; off += NLA_ALIGN(a->nla_len)) {
			a = (const void *)((const uint8_t *)s + off);
			if (a->nla_type != NFTA_SET_TABLE && a->nla_type != NFTA_SET_NAME)
				continue;
			memcpy(q + h->nlmsg_len, a, a->nla_len);
			h->nlmsg_len += NLA_ALIGN(a->nla_len);
		}
		if (send(k->fd, q, h->nlmsg_len, 0) == -1) {
			r = -errno;
			break;
		}
		for (bool done = false; r == 0 && !done;) {
			static uint8_t data[1 << 20];
			const struct nlmsghdr *m;
			ssize_t n = recv(k->fd, data, sizeof(data), 0);
			unsigned left = n > 0 ? (unsigned)n : 0;

			if (n <= 0)
				r = -EIO;
			for (m = (const void *)data; NLMSG_OK(m, left); m = NLMSG_NEXT(m, left)) {
				done |= m->nlmsg_type == NLMSG_DONE;
				if (m->nlmsg_type == NLMSG_ERROR)
					r = ((const struct nlmsgerr *)NLMSG_DATA(m))->error;
				else if (m->nlmsg_type != NLMSG_DONE)
					buf_put(ret, m, NLMSG_ALIGN(m->nlmsg_len));
			}
		}
	}
	buf_fini(&sets);
	return r;
}

int
nft_kernel_dump(struct nft_kernel *k, uint8_t what, struct buf *ret)
{
	static const uint16_t types[NL_DUMP_MAX] = {
		[NL_DUMP_NFT_TABLES] = NFT_MSG_GETTABLE, [NL_DUMP_NFT_CHAINS] = NFT_MSG_GETCHAIN, [NL_DUMP_NFT_RULES] = NFT_MSG_GETRULE,
		[NL_DUMP_NFT_SETS] = NFT_MSG_GETSET
	};
	int r;

	if (what == NL_DUMP_LINKS)
		return dump_links(k, ret);
	if (what == NL_DUMP_NFT_ELEMS)
		return dump_elems(k, ret);
	if (what >= NL_DUMP_MAX || types[what] == 0)
		return -EINVAL;
	r = request(k, k->fd, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | types[what]), NLM_F_DUMP, NFPROTO_INET, ret);
	if (r == 0)
		r = request(k, k->fd, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | types[what]), NLM_F_DUMP, NFPROTO_BRIDGE, ret);
	if (r == 0 && what == NL_DUMP_NFT_SETS)
		r = request(k, k->fd, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETOBJ, NLM_F_DUMP, NFPROTO_INET, ret);
	return r;
}
