/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "patronus-confd/seal.h"

static const struct cipher_bytes nothing;

static size_t
unhex(const char *hex, uint8_t *ret)
{
	size_t n = strlen(hex) / 2;

	assert_int_equal(str_unhex(hex, ret, n), 0);
	return (n);
}

struct aead_vector {
	enum cipher_kind	 kind;
	const char		*key, *nonce, *aad, *plain, *sealed;
};

/*
 * NIST's gcmEncryptExtIV256 (96-bit nonces, 128-bit tags) as in McGrew and Viega's cases 13 to 16, and RFC 8439, 2.8.2.
 */
static const struct aead_vector vectors[] = {
	{ CIPHER_AES_256_GCM, "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "", "",
	    "530f8afbc74536b9a963b4f1c4cb738b" },
	{ CIPHER_AES_256_GCM, "0000000000000000000000000000000000000000000000000000000000000000", "000000000000000000000000", "",
	    "00000000000000000000000000000000", "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919" },
	{ CIPHER_AES_256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888", "",
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
	    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
	    "b094dac5d93471bdec1a502270e3cc6c" },
	{ CIPHER_AES_256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", "cafebabefacedbaddecaf888",
	    "feedfacedeadbeeffeedfacedeadbeefabaddad2",
	    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
	    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
	    "76fc6ece0f4e1768cddf8853bb2d551b" },
	{ CIPHER_AES_256_GCM, "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4", "516c33929df5a3284ff463d7", "", "",
	    "bdc1ac884d332457a1d2664f168c76f0" },
	{ CIPHER_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f", "070000004041424344454647",
	    "50515253c0c1c2c3c4c5c6c7",
	    "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966204920636f756c64206f6666657220796f75206f"
	    "6e6c79206f6e652074697020666f7220746865206675747572652c2073756e73637265656e20776f756c642062652069742e",
	    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
	    "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116"
	    "1ae10b594f09e26a7e902ecbd0600691" },
};

static void
test_published_vectors(void **state)
{
	uint8_t key[32], nonce[12], aad[64], plain[256], sealed[256], out[256];
	size_t i, naad, n, nsealed;

	(void)state;
	for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		(void)unhex(vectors[i].key, key);
		(void)unhex(vectors[i].nonce, nonce);
		naad = unhex(vectors[i].aad, aad);
		n = unhex(vectors[i].plain, plain);
		nsealed = unhex(vectors[i].sealed, sealed);
		assert_int_equal(cipher_seal(vectors[i].kind, key, nonce, (struct cipher_bytes){ aad, naad }, plain, n, out), 0);
		assert_memory_equal(out, sealed, nsealed);
		assert_int_equal(cipher_open(vectors[i].kind, key, nonce, (struct cipher_bytes){ aad, naad }, sealed, nsealed, out), 0);
		assert_memory_equal(out, plain, n);
		sealed[nsealed - 1] ^= 1;
		assert_int_equal(cipher_open(vectors[i].kind, key, nonce, (struct cipher_bytes){ aad, naad }, sealed, nsealed, out), -EBADMSG);
	}
}

/* RFC 5869, A.1 (its first block) and RFC 7914, 12 (its first 32 bytes; the published one of N=16384, r=8, p=1). */
static void
test_key_derivation(void **state)
{
	uint8_t ikm[22], salt[13], info[10], want[32], got[32];

	(void)state;
	(void)unhex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", ikm);
	(void)unhex("000102030405060708090a0b0c", salt);
	(void)unhex("f0f1f2f3f4f5f6f7f8f9", info);
	(void)unhex("3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf", want);
	assert_int_equal(cipher_hkdf((struct cipher_bytes){ ikm, 22 }, (struct cipher_bytes){ salt, 13 }, (struct cipher_bytes){ info, 10 },
	    got), 0);
	assert_memory_equal(got, want, 32);
	(void)unhex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2", want);
	assert_int_equal(cipher_scrypt((struct cipher_bytes){ "pleaseletmein", 13 }, (struct cipher_bytes){ "SodiumChloride", 14 }, 14, got), 0);
	assert_memory_equal(got, want, 32);
	assert_int_equal(cipher_scrypt(nothing, nothing, 19, got), -ERANGE);
}

static void
test_base64_has_one_form(void **state)
{
	static const char *const bad[] = { "Zg==", "Zh", "Zm9", "Z", "Zg ", "Z-", "Zm9vY", "Zm9vYh" };
	uint8_t data[64], back[64];
	char text[96];
	size_t n, i, len;

	(void)state;
	for (n = 0; n < sizeof(data); n++) {
		cipher_random(data, n);
		len = cipher_base64_len(n);
		cipher_base64(data, n, text);
		assert_int_equal(cipher_unbase64(text, len, back), n);
		assert_memory_equal(back, data, n);
	}
	cipher_base64((const uint8_t *)"foobar", 6, text);
	assert_memory_equal(text, "Zm9vYmFy", 8);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(cipher_unbase64(bad[i], strlen(bad[i]), back), -EBADMSG);
}

static const uint8_t key[32] = { 1, 2, 3 };
static const struct seal_place here = { "/management/backup/passphrase", "00112233445566778899aabbccddeeff", 7 };

static int
opens(const struct seal_place *place, const char *text)
{
	char *value = NULL;
	size_t len;
	int error = seal_open(key, place, text, &value, &len);

	free(value);
	return (error);
}

static void
test_a_value_comes_back(void **state)
{
	static const char *const values[] = { "", "x", "correct horse battery staple", "line one\nline two\n" };
	char *text, *again, *value;
	size_t i, len;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(seal_value(key, &here, values[i], strlen(values[i]), &text), 0);
		assert_memory_equal(text, "enc:v1:7:", 9);
		assert_int_equal(seal_epoch(text), 7);
		assert_null(strstr(text, "horse"));
		assert_int_equal(seal_value(key, &here, values[i], strlen(values[i]), &again), 0);
		assert_string_not_equal(text, again);
		assert_int_equal(seal_open(key, &here, text, &value, &len), 0);
		assert_string_equal(value, values[i]);
		assert_int_equal(len, strlen(values[i]));
		free(text);
		free(again);
		free(value);
	}
	assert_int_equal(seal_value(key, &here, text, SEAL_VALUE_MAX + 1, &text), -EMSGSIZE);
}

/* Every bit of every byte, and every truncation: refused. */
static void
test_every_flipped_bit_is_refused(void **state)
{
	char *text, kept;
	size_t i, len;
	unsigned bit;

	(void)state;
	assert_int_equal(seal_value(key, &here, "a secret of some length", 23, &text), 0);
	len = strlen(text);
	assert_int_equal(opens(&here, text), 0);
	for (i = 0; i < len; i++) {
		kept = text[i];
		for (bit = 0; bit < 8; bit++) {
			text[i] = (char)(kept ^ 1 << bit);
			assert_int_equal(opens(&here, text), -EBADMSG);
		}
		text[i] = '\0';
		assert_int_equal(opens(&here, text), -EBADMSG);
		text[i] = kept;
	}
	assert_int_equal(opens(&here, text), 0);
	free(text);
}

/* Two values that change places, a value of another box, an older value under the number of a newer epoch. */
static void
test_a_value_opens_in_its_place_only(void **state)
{
	static const struct seal_place others[] = {
		{ "/management/backup/targets/nas/password", "00112233445566778899aabbccddeeff", 7 },
		{ "/management/backup/passphras", "e00112233445566778899aabbccddeef", 7 },
		{ "/management/backup/passphrase", "00112233445566778899aabbccddeefe", 7 },
		{ "/management/backup/passphrase", "00112233445566778899aabbccddeeff", 8 },
		{ "/management/backup/passphrase", "00112233445566778899aabbccddeeff", 0 },
	};
	char *text, *newer;
	uint8_t other[32] = { 1, 2, 4 };
	char *value;
	size_t i, len;

	(void)state;
	assert_int_equal(seal_value(key, &here, "first", 5, &text), 0);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_int_equal(opens(&others[i], text), -EBADMSG);
	assert_int_equal(seal_open(other, &here, text, &value, &len), -EBADMSG);
	assert_int_equal(seal_value(key, &others[0], "second", 6, &newer), 0);
	assert_int_equal(opens(&here, newer), -EBADMSG);
	free(newer);
	/* The epoch in the text is part of what is proven. */
	text[7] = '8';
	assert_int_equal(opens(&others[3], text), -EBADMSG);
	free(text);
}

static void
test_fingerprints_tell_change_and_nothing_else(void **state)
{
	uint8_t other[32] = { 9 };
	char a[SEAL_FINGERPRINT_LEN], b[SEAL_FINGERPRINT_LEN];

	(void)state;
	assert_int_equal(seal_fingerprint(key, "/a", "secret", 6, a), 0);
	assert_int_equal(seal_fingerprint(key, "/a", "secret", 6, b), 0);
	assert_string_equal(a, b);
	assert_int_equal(strspn(a, "0123456789abcdef"), 16);
	assert_int_equal(seal_fingerprint(key, "/a", "secreu", 6, b), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(seal_fingerprint(key, "/b", "secret", 6, b), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(seal_fingerprint(other, "/a", "secret", 6, b), 0);
	assert_string_not_equal(a, b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_vectors),
		cmocka_unit_test(test_key_derivation),
		cmocka_unit_test(test_base64_has_one_form),
		cmocka_unit_test(test_a_value_comes_back),
		cmocka_unit_test(test_every_flipped_bit_is_refused),
		cmocka_unit_test(test_a_value_opens_in_its_place_only),
		cmocka_unit_test(test_fingerprints_tell_change_and_nothing_else),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
