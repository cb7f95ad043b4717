/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_bridge.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>

#include "base/clock.h"
#include "base/log.h"

#include "ir_field.h"
#include "addrlist.h"
#include "mem.h"
#include "nft_encode.h"
#include "nft_expr.h"
#include "nft_flowtable.h"
#include "nft_object.h"

/*
 * libnftnl writes without looking how much room there is, so each message is made in a scratch buffer that the largest one cannot fill:
 * a rule has at most IR_STMT_MAX statements, and a list of elements ends before its length has more than 16 bits.
 */
#define SCRATCH			(256u << 10)
#define ELEMS_PER_MESSAGE	4096
#define ELEMS_BYTES		(60u << 10)
#define NFT_TYPE_BITS		6	/* of a concatenated type in nft(8) */
#define NFT_ORDER_HOST		1	/* its numbers for byte orders */
#define NFT_ORDER_BIG		2

void
nft_batch_init(struct nft_batch *b)
{
	memset(b, 0, sizeof(*b));
	buf_init(&b->out, 0);
	b->scratch = mem_new(1, SCRATCH);
	b->table = NFT_TABLE;
}

void
nft_batch_reset(struct nft_batch *b)
{
	buf_reset(&b->out);
	b->n = 0;
	b->n_rules = 0;
	b->n_parts = 0;
}

void
nft_batch_fini(struct nft_batch *b)
{
	buf_fini(&b->out);
	free(b->paths);
	free(b->offsets);
	free(b->rules);
	free(b->parts);
	free(b->scratch);
	memset(b, 0, sizeof(*b));
}

uint32_t
nft_batch_message(const struct nft_batch *b, uint32_t offset)
{
	uint32_t low, high, middle;

	for (low = 0, high = b->n; low + 1 < high;) {
		middle = low + (high - low) / 2;
		if (b->offsets[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const char *
nft_batch_path(const struct nft_batch *b, uint32_t message)
{
	return message < b->n ? b->paths[message] : "";
}

/* The last part that begins at the byte or before. */
static const struct nft_part *
part_at(const struct nft_batch *b, uint32_t offset)
{
	uint32_t low, high, middle;

	for (low = 0, high = b->n_parts; low < high;) {
		middle = low + (high - low) / 2;
		if (b->parts[middle].offset <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &b->parts[low - 1] : NULL;
}

const char *
nft_batch_path_at(const struct nft_batch *b, uint32_t offset)
{
	const struct nft_part *part = part_at(b, offset);
	uint32_t message = nft_batch_message(b, offset);

	return part != NULL && part->offset > b->offsets[message] ? part->path : nft_batch_path(b, message);
}

static void
note_part(struct nft_batch *b, size_t offset, const char *path)
{
	if (b->n_parts == b->cap_parts) {
		b->cap_parts = b->cap_parts == 0 ? 256 : b->cap_parts * 2;
		b->parts = mem_resize(b->parts, b->cap_parts, sizeof(*b->parts));
	}
	b->parts[b->n_parts++] = (struct nft_part){ (uint32_t)offset, path };
}

struct nlmsghdr *
nft_message_begin(struct nft_batch *b, uint8_t family, uint16_t type, uint16_t flags)
{
	return nftnl_nlmsg_build_hdr(b->scratch, type, family, flags, b->n);
}

void
nft_message_end(struct nft_batch *b, const struct nlmsghdr *h, const char *path)
{
	if (h->nlmsg_len > SCRATCH)
		fatalx("nft", "a message of %u bytes", h->nlmsg_len);
	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? 64 : b->cap * 2;
		b->paths = mem_resize(b->paths, b->cap, sizeof(*b->paths));
		b->offsets = mem_resize(b->offsets, b->cap, sizeof(*b->offsets));
	}
	b->offsets[b->n] = (uint32_t)b->out.len;
	b->paths[b->n++] = path;
	buf_put(&b->out, h, NLMSG_ALIGN(h->nlmsg_len));
	if (buf_failed(&b->out))
		fatalx("nft", "out of memory");
}

static void *
need(void *p)
{
	if (p == NULL)
		fatalx("nft", "out of memory");
	return p;
}

static void
put_table(struct nft_batch *b, uint8_t family, uint16_t type, uint16_t flags, bool is_awake)
{
	struct nftnl_table *t;
	struct nlmsghdr *h;

	t = need(nftnl_table_alloc());
	nft_sure(nftnl_table_set_str(t, NFTNL_TABLE_NAME, b->table));
	if (is_awake)
		nftnl_table_set_u32(t, NFTNL_TABLE_FLAGS, 0);
	h = nft_message_begin(b, family, type, flags);
	nftnl_table_nlmsg_build_payload(h, t);
	nft_message_end(b, h, "");
	nftnl_table_free(t);
}

void
nft_put_table(struct nft_batch *b, uint8_t family)
{
	put_table(b, family, NFT_MSG_NEWTABLE, NLM_F_CREATE, false);
}

void
nft_put_table_awake(struct nft_batch *b)
{
	put_table(b, NFPROTO_INET, NFT_MSG_NEWTABLE, NLM_F_CREATE, true);
}

void
nft_put_table_delete(struct nft_batch *b, uint8_t family)
{
	put_table(b, family, NFT_MSG_DELTABLE, 0, false);
}

uint32_t
nft_hook_number(uint8_t hook)
{
	static const uint32_t hooks[IR_HOOK_MAX] = {
		[IR_HOOK_PREROUTING] = NF_INET_PRE_ROUTING, [IR_HOOK_INPUT] = NF_INET_LOCAL_IN, [IR_HOOK_FORWARD] = NF_INET_FORWARD,
		[IR_HOOK_OUTPUT] = NF_INET_LOCAL_OUT, [IR_HOOK_POSTROUTING] = NF_INET_POST_ROUTING, [IR_HOOK_BRIDGE_FORWARD] = NF_BR_FORWARD
	};

	return hooks[hook];
}

void
nft_put_chain(struct nft_batch *b, const struct ir_chain *c)
{
	struct nftnl_chain *n;
	struct nlmsghdr *h;

	n = need(nftnl_chain_alloc());
	nft_sure(nftnl_chain_set_str(n, NFTNL_CHAIN_TABLE, b->table));
	nft_sure(nftnl_chain_set_str(n, NFTNL_CHAIN_NAME, c->name));
	if (c->hook != IR_HOOK_NONE) {
		nft_sure(nftnl_chain_set_str(n, NFTNL_CHAIN_TYPE, c->is_nat ? "nat" : "filter"));
		nftnl_chain_set_u32(n, NFTNL_CHAIN_HOOKNUM, nft_hook_number(c->hook));
		nftnl_chain_set_s32(n, NFTNL_CHAIN_PRIO, b->is_beside ? c->priority - 1 : c->priority);
		nftnl_chain_set_u32(n, NFTNL_CHAIN_POLICY, c->drops && !b->is_beside ? NF_DROP : NF_ACCEPT);
	}
	h = nft_message_begin(b, c->family, NFT_MSG_NEWCHAIN, NLM_F_CREATE);
	nftnl_chain_nlmsg_build_payload(h, n);
	nft_message_end(b, h, "");
	nftnl_chain_free(n);
}

void
nft_put_chain_delete(struct nft_batch *b, uint8_t family, const char *name)
{
	struct nftnl_chain *n;
	struct nlmsghdr *h;

	n = need(nftnl_chain_alloc());
	nft_sure(nftnl_chain_set_str(n, NFTNL_CHAIN_TABLE, b->table));
	nft_sure(nftnl_chain_set_str(n, NFTNL_CHAIN_NAME, name));
	h = nft_message_begin(b, family, NFT_MSG_DELCHAIN, 0);
	nftnl_chain_nlmsg_build_payload(h, n);
	nft_message_end(b, h, "");
	nftnl_chain_free(n);
}

/* --- sets */
uint32_t
nft_set_flags(const struct ir_set *s)
{
	uint32_t flags;

	flags = 0;
	if ((s->flags & IR_SET_INTERVAL) != 0)
		flags |= s->nfields > 1 ? NFT_SET_INTERVAL | NFT_SET_CONCAT : NFT_SET_INTERVAL;
	if ((s->flags & IR_SET_VERDICT) != 0)
		flags |= NFT_SET_MAP;
	if ((s->flags & IR_SET_DYNAMIC) != 0)
		flags |= s->timeout_ms != 0 ? NFT_SET_EVAL | NFT_SET_TIMEOUT : NFT_SET_EVAL;
	if ((s->flags & IR_SET_TIMED) != 0)
		flags |= NFT_SET_TIMEOUT;
	return flags;
}

void
nft_put_set(struct nft_batch *b, const struct ir_set *s)
{
	uint8_t lens[IR_CONCAT_MAX], order[2 + sizeof(uint32_t)] = { NFTNL_UDATA_SET_KEYBYTEORDER, sizeof(uint32_t) };
	struct nftnl_set *n;
	struct nlmsghdr *h;
	uint32_t type, host;
	unsigned i;

	for (i = 0, type = 0; i < s->nfields; i++) {
		lens[i] = ir_field_info(s->fields[i])->len;
		type = type << NFT_TYPE_BITS | ir_field_info(s->fields[i])->datatype;
	}
	n = need(nftnl_set_alloc());
	nft_sure(nftnl_set_set_str(n, NFTNL_SET_TABLE, b->table));
	nft_sure(nftnl_set_set_str(n, NFTNL_SET_NAME, s->name));
	nftnl_set_set_u32(n, NFTNL_SET_FAMILY, s->family);
	nftnl_set_set_u32(n, NFTNL_SET_FLAGS, nft_set_flags(s));
	nftnl_set_set_u32(n, NFTNL_SET_KEY_TYPE, type);
	nftnl_set_set_u32(n, NFTNL_SET_KEY_LEN, ir_set_keylen(s));
	/* Interface names are a host's string: nft(8) prints them only when it is told so. */
	host = ir_field_info(s->fields[0])->is_host_order ? NFT_ORDER_HOST : NFT_ORDER_BIG;
	memcpy(order + 2, &host, sizeof(host));
	nft_sure(nftnl_set_set_data(n, NFTNL_SET_USERDATA, order, sizeof(order)));
	/* Each new set of a batch needs its number, or the kernel mixes them up. */
	nftnl_set_set_u32(n, NFTNL_SET_ID, b->n + 1);
	if ((s->flags & IR_SET_VERDICT) != 0) {
		nftnl_set_set_u32(n, NFTNL_SET_DATA_TYPE, NFT_DATA_VERDICT);
		nftnl_set_set_u32(n, NFTNL_SET_DATA_LEN, 0);
	}
	/* A new element gets one like it. */
	if ((s->flags & IR_SET_COUNTED) != 0)
		nftnl_set_add_expr(n, need(nftnl_expr_alloc("counter")));
	if ((s->flags & IR_SET_INTERVAL) != 0 && s->nfields > 1)
		nft_sure(nftnl_set_set_data(n, NFTNL_SET_DESC_CONCAT, lens, s->nfields));
	/* Of a size that is known the kernel makes a table that need not grow; an interval may count as two.  The parent dumps none of those. */
	if (s->list != NULL)
		nftnl_set_set_u32(n, NFTNL_SET_DESC_SIZE, s->list->n * 2 + 1);
	if ((s->flags & IR_SET_DYNAMIC) != 0) {
		nftnl_set_set_u32(n, NFTNL_SET_DESC_SIZE, s->size);
		if (s->timeout_ms != 0)
			nftnl_set_set_u64(n, NFTNL_SET_TIMEOUT, s->timeout_ms);
	}
	/* What is in a list is known by its name: never add to one that is there. */
	h = nft_message_begin(b, s->family, NFT_MSG_NEWSET, s->list != NULL ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE);
	nftnl_set_nlmsg_build_payload(h, n);
	nft_message_end(b, h, s->path);
	nftnl_set_free(n);
}

void
nft_put_set_delete(struct nft_batch *b, uint8_t family, const char *name)
{
	struct nftnl_set *n;
	struct nlmsghdr *h;

	n = need(nftnl_set_alloc());
	nft_sure(nftnl_set_set_str(n, NFTNL_SET_TABLE, b->table));
	nft_sure(nftnl_set_set_str(n, NFTNL_SET_NAME, name));
	h = nft_message_begin(b, family, NFT_MSG_DELSET, 0);
	nftnl_set_nlmsg_build_payload(h, n);
	nft_message_end(b, h, "");
	nftnl_set_free(n);
}

/* The comment that nft(8) shows, and by which a rule is known again; elements and rules have it alike. */
#define COMMENT_MAX	(NFTNL_UDATA_COMMENT_MAXLEN + 2)

static uint16_t
make_comment(uint8_t ret[COMMENT_MAX], const char *id)
{
	size_t len = strlen(id) + 1;

	if (len > NFTNL_UDATA_COMMENT_MAXLEN)
		fatalx("nft", "the id \"%s\" is too long", id);
	ret[0] = NFTNL_UDATA_RULE_COMMENT;
	ret[1] = (uint8_t)len;
	memcpy(ret + 2, id, len);
	return (uint16_t)(len + 2);
}

/* An element as it is put: what it does is none when it is taken out. */
struct put {
	const uint8_t		*key;
	const uint8_t		*last;
	unsigned		 len;
	bool			 is_end;
	const char		*chain;
	struct ir_rule		*rule;
	uint64_t		 left_ms;
};

static void
put_value(struct nlmsghdr *h, uint16_t type, const uint8_t *value, unsigned len)
{
	struct nlattr *nest = mnl_attr_nest_start(h, type);

	mnl_attr_put(h, NFTA_DATA_VALUE, len, value);
	mnl_attr_nest_end(h, nest);
}

static void
put_verdict(struct nlmsghdr *h, uint32_t code, const char *chain)
{
	struct nlattr *data = mnl_attr_nest_start(h, NFTA_SET_ELEM_DATA), *verdict = mnl_attr_nest_start(h, NFTA_DATA_VERDICT);

	mnl_attr_put_u32(h, NFTA_VERDICT_CODE, htonl(code));
	if (chain != NULL)
		mnl_attr_put_strz(h, NFTA_VERDICT_CHAIN, chain);
	mnl_attr_nest_end(h, verdict);
	mnl_attr_nest_end(h, data);
}

/* Its set gives an element a counter; it is told only where it does not begin at 0, and to one element of the rule. */
static void
put_counter(struct nlmsghdr *h, struct ir_rule *r)
{
	struct nlattr *expr, *data;

	if (r->packets == 0 && r->bytes == 0)
		return;
	expr = mnl_attr_nest_start(h, NFTA_SET_ELEM_EXPR);
	mnl_attr_put_strz(h, NFTA_EXPR_NAME, "counter");
	data = mnl_attr_nest_start(h, NFTA_EXPR_DATA);
	mnl_attr_put_u64(h, NFTA_COUNTER_BYTES, htobe64(r->bytes));
	mnl_attr_put_u64(h, NFTA_COUNTER_PACKETS, htobe64(r->packets));
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, expr);
	r->packets = r->bytes = 0;
}

/* By hand: libnftnl takes as long for an element as the kernel does. */
static void
put_elem(struct nlmsghdr *h, const struct put *p)
{
	struct nlattr *nest = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	uint8_t comment[COMMENT_MAX];

	if (p->is_end)
		mnl_attr_put_u32(h, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	if (p->left_ms != 0)
		mnl_attr_put_u64(h, NFTA_SET_ELEM_TIMEOUT, htobe64(p->left_ms));
	put_value(h, NFTA_SET_ELEM_KEY, p->key, p->len);
	if (p->last != NULL)
		put_value(h, NFTA_SET_ELEM_KEY_END, p->last, p->len);
	if (p->rule != NULL) {
		put_verdict(h, p->rule->stmts[p->rule->n - 1].kind == IR_ACCEPT ? NF_ACCEPT : NF_DROP, NULL);
		mnl_attr_put(h, NFTA_SET_ELEM_USERDATA, make_comment(comment, p->rule->origin->id), comment);
		put_counter(h, p->rule);
	} else if (p->chain != NULL) {
		put_verdict(h, (uint32_t)NFT_JUMP, p->chain);
	}
	mnl_attr_nest_end(h, nest);
}

/* An interval is its first value and, marked as end, the first one after it; the last value of all has nothing after it. */
static void
put_interval(struct nlmsghdr *h, const struct put *p, const uint8_t *last)
{
	uint8_t after[IR_VALUE_MAX];
	unsigned i;

	put_elem(h, p);
	memcpy(after, last, p->len);
	for (i = p->len; i > 0 && ++after[i - 1] == 0; i--)
		;
	if (i > 0)
		put_elem(h, &(struct put){ .key = after, .len = p->len, .is_end = true });
}

/* How long an element has still to live; 0: for ever.  false: it has ended, or ends before what is stored is read. */
static bool
time_left(const struct nft_batch *b, const struct ir_elem *e, uint64_t now_ms, uint64_t *ret)
{
	*ret = e->expires_ms > now_ms ? e->expires_ms - now_ms : 0;
	return e->expires_ms == 0 || (*ret > 0 && !b->is_stored);
}

void
nft_put_elems(struct nft_batch *b, const struct ir_set *s, const struct ir_elem *const *elems, uint32_t n, bool is_delete)
{
	bool is_interval = (s->flags & IR_SET_INTERVAL) != 0;
	struct put p = { .len = ir_set_keylen(s) };
	uint64_t now_ms = clock_mono_ms();
	struct nlattr *list;
	struct nlmsghdr *h;
	uint32_t i, at, put;

	for (at = 0; at < n; at = i) {
		h = nft_message_begin(b, s->family, is_delete ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM, is_delete ? 0 : NLM_F_CREATE);
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, b->table);
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, s->name);
		list = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (i = at, put = 0; i < n && (const char *)mnl_nlmsg_get_payload_tail(h) - (const char *)list < ELEMS_BYTES; i++) {
			p.key = elems[i]->lo;
			if (!is_delete) {
				if (!time_left(b, elems[i], now_ms, &p.left_ms))
					continue;
				p.chain = elems[i]->chain;
				p.rule = b->is_expanded ? NULL : elems[i]->rule;
			}
			if (p.rule != NULL)
				note_part(b, b->out.len + h->nlmsg_len, p.rule->origin->path);
			p.last = is_interval && s->nfields > 1 ? elems[i]->hi : NULL;
			put++;
			if (is_interval && s->nfields == 1)
				put_interval(h, &p, elems[i]->hi);
			else
				put_elem(h, &p);
		}
		mnl_attr_nest_end(h, list);
		if (put > 0)
			nft_message_end(b, h, s->path);
	}
}

static void
put_all_elems(struct nft_batch *b, const struct ir_set *s)
{
	const struct ir_elem *elems[ELEMS_PER_MESSAGE];
	uint32_t i, at;

	for (at = 0; at < s->n; at = i) {
		for (i = at; i < s->n && i - at < ELEMS_PER_MESSAGE; i++)
			elems[i - at] = &s->elems[i];
		nft_put_elems(b, s, elems, i - at, false);
	}
}

/* --- rules */

static void
set_comment(struct nftnl_rule *n, const char *id)
{
	uint8_t data[COMMENT_MAX];

	nft_sure(nftnl_rule_set_data(n, NFTNL_RULE_USERDATA, data, make_comment(data, id)));
}

static void
note_rule(struct nft_batch *b, struct ir_rule *r)
{
	if (b->n_rules == b->cap_rules) {
		b->cap_rules = b->cap_rules == 0 ? 64 : b->cap_rules * 2;
		b->rules = mem_resize(b->rules, b->cap_rules, sizeof(*b->rules));
	}
	b->rules[b->n_rules++] = r;
}

static bool
has_reference(const struct ir_rule *r)
{
	unsigned i;

	for (i = 0; i < r->n && r->stmts[i].kind != IR_SET_HELPER && r->stmts[i].kind != IR_SET_TIMEOUT; i++)
		;
	return i < r->n;
}

void
nft_put_rule(struct nft_batch *b, struct ir_rule *r, enum nft_place place, uint64_t handle)
{
	struct nftnl_rule *n;
	struct nlmsghdr *h;
	uint16_t flags;

	flags = NLM_F_CREATE;
	n = need(nftnl_rule_alloc());
	nft_sure(nftnl_rule_set_str(n, NFTNL_RULE_TABLE, b->table));
	nft_sure(nftnl_rule_set_str(n, NFTNL_RULE_CHAIN, r->chain->name));
	switch (place) {
	case NFT_APPEND:
		flags = NLM_F_CREATE | NLM_F_APPEND;
		break;
	case NFT_BEFORE:
		nftnl_rule_set_u64(n, NFTNL_RULE_POSITION, handle);
		break;
	case NFT_REPLACE:
		flags = NLM_F_REPLACE;
		nftnl_rule_set_u64(n, NFTNL_RULE_HANDLE, handle);
		break;
	}
	set_comment(n, r->origin->id);
	nft_expr_put(n, r, b->is_beside);
	h = nft_message_begin(b, r->chain->family, NFT_MSG_NEWRULE, flags);
	nftnl_rule_nlmsg_build_payload(h, n);
	if (has_reference(r))
		nft_references_end(h);
	nft_message_end(b, h, r->origin->path);
	if (!b->is_beside)
		note_rule(b, r);
	nftnl_rule_free(n);
}

void
nft_put_rule_delete(struct nft_batch *b, uint8_t family, const char *chain, uint64_t handle, const char *path)
{
	struct nftnl_rule *n;
	struct nlmsghdr *h;

	n = need(nftnl_rule_alloc());
	nft_sure(nftnl_rule_set_str(n, NFTNL_RULE_TABLE, b->table));
	nft_sure(nftnl_rule_set_str(n, NFTNL_RULE_CHAIN, chain));
	if (handle != 0)
		nftnl_rule_set_u64(n, NFTNL_RULE_HANDLE, handle);
	h = nft_message_begin(b, family, NFT_MSG_DELRULE, 0);
	nftnl_rule_nlmsg_build_payload(h, n);
	nft_message_end(b, h, path);
	nftnl_rule_free(n);
}

/* A base chain that lets through what it does not know, and the rule at its end that does not: it lets packets through while it comes and goes. */
static void
put_end(struct nft_batch *b, const struct ir_chain *c)
{
	struct ir_stmt drop = { .kind = IR_DROP };
	struct ir_origin origin = { .id = "beside:drop", .path = "/firewall" };
	struct ir_rule rule = { .chain = (struct ir_chain *)(uintptr_t)c, .origin = &origin, .n = 1, .stmts = &drop };

	if (c->hook != IR_HOOK_NONE && c->drops)
		nft_put_rule(b, &rule, NFT_APPEND, 0);
}

/* What judges beside another policy has no table bridge: frames have no ways there. */
static bool
has_family(const struct nft_batch *b, uint8_t family)
{
	return b->family != 0 ? b->family == family : !b->is_beside || family == NFPROTO_INET;
}

static bool
is_put(const struct nft_batch *b, const struct ir_chain *c)
{
	return has_family(b, c->family) && (!b->is_beside || !c->is_nat);
}

/*
 * Only judged, or expanded: there is nothing to hand on.  Stored it would be for links that may not be there when it is read, and a flowtable of a link
 * that is missing is refused with all else.
 */
static bool
has_flowtable(const struct nft_batch *b, const struct ir *ir)
{
	return ir->flowtable != NULL && !b->is_beside && !b->is_stored && !b->is_expanded;
}

static void
put_rules(struct nft_batch *b, const struct ir *ir, const struct ir_chain *c)
{
	struct ir_rule *r;

	for (r = c->first; r != NULL; r = r->next)
		if (!ir_rule_is_flow(r) || has_flowtable(b, ir))
			nft_put_rule(b, r, NFT_APPEND, 0);
}

void
nft_put_contents(struct nft_batch *b, const struct ir *ir, bool has_lists)
{
	const struct ir_object *o;
	const struct ir_chain *c;
	const struct ir_set *s;

	if (has_flowtable(b, ir))
		nft_put_flowtable(b, ir->flowtable);
	for (o = ir->objects; o != NULL && !b->is_beside && has_family(b, NFPROTO_INET); o = o->next)
		nft_put_object(b, o);
	for (c = ir->chains; c != NULL; c = c->next)
		if (is_put(b, c))
			nft_put_chain(b, c);
	for (c = ir->inline_chains; b->is_expanded && c != NULL; c = c->next)
		nft_put_chain(b, c);
	for (s = ir->sets; s != NULL; s = s->next) {
		if ((s->list != NULL && !has_lists) || !has_family(b, s->family))
			continue;
		nft_put_set(b, s);
		if (s->list != NULL)
			nft_put_list(b, s, 0, s->list->n);
		else
			put_all_elems(b, s);
	}
	for (c = ir->chains; c != NULL; c = c->next) {
		if (!is_put(b, c))
			continue;
		put_rules(b, ir, c);
		if (b->is_beside)
			put_end(b, c);
	}
	for (c = ir->inline_chains; b->is_expanded && c != NULL; c = c->next)
		nft_put_rule(b, c->first, NFT_APPEND, 0);
}

void
nft_put_table_anew(struct nft_batch *b, uint8_t family)
{
	/* Created first, so that deleting it never fails. */
	nft_put_table(b, family);
	nft_put_table_delete(b, family);
	nft_put_table(b, family);
}

void
nft_put_all(struct nft_batch *b, const struct ir *ir)
{
	if (has_family(b, NFPROTO_INET))
		nft_put_table_anew(b, NFPROTO_INET);
	if (ir->has_bridge && has_family(b, NFPROTO_BRIDGE))
		nft_put_table_anew(b, NFPROTO_BRIDGE);
	nft_put_contents(b, ir, true);
}
