/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_CONFD_CIPHER_H
#define PATRONUS_CONFD_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The primitives that sealing and backups are made of, by libcrypto.  Keys are 32 bytes, tags 16.  Every function gives 0 or -errno:
 * -EBADMSG when something was not made with this key, -EIO when the library refuses.
 */

#define CIPHER_KEY_LEN		32
#define CIPHER_TAG_LEN		16
#define CIPHER_NONCE_LEN	12

enum cipher_kind {
	CIPHER_INVALID = 0,
	CIPHER_AES_256_GCM,		/* NIST SP 800-38D */
	CIPHER_CHACHA20_POLY1305,	/* RFC 8439 */
};

struct cipher_bytes {
	const void	*data;
	size_t		 len;
};

/* ret holds len + CIPHER_TAG_LEN bytes, and may be the plain text itself. */
int	 cipher_seal(enum cipher_kind, const uint8_t key[CIPHER_KEY_LEN], const uint8_t nonce[CIPHER_NONCE_LEN], struct cipher_bytes aad,
	    const uint8_t *plain, size_t len, uint8_t *ret);
/* sealed has its tag at the end; ret holds len - CIPHER_TAG_LEN bytes, and nothing readable after a failure. */
int	 cipher_open(enum cipher_kind, const uint8_t key[CIPHER_KEY_LEN], const uint8_t nonce[CIPHER_NONCE_LEN], struct cipher_bytes aad,
	    const uint8_t *sealed, size_t len, uint8_t *ret);

/* RFC 5869 with SHA-256, one block of output. */
int	 cipher_hkdf(struct cipher_bytes key, struct cipher_bytes salt, struct cipher_bytes info, uint8_t ret[CIPHER_KEY_LEN]);
int	 cipher_hmac(struct cipher_bytes key, struct cipher_bytes data, uint8_t ret[CIPHER_KEY_LEN]);
/* RFC 7914 with r=8 and p=1: 128 * 8 * 2^log_n bytes of memory while it runs. */
int	 cipher_scrypt(struct cipher_bytes passphrase, struct cipher_bytes salt, unsigned log_n, uint8_t ret[CIPHER_KEY_LEN]);

/* Ends the process when the kernel has no randomness. */
void	 cipher_random(void *ret, size_t len);

/* Base64 (RFC 4648) without padding.  ret holds cipher_base64_len() bytes; no NUL is written. */
size_t	 cipher_base64_len(size_t len);
void	 cipher_base64(const uint8_t *data, size_t len, char *ret);
/*
 * The one encoding of some bytes and no other (no padding, no white space, unused bits 0): ret holds len * 3 / 4 bytes.  Their number,
 * or -EBADMSG.
 */
long	 cipher_unbase64(const char *text, size_t len, uint8_t *ret);

#endif
