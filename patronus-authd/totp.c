/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <liboath/oath.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "base/buf.h"
#include "base/str.h"
#include "store.h"
#include "totp.h"

#define FILE_MAX	(2u << 20)
#define SECRET_MAX	64
#define PERIOD_S	30

struct secret {
	char		user[ACCOUNT_NAME_MAX + 1];
	uint8_t		key[SECRET_MAX];
	size_t		len;
	uint32_t	digits;
	uint64_t	counter;	/* of the last code that was taken */
};

static struct secret	*secrets;
static size_t		 nsecrets;
static bool		 is_damaged;	/* the file cannot be read: nobody is known to be without a second factor */

void
totp_unload(void)
{
	if (secrets != NULL)
		explicit_bzero(secrets, nsecrets * sizeof(*secrets));
	free(secrets);
	secrets = NULL;
	nsecrets = 0;
	is_damaged = false;
}

static struct secret *
find(const char *user)
{
	size_t i;

	for (i = 0; i < nsecrets; i++)
		if (strcmp(secrets[i].user, user) == 0)
			return &secrets[i];
	return NULL;
}

bool
totp_is_enrolled(const char *user)
{
	return is_damaged || find(user) != NULL;
}

static int
save(void)
{
	struct buf b;
	size_t i, len;
	char *text;
	int error = 0;

	buf_init(&b, FILE_MAX);
	for (i = 0; i < nsecrets && error == 0; i++) {
		if (oath_base32_encode((const char *)secrets[i].key, secrets[i].len, &text, &len) != OATH_OK)
			error = -ENOMEM;
		else {
			buf_printf(&b, "%s:SHA1:%u:%u:%s:%llu\n", secrets[i].user, secrets[i].digits, PERIOD_S, text,
			    (unsigned long long)secrets[i].counter);
			explicit_bzero(text, len);
			free(text);
		}
	}
	if (error == 0)
		error = buf_failed(&b) ? -EFBIG : store_write(TOTP_FILE, b.len > 0 ? (void *)b.data : "", b.len, 0600);
	if (b.data != NULL)
		explicit_bzero(b.data, b.len);
	buf_fini(&b);
	return error;
}

static int
parse_line(char *line, struct secret *ret)
{
	char *part[6], *key = NULL;
	uint64_t digits, period;
	size_t i;
	int r;

	for (i = 0; i < 6; i++) {
		part[i] = strsep(&line, ":");
		if (part[i] == NULL)
			return -EBADMSG;
	}
	if (line != NULL || !account_name_valid(part[0]) || strcmp(part[1], "SHA1") != 0 ||
	    str_u64(part[2], 6, 8, &digits) != 0 || str_u64(part[3], PERIOD_S, PERIOD_S, &period) != 0 ||
	    str_u64(part[5], 0, UINT64_MAX, &ret->counter) != 0)
		return -EBADMSG;
	r = oath_base32_decode(part[4], strlen(part[4]), &key, &ret->len);
	if (r != OATH_OK || ret->len == 0 || ret->len > SECRET_MAX) {
		free(key);
		return -EBADMSG;
	}
	memcpy(ret->key, key, ret->len);
	explicit_bzero(key, ret->len);
	free(key);
	(void)str_copy(ret->user, part[0], sizeof(ret->user));
	ret->digits = (uint32_t)digits;
	return 0;
}

static struct secret *
add(void)
{
	struct secret *s = calloc(nsecrets + 1, sizeof(*s));

	if (s == NULL)
		return NULL;
	if (nsecrets > 0) {
		memcpy(s, secrets, nsecrets * sizeof(*s));
		explicit_bzero(secrets, nsecrets * sizeof(*s));
	}
	free(secrets);
	secrets = s;
	return &secrets[nsecrets++];
}

int
totp_load(void)
{
	char *text, *line, *at = NULL;
	struct secret *s;
	size_t len;
	int error;

	totp_unload();
	error = store_read(TOTP_FILE, FILE_MAX, &text, &len);
	if (error != 0)
		return error == -ENOENT ? 0 : error;
	if (strlen(text) != len)
		error = -EBADMSG;
	for (line = strtok_r(text, "\n", &at); line != NULL && error == 0; line = strtok_r(NULL, "\n", &at)) {
		s = nsecrets < ACCOUNTS_MAX ? add() : NULL;
		error = s == NULL ? -ENOMEM : parse_line(line, s);
	}
	explicit_bzero(text, len);
	free(text);
	is_damaged = error != 0;
	return error;
}

int
totp_enroll(const char *user, const uint8_t *secret, size_t len, unsigned digits)
{
	struct secret *s;
	int error;

	if (!account_name_valid(user) || len < 16 || len > SECRET_MAX || (digits != 6 && digits != 8))
		return -EINVAL;
	if (is_damaged)
		return -EBADMSG;
	if (find(user) != NULL)
		return -EEXIST;
	s = add();
	if (s == NULL)
		return -ENOMEM;
	(void)str_copy(s->user, user, sizeof(s->user));
	memcpy(s->key, secret, len);
	s->len = len;
	s->digits = digits;
	error = save();
	if (error != 0)
		nsecrets--;
	return error;
}

int
totp_remove(const char *user)
{
	struct secret *s = find(user), old;
	size_t at;
	int error;

	if (is_damaged)
		return -EBADMSG;
	if (s == NULL)
		return -ENOENT;
	old = *s;
	at = (size_t)(s - secrets);
	memmove(s, s + 1, (nsecrets - at - 1) * sizeof(*s));
	nsecrets--;
	error = save();
	if (error != 0) {
		/* As it was: a second factor does not vanish because a disk is full. */
		memmove(s + 1, s, (nsecrets - at) * sizeof(*s));
		*s = old;
		nsecrets++;
	}
	explicit_bzero(&old, sizeof(old));
	return error;
}

enum totp_verdict
totp_verify(const char *user, const char *code, uint64_t now_s)
{
	struct secret *s = find(user);
	uint64_t now = now_s / PERIOD_S, c, before;
	char want[16];
	bool good = false;
	uint64_t match = 0;

	if (is_damaged)
		return TOTP_FAILED;
	if (s == NULL || strlen(code) != s->digits)
		return TOTP_WRONG;
	for (c = now > TOTP_WINDOW ? now - TOTP_WINDOW : 0; c <= now + TOTP_WINDOW; c++) {
		if (oath_hotp_generate((const char *)s->key, s->len, c, s->digits, false, OATH_HOTP_DYNAMIC_TRUNCATION,
			want) != OATH_OK)
			return TOTP_FAILED;
		/* All steps are compared, whichever fits: the time tells nothing. */
		if (str_equal_ct(want, code, s->digits) && c > s->counter && !good) {
			good = true;
			match = c;
		}
	}
	explicit_bzero(want, sizeof(want));
	if (!good)
		return TOTP_WRONG;
	before = s->counter;
	s->counter = match;
	if (save() == 0)
		return TOTP_GOOD;
	s->counter = before;
	return TOTP_FAILED;
}
