/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_TOKEN_H
#define PATRONUS_AUTHD_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "secret.h"

/*
 * API tokens: who holds one acts as its user, narrowed by a role and by scopes, until it expires.  The file "tokens" has a line
 * each with the SHA-256 of the token, never the token: whoever reads it can act as nobody.  256 random bits need no slow
 * hash.  Roles and scopes are confd's words; here they are text.
 */

#define TOKENS_FILE		"tokens"
#define TOKEN_PREFIX		"pat_"
#define TOKEN_LEN		(sizeof(TOKEN_PREFIX) - 1 + SECRET_TEXT_LEN)
#define TOKENS_MAX		1024
#define TOKENS_USER_MAX		64
#define TOKEN_ID_LEN		16
#define TOKEN_NAME_MAX		64
#define TOKEN_SCOPES_MAX	512
#define TOKEN_NETWORKS_MAX	512

struct token {
	char		id[TOKEN_ID_LEN + 1];
	char		user[ACCOUNT_NAME_MAX + 1];
	char		name[TOKEN_NAME_MAX + 1];
	char		role[33];		/* of the user, when it was made */
	char		cap[33];		/* as which it acts */
	char		scopes[TOKEN_SCOPES_MAX + 1];
	char		networks[TOKEN_NETWORKS_MAX + 1];	/* divided by blanks; "": from everywhere */
	uint64_t	created_ms;		/* wall clock, likewise the next ones */
	uint64_t	expires_ms;
	uint64_t	used_ms;		/* 0: never */
	char		used_from[65];
	uint8_t		hash[SECRET_HASH_LEN];
};

/* 0 or -errno; after -EBADMSG there are none. */
int	 token_load(void);
void	 token_unload(void);
/*
 * Make one: id, created and hash are filled in, ret_token is its only copy.  On the disk when it returns 0.  -EINVAL for a member that
 * cannot be kept, -ENOSPC when there are too many.
 */
int	 token_new(struct token *, char ret_token[TOKEN_LEN + 1]);
/* Looks a string like one? */
bool	 token_is_token(const char *);
/*
 * Whose is this?  NULL: nobody's, expired, or not from this source.  Remembers the use, on the disk with the next
 * token_sweep().
 */
const struct token *token_check(const char *token, const char *source);
/* The i-th; NULL after the last. */
const struct token *token_at(size_t i);
/* 0, -ENOENT (also when it is somebody else's than user, unless that is ""), or -errno. */
int	 token_revoke(const char *id, const char *user);
/* All of a user; 0 or -errno. */
int	 token_revoke_user(const char *user);
/* Forget what has expired, and write down what was used. */
void	 token_sweep(void);

#endif
