/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_NFT_READ_H
#define PATRONUS_FWD_NFT_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "net/nlmsg.h"

/* nf_tables messages from dumps, echoes and events, and our own ones.  What is read points into the message. */

enum nft_object {
	NFT_OBJECT_OTHER = 0,
	NFT_OBJECT_TABLE,
	NFT_OBJECT_CHAIN,
	NFT_OBJECT_RULE,
	NFT_OBJECT_SET,
	NFT_OBJECT_ELEMS,
	NFT_OBJECT_NAMED,
	NFT_OBJECT_FLOWTABLE,
	NFT_OBJECT_GENERATION
};

struct nft_message {
	enum nft_object	 object;
	bool		 is_delete;
	bool		 is_ours;	/* of table inet patronus or table bridge patronus */
	bool		 is_beside;	/* a table inet patronus.N (beside.h) */
	uint8_t		 family;	/* of the table */
	uint16_t	 generation;	/* low bits of the ruleset's number, in dumps and events */
	struct nl_reader attrs;
};

struct nft_rule {
	const char	*chain;
	uint8_t		 family;	/* of its table */
	const char	*id;		/* its comment; "" when it has none */
	uint64_t	 handle;
	uint64_t	 packets;
	uint64_t	 bytes;
	uint64_t	 digest;	/* of what it does, counters left out */
};

struct nft_elem {
	struct nl_attr	 key;
	struct nl_attr	 last;		/* of a range in a concatenation */
	bool		 has_last;
	bool		 is_end;	/* of an interval */
	bool		 has_counter;
	const char	*chain;		/* NULL: it leads to none */
	uint32_t	 verdict;	/* NF_ACCEPT, ... */
	const char	*id;		/* its comment; "" when it has none */
	uint64_t	 packets;
	uint64_t	 bytes;
};

/* false: not of nf_tables, or too short. */
bool	 nft_read(const struct nl_msg *, struct nft_message *ret);
bool	 nft_read_rule(const struct nft_message *, struct nft_rule *ret);
/* The same without the digest. */
bool	 nft_read_counters(const struct nft_message *, struct nft_rule *ret);
/* Those of a message of elements, with nlattr_next(); false: it has none. */
bool	 nft_read_elems(const struct nft_message *, struct nl_reader *ret);
bool	 nft_read_elem(const struct nl_attr *, struct nft_elem *ret);
/* What each rule of ours has counted, from a dump of rules or of elements. */
typedef void nft_count(const char *id, uint64_t packets, uint64_t bytes, void *arg);
void	 nft_read_counts(const uint8_t *data, size_t len, nft_count *, void *arg);
/* 0 when it is missing. */
uint32_t nft_read_generation(const struct nft_message *);
/*
 * The name of the next table beside ours in a dump of tables; NULL: there is none any more.  *ret_is_owned: a program owns it (nft: flags owner),
 * so that nobody else can remove it.
 */
const char *nft_read_beside(struct nl_reader *, bool *ret_is_owned);
/* Attribute type of the message as a string; NULL when there is none. */
const char *nft_read_text(const struct nft_message *, uint16_t type);

#endif
