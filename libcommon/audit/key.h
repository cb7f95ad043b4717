/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_AUDIT_KEY_H
#define PATRONUS_AUDIT_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A public key that heads of the audit log are signed with: ECDSA on P-256 with SHA-256.
 */

#define AUDIT_KEY_MAX		256	/* bytes of SubjectPublicKeyInfo; 91 for P-256 */
#define AUDIT_SIGNATURE_MAX	80	/* bytes of DER */

struct audit_key;

/* From SubjectPublicKeyInfo (DER), or from the text of a PEM file that holds it.  NULL when it is no such key. */
struct audit_key	*audit_key_new(const void *der, size_t len);
struct audit_key	*audit_key_from_pem(const char *pem, size_t len);
void			 audit_key_free(struct audit_key *);
bool			 audit_key_equal(const struct audit_key *, const struct audit_key *);
/* Is this the key's signature over these bytes? */
bool			 audit_key_verify(const struct audit_key *, const void *data, size_t len, const uint8_t *signature, size_t signature_len);

#endif
