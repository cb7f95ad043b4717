/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_RECOVERY_H
#define PATRONUS_AUTHD_RECOVERY_H

#include <stdbool.h>

/*
 * Recovery codes, for who has lost his authenticator: ten of 80 random bits, each good once.  Only their SHA-256 is kept, in the
 * file "recovery", a line per user "user:hash:hash..."; with that many bits no slow hash is needed.
 */

#define RECOVERY_FILE		"recovery"
#define RECOVERY_CODES		10
#define RECOVERY_DIGITS		16	/* of 5 bits */
#define RECOVERY_TEXT_MAX	256	/* ten codes with hyphens, divided by blanks */

/* 0 or -errno; after -EBADMSG nobody has any. */
int	 recovery_load(void);
void	 recovery_unload(void);
/* New codes in place of all old ones; on the disk when it returns 0.  ret is the only copy. */
int	 recovery_make(const char *user, char ret[RECOVERY_TEXT_MAX]);
/* 0 when there were none. */
int	 recovery_remove(const char *user);
unsigned recovery_count(const char *user);
/*
 * 0: it was one of his, and is used up on the disk.  -ENOENT: it is none.  Another -errno: it could not be written down, and
 * counts as not used.
 */
int	 recovery_use(const char *user, const char *typed);
/* Has it the shape of one? */
bool	 recovery_is_code(const char *typed);

#endif
