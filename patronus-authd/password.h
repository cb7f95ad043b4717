/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_PASSWORD_H
#define PATRONUS_AUTHD_PASSWORD_H

#include <stddef.h>

#define PASSWORD_HASH_MAX	192
#define PASSWORD_MIN		12	/* characters */
#define PASSWORD_MAX		256	/* bytes: what PAM's conversation takes is bounded too */

/* Why a new password is refused, a sentence for the person who chose it; NULL when it may be used. */
const char	*password_weakness(const char *user, const char *password);
/* yescrypt with the library's default cost and a random salt.  0 or -errno. */
int		 password_hash(const char *password, char ret[PASSWORD_HASH_MAX]);
/* The hash of a random password that nobody knows. */
int		 password_hash_random(char ret[PASSWORD_HASH_MAX]);

#endif
