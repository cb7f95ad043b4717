/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_FACTOR_H
#define PATRONUS_AUTHD_FACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "recovery.h"

/*
 * A user's second factor, whole: the codes of an authenticator app, the recovery codes beside it, and how it comes to be.  Other
 * kinds (passkeys) would be asked here as well.
 */

#define FACTOR_TEXT_MAX		256
#define FACTOR_BASE32_MAX	128
#define FACTOR_START_S		600	/* so long a new secret waits for its first code */

bool	 factor_is_enrolled(const char *user);
/*
 * Is this one of his codes?  It is used up then.  AUTH_ACCEPTED, AUTH_REFUSED or AUTH_FAILED; text says what helps ("" when nothing
 * can be said).  Ask only when the password was right or a session is there, and count it as a guess.
 */
unsigned factor_check(const char *user, const char *given, char text[FACTOR_TEXT_MAX]);

/*
 * A new secret, kept in memory until a first code proves that the app has it.  0 and its base 32, -EEXIST when he has a
 * second factor, -EINVAL for an algorithm or number of digits that is none.
 */
int	 factor_start(const char *user, uint8_t algorithm, unsigned digits, char ret[FACTOR_BASE32_MAX]);
/* AUTH_ACCEPTED: enrolled, and codes are his recovery codes. */
unsigned factor_confirm(const char *user, const char *given, char text[FACTOR_TEXT_MAX], char codes[RECOVERY_TEXT_MAX]);
/* 0, -ENOENT when he has none, or -errno. */
int	 factor_remove(const char *user);

#endif
