/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_NFT_H
#define PATRONUS_IMPORT_NFT_H

#include "import/policy.h"

/*
 * The inside of import_nft(): what nft -j list ruleset prints (libnftables-json(5)).
 */

struct node;

struct nft_set {
	const char		*name;
	const struct node	*type, *elements;
	const char		*group;		/* of addresses, once it is asked for */
	bool			 is_volatile;	/* packets or time change it */
	bool			 is_map;
	struct entry		*entry;
	struct nft_set		*next;
};

struct nft_flow {
	const char		*name;
	const struct node	*devices, *flags;	/* a text, or several */
	struct entry		*entry;
	struct nft_flow		*next;
};

struct nft_base {
	struct chain		*chain;
	long			 priority;
	bool			 is_nat;
};

#define NFT_TABLES	64
#define NFT_BASES	64

struct nft_table {
	const char		*family, *name;
	struct policy		*filter, *nat;	/* the same chains for both: NULL when the family is not read */
	struct nft_set		*sets;
	struct nft_flow		*flows;
	struct nft_base		 bases[NFT_BASES];
	unsigned		 nbases;
};

struct nft {
	struct draft		*d;
	struct nft_table	 tables[NFT_TABLES];
	unsigned		 ntables;
	const struct nft_flow	*flow;		/* which firewall flow-offload is */
	uint32_t		 used_marks;
	bool			 marks_lost;
	bool			 is_translated;
};

/* The statements of one rule; it may become several, one for each verdict of a map. */
void	 nft_rule(struct nft *, struct nft_table *, struct chain *, const struct node *rule, struct entry *);

/* nft_flow.c: an object; a rule with a statement about one; and what no rule has said, at the end. */
void	 nft_flow_table(struct nft *, struct nft_table *, const struct node *object);
void	 nft_flow_rule(struct nft *, struct nft_table *, const struct chain *, const struct node *rule, const struct node *flow, struct entry *);
void	 nft_flow_end(struct nft *);

#endif
