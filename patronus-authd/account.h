/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_ACCOUNT_H
#define PATRONUS_AUTHD_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The passwords of the administrators: the file "accounts", lines of "user:hash" as pam_pwdfile reads them.  What a
 * user may do is the configuration's to say; here is only who can prove to be whom.
 */

#define ACCOUNTS_FILE	"accounts"
#define ACCOUNTS_MAX	4096
#define ACCOUNT_NAME_MAX 32
/*
 * Stands in for users that do not exist: nobody can have this name, and its password is random and forgotten.  A login
 * for an unknown user runs the same hash as any other, so that the time of a refusal tells nothing.
 */
#define ACCOUNT_NOBODY	"-"

/* Read the file, or begin an empty one.  0 or -errno; -EBADMSG for a file that cannot be understood. */
int	 account_load(void);
void	 account_unload(void);
/* Does a password of a person exist here? */
bool	 account_exists(const char *user);
/* ... of anybody? */
bool	 account_any(void);
/* The shape that the schema gives to user names. */
bool	 account_name_valid(const char *);
/* Set or replace, written to the disk before it returns.  0 or -errno, and then nothing has changed. */
int	 account_set(const char *user, const char *hash);
/* -ENOENT when there is none. */
int	 account_remove(const char *user);

#endif
