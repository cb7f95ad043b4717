/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "net/addr.h"

#include "dbranges.h"
#include "dbtext.h"
#include "mmdb.h"

#define HEADER		20
#define FIELD_MAX	48
#define COLUMNS		"network,"	/* of MaxMind's CSV */

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

/* Up to what parts the fields, which is left behind.  false: the field is too long, or, when one has to follow, it is the last. */
static bool
field(const char **at, const char *end, const char *parts, bool is_last, char ret[FIELD_MAX])
{
	const char *stop = *at;

	while (stop < end && strchr(parts, *stop) == NULL)
		stop++;
	if (stop - *at >= FIELD_MAX || memchr(*at, '\0', (size_t)(stop - *at)) != NULL || (stop == end && !is_last))
		return (false);
	memcpy(ret, *at, (size_t)(stop - *at));
	ret[stop - *at] = '\0';
	*at = stop < end ? stop + 1 : end;
	return (true);
}

/* "198.51.100.0/24". */
static unsigned
network(const char *text, uint8_t lo[16], uint8_t hi[16])
{
	struct prefix p;
	unsigned i, len;

	if (prefix_parse(text, &p) != 0)
		return (0);
	p = (struct prefix){ prefix_network(&p).addr, p.len };
	len = addr_len(&p.addr);
	memcpy(lo, p.addr.bytes, len);
	for (i = 0; i < len; i++)
		hi[i] = (uint8_t)(lo[i] | (p.len >= 8 * (i + 1) ? 0 : p.len <= 8 * i ? 0xff : 0xff >> (p.len - 8 * i)));
	return (len);
}

/* Both ends, and the length of an address; 0: there is no range. */
static unsigned
range(enum addrdb_kind kind, const char **at, const char *end, const char *parts, uint8_t lo[16], uint8_t hi[16])
{
	char first[FIELD_MAX], last[FIELD_MAX];
	unsigned len;

	if (!field(at, end, parts, false, first))
		return (0);
	if (kind == ADDRDB_SYSTEMS && strchr(first, '/') != NULL)
		return (network(first, lo, hi));
	if (!field(at, end, parts, false, last) || (len = address(first, lo)) == 0 || address(last, hi) != len || memcmp(lo, hi, len) > 0)
		return (0);
	return (len);
}

/* *ret_is_none: nobody knows, which is no mistake. */
static bool
value(enum addrdb_kind kind, const char *at, const char *end, const char *parts, uint8_t ret[ADDRDB_VALUE_MAX], bool *ret_is_none)
{
	char text[FIELD_MAX];

	*ret_is_none = false;
	if (!field(&at, end, parts, true, text))
		return (false);
	if (kind == ADDRDB_SYSTEMS) {
		*ret_is_none = strcmp(text, "0") == 0;
		return (*ret_is_none || addrdb_system_parse(text, ret));
	}
	if (at != end || strlen(text) != 2)
		return (false);
	memcpy(ret, text, 2);
	*ret_is_none = strcmp(text, "??") == 0 || strcmp(text, "ZZ") == 0;
	return (*ret_is_none || addrdb_is_country(text));
}

/* A line; false: it says nothing that can be used. */
static bool
read_line(const char *line, const char *end, struct dbranges *v4, struct dbranges *v6)
{
	const char *parts = v4->kind == ADDRDB_SYSTEMS && memchr(line, '\t', (size_t)(end - line)) != NULL ? "\t" : ",";
	uint8_t lo[16], hi[16], said[ADDRDB_VALUE_MAX];
	bool is_none;
	unsigned len;

	if (end > line && end[-1] == '\r')
		end--;
	if ((len = range(v4->kind, &line, end, parts, lo, hi)) == 0 || !value(v4->kind, line, end, parts, said, &is_none))
		return (false);
	return (is_none || dbranges_add(len == 4 ? v4 : v6, lo, hi, said));
}

/* What is no entry: nothing, a comment, the names of the columns. */
static bool
is_beside(const char *line, const char *end)
{
	return (line == end || *line == '#' || ((size_t)(end - line) > strlen(COLUMNS) && memcmp(line, COLUMNS, strlen(COLUMNS)) == 0));
}

static void
read_lines(const char *text, size_t len, struct dbtext *t, struct dbranges *v4, struct dbranges *v6)
{
	const char *line, *end, *all = text + len;
	uint32_t number = 0;

	for (line = text; line < all; line = end + 1) {
		end = memchr(line, '\n', (size_t)(all - line));
		end = end != NULL ? end : all;
		number++;
		if (is_beside(line, end))
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
dbtext_pack(enum addrdb_kind kind, const uint8_t *data, size_t len, struct buf *ret)
{
	struct dbranges v4 = { .len = 4, .kind = kind }, v6 = { .len = 16, .kind = kind };
	struct dbtext t = { 0 };

	if (mmdb_is_one(data, len)) {
		if ((t.nbad = mmdb_read(data, len, &v4, &v6) != 0) > 0)
			v4.n = v6.n = 0;
		t.nlines = t.nbad > 0 ? 1 : v4.n + v6.n;
	} else if (len > 0) {
		read_lines((const char *)data, len, &t, &v4, &v6);
	}
	t.nbad += dbranges_seal(&v4);
	t.nbad += dbranges_seal(&v6);
	put_u32(ret, t.nlines);
	put_u32(ret, t.nbad);
	put_u32(ret, t.first_bad);
	put_u32(ret, v4.n);
	put_u32(ret, v6.n);
	buf_put(ret, v4.data, v4.n * addrdb_range_len(kind, 4));
	buf_put(ret, v6.data, v6.n * addrdb_range_len(kind, 16));
	dbranges_free(&v4);
	dbranges_free(&v6);
}

void
dbtext_pack_ranges(const struct addrdb *c, struct buf *ret)
{
	put_u32(ret, c->n4 + c->n6);
	put_u32(ret, 0);
	put_u32(ret, 0);
	put_u32(ret, c->n4);
	put_u32(ret, c->n6);
	if (c->n4 > 0)
		buf_put(ret, c->v4, c->n4 * addrdb_range_len(c->kind, 4));
	if (c->n6 > 0)
		buf_put(ret, c->v6, c->n6 * addrdb_range_len(c->kind, 16));
}

void
dbtext_print(enum addrdb_kind kind, const uint8_t *range, unsigned len, struct buf *b)
{
	int family = len == 4 ? AF_INET : AF_INET6;
	char text[INET6_ADDRSTRLEN];

	buf_puts(b, inet_ntop(family, range, text, sizeof(text)));
	buf_putc(b, ',');
	buf_puts(b, inet_ntop(family, range + len, text, sizeof(text)));
	buf_putc(b, ',');
	if (kind == ADDRDB_SYSTEMS)
		buf_printf(b, "%u", addrdb_system_number(range + (size_t)2 * len));
	else
		buf_put(b, range + (size_t)2 * len, 2);
	buf_putc(b, '\n');
}

static uint32_t
get_u32(const uint8_t *p)
{
	return ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

int
dbtext_unpack(enum addrdb_kind kind, const uint8_t *data, size_t len, struct dbtext *ret)
{
	struct addrdb *c = &ret->db;

	if (len < HEADER)
		return (-EPROTO);
	*ret = (struct dbtext){ .nlines = get_u32(data), .nbad = get_u32(data + 4), .first_bad = get_u32(data + 8) };
	c->kind = kind;
	c->n4 = get_u32(data + 12);
	c->n6 = get_u32(data + 16);
	if (c->n4 > addrdb_max(kind) || c->n6 > addrdb_max(kind) || ret->nbad > ret->nlines ||
	    len - HEADER != c->n4 * addrdb_range_len(kind, 4) + c->n6 * addrdb_range_len(kind, 16))
		return (-EPROTO);
	c->v4 = data + HEADER;
	c->v6 = c->v4 + c->n4 * addrdb_range_len(kind, 4);
	return (addrdb_is_sound(c) ? 0 : -EPROTO);
}
