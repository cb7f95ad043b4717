/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_NET_NFTEXPR_H
#define PATRONUS_NET_NFTEXPR_H

#include "net/policy.h"

/* Policies of nf_tables expressions and data: the part of nftwalk that grows with the features of fwd. */

extern const struct policy	nftexpr_policy;		/* one expression: NFTA_EXPR_NAME, NFTA_EXPR_DATA */
extern const struct policy	nftexpr_state_policy;	/* the same for expressions that live in set elements */
extern const struct policy	nftexpr_data_policy;	/* NFTA_DATA_VALUE or NFTA_DATA_VERDICT */
extern const struct policy	nftexpr_counter_policy;

/* What the data of an expression may be, by the kernel's name of it; NULL when it is refused. */
const struct policy	*nftexpr_by_name(const char *);

#endif
