/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#include "diff.h"
#include "hash.h"
#include "ir_print.h"
#include "addrlist.h"
#include "mem.h"
#include "nft_encode.h"
#include "nft_flowtable.h"
#include "nft_object.h"

static struct change *
add(struct diff *d, enum change_kind kind)
{
	struct change *c;

	if (d->n == d->cap) {
		d->cap = d->cap == 0 ? 64 : d->cap * 2;
		d->items = mem_resize(d->items, d->cap, sizeof(*d->items));
	}
	c = &d->items[d->n++];
	memset(c, 0, sizeof(*c));
	c->kind = (uint8_t)kind;
	return c;
}

/* --- sets */
static void
elem_change(struct diff *d, enum change_kind kind, const struct ir_set *s, const struct ir_elem *e)
{
	struct change *c;

	c = add(d, kind);
	c->set = s;
	c->elem = e;
}

/* The kernel takes it out, or has done so: it must not be asked for it. */
#define ENDS_SOON_MS	200

static bool
ends_itself(const struct ir_set *next, uint32_t at, const struct ir_elem *e)
{
	unsigned len = ir_set_keylen(next);

	return e->expires_ms != 0 && e->expires_ms <= clock_mono_ms() + ENDS_SOON_MS &&
	    (at == next->n || memcmp(next->elems[at].lo, e->lo, len) != 0);
}

static bool
is_rule_of(const struct ir_set *s, uint32_t at, const uint8_t *key, unsigned len)
{
	return at < s->n && s->elems[at].rule != NULL && memcmp(s->elems[at].lo, key, len) == 0;
}

/* A rule in an element comes, or takes the place of one with its key: old's at or the one before it. */
static void
count_rule(struct diff *d, const struct ir_set *old, uint32_t at, const struct ir_set *next, uint32_t k)
{
	const uint8_t *key = next->elems[k].lo;
	unsigned len = ir_set_keylen(next);

	if (next->elems[k].rule == NULL)
		return;
	if (is_rule_of(old, at, key, len) || (at > 0 && is_rule_of(old, at - 1, key, len))) {
		d->n_changed++;
		d->n_removed--;
	} else {
		d->n_added++;
	}
}

/* Those of one form that the other does not have. */
static void
diff_objects(struct diff *d, enum change_kind kind, const struct ir *of, const struct ir *without)
{
	const struct ir_object *o;

	for (o = of->objects; o != NULL; o = o->next)
		if (ir_object_find(without, o->name) == NULL)
			add(d, kind)->object = o;
}

/* Both are sorted. */
static void
diff_elems(struct diff *d, const struct ir_set *old, const struct ir_set *next, bool removes)
{
	uint32_t i, k;
	int r;

	for (i = 0, k = 0; i < old->n || k < next->n;) {
		r = i == old->n ? 1 : k == next->n ? -1 : ir_elem_compare(next, &old->elems[i], &next->elems[k]);
		if (r < 0 && removes && ends_itself(next, k, &old->elems[i])) {
			d->has_ended = true;
		} else if (r < 0 && removes) {
			elem_change(d, CHANGE_ELEM_REMOVE, old, &old->elems[i]);
			d->has_timed |= old->elems[i].expires_ms != 0;
			d->n_removed += old->elems[i].rule != NULL;
		}
		if (r > 0 && !removes) {
			elem_change(d, CHANGE_ELEM_ADD, next, &next->elems[k]);
			count_rule(d, old, i, next, k);
		}
		i += r <= 0;
		k += r >= 0;
	}
}

static bool
same_definition(const struct ir_set *a, const struct ir_set *b)
{
	return a->flags == b->flags && a->nfields == b->nfields && memcmp(a->fields, b->fields, sizeof(a->fields)) == 0 &&
	    a->timeout_ms == b->timeout_ms && a->size == b->size;
}

/* Removals first: an interval may only come where there is room, a key only once. */
static void
diff_sets(struct diff *d, const struct ir *old, const struct ir *next)
{
	const struct ir_set *s, *o;
	uint32_t i;

	for (s = next->sets; s != NULL; s = s->next) {
		o = ir_set_find(old, s->name);
		if (o == NULL || o->hash == s->hash)
			continue;
		if (!same_definition(o, s))
			d->is_impossible = true;
		diff_elems(d, o, s, true);
	}
	for (s = next->sets; s != NULL; s = s->next) {
		o = ir_set_find(old, s->name);
		if (o == NULL) {
			add(d, CHANGE_SET_ADD)->set = s;
			for (i = 0; i < s->n; i++) {
				elem_change(d, CHANGE_ELEM_ADD, s, &s->elems[i]);
				d->n_added += s->elems[i].rule != NULL;
			}
		} else if (o->hash != s->hash) {
			diff_elems(d, o, s, false);
		}
	}
}

/* --- rules of one chain */
struct sequence {
	struct ir_rule	**old;
	struct ir_rule	**next;
	uint32_t	  n_old;
	uint32_t	  n_next;
	uint32_t	 *match;	/* of each next: 1 + its old one, 0 for none */
	bool		 *stays;	/* of each old */
};

static uint32_t
list_rules(const struct ir_chain *c, struct ir_rule ***ret)
{
	struct ir_rule *r;
	uint32_t n;

	*ret = mem_new(c->n, sizeof(**ret));
	for (r = c->first, n = 0; r != NULL; r = r->next)
		(*ret)[n++] = r;
	return n;
}

static bool
same_key(const struct ir_rule *a, const struct ir_rule *b)
{
	return a->part == b->part && strcmp(a->origin->id, b->origin->id) == 0;
}

/* Find each new rule among the old ones of first..n_old.  false: two are known by one name, and nobody can say which is which. */
static bool
match_rules(struct sequence *s, uint32_t first, uint32_t end_old, uint32_t end_next)
{
	uint32_t *table;
	uint32_t i, k, size;
	bool *taken, is_clear = true;

	for (size = 16; size < 2 * (end_old - first); size *= 2)
		;
	table = mem_new(size, sizeof(*table));
	taken = mem_new(end_old, sizeof(*taken));
	for (i = first; i < end_old; i++) {
		k = (uint32_t)hash_u64(s->old[i]->part, hash_string(s->old[i]->origin->id)) & (size - 1);
		while (table[k] != 0)
			k = (k + 1) & (size - 1);
		table[k] = i + 1;
	}
	for (i = first; i < end_next; i++) {
		k = (uint32_t)hash_u64(s->next[i]->part, hash_string(s->next[i]->origin->id)) & (size - 1);
		for (; table[k] != 0; k = (k + 1) & (size - 1))
			if (same_key(s->old[table[k] - 1], s->next[i]))
				break;
		s->match[i] = table[k];
		if (table[k] == 0)
			continue;
		is_clear = is_clear && !taken[table[k] - 1];
		taken[table[k] - 1] = true;
	}
	free(table);
	free(taken);
	return is_clear;
}

/*
 * Of the matched rules, the longest run whose order is the same in both: those stay where they are, and the others move.  Patience
 * sorting, O(n log n).
 */
static void
keep_longest(struct sequence *s, uint32_t first, uint32_t end)
{
	uint32_t *tails, *before, i, n, low, high, middle;

	tails = mem_new(end - first, sizeof(*tails));
	before = mem_new(end, sizeof(*before));
	for (i = first, n = 0; i < end; i++) {
		if (s->match[i] == 0)
			continue;
		for (low = 0, high = n; low < high;) {
			middle = low + (high - low) / 2;
			if (s->match[tails[middle]] < s->match[i])
				low = middle + 1;
			else
				high = middle;
		}
		before[i] = low > 0 ? tails[low - 1] + 1 : 0;
		tails[low] = i;
		if (low == n)
			n++;
	}
	for (i = n > 0 ? tails[n - 1] + 1 : 0; i != 0; i = before[i - 1])
		s->stays[s->match[i - 1] - 1] = true;
	free(tails);
	free(before);
}

static void
keep_ends(struct sequence *s, uint32_t *ret_first, uint32_t *ret_end_old, uint32_t *ret_end_next)
{
	uint32_t first, a, b;

	for (first = 0; first < s->n_old && first < s->n_next && s->old[first]->hash == s->next[first]->hash; first++) {
		s->match[first] = first + 1;
		s->stays[first] = true;
	}
	for (a = s->n_old, b = s->n_next; a > first && b > first && s->old[a - 1]->hash == s->next[b - 1]->hash; a--, b--) {
		s->match[b - 1] = a;
		s->stays[a - 1] = true;
	}
	*ret_first = first;
	*ret_end_old = a;
	*ret_end_next = b;
}

static bool
is_kept(const struct sequence *s, uint32_t next)
{
	return s->match[next] != 0 && s->stays[s->match[next] - 1];
}

static void
emit_removals(struct diff *d, const struct sequence *s, const struct ir_chain *old_chain)
{
	bool *moves = mem_new(s->n_old, sizeof(*moves));
	struct change *c;
	uint32_t i;

	for (i = 0; i < s->n_next; i++)
		if (s->match[i] != 0)
			moves[s->match[i] - 1] = true;
	for (i = 0; i < s->n_old; i++) {
		if (s->stays[i])
			continue;
		c = add(d, CHANGE_RULE_REMOVE);
		c->chain = old_chain;
		c->old = s->old[i];
		c->is_move = moves[i];
	}
	free(moves);
}

static void
emit_rules(struct diff *d, struct sequence *s, const struct ir_chain *old_chain, const struct ir_chain *chain)
{
	struct ir_rule *anchor, *o;
	struct change *c;
	uint32_t i, k, at;

	/* Additions refer to rules that are still there in the kernel: they come before what is replaced or removed. */
	at = d->n;
	for (i = s->n_next, anchor = NULL; i > 0; i--) {
		if (is_kept(s, i - 1)) {
			anchor = s->old[s->match[i - 1] - 1];
			continue;
		}
		c = add(d, CHANGE_RULE_ADD);
		c->chain = chain;
		c->rule = s->next[i - 1];
		c->old = anchor;
		c->is_move = s->match[i - 1] != 0;
		d->n_added += s->match[i - 1] == 0;
	}
	/* They were found from the end. */
	for (i = at, k = d->n; i + 1 < k; i++, k--) {
		struct change swap = d->items[i];

		d->items[i] = d->items[k - 1];
		d->items[k - 1] = swap;
	}
	for (i = 0; i < s->n_next; i++) {
		if (!is_kept(s, i))
			continue;
		o = s->old[s->match[i] - 1];
		s->next[i]->handle = o->handle;
		if (o->hash == s->next[i]->hash)
			continue;
		c = add(d, CHANGE_RULE_REPLACE);
		c->chain = chain;
		c->rule = s->next[i];
		c->old = o;
		d->n_changed++;
	}
	emit_removals(d, s, old_chain);
}

static void
count_moves(struct diff *d, const struct sequence *s, uint32_t at)
{
	uint32_t i, moved;

	for (i = 0, moved = 0; i < s->n_next; i++)
		moved += s->match[i] != 0 && !is_kept(s, i);
	d->n_changed += moved;
	for (i = at; i < d->n; i++)
		if (d->items[i].kind == CHANGE_RULE_REMOVE)
			d->n_removed++;
	d->n_removed -= moved < d->n_removed ? moved : d->n_removed;
}

static void
diff_chain(struct diff *d, const struct ir_chain *old, const struct ir_chain *chain)
{
	struct sequence s;
	uint32_t first, end_old, end_next, at;

	s.n_old = list_rules(old, &s.old);
	s.n_next = list_rules(chain, &s.next);
	s.match = mem_new(s.n_next, sizeof(*s.match));
	s.stays = mem_new(s.n_old, sizeof(*s.stays));
	keep_ends(&s, &first, &end_old, &end_next);
	if (first < end_old && first < end_next) {
		d->is_impossible |= !match_rules(&s, first, end_old, end_next);
		keep_longest(&s, first, end_next);
	}
	at = d->n;
	emit_rules(d, &s, old, chain);
	count_moves(d, &s, at);
	free(s.old);
	free(s.next);
	free(s.match);
	free(s.stays);
}

static void
add_chain_rules(struct diff *d, const struct ir_chain *chain)
{
	struct change *c;
	struct ir_rule *r;

	for (r = chain->first; r != NULL; r = r->next) {
		c = add(d, CHANGE_RULE_ADD);
		c->chain = chain;
		c->rule = r;
		d->n_added++;
	}
}

/* Rules of the flowtable have gone before. */
static void
remove_chain_rules(struct diff *d, const struct ir_chain *chain)
{
	struct change *c;
	struct ir_rule *r;

	for (r = chain->first; r != NULL; r = r->next) {
		if (ir_rule_is_flow(r))
			continue;
		c = add(d, CHANGE_RULE_REMOVE);
		c->chain = chain;
		c->old = r;
		d->n_removed++;
	}
}

/*
 * A device is in one flowtable of a table, and a flowtable that rules name cannot go: those rules go first, and the chain, which has their flowtable's
 * name, when nothing leads to it any more.  Of one name are those with the same devices.
 */
static void
diff_flowtable(struct diff *d, const struct ir *old, const struct ir *next)
{
	const struct ir_chain *chain = old->flowtable != NULL ? ir_chain_find(old, old->flowtable->name) : NULL;
	const struct ir_rule *r;
	struct change *c;

	if (old->flowtable != NULL && next->flowtable != NULL && strcmp(old->flowtable->name, next->flowtable->name) == 0) {
		d->is_impossible |= old->flowtable->is_hardware != next->flowtable->is_hardware;
		return;
	}
	for (r = chain != NULL ? chain->first : NULL; r != NULL; r = r->next) {
		c = add(d, CHANGE_RULE_REMOVE);
		c->chain = chain;
		c->old = r;
		d->n_removed++;
	}
	if (old->flowtable != NULL)
		add(d, CHANGE_FLOWTABLE_REMOVE)->flowtable = old->flowtable;
	if (next->flowtable != NULL)
		add(d, CHANGE_FLOWTABLE_ADD)->flowtable = next->flowtable;
}

static void
diff_chains(struct diff *d, const struct ir *old, const struct ir *next)
{
	const struct ir_chain *c, *o;

	for (c = next->chains; c != NULL; c = c->next) {
		o = ir_chain_loaded(old, c->name);
		if (o == NULL) {
			add(d, CHANGE_CHAIN_ADD)->chain = c;
		} else if (o->hook != c->hook || o->is_nat != c->is_nat || o->priority != c->priority) {
			d->is_impossible = true;
		} else if (o->drops != c->drops) {
			add(d, CHANGE_CHAIN_SET)->chain = c;
		}
	}
}

static void
diff_rules(struct diff *d, const struct ir *old, const struct ir *next)
{
	const struct ir_chain *c, *o;

	for (c = next->chains; c != NULL; c = c->next) {
		o = ir_chain_loaded(old, c->name);
		if (o == NULL)
			add_chain_rules(d, c);
		else
			diff_chain(d, o, c);
	}
	for (o = old->chains; o != NULL; o = o->next)
		if (ir_chain_loaded(next, o->name) == NULL)
			remove_chain_rules(d, o);
}

static void
diff_removals(struct diff *d, const struct ir *old, const struct ir *next)
{
	const struct ir_chain *c;
	const struct ir_set *s;
	uint32_t i;

	for (s = old->sets; s != NULL; s = s->next) {
		if (ir_set_find(next, s->name) != NULL)
			continue;
		for (i = 0; s->is_look_up && i < s->n; i++)
			if (s->elems[i].rule != NULL)
				elem_change(d, CHANGE_ELEM_GONE, s, &s->elems[i]);
		add(d, CHANGE_SET_REMOVE)->set = s;
	}
	for (c = old->chains; c != NULL; c = c->next)
		if (ir_chain_loaded(next, c->name) == NULL)
			add(d, CHANGE_CHAIN_REMOVE)->chain = c;
}

void
diff_make(struct diff *d, const struct ir *old, struct ir *next)
{
	static const struct ir nothing;

	memset(d, 0, sizeof(*d));
	if (old == NULL)
		old = &nothing;
	if (next->has_bridge && !old->has_bridge)
		add(d, CHANGE_TABLE_ADD);
	diff_flowtable(d, old, next);
	diff_objects(d, CHANGE_OBJECT_ADD, next, old);
	diff_chains(d, old, next);
	diff_sets(d, old, next);
	diff_rules(d, old, next);
	diff_removals(d, old, next);
	diff_objects(d, CHANGE_OBJECT_REMOVE, old, next);
	if (old->has_bridge && !next->has_bridge)
		add(d, CHANGE_TABLE_REMOVE);
}

void
diff_fini(struct diff *d)
{
	free(d->items);
	memset(d, 0, sizeof(*d));
}

/* --- to the kernel */

/* Consecutive changes of elements of one set go into one message. */
static uint32_t
encode_elems(const struct diff *d, uint32_t at, struct nft_batch *b)
{
	const struct ir_elem **elems;
	uint32_t i, n;

	for (n = 0; at + n < d->n && d->items[at + n].kind == d->items[at].kind && d->items[at + n].set == d->items[at].set; n++)
		;
	elems = mem_new(n, sizeof(*elems));
	for (i = 0; i < n; i++)
		elems[i] = d->items[at + i].elem;
	nft_put_elems(b, d->items[at].set, elems, n, d->items[at].kind == CHANGE_ELEM_REMOVE);
	free(elems);
	return n;
}

static void
encode_change(const struct change *c, struct nft_batch *b)
{
	switch ((enum change_kind)c->kind) {
	case CHANGE_TABLE_ADD:
		nft_put_table_anew(b, NFPROTO_BRIDGE);
		break;
	case CHANGE_TABLE_REMOVE:
		nft_put_table_delete(b, NFPROTO_BRIDGE);
		break;
	case CHANGE_OBJECT_ADD:
		nft_put_object(b, c->object);
		break;
	case CHANGE_OBJECT_REMOVE:
		nft_put_object_delete(b, c->object);
		break;
	case CHANGE_FLOWTABLE_ADD:
		nft_put_flowtable(b, c->flowtable);
		break;
	case CHANGE_FLOWTABLE_REMOVE:
		nft_put_flowtable_delete(b, c->flowtable->name);
		break;
	case CHANGE_CHAIN_ADD:
	case CHANGE_CHAIN_SET:
		nft_put_chain(b, c->chain);
		break;
	case CHANGE_CHAIN_REMOVE:
		nft_put_chain_delete(b, c->chain->family, c->chain->name);
		break;
	case CHANGE_SET_ADD:
		if (c->set->list == NULL)	/* it is there: a list comes before what looks into it (apply_list.c) */
			nft_put_set(b, c->set);
		break;
	case CHANGE_SET_REMOVE:
		nft_put_set_delete(b, c->set->family, c->set->name);
		break;
	case CHANGE_RULE_ADD:
		nft_put_rule(b, c->rule, c->old != NULL ? NFT_BEFORE : NFT_APPEND, c->old != NULL ? c->old->handle : 0);
		break;
	case CHANGE_RULE_REPLACE:
		nft_put_rule(b, c->rule, NFT_REPLACE, c->old->handle);
		break;
	case CHANGE_RULE_REMOVE:
		nft_put_rule_delete(b, c->chain->family, c->chain->name, c->old->handle, c->old->origin->path);
		break;
	case CHANGE_ELEM_ADD:
	case CHANGE_ELEM_REMOVE:
	case CHANGE_ELEM_GONE:
	case CHANGE_INVALID:
		break;
	}
}

void
diff_encode(const struct diff *d, struct nft_batch *b)
{
	uint32_t i;

	for (i = 0; i < d->n;) {
		if (d->items[i].kind == CHANGE_ELEM_ADD || d->items[i].kind == CHANGE_ELEM_REMOVE)
			i += encode_elems(d, i, b);
		else
			encode_change(&d->items[i++], b);
	}
}

/* --- to people */
static void
print_rule(const char *sign, const struct ir_chain *chain, const struct ir_rule *r, struct buf *b)
{
	buf_printf(b, "%s %s [%s] ", sign, chain->name, r->origin->id);
	ir_print_rule(r, b);
	buf_putc(b, '\n');
}

static void
print_change(const struct change *c, struct buf *b)
{
	switch ((enum change_kind)c->kind) {
	case CHANGE_TABLE_ADD:
	case CHANGE_TABLE_REMOVE:
		buf_printf(b, "%s table bridge patronus\n", c->kind == CHANGE_TABLE_ADD ? "+" : "-");
		break;
	case CHANGE_OBJECT_ADD:
	case CHANGE_OBJECT_REMOVE:
		buf_printf(b, "%s object ", c->kind == CHANGE_OBJECT_ADD ? "+" : "-");
		ir_print_object(c->object, b);
		buf_putc(b, '\n');
		break;
	case CHANGE_FLOWTABLE_ADD:
	case CHANGE_FLOWTABLE_REMOVE:
		buf_printf(b, "%s flowtable ", c->kind == CHANGE_FLOWTABLE_ADD ? "+" : "-");
		ir_print_flowtable(c->flowtable, b);
		buf_putc(b, '\n');
		break;
	case CHANGE_CHAIN_SET:
		buf_printf(b, "~ chain %s policy %s\n", c->chain->name, c->chain->drops ? "drop" : "accept");
		break;
	case CHANGE_ELEM_ADD:
	case CHANGE_ELEM_REMOVE:
	case CHANGE_ELEM_GONE:
		buf_printf(b, "%s @%s ", c->kind == CHANGE_ELEM_ADD ? "+" : "-", c->set->name);
		ir_print_elem(c->set, c->elem, b);
		buf_putc(b, '\n');
		break;
	case CHANGE_RULE_ADD:
		print_rule(c->is_move ? ">" : "+", c->chain, c->rule, b);
		break;
	case CHANGE_RULE_REPLACE:
		print_rule("-", c->chain, c->old, b);
		print_rule("+", c->chain, c->rule, b);
		break;
	case CHANGE_RULE_REMOVE:
		print_rule(c->is_move ? "<" : "-", c->chain, c->old, b);
		break;
	case CHANGE_CHAIN_ADD:
	case CHANGE_CHAIN_REMOVE:
		buf_printf(b, "%s chain %s\n", c->kind == CHANGE_CHAIN_ADD ? "+" : "-", c->chain->name);
		break;
	case CHANGE_SET_ADD:
	case CHANGE_SET_REMOVE:
		buf_printf(b, "%s set %s", c->kind == CHANGE_SET_ADD ? "+" : "-", c->set->name);
		if (c->set->list != NULL)
			buf_printf(b, " with %u intervals of addresses", c->set->list->n);
		buf_putc(b, '\n');
		break;
	case CHANGE_INVALID:
		break;
	}
}

void
diff_print(const struct diff *d, struct buf *b)
{
	uint32_t i;

	if (d->is_impossible)
		buf_puts(b, "~ table inet patronus: loaded anew as a whole\n");
	for (i = 0; i < d->n; i++)
		print_change(&d->items[i], b);
}
