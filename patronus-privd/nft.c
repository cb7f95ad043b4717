/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include "base/buf.h"
#include "net/nftwalk.h"
#include "net/nl.h"
#include "net/nlmsg.h"
#include "nft.h"

#define BATCH_OVERHEAD	256
#define SEQ_BATCH	UINT32_MAX
#define NFT_TYPE(msg)	(uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_##msg)

/* The header's sequence number tells us later which message an answer is about: its offset in words, plus one. */
static uint32_t
seq_of(size_t offset)
{
	return (uint32_t)(offset / 4) + 1;
}

static void
batch_mark(struct buf *b, uint16_t type, uint32_t generation)
{
	struct nfgenmsg g = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES) };
	size_t at = nlmsg_begin(b, type, NLM_F_REQUEST, SEQ_BATCH, &g, sizeof(g));

	if (generation != 0)
		nlattr_put_be32(b, NFNL_BATCH_GENID, generation);
	nlmsg_end(b, at);
}

/* The peer's messages between our own begin and end, with flags and numbers of ours. */
static int
batch_build(struct buf *b, const uint8_t *messages, size_t len, uint32_t generation, bool echo)
{
	struct nlmsghdr h;
	size_t start, at, last = 0;

	batch_mark(b, NFNL_MSG_BATCH_BEGIN, generation);
	start = b->len;
	buf_put(b, messages, len);
	if (buf_failed(b))
		return -ENOMEM;
	for (at = 0; at < len; at += NLMSG_ALIGN(h.nlmsg_len)) {
		memcpy(&h, b->data + start + at, sizeof(h));
		h.nlmsg_seq = seq_of(at);
		h.nlmsg_pid = 0;
		h.nlmsg_flags &= (uint16_t)~(NLM_F_ACK | NLM_F_ECHO);
		h.nlmsg_flags |= echo ? NLM_F_ECHO : 0;
		memcpy(b->data + start + at, &h, sizeof(h));
		last = at;
	}
	/* Acknowledged is the last message alone, and only once the whole batch is in force. */
	memcpy(&h, b->data + start + last, sizeof(h));
	h.nlmsg_flags |= NLM_F_ACK;
	memcpy(b->data + start + last, &h, sizeof(h));
	if (at > len)
		buf_put(b, "\0\0\0", at - len);
	batch_mark(b, NFNL_MSG_BATCH_END, 0);
	return buf_failed(b) ? -ENOMEM : 0;
}

struct outcome {
	int		error;
	uint32_t	offset;
	bool		is_acked;
};

static void
answer_take(const struct nl_msg *m, const uint8_t *raw, size_t raw_len, struct outcome *o, struct buf *replies)
{
	int32_t error;

	if (m->type != NLMSG_ERROR) {
		if (replies != NULL && m->type != NFT_TYPE(NEWGEN))
			buf_put(replies, raw, raw_len);
		return;
	}
	if (m->len < sizeof(error))
		return;
	memcpy(&error, m->data, sizeof(error));
	if (error == 0)
		o->is_acked = true;
	else if (o->error == 0) {
		nl_text_keep(m);
		o->error = error;
		o->offset = m->seq == SEQ_BATCH || m->seq == 0 ? 0 : (m->seq - 1) * 4 + nl_offset(m);
	}
}

/* The kernel has done it all by the time the send returns: read until there is nothing left. */
static int
answers_read(struct outcome *o, struct buf *replies)
{
	const uint8_t *raw;
	struct nl_reader r;
	struct nl_msg m;
	size_t len, at;
	int error;

	while ((error = nl_recv(NL_NETFILTER, false, &raw, &len)) == 0) {
		nlmsg_reader_init(&r, raw, len);
		for (at = 0; nlmsg_next(&r, &m) == 1; at = r.at)
			answer_take(&m, raw + at, r.at - at, o, replies);
	}
	return error == -EAGAIN ? 0 : error;
}

int
nft_apply(const uint8_t *messages, size_t len, uint32_t generation, bool echo, struct buf *replies, uint32_t *ret_offset)
{
	struct outcome o = { 0 };
	struct buf b;
	int error;

	*ret_offset = 0;
	nl_text_clear();
	if (len == 0)
		return 0;
	buf_init(&b, len + BATCH_OVERHEAD);
	error = batch_build(&b, messages, len, generation, echo);
	if (error == 0)
		error = nl_send(NL_NETFILTER, b.data, b.len);
	buf_fini(&b);
	if (error == 0)
		error = answers_read(&o, replies);
	*ret_offset = o.offset;
	/* ERESTART is the kernel's word for another generation. */
	if (o.error != 0)
		return o.error == -ERESTART ? -ESTALE : o.error;
	if (o.is_acked)
		return 0;
	return error != 0 ? error : -EIO;
}

/* --- small questions --- */

struct answer {
	uint32_t	value;
	bool		is_found;
};

static int
generation_take(const struct nl_msg *m, const uint8_t *raw, size_t raw_len, void *arg)
{
	struct answer *ret = arg;
	struct nl_reader r;
	struct nl_attr a;

	(void)raw;
	(void)raw_len;
	if (m->type == NFT_TYPE(NEWGEN) && nlattr_reader_init(&r, m, sizeof(struct nfgenmsg)) == 0 &&
	    nlattr_find(r, NFTA_GEN_ID, &a)) {
		ret->value = nlattr_be32(&a);
		ret->is_found = true;
	}
	return 0;
}

static void
question(struct buf *b, uint16_t type, uint8_t family, const char *table)
{
	struct nfgenmsg g = { .nfgen_family = family, .version = NFNETLINK_V0 };
	size_t at = nlmsg_begin(b, type, NLM_F_REQUEST | NLM_F_ACK, 1, &g, sizeof(g));

	if (table != NULL)
		nlattr_put_str(b, NFTA_TABLE_NAME, table);
	nlmsg_end(b, at);
}

int
nft_generation(uint32_t *ret)
{
	struct answer a = { 0 };
	struct buf b;
	int error;

	buf_init(&b, BATCH_OVERHEAD);
	question(&b, NFT_TYPE(GETGEN), NFPROTO_UNSPEC, NULL);
	error = buf_failed(&b) ? -ENOMEM : nl_ask(NL_NETFILTER, b.data, b.len, generation_take, &a);
	buf_fini(&b);
	if (error == 0 && !a.is_found)
		error = -EPROTO;
	if (error == 0)
		*ret = a.value;
	return error;
}

int
nft_table_exists(void)
{
	struct buf b;
	int error;

	buf_init(&b, BATCH_OVERHEAD);
	question(&b, NFT_TYPE(GETTABLE), NFPROTO_INET, NFTWALK_TABLE);
	error = buf_failed(&b) ? -ENOMEM : nl_request(NL_NETFILTER, b.data, b.len);
	buf_fini(&b);
	return error == 0 ? 1 : error == -ENOENT ? 0 : error;
}
