/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zones of UCI, and the networks and devices that they are made of. */
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/uci.h"

const struct uci_zone *
uci_zone(const struct uci *u, const char *name)
{
	unsigned i;

	for (i = 0; i < u->nzones; i++)
		if (strcmp(u->zones[i].name, name) == 0)
			return &u->zones[i];
	return NULL;
}

/* "255.255.255.0" or "24". */
static bool
give_length(struct prefix *p, const char *mask)
{
	struct addr m;
	unsigned i, len = 0;
	uint64_t n;

	if (str_u64(mask, 0, 32, &n) == 0) {
		p->len = (uint8_t)n;
		return true;
	}
	if (addr_parse(mask, &m) != 0 || m.family != ADDR_V4)
		return false;
	while (len < 32 && (m.bytes[len / 8] & (0x80u >> (len % 8))) != 0)
		len++;
	for (i = len; i < 32; i++)
		if ((m.bytes[i / 8] & (0x80u >> (i % 8))) != 0)
			return false;
	p->len = (uint8_t)len;
	return true;
}

static void
give_addresses(struct uci *u, struct draft_link *l, const struct uci_section *s)
{
	static const char *const names[] = { "ipaddr", "ip6addr" };
	struct prefix p;
	size_t i;

	for (i = 0; i < 2 && !l->is_there; i++) {
		struct uci_words w = { .s = s, .name = names[i] };

		while (uci_next(&w)) {
			bool ok = prefix_parse(w.word, &p) == 0 ||
			    (addr_parse(w.word, &p.addr) == 0 && p.addr.family == ADDR_V4 && give_length(&p, uci_get(s, "netmask")));

			if (ok && l->naddrs < DRAFT_ADDRS)
				l->addrs[l->naddrs++] = p;
			else
				entry_note(u->d, s->entry, OUTCOME_CHANGED, "address \"%.60s\" is left out", w.word);
		}
	}
}

static const struct uci_section *
network_of(const struct uci *u, const char *name)
{
	const struct uci_section *s;

	for (s = u->first; s != NULL; s = s->next)
		if (uci_is_type(s, "interface") && strcmp(s->name, name) == 0)
			return s;
	return NULL;
}

/* A network of UCI is an interface here: that of its name, else of its device. */
static uint64_t
link_of(struct uci *u, const char *network, struct entry *e, unsigned depth)
{
	const struct uci_section *s = network_of(u, network);
	const char *device = uci_get(s, "device")[0] != '\0' ? uci_get(s, "device") : uci_get(s, "ifname");
	struct draft_link *l;
	uint64_t link;

	/* "@wan" is the device of another network: its packets are that interface's. */
	if (device[0] == '@') {
		link = depth < 8 ? link_of(u, device + 1, e, depth + 1) : 0;
		if ((l = draft_link_of(u->d, link)) != NULL)
			entry_object(u->d, s->entry, "interfaces.%s", l->name);
		return link;
	}
	link = draft_link_as(u->d, network, device[0] != '\0' ? device : network);
	if ((l = draft_link_of(u->d, link)) == NULL) {
		entry_note(u->d, e, OUTCOME_REFUSED, "network \"%.40s\" has no interface that can be here", network);
		return 0;
	}
	if (s != NULL && s->entry != NULL && s->entry->nobjects == 0) {
		entry_object(u->d, s->entry, "interfaces.%s", l->name);
		give_addresses(u, l, s);
		if (strcmp(uci_get(s, "proto"), "static") != 0)
			entry_note(u->d, s->entry, OUTCOME_CHANGED, "its address comes by \"%.20s\", which is not imported", uci_get(s, "proto"));
	} else if (s == NULL && !l->is_there)
		entry_note(u->d, e, OUTCOME_CHANGED, "say in interfaces.%s.match which hardware network \"%.40s\" is, or import network too",
		    l->name, network);
	return link;
}

/* New interfaces stand in the zone as it is named; those of the workspace where they stand. */
static void
name_zone(struct uci *u, struct uci_zone *z)
{
	const char *key = NULL;
	unsigned i;

	for (i = 0; i < u->d->nlinks; i++)
		if ((z->links & (1ull << i)) != 0 && !u->d->links[i].is_there && strcmp(u->d->links[i].zone, z->name) == 0)
			key = u->d->links[i].zone;
	for (i = 0; i < u->d->nlinks; i++) {
		if ((z->links & (1ull << i)) == 0 || u->d->links[i].is_there)
			continue;
		if (key == NULL)
			key = draft_key(u->d, "zones", z->name);
		u->d->links[i].zone = key;
	}
}

void
uci_read_zone(struct uci *u, const struct uci_section *s)
{
	struct uci_zone *z = &u->zones[u->nzones];
	struct uci_words networks = { .s = s, .name = "network" }, devices = { .s = s, .name = "device" };
	static const char *const lost[] = { "subnet", "extra", "extra_src", "extra_dest", "masq_dest", "family" };
	size_t i;

	if (u->nzones == UCI_ZONES) {
		draft_fail(u->d, "it has more than 64 zones");
		return;
	}
	*z = (struct uci_zone){ .name = uci_get(s, "name"), .s = s };
	u->nzones++;
	while (uci_next(&networks))
		z->links |= link_of(u, networks.word[0] == '\0' ? "x" : arena_strdup(u->d->arena, networks.word), s->entry, 0);
	while (uci_next(&devices))
		z->links |= draft_link(u->d, arena_strdup(u->d->arena, devices.word));
	name_zone(u, z);
	for (i = 0; i < sizeof(lost) / sizeof(lost[0]); i++)
		if (uci_get(s, lost[i])[0] != '\0' && strcmp(uci_get(s, lost[i]), "any") != 0)
			z->links = 0;
	if (z->links == 0)
		entry_note(u->d, s->entry, OUTCOME_REFUSED, "it has no interface here, or is narrowed by something else than interfaces: what comes from it is "
		    "dropped");
	else
		entry_note(u->d, s->entry, OUTCOME_DONE, "its interfaces are its zone here");
	if (uci_flag(s, "mtu_fix", false))
		entry_note(u->d, s->entry, OUTCOME_CHANGED, "the segment size of TCP is not clamped (mtu_fix)");
}
