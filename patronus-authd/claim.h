/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_CLAIM_H
#define PATRONUS_AUTHD_CLAIM_H

#include <stdbool.h>

/*
 * A box without an administrator belongs to who can read its claim code: it is made at the first start, shown on the
 * console, kept in the file "claim-code" (readable by root alone), good for one account, and gone when it has been
 * used.  There is no default password.
 */

#define CLAIM_FILE	"claim-code"
#define CLAIM_TEXT_MAX	48

/* There is no account: read the code or make it.  0 or -errno. */
int		 claim_init(void);
bool		 claim_is_open(void);
/* Is this the code?  Capitals, hyphens and blanks do not matter; O is 0, I and L are 1.  Constant time. */
bool		 claim_matches(const char *code);
/* The first account is there: the code is gone. */
int		 claim_close(void);
/* Tell the console, through privd: the code, or that there is nothing to claim.  A failure is logged. */
void		 claim_announce(void);
/* "AB-12-...", or "" when closed. */
const char	*claim_text(void);

#endif
