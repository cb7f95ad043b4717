/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <string.h>

#include "compile.h"
#include "mem.h"

/* What a rule does: limits, logging, writing, the verdict. */

#define METER_TIMEOUT_MS	60000
#define METER_SIZE		65536

/* --- limits */
static enum ir_field
share_field(uint8_t per, uint8_t family)
{
	if (per == POLICY_PER_SOURCE)
		return family == NFPROTO_IPV4 ? IR_SADDR4 : IR_SADDR6;
	return family == NFPROTO_IPV4 ? IR_DADDR4 : IR_DADDR6;
}

static const struct ir_set *
meter_set(struct compiler *c, const struct policy_rule *r, const char *name, enum ir_field field, uint32_t timeout_ms)
{
	uint8_t key = (uint8_t)field;
	struct ir_set *set;

	set = ir_set_find(c->ir, name);
	if (set != NULL)
		return set;
	set = ir_set_new(c->ir, name, IR_SET_DYNAMIC, &key, 1);
	set->path = mem_strdup(c->ir->arena, r->path);
	set->timeout_ms = timeout_ms;
	set->size = METER_SIZE;
	ir_set_seal(c->ir, set);
	return set;
}

/* Elements keep the rate they were made with: another rate is another set. */
static void
put_rate_meter(struct compiler *c, struct ir_draft *d, const struct policy_rule *r, uint8_t family)
{
	enum ir_field field = share_field(r->per, family);
	const char *name;
	struct ir_stmt *s;

	name = mem_printf(c->ir->arena, "meter.%s.%d.%u-%u-%u", r->id, family == NFPROTO_IPV4 ? 4 : 6, r->rate.count, r->rate.seconds,
	    r->burst);
	s = ir_put(d, IR_METER);
	s->field = (uint8_t)field;
	s->set = meter_set(c, r, name, field, r->rate.seconds * 1000 > METER_TIMEOUT_MS ? r->rate.seconds * 1000 : METER_TIMEOUT_MS);
	s->limit.rate = r->rate.count;
	s->limit.seconds = r->rate.seconds;
	s->limit.burst = r->burst;
}

static void
put_connections_meter(struct compiler *c, struct ir_draft *d, const struct policy_rule *r, uint8_t family)
{
	enum ir_field field = share_field(r->connections_per, family);
	struct ir_stmt *s;

	s = ir_put(d, IR_CONNECTIONS_METER);
	s->field = (uint8_t)field;
	s->set = meter_set(c, r, mem_printf(c->ir->arena, "connections.%s.%d.%u", r->id, family == NFPROTO_IPV4 ? 4 : 6, r->max_connections),
	    field, 0);
	s->connections.max = r->max_connections;
}

static void
put_connections(struct ir_draft *d, const struct policy_rule *r, bool is_over)
{
	struct ir_stmt *s;

	s = ir_put(d, IR_CONNECTIONS);
	s->connections.max = r->max_connections;
	s->connections.is_over = is_over;
}

static bool
shares_rate(const struct policy_rule *r)
{
	return r->rate.count != 0 && r->per == POLICY_PER_RULE;
}

static bool
shares_connections(const struct policy_rule *r)
{
	return r->max_connections != 0 && r->connections_per == POLICY_PER_RULE;
}

static bool
has_rate_meter(const struct policy_rule *r)
{
	return r->rate.count != 0 && r->per != POLICY_PER_RULE;
}

static bool
has_connections_meter(const struct policy_rule *r)
{
	return r->max_connections != 0 && r->connections_per != POLICY_PER_RULE;
}

static void
put_meters(struct compiler *c, struct ir_draft *d, const struct policy_rule *r, uint8_t family)
{
	if (has_connections_meter(r))
		put_connections_meter(c, d, r, family);
	if (has_rate_meter(r))
		put_rate_meter(c, d, r, family);
}

/* All limits of a rule that needs no chain of its own. */
static void
put_limits(struct compiler *c, struct ir_draft *d, const struct policy_rule *r, uint8_t family)
{
	put_meters(c, d, r, family);
	if (shares_connections(r))
		put_connections(d, r, false);
	if (shares_rate(r))
		compile_limit(d, &r->rate, r->burst, false);
}

/* --- effects */
static void
put_log(struct compiler *c, struct ir_draft *d, const struct ir_origin *o, const struct policy_rule *r)
{
	compile_log(d, r->log_text != NULL ? mem_printf(c->ir->arena, "%s %s", o->id, r->log_text) : o->id);
}

static void
put_write(struct ir_draft *d, enum ir_kind kind, uint32_t value, uint32_t mask)
{
	struct ir_stmt *s;

	if (mask == 0)
		return;
	s = ir_put(d, kind);
	s->write.value = value;
	s->write.mask = mask;
}

static void
put_writes(struct ir_draft *d, const struct policy_writes *w, uint8_t family)
{
	put_write(d, IR_SET_MARK, w->mark.value, w->mark.mask);
	put_write(d, IR_SET_CT_MARK, w->connection_mark.value, w->connection_mark.mask);
	if (w->has_dscp)
		put_write(d, family == NFPROTO_IPV4 ? IR_SET_DSCP4 : IR_SET_DSCP6, w->dscp, 0x3f);
}

static void
put_decision(struct ir_draft *d, const struct policy_rule *r, bool is_reset)
{
	struct ir_stmt *s;

	switch ((enum policy_action)r->action) {
	case POLICY_ACCEPT:
		ir_put(d, IR_ACCEPT);
		break;
	case POLICY_DROP:
		ir_put(d, IR_DROP);
		break;
	case POLICY_REJECT:
		if (is_reset)
			ir_put(d, IR_REJECT_TCP_RESET);
		else
			ir_put(d, IR_REJECT)->code = r->reject;
		break;
	case POLICY_NO_TRACKING:
		ir_put(d, IR_NO_TRACKING);
		break;
	case POLICY_QUEUE:
		s = ir_put(d, IR_QUEUE);
		s->queue.number = r->queue;
		s->queue.is_open = r->is_queue_open;
		break;
	case POLICY_CONTINUE:
	case POLICY_ACTION_INVALID:
	case POLICY_ACTION_MAX:
		break;
	}
}

/* What a rule with its parts becomes. */
struct making {
	struct compiler			*c;
	struct ir_chain			*chain;
	struct ir_origin		*origin;
	const struct policy_rule	*rule;
	bool				 has_limits;	/* each part stands for itself, with the limits */
};

/*
 * Limits, log, writes, counter and verdict behind the matches of d.  The limits come behind the last match: a rule that then leaves the
 * packet to the next one must not have drawn on them.
 */
static void
put_end(const struct making *m, struct ir_draft *d, uint8_t family, bool is_reset)
{
	const struct policy_rule *r = m->rule;

	if (m->has_limits)
		put_limits(m->c, d, r, family);
	if (r->is_logged && r->log_rate.count == 0)
		put_log(m->c, d, m->origin, r);
	put_writes(d, &r->writes, family);
	compile_idle_timeout(m->c, d, r);
	ir_put(d, IR_COUNTER);
	put_decision(d, r, is_reset);
	ir_rule_add(m->c->ir, m->chain, m->origin, d);
}

/* A reject must tell TCP from the rest. */
static bool
needs_two(const struct policy_rule *r, const struct compile_part *p)
{
	return r->action == POLICY_REJECT && r->resets_tcp && !p->is_tcp && !p->has_no_tcp;
}

static void
put_verdict(const struct making *m, const struct compile_part *part)
{
	struct ir_draft *d = &m->c->draft;	/* it is too large to be made for each rule */

	if (needs_two(m->rule, part)) {
		ir_draft_copy(d, &part->draft);
		ir_match_u8(d, IR_L4PROTO, IPPROTO_TCP);
		put_end(m, d, part->family, true);
	}
	ir_draft_copy(d, &part->draft);
	put_end(m, d, part->family, m->rule->resets_tcp && part->is_tcp);
}

/* The limits and the log that stand once, at the beginning of the rule's own chain. */
static void
put_common(const struct making *m)
{
	const struct policy_rule *r = m->rule;
	struct ir_draft d = { .n = 0 };

	if (shares_connections(r)) {
		put_connections(&d, r, true);
		ir_put(&d, IR_RETURN);
		ir_rule_add(m->c->ir, m->chain, m->origin, &d);
	}
	d.n = 0;
	if (shares_rate(r)) {
		compile_limit(&d, &r->rate, r->burst, true);
		ir_put(&d, IR_RETURN);
		ir_rule_add(m->c->ir, m->chain, m->origin, &d);
	}
	d.n = 0;
	if (r->is_logged && r->log_rate.count != 0) {
		compile_limit(&d, &r->log_rate, 5, false);
		put_log(m->c, &d, m->origin, r);
		ir_rule_add(m->c->ir, m->chain, m->origin, &d);
	}
}

/*
 * What all parts of a rule share must stand in the kernel once: they jump to a chain that starts with it, and what is over it comes back
 * and goes on to the next rule.
 */
static void
put_shared(struct making *m, const struct compile_parts *parts)
{
	static const uint8_t families[] = { NFPROTO_IPV4, NFPROTO_IPV6 };
	struct compile_part all = { .family = NFPROTO_UNSPEC };
	const struct policy_rule *r = m->rule;
	struct compiler *c = m->c;
	struct ir_chain *from = m->chain;
	struct ir_draft d;
	unsigned i;

	m->has_limits = false;
	m->chain = ir_chain_get(c->ir, mem_printf(c->ir->arena, "limit.%s", r->id));
	for (i = 0; i < parts->n; i++) {
		ir_draft_copy(&d, &parts->items[i].draft);
		put_meters(c, &d, r, parts->items[i].family);
		ir_jump(&d, IR_JUMP, m->chain->name);
		ir_rule_add(c->ir, from, m->origin, &d);
	}
	put_common(m);
	if (!r->writes.has_dscp) {
		put_verdict(m, &all);
		return;
	}
	for (i = 0; i < 2; i++) {	/* the code point stands elsewhere in each header */
		all.family = families[i];
		all.draft.n = 0;
		ir_match_u8(&all.draft, IR_NFPROTO, families[i]);
		put_verdict(m, &all);
	}
}

static bool
needs_chain(const struct policy_rule *r, const struct compile_parts *parts)
{
	bool is_split;

	is_split = parts->n > 1 || needs_two(r, &parts->items[0]);
	return (r->is_logged && r->log_rate.count != 0) || (is_split && (shares_rate(r) || shares_connections(r)));
}

/* --- the rule */
static enum ir_action
rule_action(const struct policy_rule *r)
{
	static const uint8_t actions[POLICY_ACTION_MAX] = {
		[POLICY_ACCEPT] = IR_ACTION_ACCEPT, [POLICY_DROP] = IR_ACTION_DROP, [POLICY_REJECT] = IR_ACTION_REJECT,
		[POLICY_CONTINUE] = IR_ACTION_CONTINUE, [POLICY_NO_TRACKING] = IR_ACTION_CONTINUE, [POLICY_QUEUE] = IR_ACTION_QUEUE
	};

	return actions[r->action];
}

/* Most rules are about one zone on each side, and thousands about the same. */
static struct ir_zones
zones_of(struct compiler *c, const char *const *names, uint32_t n)
{
	struct ir_zones *z;

	if (n != 1)
		return ir_zones_copy(c->ir, names, n);
	z = names_get(&c->zones, names[0]);
	if (z == NULL) {
		z = mem_alloc(c->scratch, 1, sizeof(*z));
		*z = ir_zones_copy(c->ir, names, n);
		names_put(c->scratch, &c->zones, z->items[0], z);
	}
	return *z;
}

static struct ir_origin *
rule_origin(struct compiler *c, const struct policy_rule *r)
{
	struct ir_origin *o;

	o = ir_origin_find(c->ir, r->id);
	if (o != NULL)		/* it stands in two base chains */
		return o;
	o = ir_origin_new(c->ir, r->id, r->path, rule_action(r));
	o->from = zones_of(c, r->from_names, r->n_from_names);
	o->to = zones_of(c, r->to_names, r->n_to_names);
	o->is_logged = r->is_logged;
	return o;
}

/*
 * What is not always in force stands in a chain of its own: the jump to it comes and goes, and the counters stay.
 */
static struct ir_chain *
timed_chain(struct compiler *c, struct ir_chain *chain, const struct policy_rule *r)
{
	struct ir_chain *timed;
	struct ir_draft d = { .n = 0 };
	struct ir_origin *o;

	timed = ir_chain_get(c->ir, mem_printf(c->ir->arena, "timed.%s", r->id));
	if (r->is_waiting)
		return timed;
	o = ir_origin_find(c->ir, mem_printf(c->ir->arena, "timed:%s", r->id));
	if (o == NULL) {
		o = ir_origin_new(c->ir, mem_printf(c->ir->arena, "timed:%s", r->id), r->path, IR_ACTION_NONE);
		o->is_generated = true;
	}
	ir_jump(&d, IR_JUMP, timed->name);
	ir_rule_add(c->ir, chain, o, &d);
	return timed;
}

void
compile_rule(struct compiler *c, struct ir_chain *chain, const struct policy_rule *r)
{
	struct compile_selector sel = {
		.source = &r->source, .destination = &r->destination, .services = r->services, .n_services = r->n_services, .lasts = true,
		.conditions = &r->conditions, .splits_families = has_rate_meter(r) || has_connections_meter(r) || r->writes.has_dscp
	};
	struct making m = { .c = c, .chain = chain, .rule = r, .has_limits = true };
	struct compile_parts *parts;
	unsigned i;

	m.origin = rule_origin(c, r);
	if (r->schedule != NULL) {
		m.chain = timed_chain(c, chain, r);
		if (m.chain->n > 0)	/* it is there already, and another chain jumps to it too */
			return;
	}
	parts = compile_select(c, &sel);
	if (parts->n == 0) {
		if (c->remarks != NULL)
			buf_printf(c->remarks, "rule %s can never match: its addresses, services and conditions have no packet in common\n", r->id);
		return;
	}
	if (r->syn != NULL) {
		compile_syn(c, m.chain, m.origin, r, parts);
		return;
	}
	if (needs_chain(r, parts)) {
		put_shared(&m, parts);
		return;
	}
	for (i = 0; i < parts->n; i++)
		put_verdict(&m, &parts->items[i]);
}
