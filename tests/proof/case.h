/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_TESTS_PROOF_CASE_H
#define PATRONUS_TESTS_PROOF_CASE_H

#include <stdbool.h>

#include "ir.h"
#include "policy_random.h"

struct buf;
struct world;

/* One policy and the packets that are sent through it. */
struct proof_case {
	struct fw_policy	*policy;
	struct packet		*packets;
	unsigned		 n;
	struct arena		*arena;
};

/* What a policy is made into; every form must mean the same. */
struct form {
	const char	*name;
	struct ir	*(*make)(const struct fw_policy *);
	bool		 is_planted;	/* with a fault, to see it found */
};

extern const struct form forms[];
extern const unsigned n_forms;

struct tally {
	unsigned long	packets;
	unsigned long	by_rules;	/* packets that a configured rule decided */
	unsigned long	translated;
	unsigned long	limited;	/* that explain could not foretell */
};

#define PACKETS_MAX	256

struct proof_case case_random(unsigned seed, struct arena *);
/* true: the reference, the kernel with this form and explain agree.  Otherwise what differs is in *ret_text, one line for each. */
bool	 case_run(const struct proof_case *, const struct form *, struct world *, struct tally *, struct buf *ret_text);
/* The smallest case that still fails. */
void	 case_minimise(struct proof_case *, const struct form *, struct world *);
/* The policy as a document, and the packets as comments. */
void	 case_print(const struct proof_case *, const struct buf *text, struct buf *ret);

#endif
