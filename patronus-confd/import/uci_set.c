/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of UCI (ipset), which become groups. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/uci.h"

const struct uci_set *
uci_set(const struct uci *u, const char *name)
{
	unsigned i;

	for (i = 0; i < u->nsets; i++)
		if (strcmp(u->sets[i].name, name) == 0)
			return &u->sets[i];
	return NULL;
}

void
uci_read_set(struct uci *u, const struct uci_section *s)
{
	struct uci_words match = { .s = s, .name = "match" }, entries = { .s = s, .name = "entry" };
	struct uci_set *set = &u->sets[u->nsets];
	struct node *group, *list;
	char text[PREFIX_STRLEN];
	unsigned n = 0;
	struct prefix p;

	if (u->nsets == UCI_SETS) {
		draft_fail(u->d, "it has more than 256 sets");
		return;
	}
	*set = (struct uci_set){ .name = uci_get(s, "name") };
	u->nsets++;
	for (; uci_next(&match); n++) {
		set->is_source = strncmp(match.word, "src_", 4) == 0;
		if (strcmp(match.word + (match.word[0] == 's' ? 4 : 5), "ip") != 0 && strcmp(match.word + (match.word[0] == 's' ? 4 : 5), "net") != 0)
			n++;
	}
	if (n != 1) {
		entry_note(u->d, s->entry, OUTCOME_REFUSED, "only sets of senders or receivers are groups here");
		return;
	}
	set->group = draft_key(u->d, "groups", set->name);
	group = draft_map(u->d, u->d->groups, NULL);
	draft_text(u->d, group, "name", "%s", set->group);
	list = draft_list(u->d, group, "addresses");
	while (uci_next(&entries) && !u->d->failed) {
		if (prefix_parse_host(entries.word, &p) == 0)
			draft_text(u->d, list, NULL, "%s", prefix_format(&p, text, sizeof(text)));
		else
			set->is_partial = true;
	}
	set->is_partial |= uci_get(s, "loadfile")[0] != '\0' || uci_get(s, "external")[0] != '\0' || strcmp(uci_get(s, "timeout"), "") != 0;
	if (set->is_partial)
		entry_note(u->d, s->entry, OUTCOME_CHANGED, "entries that are not in the text, or end by themselves, are not known; rules that accept by it "
		    "are refused, and those that drop by it drop more");
	entry_object(u->d, s->entry, "firewall.groups.%s", set->group);
}
