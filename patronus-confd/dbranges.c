/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "dbranges.h"

static size_t
size_of(const struct dbranges *r)
{
	return (addrdb_range_len(r->kind, r->len));
}

/* Does b begin right after the end of a? */
static bool
follows(const uint8_t *hi, const uint8_t *lo, unsigned len)
{
	uint8_t after[16];
	unsigned i;

	memcpy(after, hi, len);
	for (i = len; i > 0 && ++after[i - 1] == 0; i--)
		;
	return (i > 0 && memcmp(lo, after, len) == 0);
}

static bool
grow(struct dbranges *r)
{
	uint32_t cap = r->cap == 0 ? 1024 : r->cap * 2, max = addrdb_max(r->kind);
	uint8_t *more;

	cap = cap > max ? max : cap;
	if (r->n == max || (more = reallocarray(r->data, cap, size_of(r))) == NULL)
		return (false);
	r->data = more;
	r->cap = cap;
	return (true);
}

bool
dbranges_add(struct dbranges *r, const uint8_t *lo, const uint8_t *hi, const uint8_t *value)
{
	size_t size = size_of(r);
	uint8_t *p = r->n > 0 ? r->data + (r->n - 1) * size : NULL;

	if (p != NULL && memcmp(p + 2 * r->len, value, addrdb_value_len(r->kind)) == 0 && follows(p + r->len, lo, r->len)) {
		memcpy(p + r->len, hi, r->len);
		return (true);
	}
	if (r->n == r->cap && !grow(r))
		return (false);
	p = r->data + r->n++ * size;
	memcpy(p, lo, r->len);
	memcpy(p + r->len, hi, r->len);
	memcpy(p + 2 * r->len, value, addrdb_value_len(r->kind));
	return (true);
}

static int
order(const void *a, const void *b, void *size)
{
	return (memcmp(a, b, *(const size_t *)size));
}

uint32_t
dbranges_seal(struct dbranges *r)
{
	size_t size = size_of(r);
	uint32_t i, n = 0;

	if (r->n == 0)
		return (0);
	qsort_r(r->data, r->n, size, order, &size);
	for (i = 1; i < r->n; i++)
		if (memcmp(r->data + n * size + r->len, r->data + i * size, r->len) < 0)
			memmove(r->data + ++n * size, r->data + i * size, size);
	i = r->n - (n + 1);
	r->n = n + 1;
	return (i);
}

void
dbranges_free(struct dbranges *r)
{
	free(r->data);
}
