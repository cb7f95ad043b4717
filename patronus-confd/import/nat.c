/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chains that translate: port forwards, source NAT and masquerading, in their order. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "node.h"

#include "import/nat.h"
#include "import/policy.h"

#define EXEMPT_MAX	64

/* What no list of translations can ask; NULL when it asks for nothing of the kind. */
static const char *
beyond(const struct match *m)
{
	if (m->mac != NULL || m->source.mac_group != NULL || m->destination.mac_group != NULL)
		return "a MAC address";
	if (m->mark_mask != 0 || m->cmark_mask != 0)
		return "a mark";
	if (m->flags_mask != 0)
		return "TCP flags";
	if (m->icmp != NULL)
		return "a type of ICMP";
	if (m->dscp != NULL || m->length != NULL)
		return "a code point or length";
	if (m->schedule != NULL)
		return "a time";
	if (match_counts(m))
		return "a limit";
	return NULL;
}

static bool
has_service(const struct match *m)
{
	return m->nprotocols > 0;
}

static bool
has_side(const struct match_side *s)
{
	return s->has_addrs || s->not.n > 0 || s->ngroups > 0 || s->nnot_groups > 0;
}

struct zone_walk {
	const struct nat_object	*o;
	struct draft		*d;
};

static void
put_head(struct draft *d, struct node *item, const char *key_name, const char *key, const char *description, const char *zone)
{
	draft_text(d, item, key_name, "%s", key);
	if (description != NULL && description[0] != '\0')
		draft_text(d, item, "description", "%s", draft_line(d, description, 200));
	draft_text(d, item, "zone", "%s", zone);
}

static bool
zone_is_meant(struct draft *d, const struct nat_object *o, const char *zone, bool is_whole)
{
	if (is_whole)
		return true;
	entry_note(d, o->entry, OUTCOME_REFUSED, "zone \"%s\" has other interfaces, too, and translation is for whole zones: give the interface "
	    "a zone of its own", zone);
	return false;
}

/* --- receivers --- */

static void
put_forward_to_zone(const char *zone, bool is_whole, void *arg)
{
	const struct zone_walk *w = arg;
	const struct nat_object *o = w->o;
	struct draft *d = w->d;
	char text[ADDR_STRLEN];
	struct node *item;
	const char *key;

	if (!zone_is_meant(d, o, zone, is_whole))
		return;
	key = draft_key(d, "port-forwards", o->name);
	item = draft_map(d, d->forwards, NULL);
	put_head(d, item, "id", key, o->description, zone);
	if (o->is_disabled)
		draft_flag(d, item, "enabled", false);
	if (o->m.destination.addrs.n == 1)
		draft_text(d, item, "address", "%s", addr_format(&o->m.destination.addrs.items[0].addr, text, sizeof(text)));
	draft_side(d, item, "source", &o->m.source);
	draft_text(d, item, "service", "%s", draft_service(d, &o->m));
	draft_text(d, item, "to", "%s", addr_format(&o->target.to, text, sizeof(text)));
	if (o->target.port != 0)
		draft_number(d, item, "to-port", o->target.port);
	if (o->shifts)
		draft_flag(d, item, "shift-ports", true);
	entry_object(d, o->entry, "nat.port-forwards[%s]", key);
}

/* Why this cannot be a port forward; NULL when it can. */
static const char *
forward_fault(const struct nat_object *o)
{
	const struct match_side *to = &o->m.destination;
	const struct nat_target *t = &o->target;

	if (o->m.family == ADDR_V6 || t->to.family == ADDR_V6)
		return "port forwards are for IPv4: let callers use the inner host's own IPv6 address, by a rule";
	if (beyond(&o->m) != NULL)
		return beyond(&o->m);
	if (t->to.family == ADDR_NONE)
		return "no inner address is given";
	if (t->to_last.family != ADDR_NONE && !addr_equal(&t->to, &t->to_last))
		return "a range of inner addresses: use balance";
	if (to->ngroups > 0 || to->not.n > 0 || to->nnot_groups > 0 || (to->has_addrs && (to->addrs.n != 1 || to->addrs.items[0].len != 32)))
		return "a receiver that is not one address of the box";
	return NULL;
}

/* The one range of ports that is asked for. */
static bool
one_range(const struct match_ports *p, unsigned *lo, unsigned *hi)
{
	unsigned at = 0, more_lo, more_hi;

	return p != NULL && match_ports_next(p, &at, lo, hi) && !match_ports_next(p, &at, &more_lo, &more_hi);
}

/* False when the ports cannot be translated as they are. */
static bool
settle_ports(struct nat_object *o)
{
	struct nat_target *t = &o->target;
	unsigned lo, hi;

	if (t->port == 0)
		return true;
	if (t->port_last == 0 || t->port_last == t->port)
		return true;
	if (!one_range(o->m.dports, &lo, &hi) || hi - lo != t->port_last - t->port)
		return false;
	/* The same range: ports stay as they are. */
	if (lo == t->port)
		t->port = 0;
	else if (o->shifts)
		return true;
	return lo == t->port || t->port == 0;
}

void
nat_put_forward(struct draft *d, struct nat_object *o)
{
	struct zone_walk w = { .o = o, .d = d };
	const char *fault = forward_fault(o);

	if (fault == NULL && !settle_ports(o))
		fault = "a range of ports that becomes another one";
	if (fault != NULL) {
		entry_note(d, o->entry, OUTCOME_REFUSED, "no port forward can say this: %s", fault);
		return;
	}
	if ((o->m.in & draft_links_all(d)) == 0) {
		entry_note(d, o->entry, OUTCOME_REFUSED, "no interface that it means is known: add the interfaces and import again");
		return;
	}
	if (o->m.nprotocols == 0) {
		o->m.protocols[0] = 6;
		o->m.protocols[1] = 17;
		o->m.nprotocols = 2;
		entry_note(d, o->entry, OUTCOME_CHANGED, "TCP and UDP alone are forwarded");
	}
	if (!o->m.destination.has_addrs && !o->m.is_dst_local)
		entry_note(d, o->entry, OUTCOME_CHANGED, "only what calls the box's own address is forwarded, not what passes through");
	draft_each_zone(d, o->m.in, put_forward_to_zone, &w);
}

/* --- senders --- */

static void
put_source_of_zone(const char *zone, bool is_whole, void *arg)
{
	const struct zone_walk *w = arg;
	const struct nat_object *o = w->o;
	const struct nat_target *t = &o->target;
	bool is_masquerade = t->kind == TRANSLATE_MASQUERADE;
	struct draft *d = w->d;
	const char *key, *list = is_masquerade ? "masquerade" : "source-nat";
	char text[ADDR_STRLEN];
	struct node *item;

	if (!zone_is_meant(d, o, zone, is_whole))
		return;
	key = draft_key(d, list, o->name);
	item = draft_map(d, is_masquerade ? d->masquerade : d->source_nat, NULL);
	put_head(d, item, is_masquerade ? "name" : "id", key, o->description, zone);
	if (o->is_disabled)
		draft_flag(d, item, "enabled", false);
	draft_side(d, item, "source", &o->m.source);
	if (!is_masquerade) {
		draft_side(d, item, "destination", &o->m.destination);
		if (has_service(&o->m))
			draft_text(d, item, "service", "%s", draft_service(d, &o->m));
		if (t->kind == TRANSLATE_INVALID)
			draft_text(d, item, "action", "exempt");
		else
			draft_text(d, item, "to", "%s", addr_format(&t->to, text, sizeof(text)));
		if (t->to_last.family != ADDR_NONE && !addr_equal(&t->to, &t->to_last)) {
			draft_text(d, item, "to-last", "%s", addr_format(&t->to_last, text, sizeof(text)));
			draft_flag(d, item, "persistent", t->persistent);
		}
	}
	if (t->random)
		draft_flag(d, item, "random-ports", true);
	entry_object(d, o->entry, is_masquerade ? "nat.masquerade.%s" : "nat.source-nat[%s]", key);
}

static const char *
source_fault(const struct nat_object *o)
{
	const struct nat_target *t = &o->target;

	if (beyond(&o->m) != NULL)
		return beyond(&o->m);
	if (t->kind != TRANSLATE_MASQUERADE)
		return t->kind == TRANSLATE_SOURCE && t->to.family == ADDR_NONE ? "no address is given" : NULL;
	if (o->m.family == ADDR_V6)
		return "IPv6 is not masqueraded: use one-to-one for prefix translation";
	if (has_side(&o->m.destination) || has_service(&o->m))
		return "masquerade asks for the sender alone: use source-nat with an address";
	return NULL;
}

void
nat_put_source(struct draft *d, const struct nat_object *o)
{
	struct zone_walk w = { .o = o, .d = d };
	const char *fault = source_fault(o);

	if (fault != NULL)
		entry_note(d, o->entry, OUTCOME_REFUSED, "no translation can say this: %s", fault);
	else if ((o->m.out & draft_links_all(d)) == 0)
		entry_note(d, o->entry, OUTCOME_REFUSED, "no interface that it means is known: add the interfaces and import again");
	else {
		if (o->target.port != 0)
			entry_note(d, o->entry, OUTCOME_CHANGED, "which ports senders get is the box's choice");
		draft_each_zone(d, o->m.out, put_source_of_zone, &w);
	}
}

/* --- chains --- */

static struct nat_object
object_of(const struct policy *p, const struct flat *f, char *name, size_t size)
{
	struct nat_object o = { .m = f->m, .target = f->rule->nat, .entry = f->rule->entry, .name = name };

	o.m.states = 0;		/* translation is decided for what opens a connection anyway */
	o.description = f->rule->comment != NULL ? f->rule->comment : f->rule->entry != NULL ? f->rule->entry->text : NULL;
	(void)snprintf(name, size, "%.40s-%u%s", f->chain, f->rule->number, p->suffix);
	return o;
}

/* Without those that an exception before has let go. */
static bool
without(struct policy *p, struct match *m, const struct match *const *exempt, unsigned n)
{
	unsigned i;
	struct match both;

	for (i = 0; i < n; i++) {
		both = *m;
		if (match_and(&both, exempt[i], p->d->arena) && !match_and_not(m, exempt[i], p->d->arena))
			return false;
	}
	return true;
}

/* The box's first address on the links of a zone's interface, for services of its own. */
static bool
own_address(struct draft *d, uint64_t links, struct addr *ret)
{
	unsigned i, j;

	for (i = 0; i < d->nlinks; i++)
		for (j = 0; (links & (1ull << i)) != 0 && j < d->links[i].naddrs; j++)
			if (d->links[i].addrs[j].addr.family == ADDR_V4) {
				*ret = d->links[i].addrs[j].addr;
				return true;
			}
	return false;
}

static void
put_redirect(struct draft *d, struct nat_object *o)
{
	uint64_t in = o->m.in & draft_links_all(d);
	unsigned i;

	/* Each link has its own address. */
	for (i = 0; i < d->nlinks; i++) {
		if ((in & (1ull << i)) == 0)
			continue;
		o->m.in = 1ull << i;
		if (own_address(d, o->m.in, &o->target.to))
			nat_put_forward(d, o);
		else
			entry_note(d, o->entry, OUTCOME_REFUSED, "interface \"%s\" has no IPv4 address here to redirect to: configure it and import "
			    "again", d->links[i].name);
	}
	if (in == 0)
		entry_note(d, o->entry, OUTCOME_REFUSED, "no interface that it means is known: add the interfaces and import again");
}

void
policy_put_destinations(struct policy *p, const struct chain *c)
{
	const struct match *exempt[EXEMPT_MAX];
	struct nat_object o;
	unsigned i, n = 0;
	struct flats f;
	char name[64];

	policy_flatten(p, c, &f);
	for (i = 0; i < f.n && !p->d->failed; i++) {
		if (f.items[i].verdict == VERDICT_ACCEPT && n < EXEMPT_MAX)
			exempt[n++] = &f.items[i].m;
		else if (f.items[i].verdict == VERDICT_ACCEPT)
			draft_fail(p->d, "a chain of NAT has more than 64 exceptions");
		if (f.items[i].verdict != VERDICT_TRANSLATE)
			continue;
		o = object_of(p, &f.items[i], name, sizeof(name));
		if (!without(p, &o.m, exempt, n))
			entry_note(p->d, o.entry, OUTCOME_REFUSED, "an exception before it cannot be said here");
		else if (o.target.kind == TRANSLATE_REDIRECT)
			put_redirect(p->d, &o);
		else if (o.target.kind == TRANSLATE_DESTINATION)
			nat_put_forward(p->d, &o);
		else
			entry_note(p->d, o.entry, OUTCOME_REFUSED, "senders are not translated before routing");
	}
}

void
policy_put_sources(struct policy *p, const struct chain *c)
{
	uint64_t masqueraded = 0, all = draft_links_all(p->d);
	struct nat_object o;
	struct flats f;
	char name[64];
	unsigned i;

	policy_flatten(p, c, &f);
	for (i = 0; i < f.n && !p->d->failed; i++) {
		if (f.items[i].verdict == VERDICT_CONTINUE)
			continue;
		o = object_of(p, &f.items[i], name, sizeof(name));
		if (f.items[i].verdict == VERDICT_ACCEPT)
			o.target.kind = TRANSLATE_INVALID;
		if (o.target.kind == TRANSLATE_INVALID && match_is_all(&o.m))
			break;
		if (o.target.kind == TRANSLATE_DESTINATION || o.target.kind == TRANSLATE_REDIRECT)
			entry_note(p->d, o.entry, OUTCOME_REFUSED, "receivers are not translated behind routing");
		else if (o.target.kind != TRANSLATE_MASQUERADE && (o.m.out & all & masqueraded) != 0)
			entry_note(p->d, o.entry, OUTCOME_REFUSED, "it comes behind a masquerade, which is last here: put it before, or narrow the "
			    "masquerade");
		else
			nat_put_source(p->d, &o);
		if (o.target.kind == TRANSLATE_MASQUERADE)
			masqueraded |= o.m.out & all;
	}
}
