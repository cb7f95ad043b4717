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

/* Each returns false, and moves nothing, when fewer bytes are left. */
bool	 cursor_bytes(struct cursor *, const uint8_t **ret, size_t n);
bool	 cursor_u8(struct cursor *, uint8_t *ret);
bool	 cursor_u16(struct cursor *, uint16_t *ret);
bool	 cursor_u32(struct cursor *, uint32_t *ret);
bool	 cursor_u64(struct cursor *, uint64_t *ret);
size_t	 cursor_left(const struct cursor *);

#endif
