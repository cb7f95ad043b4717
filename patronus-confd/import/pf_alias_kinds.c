/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Aliases whose addresses are not in the text: lists that are fetched, countries, autonomous systems, MAC addresses. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/pf.h"

#define LISTS_MAX	64	/* of the schema, as those that follow */
#define URL_MAX		1000
#define MEMBERS_MAX	256
#define REFRESH_MAX	44640	/* minutes */
#define DAY		1440

static void
leave_out(struct pf *pf, struct pf_alias *a, const char *word, const char *why)
{
	a->is_partial = true;
	entry_note(pf->d, a->entry, OUTCOME_CHANGED, "\"%.80s\" %s: it is left out; rules that pass by this alias are refused, and those that block by it "
	    "block more", word, why);
}

/* --- lists --- */

/* Days, and parts of them. */
static unsigned
refresh_of(const struct pf_alias *a)
{
	double minutes = strtod(xml_text(a->x, "updatefreq"), NULL) * DAY;

	return minutes >= REFRESH_MAX ? REFRESH_MAX : minutes >= 1 ? (unsigned)minutes : DAY;
}

static bool
is_url(const char *text)
{
	size_t i;

	if (strncmp(text, "https://", 8) != 0 || text[8] == '\0')
		return false;
	for (i = 0; text[i] > ' ' && text[i] <= '~'; i++)
		;
	return text[i] == '\0' && i <= URL_MAX;
}

static void
put_url(struct pf *pf, struct pf_alias *a, const char *url, struct node *lists)
{
	unsigned refresh = refresh_of(a);
	struct node *list;
	const char *key;

	if (!is_url(url)) {
		leave_out(pf, a, url, "is not at an https:// address");
		return;
	}
	if (pf->d->lists->n == LISTS_MAX) {
		leave_out(pf, a, url, "is one list more than 64");
		return;
	}
	key = draft_key(pf->d, "lists", a->name);
	list = draft_map(pf->d, pf->d->lists, NULL);
	draft_text(pf->d, list, "name", "%s", key);
	draft_text(pf->d, list, "url", "%s", url);
	if (refresh != DAY)
		draft_number(pf->d, list, "refresh", refresh);
	draft_text(pf->d, lists, NULL, "%s", key);
	entry_object(pf->d, a->entry, "firewall.lists.%s", key);
}

/* pfSense keeps what it fetched as the content, and the addresses beside it. */
void
pf_put_urls(struct pf *pf, struct pf_alias *a, struct node *group)
{
	struct node *lists = draft_list(pf->d, group, "lists");
	const char *at = a->content;
	const struct xml *x;
	bool is_beside = false;
	char word[URL_MAX + 2];

	if (xml_text(a->x, "username")[0] != '\0' || xml_text(a->x, "password")[0] != '\0') {
		leave_out(pf, a, a->name, "is fetched with a password");
		return;
	}
	for (x = a->x->first; x != NULL; x = x->next)
		if (strcmp(x->name, "aliasurl") == 0 || strcmp(x->name, "url") == 0) {
			put_url(pf, a, x->text, lists);
			is_beside = true;
		}
	while (!is_beside && pf_word(&at, word, sizeof(word)))
		put_url(pf, a, word, lists);
	if (lists != NULL && lists->n > 0)
		entry_note(pf->d, a->entry, OUTCOME_CHANGED, "it is fetched again and again, redirects are not followed, and until it has come nobody "
		    "is in it");
}

/* --- countries and systems --- */

static void
take_family(struct pf_alias *a)
{
	const char *proto = xml_text(a->x, "proto");
	bool has4 = strstr(proto, "IPv4") != NULL, has6 = strstr(proto, "IPv6") != NULL;

	a->family = has4 == has6 ? ADDR_NONE : has4 ? ADDR_V4 : ADDR_V6;
}

static bool
is_country(const char *word)
{
	return strlen(word) == 2 && strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == 2;
}

void
pf_put_countries(struct pf *pf, struct pf_alias *a, struct node *group)
{
	struct node *list = draft_list(pf->d, group, "countries");
	const char *at = a->content;
	char word[64];

	take_family(a);
	while (pf_word(&at, word, sizeof(word)))
		if (is_country(word) && list != NULL && list->n < MEMBERS_MAX)
			draft_text(pf->d, list, NULL, "%s", word);
		else
			leave_out(pf, a, word, "is no country");
	entry_note(pf->d, a->entry, OUTCOME_CHANGED, "which addresses are of a country is what the database here says (firewall countries)");
}

void
pf_put_systems(struct pf *pf, struct pf_alias *a, struct node *group)
{
	struct node *list = draft_list(pf->d, group, "autonomous-systems");
	const char *at = a->content, *digits;
	char word[64];
	uint64_t n;

	take_family(a);
	while (pf_word(&at, word, sizeof(word))) {
		digits = strncmp(word, "AS", 2) == 0 ? word + 2 : word;
		if (str_u64(digits, 1, UINT32_MAX - 1, &n) == 0 && list != NULL && list->n < MEMBERS_MAX)
			draft_text(pf->d, list, NULL, "%u", (unsigned)n);
		else
			leave_out(pf, a, word, "is no autonomous system");
	}
	entry_note(pf->d, a->entry, OUTCOME_CHANGED, "until a database of autonomous systems is there (firewall autonomous-systems) nobody is in it: "
	    "upload one, or give its url");
}

/* --- MAC addresses --- */

void
pf_put_macs(struct pf *pf, struct pf_alias *a)
{
	struct node *group = draft_map(pf->d, pf->d->mac_groups, NULL), *list;
	char word[64], text[MAC_STRLEN];
	const char *at = a->content;
	struct mac mac;

	a->mac_group = draft_key(pf->d, "mac-groups", a->name);
	draft_text(pf->d, group, "name", "%s", a->mac_group);
	pf_describe(pf, a, group);
	list = draft_list(pf->d, group, "macs");
	while (pf_word(&at, word, sizeof(word)))
		if (mac_parse(word, &mac) == 0)
			draft_text(pf->d, list, NULL, "%s", mac_format(&mac, text, sizeof(text)));
		else
			leave_out(pf, a, word, "is no whole MAC address");
	entry_object(pf->d, a->entry, "firewall.mac-groups.%s", a->mac_group);
	entry_note(pf->d, a->entry, OUTCOME_CHANGED, "rules ask for the MAC address itself, and not for the addresses that neighbours with it have; those "
	    "that pass by it are for the networks of their interfaces");
}
