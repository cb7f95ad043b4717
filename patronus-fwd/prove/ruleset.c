/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "base/buf.h"
#include "net/nlmsg.h"

#include "nft_encode.h"
#include "prove/ruleset.h"

#define TYPE(message)	((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | (message)))
#define TRACE_TABLE	"patronus-prove"
#define TRACE_PRIORITY	(-1000)	/* before fragments are put together */
/* Without privileges in the namespace of the box no send buffer grows over its usual bound: what one transaction takes comes in several. */
#define CHUNK_MAX	(96u << 10)

static int
read_errors(int fd)
{
	static uint8_t data[1 << 16];
	struct nlmsgerr e;
	struct nl_reader r;
	struct nl_msg m;
	int first = 0;
	ssize_t n;

	while ((n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) > 0) {
		nlmsg_reader_init(&r, data, (size_t)n);
		while (nlmsg_next(&r, &m) == 1) {
			if (m.type != NLMSG_ERROR || m.len < sizeof(e))
				continue;
			memcpy(&e, m.data, sizeof(e));
			if (first == 0)
				first = e.error;
		}
	}
	return first;
}

static int
transact(int fd, const uint8_t *messages, size_t len)
{
	const struct nfgenmsg g = { .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	struct buf first, last;
	struct iovec iov[3];
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = 3 };
	int error;

	buf_init(&first, 0);
	buf_init(&last, 0);
	nlmsg_end(&first, nlmsg_begin(&first, NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, 1, &g, sizeof(g)));
	nlmsg_end(&last, nlmsg_begin(&last, NFNL_MSG_BATCH_END, NLM_F_REQUEST, 1, &g, sizeof(g)));
	iov[0] = (struct iovec){ first.data, first.len };
	iov[1] = (struct iovec){ (void *)(uintptr_t)messages, len };
	iov[2] = (struct iovec){ last.data, last.len };
	error = buf_failed(&first) || buf_failed(&last) ? -ENOMEM : sendmsg(fd, &m, 0) == -1 ? -errno : read_errors(fd);
	buf_fini(&first);
	buf_fini(&last);
	return error;
}

int
ruleset_load(int fd, const struct bytes *all)
{
	struct nl_reader r;
	struct nl_msg m;
	size_t from = 0;
	int error = 0;

	nlmsg_reader_init(&r, all->data, all->len);
	while (error == 0 && nlmsg_next(&r, &m) == 1) {
		if (m.offset - from < CHUNK_MAX)
			continue;
		error = transact(fd, all->data + from, m.offset - from);
		from = m.offset;
	}
	return error != 0 ? error : transact(fd, all->data + from, all->len - from);
}

static size_t
begin(struct buf *b, uint8_t family, uint16_t message)
{
	const struct nfgenmsg g = { .nfgen_family = family, .version = NFNETLINK_V0 };

	return nlmsg_begin(b, TYPE(message), NLM_F_REQUEST | (message == NFT_MSG_GETRULE ? NLM_F_DUMP : NLM_F_CREATE | NLM_F_APPEND), 1, &g, sizeof(g));
}

static size_t
expression(struct buf *b, const char *name, size_t *ret_data)
{
	size_t at = nlattr_begin(b, NFTA_LIST_ELEM);

	nlattr_put_str(b, NFTA_EXPR_NAME, name);
	*ret_data = nlattr_begin(b, NFTA_EXPR_DATA);
	return at;
}

/* meta nftrace set 1 */
static void
put_trace(struct buf *b, uint8_t family, const char *chain)
{
	size_t at = begin(b, family, NFT_MSG_NEWRULE), list, elem, data, value;

	nlattr_put_str(b, NFTA_RULE_TABLE, TRACE_TABLE);
	nlattr_put_str(b, NFTA_RULE_CHAIN, chain);
	list = nlattr_begin(b, NFTA_RULE_EXPRESSIONS);
	elem = expression(b, "immediate", &data);
	nlattr_put_be32(b, NFTA_IMMEDIATE_DREG, NFT_REG_1);
	value = nlattr_begin(b, NFTA_IMMEDIATE_DATA);
	nlattr_put_u8(b, NFTA_DATA_VALUE, 1);
	nlattr_end(b, value);
	nlattr_end(b, data);
	nlattr_end(b, elem);
	elem = expression(b, "meta", &data);
	nlattr_put_be32(b, NFTA_META_KEY, NFT_META_NFTRACE);
	nlattr_put_be32(b, NFTA_META_SREG, NFT_REG_1);
	nlattr_end(b, data);
	nlattr_end(b, elem);
	nlattr_end(b, list);
	nlmsg_end(b, at);
}

static void
put_chain(struct buf *b, uint8_t family, const char *name, uint32_t hook)
{
	size_t at = begin(b, family, NFT_MSG_NEWCHAIN), nest;

	nlattr_put_str(b, NFTA_CHAIN_TABLE, TRACE_TABLE);
	nlattr_put_str(b, NFTA_CHAIN_NAME, name);
	nlattr_put_str(b, NFTA_CHAIN_TYPE, "filter");
	nest = nlattr_begin(b, NFTA_CHAIN_HOOK);
	nlattr_put_be32(b, NFTA_HOOK_HOOKNUM, hook);
	nlattr_put_be32(b, NFTA_HOOK_PRIORITY, (uint32_t)TRACE_PRIORITY);
	nlattr_end(b, nest);
	nlmsg_end(b, at);
	put_trace(b, family, name);
}

int
ruleset_trace(int fd, uint8_t family)
{
	struct buf b;
	size_t at;
	int error;

	buf_init(&b, 0);
	at = begin(&b, family, NFT_MSG_NEWTABLE);
	nlattr_put_str(&b, NFTA_TABLE_NAME, TRACE_TABLE);
	nlmsg_end(&b, at);
	put_chain(&b, family, "in", NF_INET_PRE_ROUTING);	/* of bridges NF_BR_PRE_ROUTING, the same number */
	if (family == NFPROTO_INET)
		put_chain(&b, family, "out", NF_INET_LOCAL_OUT);
	error = buf_failed(&b) ? -ENOMEM : transact(fd, b.data, b.len);
	buf_fini(&b);
	return error;
}

int
ruleset_dump(int fd, uint8_t family, struct buf *ret)
{
	static uint8_t data[1 << 16];
	struct nl_reader r;
	struct nl_msg m;
	struct buf b;
	size_t at;
	ssize_t n;
	int error;

	buf_init(&b, 0);
	at = begin(&b, family, NFT_MSG_GETRULE);
	nlattr_put_str(&b, NFTA_RULE_TABLE, NFT_TABLE);
	nlmsg_end(&b, at);
	error = buf_failed(&b) ? -ENOMEM : send(fd, b.data, b.len, 0) == -1 ? -errno : 0;
	buf_fini(&b);
	while (error == 0) {
		n = recv(fd, data, sizeof(data), 0);
		if (n <= 0)
			return n == 0 ? -EPIPE : -errno;
		nlmsg_reader_init(&r, data, (size_t)n);
		while (nlmsg_next(&r, &m) == 1) {
			if (m.type == NLMSG_DONE || m.type == NLMSG_ERROR)
				return buf_failed(ret) ? -ENOMEM : m.type == NLMSG_DONE ? 0 : -EIO;
			buf_put(ret, data + m.offset, (m.len + NLMSG_HDRLEN + 3) & ~3u);
		}
	}
	return error;
}
