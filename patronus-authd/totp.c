/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <liboath/oath.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "base/buf.h"
#include "base/str.h"
#include "ipc/ids.h"
#include "store.h"
#include "totp.h"

#define FILE_MAX	(2u << 20)
#define TOLD_MAX	(2 * (TOTP_SKEW - TOTP_WINDOW))

struct secret {
	char		user[ACCOUNT_NAME_MAX + 1];
	struct totp_key	key;
	uint64_t	counter;	/* of the last code that was taken */
	uint64_t	told[TOLD_MAX];	/* counters of codes that were explained: nobody gets in with them */
	unsigned	ntold;
};

static const struct {
	const char	*name;
	int		 flag;		/* of liboath */
} algorithms[] = {
	[TOTP_SHA1] = { "SHA1", 0 }, [TOTP_SHA256] = { "SHA256", OATH_TOTP_HMAC_SHA256 }, [TOTP_SHA512] = { "SHA512", OATH_TOTP_HMAC_SHA512 },
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
		if (oath_base32_encode((const char *)secrets[i].key.bytes, secrets[i].key.len, &text, &len) != OATH_OK)
			error = -ENOMEM;
		else {
			buf_printf(&b, "%s:%s:%u:%u:%s:%llu\n", secrets[i].user, algorithms[secrets[i].key.algorithm].name,
			    secrets[i].key.digits, TOTP_PERIOD_S, text, (unsigned long long)secrets[i].counter);
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

static uint8_t
algorithm_parse(const char *name)
{
	uint8_t i;

	for (i = TOTP_SHA1; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (strcmp(name, algorithms[i].name) == 0)
			return i;
	return TOTP_ALGORITHM_INVALID;
}

static int
parse_key(const char *base32, struct totp_key *ret)
{
	char *key = NULL;
	size_t len = 0;
	int r = oath_base32_decode(base32, strlen(base32), &key, &len);

	if (r == OATH_OK && len > 0 && len <= TOTP_SECRET_MAX) {
		memcpy(ret->bytes, key, len);
		ret->len = len;
	} else
		r = OATH_INVALID_BASE32;
	if (key != NULL)
		explicit_bzero(key, len);
	free(key);
	return r == OATH_OK ? 0 : -EBADMSG;
}

static int
parse_line(char *line, struct secret *ret)
{
	uint64_t digits, period;
	char *part[6];
	size_t i;

	for (i = 0; i < 6; i++) {
		part[i] = strsep(&line, ":");
		if (part[i] == NULL)
			return -EBADMSG;
	}
	ret->key.algorithm = algorithm_parse(part[1]);
	if (line != NULL || !account_name_valid(part[0]) || ret->key.algorithm == TOTP_ALGORITHM_INVALID ||
	    str_u64(part[2], 6, 8, &digits) != 0 || str_u64(part[3], TOTP_PERIOD_S, TOTP_PERIOD_S, &period) != 0 ||
	    parse_key(part[4], &ret->key) != 0 || str_u64(part[5], 0, UINT64_MAX, &ret->counter) != 0)
		return -EBADMSG;
	(void)str_copy(ret->user, part[0], sizeof(ret->user));
	ret->key.digits = (unsigned)digits;
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

static int
take_line(char *line)
{
	struct secret *s = nsecrets < ACCOUNTS_MAX ? add() : NULL;

	return s == NULL ? -ENOMEM : parse_line(line, s);
}

int
totp_load(void)
{
	int error;

	totp_unload();
	error = store_each_line(TOTP_FILE, FILE_MAX, take_line);
	is_damaged = error != 0;
	return error;
}

static bool
key_is_valid(const struct totp_key *k)
{
	return k->len >= TOTP_SECRET_MIN && k->len <= TOTP_SECRET_MAX && (k->digits == 6 || k->digits == 8) &&
	    k->algorithm >= TOTP_SHA1 && k->algorithm <= TOTP_SHA512;
}

int
totp_enroll(const char *user, const struct totp_key *key, uint64_t counter)
{
	struct secret *s;
	int error;

	if (!account_name_valid(user) || !key_is_valid(key))
		return -EINVAL;
	if (is_damaged)
		return -EBADMSG;
	if (find(user) != NULL)
		return -EEXIST;
	s = add();
	if (s == NULL)
		return -ENOMEM;
	(void)str_copy(s->user, user, sizeof(s->user));
	s->key = *key;
	s->counter = counter;
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

int
totp_code(const struct totp_key *k, uint64_t counter, char ret[TOTP_CODE_MAX])
{
	char code[16];

	if (!key_is_valid(k) || oath_totp_generate2((const char *)k->bytes, k->len, (time_t)(counter * TOTP_PERIOD_S), TOTP_PERIOD_S, 0,
	    k->digits, algorithms[k->algorithm].flag, code) != OATH_OK)
		return -EINVAL;
	(void)str_copy(ret, code, TOTP_CODE_MAX);
	explicit_bzero(code, sizeof(code));
	return 0;
}

uint64_t
totp_match(const struct totp_key *k, const char *code, uint64_t now_s, unsigned window)
{
	uint64_t now = now_s / TOTP_PERIOD_S, c, match = 0;
	char want[TOTP_CODE_MAX];

	if (strlen(code) != k->digits)
		return 0;
	for (c = now > window ? now - window : 1; c <= now + window; c++)
		if (totp_code(k, c, want) == 0 && str_equal_ct(want, code, k->digits) && match == 0)
			match = c;
	explicit_bzero(want, sizeof(want));
	return match;
}

static bool
was_told(const struct secret *s, uint64_t counter)
{
	unsigned i;

	for (i = 0; i < TOLD_MAX; i++)
		if (s->told[i] == counter)
			return true;
	return false;
}

/* A code that is off: say so, and never take it. */
static enum totp_verdict
explain(struct secret *s, uint64_t match, uint64_t now, int *ret_off_s)
{
	if (match > now)
		s->told[s->ntold++ % TOLD_MAX] = match;
	*ret_off_s = (int)((int64_t)match - (int64_t)now) * TOTP_PERIOD_S;
	return TOTP_SKEWED;
}

enum totp_verdict
totp_verify(const char *user, const char *code, uint64_t now_s, int *ret_off_s)
{
	struct secret *s = find(user);
	uint64_t now = now_s / TOTP_PERIOD_S, before, match;

	if (is_damaged)
		return TOTP_FAILED;
	match = s != NULL ? totp_match(&s->key, code, now_s, TOTP_SKEW) : 0;
	if (match == 0)
		return TOTP_WRONG;
	if (match <= s->counter || was_told(s, match))
		return TOTP_USED;
	if (match > now + TOTP_WINDOW || match + TOTP_WINDOW < now)
		return explain(s, match, now, ret_off_s);
	before = s->counter;
	s->counter = match;
	if (save() == 0)
		return TOTP_GOOD;
	s->counter = before;
	return TOTP_FAILED;
}
