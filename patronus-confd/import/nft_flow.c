/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Flowtables: what hands on all connections of TCP and UDP that stand is firewall flow-offload; what does it for some of them has no place here. */
#include <string.h>

#include "base/arena.h"
#include "node.h"

#include "import/nft.h"

static const struct node *
child(const struct node *map, const char *name)
{
	return map != NULL && map->kind == NODE_MAP ? node_member(map, name) : NULL;
}

static const char *
member(const struct node *map, const char *name)
{
	const struct node *n = child(map, name);

	return n != NULL && n->kind == NODE_SCALAR ? n->text : "";
}

void
nft_flow_table(struct nft *nft, struct nft_table *t, const struct node *object)
{
	struct nft_flow *f = arena_alloc(nft->d->arena, 1, sizeof(*f));
	const char *name = member(object, "name");

	if (f == NULL) {
		draft_fail(nft->d, NULL);
		return;
	}
	*f = (struct nft_flow){ .name = name, .devices = child(object, "dev"), .flags = child(object, "flags"), .next = t->flows,
	    .entry = entry_add(nft->d, 1, arena_printf(nft->d->arena, "%.8s %.40s flowtable %.60s", t->family, t->name, name), name, strlen(name)) };
	t->flows = f;
}

static bool
has_text(const struct node *n, const char *text)
{
	const struct node *i;

	if (n == NULL || n->kind == NODE_SCALAR)
		return n != NULL && strcmp(n->text, text) == 0;
	for (i = n->first; i != NULL && !has_text(i, text); i = i->next)
		;
	return i != NULL;
}

/* --- a rule that asks nothing but what the kernel asks before it puts a connection there */

static bool
is_tcp_and_udp(const struct node *left, const struct node *right)
{
	const struct node *payload = child(left, "payload"), *set = child(right, "set");
	bool is_protocol = strcmp(member(child(left, "meta"), "key"), "l4proto") == 0 ||
	    (strcmp(member(payload, "protocol"), "ip") == 0 && strcmp(member(payload, "field"), "protocol") == 0) ||
	    (strcmp(member(payload, "protocol"), "ip6") == 0 && strcmp(member(payload, "field"), "nexthdr") == 0);

	return is_protocol && set != NULL && set->n == 2 && has_text(set, "tcp") && has_text(set, "udp");
}

static bool
is_established(const struct node *left, const struct node *right)
{
	return strcmp(member(child(left, "ct"), "key"), "state") == 0 && has_text(right, "established");
}

static bool
is_plain_statement(const struct node *s)
{
	const struct node *m = child(s, "match");
	const char *op = member(m, "op");

	if (child(s, "flow") != NULL || child(s, "counter") != NULL)
		return true;
	return m != NULL && (strcmp(op, "==") == 0 || strcmp(op, "in") == 0) &&
	    (is_tcp_and_udp(child(m, "left"), child(m, "right")) || is_established(child(m, "left"), child(m, "right")));
}

/* Without a match of protocols the kernel takes TCP and UDP, too (nft_flow_offload_eval()). */
static bool
is_plain(const struct nft_table *t, const struct chain *c, const struct node *rule)
{
	const struct node *s;
	unsigned i;

	for (i = 0; i < t->nbases && t->bases[i].chain != c; i++)
		;
	if (i == t->nbases || t->bases[i].is_nat || c->hook != DRAFT_FORWARD)
		return false;
	for (s = node_member(rule, "expr")->first; s != NULL && is_plain_statement(s); s = s->next)
		;
	return s == NULL;
}

/* --- what it becomes */

static bool
is_device(const struct nft_flow *f, const char *kernel)
{
	return has_text(f->devices, kernel);
}

/* Nothing is said where all are meant. */
static void
put_interfaces(struct draft *d, const struct nft_flow *f, struct node *offload)
{
	struct node *list = NULL;
	unsigned i, n = 0;

	for (i = 0; i < d->nlinks; i++)
		n += is_device(f, d->links[i].kernel);
	for (i = 0; i < d->nlinks && n < d->nlinks; i++) {
		if (!is_device(f, d->links[i].kernel))
			continue;
		if (list == NULL)
			list = draft_list(d, offload, "interfaces");
		draft_text(d, list, NULL, "%s", d->links[i].name);
	}
}

static bool
is_known(const struct draft *d, const struct nft_flow *f)
{
	unsigned i;

	for (i = 0; i < d->nlinks && !is_device(f, d->links[i].kernel); i++)
		;
	return i < d->nlinks;
}

/* NULL: it is said here. */
static const char *
find_reason(const struct nft *nft, const struct nft_table *t, const struct chain *c, const struct node *rule, const struct nft_flow *f)
{
	if (f == NULL)
		return "a flowtable that is not there; packets go on as before";
	if (!is_plain(t, c, rule))
		return "all connections of TCP and UDP are handed on here, and not some of them (flow-offload); packets go on as before";
	if (!is_known(nft->d, f))
		return "no rule names an interface of its flowtable; packets go on as before";
	return nft->flow != NULL && nft->flow != f ? "there is one flow offload here, and it is another flowtable; packets go on as before" : NULL;
}

void
nft_flow_rule(struct nft *nft, struct nft_table *t, const struct chain *c, const struct node *rule, const struct node *flow, struct entry *e)
{
	const char *name = member(flow, "flowtable");
	struct draft *d = nft->d;
	struct nft_flow *f;
	const char *why;
	bool is_hardware;

	for (f = t->flows; f != NULL && strcmp(f->name, name + (name[0] == '@')) != 0; f = f->next)
		;
	if ((why = find_reason(nft, t, c, rule, f)) != NULL) {
		entry_note(d, e, OUTCOME_REFUSED, "%s", why);
		return;
	}
	entry_object(d, e, "firewall.flow-offload");
	entry_note(d, e, OUTCOME_CHANGED,
	    "connections of TCP and UDP, of IPv4 and IPv6, that stand are handed on between zones where no rule looks at every packet");
	if (nft->flow != NULL)
		return;
	nft->flow = f;
	is_hardware = has_text(f->flags, "offload");
	draft_text(d, d->offload, "mode", "%s", is_hardware ? "hardware" : "software");
	put_interfaces(d, f, d->offload);
	entry_object(d, f->entry, "firewall.flow-offload");
	entry_note(d, f->entry, OUTCOME_CHANGED, is_hardware ? "the network cards do it, where all of them can" :
	    "the kernel does it; nft -j does not tell whether cards shall (flags offload): then say mode: hardware");
}

void
nft_flow_end(struct nft *nft)
{
	struct nft_flow *f;
	unsigned i;

	for (i = 0; i < nft->ntables; i++)
		for (f = nft->tables[i].flows; f != NULL; f = f->next)
			if (f->entry->nobjects == 0)
				entry_note(nft->d, f->entry, OUTCOME_REFUSED, "no rule at the forward hook that could be imported puts connections into it");
}
