/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "carry.h"
#include "diff.h"
#include "hash.h"
#include "mem.h"
#include "nft_read.h"

/* By the old handle, or by the set and the key where an element had the rule; several old rules may go on in one new one. */
struct pair {
	uint64_t		 key;
	const struct ir_rule	*old;
	struct ir_rule		*next;
};

struct carry {
	struct pair	*slots;
	uint32_t	 size;
	bool		 has_rules;
	bool		 has_elems;
};

static bool
has_counter(const struct ir_rule *r)
{
	unsigned i;

	for (i = 0; i < r->n; i++)
		if (r->stmts[i].kind == IR_COUNTER)
			return true;
	return false;
}

/* The rule as a person knows it is the same, wherever and in how many pieces it stands. */
static bool
same_origin(const struct ir_rule *a, const struct ir_rule *b)
{
	return a->origin->hash == b->origin->hash && strcmp(a->origin->id, b->origin->id) == 0;
}

/* It is replaced by itself: what it looks into has another name, or a pass has placed it otherwise. */
static bool
goes_on(const struct change *c)
{
	return c->kind == CHANGE_RULE_REPLACE && has_counter(c->old) && has_counter(c->rule) && same_origin(c->old, c->rule);
}

static struct pair *
by_origin(const struct carry *c, const struct ir_rule *r)
{
	uint32_t i;

	for (i = (uint32_t)hash_string(r->origin->id) & (c->size - 1); c->slots[i].next != NULL; i = (i + 1) & (c->size - 1))
		if (same_origin(c->slots[i].next, r))
			break;
	return &c->slots[i];
}

/* Each table counts its handles by itself. */
static uint64_t
rule_key(uint8_t family, uint64_t handle)
{
	return family == NFPROTO_BRIDGE ? handle | 1ull << 62 : handle;
}

/* No handle has so many bits. */
static uint64_t
elem_key(const char *set, const uint8_t *key, unsigned len)
{
	return hash_bytes(key, len, hash_string(set)) | 1ull << 63;
}

static struct pair *
by_key(const struct carry *c, uint64_t key)
{
	uint32_t i;

	for (i = (uint32_t)hash_u64(key, HASH_SEED) & (c->size - 1); c->slots[i].old != NULL; i = (i + 1) & (c->size - 1))
		if (c->slots[i].key == key)
			break;
	return &c->slots[i];
}

/* What is gone with a change, and had a counter; NULL: nothing. */
static const struct ir_rule *
leaves(const struct change *c, uint64_t *ret_key)
{
	if (c->kind == CHANGE_RULE_REMOVE && has_counter(c->old)) {
		*ret_key = rule_key(c->old->chain->family, c->old->handle);
		return c->old;
	}
	if ((c->kind == CHANGE_ELEM_REMOVE || c->kind == CHANGE_ELEM_GONE) && c->elem->rule != NULL) {
		*ret_key = elem_key(c->set->name, c->elem->lo, ir_set_keylen(c->set));
		return c->elem->rule;
	}
	return NULL;
}

static struct ir_rule *
comes(const struct change *c)
{
	if (c->kind == CHANGE_ELEM_ADD)
		return c->elem->rule;
	return c->kind == CHANGE_RULE_ADD && has_counter(c->rule) ? c->rule : NULL;
}

static struct carry *
table_new(uint32_t n)
{
	struct carry *c;

	c = mem_new(1, sizeof(*c));
	for (c->size = 16; c->size < 2 * n; c->size *= 2)
		;
	c->slots = mem_new(c->size, sizeof(*c->slots));
	return c;
}

/* The first piece with a counter of each rule that comes. */
static struct carry *
table_added(const struct diff *d)
{
	struct carry *added;
	struct ir_rule *r;
	uint32_t i, n;

	for (i = 0, n = 0; i < d->n; i++)
		n += comes(&d->items[i]) != NULL;
	added = table_new(n);
	for (i = 0; i < d->n; i++)
		if ((r = comes(&d->items[i])) != NULL && by_origin(added, r)->next == NULL)
			by_origin(added, r)->next = r;
	return added;
}

static void
pair_off(struct carry *c, const struct carry *added, const struct change *change)
{
	const struct ir_rule *old;
	struct ir_rule *next;
	uint64_t key;

	if (goes_on(change)) {
		key = rule_key(change->old->chain->family, change->old->handle);
		old = change->old;
		next = change->rule;
	} else {
		old = leaves(change, &key);
		next = old != NULL ? by_origin(added, old)->next : NULL;
	}
	if (next == NULL)
		return;
	*by_key(c, key) = (struct pair){ key, old, next };
	c->has_rules = c->has_rules || key >> 63 == 0;
	c->has_elems = c->has_elems || key >> 63 != 0;
}

struct carry *
carry_new(const struct diff *d)
{
	struct carry *added, *c;
	uint32_t i, n;
	uint64_t key;

	for (i = 0, n = 0; i < d->n; i++)
		n += leaves(&d->items[i], &key) != NULL || goes_on(&d->items[i]);
	if (n == 0)
		return NULL;
	added = table_added(d);
	c = table_new(n);
	for (i = 0; i < d->n; i++)
		pair_off(c, added, &d->items[i]);
	carry_free(added);
	if (c->has_rules || c->has_elems)
		return c;
	carry_free(c);
	return NULL;
}

bool
carry_needs_rules(const struct carry *c)
{
	return c->has_rules;
}

bool
carry_needs_elems(const struct carry *c)
{
	return c->has_elems;
}

static void
add(struct carry *c, uint64_t key, uint64_t packets, uint64_t bytes)
{
	struct pair *p = by_key(c, key);

	if (p->old == NULL)
		return;
	p->next->packets += packets;
	p->next->bytes += bytes;
}

static void
add_elems(struct carry *c, const struct nft_message *m)
{
	const char *set = nft_read_text(m, NFTA_SET_ELEM_LIST_SET);
	struct nl_reader list;
	struct nl_attr elem;
	struct nft_elem e;

	if (set == NULL || !nft_read_elems(m, &list))
		return;
	while (nlattr_next(&list, &elem) == 1)
		if (nft_read_elem(&elem, &e) && e.id[0] != '\0')
			add(c, elem_key(set, e.key.data, e.key.len), e.packets, e.bytes);
}

void
carry_counters(struct carry *c, const uint8_t *data, size_t len)
{
	struct nft_message n;
	struct nft_rule k;
	struct nl_reader r;
	struct nl_msg m;

	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1) {
		if (!nft_read(&m, &n) || !n.is_ours)
			continue;
		if (nft_read_counters(&n, &k))
			add(c, rule_key(k.family, k.handle), k.packets, k.bytes);
		else
			add_elems(c, &n);
	}
}

void
carry_free(struct carry *c)
{
	if (c == NULL)
		return;
	free(c->slots);
	free(c);
}
