/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_SEAL_H
#define PATRONUS_CONFD_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "cipher.h"

/*
 * One secret at rest: "enc:v1:EPOCH:" and base64 of a salt, a nonce and the value under AES-256-GCM.  The key is made for this record
 * alone (HKDF of the data key with the salt), and where the value belongs is authenticated with it: what was sealed for one place of
 * one box opens nowhere else, and not under another epoch.  Pure: bytes in, bytes out.
 */

#define SEAL_VALUE_MAX		65536
#define SEAL_FINGERPRINT_LEN	17	/* 16 hex digits and NUL */

struct seal_place {
	const char	*path;		/* "/management/backup/passphrase" */
	const char	*device;	/* of the box */
	uint32_t	 epoch;		/* of the data key; from 1 */
};

/* *ret is malloc'd.  0 or -errno. */
int	 seal_value(const uint8_t key[CIPHER_KEY_LEN], const struct seal_place *, const void *value, size_t len, char **ret);
/* *ret is malloc'd and NUL-terminated; the caller clears it.  -EBADMSG: not sealed for this place with this key. */
int	 seal_open(const uint8_t key[CIPHER_KEY_LEN], const struct seal_place *, const char *text, char **ret, size_t *ret_len);
/* The epoch that a sealed text says it has, or 0 when it is no sealed text. */
uint32_t seal_epoch(const char *text);

/*
 * What may be seen of a value: whether it is another one than before.  A keyed hash over place and value, cut to 64 bits: without the
 * key neither guesses can be tried, nor equal secrets of two places be recognised.
 */
int	 seal_fingerprint(const uint8_t key[CIPHER_KEY_LEN], const char *path, const void *value, size_t len,
	    char ret[SEAL_FINGERPRINT_LEN]);

#endif
