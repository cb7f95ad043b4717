/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <crypt.h>
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/str.h"
#include "password.h"
#include "strength.h"

static size_t
count_characters(const char *s)
{
	size_t n = 0;

	/* Every byte of UTF-8 that does not continue a character. */
	for (; *s != '\0'; s++)
		if (((unsigned char)*s & 0xc0) != 0x80)
			n++;
	return n;
}

static bool
is_few_characters(const char *s)
{
	bool seen[256] = { false };
	unsigned n = 0;

	for (; *s != '\0'; s++)
		if (!seen[(unsigned char)*s]) {
			seen[(unsigned char)*s] = true;
			n++;
		}
	return n < 5;
}

/* Steps of +1 or -1 all along: 123456789012, abcdefghijkl. */
static bool
is_sequence(const char *s)
{
	size_t i, steps = 0, n = strlen(s);
	int d;

	for (i = 1; i < n; i++) {
		d = s[i] - s[i - 1];
		if (d == 1 || d == -1 || (s[i - 1] == '9' && s[i] == '0') || (s[i - 1] == '0' && s[i] == '9'))
			steps++;
	}
	return n > 1 && steps + 2 >= n;
}

/* Only well-known words (and the user's name) with digits and punctuation around them? */
static bool
is_common(const char *s, const char *user)
{
	bool found = false;
	size_t n;

	while (*s != '\0') {
		n = strength_word(s, user);
		if (n > 0) {
			found = true;
			s += n;
		} else if (isalpha((unsigned char)*s) || ((unsigned char)*s & 0x80))
			return false;
		else
			s++;
	}
	return found;
}

const char *
password_weakness(const char *user, const char *password)
{
	static char text[200];
	size_t n = strlen(password);
	char why[100];
	unsigned bits;

	if (n > PASSWORD_MAX)
		return "the password is longer than 256 bytes";
	if (str_has_control(password, n))
		return "the password has control characters";
	if (count_characters(password) < PASSWORD_MIN)
		return "the password needs at least 12 characters";
	if (strcasecmp(user, password) == 0)
		return "the password is the user name";
	if (is_few_characters(password))
		return "the password has fewer than 5 different characters";
	if (is_sequence(password))
		return "the password is a plain sequence";
	if (is_common(password, user))
		return "the password is made of well-known words; use a longer phrase of your own";
	bits = strength_bits(user, password, why, sizeof(why));
	if (bits >= STRENGTH_MIN_BITS)
		return NULL;
	(void)snprintf(text, sizeof(text), "the password could be guessed%s%s; add words of your own", why[0] != '\0' ? ": " : "", why);
	return text;
}

int
password_hash(const char *password, char ret[PASSWORD_HASH_MAX])
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	char setting[CRYPT_GENSALT_OUTPUT_SIZE], *hash;
	int error = -EINVAL;

	if (data == NULL)
		return -ENOMEM;
	if (crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)) != NULL) {
		hash = crypt_r(password, setting, data);
		if (hash != NULL && *hash == '$' && str_copy(ret, hash, PASSWORD_HASH_MAX) < PASSWORD_HASH_MAX)
			error = 0;
	}
	explicit_bzero(data, sizeof(*data));
	free(data);
	return error;
}

int
password_hash_random(char ret[PASSWORD_HASH_MAX])
{
	uint8_t raw[32];
	char text[2 * sizeof(raw) + 1];
	int error;

	if (getrandom(raw, sizeof(raw), 0) != sizeof(raw))
		return -EIO;
	str_hex(raw, sizeof(raw), text);
	error = password_hash(text, ret);
	explicit_bzero(raw, sizeof(raw));
	explicit_bzero(text, sizeof(text));
	return error;
}
