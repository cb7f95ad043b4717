/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/str.h"
#include "net/nlmsg.h"
#include "net/rtnlwalk.h"
#include "actual.h"
#include "desired.h"

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

/* --- attributes: each getter leaves *ret alone when the attribute is absent or has another size --- */

#define ATTRS_MAX	64

/* The attributes of one message or nest, by type. */
struct attrs {
	struct nl_attr	at[ATTRS_MAX];
	bool		has[ATTRS_MAX];
};

static int
attrs_read(struct nl_reader *r, struct attrs *ret)
{
	struct nl_attr a;
	int n;

	memset(ret->has, 0, sizeof(ret->has));
	while ((n = nlattr_next(r, &a)) == 1)
		if (a.type < ATTRS_MAX) {
			ret->at[a.type] = a;
			ret->has[a.type] = true;
		}
	return n;
}

static int
attrs_of_message(const struct nl_msg *m, size_t skip, struct attrs *ret)
{
	struct nl_reader r;

	return nlattr_reader_init(&r, m, skip) != 0 ? -EPROTO : attrs_read(&r, ret);
}

static void
get_u32(const struct attrs *tb, uint16_t type, uint32_t *ret)
{
	if (tb->has[type] && tb->at[type].len == sizeof(*ret))
		*ret = nlattr_u32(&tb->at[type]);
}

static bool
get_addr(const struct attrs *tb, uint16_t type, int family, struct addr *ret)
{
	uint32_t want = family == AF_INET ? 4 : 16;

	if (!tb->has[type] || tb->at[type].len != want)
		return false;
	memset(ret, 0, sizeof(*ret));
	ret->family = family == AF_INET ? ADDR_V4 : ADDR_V6;
	memcpy(ret->bytes, tb->at[type].data, want);
	return true;
}

static bool
get_mac(const struct attrs *tb, uint16_t type, struct mac *ret)
{
	static const struct mac zero;

	if (!tb->has[type] || tb->at[type].len != sizeof(*ret) || memcmp(tb->at[type].data, &zero, sizeof(zero)) == 0)
		return false;
	memcpy(ret, tb->at[type].data, sizeof(*ret));
	return true;
}

/* A name from the kernel, as a string of ours: what has no end or is no UTF-8 is no name.  NULL only without memory. */
static const char *
copy_text(struct actual *a, const struct nl_attr *attr)
{
	size_t len = strnlen((const char *)attr->data, attr->len);

	if (!str_is_utf8((const char *)attr->data, len) || str_has_control((const char *)attr->data, len))
		return "";
	return arena_strndup(a->arena, (const char *)attr->data, len);
}

static const char *
get_text(struct actual *a, const struct attrs *tb, uint16_t type)
{
	return tb->has[type] ? copy_text(a, &tb->at[type]) : "";
}

/* --- links --- */

static void
read_stats(struct link *l, const struct attrs *tb)
{
	struct rtnl_link_stats64 s;

	if (!tb->has[IFLA_STATS64] || tb->at[IFLA_STATS64].len < sizeof(s))
		return;
	memcpy(&s, tb->at[IFLA_STATS64].data, sizeof(s));
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
read_altnames(struct actual *a, struct link *l, const struct attrs *tb)
{
	struct nl_reader r;
	struct nl_attr n;

	if (!tb->has[IFLA_PROP_LIST])
		return;
	nlattr_reader_nested(&r, &tb->at[IFLA_PROP_LIST]);
	while (nlattr_next(&r, &n) == 1)
		if (n.type == IFLA_ALT_IFNAME && l->naltnames < LINK_ALTNAMES_MAX) {
			l->altnames[l->naltnames] = copy_text(a, &n);
			if (l->altnames[l->naltnames] != NULL)
				l->naltnames++;
		}
}

static int
read_names(struct actual *a, struct link *l, const struct attrs *tb)
{
	const char *bus = get_text(a, tb, IFLA_PARENT_DEV_BUS_NAME), *dev = get_text(a, tb, IFLA_PARENT_DEV_NAME);
	const char *name = get_text(a, tb, IFLA_IFNAME);
	struct nl_reader r;
	struct nl_attr kind;

	l->kind = "";
	l->path = "";
	if (name == NULL || bus == NULL || dev == NULL)
		return -ENOMEM;
	(void)str_copy(l->name, name, sizeof(l->name));
	if (tb->has[IFLA_LINKINFO]) {
		nlattr_reader_nested(&r, &tb->at[IFLA_LINKINFO]);
		if (nlattr_find(r, IFLA_INFO_KIND, &kind))
			l->kind = copy_text(a, &kind);
	}
	if (bus[0] != '\0' && dev[0] != '\0')
		l->path = arena_printf(a->arena, "%s-%s", bus, dev);
	read_altnames(a, l, tb);
	return l->kind == NULL || l->path == NULL ? -ENOMEM : 0;
}

/* The kernel's arrays: IPv4's begin with number 1, IPv6's with 0. */
static const struct {
	uint16_t	family;
	uint16_t	array;
	uint8_t		at;
	uint8_t		sysctl;
} devconf[] = {
	{ AF_INET, IFLA_INET_CONF, IPV4_DEVCONF_RP_FILTER - 1, SYSCTL_RP_FILTER },
	{ AF_INET, IFLA_INET_CONF, IPV4_DEVCONF_PROMOTE_SECONDARIES - 1, SYSCTL_PROMOTE_SECONDARIES },
	{ AF_INET6, IFLA_INET6_CONF, DEVCONF_ACCEPT_RA, SYSCTL_IP6_ACCEPT_RA },
	{ AF_INET6, IFLA_INET6_CONF, DEVCONF_DISABLE_IPV6, SYSCTL_IP6_DISABLE },
	{ AF_INET, IFLA_INET_CONF, IPV4_DEVCONF_FORWARDING - 1, SYSCTL_LINK_FORWARD },
	{ AF_INET6, IFLA_INET6_CONF, DEVCONF_FORWARDING, SYSCTL_LINK6_FORWARD },
};

static void
read_sysctls(struct sysctls *s, const struct attrs *tb)
{
	struct nl_reader families, arrays;
	struct nl_attr family, array;
	size_t i;

	for (i = 0; tb->has[IFLA_AF_SPEC] && i < sizeof(devconf) / sizeof(devconf[0]); i++) {
		nlattr_reader_nested(&families, &tb->at[IFLA_AF_SPEC]);
		if (!nlattr_find(families, devconf[i].family, &family))
			continue;
		nlattr_reader_nested(&arrays, &family);
		if (!nlattr_find(arrays, devconf[i].array, &array) || array.len < (devconf[i].at + 1u) * sizeof(uint32_t))
			continue;
		memcpy(&s->values[devconf[i].sysctl], array.data + devconf[i].at * sizeof(uint32_t), sizeof(uint32_t));
		s->has |= 1u << devconf[i].sysctl;
	}
}

static int
read_link(struct actual *a, const struct nl_msg *m)
{
	struct ifinfomsg ifi;
	struct attrs tb;
	struct link *l;

	memcpy(&ifi, m->data, sizeof(ifi));
	if (attrs_of_message(m, sizeof(ifi), &tb) != 0)
		return -EPROTO;
	if (ifi.ifi_family != AF_UNSPEC || ifi.ifi_index <= 0)
		return 0;		/* a bridge's view of a port */
	a->links = room(a, a->links, a->nlinks, &a->caps[0], sizeof(*l));
	if (a->links == NULL)
		return -ENOMEM;
	l = &a->links[a->nlinks++];
	memset(l, 0, sizeof(*l));
	l->index = (uint32_t)ifi.ifi_index;
	l->flags = ifi.ifi_flags;
	l->type = ifi.ifi_type;
	get_u32(&tb, IFLA_MTU, &l->mtu);
	get_u32(&tb, IFLA_MIN_MTU, &l->min_mtu);
	get_u32(&tb, IFLA_MAX_MTU, &l->max_mtu);
	get_u32(&tb, IFLA_LINK, &l->lower);
	get_u32(&tb, IFLA_MASTER, &l->master);
	if (tb.has[IFLA_OPERSTATE])
		l->operstate = nlattr_u8(&tb.at[IFLA_OPERSTATE]);
	l->has_mac = get_mac(&tb, IFLA_ADDRESS, &l->mac);
	l->has_perm_mac = get_mac(&tb, IFLA_PERM_ADDRESS, &l->perm_mac);
	read_stats(l, &tb);
	read_sysctls(&l->sysctls, &tb);
	return read_names(a, l, &tb);
}

/* --- addresses --- */

static bool
family_ok(uint8_t family, uint8_t len)
{
	return (family == AF_INET && len <= 32) || (family == AF_INET6 && len <= 128);
}

static int
read_addr(struct actual *a, const struct nl_msg *m)
{
	struct addr address = { 0 }, local;
	struct ifaddrmsg ifa;
	struct attrs tb;
	struct address *i;

	memcpy(&ifa, m->data, sizeof(ifa));
	if (attrs_of_message(m, sizeof(ifa), &tb) != 0)
		return -EPROTO;
	if (!family_ok(ifa.ifa_family, ifa.ifa_prefixlen) || (!get_addr(&tb, IFA_ADDRESS, ifa.ifa_family, &address) &&
	    !get_addr(&tb, IFA_LOCAL, ifa.ifa_family, &address)))
		return 0;
	local = address;
	(void)get_addr(&tb, IFA_LOCAL, ifa.ifa_family, &local);
	a->addrs = room(a, a->addrs, a->naddrs, &a->caps[1], sizeof(*i));
	if (a->addrs == NULL)
		return -ENOMEM;
	i = &a->addrs[a->naddrs++];
	memset(i, 0, sizeof(*i));
	i->index = ifa.ifa_index;
	i->flags = ifa.ifa_flags;
	get_u32(&tb, IFA_FLAGS, &i->flags);
	i->scope = ifa.ifa_scope;
	i->prefix.addr = local;
	i->prefix.len = ifa.ifa_prefixlen;
	i->has_peer = !addr_equal(&local, &address);
	i->has_proto = tb.has[IFA_PROTO];
	i->proto = i->has_proto ? nlattr_u8(&tb.at[IFA_PROTO]) : 0;
	return 0;
}

/* --- routes --- */

/* Of several next hops the first: with it a route can be told and stood in for, but not compared. */
static void
read_first_hop(struct route *r, const struct nl_attr *multipath, uint8_t family)
{
	struct nl_reader reader;
	struct rtnexthop nh;
	struct attrs tb;

	if (multipath->len < sizeof(nh))
		return;
	memcpy(&nh, multipath->data, sizeof(nh));
	if (nh.rtnh_len < sizeof(nh) || nh.rtnh_len > multipath->len || nh.rtnh_ifindex <= 0)
		return;
	reader = (struct nl_reader){ .data = multipath->data + sizeof(nh), .len = nh.rtnh_len - sizeof(nh) };
	if (attrs_read(&reader, &tb) != 0)
		return;
	r->oif = (uint32_t)nh.rtnh_ifindex;
	(void)get_addr(&tb, RTA_GATEWAY, family, &r->via);
}

static int
read_route(struct actual *a, const struct nl_msg *m)
{
	struct rtmsg rtm;
	struct attrs tb;
	struct route *r;

	memcpy(&rtm, m->data, sizeof(rtm));
	if (attrs_of_message(m, sizeof(rtm), &tb) != 0)
		return -EPROTO;
	if (!family_ok(rtm.rtm_family, rtm.rtm_dst_len) || (rtm.rtm_flags & RTM_F_CLONED))
		return 0;		/* a cloned route is a cache entry */
	a->routes = room(a, a->routes, a->nroutes, &a->caps[2], sizeof(*r));
	if (a->routes == NULL)
		return -ENOMEM;
	r = &a->routes[a->nroutes++];
	memset(r, 0, sizeof(*r));
	r->destination.addr.family = rtm.rtm_family == AF_INET ? ADDR_V4 : ADDR_V6;
	(void)get_addr(&tb, RTA_DST, rtm.rtm_family, &r->destination.addr);
	r->destination.len = rtm.rtm_dst_len;
	(void)get_addr(&tb, RTA_GATEWAY, rtm.rtm_family, &r->via);
	(void)get_addr(&tb, RTA_PREFSRC, rtm.rtm_family, &r->prefsrc);
	r->table = rtm.rtm_table;
	get_u32(&tb, RTA_TABLE, &r->table);
	get_u32(&tb, RTA_OIF, &r->oif);
	get_u32(&tb, RTA_PRIORITY, &r->metric);
	r->type = rtm.rtm_type;
	r->protocol = rtm.rtm_protocol;
	r->tos = rtm.rtm_tos;
	r->scope = rtm.rtm_scope;
	r->flags = rtm.rtm_flags;
	r->is_opaque = tb.has[RTA_VIA] || tb.has[RTA_ENCAP_TYPE] || rtm.rtm_src_len != 0;
	r->is_complex = r->is_opaque || tb.has[RTA_MULTIPATH] || tb.has[RTA_NH_ID];
	if (tb.has[RTA_MULTIPATH])
		read_first_hop(r, &tb.at[RTA_MULTIPATH], rtm.rtm_family);
	return 0;
}

/* --- rules --- */

static int
read_rule(struct actual *a, const struct nl_msg *m)
{
	uint32_t priority = 0, table;
	struct fib_rule_hdr h;
	struct attrs tb;

	memcpy(&h, m->data, sizeof(h));
	if (attrs_of_message(m, sizeof(h), &tb) != 0)
		return -EPROTO;
	table = h.table;
	get_u32(&tb, FRA_TABLE, &table);
	get_u32(&tb, FRA_PRIORITY, &priority);
	if ((h.family != AF_INET && h.family != AF_INET6) || h.action != FR_ACT_TO_TBL || table != RTNLWALK_SHADOW ||
	    priority != RTNLWALK_PRIORITY || !tb.has[FRA_PROTOCOL] || nlattr_u8(&tb.at[FRA_PROTOCOL]) != RTNLWALK_PROTOCOL)
		return 0;
	a->rules = room(a, a->rules, a->nrules, &a->caps[3], sizeof(*a->rules));
	if (a->rules == NULL)
		return -ENOMEM;
	a->rules[a->nrules++].family = h.family == AF_INET ? ADDR_V4 : ADDR_V6;
	return 0;
}

/* --- messages --- */

static int
read_message(struct actual *a, const struct nl_msg *m)
{
	static const struct {
		uint16_t type;
		size_t	 min;
		int	 (*read)(struct actual *, const struct nl_msg *);
	} readers[] = {
		{ RTM_NEWLINK, sizeof(struct ifinfomsg), read_link },
		{ RTM_NEWADDR, sizeof(struct ifaddrmsg), read_addr },
		{ RTM_NEWROUTE, sizeof(struct rtmsg), read_route },
		{ RTM_NEWRULE, sizeof(struct fib_rule_hdr), read_rule },
	};
	size_t i;

	for (i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (m->type == readers[i].type)
			return m->len < readers[i].min ? -EPROTO : readers[i].read(a, m);
	return 0;
}

int
actual_read(struct actual *a, const uint8_t *data, size_t len)
{
	struct nl_reader r;
	struct nl_msg m;
	int n, error;

	nlmsg_reader_init(&r, data, len);
	while ((n = nlmsg_next(&r, &m)) == 1)
		if ((error = read_message(a, &m)) != 0)
			return error;
	return n;
}

static bool
is_news_route(const struct nl_msg *m)
{
	struct rtmsg rtm;

	if (m->len < sizeof(rtm))
		return true;
	memcpy(&rtm, m->data, sizeof(rtm));
	return rtm.rtm_protocol == RTPROT_PATRONUS || rtm.rtm_protocol <= RTPROT_STATIC || rtm.rtm_protocol == RTPROT_RA ||
	    rtm.rtm_protocol == RTPROT_DHCP;
}

bool
actual_is_news(const uint8_t *data, size_t len)
{
	struct nl_reader r;
	struct nl_msg m;

	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1)
		if (m.type == RTM_NEWROUTE || m.type == RTM_DELROUTE) {
			if (is_news_route(&m))
				return true;
		} else if (m.type >= RTM_NEWLINK && m.type < RTM_MAX)
			return true;
	return false;
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
