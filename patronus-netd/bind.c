/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "actual.h"
#include "bind.h"
#include "desired.h"
#include "problems.h"

/* Links that stand on others carry their hardware address without being that hardware. */
static bool
is_stacked(const struct link *l)
{
	static const char *const kinds[] = { "vlan", "macvlan", "macvtap", "ipvlan", "bridge", "bond", "team", "vrf" };
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(l->kind, kinds[i]) == 0)
			return true;
	return false;
}

static bool
matches_name(const char *name, const struct link *l)
{
	uint32_t i;

	if (strcmp(l->name, name) == 0)
		return true;
	for (i = 0; i < l->naltnames; i++)
		if (strcmp(l->altnames[i], name) == 0)
			return true;
	return false;
}

static bool
matches_mac(const struct mac *mac, const struct link *l)
{
	/* The address that the hardware came with outlives a changed one, and a bond's that covers it. */
	if (is_stacked(l))
		return false;
	if (l->has_perm_mac)
		return memcmp(&l->perm_mac, mac, sizeof(*mac)) == 0;
	return l->has_mac && memcmp(&l->mac, mac, sizeof(*mac)) == 0;
}

bool
bind_matches(const struct want_match *m, const struct link *l)
{
	if (m->name != NULL)
		return matches_name(m->name, l);
	if (m->has_mac)
		return matches_mac(&m->mac, l);
	return m->path != NULL && l->path[0] != '\0' && !is_stacked(l) && strcmp(l->path, m->path) == 0;
}

static const char *
match_text(const struct want_match *m, char *ret, size_t size)
{
	char mac[MAC_STRLEN];

	if (m->name != NULL)
		(void)snprintf(ret, size, "the name \"%s\"", m->name);
	else if (m->has_mac)
		(void)snprintf(ret, size, "the hardware address %s", mac_format(&m->mac, mac, sizeof(mac)));
	else
		(void)snprintf(ret, size, "the hardware path \"%s\"", m->path != NULL ? m->path : "");
	return ret;
}

/* "eth0, eth1, eth2": what a person can choose from; hint is the nearest name when there is one. */
static void
list_links(const struct actual *a, const char *name, char *ret, size_t size, const char **ret_hint)
{
	unsigned best = 3, d;
	size_t at = 0;
	uint32_t i;
	int n;

	ret[0] = '\0';
	*ret_hint = NULL;
	for (i = 0; i < a->nlinks; i++) {
		if (a->links[i].flags & IFF_LOOPBACK)
			continue;
		d = name != NULL ? str_distance(name, a->links[i].name, 2) : 3;
		if (d < best) {
			best = d;
			*ret_hint = a->links[i].name;
		}
		n = snprintf(ret + at, size - at, "%s%s", at > 0 ? ", " : "", a->links[i].name);
		if (n < 0 || (size_t)n >= size - at)
			break;
		at += (size_t)n;
	}
}

static void
problem_none(const struct want_link *w, const struct actual *a, struct problems *problems)
{
	char what[160], list[256];
	const char *hint;

	(void)match_text(&w->match, what, sizeof(what));
	list_links(a, w->match.name, list, sizeof(list), &hint);
	if (hint != NULL)
		problems_add(problems, w->path, "no-such-link", "there is no link with %s; did you mean \"%s\"?", what, hint);
	else
		problems_add(problems, w->path, "no-such-link", "there is no link with %s; this box has %s", what,
		    list[0] != '\0' ? list : "none");
}

static void
bind_one(struct desired *d, struct want_link *w, const struct actual *a, bool must_exist, struct problems *problems)
{
	const struct link *found = NULL, *second = NULL;
	const struct want_link *other;
	char what[160];
	uint32_t i;

	for (i = 0; i < a->nlinks; i++)
		if (bind_matches(&w->match, &a->links[i])) {
			second = found;
			found = &a->links[i];
			if (second != NULL)
				break;
		}
	if (found == NULL) {
		if (must_exist && problems != NULL)
			problem_none(w, a, problems);
		return;
	}
	if (second != NULL) {
		if (problems != NULL)
			problems_add(problems, w->path, "ambiguous-link", "%s belongs to both %s and %s; match by something "
			    "that only one of them has", match_text(&w->match, what, sizeof(what)), second->name, found->name);
		return;
	}
	other = desired_link_by_index(d, found->index);
	if (other != NULL) {
		if (problems != NULL)
			problems_add(problems, w->path, "link-taken", "%s is already the link of interface \"%s\"",
			    found->name, other->name);
		return;
	}
	w->index = found->index;
	(void)str_copy(w->kernel_name, found->name, sizeof(w->kernel_name));
}

void
bind_links(struct desired *d, const struct actual *a, bool must_exist, struct problems *problems)
{
	uint32_t i;

	for (i = 0; i < d->nlinks; i++)
		d->links[i].index = 0;
	for (i = 0; i < d->nlinks; i++)
		bind_one(d, &d->links[i], a, must_exist, problems);
}
