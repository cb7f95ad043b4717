/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_IMPORT_IPTABLES_H
#define PATRONUS_IMPORT_IPTABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "import/policy.h"

/*
 * The inside of import_iptables(): a text of iptables-save, ip6tables-save and ipset save, one behind the other.
 */

#define IPTABLES_WORDS	512		/* of a line */

struct ipset {
	const char	*name;
	const char	*group;		/* its key in the configuration; NULL: of a kind that has none */
	bool		 is_volatile;	/* entries end by themselves */
	struct node	*addresses;
	struct entry	*entry;
	struct ipset	*next;
};

struct iptables {
	struct draft	*d;
	unsigned	 line;
	uint8_t		 family;
	const char	*table;
	struct policy	*tables[2][5];	/* by family and table; NULL: not there */
	struct policy	*now;
	struct ipset	*sets;
	uint32_t	 used_marks;
	bool		 marks_lost;
	bool		 sets_lost;	/* rules of the source change its sets */
	bool		 is_translated[2];
	bool		 has_untracked;
	char		*word[IPTABLES_WORDS];
	unsigned	 nwords;
};

enum iptables_table {
	TABLE_RAW = 0,
	TABLE_MANGLE,
	TABLE_NAT,
	TABLE_FILTER,
	TABLE_SECURITY,
};

/* Words 2 and on of a line "-A CHAIN ...", into a rule. */
void		 iptables_rule(struct iptables *, struct chain_rule *);
/* The name of a link that a word means, or 0 bits; "eth+" are all that start so. */
uint64_t	 iptables_link(struct iptables *, const char *word);
/* Value and mask of "0x10/0xff"; a value alone has all bits. */
bool		 iptables_mark(const char *word, uint32_t *ret_value, uint32_t *ret_mask);
/* The target of a rule; at: the word behind its name. */
void		 iptables_target(struct iptables *, struct chain_rule *, const char *target, unsigned at);

/* "create NAME TYPE ..." and "add NAME ELEMENT ...". */
void		 ipset_create(struct iptables *);
void		 ipset_add(struct iptables *);
struct ipset	*ipset_find(const struct iptables *, const char *name);

#endif
