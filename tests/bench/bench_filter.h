/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BENCH_FILTER_H
#define PATRONUS_BENCH_FILTER_H

#include <stdint.h>

/* The peer: xdp-filter as its package has it, with the hosts 10.0.0.1 and the next n - 1 to deny.  The program; -1 when it is not there. */
int	bench_filter(uint32_t n);

#endif
