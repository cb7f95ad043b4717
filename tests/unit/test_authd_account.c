/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts, passwords, claim code and TLS key, in a directory of their own. */
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cmocka.h>

#include "account.h"
#include "claim.h"
#include "password.h"
#include "store.h"
#include "strength.h"
#include "tlskey.h"

static char	dir[] = "/tmp/patronus-unit.XXXXXX";

static int
enter(void **state)
{
	(void)state;
	(void)memcpy(dir + sizeof(dir) - 7, "XXXXXX", 6);
	return mkdtemp(dir) == NULL || chdir(dir) == -1 ? -1 : 0;
}

static int
leave(void **state)
{
	static const char *const names[] = { ACCOUNTS_FILE, ACCOUNTS_FILE ".new", CLAIM_FILE, TLSKEY_FILE,
		TLSKEY_CERT_FILE, TLSKEY_FILE ".damaged", "elsewhere" };
	size_t i;

	(void)state;
	account_unload();
	tlskey_fini();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlink(names[i]) == -1)
			(void)rmdir(names[i]);
	return chdir("/") == -1 || rmdir(dir) == -1 ? -1 : 0;
}

static char *
content(const char *name, size_t *ret_len)
{
	char *s = NULL;

	if (store_read(name, 1 << 20, &s, ret_len) != 0)
		fail_msg("cannot read %s", name);
	return s;
}

static void
test_store(void **state)
{
	struct stat st;
	char *s;
	size_t len;

	(void)state;
	assert_int_equal(store_read("elsewhere", 10, &s, &len), -ENOENT);
	assert_int_equal(store_write("elsewhere", "one", 3, 0600), 0);
	assert_int_equal(store_write("elsewhere", "three", 5, 0640), 0);
	assert_int_equal(stat("elsewhere", &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	assert_int_equal(store_read("elsewhere", 4, &s, &len), -EFBIG);
	s = content("elsewhere", &len);
	assert_string_equal(s, "three");
	free(s);
	/* A link that somebody planted is not followed, not even for writing beside. */
	assert_int_equal(symlink("elsewhere", ACCOUNTS_FILE), 0);
	assert_int_equal(store_read(ACCOUNTS_FILE, 10, &s, &len), -ELOOP);
	assert_int_equal(symlink("elsewhere", ACCOUNTS_FILE ".new"), 0);
	assert_int_equal(store_write(ACCOUNTS_FILE, "mine", 4, 0600), 0);
	s = content("elsewhere", &len);
	assert_string_equal(s, "three");
	free(s);
	assert_int_equal(store_remove("elsewhere"), 0);
	assert_int_equal(store_remove("elsewhere"), 0);
}

static void
test_accounts(void **state)
{
	char hash[PASSWORD_HASH_MAX], *text;
	struct crypt_data data = { 0 };
	size_t len;

	(void)state;
	assert_int_equal(account_load(), 0);
	assert_false(account_any());
	assert_false(account_exists(ACCOUNT_NOBODY));
	assert_int_equal(password_hash("correct horse 42", hash), 0);
	assert_memory_equal(hash, "$y$", 3);
	assert_string_equal(crypt_r("correct horse 42", hash, &data), hash);
	assert_string_not_equal(crypt_r("correct horse 43", hash, &data), hash);
	assert_int_equal(account_set("alice", hash), 0);
	assert_int_equal(account_set("bob", hash), 0);
	assert_int_equal(account_set("alice", hash), 0);
	assert_int_equal(account_set("Alice", hash), -EINVAL);
	assert_int_equal(account_set("-", hash), -EINVAL);
	assert_int_equal(account_set("carol", "$y$a:b"), -EINVAL);
	assert_int_equal(account_set("carol", "$y$a\nroot:x"), -EINVAL);
	assert_true(account_any() && account_exists("alice") && account_exists("bob"));
	/* What PAM reads: one line a person, and one that nobody can be. */
	text = content(ACCOUNTS_FILE, &len);
	assert_non_null(strstr(text, "\nalice:$y$"));
	assert_memory_equal(text, "-:$y$", 5);
	free(text);
	assert_int_equal(account_load(), 0);
	assert_true(account_exists("alice") && account_exists("bob"));
	assert_int_equal(account_remove("alice"), 0);
	assert_int_equal(account_remove("alice"), -ENOENT);
	assert_int_equal(account_load(), 0);
	assert_false(account_exists("alice"));
	assert_true(account_exists("bob"));
}

static void
test_accounts_damaged(void **state)
{
	static const char *const bad[] = { "alice\n", "alice:\n", "alice:x\n", "Alice:$y$a\n", ":$y$a\n", "alice:$y$a:0\n", "alice:$y$a b\n",
		"alice:$y$a\nalice:$y$b\n", "alice:$y$a\n\xff:$y$a\n", "../x:$y$a\n" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(store_write(ACCOUNTS_FILE, bad[i], strlen(bad[i]), 0600), 0);
		if (account_load() != -EBADMSG)
			fail_msg("accepted: %s", bad[i]);
	}
	assert_int_equal(store_write(ACCOUNTS_FILE, "alice:$y$a\0b\n", 13, 0600), 0);
	assert_int_equal(account_load(), -EBADMSG);
}

/* A disk that refuses leaves everything as it was, in memory too. */
static void
test_accounts_no_disk(void **state)
{
	(void)state;
	assert_int_equal(account_load(), 0);
	assert_int_equal(account_set("alice", "$y$one"), 0);
	/* A directory where the temporary file should be. */
	assert_int_equal(mkdir(ACCOUNTS_FILE ".new", 0700), 0);
	assert_true(account_set("bob", "$y$two") < 0);
	assert_true(account_remove("alice") < 0);
	assert_true(account_exists("alice"));
	assert_false(account_exists("bob"));
}

static void
test_weakness(void **state)
{
	static const char *const weak[] = { "", "short", "elevenchars", "administrator", "Administrator1", "password1234", "Password!2345",
		"passwordpassword", "patronus-firewall", "alice1234567", "AliceAlice12", "aaaaaaaaaaaaaaaa", "abababababab", "123456789012",
		"abcdefghijklm", "qwertyuiop12", "letmein letmein", "correcthorsebatterystaple", "tab\tin the middle", "ubntubntubnt", "987654321098",
		"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6" };
	static const char *const good[] = { "a long enough phrase 7", "horse staple battery",
		"Xk3-plover-nine", "gr\xc3\xbcne Tinte auf Eis", "tomato9-lawn!x" };
	char longer[300];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(weak) / sizeof(weak[0]); i++)
		if (password_weakness("alice", weak[i]) == NULL)
			fail_msg("accepted: %s", weak[i]);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (password_weakness("alice", good[i]) != NULL)
			fail_msg("refused: %s: %s", good[i], password_weakness("alice", good[i]));
	memset(longer, 'x', sizeof(longer));
	memcpy(longer, "abcdefgh", 8);
	longer[257] = '\0';
	assert_non_null(password_weakness("alice", longer));
	assert_non_null(password_weakness("averylongusername", "averylongusername"));
	/* The estimate says what gives it away. */
	assert_non_null(strstr(password_weakness("alice", "summer2024!alice"), "well-known words"));
	assert_non_null(strstr(password_weakness("alice", "qwertzuiopasdfghjkl"), "row of the keyboard"));
	assert_non_null(strstr(password_weakness("alice", "tomabtomabtomabtomab"), "a repetition"));
	assert_true(strength_bits("alice", "Tr0mbone-in-a-lake", longer, sizeof(longer)) > 60);
	assert_true(strength_bits("alice", "aaaaaaaaaaaa", longer, sizeof(longer)) < 20);
}

static void
test_claim(void **state)
{
	char code[CLAIM_TEXT_MAX], other[CLAIM_TEXT_MAX + 8];
	struct stat st;
	size_t i, n = 0;

	(void)state;
	assert_int_equal(claim_init(), 0);
	assert_true(claim_is_open());
	(void)snprintf(code, sizeof(code), "%s", claim_text());
	assert_int_equal(strlen(code), 29);
	assert_int_equal(stat(CLAIM_FILE, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	/* The same after a restart. */
	assert_int_equal(claim_init(), 0);
	assert_string_equal(claim_text(), code);
	assert_true(claim_matches(code));
	for (i = 0; code[i] != '\0'; i++)
		if (code[i] != '-')
			other[n++] = code[i] == '0' ? 'o' : code[i] == '1' ? 'l' : (char)(code[i] | (code[i] >= 'A' ? 0x20 : 0));
	other[n] = '\0';
	assert_true(claim_matches(other));
	/* Each character counts. */
	for (i = 0; code[i] != '\0'; i++) {
		if (code[i] == '-')
			continue;
		(void)snprintf(other, sizeof(other), "%s", code);
		other[i] = code[i] == 'Z' ? 'Y' : 'Z';
		assert_false(claim_matches(other));
	}
	assert_false(claim_matches(""));
	assert_false(claim_matches("-"));
	(void)snprintf(other, sizeof(other), "%s-A", code);
	assert_false(claim_matches(other));
	assert_int_equal(claim_close(), 0);
	assert_false(claim_is_open());
	assert_false(claim_matches(code));
	assert_int_equal(stat(CLAIM_FILE, &st), -1);
	/* Another box, another code. */
	assert_int_equal(claim_init(), 0);
	assert_string_not_equal(claim_text(), code);
	assert_int_equal(claim_close(), 0);
}

static X509 *
leaf(void)
{
	size_t len;
	const uint8_t *pem = tlskey_chain(&len);
	BIO *bio = BIO_new_mem_buf(pem, (int)len);
	X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);

	BIO_free(bio);
	assert_non_null(cert);
	return cert;
}

static void
test_tlskey(void **state)
{
	uint8_t digest[64] = "0123456789abcdef0123456789abcdef0123456789abcdef", sig[128];
	EVP_PKEY_CTX *ctx;
	struct stat st;
	char *before, *after;
	size_t len, n, i;
	X509 *cert;

	(void)state;
	assert_int_equal(tlskey_init(), 0);
	assert_int_equal(stat(TLSKEY_FILE, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	before = content(TLSKEY_CERT_FILE, &len);
	assert_int_equal(tlskey_init(), 0);
	after = content(TLSKEY_CERT_FILE, &len);
	assert_string_equal(before, after);
	cert = leaf();
	assert_int_equal(X509_check_host(cert, "patronus", 0, 0, NULL), 1);
	for (i = 0; i <= sizeof(digest); i++) {
		if (i != 32 && i != 48)
			assert_int_equal(tlskey_sign(digest, i, sig, sizeof(sig), &n), -EINVAL);
	}
	assert_int_equal(tlskey_sign(digest, 32, sig, sizeof(sig), &n), 0);
	ctx = EVP_PKEY_CTX_new(X509_get0_pubkey(cert), NULL);
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(EVP_PKEY_verify(ctx, sig, n, digest, 32), 1);
	digest[0] ^= 1;
	assert_int_not_equal(EVP_PKEY_verify(ctx, sig, n, digest, 32), 1);
	EVP_PKEY_CTX_free(ctx);
	X509_free(cert);
	free(before);
	free(after);
	/* A damaged key is replaced, and kept. */
	assert_int_equal(store_write(TLSKEY_FILE, "no key", 6, 0600), 0);
	assert_int_equal(tlskey_init(), 0);
	assert_int_equal(access(TLSKEY_FILE ".damaged", F_OK), 0);
	/* A certificate of another key is made anew. */
	assert_int_equal(unlink(TLSKEY_FILE), 0);
	assert_int_equal(tlskey_init(), 0);
	cert = leaf();
	ctx = EVP_PKEY_CTX_new(X509_get0_pubkey(cert), NULL);
	assert_int_equal(tlskey_sign(digest, 48, sig, sizeof(sig), &n), 0);
	assert_int_equal(EVP_PKEY_verify_init(ctx), 1);
	assert_int_equal(EVP_PKEY_verify(ctx, sig, n, digest, 48), 1);
	EVP_PKEY_CTX_free(ctx);
	X509_free(cert);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_store, enter, leave),
		cmocka_unit_test_setup_teardown(test_accounts, enter, leave),
		cmocka_unit_test_setup_teardown(test_accounts_damaged, enter, leave),
		cmocka_unit_test_setup_teardown(test_accounts_no_disk, enter, leave),
		cmocka_unit_test(test_weakness),
		cmocka_unit_test_setup_teardown(test_claim, enter, leave),
		cmocka_unit_test_setup_teardown(test_tlskey, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
