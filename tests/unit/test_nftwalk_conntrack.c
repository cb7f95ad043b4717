/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which deletions of connections may go to the kernel: those that say which. */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/nftwalk.h"
#include "net/nlmsg.h"

#define MAX	65536

static struct buf	b;

static size_t
message(uint16_t type, uint16_t flags, uint8_t family)
{
	struct nfgenmsg g = { .nfgen_family = family };

	return nlmsg_begin(&b, type, NLM_F_REQUEST | flags, 7, &g, sizeof(g));
}

static void
put_be16(uint16_t attr, uint16_t v)
{
	uint8_t be[2] = { (uint8_t)(v >> 8), (uint8_t)v };

	nlattr_put(&b, attr, be, sizeof(be));
}

static void
ct_begin(size_t *at)
{
	*at = message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, NLM_F_ACK, AF_INET);
}

static void
ct_tuple(bool with_proto)
{
	size_t tuple = nlattr_begin(&b, CTA_TUPLE_ORIG), nest = nlattr_begin(&b, CTA_TUPLE_IP);
	uint8_t tcp = 6;

	nlattr_put(&b, CTA_IP_V4_SRC, "\xc0\x00\x02\x01", 4);
	nlattr_put(&b, CTA_IP_V4_DST, "\xc0\x00\x02\x02", 4);
	nlattr_end(&b, nest);
	if (with_proto) {
		nest = nlattr_begin(&b, CTA_TUPLE_PROTO);
		nlattr_put(&b, CTA_PROTO_NUM, &tcp, 1);
		put_be16(CTA_PROTO_SRC_PORT, 1000);
		put_be16(CTA_PROTO_DST_PORT, 80);
		nlattr_end(&b, nest);
	}
	nlattr_end(&b, tuple);
}

static void
ct_verdict(bool is_good)
{
	struct refusal why;
	uint32_t n;

	assert_int_equal(nftwalk_conntrack(b.data, b.len, &n, &why) == 0, is_good);
	b.len = 0;
}

static void
test_conntrack(void **state)
{
	size_t at;

	(void)state;
	ct_begin(&at);
	ct_tuple(true);
	nlmsg_end(&b, at);
	ct_verdict(true);
	ct_begin(&at);
	nlattr_put_be32(&b, CTA_MARK, 7);
	nlattr_put_be32(&b, CTA_MARK_MASK, 0xff);
	nlmsg_end(&b, at);
	ct_verdict(true);
	/* Nothing, half a tuple, a mask that matches all, a family that means all: these empty the table. */
	ct_begin(&at);
	nlmsg_end(&b, at);
	ct_verdict(false);
	ct_begin(&at);
	ct_tuple(false);
	nlmsg_end(&b, at);
	ct_verdict(false);
	ct_begin(&at);
	nlattr_put_be32(&b, CTA_MARK, 7);
	nlattr_put_be32(&b, CTA_MARK_MASK, 0);
	nlmsg_end(&b, at);
	ct_verdict(false);
	at = message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE, 0, AF_UNSPEC);
	ct_tuple(true);
	nlmsg_end(&b, at);
	ct_verdict(false);
	at = message(NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW, NLM_F_CREATE, AF_INET);
	ct_tuple(true);
	nlmsg_end(&b, at);
	ct_verdict(false);
	at = message(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_CREATE, NFPROTO_INET);
	nlattr_put_str(&b, NFTA_TABLE_NAME, NFTWALK_TABLE);
	nlmsg_end(&b, at);
	ct_verdict(false);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conntrack),
	};
	int failed;

	buf_init(&b, MAX);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&b);
	return failed;
}
