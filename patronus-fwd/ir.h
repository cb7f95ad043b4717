/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_IR_H
#define PATRONUS_FWD_IR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#include "ir_flowtable.h"
#include "ir_object.h"
#include "ir_stmt.h"
#include "names.h"

/*
 * The intermediate form: our tables of nftables as data.  Compilation makes it from the policy, passes may transform it, the encoder turns it
 * into netlink messages and nothing else does.  A match names a field and values, never a register: what the kernel needs for it
 * (payload offsets, registers, byte order) is the encoder's business.  A match on a field of one family or protocol stands behind the match
 * that establishes it.
 *
 * Everything lives in the arena of its struct ir, and texts perhaps in one that several share.
 */

struct arena;
struct deal;

enum ir_action {
	IR_ACTION_INVALID = 0,
	IR_ACTION_ACCEPT,
	IR_ACTION_DROP,
	IR_ACTION_REJECT,
	IR_ACTION_TRANSLATE,
	IR_ACTION_NONE,		/* structure: jumps */
	IR_ACTION_CONTINUE,	/* counts, logs, writes; decides nothing */
	IR_ACTION_QUEUE,
	IR_ACTION_MAX
};

/* Names of zones as written: "lan", "any". */
struct ir_zones {
	const char	**items;
	uint32_t	  n;
};

/* What a person knows a rule by.  Shared by the kernel rules that one configured rule became. */
struct ir_origin {
	const char	*id;		/* stable; generated ones contain a colon, configured ones never do */
	const char	*path;		/* of the configuration: "/firewall/rules/web-in" */
	struct ir_zones	 from;		/* for people */
	struct ir_zones	 to;
	uint8_t		 action;	/* enum ir_action */
	bool		 is_generated;
	bool		 is_logged;
	uint32_t	 n_rules;	/* kernel rules made of it */
	uint64_t	 hash;		/* of all of them as they were compiled: counters go on while it is the same, however passes place them */
	uint32_t	 index;		/* in ir.origins */
	uint32_t	 made;		/* for which rule of the policy; see struct ir */
	uint64_t	 packets;	/* last read */
	uint64_t	 bytes;
	uint64_t	 told_packets;	/* last told to the audience */
	uint64_t	 told_bytes;
	uint32_t	 packets_per_second;	/* as they were told */
	uint64_t	 bytes_per_second;
	bool		 was_busy;	/* and its rate was not 0 */
	bool		 is_anew;	/* it was not so before this form: its counter begins at 0 */
};

struct ir_rule {
	struct ir_rule		*next;
	struct ir_chain		*chain;
	struct ir_origin	*origin;
	uint16_t		 part;		/* 0.. among the rules of its origin in this chain */
	uint16_t		 n;
	uint32_t		 group;		/* of its chain's deal, or of the chain where it was dealt */
	uint64_t		 hash;		/* of everything the kernel sees */
	struct ir_stmt		*stmts;
	uint64_t		 handle;	/* in the kernel; 0: not known */
	uint64_t		 packets;	/* where its counter starts */
	uint64_t		 bytes;
};

enum ir_hook {
	IR_HOOK_NONE = 0,
	IR_HOOK_PREROUTING,
	IR_HOOK_INPUT,
	IR_HOOK_FORWARD,
	IR_HOOK_OUTPUT,
	IR_HOOK_POSTROUTING,
	IR_HOOK_BRIDGE_FORWARD,	/* of table bridge: frames from one port of a bridge to another; no packet that is routed comes by */
	IR_HOOK_MAX
};

struct ir_chain {
	struct ir_chain	*next;
	const char	*name;		/* unique over both tables */
	uint8_t		 family;	/* of its table: NFPROTO_INET, NFPROTO_BRIDGE */
	uint8_t		 hook;		/* IR_HOOK_NONE: not a base chain */
	bool		 is_nat;
	bool		 drops;		/* policy of a base chain */
	int32_t		 priority;
	struct ir_rule	*first;
	struct ir_rule	*last;
	uint32_t	 n;
	struct ir_rule	*cursor;	/* while it is compared with the kernel's (verify.c) */
	bool		 is_seen;
	uint32_t	 n_different;
	bool		 is_rest;	/* of one rule of a look-up: elements lead here and nothing else does */
	bool		 is_inline;	/* not in the kernel: the elements that lead here do what its rule says (pass_elements()) */
	bool		 is_variable;	/* is_rest: how many elements do so follows the content of a group */
	uint32_t	 n_leads;
	uint32_t	 made;		/* for which rule of the policy; see struct ir */
	uint32_t	 number;	/* while a form is copied */
	struct ir_chain	*of;		/* is_rest: where its rule stood */
	struct deal	*deal;		/* NULL: its rules are too few for look-ups */
};

enum ir_set_flags {
	IR_SET_INTERVAL = 0x01,	/* of one field sorted and merged; of several an interval for each, none of which overlap */
	IR_SET_VERDICT = 0x02,	/* a map to chains (jump) */
	IR_SET_DYNAMIC = 0x04,	/* filled by packets, with a timeout */
	IR_SET_LIVE = 0x08,	/* its content changes without a commit: no rule may depend on what it is now */
	IR_SET_TIMED = 0x10,	/* elements may end by themselves */
	IR_SET_COUNTED = 0x20	/* IR_SET_VERDICT: each element has a counter */
};

struct ir_elem {
	uint8_t		 lo[IR_KEY_MAX];
	uint8_t		 hi[IR_KEY_MAX];	/* IR_SET_INTERVAL: inclusive, of each field */
	const char	*chain;			/* IR_SET_VERDICT */
	struct ir_rule	*rule;			/* of that chain when it is inline: a counter and a verdict */
	uint64_t	 expires_ms;		/* IR_SET_TIMED: monotonic; 0: never */
};

struct addrlist;

struct ir_set {
	struct ir_set	*next;
	const char	*name;		/* unique over both tables */
	const char	*path;		/* of what it was made from */
	uint8_t		 family;	/* of its table */
	uint8_t		 fields[IR_CONCAT_MAX];	/* what a key is made of; of one field, the type counts: source addresses are
						 * looked up in a set of addresses */
	uint8_t		 nfields;
	uint8_t		 flags;		/* enum ir_set_flags */
	uint32_t	 timeout_ms;	/* IR_SET_DYNAMIC; 0: elements stay */
	uint32_t	 size;		/* IR_SET_DYNAMIC */
	struct ir_elem	*elems;		/* sorted by ir_elem_compare() once sealed */
	uint32_t	 n;
	uint32_t	 cap;
	struct addrlist	*list;		/* all that it has, instead of elements: never sent or compared one by one; its ir_list has it */
	bool		 is_spoilt;	/* a list's, and the kernel has something else */
	bool		 is_look_up;	/* made of rules, by pass_maps() */
	bool		 is_interned;	/* its name tells what is in it */
	bool		 is_of_list;	/* passes leave it as it is: what is in it follows the kernel */
	uint32_t	 made;		/* for which rule of the policy; see struct ir */
	uint32_t	 number;	/* while a form is copied */
	uint64_t	 hash;		/* of definition and elements, once sealed */
};

/*
 * A long list of addresses.  In the kernel it is a large set that never changes, and two small ones with what has been added and taken away since:
 * an address is in the list when it is in base and not in less, or when it is in more.  more has nothing of base, and less nothing else.
 */
struct ir_list {
	struct ir_list	*next;
	const char	*name;		/* "group.bad" */
	uint8_t		 field;
	struct addrlist	*wanted;	/* what it should have */
	uint32_t	 salt;		/* of the name of base */
	struct ir_set	*base;		/* "group.bad.list4.HASH" */
	struct ir_set	*more;		/* "group.bad.more4" */
	struct ir_set	*less;
};

/* What never changes: names, texts and statements.  A form that was made from another one shares it. */
struct ir_texts {
	struct arena	*arena;
	uint32_t	 n_forms;
	size_t		 first;		/* bytes of the first form; what others have put there since, nobody may need any more */
};

struct ir {
	struct arena	*arena;
	struct ir_texts	*texts;		/* NULL: they are in the form's own arena */
	uint8_t		 family;	/* of the table whose chains and sets are being made */
	bool		 has_bridge;	/* there is a table bridge */
	struct ir_chain	*chains;	/* in order of creation, without those that are inline */
	struct ir_chain	**chains_tail;
	struct ir_chain	*inline_chains;
	struct ir_set	*sets;
	struct ir_set	**sets_tail;
	struct names	 chain_names;
	struct names	 set_names;
	struct ir_list	*lists;
	struct ir_object *objects;	/* in order of creation; of table inet */
	struct ir_flowtable *flowtable;	/* NULL: there is none */
	struct ir_offload *offload;	/* NULL: nobody asks for one */
	struct ir_origin **origins;	/* in order of creation */
	uint32_t	 n_origins;
	uint32_t	 cap_origins;
	struct names	 origin_names;
	uint32_t	 n_rules;
	uint32_t	 n_elems;	/* of sealed sets, what is left of them */
	uint64_t	 ended_ms;	/* monotonic: when an element ended last; 0: none has */
	uint32_t	 making;	/* the rule of the policy, from 1 on, that chains, sets and origins are made for now; 0: none */
	uint32_t	 n_made;	/* such rules, and behind them what rewrites destinations */
	uint32_t	 n_rewriting;	/* of them */
};

struct ir	*ir_new(void);
void		 ir_free(struct ir *);
/* Where texts are to be put. */
struct arena	*ir_text_arena(const struct ir *);

/* NULL when there is none. */
struct ir_chain	*ir_chain_find(const struct ir *, const char *name);
/* The same of those alone that are chains in the kernel too. */
struct ir_chain	*ir_chain_loaded(const struct ir *, const char *name);
struct ir_set	*ir_set_find(const struct ir *, const char *name);
/* Found or made; names are copied. */
struct ir_chain	*ir_chain_get(struct ir *, const char *name);
/* There is none of this name yet, and the name is of the form's arena. */
struct ir_chain	*ir_chain_new(struct ir *, const char *name);
struct ir_chain	*ir_chain_base(struct ir *, const char *name, enum ir_hook, bool is_nat, int32_t priority, bool drops);
/* Table bridge goes, with all that is in it. */
void		 ir_bridge_remove(struct ir *);
struct ir_set	*ir_set_new(struct ir *, const char *name, uint8_t flags, const uint8_t *fields, unsigned nfields);
/* A zeroed element at the end of an unsealed set. */
struct ir_elem	*ir_set_add(struct ir *, struct ir_set *);
/* Room for so many, of a set that has none yet. */
void		 ir_set_reserve(struct ir *, struct ir_set *, uint32_t n);
/* The sealed set with just these elements: an equal one there is already, or a new one called PREFIX.HASH. */
const struct ir_set *ir_set_intern(struct ir *, const char *prefix, uint8_t flags, uint8_t field, const struct ir_elem *,
		    uint32_t n);
/* Sort, merge overlapping intervals, hash.  Nothing is added afterwards. */
void		 ir_set_seal(struct ir *, struct ir_set *);
/* Its elements or its definition have changed; their order has not. */
void		 ir_set_rehash(struct ir_set *);
/* The set, one of a list, has another name from now on; the hashes of rules that look into it follow with ir_rehash(). */
void		 ir_set_rename(struct ir *, struct ir_set *, const char *name);
void		 ir_rehash(struct ir *);
/* Bytes of a set's key in struct ir_elem.lo: each field of a concatenation padded to four. */
unsigned	 ir_set_keylen(const struct ir_set *);
int		 ir_elem_compare(const struct ir_set *, const struct ir_elem *, const struct ir_elem *);

/* A rule being written. */
struct ir_draft {
	struct ir_stmt	 stmts[IR_STMT_MAX];
	unsigned	 n;
};

struct ir_stmt	*ir_put(struct ir_draft *, enum ir_kind);
void		 ir_match(struct ir_draft *, enum ir_field, enum ir_cmp, const void *lo, const void *hi);
void		 ir_match_u8(struct ir_draft *, enum ir_field, uint8_t);
void		 ir_match_u32(struct ir_draft *, enum ir_field, enum ir_cmp, uint32_t);
void		 ir_match_name(struct ir_draft *, enum ir_field, const char *ifname);
void		 ir_match_prefix(struct ir_draft *, enum ir_field, enum ir_cmp, const uint8_t *addr, uint8_t bits);
/* field & mask == value, both as on the wire */
void		 ir_match_masked(struct ir_draft *, enum ir_field, const void *value, const void *mask);
/* field has the type of the set's only field. */
void		 ir_match_set(struct ir_draft *, enum ir_field, enum ir_cmp, const struct ir_set *);
void		 ir_jump(struct ir_draft *, enum ir_kind, const char *chain);
/* Its statements or its part have changed. */
void		 ir_rule_rehash(struct ir_rule *);
/* As far as it is written: most of a draft never is. */
void		 ir_draft_copy(struct ir_draft *to, const struct ir_draft *from);
/* The draft becomes the chain's last rule. */
struct ir_rule	*ir_rule_add(struct ir *, struct ir_chain *, struct ir_origin *, const struct ir_draft *);
/* At the end of the chain; for passes that move rules or have changed their statements. */
void		 ir_rule_append(struct ir_chain *, struct ir_rule *);
/* Counters begin at 0 when it is loaded. */
void		 ir_clear_counters(struct ir *);
/* The rule ends before its statement at with this verdict. */
void		 ir_rule_end(struct ir *, struct ir_rule *, uint16_t at, enum ir_kind);
struct ir_zones	 ir_zones_copy(struct ir *, const char *const *names, uint32_t n);
/* ids are unique. */
struct ir_origin *ir_origin_find(const struct ir *, const char *id);
struct ir_origin *ir_origin_new(struct ir *, const char *id, const char *path, enum ir_action);
/* What the kernel counted is added to the origin of that name in a struct ir: for nft_read_counts(). */
void		 ir_origin_count(const char *id, uint64_t packets, uint64_t bytes, void *ir);

#endif
