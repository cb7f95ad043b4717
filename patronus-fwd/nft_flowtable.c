/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <string.h>

#include <libmnl/libmnl.h>

#include "nft_encode.h"
#include "nft_flowtable.h"
#include "nft_read.h"

/* Connections in it are counted on, as far as they are counted at all. */
static uint32_t
flags_of(const struct ir_flowtable *t)
{
	return NFT_FLOWTABLE_COUNTER | (t->is_hardware ? NFT_FLOWTABLE_HW_OFFLOAD : 0);
}

void
nft_put_flowtable(struct nft_batch *b, const struct ir_flowtable *t)
{
	struct nlmsghdr *h = nft_message_begin(b, NFPROTO_INET, NFT_MSG_NEWFLOWTABLE, NLM_F_CREATE);
	struct nlattr *hook, *devices;
	uint32_t i;

	mnl_attr_put_strz(h, NFTA_FLOWTABLE_TABLE, b->table);
	mnl_attr_put_strz(h, NFTA_FLOWTABLE_NAME, t->name);
	hook = mnl_attr_nest_start(h, NFTA_FLOWTABLE_HOOK);
	mnl_attr_put_u32(h, NFTA_FLOWTABLE_HOOK_NUM, htonl(NF_NETDEV_INGRESS));
	mnl_attr_put_u32(h, NFTA_FLOWTABLE_HOOK_PRIORITY, 0);
	devices = mnl_attr_nest_start(h, NFTA_FLOWTABLE_HOOK_DEVS);
	for (i = 0; i < t->n; i++)
		mnl_attr_put_strz(h, NFTA_DEVICE_NAME, t->devices[i]);
	mnl_attr_nest_end(h, devices);
	mnl_attr_nest_end(h, hook);
	mnl_attr_put_u32(h, NFTA_FLOWTABLE_FLAGS, htonl(flags_of(t)));
	nft_message_end(b, h, IR_OFFLOAD_PATH);
}

void
nft_put_flowtable_delete(struct nft_batch *b, const char *name)
{
	struct nlmsghdr *h = nft_message_begin(b, NFPROTO_INET, NFT_MSG_DELFLOWTABLE, 0);

	mnl_attr_put_strz(h, NFTA_FLOWTABLE_TABLE, b->table);
	mnl_attr_put_strz(h, NFTA_FLOWTABLE_NAME, name);
	nft_message_end(b, h, IR_OFFLOAD_PATH);
}

/* --- reading back */
bool
nft_read_flowtable(const struct nft_message *m, const char **ret_name, bool *ret_hardware)
{
	struct nl_attr flags;

	if (m->object != NFT_OBJECT_FLOWTABLE)
		return false;
	*ret_name = nft_read_text(m, NFTA_FLOWTABLE_NAME);
	*ret_hardware = nlattr_find(m->attrs, NFTA_FLOWTABLE_FLAGS, &flags) && (nlattr_be32(&flags) & NFT_FLOWTABLE_HW_OFFLOAD) != 0;
	return *ret_name != NULL;
}

static bool
has_device(const struct ir_flowtable *t, const char *name)
{
	uint32_t i;

	for (i = 0; i < t->n && strcmp(t->devices[i], name) != 0; i++)
		;
	return i < t->n;
}

/* A device is in it once. */
static bool
same_devices(struct nl_reader hook, const struct ir_flowtable *t)
{
	struct nl_reader r;
	struct nl_attr list, device;
	uint32_t n = 0;

	if (!nlattr_find(hook, NFTA_FLOWTABLE_HOOK_DEVS, &list))
		return t->n == 0;
	nlattr_reader_nested(&r, &list);
	while (nlattr_next(&r, &device) == 1)
		if (device.type == NFTA_DEVICE_NAME && (nlattr_str(&device) == NULL || !has_device(t, nlattr_str(&device)) || ++n > t->n))
			return false;
	return n == t->n;
}

const char *
nft_flowtable_difference(const struct nft_message *m, const struct ir_flowtable *t)
{
	struct nl_reader hook;
	struct nl_attr flags, a, number, priority;

	if (!nlattr_find(m->attrs, NFTA_FLOWTABLE_FLAGS, &flags) || nlattr_be32(&flags) != flags_of(t))
		return "its flags are others";
	if (!nlattr_find(m->attrs, NFTA_FLOWTABLE_HOOK, &a))
		return "it has no hook";
	nlattr_reader_nested(&hook, &a);
	if (!nlattr_find(hook, NFTA_FLOWTABLE_HOOK_NUM, &number) || nlattr_be32(&number) != NF_NETDEV_INGRESS ||
	    !nlattr_find(hook, NFTA_FLOWTABLE_HOOK_PRIORITY, &priority) || nlattr_be32(&priority) != 0)
		return "its hook or priority is another";
	return same_devices(hook, t) ? NULL : "its devices are others";
}
