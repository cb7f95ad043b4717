/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_SESSION_H
#define PATRONUS_AUTHD_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "secret.h"

/*
 * Sessions: who holds the token is the user.  Only its SHA-256 is kept, so that whoever reads this memory cannot act as
 * somebody; they live in memory alone and end with the process.
 */

#define SESSION_TOKEN_LEN	SECRET_TEXT_LEN
#define SESSION_ID_LEN		16
#define SESSION_IDLE_S		(15 * 60)
#define SESSION_ABSOLUTE_S	(12 * 3600)
#define SESSION_FRESH_S		(5 * 60)	/* so long the second factor counts as just given */
#define SESSIONS_MAX		1024
#define SESSIONS_USER_MAX	32		/* a user's oldest goes when there is one more */

struct session {
	char		id[SESSION_ID_LEN + 1];	/* names it in lists; nothing of the token */
	char		user[ACCOUNT_NAME_MAX + 1];
	char		source[65];		/* where it was last used from */
	char		csrf[SESSION_TOKEN_LEN + 1];
	uint64_t	created_ms;		/* wall clock, for people; the monotonic one decides */
	uint64_t	used_ms;
	uint64_t	expires_ms;
	uint32_t	fresh_s;		/* for so long the second factor counts as just given; 0: it was not */
};

/* A new session; ret_token is the only copy of the token.  0 or -errno. */
int	 session_new(const char *user, const char *source, char ret_token[SESSION_TOKEN_LEN + 1], struct session *ret);
/* Whose token is this?  Renews the idle time.  -ENOENT: nobody's (never was, ended, or a bit is wrong). */
int	 session_check(const char *token, const char *source, struct session *ret);
/* The second factor was given in this session, now.  -ENOENT when there is none. */
int	 session_step_up(const char *token);
/* See every session. */
void	 session_each(void (*see)(const struct session *, void *arg), void *arg);
/* End the one of this id; -ENOENT, also when it is somebody else's than user (unless that is ""). */
int	 session_end_id(const char *id, const char *user);
/* -ENOENT when there was none. */
int	 session_end(const char *token);
/* All of a user, except the one of this token (may be ""); how many. */
unsigned session_end_user(const char *user, const char *except_token);
/* Forget those whose time is over. */
void	 session_sweep(void);
unsigned session_count(void);

#endif
