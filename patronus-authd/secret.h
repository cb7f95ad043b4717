/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_SECRET_H
#define PATRONUS_AUTHD_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Secrets made of random bits, for programs (base64url) and for people (Crockford's base 32), and what is kept of them. */

#define SECRET_TEXT_LEN	43		/* 256 random bits in base64url */
#define SECRET_HASH_LEN	32		/* SHA-256 */

/* 0, or -EIO when there is no randomness. */
int	 secret_text(char ret[SECRET_TEXT_LEN + 1]);
/* n digits of 5 random bits each; ret has n + 1 bytes. */
int	 secret_digits(char *ret, size_t n);
/*
 * The n digits of what a person typed: small letters, blanks and hyphens do not matter, O is 0, I and L are 1.  False when
 * these are not n digits.
 */
bool	 secret_normalize(const char *typed, char *ret, size_t n);
/* Digits in groups divided by hyphens; ret has room for them. */
void	 secret_group(const char *digits, size_t group, char *ret);
void	 secret_hash(const void *, size_t len, uint8_t ret[SECRET_HASH_LEN]);

#endif
