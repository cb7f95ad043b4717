/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests that change the kernel's network: walked first, then sent. */
#include <errno.h>
#include <linux/membarrier.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"
#include "ipc/ids.h"
#include "net/nftwalk.h"
#include "net/nl.h"
#include "net/nlmsg.h"
#include "net/rtnlwalk.h"
#include "nft.h"
#include "peer.h"
#include "report.h"
#include "request.h"

#define REPLIES_MAX	((32u << 20) - 1024)
#define MESSAGE_MAX	65536
#define WAITS_MAX	4		/* for lookups, in a request: a change of routes needs two */

/* A batch that the walker does not let through: answered with the place, and on record. */
static bool
answer_refusal(struct peer *p, const struct message *m, const struct refusal *why, uint32_t offset)
{
	char text[200];

	(void)snprintf(text, sizeof(text), "%s, message %u, byte %u, type %u: %s", msg_name(m->header.type), why->message, why->offset,
	    why->attr, why->reason);
	report_audit("refusal", role_name(p->role), "refused", text);
	(void)peer_error(p, &m->header, EPERM, offset, "%s", text);
	return true;
}

bool
request_nft_batch(struct peer *p, struct message *m, const char **ret_why)
{
	const struct nft_batch_req *r = m->body;
	struct nft_batch_rep rep = { 0 };
	struct refusal why;
	struct buf replies;
	uint32_t n, offset;
	int error;

	(void)ret_why;
	if (nftwalk_batch(r->messages.data, r->messages.len, &n, &why) != 0)
		return answer_refusal(p, m, &why, why.offset);
	buf_init(&replies, REPLIES_MAX);
	error = nft_apply(r->messages.data, r->messages.len, r->generation, r->echo, r->echo ? &replies : NULL, &offset);
	if (error == 0)
		error = nft_generation(&rep.generation);
	if (error == 0) {
		/* What was applied stays applied: an echo too long to hold is left out, and the owner reads back. */
		rep.replies.data = buf_failed(&replies) ? NULL : replies.data;
		rep.replies.len = buf_failed(&replies) ? 0 : (uint32_t)replies.len;
		(void)peer_reply(p, &m->header, &rep, -1);
	} else
		(void)peer_error(p, &m->header, error, offset, "%s%s%s", strerror(-error), nl_text()[0] != '\0' ? ": " : "", nl_text());
	buf_fini(&replies);
	return true;
}

/* --- rtnetlink --- */

struct owner_question {
	struct rtnl_addr	addr;
	struct rtnl_route	route;
	bool			is_foreign;
};

/* Whatever its prefix: the kernel does not always look at that. */
static int
addr_compare(const struct nl_msg *m, const uint8_t *raw, size_t raw_len, void *arg)
{
	struct owner_question *q = arg;
	struct rtnl_addr a;

	(void)raw;
	(void)raw_len;
	if (rtnlwalk_addr(m, &a) == 0 && a.family == q->addr.family && a.ifindex == q->addr.ifindex &&
	    memcmp(a.local, q->addr.local, sizeof(a.local)) == 0)
		q->is_foreign = q->is_foreign || a.protocol != RTNLWALK_PROTOCOL;
	return 0;
}

static int
route_compare(const struct nl_msg *m, const uint8_t *raw, size_t raw_len, void *arg)
{
	struct owner_question *q = arg;
	struct rtnl_route r;

	(void)raw;
	(void)raw_len;
	if (rtnlwalk_route(m, &r) == 0 && r.family == q->route.family && r.dst_len == q->route.dst_len && r.tos == q->route.tos &&
	    r.table == q->route.table && r.priority == q->route.priority && memcmp(r.dst, q->route.dst, sizeof(r.dst)) == 0)
		q->is_foreign = q->is_foreign || r.protocol != RTNLWALK_PROTOCOL;
	return 0;
}

/* The kernel would delete an address, and replace a route, whoever made it. */
static int
owner_check(const struct nl_msg *m)
{
	bool is_route = m->type == RTM_NEWROUTE;
	struct owner_question q = { .is_foreign = false };
	struct rtmsg h = { 0 };		/* as long as struct ifaddrmsg needs, and with the family first like it */
	struct buf b;
	size_t at;
	int error;

	if (m->type != RTM_DELADDR && (!is_route || (m->flags & NLM_F_REPLACE) == 0))
		return 0;
	if ((is_route ? rtnlwalk_route(m, &q.route) : rtnlwalk_addr(m, &q.addr)) != 0)
		return -EPERM;
	h.rtm_family = is_route ? q.route.family : q.addr.family;
	buf_init(&b, 256);
	at = nlmsg_begin(&b, is_route ? RTM_GETROUTE : RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 1, &h,
	    is_route ? sizeof(h) : sizeof(struct ifaddrmsg));
	nlmsg_end(&b, at);
	error = buf_failed(&b) ? -ENOMEM : nl_dump(NL_ROUTE, b.data, b.len, is_route ? route_compare : addr_compare, NULL, &q);
	buf_fini(&b);
	return error != 0 ? error : q.is_foreign ? -EPERM : 0;
}

static int
message_send(enum nl_socket s, const struct nl_msg *m)
{
	static uint8_t copy[MESSAGE_MAX] __attribute__((aligned(4)));
	struct nlmsghdr h = { .nlmsg_len = (uint32_t)sizeof(h) + m->len, .nlmsg_type = m->type,
	    .nlmsg_flags = m->flags | NLM_F_ACK, .nlmsg_seq = 1 };

	if (h.nlmsg_len > sizeof(copy))
		return -EMSGSIZE;
	memcpy(copy, &h, sizeof(h));
	memcpy(copy + sizeof(h), m->data, m->len);
	return nl_request(s, copy, h.nlmsg_len);
}

/*
 * Lookups under way have read the list of rules, and may not yet have read the table: once this returns they have
 * (docs/adr/0229).  A kernel that does not offer it waits for nobody.  *left keeps a request of many rules, which no
 * change of routes needs, from holding privd for minutes.
 */
static void
lookups_wait(bool *is_owed, unsigned *left)
{
	if (*is_owed && *left > 0) {
		(void)syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
		*left -= 1;
	}
	*is_owed = false;
}

bool
request_rtnl_batch(struct peer *p, struct message *m, const char **ret_why)
{
	const struct rtnl_batch_req *r = m->body;
	struct rtnl_batch_rep rep = { 0 };
	struct refusal why;
	struct nl_reader reader;
	struct nl_msg msg;
	uint32_t n;
	bool is_rule, is_owed = false;
	unsigned waits = WAITS_MAX;
	int error = 0;

	(void)ret_why;
	if (rtnlwalk_batch(r->messages.data, r->messages.len, &n, &why) != 0)
		return answer_refusal(p, m, &why, why.message);
	nlmsg_reader_init(&reader, r->messages.data, r->messages.len);
	while (nlmsg_next(&reader, &msg) == 1) {
		is_rule = msg.type == RTM_NEWRULE || msg.type == RTM_DELRULE;
		if (!is_rule)
			lookups_wait(&is_owed, &waits);
		nl_text_clear();
		error = owner_check(&msg);
		if (error == 0)
			error = message_send(NL_ROUTE, &msg);
		if (error != 0)
			break;
		is_owed = is_owed || is_rule;
		rep.done++;
	}
	/* What follows the rule may be in the next request. */
	lookups_wait(&is_owed, &waits);
	if (error == 0)
		(void)peer_reply(p, &m->header, &rep, -1);
	else
		(void)peer_error(p, &m->header, error, rep.done, "%s%s%s", strerror(-error), nl_text()[0] != '\0' ? ": " : "", nl_text());
	return true;
}

bool
request_ct_delete(struct peer *p, struct message *m, const char **ret_why)
{
	const struct ct_delete_req *r = m->body;
	struct ct_delete_rep rep = { 0 };
	struct refusal why;
	struct nl_reader reader;
	struct nl_msg msg;
	uint32_t n;
	int error = 0;

	(void)ret_why;
	if (nftwalk_conntrack(r->messages.data, r->messages.len, &n, &why) != 0)
		return answer_refusal(p, m, &why, why.message);
	nlmsg_reader_init(&reader, r->messages.data, r->messages.len);
	while (error == 0 && nlmsg_next(&reader, &msg) == 1) {
		error = message_send(NL_NETFILTER, &msg);
		/* A connection that has ended by itself is no failure. */
		if (error == 0)
			rep.deleted++;
		else if (error == -ENOENT)
			error = 0;
	}
	if (error == 0)
		(void)peer_reply(p, &m->header, &rep, -1);
	else
		(void)peer_error(p, &m->header, error, rep.deleted, "%s", strerror(-error));
	return true;
}
