/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <liboath/oath.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "account.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "factor.h"
#include "ipc/ids.h"
#include "totp.h"

#define STARTED_MAX	16

/* Secrets that were shown and not confirmed yet. */
static struct started {
	char		user[ACCOUNT_NAME_MAX + 1];	/* "": free */
	struct totp_key	key;
	uint64_t	until_ms;			/* monotonic */
} started[STARTED_MAX];

bool
factor_is_enrolled(const char *user)
{
	return totp_is_enrolled(user);
}

static uint64_t
now_s(void)
{
	return clock_wall_ms() / 1000;
}

static unsigned
check_recovery(const char *user, const char *given, char text[FACTOR_TEXT_MAX])
{
	int error = recovery_use(user, given);

	if (error == 0) {
		log_info("login", "%s: a recovery code was used, %u are left", user, recovery_count(user));
		return AUTH_ACCEPTED;
	}
	if (error == -ENOENT)
		return AUTH_REFUSED;
	(void)str_copy(text, "the use of the recovery code cannot be written down", FACTOR_TEXT_MAX);
	log_errx("login", "%s: the use of a recovery code cannot be written down: %s", user, strerror(-error));
	return AUTH_FAILED;
}

unsigned
factor_check(const char *user, const char *given, char text[FACTOR_TEXT_MAX])
{
	int off_s = 0;

	text[0] = '\0';
	if (recovery_is_code(given))
		return check_recovery(user, given, text);
	switch (totp_verify(user, given, now_s(), &off_s)) {
	case TOTP_GOOD:
		return AUTH_ACCEPTED;
	case TOTP_USED:
		(void)str_copy(text, "that code was used already; wait for the next one", FACTOR_TEXT_MAX);
		return AUTH_REFUSED;
	case TOTP_SKEWED:
		(void)snprintf(text, FACTOR_TEXT_MAX, "that code is of %d seconds %s: the clock of this box or of your authenticator is wrong",
		    off_s < 0 ? -off_s : off_s, off_s < 0 ? "ago" : "ahead");
		return AUTH_REFUSED;
	case TOTP_FAILED:
		(void)str_copy(text, "the use of the code cannot be written down", FACTOR_TEXT_MAX);
		log_errx("login", "%s: the second factor's counter cannot be written down", user);
		return AUTH_FAILED;
	case TOTP_WRONG:
	case TOTP_INVALID:
		break;
	}
	return AUTH_REFUSED;
}

/* --- how it comes to be --- */

static struct started *
find_started(const char *user)
{
	size_t i;

	for (i = 0; i < STARTED_MAX; i++)
		if (strcmp(started[i].user, user) == 0 && clock_mono_ms() < started[i].until_ms)
			return &started[i];
	return NULL;
}

/* His own place, or the one that would have ended first: a free one has ended. */
static struct started *
place_for(const char *user)
{
	struct started *s = find_started(user);
	size_t i;

	if (s != NULL)
		return s;
	s = &started[0];
	for (i = 1; i < STARTED_MAX; i++)
		if (started[i].until_ms < s->until_ms)
			s = &started[i];
	return s;
}

/* RFC 4226 and 6238: as many bytes as the hash has. */
static size_t
secret_len(uint8_t algorithm)
{
	return algorithm == TOTP_SHA1 ? 20 : algorithm == TOTP_SHA256 ? 32 : 64;
}

int
factor_start(const char *user, uint8_t algorithm, unsigned digits, char ret[FACTOR_BASE32_MAX])
{
	struct totp_key key = { .algorithm = algorithm, .digits = digits, .len = secret_len(algorithm) };
	char code[TOTP_CODE_MAX], *text = NULL;
	struct started *s;
	size_t len = 0;

	if (!account_name_valid(user))
		return -EINVAL;
	if (factor_is_enrolled(user))
		return -EEXIST;
	if (getrandom(key.bytes, key.len, 0) != (ssize_t)key.len)
		return -EIO;
	if (totp_code(&key, 1, code) != 0)
		return -EINVAL;
	if (oath_base32_encode((const char *)key.bytes, key.len, &text, &len) != OATH_OK)
		return -ENOMEM;
	/* Padding is not part of a secret in an otpauth URI. */
	text[strcspn(text, "=")] = '\0';
	(void)str_copy(ret, text, FACTOR_BASE32_MAX);
	explicit_bzero(text, len);
	free(text);
	s = place_for(user);
	*s = (struct started){ .key = key, .until_ms = clock_mono_ms() + FACTOR_START_S * 1000ull };
	(void)str_copy(s->user, user, sizeof(s->user));
	explicit_bzero(&key, sizeof(key));
	return 0;
}

unsigned
factor_confirm(const char *user, const char *given, char text[FACTOR_TEXT_MAX], char codes[RECOVERY_TEXT_MAX])
{
	struct started *s = find_started(user);
	uint64_t match;
	int error;

	text[0] = '\0';
	if (s == NULL) {
		(void)str_copy(text, "there is no new secret to confirm, or it has waited too long: start again", FACTOR_TEXT_MAX);
		return AUTH_REFUSED;
	}
	match = totp_match(&s->key, given, now_s(), TOTP_WINDOW);
	if (match == 0) {
		(void)snprintf(text, FACTOR_TEXT_MAX, "%s", totp_match(&s->key, given, now_s(), 20) != 0 ?
		    "that code is of another time: the clock of this box or of your authenticator is wrong" :
		    "that is not the code of this secret");
		return AUTH_REFUSED;
	}
	/* The codes first: a factor without them could lock its owner out, codes without a factor are no use to anybody. */
	error = recovery_make(user, codes);
	if (error == 0)
		error = totp_enroll(user, &s->key, match);
	if (error == 0) {
		explicit_bzero(s, sizeof(*s));
		return AUTH_ACCEPTED;
	}
	explicit_bzero(codes, RECOVERY_TEXT_MAX);
	log_errx("login", "%s: the second factor cannot be stored: %s", user, strerror(-error));
	(void)str_copy(text, "the second factor could not be stored", FACTOR_TEXT_MAX);
	return AUTH_FAILED;
}

int
factor_remove(const char *user)
{
	int error = totp_remove(user), e = recovery_remove(user);

	return error == 0 ? e : error;
}
