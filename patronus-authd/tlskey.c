/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "base/log.h"
#include "keyfile.h"
#include "store.h"
#include "tlskey.h"

#define VALID_S		(10L * 365 * 86400)
#define RENEW_S		(30L * 86400)
#define EARLIEST_S	1767225600L	/* 2026-01-01: an unset clock makes no certificate of 1970 */
#define FILE_MAX	65536

static EVP_PKEY		*key;
static char		*chain;
static size_t		 chain_len;

static bool
add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = e != NULL && X509_add_ext(cert, e, -1) == 1;
	X509_EXTENSION_free(e);
	return ok;
}

static bool
set_serial(X509 *cert)
{
	unsigned char raw[16];
	BIGNUM *n;
	bool ok;

	if (RAND_bytes(raw, sizeof(raw)) != 1)
		return false;
	raw[0] &= 0x7f;
	raw[0] |= 0x40;
	n = BN_bin2bn(raw, sizeof(raw), NULL);
	ok = n != NULL && BN_to_ASN1_INTEGER(n, X509_get_serialNumber(cert)) != NULL;
	BN_free(n);
	return ok;
}

static bool
cert_fill(X509 *cert)
{
	time_t now = time(NULL), from = now > EARLIEST_S ? now - 86400 : EARLIEST_S;
	X509_NAME *name = X509_get_subject_name(cert);

	return X509_set_version(cert, X509_VERSION_3) == 1 && set_serial(cert) &&
	    ASN1_TIME_set(X509_getm_notBefore(cert), from) != NULL &&
	    ASN1_TIME_set(X509_getm_notAfter(cert), from + VALID_S) != NULL &&
	    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"patronus", -1, -1, 0) == 1 &&
	    X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key) == 1 &&
	    add_extension(cert, NID_basic_constraints, "critical,CA:FALSE") &&
	    add_extension(cert, NID_key_usage, "critical,digitalSignature") &&
	    add_extension(cert, NID_ext_key_usage, "serverAuth") &&
	    add_extension(cert, NID_subject_alt_name, "DNS:patronus,DNS:localhost,IP:127.0.0.1,IP:::1") &&
	    X509_sign(cert, key, EVP_sha256()) > 0;
}

static int
cert_make(void)
{
	X509 *cert = X509_new();
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	long len;
	int error = -ENOMEM;

	if (cert != NULL && bio != NULL && cert_fill(cert) && PEM_write_bio_X509(bio, cert) == 1) {
		len = BIO_get_mem_data(bio, &pem);
		chain = malloc((size_t)len);
		if (chain != NULL) {
			memcpy(chain, pem, (size_t)len);
			chain_len = (size_t)len;
			error = store_write(TLSKEY_CERT_FILE, chain, chain_len, 0644);
		}
	}
	BIO_free(bio);
	X509_free(cert);
	if (error == 0)
		log_info("tls", "made a self-signed certificate");
	return error;
}

/* Is the leaf for our key, and good for a while? */
static bool
cert_is_usable(const char *pem, size_t len)
{
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	X509 *cert = bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
	time_t soon = time(NULL) + RENEW_S;
	bool ok;

	ok = cert != NULL && X509_check_private_key(cert, key) == 1 &&
	    X509_cmp_time(X509_get0_notAfter(cert), &soon) > 0;
	X509_free(cert);
	BIO_free(bio);
	return ok;
}

int
tlskey_init(void)
{
	int error;

	tlskey_fini();
	error = keyfile_open(TLSKEY_FILE, "tls", &key);
	if (error != 0)
		return error;
	error = store_read(TLSKEY_CERT_FILE, FILE_MAX, &chain, &chain_len);
	if (error == 0 && cert_is_usable(chain, chain_len))
		return 0;
	free(chain);
	chain = NULL;
	return error == 0 || error == -ENOENT ? cert_make() : error;
}

void
tlskey_fini(void)
{
	EVP_PKEY_free(key);
	key = NULL;
	free(chain);
	chain = NULL;
	chain_len = 0;
}

const uint8_t *
tlskey_chain(size_t *ret_len)
{
	*ret_len = chain_len;
	return (const uint8_t *)chain;
}

int
tlskey_sign(const uint8_t *digest, size_t len, uint8_t *ret, size_t size, size_t *ret_len)
{
	EVP_PKEY_CTX *ctx;
	size_t n = size;
	bool ok;

	/* SHA-256 or SHA-384: the digests of TLS 1.3.  Longer bytes could be a message of somebody's choice. */
	if (len != 32 && len != 48)
		return -EINVAL;
	ctx = EVP_PKEY_CTX_new(key, NULL);
	ok = ctx != NULL && EVP_PKEY_sign_init(ctx) == 1 && EVP_PKEY_sign(ctx, ret, &n, digest, len) == 1;
	EVP_PKEY_CTX_free(ctx);
	ERR_clear_error();	/* what went wrong inside is kept there, with copies of its words */
	if (!ok)
		return -EIO;
	*ret_len = n;
	return 0;
}
