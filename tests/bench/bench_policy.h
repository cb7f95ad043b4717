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

/* changed: the number of a rule that does the opposite; n for none.  The caller frees data; ends the process when it cannot. */
struct policy_bytes	bench_policy(unsigned n, unsigned changed);

#endif
