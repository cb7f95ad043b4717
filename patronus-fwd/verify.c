/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"

#include "hash.h"
#include "ir_print.h"
#include "addrlist.h"
#include "mem.h"
#include "nft_encode.h"
#include "nft_flowtable.h"
#include "nft_object.h"
#include "nft_read.h"
#include "verify.h"

#define SET_COUNT	20	/* NFTA_SET_COUNT, since Linux 6.16 */
#define DIFFERENT_MAX	16	/* of one chain that are told one by one */

struct verifier {
	struct ir	*ir;
	const struct ir	*coming;
	verify_report	*report;
	void		*arg;
	uint32_t	 n;
	struct nft_batch batch;		/* our own messages, made again to compare with */
	struct names	 sums;		/* set name -> struct sum */
	struct arena	*arena;
};

struct sum {
	uint64_t	 sum;	/* of the hashes of its elements: their order does not matter */
	uint32_t	 n;
	bool		 is_seen;
};

static void
tell(struct verifier *v, const char *path, const char *object, const char *detail, bool is_idle)
{
	struct verify_difference d = { .path = path, .object = object, .detail = detail, .is_idle = is_idle };

	v->n++;
	if (v->report != NULL)
		v->report(&d, v->arg);
}

static void
differs(struct verifier *v, const char *path, const char *kind, const char *name, const char *detail)
{
	char object[256];

	(void)snprintf(object, sizeof(object), "%s %s", kind, name);
	tell(v, path, object, detail, false);
}

/* Something that is too much, and that nothing of ours leads to. */
static void
is_idle(struct verifier *v, const char *kind, const char *name)
{
	char object[256];

	(void)snprintf(object, sizeof(object), "%s %s", kind, name);
	tell(v, "", object, "it is not ours", true);
}

/* Each message of a dump that is about our table. */
static bool
next_message(struct nl_reader *r, struct nft_message *ret)
{
	struct nl_msg m;

	while (nlmsg_next(r, &m) == 1)
		if (nft_read(&m, ret) && ret->is_ours && !ret->is_delete)
			return true;
	return false;
}

/* --- the tables: one that is dormant has everything, and nothing of it is in force */
static void
verify_table(struct verifier *v, struct nl_reader r, uint8_t family, bool is_wanted)
{
	const char *name = family == NFPROTO_INET ? "inet " NFT_TABLE : "bridge " NFT_TABLE;
	bool is_there = false;
	struct nft_message m;
	struct nl_attr flags;

	while (next_message(&r, &m)) {
		if (m.object != NFT_OBJECT_TABLE || m.family != family)
			continue;
		is_there = true;
		if (is_wanted && nlattr_find(m.attrs, NFTA_TABLE_FLAGS, &flags) && nlattr_be32(&flags) != 0)
			differs(v, "/firewall", "table", name, nlattr_be32(&flags) & NFT_TABLE_F_DORMANT ?
			    "it is dormant: none of its rules is in force" : "it has flags that are not ours");
	}
	if (is_there != is_wanted)
		differs(v, is_wanted ? "/firewall" : "", "table", name, is_wanted ? "it is missing" : "it is not ours");
}

static void
verify_tables(struct verifier *v, struct nl_reader r)
{
	verify_table(v, r, NFPROTO_INET, true);
	verify_table(v, r, NFPROTO_BRIDGE, v->ir->has_bridge);
}

/* --- chains */
static bool
same_hook(const struct ir_chain *c, const struct nft_message *m)
{
	struct nl_reader nested;
	struct nl_attr hook, number, priority, policy;

	if (!nlattr_find(m->attrs, NFTA_CHAIN_HOOK, &hook))
		return c->hook == IR_HOOK_NONE;
	nlattr_reader_nested(&nested, &hook);
	if (c->hook == IR_HOOK_NONE || !nlattr_find(nested, NFTA_HOOK_HOOKNUM, &number) ||
	    !nlattr_find(nested, NFTA_HOOK_PRIORITY, &priority) || !nlattr_find(m->attrs, NFTA_CHAIN_POLICY, &policy))
		return false;
	return nlattr_be32(&number) == nft_hook_number(c->hook) && (int32_t)nlattr_be32(&priority) == c->priority &&
	    nlattr_be32(&policy) == (c->drops ? NF_DROP : NF_ACCEPT);
}

static struct ir_chain *
chain_of(const struct verifier *v, uint8_t family, const char *name)
{
	struct ir_chain *c = ir_chain_loaded(v->ir, name);

	return c != NULL && c->family == family ? c : NULL;
}

static void
verify_chains(struct verifier *v, struct nl_reader r)
{
	struct nft_message m;
	struct nl_attr hook;
	struct ir_chain *c;
	const char *name;

	for (c = v->ir->chains; c != NULL; c = c->next) {
		c->cursor = c->first;
		c->is_seen = false;
		c->n_different = 0;
	}
	while (next_message(&r, &m)) {
		name = nft_read_text(&m, NFTA_CHAIN_NAME);
		c = name != NULL ? chain_of(v, m.family, name) : NULL;
		if (m.object != NFT_OBJECT_CHAIN || name == NULL)
			continue;
		if (c == NULL && nlattr_find(m.attrs, NFTA_CHAIN_HOOK, &hook))
			differs(v, "", "chain", name, "it is not ours");
		else if (c == NULL)
			is_idle(v, "chain", name);
		if (c == NULL)
			continue;
		c->is_seen = true;
		if (!same_hook(c, &m))
			differs(v, "/firewall", "chain", name, "its hook, priority or policy is another");
	}
	for (c = v->ir->chains; c != NULL; c = c->next)
		if (!c->is_seen)
			differs(v, "/firewall", "chain", c->name, "it is missing");
}

/* --- rules */
static uint64_t
own_digest(struct verifier *v, struct ir_rule *rule)
{
	struct nft_message m;
	struct nft_rule own;
	struct nl_reader r;

	buf_reset(&v->batch.out);
	v->batch.n = 0;
	v->batch.n_rules = 0;
	nft_put_rule(&v->batch, rule, NFT_APPEND, 0);
	nlmsg_reader_init(&r, v->batch.out.data, v->batch.out.len);
	return next_message(&r, &m) && nft_read_rule(&m, &own) ? own.digest : 0;
}

/* After many differences in a chain another one says nothing new. */
static void
rule_differs(struct verifier *v, struct ir_chain *c, const struct ir_rule *rule, const char *name, const char *detail)
{
	if (c->n_different++ < DIFFERENT_MAX)
		differs(v, rule != NULL ? rule->origin->path : "", "rule", name, detail);
}

static bool
is_same(struct verifier *v, const struct nft_rule *k, struct ir_rule *rule)
{
	return strcmp(k->id, rule->origin->id) == 0 && k->digest == own_digest(v, rule);
}

/* The kernel's rule among those of ours that are still to come; NULL when it is none of them. */
static struct ir_rule *
find_ahead(struct verifier *v, const struct nft_rule *k, struct ir_rule *rule)
{
	for (; rule != NULL; rule = rule->next)
		if (is_same(v, k, rule))
			return rule;
	return NULL;
}

/* What stands in the place of ours: another form of it, or something else. */
static void
verify_other(struct verifier *v, struct ir_chain *c, const struct nft_rule *k)
{
	struct ir_rule *rule = c->cursor;
	char name[256];

	if (rule != NULL && strcmp(k->id, rule->origin->id) == 0) {
		rule_differs(v, c, rule, k->id, "it does something else");
		c->cursor = rule->next;
		return;
	}
	(void)snprintf(name, sizeof(name), "%s%shandle %llu of chain %s", k->id, k->id[0] != '\0' ? ", " : "", (unsigned long long)k->handle,
	    c->name);
	rule_differs(v, c, NULL, name, ir_origin_find(v->ir, k->id) != NULL ? "it is not in its place" : "it is not ours");
}

static void
verify_rule(struct verifier *v, const struct nft_rule *k)
{
	struct ir_rule *rule;
	struct ir_chain *c;

	c = chain_of(v, k->family, k->chain);
	if (c == NULL)
		return;		/* its chain has been reported */
	rule = c->n_different > DIFFERENT_MAX ? NULL : find_ahead(v, k, c->cursor);
	if (rule == NULL) {
		verify_other(v, c, k);
		return;
	}
	for (; c->cursor != rule; c->cursor = c->cursor->next)
		rule_differs(v, c, c->cursor, c->cursor->origin->id, "it is missing, or not in its place");
	c->cursor = rule->next;
	rule->handle = k->handle;
	rule->packets = k->packets;
	rule->bytes = k->bytes;
}

static void
verify_rules(struct verifier *v, struct nl_reader r)
{
	struct nft_message m;
	struct nft_rule k;
	struct ir_chain *c;

	while (next_message(&r, &m))
		if (nft_read_rule(&m, &k))
			verify_rule(v, &k);
	for (c = v->ir->chains; c != NULL; c = c->next)
		for (; c->is_seen && c->cursor != NULL; c->cursor = c->cursor->next)
			rule_differs(v, c, c->cursor, c->cursor->origin->id, "it is missing");
}

/* --- sets */
/* What an element is and does, as a number. */
static uint64_t
elem_hash(const struct nft_elem *e)
{
	uint64_t h;

	h = hash_bytes(e->key.data, e->key.len, e->is_end);
	if (e->has_last)
		h = hash_bytes(e->last.data, e->last.len, h);
	if (e->chain != NULL)
		h = hash_bytes(e->chain, strlen(e->chain), h);
	else if (e->id[0] != '\0')
		h = hash_bytes(e->id, strlen(e->id), hash_u64(e->verdict, h));
	return e->has_counter ? hash_u64(1, h) : h;
}

static uint64_t
own_hash(const struct ir_set *s, uint32_t n)
{
	const struct ir_elem *i = &s->elems[n];
	unsigned len = ir_set_keylen(s);
	struct nft_elem e = { .key = { .data = i->lo, .len = len }, .last = { .data = i->hi, .len = len },
	    .has_last = (s->flags & IR_SET_INTERVAL) != 0 && s->nfields > 1, .has_counter = (s->flags & IR_SET_COUNTED) != 0,
	    .chain = i->rule == NULL ? i->chain : NULL, .id = "" };

	if (i->rule != NULL) {
		e.id = i->rule->origin->id;
		e.verdict = i->rule->stmts[i->rule->n - 1].kind == IR_ACCEPT ? NF_ACCEPT : NF_DROP;
	}
	return elem_hash(&e);
}

/* One more: where the interval ends. */
static void
sum_end(const struct ir_set *s, uint32_t n, struct sum *ret)
{
	unsigned len = ir_set_keylen(s), i;
	uint8_t after[IR_VALUE_MAX];

	memcpy(after, s->elems[n].hi, len);
	for (i = len; i > 0 && ++after[i - 1] == 0; i--)
		;
	if (i == 0)
		return;
	ret->sum += elem_hash(&(struct nft_elem){ .key = { .data = after, .len = len }, .is_end = true, .id = "" });
	ret->n++;
}

static void
sum_expected(const struct ir_set *s, struct sum *ret)
{
	uint32_t n;

	ret->sum = 0;
	ret->n = 0;
	for (n = 0; n < s->n; n++) {
		ret->sum += own_hash(s, n);
		ret->n++;
		if ((s->flags & IR_SET_INTERVAL) != 0 && s->nfields == 1)
			sum_end(s, n, ret);
	}
}

static bool
is_text(const struct nft_message *m, uint16_t type, const char *text)
{
	const char *s = nft_read_text(m, type);

	return s != NULL && strcmp(s, text) == 0;
}

/* What it has counted goes on when everything is sent anew. */
static void
keep_count(const struct ir_set *s, const struct nft_elem *e)
{
	uint32_t low, high, middle;

	for (low = 0, high = s->n; low < high;) {
		middle = low + (high - low) / 2;
		if (memcmp(s->elems[middle].lo, e->key.data, e->key.len) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == s->n || memcmp(s->elems[low].lo, e->key.data, e->key.len) != 0 || s->elems[low].rule == NULL)
		return;
	s->elems[low].rule->packets += e->packets;
	s->elems[low].rule->bytes += e->bytes;
}

static void
sum_dump(struct verifier *v, struct nl_reader r)
{
	const struct ir_set *s;
	struct nft_message m;
	struct nl_reader list;
	struct nl_attr elem;
	struct nft_elem e;
	struct sum *sum;
	const char *name;

	while (next_message(&r, &m)) {
		name = nft_read_text(&m, NFTA_SET_ELEM_LIST_SET);
		sum = name != NULL ? names_get(&v->sums, name) : NULL;
		if (sum == NULL || !nft_read_elems(&m, &list))
			continue;
		s = ir_set_find(v->ir, name);
		if (s->family != m.family)
			continue;
		while (nlattr_next(&list, &elem) == 1) {
			if (!nft_read_elem(&elem, &e))
				continue;
			sum->sum += elem_hash(&e);
			sum->n++;
			if (e.id[0] != '\0' && e.key.len == ir_set_keylen(s))
				keep_count(s, &e);
		}
	}
}

static bool
same_set(struct ir_set *s, const struct nft_message *m)
{
	struct nl_attr flags, len, count;

	/* What a list has is not read back; that elements came or went shows where the kernel tells how many there are. */
	s->is_spoilt = s->list != NULL && nlattr_find(m->attrs, SET_COUNT, &count) && nlattr_be32(&count) != s->list->n;
	if (s->is_spoilt)
		return false;
	/* No flags are not told. */
	if (nft_set_flags(s) != (nlattr_find(m->attrs, NFTA_SET_FLAGS, &flags) ? nlattr_be32(&flags) : 0))
		return false;
	return nlattr_find(m->attrs, NFTA_SET_KEY_LEN, &len) && nlattr_be32(&len) == ir_set_keylen(s);
}

static void
verify_sets(struct verifier *v, struct nl_reader r)
{
	struct ir_set *s;
	struct nft_message m;
	const char *name;
	struct sum *sum;

	for (s = v->ir->sets; s != NULL; s = s->next)
		names_put(v->arena, &v->sums, s->name, mem_alloc(v->arena, 1, sizeof(struct sum)));
	while (next_message(&r, &m)) {
		name = nft_read_text(&m, NFTA_SET_NAME);
		if (m.object != NFT_OBJECT_SET || name == NULL)
			continue;
		s = ir_set_find(v->ir, name);
		if (s == NULL || s->family != m.family) {
			if (v->coming == NULL || ir_set_find(v->coming, name) == NULL || ir_set_find(v->coming, name)->list == NULL)
				is_idle(v, "set", name);
			continue;
		}
		sum = names_get(&v->sums, name);
		sum->is_seen = true;
		if (!same_set(s, &m))
			differs(v, s->path, "set", name, "it is of another kind");
	}
}

/* --- named objects; what is missing is missed by the rule that names it, and is sent with it */
static void
verify_objects(struct verifier *v, struct nl_reader r)
{
	const struct ir_object *o;
	struct nft_message m;
	const char *name;

	while (next_message(&r, &m)) {
		name = nft_read_text(&m, NFTA_OBJ_NAME);
		if (m.object != NFT_OBJECT_NAMED || name == NULL)
			continue;
		o = ir_object_find(v->ir, name);
		if (o == NULL)
			is_idle(v, "object", name);
		else if (!nft_object_is(&m, o))
			differs(v, o->path, "object", name, "it is another");
	}
}

/* --- the flowtable */
static void
verify_flowtable(struct verifier *v, struct nl_reader r)
{
	const struct ir_flowtable *t = v->ir->flowtable;
	const char *name, *detail;
	bool is_hardware, is_seen = t == NULL;
	struct nft_message m;

	while (next_message(&r, &m)) {
		if (!nft_read_flowtable(&m, &name, &is_hardware))
			continue;
		if (t == NULL || m.family != NFPROTO_INET || strcmp(name, t->name) != 0) {
			is_idle(v, "flowtable", name);
			continue;
		}
		is_seen = true;
		detail = nft_flowtable_difference(&m, t);
		if (detail != NULL)
			differs(v, IR_OFFLOAD_PATH, "flowtable", name, detail);
	}
	if (!is_seen)
		differs(v, IR_OFFLOAD_PATH, "flowtable", t->name, "it is missing");
}

/* --- which element it is, once a set is known to differ */
struct hashes {
	uint64_t	*items;
	uint32_t	 n;
};

static int
compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static bool
has_hash(const struct hashes *h, uint64_t hash)
{
	return bsearch(&hash, h->items, h->n, sizeof(hash), compare_hashes) != NULL;
}

/* The first element of a dump that is none of known. */
static bool
find_strange(struct nl_reader r, const struct ir_set *s, const struct hashes *known, struct ir_elem *ret)
{
	struct nft_message m;
	struct nl_reader list;
	struct nl_attr elem;
	struct nft_elem e;

	while (next_message(&r, &m)) {
		if (!is_text(&m, NFTA_SET_ELEM_LIST_SET, s->name) || !nft_read_elems(&m, &list))
			continue;
		while (nlattr_next(&list, &elem) == 1) {
			if (!nft_read_elem(&elem, &e) || e.is_end || e.key.len != ir_set_keylen(s) || e.key.len > sizeof(ret->lo) ||
			    has_hash(known, elem_hash(&e)))
				continue;
			memcpy(ret->lo, e.key.data, e.key.len);
			memcpy(ret->hi, e.has_last ? e.last.data : e.key.data, e.key.len);
			ret->chain = e.chain;
			return true;
		}
	}
	return false;
}

/* How many there are; what they are into ret, unless that is NULL. */
static uint32_t
count_elems(struct nl_reader r, const struct ir_set *s, struct hashes *ret)
{
	struct nft_message m;
	struct nl_reader list;
	struct nl_attr elem;
	struct nft_elem e;
	uint32_t n = 0;

	while (next_message(&r, &m)) {
		if (!is_text(&m, NFTA_SET_ELEM_LIST_SET, s->name) || !nft_read_elems(&m, &list))
			continue;
		for (; nlattr_next(&list, &elem) == 1; n++)
			if (ret != NULL && nft_read_elem(&elem, &e))
				ret->items[ret->n++] = elem_hash(&e);
	}
	return n;
}

static void
elems_differ(struct verifier *v, const struct ir_set *s, struct nl_reader r)
{
	struct hashes ours = { mem_new(s->n + 1, sizeof(uint64_t)), 0 }, theirs = { NULL, 0 };
	struct ir_elem strange = { .chain = NULL };
	char detail[256] = "its elements are others";
	bool is_strange;
	struct buf text;
	uint32_t i;

	buf_init(&text, sizeof(detail) - 64);
	for (i = 0; i < s->n; i++)
		ours.items[ours.n++] = own_hash(s, i);
	qsort(ours.items, ours.n, sizeof(uint64_t), compare_hashes);
	theirs.items = mem_new(count_elems(r, s, NULL) + 1, sizeof(uint64_t));
	(void)count_elems(r, s, &theirs);
	qsort(theirs.items, theirs.n, sizeof(uint64_t), compare_hashes);
	for (i = 0; i < s->n && has_hash(&theirs, own_hash(s, i)); i++)
		;
	is_strange = find_strange(r, s, &ours, &strange);
	if (is_strange || i < s->n)
		ir_print_elem(s, is_strange ? &strange : &s->elems[i], &text);
	if (text.len > 0 && !buf_failed(&text))
		(void)snprintf(detail, sizeof(detail), "its elements are others: %.*s is %s", (int)text.len, (const char *)text.data,
		    is_strange ? "too much" : "missing");
	differs(v, s->path, "set", s->name, detail);
	buf_fini(&text);
	free(ours.items);
	free(theirs.items);
}

/*
 * The kernel stops showing an element at the moment at which it ends, the end of its interval with its next collection of garbage: about
 * then what is there says nothing.
 */
#define ENDING_MS	3000

static bool
is_ending(const struct ir *ir, const struct ir_set *s)
{
	uint64_t now = clock_mono_ms();
	uint32_t i;

	if ((s->flags & IR_SET_TIMED) != 0 && ir->ended_ms != 0 && now < ir->ended_ms + ENDING_MS)
		return true;
	for (i = 0; i < s->n; i++)
		if (s->elems[i].expires_ms != 0 && s->elems[i].expires_ms < now + ENDING_MS)
			return true;
	return false;
}

static void
forget_counts(const struct ir_set *s)
{
	uint32_t i;

	for (i = 0; s->is_look_up && i < s->n; i++)
		if (s->elems[i].rule != NULL)
			s->elems[i].rule->packets = s->elems[i].rule->bytes = 0;
}

static void
verify_elems(struct verifier *v, struct nl_reader r)
{
	struct sum want, *have;
	struct ir_set *s;

	for (s = v->ir->sets; s != NULL; s = s->next)
		if (((struct sum *)names_get(&v->sums, s->name))->is_seen)
			forget_counts(s);
	sum_dump(v, r);
	for (s = v->ir->sets; s != NULL; s = s->next) {
		have = names_get(&v->sums, s->name);
		if (!have->is_seen)
			continue;
		sum_expected(s, &want);
		if ((s->flags & IR_SET_DYNAMIC) == 0 && s->list == NULL && (have->n != want.n || have->sum != want.sum) && !is_ending(v->ir, s))
			elems_differ(v, s, r);
	}
}

static struct nl_reader
reader(const uint8_t *data, size_t len)
{
	struct nl_reader r;

	nlmsg_reader_init(&r, data, len);
	return r;
}

uint32_t
verify_compare(struct ir *ir, const struct verify_dumps *d, verify_report *report, void *arg)
{
	struct verifier v = { .ir = ir, .coming = d->coming, .report = report, .arg = arg };
	const struct ir_set *s;

	v.arena = arena_new(0);
	nft_batch_init(&v.batch);
	if (d->has_tables)
		verify_tables(&v, reader(d->tables.data, d->tables.len));
	verify_chains(&v, reader(d->chains.data, d->chains.len));
	verify_rules(&v, reader(d->rules.data, d->rules.len));
	verify_objects(&v, reader(d->sets.data, d->sets.len));
	verify_sets(&v, reader(d->sets.data, d->sets.len));
	verify_flowtable(&v, reader(d->sets.data, d->sets.len));
	for (s = ir->sets; s != NULL; s = s->next)
		if (!((struct sum *)names_get(&v.sums, s->name))->is_seen)
			differs(&v, s->path, "set", s->name, "it is missing");
	if (d->has_elems)
		verify_elems(&v, reader(d->elems.data, d->elems.len));
	nft_batch_fini(&v.batch);
	arena_free(v.arena);
	return v.n;
}

uint32_t
verify_beside(const uint8_t *tables, size_t len, verify_report *report, void *arg)
{
	struct verifier v = { .report = report, .arg = arg };
	struct nl_reader r = reader(tables, len);
	const char *name;
	bool is_owned;

	while ((name = nft_read_beside(&r, &is_owned)) != NULL)
		differs(&v, "", "table inet", name, !is_owned ? "it judges packets beside ours, and should not be there" :
		    "it judges packets beside ours, and a program owns it: nobody else can remove it, end that program");
	return v.n;
}

bool
verify_echo(const struct nft_batch *b, const uint8_t *replies, size_t len)
{
	struct verifier v = { .ir = NULL };
	struct nft_message m;
	struct nft_rule k;
	struct nl_reader r;
	uint32_t n;
	bool is_same;

	nft_batch_init(&v.batch);
	nlmsg_reader_init(&r, replies, len);
	for (n = 0, is_same = true; is_same && next_message(&r, &m);) {
		if (!nft_read_rule(&m, &k))
			continue;
		is_same = n < b->n_rules && strcmp(k.chain, b->rules[n]->chain->name) == 0 &&
		    strcmp(k.id, b->rules[n]->origin->id) == 0 && k.handle != 0 && k.digest == own_digest(&v, b->rules[n]);
		if (is_same)
			b->rules[n++]->handle = k.handle;
	}
	nft_batch_fini(&v.batch);
	return is_same && n == b->n_rules;
}
