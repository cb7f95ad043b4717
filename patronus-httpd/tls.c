/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A key with foreign signatures is an EC_KEY_METHOD: of OpenSSL 1.1's interface, which 3.0 carries on; a provider would
 * be 20 times the code.
 */
#define OPENSSL_API_COMPAT	0x10100000L
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/log.h"
#include "signer.h"
#include "tls.h"

#define TICKET_LIFETIME_S	7200
#define SIGNATURE_MAX		128

static SSL_CTX		*ctx;		/* of the present chain; connections keep theirs alive */
static uint8_t		*chain;		/* what it was made from */
static size_t		 chain_len;
static EC_KEY_METHOD	*foreign;

/* OpenSSL asks for a signature: hand the digest to authd. */
static int
foreign_sign(int type, const unsigned char *digest, int len, unsigned char *sig, unsigned int *ret_len,
    const BIGNUM *kinv, const BIGNUM *r, EC_KEY *key)
{
	size_t n;
	int error;

	(void)type;
	(void)kinv;
	(void)r;
	error = signer_sign(digest, (size_t)len, sig, (size_t)ECDSA_size(key), &n);
	if (error != 0) {
		log_warnx("tls", "no signature from authd: %s", strerror(-error));
		return 0;
	}
	*ret_len = (unsigned int)n;
	return 1;
}

void
tls_init(void)
{
	SSL_CTX *probe;

	/* No openssl.cnf: what TLS means here is decided in this file. */
	if (OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_SSL_STRINGS |
		    OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_NO_ATEXIT,
		NULL) != 1)
		fatalx("tls", "OpenSSL cannot be initialised");
	foreign = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
	if (foreign == NULL)
		fatalx("tls", "no memory");
	EC_KEY_METHOD_set_sign(foreign, foreign_sign, NULL, NULL);
	/* Fetches the providers' algorithms and seeds the random generator. */
	probe = SSL_CTX_new(TLS_server_method());
	if (probe == NULL)
		fatalx("tls", "OpenSSL has no TLS");
	SSL_CTX_free(probe);
}

/* HTTP/1.1 is the only protocol; who offers others alone is told so. */
static int
select_alpn(
    SSL *ssl, const unsigned char **out, unsigned char *outlen, const unsigned char *in, unsigned int inlen, void *arg)
{
	static const unsigned char ours[] = "\x08http/1.1";
	unsigned char *picked;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&picked, outlen, ours, sizeof(ours) - 1, in, inlen) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = picked;
	return SSL_TLSEXT_ERR_OK;
}

/* The private key of a certificate, as far as we have one: its public half and the way to authd. */
static EVP_PKEY *
foreign_key(X509 *cert)
{
	const EC_KEY *public = EVP_PKEY_get0_EC_KEY(X509_get0_pubkey(cert));
	EVP_PKEY *pkey = NULL;
	EC_KEY *key = NULL;

	if (public == NULL)
		return NULL;
	key = EC_KEY_new();
	pkey = EVP_PKEY_new();
	if (key != NULL && pkey != NULL && EC_KEY_set_group(key, EC_KEY_get0_group(public)) == 1 &&
	    EC_KEY_set_public_key(key, EC_KEY_get0_public_key(public)) == 1 && EC_KEY_set_method(key, foreign) == 1 &&
	    EVP_PKEY_assign_EC_KEY(pkey, key) == 1)
		return pkey;
	EC_KEY_free(key);
	EVP_PKEY_free(pkey);
	return NULL;
}

static int
load_chain(SSL_CTX *c, BIO *bio)
{
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
	EVP_PKEY *key;
	int ok;

	if (cert == NULL)
		return -EINVAL;
	key = foreign_key(cert);
	ok = key != NULL && SSL_CTX_use_certificate(c, cert) == 1 && SSL_CTX_use_PrivateKey(c, key) == 1;
	X509_free(cert);
	EVP_PKEY_free(key);
	while (ok && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		ok = SSL_CTX_add0_chain_cert(c, cert) == 1;
		if (!ok)
			X509_free(cert);
	}
	ERR_clear_error();	/* the end of the PEM is one */
	return ok ? 0 : -EINVAL;
}

static SSL_CTX *
new_context(void)
{
	static const unsigned char session_context[] = "patronus";
	SSL_CTX *c = SSL_CTX_new(TLS_server_method());

	if (c == NULL)
		return NULL;
	if (SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(c, TLS1_3_VERSION) != 1 ||
	    SSL_CTX_set1_groups_list(c, "X25519:P-256:P-384") != 1 ||
	    SSL_CTX_set_session_id_context(c, session_context, sizeof(session_context) - 1) != 1) {
		SSL_CTX_free(c);
		return NULL;
	}
	(void)SSL_CTX_set_options(c, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT);
	/* Room for many idle connections: their buffers are given back between records. */
	(void)SSL_CTX_set_mode(
	    c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(c, 1);
	(void)SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_num_tickets(c, 1);
	(void)SSL_CTX_set_timeout(c, TICKET_LIFETIME_S);
	/* A request that can be replayed is no request. */
	(void)SSL_CTX_set_max_early_data(c, 0);
	SSL_CTX_set_alpn_select_cb(c, select_alpn, NULL);
	return c;
}

static SSL_CTX *
context_of(const uint8_t *pem, size_t len)
{
	SSL_CTX *c = new_context();
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	int error = -EINVAL;

	if (c != NULL && bio != NULL)
		error = load_chain(c, bio);
	BIO_free(bio);
	if (error == 0)
		return c;
	log_errx("tls", "the certificate from authd cannot be used: %s", tls_error());
	SSL_CTX_free(c);
	return NULL;
}

int
tls_set_chain(const uint8_t *pem, size_t len)
{
	SSL_CTX *c = context_of(pem, len);
	uint8_t *copy = malloc(len);

	if (c == NULL || copy == NULL) {
		SSL_CTX_free(c);
		free(copy);
		return -EINVAL;
	}
	memcpy(copy, pem, len);
	free(chain);
	chain = copy;
	chain_len = len;
	SSL_CTX_free(ctx);
	ctx = c;
	return 0;
}

void
tls_rotate(void)
{
	SSL_CTX *c = chain != NULL ? context_of(chain, chain_len) : NULL;

	if (c == NULL)
		return;
	SSL_CTX_free(ctx);
	ctx = c;
}

SSL *
tls_new(int fd)
{
	SSL *ssl = ctx != NULL ? SSL_new(ctx) : NULL;

	if (ssl == NULL)
		return NULL;
	if (SSL_set_fd(ssl, fd) != 1) {
		SSL_free(ssl);
		return NULL;
	}
	SSL_set_accept_state(ssl);
	return ssl;
}

const char *
tls_error(void)
{
	static char text[256];
	unsigned long e = ERR_peek_last_error();

	ERR_clear_error();
	if (e == 0)
		return "no reason given";
	ERR_error_string_n(e, text, sizeof(text));
	return text;
}
