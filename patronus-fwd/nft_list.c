/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "addrlist.h"
#include "nft_encode.h"

/*
 * A list as messages.  Its elements differ in their keys alone, so the bytes of one are written once and copied: a million objects of
 * libnftnl would take longer than the kernel does.
 */

#define LIST_BYTES	(60u << 10)	/* of a message: the length of a nest has 16 bits */
#define ELEM_MAX	64
#define KEY_MAX		16

struct form {
	uint8_t		bytes[ELEM_MAX];
	uint32_t	len;		/* the key is at its end */
};

static void
form_make(struct form *f, unsigned len, bool is_end)
{
	uint8_t space[NLMSG_HDRLEN + ELEM_MAX] __attribute__((aligned(4))) = { 0 };
	static const uint8_t key[KEY_MAX];
	struct nlattr *elem, *nest;
	struct nlmsghdr *h;

	h = mnl_nlmsg_put_header(space);
	elem = mnl_attr_nest_start(h, NFTA_LIST_ELEM);
	if (is_end)
		mnl_attr_put_u32(h, NFTA_SET_ELEM_FLAGS, htonl(NFT_SET_ELEM_INTERVAL_END));
	nest = mnl_attr_nest_start(h, NFTA_SET_ELEM_KEY);
	mnl_attr_put(h, NFTA_DATA_VALUE, len, key);
	mnl_attr_nest_end(h, nest);
	mnl_attr_nest_end(h, elem);
	f->len = elem->nla_len;
	memcpy(f->bytes, elem, f->len);
}

static void
put(struct nlmsghdr *h, const struct form *f, const uint8_t *key, unsigned len)
{
	uint8_t *at = mnl_nlmsg_get_payload_tail(h);

	memcpy(at, f->bytes, f->len);
	memcpy(at + f->len - len, key, len);
	h->nlmsg_len += f->len;
}

void
nft_put_list(struct nft_batch *b, const struct ir_set *s, uint32_t at, uint32_t n)
{
	const struct addrlist *l = s->list;
	struct form first, behind;
	struct nlattr *nest;
	struct nlmsghdr *h;
	uint8_t after[KEY_MAX];
	uint32_t end;

	form_make(&first, l->len, false);
	form_make(&behind, l->len, true);
	for (end = at + n; at < end;) {
		h = nft_message_begin(b, s->family, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_TABLE, b->table);
		mnl_attr_put_strz(h, NFTA_SET_ELEM_LIST_SET, s->name);
		nest = mnl_attr_nest_start(h, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (; at < end && (const char *)mnl_nlmsg_get_payload_tail(h) - (const char *)nest < LIST_BYTES; at++) {
			put(h, &first, addrlist_first(l, at), l->len);
			if (l->has_ranges && addrlist_after(after, addrlist_last(l, at), l->len))
				put(h, &behind, after, l->len);
		}
		mnl_attr_nest_end(h, nest);
		nft_message_end(b, h, s->path);
	}
}

size_t
nft_list_size(const struct ir_set *s)
{
	struct form first, behind;

	form_make(&first, s->list->len, false);
	form_make(&behind, s->list->len, true);
	return (size_t)s->list->n * (s->list->has_ranges ? first.len + behind.len : first.len);
}
