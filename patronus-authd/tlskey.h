/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUTHD_TLSKEY_H
#define PATRONUS_AUTHD_TLSKEY_H

#include <stddef.h>
#include <stdint.h>

/*
 * The box's TLS key (P-256): made here at the first start, kept in the file "tls.key", never told to anybody.  Others
 * get the certificate and signatures over digests.
 */

#define TLSKEY_FILE		"tls.key"
#define TLSKEY_CERT_FILE	"tls.crt"

/*
 * Read key and certificate, or make what is missing; a certificate that ends within 30 days is renewed for the same
 * key.  0 or -errno.
 */
int		 tlskey_init(void);
void		 tlskey_fini(void);
/* PEM, leaf first. */
const uint8_t	*tlskey_chain(size_t *ret_len);
/* ECDSA over a digest of 32 or 48 bytes, nothing else; DER.  0 or -errno (-EINVAL for another length). */
int		 tlskey_sign(const uint8_t *digest, size_t len, uint8_t *ret, size_t size, size_t *ret_len);

#endif
