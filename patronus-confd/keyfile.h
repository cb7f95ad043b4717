/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_KEYFILE_H
#define PATRONUS_CONFD_KEYFILE_H

#include <stdint.h>

#include "cipher.h"

/*
 * The key key of a vault that nobody protects: 32 bytes in STATE/conf/vault-ID.key, mode 0600.  Each new one has a new name, so that
 * there is never a moment at which the one that is needed is not there.
 */

struct keyfile;

int	 keyfile_open(const char *dir, struct keyfile **ret);
void	 keyfile_close(struct keyfile *);		/* NULL is fine */
/* On disk, with its name, when 0 is returned. */
int	 keyfile_write(struct keyfile *, const char *id, const uint8_t key[CIPHER_KEY_LEN]);
int	 keyfile_read(struct keyfile *, const char *id, uint8_t ret[CIPHER_KEY_LEN]);	/* -ENOENT, -EBADMSG */
/* Overwrite and remove all but this one; "": all. */
void	 keyfile_tidy(struct keyfile *, const char *id);

#endif
