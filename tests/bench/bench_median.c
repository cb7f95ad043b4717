/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>

#include "bench_median.h"

static int
order(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

double
bench_median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), order);
	return values[n / 2];
}
