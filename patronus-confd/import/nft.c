/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A ruleset of nftables: tables, sets and chains, and the order in which chains of one hook see a packet. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "jsondoc.h"
#include "node.h"
#include "problem.h"

#include "import/import.h"
#include "import/nft.h"

static const char *
text_of(const struct node *map, const char *name)
{
	const struct node *n = node_member(map, name);

	return n != NULL && n->kind == NODE_SCALAR ? n->text : "";
}

static struct nft_table *
table_of(struct nft *nft, const struct node *object)
{
	const char *family = text_of(object, "family"), *name = text_of(object, "table");
	unsigned i;

	for (i = 0; i < nft->ntables; i++)
		if (strcmp(nft->tables[i].family, family) == 0 && strcmp(nft->tables[i].name, name) == 0)
			return &nft->tables[i];
	return NULL;
}

static struct policy *
policy_of(struct nft *nft, uint8_t family, bool is_nat)
{
	struct policy *p = policy_new(nft->d, family);

	if (p != NULL) {
		p->used_marks = &nft->used_marks;
		p->is_nat = is_nat;
		p->is_final = true;
	}
	return p;
}

static void
add_table(struct nft *nft, const struct node *object)
{
	struct nft_table *t = &nft->tables[nft->ntables];
	uint8_t family = ADDR_NONE;

	if (nft->ntables == NFT_TABLES) {
		draft_fail(nft->d, "it has more than 64 tables");
		return;
	}
	*t = (struct nft_table){ .family = text_of(object, "family"), .name = text_of(object, "name") };
	nft->ntables++;
	/* Dormant: none of its rules is in force. */
	if (node_member(object, "flags") != NULL)
		return;
	if (strcmp(t->family, "ip") == 0)
		family = ADDR_V4;
	else if (strcmp(t->family, "ip6") == 0)
		family = ADDR_V6;
	else if (strcmp(t->family, "inet") != 0)
		return;
	t->filter = policy_of(nft, family, false);
}

static void
add_set(struct nft *nft, struct nft_table *t, const struct node *object, bool is_map)
{
	struct nft_set *s = arena_alloc(nft->d->arena, 1, sizeof(*s));
	const struct node *flags = node_member(object, "flags"), *f;
	char place[160];

	if (s == NULL) {
		draft_fail(nft->d, NULL);
		return;
	}
	*s = (struct nft_set){ .name = text_of(object, "name"), .type = node_member(object, "type"), .elements = node_member(object, "elem"),
	    .is_map = is_map, .next = t->sets };
	for (f = flags != NULL ? flags->first : NULL; f != NULL; f = f->next)
		s->is_volatile |= f->kind == NODE_SCALAR && (strcmp(f->text, "dynamic") == 0 || strcmp(f->text, "timeout") == 0);
	t->sets = s;
	(void)snprintf(place, sizeof(place), "%.8s %.40s set %.60s", t->family, t->name, s->name);
	s->entry = entry_add(nft->d, 1, place, s->name, strlen(s->name));
	entry_note(nft->d, s->entry, OUTCOME_DONE, "its elements stand in the rules that ask for it");
	if (s->is_volatile)
		entry_note(nft->d, s->entry, OUTCOME_CHANGED, "packets or time change it: rules that accept by it are refused, and those that drop by it drop "
		    "more");
}

static enum draft_hook
hook_of(const char *name)
{
	static const struct {
		const char	*name;
		enum draft_hook	 hook;
	} rows[] = {
		{ "prerouting", DRAFT_ARRIVING }, { "input", DRAFT_INPUT }, { "forward", DRAFT_FORWARD }, { "output", DRAFT_OUTPUT },
		{ "postrouting", DRAFT_LEAVING },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].hook;
	return DRAFT_HOOK_INVALID;
}

static void
add_chain(struct nft *nft, struct nft_table *t, const struct node *object)
{
	const char *name = text_of(object, "name"), *hook = text_of(object, "hook"), *policy = text_of(object, "policy");
	struct chain *c = policy_chain(t->filter, name, true);
	char place[160];

	if (c == NULL || hook[0] == '\0')
		return;
	c->hook = hook_of(hook);
	if (t->nbases == NFT_BASES || c->hook == DRAFT_HOOK_INVALID) {
		draft_fail(nft->d, "it has more than 64 chains with a hook, or a hook that is not known");
		return;
	}
	t->bases[t->nbases++] = (struct nft_base){ .chain = c, .priority = strtol(text_of(object, "prio"), NULL, 10),
	    .is_nat = strcmp(text_of(object, "type"), "nat") == 0 };
	c->policy = strcmp(policy, "drop") == 0 ? VERDICT_DROP : VERDICT_ACCEPT;
	(void)snprintf(place, sizeof(place), "%.8s %.40s %.60s", t->family, t->name, name);
	c->entry = entry_add(nft->d, 1, place, policy, strlen(policy));
	entry_note(nft->d, c->entry, OUTCOME_DONE, c->policy == VERDICT_DROP ? "what no rule decides is dropped" : "what no rule decides is accepted");
}

static void
add_rule(struct nft *nft, struct nft_table *t, const struct node *object)
{
	struct chain *c = t->filter != NULL ? policy_chain(t->filter, text_of(object, "chain"), false) : NULL;
	const struct node *expr = node_member(object, "expr");
	const char *comment = text_of(object, "comment"), *words = comment;
	struct entry *e;
	char place[240];
	struct buf b;

	buf_init(&b, 1 << 16);
	if (comment[0] == '\0' && expr != NULL) {
		node_print_json(expr, &b);
		words = buf_failed(&b) ? "" : arena_strndup(nft->d->arena, (const char *)b.data, b.len);
	}
	buf_fini(&b);
	(void)snprintf(place, sizeof(place), "%.8s %.40s %.60s rule %s", t->family, t->name, text_of(object, "chain"), text_of(object, "handle"));
	e = entry_add(nft->d, 1, place, words != NULL ? words : "", words != NULL ? strlen(words) : 0);
	if (t->filter == NULL)
		entry_note(nft->d, e, OUTCOME_REFUSED, "tables of family %.8s, or with flags, are not imported", t->family);
	else if (c == NULL || expr == NULL || expr->kind != NODE_SEQ)
		draft_fail(nft->d, "a rule without a chain or statements");
	else
		nft_rule(nft, t, c, object, e);
}

/* Each array item is an object with one member, which says what it is; kinds come in the order of what refers to what. */
static void
each_object(struct nft *nft, const struct node *list, const char *kind)
{
	const struct node *item, *o;
	struct nft_table *t;

	for (item = list->first; item != NULL && !nft->d->failed; item = item->next) {
		if (item->kind != NODE_MAP || (o = node_member(item, kind)) == NULL || o->kind != NODE_MAP)
			continue;
		if (strcmp(kind, "table") == 0) {
			add_table(nft, o);
			continue;
		}
		if ((t = table_of(nft, o)) == NULL)
			draft_fail(nft->d, "an object of a table that is not there");
		else if (strcmp(kind, "set") == 0 || strcmp(kind, "map") == 0)
			add_set(nft, t, o, kind[0] == 'm');
		else if (strcmp(kind, "flowtable") == 0)
			nft_flow_table(nft, t, o);
		else if (strcmp(kind, "rule") == 0)
			add_rule(nft, t, o);
		else if (t->filter != NULL)
			add_chain(nft, t, o);
	}
}

static void
say_others(struct nft *nft, const struct node *list)
{
	static const char *const read[] = { "metainfo", "table", "chain", "rule", "set", "map", "flowtable" };
	const struct node *item;
	size_t i;

	for (item = list->first; item != NULL; item = item->next) {
		if (item->kind != NODE_MAP || item->first == NULL)
			continue;
		for (i = 0; i < sizeof(read) / sizeof(read[0]) && strcmp(read[i], item->first->name) != 0; i++)
			;
		if (i == sizeof(read) / sizeof(read[0]))
			entry_note(nft->d, entry_add(nft->d, 1, item->first->name, text_of(item->first, "name"), strlen(text_of(item->first, "name"))),
			    OUTCOME_REFUSED, "objects of this kind are not imported; rules that use them say what becomes of them");
	}
}

/* The interfaces that are named anywhere, before rules that mean all but some of them. */
static void
gather_names(struct nft *nft, const struct node *n)
{
	const struct node *c;

	if (n->kind == NODE_SCALAR && strcmp(n->text, "lo") != 0 && strchr(n->text, '*') == NULL && n->text[0] != '@' && n->text[0] != '\0' &&
	    strlen(n->text) < 16 && draft_link(nft->d, n->text) == 0)
		draft_fail(nft->d, "it names more than 64 interfaces");
	for (c = n->first; c != NULL; c = c->next)
		if (c->kind != NODE_MAP || node_member(c, "jump") == NULL)
			gather_names(nft, c->kind == NODE_SEQ && n->kind == NODE_SEQ && c->n == 2 ? c->first : c);
}

static void
gather_links(struct nft *nft, const struct node *n)
{
	const struct node *left = n->kind == NODE_MAP ? node_member(n, "left") : NULL, *c;
	const char *key;

	if (left == NULL && n->kind == NODE_MAP)
		left = node_member(n, "key");
	left = left != NULL && left->kind == NODE_MAP ? node_member(left, "meta") : NULL;
	key = left != NULL && left->kind == NODE_MAP ? text_of(left, "key") : "";
	if (strcmp(key, "iifname") == 0 || strcmp(key, "oifname") == 0 || strcmp(key, "iif") == 0 || strcmp(key, "oif") == 0) {
		c = node_member(n, "right") != NULL ? node_member(n, "right") : node_member(n, "data");
		if (c != NULL)
			gather_names(nft, c);
	}
	for (c = n->first; c != NULL && !nft->d->failed; c = c->next)
		gather_links(nft, c);
}

/* --- what it becomes --- */

static bool
is_behind(const struct nft *nft, const struct nft_table *t, const struct nft_base *b)
{
	unsigned i, j;

	/* Another filter of the same hook and of these packets comes later. */
	for (i = 0; i < nft->ntables; i++)
		for (j = 0; j < nft->tables[i].nbases; j++) {
			const struct nft_base *o = &nft->tables[i].bases[j];
			bool meets = t->filter->family == ADDR_NONE || nft->tables[i].filter->family == ADDR_NONE ||
			    t->filter->family == nft->tables[i].filter->family;

			if (o != b && !o->is_nat && o->chain->hook == b->chain->hook && meets && (o->priority > b->priority ||
			    (o->priority == b->priority && o > b)))
				return false;
		}
	return true;
}

static void
put_base(struct nft *nft, struct nft_table *t, const struct nft_base *b)
{
	struct chain *c = b->chain;
	bool is_last = is_behind(nft, t, b) && c->hook >= DRAFT_INPUT && c->hook <= DRAFT_OUTPUT;

	t->filter->marks_lost = nft->marks_lost;
	t->filter->is_nat = b->is_nat;
	t->filter->is_final = b->is_nat || is_last;
	t->filter->is_translated = !b->is_nat && c->hook == DRAFT_ARRIVING && nft->is_translated;
	t->filter->may_be_untracked = true;
	if (b->is_nat && c->hook == DRAFT_ARRIVING)
		policy_put_destinations(t->filter, c);
	else if (b->is_nat && c->hook == DRAFT_LEAVING)
		policy_put_sources(t->filter, c);
	else if (b->is_nat)
		entry_note(nft->d, c->entry, c->n > 0 ? OUTCOME_REFUSED : OUTCOME_DONE, "what the box sends or takes itself is not translated");
	else if (is_last)
		policy_put(t->filter, c);
	else if (c->policy == VERDICT_DROP)
		draft_fail(nft->d, arena_printf(nft->d->arena, "the chain %.60s drops by its policy before another chain of the same hook: bring both into one",
		    c->name));
	else
		policy_put_before(t->filter, c);
}

static void
put_bases(struct nft *nft, bool is_last)
{
	unsigned i, j;

	for (i = 0; i < nft->ntables && !nft->d->failed; i++)
		for (j = 0; j < nft->tables[i].nbases && !nft->d->failed; j++) {
			const struct nft_base *b = &nft->tables[i].bases[j];
			bool last = !b->is_nat && is_behind(nft, &nft->tables[i], b) && b->chain->hook >= DRAFT_INPUT && b->chain->hook <= DRAFT_OUTPUT;

			if (last == is_last)
				put_base(nft, &nft->tables[i], b);
		}
}

static void
put_defaults(struct nft *nft)
{
	bool drops = false, filters = false;
	unsigned i, j;

	for (i = 0; i < nft->ntables; i++)
		for (j = 0; j < nft->tables[i].nbases; j++) {
			const struct nft_base *b = &nft->tables[i].bases[j];

			filters |= !b->is_nat;
			drops |= !b->is_nat && b->chain->hook == DRAFT_OUTPUT && b->chain->policy == VERDICT_DROP;
		}
	for (i = 0; i < nft->ntables; i++)
		if (nft->tables[i].filter != NULL)
			nft->tables[i].filter->sends_all = !drops;
	draft_text(nft->d, nft->d->defaults, "action", "drop");
	draft_text(nft->d, nft->d->defaults, "outgoing", drops ? "drop" : "accept");
	if (!filters)
		entry_note(nft->d, nft->d->box, OUTCOME_CHANGED, "there is no chain that filters here: nothing is accepted");
}

static void
say_unreached(struct draft *d)
{
	struct entry *e;

	for (e = d->first; e != NULL; e = e->next)
		if (e->outcome == OUTCOME_DONE && e->nnotes == 0 && e->nobjects == 0)
			entry_note(d, e, OUTCOME_DONE, "it decides nothing where it stands");
}

void
import_nft(struct draft *d, const char *text, size_t len)
{
	struct nft *nft = arena_alloc(d->arena, 1, sizeof(*nft));
	struct problems *problems = problems_new();
	struct node *root = NULL;
	const struct node *list;

	if (nft == NULL || problems == NULL)
		draft_fail(d, NULL);
	else if (text[strspn(text, " \t\r\n")] != '{')
		draft_fail(d, "this is not the form that can be read: use nft -j list ruleset");
	else if (jsondoc_read_up_to(IMPORT_BYTES_MAX, text, len, d->arena, problems, &root) != 0)
		draft_fail(d, problems_count(problems) > 0 ? arena_printf(d->arena, "line %u: %.200s", problems_get(problems, 0)->line,
		    problems_get(problems, 0)->text) : NULL);
	problems_free(problems);
	if (d->failed)
		return;
	nft->d = d;
	list = root->kind == NODE_MAP ? node_member(root, "nftables") : NULL;
	if (list == NULL || list->kind != NODE_SEQ) {
		draft_fail(d, "this is not what nft -j list ruleset prints");
		return;
	}
	d->box = entry_add(d, 1, "the whole", "", 0);
	entry_note(d, d->box, OUTCOME_CHANGED, "as in every policy of Patronus the box's traffic with itself, neighbour discovery, answers to its own DHCP "
	    "client and management with the lock-out guard pass, and spoofed packets and those of no connection are dropped");
	gather_links(nft, list);
	each_object(nft, list, "table");
	each_object(nft, list, "set");
	each_object(nft, list, "map");
	each_object(nft, list, "flowtable");
	each_object(nft, list, "chain");
	each_object(nft, list, "rule");
	if (d->failed)
		return;
	nft_flow_end(nft);
	say_others(nft, list);
	put_defaults(nft);
	put_bases(nft, false);
	put_bases(nft, true);
	if (!d->failed)
		say_unreached(d);
}
