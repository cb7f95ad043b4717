/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <stdlib.h>
#include <string.h>

#include "ir_list.h"
#include "mem.h"
#include "nft_read.h"

#define KEY_MAX		16
#define NAME_SIZE	256

/* An element of an interval set: where an interval begins, or the first key behind it. */
struct edge {
	uint8_t	key[KEY_MAX];
	bool	is_end;
};

struct edges {
	struct edge	*items;
	uint32_t	 n;
	uint32_t	 cap;
};

static int
edge_order(const void *a, const void *b)
{
	const struct edge *x = a, *y = b;
	int r = memcmp(x->key, y->key, KEY_MAX);

	return r != 0 ? r : (int)y->is_end - (int)x->is_end;
}

static bool
next_message(struct nl_reader *r, enum nft_object object, struct nft_message *ret)
{
	struct nl_msg m;

	while (nlmsg_next(r, &m) == 1)
		if (nft_read(&m, ret) && ret->is_ours && !ret->is_delete && ret->object == object && ret->family == NFPROTO_INET)
			return true;
	return false;
}

static void
read_edge(struct edges *e, const struct nl_attr *elem, unsigned len)
{
	struct nl_reader attrs, key;
	struct nl_attr a, value;

	nlattr_reader_nested(&attrs, elem);
	if (!nlattr_find(attrs, NFTA_SET_ELEM_KEY, &a))
		return;
	nlattr_reader_nested(&key, &a);
	if (!nlattr_find(key, NFTA_DATA_VALUE, &value) || value.len != len)
		return;
	if (e->n == e->cap) {
		e->cap = e->cap == 0 ? 64 : e->cap * 2;
		e->items = mem_resize(e->items, e->cap, sizeof(*e->items));
	}
	memset(&e->items[e->n], 0, sizeof(*e->items));
	memcpy(e->items[e->n].key, value.data, len);
	e->items[e->n++].is_end = nlattr_find(attrs, NFTA_SET_ELEM_FLAGS, &a) && (nlattr_be32(&a) & NFT_SET_ELEM_INTERVAL_END) != 0;
}

static struct addrlist *
list_of(struct edges *e, unsigned len)
{
	uint8_t last[KEY_MAX];
	struct addrlist_draft d;
	uint32_t i;

	addrlist_draft_init(&d, (uint8_t)len);
	if (e->n > 0)
		qsort(e->items, e->n, sizeof(*e->items), edge_order);
	for (i = 0; i < e->n; i++) {
		if (e->items[i].is_end)
			continue;
		/* An interval up to the last key of all has no end. */
		memset(last, 0xff, sizeof(last));
		if (i + 1 < e->n)
			(void)addrlist_before(last, e->items[i + 1].key, len);
		addrlist_draft_add(&d, e->items[i].key, last);
	}
	return addrlist_make(&d);
}

/* What the kernel has in an interval set. */
static struct addrlist *
read_set(struct nl_reader r, const char *name, unsigned len)
{
	struct edges e = { NULL, 0, 0 };
	struct nl_reader items;
	struct nft_message m;
	struct nl_attr a, elem;
	struct addrlist *l;
	const char *set;

	while (next_message(&r, NFT_OBJECT_ELEMS, &m)) {
		set = nft_read_text(&m, NFTA_SET_ELEM_LIST_SET);
		if (set == NULL || strcmp(set, name) != 0 || !nlattr_find(m.attrs, NFTA_SET_ELEM_LIST_ELEMENTS, &a))
			continue;
		nlattr_reader_nested(&items, &a);
		while (nlattr_next(&items, &elem) == 1)
			read_edge(&e, &elem, len);
	}
	l = list_of(&e, len);
	free(e.items);
	return l;
}

static bool
is_there(struct nl_reader r, const char *name)
{
	struct nft_message m;
	const char *set;

	while (next_message(&r, NFT_OBJECT_SET, &m)) {
		set = nft_read_text(&m, NFTA_SET_NAME);
		if (set != NULL && strcmp(set, name) == 0)
			return true;
	}
	return false;
}

/* What is wanted, without what was added since the base was loaded, and with what was taken away. */
static void
adopt(struct ir *ir, struct ir_list *l, struct nl_reader sets, struct nl_reader elems)
{
	unsigned len = l->wanted->len;
	struct addrlist *more = read_set(elems, l->more->name, len), *less = read_set(elems, l->less->name, len);
	struct addrlist *rest = addrlist_minus(l->wanted, more, UINT32_MAX), *base = addrlist_plus(rest, less);
	char name[NAME_SIZE];
	uint32_t salt;

	for (salt = 0; salt < IR_LIST_SALTS; salt++)
		if (is_there(sets, ir_list_base_name(l, base, salt, name, sizeof(name))))
			break;
	if (salt < IR_LIST_SALTS)
		(void)ir_list_place_on(ir, l, base, salt);
	addrlist_unref(more);
	addrlist_unref(less);
	addrlist_unref(rest);
	addrlist_unref(base);
}

void
ir_lists_adopt(struct ir *ir, const uint8_t *sets, size_t sets_len, const uint8_t *elems, size_t elems_len)
{
	struct nl_reader s, e;
	struct ir_list *l;

	if (ir->lists == NULL)
		return;
	nlmsg_reader_init(&s, sets, sets_len);
	nlmsg_reader_init(&e, elems, elems_len);
	for (l = ir->lists; l != NULL; l = l->next)
		adopt(ir, l, s, e);
	ir_rehash(ir);
}
