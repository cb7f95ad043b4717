/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

#include "hash.h"
#include "mem.h"
#include "nft_encode.h"
#include "nft_read.h"
#include "verify.h"

struct verifier {
	struct ir	*ir;
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
differs(struct verifier *v, const char *path, const char *kind, const char *name, const char *detail)
{
	char object[256];

	(void)snprintf(object, sizeof(object), "%s %s", kind, name);
	v->n++;
	if (v->report != NULL)
		v->report(path, object, detail, v->arg);
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

static void
verify_chains(struct verifier *v, struct nl_reader r)
{
	struct nft_message m;
	struct ir_chain *c;
	const char *name;

	for (c = v->ir->chains; c != NULL; c = c->next) {
		c->cursor = c->first;
		c->is_seen = false;
		c->is_different = false;
	}
	while (next_message(&r, &m)) {
		name = nft_read_text(&m, NFTA_CHAIN_NAME);
		c = name != NULL ? ir_chain_find(v->ir, name) : NULL;
		if (m.object != NFT_OBJECT_CHAIN || name == NULL)
			continue;
		if (c == NULL) {
			differs(v, "", "chain", name, "it is not ours");
			continue;
		}
		c->is_seen = true;
		if (!same_hook(c, &m))
			differs(v, "", "chain", name, "its hook, priority or policy is another");
	}
	for (c = v->ir->chains; c != NULL; c = c->next)
		if (!c->is_seen)
			differs(v, "", "chain", c->name, "it is missing");
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

/* After the first difference in a chain the others say nothing new. */
static void
rule_differs(struct verifier *v, struct ir_chain *c, const struct ir_rule *rule, const char *id, const char *detail)
{
	if (!c->is_different)
		differs(v, rule != NULL ? rule->origin->path : "", "rule", id, detail);
	c->is_different = true;
}

static void
verify_rule(struct verifier *v, const struct nft_rule *k)
{
	struct ir_chain *c;
	struct ir_rule *rule;

	c = ir_chain_find(v->ir, k->chain);
	if (c == NULL)
		return;		/* its chain has been reported */
	rule = c->cursor;
	if (rule == NULL) {
		rule_differs(v, c, NULL, k->id[0] != '\0' ? k->id : "without a name", "it is not ours");
		return;
	}
	c->cursor = rule->next;
	if (strcmp(k->id, rule->origin->id) != 0) {
		rule_differs(v, c, rule, rule->origin->id, "it is missing, or not in its place");
	} else if (k->digest != own_digest(v, rule)) {
		rule_differs(v, c, rule, rule->origin->id, "it does something else");
	} else {
		rule->handle = k->handle;
		rule->packets = k->packets;
		rule->bytes = k->bytes;
	}
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
		if (c->is_seen && c->cursor != NULL)
			rule_differs(v, c, c->cursor, c->cursor->origin->id, "it is missing");
}

/* --- sets */
static uint64_t
elem_hash(const uint8_t *key, const uint8_t *last, unsigned len, bool is_end, const char *chain)
{
	uint64_t h;

	h = hash_bytes(key, len, is_end);
	if (last != NULL)
		h = hash_bytes(last, len, h);
	return chain != NULL ? hash_bytes(chain, strlen(chain), h) : h;
}

static void
sum_expected(const struct ir_set *s, struct sum *ret)
{
	bool has_ends = (s->flags & IR_SET_INTERVAL) != 0 && s->nfields > 1;
	uint8_t after[IR_VALUE_MAX];
	unsigned i, len;
	uint32_t n;

	len = ir_set_keylen(s);
	ret->sum = 0;
	ret->n = 0;
	for (n = 0; n < s->n; n++) {
		ret->sum += elem_hash(s->elems[n].lo, has_ends ? s->elems[n].hi : NULL, len, false, s->elems[n].chain);
		ret->n++;
		if ((s->flags & IR_SET_INTERVAL) == 0 || has_ends)
			continue;
		memcpy(after, s->elems[n].hi, len);
		for (i = len; i > 0 && ++after[i - 1] == 0; i--)
			;
		if (i == 0)
			continue;
		ret->sum += elem_hash(after, NULL, len, true, NULL);
		ret->n++;
	}
}

static const char *
elem_chain(struct nl_reader attrs)
{
	struct nl_reader data, verdict;
	struct nl_attr a;

	if (!nlattr_find(attrs, NFTA_SET_ELEM_DATA, &a))
		return NULL;
	nlattr_reader_nested(&data, &a);
	if (!nlattr_find(data, NFTA_DATA_VERDICT, &a))
		return NULL;
	nlattr_reader_nested(&verdict, &a);
	return nlattr_find(verdict, NFTA_VERDICT_CHAIN, &a) ? nlattr_str(&a) : NULL;
}

static bool
elem_value(struct nl_reader attrs, uint16_t type, struct nl_attr *ret)
{
	struct nl_reader key;
	struct nl_attr a;

	if (!nlattr_find(attrs, type, &a))
		return false;
	nlattr_reader_nested(&key, &a);
	return nlattr_find(key, NFTA_DATA_VALUE, ret);
}

static void
sum_elem(struct sum *sum, const struct nl_attr *elem)
{
	struct nl_reader attrs;
	struct nl_attr a, value, last;
	bool is_end, has_last;

	nlattr_reader_nested(&attrs, elem);
	if (!elem_value(attrs, NFTA_SET_ELEM_KEY, &value))
		return;
	has_last = elem_value(attrs, NFTA_SET_ELEM_KEY_END, &last) && last.len == value.len;
	is_end = nlattr_find(attrs, NFTA_SET_ELEM_FLAGS, &a) && (nlattr_be32(&a) & NFT_SET_ELEM_INTERVAL_END) != 0;
	sum->sum += elem_hash(value.data, has_last ? last.data : NULL, value.len, is_end, elem_chain(attrs));
	sum->n++;
}

static void
sum_dump(struct verifier *v, struct nl_reader r)
{
	struct nft_message m;
	struct nl_reader list;
	struct nl_attr a, elem;
	struct sum *sum;
	const char *name;

	while (next_message(&r, &m)) {
		name = nft_read_text(&m, NFTA_SET_ELEM_LIST_SET);
		sum = name != NULL ? names_get(&v->sums, name) : NULL;
		if (m.object != NFT_OBJECT_ELEMS || sum == NULL || !nlattr_find(m.attrs, NFTA_SET_ELEM_LIST_ELEMENTS, &a))
			continue;
		nlattr_reader_nested(&list, &a);
		while (nlattr_next(&list, &elem) == 1)
			sum_elem(sum, &elem);
	}
}

static bool
same_set(const struct ir_set *s, const struct nft_message *m)
{
	struct nl_attr flags, len;

	/* No flags are not told. */
	if (nft_set_flags(s) != (nlattr_find(m->attrs, NFTA_SET_FLAGS, &flags) ? nlattr_be32(&flags) : 0))
		return false;
	return nlattr_find(m->attrs, NFTA_SET_KEY_LEN, &len) && nlattr_be32(&len) == ir_set_keylen(s);
}

static void
verify_sets(struct verifier *v, struct nl_reader r)
{
	const struct ir_set *s;
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
		if (s == NULL) {
			differs(v, "", "set", name, "it is not ours");
			continue;
		}
		sum = names_get(&v->sums, name);
		sum->is_seen = true;
		if (!same_set(s, &m))
			differs(v, s->path, "set", name, "it is of another kind");
	}
}

static void
verify_elems(struct verifier *v, struct nl_reader r)
{
	const struct ir_set *s;
	struct sum want, *have;

	sum_dump(v, r);
	for (s = v->ir->sets; s != NULL; s = s->next) {
		have = names_get(&v->sums, s->name);
		if (!have->is_seen)
			continue;
		sum_expected(s, &want);
		if ((s->flags & IR_SET_DYNAMIC) == 0 && (have->n != want.n || have->sum != want.sum))
			differs(v, s->path, "set", s->name, "its elements are others");
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
	struct verifier v = { .ir = ir, .report = report, .arg = arg };
	const struct ir_set *s;

	v.arena = arena_new(0);
	nft_batch_init(&v.batch);
	verify_chains(&v, reader(d->chains.data, d->chains.len));
	verify_rules(&v, reader(d->rules.data, d->rules.len));
	verify_sets(&v, reader(d->sets.data, d->sets.len));
	for (s = ir->sets; s != NULL; s = s->next)
		if (!((struct sum *)names_get(&v.sums, s->name))->is_seen)
			differs(&v, s->path, "set", s->name, "it is missing");
	if (d->has_elems)
		verify_elems(&v, reader(d->elems.data, d->elems.len));
	nft_batch_fini(&v.batch);
	arena_free(v.arena);
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
