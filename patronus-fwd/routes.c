/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/nlmsg.h"
#include "net/rtnlwalk.h"

#include "mem.h"
#include "routes.h"

struct route {
	struct prefix	prefix;
	bool		is_local_table;	/* it is looked at first */
	uint32_t	priority;
	uint8_t		way;		/* enum routes_way */
	uint32_t	link;
};

struct routes {
	struct route	*items;		/* as they are tried */
	uint32_t	 n;
	uint32_t	 cap;
};

static uint8_t
way_of(uint8_t type, bool has_link)
{
	switch (type) {
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return ROUTES_LOCAL;
	case RTN_UNICAST:
		return has_link ? ROUTES_LINK : ROUTES_UNKNOWN;
	default:
		return ROUTES_UNKNOWN;
	}
}

static bool
route_read(const struct nl_msg *m, struct route *ret)
{
	struct rtnl_route r;
	struct nl_reader attrs;
	struct nl_attr oif;
	struct rtmsg h;
	bool has_link;

	if (rtnlwalk_route(m, &r) != 0 || (r.family != AF_INET && r.family != AF_INET6) ||
	    (r.table != RT_TABLE_MAIN && r.table != RT_TABLE_LOCAL) || nlattr_reader_init(&attrs, m, sizeof(h)) != 0)
		return false;
	memcpy(&h, m->data, sizeof(h));
	memset(ret, 0, sizeof(*ret));
	ret->prefix.addr.family = r.family == AF_INET ? ADDR_V4 : ADDR_V6;
	memcpy(ret->prefix.addr.bytes, r.dst, addr_len(&ret->prefix.addr));
	ret->prefix.len = r.dst_len;
	ret->is_local_table = r.table == RT_TABLE_LOCAL;
	ret->priority = r.priority;
	has_link = nlattr_find(attrs, RTA_OIF, &oif);
	ret->link = has_link ? nlattr_u32(&oif) : 0;
	ret->way = way_of(h.rtm_type, has_link);
	return r.dst_len <= 8 * addr_len(&ret->prefix.addr);
}

static int
order(const void *a, const void *b)
{
	const struct route *x = a, *y = b;

	if (x->is_local_table != y->is_local_table)
		return x->is_local_table ? -1 : 1;
	if (x->prefix.len != y->prefix.len)
		return x->prefix.len > y->prefix.len ? -1 : 1;
	return (x->priority > y->priority) - (x->priority < y->priority);
}

struct routes *
routes_read(const uint8_t *data, size_t len, struct arena *a)
{
	struct routes *s;
	struct nl_reader r;
	struct nl_msg m;
	struct route one;

	s = mem_alloc(a, 1, sizeof(*s));
	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1) {
		if (!route_read(&m, &one))
			continue;
		if (s->n == s->cap)
			s->items = mem_grow(a, s->items, s->n, sizeof(*s->items), &s->cap);
		s->items[s->n++] = one;
	}
	if (s->n > 1)
		qsort(s->items, s->n, sizeof(*s->items), order);
	return s;
}

enum routes_way
routes_find(const struct routes *s, const struct addr *a, uint32_t *ret)
{
	uint32_t i;

	for (i = 0; i < s->n; i++) {
		if (!prefix_contains(&s->items[i].prefix, a))
			continue;
		*ret = s->items[i].link;
		return s->items[i].way;
	}
	return ROUTES_UNKNOWN;
}
