/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <limits.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "audit/key.h"

/* An EVP_PKEY under a name of our own: who includes the header needs no OpenSSL. */
static struct audit_key *
take(EVP_PKEY *key)
{
	char group[32];
	size_t len;

	if (key == NULL)
		return NULL;
	if (EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof(group), &len) == 1 &&
	    OBJ_sn2nid(group) == NID_X9_62_prime256v1)
		return (struct audit_key *)key;
	EVP_PKEY_free(key);
	return NULL;
}

static EVP_PKEY *
plain(const struct audit_key *k)
{
	return (EVP_PKEY *)(uintptr_t)k;
}

struct audit_key *
audit_key_new(const void *der, size_t len)
{
	const unsigned char *at = der;
	EVP_PKEY *key = len <= AUDIT_KEY_MAX ? d2i_PUBKEY(NULL, &at, (long)len) : NULL;

	if (key != NULL && at != (const unsigned char *)der + len) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return take(key);
}

struct audit_key *
audit_key_from_pem(const char *pem, size_t len)
{
	BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
	EVP_PKEY *key = bio != NULL ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;

	BIO_free(bio);
	return take(key);
}

void
audit_key_free(struct audit_key *k)
{
	EVP_PKEY_free(plain(k));
}

bool
audit_key_equal(const struct audit_key *a, const struct audit_key *b)
{
	return EVP_PKEY_eq(plain(a), plain(b)) == 1;
}

bool
audit_key_verify(const struct audit_key *k, const void *data, size_t len, const uint8_t *signature, size_t signature_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok;

	ok = ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, plain(k)) == 1 &&
	    EVP_DigestVerify(ctx, signature, signature_len, data, len) == 1;
	EVP_MD_CTX_free(ctx);
	return ok;
}
