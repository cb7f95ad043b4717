/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an element of config.xml is called in the account: its place as a path. */
#include <stdio.h>
#include <string.h>

#include "import/pf.h"

struct entry *
pf_entry(struct pf *pf, const struct xml *x, const char *words)
{
	const struct xml *up[8], *c;
	char place[240] = "";
	unsigned n = 0, i, at;
	size_t len;

	for (c = x; c != NULL && c->parent != NULL && n < 8; c = c->parent)
		up[n++] = c;
	while (n-- > 0) {
		at = 1;
		i = 0;
		for (c = up[n]->parent->first; c != NULL; c = c->next) {
			i += strcmp(c->name, up[n]->name) == 0;
			at = c == up[n] ? i : at;
		}
		len = strlen(place);
		(void)snprintf(place + len, sizeof(place) - len, i > 1 ? "/%.40s[%u]" : "/%.40s", up[n]->name, at);
	}
	return entry_add(pf->d, x->line, place[0] != '\0' ? place : "the whole", words, strlen(words));
}
