/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "base/buf.h"
#include "base/str.h"
#include "recovery.h"
#include "secret.h"
#include "store.h"

#define FILE_MAX	(4u << 20)

struct codes {
	char		user[ACCOUNT_NAME_MAX + 1];
	uint8_t		hash[RECOVERY_CODES][SECRET_HASH_LEN];
	unsigned	n;
};

static struct codes	*all;
static size_t		 nall;

void
recovery_unload(void)
{
	free(all);
	all = NULL;
	nall = 0;
}

static struct codes *
find(const char *user)
{
	size_t i;

	for (i = 0; i < nall; i++)
		if (strcmp(all[i].user, user) == 0)
			return &all[i];
	return NULL;
}

static struct codes *
add(void)
{
	struct codes *c = nall < ACCOUNTS_MAX ? reallocarray(all, nall + 1, sizeof(*c)) : NULL;

	if (c == NULL)
		return NULL;
	all = c;
	memset(&all[nall], 0, sizeof(*c));
	return &all[nall++];
}

static int
save(void)
{
	char hex[2 * SECRET_HASH_LEN + 1];
	struct buf b;
	unsigned j;
	size_t i;
	int error;

	buf_init(&b, FILE_MAX);
	for (i = 0; i < nall; i++) {
		if (all[i].n == 0)
			continue;
		buf_puts(&b, all[i].user);
		for (j = 0; j < all[i].n; j++) {
			str_hex(all[i].hash[j], SECRET_HASH_LEN, hex);
			buf_printf(&b, ":%s", hex);
		}
		buf_putc(&b, '\n');
	}
	error = buf_failed(&b) ? -EFBIG : store_write(RECOVERY_FILE, b.len > 0 ? (void *)b.data : "", b.len, 0600);
	buf_fini(&b);
	return error;
}

static int
take_line(char *line)
{
	struct codes *c = add();
	char *part = strsep(&line, ":");

	if (c == NULL)
		return -ENOMEM;
	if (!account_name_valid(part))
		return -EBADMSG;
	(void)str_copy(c->user, part, sizeof(c->user));
	while ((part = strsep(&line, ":")) != NULL) {
		if (c->n == RECOVERY_CODES || str_unhex(part, c->hash[c->n], SECRET_HASH_LEN) != 0)
			return -EBADMSG;
		c->n++;
	}
	return 0;
}

int
recovery_load(void)
{
	int error;

	recovery_unload();
	error = store_each_line(RECOVERY_FILE, FILE_MAX, take_line);
	if (error != 0)
		recovery_unload();
	return error;
}

/* The user is part of what is hashed: one code is not looked for in all lines at once. */
static void
hash_of(const char *user, const char *digits, uint8_t ret[SECRET_HASH_LEN])
{
	char text[ACCOUNT_NAME_MAX + 1 + RECOVERY_DIGITS + 2];
	size_t n = str_copy(text, user, ACCOUNT_NAME_MAX + 1);

	text[n++] = ':';
	memcpy(text + n, digits, RECOVERY_DIGITS);
	secret_hash(text, n + RECOVERY_DIGITS, ret);
	explicit_bzero(text, sizeof(text));
}

int
recovery_make(const char *user, char ret[RECOVERY_TEXT_MAX])
{
	char digits[RECOVERY_DIGITS + 1], text[RECOVERY_DIGITS + 8];
	struct codes *c = find(user), old = { 0 };
	size_t at = 0;
	int error = 0;

	if (!account_name_valid(user))
		return -EINVAL;
	if (c == NULL && (c = add()) == NULL)
		return -ENOMEM;
	old = *c;
	(void)str_copy(c->user, user, sizeof(c->user));
	for (c->n = 0; c->n < RECOVERY_CODES && error == 0; c->n++) {
		error = secret_digits(digits, RECOVERY_DIGITS);
		hash_of(user, digits, c->hash[c->n]);
		secret_group(digits, 4, text);
		at += str_copy(ret + at, text, RECOVERY_TEXT_MAX - at);
		ret[at++] = ' ';
	}
	ret[at - 1] = '\0';
	explicit_bzero(digits, sizeof(digits));
	explicit_bzero(text, sizeof(text));
	if (error == 0)
		error = save();
	if (error != 0) {
		explicit_bzero(ret, RECOVERY_TEXT_MAX);
		*c = old;
	}
	return error;
}

int
recovery_remove(const char *user)
{
	struct codes *c = find(user);
	unsigned n;
	int error;

	if (c == NULL || c->n == 0)
		return 0;
	n = c->n;
	c->n = 0;
	error = save();
	if (error != 0)
		c->n = n;
	return error;
}

unsigned
recovery_count(const char *user)
{
	const struct codes *c = find(user);

	return c != NULL ? c->n : 0;
}

bool
recovery_is_code(const char *typed)
{
	char digits[RECOVERY_DIGITS + 1];
	bool is = secret_normalize(typed, digits, RECOVERY_DIGITS);

	explicit_bzero(digits, sizeof(digits));
	return is;
}

int
recovery_use(const char *user, const char *typed)
{
	char digits[RECOVERY_DIGITS + 1];
	uint8_t hash[SECRET_HASH_LEN];
	struct codes *c = find(user), old;
	unsigned i, at = RECOVERY_CODES;
	int error;

	if (!secret_normalize(typed, digits, RECOVERY_DIGITS) || c == NULL)
		return -ENOENT;
	hash_of(user, digits, hash);
	explicit_bzero(digits, sizeof(digits));
	for (i = 0; i < c->n; i++)
		if (str_equal_ct(c->hash[i], hash, sizeof(hash)))
			at = i;
	if (at == RECOVERY_CODES)
		return -ENOENT;
	old = *c;
	c->n--;
	memmove(c->hash[at], c->hash[at + 1], (c->n - at) * sizeof(c->hash[0]));
	error = save();
	if (error != 0)
		*c = old;
	return error;
}
