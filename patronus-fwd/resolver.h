/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_RESOLVER_H
#define PATRONUS_FWD_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/generated.h"

#include "names.h"
#include "policy.h"

/*
 * Names to things, part by part (resolve_*.c), for policy_from_conf().  confd has checked the references; they are checked again here,
 * because what comes over a channel is only believed as far as it was looked at.
 */

struct arena;
struct links;
struct live;
struct problems;

struct resolver {
	const struct conf_fwd		*conf;
	const struct conf_firewall	*firewall;
	const struct links		*links;
	const struct live		*live;		/* NULL: nothing */
	struct arena			*arena;
	struct problems			*problems;
	struct fw_policy		*policy;
	struct names			 interfaces;	/* -> struct policy_interface */
	struct names			 all_interfaces; /* -> struct conf_interface, also those whose hardware is absent */
	struct names			 zones;		/* -> struct policy_zone */
	struct names			 groups;	/* -> struct group */
	struct names			 live_addresses; /* -> struct policy_addresses: what rules that ask for the same groups share */
	struct names			 port_groups;	/* -> struct conf_port_group */
	struct names			 mac_groups;	/* -> struct conf_mac_group */
	struct names			 services;	/* -> struct conf_service */
	struct names			 paths;		/* of what has an id of its own */
	struct names			 schedules;	/* -> struct schedule */
	struct names			 rule_ids;	/* -> the rule's path */
	struct names			 resolved;	/* -> what a service is, for resolve_services() */
};

/* "there is no NOUN "NAME"" */
void	 resolver_unknown(struct resolver *, const char *path, const char *noun, const char *name);
/* false, with a problem, when the schema does not allow such a name: it would become part of names in the kernel. */
bool	 resolver_check_key(struct resolver *, const char *key, const char *path);
/* The object's path; NULL when its name is bad or taken: counters, handles and log entries go by it. */
const char *resolver_path(struct resolver *, const char *list, const char *key);
bool	 resolver_zone(struct resolver *, const char *name, const char *path, uint32_t *ret);
uint64_t *resolver_zone_set(struct resolver *, const char *const *items, uint32_t n, const char *path);
/* "group.a.b": the name under which rules with the same list share a set. */
const char *resolver_joined(struct resolver *, const char *kind, const char *const *items, uint32_t n);

/* resolve_endpoint.c */
void	 resolve_groups(struct resolver *);
void	 resolve_endpoint(struct resolver *, struct policy_endpoint *, const struct conf_endpoint *, const char *path);
/* resolve_bridge.c */
void	 resolve_bridge(struct resolver *);
/* resolve_bogons.c: behind zones and groups. */
void	 resolve_bogons(struct resolver *);
/* resolve_xdp.c */
void	 resolve_xdp(struct resolver *);
/* resolve_offload.c */
void	 resolve_offload(struct resolver *);
/* resolve_answers.c: which SYN packets drivers answer; behind all else. */
void	 resolve_answers(struct resolver *);
/* resolve_service.c */
void	 resolve_service_names(struct resolver *);
struct policy_service *resolve_services(struct resolver *, const char *const *items, uint32_t n, const char *path, uint32_t *ret_n);
/* resolve_condition.c */
void	 resolve_conditions(struct resolver *, struct policy_rule *, const struct conf_rule *);
void	 resolve_writes(struct resolver *, struct policy_rule *, const struct conf_rule *);
/* resolve_schedule.c */
void	 resolve_schedules(struct resolver *);
/* resolve_rule.c */
void	 resolve_rules(struct resolver *);
/* resolve_syn.c */
void	 resolve_syn(struct resolver *, struct policy_rule *, const struct conf_rule_syn_protection *);
/* Of all rules, once all there is of translation is known. */
void	 resolve_syn_checks(struct resolver *);
/* resolve_tracking.c */
void	 resolve_tracking(struct resolver *);
/* resolve_nat.c */
void	 resolve_nat(struct resolver *, const struct conf_nat *);

#endif
