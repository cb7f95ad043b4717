/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel says: dumps into sealed memory files. */
#include <endian.h>
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buf.h"
#include "ipc/ids.h"
#include "net/nftwalk.h"
#include "net/nl.h"
#include "net/nlmsg.h"
#include "nft.h"
#include "peer.h"
#include "request.h"

#define DUMP_MAX	(512u << 20)
#define REQUEST_MAX	1024
#define GENERATION_TRIES	5
#define NFT_TYPE(msg)	(uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_##msg)

struct dump {
	struct buf	out;
	size_t		start;		/* of the part that may have to be read again */
	bool		is_ours_only;	/* messages of other tables than our two are left out */
};

static int
message_keep(const struct nl_msg *m, const uint8_t *raw, size_t raw_len, void *arg)
{
	struct dump *d = arg;
	struct nl_reader r;
	struct nl_attr a;
	const char *table;

	/* In all of nf_tables' messages the table's name is attribute 1. */
	if (d->is_ours_only) {
		if (nlattr_reader_init(&r, m, sizeof(struct nfgenmsg)) != 0 || !nlattr_find(r, NFTA_TABLE_NAME, &a))
			return 0;
		table = nlattr_str(&a);
		if (table == NULL || (strcmp(table, NFTWALK_TABLE) != 0 &&
		    !(m->type == NFT_TYPE(NEWTABLE) && policy_is_numbered(table, NFTWALK_TABLE))))
			return 0;
	}
	buf_put(&d->out, raw, raw_len);
	return buf_failed(&d->out) ? -ENOMEM : 0;
}

static void
part_restart(void *arg)
{
	struct dump *d = arg;

	d->out.len = d->start;
}

static int
part_read(struct dump *d, enum nl_socket s, struct buf *request)
{
	d->start = d->out.len;
	return buf_failed(request) ? -ENOMEM : nl_dump(s, request->data, request->len, message_keep, part_restart, d);
}

static int
dump_route(struct dump *d, uint16_t type, uint8_t family)
{
	union {
		struct ifinfomsg	link;
		struct ifaddrmsg	addr;
		struct rtmsg		route;
		struct fib_rule_hdr	rule;
	} h;
	size_t len = type == RTM_GETLINK ? sizeof(h.link) : type == RTM_GETADDR ? sizeof(h.addr) : sizeof(h.route);
	struct buf b;
	size_t at;
	int error;

	memset(&h, 0, sizeof(h));
	h.link.ifi_family = family;	/* the first byte of them all */
	buf_init(&b, REQUEST_MAX);
	at = nlmsg_begin(&b, type, NLM_F_REQUEST | NLM_F_DUMP, 1, &h, len);
	nlmsg_end(&b, at);
	error = part_read(d, NL_ROUTE, &b);
	buf_fini(&b);
	return error;
}

/* Our table's of a family, or connections; set is for elements only. */
static int
dump_nft(struct dump *d, uint16_t type, uint8_t family, const char *set)
{
	bool is_ct = type >> 8 == NFNL_SUBSYS_CTNETLINK;
	struct nfgenmsg g = { .nfgen_family = family, .version = NFNETLINK_V0 };
	struct buf b;
	size_t at;
	int error;

	d->is_ours_only = !is_ct;
	buf_init(&b, REQUEST_MAX);
	at = nlmsg_begin(&b, type, NLM_F_REQUEST | NLM_F_DUMP, 1, &g, sizeof(g));
	if (!is_ct && type != NFT_TYPE(GETTABLE) && type != NFT_TYPE(GETCHAIN))
		nlattr_put_str(&b, NFTA_RULE_TABLE, NFTWALK_TABLE);
	if (set != NULL)
		nlattr_put_str(&b, NFTA_SET_ELEM_LIST_SET, set);
	nlmsg_end(&b, at);
	error = part_read(d, NL_NETFILTER, &b);
	buf_fini(&b);
	/* No table yet: nothing to tell. */
	return error == -ENOENT ? 0 : error;
}

/* Of both our tables, of which the second is there only with rules for bridges. */
static int
dump_tables(struct dump *d, uint16_t type)
{
	int error = dump_nft(d, type, NFPROTO_INET, NULL);

	return error != 0 ? error : dump_nft(d, type, NFPROTO_BRIDGE, NULL);
}

/* A set that was given a size: a long list, or what packets fill.  The kernel takes minutes for some, and their owner does not read them back. */
static bool
is_large(struct nl_reader set)
{
	struct nl_attr desc, size;

	if (!nlattr_find(set, NFTA_SET_DESC, &desc))
		return false;
	nlattr_reader_nested(&set, &desc);
	return nlattr_find(set, NFTA_SET_DESC_SIZE, &size);
}

/* The kernel dumps the elements of one set at a time. */
static int
dump_elements(struct dump *d)
{
	struct dump sets = { .is_ours_only = true };
	struct nl_reader r, attrs;
	struct nl_msg m;
	struct nl_attr a;
	const char *name;
	int error;

	buf_init(&sets.out, DUMP_MAX);
	error = dump_tables(&sets, NFT_TYPE(GETSET));
	nlmsg_reader_init(&r, sets.out.data, sets.out.len);
	while (error == 0 && nlmsg_next(&r, &m) == 1)
		if (nlattr_reader_init(&attrs, &m, sizeof(struct nfgenmsg)) == 0 && nlattr_find(attrs, NFTA_SET_NAME, &a) &&
		    (name = nlattr_str(&a)) != NULL && !is_large(attrs))
			error = dump_nft(d, NFT_TYPE(GETSETELEM), m.data[0], name);	/* the family is the header's first byte */
	buf_fini(&sets.out);
	return error;
}

static int
ct_stats_keep(const struct nl_msg *m, const uint8_t *raw, size_t raw_len, void *arg)
{
	struct dump *d = arg;
	struct nl_reader r;
	struct nl_attr a;

	(void)raw;
	(void)raw_len;
	if (nlattr_reader_init(&r, m, sizeof(struct nfgenmsg)) != 0)
		return 0;
	if (nlattr_find(r, CTA_STATS_GLOBAL_ENTRIES, &a))
		buf_put32(&d->out, nlattr_be32(&a));
	if (nlattr_find(r, CTA_STATS_GLOBAL_MAX_ENTRIES, &a))
		buf_put32(&d->out, nlattr_be32(&a));
	return 0;
}

static int
dump_ct_stats(struct dump *d)
{
	struct nfgenmsg g = { .nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0 };
	struct buf b;
	size_t at;
	int error;

	buf_init(&b, REQUEST_MAX);
	at = nlmsg_begin(&b, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET_STATS, NLM_F_REQUEST | NLM_F_ACK, 1, &g, sizeof(g));
	nlmsg_end(&b, at);
	error = buf_failed(&b) ? -ENOMEM : nl_ask(NL_NETFILTER, b.data, b.len, ct_stats_keep, d);
	buf_fini(&b);
	return error != 0 ? error : d->out.len == 8 ? 0 : -EPROTO;
}

static int
dump_once(struct dump *d, uint8_t what)
{
	int error;

	d->out.len = 0;
	switch ((enum nl_dump_what)what) {
	case NL_DUMP_LINKS:
		return dump_route(d, RTM_GETLINK, AF_UNSPEC);
	case NL_DUMP_ADDRS:
		return dump_route(d, RTM_GETADDR, AF_UNSPEC);
	case NL_DUMP_ROUTES:
		error = dump_route(d, RTM_GETROUTE, AF_INET);
		return error != 0 ? error : dump_route(d, RTM_GETROUTE, AF_INET6);
	case NL_DUMP_RULES:
		return dump_route(d, RTM_GETRULE, AF_UNSPEC);
	case NL_DUMP_NFT_TABLES:
		return dump_tables(d, NFT_TYPE(GETTABLE));
	case NL_DUMP_NFT_CHAINS:
		return dump_tables(d, NFT_TYPE(GETCHAIN));
	case NL_DUMP_NFT_RULES:
		return dump_tables(d, NFT_TYPE(GETRULE));
	case NL_DUMP_NFT_SETS:
		error = dump_tables(d, NFT_TYPE(GETSET));
		if (error == 0)
			error = dump_nft(d, NFT_TYPE(GETOBJ), NFPROTO_INET, NULL);
		return error != 0 ? error : dump_nft(d, NFT_TYPE(GETFLOWTABLE), NFPROTO_INET, NULL);
	case NL_DUMP_NFT_ELEMS:
		return dump_elements(d);
	case NL_DUMP_CT_STATS:
		return dump_ct_stats(d);
	case NL_DUMP_CT:
		return dump_nft(d, NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_GET, AF_UNSPEC, NULL);
	case NL_DUMP_INVALID:
	case NL_DUMP_MAX:
		break;
	}
	return -EINVAL;
}

/* A dump of nf_tables counts when its generation was the same before and after. */
static int
dump_read(struct dump *d, uint8_t what, uint32_t *ret_generation)
{
	bool is_nft = what >= NL_DUMP_NFT_TABLES && what <= NL_DUMP_NFT_ELEMS;
	uint32_t before = 0, after = 0;
	int i, error;

	for (i = 0; i < GENERATION_TRIES; i++) {
		if (is_nft && (error = nft_generation(&before)) != 0)
			return error;
		error = dump_once(d, what);
		if (error == 0 && is_nft)
			error = nft_generation(&after);
		if (error != 0 && error != -ENOENT && error != -EINTR)
			return error;
		*ret_generation = after;
		if (error == 0 && before == after)
			return 0;
	}
	return -EAGAIN;
}

bool
request_nl_dump(struct peer *p, struct message *m, const char **ret_why)
{
	const struct nl_dump_req *r = m->body;
	struct nl_dump_rep rep = { 0 };
	struct dump d = { .is_ours_only = false };
	int error, fd = -1;

	(void)ret_why;
	buf_init(&d.out, DUMP_MAX);
	error = dump_read(&d, r->what, &rep.generation);
	if (error == 0) {
		fd = memfd_sealed("dump", d.out.data, d.out.len);
		error = fd < 0 ? fd : 0;
	}
	rep.len = d.out.len;
	peer_answer(p, &m->header, error, &rep, fd, "");
	buf_fini(&d.out);
	return true;
}
