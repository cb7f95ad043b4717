/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <ctype.h>
#include <string.h>

#include "conf/generated.h"

#include "live.h"
#include "mem.h"
#include "problems.h"
#include "resolver.h"
#include "zoneset.h"

/* Groups, addresses and networks: who a rule is about. */

/* A group with all that it holds by way of others. */
struct group {
	const struct conf_group	*conf;
	const char		*path;
	struct prefix		*items;
	uint32_t		 n;
	struct live_ranges	 live;		/* beside items */
	bool			 is_live;	/* it has, or may have, content that changes by itself; */
	bool			 is_timed;	/* that may end by itself */
	bool			 is_open;	/* being filled: met again, it holds itself */
	bool			 is_done;
};

/* --- groups */
static const struct conf_interface *
interface_find(struct resolver *s, const char *name, const char *path)
{
	const struct conf_interface *i;

	i = names_get(&s->all_interfaces, name);
	if (i == NULL)
		resolver_unknown(s, path, "interface", name);
	return i;
}

static struct group *group_get(struct resolver *, const char *name, const char *path);

static void
group_append(struct resolver *s, struct group *g, uint32_t *cap, const struct prefix *items, uint32_t n, bool is_attached)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (g->n == *cap)
			g->items = mem_grow(s->arena, g->items, g->n, sizeof(*g->items), cap);
		g->items[g->n++] = is_attached ? prefix_network(&items[i]) : items[i];
	}
}

/* What the database says of a country, or of an autonomous system. */
static void
add_said(struct resolver *s, enum addrdb_kind kind, const char *name, const char *path, struct live_ranges *to)
{
	uint8_t value[ADDRDB_VALUE_MAX] = { 0 };

	if (kind == ADDRDB_COUNTRIES)
		memcpy(value, name, strnlen(name, addrdb_value_len(kind)));
	else if (!addrdb_system_parse(name, value))
		problems_add(s->problems, path, "bad-number", "\"%.32s\" is no number of an autonomous system", name);
	live_add_said(s->live, kind, value, s->arena, to);
}

/* What the group has beside its own configuration. */
static void
group_enliven(struct resolver *s, struct group *g)
{
	const struct conf_group *c = g->conf;
	uint32_t i;

	g->is_live = c->temporary != NULL || c->names.n > 0 || c->lists.n > 0 || c->countries.n > 0 || c->autonomous_systems.n > 0;
	g->is_timed = c->temporary != NULL;
	if (g->is_timed)
		live_add_temporary(s->live, c->name, s->arena, &g->live);
	for (i = 0; i < c->names.n; i++)
		live_add_content(s->live, "name/", c->names.items[i], s->arena, &g->live);
	for (i = 0; i < c->lists.n; i++)
		live_add_content(s->live, "list/", c->lists.items[i], s->arena, &g->live);
	for (i = 0; i < c->countries.n; i++)
		add_said(s, ADDRDB_COUNTRIES, c->countries.items[i], g->path, &g->live);
	for (i = 0; i < c->autonomous_systems.n; i++)
		add_said(s, ADDRDB_SYSTEMS, c->autonomous_systems.items[i], g->path, &g->live);
}

static void
group_join(struct resolver *s, struct group *g, const struct group *other)
{
	uint32_t i;

	g->is_live |= other->is_live;
	g->is_timed |= other->is_timed;
	for (i = 0; i < other->live.n; i++)
		live_ranges_add(s->arena, &g->live, &other->live.items[i]);
}

static void
group_fill(struct resolver *s, struct group *g)
{
	const struct conf_group *c = g->conf;
	const struct conf_interface *f;
	const struct group *other;
	uint32_t i, cap = 0;

	group_enliven(s, g);
	if (c->groups.n == 0 && c->interfaces.n == 0) {		/* usual, and perhaps large: nothing is copied */
		g->items = c->addresses.items;
		g->n = c->addresses.n;
		return;
	}
	group_append(s, g, &cap, c->addresses.items, c->addresses.n, false);
	for (i = 0; i < c->groups.n; i++) {
		other = group_get(s, c->groups.items[i], g->path);
		if (other == NULL)
			continue;
		group_append(s, g, &cap, other->items, other->n, false);
		group_join(s, g, other);
	}
	for (i = 0; i < c->interfaces.n; i++) {
		f = interface_find(s, c->interfaces.items[i], g->path);
		if (f != NULL)
			group_append(s, g, &cap, f->addresses.items, f->addresses.n, true);
	}
}

static struct group *
group_get(struct resolver *s, const char *name, const char *path)
{
	struct group *g;

	g = names_get(&s->groups, name);
	if (g == NULL) {
		resolver_unknown(s, path, "group", name);
		return NULL;
	}
	if (g->is_open) {
		problems_add(s->problems, path, "loop", "the group \"%s\" holds itself by way of \"%s\"; take one of them out of the other",
		    name, path);
		return NULL;
	}
	if (g->is_done)
		return g;
	g->is_open = true;
	group_fill(s, g);
	g->is_open = false;
	g->is_done = true;
	return g;
}

void
resolve_groups(struct resolver *s)
{
	const struct conf_firewall *f = s->firewall;
	struct group *g;
	uint32_t i;

	for (i = 0; i < f->groups.n; i++) {
		if (!resolver_check_key(s, f->groups.items[i].name, "/firewall/groups") ||
		    names_get(&s->groups, f->groups.items[i].name) != NULL)
			continue;
		g = mem_alloc(s->arena, 1, sizeof(*g));
		g->conf = &f->groups.items[i];
		g->path = mem_printf(s->arena, "/firewall/groups/%s", g->conf->name);
		names_put(s->arena, &s->groups, g->conf->name, g);
	}
	for (i = 0; i < f->groups.n; i++)
		(void)group_get(s, f->groups.items[i].name, "/firewall/groups");
}

/* --- endpoints */
struct keys {
	const char *const	*items;
	uint32_t		 n;
};

static struct policy_addresses *
criterion_new(struct resolver *s, struct policy_endpoint *e, const char *kind, const char *list, const struct keys *l, bool is_not)
{
	struct policy_addresses *a;

	a = &e->criteria[e->n++];
	a->name = resolver_joined(s, kind, l->items, l->n);
	a->path = mem_printf(s->arena, "%s/%s", list, l->items[0]);
	a->is_not = is_not;
	return a;
}

static void
put_prefixes(struct resolver *s, struct live_ranges *to, const struct group *g)
{
	struct live_range r = { .expires_ms = 0 };
	struct prefix net;
	unsigned k, bytes;
	uint32_t i;

	for (i = 0; i < g->n; i++) {
		net = prefix_network(&g->items[i]);
		bytes = addr_len(&net.addr);
		r.family = net.addr.family == ADDR_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
		memcpy(r.lo, net.addr.bytes, sizeof(r.lo));
		memset(r.hi, 0, sizeof(r.hi));
		for (k = 0; k < bytes; k++)
			r.hi[k] = (uint8_t)(r.lo[k] | (net.len >= 8 * (k + 1) ? 0 : net.len <= 8 * k ? 0xff : 0xff >> (net.len - 8 * k)));
		live_ranges_add(s->arena, to, &r);
	}
}

/* Another rule asks for the same. */
static bool
share_live(const struct resolver *s, struct policy_addresses *a)
{
	const struct policy_addresses *known = names_get(&s->live_addresses, a->name);

	if (known == NULL)
		return false;
	a->is_timed = known->is_timed;
	a->ranges = known->ranges;
	a->n_ranges = known->n_ranges;
	return true;
}

/* Content that changes by itself may have both families at any time, and parts of one prefix may end sooner than others. */
static void
add_live(struct resolver *s, struct policy_addresses *a, const struct keys *l)
{
	struct live_ranges all = { 0 };
	const struct group *g;
	uint32_t i, k;

	s->policy->has_live = true;
	a->is_live = true;
	if (share_live(s, a))
		return;
	for (i = 0; i < l->n; i++) {
		if ((g = names_get(&s->groups, l->items[i])) == NULL)
			continue;
		a->is_timed |= g->is_timed;
		put_prefixes(s, &all, g);
		live_ranges_reserve(s->arena, &all, g->live.n);
		for (k = 0; k < g->live.n; k++)
			live_ranges_add(s->arena, &all, &g->live.items[k]);
	}
	live_ranges_flatten(s->arena, &all);
	a->ranges = all.items;
	a->n_ranges = all.n;
	names_put(s->arena, &s->live_addresses, a->name, a);
}

static void
add_groups(struct resolver *s, struct policy_endpoint *e, const struct keys *l, const char *path, bool is_not)
{
	struct policy_addresses *a;
	const struct group *g;
	uint32_t i, n, total;
	bool is_live;

	if (l->n == 0)
		return;
	a = criterion_new(s, e, "group", "/firewall/groups", l, is_not);
	for (i = 0, total = 0, is_live = false; i < l->n; i++) {
		g = group_get(s, l->items[i], path);
		total += g != NULL ? g->n : 0;
		is_live |= g != NULL && g->is_live;
	}
	if (is_live) {
		add_live(s, a, l);
		return;
	}
	if (l->n == 1) {
		g = names_get(&s->groups, l->items[0]);
		a->items = g != NULL ? g->items : NULL;
		a->n = total;
		return;
	}
	a->items = mem_alloc(s->arena, total, sizeof(*a->items));
	for (i = 0; i < l->n; i++) {
		g = names_get(&s->groups, l->items[i]);
		for (n = 0; g != NULL && n < g->n && a->n < total; n++)
			a->items[a->n++] = g->items[n];
	}
}

static void
add_zone_networks(struct resolver *s, struct policy_endpoint *e, const struct keys *l, const char *path, bool is_not)
{
	const struct policy_interface *i;
	struct policy_addresses *a;
	uint64_t *set;
	uint32_t k, n, total;

	if (l->n == 0)
		return;
	set = resolver_zone_set(s, l->items, l->n, path);
	a = criterion_new(s, e, "zone", "/firewall/zones", l, is_not);
	for (n = 0, total = 0; n < s->policy->n_interfaces; n++)
		total += s->policy->interfaces[n].n_addresses;
	a->items = mem_alloc(s->arena, total, sizeof(*a->items));
	for (n = 0; n < s->policy->n_interfaces; n++) {
		i = &s->policy->interfaces[n];
		if (i->zone == POLICY_LOCAL || !zoneset_has(set, i->zone))
			continue;
		for (k = 0; k < i->n_addresses; k++)
			a->items[a->n++] = prefix_network(&i->addresses[k]);
	}
}

static void
add_interface_networks(struct resolver *s, struct policy_endpoint *e, const struct keys *l, const char *path, bool is_not)
{
	const struct conf_interface *f;
	struct policy_addresses *a;
	uint32_t i, k, total;

	if (l->n == 0)
		return;
	for (i = 0, total = 0; i < l->n; i++) {
		f = interface_find(s, l->items[i], path);
		if (f == NULL || !resolver_check_key(s, l->items[i], path))
			return;
		total += f->addresses.n;
	}
	a = criterion_new(s, e, "interface", "/interfaces", l, is_not);
	a->items = mem_alloc(s->arena, total, sizeof(*a->items));
	for (i = 0; i < l->n; i++) {
		f = names_get(&s->all_interfaces, l->items[i]);
		for (k = 0; k < f->addresses.n; k++)
			a->items[a->n++] = prefix_network(&f->addresses.items[k]);
	}
}

static const struct {
	const char	*kind;
	const char	*path;
} database_names[ADDRDB_KIND_MAX] = {
	[ADDRDB_COUNTRIES] = { "country", "/firewall/countries" },
	[ADDRDB_SYSTEMS] = { "as", "/firewall/autonomous-systems" },
};

/* As part of the name of a set: in lower case, and one name for one thing. */
static const char *
key_of(struct resolver *s, enum addrdb_kind kind, const char *name)
{
	uint8_t value[4];
	char *key;
	unsigned i;

	if (kind == ADDRDB_SYSTEMS)
		return addrdb_system_parse(name, value) ? mem_printf(s->arena, "%u", addrdb_system_number(value)) : "0";
	key = mem_strdup(s->arena, name);
	for (i = 0; key[i] != '\0'; i++)
		key[i] = (char)tolower((unsigned char)key[i]);
	return key;
}

/* Their addresses, beside those of no group: what the database says is there for all rules that name the same ones. */
static void
add_database(struct resolver *s, struct policy_endpoint *e, enum addrdb_kind kind, const struct keys *l, bool is_not)
{
	struct live_ranges all = { 0 };
	struct policy_addresses *a;
	const char **names;
	uint32_t i;

	if (l->n == 0)
		return;
	names = mem_alloc(s->arena, l->n, sizeof(*names));
	for (i = 0; i < l->n; i++)
		names[i] = key_of(s, kind, l->items[i]);
	a = criterion_new(s, e, database_names[kind].kind, "", &(const struct keys){ names, l->n }, is_not);
	a->path = database_names[kind].path;
	s->policy->has_live = true;
	a->is_live = true;
	if (share_live(s, a))
		return;
	for (i = 0; i < l->n; i++)
		add_said(s, kind, l->items[i], a->path, &all);
	live_ranges_flatten(s->arena, &all);
	a->ranges = all.items;
	a->n_ranges = all.n;
	names_put(s->arena, &s->live_addresses, a->name, a);
}

static void
add_addresses(struct policy_endpoint *e, struct prefix *items, uint32_t n, const char *path, bool is_not)
{
	struct policy_addresses *a;

	if (n == 0)
		return;
	a = &e->criteria[e->n++];
	a->path = path;
	a->items = items;
	a->n = n;
	a->is_not = is_not;
}

#define LIST(field)	(&(const struct keys){ (const char *const *)(field).items, (field).n })

void
resolve_endpoint(struct resolver *s, struct policy_endpoint *e, const struct conf_endpoint *c, const char *path)
{
	const struct conf_endpoint_not *not;

	if (c == NULL)
		return;
	e->criteria = mem_alloc(s->arena, c->not != NULL ? POLICY_CRITERIA : POLICY_CRITERIA / 2, sizeof(*e->criteria));
	add_groups(s, e, LIST(c->group), path, false);
	add_addresses(e, c->addresses.items, c->addresses.n, path, false);
	add_zone_networks(s, e, LIST(c->zones), path, false);
	add_interface_networks(s, e, LIST(c->interfaces), path, false);
	add_database(s, e, ADDRDB_COUNTRIES, LIST(c->countries), false);
	add_database(s, e, ADDRDB_SYSTEMS, LIST(c->autonomous_systems), false);
	not = c->not;
	if (not == NULL)
		return;
	add_groups(s, e, LIST(not->group), path, true);
	add_addresses(e, not->addresses.items, not->addresses.n, path, true);
	add_zone_networks(s, e, LIST(not->zones), path, true);
	add_interface_networks(s, e, LIST(not->interfaces), path, true);
	add_database(s, e, ADDRDB_COUNTRIES, LIST(not->countries), true);
	add_database(s, e, ADDRDB_SYSTEMS, LIST(not->autonomous_systems), true);
}
