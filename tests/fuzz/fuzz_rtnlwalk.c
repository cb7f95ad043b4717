/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/fib_rules.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/nlmsg.h"
#include "net/rtnlwalk.h"

/* Messages from a hostile netd.  What is accepted is looked at again: routes and rules are ours, and what can be taken apart can be. */

int	 LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static uint32_t
number(const struct nl_msg *m, size_t skip, uint16_t type)
{
	struct nl_reader r;
	struct nl_attr a;

	return nlattr_reader_init(&r, m, skip) == 0 && nlattr_find(r, type, &a) ? nlattr_u32(&a) : 0;
}

/* The one rule that there is; and what goes on with the next rule is in the table it looks up. */
static void
check_shadow(const struct nl_msg *m)
{
	struct rtmsg h;

	memcpy(&h, m->data, sizeof(h));		/* as long as struct fib_rule_hdr */
	if ((m->type == RTM_NEWRULE || m->type == RTM_DELRULE) && (number(m, sizeof(h), FRA_PRIORITY) != RTNLWALK_PRIORITY ||
	    number(m, sizeof(h), FRA_TABLE) != RTNLWALK_SHADOW || h.rtm_type != FR_ACT_TO_TBL))
		abort();
	if ((m->type == RTM_NEWROUTE || m->type == RTM_DELROUTE) && h.rtm_type == RTN_THROW && number(m, sizeof(h), RTA_TABLE) != RTNLWALK_SHADOW)
		abort();
}

static void
check_ours(const struct nl_msg *m)
{
	struct rtnl_route route;
	struct rtnl_addr addr;
	struct rtmsg h;

	if (m->type == RTM_NEWROUTE || m->type == RTM_DELROUTE) {
		memcpy(&h, m->data, sizeof(h));
		if (h.rtm_protocol != RTNLWALK_PROTOCOL)
			abort();
		if (m->type == RTM_NEWROUTE && rtnlwalk_route(m, &route) != 0)
			abort();
	}
	if (m->type == RTM_NEWADDR && rtnlwalk_addr(m, &addr) == 0 && addr.protocol != RTNLWALK_PROTOCOL)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct refusal why;
	struct nl_reader r;
	struct nl_msg m;
	uint32_t n = 0;

	if (rtnlwalk_batch(data, len, &n, &why) != 0) {
		if (why.offset > len || why.reason == NULL)
			abort();
		return 0;
	}
	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1) {
		check_ours(&m);
		if (m.len >= sizeof(struct rtmsg))
			check_shadow(&m);
	}
	return 0;
}
