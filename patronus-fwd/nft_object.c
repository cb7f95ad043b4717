/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "nft_encode.h"
#include "nft_object.h"
#include "nft_read.h"

uint32_t
nft_object_type(const struct ir_object *o)
{
	return o->kind == IR_OBJECT_HELPER ? NFT_OBJECT_CT_HELPER : NFT_OBJECT_CT_TIMEOUT;
}

static void
put_head(struct nlmsghdr *h, const struct nft_batch *b, const struct ir_object *o)
{
	mnl_attr_put_strz(h, NFTA_OBJ_TABLE, b->table);
	mnl_attr_put_strz(h, NFTA_OBJ_NAME, o->name);
	mnl_attr_put_u32(h, NFTA_OBJ_TYPE, htonl(nft_object_type(o)));
}

/* For the families that the kernel has it for. */
static void
put_helper(struct nlmsghdr *h, const struct ir_object *o)
{
	mnl_attr_put_strz(h, NFTA_CT_HELPER_NAME, o->helper);
	mnl_attr_put_u8(h, NFTA_CT_HELPER_L4PROTO, o->protocol);
}

static void
put_timeout(struct nlmsghdr *h, const struct ir_object *o)
{
	struct nlattr *times;
	uint16_t i;

	mnl_attr_put_u16(h, NFTA_CT_TIMEOUT_L3PROTO, htons(NFPROTO_INET));
	mnl_attr_put_u8(h, NFTA_CT_TIMEOUT_L4PROTO, o->protocol);
	times = mnl_attr_nest_start(h, NFTA_CT_TIMEOUT_DATA);
	for (i = 0; i < IR_TIMEOUTS_MAX; i++)
		if (o->seconds[i] != 0)
			mnl_attr_put_u32(h, i, htonl(o->seconds[i]));
	mnl_attr_nest_end(h, times);
}

void
nft_put_object(struct nft_batch *b, const struct ir_object *o)
{
	struct nlmsghdr *h = nft_message_begin(b, NFPROTO_INET, NFT_MSG_NEWOBJ, NLM_F_CREATE);
	struct nlattr *data;

	put_head(h, b, o);
	data = mnl_attr_nest_start(h, NFTA_OBJ_DATA);
	if (o->kind == IR_OBJECT_HELPER)
		put_helper(h, o);
	else
		put_timeout(h, o);
	mnl_attr_nest_end(h, data);
	nft_message_end(b, h, o->path);
}

void
nft_put_object_delete(struct nft_batch *b, const struct ir_object *o)
{
	struct nlmsghdr *h = nft_message_begin(b, NFPROTO_INET, NFT_MSG_DELOBJ, 0);

	put_head(h, b, o);
	nft_message_end(b, h, "");
}

/* --- references */
/* The attribute itself when it lies before the end, else NULL. */
static struct nlattr *
attr_ok(struct nlattr *a, const void *end)
{
	return mnl_attr_ok(a, (int)((const char *)end - (const char *)a)) ? a : NULL;
}

/* The first of that type from a on. */
static struct nlattr *
attr_find(struct nlattr *a, const void *end, uint16_t type)
{
	for (a = attr_ok(a, end); a != NULL && mnl_attr_get_type(a) != type; a = attr_ok(mnl_attr_next(a), end))
		;
	return a;
}

static struct nlattr *
attr_in(struct nlattr *nest, uint16_t type)
{
	return nest == NULL ? NULL : attr_find(mnl_attr_get_payload(nest), (const char *)nest + nest->nla_len, type);
}

/* Everything behind the name moves by four bytes when no byte of padding is free; outer are the nests around it. */
static void
end_name(struct nlmsghdr *h, struct nlattr *name, struct nlattr *const outer[3])
{
	uint8_t *end = (uint8_t *)name + name->nla_len;
	unsigned i;

	if (name->nla_len % MNL_ALIGNTO == 0) {
		memmove(end + MNL_ALIGNTO, end, (size_t)((uint8_t *)h + h->nlmsg_len - end));
		for (i = 0; i < 3; i++)
			outer[i]->nla_len = (uint16_t)(outer[i]->nla_len + MNL_ALIGNTO);
		h->nlmsg_len += MNL_ALIGNTO;
	}
	*end = '\0';
	name->nla_len++;
}

void
nft_references_end(struct nlmsghdr *h)
{
	struct nlattr *exprs, *a, *data, *name;

	exprs = attr_find(mnl_nlmsg_get_payload_offset(h, sizeof(struct nfgenmsg)), mnl_nlmsg_get_payload_tail(h), NFTA_RULE_EXPRESSIONS);
	for (a = attr_in(exprs, NFTA_LIST_ELEM); a != NULL; a = attr_ok(mnl_attr_next(a), (const char *)exprs + exprs->nla_len)) {
		name = attr_in(a, NFTA_EXPR_NAME);
		data = name != NULL && strcmp(mnl_attr_get_str(name), "objref") == 0 ? attr_in(a, NFTA_EXPR_DATA) : NULL;
		name = attr_in(data, NFTA_OBJREF_IMM_NAME);
		if (name != NULL)
			end_name(h, name, (struct nlattr *[]){ exprs, a, data });
	}
}

/* --- reading back */
static bool
has_u8(struct nl_reader r, uint16_t type, uint8_t value)
{
	struct nl_attr a;

	return nlattr_find(r, type, &a) && a.len == 1 && a.data[0] == value;
}

static bool
has_times(struct nl_reader r, const struct ir_object *o)
{
	struct nl_reader times;
	struct nl_attr a, time;
	uint16_t i;

	if (!nlattr_find(r, NFTA_CT_TIMEOUT_DATA, &a))
		return false;
	for (i = 0; i < IR_TIMEOUTS_MAX; i++) {
		nlattr_reader_nested(&times, &a);
		if (o->seconds[i] != 0 && (!nlattr_find(times, i, &time) || nlattr_be32(&time) != o->seconds[i]))
			return false;
	}
	return true;
}

bool
nft_object_is(const struct nft_message *m, const struct ir_object *o)
{
	struct nl_reader r;
	struct nl_attr type, data, name;

	if (!nlattr_find(m->attrs, NFTA_OBJ_TYPE, &type) || nlattr_be32(&type) != nft_object_type(o) || !nlattr_find(m->attrs, NFTA_OBJ_DATA, &data))
		return false;
	nlattr_reader_nested(&r, &data);
	if (o->kind == IR_OBJECT_HELPER)
		return nlattr_find(r, NFTA_CT_HELPER_NAME, &name) && nlattr_str(&name) != NULL && strcmp(nlattr_str(&name), o->helper) == 0 &&
		    has_u8(r, NFTA_CT_HELPER_L4PROTO, o->protocol);
	return has_u8(r, NFTA_CT_TIMEOUT_L4PROTO, o->protocol) && has_times(r, o);
}
