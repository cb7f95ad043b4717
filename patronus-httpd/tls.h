/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_TLS_H
#define PATRONUS_HTTPD_TLS_H

#include <openssl/ssl.h>
#include <stddef.h>
#include <stdint.h>

/*
 * TLS 1.3 without a private key: a certificate, and a key object whose signatures come from the signer.  Resumption by
 * stateless tickets.
 */

/* Before confinement: what OpenSSL would load later is loaded here. */
void	 tls_init(void);
/* A certificate chain from authd, PEM, leaf first.  0, or -EINVAL and the old one stays. */
int	 tls_set_chain(const uint8_t *pem, size_t len);
/* New keys for session tickets: who steals today's opens no ticket of yesterday. */
void	 tls_rotate(void);
/* A new server connection on fd, or NULL (no certificate yet, no memory). */
SSL	*tls_new(int fd);
/* OpenSSL's own words for what just failed, for the debug log; empties its queue. */
const char *tls_error(void);

#endif
