/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include "base/str.h"

#include "compile.h"
#include "mem.h"
#include "zoneset.h"

/*
 * The rules a person wrote, to one chain for each pair of zones.  A packet runs only through the rules of its pair, in their order.  A
 * rule stands in the kernel once, so that it has one counter and changing it is one message: a rule, or consecutive rules, for the same
 * several pairs form a block that the pair chains jump to.
 */

#define PAIR_NAME		160	/* two names of zones, which policy_from_conf() bounds */

struct rules {
	struct compiler		*c;
	const struct policy_rule *block;	/* the first rule of the open block, or NULL */
	struct ir_chain		*block_chain;
};

/* Pre-rules stand before everything, the others behind what is right for every policy. */
static const char *
pair_kind(uint8_t section)
{
	return section == POLICY_PRE ? "pre" : "pair";
}

/* This runs for each pair of each rule. */
static const char *
pair_name(const struct compiler *c, const char *kind, uint32_t from, uint32_t to, char ret[PAIR_NAME])
{
	size_t n;

	n = str_copy(ret, kind, PAIR_NAME);
	ret[n++] = '.';
	n += str_copy(ret + n, c->policy->zones[from].name, PAIR_NAME / 2 - n);
	ret[n++] = '.';
	(void)str_copy(ret + n, c->policy->zones[to].name, PAIR_NAME - n);
	return ret;
}

static struct ir_chain *
pair_chain(struct compiler *c, const char *kind, uint32_t from, uint32_t to)
{
	char name[PAIR_NAME];

	return ir_chain_get(c->ir, pair_name(c, kind, from, to, name));
}

/* --- pairs */

/* The box does not filter what it sends to itself. */
static bool
is_pair(const struct policy_rule *r, uint32_t from, uint32_t to)
{
	return zoneset_has(r->from, from) && zoneset_has(r->to, to) && !(from == POLICY_LOCAL && to == POLICY_LOCAL);
}

static uint32_t
count_pairs(const struct fw_policy *p, const struct policy_rule *r)
{
	uint32_t n;

	n = zoneset_count(r->from, p) * zoneset_count(r->to, p);
	return n - (zoneset_has(r->from, POLICY_LOCAL) && zoneset_has(r->to, POLICY_LOCAL) ? 1 : 0);
}

static void
jump_from_pairs(struct compiler *c, const struct policy_rule *r, const char *block)
{
	struct ir_draft d = { .n = 0 };
	struct ir_origin *o;
	uint32_t from, to;

	o = ir_origin_new(c->ir, mem_printf(c->ir->arena, "jump:%s", block), r->path, IR_ACTION_NONE);
	o->is_generated = true;
	ir_jump(&d, IR_JUMP, block);
	for (from = 0; from < c->policy->n_zones; from++)
		for (to = 0; zoneset_has(r->from, from) && to < c->policy->n_zones; to++)
			if (is_pair(r, from, to))
				ir_rule_add(c->ir, pair_chain(c, pair_kind(r->section), from, to), o, &d);
}

static struct ir_chain *
only_pair(struct compiler *c, const struct policy_rule *r)
{
	uint32_t from, to;

	for (from = 0; from < c->policy->n_zones; from++)
		for (to = 0; zoneset_has(r->from, from) && to < c->policy->n_zones; to++)
			if (is_pair(r, from, to))
				return pair_chain(c, pair_kind(r->section), from, to);
	return NULL;
}

static bool
same_block(const struct fw_policy *p, const struct policy_rule *a, const struct policy_rule *b)
{
	return a->section == b->section && zoneset_equal(a->from, b->from, p) && zoneset_equal(a->to, b->to, p);
}

static void
place_rule(struct rules *s, const struct policy_rule *r)
{
	struct compiler *c;
	uint32_t n;

	c = s->c;
	n = count_pairs(c->policy, r);
	if (n <= 1) {
		s->block = NULL;
		if (n == 1)
			compile_rule(c, only_pair(c, r), r);
		return;
	}
	if (s->block == NULL || !same_block(c->policy, s->block, r)) {
		s->block = r;
		s->block_chain = ir_chain_get(c->ir, mem_printf(c->ir->arena, "block.%s", r->id));
		jump_from_pairs(c, r, s->block_chain->name);
	}
	compile_rule(c, s->block_chain, r);
}

/* --- dispatch */
static void
set_name(uint8_t *dst, const char *ifname)
{
	memcpy(dst, ifname, strnlen(ifname, IR_VALUE_MAX - 1));
}

static void
add_pairs(struct compiler *c, struct ir_set *set, uint32_t from, uint32_t to, const char *chain)
{
	const struct policy_zone *f, *t;
	const struct policy_interface *ifs;
	struct ir_elem *e;
	uint32_t i, k;

	f = &c->policy->zones[from];
	t = &c->policy->zones[to];
	ifs = c->policy->interfaces;
	/* The box stands for no interface: its part of the key is left out. */
	for (i = 0; i < (from == POLICY_LOCAL ? 1 : f->n_interfaces); i++) {
		for (k = 0; k < (to == POLICY_LOCAL ? 1 : t->n_interfaces); k++) {
			e = ir_set_add(c->ir, set);
			e->chain = chain;
			if (from != POLICY_LOCAL)
				set_name(e->lo, ifs[f->interfaces[i]].ifname);
			if (to != POLICY_LOCAL)
				set_name(e->lo + (from == POLICY_LOCAL ? 0 : IR_VALUE_MAX), ifs[t->interfaces[k]].ifname);
		}
	}
}

/* pairs.forward, pairs.input, pairs.output; pre.forward, ... */
static struct ir_set *
dispatch_set(struct compiler *c, const char *kind, const char *hook, const uint8_t *fields, unsigned n)
{
	return ir_set_new(c->ir, mem_printf(c->ir->arena, "%s.%s", kind, hook), IR_SET_VERDICT, fields, n);
}

static void
compile_dispatch(struct compiler *c, const char *kind, const char *prefix)
{
	static const uint8_t both[] = { IR_IIF_NAME, IR_OIF_NAME };
	struct ir_set *forward, *input, *output, *set;
	const struct ir_chain *chain;
	char name[PAIR_NAME];
	uint32_t from, to;

	forward = dispatch_set(c, prefix, "forward", both, 2);
	input = dispatch_set(c, prefix, "input", &both[0], 1);
	output = dispatch_set(c, prefix, "output", &both[1], 1);
	for (from = 0; from < c->policy->n_zones; from++) {
		for (to = 0; to < c->policy->n_zones; to++) {
			chain = ir_chain_find(c->ir, pair_name(c, kind, from, to, name));
			if (chain == NULL)
				continue;
			set = from == POLICY_LOCAL ? output : to == POLICY_LOCAL ? input : forward;
			add_pairs(c, set, from, to, chain->name);
		}
	}
	ir_set_seal(c->ir, forward);
	ir_set_seal(c->ir, input);
	ir_set_seal(c->ir, output);
}

/* --- before connection tracking */
static void
put_no_tracking(struct compiler *c, const char *base, enum ir_hook hook, const struct policy_rule *r, const struct ir_draft *zones)
{
	struct ir_chain *chain;
	struct ir_draft d;

	chain = ir_chain_base(c->ir, base, hook, false, NF_IP_PRI_RAW + 10, false);
	if (zones->n == 0) {
		compile_rule(c, chain, r);
		return;
	}
	/* The zones once, and behind them the parts of the rule. */
	d = *zones;
	ir_jump(&d, IR_JUMP, mem_printf(c->ir->arena, "%s.%s", base, r->id));
	ir_rule_add(c->ir, chain, compile_origin(c, mem_printf(c->ir->arena, "%s:%s", base, r->id), IR_ACTION_NONE), &d);
	compile_rule(c, ir_chain_get(c->ir, d.stmts[d.n - 1].chain), r);
}

void
compile_no_tracking(struct compiler *c)
{
	const struct policy_rule *r;
	struct ir_draft zones;
	uint64_t *from;
	uint32_t i, k;

	for (i = 0; i < c->policy->n_rules; i++) {
		r = &c->policy->rules[i];
		if (r->action != POLICY_NO_TRACKING)
			continue;
		from = zoneset_new(c->scratch, c->policy);
		for (k = POLICY_LOCAL + 1; k < c->policy->n_zones; k++)
			if (zoneset_has(r->from, k))
				zoneset_add(from, k);
		zones.n = 0;
		if (compile_zones(c, &zones, IR_IIF_NAME, from))
			put_no_tracking(c, "untracked", IR_HOOK_PREROUTING, r, &zones);
		zones.n = 0;
		if (zoneset_has(r->from, POLICY_LOCAL))
			put_no_tracking(c, "untracked-output", IR_HOOK_OUTPUT, r, &zones);
	}
}

bool
compile_is_alone(const struct fw_policy *p, const struct policy_rule *r)
{
	return r->action != POLICY_NO_TRACKING && r->schedule == NULL && r->syn == NULL && r->writes.idle_seconds == 0 && count_pairs(p, r) == 1;
}

void
compile_rule_alone(struct compiler *c, const struct policy_rule *r)
{
	compile_rule(c, only_pair(c, r), r);
}

bool
compile_joins(const struct fw_policy *p, const struct policy_rule *before, const struct policy_rule *r)
{
	return before != NULL && count_pairs(p, before) > 1 && count_pairs(p, r) > 1 && same_block(p, before, r);
}

void
compile_rules(struct compiler *c)
{
	struct rules s = { .c = c };
	bool has_pre = false;
	uint32_t i;

	for (i = 0; i < c->policy->n_rules; i++) {
		if (c->policy->rules[i].action == POLICY_NO_TRACKING)
			continue;
		has_pre |= c->policy->rules[i].section == POLICY_PRE;
		c->ir->making = ++c->ir->n_made;
		place_rule(&s, &c->policy->rules[i]);
	}
	c->ir->making = 0;
	if (has_pre)
		compile_dispatch(c, "pre", "pre");
	compile_dispatch(c, "pair", "pairs");
}
