/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_SESSION_H
#define PATRONUS_AUTHD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"

/*
 * Sessions: who holds the token is the user.  Only its SHA-256 is kept, so that whoever reads this memory cannot act as
 * somebody; they live in memory alone and end with the process.
 */

#define SESSION_TOKEN_LEN	43		/* 256 random bits in base64url */
#define SESSION_IDLE_S		(15 * 60)
#define SESSION_ABSOLUTE_S	(12 * 3600)
#define SESSIONS_MAX		1024
#define SESSIONS_USER_MAX	32		/* a user's oldest goes when there is one more */

struct session {
	char		user[ACCOUNT_NAME_MAX + 1];
	char		csrf[SESSION_TOKEN_LEN + 1];
	uint64_t	expires_ms;		/* wall clock, for people; the monotonic one decides */
};

/* A new session; ret_token is the only copy of the token.  0 or -errno. */
int	 session_new(const char *user, char ret_token[SESSION_TOKEN_LEN + 1], struct session *ret);
/* Whose token is this?  Renews the idle time.  -ENOENT: nobody's (never was, ended, or a bit is wrong). */
int	 session_check(const char *token, struct session *ret);
/* -ENOENT when there was none. */
int	 session_end(const char *token);
/* All of a user, except the one of this token (may be ""); how many. */
unsigned session_end_user(const char *user, const char *except_token);
/* Forget those whose time is over. */
void	 session_sweep(void);
unsigned session_count(void);

#endif
