/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BENCH_POLICY_H
#define PATRONUS_BENCH_POLICY_H

#include <stddef.h>
#include <stdint.h>

/* The policy of the benchmarks of the compiler, as fwd gets it: four shapes of rules, as bench.py makes them. */

struct policy_bytes {
	uint8_t	*data;
	size_t	 len;
};

/* What is different, or there beside the rules; all zero but n and changed: the policy as it is. */
struct bench_variant {
	unsigned n;		/* rules */
	unsigned changed;	/* the number of a rule that rejects; n for none */
	unsigned accepting;	/* that accepts; 0: none */
	unsigned members;	/* addresses of a group that one rule in twenty asks for; 0: no group */
	unsigned few;		/* addresses of a group that one in a thousand asks for */
	unsigned forwards;	/* port forwards */
	unsigned moved;		/* the number of one that goes elsewhere; 0: none */
};

/* The caller frees data; ends the process when it cannot. */
struct policy_bytes	bench_policy_variant(const struct bench_variant *);
struct policy_bytes	bench_policy(unsigned n, unsigned changed);

#endif
