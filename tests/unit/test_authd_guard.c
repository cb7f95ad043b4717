/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bucket.h"
#include "guard.h"

#define HOUR_MS	3600000ull

static void
test_bucket(void **state)
{
	struct buckets *b = buckets_new(3, 1000, 100);
	uint64_t now = 1000000;
	unsigned i;

	(void)state;
	assert_non_null(b);
	for (i = 0; i < 3; i++)
		assert_true(buckets_take(b, "a", now));
	assert_false(buckets_take(b, "a", now));
	assert_int_equal(buckets_wait(b, "a", now), 1000);
	assert_int_equal(buckets_wait(b, "a", now + 400), 600);
	assert_false(buckets_take(b, "a", now + 999));
	assert_true(buckets_take(b, "a", now + 1000));
	assert_false(buckets_take(b, "a", now + 1000));
	assert_true(buckets_take(b, "b", now));
	/* Given back. */
	buckets_give(b, "a", now + 1000);
	assert_true(buckets_take(b, "a", now + 1000));
	/* Full again after a while, and not fuller. */
	for (i = 0; i < 3; i++)
		assert_true(buckets_take(b, "a", now + HOUR_MS));
	assert_false(buckets_take(b, "a", now + HOUR_MS));
	buckets_free(b);
}

/* A flood of keys does not wash out what is known of one, and shares one bucket itself. */
static void
test_bucket_flood(void **state)
{
	struct buckets *b = buckets_new(2, HOUR_MS, 50);
	unsigned i, taken = 0;
	char key[32];

	(void)state;
	assert_true(buckets_take(b, "victim", 1));
	assert_true(buckets_take(b, "victim", 1));
	for (i = 0; i < 10000; i++) {
		(void)snprintf(key, sizeof(key), "flood %u", i);
		taken += buckets_take(b, key, 1) ? 1 : 0;
	}
	assert_int_equal(buckets_count(b), 50);
	assert_int_equal(taken, 49 + 2);
	assert_false(buckets_take(b, "victim", 1));
	/* Once they are full they make room. */
	assert_true(buckets_take(b, "later", 3 * HOUR_MS));
	assert_int_equal(buckets_count(b), 1);
	buckets_free(b);
}

static void
test_network(void **state)
{
	static const struct {
		const char	*source, *network;
	} cases[] = {
		{ "192.0.2.77:53122", "192.0.2.0/24" }, { "192.0.2.77", "192.0.2.0/24" }, { "[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64" },
		{ "2001:db8:1:2::9", "2001:db8:1:2::/64" }, { "[fe80::1%eth0]:1", "fe80::/64" }, { "local", "local" }, { "", "" },
		{ "[", "" }, { "[2001:db8::1", "2001:db8::/64" },
	};
	char network[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		guard_network(cases[i].source, network);
		assert_string_equal(network, cases[i].network);
	}
}

/* However it is spread over sources and time, no hour sees more than ten verdicts about one user (reliability A10, R25). */
static void
test_guard_user(void **state)
{
	uint64_t verdicts[200000 / 1000 + 64], now, first = 0;
	unsigned i, n = 0;
	uint32_t retry = 0;
	char source[64];

	(void)state;
	assert_int_equal(guard_init(), 0);
	/* 100,000 guesses from 1,000 networks, 20 a second: 83 minutes. */
	for (i = 0; i < 100000; i++) {
		now = 10 * HOUR_MS + i * 50;
		(void)snprintf(source, sizeof(source), "198.%u.%u.%u:%u", 18 + i % 2, i / 2 % 250, i / 500 % 4 * 60, 1024 + i % 60000);
		if (guard_enter("alice", source, now, &retry))
			verdicts[n++] = now;
		else
			assert_in_range(retry, 1, 3600);
	}
	assert_in_range(n, 5, 20);
	for (i = 0; i < n; i++) {
		while (verdicts[i] - verdicts[first] >= HOUR_MS)
			first++;
		assert_true(i - first + 1 <= 10);
	}
	guard_fini();
}

/* A user who has signed in from a network is not locked out by strangers elsewhere. */
static void
test_guard_known(void **state)
{
	uint64_t now = 50 * HOUR_MS;
	uint32_t retry = 0;
	unsigned i;

	(void)state;
	assert_int_equal(guard_init(), 0);
	assert_true(guard_enter("alice", "192.0.2.10:1", now, &retry));
	guard_pass("alice", "192.0.2.10:1", now);
	for (i = 0; i < 5; i++)
		assert_true(guard_enter("alice", "203.0.113.9:1", now, &retry));
	assert_false(guard_enter("alice", "203.0.113.9:1", now, &retry));
	assert_false(guard_enter("alice", "198.51.100.9:1", now, &retry));
	assert_true(guard_enter("alice", "192.0.2.200:1", now, &retry));
	/* There, too, guesses are counted. */
	for (i = 0; i < 4; i++)
		assert_true(guard_enter("alice", "192.0.2.200:1", now, &retry));
	assert_false(guard_enter("alice", "192.0.2.200:1", now, &retry));
	/* Right passwords cost nothing. */
	assert_true(guard_enter("bob", "192.0.2.10:1", now + HOUR_MS, &retry));
	for (i = 0; i < 100; i++) {
		guard_pass("bob", "192.0.2.10:1", now + HOUR_MS);
		assert_true(guard_enter("bob", "192.0.2.10:1", now + HOUR_MS, &retry));
	}
	guard_fini();
}

/* Names are opaque: whatever they look like, they fill no bucket but their own (CVE-2026-44195, CVE-2026-63442). */
static void
test_guard_names(void **state)
{
	static const char *const names[] = { "Accepted password for alice", "alice\r\nFailed password for bob from 192.0.2.1", "alice 192.0.2.0/24",
		"", "\xff\xfe", "%s%n", "alice ", "ALICE" };
	uint32_t retry;
	uint64_t now = HOUR_MS;
	unsigned i, k;

	(void)state;
	assert_int_equal(guard_init(), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		for (k = 0; k < 8; k++)
			(void)guard_enter(names[i], "203.0.113.1:1", now + i * 60000, &retry);
	for (k = 0; k < 5; k++)
		assert_true(guard_enter("alice", "192.0.2.1:1", now + 600000, &retry));
	for (k = 0; k < 5; k++)
		assert_true(guard_enter("bob", "192.0.2.1:1", now + 600000, &retry));
	guard_fini();
}

/* A name that spells a known pair is still a stranger's, and does not empty the pair's bucket. */
static void
test_guard_pair_as_name(void **state)
{
	uint64_t now = 70 * HOUR_MS;
	uint32_t retry = 0;
	unsigned i;

	(void)state;
	assert_int_equal(guard_init(), 0);
	assert_true(guard_enter("alice", "192.0.2.10:1", now, &retry));
	guard_pass("alice", "192.0.2.10:1", now);
	for (i = 0; i < 8; i++)
		(void)guard_enter("alice 192.0.2.0/24", "203.0.113.9:1", now, &retry);
	assert_true(guard_enter("alice", "192.0.2.10:1", now, &retry));
	guard_fini();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bucket),
		cmocka_unit_test(test_bucket_flood),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_guard_user),
		cmocka_unit_test(test_guard_known),
		cmocka_unit_test(test_guard_names),
		cmocka_unit_test(test_guard_pair_as_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
