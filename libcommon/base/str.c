/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <string.h>

#include "base/str.h"

size_t
str_copy(char *dst, const char *src, size_t size)
{
	size_t len = strlen(src), n;

	if (size > 0) {
		n = len < size - 1 ? len : size - 1;
		memcpy(dst, src, n);
		dst[n] = '\0';
	}
	return len;
}

int
str_u64(const char *s, uint64_t min, uint64_t max, uint64_t *ret)
{
	uint64_t v = 0;
	const char *p;

	if (*s == '\0' || (s[0] == '0' && s[1] != '\0'))
		return -EINVAL;
	for (p = s; *p != '\0'; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return -ERANGE;
	}
	if (v < min || v > max)
		return -ERANGE;
	*ret = v;
	return 0;
}

int
str_i64(const char *s, int64_t min, int64_t max, int64_t *ret)
{
	bool is_negative = *s == '-';
	uint64_t v;
	int64_t r;
	int error;

	error = str_u64(is_negative ? s + 1 : s, 0, (uint64_t)INT64_MAX + is_negative, &v);
	if (error != 0)
		return error;
	if (is_negative && v == 0)
		return -EINVAL;		/* one text for each number */
	r = is_negative ? -(int64_t)(v - 1) - 1 : (int64_t)v;
	if (r < min || r > max)
		return -ERANGE;
	*ret = r;
	return 0;
}

/* The length of the sequence that starts with byte c, and the least code point that may use it. */
static unsigned
utf8_lead(unsigned char c, uint32_t *ret_bits, uint32_t *ret_min)
{
	if (c < 0x80) {
		*ret_bits = c;
		*ret_min = 0;
		return 1;
	}
	if (c >= 0xc2 && c <= 0xdf) {
		*ret_bits = c & 0x1fu;
		*ret_min = 0x80;
		return 2;
	}
	if (c >= 0xe0 && c <= 0xef) {
		*ret_bits = c & 0x0fu;
		*ret_min = 0x800;
		return 3;
	}
	if (c >= 0xf0 && c <= 0xf4) {
		*ret_bits = c & 0x07u;
		*ret_min = 0x10000;
		return 4;
	}
	return 0;
}

/* The length of the one character that s starts with, or 0 when it is none. */
static unsigned
utf8_length(const unsigned char *s, size_t len)
{
	uint32_t code, min;
	unsigned n, k;

	n = utf8_lead(s[0], &code, &min);
	if (n == 0 || s[0] == 0 || n > len)
		return 0;
	for (k = 1; k < n; k++) {
		if ((s[k] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[k] & 0x3fu);
	}
	return code < min || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) ? 0 : n;
}

bool
str_is_utf8(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned n;
	size_t i;

	for (i = 0; i < len; i += n) {
		n = utf8_length(s + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

void
str_clean(char *text)
{
	unsigned char *s = (unsigned char *)text;
	size_t len = strlen(text), i;
	unsigned n;

	for (i = 0; i < len; i += n) {
		n = utf8_length(s + i, len - i);
		if (n > 1 || (n == 1 && s[i] >= 0x20 && s[i] != 0x7f))
			continue;
		s[i] = '?';
		n = 1;
	}
}

bool
str_has_control(const char *s, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if ((unsigned char)s[i] < 0x20 || s[i] == 0x7f)
			return true;
	return false;
}

unsigned
str_distance(const char *a, const char *b, unsigned limit)
{
	unsigned row[65], diag, up, cost;
	size_t la = strlen(a), lb = strlen(b), i, j;

	if (la > 64 || lb > 64)
		return limit + 1;
	for (j = 0; j <= lb; j++)
		row[j] = (unsigned)j;
	for (i = 1; i <= la; i++) {
		diag = row[0];
		row[0] = (unsigned)i;
		for (j = 1; j <= lb; j++) {
			up = row[j];
			cost = diag + (a[i - 1] != b[j - 1]);
			if (up + 1 < cost)
				cost = up + 1;
			if (row[j - 1] + 1 < cost)
				cost = row[j - 1] + 1;
			diag = up;
			row[j] = cost;
		}
	}
	return row[lb] > limit ? limit + 1 : row[lb];
}

bool
str_equal_ct(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a, *y = b;
	uint8_t diff = 0;
	size_t i;

	for (i = 0; i < len; i++)
		diff |= x[i] ^ y[i];
	return diff == 0;
}

void
str_hex(const uint8_t *p, size_t n, char *ret)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		ret[2 * i] = digits[p[i] >> 4];
		ret[2 * i + 1] = digits[p[i] & 15];
	}
	ret[2 * n] = '\0';
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int
str_unhex(const char *s, uint8_t *ret, size_t n)
{
	size_t i;

	if (strlen(s) != 2 * n)
		return -EINVAL;
	for (i = 0; i < 2 * n; i++)
		if (hex_digit(s[i]) < 0)
			return -EINVAL;
	for (i = 0; i < n; i++)
		ret[i] = (uint8_t)(hex_digit(s[2 * i]) << 4 | hex_digit(s[2 * i + 1]));
	return 0;
}
