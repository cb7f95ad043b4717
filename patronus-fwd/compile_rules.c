/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <string.h>

#include "base/str.h"

#include "compile.h"
#include "mem.h"

/*
 * The rules a person wrote, to one chain for each pair of zones.  A packet runs only through the rules of its pair, in their order.  A
 * rule stands in the kernel once, so that it has one counter and changing it is one message: a rule, or consecutive rules, for the same
 * several pairs form a block that the pair chains jump to.
 */

#define METER_TIMEOUT_MS	60000
#define METER_SIZE		65536
#define PAIR_NAME		160	/* two names of zones, which policy_from_conf() bounds */

struct rules {
	struct compiler		*c;
	const struct policy_rule *block;	/* the first rule of the open block, or NULL */
	struct ir_chain		*block_chain;
};

/* This runs for each pair of each rule. */
static const char *
pair_name(const struct compiler *c, uint32_t from, uint32_t to, char ret[PAIR_NAME])
{
	size_t n;

	n = str_copy(ret, "pair.", PAIR_NAME);
	n += str_copy(ret + n, c->policy->zones[from].name, PAIR_NAME / 2 - n);
	ret[n++] = '.';
	(void)str_copy(ret + n, c->policy->zones[to].name, PAIR_NAME - n);
	return ret;
}

static struct ir_chain *
pair_chain(struct compiler *c, uint32_t from, uint32_t to)
{
	char name[PAIR_NAME];

	return ir_chain_get(c->ir, pair_name(c, from, to, name));
}

/* --- one rule */
static void
put_limit(struct compiler *c, struct ir_draft *d, const struct policy_rule *r, uint8_t family)
{
	enum ir_field field;
	struct ir_set *set;
	struct ir_stmt *s;
	const char *name;
	uint8_t key;

	if (r->per == POLICY_PER_SOURCE)
		field = family == NFPROTO_IPV4 ? IR_SADDR4 : IR_SADDR6;
	else
		field = family == NFPROTO_IPV4 ? IR_DADDR4 : IR_DADDR6;
	/* Its elements keep the rate they were made with: another rate is another set. */
	name = mem_printf(c->ir->arena, "meter.%s.%d.%u-%u-%u", r->id, family == NFPROTO_IPV4 ? 4 : 6, r->rate.count,
	    r->rate.seconds, r->burst);
	set = ir_set_find(c->ir, name);
	if (set == NULL) {
		key = (uint8_t)field;
		set = ir_set_new(c->ir, name, IR_SET_DYNAMIC, &key, 1);
		set->path = mem_strdup(c->ir->arena, r->path);
		set->timeout_ms = r->rate.seconds * 1000 > METER_TIMEOUT_MS ? r->rate.seconds * 1000 : METER_TIMEOUT_MS;
		set->size = METER_SIZE;
		ir_set_seal(set);
	}
	s = ir_put(d, IR_METER);
	s->field = (uint8_t)field;
	s->set = set;
	s->limit.rate = r->rate.count;
	s->limit.seconds = r->rate.seconds;
	s->limit.burst = r->burst;
}

static enum ir_action
rule_action(const struct policy_rule *r)
{
	return r->action == POLICY_ACCEPT ? IR_ACTION_ACCEPT : r->action == POLICY_DROP ? IR_ACTION_DROP : IR_ACTION_REJECT;
}

static void
put_rate(struct compiler *c, struct ir_draft *d, const struct policy_rule *r, uint8_t family)
{
	if (r->rate.count != 0 && r->per == POLICY_PER_RULE)
		compile_limit(d, &r->rate, r->burst, false);
	else if (r->rate.count != 0)
		put_limit(c, d, r, family);
}

/*
 * Rate, log, counter and verdict behind the matches of the part; two rules when a reject must tell TCP from the rest.  The rate comes behind
 * the last match: a rule that then leaves the packet to the next one must not have drawn on it.
 */
static void
put_verdict(struct compiler *c, struct ir_chain *chain, struct ir_origin *o, const struct policy_rule *r, const struct compile_part *part,
    bool has_rate)
{
	struct ir_draft d;
	enum ir_kind verdict;

	verdict = r->action == POLICY_ACCEPT ? IR_ACCEPT : r->action == POLICY_DROP ? IR_DROP : IR_REJECT_ADMIN;
	if (r->action == POLICY_REJECT && part->is_tcp)
		verdict = IR_REJECT_TCP_RESET;
	if (r->action == POLICY_REJECT && !part->is_tcp && !part->has_no_tcp) {
		d = part->draft;
		ir_match_u8(&d, IR_L4PROTO, IPPROTO_TCP);
		if (has_rate)
			put_rate(c, &d, r, part->family);
		if (r->is_logged)
			compile_log(&d, o->id);
		ir_put(&d, IR_COUNTER);
		ir_put(&d, IR_REJECT_TCP_RESET);
		ir_rule_add(c->ir, chain, o, &d);
	}
	d = part->draft;
	if (has_rate)
		put_rate(c, &d, r, part->family);
	if (r->is_logged)
		compile_log(&d, o->id);
	ir_put(&d, IR_COUNTER);
	ir_put(&d, verdict);
	ir_rule_add(c->ir, chain, o, &d);
}

/*
 * A limit that all share must stand in the kernel once: the parts of the rule jump to a chain that starts with it, and what is over it
 * comes back and goes on to the next rule.
 */
static void
put_shared_limit(struct compiler *c, struct ir_chain *chain, struct ir_origin *o, const struct policy_rule *r,
    const struct compile_parts *parts)
{
	struct compile_part all = { .family = NFPROTO_UNSPEC };
	struct ir_chain *limited;
	struct ir_draft d;
	unsigned i;

	limited = ir_chain_get(c->ir, mem_printf(c->ir->arena, "limit.%s", r->id));
	for (i = 0; i < parts->n; i++) {
		d = parts->items[i].draft;
		ir_jump(&d, IR_JUMP, limited->name);
		ir_rule_add(c->ir, chain, o, &d);
	}
	d.n = 0;
	compile_limit(&d, &r->rate, r->burst, true);
	ir_put(&d, IR_RETURN);
	ir_rule_add(c->ir, limited, o, &d);
	put_verdict(c, limited, o, r, &all, false);
}

static bool
needs_two(const struct policy_rule *r, const struct compile_part *p)
{
	return r->action == POLICY_REJECT && !p->is_tcp && !p->has_no_tcp;
}

static void
put_rule(struct compiler *c, struct ir_chain *chain, const struct policy_rule *r)
{
	struct compile_selector sel = {
		.source = &r->source, .destination = &r->destination, .services = r->services, .n_services = r->n_services,
		.splits_families = r->rate.count != 0 && r->per != POLICY_PER_RULE
	};
	struct compile_parts *parts;
	struct ir_origin *o;
	unsigned i;

	o = ir_origin_new(c->ir, r->id, r->path, rule_action(r));
	o->from = ir_zones_copy(c->ir, r->from_names, r->n_from_names);
	o->to = ir_zones_copy(c->ir, r->to_names, r->n_to_names);
	o->is_logged = r->is_logged;
	parts = compile_select(c, &sel);
	if (parts->n == 0 && c->remarks != NULL)
		buf_printf(c->remarks, "rule %s can never match: its addresses and services have no family in common\n", r->id);
	if (r->rate.count != 0 && r->per == POLICY_PER_RULE && parts->n > 0 && (parts->n > 1 || needs_two(r, &parts->items[0]))) {
		put_shared_limit(c, chain, o, r, parts);
		return;
	}
	for (i = 0; i < parts->n; i++)
		put_verdict(c, chain, o, r, &parts->items[i], true);
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
				ir_rule_add(c->ir, pair_chain(c, from, to), o, &d);
}

static struct ir_chain *
only_pair(struct compiler *c, const struct policy_rule *r)
{
	uint32_t from, to;

	for (from = 0; from < c->policy->n_zones; from++)
		for (to = 0; zoneset_has(r->from, from) && to < c->policy->n_zones; to++)
			if (is_pair(r, from, to))
				return pair_chain(c, from, to);
	return NULL;
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
			put_rule(c, only_pair(c, r), r);
		return;
	}
	if (s->block == NULL || !zoneset_equal(s->block->from, r->from, c->policy) ||
	    !zoneset_equal(s->block->to, r->to, c->policy)) {
		s->block = r;
		s->block_chain = ir_chain_get(c->ir, mem_printf(c->ir->arena, "block.%s", r->id));
		jump_from_pairs(c, r, s->block_chain->name);
	}
	put_rule(c, s->block_chain, r);
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

static void
compile_dispatch(struct compiler *c)
{
	static const uint8_t both[] = { IR_IIF_NAME, IR_OIF_NAME };
	struct ir_set *forward, *input, *output, *set;
	const struct ir_chain *chain;
	char name[PAIR_NAME];
	uint32_t from, to;

	forward = ir_set_new(c->ir, "pairs.forward", IR_SET_VERDICT, both, 2);
	input = ir_set_new(c->ir, "pairs.input", IR_SET_VERDICT, &both[0], 1);
	output = ir_set_new(c->ir, "pairs.output", IR_SET_VERDICT, &both[1], 1);
	for (from = 0; from < c->policy->n_zones; from++) {
		for (to = 0; to < c->policy->n_zones; to++) {
			chain = ir_chain_find(c->ir, pair_name(c, from, to, name));
			if (chain == NULL)
				continue;
			set = from == POLICY_LOCAL ? output : to == POLICY_LOCAL ? input : forward;
			add_pairs(c, set, from, to, chain->name);
		}
	}
	ir_set_seal(forward);
	ir_set_seal(input);
	ir_set_seal(output);
}

void
compile_rules(struct compiler *c)
{
	struct rules s = { .c = c };
	uint32_t i;

	for (i = 0; i < c->policy->n_rules; i++)
		place_rule(&s, &c->policy->rules[i]);
	compile_dispatch(c);
}
