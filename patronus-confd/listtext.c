/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/str.h"

#include "listtext.h"

#define HEADER		24
#define WORD_MAX	100
#define WIDEST_V4	8
#define WIDEST_V6	16

struct range {
	uint8_t	lo[16];
	uint8_t	hi[16];
};

struct ranges {
	struct range	*items;
	uint32_t	 n;
	uint32_t	 cap;
	unsigned	 len;		/* of an address */
};

/* --- one entry --- */

static unsigned
address(const char *text, uint8_t ret[16])
{
	if (inet_pton(AF_INET, text, ret) == 1)
		return (4);
	return (inet_pton(AF_INET6, text, ret) == 1 ? 16 : 0);
}

static enum listtext_fault
network(const char *bits_text, struct range *r, unsigned len)
{
	uint64_t bits;
	unsigned i;

	if (str_u64(bits_text, 0, len * 8, &bits) != 0)
		return (LISTTEXT_LENGTH);
	if (bits < (len == 4 ? WIDEST_V4 : WIDEST_V6))
		return (LISTTEXT_WIDE);
	for (i = 0; i < len; i++) {
		uint8_t host = (uint8_t)(bits >= 8 * (i + 1) ? 0 : bits <= 8 * i ? 0xff : 0xff >> (bits - 8 * i));

		r->lo[i] &= (uint8_t)~host;
		r->hi[i] = r->lo[i] | host;
	}
	return (LISTTEXT_GOOD);
}

/* "192.0.2.1", "192.0.2.0/24", "192.0.2.1-192.0.2.9"; the word is written into. */
static enum listtext_fault
entry(char *word, struct range *ret, unsigned *ret_len)
{
	char *rest = strpbrk(word, "/-"), sign = rest != NULL ? *rest : '\0';
	unsigned len;

	if (rest != NULL)
		*rest++ = '\0';
	if ((len = address(word, ret->lo)) == 0)
		return (LISTTEXT_UNKNOWN);
	*ret_len = len;
	memcpy(ret->hi, ret->lo, len);
	if (sign == '/')
		return (network(rest, ret, len));
	if (sign == '-' && (address(rest, ret->hi) != len || memcmp(ret->lo, ret->hi, len) > 0))
		return (LISTTEXT_BACKWARDS);
	return (ret->lo[0] == ret->hi[0] ? LISTTEXT_GOOD : LISTTEXT_WIDE);
}

/* --- lines --- */

static const char *
find(const char *from, const char *end, const char *what)
{
	return (memmem(from, (size_t)(end - from), what, strlen(what)));
}

/* The word of a line that counts, cut out; false: the line says nothing.  *ret_len 0: what it says is too long. */
static bool
word_of(const char *line, const char *end, char ret[WORD_MAX], size_t *ret_len)
{
	static const char cidr[] = "\"cidr\"";
	const char *stop = " \t\r,#;";
	size_t len;

	while (line < end && strchr(" \t\r", *line) != NULL)
		line++;
	if (line == end || *line == '#' || *line == ';' || (end - line > 1 && memcmp(line, "//", 2) == 0))
		return (false);
	if (*line == '{') {
		if ((line = find(line, end, cidr)) == NULL || (line = memchr(line + strlen(cidr), '"', (size_t)(end - line) - strlen(cidr))) == NULL)
			return (false);
		line++;
		stop = "\"";
	}
	for (len = 0; line + len < end && line[len] != '\0' && strchr(stop, line[len]) == NULL; len++)
		;
	*ret_len = len < WORD_MAX ? len : 0;
	memcpy(ret, line, *ret_len);
	ret[*ret_len] = '\0';
	return (true);
}

static bool
add(struct ranges *to, const struct range *r)
{
	struct range *more;
	uint32_t cap;

	if (to->n == LISTTEXT_MAX)
		return (false);
	if (to->n == to->cap) {
		cap = to->cap == 0 ? 1024 : to->cap * 2;
		if ((more = reallocarray(to->items, cap, sizeof(*more))) == NULL)
			return (false);
		to->items = more;
		to->cap = cap;
	}
	to->items[to->n++] = *r;
	return (true);
}

static int
order(const void *a, const void *b)
{
	return (memcmp(a, b, sizeof(struct range)));
}

/* Does b begin right after the end of a, or before? */
static bool
touches(const uint8_t *hi, const uint8_t *lo, unsigned len)
{
	uint8_t after[16];
	unsigned i;

	memcpy(after, hi, len);
	for (i = len; i > 0 && ++after[i - 1] == 0; i--)
		;
	return (i == 0 || memcmp(lo, after, len) <= 0);
}

static void
join(struct ranges *r)
{
	uint32_t i, n = 0;

	if (r->n == 0)
		return;
	qsort(r->items, r->n, sizeof(*r->items), order);
	for (i = 1; i < r->n; i++) {
		if (!touches(r->items[n].hi, r->items[i].lo, r->len))
			r->items[++n] = r->items[i];
		else if (memcmp(r->items[i].hi, r->items[n].hi, r->len) > 0)
			memcpy(r->items[n].hi, r->items[i].hi, r->len);
	}
	r->n = n + 1;
}

static void
put_u32(struct buf *b, uint32_t v)
{
	uint8_t le[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };

	buf_put(b, le, sizeof(le));
}

static void
put_ranges(struct buf *b, const struct ranges *r)
{
	uint32_t i;

	for (i = 0; i < r->n; i++) {
		buf_put(b, r->items[i].lo, r->len);
		buf_put(b, r->items[i].hi, r->len);
	}
}

void
listtext_pack(const char *text, size_t len, struct buf *ret)
{
	struct ranges v4 = { .len = 4 }, v6 = { .len = 16 };
	uint32_t number = 0, nlines = 0, nbad = 0, first_bad = 0;
	enum listtext_fault fault, first_fault = LISTTEXT_GOOD;
	const char *line, *end, *all = text + len;
	char word[WORD_MAX];
	size_t n = 0;

	for (line = text; line < all; line = end + 1) {
		struct range r = { { 0 }, { 0 } };
		unsigned alen = 0;

		end = memchr(line, '\n', (size_t)(all - line));
		end = end != NULL ? end : all;
		number++;
		if (!word_of(line, end, word, &n))
			continue;
		nlines++;
		fault = n > 0 ? entry(word, &r, &alen) : LISTTEXT_TOO_LONG;
		if (fault == LISTTEXT_GOOD && !add(alen == 4 ? &v4 : &v6, &r))
			fault = LISTTEXT_TOO_MANY;
		if (fault == LISTTEXT_GOOD)
			continue;
		if (nbad++ == 0) {
			first_bad = number;
			first_fault = fault;
		}
	}
	join(&v4);
	join(&v6);
	put_u32(ret, nlines);
	put_u32(ret, nbad);
	put_u32(ret, first_bad);
	put_u32(ret, first_fault);
	put_u32(ret, v4.n);
	put_u32(ret, v6.n);
	put_ranges(ret, &v4);
	put_ranges(ret, &v6);
	free(v4.items);
	free(v6.items);
}

/* --- reading it back --- */

static uint32_t
get_u32(const uint8_t *p)
{
	return ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);
}

static bool
is_sorted(const uint8_t *p, uint32_t n, unsigned len)
{
	uint32_t i;

	for (i = 0; i < n; i++, p += 2 * len)
		if (memcmp(p, p + len, len) > 0 || (i > 0 && touches(p - len, p, len)))
			return (false);
	return (true);
}

int
listtext_unpack(const uint8_t *data, size_t len, struct listtext *ret)
{
	if (len < HEADER)
		return (-EPROTO);
	*ret = (struct listtext){ .nlines = get_u32(data), .nbad = get_u32(data + 4), .first_bad = get_u32(data + 8), .fault = get_u32(data + 12),
	    .n4 = get_u32(data + 16), .n6 = get_u32(data + 20) };
	if (ret->n4 > LISTTEXT_MAX || ret->n6 > LISTTEXT_MAX || ret->nbad > ret->nlines || ret->fault >= LISTTEXT_FAULT_MAX ||
	    len - HEADER != (size_t)ret->n4 * 8 + (size_t)ret->n6 * 32)
		return (-EPROTO);
	ret->v4 = data + HEADER;
	ret->v6 = ret->v4 + (size_t)ret->n4 * 8;
	return (is_sorted(ret->v4, ret->n4, 4) && is_sorted(ret->v6, ret->n6, 16) ? 0 : -EPROTO);
}

const char *
listtext_fault_text(enum listtext_fault fault)
{
	static const char *const texts[LISTTEXT_FAULT_MAX] = {
		[LISTTEXT_GOOD] = "is good",
		[LISTTEXT_UNKNOWN] = "is no address, network (192.0.2.0/24) or range (192.0.2.1-192.0.2.9)",
		[LISTTEXT_LENGTH] = "has no length of a prefix after the slash",
		[LISTTEXT_WIDE] = "is wider than /8 (IPv6: /16)",
		[LISTTEXT_BACKWARDS] = "does not end behind where it begins",
		[LISTTEXT_TOO_LONG] = "is too long for an address",
		[LISTTEXT_TOO_MANY] = "is one more than 1,000,000",
	};

	return (texts[fault]);
}

/* --- ranges that were read --- */

/* The next one goes behind what is there, or widens the last. */
static uint32_t
append(uint8_t *to, uint32_t n, const uint8_t *range, unsigned len)
{
	uint8_t *last = to + (size_t)(n > 0 ? n - 1 : 0) * 2 * len;

	if (n == 0 || !touches(last + len, range, len)) {
		memcpy(to + (size_t)n * 2 * len, range, (size_t)2 * len);
		return (n + 1);
	}
	if (memcmp(range + len, last + len, len) > 0)
		memcpy(last + len, range + len, len);
	return (n);
}

uint8_t *
listtext_merge(const uint8_t *a, uint32_t na, const uint8_t *b, uint32_t nb, unsigned len, uint32_t *ret_n)
{
	uint8_t *to = malloc(((size_t)na + nb) * 2 * len + 1);
	uint32_t n = 0;

	if (to == NULL)
		return (NULL);
	while (na > 0 || nb > 0) {
		bool is_a = nb == 0 || (na > 0 && memcmp(a, b, len) <= 0);

		n = append(to, n, is_a ? a : b, len);
		if (is_a) {
			a += 2 * len;
			na--;
		} else {
			b += 2 * len;
			nb--;
		}
	}
	*ret_n = n;
	return (to);
}

static void
set_low_bits(uint8_t *addr, unsigned len, unsigned bits)
{
	unsigned i;

	for (i = len; i > 0 && bits > 0; i--) {
		addr[i - 1] |= (uint8_t)(bits >= 8 ? 0xff : (1u << bits) - 1);
		bits = bits >= 8 ? bits - 8 : 0;
	}
}

/* Trailing zero bits of an address. */
static unsigned
free_bits(const uint8_t *addr, unsigned len)
{
	unsigned n = 0;

	while (n < len * 8 && (addr[len - 1 - n / 8] >> n % 8 & 1) == 0)
		n++;
	return (n);
}

void
listtext_print(const uint8_t *range, unsigned len, struct buf *b)
{
	unsigned bits, i, most = len * 8 - (len == 4 ? WIDEST_V4 : WIDEST_V6);
	char text[INET6_ADDRSTRLEN];
	uint8_t at[16], end[16];

	memcpy(at, range, len);
	for (;;) {
		bits = free_bits(at, len);
		bits = bits > most ? most : bits;
		for (;; bits--) {
			memcpy(end, at, len);
			set_low_bits(end, len, bits);
			if (memcmp(end, range + len, len) <= 0)
				break;
		}
		buf_puts(b, inet_ntop(len == 4 ? AF_INET : AF_INET6, at, text, sizeof(text)));
		if (bits > 0)
			buf_printf(b, "/%u", len * 8 - bits);
		buf_putc(b, '\n');
		if (memcmp(end, range + len, len) == 0)
			return;
		memcpy(at, end, len);
		for (i = len; ++at[i - 1] == 0; i--)
			;
	}
}

bool
listtext_add(uint8_t **all, uint32_t *n, const uint8_t *more, uint32_t nmore, unsigned len)
{
	uint8_t *merged = listtext_merge(*all, *n, more, nmore, len, n);

	if (merged == NULL)
		fatalx("lists", "no memory");
	free(*all);
	*all = merged;
	return (*n <= LISTTEXT_MAX);
}
