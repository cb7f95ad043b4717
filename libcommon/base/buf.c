/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/heap.h"
#include "base/str.h"

#define HEX_AT_ONCE	32

void
buf_init(struct buf *b, size_t max)
{
	memset(b, 0, sizeof(*b));
	b->max = max;
}

void
buf_fini(struct buf *b)
{
	heap_wipe(b->data, b->len);
	b->data = NULL;
	b->len = b->cap = 0;
}

void
buf_reset(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->len);
	b->len = 0;
	b->failed = b->starved = false;
}

/* Room for n more bytes and a NUL. */
static bool
buf_reserve(struct buf *b, size_t n)
{
	size_t need, cap;
	uint8_t *p;

	if (b->failed)
		return false;
	if (__builtin_add_overflow(b->len, n, &need) || need >= SIZE_MAX / 2 || (b->max != 0 && need > b->max)) {
		b->failed = true;
		return false;
	}
	if (need + 1 <= b->cap)
		return true;
	cap = b->cap < 128 ? 128 : b->cap * 2;
	if (cap < need + 1)
		cap = need + 1;
	/* What passes through buffers may be a secret: no copy stays where it grew out of. */
	p = heap_regrow(b->data, b->len, cap);
	if (p == NULL) {
		b->failed = b->starved = true;
		return false;
	}
	b->data = p;
	b->cap = cap;
	return true;
}

void
buf_put(struct buf *b, const void *p, size_t n)
{
	if (!buf_reserve(b, n))
		return;
	if (n > 0)
		memcpy(b->data + b->len, p, n);
	b->len += n;
	b->data[b->len] = 0;
}

void
buf_hex(struct buf *b, const uint8_t *data, size_t len)
{
	char text[2 * HEX_AT_ONCE + 1];
	size_t n;

	for (; len > 0; data += n, len -= n) {
		n = len < HEX_AT_ONCE ? len : HEX_AT_ONCE;
		str_hex(data, n, text);
		buf_put(b, text, 2 * n);
	}
}

void
buf_puts(struct buf *b, const char *s)
{
	buf_put(b, s, strlen(s));
}

void
buf_putc(struct buf *b, char c)
{
	buf_put(b, &c, 1);
}

void
buf_put8(struct buf *b, uint8_t v)
{
	buf_put(b, &v, 1);
}

static void
buf_put_le(struct buf *b, uint64_t v, unsigned n)
{
	uint8_t bytes[8];
	unsigned i;

	for (i = 0; i < n; i++)
		bytes[i] = (uint8_t)(v >> (8 * i));
	buf_put(b, bytes, n);
}

void
buf_put16(struct buf *b, uint16_t v)
{
	buf_put_le(b, v, 2);
}

void
buf_put32(struct buf *b, uint32_t v)
{
	buf_put_le(b, v, 4);
}

void
buf_put64(struct buf *b, uint64_t v)
{
	buf_put_le(b, v, 8);
}

void
buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	if (n < 0)
		b->failed = true;
	else if (buf_reserve(b, (size_t)n)) {
		(void)vsnprintf((char *)b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	buf_vprintf(b, fmt, ap);
	va_end(ap);
}

bool
buf_failed(const struct buf *b)
{
	return b->failed;
}

uint8_t *
buf_take(struct buf *b, size_t *ret_len)
{
	uint8_t *p;

	if (!buf_reserve(b, 0)) {
		buf_fini(b);
		return NULL;
	}
	p = b->data;
	p[b->len] = 0;
	*ret_len = b->len;
	b->data = NULL;
	b->len = b->cap = 0;
	return p;
}
