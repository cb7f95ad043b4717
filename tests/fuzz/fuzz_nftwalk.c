/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter_bridge.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/nftwalk.h"
#include "net/nlmsg.h"

/*
 * A batch from a hostile fwd.  What is accepted is looked at again, in another way: every message of it is about one of
 * our tables, and a base chain of table bridge is where frames are forwarded. */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
check_hook(const struct nl_msg *m)
{
	struct nl_reader r, nested;
	struct nl_attr hook, number;

	if (nlattr_reader_init(&r, m, sizeof(struct nfgenmsg)) != 0 || !nlattr_find(r, NFTA_CHAIN_HOOK, &hook))
		return;
	nlattr_reader_nested(&nested, &hook);
	if (!nlattr_find(nested, NFTA_HOOK_HOOKNUM, &number) || nlattr_be32(&number) != NF_BR_FORWARD)
		abort();
}

static void
check_ours(const struct nl_msg *m)
{
	struct nl_reader r;
	struct nl_attr a;
	unsigned tables = 0;

	if (m->type >> 8 != NFNL_SUBSYS_NFTABLES || m->len < sizeof(struct nfgenmsg) || (m->data[0] != NFPROTO_INET && m->data[0] != NFPROTO_BRIDGE))
		abort();
	if (nlattr_reader_init(&r, m, sizeof(struct nfgenmsg)) != 0)
		abort();
	while (nlattr_next(&r, &a) == 1)
		if (a.type == NFTA_TABLE_NAME) {
			tables++;
			if (a.len != sizeof(NFTWALK_TABLE) || memcmp(a.data, NFTWALK_TABLE, a.len) != 0)
				abort();
		}
	if (tables != 1)
		abort();
	if (m->data[0] == NFPROTO_BRIDGE && (m->type & 0xff) == NFT_MSG_NEWCHAIN)
		check_hook(m);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct refusal why;
	struct nl_reader r;
	struct nl_msg m;
	uint32_t n = 0, seen = 0;

	if (nftwalk_conntrack(data, len, &n, &why) != 0 && (why.offset > len || why.reason == NULL))
		abort();
	if (nftwalk_batch(data, len, &n, &why) != 0) {
		if (why.offset > len || why.reason == NULL)
			abort();
		return 0;
	}
	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1) {
		check_ours(&m);
		seen++;
	}
	if (seen != n)
		abort();
	return 0;
}
