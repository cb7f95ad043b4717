/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FWD_EXCERPT_H
#define PATRONUS_FWD_EXCERPT_H

#include <stdint.h>

#include "policy.h"

/* Some of the rules and port forwards of a configuration, in its frame. */

struct arena;
struct conf_fwd;
struct conf_port_forward;
struct conf_rule;
struct succession;

struct excerpt {
	const struct conf_rule	*rules;		/* in their order */
	uint8_t			*lists;		/* enum conf_list of each */
	uint32_t		 n;
	const struct conf_port_forward *forwards;
	uint32_t		 n_forwards;
};

/* The policy that has just those that are in force, and what the frame has; NULL when there is a problem, or when drivers drop. */
struct fw_policy *excerpt_resolve(const struct excerpt *, const struct conf_fwd *frame, const struct succession *, struct arena *);

#endif
