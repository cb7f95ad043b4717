/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_NFT_OBJECT_H
#define PATRONUS_FWD_NFT_OBJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "ir_object.h"

/* Named objects as nf_tables messages: NFT_MSG_NEWOBJ of the types "ct helper" and "ct timeout" (net/netfilter/nft_ct.c). */

struct nft_batch;
struct nlmsghdr;
struct nft_message;

/* The kernel's type, for references. */
uint32_t nft_object_type(const struct ir_object *);
void	 nft_put_object(struct nft_batch *, const struct ir_object *);
void	 nft_put_object_delete(struct nft_batch *, const struct ir_object *);
/*
 * libnftnl leaves the NUL of a reference out; the kernel's messages have it, and the parent lets nothing through without.  h is of a rule, in a buffer with
 * room for four bytes more for each reference.
 */
void	 nft_references_end(struct nlmsghdr *h);
/* Is what the kernel tells of an object of this name the same?  Times that were left to the kernel are not looked at. */
bool	 nft_object_is(const struct nft_message *, const struct ir_object *);

#endif
