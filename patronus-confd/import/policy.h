/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_POLICY_H
#define PATRONUS_IMPORT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "import/draft.h"

/*
 * Chains of rules that jump to each other, as netfilter has them, and what they become: one list of rules for each hook, in the same order.
 * A rule that cannot be said exactly is left out when it accepts, and widened when it drops: never is more let through than before.
 */

#define POLICY_CHAINS	1024
#define POLICY_DEPTH	16

enum verdict {
	VERDICT_INVALID = 0,
	VERDICT_ACCEPT,
	VERDICT_DROP,
	VERDICT_REJECT,
	VERDICT_CONTINUE,	/* logs, sets marks */
	VERDICT_RETURN,
	VERDICT_JUMP,
	VERDICT_GOTO,
	VERDICT_TRANSLATE,	/* of a chain of NAT */
	VERDICT_NOTHING,	/* the account has said it */
};

enum translation {
	TRANSLATE_INVALID = 0,
	TRANSLATE_SOURCE,
	TRANSLATE_MASQUERADE,
	TRANSLATE_DESTINATION,
	TRANSLATE_REDIRECT,
};

struct nat_target {
	enum translation	 kind;
	struct addr		 to, to_last;	/* ADDR_NONE: not given */
	unsigned		 port, port_last;	/* 0: not given */
	bool			 random;
	bool			 persistent;
};

struct chain_rule {
	struct match		 m;
	enum verdict		 verdict;
	const char		*target;	/* of JUMP and GOTO */
	struct deed		 deed;
	struct nat_target	 nat;
	const char		*comment;
	struct entry		*entry;
	unsigned		 number;	/* in its chain, from 1 */
};

struct chain {
	const char		*name;
	enum draft_hook		 hook;		/* of a base chain, else DRAFT_HOOK_INVALID */
	enum verdict		 policy;
	struct entry		*entry;		/* of a base chain's policy */
	struct chain_rule	*rules;
	unsigned		 n, size;
};

/* One table of one family. */
struct policy {
	struct draft		*d;
	uint8_t			 family;	/* enum addr_family */
	bool			 is_final;	/* accept lets a packet through, and not on to another table */
	bool			 is_nat;
	bool			 is_translated;	/* receivers that are asked for may have been translated before our rules see them */
	bool			 may_be_untracked;
	bool			 sends_all;	/* what the box sends passes by default */
	bool			 marks_lost;	/* what marks are set is not known */
	uint32_t		*used_marks;	/* bits that the source, or we, use; shared by all tables */
	uint32_t		 own_marks;
	const char		*suffix;	/* of the names of rules: "-ipv6" */
	struct chain		 chains[POLICY_CHAINS];
	unsigned		 n;
};

/* A rule of a hook after all jumps were taken. */
struct flat {
	struct match		 m;
	enum verdict		 verdict;
	const struct chain_rule	*rule;
	struct deed		 deed;
	const char		*chain;
};

struct flats {
	struct flat	*items;
	unsigned	 n, size;
	bool		 is_ended;	/* the last is for everything */
};

struct policy *policy_new(struct draft *, uint8_t family);
/* NULL when there are too many (the draft has failed). */
struct chain	*policy_chain(struct policy *, const char *name, bool make);
struct chain_rule *chain_add(struct policy *, struct chain *, struct entry *);

/* All that a packet meets from a base chain on. */
void	 policy_flatten(struct policy *, const struct chain *, struct flats *ret);
/* The rules of a filter's hook. */
void	 policy_put(struct policy *, const struct chain *);
/* Rules before the filter: each goes into the pre-rules. */
void	 policy_put_before(struct policy *, const struct chain *);
/* Translation of receivers and of senders (nat.c). */
void	 policy_put_destinations(struct policy *, const struct chain *);
void	 policy_put_sources(struct policy *, const struct chain *);

#endif
