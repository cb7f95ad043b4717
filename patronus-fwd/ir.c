/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <assert.h>
#include <linux/netfilter.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"

#include "hash.h"
#include "ir.h"
#include "ir_field.h"
#include "addrlist.h"
#include "mem.h"

struct ir *
ir_new(void)
{
	struct arena *a;
	struct ir *ir;

	a = arena_new(0);
	if (a == NULL)
		fatalx("ir", "out of memory");
	ir = mem_alloc(a, 1, sizeof(*ir));
	ir->arena = a;
	ir->family = NFPROTO_INET;
	ir->chains_tail = &ir->chains;
	ir->sets_tail = &ir->sets;
	return ir;
}

struct arena *
ir_text_arena(const struct ir *ir)
{
	return ir->texts != NULL ? ir->texts->arena : ir->arena;
}

static void
texts_unref(struct ir_texts *t)
{
	if (t == NULL || --t->n_forms > 0)
		return;
	arena_discard(t->arena);
	free(t);
}

void
ir_free(struct ir *ir)
{
	struct ir_list *l;

	if (ir == NULL)
		return;
	for (l = ir->lists; l != NULL; l = l->next) {
		addrlist_unref(l->wanted);
		addrlist_unref(l->base->list);
	}
	texts_unref(ir->texts);
	arena_discard(ir->arena);
}

struct ir_chain *
ir_chain_find(const struct ir *ir, const char *name)
{
	return names_get(&ir->chain_names, name);
}

struct ir_chain *
ir_chain_loaded(const struct ir *ir, const char *name)
{
	struct ir_chain *c = ir_chain_find(ir, name);

	return c != NULL && !c->is_inline ? c : NULL;
}

struct ir_set *
ir_set_find(const struct ir *ir, const char *name)
{
	return names_get(&ir->set_names, name);
}

struct ir_chain *
ir_chain_get(struct ir *ir, const char *name)
{
	struct ir_chain *c;

	c = ir_chain_find(ir, name);
	return c != NULL ? c : ir_chain_new(ir, mem_strdup(ir->arena, name));
}

struct ir_chain *
ir_chain_new(struct ir *ir, const char *name)
{
	struct ir_chain *c = mem_alloc(ir->arena, 1, sizeof(*c));

	c->name = name;
	c->family = ir->family;
	ir->has_bridge |= c->family == NFPROTO_BRIDGE;
	c->made = ir->making;
	*ir->chains_tail = c;
	ir->chains_tail = &c->next;
	names_put(ir->arena, &ir->chain_names, c->name, c);
	return c;
}

static void
chain_remove(struct ir *ir, struct ir_chain **at)
{
	struct ir_chain *c = *at;

	*at = c->next;
	ir->n_rules -= c->n;
	names_remove(&ir->chain_names, c->name);
}

static void
set_remove(struct ir *ir, struct ir_set **at)
{
	struct ir_set *s = *at;

	*at = s->next;
	ir->n_elems -= s->n;
	names_remove(&ir->set_names, s->name);
}

void
ir_bridge_remove(struct ir *ir)
{
	struct ir_chain **c;
	struct ir_set **s;

	for (c = &ir->chains; *c != NULL;)
		if ((*c)->family == NFPROTO_BRIDGE)
			chain_remove(ir, c);
		else
			c = &(*c)->next;
	ir->chains_tail = c;
	for (s = &ir->sets; *s != NULL;)
		if ((*s)->family == NFPROTO_BRIDGE)
			set_remove(ir, s);
		else
			s = &(*s)->next;
	ir->sets_tail = s;
	ir->has_bridge = false;
}

static void
rules_of_origin_remove(struct ir *ir, struct ir_chain *c, const char *id)
{
	struct ir_rule **r, *last = NULL;

	for (r = &c->first; *r != NULL;) {
		if (strcmp((*r)->origin->id, id) != 0) {
			last = *r;
			r = &(*r)->next;
			continue;
		}
		*r = (*r)->next;
		c->n--;
		ir->n_rules--;
	}
	c->last = last;
}

void
ir_flowtable_remove(struct ir *ir)
{
	const char *name = ir->flowtable != NULL ? ir->flowtable->name : NULL;
	struct ir_chain **c;
	struct ir_set **s;

	ir->flowtable = NULL;
	if (name == NULL)
		return;
	rules_of_origin_remove(ir, ir_chain_find(ir, "forward"), IR_OFFLOAD_ORIGIN);
	for (c = &ir->chains; *c != NULL;)
		if (strcmp((*c)->name, name) == 0)
			chain_remove(ir, c);
		else
			c = &(*c)->next;
	ir->chains_tail = c;
	for (s = &ir->sets; *s != NULL;)
		if (strcmp((*s)->name, IR_OFFLOAD_SET) == 0)
			set_remove(ir, s);
		else
			s = &(*s)->next;
	ir->sets_tail = s;
}

struct ir_chain *
ir_chain_base(struct ir *ir, const char *name, enum ir_hook hook, bool is_nat, int32_t priority, bool drops)
{
	struct ir_chain *c;

	c = ir_chain_get(ir, name);
	c->hook = (uint8_t)hook;
	c->is_nat = is_nat;
	c->priority = priority;
	c->drops = drops;
	return c;
}

struct ir_set *
ir_set_new(struct ir *ir, const char *name, uint8_t flags, const uint8_t *fields, unsigned nfields)
{
	struct ir_set *s;

	assert(nfields >= 1 && nfields <= IR_CONCAT_MAX && ir_set_find(ir, name) == NULL);
	s = mem_alloc(ir->arena, 1, sizeof(*s));
	s->name = mem_strdup(ir->arena, name);
	s->path = "";
	s->family = ir->family;
	s->made = ir->making;
	s->flags = flags;
	s->nfields = (uint8_t)nfields;
	memcpy(s->fields, fields, nfields);
	if (nfields == 1)
		s->fields[0] = ir_field_info(fields[0])->like;
	*ir->sets_tail = s;
	ir->sets_tail = &s->next;
	names_put(ir->arena, &ir->set_names, s->name, s);
	return s;
}

void
ir_set_rename(struct ir *ir, struct ir_set *renamed, const char *name)
{
	struct ir_set *s;

	renamed->name = mem_strdup(ir->arena, name);
	memset(&ir->set_names, 0, sizeof(ir->set_names));
	for (s = ir->sets; s != NULL; s = s->next)
		names_put(ir->arena, &ir->set_names, s->name, s);
}

struct ir_elem *
ir_set_add(struct ir *ir, struct ir_set *s)
{
	assert(s->hash == 0);
	s->elems = mem_grow(ir->arena, s->elems, s->n, sizeof(*s->elems), &s->cap);
	ir->n_elems++;
	return &s->elems[s->n++];
}

void
ir_set_reserve(struct ir *ir, struct ir_set *s, uint32_t n)
{
	assert(s->n == 0);
	s->elems = mem_alloc(ir->arena, n, sizeof(*s->elems));
	s->cap = n;
}

unsigned
ir_set_keylen(const struct ir_set *s)
{
	unsigned i, len;

	if (s->nfields == 1)
		return ir_field_info(s->fields[0])->len;
	for (i = 0, len = 0; i < s->nfields; i++)
		len += (ir_field_info(s->fields[i])->len + 3u) & ~3u;
	return len;
}

/* What is the same is equal; any order of the rest will do. */
static int
inline_order(const struct ir_rule *a, const struct ir_rule *b)
{
	uint64_t x = a != NULL ? a->hash : 0, y = b != NULL ? b->hash : 0;

	return (x > y) - (x < y);
}

static int
compare(const struct ir_set *s, unsigned len, const struct ir_elem *a, const struct ir_elem *b)
{
	int r;

	r = memcmp(a->lo, b->lo, len);
	if (r == 0 && (s->flags & IR_SET_INTERVAL) != 0)
		r = memcmp(a->hi, b->hi, len);
	if (r == 0 && a->chain != NULL && b->chain != NULL)
		r = a->chain == b->chain ? 0 : strcmp(a->chain, b->chain);
	if (r == 0 && a->rule != b->rule)
		r = inline_order(a->rule, b->rule);
	return r != 0 ? r : (a->expires_ms > b->expires_ms) - (a->expires_ms < b->expires_ms);
}

int
ir_elem_compare(const struct ir_set *s, const struct ir_elem *a, const struct ir_elem *b)
{
	return compare(s, ir_set_keylen(s), a, b);
}

struct sorting {
	const struct ir_set	*set;
	unsigned		 len;
};

static int
elem_order(const void *a, const void *b, void *arg)
{
	const struct sorting *s = arg;

	return compare(s->set, s->len, a, b);
}

/* Is b the number after a, both of len bytes in network order? */
static bool
follows(const uint8_t *a, const uint8_t *b, unsigned len)
{
	uint8_t next[IR_VALUE_MAX];
	unsigned i;

	memcpy(next, a, len);
	for (i = len; i > 0 && ++next[i - 1] == 0; i--)
		;
	return i > 0 && memcmp(next, b, len) == 0;
}

/*
 * The kernel refuses overlapping intervals, and touching ones cost it a node more.  Those that end at different times do not overlap.  Not of
 * maps: neighbours lead to different rules.
 */
static void
merge_intervals(struct ir_set *s)
{
	unsigned len;
	uint32_t i, n;

	len = ir_set_keylen(s);
	for (i = 1, n = 0; i < s->n; i++) {
		if (s->elems[i].expires_ms == s->elems[n].expires_ms &&
		    (memcmp(s->elems[i].lo, s->elems[n].hi, len) <= 0 || follows(s->elems[n].hi, s->elems[i].lo, len))) {
			if (memcmp(s->elems[i].hi, s->elems[n].hi, len) > 0)
				memcpy(s->elems[n].hi, s->elems[i].hi, len);
		} else {
			s->elems[++n] = s->elems[i];
		}
	}
	s->n = n + 1;
}

static void
merge_equal(struct ir_set *s)
{
	uint32_t i, n;

	for (i = 1, n = 0; i < s->n; i++)
		if (ir_elem_compare(s, &s->elems[i], &s->elems[n]) != 0)
			s->elems[++n] = s->elems[i];
	s->n = n + 1;
}

/* It becomes part of a name: the same on every machine, in every version. */
static uint64_t
name_hash(const struct ir_set *s)
{
	unsigned len = ir_set_keylen(s);
	uint32_t i;
	uint64_t h;

	h = hash_bytes(s->fields, s->nfields, HASH_SEED);
	h = hash_u64(s->flags, h);
	h = hash_u64(0, hash_u64(0, hash_u64(0, h)));
	for (i = 0; i < s->n; i++) {
		h = hash_bytes(s->elems[i].lo, len, h);
		if ((s->flags & IR_SET_INTERVAL) != 0)
			h = hash_bytes(s->elems[i].hi, len, h);
	}
	return h == 0 ? 1 : h;
}

void
ir_set_rehash(struct ir_set *s)
{
	unsigned len = ir_set_keylen(s);
	uint32_t i;
	uint64_t h;

	h = hash_bytes(s->fields, s->nfields, HASH_SEED);
	h = hash_u64(s->flags, h);
	h = hash_u64(s->timeout_ms, h);
	h = hash_u64(s->size, h);
	h = hash_u64(s->list != NULL ? s->list->digest : 0, h);
	for (i = 0; i < s->n; i++) {
		h = hash_quick(s->elems[i].lo, len, h);
		if ((s->flags & IR_SET_INTERVAL) != 0)
			h = hash_quick(s->elems[i].hi, len, h);
		if (s->elems[i].rule != NULL)
			h = hash_u64(s->elems[i].rule->hash, h);
		else if (s->elems[i].chain != NULL)
			h = hash_quick(s->elems[i].chain, strlen(s->elems[i].chain), h);
		if (s->elems[i].expires_ms != 0)
			h = hash_u64(s->elems[i].expires_ms, h);
	}
	s->hash = h == 0 ? 1 : h;
}

static void
seal(struct ir_set *s)
{
	struct sorting how = { s, ir_set_keylen(s) };

	if (s->n > 1) {
		qsort_r(s->elems, s->n, sizeof(*s->elems), elem_order, &how);
		if ((s->flags & (IR_SET_INTERVAL | IR_SET_VERDICT)) == IR_SET_INTERVAL && s->nfields == 1)
			merge_intervals(s);
		else
			merge_equal(s);
	}
	ir_set_rehash(s);
}

void
ir_set_seal(struct ir *ir, struct ir_set *s)
{
	uint32_t n = s->n;

	seal(s);
	ir->n_elems -= n - s->n;
}

static bool
set_equal(const struct ir_set *a, const struct ir_set *b)
{
	uint32_t i;

	if (a->hash != b->hash || a->n != b->n || a->flags != b->flags || a->fields[0] != b->fields[0])
		return false;
	for (i = 0; i < a->n; i++)
		if (ir_elem_compare(a, &a->elems[i], &b->elems[i]) != 0)
			return false;
	return true;
}

const struct ir_set *
ir_set_intern(struct ir *ir, const char *prefix, uint8_t flags, uint8_t field, const struct ir_elem *elems, uint32_t n)
{
	struct ir_set draft = { .flags = flags, .fields = { ir_field_info(field)->like }, .nfields = 1, .n = n };
	struct ir_set *s;
	const char *name;
	uint64_t hash;
	unsigned salt;

	draft.elems = mem_alloc(ir->arena, n, sizeof(*elems));
	memcpy(draft.elems, elems, n * sizeof(*elems));
	seal(&draft);
	hash = name_hash(&draft);
	/* Two contents with one hash get two names: a name never stands for anything else. */
	for (salt = 0;; salt++) {
		name = mem_printf(ir->arena, "%s%s.%016llx", ir->family == NFPROTO_BRIDGE ? "bridge." : "", prefix, (unsigned long long)hash_u64(salt, hash));
		s = ir_set_find(ir, name);
		if (s == NULL)
			break;
		if (set_equal(s, &draft))
			return s;
	}
	s = ir_set_new(ir, name, flags, &field, 1);
	s->elems = draft.elems;
	s->n = draft.n;
	s->hash = draft.hash;
	s->is_interned = true;
	ir->n_elems += s->n;
	return s;
}

/* --- rules */
struct ir_stmt *
ir_put(struct ir_draft *d, enum ir_kind kind)
{
	struct ir_stmt *s;

	assert(d->n < IR_STMT_MAX);
	s = &d->stmts[d->n++];
	memset(s, 0, sizeof(*s));
	s->kind = (uint8_t)kind;
	return s;
}

void
ir_match(struct ir_draft *d, enum ir_field field, enum ir_cmp cmp, const void *lo, const void *hi)
{
	struct ir_stmt *s;
	unsigned len;

	s = ir_put(d, IR_MATCH);
	s->field = (uint8_t)field;
	s->cmp = (uint8_t)cmp;
	len = ir_field_info((uint8_t)field)->len;
	memcpy(s->match.lo, lo, len);
	if (hi != NULL)
		memcpy(s->match.hi, hi, len);
}

void
ir_match_u8(struct ir_draft *d, enum ir_field field, uint8_t value)
{
	ir_match(d, field, IR_EQ, &value, NULL);
}

void
ir_match_u32(struct ir_draft *d, enum ir_field field, enum ir_cmp cmp, uint32_t value)
{
	ir_match(d, field, cmp, &value, NULL);
}

void
ir_match_name(struct ir_draft *d, enum ir_field field, const char *ifname)
{
	char name[IR_VALUE_MAX] = "";

	(void)str_copy(name, ifname, sizeof(name));
	ir_match(d, field, IR_EQ, name, NULL);
}

void
ir_match_prefix(struct ir_draft *d, enum ir_field field, enum ir_cmp cmp, const uint8_t *addr, uint8_t bits)
{
	unsigned len;

	len = ir_field_info((uint8_t)field)->len;
	if (bits == 0 && cmp == IR_PREFIX)	/* holds for every address of the family */
		return;
	if (bits == len * 8) {
		ir_match(d, field, cmp == IR_PREFIX ? IR_EQ : IR_NE, addr, NULL);
	} else {
		ir_match(d, field, cmp, addr, NULL);
		d->stmts[d->n - 1].bits = bits;
	}
}

void
ir_match_masked(struct ir_draft *d, enum ir_field field, const void *value, const void *mask)
{
	ir_match(d, field, IR_MASKED, value, mask);
}

void
ir_match_set(struct ir_draft *d, enum ir_field field, enum ir_cmp cmp, const struct ir_set *set)
{
	struct ir_stmt *s;

	assert(set->nfields == 1 && ir_field_info((uint8_t)field)->like == set->fields[0]);
	s = ir_put(d, IR_MATCH);
	s->field = (uint8_t)field;
	s->cmp = (uint8_t)cmp;
	s->set = set;
}

void
ir_jump(struct ir_draft *d, enum ir_kind kind, const char *chain)
{
	ir_put(d, kind)->chain = chain;
}

static uint64_t
stmt_hash(const struct ir_stmt *s, uint64_t h)
{
	h = hash_u64((uint64_t)s->kind | (uint64_t)s->field << 8 | (uint64_t)s->cmp << 16 | (uint64_t)s->bits << 24, h);
	if (s->set != NULL)
		h = hash_quick(s->set->name, strlen(s->set->name), h);
	switch ((enum ir_kind)s->kind) {
	case IR_MATCH:
		return hash_quick(&s->match, sizeof(s->match), h);
	case IR_LIMIT:
	case IR_METER:
		h = hash_u64(s->limit.rate | (uint64_t)s->limit.seconds << 32, h);
		return hash_u64(s->limit.burst | (uint64_t)s->limit.is_over << 32, h);
	case IR_CONNECTIONS:
	case IR_CONNECTIONS_METER:
		return hash_u64(s->connections.max | (uint64_t)s->connections.is_over << 32, h);
	case IR_SET_MARK:
	case IR_SET_CT_MARK:
	case IR_SET_DSCP4:
	case IR_SET_DSCP6:
		return hash_u64(s->write.value | (uint64_t)s->write.mask << 32, h);
	case IR_SET_HELPER:
	case IR_SET_TIMEOUT:
		return hash_quick(s->object->name, strlen(s->object->name), h);
	case IR_QUEUE:
		return hash_u64(s->queue.number | (uint64_t)s->queue.is_open << 16, h);
	case IR_SYNPROXY:
		return hash_u64(s->synproxy.mss | (uint64_t)s->synproxy.window_scale << 16 | (uint64_t)s->synproxy.has_timestamps << 24 |
		    (uint64_t)s->synproxy.has_selective_ack << 25, h);
	case IR_REJECT:
		return hash_u64(s->code, h);
	case IR_LOG:
		return hash_u64(s->log.group, hash_quick(s->log.prefix, strlen(s->log.prefix), h));
	case IR_JUMP:
	case IR_GOTO:
		return hash_quick(s->chain, strlen(s->chain), h);
	case IR_MASQUERADE:
	case IR_DNAT:
	case IR_SNAT:
		h = hash_quick(s->nat.last, sizeof(s->nat.last), hash_quick(s->nat.addr, sizeof(s->nat.addr), h));
		return hash_u64(s->nat.family | (uint64_t)s->nat.port << 8 | (uint64_t)s->nat.is_network << 24 | (uint64_t)s->nat.is_random << 25 |
		    (uint64_t)s->nat.is_persistent << 26, h);
	case IR_FLOW:
		return hash_quick(s->flowtable, strlen(s->flowtable), h);
	case IR_CHOOSE:
		return hash_u64(s->choice.draw | (uint64_t)s->choice.modulus << 8 | (uint64_t)s->choice.value << 32, h);
	case IR_KIND_INVALID:
	case IR_COUNTER:
	case IR_ACCEPT:
	case IR_DROP:
	case IR_RETURN:
	case IR_VMAP:
	case IR_REJECT_TCP_RESET:
	case IR_NO_TRACKING:
	case IR_KIND_MAX:
		break;
	}
	return h;
}

void
ir_draft_copy(struct ir_draft *to, const struct ir_draft *from)
{
	memcpy(to->stmts, from->stmts, from->n * sizeof(*from->stmts));
	to->n = from->n;
}

static uint64_t
rule_hash(const struct ir_rule *r)
{
	uint64_t h = hash_quick(r->origin->id, strlen(r->origin->id), r->part);
	unsigned i;

	for (i = 0; i < r->n; i++)
		h = stmt_hash(&r->stmts[i], h);
	return h;
}

void
ir_rule_rehash(struct ir_rule *r)
{
	r->hash = rule_hash(r);
}

static bool
looks_into_list(const struct ir_rule *r)
{
	unsigned i;

	for (i = 0; i < r->n && (r->stmts[i].set == NULL || !r->stmts[i].set->is_of_list); i++)
		;
	return i < r->n;
}

void
ir_rehash(struct ir *ir)
{
	struct ir_chain *c;
	struct ir_rule *r;

	for (c = ir->chains; c != NULL; c = c->next)
		for (r = c->first; r != NULL; r = r->next)
			if (looks_into_list(r))
				r->hash = rule_hash(r);
}

static void
clear_counters(struct ir_chain *c)
{
	struct ir_rule *r;

	for (; c != NULL; c = c->next)
		for (r = c->first; r != NULL; r = r->next)
			r->packets = r->bytes = 0;
}

void
ir_clear_counters(struct ir *ir)
{
	clear_counters(ir->chains);
	clear_counters(ir->inline_chains);
}

void
ir_rule_end(struct ir *ir, struct ir_rule *r, uint16_t at, enum ir_kind verdict)
{
	struct ir_stmt *stmts = mem_alloc(ir->arena, at + 2u, sizeof(*stmts));
	uint16_t i;

	memcpy(stmts, r->stmts, at * sizeof(*stmts));
	for (i = 0; i < at && stmts[i].kind != IR_COUNTER; i++)
		;
	if (i == at)
		stmts[at++].kind = IR_COUNTER;
	stmts[at++].kind = (uint8_t)verdict;
	r->stmts = stmts;
	r->n = at;
	r->hash = rule_hash(r);
}

/*
 * The rules of one origin stand together in a chain.  Only what the firewall adds by itself to a chain of a hook may stand at two places:
 * management is let in before the pre-rules and behind them.
 */
static uint16_t
parts_before(const struct ir_chain *c, const struct ir_origin *o)
{
	const struct ir_rule *r;
	uint16_t n = 0;

	if (c->hook == IR_HOOK_NONE || c->is_nat || strchr(o->id, ':') == NULL)
		return 0;
	for (r = c->first; r != NULL; r = r->next)
		if (r->origin == o)
			n++;
	return n;
}

void
ir_rule_append(struct ir_chain *c, struct ir_rule *r)
{
	struct ir_rule *last = c->last;

	r->chain = c;
	r->next = NULL;
	r->part = last != NULL && last->origin == r->origin ? (uint16_t)(last->part + 1) : parts_before(c, r->origin);
	r->hash = rule_hash(r);
	if (last == NULL)
		c->first = r;
	else
		last->next = r;
	c->last = r;
	c->n++;
}

struct ir_rule *
ir_rule_add(struct ir *ir, struct ir_chain *c, struct ir_origin *o, const struct ir_draft *d)
{
	struct ir_rule *r;

	r = mem_alloc(ir->arena, 1, sizeof(*r));
	r->origin = o;
	r->n = (uint16_t)d->n;
	r->stmts = mem_alloc(ir->arena, d->n, sizeof(*r->stmts));
	memcpy(r->stmts, d->stmts, d->n * sizeof(*r->stmts));
	ir_rule_append(c, r);
	o->hash = hash_u64(r->hash, o->hash);
	ir->n_rules++;
	o->n_rules++;
	return r;
}

struct ir_zones
ir_zones_copy(struct ir *ir, const char *const *names, uint32_t n)
{
	struct ir_zones z = { .n = n };
	uint32_t i;

	z.items = mem_alloc(ir_text_arena(ir), n, sizeof(*z.items));
	for (i = 0; i < n; i++)
		z.items[i] = mem_strdup(ir_text_arena(ir), names[i]);
	return z;
}

struct ir_origin *
ir_origin_find(const struct ir *ir, const char *id)
{
	return names_get(&ir->origin_names, id);
}

void
ir_origin_count(const char *id, uint64_t packets, uint64_t bytes, void *ir)
{
	struct ir_origin *o = ir_origin_find(ir, id);

	if (o == NULL)
		return;
	o->packets += packets;
	o->bytes += bytes;
}

struct ir_origin *
ir_origin_new(struct ir *ir, const char *id, const char *path, enum ir_action action)
{
	struct ir_origin *o;

	o = mem_alloc(ir->arena, 1, sizeof(*o));
	o->id = mem_strdup(ir->arena, id);
	o->path = mem_strdup(ir->arena, path);
	o->action = (uint8_t)action;
	o->made = ir->making;
	o->index = ir->n_origins;
	ir->origins = mem_grow(ir->arena, ir->origins, ir->n_origins, sizeof(struct ir_origin *), &ir->cap_origins);
	ir->origins[ir->n_origins++] = o;
	(void)names_add(ir->arena, &ir->origin_names, o->id, o);
	return o;
}
