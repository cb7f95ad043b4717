/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "actual.h"

/* Newer than Debian 12's headers for the C library; the numbers are the kernel's ABI. */
#define ATTR_IFLA_PERM_ADDRESS		54
#define ATTR_IFLA_PARENT_DEV_NAME	56
#define ATTR_IFLA_PARENT_DEV_BUS_NAME	57
#define ATTR_IFA_PROTO			11
#define ATTR_RTA_NH_ID			30

void
actual_init(struct actual *a, struct arena *arena)
{
	memset(a, 0, sizeof(*a));
	a->arena = arena;
}

/* Room for item n of the array *items, doubling inside the arena. */
static void *
room(struct actual *a, void *items, uint32_t n, uint32_t *cap, size_t size)
{
	uint32_t more = *cap > 0 ? *cap * 2 : 16;
	void *p;

	if (n < *cap)
		return items;
	p = arena_alloc(a->arena, more, size);
	if (p == NULL)
		return NULL;
	if (n > 0)
		memcpy(p, items, n * size);
	*cap = more;
	return p;
}

/* --- attributes: each reader leaves *ret alone when the attribute is absent or has another size --- */

static void
get_u32(struct nlattr *a, uint32_t *ret)
{
	if (a != NULL && nla_len(a) == sizeof(*ret))
		memcpy(ret, nla_data(a), sizeof(*ret));
}

static bool
get_addr(struct nlattr *a, int family, struct addr *ret)
{
	int want = family == AF_INET ? 4 : 16;

	if (a == NULL || nla_len(a) != want)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->family = family == AF_INET ? ADDR_V4 : ADDR_V6;
	memcpy(ret->bytes, nla_data(a), (size_t)want);
	return true;
}

static bool
get_mac(struct nlattr *a, struct mac *ret)
{
	static const struct mac zero;

	if (a == NULL || nla_len(a) != sizeof(*ret) || memcmp(nla_data(a), &zero, sizeof(zero)) == 0)
		return false;
	memcpy(ret, nla_data(a), sizeof(*ret));
	return true;
}

/* A name from the kernel, as a string of ours: what has no end or is no UTF-8 is no name. */
static const char *
get_text(struct actual *a, struct nlattr *attr)
{
	size_t len;

	if (attr == NULL)
		return "";
	len = strnlen(nla_data(attr), (size_t)nla_len(attr));
	if (!str_is_utf8(nla_data(attr), len) || str_has_control(nla_data(attr), len))
		return "";
	return arena_strndup(a->arena, nla_data(attr), len);
}

/* --- links --- */

static void
read_stats(struct link *l, struct nlattr *attr)
{
	struct rtnl_link_stats64 s;

	if (attr == NULL || (size_t)nla_len(attr) < sizeof(s))
		return;
	memcpy(&s, nla_data(attr), sizeof(s));
	l->rx_bytes = s.rx_bytes;
	l->tx_bytes = s.tx_bytes;
	l->rx_packets = s.rx_packets;
	l->tx_packets = s.tx_packets;
	l->rx_errors = s.rx_errors;
	l->tx_errors = s.tx_errors;
	l->rx_dropped = s.rx_dropped;
	l->tx_dropped = s.tx_dropped;
}

static void
read_names(struct actual *a, struct link *l, struct nlattr **tb)
{
	struct nlattr *nested[IFLA_INFO_MAX + 1], *n;
	const char *bus = get_text(a, tb[ATTR_IFLA_PARENT_DEV_BUS_NAME]), *dev = get_text(a, tb[ATTR_IFLA_PARENT_DEV_NAME]);
	int left;

	(void)str_copy(l->name, get_text(a, tb[IFLA_IFNAME]), sizeof(l->name));
	l->kind = "";
	if (tb[IFLA_LINKINFO] != NULL && nla_parse_nested(nested, IFLA_INFO_MAX, tb[IFLA_LINKINFO], NULL) == 0)
		l->kind = get_text(a, nested[IFLA_INFO_KIND]);
	l->path = bus[0] != '\0' && dev[0] != '\0' ? arena_printf(a->arena, "%s-%s", bus, dev) : "";
	if (tb[IFLA_PROP_LIST] == NULL)
		return;
	nla_for_each_nested(n, tb[IFLA_PROP_LIST], left)
		if (nla_type(n) == IFLA_ALT_IFNAME && l->naltnames < LINK_ALTNAMES_MAX)
			l->altnames[l->naltnames++] = get_text(a, n);
}

static int
read_link(struct actual *a, struct nlmsghdr *h)
{
	struct nlattr *tb[ATTR_IFLA_PARENT_DEV_BUS_NAME + 1];
	struct ifinfomsg *ifi = nlmsg_data(h);
	struct link *l;

	if (nlmsg_parse(h, sizeof(*ifi), tb, ATTR_IFLA_PARENT_DEV_BUS_NAME, NULL) < 0)
		return -EPROTO;
	if (ifi->ifi_family != AF_UNSPEC || ifi->ifi_index <= 0)
		return 0;		/* a bridge's view of a port */
	a->links = room(a, a->links, a->nlinks, &a->caps[0], sizeof(*l));
	if (a->links == NULL)
		return -ENOMEM;
	l = &a->links[a->nlinks++];
	memset(l, 0, sizeof(*l));
	l->index = (uint32_t)ifi->ifi_index;
	l->flags = ifi->ifi_flags;
	l->type = ifi->ifi_type;
	get_u32(tb[IFLA_MTU], &l->mtu);
	get_u32(tb[IFLA_MIN_MTU], &l->min_mtu);
	get_u32(tb[IFLA_MAX_MTU], &l->max_mtu);
	get_u32(tb[IFLA_LINK], &l->lower);
	get_u32(tb[IFLA_MASTER], &l->master);
	if (tb[IFLA_OPERSTATE] != NULL && nla_len(tb[IFLA_OPERSTATE]) >= 1)
		l->operstate = nla_get_u8(tb[IFLA_OPERSTATE]);
	l->has_mac = get_mac(tb[IFLA_ADDRESS], &l->mac);
	l->has_perm_mac = get_mac(tb[ATTR_IFLA_PERM_ADDRESS], &l->perm_mac);
	l->has_foreign_peer = tb[IFLA_LINK_NETNSID] != NULL;
	read_stats(l, tb[IFLA_STATS64]);
	read_names(a, l, tb);
	return l->kind == NULL || l->path == NULL ? -ENOMEM : 0;
}

/* --- addresses --- */

static int
read_addr(struct actual *a, struct nlmsghdr *h)
{
	struct nlattr *tb[ATTR_IFA_PROTO + 1];
	struct ifaddrmsg *ifa = nlmsg_data(h);
	struct addr address, local;
	struct address *i;

	if (nlmsg_parse(h, sizeof(*ifa), tb, ATTR_IFA_PROTO, NULL) < 0)
		return -EPROTO;
	if ((ifa->ifa_family != AF_INET && ifa->ifa_family != AF_INET6) || ifa->ifa_prefixlen > (ifa->ifa_family == AF_INET ? 32 : 128))
		return 0;
	if (!get_addr(tb[IFA_ADDRESS], ifa->ifa_family, &address) && !get_addr(tb[IFA_LOCAL], ifa->ifa_family, &address))
		return 0;
	local = address;
	(void)get_addr(tb[IFA_LOCAL], ifa->ifa_family, &local);
	a->addrs = room(a, a->addrs, a->naddrs, &a->caps[1], sizeof(*i));
	if (a->addrs == NULL)
		return -ENOMEM;
	i = &a->addrs[a->naddrs++];
	memset(i, 0, sizeof(*i));
	i->index = ifa->ifa_index;
	i->flags = ifa->ifa_flags;
	get_u32(tb[IFA_FLAGS], &i->flags);
	i->scope = ifa->ifa_scope;
	i->prefix.addr = local;
	i->prefix.len = ifa->ifa_prefixlen;
	i->has_peer = !addr_equal(&local, &address);
	i->has_proto = tb[ATTR_IFA_PROTO] != NULL && nla_len(tb[ATTR_IFA_PROTO]) == 1;
	i->proto = i->has_proto ? nla_get_u8(tb[ATTR_IFA_PROTO]) : 0;
	return 0;
}

/* --- routes --- */

static bool
is_complex(struct nlattr **tb)
{
	return tb[RTA_MULTIPATH] != NULL || tb[RTA_VIA] != NULL || tb[RTA_ENCAP_TYPE] != NULL || tb[ATTR_RTA_NH_ID] != NULL;
}

static int
read_route(struct actual *a, struct nlmsghdr *h)
{
	struct nlattr *tb[ATTR_RTA_NH_ID + 1];
	struct rtmsg *rtm = nlmsg_data(h);
	struct route *r;

	if (nlmsg_parse(h, sizeof(*rtm), tb, ATTR_RTA_NH_ID, NULL) < 0)
		return -EPROTO;
	if ((rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6) || (rtm->rtm_flags & RTM_F_CLONED) ||
	    rtm->rtm_dst_len > (rtm->rtm_family == AF_INET ? 32 : 128))
		return 0;		/* a cloned route is a cache entry */
	a->routes = room(a, a->routes, a->nroutes, &a->caps[2], sizeof(*r));
	if (a->routes == NULL)
		return -ENOMEM;
	r = &a->routes[a->nroutes++];
	memset(r, 0, sizeof(*r));
	r->destination.addr.family = rtm->rtm_family == AF_INET ? ADDR_V4 : ADDR_V6;
	(void)get_addr(tb[RTA_DST], rtm->rtm_family, &r->destination.addr);
	r->destination.len = rtm->rtm_dst_len;
	(void)get_addr(tb[RTA_GATEWAY], rtm->rtm_family, &r->via);
	(void)get_addr(tb[RTA_PREFSRC], rtm->rtm_family, &r->prefsrc);
	r->table = rtm->rtm_table;
	get_u32(tb[RTA_TABLE], &r->table);
	get_u32(tb[RTA_OIF], &r->oif);
	get_u32(tb[RTA_PRIORITY], &r->metric);
	r->type = rtm->rtm_type;
	r->protocol = rtm->rtm_protocol;
	r->tos = rtm->rtm_tos;
	r->scope = rtm->rtm_scope;
	r->flags = rtm->rtm_flags;
	r->is_complex = is_complex(tb) || rtm->rtm_src_len != 0;
	return 0;
}

/* --- messages --- */

static int
read_message(struct actual *a, struct nlmsghdr *h)
{
	static const struct {
		uint16_t type;
		size_t	 min;
		int	 (*read)(struct actual *, struct nlmsghdr *);
	} readers[] = {
		{ RTM_NEWLINK, sizeof(struct ifinfomsg), read_link },
		{ RTM_NEWADDR, sizeof(struct ifaddrmsg), read_addr },
		{ RTM_NEWROUTE, sizeof(struct rtmsg), read_route },
	};
	size_t i;

	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (h->nlmsg_type == readers[i].type)
			return h->nlmsg_len < NLMSG_HDRLEN + readers[i].min ? -EPROTO : readers[i].read(a, h);
	return 0;
}

int
actual_read(struct actual *a, const uint8_t *data, size_t len)
{
	struct nlmsghdr *h;
	size_t at = 0;
	int error;

	while (len - at >= NLMSG_HDRLEN) {
		/* The kernel aligns each message; libnl takes them through a pointer that it does not write to. */
		h = (struct nlmsghdr *)(uintptr_t)(data + at);
		if (h->nlmsg_len < NLMSG_HDRLEN || h->nlmsg_len > len - at)
			return -EPROTO;
		error = read_message(a, h);
		if (error != 0)
			return error;
		if (NLMSG_ALIGN(h->nlmsg_len) >= len - at)
			return 0;
		at += NLMSG_ALIGN(h->nlmsg_len);
	}
	return len == at ? 0 : -EPROTO;
}

/* --- looking things up --- */

const struct link *
actual_link(const struct actual *a, uint32_t index)
{
	uint32_t i;

	for (i = 0; index != 0 && i < a->nlinks; i++)
		if (a->links[i].index == index)
			return &a->links[i];
	return NULL;
}

const char *
actual_link_name(const struct actual *a, uint32_t index)
{
	const struct link *l = actual_link(a, index);

	return l != NULL ? l->name : "?";
}

bool
actual_connects(const struct actual *a, const struct addr *addr, uint32_t *ret_index)
{
	const struct address *best = NULL;
	uint32_t i;

	for (i = 0; i < a->naddrs; i++)
		if (!a->addrs[i].has_peer && prefix_contains(&a->addrs[i].prefix, addr) &&
		    (best == NULL || a->addrs[i].prefix.len > best->prefix.len))
			best = &a->addrs[i];
	if (best != NULL)
		*ret_index = best->index;
	return best != NULL;
}
