/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_TOTP_H
#define PATRONUS_AUTHD_TOTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Codes of an authenticator app (RFC 6238): the file "totp", a line per user "user:algorithm:digits:period:base32 secret:last
 * counter".  A code is good once: its counter is on the disk before the login succeeds, and no code of that time or
 * before is taken again.
 */

#define TOTP_FILE	"totp"
#define TOTP_PERIOD_S	30
#define TOTP_WINDOW	1	/* steps before and after now */
#define TOTP_SKEW	3	/* steps in which a code is not good, but explained */
#define TOTP_SECRET_MIN	16
#define TOTP_SECRET_MAX	64
#define TOTP_CODE_MAX	9	/* 8 digits and the NUL */

enum totp_verdict {
	TOTP_INVALID = 0,
	TOTP_GOOD,
	TOTP_WRONG,
	TOTP_USED,		/* right, but it was taken before */
	TOTP_SKEWED,		/* of another time: one of the clocks is off */
	TOTP_FAILED,		/* it could not be written down: refused */
};

struct totp_key {
	uint8_t		bytes[TOTP_SECRET_MAX];
	size_t		len;
	uint8_t		algorithm;	/* enum totp_algorithm */
	unsigned	digits;
};

/* The code of one step.  0, or -EINVAL for what is no key. */
int	 totp_code(const struct totp_key *, uint64_t counter, char ret[TOTP_CODE_MAX]);
/* The step within +-window of now whose code this is, latest 0 for none; all are compared, so the time tells nothing. */
uint64_t totp_match(const struct totp_key *, const char *code, uint64_t now_s, unsigned window);

/*
 * 0 or -errno.  After -EBADMSG everybody counts as enrolled and no code is right: a damaged file must not take second
 * factors away.
 */
int	 totp_load(void);
void	 totp_unload(void);
bool	 totp_is_enrolled(const char *user);
/*
 * digits 6 or 8, a secret of 16..64 bytes.  Codes up to the step counter are used already.  On the disk when it returns 0.
 */
int	 totp_enroll(const char *user, const struct totp_key *, uint64_t counter);
int	 totp_remove(const char *user);
/*
 * After TOTP_SKEWED *ret_off_s says how far the code is from now: it was right so many seconds ago (negative), or will be.
 * Such a code is not taken later either, so that asking is no way to try more codes than the window has.
 */
enum totp_verdict totp_verify(const char *user, const char *code, uint64_t now_s, int *ret_off_s);

#endif
