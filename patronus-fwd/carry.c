/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "carry.h"
#include "diff.h"
#include "hash.h"
#include "mem.h"
#include "nft_read.h"

/* Open addressing over pairs: by what the rule is while they are made, by the old handle while counters come. */
struct pair {
	const struct ir_rule	*old;
	struct ir_rule		*next;
};

struct carry {
	struct pair	*slots;
	uint32_t	 size;
};

/* The hash of a rule leaves its chain out. */
static bool
same_rule(const struct ir_rule *a, const struct ir_rule *b)
{
	return a->hash == b->hash && a->part == b->part && strcmp(a->origin->id, b->origin->id) == 0;
}

static struct pair *
by_rule(const struct carry *c, const struct ir_rule *r)
{
	uint32_t i;

	for (i = (uint32_t)r->hash & (c->size - 1); c->slots[i].old != NULL; i = (i + 1) & (c->size - 1))
		if (same_rule(c->slots[i].old, r))
			break;
	return &c->slots[i];
}

static struct pair *
by_handle(const struct carry *c, uint64_t handle)
{
	uint32_t i;

	for (i = (uint32_t)hash_u64(handle, HASH_SEED) & (c->size - 1); c->slots[i].old != NULL; i = (i + 1) & (c->size - 1))
		if (c->slots[i].old->handle == handle)
			break;
	return &c->slots[i];
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

static uint32_t
find_pairs(struct carry *removed, const struct diff *d)
{
	struct pair *p;
	uint32_t i, n;

	for (i = 0; i < d->n; i++)
		if (d->items[i].kind == CHANGE_RULE_REMOVE)
			by_rule(removed, d->items[i].old)->old = d->items[i].old;
	for (i = 0, n = 0; i < d->n; i++) {
		if (d->items[i].kind != CHANGE_RULE_ADD)
			continue;
		p = by_rule(removed, d->items[i].rule);
		if (p->old == NULL || p->next != NULL)
			continue;
		p->next = d->items[i].rule;
		n++;
	}
	return n;
}

struct carry *
carry_new(const struct diff *d)
{
	struct carry *removed, *c;
	uint32_t i, n;

	for (i = 0, n = 0; i < d->n; i++)
		n += d->items[i].kind == CHANGE_RULE_REMOVE;
	if (n == 0)
		return NULL;
	removed = table_new(n);
	n = find_pairs(removed, d);
	c = n > 0 ? table_new(n) : NULL;
	for (i = 0; n > 0 && i < removed->size; i++)
		if (removed->slots[i].next != NULL)
			*by_handle(c, removed->slots[i].old->handle) = removed->slots[i];
	carry_free(removed);
	return c;
}

void
carry_counters(struct carry *c, const uint8_t *data, size_t len)
{
	struct nft_message n;
	struct nft_rule k;
	struct nl_reader r;
	struct nl_msg m;
	struct pair *p;

	nlmsg_reader_init(&r, data, len);
	while (nlmsg_next(&r, &m) == 1) {
		if (!nft_read(&m, &n) || !n.is_ours || !nft_read_counters(&n, &k))
			continue;
		p = by_handle(c, k.handle);
		if (p->old == NULL)
			continue;
		p->next->packets = k.packets;
		p->next->bytes = k.bytes;
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
