/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BASE_BUF_H
#define PATRONUS_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A growing byte buffer for writers and a bounded cursor for readers.  A writer that fails (no memory, over max)
 * stays failed: write everything, then ask once with buf_failed().
 */

struct buf {
	uint8_t	*data;		/* NUL-terminated after every buf_printf/buf_puts */
	size_t	 len;
	size_t	 cap;
	size_t	 max;
	bool	 failed;
	bool	 starved;	/* it was for want of memory */
};

void	 buf_init(struct buf *, size_t max);		/* max 0: no bound */
void	 buf_fini(struct buf *);			/* frees data; the struct may be used again after buf_init */
void	 buf_reset(struct buf *);			/* empty, memory kept */
void	 buf_put(struct buf *, const void *, size_t);
void	 buf_puts(struct buf *, const char *);
/* Two hexadecimal digits for each byte. */
void	 buf_hex(struct buf *, const uint8_t *, size_t len);
void	 buf_putc(struct buf *, char);
void	 buf_put8(struct buf *, uint8_t);
void	 buf_put16(struct buf *, uint16_t);		/* little-endian */
void	 buf_put32(struct buf *, uint32_t);
void	 buf_put64(struct buf *, uint64_t);
void	 buf_printf(struct buf *, const char *, ...) __attribute__((format(printf, 2, 3)));
void	 buf_vprintf(struct buf *, const char *, va_list) __attribute__((format(printf, 2, 0)));
bool	 buf_failed(const struct buf *);
/* The bytes become the caller's (free()); the buffer is empty.  NULL when failed. */
uint8_t	*buf_take(struct buf *, size_t *ret_len);

struct cursor {
	const uint8_t	*data;
	size_t		 len;
	size_t		 at;
};

/*
 * Each returns false, and moves nothing, when fewer bytes are left.  They stand here because a large document takes millions of them.
 */
static inline size_t
cursor_left(const struct cursor *c)
{
	return c->len - c->at;
}

static inline bool
cursor_bytes(struct cursor *c, const uint8_t **ret, size_t n)
{
	if (n > cursor_left(c))
		return false;
	*ret = c->data + c->at;
	c->at += n;
	return true;
}

static inline bool
cursor_u8(struct cursor *c, uint8_t *ret)
{
	const uint8_t *p;

	if (!cursor_bytes(c, &p, 1))
		return false;
	*ret = p[0];
	return true;
}

static inline bool
cursor_u16(struct cursor *c, uint16_t *ret)
{
	const uint8_t *p;

	if (!cursor_bytes(c, &p, 2))
		return false;
	*ret = (uint16_t)(p[0] | p[1] << 8);
	return true;
}

static inline bool
cursor_u32(struct cursor *c, uint32_t *ret)
{
	const uint8_t *p;

	if (!cursor_bytes(c, &p, 4))
		return false;
	*ret = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
	return true;
}

static inline bool
cursor_u64(struct cursor *c, uint64_t *ret)
{
	const uint8_t *p;
	unsigned i;

	if (!cursor_bytes(c, &p, 8))
		return false;
	for (i = 0, *ret = 0; i < 8; i++)
		*ret |= (uint64_t)p[i] << (8 * i);
	return true;
}

#endif
