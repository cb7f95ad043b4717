/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of ipset save: those of addresses become groups. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "node.h"

#include "import/iptables.h"

#define ELEMENTS_MAX	500000

struct ipset *
ipset_find(const struct iptables *it, const char *name)
{
	struct ipset *s;

	for (s = it->sets; s != NULL; s = s->next)
		if (strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

static void
make_group(struct iptables *it, struct ipset *s)
{
	struct node *group = draft_map(it->d, it->d->groups, NULL);

	s->group = draft_key(it->d, "groups", s->name);
	draft_text(it->d, group, "name", "%s", s->group);
	draft_text(it->d, group, "description", "%s", draft_line(it->d, s->entry->text, 200));
	s->addresses = draft_list(it->d, group, "addresses");
	entry_object(it->d, s->entry, "firewall.groups.%s", s->group);
}

void
ipset_create(struct iptables *it)
{
	struct ipset *s = arena_alloc(it->d->arena, 1, sizeof(*s));
	char place[160];
	const char *type;

	if (s == NULL || it->nwords < 3) {
		draft_fail(it->d, s == NULL ? NULL : "a set has no type");
		return;
	}
	type = it->word[2];
	s->name = it->word[1];
	(void)snprintf(place, sizeof(place), "set %.100s", s->name);
	s->entry = entry_add(it->d, it->line, place, type, strlen(type));
	s->next = it->sets;
	it->sets = s;
	if (strcmp(type, "hash:ip") == 0 || strcmp(type, "hash:net") == 0 || strcmp(type, "bitmap:ip") == 0)
		make_group(it, s);
	else
		entry_note(it->d, s->entry, OUTCOME_REFUSED, "sets of type %.40s have no group here; rules that ask for it are refused, or drop more", type);
}

void
ipset_add(struct iptables *it)
{
	struct ipset *s = it->nwords >= 3 ? ipset_find(it, it->word[1]) : NULL;
	struct match_addrs parts = { NULL, 0 };
	struct addr first, last;
	struct prefix p;
	char *dash, text[PREFIX_STRLEN];
	unsigned i;

	if (s == NULL) {
		draft_fail(it->d, "an entry of a set stands before the set");
		return;
	}
	if (s->group == NULL || s->addresses == NULL)
		return;
	for (i = 3; i + 1 < it->nwords; i++)
		if (strcmp(it->word[i], "timeout") == 0 && strcmp(it->word[i + 1], "0") != 0) {
			s->is_volatile = true;
			entry_note(it->d, s->entry, OUTCOME_CHANGED, "entries that end by themselves stay until somebody removes them; rules that accept by "
			    "this set are refused");
		}
	for (i = 3; i < it->nwords; i++)
		if (strcmp(it->word[i], "nomatch") == 0) {
			/* An exception within the set: the set is not what its entries say. */
			s->group = NULL;
			entry_note(it->d, s->entry, OUTCOME_REFUSED, "exceptions in a set (nomatch) have no place in a group");
			return;
		}
	dash = strchr(it->word[2], '-');
	if (dash != NULL)
		*dash = '\0';
	if (dash != NULL && addr_parse(it->word[2], &first) == 0 && addr_parse(dash + 1, &last) == 0)
		(void)match_addrs_range(&parts, &first, &last, it->d->arena);
	else if (dash == NULL && prefix_parse_host(it->word[2], &p) == 0)
		(void)match_addrs_add(&parts, &p, it->d->arena);
	if (parts.n == 0) {
		s->group = NULL;
		entry_note(it->d, s->entry, OUTCOME_REFUSED, "line %u is no entry that can be read", it->line);
	}
	if (s->addresses->n + parts.n > ELEMENTS_MAX)
		draft_fail(it->d, "a set has more than 500000 entries");
	for (i = 0; i < parts.n && !it->d->failed; i++)
		draft_text(it->d, s->addresses, NULL, "%s", prefix_format(&parts.items[i], text, sizeof(text)));
}
