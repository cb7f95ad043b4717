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

#include "base/buf.h"
#include "base/str.h"
#include "patronus-confd/age.h"
#include "patronus-confd/bech32.h"
#include "patronus-confd/cipher.h"

/* A pair that age-keygen made, and the recipient of its manual. */
#define IDENTITY	"AGE-SECRET-KEY-1SU8X70UPVXF8KXFWPYJNQFH8SZS90QYPPG44YAGP597RZJLL0ZJQH9FWLL"
#define RECIPIENT	"age1slu3szw5934x2u5z2chm8wplrwmtq2t8r5vpzutexnfqc9ru53lqfwx966"
#define OTHER		"age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

static const struct age_lock to_recipient = { .recipients = { RECIPIENT }, .nrecipients = 1 };
static const struct age_key by_identity = { .identity = IDENTITY };

static int
open_file(const struct age_key *key, const void *data, size_t len, struct age_fault *fault)
{
	uint8_t *out = NULL;
	size_t n;
	int error = age_open(key, data, len, &out, &n, fault);

	if (error == 0)
		age_free(out, n);
	return (error);
}

static void
test_keys_as_text(void **state)
{
	static const char *const bad[] = { "", "age1", "AGE1SLU3SZW5934X2U5Z2CHM8WPLRWMTQ2T8R5VPZUTEXNFQC9RU53LQFWX966",
		"age1slu3szw5934x2u5z2chm8wplrwmtq2t8r5vpzutexnfqc9ru53lqfwx96q", "age1slu3szw5934x2u5z2chm8wplrwmtq2t8r5vpzutexnfqc9ru53lqfwx96",
		"age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9ssS4euqm", "bge1slu3szw5934x2u5z2chm8wplrwmtq2t8r5vpzutexnfqc9ru53lqfwx966",
		"age1by0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm" };
	uint8_t bytes[32], again[32];
	char text[96];
	size_t i, k;

	(void)state;
	assert_int_equal(bech32_decode(RECIPIENT, "age", bytes), 0);
	bech32_encode("age", bytes, text);
	assert_string_equal(text, RECIPIENT);
	assert_int_equal(bech32_decode(OTHER, "age", bytes), 0);
	assert_int_equal(bech32_decode(IDENTITY, "AGE-SECRET-KEY-", bytes), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(bech32_decode(bad[i], "age", bytes), -EINVAL);
	/* Any other character anywhere breaks the checksum. */
	for (i = 0; i < strlen(RECIPIENT); i++) {
		(void)str_copy(text, RECIPIENT, sizeof(text));
		text[i] = text[i] == 'q' ? 'p' : 'q';
		assert_int_equal(bech32_decode(text, "age", bytes), -EINVAL);
	}
	for (k = 0; k < 100; k++) {
		cipher_random(bytes, sizeof(bytes));
		bech32_encode("age", bytes, text);
		assert_int_equal(bech32_decode(text, "age", again), 0);
		assert_memory_equal(bytes, again, 32);
	}
}

static void
test_every_size_comes_back(void **state)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 65535, 65536, 65537, 131072, 200000 };
	uint8_t *data = malloc(200000), *out;
	struct age_fault fault;
	const char *bad;
	struct buf b;
	size_t i, len;

	(void)state;
	cipher_random(data, 200000);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		buf_init(&b, 0);
		assert_int_equal(age_seal(&to_recipient, data, sizes[i], &b, &bad), 0);
		assert_memory_equal(b.data, "age-encryption.org/v1\n-> X25519 ", 32);
		assert_int_equal(age_open(&by_identity, b.data, b.len, &out, &len, &fault), 0);
		assert_int_equal(len, sizes[i]);
		assert_memory_equal(out, data, len);
		age_free(out, len);
		buf_fini(&b);
	}
	free(data);
}

static void
test_passphrases(void **state)
{
	struct age_lock lock = { .passphrase = "a passphrase of eight words or so" };
	struct age_key right = { .passphrase = "a passphrase of eight words or so" }, wrong = { .passphrase = "another" };
	struct age_fault fault;
	const char *bad;
	uint8_t *out;
	struct buf b;
	size_t len;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(age_seal(&lock, "hello", 5, &b, &bad), 0);
	assert_int_equal(open_file(&wrong, b.data, b.len, &fault), -EACCES);
	assert_int_equal(open_file(&by_identity, b.data, b.len, &fault), -EACCES);
	assert_int_equal(age_open(&right, b.data, b.len, &out, &len, &fault), 0);
	assert_string_equal((char *)out, "hello");
	age_free(out, len);
	buf_fini(&b);
}

static void
test_several_recipients(void **state)
{
	struct age_lock lock = { .recipients = { OTHER, RECIPIENT, OTHER }, .nrecipients = 3 };
	struct age_key passphrase = { .passphrase = "none of that" };
	struct age_fault fault;
	const char *bad;
	struct buf b;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(age_seal(&lock, "x", 1, &b, &bad), 0);
	assert_int_equal(open_file(&by_identity, b.data, b.len, &fault), 0);
	assert_int_equal(open_file(&passphrase, b.data, b.len, &fault), -EACCES);
	lock.recipients[1] = OTHER;
	buf_reset(&b);
	assert_int_equal(age_seal(&lock, "x", 1, &b, &bad), 0);
	assert_int_equal(open_file(&by_identity, b.data, b.len, &fault), -EACCES);
	lock.recipients[1] = "age1notone";
	buf_reset(&b);
	assert_int_equal(age_seal(&lock, "x", 1, &b, &bad), -EINVAL);
	assert_string_equal(bad, "age1notone");
	/* The point of order one: whoever sealed to it, everybody could open it. */
	lock.recipients[1] = "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqs3290gq";
	buf_reset(&b);
	assert_int_equal(age_seal(&lock, "x", 1, &b, &bad), -EINVAL);
	assert_int_equal(open_file(&(struct age_key){ .identity = "AGE-SECRET-KEY-1" }, "x", 1, &fault), -EINVAL);
	buf_fini(&b);
}

/* One bit anywhere, and every length: refused, and it is said where. */
static void
test_damage_is_found_and_named(void **state)
{
	struct age_fault fault;
	const char *bad;
	uint8_t *data = calloc(1, 70000);
	struct buf b;
	size_t i, header;
	int error;

	(void)state;
	buf_init(&b, 0);
	assert_int_equal(age_seal(&to_recipient, data, 70000, &b, &bad), 0);
	header = (size_t)((uint8_t *)memmem(b.data, b.len, "\n--- ", 5) - b.data) + 5 + 43 + 1;
	for (i = 0; i < b.len; i += i < header + 40 ? 1 : 997) {
		b.data[i] ^= (uint8_t)(1 << i % 8);
		error = open_file(&by_identity, b.data, b.len, &fault);
		/* A share or a wrapped key that is another one is simply not for us. */
		assert_true(error == -EBADMSG || (error == -EACCES && i < header));
		if (error == -EBADMSG)
			assert_int_equal(strncmp(fault.text, i < header ? "header, line " : "data, byte ", 11), 0);
		b.data[i] ^= (uint8_t)(1 << i % 8);
	}
	for (i = 0; i < b.len; i += i < header + 40 ? 1 : 997) {
		assert_int_equal(open_file(&by_identity, b.data, i, &fault), -EBADMSG);
		assert_string_not_equal(fault.text, "");
	}
	/* Cut off at the end of a chunk, which is whole by itself; and something after the last one. */
	assert_int_equal(open_file(&by_identity, b.data, header + 16 + 65536 + 16, &fault), -EBADMSG);
	assert_non_null(strstr(fault.text, "data, byte "));
	buf_put(&b, b.data + header + 16 + 65536 + 16, 100);
	assert_int_equal(open_file(&by_identity, b.data, b.len, &fault), -EBADMSG);
	assert_int_equal(open_file(&by_identity, b.data, b.len - 100, &fault), 0);
	buf_fini(&b);
	free(data);
}

#define V1	"age-encryption.org/v1\n"
#define BODY	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
#define MAC	"--- AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n0123456789abcdef0123456789abcdef"

static void
test_headers_of_others(void **state)
{
	static const struct {
		const char	*text;
		int		 error;
		const char	*fault;
	} files[] = {
		{ "", -EBADMSG, "header, line 1: the file ends in its header" },
		{ "age-encryption.org/v2\n-> X25519 A\n" BODY MAC, -EBADMSG, "header, line 1: not a file of age, version 1" },
		{ V1 MAC, -EBADMSG, "header, line 2: the end of the header is not as it should be" },
		{ V1 "-> grease abc def\n\n" MAC, -EACCES, "" },
		{ V1 "-> ssh-ed25519 abc def\n" BODY MAC, -EACCES, "" },
		{ V1 "->  X25519\n" BODY MAC, -EBADMSG, "header, line 2: two spaces" },
		{ V1 "-> X25519\n" BODY MAC, -EBADMSG, "header, line 2: not an X25519 line" },
		{ V1 "-> X25519 AAAA\n" BODY MAC, -EBADMSG, "header, line 2: not a share of X25519" },
		{ V1 "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 99\n" BODY MAC, -EBADMSG, "header, line 2: not a work factor" },
		{ V1 "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 017\n" BODY MAC, -EBADMSG, "header, line 2: not a work factor" },
		{ V1 "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 22\n" BODY MAC, -EBADMSG,
		    "header, line 2: a work factor of 22; 18 is what this box has memory for" },
		{ V1 "-> scrypt AAAAAAAAAAAAAAAAAAAAAA 10\n" BODY "-> grease x\n\n" MAC, -EBADMSG,
		    "header, line 4: a passphrase beside another recipient" },
		{ V1 "-> X25519 \x80\n" BODY MAC, -EBADMSG, "header, line 2: a character that has no place here" },
		{ V1 "-> grease\n!!\n" MAC, -EBADMSG, "header, line 3: not base64" },
		{ V1 "hello\n", -EBADMSG, "header, line 2: neither a recipient nor the end of the header" },
	};
	struct age_fault fault;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		assert_int_equal(open_file(&by_identity, files[i].text, strlen(files[i].text), &fault), files[i].error);
		assert_string_equal(fault.text, files[i].fault);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_as_text),
		cmocka_unit_test(test_every_size_comes_back),
		cmocka_unit_test(test_passphrases),
		cmocka_unit_test(test_several_recipients),
		cmocka_unit_test(test_damage_is_found_and_named),
		cmocka_unit_test(test_headers_of_others),
	};

	return (cmocka_run_group_tests(tests, NULL, NULL));
}
