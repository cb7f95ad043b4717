/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Second factor, recovery codes and API tokens, in a directory of their own and by a clock that stands. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <liboath/oath.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/str.h"
#include "factor.h"
#include "guard.h"
#include "ipc/ids.h"
#include "recovery.h"
#include "store.h"
#include "token.h"
#include "totp.h"

static char	dir[] = "/tmp/patronus-unit.XXXXXX";
static uint64_t	mono_ms = 1000000, wall_ms = 1700000000000;

uint64_t	__wrap_clock_mono_ms(void);
uint64_t	__wrap_clock_wall_ms(void);

uint64_t
__wrap_clock_mono_ms(void)
{
	return mono_ms;
}

uint64_t
__wrap_clock_wall_ms(void)
{
	return wall_ms;
}

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
	static const char *const names[] = { TOTP_FILE, TOTP_FILE ".new", RECOVERY_FILE, RECOVERY_FILE ".new", TOKENS_FILE,
		TOKENS_FILE ".new", GUARD_KNOWN_FILE };
	size_t i;

	(void)state;
	totp_unload();
	recovery_unload();
	token_unload();
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (unlink(names[i]) == -1)
			(void)rmdir(names[i]);
	return chdir("/") == -1 || rmdir(dir) == -1 ? -1 : 0;
}

static struct totp_key
key_of(uint8_t algorithm, unsigned digits)
{
	static const char seed[] = "1234567890123456789012345678901234567890123456789012345678901234";
	struct totp_key k = { .algorithm = algorithm, .digits = digits, .len = algorithm == TOTP_SHA1 ? 20 : algorithm == TOTP_SHA256 ? 32 : 64 };

	memcpy(k.bytes, seed, k.len);
	return k;
}

static enum totp_verdict
verify(const char *user, const char *code, uint64_t now_s)
{
	int off_s;

	return totp_verify(user, code, now_s, &off_s);
}

/* RFC 6238, appendix B: each hash, 8 digits; and 6 digits, which are their last six. */
static void
test_vectors(void **state)
{
	static const struct {
		uint64_t	 time;
		const char	*code[TOTP_SHA512 + 1];
	} vectors[] = {
		{ 59, { "", "94287082", "46119246", "90693936" } }, { 1111111109, { "", "07081804", "68084774", "25091201" } },
		{ 1111111111, { "", "14050471", "67062674", "99943326" } }, { 1234567890, { "", "89005924", "91819424", "93441116" } },
		{ 2000000000, { "", "69279037", "90698825", "38618901" } }, { 20000000000ull, { "", "65353130", "77737706", "47863826" } },
	};
	char code[TOTP_CODE_MAX];
	struct totp_key k;
	size_t i;
	uint8_t a;

	(void)state;
	for (a = TOTP_SHA1; a <= TOTP_SHA512; a++)
		for (i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
			k = key_of(a, 8);
			assert_int_equal(totp_code(&k, vectors[i].time / 30, code), 0);
			assert_string_equal(code, vectors[i].code[a]);
			assert_int_equal(totp_match(&k, code, vectors[i].time, 1), vectors[i].time / 30);
			k.digits = 6;
			assert_int_equal(totp_code(&k, vectors[i].time / 30, code), 0);
			assert_string_equal(code, vectors[i].code[a] + 2);
		}
	k = key_of(TOTP_SHA1, 7);
	assert_int_equal(totp_code(&k, 1, code), -EINVAL);
	k = key_of(4, 6);
	assert_int_equal(totp_code(&k, 1, code), -EINVAL);
}

static void
test_once(void **state)
{
	static const uint64_t times[] = { 59, 1111111109, 1111111111, 1234567890, 2000000000, 20000000000ull };
	char code[TOTP_CODE_MAX];
	struct totp_key k;
	uint8_t a;
	size_t i;

	(void)state;
	assert_int_equal(totp_load(), 0);
	assert_false(totp_is_enrolled("alice"));
	assert_int_equal(verify("alice", "94287082", 59), TOTP_WRONG);
	for (a = TOTP_SHA1; a <= TOTP_SHA512; a++) {
		k = key_of(a, a == TOTP_SHA256 ? 6 : 8);
		assert_int_equal(totp_enroll("alice", &k, 0), 0);
		assert_int_equal(totp_enroll("alice", &k, 0), -EEXIST);
		assert_true(totp_is_enrolled("alice"));
		for (i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
			assert_int_equal(totp_code(&k, times[i] / 30, code), 0);
			assert_int_equal(verify("alice", &"00000000"[8 - k.digits], times[i]), TOTP_WRONG);
			assert_int_equal(verify("alice", code, times[i]), TOTP_GOOD);
			/* Once is once, also after a restart. */
			assert_int_equal(verify("alice", code, times[i]), TOTP_USED);
			assert_int_equal(totp_load(), 0);
			assert_int_equal(verify("alice", code, times[i]), TOTP_USED);
		}
		/* A clock that was set back brings no old code to life. */
		assert_int_equal(totp_code(&k, 1234567890 / 30, code), 0);
		assert_int_equal(verify("alice", code, 1234567890), TOTP_USED);
		assert_int_equal(totp_remove("alice"), 0);
		assert_int_equal(totp_load(), 0);
		assert_false(totp_is_enrolled("alice"));
	}
	/* What was used before the enrolment counts as used. */
	k = key_of(TOTP_SHA1, 8);
	assert_int_equal(totp_enroll("alice", &k, 1), 0);
	assert_int_equal(verify("alice", "94287082", 59), TOTP_USED);
}

static void
test_window(void **state)
{
	struct totp_key k = key_of(TOTP_SHA1, 6);
	int off_s = 0;

	(void)state;
	assert_int_equal(totp_enroll("bob", &k, 0), 0);
	/* 287082 is of 30..59: of no time but the steps beside it is it good, and further away it is only explained. */
	assert_int_equal(verify("bob", "287082", 180), TOTP_WRONG);
	assert_int_equal(totp_verify("bob", "287082", 149, &off_s), TOTP_SKEWED);
	assert_int_equal(off_s, -90);
	assert_int_equal(totp_verify("bob", "287082", 90, &off_s), TOTP_SKEWED);
	assert_int_equal(off_s, -60);
	assert_int_equal(verify("bob", "94287082", 59), TOTP_WRONG);
	assert_int_equal(verify("bob", "28708", 59), TOTP_WRONG);
	assert_int_equal(verify("bob", "", 59), TOTP_WRONG);
	/* What cannot be written down is refused. */
	assert_int_equal(mkdir(TOTP_FILE ".new", 0700), 0);
	assert_int_equal(verify("bob", "287082", 59), TOTP_FAILED);
	assert_int_equal(totp_remove("bob") < 0, 1);
	assert_true(totp_is_enrolled("bob"));
	assert_int_equal(rmdir(TOTP_FILE ".new"), 0);
	assert_int_equal(verify("bob", "287082", 0), TOTP_GOOD);
}

/* A code of the future that was explained is no code when its time comes: explaining gives a guesser no wider window. */
static void
test_explained_codes_are_burnt(void **state)
{
	struct totp_key k = key_of(TOTP_SHA256, 6);
	char code[2][TOTP_CODE_MAX];
	int off_s = 0;

	(void)state;
	assert_int_equal(totp_enroll("bob", &k, 0), 0);
	assert_int_equal(totp_code(&k, 1003, code[0]), 0);
	assert_int_equal(totp_code(&k, 1002, code[1]), 0);
	assert_int_equal(totp_verify("bob", code[0], 1000 * 30, &off_s), TOTP_SKEWED);
	assert_int_equal(off_s, 90);
	assert_int_equal(totp_verify("bob", code[1], 1000 * 30, &off_s), TOTP_SKEWED);
	assert_int_equal(off_s, 60);
	assert_int_equal(verify("bob", code[0], 1003 * 30), TOTP_USED);
	assert_int_equal(verify("bob", code[1], 1002 * 30), TOTP_USED);
	assert_int_equal(totp_code(&k, 1004, code[0]), 0);
	assert_int_equal(verify("bob", code[0], 1004 * 30), TOTP_GOOD);
}

/* A damaged file takes nobody's second factor away. */
static void
test_damaged(void **state)
{
	static const char *const bad[] = { "bob", "bob:SHA1:6:30:GEZDGNBVGY3TQOJQ", "bob:MD5:6:30:GEZDGNBVGY3TQOJQ:0\n", "bob:SHA1:6:30:!!:0\n",
		"bob:SHA1:9:30:GEZDGNBVGY3TQOJQ:0\n", "bob:SHA1:6:60:GEZDGNBVGY3TQOJQ:0\n", "bob:SHA1:6:30:GEZDGNBVGY3TQOJQ:x\n",
		"bob:SHA1:6:30:GEZDGNBVGY3TQOJQ:0:1\n", "Bob:SHA1:6:30:GEZDGNBVGY3TQOJQ:0\n", "bob::6:30:GEZDGNBVGY3TQOJQ:0\n" };
	struct totp_key k = key_of(TOTP_SHA1, 6);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(store_write(TOTP_FILE, bad[i], strlen(bad[i]), 0600), 0);
		if (totp_load() != -EBADMSG)
			fail_msg("accepted: %s", bad[i]);
		assert_true(totp_is_enrolled("bob") && totp_is_enrolled("anybody"));
		assert_int_equal(verify("bob", "287082", 59), TOTP_FAILED);
		assert_int_equal(totp_enroll("carol", &k, 0), -EBADMSG);
		assert_int_equal(totp_remove("bob"), -EBADMSG);
	}
	assert_int_equal(unlink(TOTP_FILE), 0);
	assert_int_equal(totp_load(), 0);
	assert_false(totp_is_enrolled("bob"));
}

static void
test_recovery(void **state)
{
	char codes[RECOVERY_TEXT_MAX], other[RECOVERY_TEXT_MAX], *code, *at, *list, *text;
	unsigned n = 0;
	size_t len;

	(void)state;
	assert_int_equal(recovery_load(), 0);
	assert_int_equal(recovery_count("alice"), 0);
	assert_int_equal(recovery_use("alice", "0000-0000-0000-0000"), -ENOENT);
	assert_int_equal(recovery_make("alice", codes), 0);
	assert_int_equal(recovery_make("bob", other), 0);
	assert_int_equal(recovery_count("alice"), RECOVERY_CODES);
	/* On the disk is nothing that could be typed. */
	assert_int_equal(store_read(RECOVERY_FILE, 1 << 20, &text, &len), 0);
	list = strdup(codes);
	for (code = strtok_r(list, " ", &at); code != NULL; code = strtok_r(NULL, " ", &at)) {
		n++;
		assert_int_equal(strlen(code), 19);
		assert_null(strstr(text, code));
		assert_true(recovery_is_code(code));
		assert_int_equal(recovery_use("bob", code), -ENOENT);		/* another's */
		assert_int_equal(recovery_use("alice", code), 0);
		assert_int_equal(recovery_use("alice", code), -ENOENT);		/* once is once */
		assert_int_equal(recovery_load(), 0);
		assert_int_equal(recovery_use("alice", code), -ENOENT);		/* also after a restart */
		assert_int_equal(recovery_count("alice"), RECOVERY_CODES - n);
	}
	free(text);
	free(list);
	assert_int_equal(n, RECOVERY_CODES);
	/* New ones end the old ones; a disk that refuses uses none up. */
	assert_int_equal(recovery_make("bob", codes), 0);
	other[19] = codes[19] = '\0';
	assert_int_equal(recovery_use("bob", other), -ENOENT);
	assert_int_equal(mkdir(RECOVERY_FILE ".new", 0700), 0);
	assert_true(recovery_use("bob", codes) < 0 && recovery_use("bob", codes) != -ENOENT);
	assert_true(recovery_make("bob", other) < 0 && recovery_make("carol", other) < 0);
	assert_int_equal(rmdir(RECOVERY_FILE ".new"), 0);
	assert_int_equal(recovery_use("bob", codes), 0);
	assert_int_equal(recovery_remove("bob"), 0);
	assert_int_equal(recovery_load(), 0);
	assert_int_equal(recovery_count("bob"), 0);
	assert_int_equal(store_write(RECOVERY_FILE, "bob:12\n", 7, 0600), 0);
	assert_int_equal(recovery_load(), -EBADMSG);
}

static void
code_for(const char *base32, uint64_t now_s, char ret[16])
{
	char *key;
	size_t len;

	assert_int_equal(oath_base32_decode(base32, strlen(base32), &key, &len), OATH_OK);
	assert_int_equal(oath_totp_generate(key, len, (time_t)now_s, 30, 0, 6, ret), OATH_OK);
	free(key);
}

static void
test_enrolment(void **state)
{
	char secret[FACTOR_BASE32_MAX], again[FACTOR_BASE32_MAX], text[FACTOR_TEXT_MAX], codes[RECOVERY_TEXT_MAX], code[16];

	(void)state;
	assert_int_equal(totp_load(), 0);
	assert_int_equal(factor_confirm("alice", "123456", text, codes), AUTH_REFUSED);
	assert_int_equal(factor_start("alice", TOTP_SHA1, 7, secret), -EINVAL);
	assert_int_equal(factor_start("alice", TOTP_SHA1, 6, secret), 0);
	assert_int_equal(strlen(secret), 32);
	/* Whoever starts again gets another secret, and the first is forgotten; a wrong code enrols nobody. */
	assert_int_equal(factor_start("alice", TOTP_SHA1, 6, again), 0);
	assert_string_not_equal(secret, again);
	code_for(secret, wall_ms / 1000, code);
	assert_int_equal(factor_confirm("alice", code, text, codes), AUTH_REFUSED);
	assert_false(factor_is_enrolled("alice"));
	code_for(again, wall_ms / 1000 - 300, code);
	assert_int_equal(factor_confirm("alice", code, text, codes), AUTH_REFUSED);
	assert_non_null(strstr(text, "clock"));
	code_for(again, wall_ms / 1000, code);
	assert_int_equal(factor_confirm("alice", code, text, codes), AUTH_ACCEPTED);
	assert_int_equal(strlen(codes), 10 * 20 - 1);
	assert_true(factor_is_enrolled("alice"));
	assert_int_equal(factor_start("alice", TOTP_SHA1, 6, secret), -EEXIST);
	/* The code that enrolled is used. */
	assert_int_equal(factor_check("alice", code, text), AUTH_REFUSED);
	assert_non_null(strstr(text, "already"));
	wall_ms += 60000;
	code_for(again, wall_ms / 1000, code);
	assert_int_equal(factor_check("alice", code, text), AUTH_ACCEPTED);
	codes[19] = '\0';
	assert_int_equal(factor_check("alice", codes, text), AUTH_ACCEPTED);
	assert_int_equal(factor_check("alice", codes, text), AUTH_REFUSED);
	code_for(again, wall_ms / 1000 + 90, code);
	assert_int_equal(factor_check("alice", code, text), AUTH_REFUSED);
	assert_non_null(strstr(text, "90 seconds ahead"));
	assert_int_equal(factor_remove("alice"), 0);
	assert_int_equal(factor_remove("alice"), -ENOENT);
	assert_int_equal(recovery_count("alice"), 0);
	/* A secret that nobody confirms is forgotten. */
	assert_int_equal(factor_start("alice", TOTP_SHA1, 6, secret), 0);
	mono_ms += FACTOR_START_S * 1000ull;
	code_for(secret, wall_ms / 1000, code);
	assert_int_equal(factor_confirm("alice", code, text, codes), AUTH_REFUSED);
}

/* --- API tokens --- */

static struct token
token_of(const char *user, const char *networks)
{
	struct token t = { .name = "backup", .role = "admin", .cap = "read-only", .scopes = "state:read commit",
		.expires_ms = wall_ms + 3600000 };

	(void)str_copy(t.user, user, sizeof(t.user));
	(void)str_copy(t.networks, networks, sizeof(t.networks));
	return t;
}

static void
test_token_life(void **state)
{
	char text[TOKEN_LEN + 1], other[TOKEN_LEN + 1], *file;
	struct token t = token_of("alice", ""), u = token_of("bob", "");
	const struct token *found;
	size_t len;

	(void)state;
	assert_int_equal(token_load(), 0);
	assert_int_equal(token_new(&t, text), 0);
	assert_int_equal(token_new(&u, other), 0);
	assert_memory_equal(text, "pat_", 4);
	assert_int_equal(strlen(text), 47);
	assert_string_not_equal(t.id, u.id);
	/* The file has nothing that could be used. */
	assert_int_equal(store_read(TOKENS_FILE, 1 << 20, &file, &len), 0);
	assert_null(strstr(file, text + 4));
	assert_null(strstr(file, "pat_"));
	free(file);
	assert_int_equal(token_load(), 0);
	found = token_check(text, "192.0.2.9:4242");
	assert_non_null(found);
	assert_string_equal(found->user, "alice");
	assert_string_equal(found->cap, "read-only");
	assert_string_equal(found->scopes, "state:read commit");
	assert_string_equal(found->used_from, "192.0.2.9");
	/* The last use is there after a restart, too. */
	token_sweep();
	assert_int_equal(token_load(), 0);
	assert_int_equal(token_at(0)->used_ms, wall_ms);
	assert_string_equal(token_at(1)->used_from, "");
	assert_int_equal(token_revoke(t.id, "bob"), -ENOENT);
	assert_int_equal(token_revoke(t.id, "alice"), 0);
	assert_null(token_check(text, "192.0.2.9:1"));
	assert_int_equal(token_load(), 0);
	assert_null(token_check(text, "192.0.2.9:1"));
	assert_int_equal(token_revoke(t.id, ""), -ENOENT);
	assert_non_null(token_check(other, "192.0.2.9:1"));
	wall_ms += 3600000;
	assert_null(token_check(other, "192.0.2.9:1"));
	token_sweep();
	assert_null(token_at(0));
}

/* Every one of the 256 bits counts, and every character before them. */
static void
test_token_flips(void **state)
{
	char text[TOKEN_LEN + 1], wrong[TOKEN_LEN + 2];
	struct token t = token_of("alice", "");
	unsigned refused = 0, tried = 0, bit;
	size_t i;

	(void)state;
	assert_int_equal(token_new(&t, text), 0);
	for (i = 0; i < TOKEN_LEN; i++)
		for (bit = 0; bit < 8; bit++) {
			memcpy(wrong, text, sizeof(text));
			wrong[i] = (char)(wrong[i] ^ (1 << bit));
			tried++;
			refused += token_check(wrong, "192.0.2.9:1") == NULL ? 1 : 0;
		}
	assert_int_equal(refused, tried);
	for (i = 0; i < TOKEN_LEN; i++) {
		memcpy(wrong, text, i);
		wrong[i] = '\0';
		assert_null(token_check(wrong, "192.0.2.9:1"));
	}
	(void)snprintf(wrong, sizeof(wrong), "%sA", text);
	assert_null(token_check(wrong, "192.0.2.9:1"));
	assert_non_null(token_check(text, "192.0.2.9:1"));
}

static void
test_token_networks(void **state)
{
	static const struct {
		const char	*source;
		bool		 may;
	} cases[] = {
		{ "192.0.2.9:4242", true }, { "192.0.2.200:1", true }, { "192.0.3.1:1", false }, { "[2001:db8::7]:443", true },
		{ "[2001:db9::7]:443", false }, { "local", false }, { "", false },
	};
	static const char *const bad[] = { "192.0.2.0", "192.0.2.0/33", "x", "192.0.2.0/24,198.51.100.0/24", "192.0.2.0/24\t" };
	struct token t = token_of("alice", "192.0.2.0/24 2001:db8::/32");
	char text[TOKEN_LEN + 1], other[TOKEN_LEN + 1];
	size_t i;

	(void)state;
	assert_int_equal(token_new(&t, text), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(token_check(text, cases[i].source) != NULL, cases[i].may);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		t = token_of("alice", bad[i]);
		assert_int_equal(token_new(&t, other), -EINVAL);
	}
	t = token_of("Alice", "");
	assert_int_equal(token_new(&t, other), -EINVAL);
	t = token_of("alice", "");
	t.name[0] = '\0';
	assert_int_equal(token_new(&t, other), -EINVAL);
	t = token_of("alice", "");
	t.expires_ms = wall_ms;
	assert_int_equal(token_new(&t, other), -EINVAL);
}

static void
test_token_limits(void **state)
{
	static const char *const bad[] = { "x", "0011223344556677\tzz\talice\ta\ta\t\t\t1\t2\t0\t\tname\n",
		"0011223344556677\t0000000000000000000000000000000000000000000000000000000000000000\tAlice\ta\ta\t\t\t1\t2\t0\t\tname\n" };
	char text[TOKEN_LEN + 1];
	struct token t;
	size_t i;

	(void)state;
	for (i = 0; i < TOKENS_USER_MAX; i++) {
		t = token_of("alice", "");
		assert_int_equal(token_new(&t, text), 0);
	}
	t = token_of("alice", "");
	assert_int_equal(token_new(&t, text), -ENOSPC);
	t = token_of("bob", "");
	assert_int_equal(token_new(&t, text), 0);
	assert_int_equal(token_revoke_user("alice"), 0);
	assert_non_null(token_at(0));
	assert_null(token_at(1));
	/* Revoked is revoked, also when the disk refuses; a new one is not there then. */
	assert_int_equal(mkdir(TOKENS_FILE ".new", 0700), 0);
	assert_true(token_revoke(t.id, "bob") < 0);
	assert_null(token_check(text, "192.0.2.9:1"));
	t = token_of("bob", "");
	assert_true(token_new(&t, text) < 0);
	assert_null(token_at(0));
	assert_int_equal(rmdir(TOKENS_FILE ".new"), 0);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(store_write(TOKENS_FILE, bad[i], strlen(bad[i]), 0600), 0);
		assert_int_equal(token_load(), -EBADMSG);
		assert_null(token_at(0));
	}
}

/* The networks that are known stay so over a restart. */
static void
test_known_networks(void **state)
{
	uint32_t retry_s;
	unsigned i;

	(void)state;
	assert_int_equal(guard_init(), 0);
	assert_int_equal(guard_load(), 0);
	guard_pass("alice", "192.0.2.9:1", mono_ms);
	assert_int_equal(guard_init(), 0);
	assert_int_equal(guard_load(), 0);
	for (i = 0; i < 5; i++)
		assert_true(guard_enter("alice", "203.0.113.7:1", mono_ms, &retry_s));
	assert_false(guard_enter("alice", "198.51.100.7:1", mono_ms, &retry_s));
	assert_true(guard_enter("alice", "192.0.2.77:1", mono_ms, &retry_s));
	assert_int_equal(store_write(GUARD_KNOWN_FILE, "\0x", 2, 0600), 0);
	assert_int_equal(guard_load(), 0);
	guard_fini();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_vectors, enter, leave),
		cmocka_unit_test_setup_teardown(test_once, enter, leave),
		cmocka_unit_test_setup_teardown(test_window, enter, leave),
		cmocka_unit_test_setup_teardown(test_explained_codes_are_burnt, enter, leave),
		cmocka_unit_test_setup_teardown(test_damaged, enter, leave),
		cmocka_unit_test_setup_teardown(test_recovery, enter, leave),
		cmocka_unit_test_setup_teardown(test_enrolment, enter, leave),
		cmocka_unit_test_setup_teardown(test_token_life, enter, leave),
		cmocka_unit_test_setup_teardown(test_token_flips, enter, leave),
		cmocka_unit_test_setup_teardown(test_token_networks, enter, leave),
		cmocka_unit_test_setup_teardown(test_token_limits, enter, leave),
		cmocka_unit_test_setup_teardown(test_known_networks, enter, leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
