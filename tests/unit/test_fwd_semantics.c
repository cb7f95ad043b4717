/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compilation keeps the meaning: random policies and random packets, judged three times.  Once by the rules as a person reads them, first match
 * in order; once by running the intermediate form, chain by chain; and by the product's own evaluator of it.  Verdict and deciding rule must be the same.
 */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

#include "compile.h"
#include "explain.h"
#include "ir_field.h"
#include "ir_print.h"
#include "policy.h"

#define POLICIES	1000
#define PACKETS		200
#define STEPS_MAX	10000

struct packet {
	struct addr	source;
	struct addr	destination;
	uint8_t		protocol;
	uint8_t		icmp_type;
	uint16_t	source_port;
	uint16_t	destination_port;
	uint32_t	in;		/* interface + 1; 0: from the box */
	uint32_t	out;
};

struct judgement {
	uint8_t		 action;	/* enum ir_action */
	const char	*id;
};

static unsigned
below(unsigned n)
{
	return (unsigned)random() % n;
}

/* --- random policies */
static struct arena *arena;

static void *
make(size_t n, size_t size)
{
	return arena_alloc(arena, n, size);
}

static struct addr
random_addr(void)
{
	struct addr a = { .family = below(2) == 0 ? ADDR_V4 : ADDR_V6 };

	if (a.family == ADDR_V4)
		memcpy(a.bytes, (uint8_t[]){ 192, 0, 2, (uint8_t)below(16) }, 4);
	else
		memcpy(a.bytes, (uint8_t[]){ 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (uint8_t)below(16) }, 16);
	return a;
}

static void
random_addresses(struct policy_addresses *a, bool is_named)
{
	static unsigned names;
	uint32_t i;

	a->n = below(5);
	a->name = is_named ? arena_printf(arena, "group.g%u", names++) : NULL;
	a->path = "";
	if (!is_named && a->n == 0)
		a->n = 1;
	a->items = make(a->n + 1, sizeof(*a->items));
	for (i = 0; i < a->n; i++) {
		a->items[i].addr = random_addr();
		a->items[i].len = (uint8_t)((a->items[i].addr.family == ADDR_V4 ? 32 : 128) - (below(3) == 0 ? below(5) : 0));
		if (below(20) == 0)
			a->items[i].len = 0;
	}
}

static void
random_endpoint(struct policy_endpoint *e)
{
	unsigned kind;

	kind = below(6);
	if (kind == 0 || kind == 2)
		random_addresses(&e->criteria[e->n++], true);
	if (kind == 1 || kind == 2)
		random_addresses(&e->criteria[e->n++], false);
}

static struct ports
random_ports(void)
{
	struct ports p;

	p.low = (uint16_t)(1 + below(12));
	p.high = (uint16_t)(p.low + (below(2) == 0 ? below(4) : 0));
	return p;
}

static void
random_service(struct policy_service *s)
{
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_ICMP, IPPROTO_ICMPV6, IPPROTO_GRE, IPPROTO_ESP
	};
	uint32_t i;

	s->protocol = protocols[below(sizeof(protocols))];
	if (s->protocol == IPPROTO_ICMP || s->protocol == IPPROTO_ICMPV6) {
		s->has_type = below(3) != 0;
		s->type = (uint8_t)(8 + below(3));
	} else if (s->protocol != IPPROTO_GRE && s->protocol != IPPROTO_ESP) {
		s->n_ports = below(4);
		s->ports = make(4, sizeof(*s->ports));
		for (i = 0; i < s->n_ports; i++)
			s->ports[i] = random_ports();
		s->n_source_ports = below(4) == 0;
		s->source_ports = make(1, sizeof(*s->source_ports));
		s->source_ports[0] = random_ports();
	}
}

static uint64_t *
random_zones(const struct fw_policy *p)
{
	uint64_t *set;
	uint32_t i, n;

	set = zoneset_new(arena, p);
	if (below(4) == 0)
		zoneset_add_all(set, p);
	for (i = 0, n = 1 + below(2); i < n; i++)
		zoneset_add(set, below(p->n_zones));
	return set;
}

static void
random_rule(struct fw_policy *p, struct policy_rule *r, unsigned number)
{
	uint32_t i;

	r->id = arena_printf(arena, "r%u", number);
	r->path = "";
	/* Often as the rule before, so that blocks come to be. */
	if (number > 0 && below(3) == 0) {
		r->from = r[-1].from;
		r->to = r[-1].to;
	} else {
		r->from = random_zones(p);
		r->to = random_zones(p);
	}
	random_endpoint(&r->source);
	random_endpoint(&r->destination);
	r->n_services = below(4);
	r->services = make(r->n_services + 1, sizeof(*r->services));
	for (i = 0; i < r->n_services; i++)
		random_service(&r->services[i]);
	r->action = (uint8_t)(POLICY_ACCEPT + below(3));
	r->is_logged = below(4) == 0;
}

static struct fw_policy *
random_policy(void)
{
	struct fw_policy *p;
	uint32_t i;

	p = make(1, sizeof(*p));
	p->n_zones = 2 + below(3);
	p->zones = make(p->n_zones, sizeof(*p->zones));
	p->n_interfaces = 1 + below(4);
	p->interfaces = make(p->n_interfaces, sizeof(*p->interfaces));
	for (i = 0; i < p->n_zones; i++) {
		p->zones[i].name = i == POLICY_LOCAL ? "local" : arena_printf(arena, "z%u", i);
		p->zones[i].path = "";
		p->zones[i].action = below(2) == 0 ? POLICY_DROP : POLICY_REJECT;
		p->zones[i].interfaces = make(p->n_interfaces, sizeof(uint32_t));
	}
	for (i = 0; i < p->n_interfaces; i++) {
		p->interfaces[i].ifname = p->interfaces[i].name = arena_printf(arena, "eth%u", i);
		p->interfaces[i].zone = below(p->n_zones);
		if (p->interfaces[i].zone != POLICY_LOCAL)
			p->zones[p->interfaces[i].zone].interfaces[p->zones[p->interfaces[i].zone].n_interfaces++] = i;
	}
	p->drops_outgoing = below(2) == 0;
	p->logs_unmatched = below(2) == 0;
	p->log_rate = (struct rate){ 1, 1 };
	p->n_rules = below(12);
	p->rules = make(p->n_rules + 1, sizeof(*p->rules));
	for (i = 0; i < p->n_rules; i++)
		random_rule(p, &p->rules[i], i);
	return p;
}

static struct packet
random_packet(const struct fw_policy *p)
{
	static const uint8_t protocols[] = {
		IPPROTO_TCP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_SCTP, IPPROTO_GRE, IPPROTO_ESP, IPPROTO_ICMP, IPPROTO_AH
	};
	struct packet k = { .source = random_addr() };

	do
		k.destination = random_addr();
	while (k.destination.family != k.source.family);
	k.protocol = protocols[below(sizeof(protocols))];
	if (k.protocol == IPPROTO_ICMP && k.source.family == ADDR_V6)
		k.protocol = IPPROTO_ICMPV6;
	k.icmp_type = (uint8_t)(8 + below(4));
	k.source_port = (uint16_t)(1 + below(16));
	k.destination_port = (uint16_t)(1 + below(16));
	do {
		k.in = below(p->n_interfaces + 1);
		k.out = below(p->n_interfaces + 1);
	} while (k.in == 0 && k.out == 0);
	return k;
}

/* --- as a person reads it */
static bool
in_range(const struct ports *p, uint32_t n, uint16_t port)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		if (port >= p[i].low && port <= p[i].high)
			return true;
	return n == 0;
}

static bool
service_matches(const struct policy_service *s, const struct packet *k)
{
	if (s->protocol != k->protocol)
		return false;
	if (s->protocol == IPPROTO_ICMP || s->protocol == IPPROTO_ICMPV6)
		return !s->has_type || s->type == k->icmp_type;
	return in_range(s->ports, s->n_ports, k->destination_port) && in_range(s->source_ports, s->n_source_ports, k->source_port);
}

static bool
endpoint_matches(const struct policy_endpoint *e, const struct addr *a)
{
	uint32_t i, n;

	for (i = 0; i < e->n; i++) {
		for (n = 0; n < e->criteria[i].n && !prefix_contains(&e->criteria[i].items[n], a); n++)
			;
		if (n == e->criteria[i].n)
			return false;
	}
	return true;
}

static bool
rule_matches(const struct policy_rule *r, const struct packet *k, uint32_t from, uint32_t to)
{
	uint32_t i;

	if (!zoneset_has(r->from, from) || !zoneset_has(r->to, to) || !endpoint_matches(&r->source, &k->source) ||
	    !endpoint_matches(&r->destination, &k->destination))
		return false;
	for (i = 0; i < r->n_services; i++)
		if (service_matches(&r->services[i], k))
			return true;
	return r->n_services == 0;
}

static struct judgement
judge_policy(const struct fw_policy *p, const struct packet *k)
{
	static const uint8_t actions[POLICY_ACTION_MAX] = {
		[POLICY_ACCEPT] = IR_ACTION_ACCEPT, [POLICY_DROP] = IR_ACTION_DROP, [POLICY_REJECT] = IR_ACTION_REJECT
	};
	struct judgement j = { .action = IR_ACTION_DROP, .id = "default:none" };
	uint32_t from, to, i;
	bool has_pair;

	from = k->in == 0 ? POLICY_LOCAL : p->interfaces[k->in - 1].zone;
	to = k->out == 0 ? POLICY_LOCAL : p->interfaces[k->out - 1].zone;
	/* An interface that is in no zone is no zone's, and not the box either. */
	has_pair = (k->in == 0 || from != POLICY_LOCAL) && (k->out == 0 || to != POLICY_LOCAL);
	for (i = 0; has_pair && i < p->n_rules; i++)
		if (rule_matches(&p->rules[i], k, from, to))
			return (struct judgement){ .action = actions[p->rules[i].action], .id = p->rules[i].id };
	if (k->in == 0)
		return (struct judgement){ .action = p->drops_outgoing ? IR_ACTION_DROP : IR_ACTION_ACCEPT,
		    .id = p->drops_outgoing ? "default:local" : "policy" };
	if (from != POLICY_LOCAL) {
		j.action = actions[p->zones[from].action];
		j.id = arena_printf(arena, "default:%s", p->zones[from].name);
	}
	return j;
}

/* --- as the form says it */
struct machine {
	const struct fw_policy	*policy;
	const struct packet	*packet;
	const struct ir		*ir;
	struct judgement	 result;
	unsigned		 steps;
};

/* false: the packet has no such field. */
static bool
load(const struct machine *m, uint8_t field, uint8_t *ret)
{
	const struct packet *k;
	uint32_t n;

	k = m->packet;
	memset(ret, 0, IR_VALUE_MAX);
	switch ((enum ir_field)field) {
	case IR_IIF_NAME:
	case IR_OIF_NAME:
		n = field == IR_IIF_NAME ? k->in : k->out;
		if (n > 0)
			(void)strncpy((char *)ret, m->policy->interfaces[n - 1].ifname, IR_VALUE_MAX - 1);
		return n > 0;
	case IR_NFPROTO:
		*ret = k->source.family == ADDR_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6;
		return true;
	case IR_L4PROTO:
		*ret = k->protocol;
		return true;
	case IR_SADDR4:
	case IR_SADDR6:
		/* A match of one family must stand behind the match that establishes it. */
		assert_int_equal(k->source.family, field == IR_SADDR4 ? ADDR_V4 : ADDR_V6);
		memcpy(ret, k->source.bytes, 16);
		return true;
	case IR_DADDR4:
	case IR_DADDR6:
		assert_int_equal(k->source.family, field == IR_DADDR4 ? ADDR_V4 : ADDR_V6);
		memcpy(ret, k->destination.bytes, 16);
		return true;
	case IR_SPORT:
	case IR_DPORT:
		assert_true(k->protocol == IPPROTO_TCP || k->protocol == IPPROTO_UDP || k->protocol == IPPROTO_SCTP);
		n = field == IR_SPORT ? k->source_port : k->destination_port;
		ret[0] = (uint8_t)(n >> 8);
		ret[1] = (uint8_t)n;
		return true;
	case IR_ICMP_TYPE:
	case IR_ICMP6_TYPE:
		assert_int_equal(k->protocol, field == IR_ICMP_TYPE ? IPPROTO_ICMP : IPPROTO_ICMPV6);
		*ret = k->icmp_type;
		return true;
	case IR_CT_STATE:
		n = IR_CT_NEW;
		memcpy(ret, &n, sizeof(n));
		return true;
	case IR_CT_STATUS:
	case IR_CT_ORIG_DPORT:
	case IR_FIB_REVERSE:
	case IR_FIB_REVERSE_ANY:
	case IR_FIB_DADDR_TYPE:
	case IR_FIELD_INVALID:
	case IR_FIELD_MAX:
		break;
	}
	fail_msg("field %s in a filter chain", ir_field_info(field)->name);
	return false;
}

static const struct ir_elem *
lookup(const struct machine *m, const struct ir_stmt *s)
{
	uint8_t key[IR_VALUE_MAX * IR_CONCAT_MAX];
	const struct ir_set *set;
	unsigned i, len;
	uint32_t n;

	set = s->set;
	memset(key, 0, sizeof(key));
	for (i = 0; i < set->nfields; i++)
		if (!load(m, set->nfields == 1 ? s->field : set->fields[i], key + i * IR_VALUE_MAX))
			return NULL;
	len = ir_set_keylen(set);
	for (n = 0; n < set->n; n++) {
		if ((set->flags & IR_SET_INTERVAL) != 0 ? memcmp(key, set->elems[n].lo, len) >= 0 &&
		    memcmp(key, set->elems[n].hi, len) <= 0 : memcmp(key, set->elems[n].lo, len) == 0)
			return &set->elems[n];
	}
	return NULL;
}

static bool
same_bits(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned i;

	for (i = 0; i < bits; i++)
		if (((a[i / 8] ^ b[i / 8]) >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

static bool
matches(const struct machine *m, const struct ir_stmt *s)
{
	uint8_t v[IR_VALUE_MAX];
	uint32_t a, b;
	unsigned len;

	if (s->cmp == IR_IN_SET || s->cmp == IR_NOT_IN_SET)
		return (lookup(m, s) != NULL) == (s->cmp == IR_IN_SET);
	if (!load(m, s->field, v))
		return false;
	len = ir_field_info(s->field)->len;
	switch ((enum ir_cmp)s->cmp) {
	case IR_EQ:
	case IR_NE:
		return (memcmp(v, s->match.lo, len) == 0) == (s->cmp == IR_EQ);
	case IR_RANGE:
	case IR_NOT_RANGE:
		return (memcmp(v, s->match.lo, len) >= 0 && memcmp(v, s->match.hi, len) <= 0) == (s->cmp == IR_RANGE);
	case IR_PREFIX:
	case IR_NOT_PREFIX:
		return same_bits(v, s->match.lo, s->bits) == (s->cmp == IR_PREFIX);
	case IR_ANY_BIT:
		memcpy(&a, v, sizeof(a));
		memcpy(&b, s->match.lo, sizeof(b));
		return (a & b) != 0;
	case IR_IN_SET:
	case IR_NOT_IN_SET:
	case IR_CMP_INVALID:
	case IR_CMP_MAX:
		break;
	}
	return false;
}

static bool	run_chain(struct machine *, const char *);

/* What a rule's end does: 1 decided, 0 the next rule, -1 out of this chain. */
static int
act(struct machine *m, const struct ir_rule *r, const struct ir_stmt *s)
{
	const struct ir_elem *e;

	m->result.id = r->origin->id;
	switch ((enum ir_kind)s->kind) {
	case IR_ACCEPT:
		m->result.action = IR_ACTION_ACCEPT;
		return 1;
	case IR_DROP:
		m->result.action = IR_ACTION_DROP;
		return 1;
	case IR_REJECT_TCP_RESET:
		assert_int_equal(m->packet->protocol, IPPROTO_TCP);
		m->result.action = IR_ACTION_REJECT;
		return 1;
	case IR_REJECT_ADMIN:
		assert_int_not_equal(m->packet->protocol, IPPROTO_TCP);
		m->result.action = IR_ACTION_REJECT;
		return 1;
	case IR_RETURN:
		return -1;
	case IR_JUMP:
		return run_chain(m, s->chain) ? 1 : 0;
	case IR_GOTO:
		return run_chain(m, s->chain) ? 1 : -1;
	case IR_VMAP:
		e = lookup(m, s);
		return e != NULL && run_chain(m, e->chain) ? 1 : 0;
	case IR_COUNTER:
	case IR_LOG:
	case IR_LIMIT:
	case IR_METER:
	case IR_MATCH:
	case IR_MASQUERADE:
	case IR_DNAT:
	case IR_KIND_INVALID:
	case IR_KIND_MAX:
		break;
	}
	return 0;
}

static bool
run_chain(struct machine *m, const char *name)
{
	const struct ir_chain *c;
	const struct ir_rule *r;
	unsigned i;
	int end;

	c = ir_chain_find(m->ir, name);
	assert_non_null(c);
	for (r = c->first; r != NULL; r = r->next) {
		assert_true(m->steps++ < STEPS_MAX);
		for (i = 0, end = 0; i < r->n && end == 0; i++) {
			if (r->stmts[i].kind == IR_MATCH && !matches(m, &r->stmts[i]))
				break;
			end = act(m, r, &r->stmts[i]);
		}
		if (end != 0)
			return end == 1;
	}
	return false;
}

static struct judgement
judge_form(const struct fw_policy *p, const struct ir *ir, const struct packet *k)
{
	struct machine m = { .policy = p, .packet = k, .ir = ir };
	const char *hook;

	hook = k->in == 0 ? "output" : k->out == 0 ? "input" : "forward";
	if (!run_chain(&m, hook)) {
		m.result.action = ir_chain_find(ir, hook)->drops ? IR_ACTION_DROP : IR_ACTION_ACCEPT;
		m.result.id = "policy";
	}
	return m.result;
}

/* --- as the product's own evaluator says it, which shares nothing with the two above */
static struct judgement
judge_product(const struct fw_policy *p, const struct ir *ir, const struct packet *k)
{
	struct explain_packet packet = {
		.in_link = k->in == 0 ? NULL : p->interfaces[k->in - 1].ifname, .out_link = k->out == 0 ? NULL : p->interfaces[k->out - 1].ifname,
		.source = k->source, .destination = k->destination, .protocol = k->protocol, .icmp_type = k->icmp_type,
		.source_port = k->source_port, .destination_port = k->destination_port, .ct_state = IR_CT_NEW
	};
	struct explain_verdict v;

	explain_hook(ir, k->in == 0 ? IR_HOOK_OUTPUT : k->out == 0 ? IR_HOOK_INPUT : IR_HOOK_FORWARD, &packet, &v);
	return (struct judgement){ .action = v.action, .id = v.origin != NULL ? v.origin->id : "policy" };
}

/* --- both */
static void
tell(const char *who, const struct ir *ir, const struct packet *k, const struct judgement *want, const struct judgement *have)
{
	char source[ADDR_STRLEN], destination[ADDR_STRLEN];
	struct buf b;

	buf_init(&b, 0);
	ir_print(ir, &b);
	printf("%s\n", (const char *)b.data);
	buf_fini(&b);
	printf("in eth%d out eth%d protocol %u type %u %s:%u -> %s:%u\n", (int)k->in - 1, (int)k->out - 1, k->protocol, k->icmp_type,
	    addr_format(&k->source, source, sizeof(source)), k->source_port,
	    addr_format(&k->destination, destination, sizeof(destination)), k->destination_port);
	fail_msg("rules say %s by %s, %s says %s by %s", ir_action_name(want->action), want->id, who, ir_action_name(have->action),
	    have->id);
}

static void
test_meaning(void **state)
{
	struct judgement want, have;
	struct fw_policy *p;
	struct packet k;
	struct ir *ir;
	unsigned i, n, decided;

	(void)state;
	srandom(20261120);
	for (i = 0, decided = 0; i < POLICIES; i++) {
		arena = arena_new(0);
		p = random_policy();
		ir = compile(p, NULL);
		for (n = 0; n < PACKETS; n++) {
			k = random_packet(p);
			want = judge_policy(p, &k);
			have = judge_form(p, ir, &k);
			if (want.action != have.action || strcmp(want.id, have.id) != 0)
				tell("the form", ir, &k, &want, &have);
			have = judge_product(p, ir, &k);
			if (want.action != have.action || strcmp(want.id, have.id) != 0)
				tell("the product", ir, &k, &want, &have);
			decided += want.id[0] == 'r';
		}
		ir_free(ir);
		arena_free(arena);
	}
	/* A test in which no rule ever decides would prove nothing. */
	printf("%u policies, %u packets, %u decided by rules\n", i, i * PACKETS, decided);
	assert_true(decided > POLICIES * PACKETS / 20);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_meaning)
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
