/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>

#include "net/nlmsg.h"

#include "links.h"
#include "mem.h"

struct link {
	uint32_t	 index;
	const char	*name;
	const char	*path;		/* "pci-0000:03:00.0", or NULL */
	const char	**altnames;
	unsigned	 n_altnames;
	unsigned	 cap_altnames;
	struct mac	 mac;
	struct mac	 permanent;
	uint32_t	 program;	/* XDP; 0: none */
	uint32_t	 bridge;	/* of which this one is a port; 0: none */
	uint32_t	 lower;		/* the link on which this one stands, whose frames it has a part of; 0: none */
	bool		 uses_sets;
	bool		 has_mac;
	bool		 has_permanent;
};

struct links {
	struct link	*items;
	unsigned	 n;
	unsigned	 cap;
};

static bool
get_mac(struct nl_reader r, uint16_t type, struct mac *ret)
{
	struct nl_attr a;

	if (!nlattr_find(r, type, &a) || a.len != sizeof(ret->bytes))
		return false;
	memcpy(ret->bytes, a.data, sizeof(ret->bytes));
	return true;
}

static const char *
get_text(struct nl_reader r, uint16_t type)
{
	struct nl_attr a;

	return nlattr_find(r, type, &a) ? nlattr_str(&a) : NULL;
}

static void
read_altnames(struct link *l, struct nl_reader r, struct arena *a)
{
	struct nl_reader nested;
	struct nl_attr list, name;

	if (!nlattr_find(r, IFLA_PROP_LIST, &list))
		return;
	nlattr_reader_nested(&nested, &list);
	while (nlattr_next(&nested, &name) == 1) {
		if (name.type != IFLA_ALT_IFNAME || nlattr_str(&name) == NULL)
			continue;
		l->altnames = mem_grow(a, l->altnames, l->n_altnames, sizeof(*l->altnames), &l->cap_altnames);
		l->altnames[l->n_altnames++] = mem_strdup(a, nlattr_str(&name));
	}
}

/* One program in any mode; several at once only where somebody else put them. */
static uint32_t
get_program(struct nl_reader r)
{
	struct nl_reader nested;
	struct nl_attr xdp, id;

	if (!nlattr_find(r, IFLA_XDP, &xdp))
		return 0;
	nlattr_reader_nested(&nested, &xdp);
	while (nlattr_next(&nested, &id) == 1)
		if ((id.type == IFLA_XDP_PROG_ID || id.type == IFLA_XDP_DRV_PROG_ID || id.type == IFLA_XDP_SKB_PROG_ID ||
		    id.type == IFLA_XDP_HW_PROG_ID) && id.len == sizeof(uint32_t))
			return nlattr_u32(&id);
	return 0;
}

/* Only of kinds that hand on the packets of another link as they came; tunnels have packets of their own in them. */
static uint32_t
get_lower(struct nl_reader r)
{
	static const char *const kinds[] = { "vlan", "macvlan" };
	struct nl_reader nested;
	struct nl_attr info, kind, lower, elsewhere;
	unsigned i;

	if (!nlattr_find(r, IFLA_LINKINFO, &info) || !nlattr_find(r, IFLA_LINK, &lower) || lower.len != sizeof(uint32_t) ||
	    nlattr_find(r, IFLA_LINK_NETNSID, &elsewhere))
		return 0;
	nlattr_reader_nested(&nested, &info);
	if (!nlattr_find(nested, IFLA_INFO_KIND, &kind) || nlattr_str(&kind) == NULL)
		return 0;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(nlattr_str(&kind), kinds[i]) == 0)
			return nlattr_u32(&lower);
	return 0;
}

/* A master that is a team or a bond has no ports in that sense. */
static uint32_t
get_bridge(struct nl_reader r)
{
	struct nl_reader nested;
	struct nl_attr info, kind, master;

	if (!nlattr_find(r, IFLA_LINKINFO, &info) || !nlattr_find(r, IFLA_MASTER, &master) || master.len != sizeof(uint32_t))
		return 0;
	nlattr_reader_nested(&nested, &info);
	return nlattr_find(nested, IFLA_INFO_SLAVE_KIND, &kind) && nlattr_str(&kind) != NULL && strcmp(nlattr_str(&kind), "bridge") == 0 ?
	    nlattr_u32(&master) : 0;
}

static void
read_link(struct links *all, const struct nl_msg *m, struct arena *a)
{
	struct ifinfomsg info;
	struct nl_reader r;
	struct link *l;
	const char *name, *bus, *device;

	if (m->type != RTM_NEWLINK || nlattr_reader_init(&r, m, sizeof(info)) != 0)
		return;
	memcpy(&info, m->data, sizeof(info));
	name = get_text(r, IFLA_IFNAME);
	if (name == NULL)
		return;
	all->items = mem_grow(a, all->items, all->n, sizeof(*all->items), &all->cap);
	l = &all->items[all->n++];
	memset(l, 0, sizeof(*l));
	l->index = (uint32_t)info.ifi_index;
	l->name = mem_strdup(a, name);
	l->program = get_program(r);
	l->bridge = get_bridge(r);
	l->lower = get_lower(r);
	l->has_mac = get_mac(r, IFLA_ADDRESS, &l->mac);
	l->has_permanent = get_mac(r, IFLA_PERM_ADDRESS, &l->permanent);
	bus = get_text(r, IFLA_PARENT_DEV_BUS_NAME);
	device = get_text(r, IFLA_PARENT_DEV_NAME);
	if (bus != NULL && device != NULL)
		l->path = mem_printf(a, "%s-%s", bus, device);
	read_altnames(l, r, a);
}

struct links *
links_read(const uint8_t *data, size_t len, struct arena *a)
{
	struct links *all;
	struct nl_reader r;
	struct nl_msg m;

	all = mem_alloc(a, 1, sizeof(*all));
	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1)
		read_link(all, &m, a);
	return all;
}

static bool
has_mac(const struct link *l, const struct mac *m)
{
	if (l->has_permanent)
		return memcmp(&l->permanent, m, sizeof(*m)) == 0;
	return l->has_mac && memcmp(&l->mac, m, sizeof(*m)) == 0;
}

const char *
links_by_mac(const struct links *all, const struct mac *m)
{
	const char *name;
	unsigned i;

	for (i = 0, name = NULL; all != NULL && i < all->n; i++) {
		if (!has_mac(&all->items[i], m))
			continue;
		if (name != NULL)
			return NULL;
		name = all->items[i].name;
	}
	return name;
}

const char *
links_by_path(const struct links *all, const char *path)
{
	const char *name;
	unsigned i;

	for (i = 0, name = NULL; all != NULL && i < all->n; i++) {
		if (all->items[i].path == NULL || strcmp(all->items[i].path, path) != 0)
			continue;
		if (name != NULL)
			return NULL;
		name = all->items[i].name;
	}
	return name;
}

const char *
links_by_name(const struct links *all, const char *name)
{
	const struct link *l;
	unsigned i, k;

	for (i = 0; all != NULL && i < all->n; i++) {
		l = &all->items[i];
		if (strcmp(l->name, name) == 0)
			return l->name;
		for (k = 0; k < l->n_altnames; k++)
			if (strcmp(l->altnames[k], name) == 0)
				return l->name;
	}
	return NULL;
}

const char *
links_by_index(const struct links *all, uint32_t index)
{
	unsigned i;

	for (i = 0; all != NULL && i < all->n; i++)
		if (all->items[i].index == index)
			return all->items[i].name;
	return NULL;
}

static struct link *
find(const struct links *all, const char *name)
{
	unsigned i;

	for (i = 0; all != NULL && i < all->n; i++)
		if (strcmp(all->items[i].name, name) == 0)
			return &all->items[i];
	return NULL;
}

uint32_t
links_number(const struct links *all, const char *name, uint32_t *ret_program)
{
	const struct link *l = find(all, name);

	*ret_program = l != NULL ? l->program : 0;
	return l != NULL ? l->index : 0;
}

uint32_t
links_next_program(const struct links *all, unsigned *at, uint32_t *ret_program)
{
	const struct link *l;

	while (all != NULL && *at < all->n) {
		l = &all->items[(*at)++];
		*ret_program = l->program;
		if (l->program != 0)
			return l->index;
	}
	return 0;
}

void
links_use_sets(struct links *all, const char *name)
{
	struct link *l = find(all, name);

	if (l != NULL)
		l->uses_sets = true;
}

void
links_all_use_sets(struct links *all, bool has_foreign)
{
	unsigned i;

	for (i = 0; i < all->n; i++)
		all->items[i].uses_sets = has_foreign || all->items[i].program == 0;
}

bool
links_uses_sets(const struct links *all, const char *name)
{
	const struct link *l = find(all, name);

	return l != NULL && l->uses_sets;
}

const char *
links_next_upper(const struct links *all, const char *name, unsigned *at)
{
	const struct link *lower = find(all, name), *l;

	while (lower != NULL && *at < all->n) {
		l = &all->items[(*at)++];
		if (l->lower == lower->index)
			return l->name;
	}
	return NULL;
}

const char *
links_next_port(const struct links *all, const char *name, unsigned *at)
{
	const struct link *bridge = find(all, name), *l;

	while (bridge != NULL && *at < all->n) {
		l = &all->items[(*at)++];
		if (l->bridge == bridge->index)
			return l->name;
	}
	return NULL;
}

const char *
links_bridge_of(const struct links *all, const char *port)
{
	const struct link *l = find(all, port);

	return l != NULL && l->bridge != 0 ? links_by_index(all, l->bridge) : NULL;
}

bool
links_mac(const struct links *all, const char *name, struct mac *ret)
{
	const struct link *l = find(all, name);

	if (l == NULL || !l->has_mac)
		return false;
	*ret = l->mac;
	return true;
}
