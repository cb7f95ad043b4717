/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sums over counters that begin anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "evidence.h"

static void
check(const struct evidence *e, const char *id, uint64_t packets, uint64_t bytes, uint64_t since, uint64_t first, uint64_t last)
{
	struct evidence_sum s = evidence_get(e, id);

	assert_int_equal(s.packets, packets);
	assert_int_equal(s.bytes, bytes);
	assert_int_equal(s.since_ms, since);
	assert_int_equal(s.first_ms, first);
	assert_int_equal(s.last_ms, last);
}

static void
test_counters(void **state)
{
	struct evidence *e = evidence_new();

	(void)state;
	check(e, "web", 0, 0, 0, 0, 0);
	evidence_count(e, "web", 0, 0, 1000);
	check(e, "web", 0, 0, 1000, 0, 0);
	evidence_count(e, "web", 3, 300, 2000);
	evidence_count(e, "web", 3, 300, 3000);
	check(e, "web", 3, 300, 1000, 2000, 2000);
	evidence_count(e, "web", 5, 500, 4000);
	check(e, "web", 5, 500, 1000, 2000, 4000);
	/* The rule was changed: the kernel counts from 0, and has come further than before when it is looked at. */
	evidence_restart(e, "web");
	evidence_count(e, "web", 9, 900, 5000);
	check(e, "web", 14, 1400, 1000, 2000, 5000);
	/* It was sent anew and nobody said so: a counter that is less than it was began anew. */
	evidence_count(e, "web", 2, 5000, 6000);
	check(e, "web", 16, 6400, 1000, 2000, 6000);
	/* It is gone from the kernel for a while. */
	evidence_count(e, "web", 0, 0, 7000);
	check(e, "web", 16, 6400, 1000, 2000, 6000);
	evidence_count(e, "web", 2, 10, 8000);
	check(e, "web", 18, 6410, 1000, 2000, 8000);
	evidence_free(e);
}

static void
test_what_was_kept(void **state)
{
	static const struct evidence_rule kept[] = {
		{ .id = "web", .packets = 100, .bytes = 1000, .seen_packets = 40, .seen_bytes = 400, .since_ms = 1, .first_ms = 2, .last_ms = 3 },
		{ .id = "of-another-boot", .packets = 7, .bytes = 70, .since_ms = 1, .first_ms = 2, .last_ms = 3 },
	};
	struct evidence_rule told[2];
	struct evidence *e = evidence_new();

	(void)state;
	evidence_load(e, &kept[0]);
	evidence_load(e, &kept[1]);
	assert_int_equal(evidence_tell(e, told, 2), 0);
	/* The same kernel goes on counting; another one begins. */
	evidence_count(e, "web", 41, 410, 5000);
	evidence_count(e, "of-another-boot", 50, 500, 5000);
	check(e, "web", 101, 1010, 1, 2, 5000);
	check(e, "of-another-boot", 57, 570, 1, 2, 5000);
	/* confd was restarted, and knows less. */
	evidence_load(e, &kept[0]);
	check(e, "web", 101, 1010, 1, 2, 5000);
	evidence_free(e);
}

static void
test_telling(void **state)
{
	static const char *const ids[] = { "a", "b", "c", "d", "e" };
	struct evidence_rule told[2];
	struct evidence *e = evidence_new();
	unsigned i, n, all;

	(void)state;
	for (i = 0; i < 5; i++)
		evidence_count(e, ids[i], i + 1, 100, 1000);
	for (all = 0; (n = evidence_tell(e, told, 2)) > 0; all += n)
		assert_true(told[0].seen_bytes == 100 && told[0].bytes == 100);
	assert_int_equal(all, 5);
	assert_int_equal(evidence_tell(e, told, 2), 0);
	evidence_count(e, "c", 50, 500, 2000);
	assert_int_equal(evidence_tell(e, told, 2), 1);
	assert_string_equal(told[0].id, "c");
	assert_int_equal(told[0].packets, 50);
	evidence_tell_again(e);
	for (all = 0; (n = evidence_tell(e, told, 2)) > 0; all += n)
		;
	assert_int_equal(all, 5);
	evidence_free(e);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_what_was_kept),
		cmocka_unit_test(test_telling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
