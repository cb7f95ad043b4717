/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_TOTP_H
#define PATRONUS_AUTHD_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The second factor (RFC 6238): the file "totp", a line per user "user:algorithm:digits:period:base32 secret:last
 * counter".  A code is good once: its counter is on the disk before the login succeeds, and no code of that time or
 * before is taken again.
 */

#define TOTP_FILE	"totp"
#define TOTP_WINDOW	1	/* steps before and after now */

enum totp_verdict {
	TOTP_INVALID = 0,
	TOTP_GOOD,
	TOTP_WRONG,
	TOTP_FAILED,		/* it could not be written down: refused */
};

/*
 * 0 or -errno.  After -EBADMSG everybody counts as enrolled and no code is right: a damaged file must not take second
 * factors away.
 */
int	 totp_load(void);
void	 totp_unload(void);
bool	 totp_is_enrolled(const char *user);
/* digits 6 or 8, SHA-1 as every authenticator app has it; secret of 16..64 bytes.  On the disk when it returns 0. */
int	 totp_enroll(const char *user, const uint8_t *secret, size_t len, unsigned digits);
int	 totp_remove(const char *user);
enum totp_verdict totp_verify(const char *user, const char *code, uint64_t now_s);

#endif
