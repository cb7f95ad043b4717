/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which named objects may go to the kernel: helpers that are known, and times. */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/nftwalk.h"
#include "net/nlmsg.h"

#define MAX	65536

static struct buf	b;

static size_t
object_begin(uint8_t family, uint32_t type, size_t *data)
{
	struct nfgenmsg g = { .nfgen_family = family };
	size_t at = nlmsg_begin(&b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWOBJ, NLM_F_REQUEST | NLM_F_CREATE, 7, &g, sizeof(g));

	nlattr_put_str(&b, NFTA_OBJ_TABLE, NFTWALK_TABLE);
	nlattr_put_str(&b, NFTA_OBJ_NAME, "one");
	nlattr_put_be32(&b, NFTA_OBJ_TYPE, type);
	*data = nlattr_begin(&b, NFTA_OBJ_DATA);
	return at;
}

static bool
end(size_t at, size_t data)
{
	struct refusal why;
	uint32_t n;
	bool is_good;

	nlattr_end(&b, data);
	nlmsg_end(&b, at);
	is_good = nftwalk_batch(b.data, b.len, &n, &why) == 0;
	b.len = 0;
	return is_good;
}

static bool
helper(uint8_t family, const char *name)
{
	size_t data, at = object_begin(family, NFT_OBJECT_CT_HELPER, &data);

	if (name != NULL)
		nlattr_put_str(&b, NFTA_CT_HELPER_NAME, name);
	nlattr_put_u8(&b, NFTA_CT_HELPER_L4PROTO, IPPROTO_TCP);
	return end(at, data);
}

static bool
timeout(uint16_t state, uint32_t seconds)
{
	size_t data, times, at = object_begin(NFPROTO_INET, NFT_OBJECT_CT_TIMEOUT, &data);

	nlattr_put(&b, NFTA_CT_TIMEOUT_L3PROTO, "\0\1", 2);
	nlattr_put_u8(&b, NFTA_CT_TIMEOUT_L4PROTO, IPPROTO_TCP);
	times = nlattr_begin(&b, NFTA_CT_TIMEOUT_DATA);
	nlattr_put_be32(&b, state, seconds);
	nlattr_end(&b, times);
	return end(at, data);
}

/* The kernel asks for a module by that name. */
static void
test_helpers(void **state)
{
	(void)state;
	assert_true(helper(NFPROTO_INET, "ftp"));
	assert_true(helper(NFPROTO_INET, "Q.931"));
	assert_false(helper(NFPROTO_INET, "usb-storage"));
	assert_false(helper(NFPROTO_INET, "ft"));
	assert_false(helper(NFPROTO_INET, "ftp2"));
	assert_false(helper(NFPROTO_INET, ""));
	assert_false(helper(NFPROTO_INET, NULL));
	assert_false(helper(NFPROTO_BRIDGE, "ftp"));
}

static void
test_times(void **state)
{
	(void)state;
	assert_true(timeout(3, 1));
	assert_true(timeout(11, 2147483));
	assert_false(timeout(3, 0));
	assert_false(timeout(3, 2147484));
	assert_false(timeout(0, 1));
	assert_false(timeout(12, 1));
}

/* Counters, quotas and the rest: nobody asked for them. */
static void
test_other_types(void **state)
{
	size_t data, at;
	uint32_t type;

	(void)state;
	for (type = 0; type <= NFT_OBJECT_MAX + 1; type++) {
		if (type == NFT_OBJECT_CT_HELPER)
			continue;
		at = object_begin(NFPROTO_INET, type, &data);
		nlattr_put_str(&b, NFTA_CT_HELPER_NAME, "ftp");
		nlattr_put_u8(&b, NFTA_CT_HELPER_L4PROTO, IPPROTO_TCP);
		assert_false(end(at, data));
	}
}

/* A reference: a name with its NUL, and nothing else. */
static void
test_references(void **state)
{
	static const struct { const char *data; size_t len; bool is_good; } cases[] = {
		{ "helper.ftp.tcp", 15, true }, { "helper.ftp.tcp", 14, false }, { "", 0, false }, { "", 1, false }, { "a\0b", 4, false },
		{ "a\0", 3, false }, { "a\nb", 4, false }, { "\xff", 2, false }
	};
	struct nfgenmsg g = { .nfgen_family = NFPROTO_INET };
	size_t i, at, list, expr, data;
	struct refusal why;
	uint32_t n;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		at = nlmsg_begin(&b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE, NLM_F_REQUEST | NLM_F_CREATE, 7, &g, sizeof(g));
		nlattr_put_str(&b, NFTA_RULE_TABLE, NFTWALK_TABLE);
		nlattr_put_str(&b, NFTA_RULE_CHAIN, "tracked");
		list = nlattr_begin(&b, NFTA_RULE_EXPRESSIONS);
		expr = nlattr_begin(&b, NFTA_LIST_ELEM);
		nlattr_put_str(&b, NFTA_EXPR_NAME, "objref");
		data = nlattr_begin(&b, NFTA_EXPR_DATA);
		nlattr_put_be32(&b, NFTA_OBJREF_IMM_TYPE, NFT_OBJECT_CT_HELPER);
		nlattr_put(&b, NFTA_OBJREF_IMM_NAME, cases[i].data, cases[i].len);
		nlattr_end(&b, data);
		nlattr_end(&b, expr);
		nlattr_end(&b, list);
		nlmsg_end(&b, at);
		assert_int_equal(nftwalk_batch(b.data, b.len, &n, &why) == 0, cases[i].is_good);
		b.len = 0;
	}
}

/* --- flowtables */
struct shape {
	uint8_t		 family;
	uint32_t	 hook;
	uint32_t	 priority;
	uint32_t	 flags;
	uint16_t	 item;
	const char	*device;
	size_t		 len;
};

static bool
flowtable(const struct shape *s)
{
	struct nfgenmsg g = { .nfgen_family = s->family };
	size_t at = nlmsg_begin(&b, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWFLOWTABLE, NLM_F_REQUEST | NLM_F_CREATE, 7, &g, sizeof(g)), hook, list;
	struct refusal why;
	bool is_good;
	uint32_t n;

	nlattr_put_str(&b, NFTA_FLOWTABLE_TABLE, NFTWALK_TABLE);
	nlattr_put_str(&b, NFTA_FLOWTABLE_NAME, "flows.1");
	hook = nlattr_begin(&b, NFTA_FLOWTABLE_HOOK);
	nlattr_put_be32(&b, NFTA_FLOWTABLE_HOOK_NUM, s->hook);
	nlattr_put_be32(&b, NFTA_FLOWTABLE_HOOK_PRIORITY, s->priority);
	list = nlattr_begin(&b, NFTA_FLOWTABLE_HOOK_DEVS);
	nlattr_put_str(&b, NFTA_DEVICE_NAME, "eth0");
	nlattr_put(&b, s->item, s->device, s->len);
	nlattr_end(&b, list);
	nlattr_end(&b, hook);
	nlattr_put_be32(&b, NFTA_FLOWTABLE_FLAGS, s->flags);
	nlmsg_end(&b, at);
	is_good = nftwalk_batch(b.data, b.len, &n, &why) == 0;
	b.len = 0;
	return is_good;
}

/* At the ingress hook, where a packet is only handed on when a rule of ours has put its connection there; another hook or priority is nobody's wish. */
static void
test_flowtables(void **state)
{
	const struct shape good = { NFPROTO_INET, 0, 0, 2, NFTA_DEVICE_NAME, "eth1", 5 };
	struct shape s;

	(void)state;
	assert_true(flowtable(&good));
	s = good; s.flags = 3; assert_true(flowtable(&s));
	s = good; s.flags = 4; assert_false(flowtable(&s));
	s = good; s.family = NFPROTO_BRIDGE; assert_false(flowtable(&s));
	s = good; s.hook = 1; assert_false(flowtable(&s));
	s = good; s.priority = (uint32_t)-1; assert_false(flowtable(&s));
	s = good; s.item = 2; assert_false(flowtable(&s));
	s = good; s.len = 4; assert_false(flowtable(&s));
	s = good; s.device = "sixteen-letters!"; s.len = 17; assert_false(flowtable(&s));
	s = good; s.device = "a\nb"; s.len = 4; assert_false(flowtable(&s));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_helpers), cmocka_unit_test(test_times), cmocka_unit_test(test_other_types), cmocka_unit_test(test_references),
		cmocka_unit_test(test_flowtables),
	};
	int r;

	buf_init(&b, MAX);
	r = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&b);
	return r;
}
