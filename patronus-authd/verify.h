/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_VERIFY_H
#define PATRONUS_AUTHD_VERIFY_H

/*
 * Is this the user's password?  Asked of PAM in a process of its own that lives for one question (patronus-pam, started
 * by privd); two at once, a few more wait.
 */

#define VERIFY_AT_ONCE		2
#define VERIFY_WAITING_MAX	16
#define VERIFY_TIMEOUT_MS	5000

struct event_base;

/* verdict: AUTH_ACCEPTED, AUTH_REFUSED or AUTH_FAILED (enum auth_verdict). */
typedef void verify_done(unsigned verdict, void *arg);

void	 verify_init(struct event_base *);
/*
 * A user without an account is verified as ACCOUNT_NOBODY and refused, which takes the same time.  0 and done is called
 * once, later; -EBUSY when too many wait.
 */
int	 verify_start(const char *user, const char *password, const char *source, verify_done *done, void *arg);

#endif
