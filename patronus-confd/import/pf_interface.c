/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Interfaces of pf: name, addresses, and what is blocked on an uplink. */
#include <string.h>

#include "base/str.h"

#include "import/pf.h"

struct pf_interface *
pf_interface(struct pf *pf, const char *name)
{
	unsigned i;

	for (i = 0; i < pf->ninterfaces; i++)
		if (strcmp(pf->interfaces[i].name, name) == 0)
			return &pf->interfaces[i];
	return NULL;
}

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

void
pf_read_interface(struct pf *pf, struct xml *x)
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
