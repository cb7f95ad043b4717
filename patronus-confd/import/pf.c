/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config.xml of pfSense and OPNsense, part after part, and an entry for what has no place here. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/import.h"
#include "import/pf.h"

static void
each_child(struct pf *pf, const char *section, void (*fn)(struct pf *, struct xml *))
{
	struct xml *list = xml_child(pf->root, section), *x;

	for (x = list != NULL ? list->first : NULL; x != NULL && !pf->d->failed; x = x->next)
		fn(pf, x);
}

static void
say_rest(struct pf *pf)
{
	static const char *const read[] = { "version", "lastchange", "interfaces", "aliases", "filter", "nat", "schedules", "revision", "OPNsense" };
	struct xml *x;
	size_t i;

	for (x = pf->root->first; x != NULL; x = x->next) {
		for (i = 0; i < sizeof(read) / sizeof(read[0]) && strcmp(read[i], x->name) != 0; i++)
			;
		if (i == sizeof(read) / sizeof(read[0]))
			entry_note(pf->d, pf_entry(pf, x, ""), OUTCOME_REFUSED, "it is no part of the firewall");
	}
}

void
import_pf(struct draft *d, const char *text, size_t len)
{
	struct pf *pf = arena_alloc(d->arena, 1, sizeof(*pf));

	if (pf == NULL) {
		draft_fail(d, NULL);
		return;
	}
	pf->d = d;
	if ((pf->root = xml_read(d, text, len)) == NULL)
		return;
	if (strcmp(pf->root->name, "pfsense") != 0 && strcmp(pf->root->name, "opnsense") != 0) {
		draft_fail(d, "this is no config.xml of pfSense or OPNsense");
		return;
	}
	d->box = pf_entry(pf, pf->root, "");
	entry_note(d, d->box, OUTCOME_CHANGED, "as in every policy of Patronus neighbour discovery, answers to its own DHCP client and management with the "
	    "lock-out guard pass, and spoofed packets and those of no connection are dropped");
	draft_text(d, d->defaults, "action", "drop");
	draft_text(d, d->defaults, "outgoing", "accept");
	each_child(pf, "interfaces", pf_read_interface);
	if (!d->failed)
		pf_read_aliases(pf);
	each_child(pf, "schedules", pf_read_schedule);
	if (!d->failed)
		pf_read_rules(pf);
	if (!d->failed)
		pf_read_nat(pf);
	if (!d->failed)
		say_rest(pf);
}
