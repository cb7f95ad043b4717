/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#include "countryranges.h"
#include "countrytext.h"
#include "mmdb.h"

#define HEADER		20
#define FIELD_MAX	48

/* "16777216", "1.0.0.0" or "2001:db8::".  The length of the address; 0: it is none. */
static unsigned
address(const char *text, uint8_t ret[16])
{
	uint64_t n;
	uint32_t net;

	if (str_u64(text, 0, UINT32_MAX, &n) == 0) {
		net = htonl((uint32_t)n);
		memcpy(ret, &net, 4);
		return (4);
	}
	if (inet_pton(AF_INET, text, ret) == 1)
		return (4);
	return (inet_pton(AF_INET6, text, ret) == 1 ? 16 : 0);
}

/* Up to the comma, which is left behind; false: there is none, or the field is too long. */
static bool
field(const char **at, const char *end, char ret[FIELD_MAX])
{
	const char *comma = memchr(*at, ',', (size_t)(end - *at));
	size_t len = comma != NULL ? (size_t)(comma - *at) : FIELD_MAX;

	if (len >= FIELD_MAX)
		return (false);
	memcpy(ret, *at, len);
	ret[len] = '\0';
	*at = comma + 1;
	return (true);
}

/* A line; false: it says nothing that can be used. */
static bool
read_line(const char *line, const char *end, struct countryranges *v4, struct countryranges *v6)
{
	char first[FIELD_MAX], last[FIELD_MAX];
	uint8_t lo[16], hi[16];
	unsigned len;

	if (end > line && end[-1] == '\r')
		end--;
	if (!field(&line, end, first) || !field(&line, end, last) || end - line != 2)
		return (false);
	if ((len = address(first, lo)) == 0 || address(last, hi) != len || memcmp(lo, hi, len) > 0)
		return (false);
	/* "??": nobody knows.  That is no mistake. */
	return (!countries_is_code(line) ? memcmp(line, "??", 2) == 0 || memcmp(line, "ZZ", 2) == 0 :
	    countryranges_add(len == 4 ? v4 : v6, lo, hi, line));
}

static void
read_lines(const char *text, size_t len, struct countrytext *t, struct countryranges *v4, struct countryranges *v6)
{
	const char *line, *end, *all = text + len;
	uint32_t number = 0;

	for (line = text; line < all; line = end + 1) {
		end = memchr(line, '\n', (size_t)(all - line));
		end = end != NULL ? end : all;
		number++;
		if (line == end || *line == '#')
			continue;
		t->nlines++;
		if (read_line(line, end, v4, v6))
			continue;
		t->nbad++;
		t->first_bad = t->first_bad == 0 ? number : t->first_bad;
	}
}

static void
put_u32(struct buf *b, uint32_t v)
{
	uint8_t le[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };

	buf_put(b, le, sizeof(le));
}

void
countrytext_pack(const uint8_t *data, size_t len, struct buf *ret)
{
	struct countryranges v4 = { .len = 4 }, v6 = { .len = 16 };
	struct countrytext t = { 0 };

	if (mmdb_is_one(data, len)) {
		if ((t.nbad = mmdb_read(data, len, &v4, &v6) != 0) > 0)
			v4.n = v6.n = 0;
		t.nlines = t.nbad > 0 ? 1 : v4.n + v6.n;
	} else if (len > 0) {
		read_lines((const char *)data, len, &t, &v4, &v6);
	}
	t.nbad += countryranges_seal(&v4);
	t.nbad += countryranges_seal(&v6);
	put_u32(ret, t.nlines);
	put_u32(ret, t.nbad);
	put_u32(ret, t.first_bad);
	put_u32(ret, v4.n);
	put_u32(ret, v6.n);
	buf_put(ret, v4.data, (size_t)v4.n * COUNTRIES_V4);
	buf_put(ret, v6.data, (size_t)v6.n * COUNTRIES_V6);
	countryranges_free(&v4);
	countryranges_free(&v6);
}

void
countrytext_pack_ranges(const struct countries *c, struct buf *ret)
{
	put_u32(ret, c->n4 + c->n6);
	put_u32(ret, 0);
	put_u32(ret, 0);
	put_u32(ret, c->n4);
	put_u32(ret, c->n6);
	if (c->n4 > 0)
		buf_put(ret, c->v4, (size_t)c->n4 * COUNTRIES_V4);
	if (c->n6 > 0)
		buf_put(ret, c->v6, (size_t)c->n6 * COUNTRIES_V6);
}

void
countrytext_print(const uint8_t *range, unsigned len, struct buf *b)
{
	int family = len == 4 ? AF_INET : AF_INET6;
	char text[INET6_ADDRSTRLEN];

	buf_puts(b, inet_ntop(family, range, text, sizeof(text)));
	buf_putc(b, ',');
	buf_puts(b, inet_ntop(family, range + len, text, sizeof(text)));
	buf_putc(b, ',');
	buf_put(b, range + (size_t)2 * len, 2);
	buf_putc(b, '\n');
}

static uint32_t
get_u32(const uint8_t *p)
{
	return ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

int
countrytext_unpack(const uint8_t *data, size_t len, struct countrytext *ret)
{
	struct countries *c = &ret->countries;

	if (len < HEADER)
		return (-EPROTO);
	*ret = (struct countrytext){ .nlines = get_u32(data), .nbad = get_u32(data + 4), .first_bad = get_u32(data + 8) };
	c->n4 = get_u32(data + 12);
	c->n6 = get_u32(data + 16);
	if (c->n4 > COUNTRIES_MAX || c->n6 > COUNTRIES_MAX || ret->nbad > ret->nlines ||
	    len - HEADER != (size_t)c->n4 * COUNTRIES_V4 + (size_t)c->n6 * COUNTRIES_V6)
		return (-EPROTO);
	c->v4 = data + HEADER;
	c->v6 = c->v4 + (size_t)c->n4 * COUNTRIES_V4;
	return (countries_are_sound(c) ? 0 : -EPROTO);
}
