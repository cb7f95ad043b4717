/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_NFT_EXPR_H
#define PATRONUS_FWD_NFT_EXPR_H

#include "ir.h"

struct nftnl_rule;

/* Append the kernel's expressions for a rule; judges_only: of what it asks and decides alone. */
void	 nft_expr_put(struct nftnl_rule *, const struct ir_rule *, bool judges_only);
/*
 * Of what libnftnl says of an attribute that it copies: without memory it leaves the attribute out, and the kernel takes the deletion of a rule that
 * names no chain as that of all rules (nf_tables_delrule()).  Ends the process instead.
 */
void	 nft_sure(int result);

#endif
