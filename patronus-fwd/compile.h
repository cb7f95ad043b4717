/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_COMPILE_H
#define PATRONUS_FWD_COMPILE_H

#include "ir.h"
#include "addrlist.h"
#include "names.h"
#include "policy.h"

/*
 * From the policy to the intermediate form.
 *
 *   anti-spoofing (raw prerouting)	what zones block as bogons; the route back must leave where the packet came in
 *   untracked				pre-rules that exempt from connection tracking (behind raw)
 *   tracking, tracking-output		what connection tracking is told of the first packet of a connection
 *   input, forward, output		pre-rules by zone pair; established first, invalid out, essentials; rules by zone pair
 *   pre.FROM.TO, pair.FROM.TO		the pre-rules, and the other rules, that name this pair, in order; a rule or run of rules for
 *					several pairs stands once, in a chain block.ID that each of their pair chains jumps to
 *   unmatched, default.ZONE		what no rule decided
 *   port-forwards, masquerading		translation
 *   bridged (table bridge)		the bridge rules
 */

/* A conjunction of matches that one kernel rule can express. */
struct compile_part {
	struct ir_draft	 draft;
	uint8_t		 family;	/* NFPROTO_IPV4, NFPROTO_IPV6, or NFPROTO_UNSPEC for both */
	bool		 is_tcp;	/* only TCP */
	bool		 has_no_tcp;	/* everything but TCP */
};

struct compile_parts {
	struct compile_part	*items;
	unsigned		 n;
	unsigned		 cap;
};

struct compile_list;
struct transports;

/* What services came to: rules share them, and most name one. */
struct compile_memo {
	const struct policy_service *services;
	uint32_t		 n;
	struct transports	*transports;
};

#define COMPILE_MEMOS	256

struct compiler {
	struct ir		*ir;
	const struct fw_policy	*policy;
	struct buf		*remarks;	/* lines for people: rules that can never match */
	struct arena		*scratch;	/* until the end of the compilation */
	struct ir_draft		 draft;		/* of the rule at hand */
	struct compile_parts	 parts;		/* of the rule at hand; memory is kept for the next one */
	struct compile_list	*lists;		/* that have been made */
	struct compile_memo	*memos;		/* [COMPILE_MEMOS], by the address of the services */
	struct names		 list_names;
	struct names		 zones;		/* -> struct ir_zones of that one */
};

#define COMPILE_LOG_GROUP	1

/* remarks may be NULL. */
struct ir	*compile(const struct fw_policy *, struct buf *remarks);

/*
 * The rule where nothing else is: a form with its chain, its origin and the sets that it looks into.  NULL when it is not kernel rules of one chain
 * alone: it stands in a block or in none, waits for a time, has a chain or a long list of its own, or can never match.
 */
struct ir	*compile_alone(const struct fw_policy *, const struct policy_rule *);
/* The same of a port forward; NULL when it has no packet, when its zone has no interface, or when it is for callers from within, too. */
struct ir	*compile_forward_alone(const struct fw_policy *, const struct policy_forward *);
/*
 * All rules of the policy and nothing else, the one of index i in a chain "apart.i" and in those that it has for itself, which follow that one.  NULL when
 * one has a long list, or when there is one whose connections are answered for.
 */
struct ir	*compile_apart(const struct fw_policy *);
/* NULL when there is none of that index. */
const struct ir_chain *compile_apart_chain(const struct ir *, uint32_t index);
/* Would it go on in the block of the rule before it, which may be NULL? */
bool		 compile_joins(const struct fw_policy *, const struct policy_rule *before, const struct policy_rule *);

/* compile_rules.c: the pair chains and their dispatch maps. */
void	 compile_rules(struct compiler *);
/* For compile_alone(). */
bool	 compile_is_alone(const struct fw_policy *, const struct policy_rule *);
void	 compile_rule_alone(struct compiler *, const struct policy_rule *);
/* Pre-rules that exempt from connection tracking. */
void	 compile_no_tracking(struct compiler *);
/* compile_action.c: one rule with all its parts at the end of a chain. */
void	 compile_rule(struct compiler *, struct ir_chain *, const struct policy_rule *);
/* compile_syn.c: a rule whose TCP connections are answered for, from the parts of its matches in this chain. */
void	 compile_syn(struct compiler *, struct ir_chain *, struct ir_origin *, const struct policy_rule *, const struct compile_parts *);
/* What the box sends to servers for callers that have proved their address. */
void	 compile_syn_output(struct compiler *, const char *chain);
/* What callers say to answers of drivers, where connection tracking does not know them. */
void	 compile_answered(struct compiler *, const char *chain);
/* compile_xdp.c: what drivers drop where they cannot. */
void	 compile_xdp(struct compiler *);
/* compile_bogons.c: what zones block of sources, at the end of a chain that looks at all packets that come in. */
void	 compile_bogons(struct compiler *, const char *chain);
/* compile_bridge.c: table bridge, when there is anything to say in it. */
void	 compile_bridge(struct compiler *);
/* compile_tracking.c: helpers and times of connections that begin. */
void	 compile_tracking(struct compiler *);
/* The rule's own time, for the connection that it opens. */
void	 compile_idle_timeout(struct compiler *, struct ir_draft *, const struct policy_rule *);
/* compile_offload.c: connections that stand into the flowtable. */
void	 compile_offload(struct compiler *, const char *chain);
/* compile_nat.c */
void	 compile_nat(struct compiler *);
void	 compile_port_forward(struct compiler *, const struct policy_forward *);

/* --- compile_list.c: groups with very many addresses */

/* The addresses of that family; NULL when there are few.  It is the compiler's. */
const struct addrlist *compile_list(struct compiler *, const struct policy_addresses *, uint8_t family);
/* The address is in the list, or is not: half of the answer, since it takes two rules of which a packet meets one at most. */
void	 compile_in_list(struct compiler *, struct ir_draft *, const struct policy_addresses *, uint8_t field, bool is_second);
void	 compile_lists_free(struct compiler *);

/* --- compile_match.c: what rules and translations share */

struct compile_selector {
	const struct policy_endpoint	*source;
	const struct policy_endpoint	*destination;
	const struct policy_service	*services;
	uint32_t			 n_services;
	const struct policy_conditions	*conditions;	/* NULL: none */
	bool				 is_v4_only;
	bool				 is_v6_only;
	bool				 splits_families;	/* each part is of one family */
	bool				 lasts;		/* the services are there, as they are, until the end of the compilation */
};

/* compile_condition.c: put what a rule asks beside addresses and services; false when nothing can match. */
bool	 compile_links(struct compiler *, struct ir_draft *, const struct policy_conditions *);
void	 compile_conditions(struct compiler *, struct ir_draft *, const struct policy_conditions *);

/* As few parts as possible; none when nothing can match.  They are the compiler's, until the next call. */
struct compile_parts	*compile_select(struct compiler *, const struct compile_selector *);
/* The packet comes in (goes out) through an interface of the zones; false when they have none: then nothing was put. */
bool	 compile_zones(struct compiler *, struct ir_draft *, enum ir_field, const uint64_t *zones);
void	 compile_log(struct ir_draft *, const char *prefix);
void	 compile_limit(struct ir_draft *, const struct rate *, uint32_t burst, bool is_over);
/* compile.c: a rule that logs at the policy's rate and decides nothing; readers know its entries by what they are about. */
void	 compile_log_rule(struct compiler *, const char *chain, struct ir_draft *, const char *id, const char *what);
/* A list of one name. */
struct ir_zones	 compile_zone_name(struct compiler *, const char *);
struct ir_origin *compile_origin(struct compiler *, const char *id, enum ir_action);

#endif
