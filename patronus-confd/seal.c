/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"

#include "seal.h"

#define PREFIX		"enc:v1:"
#define SALT_LEN	16
#define HEAD_LEN	(SALT_LEN + CIPHER_NONCE_LEN)
#define EPOCH_DIGITS	10

static const char info[] = "patronus seal v1";

/* Each part with its length before it: no two places have the same bytes. */
static int
place_bytes(const struct seal_place *p, struct buf *ret)
{
	buf_init(ret, 8192);
	buf_put32(ret, p->epoch);
	buf_put32(ret, (uint32_t)strlen(p->device));
	buf_puts(ret, p->device);
	buf_put32(ret, (uint32_t)strlen(p->path));
	buf_puts(ret, p->path);
	return (buf_failed(ret) ? -ENOMEM : 0);
}

static int
record_key(const uint8_t key[CIPHER_KEY_LEN], const uint8_t *salt, uint8_t ret[CIPHER_KEY_LEN])
{
	return (cipher_hkdf((struct cipher_bytes){ key, CIPHER_KEY_LEN }, (struct cipher_bytes){ salt, SALT_LEN },
	    (struct cipher_bytes){ info, sizeof(info) - 1 }, ret));
}

/* salt, nonce, sealed value at bytes. */
static int
seal_bytes(const uint8_t key[CIPHER_KEY_LEN], const struct seal_place *place, const void *value, size_t len, uint8_t *bytes)
{
	uint8_t subkey[CIPHER_KEY_LEN];
	struct buf aad;
	int error;

	cipher_random(bytes, HEAD_LEN);
	if ((error = place_bytes(place, &aad)) == 0 && (error = record_key(key, bytes, subkey)) == 0)
		error = cipher_seal(CIPHER_AES_256_GCM, subkey, bytes + SALT_LEN, (struct cipher_bytes){ aad.data, aad.len }, value, len,
		    bytes + HEAD_LEN);
	explicit_bzero(subkey, sizeof(subkey));
	buf_fini(&aad);
	return (error);
}

int
seal_value(const uint8_t key[CIPHER_KEY_LEN], const struct seal_place *place, const void *value, size_t len, char **ret)
{
	size_t n = HEAD_LEN + len + CIPHER_TAG_LEN, head = sizeof(PREFIX) + EPOCH_DIGITS + 1, at;
	uint8_t *bytes;
	char *text;
	int error;

	if (len > SEAL_VALUE_MAX || place->epoch == 0)
		return (-EMSGSIZE);
	bytes = malloc(n);
	text = malloc(head + cipher_base64_len(n) + 1);
	error = bytes == NULL || text == NULL ? -ENOMEM : seal_bytes(key, place, value, len, bytes);
	if (error == 0) {
		at = (size_t)snprintf(text, head, PREFIX "%u:", place->epoch);
		cipher_base64(bytes, n, text + at);
		text[at + cipher_base64_len(n)] = '\0';
		*ret = text;
	} else
		free(text);
	free(bytes);
	return (error);
}

/* The number after the prefix as we write it; *ret_rest is what follows its colon. */
static uint32_t
read_epoch(const char *text, const char **ret_rest)
{
	char digits[EPOCH_DIGITS + 1];
	uint64_t epoch;
	size_t n;

	if (strncmp(text, PREFIX, sizeof(PREFIX) - 1) != 0)
		return (0);
	text += sizeof(PREFIX) - 1;
	n = strspn(text, "0123456789");
	if (n == 0 || n > EPOCH_DIGITS || text[0] == '0' || text[n] != ':')
		return (0);
	memcpy(digits, text, n);
	digits[n] = '\0';
	if (str_u64(digits, 1, UINT32_MAX, &epoch) != 0)
		return (0);
	*ret_rest = text + n + 1;
	return ((uint32_t)epoch);
}

uint32_t
seal_epoch(const char *text)
{
	const char *rest;

	return (read_epoch(text, &rest));
}

static int
open_bytes(const uint8_t key[CIPHER_KEY_LEN], const struct seal_place *place, const uint8_t *bytes, size_t n, char *ret)
{
	uint8_t subkey[CIPHER_KEY_LEN];
	struct buf aad;
	int error;

	if ((error = place_bytes(place, &aad)) == 0 && (error = record_key(key, bytes, subkey)) == 0)
		error = cipher_open(CIPHER_AES_256_GCM, subkey, bytes + SALT_LEN, (struct cipher_bytes){ aad.data, aad.len }, bytes + HEAD_LEN,
		    n - HEAD_LEN, (uint8_t *)ret);
	explicit_bzero(subkey, sizeof(subkey));
	buf_fini(&aad);
	return (error);
}

int
seal_open(const uint8_t key[CIPHER_KEY_LEN], const struct seal_place *place, const char *text, char **ret, size_t *ret_len)
{
	const char *rest;
	uint8_t *bytes;
	char *plain;
	size_t len;
	long n;
	int error = -EBADMSG;

	if (read_epoch(text, &rest) != place->epoch || place->epoch == 0)
		return (-EBADMSG);
	len = strlen(rest);
	if (len > cipher_base64_len(HEAD_LEN + SEAL_VALUE_MAX + CIPHER_TAG_LEN))
		return (-EBADMSG);
	bytes = malloc(len + 1);
	plain = malloc(len + 1);
	if (bytes == NULL || plain == NULL)
		error = -ENOMEM;
	else if ((n = cipher_unbase64(rest, len, bytes)) >= HEAD_LEN + CIPHER_TAG_LEN &&
	    (error = open_bytes(key, place, bytes, (size_t)n, plain)) == 0) {
		*ret_len = (size_t)n - HEAD_LEN - CIPHER_TAG_LEN;
		plain[*ret_len] = '\0';
		*ret = plain;
		plain = NULL;
	}
	free(bytes);
	free(plain);
	return (error);
}

int
seal_fingerprint(const uint8_t key[CIPHER_KEY_LEN], const char *path, const void *value, size_t len, char ret[SEAL_FINGERPRINT_LEN])
{
	uint8_t at_path[CIPHER_KEY_LEN], hash[CIPHER_KEY_LEN];
	int error;

	/* A key for the place first: the value is hashed where it lies, and never copied. */
	error = cipher_hmac((struct cipher_bytes){ key, CIPHER_KEY_LEN }, (struct cipher_bytes){ path, strlen(path) }, at_path);
	if (error == 0)
		error = cipher_hmac((struct cipher_bytes){ at_path, sizeof(at_path) }, (struct cipher_bytes){ value, len }, hash);
	if (error == 0)
		str_hex(hash, (SEAL_FINGERPRINT_LEN - 1) / 2, ret);
	explicit_bzero(at_path, sizeof(at_path));
	return (error);
}
