/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_FETCHD_TRUST_H
#define PATRONUS_FETCHD_TRUST_H

/*
 * Whose certificates are believed: those that the request brings, else the ones that the box trusts, which are read before the process is
 * confined and never again.
 */

/* A box without a bundle trusts nobody: every request needs its own. */
void	 trust_load(void);
/* Set it on an easy handle; pem may be "".  0, or -ENOENT when there is nothing to check a certificate against. */
int	 trust_apply(void *curl, const char *pem);
/* As that; what is no PEM is the base64 SHA-256 of the one public key (SubjectPublicKeyInfo) that is believed, whoever signed for it. */
int	 trust_apply_key_or_ca(void *curl, const char *trust);

#endif
