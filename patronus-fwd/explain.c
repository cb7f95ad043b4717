/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "base/log.h"

#include "explain.h"
#include "ir_field.h"
#include "addrlist.h"

/* The kernel's own bound on jumps (NFT_JUMP_STACK_SIZE); a form that needs more cannot be loaded. */
#define DEPTH_MAX	16

struct run {
	const struct ir			*ir;
	struct explain_packet		*packet;	/* rules may write into it */
	struct explain_verdict		*verdict;
	const struct explain_trace	*trace;
	unsigned			 depth;
};

/* How a rule or chain ended. */
enum end {
	END_NEXT = 0,		/* go on behind it */
	END_RETURN,		/* go on behind the jump */
	END_DECIDED
};

static enum end	run_chain(struct run *, const char *name);

/* --- what the packet says --- */

static bool
load_link(const char *name, uint8_t *ret)
{
	if (name == NULL)
		return false;
	memcpy(ret, name, strnlen(name, IR_VALUE_MAX - 1));
	return true;
}

/* Frames carry other things, too. */
static bool
is_ip(const struct explain_packet *p)
{
	return p->frame == NULL || p->frame->type == ETH_P_IP || p->frame->type == ETH_P_IPV6;
}

static bool
load_addr(const struct explain_packet *p, const struct addr *a, uint8_t family, uint8_t *ret)
{
	if (a->family != family || !is_ip(p))
		return false;
	memcpy(ret, a->bytes, addr_len(a));
	return true;
}

static bool
load_u32(uint32_t value, uint8_t *ret)
{
	memcpy(ret, &value, sizeof(value));
	return true;
}

static bool
load_be16(uint16_t value, uint8_t *ret)
{
	ret[0] = (uint8_t)(value >> 8);
	ret[1] = (uint8_t)value;
	return true;
}

static bool
load_byte(uint8_t value, uint8_t *ret)
{
	ret[0] = value;
	return true;
}

/* In network order, for ranges. */
static bool
load_length(uint16_t length, uint8_t *ret)
{
	ret[2] = (uint8_t)(length >> 8);
	ret[3] = (uint8_t)length;
	return true;
}

static bool
load_tos(const struct explain_packet *p, uint8_t family, uint8_t *ret)
{
	if (p->source.family != family)
		return false;
	if (family == ADDR_V4) {
		ret[0] = (uint8_t)(p->dscp << 2);
	} else {
		ret[0] = (uint8_t)(0x60 | p->dscp >> 2);
		ret[1] = (uint8_t)(p->dscp << 6);
	}
	return true;
}

static bool
load_link_type(const struct explain_packet *p, uint8_t *ret)
{
	uint16_t type = p->has_mac ? ARPHRD_ETHER : ARPHRD_NONE;

	memcpy(ret, &type, sizeof(type));
	return p->in_link != NULL;
}

static bool
load_mac(const struct explain_packet *p, uint8_t *ret)
{
	memcpy(ret, p->source_mac.bytes, sizeof(p->source_mac.bytes));
	return p->has_mac;
}

/* Fields of table bridge. */
static bool
load_frame(const struct explain_packet *p, uint8_t field, uint8_t *ret)
{
	const struct explain_frame *f = p->frame;

	switch ((enum ir_field)field) {
	case IR_MAC_DADDR:
		memcpy(ret, f->destination.bytes, sizeof(f->destination.bytes));
		return true;
	case IR_ETHER_TYPE:
		return load_be16(f->type, ret);
	case IR_TAG_TYPE:
		return load_be16(f->vlan != 0 ? ETH_P_8021Q : f->type, ret);
	case IR_VLAN:
		return f->vlan != 0 && load_be16(f->vlan, ret);
	case IR_ARP_OPERATION:
		return f->type == ETH_P_ARP && load_be16(f->arp_operation, ret);
	case IR_ARP_SADDR4:
		memcpy(ret, p->source.bytes, addr_len(&p->source));
		return f->type == ETH_P_ARP;
	default:
		return false;
	}
}

static bool
has_connection(const struct explain_packet *p)
{
	return p->ct_state != IR_CT_UNTRACKED && p->ct_state != IR_CT_INVALID;
}

/* false: the packet has no such field, and the kernel leaves the rule there. */
static bool
load(const struct explain_packet *p, uint8_t field, uint8_t *ret)
{
	memset(ret, 0, IR_VALUE_MAX);
	switch ((enum ir_field)field) {
	case IR_IIF_NAME:
		return load_link(p->in_link, ret);
	case IR_OIF_NAME:
		return load_link(p->out_link, ret);
	case IR_NFPROTO:
		return load_byte(p->source.family == ADDR_V4 ? NFPROTO_IPV4 : NFPROTO_IPV6, ret);
	case IR_L4PROTO:
		return is_ip(p) && load_byte(p->protocol, ret);
	case IR_SADDR4:
		return load_addr(p, &p->source, ADDR_V4, ret);
	case IR_DADDR4:
		return load_addr(p, &p->destination, ADDR_V4, ret);
	case IR_SADDR6:
		return load_addr(p, &p->source, ADDR_V6, ret);
	case IR_DADDR6:
		return load_addr(p, &p->destination, ADDR_V6, ret);
	case IR_SPORT:
		return load_be16(p->source_port, ret);
	case IR_DPORT:
		return load_be16(p->destination_port, ret);
	case IR_ICMP_TYPE:
		return p->protocol == IPPROTO_ICMP && load_byte(p->icmp_type, ret);
	case IR_ICMP6_TYPE:
		return p->protocol == IPPROTO_ICMPV6 && load_byte(p->icmp_type, ret);
	case IR_TCP_FLAGS:
		return p->protocol == IPPROTO_TCP && load_byte(p->tcp_flags, ret);
	case IR_TOS4:
		return load_tos(p, ADDR_V4, ret);
	case IR_TOS6:
		return load_tos(p, ADDR_V6, ret);
	case IR_LENGTH:
		return load_length(p->length, ret);
	case IR_MARK:
		return load_u32(p->mark, ret);
	case IR_CT_MARK:
		return has_connection(p) && load_u32(p->connection_mark, ret);
	case IR_IIF_TYPE:
		return load_link_type(p, ret);
	case IR_MAC_SADDR:
		return load_mac(p, ret);
	case IR_CT_STATE:
		return load_u32(p->ct_state, ret);
	case IR_CT_STATUS:
		return load_u32(p->is_translated ? IR_CT_DNAT : 0, ret);
	case IR_CT_ORIG_DPORT:
		return load_be16(p->called_port, ret);
	case IR_FIB_REVERSE:
		return load_u32(p->has_way_back, ret);
	case IR_FIB_REVERSE_ANY:
		return load_u32(p->has_any_way_back, ret);
	case IR_FIB_SADDR_TYPE:
		return load_u32(p->in_link == NULL ? RTN_LOCAL : RTN_UNICAST, ret);
	case IR_FIB_DADDR_TYPE:
		return load_u32(p->is_to_box ? RTN_LOCAL : RTN_UNICAST, ret);
	case IR_MAC_DADDR:
	case IR_ETHER_TYPE:
	case IR_TAG_TYPE:
	case IR_VLAN:
	case IR_ARP_OPERATION:
	case IR_ARP_SADDR4:
		return p->frame != NULL && load_frame(p, field, ret);
	case IR_FIELD_INVALID:
	case IR_FIELD_MAX:
		break;
	}
	return false;
}

/* --- matches --- */

/* Of a concatenation each field has its own interval. */
static bool
in_intervals(const struct ir_set *set, const struct ir_elem *e, const uint8_t *key)
{
	unsigned i, at, len;

	for (i = 0, at = 0; i < set->nfields; i++, at += (len + 3u) & ~3u) {
		len = ir_field_info(set->fields[i])->len;
		if (memcmp(key + at, e->lo + at, len) < 0 || memcmp(key + at, e->hi + at, len) > 0)
			return false;
	}
	return true;
}

static const struct ir_elem *
look_up(const struct run *r, const struct ir_stmt *s)
{
	static const struct ir_elem listed;
	uint8_t key[IR_KEY_MAX] = { 0 }, value[IR_VALUE_MAX];
	const struct ir_set *set = s->set;
	const struct ir_elem *e;
	unsigned len = ir_set_keylen(set), at = 0, i;
	uint32_t low, high, middle, n;

	for (i = 0; i < set->nfields; i++) {
		if (!load(r->packet, set->nfields == 1 ? s->field : set->fields[i], value))
			return NULL;
		memcpy(key + at, value, ir_field_info(set->fields[i])->len);
		at += (ir_field_info(set->fields[i])->len + 3u) & ~3u;
	}
	if (set->list != NULL)
		return addrlist_has(set->list, key) ? &listed : NULL;
	if (set->nfields > 1 && (set->flags & IR_SET_INTERVAL) != 0) {
		for (n = 0; n < set->n; n++)
			if (in_intervals(set, &set->elems[n], key))
				return &set->elems[n];
		return NULL;
	}
	/* Elements are sorted by their first value, and intervals of one field do not overlap: the last that starts no later. */
	for (low = 0, high = set->n; low < high;) {
		middle = low + (high - low) / 2;
		if (memcmp(set->elems[middle].lo, key, len) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	e = &set->elems[low - 1];
	if (memcmp(key, (set->flags & IR_SET_INTERVAL) != 0 ? e->hi : e->lo, len) <= 0)
		return e;
	return NULL;
}

static bool
has_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
	unsigned left = bits % 8;

	return memcmp(a, b, bits / 8) == 0 && (left == 0 || (a[bits / 8] ^ b[bits / 8]) >> (8 - left) == 0);
}

static bool
has_any_bit(const uint8_t *a, const uint8_t *b)
{
	uint32_t x, y;

	memcpy(&x, a, sizeof(x));
	memcpy(&y, b, sizeof(y));
	return (x & y) != 0;
}

static bool
is_masked(const uint8_t *v, const struct ir_stmt *s, unsigned len)
{
	unsigned i;

	for (i = 0; i < len; i++)
		if ((v[i] & s->match.hi[i]) != s->match.lo[i])
			return false;
	return true;
}

/* What a table of connections does not tell of their packets. */
static bool
is_unknown(uint8_t field)
{
	return field == IR_MARK || field == IR_CT_MARK || field == IR_TOS4 || field == IR_TOS6 || field == IR_LENGTH || field == IR_IIF_TYPE ||
	    field == IR_MAC_SADDR;
}

static bool
matches(const struct run *r, const struct ir_stmt *s)
{
	uint8_t v[IR_VALUE_MAX];
	unsigned len;

	if (r->packet->is_partly_known && is_unknown(s->field))
		return r->packet->unknown_holds;
	if (s->cmp == IR_IN_SET || s->cmp == IR_NOT_IN_SET)
		return (look_up(r, s) != NULL) == (s->cmp == IR_IN_SET);
	if (!load(r->packet, s->field, v))
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
		return has_prefix(v, s->match.lo, s->bits) == (s->cmp == IR_PREFIX);
	case IR_ANY_BIT:
		return has_any_bit(v, s->match.lo);
	case IR_MASKED:
		return is_masked(v, s, len);
	case IR_IN_SET:
	case IR_NOT_IN_SET:
	case IR_CMP_INVALID:
	case IR_CMP_MAX:
		break;
	}
	return false;
}

/* --- rules --- */

static uint32_t
written(uint32_t old, const struct ir_write *w)
{
	return (old & ~w->mask) | w->value;
}

/* What does not decide changes the packet. */
static void
write_packet(struct explain_packet *p, const struct ir_stmt *s)
{
	if (s->kind == IR_SET_MARK)
		p->mark = written(p->mark, &s->write);
	else if (s->kind == IR_SET_CT_MARK)
		p->connection_mark = written(p->connection_mark, &s->write);
	else if (s->kind == IR_NO_TRACKING)
		p->ct_state = IR_CT_UNTRACKED;
	else
		p->dscp = (uint8_t)s->write.value;
}

/* A network to a network: the bits in which its ends differ are the host's. */
static void
keep_number(struct ir_nat *n, const struct addr *a)
{
	unsigned i;
	uint8_t host;

	for (i = 0; i < sizeof(n->addr); i++) {
		host = n->addr[i] ^ n->last[i];
		n->addr[i] = (uint8_t)(n->addr[i] | (a->bytes[i] & host));
		n->last[i] = n->addr[i];
	}
}

static bool
leads_to(const struct ir_rule *rule, const struct addr *a)
{
	unsigned i;

	for (i = 0; i < rule->n; i++)
		if (rule->stmts[i].kind == IR_DNAT && memcmp(rule->stmts[i].nat.addr, a->bytes, addr_len(a)) == 0)
			return true;
	return false;
}

static enum end
decide(struct run *r, const struct ir_rule *rule, enum ir_action action)
{
	r->verdict->action = (uint8_t)action;
	r->verdict->origin = rule->origin;
	return END_DECIDED;
}

/* One statement; *ret_matches false leaves the rule. */
static enum end
act(struct run *r, const struct ir_rule *rule, const struct ir_stmt *s, bool *ret_matches)
{
	const struct ir_elem *e;

	switch ((enum ir_kind)s->kind) {
	case IR_MATCH:
		*ret_matches = matches(r, s);
		return END_NEXT;
	case IR_LIMIT:
		*ret_matches = !s->limit.is_over;
		r->verdict->is_limited = true;
		return END_NEXT;
	case IR_CONNECTIONS:
		*ret_matches = !s->connections.is_over;
		r->verdict->is_limited = true;
		return END_NEXT;
	case IR_METER:
		*ret_matches = !s->limit.is_over;
		r->verdict->is_limited = true;
		return END_NEXT;
	case IR_CONNECTIONS_METER:
		r->verdict->is_limited = true;
		return END_NEXT;
	case IR_SET_CT_MARK:
		/* Writing a part reads the rest, which breaks off the rule for a packet of no connection. */
		*ret_matches = s->write.mask == UINT32_MAX || has_connection(r->packet);
		write_packet(r->packet, s);
		return END_NEXT;
	case IR_SET_MARK:
	case IR_SET_DSCP4:
	case IR_SET_DSCP6:
	case IR_NO_TRACKING:
		write_packet(r->packet, s);
		return END_NEXT;
	case IR_SET_HELPER:
	case IR_SET_TIMEOUT:
	case IR_FLOW:
		return END_NEXT;
	case IR_QUEUE:
		r->verdict->is_queued = true;
		return decide(r, rule, IR_ACTION_ACCEPT);
	case IR_SYNPROXY:
		r->verdict->is_proxied = true;
		return decide(r, rule, IR_ACTION_ACCEPT);
	case IR_ACCEPT:
		return decide(r, rule, IR_ACTION_ACCEPT);
	case IR_DROP:
		return decide(r, rule, IR_ACTION_DROP);
	case IR_REJECT_TCP_RESET:
	case IR_REJECT:
		return decide(r, rule, IR_ACTION_REJECT);
	case IR_DNAT:
		r->verdict->nat = s->nat;
		if (s->nat.is_network)
			keep_number(&r->verdict->nat, &r->packet->destination);
		return decide(r, rule, IR_ACTION_TRANSLATE);
	case IR_SNAT:
	case IR_MASQUERADE:
		r->verdict->sender = s;
		return decide(r, rule, IR_ACTION_ACCEPT);
	case IR_CHOOSE:
		*ret_matches = r->packet->chosen.family == ADDR_NONE ? s->choice.value == 0 : leads_to(rule, &r->packet->chosen);
		r->verdict->is_shared_out = true;
		return END_NEXT;
	case IR_RETURN:
		return END_RETURN;
	case IR_JUMP:
		return run_chain(r, s->chain) == END_DECIDED ? END_DECIDED : END_NEXT;
	case IR_GOTO:
		return run_chain(r, s->chain) == END_DECIDED ? END_DECIDED : END_RETURN;
	case IR_VMAP:
		e = look_up(r, s);
		return e != NULL && run_chain(r, e->chain) == END_DECIDED ? END_DECIDED : END_NEXT;
	case IR_COUNTER:
	case IR_LOG:
	case IR_KIND_INVALID:
	case IR_KIND_MAX:
		break;
	}
	return END_NEXT;
}

/* Told beforehand: what happens there comes later. */
static bool
goes_elsewhere(uint8_t kind)
{
	return kind == IR_JUMP || kind == IR_GOTO;
}

static enum end
run_chain(struct run *r, const char *name)
{
	const struct ir_chain *c = ir_chain_find(r->ir, name);
	const struct ir_rule *rule;
	enum end end = END_NEXT;
	bool is_match;
	unsigned i;

	if (c == NULL || r->depth == DEPTH_MAX)
		fatalx("explain", "chain %s: %s", name, c == NULL ? "is not there" : "jumps too deep");
	r->depth++;
	for (rule = c->first; rule != NULL && end == END_NEXT; rule = rule->next) {
		is_match = true;
		for (i = 0; i < rule->n && is_match && end == END_NEXT; i++) {
			if (r->trace != NULL && goes_elsewhere(rule->stmts[i].kind))
				r->trace->on_rule(c, rule, (uint16_t)i, r->trace->arg);
			end = act(r, rule, &rule->stmts[i], &is_match);
		}
		if (r->trace != NULL && is_match && !goes_elsewhere(rule->stmts[i - 1].kind))
			r->trace->on_rule(c, rule, (uint16_t)(i - 1), r->trace->arg);
	}
	r->depth--;
	return end;
}

/* --- chains --- */

/* The chain of the hook that comes after this priority; chains of one hook differ in it. */
static const struct ir_chain *
chain_after(const struct ir *ir, enum ir_hook hook, const struct ir_chain *last)
{
	const struct ir_chain *c, *best = NULL;

	for (c = ir->chains; c != NULL; c = c->next)
		if (c->hook == hook && (last == NULL || c->priority > last->priority) &&
		    (best == NULL || c->priority < best->priority))
			best = c;
	return best;
}

/* Translation is decided by the first packet of a connection alone. */
static bool
is_asked(const struct ir_chain *c, const struct explain_packet *p)
{
	return !c->is_nat || p->ct_state == IR_CT_NEW;
}

void
explain_hook(const struct ir *ir, enum ir_hook hook, const struct explain_packet *p, struct explain_verdict *ret)
{
	explain_hook_traced(ir, hook, p, NULL, ret);
}

void
explain_hook_traced(const struct ir *ir, enum ir_hook hook, const struct explain_packet *p, const struct explain_trace *trace,
    struct explain_verdict *ret)
{
	struct run r = { .ir = ir, .packet = &ret->after, .verdict = ret, .trace = trace };
	const struct ir_chain *c = NULL;
	struct explain_packet packet = *p;	/* it may be that of ret */

	memset(ret, 0, sizeof(*ret));
	ret->action = IR_ACTION_ACCEPT;
	ret->after = packet;
	while ((c = chain_after(ir, hook, c)) != NULL) {
		if (!is_asked(c, &ret->after))
			continue;
		ret->chain = c->name;
		if (run_chain(&r, c->name) != END_DECIDED) {
			ret->origin = NULL;
			ret->action = c->drops ? IR_ACTION_DROP : IR_ACTION_ACCEPT;
		}
		if (ret->action != IR_ACTION_ACCEPT)
			return;
	}
}

void
explain_input(const struct ir *ir, const struct explain_packet *p, struct explain_verdict *ret)
{
	explain_hook(ir, IR_HOOK_PREROUTING, p, ret);
	if (ret->action == IR_ACTION_ACCEPT)
		explain_hook(ir, IR_HOOK_INPUT, &ret->after, ret);
}
