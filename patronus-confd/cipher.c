/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <sys/random.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/log.h"

#include "cipher.h"

#define SCRYPT_R	8
#define SCRYPT_LOG_N_MAX	18

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const EVP_CIPHER *
cipher_of(enum cipher_kind kind)
{
	return (kind == CIPHER_AES_256_GCM ? EVP_aes_256_gcm() : EVP_chacha20_poly1305());
}

int
cipher_seal(enum cipher_kind kind, const uint8_t key[CIPHER_KEY_LEN], const uint8_t nonce[CIPHER_NONCE_LEN], struct cipher_bytes aad,
    const uint8_t *plain, size_t len, uint8_t *ret)
{
	EVP_CIPHER_CTX *ctx;
	uint8_t tag[CIPHER_TAG_LEN];
	int n = 0, error = -ENOMEM;

	if (len > INT_MAX || aad.len > INT_MAX || (ctx = EVP_CIPHER_CTX_new()) == NULL)
		return (-ENOMEM);
	if (EVP_EncryptInit_ex(ctx, cipher_of(kind), NULL, key, nonce) == 1 &&
	    (aad.len == 0 || EVP_EncryptUpdate(ctx, NULL, &n, aad.data, (int)aad.len) == 1) &&
	    (len == 0 || EVP_EncryptUpdate(ctx, ret, &n, plain, (int)len) == 1) && EVP_EncryptFinal_ex(ctx, ret + len, &n) == 1 &&
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, sizeof(tag), tag) == 1) {
		memcpy(ret + len, tag, sizeof(tag));
		error = 0;
	}
	EVP_CIPHER_CTX_free(ctx);
	return (error);
}

int
cipher_open(enum cipher_kind kind, const uint8_t key[CIPHER_KEY_LEN], const uint8_t nonce[CIPHER_NONCE_LEN], struct cipher_bytes aad,
    const uint8_t *sealed, size_t len, uint8_t *ret)
{
	size_t plain = len - CIPHER_TAG_LEN;
	uint8_t tag[CIPHER_TAG_LEN];
	EVP_CIPHER_CTX *ctx;
	int n = 0, error = -EBADMSG;

	if (len < CIPHER_TAG_LEN)
		return (-EBADMSG);
	if (plain > INT_MAX || aad.len > INT_MAX || (ctx = EVP_CIPHER_CTX_new()) == NULL)
		return (-ENOMEM);
	memcpy(tag, sealed + plain, sizeof(tag));
	if (EVP_DecryptInit_ex(ctx, cipher_of(kind), NULL, key, nonce) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) != 1)
		error = -ENOMEM;
	else if ((aad.len == 0 || EVP_DecryptUpdate(ctx, NULL, &n, aad.data, (int)aad.len) == 1) &&
	    (plain == 0 || EVP_DecryptUpdate(ctx, ret, &n, sealed, (int)plain) == 1) && EVP_DecryptFinal_ex(ctx, ret + plain, &n) == 1)
		error = 0;
	if (error != 0 && plain > 0)
		explicit_bzero(ret, plain);	/* what was not proven is not looked at */
	EVP_CIPHER_CTX_free(ctx);
	return (error);
}

int
cipher_hmac(struct cipher_bytes key, struct cipher_bytes data, uint8_t ret[CIPHER_KEY_LEN])
{
	unsigned n = 0;

	if (key.len > INT_MAX || HMAC(EVP_sha256(), key.data != NULL ? key.data : "", (int)key.len, data.data, data.len, ret, &n) == NULL ||
	    n != CIPHER_KEY_LEN)
		return (-ENOMEM);
	return (0);
}

int
cipher_hkdf(struct cipher_bytes key, struct cipher_bytes salt, struct cipher_bytes info, uint8_t ret[CIPHER_KEY_LEN])
{
	uint8_t prk[CIPHER_KEY_LEN], block[512];
	int error;

	if (info.len >= sizeof(block))
		return (-EMSGSIZE);
	memcpy(block, info.data, info.len);
	block[info.len] = 1;
	if ((error = cipher_hmac(salt, key, prk)) == 0)
		error = cipher_hmac((struct cipher_bytes){ prk, sizeof(prk) }, (struct cipher_bytes){ block, info.len + 1 }, ret);
	explicit_bzero(prk, sizeof(prk));
	return (error);
}

int
cipher_scrypt(struct cipher_bytes passphrase, struct cipher_bytes salt, unsigned log_n, uint8_t ret[CIPHER_KEY_LEN])
{
	uint64_t n = 1ull << log_n;

	if (log_n == 0 || log_n > SCRYPT_LOG_N_MAX)
		return (-ERANGE);
	/* 128 r N for the table, and little beside it. */
	if (EVP_PBE_scrypt(passphrase.data, passphrase.len, salt.data, salt.len, n, SCRYPT_R, 1, 128 * SCRYPT_R * (n + 64), ret,
	    CIPHER_KEY_LEN) != 1)
		return (-ENOMEM);
	return (0);
}

void
cipher_random(void *ret, size_t len)
{
	uint8_t *at = ret;
	ssize_t n;

	for (; len > 0; at += n, len -= (size_t)n) {
		n = getrandom(at, len, 0);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			fatal("cipher", "cannot get random bytes");
	}
}

/* --- base64 --- */

size_t
cipher_base64_len(size_t len)
{
	return (len / 3 * 4 + (len % 3 > 0 ? len % 3 + 1 : 0));
}

void
cipher_base64(const uint8_t *data, size_t len, char *ret)
{
	uint32_t bits = 0;
	unsigned n = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		bits = bits << 8 | data[i];
		for (n += 8; n >= 6; n -= 6)
			*ret++ = alphabet[bits >> (n - 6) & 63];
	}
	if (n > 0)
		*ret++ = alphabet[bits << (6 - n) & 63];
}

/* By arithmetic, not by a table that a secret would index. */
static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (c - 'A');
	if (c >= 'a' && c <= 'z')
		return (c - 'a' + 26);
	if (c >= '0' && c <= '9')
		return (c - '0' + 52);
	return (c == '+' ? 62 : c == '/' ? 63 : -1);
}

long
cipher_unbase64(const char *text, size_t len, uint8_t *ret)
{
	uint32_t bits = 0;
	unsigned n = 0;
	long got = 0;
	size_t i;
	int v;

	if (len % 4 == 1)
		return (-EBADMSG);
	for (i = 0; i < len; i++) {
		if ((v = value_of(text[i])) < 0)
			return (-EBADMSG);
		bits = bits << 6 | (uint32_t)v;
		n += 6;
		if (n < 8)
			continue;
		n -= 8;
		ret[got++] = (uint8_t)(bits >> n);
	}
	return ((bits & ((1u << n) - 1)) == 0 ? got : -EBADMSG);
}
