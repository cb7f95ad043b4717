/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_RULE_CONDITIONS_H
#define PATRONUS_TESTS_RULE_CONDITIONS_H

#include <stdbool.h>

struct arena;
struct fw_policy;
struct packet;
struct policy_rule;
struct policy_writes;

/* The functions of struct rule_field, for each condition. */
#define CONDITION(name, verb)								\
	void	 make_##name(const struct fw_policy *, struct policy_rule *, struct arena *);	\
	void	 clear_##name(struct policy_rule *);					\
	bool	 name##_##verb(const struct policy_rule *, const struct packet *)

CONDITION(family, holds);
CONDITION(links, hold);
CONDITION(state, holds);
CONDITION(dscp, holds);
CONDITION(lengths, hold);
CONDITION(flags, hold);
CONDITION(macs, hold);
CONDITION(marks, hold);
void	 steer_flags(const struct policy_rule *, struct packet *);

void	 writes_random(struct policy_writes *);
void	 writes_obey(const struct policy_writes *, struct packet *);

#endif
