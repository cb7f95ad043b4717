/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Random rules: what they look at beside addresses and services (struct policy_conditions). */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/netfilter.h>
#include <string.h>

#include "policy_random.h"
#include "rule_conditions.h"

/* --- family */
void
make_family(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	(void)p;
	(void)arena;
	r->conditions.family = below(2) == 0 ? NFPROTO_IPV4 : NFPROTO_IPV6;
}

void
clear_family(struct policy_rule *r)
{
	r->conditions.family = NFPROTO_UNSPEC;
}

bool
family_holds(const struct policy_rule *r, const struct packet *k)
{
	return r->conditions.family == NFPROTO_UNSPEC || (r->conditions.family == NFPROTO_IPV4) == (k->source.family == ADDR_V4);
}

/* --- interfaces: "eth0" is packet's 1 */
void
make_links(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	struct policy_links *l = below(2) == 0 ? &r->conditions.in : &r->conditions.out;
	uint32_t i;

	l->is_given = true;
	l->n = below(8) == 0 ? 0 : 1 + below(p->n_interfaces);
	l->items = arena_alloc(arena, l->n + 1, sizeof(*l->items));
	for (i = 0; i < l->n; i++)
		l->items[i] = p->interfaces[below(p->n_interfaces)].ifname;
}

void
clear_links(struct policy_rule *r)
{
	memset(&r->conditions.in, 0, sizeof(r->conditions.in));
	memset(&r->conditions.out, 0, sizeof(r->conditions.out));
}

static bool
link_holds(const struct policy_links *l, uint32_t link)
{
	uint32_t i;

	for (i = 0; i < l->n; i++)
		if (link > 0 && (uint32_t)(l->items[i][3] - '0') == link - 1)
			return true;
	return !l->is_given;
}

bool
links_hold(const struct policy_rule *r, const struct packet *k)
{
	return link_holds(&r->conditions.in, k->in) && link_holds(&r->conditions.out, k->out);
}

/* --- state: packets of these proofs open connections */
void
make_state(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	(void)p;
	(void)arena;
	r->conditions.states = below(4) == 0 ? POLICY_STATE_ESTABLISHED | POLICY_STATE_RELATED : POLICY_STATE_NEW | (below(2) == 0 ? POLICY_STATE_INVALID : 0);
}

void
clear_state(struct policy_rule *r)
{
	r->conditions.states = 0;
}

bool
state_holds(const struct policy_rule *r, const struct packet *k)
{
	uint32_t state = packet_is_invalid(k) ? POLICY_STATE_INVALID : POLICY_STATE_NEW;

	return r->conditions.states == 0 || (r->conditions.states & state) != 0;
}

/* --- headers */
void
make_dscp(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	uint32_t i;

	(void)p;
	r->conditions.n_dscp = 1 + below(3);
	r->conditions.dscp = arena_alloc(arena, r->conditions.n_dscp, 1);
	for (i = 0; i < r->conditions.n_dscp; i++)
		r->conditions.dscp[i] = (uint8_t)(44 + below(4));
}

void
clear_dscp(struct policy_rule *r)
{
	r->conditions.n_dscp = 0;
}

bool
dscp_holds(const struct policy_rule *r, const struct packet *k)
{
	return r->conditions.n_dscp == 0 || memchr(r->conditions.dscp, k->dscp, r->conditions.n_dscp) != NULL;
}

void
make_lengths(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	uint32_t i;

	(void)p;
	r->conditions.n_lengths = 1 + below(3);
	r->conditions.lengths = arena_alloc(arena, r->conditions.n_lengths, sizeof(*r->conditions.lengths));
	for (i = 0; i < r->conditions.n_lengths; i++) {
		r->conditions.lengths[i].low = (uint16_t)(40 + below(300));
		r->conditions.lengths[i].high = (uint16_t)(r->conditions.lengths[i].low + below(100));
	}
}

void
clear_lengths(struct policy_rule *r)
{
	r->conditions.n_lengths = 0;
}

bool
lengths_hold(const struct policy_rule *r, const struct packet *k)
{
	uint32_t i;

	for (i = 0; i < r->conditions.n_lengths; i++)
		if (k->length >= r->conditions.lengths[i].low && k->length <= r->conditions.lengths[i].high)
			return true;
	return r->conditions.n_lengths == 0;
}

void
make_flags(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	(void)p;
	(void)arena;
	r->conditions.tcp_flags.mask = 1 + below(63);
	r->conditions.tcp_flags.value = below(64) & r->conditions.tcp_flags.mask;
}

void
clear_flags(struct policy_rule *r)
{
	r->conditions.tcp_flags.mask = 0;
}

bool
flags_hold(const struct policy_rule *r, const struct packet *k)
{
	const struct policy_bits *b = &r->conditions.tcp_flags;

	return b->mask == 0 || (k->protocol == IPPROTO_TCP && (k->tcp_flags & b->mask) == b->value);
}

void
steer_flags(const struct policy_rule *r, struct packet *k)
{
	const struct policy_bits *b = &r->conditions.tcp_flags;

	if (b->mask != 0 && k->protocol == IPPROTO_TCP)
		k->tcp_flags = (uint8_t)((k->tcp_flags & ~b->mask) | b->value);
}

void
make_macs(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	uint32_t i;

	(void)p;
	r->conditions.macs.path = "";
	r->conditions.macs.n = 1 + below(3);
	r->conditions.macs.items = arena_alloc(arena, r->conditions.macs.n, sizeof(*r->conditions.macs.items));
	for (i = 0; i < r->conditions.macs.n; i++)
		r->conditions.macs.items[i].bytes[5] = (uint8_t)below(4);
}

void
clear_macs(struct policy_rule *r)
{
	r->conditions.macs.n = 0;
}

bool
macs_hold(const struct policy_rule *r, const struct packet *k)
{
	uint32_t i;

	for (i = 0; i < r->conditions.macs.n; i++)
		if (k->in > 0 && r->conditions.macs.items[i].bytes[5] == k->mac)
			return true;
	return r->conditions.macs.n == 0;
}

/* --- marks */
static struct policy_bits
random_bits(void)
{
	struct policy_bits b = { .mask = below(2) == 0 ? UINT32_MAX : 1 + below(3) };

	b.value = below(4) & b.mask;
	return b;
}

void
make_marks(const struct fw_policy *p, struct policy_rule *r, struct arena *arena)
{
	(void)p;
	(void)arena;
	if (below(2) == 0)
		r->conditions.mark = random_bits();
	else
		r->conditions.connection_mark = random_bits();
}

void
clear_marks(struct policy_rule *r)
{
	r->conditions.mark.mask = 0;
	r->conditions.connection_mark.mask = 0;
}

bool
marks_hold(const struct policy_rule *r, const struct packet *k)
{
	const struct policy_conditions *c = &r->conditions;

	/* Writing a part of the connection's mark reads the rest: the kernel breaks off the rule for a packet of no connection. */
	if (packet_is_invalid(k) && r->writes.connection_mark.mask != 0 && r->writes.connection_mark.mask != UINT32_MAX)
		return false;
	return (c->mark.mask == 0 || (k->mark & c->mark.mask) == c->mark.value) &&
	    (c->connection_mark.mask == 0 ||
	    (!packet_is_invalid(k) && (k->connection_mark & c->connection_mark.mask) == c->connection_mark.value));	/* invalid: of no connection */
}

void
writes_random(struct policy_writes *w)
{
	if (below(3) == 0)
		w->mark = random_bits();
	if (below(3) == 0)
		w->connection_mark = random_bits();
	w->has_dscp = below(3) == 0;
	w->dscp = (uint8_t)(44 + below(4));
	w->idle_seconds = below(4) == 0 ? 1 + below(1000) : 0;
}

static uint32_t
written(const struct policy_bits *b, uint32_t old)
{
	return b->mask == 0 ? old : (old & ~b->mask) | b->value;
}

void
writes_obey(const struct policy_writes *w, struct packet *k)
{
	k->mark = written(&w->mark, k->mark);
	k->connection_mark = written(&w->connection_mark, k->connection_mark);
	if (w->has_dscp)
		k->dscp = w->dscp;
}
