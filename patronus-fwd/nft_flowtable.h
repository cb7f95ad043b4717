/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_NFT_FLOWTABLE_H
#define PATRONUS_FWD_NFT_FLOWTABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "ir_flowtable.h"

/* Flowtables as nf_tables messages (net/netfilter/nf_tables_api.c): of table inet, at the ingress hook of their devices, with connections counted. */

struct nft_batch;
struct nft_message;

void	 nft_put_flowtable(struct nft_batch *, const struct ir_flowtable *);
void	 nft_put_flowtable_delete(struct nft_batch *, const char *name);
/* Its name and whether cards do it; false: the message is about something else. */
bool	 nft_read_flowtable(const struct nft_message *, const char **ret_name, bool *ret_hardware);
/* What is different of it in the kernel; NULL: nothing. */
const char *nft_flowtable_difference(const struct nft_message *, const struct ir_flowtable *);

#endif
