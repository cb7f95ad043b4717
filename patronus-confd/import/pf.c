/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config.xml of pfSense and OPNsense: interfaces, schedules, and an entry for what has no place here. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/import.h"
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

struct pf_interface *
pf_interface(struct pf *pf, const char *name)
{
	unsigned i;

	for (i = 0; i < pf->ninterfaces; i++)
		if (strcmp(pf->interfaces[i].name, name) == 0)
			return &pf->interfaces[i];
	return NULL;
}

/* --- interfaces --- */

static bool
fixed_address(const struct xml *x, const char *address, const char *length, struct prefix *ret)
{
	uint64_t n;

	if (addr_parse(xml_text(x, address), &ret->addr) != 0 || str_u64(xml_text(x, length), 0, addr_len(&ret->addr) * 8, &n) != 0)
		return false;
	ret->len = (uint8_t)n;
	return true;
}

static void
give_addresses(struct pf *pf, const struct pf_interface *i, struct entry *e)
{
	struct draft_link *l = draft_link_of(pf->d, i->link);

	if (l->is_there) {
		entry_note(pf->d, e, OUTCOME_DONE, "it is the interface \"%.63s\" of the workspace, which stays as it is", l->name);
		return;
	}
	if (i->has_v4)
		l->addrs[l->naddrs++] = i->v4;
	if (i->has_v6)
		l->addrs[l->naddrs++] = i->v6;
	entry_object(pf->d, e, "interfaces.%s", l->name);
	entry_note(pf->d, e, OUTCOME_CHANGED, "\"%.15s\" is its name on BSD: say in interfaces.%s.match which hardware it is", l->kernel, l->name);
}

/* Sources that have no business on an uplink.  There, answers of a connection that is known come from anywhere. */
static void
block_usual(struct pf *pf, const struct xml *x, const struct pf_interface *i, struct entry *e)
{
	struct draft_link *l = draft_link_of(pf->d, i->link);
	unsigned k;

	l->blocks_private = xml_flag(x, "blockpriv");
	l->blocks_bogons = xml_flag(x, "blockbogons");
	if (!l->blocks_private && !l->blocks_bogons)
		return;
	entry_object(pf->d, e, "firewall.zones.%s", l->zone);
	if (l->blocks_private)
		entry_note(pf->d, e, OUTCOME_CHANGED, "block-private drops answers too: let in who is meant to answer by firewall.bogons.except");
	if (l->blocks_bogons)
		entry_note(pf->d, e, OUTCOME_CHANGED, "block-bogons has what is reserved; what nobody has been given is a list for firewall.bogons.groups");
	for (k = 0; k < pf->d->nlinks; k++)
		if (&pf->d->links[k] != l && strcmp(pf->d->links[k].zone, l->zone) == 0)
			break;
	if (k < pf->d->nlinks)
		entry_note(pf->d, e, OUTCOME_CHANGED, "its zone \"%.63s\" has other interfaces, for which the same is blocked", l->zone);
}

static void
read_interface(struct pf *pf, const struct xml *x)
{
	struct entry *e = pf_entry(pf, x, xml_text(x, "descr"));
	struct pf_interface *i = &pf->interfaces[pf->ninterfaces];
	const char *v4 = xml_text(x, "ipaddr");
	uint64_t link;

	if (!xml_flag(x, "enable")) {
		entry_note(pf->d, e, OUTCOME_REFUSED, "it is switched off: rules for it are left out");
		return;
	}
	if (pf->ninterfaces == DRAFT_LINKS || (link = draft_link_as(pf->d, x->name, xml_text(x, "if"))) == 0) {
		draft_fail(pf->d, "it has more than 64 interfaces, or one whose name is longer than 15 characters");
		return;
	}
	*i = (struct pf_interface){ .name = x->name, .link = link };
	pf->ninterfaces++;
	i->has_v4 = fixed_address(x, "ipaddr", "subnet", &i->v4) && i->v4.addr.family == ADDR_V4;
	i->has_v6 = fixed_address(x, "ipaddrv6", "subnetv6", &i->v6) && i->v6.addr.family == ADDR_V6;
	i->is_uplink = xml_text(x, "gateway")[0] != '\0' || xml_text(x, "gatewayv6")[0] != '\0' || (v4[0] != '\0' && !i->has_v4);
	if (v4[0] != '\0' && !i->has_v4)
		entry_note(pf->d, e, OUTCOME_CHANGED, "its address comes by %.20s, which is not imported", v4);
	give_addresses(pf, i, e);
	block_usual(pf, x, i, e);
}

/* --- schedules --- */

static bool
time_of(const char *text, size_t len, char ret[6])
{
	char copy[8];
	uint64_t h, m;
	char *colon;

	if (len == 0 || len >= sizeof(copy))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if ((colon = strchr(copy, ':')) == NULL)
		return false;
	*colon = '\0';
	/* Leading zeros are usual here. */
	if (str_u64(copy[0] == '0' && copy[1] != '\0' ? copy + 1 : copy, 0, 24, &h) != 0 ||
	    str_u64(colon[1] == '0' && colon[2] != '\0' ? colon + 2 : colon + 1, 0, 59, &m) != 0)
		return false;
	(void)snprintf(ret, 6, "%02u:%02u", (unsigned)h % 100, (unsigned)m % 100);
	return true;
}

/* "1,2,3,4,5": Monday is 1 there. */
static bool
put_days(struct pf *pf, struct node *window, const char *positions)
{
	static const char *const names[] = { "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday" };
	struct node *list = draft_list(pf->d, window, "days");

	for (; *positions != '\0'; positions++) {
		if (*positions == ',')
			continue;
		if (*positions < '1' || *positions > '7')
			return false;
		draft_text(pf->d, list, NULL, "%s", names[(*positions - '0') % 7]);
	}
	return true;
}

static bool
put_range(struct pf *pf, const struct xml *range, struct node *windows, unsigned n)
{
	struct node *w = draft_map(pf->d, windows, NULL);
	const char *hour = xml_text(range, "hour"), *dash = strchr(hour, '-');
	char from[6], to[6];

	/* Dates of months without a year have no place here. */
	if (xml_text(range, "month")[0] != '\0' || dash == NULL || xml_text(range, "position")[0] == '\0')
		return false;
	if (!time_of(hour, (size_t)(dash - hour), from) || !time_of(dash + 1, strlen(dash + 1), to))
		return false;
	draft_text(pf->d, w, "name", "w%u", n);
	draft_text(pf->d, w, "from", "%s", from);
	draft_text(pf->d, w, "to", "%s", strcmp(to, "23:59") == 0 ? "24:00" : to);
	return put_days(pf, w, xml_text(range, "position"));
}

/* Those that are wholly said; rules with another one are refused, or block always. */
static void
read_schedule(struct pf *pf, struct xml *x)
{
	struct entry *e = pf_entry(pf, x, xml_text(x, "name"));
	struct node *schedule = node_new(pf->d->arena, NODE_MAP, 1), *windows;
	const struct xml *range;
	unsigned n = 0;
	bool ok = true;

	if (schedule == NULL) {
		draft_fail(pf->d, NULL);
		return;
	}
	x->text = draft_key(pf->d, "schedules", xml_text(x, "name"));
	draft_text(pf->d, schedule, "name", "%s", x->text);
	windows = draft_list(pf->d, schedule, "windows");
	for (range = x->first; range != NULL; range = range->next)
		if (strcmp(range->name, "timerange") == 0)
			ok = ok && put_range(pf, range, windows, ++n);
	if (!ok || n == 0 || n > 64) {
		x->text = "";
		entry_note(pf->d, e, OUTCOME_REFUSED, "only days of the week with hours are imported; rules that pass by it are refused, rules that block by "
		    "it block always");
		return;
	}
	node_append(pf->d->schedules, schedule);
	entry_object(pf->d, e, "firewall.schedules.%s", x->text);
}

/* --- the whole --- */

static void
each_child(struct pf *pf, const char *section, void (*fn)(struct pf *, struct xml *))
{
	struct xml *list = xml_child(pf->root, section), *x;

	for (x = list != NULL ? list->first : NULL; x != NULL && !pf->d->failed; x = x->next)
		fn(pf, x);
}

static void
read_interface_of(struct pf *pf, struct xml *x)
{
	read_interface(pf, x);
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
	each_child(pf, "interfaces", read_interface_of);
	if (!d->failed)
		pf_read_aliases(pf);
	each_child(pf, "schedules", read_schedule);
	if (!d->failed)
		pf_read_rules(pf);
	if (!d->failed)
		pf_read_nat(pf);
	if (!d->failed)
		say_rest(pf);
}
