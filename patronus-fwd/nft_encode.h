/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_NFT_ENCODE_H
#define PATRONUS_FWD_NFT_ENCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#include "ir.h"

/*
 * The intermediate form as nf_tables messages, for NFT_BATCH: without the messages that begin and end a batch, which the parent adds.
 * The paths tell which part of the configuration each message comes from, since the kernel answers by the number of the message.
 */

#define NFT_TABLE	"patronus"

struct nlmsghdr;

/* From this byte on, a part of a message is of a rule. */
struct nft_part {
	uint32_t	 offset;
	const char	*path;
};

struct nft_batch {
	struct buf	  out;
	const char	**paths;	/* one for each message; borrowed from the ir */
	uint32_t	 *offsets;	/* where each message begins */
	struct ir_rule **rules;		/* of messages that add a rule, in order */
	uint32_t	  n;
	uint32_t	  cap;
	uint32_t	  n_rules;
	uint32_t	  cap_rules;
	struct nft_part	 *parts;	/* elements that are rules, in order */
	uint32_t	  n_parts;
	uint32_t	  cap_parts;
	char		 *scratch;
	const char	 *table;	/* NFT_TABLE; borrowed */
	bool		  is_beside;	/* what judges packets and nothing else, just before NFT_TABLE does */
	bool		  is_stored;	/* for another time: without what ends by itself */
	bool		  is_expanded;	/* rules have chains where elements could have them: a trace then tells which one it was */
	uint8_t		  family;	/* of the one table that is put; 0: of both */
};

enum nft_place {
	NFT_APPEND = 1,		/* at the end of the chain */
	NFT_BEFORE,		/* before the rule with the handle */
	NFT_REPLACE		/* instead of it */
};

/* The kernel's numbers, to compare with. */
uint32_t nft_hook_number(uint8_t hook);
uint32_t nft_set_flags(const struct ir_set *);

void	 nft_batch_init(struct nft_batch *);
/* Empty, memory kept. */
void	 nft_batch_reset(struct nft_batch *);
void	 nft_batch_fini(struct nft_batch *);
/* A message being written; path is of what it was made from. */
struct nlmsghdr *nft_message_begin(struct nft_batch *, uint8_t family, uint16_t type, uint16_t flags);
void	 nft_message_end(struct nft_batch *, const struct nlmsghdr *, const char *path);
/* The message that the byte at offset is in, and what it was made from: "" for no part in particular. */
uint32_t nft_batch_message(const struct nft_batch *, uint32_t offset);
const char *nft_batch_path(const struct nft_batch *, uint32_t message);
/* The same of the byte: that of the rule when the kernel says which element of a look-up it does not take (5.17 on). */
const char *nft_batch_path_at(const struct nft_batch *, uint32_t offset);

/* family: NFPROTO_INET or NFPROTO_BRIDGE, which of our two tables. */
void	 nft_put_table(struct nft_batch *, uint8_t family);
/* The first one, and it is not dormant any more if it was. */
void	 nft_put_table_awake(struct nft_batch *);
void	 nft_put_table_delete(struct nft_batch *, uint8_t family);
/* Empty, whether it is there or not. */
void	 nft_put_table_anew(struct nft_batch *, uint8_t family);
/* Creates it, or sets the policy of one that is there. */
void	 nft_put_chain(struct nft_batch *, const struct ir_chain *);
void	 nft_put_chain_delete(struct nft_batch *, uint8_t family, const char *name);
void	 nft_put_set(struct nft_batch *, const struct ir_set *);
void	 nft_put_set_delete(struct nft_batch *, uint8_t family, const char *name);
/* Some of the set's elements: those whose pointers are listed. */
void	 nft_put_elems(struct nft_batch *, const struct ir_set *, const struct ir_elem *const *, uint32_t n, bool is_delete);
void	 nft_put_rule(struct nft_batch *, struct ir_rule *, enum nft_place, uint64_t handle);
/* handle 0: all rules of the chain. */
void	 nft_put_rule_delete(struct nft_batch *, uint8_t family, const char *chain, uint64_t handle, const char *path);
/* nft_list.c: n intervals of the set's list, from the one of number at on. */
void	 nft_put_list(struct nft_batch *, const struct ir_set *, uint32_t at, uint32_t n);
/* How many bytes they all are. */
size_t	 nft_list_size(const struct ir_set *);
/* All that is in the tables. */
void	 nft_put_contents(struct nft_batch *, const struct ir *, bool has_lists);
/* The tables as a whole anew: what is there is deleted in the same transaction.  Table bridge is left alone when there is none in the form. */
void	 nft_put_all(struct nft_batch *, const struct ir *);

#endif
