/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/sha.h>

#include "secret.h"

#define DIGITS_MAX	64

/* Crockford's base 32: no I, L, O, U, so that nothing can be misread. */
static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

int
secret_text(char ret[SECRET_TEXT_LEN + 1])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint8_t raw[33] = { 0 };
	unsigned i;
	uint32_t v;

	if (getrandom(raw, 32, 0) != 32)
		return -EIO;
	for (i = 0; i < SECRET_TEXT_LEN; i++) {
		v = (uint32_t)raw[i / 4 * 3] << 16 | (uint32_t)raw[i / 4 * 3 + 1] << 8 | raw[i / 4 * 3 + 2];
		ret[i] = digits[v >> (18 - 6 * (i % 4)) & 63];
	}
	ret[i] = '\0';
	explicit_bzero(raw, sizeof(raw));
	return 0;
}

int
secret_digits(char *ret, size_t n)
{
	uint8_t raw[DIGITS_MAX];
	size_t i;

	if (n > sizeof(raw) || getrandom(raw, n, 0) != (ssize_t)n)
		return -EIO;
	for (i = 0; i < n; i++)
		ret[i] = alphabet[raw[i] % 32];
	ret[n] = '\0';
	explicit_bzero(raw, sizeof(raw));
	return 0;
}

bool
secret_normalize(const char *typed, char *ret, size_t n)
{
	size_t at = 0;
	int c;

	for (; *typed != '\0'; typed++) {
		c = toupper((unsigned char)*typed);
		if (c == '-' || c == ' ' || c == '\n')
			continue;
		c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
		if (strchr(alphabet, c) == NULL || at == n)
			return false;
		ret[at++] = (char)c;
	}
	ret[at] = '\0';
	return at == n;
}

void
secret_group(const char *digits, size_t group, char *ret)
{
	size_t i;

	for (i = 0; digits[i] != '\0'; i++) {
		if (i > 0 && i % group == 0)
			*ret++ = '-';
		*ret++ = digits[i];
	}
	*ret = '\0';
}

void
secret_hash(const void *data, size_t len, uint8_t ret[SECRET_HASH_LEN])
{
	(void)SHA256(data, len, ret);
}
