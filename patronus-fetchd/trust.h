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

#endif
