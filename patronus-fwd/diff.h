/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_DIFF_H
#define PATRONUS_FWD_DIFF_H

#include <stdbool.h>
#include <stdint.h>

#include "ir.h"

/*
 * What must change in the kernel to get from one intermediate form to the next.  Rules that stay keep their handle and their counter;
 * elements of sets change one by one.
 */

struct nft_batch;

enum change_kind {
	CHANGE_INVALID = 0,
	CHANGE_TABLE_ADD,	/* bridge */
	CHANGE_TABLE_REMOVE,
	CHANGE_OBJECT_ADD,
	CHANGE_OBJECT_REMOVE,
	CHANGE_FLOWTABLE_ADD,
	CHANGE_FLOWTABLE_REMOVE,
	CHANGE_CHAIN_ADD,
	CHANGE_CHAIN_SET,	/* its policy */
	CHANGE_CHAIN_REMOVE,
	CHANGE_SET_ADD,
	CHANGE_SET_REMOVE,
	CHANGE_ELEM_ADD,
	CHANGE_ELEM_REMOVE,
	CHANGE_ELEM_GONE,	/* a rule's: it goes with its set, and is not asked for */
	CHANGE_RULE_ADD,	/* before the rule old, or at the end */
	CHANGE_RULE_REPLACE,
	CHANGE_RULE_REMOVE
};

struct change {
	uint8_t			 kind;
	bool			 is_move;	/* RULE_ADD, RULE_REMOVE: the other half is in another place */
	const struct ir_chain	*chain;		/* of the new form, for removals of the old one */
	const struct ir_set	*set;
	const struct ir_object	*object;
	const struct ir_flowtable *flowtable;
	const struct ir_elem	*elem;
	struct ir_rule		*rule;		/* to add */
	const struct ir_rule	*old;		/* to replace, remove or stand before */
};

struct diff {
	struct change	*items;		/* in the order in which the kernel must be told */
	uint32_t	 n;
	uint32_t	 cap;
	bool		 has_timed;	/* it takes out elements that may end by themselves at the same moment */
	bool		 has_ended;	/* elements have ended by themselves, or are about to: nothing is sent for them, and they are gone */
	bool		 is_impossible;	/* something the kernel cannot change in place: send everything anew */
	uint32_t	 n_added;	/* rules */
	uint32_t	 n_removed;
	uint32_t	 n_changed;
};

/*
 * old NULL: everything is new.  Rules of next that stay get old's handles.  Free with diff_fini(); it points into both forms.
 */
void	 diff_make(struct diff *, const struct ir *old, struct ir *next);
void	 diff_fini(struct diff *);
void	 diff_encode(const struct diff *, struct nft_batch *);
/*
 * For people, one line for each change: "+ CHAIN [ID] ...", "- ..." for rules, "<" and ">" for one that moves out of and into a place,
 * "@SET ..." for elements, "chain NAME" and "set NAME" for what holds them.
 */
void	 diff_print(const struct diff *, struct buf *);

#endif
