/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BENCH_MEDIAN_H
#define PATRONUS_BENCH_MEDIAN_H

/* Of n values, which are sorted by it. */
double	bench_median(double *values, unsigned n);

#endif
