/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Port forwards, outbound NAT and 1:1. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/str.h"
#include "node.h"

#include "import/nat.h"
#include "import/pf.h"

static bool
interface_link(struct pf *pf, const struct xml *x, struct entry *e, uint64_t *ret)
{
	const struct pf_interface *i = pf_interface(pf, xml_text(x, "interface"));

	if (i != NULL) {
		*ret = i->link;
		return true;
	}
	entry_note(pf->d, e, OUTCOME_REFUSED, "its interface is not imported");
	return false;
}

static struct nat_object
object_of(struct pf *pf, const struct xml *x, const char *kind, unsigned n, char *name, size_t size)
{
	struct nat_object o = { .description = xml_text(x, "descr"), .is_disabled = xml_flag(x, "disabled"), .name = name };

	match_init(&o.m);
	o.entry = pf_entry(pf, x, o.description[0] != '\0' ? o.description : kind);
	(void)snprintf(name, size, "%.20s-%u", kind, n);
	return o;
}

/* --- port forwards --- */

/* "associated with a rule that passes": no rule of the filter is asked then. */
static void
pass_forwarded(struct pf *pf, const struct nat_object *o, const struct xml *x)
{
	static const struct deed accept = { .action = "accept" };
	struct match m = o->m;
	struct prefix p = { .addr = o->target.to, .len = 32 };
	unsigned at = 0, lo, hi;

	if (strcmp(xml_text(x, "associated-rule-id"), "pass") != 0 || o->is_disabled)
		return;
	memset(&m.destination, 0, sizeof(m.destination));
	m.destination.has_addrs = true;
	(void)match_addrs_add(&m.destination.addrs, &p, pf->d->arena);
	if (o->target.port != 0 && m.dports != NULL && match_ports_next(m.dports, &at, &lo, &hi))
		m.dports = match_ports_add(pf->d->arena, NULL, o->target.port, o->target.port + (o->shifts ? hi - lo : 0));
	(void)draft_rule(pf->d, o->entry, DRAFT_RULES_SECTION, DRAFT_ARRIVING, o->name, o->description, &m, &accept);
}

static const char *
read_target(struct pf *pf, const struct xml *x, struct nat_object *o)
{
	const char *to = xml_text(x, "target"), *port = xml_text(x, "local-port");
	const struct pf_alias *a = pf_alias(pf, to);
	unsigned at = 0, lo, hi, more;
	uint64_t n;

	/* An alias of one host is that host. */
	if (a != NULL)
		to = a->content;
	if (addr_parse(to, &o->target.to) != 0)
		return "an inner host that is not one address";
	if (port[0] == '\0')
		return NULL;
	if ((a = pf_alias(pf, port)) != NULL)
		return "a port that is an alias";
	if (str_u64(port, 1, 65535, &n) != 0)
		return "such a port";
	if (o->m.dports == NULL || !match_ports_next(o->m.dports, &at, &lo, &hi))
		return "a port that is translated without one that is called";
	if (match_ports_next(o->m.dports, &at, &more, &more))
		return n == lo ? NULL : "several ranges of ports that become others";
	/* The same ports stay as they are; a range goes to the one that begins there. */
	if (n == lo)
		return NULL;
	o->target.port = (unsigned)n;
	o->target.port_last = (unsigned)n + hi - lo;
	o->shifts = hi > lo;
	return o->target.port_last > 65535 ? "a range of ports that is too long" : NULL;
}

static void
read_forward(struct pf *pf, const struct xml *x, unsigned n)
{
	char name[64];
	struct nat_object o = object_of(pf, x, "forward", n, name, sizeof(name));
	const char *family = xml_text(x, "ipprotocol"), *fault;
	bool is_local = false, from_local = false;

	o.target.kind = TRANSLATE_DESTINATION;
	o.m.family = strcmp(family, "inet6") == 0 ? ADDR_V6 : ADDR_V4;
	fault = pf_protocol(pf, x, &o.m);
	if (fault == NULL)
		fault = pf_side(pf, xml_child(x, "source"), ADDR_V4, &o.m.source, &o.m.sports, &from_local);
	if (fault == NULL)
		fault = pf_side(pf, xml_child(x, "destination"), ADDR_V4, &o.m.destination, &o.m.dports, &is_local);
	if (fault == NULL && from_local)
		fault = "the box itself as caller";
	if (fault == NULL)
		fault = xml_flag(x, "nordr") ? "an exception (no RDR): order the forwards, or narrow their callers" : read_target(pf, x, &o);
	if (fault != NULL) {
		entry_note(pf->d, o.entry, OUTCOME_REFUSED, "%s cannot be said here: the port forward is left out", fault);
		return;
	}
	/* The box's address on that interface is what a forward means anyway. */
	if (is_local) {
		o.m.is_dst_local = true;
		o.m.destination.nnetworks = 0;
	}
	if (xml_text(x, "natreflection")[0] != '\0' && strcmp(xml_text(x, "natreflection"), "disable") != 0)
		entry_note(pf->d, o.entry, OUTCOME_CHANGED, "reflection is not imported: set hairpin by hand");
	if (!interface_link(pf, x, o.entry, &o.m.in))
		return;
	o.m.family = ADDR_V4;
	nat_put_forward(pf->d, &o);
	if (o.entry == NULL || o.entry->outcome != OUTCOME_REFUSED)
		pass_forwarded(pf, &o, x);
}

/* --- outbound --- */

/* <source><network>192.0.2.0/24</network></source> */
static const char *
read_outbound_side(struct pf *pf, const struct xml *x, struct match_side *s)
{
	const struct match_ports *ports = NULL;
	bool is_local = false;
	const char *fault = pf_side(pf, x, ADDR_V4, s, &ports, &is_local);

	return fault != NULL ? fault : is_local ? "the box itself" : NULL;
}

static void
read_outbound(struct pf *pf, const struct xml *x, unsigned n)
{
	char name[64];
	struct nat_object o = object_of(pf, x, "outbound", n, name, sizeof(name));
	const char *to = xml_text(x, "target"), *fault;
	struct match_ports *ports = NULL;
	bool is_partial = false;

	o.m.family = ADDR_V4;
	fault = pf_protocol(pf, x, &o.m);
	if (fault == NULL)
		fault = read_outbound_side(pf, xml_child(x, "source"), &o.m.source);
	if (fault == NULL)
		fault = read_outbound_side(pf, xml_child(x, "destination"), &o.m.destination);
	if (fault == NULL && xml_text(x, "sourceport")[0] != '\0')
		fault = "ports of senders";
	if (fault == NULL && xml_text(x, "dstport")[0] != '\0' && (!pf_ports(pf, xml_text(x, "dstport"), &ports, &is_partial) || is_partial))
		fault = "such ports";
	o.m.dports = ports;
	if (fault == NULL && ports != NULL && o.m.nprotocols == 0)
		fault = "ports without a protocol";
	o.target.kind = xml_flag(x, "nonat") ? TRANSLATE_INVALID : to[0] == '\0' ? TRANSLATE_MASQUERADE : TRANSLATE_SOURCE;
	if (fault == NULL && o.target.kind == TRANSLATE_SOURCE && addr_parse(to, &o.target.to) != 0)
		fault = "a target that is not one address";
	if (fault != NULL) {
		entry_note(pf->d, o.entry, OUTCOME_REFUSED, "%s cannot be said here: the translation is left out", fault);
		return;
	}
	if (xml_flag(x, "staticnatport"))
		entry_note(pf->d, o.entry, OUTCOME_CHANGED, "ports are kept where that is possible, and not always");
	if (interface_link(pf, x, o.entry, &o.m.out))
		nat_put_source(pf->d, &o);
}

static void
put_inner_zone(const char *zone, bool is_whole, void *arg)
{
	struct node *list = ((void **)arg)[1];

	(void)is_whole;
	draft_text(((void **)arg)[0], list, NULL, "%s", zone);
}

/* Who is not on an uplink hides behind the uplink's address. */
static void
put_automatic(struct pf *pf, struct entry *e)
{
	uint64_t inner = 0;
	unsigned i;

	for (i = 0; i < pf->ninterfaces; i++)
		inner |= pf->interfaces[i].is_uplink ? 0 : pf->interfaces[i].link;
	for (i = 0; i < pf->ninterfaces && inner != 0; i++) {
		const struct draft_link *l = draft_link_of(pf->d, pf->interfaces[i].link);
		struct node *item;
		const char *key;
		char name[64];
		void *arg[2];

		if (!pf->interfaces[i].is_uplink)
			continue;
		(void)snprintf(name, sizeof(name), "automatic-%.40s", l->name);
		key = draft_key(pf->d, "masquerade", name);
		item = draft_map(pf->d, pf->d->masquerade, NULL);
		draft_text(pf->d, item, "name", "%s", key);
		draft_text(pf->d, item, "zone", "%s", l->zone);
		arg[0] = pf->d;
		arg[1] = draft_list(pf->d, draft_map(pf->d, item, "source"), "zones");
		draft_each_zone(pf->d, inner, put_inner_zone, arg);
		entry_object(pf->d, e, "nat.masquerade.%s", key);
	}
}

static void
read_outbounds(struct pf *pf, const struct xml *outbound)
{
	const char *mode = outbound != NULL ? xml_text(outbound, "mode") : "automatic";
	bool is_manual = strcmp(mode, "hybrid") == 0 || strcmp(mode, "advanced") == 0;
	const struct xml *x;
	struct entry *e;
	unsigned n = 0;

	for (x = outbound != NULL ? outbound->first : NULL; x != NULL && !pf->d->failed; x = x->next) {
		if (strcmp(x->name, "rule") != 0)
			continue;
		if (is_manual)
			read_outbound(pf, x, ++n);
		else
			entry_note(pf->d, pf_entry(pf, x, xml_text(x, "descr")), OUTCOME_DONE, "it is not in force in the mode \"%.20s\"", mode);
	}
	if (strcmp(mode, "advanced") == 0 || strcmp(mode, "disabled") == 0)
		return;
	e = outbound != NULL ? pf_entry(pf, outbound, "automatic outbound NAT") : pf->d->box;
	put_automatic(pf, e);
}

/* --- 1:1 --- */

static void
put_one_to_one(struct pf *pf, const struct xml *x, struct entry *e, const struct prefix *inner, const struct prefix *outer, unsigned n)
{
	const struct pf_interface *i = pf_interface(pf, xml_text(x, "interface"));
	struct node *item;
	const char *key;
	char name[32], text[PREFIX_STRLEN];

	if (i == NULL) {
		entry_note(pf->d, e, OUTCOME_REFUSED, "its interface is not imported");
		return;
	}
	(void)snprintf(name, sizeof(name), "one-to-one-%u", n);
	key = draft_key(pf->d, "one-to-one", name);
	item = draft_map(pf->d, pf->d->one_to_one, NULL);
	draft_text(pf->d, item, "name", "%s", key);
	if (xml_text(x, "descr")[0] != '\0')
		draft_text(pf->d, item, "description", "%s", draft_line(pf->d, xml_text(x, "descr"), 200));
	if (xml_flag(x, "disabled"))
		draft_flag(pf->d, item, "enabled", false);
	draft_text(pf->d, item, "zone", "%s", draft_link_of(pf->d, i->link)->zone);
	draft_text(pf->d, item, "inner", "%s", prefix_format(inner, text, sizeof(text)));
	draft_text(pf->d, item, "outer", "%s", prefix_format(outer, text, sizeof(text)));
	entry_object(pf->d, e, "nat.one-to-one.%s", key);
}

static void
read_one_to_one(struct pf *pf, const struct xml *x, unsigned n)
{
	struct entry *e = pf_entry(pf, x, xml_text(x, "descr"));
	const struct xml *source = xml_child(x, "source"), *to = xml_child(x, "destination");
	const char *text = xml_text(source, "address")[0] != '\0' ? xml_text(source, "address") : xml_text(source, "network");
	struct prefix inner, outer;

	if (to != NULL && xml_child(to, "any") == NULL && to->first != NULL)
		entry_note(pf->d, e, OUTCOME_REFUSED, "it is for some receivers only: use source-nat and port-forwards");
	else if (xml_flag(source, "not") || prefix_parse_host(text, &inner) != 0 || addr_parse(xml_text(x, "external"), &outer.addr) != 0 ||
	    outer.addr.family != inner.addr.family)
		entry_note(pf->d, e, OUTCOME_REFUSED, "only addresses and networks are translated one to one");
	else {
		outer.len = inner.len;
		inner = prefix_network(&inner);
		outer = prefix_network(&outer);
		put_one_to_one(pf, x, e, &inner, &outer, n);
	}
}

void
pf_read_nat(struct pf *pf)
{
	const struct xml *nat = xml_child(pf->root, "nat"), *x;
	unsigned forwards = 0, ones = 0;

	for (x = nat != NULL ? nat->first : NULL; x != NULL && !pf->d->failed; x = x->next) {
		if (strcmp(x->name, "rule") == 0)
			read_forward(pf, x, ++forwards);
		else if (strcmp(x->name, "onetoone") == 0)
			read_one_to_one(pf, x, ++ones);
		else if (strcmp(x->name, "outbound") != 0 && strcmp(x->name, "separator") != 0)
			entry_note(pf->d, pf_entry(pf, x, ""), OUTCOME_REFUSED, "translation of this kind is not imported");
	}
	if (!pf->d->failed)
		read_outbounds(pf, xml_child(nat, "outbound"));
}
