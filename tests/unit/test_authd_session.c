/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "session.h"

/* The linker gives session.c this clock (--wrap). */
static uint64_t	now_ms = 1000000;
uint64_t	__wrap_clock_mono_ms(void);

uint64_t
__wrap_clock_mono_ms(void)
{
	return now_ms;
}

static int
forget_all(void **state)
{
	(void)state;
	now_ms += 2 * SESSION_ABSOLUTE_S * 1000ull;
	session_sweep();
	return session_count() == 0 ? 0 : -1;
}

static int
value_of(char c)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	return (int)(strchr(digits, c) - digits);
}

/* Every one of the 256 bits counts (reliability A9). */
static void
test_bit_flips(void **state)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	char token[SESSION_TOKEN_LEN + 1], flipped[SESSION_TOKEN_LEN + 1];
	struct session s;
	unsigned bit, refused = 0;

	(void)state;
	assert_int_equal(session_new("alice", "192.0.2.9:1", token, &s), 0);
	assert_int_equal(strlen(token), SESSION_TOKEN_LEN);
	for (bit = 0; bit < 256; bit++) {
		memcpy(flipped, token, sizeof(flipped));
		flipped[bit / 6] = digits[value_of(token[bit / 6]) ^ (32 >> bit % 6)];
		assert_string_not_equal(flipped, token);
		if (session_check(flipped, "", &s) == -ENOENT)
			refused++;
	}
	assert_int_equal(refused, 256);
	assert_int_equal(session_check(token, "", &s), 0);
	assert_string_equal(s.user, "alice");
}

static void
test_other_shapes(void **state)
{
	char token[SESSION_TOKEN_LEN + 1], other[SESSION_TOKEN_LEN + 3];
	struct session s;
	unsigned i;

	(void)state;
	assert_int_equal(session_new("alice", "192.0.2.9:1", token, &s), 0);
	assert_int_equal(session_check("", "", &s), -ENOENT);
	for (i = 1; i < SESSION_TOKEN_LEN; i++) {
		(void)snprintf(other, sizeof(other), "%.*s", (int)i, token);
		assert_int_equal(session_check(other, "", &s), -ENOENT);
	}
	(void)snprintf(other, sizeof(other), "%sA", token);
	assert_int_equal(session_check(other, "", &s), -ENOENT);
	(void)snprintf(other, sizeof(other), "%s=", token);
	assert_int_equal(session_check(other, "", &s), -ENOENT);
	(void)snprintf(other, sizeof(other), " %s", token);
	assert_int_equal(session_check(other, "", &s), -ENOENT);
	/* The CSRF value is no token. */
	assert_string_not_equal(s.csrf, token);
	assert_int_equal(session_check(s.csrf, "", &s), -ENOENT);
}

static void
test_times(void **state)
{
	char token[SESSION_TOKEN_LEN + 1];
	struct session s;
	uint64_t born;

	(void)state;
	assert_int_equal(session_new("alice", "192.0.2.9:1", token, &s), 0);
	born = now_ms;
	now_ms += SESSION_IDLE_S * 1000 - 1;
	assert_int_equal(session_check(token, "", &s), 0);
	now_ms += SESSION_IDLE_S * 1000 - 1;
	assert_int_equal(session_check(token, "", &s), 0);
	now_ms += SESSION_IDLE_S * 1000;
	assert_int_equal(session_check(token, "", &s), -ENOENT);
	assert_int_equal(session_count(), 0);
	/* However busy, not for ever. */
	assert_int_equal(session_new("alice", "192.0.2.9:1", token, &s), 0);
	for (born = now_ms; now_ms + 60000 - born < SESSION_ABSOLUTE_S * 1000ull;) {
		now_ms += 60000;
		assert_int_equal(session_check(token, "", &s), 0);
	}
	now_ms += 60000;
	assert_int_equal(session_check(token, "", &s), -ENOENT);
}

static void
test_end(void **state)
{
	char a[SESSION_TOKEN_LEN + 1], b[SESSION_TOKEN_LEN + 1], c[SESSION_TOKEN_LEN + 1];
	struct session s;

	(void)state;
	assert_int_equal(session_new("alice", "192.0.2.9:1", a, &s), 0);
	assert_int_equal(session_new("alice", "192.0.2.9:1", b, &s), 0);
	assert_int_equal(session_new("bob", "192.0.2.9:1", c, &s), 0);
	assert_string_not_equal(a, b);
	assert_int_equal(session_end(a), 0);
	assert_int_equal(session_end(a), -ENOENT);
	assert_int_equal(session_check(a, "", &s), -ENOENT);
	assert_int_equal(session_check(b, "", &s), 0);
	assert_int_equal(session_new("alice", "192.0.2.9:1", a, &s), 0);
	assert_int_equal(session_end_user("alice", b), 1);
	assert_int_equal(session_check(b, "", &s), 0);
	assert_int_equal(session_end_user("alice", ""), 1);
	assert_int_equal(session_check(b, "", &s), -ENOENT);
	assert_int_equal(session_check(c, "", &s), 0);
}

static void
test_bounds(void **state)
{
	char first[SESSION_TOKEN_LEN + 1], token[SESSION_TOKEN_LEN + 1], user[16];
	struct session s;
	unsigned i;

	(void)state;
	assert_int_equal(session_new("alice", "192.0.2.9:1", first, &s), 0);
	for (i = 0; i < SESSIONS_USER_MAX; i++) {
		now_ms++;
		assert_int_equal(session_new("alice", "192.0.2.9:1", token, &s), 0);
	}
	assert_int_equal(session_count(), SESSIONS_USER_MAX);
	assert_int_equal(session_check(first, "", &s), -ENOENT);
	for (i = 0; i < 2 * SESSIONS_MAX; i++) {
		now_ms++;
		(void)snprintf(user, sizeof(user), "u%u", i % 200);
		assert_int_equal(session_new(user, "192.0.2.9:1", token, &s), 0);
		assert_true(session_count() <= SESSIONS_MAX);
	}
}

static unsigned	 seen;
static char	 seen_id[SESSION_ID_LEN + 1];

static void
see(const struct session *s, void *arg)
{
	if (strcmp(s->user, arg) != 0)
		return;
	seen++;
	memcpy(seen_id, s->id, sizeof(seen_id));
}

/* Sessions can be listed and ended by an id that is not the token's. */
static void
test_list_and_end(void **state)
{
	char token[SESSION_TOKEN_LEN + 1], other[SESSION_TOKEN_LEN + 1];
	struct session s;

	(void)state;
	assert_int_equal(session_new("alice", "192.0.2.9:1", token, &s), 0);
	assert_int_equal(session_new("bob", "192.0.2.9:2", other, &s), 0);
	seen = 0;
	session_each(see, "alice");
	assert_int_equal(seen, 1);
	assert_null(strstr(token, seen_id));
	assert_int_equal(session_end_id(seen_id, "bob"), -ENOENT);
	assert_int_equal(session_end_id("", ""), -ENOENT);
	assert_int_equal(session_check(token, "198.51.100.1:7", &s), 0);
	assert_string_equal(s.source, "198.51.100.1:7");
	assert_int_equal(session_end_id(seen_id, "alice"), 0);
	assert_int_equal(session_check(token, "", &s), -ENOENT);
	assert_int_equal(session_check(other, "", &s), 0);
}

/* The second factor counts as just given for five minutes, in this session alone. */
static void
test_step_up(void **state)
{
	char token[SESSION_TOKEN_LEN + 1], other[SESSION_TOKEN_LEN + 1];
	struct session s;

	(void)state;
	assert_int_equal(session_new("alice", "192.0.2.9:1", token, &s), 0);
	assert_int_equal(session_new("alice", "192.0.2.9:1", other, &s), 0);
	assert_int_equal(session_check(token, "", &s), 0);
	assert_int_equal(s.fresh_s, 0);
	assert_int_equal(session_step_up(token), 0);
	assert_int_equal(session_check(token, "", &s), 0);
	assert_int_equal(s.fresh_s, SESSION_FRESH_S);
	assert_int_equal(session_check(other, "", &s), 0);
	assert_int_equal(s.fresh_s, 0);
	now_ms += SESSION_FRESH_S * 1000ull - 1000;
	assert_int_equal(session_check(token, "", &s), 0);
	assert_int_equal(s.fresh_s, 1);
	now_ms += 1000;
	assert_int_equal(session_check(token, "", &s), 0);
	assert_int_equal(s.fresh_s, 0);
	assert_int_equal(session_step_up("nobody's"), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_bit_flips, forget_all),
		cmocka_unit_test_teardown(test_other_shapes, forget_all),
		cmocka_unit_test_teardown(test_times, forget_all),
		cmocka_unit_test_teardown(test_end, forget_all),
		cmocka_unit_test_teardown(test_bounds, forget_all),
		cmocka_unit_test_teardown(test_list_and_end, forget_all),
		cmocka_unit_test_teardown(test_step_up, forget_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
