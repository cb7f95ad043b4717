/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <netinet/in.h>	/* before the kernel's headers, which then leave out what it defines */
#include <linux/icmpv6.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4.h>
#include <string.h>

#include "ipc/msg.h"

#include "addrlist.h"
#include "hold.h"
#include "ir.h"
#include "ir_list.h"
#include "nft_encode.h"

#define ROUTER_SOLICITATION	133	/* the first type of neighbour discovery (RFC 4861), */
#define REDIRECT		137	/* and the last */

static const struct family {
	const char	*set;
	uint8_t		 protocol;	/* NFPROTO_... */
	uint8_t		 destination;	/* enum ir_field */
	uint8_t		 len;
} families[] = {
	{ "hold4", NFPROTO_IPV4, IR_DADDR4, 4 },
	{ "hold6", NFPROTO_IPV6, IR_DADDR6, 16 },
};
#define NFAMILIES	(sizeof(families) / sizeof(families[0]))

static const struct {
	const char	*chain;
	const char	*id;
	enum ir_hook	 hook;
} places[] = {
	{ "hold.input", "hold:input", IR_HOOK_INPUT },
	{ "hold.forward", "hold:forward", IR_HOOK_FORWARD },
	{ "hold.output", "hold:output", IR_HOOK_OUTPUT },
};
#define NPLACES		(sizeof(places) / sizeof(places[0]))

/* Connection tracking does not follow it, and a neighbour that cannot be found would be missed by connections that are known. */
static void
put_discovery(struct ir *ir, struct ir_chain *chain, struct ir_origin *o)
{
	static const uint8_t first = ROUTER_SOLICITATION, last = REDIRECT;
	struct ir_draft d = { .n = 0 };

	ir_match_u8(&d, IR_NFPROTO, NFPROTO_IPV6);
	ir_match_u8(&d, IR_L4PROTO, IPPROTO_ICMPV6);
	ir_match(&d, IR_ICMP6_TYPE, IR_RANGE, &first, &last);
	ir_put(&d, IR_ACCEPT);
	ir_rule_add(ir, chain, o, &d);
}

static void
put_family(struct ir *ir, struct ir_chain *chain, struct ir_origin *o, const struct family *f)
{
	struct ir_draft d = { .n = 0 };

	ir_match_u8(&d, IR_NFPROTO, f->protocol);
	ir_match_u32(&d, IR_CT_STATE, IR_ANY_BIT, IR_CT_NEW | IR_CT_UNTRACKED);
	ir_match_set(&d, (enum ir_field)f->destination, IR_IN_SET, ir_set_find(ir, f->set));
	ir_put(&d, IR_COUNTER);
	ir_put(&d, IR_DROP);
	ir_rule_add(ir, chain, o, &d);
}

/* Just before the policy, whose meters and logs then do not see what is held. */
static void
put_chains(struct ir *ir)
{
	struct ir_chain *chain;
	struct ir_origin *o;
	unsigned i, k;

	for (i = 0; i < NPLACES; i++) {
		chain = ir_chain_base(ir, places[i].chain, places[i].hook, false, NF_IP_PRI_FILTER - 1, false);
		o = ir_origin_new(ir, places[i].id, "/firewall", IR_ACTION_DROP);
		o->is_generated = true;
		put_discovery(ir, chain, o);
		for (k = 0; k < NFAMILIES; k++)
			put_family(ir, chain, o, &families[k]);
	}
}

static struct ir *
begin(void)
{
	struct ir *ir = ir_new();
	unsigned i;

	for (i = 0; i < NFAMILIES; i++)
		(void)ir_set_new(ir, families[i].set, IR_SET_INTERVAL, &families[i].destination, 1);
	return ir;
}

static void
add(struct ir *ir, const struct family *f, const uint8_t *first, const uint8_t *last)
{
	struct ir_elem *e = ir_set_add(ir, ir_set_find(ir, f->set));

	memcpy(e->lo, first, f->len);
	memcpy(e->hi, last, f->len);
}

static struct ir *
end(struct ir *ir)
{
	unsigned i;

	for (i = 0; i < NFAMILIES; i++)
		ir_set_seal(ir_set_find(ir, families[i].set));
	put_chains(ir);
	return ir;
}

struct ir *
hold_make(const struct ir *have, const struct ipc_range *ranges, uint32_t n)
{
	struct ir *ir = begin();
	const struct ir_set *s;
	uint32_t i, k;

	for (k = 0; have != NULL && k < NFAMILIES; k++) {
		s = ir_set_find(have, families[k].set);
		for (i = 0; i < s->n; i++)
			add(ir, &families[k], s->elems[i].lo, s->elems[i].hi);
	}
	for (i = 0; i < n; i++) {
		k = ranges[i].first.family == ADDR_V4 ? 0 : 1;
		if (ranges[i].first.family == ranges[i].last.family)
			add(ir, &families[k], ranges[i].first.bytes, ranges[i].last.bytes);
	}
	return end(ir);
}

struct ir *
hold_read(const uint8_t *sets, size_t sets_len, const uint8_t *elems, size_t elems_len)
{
	struct ir *ir = begin();
	struct addrlist *list;
	bool is_there = false;
	uint32_t i, k;

	for (k = 0; k < NFAMILIES; k++) {
		is_there |= ir_list_is_there(sets, sets_len, families[k].set);
		list = ir_list_read(elems, elems_len, families[k].set, families[k].len);
		for (i = 0; i < list->n; i++)
			add(ir, &families[k], addrlist_first(list, i), addrlist_last(list, i));
		addrlist_unref(list);
	}
	if (is_there)
		return end(ir);
	ir_free(ir);
	return NULL;
}

void
hold_put(struct nft_batch *b, const struct ir *ir)
{
	nft_put_contents(b, ir, false);
}

void
hold_put_delete(struct nft_batch *b, const struct ir *ir)
{
	const struct ir_chain *c;
	const struct ir_set *s;

	for (c = ir->chains; c != NULL; c = c->next) {
		nft_put_rule_delete(b, c->name, 0, "/firewall");
		nft_put_chain_delete(b, c->name);
	}
	for (s = ir->sets; s != NULL; s = s->next)
		nft_put_set_delete(b, s->name);
}
