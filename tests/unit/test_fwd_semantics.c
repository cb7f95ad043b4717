/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Compilation keeps the meaning: random policies and random packets, judged three times.  Once by the rules as a person reads them, first match
 * in order; once by running the intermediate form, chain by chain; and by the product's own evaluator of it.  Verdict and deciding rule must be the same.
 */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
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
#include "policy_random.h"

#define POLICIES	1000
#define PACKETS		200
#define STEPS_MAX	10000

/* --- as the form says it */
static struct arena *arena;

struct machine {
	const struct fw_policy	*policy;
	struct packet		*packet;
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
	case IR_TCP_FLAGS:
		assert_int_equal(k->protocol, IPPROTO_TCP);
		*ret = k->tcp_flags;
		return true;
	case IR_TOS4:
		assert_int_equal(k->source.family, ADDR_V4);
		*ret = (uint8_t)(k->dscp << 2 | 1);
		return true;
	case IR_TOS6:
		assert_int_equal(k->source.family, ADDR_V6);
		n = 0x60000000u | (uint32_t)k->dscp << 22 | 0x100000 | 0x12345;
		ret[0] = (uint8_t)(n >> 24);
		ret[1] = (uint8_t)(n >> 16);
		return true;
	case IR_LENGTH:
		ret[2] = (uint8_t)(k->length >> 8);
		ret[3] = (uint8_t)k->length;
		return true;
	case IR_MARK:
	case IR_CT_MARK:
		memcpy(ret, field == IR_MARK ? &k->mark : &k->connection_mark, sizeof(k->mark));
		return true;
	case IR_IIF_TYPE:
		ret[0] = 1;	/* ARPHRD_ETHER */
		return k->in > 0;
	case IR_MAC_SADDR:
		assert_true(k->in > 0);
		ret[5] = k->mac;
		return true;
	case IR_CT_STATE:
		n = IR_CT_NEW;
		memcpy(ret, &n, sizeof(n));
		return true;
	case IR_CT_STATUS:
		return true;	/* neither translated nor in the table */
	case IR_FIB_SADDR_TYPE:
		n = k->in == 0 ? RTN_LOCAL : RTN_UNICAST;
		memcpy(ret, &n, sizeof(n));
		return true;
	case IR_CT_ORIG_DPORT:
	case IR_FIB_REVERSE:
	case IR_FIB_REVERSE_ANY:
	case IR_FIB_DADDR_TYPE:
	case IR_MAC_DADDR:
	case IR_ETHER_TYPE:
	case IR_TAG_TYPE:
	case IR_VLAN:
	case IR_ARP_OPERATION:
	case IR_ARP_SADDR4:
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
	uint8_t key[IR_KEY_MAX];
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
	case IR_MASKED:
		for (a = 0; a < len && (v[a] & s->match.hi[a]) == s->match.lo[a]; a++)
			;
		return a == len;
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
	case IR_SYNPROXY:
		assert_int_equal(m->packet->protocol, IPPROTO_TCP);
		m->result.action = IR_ACTION_ACCEPT;
		return 1;
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
	case IR_REJECT:
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
	case IR_SET_MARK:
		m->packet->mark = (m->packet->mark & ~s->write.mask) | s->write.value;
		break;
	case IR_SET_CT_MARK:
		m->packet->connection_mark = (m->packet->connection_mark & ~s->write.mask) | s->write.value;
		break;
	case IR_SET_DSCP4:
	case IR_SET_DSCP6:
		assert_int_equal(m->packet->source.family, s->kind == IR_SET_DSCP4 ? ADDR_V4 : ADDR_V6);
		m->packet->dscp = (uint8_t)s->write.value;
		break;
	case IR_COUNTER:
	case IR_LOG:
	case IR_LIMIT:
	case IR_METER:
	case IR_CONNECTIONS:
	case IR_CONNECTIONS_METER:
	case IR_NO_TRACKING:
	case IR_SET_HELPER:
	case IR_SET_TIMEOUT:
	case IR_FLOW:
	case IR_QUEUE:
	case IR_MATCH:
	case IR_MASQUERADE:
	case IR_DNAT:
	case IR_SNAT:
	case IR_CHOOSE:
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
	struct packet packet = *k;
	struct machine m = { .policy = p, .packet = &packet, .ir = ir };
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
		.source_port = k->source_port, .destination_port = k->destination_port, .length = k->length, .tcp_flags = k->tcp_flags,
		.dscp = k->dscp, .mark = k->mark, .connection_mark = k->connection_mark, .source_mac = { .bytes = { [5] = k->mac } },
		.has_mac = k->in > 0, .ct_state = IR_CT_NEW
	};
	struct explain_verdict v;

	explain_hook(ir, k->in == 0 ? IR_HOOK_OUTPUT : k->out == 0 ? IR_HOOK_INPUT : IR_HOOK_FORWARD, &packet, &v);
	return (struct judgement){ .action = v.action, .id = v.origin != NULL ? v.origin->id : "policy" };
}

/* --- all */
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
	struct judge judge;
	struct packet k;
	struct ir *ir;
	unsigned i, n, decided;

	(void)state;
	srandom(20261120);
	for (i = 0, decided = 0; i < POLICIES; i++) {
		arena = arena_new(0);
		p = policy_random(arena, RANDOM_RULES | RANDOM_SECTIONS | RANDOM_HEADERS, 16);
		judge_init(&judge, p, arena);
		ir = compile(p, NULL);
		for (n = 0; n < PACKETS; n++) {
			do
				k = packet_random(p);
			while (packet_is_invalid(&k));
			want = judge_packet(&judge, &k);
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
