/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static void
test_mono(void **state)
{
	struct timespec nap = { 0, 20000000 };
	uint64_t us = clock_mono_us(), ms = clock_mono_ms(), again;
	int i;

	(void)state;
	for (i = 0; i < 1000; i++) {
		again = clock_mono_us();
		assert_true(again >= us);
		us = again;
	}
	assert_int_equal(nanosleep(&nap, NULL), 0);
	assert_true(clock_mono_ms() - ms >= 20);
}

static void
test_wall(void **state)
{
	uint64_t now = clock_wall_ms();
	uint64_t reference = (uint64_t)time(NULL) * 1000;

	(void)state;
	assert_in_range(now, reference - 2000, reference + 2000);
}

static void
test_rfc3339(void **state)
{
	char text[32];

	(void)state;
	assert_string_equal(clock_rfc3339(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_rfc3339(1, text), "1970-01-01T00:00:00.001Z");
	assert_string_equal(clock_rfc3339(951782400000ull, text), "2000-02-29T00:00:00Z");
	assert_string_equal(clock_rfc3339(1795176000999ull, text), "2026-11-20T12:00:00.999Z");
	assert_string_equal(clock_rfc3339(4102444799000ull, text), "2099-12-31T23:59:59Z");
	/* Nonsense in, bounded text out. */
	assert_true(strlen(clock_rfc3339(UINT64_MAX, text)) < sizeof(text));
	assert_true(strlen(clock_rfc3339(67767976233532799ull, text)) < sizeof(text));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mono),
		cmocka_unit_test(test_wall),
		cmocka_unit_test(test_rfc3339),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
