/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "carry.h"
#include "diff.h"
#include "hash.h"
#include "mem.h"
#include "nft_read.h"

/* By the old handle; several old rules may go on in one new one. */
struct pair {
	const struct ir_rule	*old;
	struct ir_rule		*next;
};

struct carry {
	struct pair	*slots;
	uint32_t	 size;
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

/* The first piece with a counter of each rule that comes. */
static struct carry *
table_added(const struct diff *d)
{
	struct carry *added;
	uint32_t i, n;

	for (i = 0, n = 0; i < d->n; i++)
		n += d->items[i].kind == CHANGE_RULE_ADD;
	added = table_new(n);
	for (i = 0; i < d->n; i++)
		if (d->items[i].kind == CHANGE_RULE_ADD && has_counter(d->items[i].rule) && by_origin(added, d->items[i].rule)->next == NULL)
			by_origin(added, d->items[i].rule)->next = d->items[i].rule;
	return added;
}

struct carry *
carry_new(const struct diff *d)
{
	struct carry *added, *c;
	struct pair *p;
	uint32_t i, n, found;

	for (i = 0, n = 0; i < d->n; i++)
		n += d->items[i].kind == CHANGE_RULE_REMOVE || goes_on(&d->items[i]);
	if (n == 0)
		return NULL;
	added = table_added(d);
	c = table_new(n);
	for (i = 0, found = 0; i < d->n; i++) {
		if (goes_on(&d->items[i])) {
			*by_handle(c, d->items[i].old->handle) = (struct pair){ d->items[i].old, d->items[i].rule };
			found++;
		}
		if (d->items[i].kind != CHANGE_RULE_REMOVE || !has_counter(d->items[i].old))
			continue;
		p = by_origin(added, d->items[i].old);
		if (p->next == NULL)
			continue;
		*by_handle(c, d->items[i].old->handle) = (struct pair){ d->items[i].old, p->next };
		found++;
	}
	carry_free(added);
	if (found > 0)
		return c;
	carry_free(c);
	return NULL;
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
		p->next->packets += k.packets;
		p->next->bytes += k.bytes;
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
