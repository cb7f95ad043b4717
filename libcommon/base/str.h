/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_BASE_STR_H
#define PATRONUS_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copy with truncation; always terminated when size > 0; returns strlen(src). */
size_t	 str_copy(char *dst, const char *src, size_t size);
/* A decimal number without sign, space or leading zeros within min..max; 0 or -EINVAL, -ERANGE. */
int	 str_u64(const char *, uint64_t min, uint64_t max, uint64_t *ret);
int	 str_i64(const char *, int64_t min, int64_t max, int64_t *ret);
/* Well-formed UTF-8 (RFC 3629), no NUL. */
bool	 str_is_utf8(const char *, size_t len);
/* Bytes below 0x20 or 0x7f. */
bool	 str_has_control(const char *, size_t len);
/* In place: '?' for every control byte and every byte that is not part of UTF-8, so that any text can be a line of a log. */
void	 str_clean(char *);
/* Levenshtein distance, capped at limit + 1. */
unsigned str_distance(const char *, const char *, unsigned limit);
/* Constant time for equal lengths. */
bool	 str_equal_ct(const void *, const void *, size_t len);
void	 str_hex(const uint8_t *, size_t n, char *ret);	/* 2n + 1 bytes */
int	 str_unhex(const char *, uint8_t *ret, size_t n);	/* exactly n bytes; -EINVAL */

#endif
