/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef PATRONUS_HTTPD_SIGNER_H
#define PATRONUS_HTTPD_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The other end of the TLS key: authd signs, httpd has only the certificate.  The channel blocks, because OpenSSL asks
 * in the middle of a handshake; it is bounded by SIGNER_TIMEOUT_MS, and while authd is away no connection is accepted.
 */

#define SIGNER_TIMEOUT_MS	500

struct event_base;

struct signer_ops {
	/* The certificate chain, PEM; comes after each (re)start of authd. */
	void	(*on_chain)(const uint8_t *pem, size_t len);
	/* authd went away. */
	void	(*on_lost)(void);
};

void	 signer_init(struct event_base *, const struct signer_ops *);
/* A new channel from privd; replaces the old one.  Takes fd. */
void	 signer_take(int fd);
bool	 signer_is_ready(void);
/* Sign a digest of 32 or 48 bytes: a DER signature of at most size bytes and its length, or -errno. */
int	 signer_sign(const uint8_t *digest, size_t len, uint8_t *ret, size_t size, size_t *ret_len);

#endif
