/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration that an import makes, as nodes: keys, links, and what is left when all is said. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/draft.h"

#define KEY_MAX		63
#define NAME_BUCKETS	4096

/* Every key that was given: chains of a hash, all in the arena. */
struct names {
	struct name {
		const char	*text;
		struct name	*next;
	} *bucket[NAME_BUCKETS];
};

static const char *const outcome_names[] = { NULL, "done", "changed", "refused" };

void
draft_fail(struct draft *d, const char *why)
{
	d->failed = true;
	if (why == NULL)
		d->starved = true;
	else if (d->why == NULL)
		d->why = why;
}

static struct node *
made(struct draft *d, struct node *n)
{
	if (n == NULL)
		draft_fail(d, NULL);
	return n;
}

static struct node *
append(struct draft *d, struct node *parent, const char *name, struct node *n)
{
	if (parent == NULL || made(d, n) == NULL)
		return NULL;
	n->name = parent->kind == NODE_MAP ? name : NULL;
	node_append(parent, n);
	return n;
}

struct node *
draft_map(struct draft *d, struct node *parent, const char *name)
{
	return append(d, parent, name, node_new(d->arena, NODE_MAP, 1));
}

struct node *
draft_list(struct draft *d, struct node *parent, const char *name)
{
	return append(d, parent, name, node_new(d->arena, NODE_SEQ, 1));
}

static void
put(struct draft *d, struct node *parent, const char *name, enum node_style style, const char *text)
{
	(void)append(d, parent, name, node_scalar(d->arena, style, text, strlen(text), 1));
}

void
draft_text(struct draft *d, struct node *parent, const char *name, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	put(d, parent, name, NODE_QUOTED, text);
}

void
draft_flag(struct draft *d, struct node *parent, const char *name, bool value)
{
	put(d, parent, name, NODE_BOOL, value ? "true" : "false");
}

void
draft_number(struct draft *d, struct node *parent, const char *name, unsigned value)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%u", value);
	put(d, parent, name, NODE_NUMBER, text);
}

/* --- keys --- */

static bool
name_add(struct draft *d, const char *text)
{
	struct name **bucket, *n;
	const char *at;
	uint32_t hash = 2166136261u;

	for (at = text; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	bucket = &d->names->bucket[hash % NAME_BUCKETS];
	for (n = *bucket; n != NULL; n = n->next)
		if (strcmp(n->text, text) == 0)
			return false;
	if ((n = arena_alloc(d->arena, 1, sizeof(*n))) == NULL) {
		draft_fail(d, NULL);
		return true;
	}
	n->text = text;
	n->next = *bucket;
	*bucket = n;
	return true;
}

/* Lower-case letters, digits, single hyphens. */
static void
clean_key(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < size; text++) {
		if (isalnum((unsigned char)*text))
			ret[n++] = (char)tolower((unsigned char)*text);
		else if (n > 0 && ret[n - 1] != '-')
			ret[n++] = '-';
	}
	while (n > 0 && ret[n - 1] == '-')
		n--;
	ret[n] = '\0';
}

const char *
draft_key(struct draft *d, const char *kind, const char *text)
{
	char base[KEY_MAX - 6], key[KEY_MAX + 1];
	const char *full;
	unsigned i;

	clean_key(text, base, sizeof(base));
	if (base[0] == '\0')
		(void)str_copy(base, "object", sizeof(base));
	(void)str_copy(key, base, sizeof(key));
	for (i = 2; !d->failed; i++) {
		if ((full = arena_printf(d->arena, "%s/%s", kind, key)) == NULL)
			draft_fail(d, NULL);
		else if (name_add(d, full))
			return full + strlen(kind) + 1;
		(void)snprintf(key, sizeof(key), "%s-%u", base, i);
	}
	return "object";
}

/* --- links --- */

static void
link_addresses(struct draft_link *l, const char *text)
{
	char one[PREFIX_STRLEN];
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == ' ')) {
		len = strcspn(text, " ");
		if (len == 0 || len >= sizeof(one) || l->naddrs == DRAFT_ADDRS)
			continue;
		(void)memcpy(one, text, len);
		one[len] = '\0';
		if (prefix_parse(one, &l->addrs[l->naddrs]) == 0)
			l->naddrs++;
	}
}

/* "eth0\twan\twan\t198.51.100.2/24": what the workspace has. */
static void
link_from(struct draft *d, const char *line)
{
	struct draft_link *l = &d->links[d->nlinks];
	const char *part[4] = { "", "", "", "" };
	unsigned n;
	size_t len;

	for (n = 0; n < 4; n++) {
		len = strcspn(line, "\t");
		part[n] = arena_strndup(d->arena, line, len);
		line += len + (line[len] == '\t');
		if (part[n] == NULL) {
			draft_fail(d, NULL);
			return;
		}
	}
	if (d->nlinks == DRAFT_LINKS || part[0][0] == '\0' || part[1][0] == '\0')
		return;
	*l = (struct draft_link){ .kernel = part[0], .name = part[1], .zone = part[2], .is_there = true };
	link_addresses(l, part[3]);
	(void)draft_key(d, "interfaces", part[1]);
	d->nlinks++;
}

/* Interfaces without a zone get one of their name; after all zones that are there. */
static void
give_zones(struct draft *d)
{
	unsigned i, j;

	for (i = 0; i < d->nlinks; i++) {
		for (j = 0; j < i && strcmp(d->links[j].zone, d->links[i].zone) != 0; j++)
			;
		if (d->links[i].zone[0] != '\0' && j == i)
			(void)draft_key(d, "zones", d->links[i].zone);
	}
	for (i = 0; i < d->nlinks; i++)
		if (d->links[i].zone[0] == '\0')
			d->links[i].zone = draft_key(d, "zones", d->links[i].name);
}

void
draft_init(struct draft *d, struct arena *arena, const char *const *context, size_t n)
{
	static const char *const taken[] = { "any", "local" };
	struct node **const lists[] = { &d->services, &d->groups, &d->mac_groups, &d->lists, &d->port_groups, &d->schedules, &d->rules, &d->pre_rules,
	    &d->post_rules, &d->masquerade, &d->source_nat, &d->one_to_one, &d->forwards };
	size_t i;

	memset(d, 0, sizeof(*d));
	d->arena = arena;
	if ((d->names = arena_alloc(arena, 1, sizeof(*d->names))) == NULL) {
		draft_fail(d, NULL);
		return;
	}
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		(void)draft_key(d, "zones", taken[i]);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		*lists[i] = made(d, node_new(arena, NODE_SEQ, 1));
	d->interfaces = made(d, node_new(arena, NODE_MAP, 1));
	d->defaults = made(d, node_new(arena, NODE_MAP, 1));
	d->offload = made(d, node_new(arena, NODE_MAP, 1));
	d->routes = made(d, node_new(arena, NODE_MAP, 1));
	for (i = 0; i < n; i++)
		link_from(d, context[i]);
	give_zones(d);
}

uint64_t
draft_link(struct draft *d, const char *kernel)
{
	struct draft_link *l;
	unsigned i;

	if (kernel == NULL) {
		draft_fail(d, NULL);
		return 0;
	}
	for (i = 0; i < d->nlinks; i++)
		if (strcmp(d->links[i].kernel, kernel) == 0)
			return 1ull << i;
	if (d->nlinks == DRAFT_LINKS || kernel[0] == '\0' || strlen(kernel) > 15)
		return 0;
	l = &d->links[d->nlinks];
	*l = (struct draft_link){ .kernel = kernel, .name = draft_key(d, "interfaces", kernel) };
	l->zone = draft_key(d, "zones", l->name);
	return 1ull << d->nlinks++;
}

uint64_t
draft_link_as(struct draft *d, const char *name, const char *kernel)
{
	struct draft_link *l;
	unsigned i;

	if (name == NULL || kernel == NULL) {
		draft_fail(d, NULL);
		return 0;
	}
	for (i = 0; i < d->nlinks; i++)
		if (strcmp(d->links[i].name, name) == 0)
			return 1ull << i;
	if (d->nlinks == DRAFT_LINKS || kernel[0] == '\0' || strlen(kernel) > 15)
		return 0;
	l = &d->links[d->nlinks];
	*l = (struct draft_link){ .kernel = kernel, .name = draft_key(d, "interfaces", name) };
	l->zone = draft_key(d, "zones", l->name);
	return 1ull << d->nlinks++;
}

struct draft_link *
draft_link_of(struct draft *d, uint64_t bit)
{
	unsigned i;

	for (i = 0; i < d->nlinks; i++)
		if (bit == 1ull << i)
			return &d->links[i];
	return NULL;
}

uint64_t
draft_links_like(const struct draft *d, const char *prefix, size_t len)
{
	uint64_t all = 0;
	unsigned i;

	for (i = 0; i < d->nlinks; i++)
		if (strncmp(d->links[i].kernel, prefix, len) == 0)
			all |= 1ull << i;
	return all;
}

uint64_t
draft_links_all(const struct draft *d)
{
	return draft_links_like(d, "", 0);
}

void
draft_each_zone(struct draft *d, uint64_t links, void (*fn)(const char *zone, bool is_whole, void *arg), void *arg)
{
	unsigned i, j;
	bool whole;

	for (i = 0; i < d->nlinks; i++) {
		/* Once for each zone, at its first link that is meant. */
		for (j = 0; j < i; j++)
			if ((links & (1ull << j)) != 0 && strcmp(d->links[j].zone, d->links[i].zone) == 0)
				break;
		if ((links & (1ull << i)) == 0 || j < i)
			continue;
		whole = true;
		for (j = 0; j < d->nlinks; j++)
			if ((links & (1ull << j)) == 0 && strcmp(d->links[j].zone, d->links[i].zone) == 0)
				whole = false;
		fn(d->links[i].zone, whole, arg);
	}
}

/* --- the end --- */

static void
put_zone(struct draft *d, struct node *zones, unsigned first)
{
	struct node *zone = draft_map(d, zones, NULL), *list;
	bool blocks_bogons = false, blocks_private = false;
	unsigned i;

	draft_text(d, zone, "name", "%s", d->links[first].zone);
	list = draft_list(d, zone, "interfaces");
	for (i = first; i < d->nlinks; i++) {
		if (strcmp(d->links[i].zone, d->links[first].zone) != 0)
			continue;
		draft_text(d, list, NULL, "%s", d->links[i].name);
		blocks_bogons |= d->links[i].blocks_bogons;
		blocks_private |= d->links[i].blocks_private;
	}
	if (blocks_bogons)
		draft_flag(d, zone, "block-bogons", true);
	if (blocks_private)
		draft_flag(d, zone, "block-private", true);
}

static void
put_links(struct draft *d, struct node *firewall)
{
	struct node *zones = draft_list(d, firewall, "zones"), *list, *item;
	unsigned i, j;

	for (i = 0; i < d->nlinks; i++) {
		for (j = 0; j < i && strcmp(d->links[j].zone, d->links[i].zone) != 0; j++)
			;
		if (j == i)
			put_zone(d, zones, i);
	}
	for (i = 0; i < d->nlinks; i++) {
		if (d->links[i].is_there)
			continue;
		item = draft_map(d, d->interfaces, d->links[i].name);
		draft_text(d, draft_map(d, item, "match"), "name", "%s", d->links[i].kernel);
		list = d->links[i].naddrs > 0 ? draft_list(d, item, "addresses") : NULL;
		for (j = 0; j < d->links[i].naddrs; j++) {
			char text[PREFIX_STRLEN];

			draft_text(d, list, NULL, "%s", prefix_format(&d->links[i].addrs[j], text, sizeof(text)));
		}
	}
}

/* What an import says about a section is all of it. */
static void
put_sections(struct draft *d, struct node *doc)
{
	struct node *firewall, *nat;
	const struct {
		bool		 is_nat;
		const char	*name;
		struct node	*list;
	} lists[] = {
		{ false, "groups", d->groups }, { false, "mac-groups", d->mac_groups }, { false, "lists", d->lists },
		{ false, "port-groups", d->port_groups }, { false, "services", d->services },
		{ false, "schedules", d->schedules }, { false, "pre-rules", d->pre_rules }, { false, "rules", d->rules },
		{ false, "post-rules", d->post_rules }, { true, "masquerade", d->masquerade }, { true, "source-nat", d->source_nat },
		{ true, "one-to-one", d->one_to_one }, { true, "port-forwards", d->forwards },
	};
	size_t i;

	firewall = draft_map(d, doc, "firewall");
	nat = draft_map(d, doc, "nat");
	put_links(d, firewall);
	if (d->interfaces->n > 0)
		(void)append(d, doc, "interfaces", d->interfaces);
	if (d->routes->n > 0)
		(void)append(d, draft_map(d, doc, "routing"), "static", d->routes);
	(void)append(d, firewall, "defaults", d->defaults);
	if (d->offload->n > 0)
		(void)append(d, firewall, "flow-offload", d->offload);
	if (d->has_domains)
		draft_flag(d, draft_map(d, firewall, "names"), "private", true);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		(void)append(d, lists[i].is_nat ? nat : firewall, lists[i].name, lists[i].list);
}

static void
put_entry(struct draft *d, struct node *account, const struct entry *e)
{
	struct node *item = draft_map(d, account, NULL), *list;
	unsigned i;

	draft_number(d, item, "line", e->line);
	draft_text(d, item, "place", "%s", e->place);
	draft_text(d, item, "text", "%s", e->text);
	draft_text(d, item, "outcome", "%s", outcome_names[e->outcome]);
	list = draft_list(d, item, "objects");
	for (i = 0; i < e->nobjects && i < DRAFT_OBJECTS; i++)
		draft_text(d, list, NULL, "%s", e->objects[i]);
	if (e->nobjects > DRAFT_OBJECTS)
		draft_text(d, list, NULL, "and %u more", e->nobjects - DRAFT_OBJECTS);
	list = draft_list(d, item, "notes");
	for (i = 0; i < e->nnotes; i++)
		draft_text(d, list, NULL, "%s", e->notes[i]);
}

struct node *
draft_finish(struct draft *d)
{
	struct node *root = made(d, node_new(d->arena, NODE_MAP, 1)), *doc, *account;
	const struct entry *e;

	if (d->failed)
		return NULL;
	doc = draft_map(d, root, "document");
	if (doc != NULL && !d->failed)
		put_sections(d, doc);
	account = draft_list(d, root, "account");
	for (e = d->first; e != NULL && !d->failed; e = e->next)
		put_entry(d, account, e);
	return d->failed ? NULL : root;
}
