/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdlib.h>
#include <string.h>

#include "net/countries.h"

#include "countryranges.h"

static size_t
size_of(const struct countryranges *r)
{
	return (2 * r->len + 2);
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
grow(struct countryranges *r)
{
	uint32_t cap = r->cap == 0 ? 1024 : r->cap * 2;
	uint8_t *more;

	cap = cap > COUNTRIES_MAX ? COUNTRIES_MAX : cap;
	if (r->n == COUNTRIES_MAX || (more = reallocarray(r->data, cap, size_of(r))) == NULL)
		return (false);
	r->data = more;
	r->cap = cap;
	return (true);
}

bool
countryranges_add(struct countryranges *r, const uint8_t *lo, const uint8_t *hi, const char country[2])
{
	size_t size = size_of(r);
	uint8_t *p = r->n > 0 ? r->data + (r->n - 1) * size : NULL;

	if (p != NULL && memcmp(p + 2 * r->len, country, 2) == 0 && follows(p + r->len, lo, r->len)) {
		memcpy(p + r->len, hi, r->len);
		return (true);
	}
	if (r->n == r->cap && !grow(r))
		return (false);
	p = r->data + r->n++ * size;
	memcpy(p, lo, r->len);
	memcpy(p + r->len, hi, r->len);
	memcpy(p + 2 * r->len, country, 2);
	return (true);
}

static int
order_v4(const void *a, const void *b)
{
	return (memcmp(a, b, COUNTRIES_V4));
}

static int
order_v6(const void *a, const void *b)
{
	return (memcmp(a, b, COUNTRIES_V6));
}

uint32_t
countryranges_seal(struct countryranges *r)
{
	size_t size = size_of(r);
	uint32_t i, n = 0;

	if (r->n == 0)
		return (0);
	qsort(r->data, r->n, size, r->len == 4 ? order_v4 : order_v6);
	for (i = 1; i < r->n; i++)
		if (memcmp(r->data + n * size + r->len, r->data + i * size, r->len) < 0)
			memmove(r->data + ++n * size, r->data + i * size, size);
	i = r->n - (n + 1);
	r->n = n + 1;
	return (i);
}

void
countryranges_free(struct countryranges *r)
{
	free(r->data);
}
